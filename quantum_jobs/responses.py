"""HTTP out: values and errors become answers; nowhere else is a status or a header decided."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import azure.functions as func

from quantum_jobs import waiting
from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.models import Attempt, Job, JobState, Target, now, timestamp
from quantum_jobs.targets import FORMATS

log = logging.getLogger(__name__)

JSON = "application/json"
PROBLEM = "application/problem+json"
type Handler = Callable[[func.HttpRequest], Awaitable[Answer]]


@dataclass(frozen=True)
class Answer:
    """What a handler returns: a document, bytes or nothing, and its headers."""

    status: int
    body: Mapping[str, Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def answers(base_url: Callable[[], str]) -> Callable[[Handler], Callable[..., Awaitable[func.HttpResponse]]]:
    """Turn a handler into a function of the app: it may return an `Answer` or raise any error.

    `base_url` is asked when an error needs it, so that a process with missing settings can still say so.
    """

    def decorate(handler: Handler) -> Callable[..., Awaitable[func.HttpResponse]]:
        @functools.wraps(handler)
        async def respond(req: func.HttpRequest) -> func.HttpResponse:
            request_id = str(uuid.uuid4())
            try:
                answer = await handler(req)
            except QuantumJobsError as error:
                if error.status >= 500:
                    log.warning("a part failed", extra={"request_id": request_id}, exc_info=True)
                # What is wrong inside (a missing setting, say) is for the log; the request id leads to it.
                shown = QuantumJobsError() if error.slug == QuantumJobsError.slug else error
                answer = problem(shown, request_id, base_url())
            except Exception:
                log.exception("unexpected fault in %s", handler.__name__, extra={"request_id": request_id})
                answer = problem(QuantumJobsError(), request_id, base_url())
            log.info(
                "answered", extra={"operation": handler.__name__, "status": answer.status, "request_id": request_id}
            )
            return _response(answer, request_id)

        # The worker compares these with the bindings; those of the handler say `Answer`.
        respond.__annotations__ = {"req": func.HttpRequest, "return": func.HttpResponse}
        return respond

    return decorate


def problem(error: QuantumJobsError, request_id: str, base_url: str) -> Answer:
    """Write an error as RFC 9457 problem details."""
    body = {
        "type": problem_type(error.slug, base_url),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": f"urn:uuid:{request_id}",
        **error.members,
    }
    if isinstance(body.get("error"), Mapping):
        body["error"] = _job_error(body["error"], base_url)
    return Answer(error.status, body, {"Content-Type": PROBLEM, "Cache-Control": "no-store", **error.headers})


def problem_type(slug: str, base_url: str) -> str:
    """The URI that names a kind of problem."""
    return f"{base_url}/errors/{slug}"


def submitted(job: Job, replayed: bool, base_url: str) -> Answer:
    """202: where the job is, and when to ask."""
    headers = {
        **_job_headers(job),
        "Location": f"{base_url}/jobs/{job.id}",
        "Idempotency-Replayed": str(replayed).lower(),
    }
    return Answer(202, job_document(job, base_url), headers)


def job_status(job: Job, known_etag: str | None, base_url: str) -> Answer:
    """200 with the job, or 304 when the caller's copy is current; never a redirect, which would hide the state."""
    headers = _job_headers(job)
    if matches(known_etag, headers["ETag"]):
        return Answer(304, None, headers)
    return Answer(200, job_document(job, base_url), headers)


def job_result(document: bytes | None, etag: str) -> Answer:
    """The normalised result as stored; it never changes."""
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Vary": "Accept, Authorization",
        "Content-Type": JSON,
    }
    return Answer(200 if document is not None else 304, document, headers)


def documents(body: Mapping[str, Any], known_etag: str | None, max_age_seconds: int) -> Answer:
    """Any other document, with a tag made of its bytes."""
    data = json.dumps(body, separators=(",", ":")).encode()
    etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={max_age_seconds}", "Content-Type": JSON}
    return Answer(304, None, headers) if matches(known_etag, etag) else Answer(200, data, headers)


def matches(known: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names the tag; `W/` makes no difference here (RFC 9110, 13.1.2)."""
    if not known:
        return False
    return known.strip() == "*" or any(item.strip().removeprefix("W/") == etag for item in known.split(","))


def job_document(job: Job, base_url: str) -> dict[str, Any]:
    """A job as callers see it."""
    link = f"{base_url}/jobs/{job.id}"
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "done": job.state.done,
        "revision": job.revision,
        "items": 1,
        "target": job.target,
        "shots": job.shots,
        "tags": dict(job.tags),
        "createdAt": job.created_at,
        "createdBy": job.created_by,
        "queue": _queue(job),
        "cost": {"estimate": None, "actual": None},
        "attempts": [_attempt(item, base_url) for item in job.attempts],
        "nextAttemptAt": None,
        "error": _job_error(job.error, base_url) if job.error else None,
        "reusedFrom": None,
        "history": [{"state": item.state, "at": item.at} for item in job.history],
        "links": {"self": link, "result": f"{link}/result"},
    }


def target_document(target: Target) -> dict[str, Any]:
    """A target as callers see it."""
    return {
        "id": target.id,
        "provider": target.provider,
        "kind": target.kind,
        "simulator": target.simulator,
        "availability": target.availability.lower(),
        "qubits": target.qubits,
        "formats": list(FORMATS),
        "minShots": target.min_shots,
        "maxShots": target.max_shots,
        "qirProfile": target.qir_profile,
        "queue": {"averageSeconds": target.queue_seconds},
        "statusPage": target.status_page,
    }


def _queue(job: Job) -> dict[str, Any] | None:
    if job.expected_wait_seconds is None or job.state not in (JobState.ACCEPTED, JobState.QUEUED):
        return None
    created = datetime.fromisoformat(job.created_at)
    return {
        "wait": {"p50Seconds": job.expected_wait_seconds, "p90Seconds": None, "source": "provider"},
        "estimatedStartAt": timestamp(created + timedelta(seconds=job.expected_wait_seconds)),
        "position": None,
        "asOf": job.created_at,
    }


def _attempt(attempt: Attempt, base_url: str) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "startedAt": attempt.started_at,
        "endedAt": attempt.ended_at,
        "error": _job_error(attempt.error, base_url) if attempt.error else None,
    }


def _job_error(error: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    slug = str(error.get("type", "internal-error"))
    return {**error, "type": problem_type(slug, base_url)}


def _job_headers(job: Job) -> dict[str, str]:
    digest = hashlib.sha256(f"{job.id}/{job.revision}/{job.state}".encode()).hexdigest()[:8]
    headers = {"ETag": f'"r{job.revision}-{digest}"', "Cache-Control": "private, no-cache"}
    if not job.state.done:
        headers["Retry-After"] = str(waiting.retry_after_seconds(job, now()))
    return headers


def _response(answer: Answer, request_id: str) -> func.HttpResponse:
    headers = {"Request-Id": request_id, **answer.headers}
    body = answer.body
    if body is not None and not isinstance(body, bytes):
        headers.setdefault("Content-Type", JSON)
        body = json.dumps(body, separators=(",", ":")).encode()
    media_type = headers.pop("Content-Type", JSON)
    return func.HttpResponse(body, status_code=answer.status, headers=headers, mimetype=media_type)
