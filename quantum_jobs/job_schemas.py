"""Jobs and their results, described."""

from typing import Annotated

from pydantic import Field

from quantum_jobs.schema_parts import Count, JobError, JobId, Moment, Money, Open, State, Wait


class Queue(Open):
    """What is known of the wait of a job that has not started."""

    wait: Wait
    estimatedStartAt: Moment  # noqa: N815
    position: Annotated[int | None, Field(description="Jobs before this one; null where the provider does not say.")]
    asOf: Moment  # noqa: N815


class Cost(Open):
    """What a job was thought to cost, and costs."""

    estimate: Annotated[Money, Field(description="Held against the budget from the submit on.")]
    actual: Annotated[Money | None, Field(description="Billed over all attempts; null until that is known.")]


class Limits(Open):
    """What the job may do at most, as submitted."""

    maxCost: Annotated[Money | None, Field(description="The most that all attempts may cost.")]  # noqa: N815
    startBy: Annotated[Moment | None, Field(description="A job not started by then ends as failed.")]  # noqa: N815
    maxAttempts: Annotated[int, Field(ge=1, le=10, description="How often the job is tried.")]  # noqa: N815


class Attempt(Open):
    """One run at the provider."""

    number: Annotated[int, Field(ge=1, description="Counts from 1.")]
    state: State
    startedAt: Annotated[Moment | None, Field(description="When the machine began.")]  # noqa: N815
    endedAt: Annotated[Moment | None, Field(description="When the machine was done.")]  # noqa: N815
    cost: Annotated[Money | None, Field(description="What the provider billed for it.")]
    error: Annotated[JobError | None, Field(description="Why it failed.")]


class HistoryEntry(Open):
    """A state, and when it was first seen."""

    state: State
    at: Moment


class JobLinks(Open):
    """Absolute addresses of what belongs to a job."""

    self: Annotated[str, Field(description="The job.")]
    result: Annotated[str, Field(description="Its result.")]
    rawResult: Annotated[str, Field(description="The provider's own result.")]  # noqa: N815
    program: Annotated[str, Field(description="Its program.")]
    cancel: Annotated[str, Field(description="POST here to end it.")]


class Job(Open):
    """A job: what was asked for and all that happened since."""

    id: JobId
    name: Annotated[str | None, Field(description="The name you gave it.")]
    state: State
    done: Annotated[bool, Field(description="Whether the job has ended; then it never changes again.")]
    revision: Annotated[int, Field(ge=1, description="Grows with every change of the job.")]
    items: Annotated[int, Field(ge=1, description="Runs of a sweep; 1 without one.")]
    target: Annotated[str, Field(description="The machine or simulator.")]
    shots: Annotated[int, Field(ge=1, description="How often each item is run.")]
    seed: Annotated[int | None, Field(description="The seed that you asked for.")]
    tags: Annotated[dict[str, str], Field(description="The tags that you gave it.")]
    limits: Limits
    createdAt: Moment  # noqa: N815
    createdBy: Annotated[str, Field(description="Who submitted it, `app:name` or `user:name`.")]  # noqa: N815
    completedAt: Annotated[Moment | None, Field(description="When the machine was done with it.")]  # noqa: N815
    queue: Annotated[Queue | None, Field(description="Known while the job waits.")]
    cost: Cost
    attempts: Annotated[list[Attempt], Field(description="All runs at the provider; none where a result is reused.")]
    nextAttemptAt: Annotated[Moment | None, Field(description="When it is tried again.")]  # noqa: N815
    cancelledBy: Annotated[str | None, Field(description="Who asked for its end.")]  # noqa: N815
    error: Annotated[JobError | None, Field(description="Why the job failed.")]
    reusedFrom: Annotated[str | None, Field(description="The job whose result was given again.")]  # noqa: N815
    history: Annotated[list[HistoryEntry], Field(min_length=1, description="Every state in order.")]
    links: JobLinks


class JobPage(Open):
    """A page of jobs, newest first."""

    value: Annotated[list[Job], Field(max_length=100, description="The jobs.")]
    nextLink: Annotated[str, Field(description="Where the next page is; absent on the last one.")] = ""  # noqa: N815


class ResultRegister(Open):
    """A named group of result bits."""

    name: Annotated[str, Field(description="As declared in the program.")]
    size: Annotated[int, Field(ge=0, description="Bits in it.")]


class ResultItem(Open):
    """What one item of the job gave."""

    index: Annotated[Count, Field(description="The place of its parameters in `parameterSets`.")]
    parameters: Annotated[dict[str, float], Field(description="The values that its inputs had.")]
    counts: Annotated[dict[str, Count], Field(description="How often each outcome came.")]
    probabilities: Annotated[dict[str, float], Field(description="Shares of the counted shots, together 1.")]
    successfulShots: Annotated[Count, Field(description="Shots that are in `counts`.")]  # noqa: N815
    failedShots: Annotated[Count, Field(description="Shots that came to nothing.")]  # noqa: N815


class Result(Open):
    """The result of a job; it never changes."""

    jobId: JobId  # noqa: N815
    target: Annotated[str, Field(description="The machine or simulator that ran it.")]
    shots: Annotated[int, Field(ge=1, description="Shots that were asked for, per item.")]
    bitOrder: Annotated[str, Field(description="How to read the keys of `counts`.")]  # noqa: N815
    registers: Annotated[list[ResultRegister], Field(description="In the order of their declaration.")]
    items: Annotated[list[ResultItem], Field(min_length=1, description="One for each set of parameters.")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the provider's own document.")]
    completedAt: Annotated[Moment | None, Field(description="When the machine was done with it.")]  # noqa: N815
    reusedFrom: Annotated[str | None, Field(description="The job whose result this is.")]  # noqa: N815
