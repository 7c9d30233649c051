"""What is measured, one function per row."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from bench.clients import SLOW_TARGET, Api, BareSdk, Wire


@dataclass(frozen=True)
class Row:
    """One line of the table; `bar` is what the design asks for, `ok` whether it is met."""

    what: str
    ours: str
    bar: str
    ok: bool
    beside: str = ""


def cold_path() -> Iterator[Row]:
    """Import of the app in a fresh process, with bytecode; its memory at that point."""
    code = (
        "import time, resource; t = time.perf_counter(); import function_app; "
        "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code], text=True).split() for _ in range(6)][1:]
    seconds = statistics.median(float(run[0]) for run in runs)
    memory = statistics.median(float(run[1]) for run in runs)
    yield Row("import of function_app", f"{seconds:.2f} s", "0.5 s", seconds <= 0.5)
    yield Row("memory after that import", f"{memory:.0f} MB", "70 MB", memory <= 70)


def first_response() -> Iterator[Row]:
    """Process start of the Functions host to its first answer."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        command = [sys.executable, "-m", "local.functions_host", "--app", "."]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as host:
            try:
                url = _ready_line(host).split()[1]
                httpx.get(f"{url}/v1/health/live", trust_env=False).raise_for_status()
                times.append(time.perf_counter() - started)
            finally:
                host.terminate()
    seconds = statistics.median(times)
    yield Row("first response of the host", f"{seconds:.2f} s", "1.0 s", seconds <= 1.0)


def _ready_line(host: subprocess.Popen[str]) -> str:
    for line in host.stdout or ():
        if line.startswith("ready "):
            return line
    raise RuntimeError("the Functions host ended before it was ready")


def latencies(api: Api, direct: Api, sdk: BareSdk, rounds: int) -> Iterator[Row]:
    """Submit, and submit to result, turn by turn with the bare SDK and with the service past the gateway.

    The client polls without pause. The gateway answers an unfinished job from its copy for a while, so that through it
    the second look shows what the first did; one that waits for `Retry-After` does not meet that.
    """
    submits: dict[str, list[float]] = {"ours": [], "direct": [], "sdk": []}
    wholes: dict[str, list[float]] = {"ours": [], "direct": [], "sdk": []}
    ways = (("ours", api.submit, _result_of(api)), ("direct", direct.submit, _result_of(direct)))
    for number in range(rounds + 3):
        for name, submit, finish in (*ways, ("sdk", sdk.submit, sdk.finish)):
            started = time.perf_counter()
            job = submit()
            submitted = time.perf_counter()
            finish(job)
            if number >= 3:  # the first rounds connect and fill caches
                submits[name].append(submitted - started)
                wholes[name].append(time.perf_counter() - started)
    yield _beside("submit p50, caller to 202", submits, "ratio < 1.0", lambda ours, ratio: ratio < 1.0)
    past = {"ours": submits["direct"], "sdk": submits["sdk"]}
    yield _beside("submit p50, past the gateway", past, "ratio < 1.0", lambda ours, ratio: ratio < 1.0)
    past = {"ours": wholes["direct"], "sdk": wholes["sdk"]}
    yield _beside("Bell submit to result p50", past, "0.2 s", lambda ours, ratio: ours <= 0.2)
    yield _beside("the same through the gateway's copies", wholes, "-", lambda ours, ratio: True)


def _result_of(api: Api) -> Callable[[Any], None]:
    def finish(job: str) -> None:
        api.finish(job)
        api.get(f"{job}/result").raise_for_status()

    return finish


def _beside(what: str, times: dict[str, list[float]], bar: str, ok: Callable[[float, float], bool]) -> Row:
    ours, sdk = (statistics.median(times[name]) for name in ("ours", "sdk"))
    beside = f"bare SDK {sdk * 1000:.0f} ms, ratio {ours / sdk:.2f}"
    return Row(what, f"{ours * 1000:.0f} ms", bar, ok(ours, ours / sdk), beside)


def round_trips(api: Api, sdk: BareSdk, wire: Wire) -> Iterator[Row]:
    """Outbound calls of one operation, as the local cloud counted them; all caches are warm."""
    sdk.finish(sdk.submit())
    pending = min(_pending_status(api, wire) for _ in range(3))
    job, submit = _counted(wire, api.submit)
    bare_job, bare_submit = _counted(wire, sdk.submit)
    api.finish(job)
    _, final = _counted(wire, lambda: api.get(job))
    _, result = _counted(wire, lambda: api.get(f"{job}/result"))
    _, listed = _counted(wire, lambda: api.get("/jobs"))
    _, bare_result = _counted(wire, lambda: sdk.finish(bare_job))
    yield Row("outbound calls, submit", str(submit), "4", submit <= 4, f"bare SDK {bare_submit}")
    yield Row("outbound calls, pending status", str(pending), "2", pending <= 2)
    yield Row("outbound calls, final status", str(final), "1", final <= 1)
    yield Row("outbound calls, result", str(result), "1", result <= 1, f"bare SDK {bare_result}")
    yield Row("outbound calls, list", str(listed), "1", listed <= 1)


def _pending_status(api: Api, wire: Wire) -> int:
    waiting = api.submit(SLOW_TARGET)
    api.get(waiting)
    time.sleep(0.2)  # longer than the service takes the workspace's last word for granted
    wire.reset()
    if api.get(waiting).json()["done"]:
        raise RuntimeError(f"{SLOW_TARGET} was too fast to be seen waiting")
    return wire.total()


def _counted[T](wire: Wire, work: Callable[[], T]) -> tuple[T, int]:
    # The least of three: a shepherd that happens to look after another job meanwhile is not part of the operation.
    # The pause lets go what the service remembers for a second.
    counts = []
    for _ in range(3):
        time.sleep(1.2)
        wire.reset()
        outcome = work()
        counts.append(wire.total())
    return outcome, min(counts)


def polling(api: Api, seconds: float) -> Iterator[Row]:
    """Status polls that answer 304, eight connections."""
    job = api.submit()
    api.finish(job)
    etag = api.get(job).headers["ETag"]

    async def poll() -> int:
        deadline = time.perf_counter() + seconds
        headers = {**api.http.headers, "If-None-Match": etag}
        url = str(api.http.base_url).rstrip("/") + job

        async def one(client: httpx.AsyncClient) -> int:
            answered = 0
            while time.perf_counter() < deadline:
                if (await client.get(url, headers=headers)).status_code != 304:
                    raise RuntimeError("a done job answered something else than 304")
                answered += 1
            return answered

        async with httpx.AsyncClient(trust_env=False) as client:
            return sum(await asyncio.gather(*(one(client) for _ in range(8))))

    rate = asyncio.run(poll()) / seconds
    yield Row("status polls per second (304)", f"{rate:.0f}", "300", rate >= 300)


def demo(runs: int = 3) -> Iterator[Row]:
    """The demo as a user starts it, everything installed."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run(["make", "demo"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    seconds = statistics.median(times)
    yield Row("make demo, again", f"{seconds:.1f} s", "6 s", seconds <= 6)
