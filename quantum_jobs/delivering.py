"""Delivers events to receivers: signed, at least once, for about three days, then they are kept as undelivered."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.errors import QuantumJobsError, ReceiverBusy
from quantum_jobs.models import Job
from quantum_jobs.ports import DeliveryQueue, JobRecords, Receivers, Signer, WebhookRecords
from quantum_jobs.webhooks import Delivery, Said, StoredWebhook, Trouble, Webhook, WebhookState

log = logging.getLogger(__name__)

MOST_TIME = timedelta(days=3)  # from the first attempt on; a row of `_pauses` is 10 s, 30 s, 90 s ... 12 h
_FIRST_PAUSE_SECONDS, _PAUSE_GROWS = 10.0, 3.0
_LONGEST_PAUSE_SECONDS = 12 * 3600.0
_PART_DOWN_SECONDS = 30
_BUSY_SECONDS = 5
_GONE = 410
_ASKS_FOR_TIME = frozenset({429, 503})

# Writes an event of a job as it is now: what is sent to a receiver.
type Writer = Callable[[Job, Delivery], bytes]


class Deliverer:
    """Takes one message of the deliveries' queue at a time; what fails comes back as a new message."""

    def __init__(
        self,
        webhooks: WebhookRecords,
        records: JobRecords,
        queue: DeliveryQueue,
        receivers: Receivers,
        signer: Signer,
        write: Writer,
    ) -> None:
        self._webhooks = webhooks
        self._records = records
        self._queue = queue
        self._receivers = receivers
        self._signer = signer
        self._write = write

    async def deliver(self, delivery: Delivery, repeated: bool) -> None:
        """Try once; `repeated` says that this message has been taken before.

        While a part of ours is down, or too many wait for one receiver, the message comes back: no attempt is used.

        Raises:
            ServiceUnavailable: not even the queue takes a message; this one will be delivered again.
        """
        try:
            await self._deliver(delivery, repeated)
        except ReceiverBusy:
            await self._queue.send(delivery, random.randint(1, _BUSY_SECONDS))  # noqa: S311 - spreads load
        except QuantumJobsError:
            log.warning("delivered later", extra=_about(delivery), exc_info=True)
            await self._queue.send(delivery, _PART_DOWN_SECONDS)

    async def give_up(self, delivery: Delivery) -> None:
        """Keep an event whose message could not be handled five times: a fault of ours, which no attempt mends.

        Raises:
            ServiceUnavailable: the records do not answer; the message will be delivered again.
        """
        log.error("an event could not be delivered", extra=_about(delivery))
        if await self._webhooks.get(delivery.owner, delivery.webhook_id) is not None:
            await self._webhooks.keep(Trouble(delivery, timestamp(now()), "The service failed."))

    async def _deliver(self, delivery: Delivery, repeated: bool) -> None:
        stored = await self._webhooks.get(delivery.owner, delivery.webhook_id)
        job = await self._records.get(delivery.owner, delivery.job_id)
        if stored is None or job is None:
            log.info("a delivery is dropped: its webhook or job is gone", extra=_about(delivery))
            await self._webhooks.forget(delivery)
            return
        if delivery.attempt > 1 or repeated:
            trouble = await self._webhooks.trouble(delivery)
            if trouble is not None and trouble.delivery.attempt >= delivery.attempt:
                # Concluded before. Whoever did so may have died before the next message was sent.
                if repeated:
                    await self._go_on(trouble)
                return
        said = await self._said(stored.webhook, job.job, delivery)
        await self._conclude(stored, delivery, said, repeated)

    async def _said(self, webhook: Webhook, job: Job, delivery: Delivery) -> Said:
        if webhook.state != WebhookState.ACTIVE:
            return Said(None, f"the webhook is {webhook.state}")
        body = self._write(job, delivery)
        headers = await self._signer.headers(webhook, delivery.event_id, int(time.time()), body)
        if headers is None:
            return Said(None, "the key of the webhook's secret is withdrawn: rotate the secret")
        return await self._receivers.tell(webhook, body, headers)

    async def _conclude(self, stored: StoredWebhook, delivery: Delivery, said: Said, repeated: bool) -> None:
        log.info("told a receiver", extra=_about(delivery) | {"status": said.status, "attempt": delivery.attempt})
        if said.accepted:
            if delivery.attempt > 1 or repeated:
                await self._webhooks.forget(delivery)
            return
        if said.status == _GONE:
            await self._disable(stored)
        moment = now()
        next_at = None if said.status == _GONE or _off(stored.webhook) else next_attempt_at(delivery, said, moment)
        trouble = Trouble(delivery, timestamp(moment), said.reason, said.status, next_at)
        # First that it failed, then the next message: if we die between the two, this message comes back, and goes on.
        await self._webhooks.keep(trouble)
        await self._go_on(trouble)

    async def _go_on(self, trouble: Trouble) -> None:
        if trouble.next_at is not None:
            seconds = max((parse_timestamp(trouble.next_at) - now()).total_seconds(), 0)
            await self._queue.send(trouble.delivery.following(), round(seconds))

    async def _disable(self, stored: StoredWebhook) -> None:
        # Where somebody else was faster it is disabled, deleted or tried anew: the next delivery sees which.
        gone = replace(stored.webhook, state=WebhookState.DISABLED, detail="The receiver answered 410: it is gone.")
        await self._webhooks.replace(gone, stored.etag)


def next_attempt_at(delivery: Delivery, said: Said, moment: datetime) -> str | None:
    """Give the moment of the next attempt: what the receiver asks for with 429 or 503, else 10 s x 3**n, 12 h at most.

    With jitter of a fifth to either side, none after three days (None).
    """
    seconds = min(_FIRST_PAUSE_SECONDS * _PAUSE_GROWS ** (delivery.attempt - 1), _LONGEST_PAUSE_SECONDS)
    seconds *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
    if said.status in _ASKS_FOR_TIME and said.retry_after_seconds is not None:
        seconds = min(max(said.retry_after_seconds, 1.0), _LONGEST_PAUSE_SECONDS)
    at = moment + timedelta(seconds=seconds)
    return timestamp(at) if at - parse_timestamp(delivery.queued_at) <= MOST_TIME else None


def _off(webhook: Webhook) -> bool:
    return webhook.state == WebhookState.DISABLED


def _about(delivery: Delivery) -> dict[str, str]:
    return {"webhook_id": delivery.webhook_id, "event_id": delivery.event_id}
