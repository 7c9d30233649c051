"""The front of the local cloud: an HTTP proxy that joins CONNECT tunnels to the local services, by Azure host name."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import cast

logger = logging.getLogger(__name__)
LONGEST_HEAD_BYTES = 64 * 1024
# Linux only. It does not last, so it is set anew each time.
_QUICK_ACKNOWLEDGE: int | None = getattr(socket, "TCP_QUICKACK", None)
Address = tuple[str, int]


class Front:
    """Listens on loopback; every host that it does not know is refused, so nothing leaves the machine."""

    def __init__(self, routes: Mapping[str, Address]) -> None:
        """Take host name (lower case) -> address of the service that terminates its TLS."""
        self._routes = dict(routes)
        self._tunnels: set[_Client] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def open_tunnels(self) -> int:
        return len(self._tunnels)

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self._routes, self._tunnels), "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            for client in list(self._tunnels):
                client.abort()
            await self._server.wait_closed()


class _Pipe(asyncio.Protocol):
    """One end of a tunnel: what arrives here is written there, no faster than there takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Pipe | None = None
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """Pass the end of one direction on and keep the other open; close when both have ended."""
        self.ended = True
        other = self.other
        if other is None or other.ended or other.transport is None or other.transport.is_closing():
            return False
        other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other and self.other.transport and not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        other, self.other, self.transport = self.other, None, None
        if other and other.transport:
            # Closing, unlike aborting, still delivers what was written before.
            other.transport.close() if error is None else other.transport.abort()

    def abort(self) -> None:
        if self.transport:
            self.transport.abort()


class _Client(_Pipe):
    """The client's end: asks for a host first, then is a pipe like the other."""

    def __init__(self, routes: Mapping[str, Address], tunnels: "set[_Client]") -> None:
        super().__init__()
        self._routes, self._tunnels = routes, tunnels
        self._received = b""
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._tunnels.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._tunnels.discard(self)
        if self._connecting:
            self._connecting.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self.other:
            super().data_received(data)
            self._acknowledge()
            return
        self._received += data
        head, end, _ = self._received.partition(b"\r\n\r\n")
        if end and self._connecting is None:
            self._admit(head)
        elif len(self._received) > LONGEST_HEAD_BYTES:
            self._refuse("431 Request Header Fields Too Large", "The head of the request is too long.")

    def _acknowledge(self) -> None:
        """Acknowledge at once what the client sent."""
        # urllib3 keeps Nagle's algorithm on towards a proxy and sends head and body apart: the body would wait for the
        # delayed acknowledgement of the head, 40 ms on Linux.
        if _QUICK_ACKNOWLEDGE is not None and self.transport:
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGE, 1)

    def _admit(self, head: bytes) -> None:
        """Look the wanted host up and begin to connect, or refuse."""
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        host, _, port = target.rpartition(":")
        if method != "CONNECT":
            text = "This is the proxy of the local cloud: it takes CONNECT (https) only."
            self._refuse("405 Method Not Allowed", text, "Allow: CONNECT\r\n")
        elif port != "443" or (address := self._routes.get(host.lower())) is None:
            logger.warning("refused a connection to %s", target)
            text = f"The local cloud has no {target}. It has: {', '.join(sorted(self._routes))} (port 443)."
            self._refuse("403 Forbidden", text)
        else:
            if self.transport:
                self.transport.pause_reading()
            self._connecting = asyncio.get_running_loop().create_task(self._connect(address))

    async def _connect(self, address: Address) -> None:
        try:
            _, service = await asyncio.get_running_loop().create_connection(_Pipe, *address)
        except OSError as error:
            self._refuse("502 Bad Gateway", f"The service at {address[0]}:{address[1]} does not answer: {error}.")
            return
        finally:
            self._connecting = None
        if self.transport is None or self.transport.is_closing():
            service.abort()
            return
        service.other, self.other = self, service
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        early = self._received.partition(b"\r\n\r\n")[2]
        self._received = b""
        if early:
            super().data_received(early)
        self.transport.resume_reading()

    def _refuse(self, status: str, text: str, headers: str = "") -> None:
        body = f"{text}\n".encode()
        head = (
            f"HTTP/1.1 {status}\r\n{headers}Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        if self.transport:
            self.transport.write(head.encode() + body)
            self.transport.close()
