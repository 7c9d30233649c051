"""Looks after each accepted job until it is done, whoever submitted it and whatever died in between."""

import logging
from dataclasses import replace

from quantum_jobs import waiting
from quantum_jobs.dispatching import Dispatcher, translated
from quantum_jobs.errors import ProviderRefused
from quantum_jobs.following import JobFollower, failed
from quantum_jobs.models import JobState, ShepherdMessage, Stored, now, seconds_since
from quantum_jobs.ports import JobRecords, ShepherdQueue

log = logging.getLogger(__name__)

_RECORD_DUE_SECONDS = 600  # no request lives this long: a message without a record by then never became a job
_NEXT_LOOK_SECONDS = 60
_REVIVAL_SECONDS = 300


class Shepherd:
    """One message per unfinished job; it comes back until the job is done."""

    def __init__(
        self, records: JobRecords, queue: ShepherdQueue, follower: JobFollower, dispatcher: Dispatcher
    ) -> None:
        self._records = records
        self._queue = queue
        self._follower = follower
        self._dispatcher = dispatcher

    async def advance(self, message: ShepherdMessage) -> None:
        """Dispatch what was not dispatched, follow what was, come back later.

        Raises:
            ServiceUnavailable: the message will be delivered again.
        """
        stored = await self._records.get(message.owner, message.job_id)
        if stored is None:
            await self._wait_for_record(message)
        elif not stored.job.state.done and stored.job.sequence == message.sequence:
            stored = await self._looked_after(stored)
            if not stored.job.state.done:
                await self._come_back(stored)

    async def revive(self, message: ShepherdMessage) -> None:
        """Take a message that could not be handled: once more after a pause, then the job fails visibly.

        Raises:
            ServiceUnavailable: the message will be delivered again.
        """
        stored = await self._records.get(message.owner, message.job_id)
        if stored is None or stored.job.state.done or stored.job.sequence != message.sequence:
            return
        if not message.revived:
            await self._queue.send(replace(message, revived=True), _REVIVAL_SECONDS)
            return
        log.error("a job could not be looked after", extra={"job_id": message.job_id})
        await self._follower.write(
            stored, failed(stored.job, "internal-error", "The service could not follow the job.")
        )

    async def _wait_for_record(self, message: ShepherdMessage) -> None:
        # The record comes after the message; a slow request may still be writing it.
        if seconds_since(message.sent_at, now()) < _RECORD_DUE_SECONDS:
            await self._queue.send(message, _NEXT_LOOK_SECONDS)

    async def _looked_after(self, stored: Stored) -> Stored:
        stored, known = await self._follower.refreshed(stored)
        if known:
            return stored
        if stored.job.state != JobState.ACCEPTED:
            log.error("the workspace lost a job", extra={"job_id": stored.job.id, "state": stored.job.state})
            return stored
        return await self._dispatched(stored)

    async def _dispatched(self, stored: Stored) -> Stored:
        job = stored.job
        program = await self._records.program(job)
        if program is None:
            return await self._follower.write(stored, failed(job, "internal-error", "The program is gone."))
        _, qir = await translated(program)
        await self._dispatcher.prepare(job, qir)
        try:
            await self._dispatcher.put(job)
        except ProviderRefused as error:
            return await self._follower.write(stored, failed(job, error.slug, error.detail))
        return stored

    async def _come_back(self, stored: Stored) -> None:
        # The next message first: if the process dies between the two, this message comes back, and of the two
        # successors the second finds the sequence moved on and drops itself.
        following = stored.job.sequence + 1
        await self._queue.send(
            ShepherdMessage.about(stored.job, following), waiting.shepherd_delay_seconds(stored.job, now())
        )
        current: Stored | None = stored
        while current is not None and current.job.sequence < following and not current.job.state.done:
            if await self._records.update(replace(current.job, sequence=following), current.etag):
                return
            current = await self._records.get(stored.job.owner, stored.job.id)
