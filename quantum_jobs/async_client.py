"""Drives the workspace from within an application: submit, wait, fetch, with the service's own guarantees.

The same `JobService` as behind the HTTP API, composed for one process. Everything runs on one event loop; `client.py`
is the same for programs without one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, Unpack

from quantum_jobs import orders, telemetry
from quantum_jobs.checkpoints import CheckpointWriter
from quantum_jobs.dispatching import Translation, translated
from quantum_jobs.errors import ClientClosed, Fault, InvalidRequest, LoopNotDurable, ServiceUnavailable
from quantum_jobs.loops import AsyncLoop, loop_terms
from quantum_jobs.models import Caller, Job, JobQuery, JobState, ShepherdMessage, Target
from quantum_jobs.money import Money
from quantum_jobs.orders import SubmitOptions
from quantum_jobs.reuse import Reuse
from quantum_jobs.runners import AsyncRunner, Frame
from quantum_jobs.savings import Savings
from quantum_jobs.sessions import AsyncSession, FailurePolicy
from quantum_jobs.submitted_jobs import AsyncJob, WatchedJob
from quantum_jobs.submitting import content_hash

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from types import TracebackType

    from quantum_jobs.checkpoint_storage import CheckpointStorage
    from quantum_jobs.estimating import Estimates
    from quantum_jobs.memory import ProcessBlobs
    from quantum_jobs.process_queue import ProcessQueue
    from quantum_jobs.result_caches import ResultCache
    from quantum_jobs.service import JobService
    from quantum_jobs.submissions import JobRequest
    from quantum_jobs.throttles import Throttle
    from quantum_jobs.workspace_sessions import WorkspaceSessions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What a client is made of; `connecting.py` builds it.

    No `cache`: none was asked for. No `checkpoints`: the records are in memory, and nothing can be resumed.
    """

    service: JobService
    queue: ProcessQueue
    blobs: ProcessBlobs
    sessions: WorkspaceSessions
    caller: Caller
    throttle: Throttle
    close: Callable[[], None]
    cache: ResultCache | None = None
    checkpoints: CheckpointStorage | None = None


class AsyncClient(AsyncRunner):
    """One application's way to the workspace, on one event loop; an `async with` closes it.

    `savings` counts what cache, sharing and checkpoints have spared.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._watched: set[WatchedJob] = set()
        self._sweeping: set[asyncio.Task[None]] = set()
        self._closed = False
        self.savings = Savings()
        self._reuse = Reuse(parts.cache, self.savings) if parts.cache else None

    async def submit(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> AsyncJob:
        return await self.submit_in(Frame(who=asyncio.current_task()), source, shots, given)

    async def submit_in(self, frame: Frame, source: str | bytes, shots: int, given: SubmitOptions) -> AsyncJob:
        """Submit for a session or a thread.

        Raises:
            RequestRefused, TargetUnavailable, ServiceUnavailable: as `submit`.
        """
        if self._reuse is None or given.get("fresh") or given.get("key"):
            return await self.submit_watched(frame, source, shots, given)
        self._check_open()
        request = orders.job_request(source, shots, given)
        translation = await translated(request.submission)
        name = f"{self._parts.caller.owner}-{content_hash(request, translation)}"
        return await self._reuse.job(name, lambda: self._submitted(frame, request, translation))

    async def submit_watched(self, frame: Frame, source: str | bytes, shots: int, given: SubmitOptions) -> WatchedJob:
        """Submit past the cache, for a loop, which has a memory of its own.

        Raises:
            RequestRefused, TargetUnavailable, ServiceUnavailable: as `submit`.
        """
        self._check_open()
        return await self._submitted(frame, orders.job_request(source, shots, given), None)

    async def _submitted(self, frame: Frame, request: JobRequest, translation: Translation | None) -> WatchedJob:
        # Set after the fingerprint was made: a loop that goes on has another session, and less money left.
        limits = replace(
            request.limits,
            max_cost=_least(request.limits.max_cost, frame.max_cost),
            start_by=min(filter(None, (request.limits.start_by, frame.start_by)), default=None),
        )
        request = replace(request, session_id=frame.session_id, limits=limits)
        await self._parts.throttle.enter(request.target, frame.who)
        try:
            with telemetry.operation("submit_job"):
                job, replayed = await self._parts.service.submit(self._parts.caller, request, translation)
        except BaseException:
            self._parts.throttle.leave(request.target)
            raise
        if replayed:
            await self._adopt(job)
        return self._watch(job, replayed=replayed, place=request.target)

    async def _adopt(self, job: Job) -> None:
        """Look after a job of an earlier process, whose messages ended with it; perhaps it died before the PUT."""
        if not job.state.done:
            await self._parts.queue.send(ShepherdMessage.about(job, job.sequence), 0)

    def _watch(self, job: Job, *, replayed: bool, place: str | None) -> WatchedJob:
        def finished(done: Job) -> None:
            if place is not None:
                self._parts.throttle.leave(place)
            self._watched.discard(watched)
            if done.state.done and not done.unsettled:  # otherwise the shepherd still waits for the bill
                self._parts.queue.settled(done.id)
                self._sweep(done)

        watched = WatchedJob(self._parts.service, self._parts.caller, job, finished, replayed=replayed)
        self._watched.add(watched)
        return watched

    def _sweep(self, job: Job) -> None:
        task = asyncio.create_task(self._swept(job))
        self._sweeping.add(task)
        task.add_done_callback(self._sweeping.discard)

    async def _swept(self, job: Job) -> None:
        try:
            await self._parts.blobs.sweep(job)
        except ServiceUnavailable:
            log.warning("what the provider wrote for %s was not erased", job.id, exc_info=True)

    async def job(self, job_id: str) -> WatchedJob:
        """Give a job of this application's by its id, also of an earlier process.

        Raises:
            JobNotFound: there is none.
            ServiceUnavailable: the records do not answer.
        """
        self._check_open()
        known = next((watched for watched in self._watched if watched.id == job_id), None)
        if known is not None:
            return known
        job = await self._parts.service.get(self._parts.caller, job_id)
        await self._adopt(job)
        return self._watch(job, replayed=True, place=None)

    async def jobs(
        self,
        *,
        states: Sequence[JobState] = (),
        target: str | None = None,
        tags: Mapping[str, str] | None = None,
        most: int = 25,
    ) -> Sequence[Job]:
        """Give the records of this application's jobs as last known, newest first.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        self._check_open()
        query = JobQuery(tuple(states), target, tags or {}, page_size=most)
        return (await self._parts.service.page(self._parts.caller, query))[0]

    async def targets(self) -> Sequence[Target]:
        """Give the workspace's targets.

        Raises:
            ServiceUnavailable: the workspace does not answer.
        """
        self._check_open()
        return await self._parts.service.targets()

    async def target(self, target_id: str) -> Target:
        """Give one target.

        Raises:
            TargetNotFound: there is none of this name.
            ServiceUnavailable: the workspace does not answer.
        """
        self._check_open()
        return await self._parts.service.target(target_id)

    async def estimate(
        self, source: str | bytes, *, shots: int, targets: Sequence[str] = (), **given: Unpack[SubmitOptions]
    ) -> Estimates:
        """Price and time a program on the targets named, or on all; what it calls feasible a submit accepts.

        Raises:
            RequestRefused: the program itself is wrong, or a target is unknown.
            ServiceUnavailable: a part does not answer.
        """
        self._check_open()
        request = orders.estimate_request(source, shots, targets, given)
        return await self._parts.service.estimate(self._parts.caller, request)

    def session(self, target: str, *, name: str = "session", on_failure: FailurePolicy = "abort") -> AsyncSession:
        """Give a session of the workspace at a target, for an `async with`."""
        return AsyncSession(self, self._parts.sessions, target, name, on_failure)

    def loop(
        self,
        name: str,
        *,
        target: str | None = None,
        max_cost: str | Decimal | None = None,
        deadline: datetime | None = None,
        session: bool = False,
        fresh: bool = False,
    ) -> AsyncLoop:
        """Give a loop that survives its process, for an `async with`.

        `name` is what the next process finds it by. `max_cost` (USD) and `deadline` (a moment with its zone) hold for
        all its jobs, in all processes. `session`: its jobs run in a session of the workspace. `fresh` forgets what an
        earlier process has done.

        Raises:
            LoopNotDurable: the client keeps its records in memory.
            InvalidRequest: an argument is wrong; says which.
        """
        if self._parts.checkpoints is None:
            raise LoopNotDurable("A loop needs records that outlive the process: connect with records='table'.")
        if not name:
            raise InvalidRequest([Fault("a loop needs a name, by which the next process finds it", "name")])
        if session and target is None:
            raise InvalidRequest([Fault("a loop with a session needs the session's target", "target")])
        blob = f"{self._parts.caller.owner}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"
        terms = loop_terms(max_cost, deadline)
        new_session = (lambda: self.session(target, name=name)) if session and target else None
        writer = CheckpointWriter(self._parts.checkpoints, blob)
        return AsyncLoop(self, writer, name, target, terms, new_session, fresh=fresh)

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosed("The client is closed: use it inside `with quantum_jobs.connect(...) as client:`.")

    async def close(self) -> None:
        """Watch no longer and close all connections; jobs that are not done go on at the workspace."""
        if self._closed:
            return
        self._closed = True
        left = sorted(watched.id for watched in self._watched)
        if left:
            log.warning("%d jobs are not done and go on without this process: %s", len(left), ", ".join(left[:10]))
        for watched in tuple(self._watched):
            watched.close()
        if self._reuse is not None:
            await self._reuse.close()
        await asyncio.gather(*self._sweeping, return_exceptions=True)
        self._parts.queue.close()
        self._parts.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _least(one: Money | None, other: Money | None) -> Money | None:
    given = [money for money in (one, other) if money is not None]
    return min(given, key=lambda money: money.micros) if given else None
