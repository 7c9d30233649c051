"""The front: CONNECT tunnels to known hosts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop

from local.front import Front

KNOWN = "known.example"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back, and the end after it."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def front(serve: Serve = echo) -> AsyncIterator[Front]:
    service = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = Front({KNOWN: service.sockets[0].getsockname()[:2], "dead.example": ("127.0.0.1", 1)})
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
        service.close()
        await service.wait_closed()


async def ask(proxy: Front, request: bytes) -> tuple[bytes, Streams]:
    """Send a request and give the head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(request)
    return await reader.readuntil(b"\r\n\r\n"), (reader, writer)


async def tunnel(proxy: Front) -> Streams:
    head, streams = await ask(proxy, f"CONNECT {KNOWN}:443 HTTP/1.1\r\nHost: {KNOWN}:443\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 200 ")
    return streams


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it watches has no event
            await asyncio.sleep(0.01)


def test_bytes_and_ends_pass_both_ways() -> None:
    async def scene() -> None:
        async with front() as proxy:
            reader, writer = await tunnel(proxy)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
            writer.write_eof()
            assert await reader.read() == b""
            await closed(writer)
            await until(lambda: proxy.open_tunnels == 0)

    uvloop.run(scene())


def test_an_answer_still_comes_after_the_client_has_ended_its_side() -> None:
    async def answer_after_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.read()
        writer.write(question.upper())
        await closed(writer)

    async def scene() -> None:
        async with front(answer_after_end) as proxy:
            reader, writer = await tunnel(proxy)
            writer.write(b"question")
            writer.write_eof()
            assert await reader.read() == b"QUESTION"
            await closed(writer)

    uvloop.run(scene())


def test_much_data_passes_unchanged_through_a_slow_reader() -> None:
    async def scene() -> None:
        data = bytes(range(256)) * 32_768
        async with front() as proxy:
            reader, writer = await tunnel(proxy)

            async def send() -> None:
                writer.write(data)
                await writer.drain()
                writer.write_eof()

            sending = asyncio.create_task(send())
            received = bytearray()
            while part := await reader.read(100_000):
                received += part
                await asyncio.sleep(0)
            await sending
            assert bytes(received) == data
            await closed(writer)

    uvloop.run(scene())


def test_a_client_that_does_not_read_holds_the_service_back() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(1)
        with suppress(ConnectionError):
            while True:
                writer.write(bytes(1_000_000))
                await writer.drain()
                sent += 1_000_000
        writer.close()

    async def scene() -> None:
        async with front(pour) as proxy:
            _, writer = await tunnel(proxy)
            writer.transport.pause_reading()
            writer.write(b"x")
            await until(lambda: sent > 0)
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 100_000_000
            writer.transport.abort()
            await until(lambda: proxy.open_tunnels == 0)

    uvloop.run(scene())


def test_bytes_sent_with_the_connect_are_not_lost() -> None:
    async def scene() -> None:
        async with front() as proxy:
            _, (reader, writer) = await ask(proxy, f"CONNECT {KNOWN}:443 HTTP/1.1\r\n\r\nearly".encode())
            assert await reader.readexactly(5) == b"early"
            await closed(writer)

    uvloop.run(scene())


def test_a_connect_in_single_bytes_and_in_capitals_is_understood() -> None:
    async def scene() -> None:
        async with front() as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            for byte in f"CONNECT {KNOWN.upper()}:443 HTTP/1.1\r\nUser-Agent: x\r\n\r\n".encode():
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            await closed(writer)

    uvloop.run(scene())


@pytest.mark.parametrize(
    ("request_line", "status", "words"),
    [
        ("CONNECT example.com:443 HTTP/1.1", 403, "has no example.com:443"),
        (f"CONNECT {KNOWN}:80 HTTP/1.1", 403, f"has no {KNOWN}:80"),
        (f"CONNECT sub.{KNOWN}:443 HTTP/1.1", 403, f"has no sub.{KNOWN}:443"),
        ("CONNECT HTTP/1.1", 403, "has no"),
        (f"GET http://{KNOWN}/ HTTP/1.1", 405, "CONNECT (https) only"),
        ("\u00ff\u00fe", 405, "CONNECT (https) only"),
        ("CONNECT dead.example:443 HTTP/1.1", 502, "127.0.0.1:1 does not answer"),
    ],
)
def test_everything_else_is_refused_in_words(request_line: str, status: int, words: str) -> None:
    async def scene() -> None:
        async with front() as proxy:
            head, (reader, writer) = await ask(proxy, f"{request_line}\r\n\r\n".encode("latin-1"))
            assert int(head.split()[1]) == status
            assert words in (await reader.read()).decode()
            await closed(writer)
            await until(lambda: proxy.open_tunnels == 0)

    uvloop.run(scene())


def test_an_endless_head_is_refused() -> None:
    async def scene() -> None:
        async with front() as proxy:
            head, (_, writer) = await ask(proxy, b"CONNECT a:443 HTTP/1.1\r\nx: " + b"x" * 70_000)
            assert head.startswith(b"HTTP/1.1 431 ")
            writer.transport.abort()

    uvloop.run(scene())


def test_aborted_peers_leave_nothing_behind() -> None:
    ended = asyncio.Queue[bytes]()

    async def read_to_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        ended.put_nowait(b"")
        await closed(writer)

    async def scene() -> None:
        async with front(read_to_end) as proxy:
            tunnels = [await tunnel(proxy) for _ in range(20)]
            half_open = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(5)]
            for _, writer in (*tunnels, *half_open):
                writer.transport.abort()
            for _ in tunnels:
                await ended.get()
            await until(lambda: proxy.open_tunnels == 0)
            assert len(asyncio.all_tasks()) == 1

    uvloop.run(scene())


def test_stopping_closes_open_tunnels() -> None:
    async def scene() -> None:
        async with front() as proxy:
            reader, writer = await tunnel(proxy)
            await proxy.stop()
            assert await reader.read() == b""
            await closed(writer)

    uvloop.run(scene())
