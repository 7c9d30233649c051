"""The answers of the API, described: what the specification publishes and the tests hold every answer against.

Open objects: a caller must tolerate members that come later. Never imported on the way to an answer.
"""

from typing import Annotated, Literal

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


class TargetQueue(Open):
    """The line before a target."""

    averageSeconds: Annotated[float | None, Field(description="The average wait, as the provider says.")]  # noqa: N815
    wait: Wait


class Price(Open):
    """What runs on a target cost."""

    currency: Annotated[str, Field(description="ISO 4217.")]
    free: Annotated[bool, Field(description="Whether runs cost nothing.")]
    basis: Annotated[str, Field(description="Where the prices are from.")]
    unitPrices: Annotated[dict[str, str], Field(description="Prices that are not zero, by what is billed.")]  # noqa: N815


class Target(Open):
    """A machine or a simulator."""

    id: Annotated[str, Field(description="The name to submit to.")]
    provider: Annotated[str, Field(description="Whose it is.")]
    kind: Annotated[str, Field(description="`qpu`, `simulator` or `syntax-checker`.")]
    simulator: Annotated[bool, Field(description="Whether no quantum machine is behind it.")]
    availability: Annotated[str, Field(description="`available`, `degraded` or `unavailable`.")]
    qubits: Annotated[int, Field(ge=1, description="The widest program that it takes.")]
    formats: Annotated[list[str], Field(description="Formats of programs that it takes.")]
    minShots: Annotated[int, Field(ge=1, description="The fewest shots of a job.")]  # noqa: N815
    maxShots: Annotated[int, Field(ge=1, description="The most shots of a job.")]  # noqa: N815
    qirProfile: Annotated[  # noqa: N815
        str, Field(description="`base`: measures at the end; `adaptive`: midway too, and branches on results.")
    ]
    queue: TargetQueue
    price: Price
    statusPage: Annotated[str | None, Field(description="Where the provider tells how it does.")]  # noqa: N815


class TargetList(Open):
    """The targets on offer."""

    value: Annotated[list[Target], Field(description="The targets.")]


class LogicalResources(Open):
    """What a program takes of a machine, counted on the program as read; of a sweep, its first item."""

    qubits: Annotated[Count, Field(description="Qubits that it uses.")]
    depth: Annotated[Count, Field(description="Steps, one after the other.")]
    operations: Annotated[Count, Field(description="Gates, measurements and resets.")]
    oneQubitGates: Annotated[Count, Field(description="Gates on one qubit.")]  # noqa: N815
    twoQubitGates: Annotated[Count, Field(description="Gates on two qubits.")]  # noqa: N815
    measurements: Annotated[Count, Field(description="Measurements.")]
    tGates: Annotated[Count, Field(description="T gates, and rotations by odd multiples of pi/4.")]  # noqa: N815
    rotations: Annotated[Count, Field(description="Rotations by other angles than multiples of pi/4.")]
    rotationDepth: Annotated[Count, Field(description="Layers that hold rotations.")]  # noqa: N815
    cczGates: Annotated[Count, Field(description="Toffoli gates.")]  # noqa: N815


class Assumptions(Open):
    """What the physical resources rest on."""

    qubitModel: Annotated[str, Field(description="The resource estimator's name for the kind of qubit.")]  # noqa: N815
    errorCorrection: Annotated[str, Field(description="The code.")]  # noqa: N815
    errorBudget: Annotated[float, Field(ge=0, le=1, description="How often the whole may fail.")]  # noqa: N815


class PhysicalResources(Open):
    """What the program would take of a machine that corrects its errors, as Microsoft's resource estimator says."""

    qubits: Annotated[Count, Field(description="Physical qubits, factories included.")]
    runtimeSeconds: Annotated[float, Field(ge=0, description="How long one shot takes.")]  # noqa: N815
    codeDistance: Annotated[Count, Field(description="Distance of the code.")]  # noqa: N815
    logicalQubits: Annotated[Count, Field(description="Error-corrected qubits, with those to move states.")]  # noqa: N815
    logicalDepth: Annotated[Count, Field(description="Cycles of error correction.")]  # noqa: N815
    tStates: Annotated[Count, Field(description="T states that are used up.")]  # noqa: N815
    tFactories: Annotated[Count, Field(description="Factories that make them, side by side.")]  # noqa: N815
    tFactoryQubits: Annotated[Count, Field(description="Physical qubits of all factories.")]  # noqa: N815
    assumptions: Assumptions


class Resources(Open):
    """What a program takes, before any target is chosen."""

    logical: LogicalResources
    physical: Annotated[PhysicalResources | None, Field(description="Null where the estimator cannot say.")]
    physicalReason: Annotated[str | None, Field(description="Why it cannot.")]  # noqa: N815


class Reason(Open):
    """Why a submit to this target would be refused."""

    type: Annotated[str, Field(description="The URI of the problem that the submit would answer.")]
    detail: Annotated[str, Field(description="The same, for people; the problem's own members stand beside.")]


class Estimate(Open):
    """A program on one target."""

    target: Annotated[str, Field(description="The target.")]
    feasible: Annotated[bool, Field(description="Whether a submit of the same would be accepted.")]
    reasons: Annotated[list[Reason], Field(description="Why not.")]
    cost: Money
    wait: Wait
    runSeconds: Annotated[float, Field(ge=0, description="How long the run takes, without its wait.")]  # noqa: N815
    finishBy: Annotated[Moment | None, Field(description="When it would be done.")]  # noqa: N815


class EstimateList(Open):
    """A program on the targets: those that take it first, the soonest before others."""

    resources: Resources
    value: Annotated[list[Estimate], Field(description="An estimate for each target.")]


class Upload(Open):
    """Where to PUT a program, once."""

    uploadId: Annotated[str, Field(pattern=r"^upl_[0-9a-v]{26}$", description="What the job names.")]  # noqa: N815
    url: Annotated[str, Field(description="Where to send the bytes.")]
    method: Annotated[Literal["PUT"], Field(description="How to send them.")]
    headers: Annotated[dict[str, str], Field(description="Headers to send along.")]
    expiresAt: Moment  # noqa: N815


class Usage(Open):
    """One sum of money, and its bound."""

    dimension: Annotated[str, Field(description="What is counted: `cost.month`, a month in UTC.")]
    scope: Annotated[str, Field(description="`all`, or the target that it is counted for.")]
    currency: Annotated[str, Field(description="ISO 4217.")]
    limit: Annotated[Amount | None, Field(description="The most; null is no bound.")]
    used: Annotated[Amount, Field(description="Spent by jobs that have ended.")]
    held: Annotated[Amount, Field(description="Estimated for jobs that have not.")]
    resetsAt: Moment  # noqa: N815


class UsageList(Open):
    """What you have used, hold and may use."""

    value: Annotated[list[Usage], Field(min_length=1, description="A row for each sum.")]


class Health(Open):
    """How the service does."""

    status: Annotated[str, Field(description="`live` or `ready`.")]


class ProblemFault(Open):
    """One thing wrong with a request or its program; lines and columns count from 1, columns in code points."""

    detail: Annotated[str, Field(description="What is wrong.")]
    pointer: Annotated[str, Field(description="Where: a JSON pointer, `?parameter` or a header's name.")]
    line: Annotated[int, Field(ge=1, description="The line of the program.")] = 1
    column: Annotated[int, Field(ge=1, description="The column of the program.")] = 1
    endLine: Annotated[int, Field(ge=1, description="The line where it ends.")] = 1  # noqa: N815
    endColumn: Annotated[int, Field(ge=1, description="The column where it ends.")] = 1  # noqa: N815


class Problem(Open):
    """Problem details (RFC 9457); more members depend on the type, whose page tells them."""

    type: Annotated[str, Field(description="The URI of the kind of problem; it leads to a page about it.")]
    title: Annotated[str, Field(description="The kind, for people.")]
    status: Annotated[int, Field(ge=400, le=599, description="The status of the answer.")]
    detail: Annotated[str, Field(description="This case, for people; may change any time.")]
    instance: Annotated[str, Field(pattern=r"^urn:uuid:[0-9a-f-]{36}$", description="`Request-Id` as a URN.")]
    errors: Annotated[list[ProblemFault], Field(description="Every fault that was found.")] = []


ANSWERS: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (Job, JobPage, Result, Target, TargetList, EstimateList, Upload, UsageList, Health, Problem)
}
