"""The answers of the API, described: what the specification publishes and the tests hold every answer against.

Open objects: a caller must tolerate members that come later. Never imported on the way to an answer.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from quantum_jobs.job_schemas import Job, JobPage, Result
from quantum_jobs.schema_parts import Amount, Count, Moment, Money, Open, Wait
from quantum_jobs.webhook_schemas import Webhook, WebhookList, WebhookTrial, WebhookWithSecret


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
} | {model.__name__: model for model in (Webhook, WebhookWithSecret, WebhookList, WebhookTrial)}
