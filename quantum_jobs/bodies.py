"""The bodies of requests: closed objects, every bound of the schema in one place."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from quantum_jobs.changing import MAX_TAGS, JobChange
from quantum_jobs.clock import timestamp
from quantum_jobs.errors import Fault, InvalidRequest
from quantum_jobs.money import Money
from quantum_jobs.registering import WebhookWish
from quantum_jobs.submissions import EstimateRequest, JobLimits, JobRequest, ProgramSource, Submission
from quantum_jobs.webhooks import MOST_URL_CHARACTERS, Event

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_SHOTS = 1_000_000  # of the schema; each target has its own, lower bound
MAX_ITEMS = 300
MAX_OPTIONS_BYTES = 8_192
MAX_PROGRAM_BYTES = 65_536  # of a program that comes with its job; a larger one is uploaded
TAG_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_PARAMETER = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
_AGE = r"^P([1-9]|[1-8][0-9]|90)D$|^PT[1-9][0-9]{0,2}H$|^PT[1-9][0-9]{0,3}[MS]$"  # ISO 8601, one unit, 90 days at most
_WEB_ADDRESS = "^https://"  # the rest, where it leads above all, is told apart as webhook-refused
_SET_BY_US = ("shots", "items", "seed", "entryPoint", "arguments")


def _whole(value: Any) -> Any:
    """JSON Schema calls 255.0 an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


type Format = Literal["openqasm2", "openqasm3", "qir", "qiskit-qpy", "ionq-circuit", "quil"]
type Name = Annotated[str, Field(min_length=1, max_length=128)]
type TagName = Annotated[str, Field(pattern=TAG_NAME)]
type TagValue = Annotated[str, Field(max_length=256)]
type ParameterSet = Annotated[
    dict[Annotated[str, Field(pattern=_PARAMETER)], Annotated[float, Field(allow_inf_nan=False)]],
    Field(min_length=1, max_length=64, json_schema_extra={"additionalProperties": False}),
]


class Closed(BaseModel):
    """Refuses what it does not know."""

    # Built at the first use: a process that never sees a kind of body does not pay for its schema at its start.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class ProgramBody(Closed):
    """The program, in the request (`source`: text; QIR bitcode and QPY in base64) or uploaded before (`uploadId`)."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["source"]}, {"required": ["uploadId"]}]})
    format: Format
    source: Annotated[str, Field(min_length=1)] | None = None
    uploadId: Annotated[str, Field(pattern=r"^upl_[0-9a-v]{26}$")] | None = None  # noqa: N815 - the API's spelling

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.source is None) == (self.uploadId is None):
            raise PydanticCustomError("one_of", "needs either source or uploadId")
        return self

    def program(self) -> ProgramSource:
        """Give the program as the service knows it."""
        return ProgramSource(self.format, self.source or "", self.uploadId)


class MoneyBody(Closed):
    """An amount of money."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]
    currency: Literal["USD"] = "USD"

    def money(self) -> Money:
        """Give the amount."""
        return Money.of(self.amount, self.currency)


class LimitsBody(Closed):
    """What the job may cost at most over all attempts, when it must have started, how often it may be tried."""

    maxCost: MoneyBody | None = None  # noqa: N815
    startBy: AwareDatetime | None = None  # noqa: N815
    maxAttempts: Annotated[int, Field(ge=1, le=10), BeforeValidator(_whole)] = 3  # noqa: N815

    def limits(self) -> JobLimits:
        """Give the limits."""
        start_by = timestamp(self.startBy) if self.startBy else None
        return JobLimits(self.maxCost.money() if self.maxCost else None, start_by, self.maxAttempts)


class OptionsBody(Closed):
    """`seed` repeats a simulation; `provider` goes to the provider as it is."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)] | None = None
    provider: Annotated[
        dict[str, Any], Field(json_schema_extra={"propertyNames": {"not": {"enum": list(_SET_BY_US)}}})
    ] = {}

    @model_validator(mode="after")
    def _small(self) -> Self:
        try:
            size = len(json.dumps(self.provider, allow_nan=False).encode())
        except ValueError as error:
            raise PydanticCustomError("no_number", "provider holds a number that JSON does not have") from error
        if size > MAX_OPTIONS_BYTES:
            raise PydanticCustomError("too_large", f"provider has more than {MAX_OPTIONS_BYTES:,} bytes")
        reserved = sorted(set(_SET_BY_US) & set(self.provider))
        if reserved:
            raise PydanticCustomError("reserved", f"provider may not hold {', '.join(reserved)}: the service sets them")
        return self


class ReuseBody(Closed):
    """Give the result of an equal job of yours instead of running again, if it is not older: P1D, PT12H, PT30M."""

    maxAge: Annotated[str, Field(pattern=_AGE)]  # noqa: N815

    def seconds(self) -> int:
        """Give the age in seconds."""
        number, unit = int("".join(filter(str.isdigit, self.maxAge))), self.maxAge[-1]
        return number * {"D": 86_400, "H": 3_600, "M": 60, "S": 1}[unit]


class JobBody(Closed):
    """The body of POST /jobs."""

    target: Annotated[str, Field(min_length=1, max_length=128)]
    shots: Annotated[int, Field(ge=1, le=MAX_SHOTS), BeforeValidator(_whole)]
    program: ProgramBody
    parameterSets: Annotated[list[ParameterSet], Field(min_length=1, max_length=MAX_ITEMS)] | None = None  # noqa: N815
    options: OptionsBody = Field(default_factory=OptionsBody)  # made at import it would build its schema there
    limits: LimitsBody = Field(default_factory=LimitsBody)
    reuse: ReuseBody | None = None
    name: Name | None = None
    tags: Annotated[dict[TagName, TagValue], Field(max_length=MAX_TAGS)] = {}

    def request(self, key: str) -> JobRequest:
        """Give the request as the service knows it."""
        return JobRequest(
            target=self.target,
            shots=self.shots,
            submission=Submission(self.program.program(), tuple(self.parameterSets or ()), self.options.provider),
            key=key,
            fingerprint=self._fingerprint(),
            name=self.name,
            tags=self.tags,
            seed=self.options.seed,
            limits=self.limits.limits(),
            reuse_seconds=self.reuse.seconds() if self.reuse else None,
        )

    def _fingerprint(self) -> str:
        # Canonical in the spirit of RFC 8785: sorted members, no spaces, numbers as Python's shortest form.
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class EstimateBody(Closed):
    """The body of POST /estimates: as a job, for the targets named or for all."""

    shots: Annotated[int, Field(ge=1, le=MAX_SHOTS), BeforeValidator(_whole)]
    program: ProgramBody
    parameterSets: Annotated[list[ParameterSet], Field(min_length=1, max_length=MAX_ITEMS)] | None = None  # noqa: N815
    targets: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=64)] = []

    def request(self) -> EstimateRequest:
        """Give the request as the service knows it."""
        submission = Submission(self.program.program(), tuple(self.parameterSets or ()))
        return EstimateRequest(self.shots, submission, tuple(dict.fromkeys(self.targets)))


class UploadBody(Closed):
    """The body of POST /uploads: what will be uploaded."""

    format: Format
    bytes: Annotated[int, Field(ge=1, le=2**40), BeforeValidator(_whole)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class WebhookBody(Closed):
    """The body of POST /webhooks: what to be told, and where."""

    url: Annotated[str, Field(min_length=9, max_length=MOST_URL_CHARACTERS, pattern=_WEB_ADDRESS)]
    events: Annotated[
        list[Annotated[Event, Field(strict=False)]],
        Field(min_length=1, max_length=len(Event), json_schema_extra={"uniqueItems": True}),
    ]
    description: Annotated[str, Field(min_length=1, max_length=256)] | None = None

    @field_validator("events")
    @classmethod
    def _once(cls, events: list[Event]) -> list[Event]:
        if len(set(events)) < len(events):
            raise PydanticCustomError("unique_items", "names an event twice")
        return events

    def wish(self) -> WebhookWish:
        """Give the wish as the service knows it."""
        return WebhookWish(self.url, tuple(self.events), self.description)


class JobPatch(Closed):
    """The body of PATCH /jobs/{jobId}, a merge-patch: null removes."""

    name: Name | None = None
    tags: dict[TagName, TagValue | None] | None = None

    def change(self) -> JobChange:
        """Give the change as the service knows it."""
        clears = "tags" in self.model_fields_set and self.tags is None
        return JobChange("name" in self.model_fields_set, self.name, clears, self.tags or {})


def invalid(error: ValidationError) -> InvalidRequest:
    """Turn what a body's model found into the error that names every fault and its place."""
    return InvalidRequest([_fault(item) for item in error.errors(include_url=False)])


def _fault(item: ErrorDetails) -> Fault:
    pointer = "".join(f"/{_escaped(part)}" for part in item["loc"] if part != "[key]")
    detail = "unknown member" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Input ")
    return Fault(detail[:300], pointer)


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
