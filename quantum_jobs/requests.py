"""HTTP in: who calls, and what exactly is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from quantum_jobs.bodies import MAX_PROGRAM_BYTES, EstimateBody, JobBody, JobPatch, UploadBody, WebhookBody, invalid
from quantum_jobs.errors import (
    Fault,
    Forbidden,
    IdempotencyKeyMissing,
    InvalidRequest,
    JobNotFound,
    PayloadTooLarge,
    Unauthorized,
    UnsupportedMediaType,
)
from quantum_jobs.job_ids import is_job_id
from quantum_jobs.models import Caller
from quantum_jobs.queries import query_of
from quantum_jobs.submissions import EstimateRequest, JobRequest

if TYPE_CHECKING:
    import azure.functions as func

    from quantum_jobs.changing import JobChange
    from quantum_jobs.identity import TokenVerifier
    from quantum_jobs.operations import Operation
    from quantum_jobs.registering import WebhookWish

MAX_BODY_BYTES = 102_400  # what API Management's validate-content takes
_KEY = re.compile(r"[\x21-\x7e]{1,64}")


class Callers:
    """Tells who calls: the token's own subject, or whom the gateway speaks for."""

    def __init__(self, verifier: TokenVerifier, gateway_principal_id: str) -> None:
        self._verifier = verifier
        self._gateway = gateway_principal_id

    async def caller(self, request: func.HttpRequest, operation: Operation) -> Caller:
        """Give the caller of an operation.

        With a gateway configured only its identity is let in, and its `X-Caller-*` headers are believed (the label is
        percent-encoded); without one the token's subject is the caller and those headers mean nothing.

        Raises:
            Unauthorized: no token that holds.
            Forbidden: the token holds but has none of the operation's roles.
        """
        caller = await self._verifier.caller(request.headers.get("authorization"))
        if self._gateway:
            caller = self._spoken_for(caller, request)
        if not caller.roles & operation.roles:
            raise Forbidden(operation.roles)
        return caller

    def _spoken_for(self, gateway: Caller, request: func.HttpRequest) -> Caller:
        if gateway.subject != self._gateway:
            raise Unauthorized("Call the service through its gateway.")
        tenant, subject = request.headers.get("x-caller-tenant"), request.headers.get("x-caller-id")
        if not tenant or not subject:
            raise Unauthorized("The gateway did not say for whom it calls.")
        return Caller(
            tenant=tenant,
            subject=subject,
            label=unquote(request.headers.get("x-caller-label") or "") or f"user:{subject}",
            roles=frozenset(request.headers.get("x-caller-roles", "").replace(",", " ").split()),
        )


def job_request(request: func.HttpRequest) -> JobRequest:
    """Read POST /jobs.

    Raises:
        IdempotencyKeyMissing, UnsupportedMediaType, PayloadTooLarge, InvalidRequest: every fault with its place.
    """
    key = _idempotency_key(request)
    return _sized(_read(request, JobBody).request(key))


def estimate_request(request: func.HttpRequest) -> EstimateRequest:
    """Read POST /estimates.

    Raises:
        UnsupportedMediaType, PayloadTooLarge, InvalidRequest: every fault with its place.
    """
    return _sized(_read(request, EstimateBody).request())


def upload_request(request: func.HttpRequest) -> UploadBody:
    """Read POST /uploads.

    Raises:
        UnsupportedMediaType, PayloadTooLarge, InvalidRequest: every fault with its place.
    """
    return _read(request, UploadBody)


def webhook_wish(request: func.HttpRequest) -> WebhookWish:
    """Read POST /webhooks.

    Raises:
        UnsupportedMediaType, PayloadTooLarge, InvalidRequest: every fault with its place.
    """
    return _read(request, WebhookBody).wish()


def job_change(request: func.HttpRequest) -> JobChange:
    """Read PATCH /jobs/{jobId}.

    Raises:
        UnsupportedMediaType, PayloadTooLarge, InvalidRequest: every fault with its place.
    """
    return _read(request, JobPatch, ("application/merge-patch+json", "application/json")).change()


def _read[B: BaseModel](
    request: func.HttpRequest, model: type[B], media_types: Sequence[str] = ("application/json",)
) -> B:
    media_type = request.headers.get("content-type", "")
    if media_type.partition(";")[0].strip().lower() not in media_types:
        raise UnsupportedMediaType(media_type, media_types)
    body: bytes = request.get_body()
    if len(body) > MAX_BODY_BYTES:
        raise PayloadTooLarge(len(body), MAX_BODY_BYTES)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from error


def _sized[R: JobRequest | EstimateRequest](request: R) -> R:
    size = len(request.submission.program.source.encode())
    if size > MAX_PROGRAM_BYTES:
        raise PayloadTooLarge(size, MAX_PROGRAM_BYTES)
    return request


def job_id(request: func.HttpRequest) -> str:
    """Give the job that a path names.

    Raises:
        JobNotFound: it is not of the form of an id.
    """
    given: str = request.route_params.get("jobId") or ""
    if not is_job_id(given):
        raise JobNotFound
    return given


def refuse_parameters(request: func.HttpRequest, operation: Operation) -> None:
    """Refuse query parameters that the operation does not have.

    Raises:
        InvalidRequest: names each, and those it has.
    """
    known = operation.query
    unknown = sorted(set(query_of(request.url)) - set(known))
    if unknown:
        takes = f"this operation takes {', '.join(known)}" if known else "this operation takes none"
        raise InvalidRequest([Fault(f"unknown query parameter; {takes}", f"?{name[:64]}") for name in unknown])


def _idempotency_key(request: func.HttpRequest) -> str:
    sent: str = request.headers.get("idempotency-key", "").strip()
    if not sent:
        raise IdempotencyKeyMissing(
            "Send Idempotency-Key: a new UUID per job, the same again when you repeat a request."
        )
    key = sent[1:-1] if len(sent) > 1 and sent[0] == sent[-1] == '"' else sent
    if not _KEY.fullmatch(key):
        raise InvalidRequest([Fault("must be 1 to 64 visible ASCII characters", "Idempotency-Key")])
    return key
