"""HTTP servers of the local cloud: ASGI applications on a socket that listens already, inside the supervisor's loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import override

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.certificates import Certificates
from local.faulty import CONNECTION

# Longer than SDKs keep idle connections: a connection closed under a request is a fault that nobody asked for.
KEEP_ALIVE_SECONDS = 600


def listening_socket(port: int = 0) -> socket.socket:
    """Listen on loopback at once; who connects before a server takes the socket over waits in its backlog."""
    return socket.create_server(("127.0.0.1", port), backlog=512)


def by_host(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """Choose the application by the Host header; 421 for a host that is none of them."""

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        app = apps.get(host.lower().removesuffix(":443"))
        refusal = PlainTextResponse(f"{host!r} is not served here.\n", status_code=421)
        await (app or refusal)(scope, receive, send)

    return choose


class _Connection(HttpToolsProtocol):
    """A connection that tells the application which it is, so that a fault can cut it."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}


class WebServer(uvicorn.Server):
    """A server that leaves signals to the supervisor and tells when it accepts requests."""

    def __init__(self, app: ASGIApp, tls: Certificates | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=1,
                ssl_certfile=tls.certificate if tls else None,
                ssl_keyfile=tls.key if tls else None,
            )
        )
        self._accepting = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._accepting.set()

    async def start(self, listening: socket.socket) -> None:
        """Serve until `stop`."""
        self._serving = asyncio.create_task(self.serve([listening]))
        accepting = asyncio.create_task(self._accepting.wait())
        await asyncio.wait((self._serving, accepting), return_when=asyncio.FIRST_COMPLETED)
        accepting.cancel()
        if self._serving.done():
            await self._serving

    async def stop(self) -> None:
        self.should_exit = True
        if self._serving:
            await self._serving
