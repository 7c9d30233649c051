"""What an OpenQASM program is made of, before anything is looked up."""

from dataclasses import dataclass

from local.execution.openqasm.tokens import Place


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float
    at: Place


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    at: Place


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    operand: "Expression"
    at: Place


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: "Expression"
    right: "Expression"
    at: Place


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers: sin, cos, ..."""

    function: str
    arguments: tuple["Expression", ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Range:
    """start:stop or start:step:stop, the stop included; a bound left out is None."""

    start: "Expression | None"
    step: "Expression | None"
    stop: "Expression | None"
    at: Place


@dataclass(frozen=True, slots=True)
class Set:
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Operand:
    """A register or some of its bits or qubits; `name[0]`, `name[0:2]`, `name[{0, 2}]`."""

    name: str
    selectors: tuple["Expression | Range | Set", ...]
    at: Place


type Expression = Number | Name | Unary | Binary | Call | Operand


@dataclass(frozen=True, slots=True)
class Modifier:
    """ctrl, negctrl, inv or pow, with what stands in its parentheses."""

    kind: str
    argument: Expression | None
    at: Place


@dataclass(frozen=True, slots=True)
class GateCall:
    name: str
    modifiers: tuple[Modifier, ...]
    parameters: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class GateDefinition:
    name: str
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: tuple[GateCall, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Include:
    file: str
    at: Place


@dataclass(frozen=True, slots=True)
class Declaration:
    """A register of qubits or bits; without a size it is one of them."""

    kind: str
    name: str
    size: Expression | None
    at: Place


@dataclass(frozen=True, slots=True)
class Constant:
    kind: str
    name: str
    value: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Alias:
    name: str
    parts: tuple[Operand, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Measurement:
    source: Operand
    target: Operand | None
    at: Place


@dataclass(frozen=True, slots=True)
class ResetOf:
    target: Operand


@dataclass(frozen=True, slots=True)
class If:
    condition: Expression
    then: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


@dataclass(frozen=True, slots=True)
class While:
    condition: Expression
    body: tuple["Statement", ...]


@dataclass(frozen=True, slots=True)
class For:
    variable: str
    values: Range | Set
    body: tuple["Statement", ...]
    at: Place


type Statement = (
    GateCall | GateDefinition | Include | Declaration | Constant | Alias | Measurement | ResetOf | If | While | For
)


@dataclass(frozen=True, slots=True)
class Source:
    """A whole program and the version of the language it is written in, 2 or 3."""

    version: int
    statements: tuple[Statement, ...]
