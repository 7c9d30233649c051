"""The receivers of webhooks: anybody's servers, so nothing they do may hold, lead or hurt us.

Addresses are checked at each call and the connection goes to a checked one (`addresses`); TLS is held against the name
of the URL with the authorities of the system (`SSL_CERT_FILE` names others); no proxy, no redirects, no answer's body
is read. Source of the handshake: CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", 4.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs import telemetry
from quantum_jobs.addresses import Bounds, Place, checked, read_url
from quantum_jobs.border import Door, seconds_left
from quantum_jobs.errors import ReceiverBusy, WebhookRefused
from quantum_jobs.webhooks import Said, Webhook

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse

log = logging.getLogger(__name__)

EVENT = "application/cloudevents+json"
_DELIVERY_SECONDS = 10.0
_CALLER_SECONDS = 3.5  # of a handshake or a test, while a caller waits for both
_CONNECT_SECONDS = 2.0
_THREADS = 32
# Calls at a time to one webhook, and to all of one owner, so that slow receivers hold up nobody else.
_MOST_OF_WEBHOOK, _MOST_OF_OWNER = 4, 8
_PATIENCE_SECONDS = 1.0  # for one of them to end
_REASONS = {301: "redirects are not followed", 302: "redirects are not followed", 410: "the receiver is gone"}


class HttpReceivers:
    """Calls receivers, each call bounded in time, with threads of its own."""

    def __init__(self, bounds: Bounds, origin: str) -> None:
        self._bounds = bounds
        self._origin = origin
        self._door = Door("Receivers of webhooks", _THREADS)
        self._places: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    async def check(self, url: str) -> None:
        """Look where a URL leads.

        Raises:
            WebhookRefused: says why no event would be sent there.
        """
        place = read_url(url, self._bounds)
        line = _Line(time.monotonic() + _seconds())
        try:
            await self._door.once(lambda: self._addresses(place), _seconds(), line.cut)
        except TimeoutError as error:
            raise WebhookRefused(f"{place.host} could not be looked up in time") from error

    async def ask(self, webhook: Webhook) -> Said:
        """Ask a receiver whether it wants our events; it does where `allowed_origin` comes back.

        Raises:
            ReceiverBusy: too many calls to this webhook are under way.
        """
        said = await self._call(webhook, "OPTIONS", None, {"WebHook-Request-Origin": self._origin})
        if not said.accepted:
            return said
        if (said.allowed_origin or "").strip().lower() in ("*", self._origin.lower()):
            return said
        missing = f"the answer to OPTIONS has no WebHook-Allowed-Origin: {self._origin}"
        return Said(said.status, missing)

    async def tell(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Said:
        """Send a receiver an event.

        Raises:
            ReceiverBusy: too many calls to this webhook are under way.
        """
        return await self._call(webhook, "POST", body, {**headers, "Content-Type": EVENT})

    async def _call(self, webhook: Webhook, method: str, body: bytes | None, headers: Mapping[str, str]) -> Said:
        places = [await self._place(webhook.id, _MOST_OF_WEBHOOK)]
        try:
            places.append(await self._place(webhook.owner, _MOST_OF_OWNER))
        except ReceiverBusy:
            places[0].release()
            raise
        seconds = _seconds()
        line = _Line(time.monotonic() + seconds)
        # The places are free when the thread is, not when we stop waiting.
        work = self._door.start(lambda: self._exchange(webhook.url, method, body, headers, line))
        work.add_done_callback(lambda _: _free(places))
        try:
            with telemetry.span(f"HttpReceivers.{method}", "CLIENT", peer_service=self._door.part):
                return await self._door.ended(work, seconds, line.cut)
        except TimeoutError as error:
            if not line.began:
                raise ReceiverBusy from error
            return Said(None, f"no answer within {seconds:.1f} s")

    async def _place(self, of: str, most: int) -> asyncio.Semaphore:
        places = self._places.setdefault(of, asyncio.Semaphore(most))
        try:
            await asyncio.wait_for(places.acquire(), _PATIENCE_SECONDS)
        except TimeoutError as error:
            raise ReceiverBusy from error
        return places

    def _exchange(self, url: str, method: str, body: bytes | None, headers: Mapping[str, str], line: _Line) -> Said:
        from urllib3.exceptions import HTTPError

        try:
            line.begin()
            place = read_url(url, self._bounds)
            connection = line.connection(place, self._addresses(place), self._tls)
            with contextlib.closing(connection):
                sent = {**headers, "User-Agent": "quantum-jobs", "Host": place.authority, "Connection": "close"}
                connection.request(method, place.target, body=body, headers=sent, preload_content=False)
                return _said(connection.getresponse())
        except WebhookRefused as refused:
            return Said(None, refused.reason)
        except (OSError, HTTPError, http.client.HTTPException, ValueError) as error:
            log.info("no answer of a receiver: %s", error)
            return Said(None, _reason(error))
        finally:
            line.close()

    def _addresses(self, place: Place) -> list[Any]:
        """Look a name up; give what may be connected to.

        Raises:
            WebhookRefused: it has no address, or one that is not allowed.
        """
        try:
            found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise WebhookRefused(f"{place.host} has no address") from error
        checked([str(address[0]).partition("%")[0] for *_, address in found], place.host, self._bounds)
        return found

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def close(self) -> None:
        """Let the threads end with their calls."""
        self._door.close()


def _free(places: Sequence[asyncio.Semaphore]) -> None:
    for place in places:
        place.release()


class _Line:
    """One call's connection, which another thread can cut when its time is up, wherever it hangs."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._socket: socket.socket | None = None
        self._is_cut = False
        self._lock = threading.Lock()
        self.began = False

    def begin(self) -> None:
        """Note that a thread was free.

        Raises:
            TimeoutError: too late, nobody waits any more.
        """
        with self._lock:
            if self._is_cut:
                raise TimeoutError("cut")
            self.began = True

    def connection(self, place: Place, found: list[Any], tls: ssl.SSLContext) -> Any:
        from urllib3.connection import HTTPSConnection

        line = self

        class Pinned(HTTPSConnection):
            """Connects to an address that was checked; the name is for TLS and the Host header alone."""

            def _new_conn(self) -> socket.socket:
                return line.opened(found)

        return Pinned(place.host, place.port, timeout=_DELIVERY_SECONDS, ssl_context=tls)

    def opened(self, found: list[Any]) -> socket.socket:
        """Connect to the first address that answers.

        Raises:
            OSError: none does, or the time is up.
        """
        failure: OSError = TimeoutError("no address")
        for family, kind, protocol, _, address in found:
            connected = socket.socket(family, kind, protocol)
            try:
                connected.settimeout(max(min(_CONNECT_SECONDS, self._ends - time.monotonic()), 0.001))
                connected.connect(address)
                self._take(connected)
            except OSError as error:
                connected.close()
                failure = error
            else:
                connected.settimeout(_DELIVERY_SECONDS)
                return connected
        raise failure

    def _take(self, connected: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                raise TimeoutError("cut")
            self._socket = connected.dup()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


def _said(response: HTTPResponse) -> Said:
    headers = response.headers
    status = response.status
    reason = _REASONS.get(status) or ("redirects are not followed" if 300 <= status < 400 else f"answered {status}")
    return Said(status, reason, _retry_after(headers.get("Retry-After")), headers.get("WebHook-Allowed-Origin"))


def _retry_after(text: str | None) -> float | None:
    """Read seconds, or a moment (RFC 9110, 10.2.3); None where it is neither."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _reason(error: Exception) -> str:
    """Say what went wrong without what a caller need not know of our network."""
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "TLS: no connection"
        if isinstance(cause, TimeoutError):
            return "no connection in time"
    return "no connection" if isinstance(error, OSError) else "no answer in HTTP"


def _seconds() -> float:
    left = seconds_left()
    return _DELIVERY_SECONDS if left is None else min(left, _CALLER_SECONDS)
