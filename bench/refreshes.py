"""Counts the calls to the workspace for jobs in hardware queues, and those that shared pages of its list would take."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil

from quantum_jobs import waiting
from quantum_jobs.clock import timestamp
from quantum_jobs.models import HistoryEntry, Job, JobState

_PAGE = 100  # jobs on a page of the workspace's list
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_ARRIVAL_SECONDS = 600
type Delay = Callable[[Job, datetime], int]


def calls(jobs: int, wait_seconds: int, delay: Delay, seed: int = 1) -> list[float]:
    """Give the moments (seconds) of all refreshes of jobs that come in ten minutes and wait 0.5 to 1.5 of so long."""
    rng = random.Random(seed)  # noqa: S311 - seeded, so that the table is the same each time
    moments = []
    for _ in range(jobs):
        start = moment = rng.uniform(0, _ARRIVAL_SECONDS)
        ends, job = start + wait_seconds * rng.uniform(0.5, 1.5), _queued(start, wait_seconds)
        while moment < ends:
            moment += delay(job, _BEGIN + timedelta(seconds=moment))
            moments.append(moment)
    return sorted(moments)


def _queued(start: float, wait_seconds: int) -> Job:
    at = timestamp(_BEGIN + timedelta(seconds=start))
    return Job(
        "job", "owner", at, "app", "qpu", "p", 1, (), "", "", "qir", state=JobState.QUEUED,
        history=(HistoryEntry(JobState.QUEUED, at),), expected_wait_seconds=wait_seconds,
    )  # fmt: skip


def pages(moments: list[float], jobs: int, fresh_seconds: float) -> int:
    """Give the calls that a list shared for so long takes: all its pages, whenever it is too old."""
    count, read_at = 0, -1e9
    for moment in moments:
        if moment - read_at > fresh_seconds:
            count, read_at = count + ceil(jobs / _PAGE), moment
    return count


def main() -> None:
    print(f"{'jobs':>5} {'wait':>7}  {'who asks':<9} {'calls/min':>9} {'pages/min':>9} {'of 10 s':>8}")
    for jobs in (20, 200, 2000):
        for wait in (1800, 3600, 8 * 3600):
            for name, delay in (
                ("shepherds", waiting.shepherd_delay_seconds),
                ("callers", waiting.retry_after_seconds),
            ):
                end = _ARRIVAL_SECONDS + wait * 0.4  # all are there, none has left
                seen = [moment for moment in calls(jobs, wait, delay) if _ARRIVAL_SECONDS <= moment < end]
                rate = 60 / (end - _ARRIVAL_SECONDS)
                one, ten = pages(seen, jobs, 1), pages(seen, jobs, 10)
                print(f"{jobs:5} {wait:5} s  {name:<9} {len(seen) * rate:9.0f} {one * rate:9.0f} {ten * rate:8.0f}")


if __name__ == "__main__":
    main()
