"""All rows, blobs and messages of the service, page by page, and single repairs: for the operator's doctor alone.

No request comes here: operations read by owner and id (`table_storage`, `blob_storage`, `job_queue`). Programs and
results are never read, only that they are there.
"""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs import rows, webhook_rows
from quantum_jobs.blob_storage import attempt_container
from quantum_jobs.border import OPERATORS_PATIENCE, answering
from quantum_jobs.budgets import Account
from quantum_jobs.clock import parse_timestamp
from quantum_jobs.connections import transport
from quantum_jobs.job_ids import is_job_id
from quantum_jobs.job_queue import QUEUE, read_message
from quantum_jobs.models import Job
from quantum_jobs.tables import TABLE
from quantum_jobs.webhooks import Trouble, Webhook

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueClient

POISON = f"{QUEUE}-poison"
_NOT_OWNERS = frozenset({rows.POINTERS, rows.WAITS, "health"})
_PEEKED = 32  # the most that a queue shows at once
_PROPERTIES = ["PartitionKey", "RowKey", "Timestamp", "JobId", "Format", "Document"]  # not Source: no program leaves


@dataclass(frozen=True)
class Record:
    """A job's record and when it was last written."""

    job: Job
    written_at: datetime


@dataclass(frozen=True)
class Key:
    """An Idempotency-Key's row: the job it made, and whether what was submitted has been erased."""

    name: str
    job_id: str
    erased: bool
    written_at: datetime


@dataclass
class Partition:
    """What the table holds of one owner; `cut` where the bound on records was reached in it."""

    owner: str
    records: dict[str, Record] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    cut: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything is known: otherwise nothing may be taken for nobody's."""
        return not self.cut and not self.unreadable

    def add(self, row: Any) -> None:
        """Take in a row; those of reuse, uploads and allowances tell nothing about a job's health."""
        try:
            self._add(row, row["RowKey"])
        except (ValueError, KeyError, TypeError):
            self.unreadable.append(row["RowKey"])

    def _add(self, row: Any, name: str) -> None:
        written_at = row.metadata["timestamp"]
        if name.startswith("job_"):
            self.records[name] = Record(rows.job_of(row), written_at)
        elif name.startswith("key:"):
            self.keys.append(Key(name, row["JobId"], row.get("Format") is None, written_at))
        elif name.startswith("usage:") and name != rows.ALLOWANCE_ROW:
            account = rows.account_of(row, str(row.metadata["etag"]))
            self.accounts[account.month] = account
        elif name.startswith(webhook_rows.WEBHOOKS):
            webhook = webhook_rows.webhook_of(row)
            self.webhooks[webhook.id] = webhook
        elif name.startswith(webhook_rows.DELIVERIES):
            self.troubles.append(webhook_rows.trouble_of(row))


@dataclass(frozen=True)
class Waiting:
    """A queue: how many messages it holds, hidden ones too, and those at its head that can be seen, as sent."""

    count: int
    visible: tuple[Mapping[str, Any], ...]


class Inventory:
    """Table, blobs and queues of one storage account; every reading is an iterator over the service's own pages."""

    def __init__(self, table_url: str, blob_url: str, queue_url: str, credential: TokenCredential) -> None:
        self._urls = {"table": table_url, "blob": blob_url, "queue": queue_url}
        self._credential = credential
        self._queues: dict[str, QueueClient] = {}

    def partitions(self, owner: str | None, most_records: int) -> Iterator[Partition]:
        """Give one owner's rows, or everybody's owner after owner, until so many records were read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        current: Partition | None = None
        left = most_records
        for row in self._rows(owner):
            if current is None or current.owner != row["PartitionKey"]:
                if current is not None:
                    yield current
                current = Partition(row["PartitionKey"])
            left -= row["RowKey"].startswith("job_")
            if left < 0:
                current.cut = True
                break
            current.add(row)
        if current is not None:
            yield current

    def records(self, owner: str) -> Iterator[Record]:
        """Give an owner's records as they are now.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        for partition in self.partitions(owner, sys.maxsize):
            yield from partition.records.values()

    def _rows(self, owner: str | None) -> Iterator[Any]:
        text = "PartitionKey eq @owner" if owner else " and ".join(f"PartitionKey ne '{name}'" for name in _NOT_OWNERS)
        for row in self._query(text, owner, _PROPERTIES):
            if row["PartitionKey"] not in _NOT_OWNERS:
                yield row

    def pointers(self, owner: str | None) -> dict[str, str]:
        """Give whose each job is by the pointers, job id to owner.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        text = f"PartitionKey eq '{rows.POINTERS}'" + (" and Owner eq @owner" if owner else "")
        return {row["RowKey"]: row["Owner"] for row in self._query(text, owner, ["RowKey", "Owner"])}

    def _query(self, text: str, owner: str | None, properties: list[str]) -> Iterator[Any]:
        from azure.core.exceptions import ResourceNotFoundError

        values = {"owner": owner} if owner else {}
        with answering("The job table"), contextlib.suppress(ResourceNotFoundError):  # no job was ever made
            yield from self._table.query_entities(text, parameters=values, select=properties, results_per_page=1000)

    def containers(self) -> dict[str, datetime]:
        """Give the service's own containers of attempts, by the attempt's id, with the moment of the last change.

        Others may share the account: the Azure Quantum SDK names its containers alike. Ours have ids of version 5
        (`job_ids.provider_job_id`), the SDK's are of version 1.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        with answering("The blob store"):
            listed = self._blobs.list_containers(name_starts_with=attempt_container(""))
            found = {str(item.name).removeprefix(attempt_container("")): item.last_modified for item in listed}
        return {name: changed for name, changed in found.items() if _ours(name)}

    def owners_of_blobs(self, container: str) -> set[str]:
        """Give the owners that have blobs in `results`, `programs` or `uploads`.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with answering("The blob store"), contextlib.suppress(ResourceNotFoundError):
            listed = self._blobs.get_container_client(container).walk_blobs(delimiter="/")
            return {str(item.name).rstrip("/") for item in listed if str(item.name).endswith("/")}
        return set()

    def blobs(self, container: str, owner: str) -> dict[str, datetime]:
        """Give an owner's blobs, name (without the owner) to the moment of the last change.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with answering("The blob store"), contextlib.suppress(ResourceNotFoundError):
            listed = self._blobs.get_container_client(container).list_blobs(name_starts_with=f"{owner}/")
            return {str(item.name).partition("/")[2]: item.last_modified for item in listed}
        return {}

    def waiting(self, queue: str = QUEUE) -> Waiting:
        """Look at a queue without taking anything from it.

        Raises:
            ServiceUnavailable: the queue does not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with answering("The queue"), contextlib.suppress(ResourceNotFoundError):  # made at its first message
            client = self._queue(queue)
            seen = tuple(_sent(message.content) for message in client.peek_messages(_PEEKED))
            return Waiting(client.get_queue_properties().approximate_message_count or 0, seen)
        return Waiting(0, ())

    def take_poison(self) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Take the poison messages, each with what `drop_poison` needs; one that is not dropped is back in a minute.

        Raises:
            ServiceUnavailable: the queue does not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with answering("The queue"), contextlib.suppress(ResourceNotFoundError):
            for message in self._queue(POISON).receive_messages(messages_per_page=1, visibility_timeout=60):
                yield _sent(message.content), message

    def drop_poison(self, message: Any) -> None:
        """Remove a poison message that was taken.

        Raises:
            ServiceUnavailable: the queue does not answer.
        """
        with answering("The queue"):
            self._queue(POISON).delete_message(message)

    def drop_blob(self, container: str, name: str) -> None:
        """Erase a blob; it may be gone already.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with answering("The blob store"), contextlib.suppress(ResourceNotFoundError):
            self._blobs.get_blob_client(container, name).delete_blob()

    def drop_row(self, partition: str, name: str) -> None:
        """Delete a row; it may be gone already.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        with answering("The job table"):
            self._table.delete_entity(partition, name)

    def drop_pointer(self, job_id: str) -> None:
        """Delete a pointer to a job; it may be gone already.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        self.drop_row(rows.POINTERS, job_id)

    def put_account(self, owner: str, account: Account) -> bool:
        """Write an account if nobody has since it was read (without a tag: if there is none); tells whether it was.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
        from azure.data.tables import UpdateMode

        row = rows.account_row(owner, account)
        condition: Any = {"etag": account.etag, "match_condition": MatchConditions.IfNotModified}
        with answering("The job table"), contextlib.suppress(ResourceExistsError, ResourceModifiedError):
            if account.etag is None:
                self._table.create_entity(row)
            else:
                self._table.update_entity(row, mode=UpdateMode.REPLACE, **condition)
            return True
        return False

    @cached_property
    def _table(self) -> TableClient:
        from azure.data.tables import TableClient

        return TableClient(
            self._urls["table"], TABLE, credential=self._credential, transport=transport(), **OPERATORS_PATIENCE
        )

    @cached_property
    def _blobs(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(self._urls["blob"], self._credential, transport=transport(), **OPERATORS_PATIENCE)

    def _queue(self, name: str) -> QueueClient:
        if name not in self._queues:
            self._queues[name] = self._queue_client(name)
        return self._queues[name]

    def _queue_client(self, name: str) -> QueueClient:
        from azure.storage.queue import QueueClient, TextBase64DecodePolicy

        decoding = TextBase64DecodePolicy()
        return QueueClient(
            self._urls["queue"],
            name,
            self._credential,
            message_decode_policy=decoding,
            transport=transport(),
            **OPERATORS_PATIENCE,
        )

    def close(self) -> None:
        """Close the connections."""
        self._table.close()
        self._blobs.close()
        for queue in self._queues.values():
            queue.close()


def _sent(content: str) -> Mapping[str, Any]:
    """Read what a message says; nothing where it is not a shepherd's: it is shown to people, so nothing else passes."""
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        message = read_message(content.encode())
        parse_timestamp(message.sent_at)
        if is_job_id(message.job_id) and message.owner.isalnum():
            return asdict(message)
    return {}


def _ours(attempt: str) -> bool:
    try:
        return uuid.UUID(attempt).version == 5
    except ValueError:
        return False
