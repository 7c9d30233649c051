"""Runners that execute programs at once, by the exact distribution of what the service's reader makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quantum_jobs.histograms import outcome_key
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.programs import read_sweep
from tests.programs.referee import distribution

Counting = Callable[[dict[str, float], int], dict[str, Any]]
"""Makes counts of probabilities and shots."""


@dataclass(frozen=True)
class Item:
    counts: Mapping[str, Any]
    failed_shots: int = 0


@dataclass(frozen=True)
class Result:
    items: Sequence[Item]
    target: str
    cost: Money | None = None


@dataclass
class Job:
    id: str
    outcome: Result | Exception
    state: str = JobState.SUCCEEDED
    cancels: int = 0
    refusal: Exception | None = None

    def cancel(self) -> None:
        if self.refusal:
            raise self.refusal
        self.cancels += 1
        self.state = JobState.CANCELLED

    def result(self, timeout: float | None = None) -> Result:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@dataclass(frozen=True)
class Request:
    source: str
    shots: int
    parameter_sets: tuple[Mapping[str, float], ...]
    seed: int | None
    target: str


@dataclass
class Fake:
    """A runner; `count` makes counts of exact probabilities."""

    count: Counting
    requests: list[Request] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def submit(
        self,
        source: str,
        *,
        shots: int,
        format: str = "openqasm3",  # noqa: A002
        parameter_sets: Sequence[Mapping[str, float]] = (),
        seed: int | None = None,
        target: str = "its own",
    ) -> Job:
        assert len(parameter_sets) <= 300
        programs = read_sweep(format, source, parameter_sets or [{}])
        items = []
        for program in programs:
            exact = {outcome_key(bits, program.registers): share for bits, share in distribution(program).items()}
            items.append(Item(self.count(exact, shots)))
        self.requests.append(Request(source, shots, tuple(parameter_sets), seed, target))
        job = Job(f"job-{len(self.jobs)}", Result(items, target, Money.of("0.25")))
        self.jobs.append(job)
        return job


def exact() -> Fake:
    """Counts that are not whole: each outcome comes as often as it is likely."""
    return Fake(lambda probabilities, shots: {key: share * shots for key, share in probabilities.items()})


def sampling(seed: int) -> Fake:
    """Counts as a machine without noise gives them."""
    rng = np.random.default_rng(seed)

    def count(probabilities: dict[str, float], shots: int) -> dict[str, Any]:
        shares = np.array(list(probabilities.values()))
        drawn = rng.multinomial(shots, shares / shares.sum())
        return {key: int(number) for key, number in zip(probabilities, drawn, strict=True) if number}

    return Fake(count)


def rounding() -> Fake:
    """Whole counts, each within one of what the probabilities say."""

    def count(probabilities: dict[str, float], shots: int) -> dict[str, Any]:
        whole = {key: int(share * shots) for key, share in probabilities.items()}
        left = shots - sum(whole.values())
        for key in sorted(whole, key=lambda key: whole[key] - probabilities[key] * shots)[:left]:
            whole[key] += 1
        return {key: number for key, number in whole.items() if number}

    return Fake(count)
