"""One request to the engine and its answer, as they go to a worker and back."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

type Semantics = Literal["sampled", "expected", "zeros", "echo"]


@dataclass(frozen=True)
class Request:
    """What to run and how; `program` travels beside it."""

    input_format: str
    output_format: str
    shots: int
    seed: int
    semantics: Semantics = "sampled"
    """sampled: shots; expected: floor(p x shots) of each basis state, as ionq.simulator; zeros: a syntax checker."""
    profile: Literal["base", "adaptive"] = "adaptive"
    qubits: int | None = None
    """How many qubits the target has; None is no limit but the engine's."""
    noise: dict[str, float] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    """Entry points to run, each {entryPoint, arguments}; none is the only entry point there is."""

    substitutions: dict[str, Any] | None = None
    """Values for memory regions of a Quil program: region -> one list of numbers per run."""

    variables: dict[str, Any] | None = None
    """Values for the variables of a Pulser sequence."""

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Usage:
    """What a run used, per shot; the costs are made from it."""

    one_qubit_gates: int = 0
    two_qubit_gates: int = 0
    measurements: int = 0
    shots: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """The result document and what it took."""

    document: bytes
    usage: Usage
