"""The catalogue of problems: what each kind means, what to do about it, and an example made by the code itself.

Kinds come from the tree of errors; beside them stand those that only a job's own `error` can have.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from quantum_jobs import errors
from quantum_jobs.errors import Fault, QuantumJobsError

_JOB = "job_vpevms6ucg5i8d6iq6is2qaacp"
_AT = "2026-11-22T10:02:11.000Z"


@dataclass(frozen=True)
class Kind:
    """A kind of problem; `status` is None where it is never an answer, only a job's `error`.

    `example` is an error to answer with, or the `error` member of a job.
    """

    slug: str
    title: str
    status: int | None
    when: str
    advice: str
    example: QuantumJobsError | Mapping[str, Any]


_ANSWERS: tuple[tuple[QuantumJobsError, str], ...] = (
    (errors.InternalError(), "Repeat the request once; if it fails again, send us the Request-Id."),
    (
        errors.InvalidRequest([Fault("unknown member", "/shost"), Fault("Field required", "/shots")]),
        "Mend what `errors` lists: every fault is there, each with its place in the body, the query or the headers.",
    ),
    (
        errors.IdempotencyKeyMissing("Send Idempotency-Key: a new UUID per job, the same again when you repeat."),
        "Make a UUID for each new job, send it, and send it again whenever you repeat the same request.",
    ),
    (
        errors.Unauthorized("The token does not hold: Signature has expired."),
        "Get a new token for the service's audience from your tenant and send it as `Authorization: Bearer`.",
    ),
    (errors.Forbidden(["Jobs.Submit", "Jobs.Admin"]), "Ask your administrator for one of `requiredRoles`."),
    (
        errors.BudgetExceeded(
            "cost.month", "500.00", "498.10", "1.20", "2026-12-01T00:00:00.000Z", estimate="3.00 USD"
        ),
        "Wait for `resetsAt`, cancel jobs that hold money, choose a cheaper target, or ask for a larger allowance.",
    ),
    (errors.NotFound("No operation has the path /v1/job."), "Look the path up in the specification, `/openapi.json`."),
    (
        errors.JobNotFound(),
        "Check the id, and that you call as the one who submitted it. Others' jobs look as if they were not there.",
    ),
    (
        errors.TargetNotFound("'ionq.simulatr' is not a target; GET /targets lists them."),
        "Take an id from `GET /targets`.",
    ),
    (
        errors.WebhookNotFound(),
        "Check the id, and that you call as who registered it. Others' webhooks look as if they were not there.",
    ),
    (errors.MethodNotAllowed("PUT", ["GET", "HEAD", "POST"]), "Use a method that `Allow` lists."),
    (
        errors.NotAcceptable("image/png", ["application/json", "text/csv"]),
        "Ask for one of the media types in `offered`, or send no Accept.",
    ),
    (
        errors.PreconditionFailed('"r4-9c2f01ab"'),
        "Read the job again, decide whether you still want the change, and send it with the new ETag.",
    ),
    (
        errors.PayloadTooLarge(120_000, 102_400),
        "Announce the program with `POST /uploads`, PUT it to the address, and name the upload in the job.",
    ),
    (
        errors.UnsupportedMediaType("text/plain", ["application/json"]),
        "Send one of the media types in `accepted` as Content-Type, and a body of that type.",
    ),
    (
        errors.RequestTimeout("The request was not there in full. Send it again."),
        "Send the request again, over a better connection, or announce a large program with `POST /uploads`.",
    ),
    (
        errors.Throttled("limit-submit", 12),
        "Wait for `Retry-After` seconds. While a job runs, ask for its status no sooner than its `Retry-After` says.",
    ),
    (
        errors.IdempotencyKeyReused(_JOB, _AT),
        "Use a new key for a new job. To find the job that the key made, read `jobId`.",
    ),
    (
        errors.ProgramInvalid("openqasm3", [Fault("undefined symbol: hh", line=4, column=1, end_line=4, end_column=3)]),
        "Mend the program at the lines and columns that `errors` lists; all faults are there, not the first alone.",
    ),
    (
        errors.ProgramFormatUnsupported(
            "The program measures midway; ionq.simulator measures at the end only.",
            accepted=["openqasm3"],
            targetsThatFit=["quantinuum.sim.h2-1e"],
        ),
        "Choose a target from `targetsThatFit`, or measure at the end and do not branch on results.",
    ),
    (
        errors.TooManyQubits("rigetti.sim.qvm", 31, 20, ["quantinuum.sim.h2-1e"]),
        "Choose a target from `targetsThatFit`, or use fewer qubits.",
    ),
    (errors.ShotsOutOfRange(20_000, 1, 10_000), "Send shots within `minimum` and `maximum`; split larger runs."),
    (
        errors.UnknownTarget("ionq.simulatr", ["ionq.simulator", "rigetti.sim.qvm"], "ionq.simulator"),
        "Take `didYouMean`, or another of `targets`.",
    ),
    (
        errors.CostLimitExceeded({"amount": "12.50", "currency": "USD"}, {"amount": "5.00", "currency": "USD"}),
        "Raise `limits.maxCost`, send fewer shots, or compare targets with `POST /estimates`.",
    ),
    (
        errors.WebhookRefused("hooks.example leads to an address that is not public"),
        "Do what `errors` says: an https URL, port 443, public addresses only; the operator may allow more.",
    ),
    (errors.DeadlineImpossible("2026-11-22T09:00:00.000Z"), "Send a `limits.startBy` that lies ahead."),
    (errors.ResultNotReady("queued", 40), "Ask again after `Retry-After` seconds."),
    (
        errors.JobFailed({"type": "attempts-exhausted", "detail": "Gave up after 3 attempts: calibration"}),
        "`error` says why; its own page says what to do.",
    ),
    (
        errors.JobCancelled("app:5f1c", _AT),
        "There is no result: somebody asked for the job's end, `cancelledBy` in the job says who.",
    ),
    (errors.JobAlreadyDone("succeeded"), "Nothing is left to cancel: read the result."),
    (errors.JobNotDone("running"), "Cancel the job, wait until it is `done`, then delete it."),
    (
        errors.UploadIncomplete({"bytes": 300_000, "sha256": "9f86d0..."}, {"bytes": 12, "sha256": "60303a..."}),
        "PUT exactly the bytes that you announced, once; for others announce a new upload.",
    ),
    (errors.ResultExpired(_AT), "Submit the job again under a new key."),
    (
        errors.TargetUnavailable("ionq.qpu.aria-1 is unavailable.", target="ionq.qpu.aria-1", statusPage=None),
        "Ask again after `Retry-After` seconds, or choose another target.",
    ),
    (errors.ServiceUnavailable("The record store"), "Send the same request again after `Retry-After` seconds."),
)
_OF_JOBS: tuple[Kind, ...] = (
    Kind(
        "provider-rejected",
        errors.ProviderRefused.title,
        None,
        "The workspace or the provider refused the job for good, after it had been accepted here.",
        "Read `detail`: it is the provider's reason. Change the job and submit it under a new key.",
        {"type": "provider-rejected", "detail": "InvalidInput: the target does not support this input format."},
    ),
    Kind(
        "provider-error",
        "The run failed at the provider",
        None,
        "The provider reports a failure that another attempt would not mend, or that might be billed twice.",
        "Read `detail` and `providerCode`; simulate the program first, or choose another target.",
        {"type": "provider-error", "detail": "The program exceeds the time per shot.", "providerCode": "TooLong"},
    ),
    Kind(
        "attempts-exhausted",
        "Every attempt failed",
        None,
        "Each of the attempts that `limits.maxAttempts` allows failed for a reason that may pass.",
        "Look at `attempts` for each reason; submit again later or to another target.",
        {
            "type": "attempts-exhausted",
            "detail": "Gave up after 3 attempts: calibration",
            "providerCode": "Calibration",
        },
    ),
    Kind(
        "deadline-exceeded",
        "The job had not started in time",
        None,
        "`limits.startBy` came before the job's turn did; it was withdrawn from the queue.",
        "Choose a target with a shorter queue (`POST /estimates` compares them), or a later `startBy`.",
        {"type": "deadline-exceeded", "detail": "The job had not started by 2026-11-22T18:00:00.000Z."},
    ),
    Kind(
        "result-unreadable",
        errors.ResultUnreadable.title,
        None,
        "The provider's result is missing, or has none of the shapes that the service knows.",
        "Read the provider's own document at `links.rawResult`, if there is one, and tell us the job's id.",
        {"type": "result-unreadable", "detail": "The provider stored no result."},
    ),
)


@cache
def catalogue() -> Mapping[str, Kind]:
    """Give every kind of problem by its slug, answers first."""
    kinds = {
        error.slug: Kind(error.slug, error.title, error.status, _sentence(type(error)), advice, error)
        for error, advice in _ANSWERS
    }
    return kinds | {kind.slug: kind for kind in _OF_JOBS}


def slugs_of_errors() -> frozenset[str]:
    """Give the slugs of all errors that are raised."""
    return frozenset(error.slug for error in _tree(QuantumJobsError))


def _tree(root: type[QuantumJobsError]) -> Iterator[type[QuantumJobsError]]:
    yield root
    for branch in root.__subclasses__():
        yield from _tree(branch)


def _sentence(error: type[QuantumJobsError]) -> str:
    return " ".join((error.__doc__ or "").split())
