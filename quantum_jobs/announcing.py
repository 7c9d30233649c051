"""Queues the deliveries of a job's end: one for each webhook of its owner that wants it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from quantum_jobs.clock import now, parse_timestamp
from quantum_jobs.models import Job
from quantum_jobs.ports import DeliveryQueue, WebhookRecords
from quantum_jobs.webhooks import CLOCKS_DIFFER, Webhook, delivery_of, event_of

_REMEMBERED_OWNERS = 10_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Announcer:
    """Asked by the shepherd, which comes again until this has been done: so no end is lost, and some are told twice."""

    def __init__(self, webhooks: WebhookRecords, queue: DeliveryQueue) -> None:
        self._webhooks = webhooks
        self._queue = queue
        self._known: dict[str, tuple[Sequence[Webhook], datetime]] = {}

    async def announce(self, job: Job) -> bool:
        """Queue the deliveries of a job that has ended; tells whether there were any. May be repeated.

        Raises:
            ServiceUnavailable: a store or the queue does not answer; some deliveries may be queued.
        """
        event, ended_at = event_of(job.state), job.history[-1].at
        webhooks = [item for item in await self._of(job.owner, ended_at) if item.wants(event, ended_at)]
        await asyncio.gather(*(self._queue.send(delivery_of(job, webhook.id), 0) for webhook in webhooks))
        return bool(webhooks)

    async def _of(self, owner: str, ended_at: str) -> Sequence[Webhook]:
        """Give the owner's webhooks, read after the job ended: one that was active at its end is then among them."""
        webhooks, read_at = self._known.get(owner, ((), _LONG_AGO))
        if read_at < parse_timestamp(ended_at) + CLOCKS_DIFFER:
            read_at = now()
            webhooks = [stored.webhook for stored in await self._webhooks.of(owner)]
            if len(self._known) >= _REMEMBERED_OWNERS:
                self._known.clear()
            self._known[owner] = (webhooks, read_at)
        return webhooks
