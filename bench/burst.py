"""Many jobs at once: how many a second, what a job takes of each process, and what one owner waits beside another.

`python -m local run --no-limits -- python -m bench.burst` measures these alone.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

import httpx

from bench.callers import Caller, Seen, at_once, one_by_one, unattended
from bench.gateway import bob
from bench.rows import Row

type Load = Callable[[Caller, int, Seen], Awaitable[None]]

CLIENTS = 32
FEW = 5


def rows(jobs: int) -> Iterator[Row]:
    """The burst, and the load that its clients would make if each waited for one job before the next."""
    rate, seen, took = run(at_once, jobs)
    yield Row(f"burst, {jobs} jobs from {CLIENTS} clients", f"{rate:.0f} jobs/s", "30 jobs/s", rate >= 30, waits(seen))
    yield Row("a job of it, processor time", f"{sum(took.values()):.0f} ms", "-", ok=True, beside=told(took))
    rate, seen, _ = run(one_by_one, jobs)
    yield Row("the same jobs, one after the other each", f"{rate:.0f} jobs/s", "-", ok=True, beside=waits(seen))
    for load, how in ((at_once, "asked for"), (unattended, "left to the shepherd")):
        alone, beside = fairness(load, jobs)
        ratio = statistics.median(beside.finishes) / statistics.median(alone.finishes)
        words = f"alone {waits(alone)}; beside {waits(beside)}"
        yield Row(f"{FEW} jobs beside it, {how}: finish", f"ratio {ratio:.1f}", "-", ok=True, beside=words)


def fairness(load: Load, jobs: int) -> tuple[Seen, Seen]:
    """Give what an owner of a few jobs sees again and again: alone, and while another has the burst going."""
    alone, beside, owner = Seen(), Seen(), bob()
    token = str(owner.http.headers["Authorization"]).removeprefix("Bearer ")

    async def few(seen: Seen, rounds: int) -> None:
        async with Caller(os.environ["QUANTUM_JOBS_URL"], token) as caller:
            for _ in range(rounds):
                await load(caller, FEW, seen)

    async def both() -> None:
        await few(Seen(), 1)  # connects, and fills caches
        await few(alone, 4)
        asking = asyncio.create_task(few(beside, 1000))
        await _all(at_once, jobs, Seen())
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking

    asyncio.run(both())
    return alone, beside


def run(load: Load, jobs: int) -> tuple[float, Seen, dict[str, float]]:
    """Give jobs a second, what the clients saw, and milliseconds of processor time for a job by process."""
    seen, before, began = Seen(), _processor_seconds(), time.perf_counter()
    asyncio.run(_all(load, jobs, seen))
    rate = jobs / (time.perf_counter() - began)
    after = _processor_seconds()
    return rate, seen, {part: (after[part] - before.get(part, 0)) * 1000 / jobs for part in after}


async def _all(load: Load, jobs: int, seen: Seen) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(_client(load, len(range(number, jobs, CLIENTS)), seen))


async def _client(load: Load, jobs: int, seen: Seen) -> None:
    async with Caller(os.environ["QUANTUM_JOBS_URL"], os.environ["QUANTUM_JOBS_TOKEN"]) as caller:
        await load(caller, jobs, seen)


def _processor_seconds() -> dict[str, float]:
    answer = httpx.get(f"{os.environ['LOCAL_CONTROL_URL']}/control/processes", trust_env=False)
    taken = answer.json() if answer.is_success else {}
    spent = {"client": time.process_time()}
    for part, numbers in taken.items():
        if numbers["pid"] != os.getpid():
            name = part.partition("-")[0]  # all workers together
            spent[name] = spent.get(name, 0.0) + numbers["cpu_seconds"]
    return spent


def waits(seen: Seen) -> str:
    """Say what the clients waited for 202, and from there for the result."""
    told = [("202", seen.submits), ("result", seen.finishes)]
    return ", ".join(f"{name} p50 {_ms(times, 50)} p99 {_ms(times, 99)} ms" for name, times in told)


def told(took: dict[str, float]) -> str:
    return ", ".join(f"{part} {took[part]:.1f}" for part in sorted(took, key=lambda part: -took[part]))


def _ms(times: list[float], percent: int) -> str:
    return f"{statistics.quantiles(times, n=100)[percent - 1] * 1000:.0f}"


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if sys.argv[1:] else 1000):
        print(f"{row.what:<38} {row.ours:>12}   bar {row.bar:<12} {row.beside}", flush=True)
