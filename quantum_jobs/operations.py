"""The one table of operations: what the API is. Routing, specification, error pages, answers and tests read it."""

import re
from dataclasses import dataclass

from quantum_jobs import errors
from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.models import JOBS_ADMIN, JOBS_READ_ALL, JOBS_SUBMIT
from quantum_jobs.parameters import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, LIST_FILTERS, TARGET_FILTERS, Parameter

_ANY_ROLE = frozenset({JOBS_SUBMIT, JOBS_READ_ALL, JOBS_ADMIN})
_SUBMITTERS = frozenset({JOBS_SUBMIT, JOBS_ADMIN})
type Problems = tuple[type[QuantumJobsError], ...]


@dataclass(frozen=True)
class Operation:
    """One method on one path; `name` is the function's name in Azure, `roles` those of which one is needed.

    `problems` are those beside what every operation may answer (`problems_of`), `headers` those of the answer;
    `request` and `answer` name models of `bodies` and `schemas`.
    """

    name: str
    method: str
    path: str
    status: int
    summary: str
    roles: frozenset[str] = frozenset()
    request: str | None = None
    answer: str | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: Problems = ()
    headers: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of the route: HEAD goes where GET is."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def operation_id(self) -> str:
        """The name in the specification; gateways keep it, so it never changes."""
        return self.name.replace("_", "-")

    @property
    def query(self) -> tuple[str, ...]:
        """The query parameters that the operation takes."""
        return tuple(item.name for item in self.parameters if item.place == "query")


_BODY: Problems = (errors.InvalidRequest, errors.PayloadTooLarge, errors.UnsupportedMediaType)
_PROGRAM: Problems = (*_BODY, errors.UploadIncomplete, errors.ProgramInvalid, errors.UnknownTarget)
_SUBMIT: Problems = (
    *_PROGRAM,
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyReused,
    errors.BudgetExceeded,
    errors.TargetUnavailable,
    errors.ProgramFormatUnsupported,
    errors.TooManyQubits,
    errors.ShotsOutOfRange,
    errors.CostLimitExceeded,
    errors.DeadlineImpossible,
)
_NO_RESULT: Problems = (
    errors.JobNotFound,
    errors.ResultNotReady,
    errors.JobFailed,
    errors.JobCancelled,
    errors.ResultExpired,
)

_WEBHOOK: Problems = (errors.WebhookNotFound,)

# The Functions host matches routes in the order of function names and knows no better fit: the catch-all sorts last.
OPERATIONS = (
    Operation(
        "submit_job",
        "POST",
        "jobs",
        202,
        "Submit a program",
        _SUBMITTERS,
        "JobBody",
        "Job",
        (IDEMPOTENCY_KEY,),
        _SUBMIT,
        ("Location", "Retry-After", "ETag", "Idempotency-Replayed"),
    ),
    Operation(
        "list_jobs",
        "GET",
        "jobs",
        200,
        "List your jobs, newest first",
        _ANY_ROLE,
        None,
        "JobPage",
        LIST_FILTERS,
        (errors.InvalidRequest,),
        ("Cache-Control",),
    ),
    Operation(
        "get_job",
        "GET",
        "jobs/{jobId}",
        200,
        "Read a job",
        _ANY_ROLE,
        None,
        "Job",
        (IF_NONE_MATCH,),
        (errors.JobNotFound,),
        ("ETag", "Cache-Control", "Retry-After"),
    ),
    Operation(
        "patch_job",
        "PATCH",
        "jobs/{jobId}",
        200,
        "Rename or tag a job",
        _SUBMITTERS,
        "JobPatch",
        "Job",
        (IF_MATCH,),
        (*_BODY, errors.JobNotFound, errors.PreconditionFailed),
        ("ETag",),
    ),
    Operation(
        "delete_job",
        "DELETE",
        "jobs/{jobId}",
        204,
        "Erase a job's program and result",
        _SUBMITTERS,
        None,
        None,
        (IF_MATCH,),
        (errors.JobNotDone, errors.PreconditionFailed),
    ),
    Operation(
        "cancel_job",
        "POST",
        "jobs/{jobId}/cancel",
        202,
        "Ask for the end of a job",
        _SUBMITTERS,
        None,
        "Job",
        (IF_MATCH,),
        (errors.JobNotFound, errors.JobAlreadyDone, errors.PreconditionFailed),
        ("ETag", "Retry-After"),
    ),
    Operation(
        "get_result",
        "GET",
        "jobs/{jobId}/result",
        200,
        "Read a job's result",
        _ANY_ROLE,
        None,
        "Result",
        (IF_NONE_MATCH,),
        (*_NO_RESULT, errors.NotAcceptable),
        ("ETag", "Cache-Control", "Vary"),
    ),
    Operation(
        "get_raw_result",
        "GET",
        "jobs/{jobId}/result/raw",
        303,
        "Find the provider's own result",
        _ANY_ROLE,
        None,
        None,
        (),
        _NO_RESULT,
        ("Location", "Cache-Control"),
    ),
    Operation(
        "get_program",
        "GET",
        "jobs/{jobId}/program",
        200,
        "Read a job's program as submitted",
        _ANY_ROLE,
        None,
        "Program",
        (),
        (errors.JobNotFound,),
        ("Cache-Control",),
    ),
    Operation(
        "list_targets",
        "GET",
        "targets",
        200,
        "List the targets",
        _ANY_ROLE,
        None,
        "TargetList",
        (*TARGET_FILTERS, IF_NONE_MATCH),
        (errors.InvalidRequest,),
        ("ETag", "Cache-Control"),
    ),
    Operation(
        "get_target",
        "GET",
        "targets/{targetId}",
        200,
        "Read a target",
        _ANY_ROLE,
        None,
        "Target",
        (IF_NONE_MATCH,),
        (errors.TargetNotFound,),
        ("ETag", "Cache-Control"),
    ),
    Operation(
        "estimate_job",
        "POST",
        "estimates",
        200,
        "Price and time a program on every target",
        _ANY_ROLE,
        "EstimateBody",
        "EstimateList",
        (),
        _PROGRAM,
        ("Cache-Control",),
    ),
    Operation(
        "create_upload",
        "POST",
        "uploads",
        201,
        "Announce a program too large for a request",
        _SUBMITTERS,
        "UploadBody",
        "Upload",
        (),
        _BODY,
        ("Location",),
    ),
    Operation(
        "get_usage",
        "GET",
        "usage",
        200,
        "Read what you have used, hold and may use",
        _ANY_ROLE,
        None,
        "UsageList",
        (),
        (),
        ("Cache-Control",),
    ),
    Operation(
        "create_webhook",
        "POST",
        "webhooks",
        201,
        "Register a receiver of events",
        _SUBMITTERS,
        "WebhookBody",
        "WebhookWithSecret",
        problems=(*_BODY, errors.WebhookRefused),
        headers=("Location", "Cache-Control"),
    ),
    Operation(
        "list_webhooks",
        "GET",
        "webhooks",
        200,
        "List your webhooks",
        _ANY_ROLE,
        answer="WebhookList",
        headers=("Cache-Control",),
    ),
    Operation(
        "get_webhook",
        "GET",
        "webhooks/{webhookId}",
        200,
        "Read a webhook, with what could not be delivered",
        _ANY_ROLE,
        answer="Webhook",
        problems=_WEBHOOK,
        headers=("Cache-Control",),
    ),
    Operation("delete_webhook", "DELETE", "webhooks/{webhookId}", 204, "End a webhook", _SUBMITTERS, problems=_WEBHOOK),
    Operation(
        "test_webhook",
        "POST",
        "webhooks/{webhookId}/test",
        200,
        "Tell a receiver of a test event now",
        _SUBMITTERS,
        answer="WebhookTrial",
        problems=_WEBHOOK,
        headers=("Cache-Control",),
    ),
    Operation(
        "rotate_webhook_secret",
        "POST",
        "webhooks/{webhookId}/rotate-secret",
        200,
        "Give a webhook a new secret",
        _SUBMITTERS,
        answer="WebhookWithSecret",
        problems=_WEBHOOK,
        headers=("Cache-Control",),
    ),
    Operation(
        "get_openapi",
        "GET",
        "openapi.json",
        200,
        "Read this specification",
        headers=("ETag",),
        parameters=(IF_NONE_MATCH,),
    ),
    Operation("get_error", "GET", "errors/{slug}", 200, "Read about a kind of problem", problems=(errors.NotFound,)),
    Operation("health_live", "GET", "health/live", 200, "Tell that the process runs", answer="Health"),
    Operation(
        "health_ready",
        "GET",
        "health/ready",
        200,
        "Tell that the parts behind it answer",
        answer="Health",
        problems=(errors.ServiceUnavailable,),
    ),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
CATCH_ALL = "zz_no_such_operation"


def problems_of(operation: Operation) -> Problems:
    """Give all problems that an operation may answer, those that any may, and those of the gateway, included."""
    common: Problems = (errors.InvalidRequest, errors.InternalError, errors.Throttled, errors.ServiceUnavailable)
    guarded: Problems = (errors.Unauthorized, errors.Forbidden) if operation.roles else ()
    slow: Problems = (errors.RequestTimeout,) if operation.request else ()
    return tuple(dict.fromkeys((*operation.problems, *guarded, *slow, *common)))


def methods_of(path: str) -> frozenset[str]:
    """Give the methods that some operation has on a concrete path, without the version before it."""
    trimmed = path.strip("/").lower()
    return frozenset(method for item in OPERATIONS if _pattern(item.path).fullmatch(trimmed) for method in item.methods)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.lower().split("/"))
    )
