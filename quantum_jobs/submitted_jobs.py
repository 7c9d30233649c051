"""Jobs that an application has submitted: watched until they are done, whether anybody waits for them or not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from quantum_jobs import telemetry, waiting
from quantum_jobs.clock import now
from quantum_jobs.errors import JobAlreadyDone, JobNotFound, ResultNotReady, ServiceUnavailable
from quantum_jobs.models import Caller, Job, JobState, Stored
from quantum_jobs.results import Result, result_of
from quantum_jobs.service import JobService

log = logging.getLogger(__name__)

_FIRST_LOOK_SECONDS = 0.01
_SHARE = 0.25  # of the time that a job has taken so far: until the next look
_PART_DOWN_SECONDS = 2.0


class AsyncJob(Protocol):
    """A submitted job, whether it was run for this submit or not."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> JobState:
        """The state as last seen."""

    async def refresh(self) -> JobState:
        """Look at the job now.

        Raises:
            ServiceUnavailable: a part does not answer.
        """

    async def cancel(self) -> JobState:
        """Ask for the end of the job; one whose result was faster has it, and costs.

        Raises:
            JobAlreadyDone: it has ended.
            ServiceUnavailable: a part does not answer; asking again is safe.
        """

    async def result(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109 - as in the SDKs
        """Wait for the job, at most so many seconds, and give its result.

        Raises:
            ResultNotReady: the time is over; the job goes on.
            JobFailed, JobCancelled: there is none; says why.
            ServiceUnavailable: a store does not answer; asking again is safe.
        """


class WatchedJob:
    """A job of this application's at the workspace."""

    def __init__(
        self,
        service: JobService,
        caller: Caller,
        job: Job,
        finished: Callable[[Job], None],
        *,
        replayed: bool = False,
    ) -> None:
        self.replayed = replayed
        """The job was there already, made under the same key."""
        self._service = service
        self._caller = caller
        self._job = job
        self._finished = finished
        self._seen: Stored | None = None
        self._began = time.monotonic()
        self._took: float | None = None
        self._watching = asyncio.create_task(self._watch())
        self._watching.add_done_callback(lambda task: task.cancelled() or task.exception())  # told to who waits

    @property
    def id(self) -> str:
        return self._job.id

    @property
    def state(self) -> JobState:
        return self._job.state

    @property
    def record(self) -> Job:
        """All that is known of the job as last seen: attempts, history, costs."""
        return self._job

    async def refresh(self) -> JobState:
        if not self.state.done:
            self._seen = await self._service.look(self._caller, self.id, self._seen)
            self._job = self._seen.job
        return self.state

    async def cancel(self) -> JobState:
        self._job, self._seen = await self._service.cancel(self._caller, self.id, None), None
        return self.state

    async def result(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._watching)
        except TimeoutError:
            raise ResultNotReady(self.state, max(waiting.retry_after_seconds(self._job, now()), 1)) from None
        document, _ = await self._service.result(self._caller, self.id, None)
        return result_of(self._job, document or b"", self._seconds)

    @property
    def _seconds(self) -> float:
        return self._took or 0.0

    async def _watch(self) -> None:
        try:
            with telemetry.operation("follow_job"):
                telemetry.about(self.id, self._job.target, self._job.provider)
                await self._done()
            self._took = time.monotonic() - self._began
        finally:
            self._finished(self._job)

    async def _done(self) -> None:
        while not self.state.done:
            await asyncio.sleep(self._pause())
            await self._look()

    async def _look(self) -> None:
        try:
            await self.refresh()
        except JobNotFound:
            raise
        except ServiceUnavailable:
            log.warning("a job is looked at again later", extra={"job_id": self.id}, exc_info=True)
            await asyncio.sleep(_PART_DOWN_SECONDS)

    def _pause(self) -> float:
        """A quarter of the time so far, and no more than a caller over HTTP is told to wait."""
        most = max(waiting.retry_after_seconds(self._job, now()), 1)
        return min(max(_SHARE * (time.monotonic() - self._began), _FIRST_LOOK_SECONDS), most)

    def close(self) -> None:
        """Watch no longer; the job itself goes on."""
        self._watching.cancel()


class KnownJob:
    """A submit whose result was there already; no job was run for it."""

    def __init__(self, result: Result) -> None:
        self._result = result

    @property
    def id(self) -> str:
        """The job that once gave the result."""
        return self._result.job_id

    @property
    def state(self) -> JobState:
        return JobState.SUCCEEDED

    async def refresh(self) -> JobState:
        return self.state

    async def cancel(self) -> JobState:
        raise JobAlreadyDone(self.state)

    async def result(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109
        return self._result
