"""A loop of an application that survives its process: what was done is replayed, what was paid is not paid again.

Each submit of a loop has a place: 0, 1, 2 in the order of the calls. Its result is written to the checkpoint, and its
job has a key made of loop and place. A process that is started again runs through the same calls: those that the
checkpoint knows are answered from it, and one that was under way when the process died is the same job again. The
classical part must therefore ask for the same things in the same order; seed its random numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, Unpack

from quantum_jobs import orders, telemetry
from quantum_jobs.checkpoints import Checkpoint, CheckpointWriter, Entry, other_program
from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import (
    CostLimitExceeded,
    Fault,
    IdempotencyKeyReused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    LoopOverBudget,
    LoopOverdue,
    SessionClosed,
)
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.runners import AsyncRunner, Frame, Submits
from quantum_jobs.submitted_jobs import AsyncJob, KnownJob, WatchedJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal
    from types import TracebackType

    from quantum_jobs.orders import SubmitOptions
    from quantum_jobs.results import Result
    from quantum_jobs.sessions import AsyncSession

_NOTHING = (JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class LoopTerms:
    """What a loop may take: money over all its jobs (None: no bound), until when it may submit and start jobs."""

    max_cost: Money | None = None
    deadline: datetime | None = None


def loop_terms(max_cost: str | Decimal | None, deadline: datetime | None) -> LoopTerms:
    """Read what a loop may take.

    Raises:
        InvalidRequest: no amount of money, or a moment without a zone.
    """
    try:
        most = None if max_cost is None else Money.of(max_cost)
    except ArithmeticError:
        most = Money(-1)
    faults = []
    if most is not None and most.micros < 0:
        faults.append(Fault(f"{max_cost!r} is no amount in USD such as '5.00'", "max_cost"))
    if deadline is not None and deadline.tzinfo is None:
        faults.append(Fault("a moment needs its zone: datetime.now(UTC) + timedelta(hours=1)", "deadline"))
    if faults:
        raise InvalidRequest(faults)
    return LoopTerms(most, deadline)


class AsyncLoop(AsyncRunner):
    """A loop under a name of the application's; an `async with` reads its checkpoint and opens its session."""

    def __init__(
        self,
        client: Submits,
        writer: CheckpointWriter,
        name: str,
        target: str | None,
        terms: LoopTerms,
        new_session: Callable[[], AsyncSession] | None,
        *,
        fresh: bool,
    ) -> None:
        self.name = name
        self._client = client
        self._writer = writer
        self._target = target
        self._terms = terms
        self._new_session = new_session
        self._session: AsyncSession | None = None
        self._fresh = fresh
        self._checkpoint = Checkpoint()
        self._next = 0
        self._held: dict[int, Money] = {}
        self._failed: dict[str, int] = {}
        self._writing = asyncio.Lock()
        self._span: telemetry.OpenSpan | None = None
        self.replayed = 0

    @property
    def place(self) -> int:
        """The place of the next submit."""
        return self._next

    @property
    def state(self) -> Any:
        """What `save` kept last; None when nothing was."""
        return self._checkpoint.state

    @property
    def spent(self) -> Money:
        """What all jobs of the loop have cost, in this process and those before."""
        costs = (entry.result.cost for entry in self._checkpoint.entries.values())
        return Money(sum(cost.micros for cost in costs if cost))

    async def save(self, state: Any) -> None:
        """Keep a state of the application's (JSON); a process that comes after begins at this place with it.

        Raises:
            TypeError: it is no JSON.
            CheckpointTaken: another process runs this loop.
            ServiceUnavailable: the store does not answer.
        """
        async with self._writing:
            await self._writer.keep_state(self._checkpoint, self._next, state)

    async def submit(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> AsyncJob:
        """Submit the job of the next place, or give what is known of it; its target may be left out.

        Raises:
            CheckpointMismatch: the checkpoint is of another program; nothing was submitted.
            LoopOverBudget, LoopOverdue: nothing was submitted.
            SessionClosed, RequestRefused, TargetUnavailable, ServiceUnavailable: as the `submit` of session and client.
        """
        if self._target is not None:
            given = {"target": self._target, **given}
        fingerprint = orders.job_request(source, shots, given).fingerprint
        place = self._failed.pop(fingerprint, self._next)
        known = self._checkpoint.known(place, fingerprint)
        if known is not None:
            self._next = place + 1
            self.replayed += 1
            self._client.savings.spare("replayed")
            self._client.savings.add(known)
            return KnownJob(known)
        if place == self._next:
            self._next += 1
        try:
            job = await self._submitted(place, source, shots, given)
        except BaseException:
            self.failed(place, fingerprint)
            raise
        return _LoopJob(self, place, fingerprint, job)

    def failed(self, place: int, fingerprint: str) -> None:
        """Note that a place has come to nothing: who asks for the same again asks for the same place."""
        self._failed[fingerprint] = place
        self._held.pop(place, None)

    async def _submitted(self, place: int, source: str | bytes, shots: int, given: SubmitOptions) -> WatchedJob:
        """Submit under the place's key; where that made a job that came to nothing in an earlier process, try again."""
        attempt = 0
        while True:
            key = hashlib.sha256(f"{self._checkpoint.run}/{place}/{attempt}".encode()).hexdigest()
            await self._session_open()
            job = await self._tried(place, source, shots, {**given, "key": key})
            if not (job.replayed and job.state in _NOTHING) and not await self._session_timed_out(job):
                self._held[place] = job.record.cost_estimate
                return job
            attempt += 1

    async def _tried(self, place: int, source: str | bytes, shots: int, given: SubmitOptions) -> WatchedJob:
        try:
            with self._span.current() if self._span else contextlib.nullcontext():
                return await self._client.submit_watched(self._frame(), source, shots, given)
        except CostLimitExceeded as error:
            raise LoopOverBudget(
                f"{error.detail} The loop {self.name!r} has spent {self.spent} of {self._terms.max_cost}."
            ) from error
        except IdempotencyKeyReused as error:
            # Not in the checkpoint: whoever submitted it died before it had the result, or is at it just now.
            raise other_program(place) from error

    async def _session_open(self) -> None:
        if self._session is None and self._new_session is not None:
            session = self._new_session()
            await session.__aenter__()
            self._session = session

    async def _session_timed_out(self, job: WatchedJob) -> bool:
        """Tell whether the workspace refused a job because the loop's session has timed out; the next one has another.

        Raises:
            SessionClosed: the session has ended for another reason.
        """
        if self._session is None or job.state != JobState.FAILED:
            return False
        try:
            await self._session.check()
        except SessionClosed as error:
            if error.members.get("status") != "TimedOut":
                raise
            self._session = None
            return True
        return False

    def _frame(self) -> Frame:
        deadline = self._terms.deadline
        if deadline is not None and now() >= deadline:
            raise LoopOverdue(f"The deadline of the loop {self.name!r} was {timestamp(deadline)}.")
        left = None
        if self._terms.max_cost is not None:
            held = sum(money.micros for money in self._held.values())
            left = Money(max(self._terms.max_cost.micros - self.spent.micros - held, 0))
        return Frame(
            who=self.name,
            session_id=self._session.id if self._session else None,
            max_cost=left,
            start_by=timestamp(deadline) if deadline else None,
        )

    async def keep(self, place: int, fingerprint: str, result: Result) -> None:
        """Write a place's result to the checkpoint, once.

        Raises:
            CheckpointTaken: another process runs this loop.
            ServiceUnavailable: the store does not answer; asking for the result again is safe.
        """
        async with self._writing:
            if place not in self._checkpoint.entries:
                await self._writer.keep(self._checkpoint, place, Entry(fingerprint, result))
        self._held.pop(place, None)

    async def __aenter__(self) -> Self:
        if self._fresh:
            await self._writer.erase()
        self._checkpoint = await self._writer.load()
        await self._writer.begin(self._checkpoint)
        self._next = self._checkpoint.state_at
        self._span = telemetry.OpenSpan("loop")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._session is not None:
                await self._session.__aexit__(kind, error, trace)
        finally:
            if self._span is not None:
                self._span.end(error)


class _LoopJob:
    """A job of a loop: its result goes into the checkpoint before the application has it."""

    def __init__(self, loop: AsyncLoop, place: int, fingerprint: str, job: WatchedJob) -> None:
        self._loop = loop
        self._place = place
        self._fingerprint = fingerprint
        self._job = job

    @property
    def id(self) -> str:
        return self._job.id

    @property
    def state(self) -> JobState:
        return self._job.state

    async def refresh(self) -> JobState:
        return await self._job.refresh()

    async def cancel(self) -> JobState:
        return await self._job.cancel()

    async def result(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109
        try:
            result = await self._job.result(timeout)
        except (JobFailed, JobCancelled):
            self._loop.failed(self._place, self._fingerprint)
            raise
        await self._loop.keep(self._place, self._fingerprint, result)
        return result
