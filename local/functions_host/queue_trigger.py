"""Queue triggers: poll, hide, run, then delete, release or move to the poison queue, as the Storage extension does."""

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Coroutine, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from local.functions_host.functions import Function
from local.functions_host.invoker import Call, Invoker
from local.functions_host.logs import LOGGER
from local.functions_host.protos import TypedData
from local.functions_host.settings import QueueSettings
from local.functions_host.storage import NoSuchQueue, StorageQueue, Undecodable
from local.functions_host.worker import Outcome

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage

LEASE_SECONDS = 600.0
_FIRST_DELAY = 0.1
_BINARY = "binary"


class QueueListener:
    """Feeds one function from one queue.

    A queue that does not exist is waited for (the extension does not create it); the poison queue is created on demand.
    """

    def __init__(
        self,
        function: Function,
        queue: StorageQueue,
        poison: StorageQueue,
        settings: QueueSettings,
        invoker: Invoker,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._settings = settings
        self._invoker = invoker
        self._lease_seconds = lease_seconds
        self._processing: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._trouble = ""

    def wake(self) -> None:
        """Poll now: something was put into the queue by this host."""
        self._wake.set()

    async def run(self) -> None:
        """Poll for ever; cancel it to stop taking messages. What runs already runs on."""
        delays = backoff(self._settings.max_polling_interval)
        while True:
            while len(self._processing) > self._settings.new_batch_threshold:
                await asyncio.wait(self._processing, return_when=asyncio.FIRST_COMPLETED)
            messages = await self._poll()
            for message in messages:
                self._track(self._process(message))
            if messages:
                delays = backoff(self._settings.max_polling_interval)
            else:
                await self._pause(next(delays))

    async def finished(self) -> None:
        """Wait until every message that was taken is dealt with."""
        if self._processing:
            await asyncio.wait(self._processing)

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _poll(self) -> "list[QueueMessage]":
        trouble = ""
        messages: list[QueueMessage] = []
        # A cancelled poll may have taken messages already: it is carried through, and what it took is given back.
        receiving = asyncio.ensure_future(self._queue.receive(self._settings.batch_size, self._lease_seconds))
        try:
            messages = await asyncio.shield(receiving)
        except asyncio.CancelledError:
            self._track(self._give_back(receiving))
            raise
        except NoSuchQueue:
            trouble = f"queue {self._queue.name} does not exist; waiting for it"
        except Exception as error:  # an outage of the store must not end the listener
            trouble = f"queue {self._queue.name} cannot be read: {type(error).__name__}: {str(error).splitlines()[0]}"
        if trouble and trouble != self._trouble:
            LOGGER.warning("%s: %s", self._function.name, trouble)
        self._trouble = trouble
        return messages

    def _track(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._processing.add(task)
        task.add_done_callback(self._processing.discard)

    async def _give_back(self, receiving: "asyncio.Future[list[QueueMessage]]") -> None:
        await asyncio.wait([receiving])
        if receiving.cancelled() or receiving.exception():
            return
        try:
            for message in receiving.result():
                await self._queue.hide(str(message.id), str(message.pop_receipt), 0)
        except Exception as error:  # what was taken becomes visible when its lease ends
            LOGGER.warning("queue %s: messages not given back: %s", self._queue.name, error)

    async def _process(self, message: "QueueMessage") -> None:
        try:
            if (message.dequeue_count or 0) > self._settings.max_dequeue_count:
                await self._bury(message, str(message.pop_receipt))
                return
            async with Lease(self._queue, message, self._lease_seconds) as lease:
                is_done = await self._run(message)
            await self._settle(message, lease.receipt, is_done=is_done)
        except Exception:  # the message becomes visible again when its lease ends
            LOGGER.exception("%s: message %s could not be settled", self._function.name, message.id)

    async def _run(self, message: "QueueMessage") -> bool:
        try:
            body = self._queue.decoded(str(message.content))
        except Undecodable as error:
            LOGGER.error("%s: %s", self._function.name, error)
            return False
        reason = f"message {message.id} of {self._queue.name}, dequeued {message.dequeue_count} time(s)"
        outcome = await run_message(self._invoker, self._function, body, reason, dict(_metadata(message)))
        return not outcome.error

    async def _settle(self, message: "QueueMessage", receipt: str, *, is_done: bool) -> None:
        if is_done:
            await self._queue.delete(str(message.id), receipt)
        elif (message.dequeue_count or 0) >= self._settings.max_dequeue_count:
            await self._bury(message, receipt)
        else:
            await self._queue.hide(str(message.id), receipt, self._settings.visibility_timeout)
            self.wake()

    async def _bury(self, message: "QueueMessage", receipt: str) -> None:
        LOGGER.warning(
            "%s: message %s failed %d time(s) and moves to %s",
            self._function.name,
            message.id,
            self._settings.max_dequeue_count,
            self._poison.name,
        )
        await self._poison.send_raw(str(message.content))
        await self._queue.delete(str(message.id), receipt)


class Lease:
    """Keeps a message hidden while it is worked on; renewed when half of the time is over."""

    def __init__(self, queue: StorageQueue, message: "QueueMessage", seconds: float) -> None:
        self._queue = queue
        self._id = str(message.id)
        self._seconds = seconds
        self.receipt = str(message.pop_receipt)

    async def __aenter__(self) -> Self:
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._renewing

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 2)
            renewal = asyncio.ensure_future(self._renew_once())
            try:
                await asyncio.shield(renewal)
            except asyncio.CancelledError:
                await renewal  # its receipt is the one that counts
                raise

    async def _renew_once(self) -> None:
        try:
            self.receipt = await self._queue.hide(self._id, self.receipt, self._seconds)
        except Exception as error:  # the function runs on; at worst the message is delivered twice
            LOGGER.warning("message %s of %s: lease not renewed: %s", self._id, self._queue.name, error)


async def run_message(
    invoker: Invoker, function: Function, body: bytes, reason: str, metadata: dict[str, TypedData]
) -> Outcome:
    """Run a queue function on one message body."""
    is_binary = str(function.trigger.properties.get("dataType") or "").lower() == _BINARY
    data = TypedData(bytes=body) if is_binary else TypedData(string=body.decode(errors="replace"))
    metadata["QueueTrigger"] = TypedData(string=body.decode(errors="replace"))
    return await invoker.run(function, Call(data=data, reason=reason, metadata=metadata))


async def run_text(invoker: Invoker, function: Function, text: str) -> Outcome:
    """Run a queue function by hand: the message never was in a queue."""
    now = _json(datetime.now(UTC).isoformat())
    metadata = {
        "Id": TypedData(string=str(uuid.uuid4())),
        "PopReceipt": TypedData(string=""),
        "DequeueCount": _json(0),
        "InsertionTime": now,
        "ExpirationTime": now,
        "NextVisibleTime": now,
    }
    return await run_message(invoker, function, text.encode(), "by hand", metadata)


def backoff(longest: float) -> Iterator[float]:
    """Delays between empty polls in seconds: 0.1 at first, about doubling, at most `longest`."""
    yield min(_FIRST_DELAY, longest)
    count = 0
    while True:
        count = min(count + 1, 20)
        yield min(longest, _FIRST_DELAY * (1 + (2**count - 1) * random.uniform(0.8, 1.2)))


def message_bodies(value: TypedData) -> list[bytes]:
    """The messages that an output value stands for: an array is many, everything else is one."""
    if value.bytes is not None:
        return [value.bytes]
    if value.json is None:
        return [(value.string or "").encode()]
    document = json.loads(value.json)
    return [_text(item).encode() for item in (document if isinstance(document, list) else [document])]


def _text(item: object) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def _metadata(message: "QueueMessage") -> Iterable[tuple[str, TypedData]]:
    yield "Id", TypedData(string=str(message.id))
    yield "PopReceipt", TypedData(string=str(message.pop_receipt))
    yield "DequeueCount", _json(message.dequeue_count)
    yield "InsertionTime", _json(message.inserted_on and message.inserted_on.isoformat())
    yield "ExpirationTime", _json(message.expires_on and message.expires_on.isoformat())
    yield "NextVisibleTime", _json(message.next_visible_on and message.next_visible_on.isoformat())


def _json(value: object) -> TypedData:
    return TypedData(json=json.dumps(value))
