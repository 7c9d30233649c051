"""Every error of the service, with the problem it becomes over HTTP.

    QuantumJobsError
    ├── InternalError 500         unexpected; says nothing but the request id
    ├── RequestRefused            the caller can mend it; nothing was written, nothing costs
    │   ├── InvalidRequest 400    IdempotencyKeyMissing 400
    │   ├── Unauthorized 401      Forbidden 403         BudgetExceeded 403
    │   ├── NotFound 404          JobNotFound 404       TargetNotFound 404    WebhookNotFound 404
    │   ├── MethodNotAllowed 405  NotAcceptable 406     PreconditionFailed 412
    │   ├── PayloadTooLarge 413   UnsupportedMediaType 415
    │   ├── RequestTimeout 408    Throttled 429         told by the gateway alone
    │   └── IdempotencyKeyReused, ProgramInvalid, ProgramFormatUnsupported, TooManyQubits,
    │       ShotsOutOfRange, UnknownTarget, CostLimitExceeded, DeadlineImpossible, WebhookRefused 422
    ├── WrongState                right request, wrong moment
    │   ├── ResultNotReady, JobFailed, JobCancelled, TargetUnavailable 409
    │   ├── JobAlreadyDone, JobNotDone, UploadIncomplete 409
    │   └── ResultExpired 410
    ├── ClientError               in a program that drives the workspace itself; never over HTTP
    │   ├── ClientClosed, SessionClosed
    │   ├── CheckpointMismatch, CheckpointTaken, CheckpointUnreadable
    │   └── LoopNotDurable, LoopOverBudget, LoopOverdue
    └── ServiceFault              ours
        ├── ServiceUnavailable 503    a store, the queue, the vault or the workspace does not answer
        ├── ReceiverBusy 503          so many calls to one receiver that no more are made
        ├── AccountMoved 503          two writers of one account; inside only, repeated
        ├── Crowded 503               the owner's other requests are worked on
        ├── ProviderRefused 502       the workspace refused a job for good; becomes a job's error, not an answer
        ├── ResultUnreadable 500      a result document in no known shape; becomes a job's error, not an answer
        └── SettingsMissing 500       at start only

A slug is part of the API and never changes; titles and details may.
"""

from quantum_jobs.errors.base import Fault, InternalError, QuantumJobsError
from quantum_jobs.errors.client import (
    CheckpointMismatch,
    CheckpointTaken,
    CheckpointUnreadable,
    ClientClosed,
    ClientError,
    LoopNotDurable,
    LoopOverBudget,
    LoopOverdue,
    SessionClosed,
)
from quantum_jobs.errors.refused import (
    BudgetExceeded,
    CostLimitExceeded,
    DeadlineImpossible,
    Forbidden,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    JobNotFound,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    ProgramFormatUnsupported,
    ProgramInvalid,
    RequestRefused,
    RequestTimeout,
    ShotsOutOfRange,
    TargetNotFound,
    Throttled,
    TooManyQubits,
    Unauthorized,
    UnknownTarget,
    UnsupportedMediaType,
    WebhookNotFound,
    WebhookRefused,
)
from quantum_jobs.errors.service import (
    AccountMoved,
    Crowded,
    ProviderRefused,
    ReceiverBusy,
    ResultUnreadable,
    ServiceFault,
    ServiceUnavailable,
    SettingsMissing,
)
from quantum_jobs.errors.states import (
    JobAlreadyDone,
    JobCancelled,
    JobFailed,
    JobNotDone,
    ResultExpired,
    ResultNotReady,
    TargetUnavailable,
    UploadIncomplete,
    WrongState,
)

__all__ = [
    "AccountMoved",
    "BudgetExceeded",
    "CheckpointMismatch",
    "CheckpointTaken",
    "CheckpointUnreadable",
    "ClientClosed",
    "ClientError",
    "CostLimitExceeded",
    "Crowded",
    "DeadlineImpossible",
    "Fault",
    "Forbidden",
    "IdempotencyKeyMissing",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidRequest",
    "JobAlreadyDone",
    "JobCancelled",
    "JobFailed",
    "JobNotDone",
    "JobNotFound",
    "LoopNotDurable",
    "LoopOverBudget",
    "LoopOverdue",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "PayloadTooLarge",
    "PreconditionFailed",
    "ProgramFormatUnsupported",
    "ProgramInvalid",
    "ProviderRefused",
    "QuantumJobsError",
    "ReceiverBusy",
    "RequestRefused",
    "RequestTimeout",
    "ResultExpired",
    "ResultNotReady",
    "ResultUnreadable",
    "ServiceFault",
    "ServiceUnavailable",
    "SessionClosed",
    "SettingsMissing",
    "ShotsOutOfRange",
    "TargetNotFound",
    "TargetUnavailable",
    "Throttled",
    "TooManyQubits",
    "Unauthorized",
    "UnknownTarget",
    "UnsupportedMediaType",
    "UploadIncomplete",
    "WebhookNotFound",
    "WebhookRefused",
    "WrongState",
]
