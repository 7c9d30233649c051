"""Connections of the gateway to backends: HTTP/1.1 over an asyncio transport, read by httptools.

Own code instead of a client library, for its cost and its certainty: a small call takes 25 us of processor time here
(60 us with all that `forwarding` does), 130 us by aiohttp and 1,000 us by httpx (uvloop, 8 connections, loopback), and
nothing is sent a second time behind our back. httptools refuses what lets two readers see two messages: repeated or
signed lengths, a length beside chunks, bare line feeds, folded lines.
"""

import asyncio
import select
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult

import httptools

MAX_RESPONSE_OCTETS = 100 * 1024 * 1024
MAX_HEAD_OCTETS = 64 * 1024
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class ConnectionFailed(Exception):
    """The backend cannot be reached, went away, or does not speak HTTP; `answered` once a byte of it came."""

    def __init__(self, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.answered = answered


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom to connect to."""

    secure: bool
    host: str
    port: int

    @classmethod
    def of(cls, url: SplitResult) -> "Origin":
        secure = url.scheme == "https"
        return cls(secure, url.hostname or "", url.port or (443 if secure else 80))


@dataclass(slots=True)
class Answer:
    """A response as it came; the fields of trailers are left out, and so are answers 1xx."""

    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    octets: bytes = b""


class Connection(asyncio.Protocol):
    """One connection, for one exchange at a time; `usable` while another may follow."""

    def __init__(self) -> None:
        self.usable, self.idle_since = False, 0.0
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[Answer] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, origin: Origin, context: Callable[[], ssl.SSLContext]) -> "Connection":
        """Connect. Raises ConnectionFailed."""
        secured = context() if origin.secure else None
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                cls, origin.host, origin.port, ssl=secured
            )
        except OSError as error:  # of TLS as well
            raise ConnectionFailed(f"No connection to {origin.host}:{origin.port}: {error}.") from error
        return connection

    def silent(self) -> bool:
        """Tell whether the other side has said nothing, not even goodbye, that was not read yet."""
        return self.usable and not self._poll.poll(0)

    def close(self) -> None:
        self.usable = False
        self._transport.abort()

    async def exchange(self, message: bytes, seconds: float, *, bodiless: bool) -> Answer:
        """Send a request and give its answer, which has no body if `bodiless` (HEAD).

        `seconds` pass at most until the headers are there, and again until the body is. A caller that goes away closes
        the connection, for the answer would be the next one's.

        Raises:
            TimeoutError: they passed.
            ConnectionFailed: see there.
        """
        self._parser = httptools.HttpResponseParser(self)
        self._answer, self._octets, self._bodiless, self._seconds = Answer(), bytearray(), bodiless, seconds
        self._headed = self._answered = self._framed = self._keeps = False
        self._head_octets = 0
        self._done = self._loop.create_future()
        self._alarm = self._loop.call_later(seconds, self._late)
        finished = False
        try:
            self._transport.write(message)
            answer = await self._done
            finished = True
            return answer
        finally:
            self._alarm.cancel()
            self._done = None
            if not (finished and self._keeps and self.usable):
                self.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), _READABLE)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self._done is None or self._done.done():
            self.close()  # nobody asked
            return
        self._answered = True
        self._head_octets += 0 if self._headed else len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._done.done():
                self._keeps = False  # a whole answer, and more than that
            else:
                self._fail(f"The backend does not answer in HTTP: {error}.")
        if not self._headed and self._head_octets > MAX_HEAD_OCTETS:
            self._fail(f"The headers of the backend's answer are over {MAX_HEAD_OCTETS} bytes.")

    def eof_received(self) -> bool:
        self.usable = False
        if self._done is not None and not self._done.done():
            if self._headed and not self._framed:
                self._finish()  # such a body goes to the end of the connection
            else:
                self._fail("The backend closed the connection before its answer was whole.")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._fail(f"The connection to the backend is lost: {exc or 'closed'}.")

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._headed:
            raise ConnectionFailed("There is more than one answer.")  # goes out of feed_data as a parser's error

    def on_status(self, status: bytes) -> None:
        self._answer.reason += status.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:
            self._framed = self._framed or name.lower() in (b"content-length", b"transfer-encoding")
            self._answer.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        if self._answer.status == 101:
            self._fail("The backend answered 101, which nobody asked for.")
        elif self._answer.status >= 200:
            self._headed = True
            self._keeps = self._parser.should_keep_alive()
            self._rearm()
            if self._bodiless:
                self._keeps = self._keeps and self._framed
                self._finish()

    def on_body(self, data: bytes) -> None:
        if self._bodiless:
            self._keeps = False
            return
        self._octets += data
        if len(self._octets) > MAX_RESPONSE_OCTETS:
            self._fail(f"The backend's answer is over {MAX_RESPONSE_OCTETS} bytes.")

    def on_message_complete(self) -> None:
        if self._headed:
            self._finish()
        else:
            self._answer, self._framed = Answer(), False  # 1xx: the answer is still to come

    def _rearm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_later(self._seconds, self._late)

    def _late(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(TimeoutError())

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._answer.octets = bytes(self._octets)
            self._done.set_result(self._answer)

    def _fail(self, message: str) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionFailed(message, answered=self._answered))
