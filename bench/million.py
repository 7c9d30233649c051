"""`make bench-million`: the service with a hundred and with a million stored jobs, in one process and one run."""

import argparse
import asyncio
import itertools
import json
import os
import shutil
import stat
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bench import fill
from bench.__main__ import show
from bench.clients import Api
from bench.rows import Row

HERE = Path(__file__).resolve().parent
KEYED = ("--require", str(HERE / "keyed_tables.cjs"))
FEW = 100
PRICED = "ionq.qpu.aria-1"
ROUNDS = 80
HEAP_MEGABYTES = 14_000
AS_AZURITE_IS = 10_000  # jobs: one list looks at every row of the table, so a million would take minutes to ask
_BAR = 1.2


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    words.add_argument("--jobs", type=int, default=1_000_000, help="jobs in all (default: %(default)s)")
    words.add_argument("--inside", choices=("keyed", "plain"), help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.inside == "keyed":
        show(service(chosen.jobs))
    elif chosen.inside == "plain":
        show(azurite(AS_AZURITE_IS))
    else:
        run("plain", [])
        run("keyed", KEYED, "--jobs", str(chosen.jobs))


def run(inside: str, options: Sequence[str], *arguments: str) -> None:
    """Run this module inside a local cloud whose Azurite has a large heap, and what the options load into it."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "bench.million", "--inside", inside, *arguments]
        command = [sys.executable, "-m", "local", "run", "--", *words]
        environment = {**os.environ, "PATH": path_with_node(Path(folder), options)}
        code = os.spawnve(os.P_WAIT, sys.executable, command, environment)  # noqa: S606
    if code:
        sys.exit(code)


def path_with_node(folder: Path, options: Sequence[str]) -> str:
    """Give a PATH on which `node` is one with these options and a large heap; it lies in the folder."""
    node, wrapper = shutil.which("node") or "node", folder / "node"
    wrapper.write_text(f'#!/bin/sh\nexec {node} --max-old-space-size={HEAP_MEGABYTES} {" ".join(options)} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def service(jobs: int) -> Iterator[Row]:
    """Each operation with few and with many stored jobs.

    Twice: in one process before and after the filling, and after it turn by turn with a second cloud that has few.
    """
    fill.fill(FEW)
    before = medians(operations(Api.past_the_gateway(), FEW))
    seconds = fill.fill(jobs, _progress(jobs), start=FEW)
    yield Row(f"filling in {jobs:,} jobs", f"{seconds:.0f} s", "-", ok=True, beside=f"{jobs / seconds:.0f} jobs/s")
    with small_cloud() as small:
        few, many = operations(small, FEW), operations(Api.past_the_gateway(), min(jobs, fill.JOBS_OF_THE_CALLER))
        both = medians(
            {(what, side): call for what in many for side, call in (("few", few[what]), ("many", many[what]))}
        )
    for what in many:
        ours, theirs = both[what, "many"], both[what, "few"]
        beside = f"beside one with {FEW} {theirs * 1000:.1f} ms, ratio {ours / theirs:.2f}"
        beside += f"; itself with {FEW} {before[what] * 1000:.1f} ms"
        yield Row(f"{what}, {jobs:,} stored", f"{ours * 1000:.1f} ms", f"ratio < {_BAR}", ours / theirs < _BAR, beside)


@contextmanager
def small_cloud() -> Iterator[Api]:
    """A second cloud with few jobs: whatever else runs on this machine, it meets both alike."""
    command = [sys.executable, "-m", "local", "up", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with closing(process.stdin):
            environment = {**os.environ, **json.loads(process.stdout.readline())["environment"]}
            subprocess.run([sys.executable, "-m", "bench.fill", "--jobs", str(FEW)], env=environment, check=True)
            yield Api.past_the_gateway(environment)


def azurite(jobs: int) -> Iterator[Row]:
    """Azurite as it is, asked directly: what a read costs it by the number of rows."""
    fill.fill(FEW)
    few = asyncio.run(table_reads(FEW))
    fill.fill(jobs, start=FEW)
    many = asyncio.run(table_reads(jobs))
    for what, ours in many.items():
        ratio = ours / few[what]
        beside = f"with {FEW} stored {few[what] * 1000:.1f} ms, ratio {ratio:.2f}; no bar: not ours"
        yield Row(f"Azurite as it is: {what}, {jobs:,}", f"{ours * 1000:.1f} ms", "-", ok=True, beside=beside)


def operations(api: Api, mine: int) -> Mapping[str, Callable[[], object]]:
    """Give a call of each operation, for a caller with so many stored jobs; each time for another job."""
    owner = fill.caller_of_the_bench()
    stored = (fill.finished_job(owner, number * 7919 % mine).id for number in itertools.count())
    ran = [api.submit() for _ in range(10)]
    for job in ran:
        api.finish(job)
    results = itertools.cycle(ran)
    return {
        "nothing (GET /health/live)": lambda: api.get("/health/live"),
        "submit": lambda: api.submit(),
        "submit to a priced target": lambda: api.submit(PRICED),
        "status": lambda: api.get(f"/jobs/{next(stored)}").raise_for_status(),
        "list, first page": lambda: api.get("/jobs?pageSize=25").raise_for_status(),
        "list, by tag": lambda: api.get("/jobs?pageSize=25&tag=team:finance").raise_for_status(),
        "result": lambda: api.get(f"{next(results)}/result").raise_for_status(),
    }


def medians[K](calls: Mapping[K, Callable[[], object]]) -> Mapping[K, float]:
    """Give the median of each call in seconds; they take turns."""
    times: dict[K, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 3):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if number >= 3:  # the first rounds connect and fill caches
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


async def table_reads(mine: int) -> Mapping[str, float]:
    """Give the medians of the store's own reads in seconds, by the service's adapter, without the service."""
    from quantum_jobs.identity import managed_identity
    from quantum_jobs.models import JobQuery
    from quantum_jobs.table_storage import TableStorage

    owner, times = fill.caller_of_the_bench(), dict[str, list[float]]()
    table = TableStorage(f"https://{fill.host()}", managed_identity(""))
    for number in range(12):
        job = fill.finished_job(owner, number * 7919 % mine)
        reads = {"one record": table.get(owner, job.id), "first page of a list": table.page(owner, JobQuery())}
        for what, read in reads.items():
            started = time.perf_counter()
            await read
            times.setdefault(what, []).append(time.perf_counter() - started)
    table.close()
    return {what: statistics.median(seconds[2:]) for what, seconds in times.items()}


def _progress(jobs: int) -> fill.Progress:
    started = time.perf_counter()

    def tell(made: int) -> None:
        sys.stderr.write(f"\r{made:,} of {jobs:,} jobs, {made / (time.perf_counter() - started):.0f}/s ")

    return tell


if __name__ == "__main__":
    os.chdir(HERE.parent)
    main()
