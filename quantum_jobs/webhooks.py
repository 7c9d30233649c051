"""Webhooks and the deliveries to them, as the service speaks of them. Frozen data, no input or output."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.job_ids import sortable
from quantum_jobs.models import Job, JobState

MOST_WEBHOOKS = 10  # of one caller
MOST_URL_CHARACTERS = 1024
OLD_SECRET_LIFE = timedelta(hours=24)
# Moments of two instances are compared: their clocks may differ by so much.
CLOCKS_DIFFER = timedelta(seconds=5)
_WEBHOOK_ID = re.compile(r"whk_[0-9a-v]{26}")


class Event(StrEnum):
    """What a webhook may be told of: the end of a job."""

    SUCCEEDED = "job.succeeded"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"


class WebhookState(StrEnum):
    """`pending` until the receiver has agreed, `disabled` once it has said that it is gone: it is told when active."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class SecretVersion:
    """A secret that was shown once: what it is derived from, and until when it signs (None: until the next one)."""

    generation: int
    key_id: str
    until: str | None = None

    def lives(self, at: datetime) -> bool:
        return self.until is None or parse_timestamp(self.until) > at


@dataclass(frozen=True)
class Webhook:
    """Where an owner's events go. `detail` says why it is not active; secrets: newest first, two at most."""

    id: str
    owner: str
    url: str
    events: tuple[Event, ...]
    created_at: str
    created_by: str
    secrets: tuple[SecretVersion, ...]
    description: str | None = None
    state: WebhookState = WebhookState.PENDING
    detail: str | None = None
    active_since: str | None = None

    def rotated(self, key_id: str) -> Self:
        """Give the webhook with a new secret; the one before it signs for a day more, older ones no longer."""
        newest = self.secrets[0]
        old = replace(newest, until=timestamp(now() + OLD_SECRET_LIFE))
        return replace(self, secrets=(SecretVersion(newest.generation + 1, key_id), old))

    def activated(self) -> Self:
        """Give the webhook as it is once its receiver has agreed."""
        return replace(self, state=WebhookState.ACTIVE, detail=None, active_since=timestamp(now()))

    def wants(self, event: Event, ended_at: str) -> bool:
        """Tell whether an event that came at a moment goes here: not what came before the receiver had agreed."""
        if self.state != WebhookState.ACTIVE or self.active_since is None or event not in self.events:
            return False
        return parse_timestamp(ended_at) >= parse_timestamp(self.active_since) - CLOCKS_DIFFER


@dataclass(frozen=True)
class StoredWebhook:
    """A webhook as read, with the store's tag that a change of it must name."""

    webhook: Webhook
    etag: str


@dataclass(frozen=True)
class Delivery:
    """What one queue message says: tell this webhook of this event. Its attempt makes a duplicate drop itself.

    The job is named, not told: what is sent is read when it is sent.
    """

    owner: str
    webhook_id: str
    job_id: str
    event: str
    revision: int
    queued_at: str
    attempt: int = 1

    @property
    def event_id(self) -> str:
        """Names the event: the same for every webhook, attempt and double."""
        return f"{self.job_id}-{self.revision}"

    def following(self) -> Self:
        return replace(self, attempt=self.attempt + 1)


@dataclass(frozen=True)
class Trouble:
    """A delivery that has failed so far: how often, at last when and why, and when next (None: never again)."""

    delivery: Delivery
    at: str
    reason: str
    status: int | None = None
    next_at: str | None = None


@dataclass(frozen=True)
class Said:
    """What a receiver said, or why it said nothing (no status)."""

    status: int | None
    reason: str
    retry_after_seconds: float | None = None
    allowed_origin: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def event_of(state: JobState) -> Event:
    """The event of a job that has come to this end."""
    return Event(f"job.{state.value}")


def delivery_of(job: Job, webhook_id: str) -> Delivery:
    """Make the first delivery of a job's end to a webhook."""
    event = event_of(job.state)
    return Delivery(job.owner, webhook_id, job.id, event, job.done_revision or job.revision, timestamp(now()))


def new_webhook_id() -> str:
    """Make an id that nobody can guess."""
    return f"whk_{sortable(secrets.token_bytes(17))[:26]}"


def is_webhook_id(text: str) -> bool:
    """Tell whether a text has the form of a webhook's id: nothing else becomes part of a row's name."""
    return _WEBHOOK_ID.fullmatch(text) is not None
