"""Calls backends over connections that are kept: what goes out, what comes back, and when a call may be made twice.

Documented by Microsoft: `forward-request` waits so long for headers, and does not follow redirects unless told (here it
never does); the reasons Timeout and BackendConnectionFailure. Chosen: both have 500 where no `on-error` says otherwise;
the same seconds again for the body; a connection is used again within four seconds, so that servers, who commonly wait
five, do not close it under a request; a request whose `Connection` names a field beside those of one hop is refused,
for dropping that field, as RFC 9110 has it, would let a caller take away what policies have set.

A call goes out once. Only a call that may be repeated (RFC 9110, 9.2.2), over a connection that had served before and
broke before any byte came back, is made a second time, over a new connection. Any other (POST) whose connection breaks
fails: whether the backend took it cannot be known.
"""

import asyncio
import re
import ssl
import time
from collections import deque
from collections.abc import Callable
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from local.apim.connections import Answer, Connection, ConnectionFailed, Origin
from local.apim.context import Body, Headers, Response
from local.apim.errors import PolicyFailed

SOURCE = "forward-request"
IDLE_SECONDS = 4.0
_MAX_IDLE = 64
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
# Of one hop only (RFC 9110, 7.6.1), or written anew here.
_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_REWRITTEN = _HOP | {"host", "content-length"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_AUTHORITY = re.compile(r"[A-Za-z0-9.\-:\[\]]+", re.ASCII)
_TARGET = re.compile(r"/[\x21-\x7e]*")


class Forwarder:
    """Sends requests to any backend, and keeps connections by origin."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle: dict[Origin, deque[Connection]] = {}

    async def forward(
        self, backend_url: str, method: str, path_and_query: str, headers: Headers, body: bytes, timeout_seconds: float
    ) -> Response:
        """Call a backend; `path_and_query` goes below the path of its URL. Bodies are passed as they are.

        Raises:
            PolicyFailed: Timeout, BackendConnectionFailure, or RequestInvalid for what is no HTTP.
        """
        url, origin = _address(backend_url)
        message = _request(url, method, path_and_query, headers, body)
        try:
            answer = await self._exchange(origin, method, message, timeout_seconds)
        except TimeoutError as error:
            text = f"The backend has not answered within {timeout_seconds:g} seconds."
            raise PolicyFailed(SOURCE, "Timeout", text) from error
        except ConnectionFailed as error:
            raise PolicyFailed(SOURCE, "BackendConnectionFailure", str(error)) from error
        return _response(answer)

    def close(self) -> None:
        """Close what is kept."""
        for kept in self._idle.values():
            while kept:
                kept.pop().close()

    async def _exchange(self, origin: Origin, method: str, message: bytes, seconds: float) -> Answer:
        connection = self._kept(origin)
        if connection is not None:
            try:
                return await self._exchange_over(connection, origin, method, message, seconds)
            except ConnectionFailed as error:
                if error.answered or method not in _REPEATABLE:
                    raise
        began = self._clock()
        async with asyncio.timeout(seconds):
            connection = await Connection.open(origin, lambda: self._tls)
        left = max(0.0, seconds - (self._clock() - began))
        return await self._exchange_over(connection, origin, method, message, left)

    async def _exchange_over(
        self, connection: Connection, origin: Origin, method: str, message: bytes, seconds: float
    ) -> Answer:
        answer = await connection.exchange(message, seconds, bodiless=method == "HEAD")
        if connection.usable:
            self._keep(origin, connection)
        return answer

    def _kept(self, origin: Origin) -> Connection | None:
        """Give the connection used last, if it is young and the backend has not closed it."""
        kept = self._idle.get(origin)
        while kept:
            connection = kept.pop()
            if connection.idle_since > self._clock() - IDLE_SECONDS and connection.silent():
                return connection
            connection.close()
        return None

    def _keep(self, origin: Origin, connection: Connection) -> None:
        now = self._clock()
        kept = self._idle.setdefault(origin, deque())
        while kept and (len(kept) >= _MAX_IDLE or kept[0].idle_since <= now - IDLE_SECONDS):
            kept.popleft().close()
        connection.idle_since = now
        kept.append(connection)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _address(backend_url: str) -> tuple[SplitResult, Origin]:
    try:
        url = urlsplit(backend_url)
        origin = Origin.of(url)
    except ValueError as error:
        raise _invalid(f"{backend_url!r} is no address of a backend: {error}.", status=500) from error
    if url.scheme not in ("http", "https") or not _AUTHORITY.fullmatch(url.netloc) or url.query or url.fragment:
        raise _invalid(f"{backend_url!r} is no address of a backend.", status=500)
    return url, origin


def _request(url: SplitResult, method: str, target: str, headers: Headers, body: bytes) -> bytes:
    """Write a request; raises PolicyFailed for what would not be read as it is meant."""
    path = url.path.rstrip("/") + target
    if not _TOKEN.fullmatch(method) or not target.startswith("/") or not _TARGET.fullmatch(path):
        raise _invalid("The method or the path is not what HTTP can carry.")
    if len(headers.values("Content-Length")) > 1:
        raise _invalid("Content-Length stands twice.")
    lines = [f"{method} {path} HTTP/1.1", f"host: {url.netloc}"]
    if any(name in headers for name in _named(headers) - _REWRITTEN):
        raise _invalid("Connection names a header that is not of one hop.")
    for name, value in headers:
        if name.lower() in _REWRITTEN:
            continue
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise _invalid(f"The header {name[:50]!r} is not what HTTP can carry.")
        lines.append(f"{name}: {value}")
    if body or method in _WITH_BODY:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join((*lines, "\r\n")).encode("latin-1") + body


def _response(answer: Answer) -> Response:
    """Give a response without what was for this hop."""
    headers = Headers(answer.headers)
    kept_back = _HOP | _named(headers) if "Connection" in headers else _HOP
    passed = Headers((name, value) for name, value in answer.headers if name.lower() not in kept_back)
    return Response(answer.status, answer.reason, passed, Body(answer.octets))


def _named(headers: Headers) -> frozenset[str]:
    """Give the names of fields that are for one hop only because `Connection` says so."""
    return frozenset(name.strip().lower() for value in headers.values("Connection") for name in value.split(","))


def _invalid(message: str, *, status: int = 400) -> PolicyFailed:
    return PolicyFailed(SOURCE, "RequestInvalid", message, status=status)
