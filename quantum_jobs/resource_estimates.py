"""What a program takes of a fault-tolerant machine: logical counts from the program, physical ones from Microsoft's
resource estimator.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import pi
from typing import Any

from quantum_jobs.programs import Bit, Gate, If, Measure, Operation, Program, Resources, resources
from quantum_jobs.programs.gates import FLAT, expand

QUBIT_MODEL = "qubit_gate_ns_e3"  # the estimator's own default: gates of 50 ns, errors of 1 in 1,000
ERROR_BUDGET = 0.001  # likewise: how often the whole program may fail
_ROTATIONS = frozenset({"rx", "ry", "rz"})
_TOFFOLI = frozenset({"ccx", "ccz"})
_EIGHTH_TURN = pi / 4
_SAME_ANGLE = 1e-12


@dataclass(frozen=True)
class LogicalResources:
    """What a program takes of error-corrected qubits; both arms of a branch count.

    `t_gates` are T, its inverse, and rotations by odd multiples of pi/4; `rotations` those by any other angle than a
    multiple of pi/4, which are Clifford gates for even ones. A Toffoli gate is one of `ccz_gates`, not seven T.
    """

    program: Resources
    t_gates: int
    rotations: int
    rotation_depth: int
    ccz_gates: int


@dataclass(frozen=True)
class PhysicalResources:
    """What a program takes of physical qubits under the stated assumptions; `runtime_seconds` is one shot."""

    qubits: int
    runtime_seconds: float
    code_distance: int
    logical_qubits: int
    logical_depth: int
    t_states: int
    t_factories: int
    t_factory_qubits: int
    qubit_model: str
    error_correction: str
    error_budget: float


@dataclass(frozen=True)
class ResourceEstimate:
    """Both; without physical ones `reason` is the estimator's."""

    logical: LogicalResources
    physical: PhysicalResources | None
    reason: str | None = None


async def resource_estimate(program: Program) -> ResourceEstimate:
    """Estimate a program's resources, in a thread: the first call of a process imports the estimator."""
    return await asyncio.to_thread(_estimate, program)


def logical_resources(program: Program) -> LogicalResources:
    """Count what the estimator needs to know of a program."""
    tally = _Tally()
    tally.add(program.operations)
    return LogicalResources(
        resources(program), tally.t_gates, tally.rotations, max(tally.depths.values(), default=0), tally.ccz_gates
    )


def _estimate(program: Program) -> ResourceEstimate:
    from qdk.estimator import EstimatorError, LogicalCounts

    logical = logical_resources(program)
    counts = {
        "numQubits": logical.program.qubits,
        "tCount": logical.t_gates,
        "rotationCount": logical.rotations,
        "rotationDepth": logical.rotation_depth,
        "cczCount": logical.ccz_gates,
        "measurementCount": logical.program.measurements,
    }
    try:
        found = LogicalCounts(counts).estimate({"qubitParams": {"name": QUBIT_MODEL}, "errorBudget": ERROR_BUDGET})
    except EstimatorError as error:
        return ResourceEstimate(logical, None, str(error).partition("): ")[2] or str(error))
    return ResourceEstimate(logical, _physical(found.data()))


def _physical(found: dict[str, Any]) -> PhysicalResources:
    counts, assumed = found["physicalCounts"], found["jobParams"]
    parts = counts["breakdown"]
    return PhysicalResources(
        qubits=counts["physicalQubits"],
        runtime_seconds=counts["runtime"] / 1e9,
        code_distance=found["logicalQubit"]["codeDistance"],
        logical_qubits=parts["algorithmicLogicalQubits"],
        logical_depth=parts["logicalDepth"],
        t_states=parts["numTstates"],
        t_factories=parts["numTfactories"],
        t_factory_qubits=parts["physicalQubitsForTfactories"],
        qubit_model=assumed["qubitParams"]["name"],
        error_correction=assumed["qecScheme"]["name"],
        error_budget=assumed["errorBudget"],
    )


@dataclass
class _Tally:
    """Counts, and how many layers of rotations each qubit and bit has behind it."""

    t_gates: int = 0
    rotations: int = 0
    ccz_gates: int = 0
    depths: dict[int | Bit, int] = field(default_factory=dict)

    def add(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            match operation:
                case Gate():
                    self._add_gate(operation)
                case Measure(qubit, bit):
                    self._join((qubit, bit))
                case If(bits):
                    for arm in (operation.then, operation.otherwise):
                        self._after(bits, arm)
                        self.add(arm)

    def _add_gate(self, gate: Gate) -> None:
        if gate.name in _TOFFOLI:
            self.ccz_gates += 1
        elif gate.name not in FLAT:
            if gate.name != "gphase":
                self.add(expand(gate))
            return
        elif gate.name in ("t", "tdg"):
            self.t_gates += 1
        elif gate.name in _ROTATIONS and self._add_rotation(gate.angles[0]):
            self._join(gate.qubits, layers=1)
        self._join(gate.qubits)

    def _add_rotation(self, angle: float) -> bool:
        eighths = angle / _EIGHTH_TURN
        if abs(eighths - round(eighths)) > _SAME_ANGLE:
            self.rotations += 1
            return True
        self.t_gates += round(eighths) % 2
        return False

    def _join(self, places: Iterable[int | Bit], layers: int = 0) -> None:
        end = max(self.depths.get(place, 0) for place in places) + layers
        self.depths.update(dict.fromkeys(places, end))

    def _after(self, bits: Iterable[Bit], arm: Iterable[Operation]) -> None:
        """Put the operations of a branch behind the measurements that it depends on."""
        start = max((self.depths.get(bit, 0) for bit in bits), default=0)
        for operation in arm:
            for qubit in getattr(operation, "qubits", ()):
                self.depths[qubit] = max(self.depths.get(qubit, 0), start)
