"""Webhooks in Table Storage, in their owner's partition beside the jobs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from quantum_jobs import webhook_rows as rows
from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.rows import Row
from quantum_jobs.tables import TABLE, in_table
from quantum_jobs.webhooks import Delivery, StoredWebhook, Trouble, Webhook

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

MOST_TROUBLES = 1000  # one page: more failed deliveries than this are neither counted nor shown


class WebhookStorage:
    """Rows of webhooks: point reads and ranges of one partition."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._door = Door("The webhook table")

    async def add(self, webhook: Webhook) -> str:
        """Write a new webhook; give its tag.

        Raises:
            ServiceUnavailable: the table does not answer; the webhook may be there.
        """
        row = rows.webhook_row(webhook)
        return await self._door.call(lambda: in_table(self._client, lambda: self._upserted(row)))

    async def of(self, owner: str) -> Sequence[StoredWebhook]:
        """Give all webhooks of an owner: one range read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        found = await self._door.call(lambda: self._range(owner, rows.WEBHOOKS))
        return [StoredWebhook(rows.webhook_of(row), row.metadata["etag"]) for row in found]

    async def get(self, owner: str, webhook_id: str) -> StoredWebhook | None:
        """Give a webhook of an owner; None when there is none.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._door.call(lambda: self._row(owner, rows.webhook_name(webhook_id)))
        return StoredWebhook(rows.webhook_of(row), row.metadata["etag"]) if row is not None else None

    async def replace(self, webhook: Webhook, etag: str) -> str | None:
        """Replace a webhook if nobody has changed it since it was read, and give its new tag; None when somebody has.

        Raises:
            ServiceUnavailable: the table does not answer; read again before deciding.
        """
        row = rows.webhook_row(webhook)
        return await self._door.call(lambda: self._replaced(row, etag))

    def _replaced(self, row: Row, etag: str) -> str | None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        options: Any = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            return str(self._client.update_entity(row, **options)["etag"])
        except (ResourceModifiedError, ResourceNotFoundError):
            return None

    async def remove(self, owner: str, webhook_id: str) -> None:
        """Delete a webhook; it may be gone already.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        await self._door.call(lambda: self._client.delete_entity(owner, rows.webhook_name(webhook_id)))

    async def keep(self, trouble: Trouble) -> None:
        """Write that a delivery has failed, over what was known of it.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = rows.trouble_row(trouble)
        await self._door.call(lambda: in_table(self._client, lambda: self._upserted(row)))

    async def trouble(self, delivery: Delivery) -> Trouble | None:
        """Give what is known of a delivery that has failed; None when it has not.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._door.call(lambda: self._row(delivery.owner, rows.delivery_name(delivery)))
        return rows.trouble_of(row) if row is not None else None

    async def troubles(self, owner: str, webhook_id: str | None) -> Sequence[Trouble]:
        """Give an owner's failed deliveries, to one webhook or to all: one range read, a thousand at most.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        prefix = rows.deliveries_of(webhook_id) if webhook_id else rows.DELIVERIES
        return [rows.trouble_of(row) for row in await self._door.call(lambda: self._range(owner, prefix))]

    async def forget(self, delivery: Delivery) -> None:
        """Delete what is known of a failed delivery; it may be gone already.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        await self._door.call(lambda: self._client.delete_entity(delivery.owner, rows.delivery_name(delivery)))

    def _upserted(self, row: Row) -> str:
        from azure.data.tables import UpdateMode

        return str(self._client.upsert_entity(row, mode=UpdateMode.REPLACE)["etag"])

    def _row(self, owner: str, name: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_entity(owner, name)
        except ResourceNotFoundError:
            return None

    def _range(self, owner: str, prefix: str) -> list[Any]:
        from azure.core.exceptions import ResourceNotFoundError

        values = {"owner": owner, "first": prefix, "last": rows.after(prefix)}
        text = "PartitionKey eq @owner and RowKey ge @first and RowKey lt @last"
        with contextlib.suppress(ResourceNotFoundError):  # no row was ever written
            return list(islice(self._client.query_entities(text, parameters=values), MOST_TROUBLES))
        return []

    @cached_property
    def _client(self) -> TableClient:
        from azure.data.tables import TableClient

        from quantum_jobs.connections import transport

        return TableClient(self._url, TABLE, credential=self._credential, transport=transport(), **PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()
