"""The client for programs without an event loop: the same as `async_client.py`, on a thread of its own.

May be used from any number of threads; each waits its turn as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from quantum_jobs.background import Background
from quantum_jobs.errors import ClientClosed

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from types import TracebackType

    from quantum_jobs.async_client import AsyncClient
    from quantum_jobs.estimating import Estimates
    from quantum_jobs.loops import AsyncLoop
    from quantum_jobs.models import Job, JobState, Target
    from quantum_jobs.money import Money
    from quantum_jobs.orders import SubmitOptions
    from quantum_jobs.results import Result
    from quantum_jobs.runners import AsyncRunner
    from quantum_jobs.savings import Savings
    from quantum_jobs.sessions import AsyncSession, FailurePolicy
    from quantum_jobs.submitted_jobs import AsyncJob


class JobHandle:
    """A submitted job; the client watches it until it is done, whether anybody waits or not."""

    def __init__(self, background: Background, job: AsyncJob) -> None:
        self._background = background
        self._job = job

    @property
    def id(self) -> str:
        return self._job.id

    @property
    def state(self) -> JobState:
        """The state as last seen; `refresh` looks now."""
        return self._job.state

    def refresh(self) -> JobState:
        """Look at the job now.

        Raises:
            ServiceUnavailable: a part does not answer.
        """
        return self._background.call(self._job.refresh())

    def cancel(self) -> JobState:
        """Ask for the end of the job; one whose result was faster has it, and costs.

        Raises:
            JobAlreadyDone: it has ended.
            ServiceUnavailable: a part does not answer; asking again is safe.
        """
        return self._background.call(self._job.cancel())

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the job, at most so many seconds, and give its result.

        Raises:
            ResultNotReady: the time is over; the job goes on.
            JobFailed, JobCancelled: there is none; says why.
            ServiceUnavailable: a store does not answer; asking again is safe.
        """
        return self._background.call(self._job.result(timeout))

    def __repr__(self) -> str:
        return f"<job {self.id}: {self.state}>"


class Runner:
    """Takes programs and gives results: a client, a session or a loop; each is as its counterpart with `Async`."""

    def __init__(self, background: Background, runner: AsyncRunner) -> None:
        self._background = background
        self._runner = runner

    def submit(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> JobHandle:
        """Check a program and hand it to the workspace; returns once the job is accepted.

        `source` is OpenQASM 3, or what `format` says. The other arguments: `quantum_jobs.SubmitOptions`. Where the
        application has as many unfinished jobs as its pace allows, this waits its turn.

        Raises:
            RequestRefused: nothing was written and nothing costs; says what is wrong, where, and what would be right.
            TargetUnavailable: the provider takes no jobs now.
            ServiceUnavailable: a part does not answer; the same with the same `key` is safe.
        """
        return JobHandle(self._background, self._background.call(self._runner.submit(source, shots=shots, **given)))

    def run(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> Result:
        """Submit a program and give its result: an item for each parameter set, in as many jobs as they need.

        Raises:
            RequestRefused, TargetUnavailable, ServiceUnavailable: as `submit`.
            JobFailed, JobCancelled: a job came to nothing; says why.
        """
        return self._background.call(self._runner.run(source, shots=shots, **given))


class Session(Runner):
    """A session of the workspace, as a context; see `AsyncSession`."""

    def __init__(self, background: Background, session: AsyncSession) -> None:
        super().__init__(background, session)
        self._session = session

    @property
    def id(self) -> str:
        return self._session.id

    @property
    def target(self) -> str:
        return self._session.target

    def __enter__(self) -> Self:
        self._background.call(self._session.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._background.call(self._session.__aexit__(kind, error, trace))


class Loop(Runner):
    """A loop that survives its process, as a context; see `AsyncLoop`."""

    def __init__(self, background: Background, loop: AsyncLoop) -> None:
        super().__init__(background, loop)
        self._loop = loop

    @property
    def name(self) -> str:
        return self._loop.name

    @property
    def place(self) -> int:
        """The place of the next submit, from 0."""
        return self._loop.place

    @property
    def replayed(self) -> int:
        """Submits that were answered from the checkpoint."""
        return self._loop.replayed

    @property
    def spent(self) -> Money:
        """What all jobs of the loop have cost, in this process and those before."""
        return self._loop.spent

    @property
    def state(self) -> Any:
        """What `save` kept last; None when nothing was."""
        return self._loop.state

    def save(self, state: Any) -> None:
        """Keep a state of the application's (JSON); a process that comes after begins at this place with it.

        Raises:
            TypeError: it is no JSON.
            CheckpointTaken: another process runs this loop.
            ServiceUnavailable: the store does not answer.
        """
        self._background.call(self._loop.save(state))

    def __enter__(self) -> Self:
        self._background.call(self._loop.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._background.call(self._loop.__aexit__(kind, error, trace))


class Client(Runner):
    """One application's way to the workspace, as a context; `savings` counts what was spared. See `AsyncClient`."""

    def __init__(self, compose: Callable[[], AsyncClient]) -> None:
        background = Background()
        self._client = background.call(_made(compose))
        super().__init__(background, self._client)

    @property
    def savings(self) -> Savings:
        return self._client.savings

    def job(self, job_id: str) -> JobHandle:
        """Give a job of this application's by its id, also of an earlier process.

        Raises:
            JobNotFound: there is none.
            ServiceUnavailable: the records do not answer.
        """
        return JobHandle(self._background, self._background.call(self._client.job(job_id)))

    def jobs(
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
        return self._background.call(self._client.jobs(states=states, target=target, tags=tags, most=most))

    def targets(self) -> Sequence[Target]:
        """Give the workspace's targets.

        Raises:
            ServiceUnavailable: the workspace does not answer.
        """
        return self._background.call(self._client.targets())

    def target(self, target_id: str) -> Target:
        """Give one target.

        Raises:
            TargetNotFound: there is none of this name.
            ServiceUnavailable: the workspace does not answer.
        """
        return self._background.call(self._client.target(target_id))

    def estimate(
        self, source: str | bytes, *, shots: int, targets: Sequence[str] = (), **given: Unpack[SubmitOptions]
    ) -> Estimates:
        """Price and time a program on the targets named, or on all; what it calls feasible a submit accepts.

        Raises:
            RequestRefused: the program itself is wrong, or a target is unknown.
            ServiceUnavailable: a part does not answer.
        """
        return self._background.call(self._client.estimate(source, shots=shots, targets=targets, **given))

    def session(self, target: str, *, name: str = "session", on_failure: FailurePolicy = "abort") -> Session:
        """Give a session of the workspace at a target, for a `with`; a failed job ends it, or not: `continue`."""
        return Session(self._background, self._client.session(target, name=name, on_failure=on_failure))

    def loop(
        self,
        name: str,
        *,
        target: str | None = None,
        max_cost: str | Decimal | None = None,
        deadline: datetime | None = None,
        session: bool = False,
        fresh: bool = False,
    ) -> Loop:
        """Give a loop that survives its process, for a `with`.

        `name` is what the next process finds it by. `max_cost` (USD) and `deadline` (a moment with its zone) hold for
        all its jobs, in all processes. `session`: its jobs run in a session of the workspace. `fresh` forgets what an
        earlier process has done.

        Raises:
            LoopNotDurable: the client keeps its records in memory.
        """
        loop = self._client.loop(
            name, target=target, max_cost=max_cost, deadline=deadline, session=session, fresh=fresh
        )
        return Loop(self._background, loop)

    def close(self) -> None:
        """Watch no longer and close all connections; jobs that are not done go on at the workspace."""
        try:
            self._background.call(self._client.close())
        except ClientClosed:
            return
        self._background.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _made(compose: Callable[[], AsyncClient]) -> AsyncClient:
    return compose()
