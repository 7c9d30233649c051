"""A hybrid loop: what an iteration takes over the bare simulator call, ours beside the plain SDK's loop.

`python -m local run --no-limits -- python -m bench.hybrid` measures this alone.
"""

import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import quantum_jobs
from bench.clients import BareSdk
from bench.rows import Row

TARGET = "rigetti.sim.qvm"
SHOTS = 1000
ANSATZ = """OPENQASM 3.0;
include "stdgates.inc";
input float a;
input float b;
qubit[4] q;
bit[4] c;
ry(a) q[0]; ry(b) q[1]; ry(a) q[2]; ry(b) q[3];
cx q[0], q[1]; cx q[1], q[2]; cx q[2], q[3];
ry(b) q[0]; ry(a) q[1]; ry(b) q[2]; ry(a) q[3];
c = measure q;
"""
AT_ONCE = 8
BATCH = 20

type Sets = Sequence[Mapping[str, float]]


def rows(iterations: int) -> Iterator[Row]:
    """The loop as it is, and what each means of the client contributes."""
    sets = [{"a": 0.01 * number, "b": 0.5} for number in range(iterations)]
    bare = _simulator_seconds(sets)
    sdk = _sdk_seconds(sets) - bare
    table = _client_seconds(sets, records="table") - bare
    beside = f"bare SDK {sdk * 1000:.0f} ms; asking every 10 ms {(_sdk_seconds(sets, 0.01) - bare) * 1000:.0f} ms"
    yield _row("an iteration, over the simulator's time", table, sdk, 0.5, beside)
    for what, seconds in _means(sets):
        yield _row(f"  {what}", seconds - bare, sdk, None, "")
    yield _row("  from the cache, no simulator call", _cached_seconds(sets), sdk, None, "")


def _row(what: str, ours: float, sdk: float, bar: float | None, beside: str) -> Row:
    ratio = f"{ours / sdk:.2f} x the SDK"
    said = f"{ratio}, {beside}" if beside else ratio
    return Row(what, f"{ours * 1000:.1f} ms", f"{bar} x SDK" if bar else "-", bar is None or ours / sdk < bar, said)


def _means(sets: Sets) -> Iterator[tuple[str, float]]:
    yield "records in memory", _client_seconds(sets, records="memory")
    yield "in a session", _client_seconds(sets, _in_session, records="table")
    yield "with a checkpoint for each", _client_seconds(sets, _in_loop, records="table")
    yield f"{AT_ONCE} submits at once", _client_seconds(sets, _at_once, records="table")
    yield f"{BATCH} parameter sets in a job", _client_seconds(sets, _batched, records="table")


def _simulator_seconds(sets: Sets) -> float:
    """Seconds of an iteration that the simulator itself takes: the engine called in this process."""
    from local.execution.limits import Limits
    from local.execution.request import Request
    from local.execution.run import run

    programs = _compiled(sets)
    limits = Limits()

    def simulated(program: str) -> None:
        run(Request("qir.v1", "microsoft.quantum-results.v2", SHOTS, 1), program.encode(), limits)

    return statistics.median(_timed(simulated, programs))


def _compiled(sets: Sets) -> Sequence[str]:
    from quantum_jobs.programs import read_sweep, write_qir

    return [write_qir(program) for program in read_sweep("openqasm3", ANSATZ, sets)]


def _sdk_seconds(sets: Sets, pause: float | None = None) -> float:
    """The loop as the SDK's documentation writes it; its programs are compiled before the clock starts.

    With a pause the application asks by itself, as often as that.
    """
    programs = _compiled(sets)
    sdk = BareSdk("")

    def iterated(program: str) -> None:
        job = sdk._target.submit(program, name="loop", shots=SHOTS)  # noqa: SLF001 - our own bench client
        while pause is not None and not job.has_completed():
            time.sleep(pause)
            job.refresh()
        job.wait_until_completed(print_progress=False)
        job.get_results()

    iterated(programs[0])
    return statistics.median(_timed(iterated, programs))


def _timed(work: Callable[[Any], object], items: Sequence[Any]) -> list[float]:
    times = []
    for item in items:
        began = time.perf_counter()
        work(item)
        times.append(time.perf_counter() - began)
    return times


def _client_seconds(sets: Sets, loop: Callable[[quantum_jobs.Client, Sets], None] | None = None, **how: Any) -> float:
    """Seconds of an iteration: all of them over their number."""
    with quantum_jobs.connect(uuid.uuid4().hex, **how) as client:
        _one_by_one(client, sets[:1])
        began = time.perf_counter()
        (loop or _one_by_one)(client, sets)
        return (time.perf_counter() - began) / len(sets)


def _one_by_one(client: quantum_jobs.Client, sets: Sets) -> None:
    for values in sets:
        client.run(ANSATZ, target=TARGET, shots=SHOTS, parameter_sets=[values])


def _in_session(client: quantum_jobs.Client, sets: Sets) -> None:
    with client.session(TARGET) as session:
        for values in sets:
            session.run(ANSATZ, shots=SHOTS, parameter_sets=[values])


def _in_loop(client: quantum_jobs.Client, sets: Sets) -> None:
    with client.loop("bench", target=TARGET) as loop:
        for values in sets:
            loop.run(ANSATZ, shots=SHOTS, parameter_sets=[values])


def _at_once(client: quantum_jobs.Client, sets: Sets) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda values: _one_by_one(client, [values]), sets))


def _batched(client: quantum_jobs.Client, sets: Sets) -> None:
    for start in range(0, len(sets), BATCH):
        client.run(ANSATZ, target=TARGET, shots=SHOTS, parameter_sets=sets[start : start + BATCH])


def _cached_seconds(sets: Sets) -> float:
    with quantum_jobs.connect(uuid.uuid4().hex, cache="memory") as client:
        _one_by_one(client, sets)
        began = time.perf_counter()
        _one_by_one(client, sets)
        return (time.perf_counter() - began) / len(sets)


if __name__ == "__main__":
    for measured in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        print(f"{measured.what:<42} {measured.ours:>10}   bar {measured.bar:<10} {measured.beside}", flush=True)
