"""What a program needs of a target: QIR profile, size, depth; and the limits within which programs are read."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from quantum_jobs.programs.gates import flatten
from quantum_jobs.programs.ir import Barrier, Bit, Gate, If, Measure, Operation, Program, Reset


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is read; a program beyond one is a fault, found before the work is done.

    `source_bytes` bounds what people write, `qir_bytes` what tools write: QIR and QPY, many times as long.
    `operations` counts gates of the flat set, measurements, resets and branches after all expansion; `steps` bounds
    loop turns, statements and gate calls on the way there; `nesting` counts open brackets and blocks.
    """

    source_bytes: int = 65_536
    qir_bytes: int = 16 * 2**20
    qubits: int = 1_024
    bits: int = 4_096
    operations: int = 100_000
    steps: int = 100_000
    nesting: int = 48
    faults: int = 100


class Profile(StrEnum):
    """The QIR profile that a program needs."""

    BASE = "base_profile"
    ADAPTIVE = "adaptive_profile"


@dataclass(frozen=True, slots=True)
class Resources:
    """Counts after decomposition into the flat gate set; both arms of a branch count.

    IonQ prices gates on one and on two qubits, Quantinuum also preparations, resets and measurements; a gate on more
    qubits counts as what it is decomposed into. `operations` are gates, measurements and resets; `depth` counts layers
    of these, a branch being one column whose depth is that of its deeper arm.
    """

    qubits: int
    operations: int
    one_qubit_gates: int
    two_qubit_gates: int
    depth: int
    measurements: int
    resets: int = 0

    @property
    def gates(self) -> int:
        """Gates on one or two qubits."""
        return self.one_qubit_gates + self.two_qubit_gates


def profile(program: Program) -> Profile:
    """Tell whether a program measures at its end only (base) or needs resets, branches, measured qubits (adaptive)."""
    measured: set[int] = set()
    written: set[Bit] = set()
    for operation in program.operations:
        match operation:
            case Reset() | If():
                return Profile.ADAPTIVE
            case Gate() if not measured.isdisjoint(operation.qubits):
                return Profile.ADAPTIVE
            case Measure(qubit, bit):
                if qubit in measured or bit in written:
                    return Profile.ADAPTIVE
                measured.add(qubit)
                written.add(bit)
    return Profile.BASE


def resources(program: Program) -> Resources:
    """Count what a program uses."""
    tally = _Tally()
    tally.add(program.operations)
    return Resources(
        program.qubits,
        tally.operations,
        tally.one_qubit_gates,
        tally.two_qubit_gates,
        tally.depth,
        tally.measurements,
        tally.resets,
    )


class _Tally:
    """Counts, and the layer at which each qubit and bit is free again."""

    def __init__(self) -> None:
        self.one_qubit_gates = self.two_qubit_gates = self.depth = 0
        self.operations = self.measurements = self.resets = 0
        self.free: dict[int | Bit, int] = {}

    def add(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            match operation:
                case Gate():
                    self._add_gate(operation)
                case Measure(qubit, bit):
                    self.measurements += 1
                    self._step((qubit, bit))
                case Reset(qubit):
                    self.resets += 1
                    self._step((qubit,))
                case Barrier(qubits):
                    self._layer(qubits, 0)
                case If():
                    self._add_branch(operation)

    def _add_gate(self, gate: Gate) -> None:
        for item in flatten(gate):
            self.one_qubit_gates += len(item.qubits) == 1
            self.two_qubit_gates += len(item.qubits) == 2
            self._step(item.qubits)

    def _step(self, places: Collection[int | Bit]) -> None:
        self.operations += 1
        self._layer(places, 1)

    def _layer(self, places: Collection[int | Bit], layers: int) -> None:
        free = self.free
        end = max([free.get(place, 0) for place in places], default=0) + layers
        for place in places:
            free[place] = end
        if end > self.depth:
            self.depth = end

    def _add_branch(self, branch: If) -> None:
        arms = []
        for operations in (branch.then, branch.otherwise):
            arm = _Tally()
            arm.add(operations)
            self.operations += arm.operations
            self.one_qubit_gates += arm.one_qubit_gates
            self.two_qubit_gates += arm.two_qubit_gates
            self.measurements += arm.measurements
            self.resets += arm.resets
            arms.append(arm)
        self._layer({*branch.bits, *arms[0].free, *arms[1].free}, max(arm.depth for arm in arms))
