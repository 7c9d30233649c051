"""What the service speaks of: jobs, attempts, targets, results. Frozen data, no input or output."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from quantum_jobs.clock import now, timestamp
from quantum_jobs.job_ids import sortable
from quantum_jobs.money import Money
from quantum_jobs.submissions import JobLimits

JOBS_SUBMIT = "Jobs.Submit"
JOBS_READ_ALL = "Jobs.Read.All"
JOBS_ADMIN = "Jobs.Admin"
FREE = Money()
UNLIMITED = JobLimits()
HISTORY = "history"
PROVIDER = "provider"


class JobState(StrEnum):
    """Where a job is; `done` states never change again."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def done(self) -> bool:
        return self in _DONE

    def may_become(self, following: Self) -> bool:
        """Tell whether the edge is legal; `running` never turns back into `queued` but through `retrying`."""
        return following in _EDGES[self]


_DONE = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
_EDGES: Mapping[JobState, frozenset[JobState]] = {
    JobState.ACCEPTED: frozenset(JobState) - {JobState.ACCEPTED},
    JobState.QUEUED: frozenset(
        {JobState.RUNNING, JobState.SUCCEEDED, JobState.RETRYING, JobState.FAILED, JobState.CANCELLING}
    ),
    JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.RETRYING, JobState.FAILED, JobState.CANCELLING}),
    JobState.RETRYING: frozenset(JobState) - {JobState.ACCEPTED, JobState.RETRYING},
    JobState.CANCELLING: frozenset({JobState.CANCELLED, JobState.SUCCEEDED, JobState.FAILED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class Caller:
    """Who is asking, as a checked token says."""

    tenant: str
    subject: str
    label: str
    roles: frozenset[str]

    @property
    def owner(self) -> str:
        """The partition of the caller's jobs: a hash, so that no identity is written into storage keys."""
        digest = hashlib.sha256(f"{self.tenant}\0{self.subject}".encode()).digest()
        return sortable(digest[:20])


@dataclass(frozen=True)
class Register:
    """A named group of result bits; bit i is the i-th bit of the register as declared."""

    name: str
    size: int


@dataclass(frozen=True)
class Attempt:
    """One run at the provider."""

    number: int
    provider_job_id: str
    state: JobState = JobState.ACCEPTED
    started_at: str | None = None
    ended_at: str | None = None
    error: Mapping[str, Any] | None = None
    cost: Money | None = None
    """What the provider billed; None while it has not said."""


@dataclass(frozen=True)
class Cancellation:
    """Who asked for the end of a job, and when; `by` is None where its own deadline did."""

    at: str
    by: str | None = None


@dataclass(frozen=True)
class HistoryEntry:
    """A state and the moment it was first seen."""

    state: JobState
    at: str


@dataclass(frozen=True)
class Job:
    """A job's record: what the caller asked for and all that happened since."""

    id: str
    owner: str
    created_at: str
    created_by: str
    target: str
    provider: str
    shots: int
    registers: tuple[Register, ...]
    fingerprint: str
    key_hash: str
    program_format: str
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    state: JobState = JobState.ACCEPTED
    revision: int = 1
    sequence: int = 1
    attempts: tuple[Attempt, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    error: Mapping[str, Any] | None = None
    expected_wait_seconds: int | None = None
    expected_wait_p90_seconds: int | None = None
    wait_source: str = PROVIDER
    items: int = 1
    parameters: tuple[str, ...] = ()
    upload_id: str | None = None
    simulator: bool = True
    seed: int | None = None
    session_id: str | None = None
    limits: JobLimits = UNLIMITED
    cost_estimate: Money = FREE
    cost_actual: Money | None = None
    next_attempt_at: str | None = None
    cancellation: Cancellation | None = None
    reuse_hash: str | None = None
    reused_from: str | None = None
    completed_at: str | None = None
    deleted_at: str | None = None
    expired_at: str | None = None
    """Since when its results are no longer kept; None: they are."""
    missing_since: str | None = None
    """Since when the workspace does not know the attempt that it had; None: it does."""
    unsettled: JobState | None = None
    """Where the attempt was seen last, of a job that has ended without the provider's last word.

    Its estimate stays held until that comes; None: it is settled.
    """
    done_revision: int | None = None
    """The revision in which it ended: names its end, whatever is changed afterwards."""
    announced_at: str | None = None
    """When the deliveries of its end were queued; None: not yet, or there was nobody to tell."""

    @property
    def tag(self) -> str:
        """Names this state of the job among all it ever has."""
        digest = hashlib.sha256(f"{self.id}/{self.revision}/{self.state}".encode()).hexdigest()[:8]
        return f"r{self.revision}-{digest}"

    @property
    def billed_micros(self) -> int:
        """What all attempts have cost so far, in millionths."""
        return sum(attempt.cost.micros for attempt in self.attempts if attempt.cost)

    @property
    def has_result(self) -> bool:
        """Whether a result was stored; of a job that had ended before, when its run turned out to have succeeded."""
        return self.completed_at is not None

    @property
    def attempt(self) -> Attempt:
        """The attempt that counts now: the last one; a job that reuses a result has none."""
        return self.attempts[-1]

    def moved_to(self, state: JobState, at: str, **changes: Any) -> Self:
        """Give the job in its next state, one revision later.

        Raises:
            ValueError: the edge is not legal.
        """
        if not self.state.may_become(state):
            raise ValueError(f"{self.id} cannot go from {self.state} to {state}")
        history, revision = (*self.history, HistoryEntry(state, at)), self.revision + 1
        ended_in = revision if state.done else None
        return replace(self, state=state, revision=revision, history=history, done_revision=ended_in, **changes)

    def with_attempt(self, **changes: Any) -> tuple[Attempt, ...]:
        """Give the attempts with the last one changed."""
        return (*self.attempts[:-1], replace(self.attempt, **changes))


@dataclass(frozen=True)
class ShepherdMessage:
    """What one queue message says: look after this job. Its sequence makes a duplicate drop itself."""

    owner: str
    job_id: str
    sequence: int
    sent_at: str
    revived: bool = False

    @classmethod
    def about(cls, job: Job, sequence: int) -> Self:
        """Make the message with which the shepherd comes to a job."""
        return cls(job.owner, job.id, sequence, timestamp(now()))


@dataclass(frozen=True)
class Wait:
    """How long jobs wait before a target: half of them no longer than `p50_seconds`; None is not known.

    `source` is `history`, our own jobs', or `provider`, its average.
    """

    p50_seconds: int | None
    p90_seconds: int | None = None
    source: str = PROVIDER


@dataclass(frozen=True)
class WaitSamples:
    """The last waits of jobs before a target, in seconds, oldest first, and the store's tag (None: not written yet)."""

    seconds: tuple[int, ...] = ()
    etag: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Target:
    """A machine or simulator of the workspace, with what is known of it."""

    id: str
    provider: str
    kind: str
    qubits: int
    min_shots: int
    max_shots: int
    qir_profile: str
    availability: str
    queue_seconds: int | None
    status_page: str | None = None
    history: Wait | None = None
    """What our own jobs have waited lately; None while they are too few to tell."""
    back_seconds: int | None = None
    """After how long an unavailable target is tried again; None where the workspace itself says it is unavailable."""

    @property
    def simulator(self) -> bool:
        return self.kind != "qpu"

    @property
    def wait(self) -> Wait:
        """How long a job that comes now may wait."""
        return self.history or Wait(self.queue_seconds)


@dataclass(frozen=True)
class WorkspaceLocation:
    """Which workspace to use, as Key Vault tells."""

    subscription_id: str
    resource_group: str
    name: str
    location: str
    endpoint: str


@dataclass(frozen=True)
class ProviderJob:
    """A job as the workspace sees it; `status` is the workspace's word, whatever it is."""

    id: str
    status: str
    began: str | None = None
    ended: str | None = None
    output_uri: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    cost: Money | None = None


@dataclass(frozen=True)
class Stored:
    """A record as read, with the store's tag that a change of it must name."""

    job: Job
    etag: str


@dataclass(frozen=True)
class JobQuery:
    """Which of an owner's jobs to list, newest first; moments are RFC 3339, `start` is the id that a page begins at."""

    states: tuple[JobState, ...] = ()
    target: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created_after: str | None = None
    created_before: str | None = None
    page_size: int = 25
    start: str | None = None
