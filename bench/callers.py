"""Callers by the dozen: HTTP/1.1 on one kept connection each, with as little work here as can be.

They stand for machines of their own and run on the cores of what is measured: httpx would take more of them than the
service does.
"""

import asyncio
import heapq
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from bench.clients import TARGET, body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    def document(self) -> Any:
        return json.loads(self.content)


class Caller:
    """One connection to the API, one request at a time."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = urlsplit(url), token
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> Answer:
        """Send a request and give its answer; anything but success is an error of the run."""
        lines = [
            f"{method} {self._url.path}{path} HTTP/1.1",
            f"Host: {self._url.netloc}",
            f"Authorization: Bearer {self._token}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        self._writer.write("\r\n".join((*lines, "\r\n")).encode() + content)
        answer = await self._answer()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.content!r}")
        return answer

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in head[1:-2])
        headers = {name.lower(): value.strip() for name, _, value in fields}
        content = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers, content)


@dataclass
class Seen:
    """What callers saw, in seconds: from the request to its 202, and from there to the result in hand."""

    submits: list[float] = field(default_factory=list)
    finishes: list[float] = field(default_factory=list)


async def submitted(caller: Caller, seen: Seen, target: str = TARGET) -> tuple[str, Answer]:
    """Submit a Bell program under a new key; give the job's path and the answer."""
    began = time.perf_counter()
    content = json.dumps(body(target)).encode()
    answer = await caller.ask("POST", "/jobs", content, Idempotency_Key=str(uuid.uuid4()))
    seen.submits.append(time.perf_counter() - began)
    return f"/jobs/{answer.document()['id']}", answer


async def at_once(caller: Caller, jobs: int, seen: Seen) -> None:
    """Submit jobs as fast as they are taken, then collect each when its own Retry-After is over."""
    waiting: list[tuple[float, float, str]] = []
    for _ in range(jobs):
        path, answer = await submitted(caller, seen)
        heapq.heappush(waiting, (_due(answer), time.perf_counter(), path))
    while waiting:
        due, since, path = heapq.heappop(waiting)
        await asyncio.sleep(due - time.perf_counter())
        answer = await caller.ask("GET", path)
        if answer.document()["done"]:
            await _collect(caller, path, answer, since, seen)
        else:
            heapq.heappush(waiting, (_due(answer), since, path))


async def one_by_one(caller: Caller, jobs: int, seen: Seen) -> None:
    """Submit a job and wait for its result, as Retry-After says, before the next."""
    for _ in range(jobs):
        path, answer = await submitted(caller, seen)
        since = time.perf_counter()
        while not answer.document()["done"]:
            await asyncio.sleep(_due(answer) - time.perf_counter())
            answer = await caller.ask("GET", path)
        await _collect(caller, path, answer, since, seen)


async def unattended(caller: Caller, jobs: int, seen: Seen) -> None:
    """Submit jobs and ask for none of them: the list tells, as last known, when the shepherd has brought them home."""
    since = {(await submitted(caller, seen))[0].removeprefix("/jobs/"): time.perf_counter() for _ in range(jobs)}
    while since:
        await asyncio.sleep(0.25)
        listed = await caller.ask("GET", f"/jobs?pageSize={max(2 * jobs, 10)}")
        for job in listed.document()["value"]:
            if job["done"] and job["id"] in since:
                seen.finishes.append(time.perf_counter() - since.pop(job["id"]))


def _due(answer: Answer) -> float:
    return time.perf_counter() + float(answer.headers["retry-after"])


async def _collect(caller: Caller, path: str, answer: Answer, since: float, seen: Seen) -> None:
    if answer.document()["state"] != "succeeded":
        raise RuntimeError(f"{path} {answer.document()['state']}")
    await caller.ask("GET", f"{path}/result")
    seen.finishes.append(time.perf_counter() - since)
