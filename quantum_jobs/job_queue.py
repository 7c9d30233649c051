"""The queues: one message per unfinished job for its shepherd, one per event that is on its way to a webhook."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.models import ShepherdMessage
from quantum_jobs.webhooks import Delivery

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.queue import QueueClient

QUEUE = "shepherd"
DELIVERIES = "deliveries"


class _StorageQueue[M: (ShepherdMessage, Delivery)]:
    """A Storage queue; the Functions host reads it as a trigger."""

    def __init__(self, url: str, name: str, part: str, credential: TokenCredential) -> None:
        self._url = url
        self._name = name
        self._credential = credential
        self._door = Door(part)

    async def send(self, message: M, delay_seconds: int) -> None:
        """Put a message that becomes visible after the delay (seconds, at most seven days).

        Raises:
            ServiceUnavailable: the queue does not answer; the message may or may not be there.
        """
        text = json.dumps(asdict(message))
        await self._door.call(lambda: self._send(text, delay_seconds))

    async def check(self) -> None:
        """Ask the queue for anything at all.

        Raises:
            ServiceUnavailable: it does not answer.
        """
        await self._door.call(self._exists)

    def _exists(self) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):  # made at the first job
            self._client.get_queue_properties()

    def _send(self, text: str, delay_seconds: int) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            self._client.send_message(text, visibility_timeout=delay_seconds, time_to_live=-1)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another instance was faster
                self._client.create_queue()
            self._client.send_message(text, visibility_timeout=delay_seconds, time_to_live=-1)

    @cached_property
    def _client(self) -> QueueClient:
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy

        from quantum_jobs.connections import transport

        # Functions' queue trigger expects base64.
        encoding = TextBase64EncodePolicy()
        return QueueClient(
            self._url, self._name, self._credential, message_encode_policy=encoding, transport=transport(), **PATIENCE
        )

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()


class JobQueue(_StorageQueue[ShepherdMessage]):
    """The shepherds' queue."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        super().__init__(url, QUEUE, "The queue", credential)


class DeliveriesQueue(_StorageQueue[Delivery]):
    """The queue of events on their way to webhooks, apart: what waits for receivers holds up no job."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        super().__init__(url, DELIVERIES, "The deliveries' queue", credential)


def read_message(body: bytes) -> ShepherdMessage:
    """Read a message that `JobQueue.send` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        return ShepherdMessage(**json.loads(body))
    except TypeError as error:
        raise ValueError(f"not a shepherd's message: {error}") from error


def read_delivery(body: bytes) -> Delivery:
    """Read a message that `DeliveriesQueue.send` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        return Delivery(**json.loads(body))
    except TypeError as error:
        raise ValueError(f"not a delivery: {error}") from error
