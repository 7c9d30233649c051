"""Webhooks, described."""

from typing import Annotated

from pydantic import Field

from quantum_jobs.schema_parts import Count, JobId, Moment, Open
from quantum_jobs.webhooks import Event, WebhookState


class SecretVersion(Open):
    """A secret that signs, without the secret."""

    generation: Annotated[int, Field(ge=1, description="Counts from 1, one more with each rotation.")]
    keyId: Annotated[str, Field(description="The service's key that it is derived from.")]  # noqa: N815
    until: Annotated[Moment | None, Field(description="When it stops signing; null is the newest.")]


class WebhookDelivery(Open):
    """An event that has not been delivered so far."""

    eventId: Annotated[str, Field(description="The event's id, the same in every attempt.")]  # noqa: N815
    event: Annotated[str, Field(description="Its type.")]
    jobId: JobId  # noqa: N815
    attempts: Annotated[int, Field(ge=1, description="How often it has been tried.")]
    lastAttemptAt: Moment  # noqa: N815
    status: Annotated[int | None, Field(description="What the receiver answered at last; null where it did not.")]
    detail: Annotated[str, Field(description="Why it counts as failed, for people.")]
    nextAttemptAt: Annotated[  # noqa: N815
        Moment | None, Field(description="When it is tried again; null: it is kept, and not tried any more.")
    ]


class Webhook(Open):
    """A receiver of events, and how it does."""

    id: Annotated[str, Field(pattern=r"^whk_[0-9a-v]{26}$", description="The webhook's id.")]
    url: Annotated[str, Field(description="Where events are sent.")]
    events: Annotated[list[str], Field(description=f"Of {', '.join(Event)}; more may come.")]
    description: Annotated[str | None, Field(description="What it is for.")]
    state: Annotated[
        str,
        Field(
            description=f"One of {', '.join(WebhookState)}: events go to active ones. A test makes the others active, "
            "if the receiver agrees."
        ),
    ]
    detail: Annotated[str | None, Field(description="Why it is not active, for people.")]
    createdAt: Moment  # noqa: N815
    createdBy: Annotated[str, Field(description="Who registered it, `app:name` or `user:name`.")]  # noqa: N815
    secrets: Annotated[list[SecretVersion], Field(description="What signs: newest first, at most two.")]
    retrying: Annotated[Count, Field(description="Events that have failed and are tried again; counted to 1,000.")]
    undelivered: Annotated[Count, Field(description="Events that are kept and not tried any more; counted to 1,000.")]
    deliveries: Annotated[list[WebhookDelivery], Field(max_length=20, description="The newest of both.")]


class WebhookWithSecret(Webhook):
    """A webhook with its new secret, which is shown this once."""

    secret: Annotated[str, Field(pattern=r"^whsec_[A-Za-z0-9+/]{43}=$", description="Verifies signatures; keep it.")]


class WebhookList(Open):
    """All your webhooks, oldest first."""

    value: Annotated[list[Webhook], Field(description="The webhooks.")]


class WebhookTrial(Open):
    """What a receiver said to a test."""

    delivered: Annotated[bool, Field(description="Whether it took the event (2xx).")]
    eventId: Annotated[str | None, Field(description="The test's id; null: the handshake failed.")]  # noqa: N815
    status: Annotated[int | None, Field(description="The status it answered; null where it did not answer.")]
    detail: Annotated[str, Field(description="The same, for people.")]
    webhook: Webhook
