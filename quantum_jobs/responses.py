"""HTTP out: values and errors become answers; nowhere else is a status or a header decided."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import azure.functions as func

from quantum_jobs import measuring, telemetry, turns, waiting
from quantum_jobs.border import caller_waiting
from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.clock import now
from quantum_jobs.documents import (
    estimate_document,
    job_document,
    job_error,
    problem_type,
    resources_document,
    target_document,
    usage_documents,
)
from quantum_jobs.errors import InternalError, NotAcceptable, QuantumJobsError
from quantum_jobs.estimating import Estimates
from quantum_jobs.histograms import csv_lines
from quantum_jobs.models import Job
from quantum_jobs.queries import page_token
from quantum_jobs.registering import Shown, Trial
from quantum_jobs.submissions import Submission, Upload
from quantum_jobs.webhook_documents import trial_document, webhook_document

__all__ = ["target_document"]

log = logging.getLogger(__name__)

JSON = "application/json"
CSV = "text/csv"
PROBLEM = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
PAGE_HEADERS = {"Content-Type": "text/html", "Cache-Control": "public, max-age=3600"}
_MEDIA_TYPES = {"qir": "text/plain", "qiskit-qpy": "text/plain", "ionq-circuit": JSON}
type Handler = Callable[[func.HttpRequest], Awaitable[Answer]]


@dataclass(frozen=True)
class Answer:
    """What a handler returns: a document, bytes or nothing, and its headers."""

    status: int
    body: Mapping[str, Any] | bytes | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def answers(base_url: Callable[[], str]) -> Callable[[Handler], Callable[..., Awaitable[func.HttpResponse]]]:
    """Turn a handler into a function of the app: it may return an `Answer` or raise any error.

    `base_url` is asked when an error needs it, so that a process with missing settings can still say so.
    """

    def decorate(handler: Handler) -> Callable[..., Awaitable[func.HttpResponse]]:
        @functools.wraps(handler)
        async def respond(req: func.HttpRequest) -> func.HttpResponse:
            request_id, began = request_id_of(req), time.monotonic()
            with telemetry.operation(handler.__name__):
                answer = await answer_of(req, request_id)
                _told(handler.__name__, answer, request_id, began)
            return _response(answer, request_id, head=req.method == "HEAD")

        async def answer_of(req: func.HttpRequest, request_id: str) -> Answer:
            try:
                with caller_waiting():
                    async with turns.request():
                        return await handler(req)
            except QuantumJobsError as error:
                if error.status >= 500:
                    log.warning("a part failed", extra={"request_id": request_id}, exc_info=True)
                # What is wrong inside (a missing setting, say) is for the log; the request id leads to it.
                shown = InternalError() if error.slug == InternalError.slug else error
                return problem(shown, request_id, base_url())
            except Exception:
                log.exception("unexpected fault in %s", handler.__name__, extra={"request_id": request_id})
                return problem(InternalError(), request_id, base_url())

        # The worker compares these with the bindings; those of the handler say `Answer`.
        respond.__annotations__ = {"req": func.HttpRequest, "return": func.HttpResponse}
        return respond

    return decorate


def _told(operation: str, answer: Answer, request_id: str, began: float) -> None:
    """Write the one line that an operation leaves in the log, and close its span's account."""
    telemetry.answered(answer.status)
    if answer.status == 429:
        measuring.throttled("service")
    told = {"operation": operation, "status": answer.status, "request_id": request_id, **telemetry.noted()}
    log.info("answered", extra={**told, "milliseconds": round((time.monotonic() - began) * 1000)})


def request_id_of(req: func.HttpRequest) -> str:
    """Take the id that the gateway gave the request, so that both logs have one; make one where it is no UUID."""
    try:
        return str(uuid.UUID(req.headers.get("x-request-id") or ""))
    except ValueError:
        return str(uuid.uuid4())


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
        body["error"] = job_error(body["error"], base_url)
    return Answer(error.status, body, {"Content-Type": PROBLEM, "Cache-Control": "no-store", **error.headers})


def submitted(job: Job, replayed: bool, base_url: str) -> Answer:
    """202: where the job is, and when to ask."""
    headers = {
        **_job_headers(job),
        "Location": f"{base_url}/jobs/{job.id}",
        "Idempotency-Replayed": str(replayed).lower(),
    }
    return Answer(202, job_document(job, base_url), headers)


def accepted(job: Job, base_url: str) -> Answer:
    """202: what was asked for is under way."""
    return Answer(202, job_document(job, base_url), _job_headers(job))


def job_status(job: Job, known_etag: str | None, base_url: str) -> Answer:
    """200 with the job, or 304 when the caller's copy is current; never a redirect, which would hide the state."""
    headers = _job_headers(job)
    if matches(known_etag, headers["ETag"]):
        return Answer(304, None, headers)
    return Answer(200, job_document(job, base_url), headers)


def job_page(jobs: Sequence[Job], start: str | None, sent: Mapping[str, Sequence[str]], base_url: str) -> Answer:
    """200 with a page of jobs and the address of the next, which keeps the filters."""
    body: dict[str, Any] = {"value": [job_document(job, base_url) for job in jobs]}
    if start is not None:
        query = urlencode({**sent, "pageToken": page_token(start, sent)}, doseq=True)
        body["nextLink"] = f"{base_url}/jobs?{query}"
    return Answer(200, body, {"Cache-Control": "private, no-store"})


@dataclass(frozen=True)
class Representation:
    """A form of the result; its ETag is the stored result's with a mark of the form."""

    media_type: str
    mark: str
    write: Callable[[bytes], bytes]

    def etag(self, stored: str) -> str:
        """Give the tag of this form: `"0x8D"` becomes `"0x8D-csv"`."""
        return f'{stored.removesuffix(chr(34))}{self.mark}"'

    def known_etag(self, sent: str | None) -> str | None:
        """Give the stored result's tag that an If-None-Match of this form means; None for any other."""
        plain = (sent or "").strip().removeprefix("W/")
        if not plain.endswith(f'{self.mark}"') or (not self.mark and plain.endswith('-csv"')):
            return None
        return f'{plain.removesuffix(self.mark + chr(34))}"'


_JSON = Representation(JSON, "", lambda document: document)
_CSV = Representation(CSV, "-csv", csv_lines)
_FORMS = {JSON: _JSON, CSV: _CSV, "text/*": _CSV, "application/*": _JSON, "*/*": _JSON}


def result_representation(accept: str | None) -> Representation:
    """Choose the form of a result by an Accept header: highest quality, then the caller's order.

    Raises:
        NotAcceptable: neither JSON nor CSV.
    """
    wanted = []
    for place, item in enumerate((accept or "*/*").split(",")):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((_quality(part) for part in parameters if part.startswith("q=")), 1.0)
        if media_type in _FORMS and quality > 0:
            wanted.append((-quality, place, media_type))
    if not wanted:
        raise NotAcceptable(accept or "", [JSON, CSV])
    return _FORMS[min(wanted)[2]]


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def job_result(document: bytes | None, etag: str, representation: Representation) -> Answer:
    """The normalised result as stored; it never changes."""
    headers = {
        "ETag": representation.etag(etag),
        "Cache-Control": "private, max-age=31536000, immutable",
        "Vary": "Accept, Authorization",
        "Content-Type": representation.media_type,
    }
    if document is None:
        return Answer(304, None, headers)
    return Answer(200, representation.write(document), headers)


def elsewhere(link: str) -> Answer:
    """303: it lies in the blob store, at an address that is good for five minutes."""
    return Answer(303, None, {"Location": link, **NO_STORE})


def program(job: Job, found: Submission | str) -> Answer:
    """200 with the program as submitted, or 303 to an uploaded one."""
    if isinstance(found, str):
        return elsewhere(found)
    headers = {
        "Content-Type": _MEDIA_TYPES.get(job.program_format, "text/plain"),
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    return Answer(200, found.program.source.encode(), headers)


def upload(announced: Upload, link: str) -> Answer:
    """201: where to PUT the program, with which headers, until when."""
    body = {
        "uploadId": announced.id,
        "url": link,
        "method": "PUT",
        "headers": {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"},
        "expiresAt": announced.expires_at,
    }
    return Answer(201, body, {"Location": link, **NO_STORE})


def estimates(found: Estimates, base_url: str) -> Answer:
    """200 with what the program takes, and each target's price, time, and reasons against it."""
    body = {
        "resources": resources_document(found.resources),
        "value": [estimate_document(item, base_url) for item in found.targets],
    }
    return Answer(200, body, NO_STORE)


def webhook(shown: Shown) -> Answer:
    """200 with a webhook; its secret is in it once, so nobody keeps the answer."""
    return Answer(200, webhook_document(shown), NO_STORE)


def webhook_made(shown: Shown, base_url: str) -> Answer:
    """201 with a new webhook, its secret, and where it is."""
    return Answer(201, webhook_document(shown), {"Location": f"{base_url}/webhooks/{shown.webhook.id}", **NO_STORE})


def webhooks(shown: Sequence[Shown]) -> Answer:
    """200 with all webhooks of a caller."""
    return Answer(200, {"value": [webhook_document(item) for item in shown]}, NO_STORE)


def webhook_trial(trial: Trial) -> Answer:
    """200 with what a receiver said; that it said no is no fault of ours."""
    return Answer(200, trial_document(trial), NO_STORE)


def usage(account: Account, allowance: Allowance) -> Answer:
    """200 with a row for each sum of money that has a bound, or anything in it."""
    return Answer(200, {"value": usage_documents(account, allowance)}, {"Cache-Control": "private, no-store"})


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


def _job_headers(job: Job) -> dict[str, str]:
    headers = {"ETag": f'"{job.tag}"', "Cache-Control": "private, no-cache"}
    if not job.state.done:
        headers["Retry-After"] = str(waiting.retry_after_seconds(job, now()))
    return headers


def _response(answer: Answer, request_id: str, *, head: bool) -> func.HttpResponse:
    headers = {"Request-Id": request_id, **answer.headers}
    body = answer.body
    if isinstance(body, Mapping):
        headers.setdefault("Content-Type", JSON)
        body = json.dumps(body, separators=(",", ":")).encode()
    media_type = headers.pop("Content-Type", JSON)
    return func.HttpResponse(None if head else body, status_code=answer.status, headers=headers, mimetype=media_type)
