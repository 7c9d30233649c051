"""The catalogue of providers and targets, read from targets.toml."""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from local.azure_quantum.models import Priority
from local.execution.request import Semantics

CATALOGUE = Path(__file__).with_name("targets.toml")
QIR_FORMAT = "qir.v1"
QIR_OUTPUTS = ("microsoft.quantum-results.v2", "microsoft.quantum-results.v1")
BY_REGISTER = {"honeywell.openqasm.v1", "rigetti.quil.v1"}
"""Formats of programs with registers: a job may ask for results as those of QIR, too (chosen)."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shots(_Entry):
    minimum: int
    maximum: int
    default: int


class Price(_Entry):
    """Unit prices by dimension; a dimension that is not given costs nothing."""

    currency: str
    gate_1q_shot: float = 0.0
    gate_2q_shot: float = 0.0
    hqc: float = 0.0
    ehqc: float = 0.0
    qpu_centisecond: float = 0.0
    emulator_hour: float = 0.0
    qpu_hour: float = 0.0


class Quota(_Entry):
    """How much of a dimension may be used in a period; `dimension` is a dimensionId of costEstimate."""

    dimension: str
    scope: Literal["Workspace", "Subscription"]
    period: Literal["None", "Monthly"]
    limit: float


class Target(_Entry):
    id: str
    kind: Literal["simulator", "qpu"]
    semantics: Semantics
    qubits: int
    profile: Literal["base", "adaptive"]
    shots: Shots
    queue_seconds: float
    execution_seconds: float
    capacity: int = Field(ge=1)
    price: Price
    takes_qir: bool = True
    native_formats: dict[str, str] = Field(default_factory=dict)
    """Input format -> output format of the provider's own."""
    noise: dict[str, float] = Field(default_factory=dict)
    availability: Literal["Available", "Degraded", "Unavailable"] = "Available"

    @property
    def formats(self) -> dict[str, tuple[str, ...]]:
        """Give the output formats of each input format, the default first."""
        formats: dict[str, tuple[str, ...]] = {QIR_FORMAT: QIR_OUTPUTS} if self.takes_qir else {}
        for given, wanted in self.native_formats.items():
            formats[given] = (wanted, *(QIR_OUTPUTS if given in BY_REGISTER else ()))
        return formats


class Provider(_Entry):
    id: str
    targets: tuple[Target, ...]
    quotas: tuple[Quota, ...] = ()

    @property
    def availability(self) -> str:
        """Available when all targets are, Degraded when some are."""
        states = {target.availability for target in self.targets}
        return states.pop() if len(states) == 1 else "Degraded"


type Wait = Callable[[Target, Priority], float]
"""How many seconds a job that came now would wait."""


class Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    providers: tuple[Provider, ...]

    @classmethod
    def read(cls, path: Path = CATALOGUE) -> "Catalogue":
        """Read a catalogue file; raises pydantic.ValidationError naming the entry that is wrong."""
        return cls.model_validate(tomllib.loads(path.read_text()))

    def find(self, provider_id: str, target_id: str) -> Target | None:
        """Find a target by provider (case does not matter) and id."""
        return next(
            (
                target
                for provider, target in self.targets()
                if target.id == target_id and provider.id == provider_id.lower()
            ),
            None,
        )

    def provider(self, provider_id: str) -> Provider | None:
        """Find a provider; case does not matter."""
        return next((provider for provider in self.providers if provider.id == provider_id.lower()), None)

    def targets(self) -> Iterator[tuple[Provider, Target]]:
        for provider in self.providers:
            for target in provider.targets:
                yield provider, target

    def status(self, wait: Wait) -> list[dict[str, Any]]:
        """Give providerStatus; queue times are what one waits here, in whole seconds."""
        return [
            {
                "id": provider.id,
                "currentAvailability": provider.availability,
                "targets": [_status(target, wait) for target in provider.targets],
            }
            for provider in self.providers
        ]


def _status(target: Target, wait: Wait) -> dict[str, Any]:
    standard = round(wait(target, "Standard"))
    return {
        "id": target.id,
        "currentAvailability": target.availability,
        "averageQueueTime": standard,
        "averageQueueTimeHighPriority": round(wait(target, "High")),
        "averageQueueTimeStandardPriority": standard,
        "statusPage": None,
        "numQubits": target.qubits or None,
        "targetProfile": target.profile if target.takes_qir else None,
        "metadata": None,
    }
