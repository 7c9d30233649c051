"""What callers ask for: programs, jobs, estimates, uploads, with the shape checked and nothing else yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quantum_jobs.money import Money


@dataclass(frozen=True)
class ProgramSource:
    """A program as it was submitted: its text, or the upload that holds it."""

    format: str
    source: str = ""
    upload_id: str | None = None


@dataclass(frozen=True)
class Submission:
    """What stays beside the record of a job because it is large: program, values of parameters, provider's options.

    `parameter_sets` are the runs of a sweep, one item of the result each; none is one run without parameters.
    """

    program: ProgramSource
    parameter_sets: tuple[Mapping[str, float], ...] = ()
    provider_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobLimits:
    """What the caller allows: cost over all attempts, the latest start (RFC 3339), attempts in all."""

    max_cost: Money | None = None
    start_by: str | None = None
    max_attempts: int = 3


@dataclass(frozen=True)
class JobRequest:
    """A validated submit: shape right, nothing checked against targets yet."""

    target: str
    shots: int
    submission: Submission
    key: str
    fingerprint: str
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    limits: JobLimits = JobLimits()
    reuse_seconds: int | None = None
    """How old an equal job's result may be that is given again; None is: run it."""
    session_id: str | None = None
    """The workspace's session that the job belongs to."""

    @property
    def program(self) -> ProgramSource:
        return self.submission.program


@dataclass(frozen=True)
class EstimateRequest:
    """What to price and time: on the named targets, or on all."""

    shots: int
    submission: Submission
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Upload:
    """A program that comes by blob: what was announced, and what the blob must hold."""

    id: str
    format: str
    size: int
    sha256: str
    expires_at: str
