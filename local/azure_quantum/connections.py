"""A small HTTP/1.1 client that keeps its connections.

Storage is asked three times per job; httpx takes about ten times the processor time for it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_CONNECTIONS = 8
MOST_HEADER_BYTES = 1 << 16
type Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NoAnswer(Exception):
    """The server is away, or what it sent is not HTTP."""


@dataclass(frozen=True)
class HttpAnswer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Up to so many connections to one server; requests beyond them wait."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None, server_name: str, seconds: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" and tls is None:
            tls = ssl.create_default_context()
        self._host, self._port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = tls if parts.scheme == "https" else None
        self._server_name, self._seconds = server_name, seconds
        self._idle: list[Stream] = []
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)

    async def close(self) -> None:
        """Close the connections that are not in use."""
        for stream in self._idle:
            await _close(stream)
        self._idle.clear()

    async def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        """Send a request that may be repeated, and give its answer; raises NoAnswer."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        message = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body
        async with self._free:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._exchange(message)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
                raise NoAnswer(type(error).__name__) from error

    async def _exchange(self, message: bytes) -> HttpAnswer:
        while self._idle:
            # A kept connection may have been closed by the server meanwhile: then the next one, or a new one, is used.
            with contextlib.suppress(OSError, EOFError):
                return await self._use(self._idle.pop(), message)
        return await self._use(await self._open(), message)

    async def _open(self) -> Stream:
        name = self._server_name if self._tls else None
        return await asyncio.open_connection(
            self._host, self._port, ssl=self._tls, server_hostname=name, limit=MOST_HEADER_BYTES
        )

    async def _use(self, stream: Stream, message: bytes) -> HttpAnswer:
        reader, writer = stream
        try:
            writer.write(message)
            await writer.drain()
            answer = await _receive(reader)
        except BaseException:
            # Also when cancelled: what is still to come must not be taken for another answer.
            writer.transport.abort()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            await _close(stream)
        else:
            self._idle.append(stream)
        return answer


async def _close(stream: Stream) -> None:
    stream[1].close()
    with contextlib.suppress(OSError):
        await stream[1].wait_closed()


async def _receive(reader: asyncio.StreamReader) -> HttpAnswer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    protocol, _, rest = head[0].partition(" ")
    if not protocol.startswith("HTTP/1."):
        raise ValueError(f"not an HTTP/1 answer: {protocol[:20]!r}")
    status = int(rest[:3])
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return HttpAnswer(status, headers, await _chunks(reader))
    size = 0 if status in {204, 304} else int(headers.get("content-length", "0"))
    return HttpAnswer(status, headers, await reader.readexactly(size))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers say nothing here
    return bytes(body)
