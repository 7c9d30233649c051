"""The storage door in front of a small stand-in for Azurite."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop

from local.azurite import StorageAccount
from local.certificates import Certificates, prepare
from local.issuer import Issuer
from local.names import STORAGE_ACCOUNT, STORAGE_HOSTS, STORAGE_SERVICES, StorageService
from local.state import State
from local.storage import LARGEST_BATCH_BYTES, StorageDoor
from local.web import listening_socket
from local.wire import Counter

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BLOB, TABLE = STORAGE_HOSTS["blob"], STORAGE_HOSTS["table"]


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head, await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)


async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with what arrived, as JSON."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head, body = await read_request(reader)
            shown = json.dumps([head.decode(), body.decode("latin-1")]).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(shown), shown))
    writer.close()


class Scene:
    """A door, what is behind it, and how to come to it."""

    def __init__(
        self, door: StorageDoor, issuer: Issuer, files: Certificates, ports: dict[StorageService, int]
    ) -> None:
        self.door, self.issuer, self.files, self.ports = door, issuer, files, ports

    def bearer(self, audience: str = "https://storage.azure.com") -> str:
        return f"Bearer {self.issuer.issue(audience, subject='s', app_id='a', version='1.0')}"

    async def connect(self, service: StorageService = "blob") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        trust = ssl.create_default_context(cafile=str(self.files.authority))
        host = STORAGE_HOSTS[service]
        return await asyncio.open_connection("127.0.0.1", self.ports[service], ssl=trust, server_hostname=host)

    async def all_closed(self) -> None:
        async with asyncio.timeout(10):
            while self.door.open_connections:  # noqa: ASYNC110 - what it watches has no event
                await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    return State(tmp_path_factory.mktemp("state"))


@pytest.fixture
def play(state: State) -> Callable[..., None]:
    """Run a scene with the door open: `play(actor)` or `play(actor, stand_in)`."""

    def run(act: Callable[[Scene], Awaitable[None]], serve: Serve = show) -> None:
        async def whole() -> None:
            async with opened(state, serve) as scene:
                await act(scene)
                await scene.all_closed()

        uvloop.run(whole())

    return run


@asynccontextmanager
async def opened(state: State, serve: Serve) -> AsyncIterator[Scene]:
    files, issuer = prepare(state), Issuer.of(state)
    behind = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=files.server_context())
    port = behind.sockets[0].getsockname()[1]
    account = StorageAccount(STORAGE_ACCOUNT, "key", dict.fromkeys(STORAGE_SERVICES, port))
    door = StorageDoor(account, files, issuer, Counter())
    sockets = {service: listening_socket() for service in STORAGE_SERVICES}
    await door.start(sockets)
    try:
        yield Scene(door, issuer, files, {service: opened.getsockname()[1] for service, opened in sockets.items()})
    finally:
        await door.stop()
        behind.close()
        await behind.wait_closed()


def request(host: str, target: str = "/a/b", method: str = "PUT", body: bytes = b"", **fields: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head, body = await read_request(reader)
    return int(head.split()[1]), body


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()


def test_one_connection_takes_many_requests_and_changes_nothing_in_them(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        for number in range(5):
            sent = request(BLOB, f"/a/{number}?x=%2F", body=b"\xff" * number * 50_000, Authorization=scene.bearer())
            writer.write(sent)
            status, body = await read_answer(reader)
            assert status == 200
            assert "".join(json.loads(body)).encode("latin-1") == sent
        await close(writer)

    play(act)


def test_a_request_in_single_bytes_arrives_whole(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        sent = request(BLOB, body=b"hello", Authorization=scene.bearer())
        for byte in sent:
            writer.write(bytes([byte]))
            await writer.drain()
        assert "".join(json.loads((await read_answer(reader))[1])).encode() == sent
        await close(writer)

    play(act)


def test_a_refusal_comes_after_the_whole_body_and_ends_the_connection(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        wrong = scene.bearer("https://vault.azure.net")
        writer.write(request(BLOB, body=b"x" * 3_000_000, Authorization=wrong))
        await writer.drain()
        assert (await read_answer(reader))[0] == 401
        assert await reader.read() == b""
        await close(writer)

    play(act)


def test_nothing_of_a_refused_request_reaches_the_storage(play: Callable[..., None]) -> None:
    arrived = bytearray()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            arrived.extend(await reader.read())
        writer.close()

    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        writer.write(request(BLOB, body=b"x" * 100_000, Authorization="Bearer nonsense"))
        assert (await read_answer(reader))[0] == 401
        await close(writer)

    play(act, collect)
    assert arrived == b""


def test_a_batch_arrives_with_the_account_in_its_urls_and_its_new_length(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect("table")
        body = f"--batch_1\r\n\r\nPOST https://{TABLE}/jobs HTTP/1.1\r\n\r\n{{}}\r\n".encode()
        for number in range(2):
            writer.write(request(TABLE, "/$batch", "POST", body, Authorization=scene.bearer(), X_Number=str(number)))
            head, arrived = json.loads((await read_answer(reader))[1])
            assert f"POST https://{TABLE}/{STORAGE_ACCOUNT}/jobs HTTP/1.1" in arrived
            assert (head.lower().count("content-length"), f"X-Number: {number}" in head) == (1, True)
        await close(writer)

    play(act)


def test_a_batch_in_chunks_after_asking_arrives_as_one_piece(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect("table")
        fields = f"Authorization: {scene.bearer()}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue"
        writer.write(f"POST /$batch HTTP/1.1\r\nHost: {TABLE}\r\n{fields}\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"4\r\n--ba\r\n5\r\ntch_1\r\n0\r\n\r\n")
        head, arrived = json.loads((await read_answer(reader))[1])
        assert arrived == "--batch_1"
        assert "chunked" not in head
        assert "Expect" not in head
        await close(writer)

    play(act)


def test_a_batch_over_the_limit_is_refused(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect("table")
        body = b"x" * (LARGEST_BATCH_BYTES + 1)
        writer.write(request(TABLE, "/$batch", "POST", body, Authorization=scene.bearer()))
        status, answer = await read_answer(reader)
        assert (status, json.loads(answer)["odata.error"]["code"]) == (413, "RequestBodyTooLarge")
        await close(writer)

    play(act)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (request("other.blob.core.windows.net"), b"InvalidHeaderValue"),
        (b"GET / HTTP/1.1\r\n\r\n", b"InvalidHeaderValue"),
        (b"nonsense\r\n\r\n", b"InvalidInput"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"InvalidInput"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(play: Callable[..., None], sent: bytes, code: bytes) -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        writer.write(sent)
        status, body = await read_answer(reader)
        assert (status, code in body) == (400, True)
        assert await reader.read() == b""
        await close(writer)

    play(act)


def test_a_second_request_before_the_answer_ends_the_connection(play: Callable[..., None]) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        writer.write(request(BLOB) * 2)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        await close(writer)

    play(act, never)


def test_a_storage_that_does_not_answer_is_a_busy_server(state: State) -> None:
    async def whole() -> None:
        async with opened(state, show) as scene:
            for doorway in scene.door._doorways:
                doorway.account.ports.update(dict.fromkeys(STORAGE_SERVICES, 1))
            reader, writer = await scene.connect()
            status, body = await read_answer(reader)
            assert (status, b"ServerBusy" in body) == (503, True)
            await close(writer)
            await scene.all_closed()

    uvloop.run(whole())


def test_a_large_answer_passes_through_a_slow_reader(play: Callable[..., None]) -> None:
    size = 20_000_000

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(20):
            writer.write(b"x" * (size // 20))
            await writer.drain()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async def act(scene: Scene) -> None:
        reader, writer = await scene.connect()
        writer.write(request(BLOB, method="GET"))
        await asyncio.sleep(0.2)
        status, body = await read_answer(reader)
        assert (status, len(body)) == (200, size)
        await close(writer)

    play(act, pour)


def test_clients_that_break_off_leave_nothing_behind(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        for cut in (0, 10, 200, 50_000):
            _, writer = await scene.connect()
            writer.write(request(BLOB, body=b"x" * 100_000)[:cut])
            writer.transport.abort()
        await scene.all_closed()
        assert len(asyncio.all_tasks()) <= 6  # the stand-in's own, until it sees the end

    play(act)
