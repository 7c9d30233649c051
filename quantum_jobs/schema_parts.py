"""What the descriptions of several answers share. Open objects: a caller must tolerate members that come later."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from quantum_jobs.models import JobState

type State = Annotated[
    str,
    Field(description=f"One of {', '.join(JobState)}; more may come, so loop on `done` only.", examples=["queued"]),
]
type JobId = Annotated[str, Field(pattern=r"^job_[0-9a-v]{26}$", description="The job's id.")]
type Moment = Annotated[AwareDatetime, Field(description="A moment, RFC 3339 in UTC with milliseconds.")]
type Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]{2,6})$", description="A decimal amount, exact.")]
type Count = Annotated[int, Field(ge=0)]


class Open(BaseModel):
    """May have more members than are named."""

    model_config = ConfigDict(extra="allow")


class Money(Open):
    """An amount of money."""

    amount: Amount
    currency: Annotated[str, Field(description="ISO 4217, today always `USD`.")]


class JobError(Open):
    """Why a job or one of its attempts failed."""

    type: Annotated[str, Field(description="The URI of the kind of problem; it leads to a page about it.")]
    detail: Annotated[str, Field(description="What happened, for people.")]
    providerCode: Annotated[str | None, Field(description="The provider's own code of the failure.")] = None  # noqa: N815
    transient: Annotated[bool | None, Field(description="Whether another attempt may succeed.")] = None


class Wait(Open):
    """How long jobs wait before this target."""

    p50Seconds: Annotated[float | None, Field(description="Half of all jobs wait less.")]  # noqa: N815
    p90Seconds: Annotated[float | None, Field(description="Nine of ten jobs wait less; null where unknown.")]  # noqa: N815
    source: Annotated[str, Field(description="Who says so: `history`, our own jobs, or `provider`.")]
