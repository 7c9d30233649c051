"""Counts what happens to jobs, on the OpenTelemetry API; see `telemetry.py` for when, and who takes it.

Dimensions are target, provider, state, part and the like, which are few; never a job, an owner or a tag. Best effort: a
process that dies between a write and its count leaves one out. Sums of money that must be right are the accounts'.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, Literal

from quantum_jobs.clock import parse_timestamp
from quantum_jobs.models import Job

# Waits before hardware are hours; the API's own bounds end at ten seconds.
_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0, 86400.0)
type Spared = Literal["cached", "shared", "replayed"]
_ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 8.0)


class _Instruments:
    def __init__(self, meter: Any) -> None:
        self.submitted = meter.create_counter("quantum.jobs.submitted", "{job}", "jobs accepted")
        self.finished = meter.create_counter("quantum.jobs.finished", "{job}", "jobs that ended, by state")
        self.cost = meter.create_counter("quantum.jobs.cost", "1", "what settled jobs cost, in units of `currency`")
        self.saved = meter.create_counter("quantum.cache.saved", "{job}", "jobs not run: their results were there")
        self.throttled = meter.create_counter("quantum.throttled", "{answer}", "answers 429, by who gave them")
        self.wait = _histogram(meter, "quantum.jobs.queue_wait", "s", "from accepted to the first start", _SECONDS)
        self.run = _histogram(meter, "quantum.jobs.run_time", "s", "of the last attempt at the provider", _SECONDS)
        self.attempts = _histogram(meter, "quantum.jobs.attempts", "{attempt}", "of ended jobs", _ATTEMPTS)


def submitted(job: Job) -> None:
    """Count a job that was made; one that needed no run is saved as well."""
    if (of := _instruments()) is not None:
        of.submitted.add(1, _dimensions(job))
        if job.reused_from:
            of.saved.add(1, {"how": "reused"})


def moved(before: Job, after: Job) -> None:
    """Count what a written change of a job means: that it ended, that it is settled."""
    of = _instruments()
    if of is None:
        return
    if after.state.done and not before.state.done:
        _ended(of, after)
    if _settled(after) and not _settled(before):
        cost = after.cost_actual or after.cost_estimate
        of.cost.add(cost.micros / 1_000_000, {**_dimensions(after), "currency": cost.currency})


def throttled(by: str) -> None:
    """Count an answer 429, of an outside part to us or of ours to a caller (`by` is then "service")."""
    if (of := _instruments()) is not None:
        of.throttled.add(1, {"by": by})


def saved(how: Spared) -> None:
    """Count a job of an application that was not run, because its result was there or under way."""
    if (of := _instruments()) is not None:
        of.saved.add(1, {"how": how})


def _ended(of: _Instruments, job: Job) -> None:
    dimensions = _dimensions(job)
    of.finished.add(1, {**dimensions, "state": str(job.state)})
    if not job.attempts:
        return
    of.attempts.record(len(job.attempts), dimensions)
    first, last = job.attempts[0], job.attempts[-1]
    if first.started_at:
        of.wait.record(_seconds(job.created_at, first.started_at), dimensions)
    if last.started_at and last.ended_at:
        of.run.record(_seconds(last.started_at, last.ended_at), dimensions)


def _instruments() -> _Instruments | None:
    metrics = sys.modules.get("opentelemetry.metrics")
    return None if metrics is None else _of(metrics)


@cache
def _of(metrics: Any) -> _Instruments:
    return _Instruments(metrics.get_meter("quantum_jobs"))


def _histogram(meter: Any, name: str, unit: str, description: str, bounds: tuple[float, ...]) -> Any:
    return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)


def _dimensions(job: Job) -> dict[str, str]:
    return {"quantum.target": job.target, "quantum.provider": job.provider}


def _settled(job: Job) -> bool:
    return job.state.done and job.unsettled is None


def _seconds(start: str, end: str) -> float:
    # Two clocks: the provider's may be behind ours.
    return max((parse_timestamp(end) - parse_timestamp(start)).total_seconds(), 0.0)
