"""A service with all its surroundings in memory, and short ways to use it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from quantum_jobs.clock import parse_timestamp, timestamp
from quantum_jobs.service import JobService

from . import samples
from .fakes import FakeBlobs, FakeQueue, FakeRecords, FakeWorkspace, Faults


class World:
    """A service with all its surroundings in memory."""

    def __init__(self, *targets, terms=None):
        self.faults = Faults()
        self.workspace = FakeWorkspace(self.faults, *targets)
        self.records = FakeRecords(self.faults)
        self.blobs = FakeBlobs(self.faults)
        self.queue = FakeQueue(self.faults)
        self.service = JobService(self.workspace, self.records, self.blobs, self.queue, terms)

    def submit(self, caller=samples.ALICE, **changes):
        return asyncio.run(self.service.submit(caller, samples.request(**changes)))

    def get(self, job_id, caller=samples.ALICE):
        self.forget()
        return asyncio.run(self.service.get(caller, job_id))

    def result(self, job_id, caller=samples.ALICE, etag=None):
        self.forget()
        return asyncio.run(self.service.result(caller, job_id, etag))

    def forget(self):
        """Let time pass for what the process remembers."""
        self.service._asked.clear()
        self.service._done.clear()

    def shepherd_takes(self, index=-1):
        message, _ = self.queue.sent[index]
        asyncio.run(self.service.shepherd.advance(message))

    def revive(self, index=-1):
        message, _ = self.queue.sent[index]
        asyncio.run(self.service.shepherd.revive(message))

    def nothing_was_written(self):
        return not (self.records.rows or self.blobs.containers or self.queue.sent or self.workspace.puts)

    def finished_job(self):
        job, _ = self.submit()
        self.workspace.finish("Succeeded")
        self.blobs.give_output(([0, 0], 60), ([1, 0], 40))
        return job

    def call(self, name, *arguments, caller=samples.ALICE):
        """Call a method of the service as a caller."""
        self.forget()
        return asyncio.run(getattr(self.service, name)(caller, *arguments))

    def shepherd_until(self, state, most=12):
        """Let the shepherd come back until the only job is in a state."""
        for _ in range(most):
            if self.records.only().state == state:
                return self.records.only()
            self.shepherd_takes()
        raise AssertionError(f"the job is {self.records.only().state}")

    def grown_old(self, seconds):
        """Let the only job be in its state for so long."""
        ((place, (job, version)),) = self.records.rows.items()
        entry = job.history[-1]
        aged = replace(entry, at=timestamp(parse_timestamp(entry.at) - timedelta(seconds=seconds)))
        self.records.rows[place] = (replace(job, history=(*job.history[:-1], aged)), version + 1)

    def account(self, caller=samples.ALICE):
        """Give (used, held) of the caller's month, in millionths."""
        account, _ = self.call("usage", caller=caller)
        return account.sums(None)
