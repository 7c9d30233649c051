"""Webhooks and failed deliveries as rows of the job table, and back.

Rows of an owner's partition: `webhook:<id>`; `delivery:<webhook>:<event>` a delivery that has failed so far.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from quantum_jobs.rows import Row
from quantum_jobs.webhooks import Delivery, Trouble, Webhook

WEBHOOKS = "webhook:"
DELIVERIES = "delivery:"


@cache
def _webhooks() -> TypeAdapter[Webhook]:
    return TypeAdapter(Webhook)


@cache
def _troubles() -> TypeAdapter[Trouble]:
    return TypeAdapter(Trouble)


def webhook_row(webhook: Webhook) -> Row:
    """Write a webhook."""
    document = _webhooks().dump_json(webhook).decode()
    return {"PartitionKey": webhook.owner, "RowKey": webhook_name(webhook.id), "Document": document}


def webhook_of(row: Mapping[str, Any]) -> Webhook:
    """Read a webhook."""
    return _webhooks().validate_json(row["Document"])


def webhook_name(webhook_id: str) -> str:
    """The row of a webhook."""
    return f"{WEBHOOKS}{webhook_id}"


def trouble_row(trouble: Trouble) -> Row:
    """Write a delivery that has failed."""
    document = _troubles().dump_json(trouble).decode()
    return {
        "PartitionKey": trouble.delivery.owner,
        "RowKey": delivery_name(trouble.delivery),
        "Document": document,
    }


def trouble_of(row: Mapping[str, Any]) -> Trouble:
    """Read a delivery that has failed."""
    return _troubles().validate_json(row["Document"])


def delivery_name(delivery: Delivery) -> str:
    """The row of an event on its way to a webhook: job ids sort newest first."""
    return f"{deliveries_of(delivery.webhook_id)}{delivery.event_id}"


def deliveries_of(webhook_id: str) -> str:
    """How the rows of a webhook's deliveries begin."""
    return f"{DELIVERIES}{webhook_id}:"


def after(prefix: str) -> str:
    """What sorts after every row that begins so."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
