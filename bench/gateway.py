"""What the gateway costs and carries: turn by turn with the Functions app behind it, called as the gateway calls it."""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench.clients import Api
from bench.rows import Row
from local.callers import caller, token
from local.issuer import Issuer
from local.state import DEFAULT_FOLDER, State

ABSENT = "/jobs/job_00000000000000000000000000"


def rows(api: Api, rounds: int, seconds: float) -> Iterator[Row]:
    """Give the rows of the gateway; the bars are those of its issue and of design section 6."""
    yield from added(api, rounds * 5)
    yield from cached(api, seconds)
    yield from fairness(api, seconds)


def added(api: Api, rounds: int) -> Iterator[Row]:
    """The same read through the gateway and without it: one that the gateway cannot answer by itself."""
    times: dict[str, list[float]] = {"gateway": [], "direct": []}
    direct = Api.past_the_gateway()
    for number in range(rounds + 5):
        for name, client in (("gateway", api), ("direct", direct)):
            started = time.perf_counter()
            client.get(ABSENT)
            if number >= 5:  # the first rounds connect and fill caches
                times[name].append(time.perf_counter() - started)
    through, past = (statistics.median(times[name]) * 1000 for name in ("gateway", "direct"))
    beside = f"through {through:.1f} ms, past it {past:.1f} ms, ratio {through / past:.2f}"
    yield Row("gateway adds, p50", f"{through - past:.1f} ms", "2 ms", through - past <= 2, beside)


def cached(api: Api, seconds: float) -> Iterator[Row]:
    """Status answers that the gateway has: eight connections that do nothing but ask."""
    rate = asyncio.run(_ask(_job(api), str(api.http.headers["Authorization"]), seconds)) / seconds
    yield Row("cached status answers per second", f"{rate:.0f}", "1000", rate >= 1000)


def fairness(api: Api, seconds: float) -> Iterator[Row]:
    """What one caller waits for his status while another asks all the time over eight connections, against alone."""
    other = bob()
    heavy, path = _job(api), _job(other)
    authorization = str(other.http.headers["Authorization"])

    async def beside() -> list[float]:
        asking = asyncio.create_task(_ask(heavy, str(api.http.headers["Authorization"]), seconds))
        waits = await _paced(path, authorization, seconds * 0.8)
        await asking
        return waits

    alone, together = asyncio.run(_paced(path, authorization, seconds * 0.8)), asyncio.run(beside())
    p50, p50_alone = (statistics.median(times) * 1000 for times in (together, alone))
    p99 = statistics.quantiles(together, n=100)[98] * 1000
    told = f"alone {p50_alone:.1f} ms, beside it {p50:.1f} ms (p99 {p99:.1f})"
    yield Row("a caller beside a heavy one, p50", f"{p50:.1f} ms", "20 ms", p50 <= 20, told)


def bob() -> Api:
    state = State(DEFAULT_FOLDER)
    return Api({**os.environ, "QUANTUM_JOBS_TOKEN": token(Issuer.of(state), caller(state, "bob"))})


def _job(api: Api) -> str:
    """Give the path of a finished job that the gateway has a copy of."""
    job = api.submit()
    api.finish(job)
    api.get(job).raise_for_status()
    return job


async def _ask(path: str, authorization: str, seconds: float) -> int:
    """Ask on eight connections; give how many answers came."""
    host, port, request = _request(path, authorization)
    deadline = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_one(host, port, request, deadline) for _ in range(8))))


async def _one(host: str, port: int, request: bytes, deadline: float) -> int:
    """Ask again and again on one connection, with as little work here as can be: the gateway is what is measured."""
    reader, writer = await asyncio.open_connection(host, port)
    answered = 0
    while time.perf_counter() < deadline:
        await _exchange(reader, writer, request)
        answered += 1
    writer.close()
    return answered


async def _paced(path: str, authorization: str, seconds: float) -> list[float]:
    """Ask a hundred times a second at most, on one connection; give how long each answer took."""
    host, port, request = _request(path, authorization)
    reader, writer = await asyncio.open_connection(host, port)
    waits, deadline = [], time.perf_counter() + seconds
    while (started := time.perf_counter()) < deadline:
        await _exchange(reader, writer, request)
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0.01)
    writer.close()
    return waits


def _request(path: str, authorization: str) -> tuple[str, int, bytes]:
    url = urlsplit(os.environ["QUANTUM_JOBS_URL"])
    text = f"GET {url.path}{path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: {authorization}\r\n\r\n"
    return url.hostname or "", url.port or 80, text.encode()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"the gateway answered {head[:200]!r}")
    await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
