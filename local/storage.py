"""The storage door: terminates TLS for the storage names, checks tokens, counts, and hands on to Azurite.

Faults that were asked for happen here, to the bytes.
"""

import asyncio
import logging
import socket
from collections.abc import Coroutine, Mapping
from typing import cast

from local.azurite import StorageAccount
from local.certificates import Certificates
from local.faults import Fault, Faults
from local.issuer import Issuer
from local.names import STORAGE_HOSTS, STORAGE_SERVICES, StorageService
from local.request_stream import Head, Malformed, RequestStream
from local.storage_doorway import Batch, Doorway, audiences_of
from local.storage_errors import refusal
from local.storage_faults import cut, injected, with_date_off
from local.storage_kinds import kind
from local.wire import Counter

logger = logging.getLogger(__name__)
# Entity group transactions: 100 operations, 4 MiB.
LARGEST_BATCH_BYTES = 4 * 1024 * 1024


class StorageDoor:
    """One TLS listener per storage service, on loopback."""

    def __init__(
        self,
        account: StorageAccount,
        certificates: Certificates,
        issuer: Issuer,
        counter: Counter,
        faults: Faults | None = None,
    ) -> None:
        trust, wire = certificates.client_context(), faults or Faults()
        self._tls = certificates.server_context()
        self._doorways = [
            Doorway(service, STORAGE_HOSTS[service], account, trust, issuer, counter, audiences_of(service), wire)
            for service in STORAGE_SERVICES
        ]
        self._servers: list[asyncio.Server] = []
        self._visitors: set[_Visitor] = set()

    @property
    def open_connections(self) -> int:
        return len(self._visitors)

    async def start(self, listening: Mapping[StorageService, socket.socket]) -> None:
        """Accept connections on sockets that listen already, one per service."""
        loop = asyncio.get_running_loop()
        for doorway in self._doorways:

            def visitor(doorway: Doorway = doorway) -> _Visitor:
                return _Visitor(doorway, self._visitors)

            server = await loop.create_server(visitor, sock=listening[doorway.service], ssl=self._tls)
            self._servers.append(server)

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for visitor in list(self._visitors):
            visitor.abort()
        for server in self._servers:
            await server.wait_closed()


class _Visitor(asyncio.Protocol):
    """A client's connection: its requests are read, checked and sent on; the answers come back unread.

    One request at a time, as storage SDKs do: a client that sends the next one before any answer is cut off, for an
    answer from here would overtake the one that is due from Azurite.
    """

    def __init__(self, doorway: Doorway, visitors: "set[_Visitor]") -> None:
        self._doorway, self._visitors = doorway, visitors
        self._requests = RequestStream(self)
        self._client: asyncio.Transport | None = None
        self._storage: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._outgoing: list[bytes] = []
        self._batch: Batch | None = None
        self._refused = False
        self._answer_due = False
        self._held = False  # what came from the client waits here
        self._fault: Fault | None = None  # what will happen to the answer
        self._late: list[bytes] = []  # an answer that is held back
        self._waiting: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast("asyncio.Transport", transport)
        self._visitors.add(self)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        doorway, loop = self._doorway, asyncio.get_running_loop()
        port = doorway.account.ports[doorway.service]
        try:
            storage, _ = await loop.create_connection(
                lambda: _Storage(self), "127.0.0.1", port, ssl=doorway.trust, server_hostname=doorway.host
            )
        except OSError as error:
            logger.warning("%s: Azurite does not answer: %s", doorway.host, error)
            self._refuse(refusal(doorway.service, 503, "ServerBusy", f"Azurite does not answer: {error}."))
            self.close()
            return
        if self._client is None:
            storage.abort()
            return
        self._storage = storage
        self._send()
        self._client.resume_reading()

    def data_received(self, data: bytes) -> None:
        try:
            self._requests.feed(data)
        except Malformed as error:
            self._refuse(refusal(self._doorway.service, 400, "InvalidInput", str(error)))
            self.close()
            return
        self._send()
        if self._storage is None and self._client and not self._client.is_closing():
            self._client.pause_reading()

    def _send(self) -> None:
        if self._storage and self._outgoing and not self._held:
            # One write, one packet: small writes wait for each other's acknowledgement.
            self._storage.write(b"".join(self._outgoing))
            self._outgoing.clear()

    def head(self, head: Head) -> None:
        doorway = self._doorway
        doorway.counter.add(doorway.service, kind(doorway.service, head.method.decode(), head.target.decode("latin-1")))
        if self._answer_due:
            self.abort()
        elif answer := doorway.check(head):
            self._refuse(answer)
        elif not self._let_through(head):
            return
        elif doorway.is_batch(head):
            self._batch = Batch(head)
            self._ask_for_body(head)
        else:
            self._outgoing.append(head.encode())
            self._answer_due = True

    def _let_through(self, head: Head) -> bool:
        """Let a fault happen before the request has an effect, or keep it for the answer."""
        target = head.target.decode("latin-1")
        fault = self._doorway.faults.of(self._doorway.service, head.method.decode(), target)
        self._fault = fault if fault and fault.after else None
        if fault is None or fault.after:
            return True
        if fault.do in ("status", "garble"):
            self._refuse(injected(self._doorway.service, fault))
            return False
        if fault.do == "reset":
            self.abort()
            return False
        self._held = True
        self._wait(self._release(fault))
        return True

    async def _release(self, fault: Fault) -> None:
        if fault.do == "hang":
            await self._doorway.faults.ended()
            self.abort()
        else:
            await asyncio.sleep(fault.seconds or 0)
            self._held = False
            self._send()

    def _wait(self, waiting: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(waiting)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _ask_for_body(self, head: Head) -> None:
        if (head.get(b"expect") or b"").lower() == b"100-continue" and self._client:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def body(self, content: bytes, framed: bytes) -> None:
        if self._refused:
            return
        if self._batch is None:
            self._outgoing.append(framed)
        elif len(self._batch.content) + len(content) > LARGEST_BATCH_BYTES:
            text = f"A batch may have {LARGEST_BATCH_BYTES} bytes."
            self._refuse(refusal(self._doorway.service, 413, "RequestBodyTooLarge", text))
        else:
            self._batch.content += content

    def end(self, framed: bytes) -> None:
        if self._refused:
            self.close()
        elif self._batch:
            self._outgoing.append(self._batch.encode(self._doorway))
            self._batch, self._answer_due = None, True
        elif framed:
            self._outgoing.append(framed)

    def _refuse(self, answer: bytes) -> None:
        """Answer and close, after the rest of the request: closing before it would reset the connection."""
        if self._client and not self._refused:
            self._client.write(answer)
        self._refused = True
        self._batch = None

    def answer(self, data: bytes) -> None:
        """Pass on what came from Azurite, or let happen to it what was asked for."""
        self._answer_due = False
        if self._fault is None or data.startswith(b"HTTP/1.1 100 "):
            self._write(data)
        elif self._fault.do == "skew":
            self._write(with_date_off(data, self._fault.seconds or 0))
        else:
            self._hold_back(self._fault, data)

    def _write(self, data: bytes) -> None:
        if self._client and not self._refused:
            self._client.write(data)

    def _hold_back(self, fault: Fault, data: bytes) -> None:
        """Take the pieces of an answer; with the first of them the request has had its effect."""
        self._late.append(data)
        if len(self._late) > 1:
            return
        if fault.do in ("status", "garble"):
            self._refuse(injected(self._doorway.service, fault))
            self.close()
        elif fault.do == "truncate":
            self._write(cut(data))
            self.close()
        elif fault.do == "reset":
            self.abort()
        else:
            self._wait(self._late_answer(fault))

    async def _late_answer(self, fault: Fault) -> None:
        if fault.do == "hang":
            await self._doorway.faults.ended()
            self.abort()
        else:
            await asyncio.sleep(fault.seconds or 0)
            self._fault = None
            self._write(b"".join(self._late))
            self._late.clear()

    def pause_writing(self) -> None:
        if self._storage:
            self._storage.pause_reading()

    def resume_writing(self) -> None:
        if self._storage:
            self._storage.resume_reading()

    def hold(self, *, still: bool) -> None:
        """Stop or go on reading from the client, as fast as Azurite takes it."""
        if self._client and not self._client.is_closing():
            self._client.pause_reading() if still else self._client.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._visitors.discard(self)
        self._client = None
        if self._connecting:
            self._connecting.cancel()
        for task in self._waiting:
            task.cancel()
        if self._storage:
            self._storage.abort()
            self._storage = None

    def close(self) -> None:
        """Close after everything written has gone."""
        if self._client:
            self._client.close()

    def abort(self) -> None:
        if self._client:
            self._client.abort()


class _Storage(asyncio.Protocol):
    """The connection to Azurite that belongs to one visitor."""

    def __init__(self, visitor: _Visitor) -> None:
        self._visitor = visitor

    def data_received(self, data: bytes) -> None:
        self._visitor.answer(data)

    def pause_writing(self) -> None:
        self._visitor.hold(still=True)

    def resume_writing(self) -> None:
        self._visitor.hold(still=False)

    def connection_lost(self, error: Exception | None) -> None:
        self._visitor.close()
