"""Small stand-ins for what webhooks need of the outside, in memory, and one webhook to begin with."""

import json
from dataclasses import asdict, replace
from typing import Any

from quantum_jobs import webhook_rows as rows
from quantum_jobs.announcing import Announcer
from quantum_jobs.delivering import Deliverer
from quantum_jobs.errors import WebhookRefused
from quantum_jobs.job_queue import read_delivery
from quantum_jobs.registering import WebhookRegistry
from quantum_jobs.signatures import SigningKey, SigningKeys
from quantum_jobs.signing import WebhookSigner
from quantum_jobs.webhook_documents import job_event
from quantum_jobs.webhooks import (
    Delivery,
    Event,
    Said,
    SecretVersion,
    StoredWebhook,
    Trouble,
    Webhook,
    WebhookState,
    new_webhook_id,
)

from . import samples
from .fakes import FakeRecords, Faults

BASE = "https://api.example/v1"
KEY = SigningKey(b"k" * 32)
LONG_AGO = "2026-01-01T00:00:00.000Z"


def webhook(**changes: Any) -> Webhook:
    made = Webhook(
        id=new_webhook_id(),
        owner=samples.ALICE.owner,
        url="https://hooks.example/events",
        events=tuple(Event),
        created_at=LONG_AGO,
        created_by=samples.ALICE.label,
        secrets=(SecretVersion(1, KEY.id),),
        state=WebhookState.ACTIVE,
        active_since=LONG_AGO,
    )
    return replace(made, **changes)


class FakeWebhooks:
    """Compare-and-swap by a counter; everything goes through the rows of the real table."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.kept: dict[tuple[str, str], tuple[rows.Row, int]] = {}

    def put(self, webhook: Webhook) -> Webhook:
        return self._write(rows.webhook_row(webhook)) and webhook

    def _write(self, row: rows.Row) -> str:
        place = row["PartitionKey"], row["RowKey"]
        version = self.kept.get(place, (row, 0))[1] + 1
        self.kept[place] = (row, version)
        return str(version)

    def _range(self, owner: str, prefix: str) -> list[tuple[rows.Row, int]]:
        found = [kept for (holder, name), kept in self.kept.items() if holder == owner and name.startswith(prefix)]
        return sorted(found, key=lambda kept: kept[0]["RowKey"])

    async def add(self, webhook: Webhook) -> str:
        await self.faults.passing("add webhook")
        return self._write(rows.webhook_row(webhook))

    async def of(self, owner: str) -> list[StoredWebhook]:
        await self.faults.passing("list webhooks")
        return [StoredWebhook(rows.webhook_of(row), str(version)) for row, version in self._range(owner, rows.WEBHOOKS)]

    async def get(self, owner: str, webhook_id: str) -> StoredWebhook | None:
        await self.faults.passing("get webhook")
        found = self.kept.get((owner, rows.webhook_name(webhook_id)))
        return StoredWebhook(rows.webhook_of(found[0]), str(found[1])) if found else None

    async def replace(self, webhook: Webhook, etag: str) -> str | None:
        await self.faults.passing("replace webhook")
        found = self.kept.get((webhook.owner, rows.webhook_name(webhook.id)))
        if found is None or str(found[1]) != etag:
            return None
        return self._write(rows.webhook_row(webhook))

    async def remove(self, owner: str, webhook_id: str) -> None:
        await self.faults.passing("remove webhook")
        self.kept.pop((owner, rows.webhook_name(webhook_id)), None)

    async def keep(self, trouble: Trouble) -> None:
        await self.faults.passing("keep trouble")
        self._write(rows.trouble_row(trouble))
        self.faults.done("keep trouble")

    async def trouble(self, delivery: Delivery) -> Trouble | None:
        await self.faults.passing("get trouble")
        found = self.kept.get((delivery.owner, rows.delivery_name(delivery)))
        return rows.trouble_of(found[0]) if found else None

    async def troubles(self, owner: str, webhook_id: str | None) -> list[Trouble]:
        await self.faults.passing("list troubles")
        prefix = rows.deliveries_of(webhook_id) if webhook_id else rows.DELIVERIES
        return [rows.trouble_of(row) for row, _ in self._range(owner, prefix)]

    async def forget(self, delivery: Delivery) -> None:
        await self.faults.passing("forget trouble")
        self.kept.pop((delivery.owner, rows.delivery_name(delivery)), None)


class FakeDeliveries:
    """Keeps what was sent as it would be read back, with its delay."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.sent: list[tuple[Delivery, int]] = []

    async def send(self, delivery: Delivery, delay_seconds: int) -> None:
        await self.faults.passing("send delivery")
        self.sent.append((read_delivery(json.dumps(asdict(delivery)).encode()), delay_seconds))
        self.faults.done("send delivery")


class FakeReceivers:
    """Say what `says` tells them to say; remember what they were told: (webhook id, headers, event)."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.agrees = Said(200, "answered 200", allowed_origin="*")
        self.says: list[Said | Exception] = []
        self.told: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.asked: list[str] = []
        self.refused: set[str] = set()

    async def check(self, url: str) -> None:
        await self.faults.passing("check receiver")
        if url in self.refused:
            raise WebhookRefused("no")

    async def ask(self, webhook: Webhook) -> Said:
        await self.faults.passing("ask receiver")
        self.asked.append(webhook.id)
        return self.agrees

    async def tell(self, webhook: Webhook, body: bytes, headers: Any) -> Said:
        await self.faults.passing("tell receiver")
        said = self.says.pop(0) if self.says else Said(204, "answered 204")
        if isinstance(said, Exception):
            raise said
        self.told.append((webhook.id, dict(headers), json.loads(body)))
        self.faults.done("tell receiver")
        return said


class Hooks:
    """All of the service that webhooks are about, over stores in memory."""

    def __init__(self, records: FakeRecords | None = None, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.records = records or FakeRecords(self.faults)
        self.webhooks = FakeWebhooks(self.faults)
        self.queue = FakeDeliveries(self.faults)
        self.receivers = FakeReceivers(self.faults)
        self.keys = SigningKeys(KEY)
        self.signer = WebhookSigner(self._keys)
        self.announcer = Announcer(self.webhooks, self.queue)
        self.deliverer = deliverer(self.webhooks, self.records, self.queue, self.receivers, self.signer)
        self.registry = WebhookRegistry(self.webhooks, self.receivers, self.signer, BASE)

    async def _keys(self, most_seconds: float) -> SigningKeys:
        await self.faults.passing("get keys")
        return self.keys


def deliverer(webhooks: Any, records: Any, queue: Any, receivers: Any, signer: Any) -> Deliverer:
    """Give what delivers over these parts."""
    return Deliverer(webhooks, records, queue, receivers, signer, lambda job, delivery: job_event(job, delivery, BASE))
