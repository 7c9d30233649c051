"""Looks after each accepted job until it is done, whoever submitted it and whatever died in between."""

import logging
import math
from dataclasses import replace
from datetime import timedelta

from quantum_jobs import telemetry, waiting
from quantum_jobs.announcing import Announcer
from quantum_jobs.clock import now, seconds_since, timestamp
from quantum_jobs.dispatching import Dispatcher, translated
from quantum_jobs.errors import ProviderRefused, ServiceUnavailable
from quantum_jobs.following import JobFollower, cancelling, ended, failed
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.models import Attempt, Job, JobState, ShepherdMessage, Stored
from quantum_jobs.ports import JobBlobs, JobRecords, ShepherdQueue
from quantum_jobs.retention import LONGEST_DELAY, expires_at
from quantum_jobs.settling import Settler
from quantum_jobs.waits import Waits

log = logging.getLogger(__name__)

_RECORD_DUE_SECONDS = 600  # no request lives this long: a message without a record by then never became a job
_NEXT_LOOK_SECONDS = 60
_PART_DOWN_SECONDS = 15
_REVIVAL_SECONDS = 300
_NOT_STARTED = frozenset({JobState.ACCEPTED, JobState.QUEUED, JobState.RETRYING})


class Shepherd:
    """One message per unfinished job; it comes back until the job is done."""

    def __init__(
        self,
        records: JobRecords,
        queue: ShepherdQueue,
        blobs: JobBlobs,
        follower: JobFollower,
        settler: Settler,
        dispatcher: Dispatcher,
        waits: Waits,
        retention: timedelta | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._records = records
        self._queue = queue
        self._blobs = blobs
        self._follower = follower
        self._settler = settler
        self._dispatcher = dispatcher
        self._waits = waits
        self._retention = retention
        self._announcer = announcer

    async def advance(self, message: ShepherdMessage) -> None:
        """Dispatch what was not dispatched, follow what was, come back later.

        While a part is down the same message comes back after a pause: a delivery that fails counts as one of the few
        that a message has, and an outage may last longer than they do.

        Raises:
            ServiceUnavailable: not even the queue takes a message; this one will be delivered again.
        """
        try:
            await self._advance(message)
        except ServiceUnavailable:
            log.warning("looked after later", extra={"job_id": message.job_id}, exc_info=True)
            await self._queue.send(message, _PART_DOWN_SECONDS)

    async def _advance(self, message: ShepherdMessage) -> None:
        stored = await self._records.get(message.owner, message.job_id)
        if stored is None:
            return await self._wait_for_record(message)
        telemetry.about(stored.job.id, stored.job.target, stored.job.provider)
        if message.sequence == 1:
            # Beside the job's own way, so that no caller waits for it.
            await self._records.point_to(stored.job)
        if stored.job.deleted_at:
            await self.erase(stored.job)
        if stored.job.sequence <= message.sequence:
            # It may be ahead: whoever sent it has died before the record said so, or still writes it.
            await self._carried_on(stored, message)
        await self._waits.flush()
        return None

    async def _carried_on(self, stored: Stored, message: ShepherdMessage) -> None:
        was_done = stored.job.state.done
        if not was_done:
            stored = await self._looked_after(stored)
        if stored.job.state.done:
            # Before anything that may take long, or fail: who waits for the end learns of it.
            stored = await self._announced(stored)
        if was_done and stored.job.unsettled:
            stored = await self._settler.settled(stored)
        delay = waiting.settling_delay_seconds(stored.job, now())
        if not stored.job.state.done:
            delay = waiting.shepherd_delay_seconds(stored.job, now())
        if delay is not None:
            await self._come_back(stored, message, delay)
        else:
            await self._keep_or_expire(stored, message)

    async def revive(self, message: ShepherdMessage) -> None:
        """Take a message that could not be handled: once more after a pause, then the job fails visibly.

        An outage fails nothing, and what a deleted job has left is erased however often it takes.

        Raises:
            ServiceUnavailable: not even the queue takes a message; this one will be delivered again.
        """
        pause: int | None = _REVIVAL_SECONDS
        try:
            if message.revived:
                pause = await self._given_up_on(message)
        except ServiceUnavailable:
            log.warning("revived later", extra={"job_id": message.job_id}, exc_info=True)
        if pause is not None:
            # Whether it is still needed is seen when it comes: also where the record is only being written.
            await self._queue.send(replace(message, revived=True), pause)

    async def _given_up_on(self, message: ShepherdMessage) -> int | None:
        """Fail a job that is not done; give the seconds after which something is left to do, None: nothing is."""
        stored = await self._records.get(message.owner, message.job_id)
        if stored is None:
            return None
        if not stored.job.state.done:
            if stored.job.sequence > message.sequence:
                return None
            stored = await self._settler.given_up(stored)
            if not stored.job.state.done:
                return _REVIVAL_SECONDS  # somebody else was faster, and it goes on
        stored = await self._announced(stored)
        # What is to be erased, now or when its time has come, is erased however often it takes.
        erased = stored.job.deleted_at or expires_at(stored.job, self._retention)
        return waiting.settling_delay_seconds(stored.job, now()) or (_REVIVAL_SECONDS if erased else None)

    async def erase(self, job: Job) -> None:
        """Erase all that a deleted job was about; may be repeated.

        Raises:
            ServiceUnavailable: something may be left; the message that announced the deletion comes back.
        """
        await erase(job, self._records, self._blobs)

    async def _announced(self, stored: Stored) -> Stored:
        """Queue the deliveries of a job's end, once; if we die before that is written, they are queued again."""
        job = stored.job
        if self._announcer is None or job.announced_at or not await self._announcer.announce(job):
            return stored
        current: Stored | None = stored
        while current is not None and not current.job.announced_at:
            marked = replace(current.job, announced_at=timestamp(now()))
            current = await self._records.update(marked, current.etag) or await self._records.get(job.owner, job.id)
        return current or stored

    async def _keep_or_expire(self, stored: Stored, message: ShepherdMessage) -> None:
        due = expires_at(stored.job, self._retention)
        if due is None:
            return
        left = due - now()
        if left > timedelta(0):
            await self._come_back(stored, message, math.ceil(min(left, LONGEST_DELAY).total_seconds()))
        else:
            await expire(stored, self._records, self._blobs)

    async def _wait_for_record(self, message: ShepherdMessage) -> None:
        # The record comes after the message; a slow request may still be writing it.
        if seconds_since(message.sent_at, now()) < _RECORD_DUE_SECONDS:
            await self._queue.send(message, _NEXT_LOOK_SECONDS)
        else:
            await self._cleared(message)

    async def _cleared(self, message: ShepherdMessage) -> None:
        """Erase what was prepared for a job that never came to be: its caller's next try made another."""
        await self._blobs.drop_result(message.owner, message.job_id)
        await self._blobs.drop_container(provider_job_id(message.job_id, 1))
        await self._blobs.drop_program(message.owner, message.job_id)

    async def _looked_after(self, stored: Stored) -> Stored:
        stored, known = await self._follower.refreshed(stored)
        job = stored.job
        if job.state.done or job.state == JobState.CANCELLING:
            return stored
        if _too_late(job):
            return await self._given_up(stored)
        if job.next_attempt_at:
            return await self._next_attempt(stored)
        # What the workspace had once and does not know any more is never sent again: it may have run.
        return stored if known or job.attempt.state != JobState.ACCEPTED else await self._dispatched(stored)

    async def _given_up(self, stored: Stored) -> Stored:
        # Between attempts nothing runs that could still start; otherwise the provider has the last word.
        job = stored.job
        change = cancelling(job, by=None)
        stored = await self._follower.write(stored, ended(change) if job.next_attempt_at else change)
        return stored if stored.job.state.done else (await self._follower.refreshed(stored))[0]

    async def _next_attempt(self, stored: Stored) -> Stored:
        job = stored.job
        if job.next_attempt_at is None or job.next_attempt_at > timestamp(now()):
            return stored
        number = len(job.attempts) + 1
        attempts = (*job.attempts, Attempt(number, provider_job_id(job.id, number)))
        following = replace(job, attempts=attempts, next_attempt_at=None, revision=job.revision + 1)
        stored = await self._follower.write(stored, following)
        return await self._dispatched(stored) if stored.job == following else stored

    async def _dispatched(self, stored: Stored) -> Stored:
        job = stored.job
        submission = await self._records.submission(job)
        uploaded = await self._blobs.get_program(job.owner, job.id) if job.upload_id else None
        if submission is None or (job.upload_id and uploaded is None):
            return await self._follower.write(stored, failed(job, "internal-error", "The program is gone."))
        await self._dispatcher.prepare(job, (await translated(submission, uploaded)).qir)
        # Preparing may have taken long: only what is so at this moment is sent, and soon.
        not_after = self._dispatcher.deadline()
        current = await self._records.get(job.owner, job.id)
        if current is None or current.etag != stored.etag:
            return current or stored
        try:
            await self._dispatcher.put(job, submission, not_after)
        except ProviderRefused as error:
            return await self._follower.write(stored, failed(job, error.slug, error.detail))
        return stored

    async def _come_back(self, stored: Stored, message: ShepherdMessage, delay_seconds: int) -> None:
        # The next message first: if the process dies between the two, this message comes back, and of the two
        # successors the second finds the sequence moved on and drops itself.
        following = max(stored.job.sequence, message.sequence) + 1
        await self._queue.send(ShepherdMessage.about(stored.job, following), delay_seconds)
        current: Stored | None = stored
        while current is not None and current.job.sequence < following:
            if await self._records.update(replace(current.job, sequence=following), current.etag):
                return
            current = await self._records.get(stored.job.owner, stored.job.id)


async def erase(job: Job, records: JobRecords, blobs: JobBlobs) -> None:
    """Erase all that a deleted job was about; may be repeated.

    Raises:
        ServiceUnavailable: something may be left.
    """
    await _drop_results(job, blobs)
    await records.forget(job)
    if job.upload_id:
        await blobs.drop_program(job.owner, job.id)


async def expire(stored: Stored, records: JobRecords, blobs: JobBlobs) -> None:
    """Erase a job's result and what the provider ran and answered; record and program stay. May be repeated.

    Raises:
        ServiceUnavailable: something may be left.
    """
    current: Stored | None = stored
    # The record first: it answers for what is missing from then on.
    while current is not None and not current.job.expired_at:
        if await records.update(replace(current.job, expired_at=timestamp(now())), current.etag):
            break
        current = await records.get(stored.job.owner, stored.job.id)
    await _drop_results(stored.job, blobs)


async def _drop_results(job: Job, blobs: JobBlobs) -> None:
    await blobs.drop_result(job.owner, job.id)  # first: it can be read without the record
    for attempt in job.attempts:
        await blobs.drop_container(attempt.provider_job_id)


def _too_late(job: Job) -> bool:
    start_by = job.limits.start_by
    return start_by is not None and job.state in _NOT_STARTED and timestamp(now()) > start_by
