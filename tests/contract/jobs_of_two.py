"""Any order of callers, keys, provider's words, messages and failures: what must hold after each step.

The service runs whole, round it stand fakes that keep what they are told, late, doubled or lost.
"""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from quantum_jobs import responses
from quantum_jobs.budgets import Allowance
from quantum_jobs.changing import JobChange
from quantum_jobs.errors import (
    BudgetExceeded,
    IdempotencyKeyReused,
    JobAlreadyDone,
    JobNotDone,
    JobNotFound,
    PreconditionFailed,
    ServiceUnavailable,
)
from quantum_jobs.job_ids import hash_of_key
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.submissions import JobLimits
from quantum_jobs.submitting import Terms
from tests import samples
from tests.world import World

from .rules_of_jobs import BASE, CALLERS, RulesOfJobs

SIMULATOR, MACHINE = "ionq.simulator", "ionq.qpu.forte-1"
STATUSES = ["Queued", "Waiting", "Executing", "Finishing", "Succeeded", "Completed", "Failed", "Cancelled",
            "CancellationRequested", "Cancelling", "Resting"]  # fmt: skip
TURNS = ["Failed", "Executing", "Succeeded", "Cancelled"]  # after which there is most to do
CODES, BILLS = ["ProviderTimeout", "InvalidInputData"], [None, "0.00", "0.70"]
BODIES = {
    "free": {"target": SIMULATOR},
    "free, once": {"target": SIMULATOR, "limits": JobLimits(max_attempts=1)},
    "paid": {"target": MACHINE},
    "paid, more shots": {"target": MACHINE, "shots": 900},
}
DUE = "2020-01-01T00:00:00.000Z"
CALLS = [
    *("put job", "get job", "cancel job", "get record", "insert record", "update record", "get account"),
    *("send message", "put result", "get output", "sign container", "forget submission", "drop result"),
]
LIMIT = Money.of("1.50").micros
callers, keys, bodies = st.sampled_from(sorted(CALLERS)), st.sampled_from("abcd"), st.sampled_from(sorted(BODIES))
numbers = st.integers(0, 30)
FOREIGN = [
    *[("get", ()), ("result", (None,)), ("raw_result_link", ()), ("program", ())],
    *[("cancel", (None,)), ("patch", (JobChange(rename=True, name="mine"), None))],
]
REACHED = {
    *("replayed", "key used for another", "over the budget", "foreign", "cancel lost the race"),
    *("stale tag", "not done"),
    *("a part failed", "deleted", "retried", *JobState),
}


class JobsOfTwo(RulesOfJobs):
    """Two callers, one provider, one queue."""

    def __init__(self):
        super().__init__()
        offer = (samples.target(), samples.target(id=MACHINE, kind="qpu", qubits=36))
        self.world = World(*offer, terms=Terms(allowance=Allowance(LIMIT)))
        self.bodies = {}

    @initialize()
    def three_jobs_are_there_and_one_waits_for_its_next_attempt(self):
        self.submit("alice", "a", "free")
        self.submit("alice", "b", "paid, more shots")
        self.submit("bob", "a", "free, once")
        self.provider_says_and_somebody_looks(0, "Failed", CODES[0], None)

    def call(self, name, caller, *arguments):
        """Call the service as a caller; a part that fails may cost the answer, nothing else."""
        try:
            return self.world.call(name, *arguments, caller=CALLERS[caller])
        except ServiceUnavailable:
            self.reached.add("a part failed")
            return None
        finally:
            self.settle()

    def settle(self):
        """The failing part answers again, and the clock stands: an attempt is due when the test says so."""
        self.world.faults.before.clear()
        self.world.faults.after.clear()
        for place, (job, version) in self.world.records.rows.items():
            if job.next_attempt_at and job.next_attempt_at != DUE:
                self.world.records.rows[place] = (replace(job, next_attempt_at="2099-01-01T00:00:00.000Z"), version)

    def job(self, number):
        rows = list(self.world.records.rows)  # in the order of their making: ids hold the time of day
        return self.world.records.rows[rows[number % len(rows)]][0]

    @rule(caller=callers, key=keys, body=bodies)
    def submit(self, caller, key, body):
        owner, spent = CALLERS[caller].owner, self.spent(caller)
        made = self.world.records.keys.get((owner, hash_of_key(key)))
        try:
            answer = self.call("submit", caller, samples.request(key=key, fingerprint=body, **BODIES[body]))
        except IdempotencyKeyReused:
            assert made, "the key is new"
            assert self.bodies[made] != body or self.row(owner, made).deleted_at
            self.reached.add("key used for another")
            return
        except BudgetExceeded as refused:
            assert made is None
            told = [Money.of(refused.members[name]).micros for name in ("used", "held", "limit")]
            estimate = Money.of(refused.detail.split()[-2]).micros
            assert (told[0] + told[1], told[2]) == (spent, LIMIT)
            assert spent + estimate > LIMIT
            self.reached.add("over the budget")
            return
        landed = self.world.records.keys.get((owner, hash_of_key(key)))
        if landed:
            self.bodies.setdefault(landed, body)
        if answer:
            job, replayed = answer
            assert (job.id, replayed) == (landed, made is not None)
            assert self.bodies[job.id] == body
            assert spent <= LIMIT or not job.cost_estimate.micros or replayed
            self.reached |= {"replayed"} if replayed else set()

    def spent(self, caller):
        return sum(self.account(CALLERS[caller].owner).sums(None))

    def row(self, owner, job_id):
        return self.world.records.rows[owner, job_id][0]

    @rule(number=numbers, status=st.sampled_from(STATUSES), code=st.sampled_from(CODES), cost=st.sampled_from(BILLS))
    def provider_says(self, number, status, code, cost):
        """Any status after any other: late, doubled, or back from the dead."""
        jobs = self.world.workspace.jobs
        if not jobs:
            return
        name = list(jobs)[number % len(jobs)]
        ended = "2026-11-22T10:00:05.000Z" if status in ("Succeeded", "Completed", "Failed", "Cancelled") else None
        bill = Money.of(cost) if cost and ended else None
        failure = {"error_code": code, "error_message": "no"} if status == "Failed" else {}
        jobs[name] = replace(jobs[name], status=status, ended=ended, cost=bill, **failure)
        self.world.blobs.give_output(([0, 0], 60), ([1, 1], 40))

    @rule(number=numbers, status=st.sampled_from(TURNS), code=st.sampled_from(CODES), cost=st.sampled_from(BILLS))
    def provider_says_and_somebody_looks(self, number, status, code, cost):
        job = self.job(number)
        names = [name for name in self.world.workspace.jobs if name == job.attempts[-1].provider_job_id]
        for name in names:
            self.provider_says(list(self.world.workspace.jobs).index(name), status, code, cost)
            self.read(self.owner(job), list(self.world.records.rows).index((job.owner, job.id)))

    @rule()
    def the_next_attempts_are_made(self):
        """Those that are due, by the shepherd's newest message about them."""
        newest = {message.job_id: message for message, _ in self.world.queue.sent}
        for number, (job, _) in enumerate(list(self.world.records.rows.values())):
            if job.next_attempt_at:
                self.the_next_attempt_is_due(number)
                self.deliver(newest[job.id])

    @rule(caller=callers, number=numbers)
    def read(self, caller, number):
        job = self.job(number)
        try:
            read = self.call("get", caller, job.id)
        except JobNotFound:
            assert CALLERS[caller].owner != job.owner or self.row(job.owner, job.id).deleted_at
            return
        assert read is None or CALLERS[caller].owner == job.owner
        if read and read.state == JobState.SUCCEEDED:
            assert self.call("result", caller, job.id, None)[0] is not None

    @rule(caller=callers, number=numbers)
    def another_s_job_is_as_if_it_were_not_there(self, caller, number):
        job = self.job(number)
        if job.owner == CALLERS[caller].owner:
            return
        self.reached.add("foreign")
        for name, arguments in FOREIGN:
            answers = [self.refusal(name, caller, job_id, arguments) for job_id in (job.id, "job_" + "0" * 26)]
            assert answers[0] == answers[1]
        assert self.call("delete", caller, job.id, None) is None
        assert self.row(job.owner, job.id) == job

    def refusal(self, name, caller, job_id, arguments):
        """What the caller would get, byte for byte."""
        self.world.faults.before.clear()
        with pytest.raises(JobNotFound) as refused:
            self.world.call(name, job_id, *arguments, caller=CALLERS[caller])
        answer = responses.problem(refused.value, "0", BASE)
        return answer.status, json.dumps(answer.body), answer.headers

    @rule(number=numbers)
    def message_arrives(self, number):
        """Any message, in any order, any number of times; it comes again when it failed."""
        self.deliver(self.world.queue.sent[-1 - number % len(self.world.queue.sent)][0])

    def deliver(self, message):
        try:
            asyncio.run(self.world.service.shepherd.advance(message))
        except ServiceUnavailable:
            self.reached.add("a part failed")
        finally:
            self.settle()

    @rule(number=numbers)
    def the_next_attempt_is_due(self, number):
        job = self.job(number)
        if job.next_attempt_at:
            _, version = self.world.records.rows[job.owner, job.id]
            due = replace(job, next_attempt_at=DUE)
            self.world.records.rows[job.owner, job.id] = (due, version)
            self.seen.pop((job.id, job.tag), None)  # the clock's doing, not the service's
            self.shown.pop(job.id, None)

    @rule(number=numbers, tag=st.sampled_from([None, "current", '"r1-00000000"']))
    def cancel(self, number, tag):
        job = self.job(number)
        if job.deleted_at:
            return
        try:
            answer = self.call("cancel", self.owner(job), job.id, self.tag(job, tag))
        except JobAlreadyDone:
            assert self.row(job.owner, job.id).state in (JobState.SUCCEEDED, JobState.FAILED)
            self.reached.add("cancel lost the race")
        except PreconditionFailed:
            assert tag == '"r1-00000000"'
        else:
            assert answer is None or answer.state in (JobState.CANCELLING, JobState.CANCELLED) or answer.state.done

    @rule(
        number=numbers, tag=st.sampled_from([None, "current", '"r1-00000000"']), name=st.sampled_from([None, "x", "y"])
    )
    def rename(self, number, tag, name):
        job = self.job(number)
        if job.deleted_at:
            return
        try:
            answer = self.call("patch", self.owner(job), job.id, JobChange(rename=True, name=name), self.tag(job, tag))
        except PreconditionFailed:
            assert tag == '"r1-00000000"'
            self.reached.add("stale tag")
        else:
            assert answer is None or (answer.name == name and tag != '"r1-00000000"')

    @rule(number=numbers)
    def delete(self, number):
        job = self.job(number)
        try:
            self.call("delete", self.owner(job), job.id, None)
        except JobNotDone:
            assert not job.state.done
            self.reached.add("not done")

    def owner(self, job):
        return next(name for name, caller in CALLERS.items() if caller.owner == job.owner)

    def tag(self, job, tag):
        return f'"{job.tag}"' if tag == "current" else tag

    @precondition(lambda self: not self.world.faults.before)
    @rule(name=st.sampled_from(CALLS), lost=st.booleans())
    def a_part_will_fail(self, name, lost):
        """The next call of this name fails, before its effect or after it."""
        (self.world.faults.after if lost else self.world.faults.before).add(name)
