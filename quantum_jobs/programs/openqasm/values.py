"""What names of an OpenQASM program stand for while it is read, and the errors of reading."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from quantum_jobs.programs.ir import Bit
from quantum_jobs.programs.openqasm.text import Span


class Refused(Exception):
    """A statement cannot be read; `detail` is empty where its cause has been reported already."""

    def __init__(self, node: Any, detail: str = "") -> None:
        super().__init__(detail)
        self.span = node if isinstance(node, Span) else Span(node.span.lo, node.span.hi)
        self.detail = detail


class Exhausted(Refused):
    """The program is beyond a limit: reading ends here."""


class Unknown:
    """A number that is not known yet: the parameters of a gate while its definition is checked."""


UNKNOWN: Final = Unknown()


class Broken:
    """A name whose declaration is faulty; what uses it is not reported again."""


BROKEN: Final = Broken()


@dataclass(frozen=True, slots=True)
class Qubits:
    """Qubits by number; `is_register` tells a register of one from a single qubit."""

    numbers: tuple[int, ...]
    is_register: bool


@dataclass(frozen=True, slots=True)
class Bits:
    """Measured bits; the first has weight 1."""

    bits: tuple[Bit, ...]
    is_register: bool


@dataclass(frozen=True, slots=True)
class Bitstring:
    """A literal such as "0110": the last character is bit 0."""

    value: int
    width: int


@dataclass(slots=True)
class Variable:
    """A classical variable whose value is known while reading; `branch` is the `if` on measured bits it was made in."""

    value: "Number"
    kind: str
    width: int | None
    is_constant: bool
    branch: int


@dataclass(frozen=True, slots=True, eq=False)
class GateDefinition:
    """A `gate` of the program; its body sees the gates and constants of `scope` only."""

    name: str
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: tuple[Any, ...]
    scope: "Scope"


Number = int | float | bool | Unknown
Value = Number | Qubits | Bits | Bitstring
Meaning = Variable | Qubits | Bits | GateDefinition | Broken


class Scope:
    """Names in nested blocks; a gate's body sees no qubits, bits or variables from outside."""

    def __init__(
        self, outer: "Scope | None" = None, names: Mapping[str, Meaning] | None = None, of_gate: bool = False
    ) -> None:
        self.outer = outer
        self.of_gate = of_gate
        self.names: dict[str, Meaning] = dict(names or {})

    def find(self, name: str) -> Meaning | None:
        """Look a name up, innermost block first."""
        scope: Scope | None = self
        in_gate = False
        while scope is not None:
            meaning = scope.names.get(name)
            if meaning is not None and not (in_gate and _is_hidden_from_gates(meaning)):
                return meaning
            in_gate = in_gate or scope.of_gate
            scope = scope.outer
        return None

    @contextmanager
    def declaring(self, name: str) -> Iterator[None]:
        """Leave the name broken when its declaration is refused, so that its uses are not reported too."""
        try:
            yield
        except Refused:
            self.names[name] = BROKEN
            raise

    def declare(self, node: Any, name: str, meaning: Meaning) -> None:
        """Give a name its meaning in this block.

        Raises:
            Refused: the block has the name already.
        """
        if name in self.names:
            raise Refused(node, f"{name!r} is declared twice")
        self.names[name] = meaning


def _is_hidden_from_gates(meaning: Meaning) -> bool:
    return isinstance(meaning, Qubits | Bits) or (isinstance(meaning, Variable) and not meaning.is_constant)
