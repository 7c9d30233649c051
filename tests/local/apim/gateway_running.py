"""A gateway in this process, in front of a backend that is a function: for tests of what policies do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from local.apim.artifacts import read_tree
from local.apim.context import Body, Headers, Jwt, Response
from local.apim.errors import PolicyFailed
from local.apim.exchange import Services
from local.apim.gateway import Bounds, Gateway
from local.apim.limiters import SlidingWindow, TokenBucket
from local.apim.loading import Program, load


@dataclass
class Call:
    """What reached the backend."""

    backend: str
    method: str
    target: str
    headers: Headers
    body: bytes
    seconds: float


def answer(status: int = 200, text: str = "", **headers: str) -> Response:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(status, "", Headers(fields), Body(text.encode()))


@dataclass
class Backend:
    """Answers by a function, and keeps what it was asked."""

    reply: Callable[[Call], Response] = lambda _: answer(text="ok")
    calls: list[Call] = field(default_factory=list)

    async def forward(
        self, backend: str, method: str, target: str, headers: Headers, body: bytes, seconds: float
    ) -> Response:
        call = Call(backend, method, target, headers.copy(), body, seconds)
        self.calls.append(call)
        return self.reply(call)


class Tokens:
    """Takes the token `NAME` for the caller of that name; what a real one checks has tests of its own."""

    async def check(self, token: str | None, *, source: str, **_: object) -> Jwt:
        name = (token or "").removeprefix("Bearer ")
        if not name:
            raise PolicyFailed(source, "TokenNotPresent", "JWT not present.", status=401)
        return Jwt({"tid": ["tenant"], "oid": [name], "roles": ["Jobs.Submit"]})


class Identity:
    async def token(self, resource: str, client_id: str | None = None) -> str:
        return f"identity-for-{resource}"


class Clock:
    """The one clock of all gateways here: expressions are compiled for it once."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    @staticmethod
    @cache
    def _only() -> "Clock":
        return Clock()

    @classmethod
    def at_start(cls) -> "Clock":
        clock = cls._only()
        clock.seconds = 1000.0
        return clock

    def nanoseconds(self) -> int:
        return int(self.seconds * 1e9)

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Running:
    """A gateway, and short ways to call it."""

    gateway: Gateway
    services: Services
    backend: Backend
    clock: Clock
    slept: list[float]
    program: Program

    def call(self, method: str, path: str, caller: str = "alice", **options: object) -> httpx.Response:
        return asyncio.run(self.ask(method, path, caller, **options))

    def call_raw(self, method: str, path: str, caller: str = "alice", **headers: str) -> httpx.Response:
        """Call a path as it is, whole and percent-encoded: httpx would tidy it up, and takes longer than the call."""
        given = {"host": "gateway", "authorization": f"Bearer {caller}"} | headers
        return self.loop.run_until_complete(_raw(self.gateway, method, path, given))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return _loop()

    async def ask(self, method: str, path: str | httpx.URL, caller: str = "alice", **options: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.gateway, client=("192.0.2.7", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", trust_env=False) as client:
            given = options.pop("headers", {})
            headers = list(given.items()) if isinstance(given, dict) else list(given)  # type: ignore[call-overload]
            headers += [("Authorization", f"Bearer {caller}")] if caller else []
            return await client.request(method, f"/quantum/v1{path}", headers=headers, **options)  # type: ignore[arg-type]

    def get(self, path: str = "/things/1", caller: str = "alice", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("GET", path, caller, headers=named)


def running(
    root: Path,
    *,
    tier: str = "basic-v2",
    cache: str = "on",
    named_values: dict[str, str] | None = None,
    reply: Callable[[Call], Response] | None = None,
    tokens: object | None = None,
    bounds: Bounds | None = None,
) -> Running:
    """Load a tree and run it in this process."""
    from local.apim.caches import ResponseCache, ValueCache

    clock, backend, slept = Clock.at_start(), Backend(), []
    if reply:
        backend.reply = reply
    kind = TokenBucket if tier.endswith("-v2") else SlidingWindow

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.seconds += seconds

    services = Services(
        limiter=kind(clock.nanoseconds),
        values=ValueCache(mode=cache, clock=clock),
        responses=ResponseCache(mode=cache, clock=clock),
        tokens=tokens or Tokens(),
        identity=Identity(),
        backends=backend,
        sleep=sleep,
    )
    program = load(read_tree(root, named_values), tier, clock.nanoseconds)
    return Running(Gateway(program, services, bounds), services, backend, clock, slept, program)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


async def _raw(gateway: Gateway, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await gateway(scope, receive, send)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])
