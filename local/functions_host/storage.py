"""Storage queues as the host reaches them: which connection a setting names, and one queue behind async calls."""

import asyncio
import base64
import contextlib
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from local.functions_host.errors import HostError, SettingsError

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient, QueueMessage

_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_AZURITE = (  # what UseDevelopmentStorage=true stands for; the key is published and the same everywhere
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


class NoSuchQueue(HostError):
    """The queue does not exist."""


class Undecodable(HostError):
    """A message is not in the encoding that host.json states."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a storage account's queues: by a connection string, or by URL with a managed identity."""

    connection_string: str = ""
    queue_url: str = ""
    client_id: str = ""


def connection(name: str, environment: Mapping[str, str], where: str) -> Connection:
    """Resolve the connection that a binding names: `AzureWebJobs<name>` before `<name>`, as the host does.

    Raises:
        SettingsError: no such setting, or a form that this host does not take.
    """
    name = name or "AzureWebJobsStorage"
    for candidate in (f"AzureWebJobs{name}", name):
        if environment.get(candidate):
            text = environment[candidate]
            return Connection(_AZURITE if re.match("UseDevelopmentStorage=true", text, re.IGNORECASE) else text)
        section = {
            key[len(candidate) + 2 :]: value for key, value in environment.items() if key.startswith(f"{candidate}__")
        }
        if section:
            return _from_identity(candidate, {key.lower(): value for key, value in section.items()}, where)
    raise SettingsError(
        f"{where}: there is no setting {name!r}; set it to a connection string, or {name}__accountName with "
        f"{name}__credential=managedidentity."
    )


def _from_identity(name: str, section: Mapping[str, str], where: str) -> Connection:
    if section.get("credential", "").lower() != "managedidentity":
        raise SettingsError(
            f'{where}: {name}__credential must be "managedidentity"; other identities are not built here.'
        )
    url = section.get("queueserviceuri") or section.get("serviceuri")
    if not url and not section.get("accountname"):
        raise SettingsError(f"{where}: {name} needs {name}__accountName or {name}__queueServiceUri.")
    return Connection(
        queue_url=url or f"https://{section['accountname']}.queue.core.windows.net",
        client_id=section.get("clientid", ""),
    )


def queue_name(text: str, where: str) -> str:
    """Return the name in lower case, as the host uses it.

    Raises:
        SettingsError: no queue can have this name.
    """
    name = text.lower()
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{where}: {text!r} is no queue name (3 to 63 letters, digits and single hyphens).")
    return name


class StorageQueue:
    """One queue; each call runs in a thread of the executor. Texts are encoded as host.json states."""

    def __init__(
        self, name: str, connection: Connection, encoding: Literal["base64", "none"], executor: Executor
    ) -> None:
        self.name = name
        self._connection = connection
        self._encoding = encoding
        self._executor = executor

    async def receive(self, count: int, hidden_seconds: float) -> "list[QueueMessage]":
        """Take up to `count` messages and hide them.

        Raises:
            NoSuchQueue: the queue does not exist.
        """
        from azure.core.exceptions import ResourceNotFoundError

        def receive() -> "list[QueueMessage]":
            pages = self._client.receive_messages(
                messages_per_page=count, max_messages=count, visibility_timeout=max(1, round(hidden_seconds))
            )
            return list(pages)

        try:
            return await self._call(receive)
        except ResourceNotFoundError:
            raise NoSuchQueue(self.name) from None

    async def send(self, body: bytes) -> None:
        """Append a message; a queue that does not exist is created."""
        await self.send_raw(self.encoded(body))

    async def send_raw(self, content: str) -> None:
        """Append a message as it is in the store; a queue that does not exist is created."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        def send() -> None:
            try:
                self._client.send_message(content)
            except ResourceNotFoundError:
                with contextlib.suppress(ResourceExistsError):  # someone was faster
                    self._client.create_queue()
                self._client.send_message(content)

        await self._call(send)

    async def delete(self, message_id: str, receipt: str) -> None:
        """Remove a message; one that is gone or taken by another is left alone."""
        from azure.core.exceptions import ResourceNotFoundError

        def delete() -> None:
            with contextlib.suppress(ResourceNotFoundError):
                self._client.delete_message(message_id, pop_receipt=receipt)

        await self._call(delete)

    async def hide(self, message_id: str, receipt: str, seconds: float) -> str:
        """Set for how long a message stays hidden from now on; returns its new receipt."""
        update = self._client_update(message_id, receipt, seconds)
        return str(await self._call(update))

    def encoded(self, body: bytes) -> str:
        """The content that stands for a body in the store."""
        return base64.b64encode(body).decode() if self._encoding == "base64" else body.decode()

    def decoded(self, content: str) -> bytes:
        """The body that a content stands for.

        Raises:
            Undecodable: it is not base64 although host.json says so.
        """
        if self._encoding == "none":
            return content.encode()
        try:
            return base64.b64decode(content, validate=True)
        except ValueError:
            raise Undecodable(
                f"a message of queue {self.name} is not base64, which host.json messageEncoding asks for."
            ) from None

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self._client.close()

    def _client_update(self, message_id: str, receipt: str, seconds: float) -> Callable[[], str | None]:
        return lambda: (
            self._client.update_message(message_id, pop_receipt=receipt, visibility_timeout=round(seconds)).pop_receipt
        )

    async def _call[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    @cached_property
    def _client(self) -> "QueueClient":
        from azure.storage.queue import LinearRetry, QueueClient

        # The package's own retries wait 15 s and more, which would hold up a stop; the listener polls again anyway.
        retries = LinearRetry(backoff=1, retry_total=2, random_jitter_range=0)
        options: dict[str, Any] = {"queue_name": self.name, "retry_policy": retries}
        if self._connection.connection_string:
            return QueueClient.from_connection_string(self._connection.connection_string, **options)
        from azure.identity import ManagedIdentityCredential

        identity = ManagedIdentityCredential(client_id=self._connection.client_id or None)
        return QueueClient(self._connection.queue_url, credential=identity, **options)
