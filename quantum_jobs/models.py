"""What the service speaks of: jobs, attempts, targets, results. Frozen data, no input or output."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

_PROVIDER_IDS = uuid.UUID("5f7a3c2e-8d0b-5e43-9a61-0c2b7d94e1f8")
_LAST_MILLISECOND = 2**48 - 1
_JOB_ID = re.compile(r"job_[0-9a-v]{26}")
_SORTABLE = "0123456789abcdefghijklmnopqrstuv"


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
class ProgramSource:
    """A program as it was submitted."""

    format: str
    source: str


@dataclass(frozen=True)
class JobRequest:
    """A validated submit: shape right, nothing checked against targets yet."""

    target: str
    shots: int
    program: ProgramSource
    key: str
    fingerprint: str
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


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

    @property
    def attempt(self) -> Attempt:
        """The attempt that counts now: the last one."""
        return self.attempts[-1]

    def moved_to(self, state: JobState, at: str, **changes: Any) -> Self:
        """Give the job in its next state, one revision later.

        Raises:
            ValueError: the edge is not legal.
        """
        if not self.state.may_become(state):
            raise ValueError(f"{self.id} cannot go from {self.state} to {state}")
        history = (*self.history, HistoryEntry(state, at))
        return replace(self, state=state, revision=self.revision + 1, history=history, **changes)

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

    @property
    def simulator(self) -> bool:
        return self.kind == "simulator"


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


@dataclass(frozen=True)
class Stored:
    """A record as read, with the store's tag that a change of it must name."""

    job: Job
    etag: str


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_since(moment: str, at: datetime) -> float:
    """Seconds from a written moment to `at`; never negative, clocks of two instances differ."""
    return max((at - datetime.fromisoformat(moment)) / timedelta(seconds=1), 0.0)


def is_job_id(text: str) -> bool:
    """Tell whether a text has the form of a job's id.

    Nothing else may become part of a name in a store: a key row, or a path with dots, is not a job.
    """
    return _JOB_ID.fullmatch(text) is not None


def hash_of_key(key: str) -> str:
    """What is stored of an Idempotency-Key: SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_job_id(owner: str, key: str, fingerprint: str, moment: datetime) -> str:
    """Make the id of a job: inverted time first, so that the store's own order is newest first.

    10 characters of time in milliseconds, then 16 of SHA-256(owner, key, fingerprint): 128 bits as in a ULID. The
    fingerprint keeps apart two bodies that race under one key: neither may overwrite the other's provider input.
    """
    milliseconds = int(moment.timestamp() * 1000)
    inverted = (_LAST_MILLISECOND - milliseconds) << 2  # 48 bits fill ten characters of five bits but for two
    when = "".join(_SORTABLE[inverted >> shift & 31] for shift in range(45, -1, -5))
    return "job_" + when + sortable(hashlib.sha256(f"{owner}\0{key}\0{fingerprint}".encode()).digest()[:10])


def provider_job_id(job_id: str, attempt: int) -> str:
    """The id the workspace knows an attempt by: the same again for the same attempt, so a repeated PUT is one job."""
    return str(uuid.uuid5(_PROVIDER_IDS, f"{job_id}/{attempt}"))


def sortable(data: bytes) -> str:
    """Lower-case base32hex without padding: sorts as the bytes do; 5 bytes become 8 characters."""
    return base64.b32hexencode(data).decode().rstrip("=").lower()
