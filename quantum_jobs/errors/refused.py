"""What the caller can mend; nothing was written, nothing costs."""

from collections.abc import Collection, Mapping, Sequence

from quantum_jobs.errors.base import Fault, QuantumJobsError


class RequestRefused(QuantumJobsError):
    """The caller can mend it."""

    status = 400


class InvalidRequest(RequestRefused):
    """The request does not have the shape of the API."""

    status, slug, title = 400, "invalid-request", "The request is not valid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))
        self.members = {"errors": [fault.as_member() for fault in faults]}


class IdempotencyKeyMissing(RequestRefused):
    """A submit without a usable Idempotency-Key."""

    status, slug, title = 400, "idempotency-key-missing", "Idempotency-Key is missing"


class Unauthorized(RequestRefused):
    """No token, or one that does not hold."""

    status, slug, title = 401, "unauthorized", "A valid token is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Forbidden(RequestRefused):
    """The token lacks the role."""

    status, slug, title = 403, "forbidden", "The caller lacks the role"

    def __init__(self, required_roles: Collection[str]) -> None:
        super().__init__(f"One of these roles is needed: {', '.join(sorted(required_roles))}.")
        self.members = {"requiredRoles": sorted(required_roles)}


class BudgetExceeded(RequestRefused):
    """The month's allowance is used up; no Retry-After, which would make stock clients sleep for days."""

    status, slug, title = 403, "budget-exceeded", "The allowance is used up"

    def __init__(self, dimension: str, limit: str, used: str, held: str, resets_at: str, estimate: str) -> None:
        super().__init__(
            f"This job is estimated at {estimate}.",
            dimension=dimension,
            limit=limit,
            used=used,
            held=held,
            resetsAt=resets_at,
        )


class NotFound(RequestRefused):
    """No operation has this path."""

    status, slug, title = 404, "not-found", "There is nothing here"


class JobNotFound(RequestRefused):
    """No such job, or another's: the two must look the same."""

    status, slug, title = 404, "job-not-found", "No such job"

    def __init__(self) -> None:
        super().__init__("The job does not exist or is not yours.")


class WebhookNotFound(RequestRefused):
    """No such webhook, or another's: the two must look the same."""

    status, slug, title = 404, "webhook-not-found", "No such webhook"

    def __init__(self) -> None:
        super().__init__("The webhook does not exist or is not yours.")


class TargetNotFound(RequestRefused):
    """A target asked for by path."""

    status, slug, title = 404, "target-not-found", "No such target"


class MethodNotAllowed(RequestRefused):
    """The path exists, the method does not."""

    status, slug, title = 405, "method-not-allowed", "The path does not take this method"

    def __init__(self, method: str, allow: Collection[str]) -> None:
        super().__init__(f"{method} is not possible here; {', '.join(sorted(allow))} would be.")
        self.members = {"allow": sorted(allow)}
        self.headers = {"Allow": ", ".join(sorted(allow))}


class NotAcceptable(RequestRefused):
    """No representation of what was asked for is of the wanted media type."""

    status, slug, title = 406, "not-acceptable", "There is no such representation"

    def __init__(self, wanted: str, offered: Collection[str]) -> None:
        super().__init__(f"Accept is {wanted!r}; {' or '.join(offered)} can be had.", offered=list(offered))


class PreconditionFailed(RequestRefused):
    """If-Match names a state of the job that is past."""

    status, slug, title = 412, "precondition-failed", "The job has changed meanwhile"

    def __init__(self, current_etag: str) -> None:
        super().__init__("Read the job again, then decide.", currentETag=current_etag)
        self.headers = {"ETag": current_etag}


class PayloadTooLarge(RequestRefused):
    """The body is over the limit."""

    status, slug, title = 413, "payload-too-large", "The body is too large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size:,} bytes; at most {limit:,} are taken.", maxBytes=limit)


class UnsupportedMediaType(RequestRefused):
    """The body is not JSON."""

    status, slug, title = 415, "unsupported-media-type", "The body has the wrong media type"

    def __init__(self, got: str, accepted: Collection[str]) -> None:
        super().__init__(f"Content-Type is {got!r}; {' or '.join(accepted)} is needed.", accepted=list(accepted))


class RequestTimeout(RequestRefused):
    """The gateway waited for the rest of the request, and it did not come."""

    status, slug, title = 408, "request-timeout", "The request did not arrive in time"


class Throttled(RequestRefused):
    """The gateway takes no more calls of this kind for now; `limit` says which bound was reached."""

    status, slug, title = 429, "throttled", "Too many requests"

    def __init__(self, limit: str, retry_after_seconds: int) -> None:
        super().__init__(f"The limit {limit} is reached. Ask again after Retry-After seconds.", limit=limit)
        self.headers = {"Retry-After": str(retry_after_seconds)}


class IdempotencyKeyReused(RequestRefused):
    """The key belongs to a job made from another body."""

    status, slug, title = 422, "idempotency-key-reused", "Idempotency-Key was used with another request"

    def __init__(self, job_id: str, created_at: str, *, deleted: bool = False) -> None:
        how = "which has been deleted" if deleted else "from a different body"
        detail = f"The key made {job_id} at {created_at}, {how}. Use a new key for a new job."
        super().__init__(detail, jobId=job_id, createdAt=created_at)


class ProgramInvalid(RequestRefused):
    """The program does not compile; every fault is listed with its place."""

    status, slug, title = 422, "program-invalid", "The program does not compile"

    def __init__(self, format: str, faults: Sequence[Fault]) -> None:  # noqa: A002 - the API's word
        number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"{number} in the {format} program.", format=format)
        self.faults = tuple(faults)
        self.members["errors"] = [fault.as_member() for fault in faults]

    def __str__(self) -> str:
        first = self.faults[0] if self.faults else None
        return f"{self.detail} Line {first.line}, column {first.column}: {first.detail}." if first else self.detail


class ProgramFormatUnsupported(RequestRefused):
    """The target cannot take the program in this form."""

    status, slug, title = 422, "program-format-unsupported", "The target does not take this program"


class TooManyQubits(RequestRefused):
    """The program is wider than the target."""

    status, slug, title = 422, "too-many-qubits", "The program needs more qubits than the target has"

    def __init__(self, target: str, required: int, available: int, targets_that_fit: Sequence[str]) -> None:
        super().__init__(f"{required} qubits needed, {target} has {available}.")
        self.members = {
            "required": required,
            "available": available,
            "targetsThatFit": list(targets_that_fit),
            "errors": [Fault(f"has {available} qubits", "/target").as_member()],
        }


class ShotsOutOfRange(RequestRefused):
    """The target takes fewer or more shots."""

    status, slug, title = 422, "shots-out-of-range", "Shots outside the target's range"

    def __init__(self, shots: int, minimum: int, maximum: int) -> None:
        super().__init__(f"{shots} shots; the target takes {minimum} to {maximum}.")
        bound = f"at most {maximum}" if shots > maximum else f"at least {minimum}"
        self.members = {
            "minimum": minimum,
            "maximum": maximum,
            "errors": [Fault(bound, "/shots").as_member()],
        }


class UnknownTarget(RequestRefused):
    """A target named in a body."""

    status, slug, title = 422, "unknown-target", "No such target"

    def __init__(self, target: str, targets: Sequence[str], did_you_mean: str | None) -> None:
        super().__init__(f"{target!r} is not a target.", targets=list(targets))
        if did_you_mean:
            self.members["didYouMean"] = did_you_mean
        self.members["errors"] = [Fault("unknown", "/target").as_member()]


class CostLimitExceeded(RequestRefused):
    """The estimate is over the request's own `maxCost`."""

    status, slug, title = 422, "cost-limit-exceeded", "The job would cost more than its limit"

    def __init__(self, estimate: Mapping[str, str], limit: Mapping[str, str]) -> None:
        super().__init__(
            f"Estimated at {estimate['amount']} {estimate['currency']}; "
            f"limits.maxCost is {limit['amount']} {limit['currency']}.",
            estimate=dict(estimate),
            limit=dict(limit),
            errors=[Fault(f"at least {estimate['amount']} {estimate['currency']}", "/limits/maxCost").as_member()],
        )


class WebhookRefused(RequestRefused):
    """The service does not call this URL, or the caller has as many webhooks as one may have."""

    status, slug, title = 422, "webhook-refused", "The webhook is refused"

    def __init__(self, reason: str, pointer: str = "/url") -> None:
        super().__init__(f"{pointer}: {reason}.", errors=[Fault(reason, pointer).as_member()])
        self.reason = reason


class DeadlineImpossible(RequestRefused):
    """`startBy` is past already."""

    status, slug, title = 422, "deadline-impossible", "The job cannot start in time"

    def __init__(self, start_by: str) -> None:
        detail = f"limits.startBy is {start_by}, which is past."
        super().__init__(detail, errors=[Fault("must be in the future", "/limits/startBy").as_member()])
