"""Calling backends: what goes over the wire, what comes back, and what happens when the other side misbehaves."""

import asyncio
import contextlib
import gzip
import re
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from local.apim.connections import MAX_HEAD_OCTETS
from local.apim.context import Headers, Response
from local.apim.errors import PolicyFailed
from local.apim.forwarding import IDLE_SECONDS, Forwarder
from local.certificates import prepare
from local.state import State

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Serve = Callable[["Backend", Reader, Writer], Awaitable[None]]


class Backend:
    """A server that does with each connection what it is told, and remembers every request as it came."""

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None) -> None:
        self._serve, self._context = serve, context
        self.requests: list[bytes] = []
        self.connections = 0
        self._serving: list[Any] = []
        self.forwarder = Forwarder()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https://localhost' if self._context else 'http://127.0.0.1'}:{self.port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.forwarder.close()
        self._server.close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        self._serving.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(self, reader, writer)
        writer.close()

    async def request(self, reader: Reader) -> bytes:
        """Read one request in full."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        whole = head + await reader.readexactly(length)
        self.requests.append(whole)
        return whole

    async def call(
        self, method: str = "GET", target: str = "/jobs", body: bytes = b"", seconds: float = 5.0, **headers: str
    ) -> Response:
        fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
        return await self.forwarder.forward(self.url, method, target, fields, body, seconds)

    async def failure(self, *args: Any, **options: Any) -> PolicyFailed:
        with pytest.raises(PolicyFailed) as failed:
            await self.call(*args, **options)
        assert failed.value.source == "forward-request"
        return failed.value


def always(answer: bytes, *, close: bool = False) -> Serve:
    async def serve(backend: Backend, reader: Reader, writer: Writer) -> None:
        while True:
            await backend.request(reader)
            writer.write(answer)
            if close:
                return

    return serve


def in_turn(*answers: bytes | None) -> Serve:
    """Give the answers in turn, whatever connection they are asked on; None closes without one."""
    left = list(answers)

    async def serve(backend: Backend, reader: Reader, writer: Writer) -> None:
        while True:
            await backend.request(reader)
            answer = left.pop(0)
            if answer is None:
                return
            writer.write(answer)

    return serve


def run(serve: Serve, scenario: Callable[[Backend], Awaitable[None]], loop: Any = None) -> None:
    async def main() -> None:
        async with Backend(serve) as backend, asyncio.timeout(20):
            await scenario(backend)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def answered(answer: bytes, method: str = "GET", *, close: bool = False) -> Response:
    """Give what becomes of an answer."""
    found: list[Response] = []

    async def scenario(backend: Backend) -> None:
        found.append(await backend.call(method))

    run(always(answer, close=close), scenario)
    return found[0]


def refused(answer: bytes, method: str = "GET", *, close: bool = False) -> str:
    found: list[PolicyFailed] = []

    async def scenario(backend: Backend) -> None:
        found.append(await backend.failure(method))

    run(always(answer, close=close), scenario)
    assert (found[0].reason, found[0].status) == ("BackendConnectionFailure", 500)
    return found[0].message


@LOOPS
def test_a_request_goes_out_for_the_backend_without_what_was_for_the_hop_before(loop: Any) -> None:
    async def scenario(backend: Backend) -> None:
        await backend.call(
            "POST",
            "/jobs?a=%20b",
            b"{}",
            Host="gateway.example",
            Accept="*/*",
            Content_Type="application/json",
            Content_Length="99",
            Connection="keep-alive, te, x-absent",
            Keep_Alive="timeout=5",
            TE="trailers",
            Transfer_Encoding="chunked",
            Upgrade="h2c",
            Expect="100-continue",
            Proxy_Authorization="secret",
        )
        assert backend.requests == [
            b"POST /v1/jobs?a=%20b HTTP/1.1\r\nhost: 127.0.0.1:" + str(backend.port).encode() + b"\r\n"
            b"Accept: */*\r\nContent-Type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        ]

    run(always(OK), scenario, loop)


def test_a_body_is_announced_exactly_where_there_is_one_or_could_be() -> None:
    async def scenario(backend: Backend) -> None:
        for method in ("GET", "DELETE", "POST", "PUT"):
            await backend.call(method)
        await backend.call("DELETE", body=b"x")
        announced = [request.count(b"content-length:") for request in backend.requests]
        assert announced == [0, 0, 1, 1, 1]

    run(always(OK), scenario)


def test_an_answer_comes_back_without_what_was_for_its_hop() -> None:
    response = answered(
        b"HTTP/1.1 202 Taken Over\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        b"ETag: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    assert (response.status, response.reason, response.body.octets) == (202, "Taken Over", b"abcde")
    assert list(response.headers) == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("ETag", "\u00e9")]


def test_bytes_pass_as_they_are() -> None:
    packed = gzip.compress(b"text")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    response = answered(head.encode() + packed)
    assert (response.body.octets, response.headers.get("Content-Encoding")) == (packed, "gzip")


@given(st.binary(max_size=300), st.integers(1, 40))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(body: bytes, size: int) -> None:
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:7], body[7:]) if part)
    answer = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"

    async def in_pieces(backend: Backend, reader: Reader, writer: Writer) -> None:
        await backend.request(reader)
        for start in range(0, len(answer), size):
            writer.write(answer[start : start + size])
            await asyncio.sleep(0)

    async def scenario(backend: Backend) -> None:
        response = await backend.call()
        assert (response.body.octets, list(response.headers)) == (body, [("X-A", "1")])

    run(in_pieces, scenario)


@pytest.mark.parametrize(
    ("answer", "method", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", 304, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD", 200, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", 200, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: 1\r\n\r\n" + OK, "POST", 200, b"ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "GET", 200, b"ok"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "GET", 500, b""),
    ],
)
def test_answers_of_every_shape_are_understood_and_the_connection_serves_again(
    answer: bytes, method: str, status: int, body: bytes
) -> None:
    async def scenario(backend: Backend) -> None:
        for _ in range(2):
            response = await backend.call(method)
            assert (response.status, response.body.octets) == (status, body)
            assert "X" not in response.headers
        assert backend.connections == 1

    run(always(answer), scenario)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nto the end",
        b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nto the end",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nto the end",
    ],
)
def test_an_answer_that_ends_its_connection_is_whole_and_the_next_call_takes_another(answer: bytes) -> None:
    async def scenario(backend: Backend) -> None:
        for _ in range(2):
            assert (await backend.call("POST")).body.octets == b"to the end"
        assert backend.connections == 2

    run(always(answer, close=True), scenario)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "Duplicate Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "Duplicate Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "Content-Length"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "CR"),
        (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "101"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MAX_HEAD_OCTETS, "headers .* over"),
    ],
)
def test_an_answer_that_can_be_read_in_two_ways_is_none(answer: bytes, told: str) -> None:
    assert re.search(told, refused(answer))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_breaks_off_is_a_failure_and_not_asked_for_again(answer: bytes, method: str) -> None:
    async def scenario(backend: Backend) -> None:
        assert (await backend.failure(method)).reason == "BackendConnectionFailure"
        assert len(backend.requests) == 1

    run(always(answer, close=True), scenario)


def test_a_second_answer_behind_the_first_is_nobodys() -> None:
    async def scenario(backend: Backend) -> None:
        for number in range(3):
            response = await backend.call()
            assert (response.status, response.reason, response.body.octets) == (200, "OK", b"ok")
            assert backend.connections == number + 1

    evil = b"HTTP/1.1 403 Evil\r\nContent-Length: 4\r\n\r\nevil"
    run(always(OK + evil), scenario)


@LOOPS
def test_a_second_answer_that_comes_later_is_nobodys_either(loop: Any) -> None:
    async def late(backend: Backend, reader: Reader, writer: Writer) -> None:
        while True:
            await backend.request(reader)
            writer.write(OK)
            await asyncio.sleep(0.02)
            writer.write(b"HTTP/1.1 403 Evil\r\nContent-Length: 4\r\n\r\nevil")

    async def scenario(backend: Backend) -> None:
        for number in range(3):
            assert (await backend.call("POST")).status == 200
            await asyncio.sleep(0.1)
            assert backend.connections == number + 1

    run(late, scenario, loop)


def test_connections_are_kept_and_used_again() -> None:
    async def scenario(backend: Backend) -> None:
        for method in ("GET", "POST", "GET"):
            await backend.call(method)
        assert backend.connections == 1
        await asyncio.gather(*(backend.call() for _ in range(5)))
        assert backend.connections == 5

    run(always(OK), scenario)


def test_a_connection_that_rested_long_is_not_used_again() -> None:
    async def scenario(backend: Backend) -> None:
        now = 0.0
        backend.forwarder = Forwarder(clock=lambda: now)
        await backend.call()
        now += IDLE_SECONDS - 0.1
        await backend.call()
        assert backend.connections == 1
        now += IDLE_SECONDS
        await backend.call()
        assert backend.connections == 2

    run(always(OK), scenario)


@LOOPS
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_backend_has_closed_is_not_used_for_any_call(loop: Any, method: str) -> None:
    async def scenario(backend: Backend) -> None:
        for number in range(5):
            await backend.call(method)
            await asyncio.sleep(0.02)  # the goodbye is there, whether or not it was read
            assert backend.connections == number + 1
        assert len(backend.requests) == 5

    run(always(OK, close=True), scenario, loop)


@LOOPS
def test_a_goodbye_that_the_loop_has_not_read_yet_is_noticed_before_sending(loop: Any) -> None:
    """The process is busy while the backend closes: only the socket knows, the loop does not."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(5)
    requests: list[bytes] = []

    def serve() -> None:
        for _ in range(2):
            connection, _ = listening.accept()
            connection.settimeout(5)
            requests.append(connection.recv(65_536))
            connection.sendall(OK)
            time.sleep(0.05)  # the answer is read before the goodbye comes
            connection.close()

    async def main() -> None:
        forwarder = Forwarder()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for _ in range(2):
            answer = await forwarder.forward(url, "POST", "/jobs", Headers(), b"{}", 5.0)
            assert answer.status == 200
            time.sleep(0.2)  # noqa: ASYNC251 (busy on purpose)
        forwarder.close()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    with listening, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
        server.join(5)
    assert len(requests) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_call_that_may_be_repeated_is_sent_again_once_when_a_kept_connection_breaks_before_any_byte(
    method: str,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def scenario(backend: Backend) -> None:
        await backend.call("POST")
        assert (await backend.call(method)).status == 200
        assert (len(backend.requests), backend.connections) == (3, 2)
        assert backend.requests[1] == backend.requests[2]

    run(in_turn(head, None, head), scenario)


def test_it_is_sent_again_once_and_not_twice() -> None:
    async def scenario(backend: Backend) -> None:
        await backend.call()
        assert (await backend.failure("GET")).reason == "BackendConnectionFailure"
        assert len(backend.requests) == 3

    run(in_turn(OK, None, None), scenario)


def test_it_is_not_sent_again_when_a_byte_came() -> None:
    async def partly(backend: Backend, reader: Reader, writer: Writer) -> None:
        await backend.request(reader)
        writer.write(OK)
        await backend.request(reader)
        writer.write(b"HTTP/1.1 2")

    async def scenario(backend: Backend) -> None:
        await backend.call()
        assert (await backend.failure("GET")).reason == "BackendConnectionFailure"
        assert len(backend.requests) == 2

    run(partly, scenario)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_call_that_may_not_be_repeated_is_sent_once_also_when_a_kept_connection_breaks(method: str) -> None:
    async def scenario(backend: Backend) -> None:
        await backend.call()
        assert (await backend.failure(method)).reason == "BackendConnectionFailure"
        assert len(backend.requests) == 2

    run(in_turn(OK, None, OK), scenario)


def test_a_backend_that_is_not_there_is_a_failure_of_its_connection() -> None:
    async def scenario(backend: Backend) -> None:
        backend.url = "http://127.0.0.1:9"
        assert (await backend.failure()).reason == "BackendConnectionFailure"
        backend.url = "http://no-such-host.invalid"
        assert (await backend.failure()).reason == "BackendConnectionFailure"

    run(always(OK), scenario)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"])
def test_a_backend_that_does_not_go_on_runs_out_of_time_and_its_connection_is_closed(answer: bytes) -> None:
    async def stall(backend: Backend, reader: Reader, writer: Writer) -> None:
        await backend.request(reader)
        writer.write(answer)
        await reader.read()  # until the gateway closes it
        closed.set()

    async def scenario(backend: Backend) -> None:
        failure = await backend.failure("POST", seconds=0.1)
        assert (failure.reason, failure.status) == ("Timeout", 500)
        await closed.wait()
        assert len(backend.requests) == 1

    closed = asyncio.Event()
    run(stall, scenario)


def test_a_caller_that_goes_away_takes_the_connection_along_and_no_other_gets_its_answer() -> None:
    async def slow(backend: Backend, reader: Reader, writer: Writer) -> None:
        while True:
            request = await backend.request(reader)
            await asyncio.sleep(0.05 if b"/slow" in request else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + request.split(b"/")[2][:4])

    async def scenario(backend: Backend) -> None:
        going = asyncio.create_task(backend.call(target="/slow"))
        await asyncio.sleep(0.02)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        for _ in range(3):
            assert (await backend.call(target="/fast")).body.octets == b"fast"
            await asyncio.sleep(0.03)
        assert backend.connections == 2

    run(slow, scenario)


@pytest.mark.parametrize("named", ["authorization", "X-Caller-Id", "close, Content-Type"])
def test_a_caller_cannot_take_headers_away_by_naming_them_in_connection(named: str) -> None:
    async def scenario(backend: Backend) -> None:
        failure = await backend.failure(
            Connection=named, Authorization="Bearer x", X_Caller_Id="a", Content_Type="text/plain"
        )
        assert (failure.reason, failure.status, backend.requests) == ("RequestInvalid", 400, [])

    run(always(OK), scenario)


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET ", "/jobs", {}),
        ("GET\r\nX: 1", "/jobs", {}),
        ("GET", "jobs", {}),
        ("GET", "", {}),
        ("GET", "/jobs HTTP/1.1\r\nHost: evil\r\n\r\nGET /", {}),
        ("GET", "/jobs\n", {}),
        ("GET", "/j\u00f6bs", {}),
        ("GET", "/jobs", {"X-A": "1\r\nX-B: 2"}),
        ("GET", "/jobs", {"X-A": "1\n"}),
        ("GET", "/jobs", {"X-A": "\0"}),
        ("GET", "/jobs", {"X-A": "\u674e"}),
        ("GET", "/jobs", {"X A": "1"}),
        ("GET", "/jobs", {"X-A:": "1"}),
        ("GET", "/jobs", {"": "1"}),
    ],
)
def test_what_http_cannot_carry_is_not_sent(method: str, target: str, headers: dict[str, str]) -> None:
    async def scenario(backend: Backend) -> None:
        failure = await backend.failure(method, target, **headers)
        assert (failure.reason, failure.status, backend.connections) == ("RequestInvalid", 400, 0)

    run(always(OK), scenario)


def test_two_lengths_are_not_sent() -> None:
    async def scenario(backend: Backend) -> None:
        fields = Headers([("Content-Length", "1"), ("content-length", "1")])
        with pytest.raises(PolicyFailed, match="Content-Length stands twice"):
            await backend.forwarder.forward(backend.url, "POST", "/jobs", fields, b"x", 1.0)
        assert backend.connections == 0

    run(always(OK), scenario)


@pytest.mark.parametrize(
    "url", ["", "one", "ftp://one", "http://", "http://a b", "http://one:x", "http://me@one", "http://one?x"]
)
def test_an_address_that_is_none_is_a_failure(url: str) -> None:
    async def scenario(backend: Backend) -> None:
        backend.url = url
        failure = await backend.failure()
        assert (failure.reason, failure.status) == ("RequestInvalid", 500)

    run(always(OK), scenario)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return prepare(State(tmp_path_factory.mktemp("state")))


@contextlib.asynccontextmanager
async def secure(serve: Serve, certificates: Any) -> AsyncIterator[Backend]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    async with Backend(serve, context) as backend:
        yield backend


@LOOPS
def test_tls_is_spoken_with_whom_the_environment_trusts_and_nobody_else(
    loop: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with secure(always(OK), certificates) as backend:
            for _ in range(3):
                assert (await backend.call("POST")).body.octets == b"ok"
            assert backend.connections == 1
            backend.url = backend.url.replace("localhost", "127.0.0.1")
            monkeypatch.setenv("SSL_CERT_FILE", str(Path(__file__)))
            backend.forwarder = Forwarder()
            assert (await backend.failure()).reason == "BackendConnectionFailure"

    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
