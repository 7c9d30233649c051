"""Makes, shows, tries and ends the webhooks of a caller."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import ServiceUnavailable, WebhookNotFound, WebhookRefused
from quantum_jobs.models import Caller
from quantum_jobs.ports import Receivers, Signer, WebhookRecords
from quantum_jobs.webhooks import (
    MOST_WEBHOOKS,
    Event,
    Said,
    SecretVersion,
    StoredWebhook,
    Trouble,
    Webhook,
    WebhookState,
    is_webhook_id,
    new_webhook_id,
)

_TRIES = 10
_TEST = "webhook.test"


@dataclass(frozen=True)
class WebhookWish:
    """What a caller wants to be told, and where."""

    url: str
    events: tuple[Event, ...]
    description: str | None = None


@dataclass(frozen=True)
class Shown:
    """A webhook as its owner sees it: with what could not be delivered, and its secret where that is new."""

    webhook: Webhook
    troubles: Sequence[Trouble] = ()
    secret: str | None = None


@dataclass(frozen=True)
class Trial:
    """What came of a test: what the receiver said to the event, or to the handshake where it did not come further."""

    shown: Shown
    said: Said
    event_id: str | None = None


class WebhookRegistry:
    """One method per operation on webhooks; whoever asks sees only his own."""

    def __init__(self, webhooks: WebhookRecords, receivers: Receivers, signer: Signer, source: str) -> None:
        self._webhooks = webhooks
        self._receivers = receivers
        self._signer = signer
        self._source = source

    async def create(self, caller: Caller, wish: WebhookWish) -> Shown:
        """Register a webhook and ask its receiver whether it agrees; until it has, the webhook is pending.

        Raises:
            WebhookRefused: where it leads is not allowed, or the caller has too many; nothing was written.
            ServiceUnavailable: a part does not answer; what was made is in the list.
        """
        await self._receivers.check(wish.url)
        if len(await self._webhooks.of(caller.owner)) >= MOST_WEBHOOKS:
            raise _too_many()
        made = Webhook(
            new_webhook_id(),
            caller.owner,
            wish.url,
            wish.events,
            timestamp(now()),
            caller.label,
            (SecretVersion(1, await self._signer.current_key_id()),),
            wish.description,
        )
        secret = await self._signer.newest_secret(made)
        etag = await self._webhooks.add(made)
        await self._refuse_if_too_many(made)
        stored, _ = await self._agreed(StoredWebhook(made, etag))
        return Shown(stored.webhook, secret=secret)

    async def _refuse_if_too_many(self, made: Webhook) -> None:
        """Of several that were made at once, the first stay."""
        all_of_them = sorted((item.webhook.created_at, item.webhook.id) for item in await self._webhooks.of(made.owner))
        if (made.created_at, made.id) in all_of_them[MOST_WEBHOOKS:]:
            await self._webhooks.remove(made.owner, made.id)
            raise _too_many()

    async def page(self, caller: Caller) -> Sequence[Shown]:
        """Give the caller's webhooks, all of them, oldest first.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        stored = sorted(await self._webhooks.of(caller.owner), key=lambda item: item.webhook.created_at)
        troubles = await self._webhooks.troubles(caller.owner, None) if stored else ()
        return [Shown(item.webhook, _about(item.webhook, troubles)) for item in stored]

    async def get(self, caller: Caller, webhook_id: str) -> Shown:
        """Give a webhook of the caller's.

        Raises:
            WebhookNotFound: there is none, or it is another's.
            ServiceUnavailable: the records do not answer.
        """
        return await self._shown((await self._stored(caller, webhook_id)).webhook)

    async def delete(self, caller: Caller, webhook_id: str) -> None:
        """End a webhook; what is on its way to it is dropped, and what could not be delivered is forgotten.

        Raises:
            WebhookNotFound: there is none, or it is another's.
            ServiceUnavailable: the records do not answer; deleting again is safe.
        """
        await self._stored(caller, webhook_id)
        await self._webhooks.remove(caller.owner, webhook_id)
        for trouble in await self._webhooks.troubles(caller.owner, webhook_id):
            await self._webhooks.forget(trouble.delivery)

    async def rotate(self, caller: Caller, webhook_id: str) -> Shown:
        """Give a webhook a new secret; the one before it goes on signing beside it for a day.

        Raises:
            WebhookNotFound: there is none, or it is another's.
            ServiceUnavailable: the vault or the records do not answer; the secret may be new, rotating again is safe.
        """
        key_id = await self._signer.current_key_id()
        for _ in range(_TRIES):
            stored = await self._stored(caller, webhook_id)
            rotated = stored.webhook.rotated(key_id)
            secret = await self._signer.newest_secret(rotated)
            if await self._webhooks.replace(rotated, stored.etag) is not None:
                return replace(await self._shown(rotated), secret=secret)
        raise ServiceUnavailable("The webhook's record")

    async def test(self, caller: Caller, webhook_id: str) -> Trial:
        """Ask the receiver to agree where it has not, then tell it of a test, now; give what it said.

        Raises:
            WebhookNotFound: there is none, or it is another's.
            ServiceUnavailable: a part of ours does not answer.
        """
        stored = await self._stored(caller, webhook_id)
        if stored.webhook.state != WebhookState.ACTIVE:
            stored, said = await self._agreed(stored)
            if stored.webhook.state != WebhookState.ACTIVE:
                return Trial(await self._shown(stored.webhook), said)
        webhook = stored.webhook
        event_id = f"{webhook.id}-{secrets.token_hex(8)}"
        body = self._test_event(webhook, event_id)
        headers = await self._signer.headers(webhook, event_id, int(time.time()), body)
        if headers is None:
            said = Said(None, "the key of the webhook's secret is withdrawn: rotate the secret")
        else:
            said = await self._receivers.tell(webhook, body, headers)
        return Trial(await self._shown(webhook), said, event_id if headers else None)

    def _test_event(self, webhook: Webhook, event_id: str) -> bytes:
        event = {
            "specversion": "1.0",
            "type": _TEST,
            "source": self._source,
            "subject": f"webhooks/{webhook.id}",
            "id": event_id,
            "time": timestamp(now()),
            "datacontenttype": "application/json",
            "data": {"webhookId": webhook.id},
        }
        return json.dumps(event, separators=(",", ":")).encode()

    async def _agreed(self, stored: StoredWebhook) -> tuple[StoredWebhook, Said]:
        """Ask the receiver whether it wants our events, and write what it said."""
        said = await self._receivers.ask(stored.webhook)
        if said.accepted and said.allowed_origin is not None:
            changed = stored.webhook.activated()
        else:
            changed = replace(stored.webhook, detail=said.reason)
        etag = await self._webhooks.replace(changed, stored.etag)
        # Where somebody else was faster, what they wrote stands.
        return (StoredWebhook(changed, etag) if etag else await self._again(stored.webhook)), said

    async def _again(self, webhook: Webhook) -> StoredWebhook:
        stored = await self._webhooks.get(webhook.owner, webhook.id)
        if stored is None:
            raise WebhookNotFound
        return stored

    async def _stored(self, caller: Caller, webhook_id: str) -> StoredWebhook:
        stored = await self._webhooks.get(caller.owner, webhook_id) if is_webhook_id(webhook_id) else None
        if stored is None:
            raise WebhookNotFound
        return stored

    async def _shown(self, webhook: Webhook) -> Shown:
        return Shown(webhook, await self._webhooks.troubles(webhook.owner, webhook.id))


def _about(webhook: Webhook, troubles: Sequence[Trouble]) -> Sequence[Trouble]:
    return [trouble for trouble in troubles if trouble.delivery.webhook_id == webhook.id]


def _too_many() -> WebhookRefused:
    return WebhookRefused(f"at most {MOST_WEBHOOKS} webhooks for each caller; delete one first", "")
