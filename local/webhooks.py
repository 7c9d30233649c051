"""A receiver of events on this machine: agrees to the handshake, verifies signatures, prints a line for each event.

It speaks TLS with a certificate of the local cloud's authority. Sources: CloudEvents' "HTTP 1.1 Web Hooks for Event
Delivery" and Standard Webhooks, whose verification is written here anew: it shares nothing with what signs.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.certificates import prepare
from local.state import State
from local.web import WebServer, listening_socket

TOLERANCE_SECONDS = 300

type Print = Callable[[str], None]


def verified(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether a message is signed with the secret, `whsec_` and base64, and is not old."""
    try:
        age = abs(time.time() - int(headers["webhook-timestamp"]))
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
        sent = headers["webhook-signature"].split()
        signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    except (KeyError, ValueError, binascii.Error):
        return False
    right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return age <= TOLERANCE_SECONDS and any(hmac.compare_digest(right, one) for one in sent)


class Receiver:
    """Answers OPTIONS and POST; remembers the ids of events, because an event may come more than once."""

    def __init__(self, secret_file: Path | None, status: int, show: Print) -> None:
        self._secret_file = secret_file
        self._status = status
        self._show = show
        self._seen: set[str] = set()

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["OPTIONS", "POST"])])

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._agreed(request)
        body = await request.body()
        said = self._verdict(request, body)
        event = self._event(body)
        name = request.headers.get("webhook-id", "without an id")
        double = " again" if name in self._seen else ""
        if said != "NOT VERIFIED" and 200 <= self._status < 300:
            self._seen.add(name)
        self._show(f"{event.get('type')} {event.get('subject')} {name}{double} {said}")
        return Response(status_code=401 if said == "NOT VERIFIED" else self._status)

    def _agreed(self, request: Request) -> Response:
        origin = request.headers.get("webhook-request-origin", "")
        self._show(f"handshake {origin}")
        return Response(headers={"WebHook-Allowed-Origin": origin, "Allow": "POST"})

    def _verdict(self, request: Request, body: bytes) -> str:
        """The secret is known only after the registration, so its file is read anew for each event."""
        if self._secret_file is None or not self._secret_file.exists():
            return "unchecked"
        return "verified" if verified(request.headers, body, self._secret_file.read_text()) else "NOT VERIFIED"

    def _event(self, body: bytes) -> Mapping[str, object]:
        try:
            event = json.loads(body)
        except ValueError:
            return {}
        return event if isinstance(event, dict) else {}


async def serve(state: State, port: int, secret_file: Path | None, status: int) -> int:
    """Listen on loopback until it is stopped."""

    def show(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more
            os.write(1, f"{line}\n".encode())

    listening = listening_socket(port)
    server = WebServer(Receiver(secret_file, status, show).application(), prepare(state))
    await server.start(listening)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    show(f"ready https://localhost:{listening.getsockname()[1]}/")
    try:
        await stopped.wait()
    finally:
        await server.stop()
    return 0
