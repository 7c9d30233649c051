"""The shepherds' queue: one message per unfinished job."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.models import ShepherdMessage

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.queue import QueueClient

QUEUE = "shepherd"


class JobQueue:
    """A Storage queue; the Functions host reads it as a trigger."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._door = Door("The queue")

    async def send(self, message: ShepherdMessage, delay_seconds: int) -> None:
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
            self._url, QUEUE, self._credential, message_encode_policy=encoding, transport=transport(), **PATIENCE
        )

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()


def read_message(body: bytes) -> ShepherdMessage:
    """Read a message that `JobQueue.send` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        return ShepherdMessage(**json.loads(body))
    except TypeError as error:
        raise ValueError(f"not a shepherd's message: {error}") from error
