"""Worker processes: what a program does to its worker does not reach the pool."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local.execution.errors import ExecutionError
from local.execution.limits import Limits
from local.execution.pool import Pool
from local.execution.request import Request
from tests.local.execution.test_qir import call, module, record_all

REPOSITORY = Path(__file__).resolve().parents[3]
COIN = module("\n".join([call("qis__h__body", "Q0"), call("qis__mz__body", "Q0", "R0"), *record_all(1), "  ret void"]))
# Never ends: a loop with a gate in it that counts how often it has run.
ENDLESS = module(
    "\n".join(
        [
            *("start:", "  br label %again", "again:", "  %n = phi i64 [ 0, %start ], [ %next, %again ]"),
            *(call("qis__h__body", "Q0"), "  %next = add i64 %n, 1", "  br label %again"),
        ]
    )
)
V2 = "microsoft.quantum-results.v2"


def request(**changes: object) -> Request:
    return Request(**({"input_format": "qir.v1", "output_format": V2, "shots": 100, "seed": 1} | changes))  # type: ignore[arg-type]


def with_pool(check: Callable[[Pool], Awaitable[None]], limits: Limits | None = None, size: int = 1) -> None:
    async def run() -> None:
        pool = Pool(size, limits or Limits())
        await pool.start()
        try:
            await check(pool)
        finally:
            await pool.stop()

    asyncio.run(run())


async def runs(pool: Pool) -> bool:
    answer = await pool.run(request(), COIN)
    return bool(json.loads(answer.document)["Results"][0]["Histogram"])


def test_a_request_is_run_and_measured() -> None:
    async def check(pool: Pool) -> None:
        began: list[bool] = []
        answer = await pool.run(request(), COIN, lambda: began.append(True))
        result = json.loads(answer.document)["Results"][0]
        assert sum(entry["Count"] for entry in result["Histogram"]) == len(result["Shots"]) == 100
        assert (answer.usage.one_qubit_gates, answer.usage.measurements, answer.usage.shots) == (1, 1, 100)
        assert began == [True]
        assert (await pool.run(request(), COIN)).document == answer.document

    with_pool(check)


def test_what_is_wrong_with_a_program_comes_back_with_its_code() -> None:
    async def check(pool: Pool) -> None:
        with pytest.raises(ExecutionError, match="does not parse") as caught:
            await pool.run(request(), b"nonsense")
        assert caught.value.code == "InvalidInputData"
        with pytest.raises(ExecutionError, match="needs 3 qubits; the target has 2"):
            await pool.run(request(qubits=2), COIN)
        assert await runs(pool)

    with_pool(check)


def test_a_program_that_never_ends_is_stopped_by_its_processor_time() -> None:
    async def check(pool: Pool) -> None:
        with pytest.raises(ExecutionError, match="more than the 1 s of processor time") as caught:
            await pool.run(request(), ENDLESS)
        assert caught.value.code == "ProviderTimeout"
        assert await runs(pool)

    with_pool(check, Limits(cpu_seconds=1, operations=10**12, operations_of_a_shot=10**12))


def test_a_program_that_never_ends_is_stopped_by_the_clock() -> None:
    async def check(pool: Pool) -> None:
        with pytest.raises(ExecutionError, match=r"longer than the 0\.5 s") as caught:
            await pool.run(request(), ENDLESS)
        assert caught.value.code == "ProviderTimeout"
        assert await runs(pool)

    with_pool(check, Limits(wall_seconds=0.5, operations=10**12, operations_of_a_shot=10**12))


def test_a_worker_that_dies_fails_its_request_only_and_is_replaced() -> None:
    async def check(pool: Pool) -> None:
        (pid,) = pool.pids
        with pytest.raises(ExecutionError, match=r"crashed \(SIGSEGV\)") as caught:
            await pool.run(request(), ENDLESS, lambda: os.kill(pid, signal.SIGSEGV))
        assert caught.value.code == "RuntimeError"
        assert await runs(pool)
        assert pool.pids != [pid]

    with_pool(check)


def test_a_state_above_the_memory_limit_is_refused_and_the_worker_lives() -> None:
    wide = module("\n".join([*(call("qis__h__body", f"Q{qubit}") for qubit in range(8)), "  ret void"]), qubits=8)
    # Eight qubits become 26 by their numbers, all of them used.
    text = (
        wide.decode().replace("  ret void", _hadamards(8, 26) + "\n  ret void").replace('qubits"="8"', 'qubits"="26"')
    )

    async def check(pool: Pool) -> None:
        with pytest.raises(ExecutionError, match=r"memory|crashed"):
            await pool.run(request(), text.encode())
        assert await runs(pool)

    with_pool(check, Limits(memory_bytes=1 << 30))


def _hadamards(first: int, last: int) -> str:
    lines = [f"  call void @__quantum__qis__h__body(ptr inttoptr (i64 {qubit} to ptr))" for qubit in range(first, last)]
    return "\n".join(lines)


def test_cancelling_a_request_frees_its_worker() -> None:
    async def check(pool: Pool) -> None:
        began = asyncio.Event()
        task = asyncio.create_task(pool.run(request(), ENDLESS, began.set))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await runs(pool)

    with_pool(check, Limits(operations=10**12, operations_of_a_shot=10**12))


def test_a_program_above_the_size_limit_is_refused_before_a_worker_sees_it() -> None:
    async def check(pool: Pool) -> None:
        with pytest.raises(ExecutionError, match="larger than 10 bytes"):
            await pool.run(request(), COIN)

    with_pool(check, Limits(program_bytes=10))


def test_workers_end_with_their_parent_even_while_they_compute() -> None:
    script = f"""
import asyncio
from local.execution.limits import Limits
from local.execution.pool import Pool
from local.execution.request import Request
async def main():
    pool = Pool(2, Limits(operations=10**12, operations_of_a_shot=10**12))
    await pool.start()
    began = lambda: print(*pool.pids, flush=True)
    await pool.run(Request("qir.v1", {V2!r}, 1, 1), {ENDLESS!r}, began)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    while any(_lives(pid) for pid in pids):
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
