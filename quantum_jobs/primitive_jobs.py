"""What both primitives share: jobs of many parameter sets through a runner, and their common handle for Qiskit."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import batched
from threading import Lock
from typing import Any, Protocol, Unpack
from uuid import uuid4

import numpy as np
from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit.providers import JobStatus

from quantum_jobs.circuits import numbered
from quantum_jobs.client import Client, Session
from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.orders import SubmitOptions
from quantum_jobs.side_by_side import side_by_side

log = logging.getLogger(__name__)

MOST_SETS = 300
"""Parameter sets that the service takes in one job."""
MOST_ITEMS = 100 * MOST_SETS
"""Items of one circuit of a run: a slip of the pen in a precision is not to become a thousand jobs."""
MOST_SHOTS = 10_000
"""Shots of one item of a job that every target takes; more are asked for as several items."""


class Item(Protocol):
    """The result of one parameter set; keys of `counts`: last register first, then c[n-1]..c[0]."""

    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def failed_shots(self) -> int: ...


class RunResult(Protocol):
    """The result of a job, with an item for each parameter set."""

    @property
    def items(self) -> Sequence[Item]: ...
    @property
    def target(self) -> str: ...
    @property
    def cost(self) -> Money | None: ...


class Handle(Protocol):
    """A job that was submitted."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    def cancel(self) -> Any: ...
    def result(self, timeout: float | None = None) -> RunResult: ...


class Runner(Protocol):
    """What runs programs: a client, a session, a loop."""

    def submit(self, source: str, *, shots: int, **given: Unpack[SubmitOptions]) -> Handle: ...


@dataclass(frozen=True)
class Work:
    """A program to run with each of the sets of values, `shots` times `repeats` each.

    Raises:
        ValueError: more than 30,000 items.
    """

    source: str
    parameter_sets: Sequence[Mapping[str, float]]
    shots: int
    repeats: int = 1

    def __post_init__(self) -> None:
        items = len(self.parameter_sets) * self.repeats
        if items > MOST_ITEMS:
            raise ValueError(
                f"{len(self.parameter_sets):,} parameter sets with {self.shots * self.repeats:,} shots each are "
                f"{items:,} items; {MOST_ITEMS:,} are the most: ask for fewer shots, or for less precision"
            )


@dataclass(frozen=True)
class Counted:
    """What came of one parameter set: counts of whole outcomes, and shots that gave none."""

    counts: Mapping[str, int]
    failed_shots: int
    origin: str
    """Job and item, different for each in the world."""

    @property
    def shots(self) -> int:
        return sum(self.counts.values())


@contextmanager
def telling_pub(place: int) -> Iterator[None]:
    """Add to what is raised in which PUB it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in PUB {place}, counted from 0")
        raise


class Submitter:
    """Submits work, with a seed of its own for each job where one was given."""

    def __init__(self, runner: Runner, target: str | None, seed: int | None) -> None:
        self._runner = runner
        self._given: SubmitOptions = {} if target is None else {"target": target}
        self._seeds = None if seed is None else np.random.default_rng(seed)

    def submit_all(self, works: Sequence[Sequence[Work]]) -> "list[list[Running]]":
        """Submit the work of all PUBs, each piece as one job for each 300 items.

        When a part is refused, what was submitted beside it is cancelled.
        """
        calls = [[self._calls(place, work) for work in of_pub] for place, of_pub in enumerate(works)]
        handles = iter(self._handles([call for of_pub in calls for of_work in of_pub for call in of_work]))
        return [
            [Running(work, [next(handles) for _ in of_work]) for work, of_work in zip(of_pub, parts, strict=True)]
            for of_pub, parts in zip(works, calls, strict=True)
        ]

    def _calls(self, place: int, work: Work) -> list[Callable[[], Handle]]:
        source, sets = numbered(work.source, [item for item in work.parameter_sets for _ in range(work.repeats)])
        if sets == [{}]:
            return [partial(self._submit, place, source, work.shots, (), self._seed())]
        batches = batched(sets, MOST_SETS, strict=False)
        return [partial(self._submit, place, source, work.shots, batch, self._seed()) for batch in batches]

    def _seed(self) -> int | None:
        return None if self._seeds is None else int(self._seeds.integers(2**31))

    def _submit(
        self, place: int, source: str, shots: int, sets: Sequence[Mapping[str, float]], seed: int | None
    ) -> Handle:
        given: SubmitOptions = {**self._given, "parameter_sets": sets, "seed": seed}
        with telling_pub(place):
            return self._runner.submit(source, shots=shots, **given)

    def _handles(self, calls: Sequence[Callable[[], Handle]]) -> list[Handle]:
        submitted: list[Handle] = []
        try:
            # The submits of a loop have places: their order must be the same each time.
            if isinstance(self._runner, Client | Session) and calls:
                return side_by_side(calls, submitted)
            for call in calls:
                submitted.append(call())  # noqa: PERF401 - what was submitted must be known when a later call raises
            return submitted
        except Exception:
            cancel(submitted)
            raise


def cancel(handles: Sequence[Handle]) -> None:
    """Cancel the jobs that have not ended, each whatever becomes of the others; one that ends meanwhile stays so."""
    for handle in handles:
        if not JobState(handle.state).done:
            try:
                handle.cancel()
            except QuantumJobsError:
                log.warning("a job could not be cancelled", extra={"job_id": handle.id}, exc_info=True)


class Running:
    """Work that was submitted, as one job or several."""

    def __init__(self, work: Work, handles: Sequence[Handle]) -> None:
        self.work = work
        self.handles = handles
        self._fetched: list[tuple[str, RunResult]] = []

    def results(self, timeout: float | None = None) -> list[Counted]:
        """Wait; give what came of each parameter set, its repeats together.

        An outcome in which a qubit was lost (`-`) counts as a failed shot.
        """
        for handle in self.handles[len(self._fetched) :]:
            self._fetched.append((handle.id, handle.result(timeout=timeout)))
        items = [
            _counted(item, f"{job_id}/{place}")
            for job_id, result in self._fetched
            for place, item in enumerate(result.items)
        ]
        return [_together(repeats) for repeats in batched(items, self.work.repeats, strict=True)]

    def fetched(self) -> list[tuple[str, RunResult]]:
        """Give the id and the result of each job, once `results` has waited for them."""
        return self._fetched


def _counted(item: Item, origin: str) -> Counted:
    whole = {outcome: count for outcome, count in item.counts.items() if "-" not in outcome}
    lost = sum(item.counts.values()) - sum(whole.values())
    return Counted(whole, item.failed_shots + lost, origin)


def _together(items: Sequence[Counted]) -> Counted:
    counts: dict[str, int] = {}
    for item in items:
        for outcome, count in item.counts.items():
            counts[outcome] = counts.get(outcome, 0) + count
    return Counted(counts, sum(item.failed_shots for item in items), items[0].origin)


def seed_of(origin: str) -> int:
    """Make a seed of the place where shots come from, so that the same result is always read the same way."""
    return int.from_bytes(hashlib.sha256(origin.encode()).digest()[:8])


def facts(running: Sequence[Running]) -> dict[str, Any]:
    """Say of finished work what a PUB's metadata tell: job ids, target, cost (None where no job has one)."""
    jobs = [job for work in running for job in work.fetched()]
    costs = [result.cost for _, result in jobs if result.cost is not None]
    currencies = {cost.currency for cost in costs}
    targets = {result.target for _, result in jobs}
    return {
        "job_ids": [job_id for job_id, _ in jobs],
        "target": targets.pop() if len(targets) == 1 else None,
        "cost": Money(sum(cost.micros for cost in costs), currencies.pop()) if len(currencies) == 1 else None,
    }


class PrimitiveJob(BasePrimitiveJob[PrimitiveResult[Any], JobStatus]):
    """A run of a primitive: all its jobs have been submitted; their results are put together when asked for.

    `job_id()` is the id of its first job in the service, `job_ids` are all of them.
    """

    def __init__(
        self, running: Sequence[Sequence[Running]], finish: Callable[[float | None], PrimitiveResult[Any]]
    ) -> None:
        self._handles = tuple(handle for of_pub in running for work in of_pub for handle in work.handles)
        super().__init__(self._handles[0].id if self._handles else str(uuid4()))
        self._finish = finish
        self._result: PrimitiveResult[Any] | None = None
        self._lock = Lock()

    @property
    def job_ids(self) -> tuple[str, ...]:
        return tuple(handle.id for handle in self._handles)

    def result(self, timeout: float | None = None) -> PrimitiveResult[Any]:
        """Wait for all jobs, for each at most `timeout` seconds, and give the results of the PUBs in order.

        Raises:
            JobFailed: and what else the runner's jobs raise.
        """
        with self._lock:
            if self._result is None:
                self._result = self._finish(timeout)
            return self._result

    def status(self) -> JobStatus:
        """Tell how far the whole run is: failed or cancelled as soon as one job is, done when all are."""
        states = {JobState(handle.state) for handle in self._handles}
        for state, status in ((JobState.FAILED, JobStatus.ERROR), (JobState.CANCELLED, JobStatus.CANCELLED)):
            if state in states:
                return status
        if states <= {JobState.SUCCEEDED}:
            return JobStatus.DONE
        waiting = {JobState.ACCEPTED, JobState.QUEUED, JobState.RETRYING}
        return JobStatus.QUEUED if states <= waiting else JobStatus.RUNNING

    def done(self) -> bool:
        return bool(self.status() == JobStatus.DONE)

    def running(self) -> bool:
        return bool(self.status() == JobStatus.RUNNING)

    def cancelled(self) -> bool:
        return bool(self.status() == JobStatus.CANCELLED)

    def in_final_state(self) -> bool:
        """Tell whether every job has ended."""
        return all(JobState(handle.state).done for handle in self._handles)

    def cancel(self) -> None:
        """Cancel the jobs that have not ended."""
        cancel(self._handles)
