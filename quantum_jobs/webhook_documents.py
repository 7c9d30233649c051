"""Webhooks as callers see them, and events as receivers do: CloudEvents 1.0 in structured JSON."""

import json
from collections.abc import Sequence
from typing import Any

from quantum_jobs.documents import job_document
from quantum_jobs.models import Job
from quantum_jobs.registering import Shown, Trial
from quantum_jobs.webhooks import Delivery, Trouble

_MOST_DELIVERIES = 20


def webhook_document(shown: Shown) -> dict[str, Any]:
    """A webhook; with its secret only where that has just been made."""
    webhook = shown.webhook
    document = {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "state": webhook.state,
        "detail": webhook.detail,
        "createdAt": webhook.created_at,
        "createdBy": webhook.created_by,
        "secrets": [
            {"generation": version.generation, "keyId": version.key_id, "until": version.until}
            for version in webhook.secrets
        ],
        **_counts(shown.troubles),
        "deliveries": [_delivery(trouble) for trouble in shown.troubles[:_MOST_DELIVERIES]],
    }
    return document | ({"secret": shown.secret} if shown.secret else {})


def _counts(troubles: Sequence[Trouble]) -> dict[str, int]:
    waiting = sum(trouble.next_at is not None for trouble in troubles)
    return {"retrying": waiting, "undelivered": len(troubles) - waiting}


def _delivery(trouble: Trouble) -> dict[str, Any]:
    delivery = trouble.delivery
    return {
        "eventId": delivery.event_id,
        "event": delivery.event,
        "jobId": delivery.job_id,
        "attempts": delivery.attempt,
        "lastAttemptAt": trouble.at,
        "status": trouble.status,
        "detail": trouble.reason,
        "nextAttemptAt": trouble.next_at,
    }


def trial_document(trial: Trial) -> dict[str, Any]:
    """What came of a test."""
    return {
        "delivered": trial.said.accepted and trial.event_id is not None,
        "eventId": trial.event_id,
        "status": trial.said.status,
        "detail": trial.said.reason,
        "webhook": webhook_document(trial.shown),
    }


def job_event(job: Job, delivery: Delivery, base_url: str) -> bytes:
    """The end of a job, with the job as it is now: its revision may be past that of the event's id."""
    event = {
        "specversion": "1.0",
        "type": delivery.event,
        "source": base_url,
        "subject": f"jobs/{job.id}",
        "id": delivery.event_id,
        "time": job.history[-1].at,
        "datacontenttype": "application/json",
        "data": job_document(job, base_url),
    }
    return json.dumps(event, separators=(",", ":")).encode()
