"""The small HTTP client against a server that does what servers may do."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from local.azure_quantum.connections import Connections, HttpAnswer, NoAnswer

type Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


async def talk(script: Script, requests: int, seconds: float = 5.0) -> tuple[list[HttpAnswer], int]:
    """Send requests one after the other to a scripted server; gives the answers and how many connections it took."""
    count = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        try:
            await script(reader, writer, count)
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Connections(f"http://127.0.0.1:{port}", tls=None, server_name="x", seconds=seconds)
        try:
            answers = [await client.send("PUT", f"/{number}", {"Host": "x"}, b"body") for number in range(requests)]
        finally:
            await client.close()
    return answers, count


async def request_of(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert "Content-Length: 4\r\n" in head
    assert await reader.readexactly(4) == b"body"
    return head.split(" ")[1]


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
    while True:
        path = await request_of(reader)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(path)}\r\nX-Name:  value \r\n\r\n{path}".encode())


def test_one_connection_serves_many_requests() -> None:
    answers, connections = asyncio.run(talk(echoing, 5))
    assert [answer.body for answer in answers] == [b"/0", b"/1", b"/2", b"/3", b"/4"]
    assert answers[0].headers["x-name"] == "value"
    assert connections == 1


def test_a_chunked_body_is_put_together_and_the_connection_kept() -> None:
    async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        while True:
            await request_of(reader)
            writer.write(
                b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n"
            )
            writer.write(b"0\r\nTrailer: x\r\n\r\n")

    answers, connections = asyncio.run(talk(chunked, 2))
    assert [(answer.status, answer.body) for answer in answers] == [(404, b"abc0123456789")] * 2
    assert connections == 1


def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    answers, connections = asyncio.run(talk(once, 3))
    assert [answer.status for answer in answers] == [204] * 3
    assert connections == 3


def test_a_connection_that_will_close_is_not_kept() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    assert asyncio.run(talk(closing, 2))[1] == 2


@pytest.mark.parametrize(
    "sent", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", b"x" * (1 << 17)]
)
def test_what_is_not_an_answer_is_said_so(sent: bytes) -> None:
    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        await request_of(reader)
        writer.write(sent)

    with pytest.raises(NoAnswer):
        asyncio.run(talk(wrong, 1))


def test_a_server_that_is_silent_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: int) -> None:
        await reader.read()

    with pytest.raises(NoAnswer):
        asyncio.run(talk(silent, 1, seconds=0.1))


def test_a_server_that_is_away_is_said_so() -> None:
    async def ask() -> None:
        client = Connections("http://127.0.0.1:9", tls=None, server_name="x")
        with pytest.raises(NoAnswer):
            await client.send("GET", "/", {})

    asyncio.run(ask())
