"""The gates of QIR's instruction sets by the names that compilers give them."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from local.execution.errors import InvalidProgram
from local.execution.gates import GATES
from local.execution.program import Gate, Operand
from local.execution.unitaries import controlled, inverse

type Angles = tuple[Operand, ...]
type Qubits = tuple[int, ...]

_PATTERN = re.compile(r"__quantum__qis__(\w+?)__(body|adj|ctl|ctladj)")


@dataclass(frozen=True)
class GateFunction:
    """A function that acts as gates; its arguments are angles in radians, then qubits."""

    angles: int
    qubits: int
    build: Callable[[Angles, Qubits], list[Gate]]


def _plain(name: str) -> GateFunction:
    kind = GATES[name]
    return GateFunction(kind.angles, kind.qubits, lambda angles, qubits: [Gate(name, qubits, angles)])


def _under_one(name: str) -> GateFunction:
    """Make a gate whose first qubit is a control."""
    kind = GATES[name]
    return GateFunction(
        kind.angles, kind.qubits + 1, lambda angles, qubits: [Gate(name, qubits[1:], angles, qubits[:1])]
    )


def _turned(angles: Angles, qubits: Qubits) -> list[Gate]:
    """Canonical two-qubit gate; the three rotations commute."""
    return [Gate(name, qubits, (angle,)) for name, angle in zip(("rxx", "ryy", "rzz"), angles, strict=True)]


def _iswap(_angles: Angles, qubits: Qubits) -> list[Gate]:
    return [*(Gate("s", (qubit,)) for qubit in qubits), Gate("cz", qubits), Gate("swap", qubits)]


_PLAIN = GATES.keys() - {"gpi", "gpi2", "ms"}
_BY_OTHER_NAMES = {
    "cnot": "cx",
    "ccnot": "ccx",
    "toffoli": "ccx",
    "u1": "p",
    "r1": "p",
    "u3": "u",
    "u1q": "prx",
    "phasedx": "prx",
}
_CONTROLLED = {"ch": "h", "cs": "s", "csx": "sx", "crx": "rx", "cry": "ry", "crz": "rz", "cp": "p", "cu1": "p"}

FUNCTIONS: dict[str, GateFunction] = {name: _plain(name) for name in _PLAIN}
FUNCTIONS |= {other: _plain(name) for other, name in _BY_OTHER_NAMES.items()}
FUNCTIONS |= {name: _under_one(base) for name, base in _CONTROLLED.items()}
FUNCTIONS |= {
    "cswap": _under_one("swap"),
    "ccz": _under_one("cz"),
    "i": GateFunction(0, 1, lambda _angles, _qubits: []),
    "id": GateFunction(0, 1, lambda _angles, _qubits: []),
    "u2": GateFunction(2, 1, lambda angles, qubits: [Gate("u", qubits, (math.pi / 2, *angles))]),
    "iswap": GateFunction(0, 2, _iswap),
    "rxxyyzz": GateFunction(3, 2, _turned),
    **{name: GateFunction(0, 2, lambda _, qubits: [Gate("rzz", qubits, (math.pi / 2,))]) for name in ("zz", "zzmax")},
}


@dataclass(frozen=True)
class Call:
    """A gate function with what its name adds: the inverse, or controls in an array in front."""

    name: str
    function: GateFunction
    is_inverse: bool
    is_controlled: bool

    def gates(self, angles: Sequence[Operand], qubits: Sequence[int], controls: Sequence[int] = ()) -> list[Gate]:
        """Raises InvalidProgram for a qubit named twice, ValueError for the inverse of an angle not known yet."""
        if len({*qubits, *controls}) < len(qubits) + len(controls):
            raise InvalidProgram(f"A gate names one qubit twice: {self.name} on {[*controls, *qubits]}.")
        made = self.function.build(tuple(angles), tuple(qubits))
        made = inverse(made) if self.is_inverse else made
        return controlled(made, tuple(controls)) if controls else made


@lru_cache(maxsize=1024)
def gate_call(name: str) -> Call | None:
    """Find the gate that a function of the instruction set stands for."""
    match = _PATTERN.fullmatch(name)
    if match is None or match[1] not in FUNCTIONS:
        return None
    return Call(name, FUNCTIONS[match[1]], match[2].endswith("adj"), match[2].startswith("ctl"))
