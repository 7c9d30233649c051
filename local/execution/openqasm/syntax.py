"""What an OpenQASM program is made of, before anything is looked up."""

from dataclasses import dataclass

from local.execution.openqasm.tokens import Place


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `width` is how many bits it has where it is written as a string of bits, else 0."""

    value: int | float
    at: Place
    width: int = 0


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
    """A function of numbers (sin, cos, ...), a cast with its size, or a subroutine of the program."""

    function: str
    arguments: tuple["Expression", ...]
    at: Place
    size: "Expression | None" = None


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


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of a measurement as a value."""

    source: Operand
    at: Place


type Expression = Number | Name | Unary | Binary | Call | Operand | Measured


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
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A classical variable, or a constant."""

    kind: str
    size: Expression | None
    name: str
    value: Expression | None
    is_constant: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target = value;`; `target += value;` has the sign +."""

    target: Operand
    sign: str
    value: Expression
    at: Place


@dataclass(frozen=True, slots=True)
class Parameter:
    kind: str
    size: Expression | None
    name: str


@dataclass(frozen=True, slots=True)
class Subroutine:
    """`def`; `result` is the type it returns, None if nothing."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Parameter | None
    body: tuple["Statement", ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Return:
    value: Expression | None
    at: Place


@dataclass(frozen=True, slots=True)
class Opaque:
    """A gate that the machine is said to have."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class Leave:
    """break, continue or end."""

    word: str
    at: Place


@dataclass(frozen=True, slots=True)
class Scope:
    """Statements in braces of their own, or in a box."""

    body: tuple["Statement", ...]


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
    kind: str
    size: Expression | None
    variable: str
    values: Range | Set
    body: tuple["Statement", ...]
    at: Place


type Statement = (
    GateCall
    | GateDefinition
    | Include
    | Declaration
    | Variable
    | Assignment
    | Subroutine
    | Return
    | Opaque
    | Leave
    | Scope
    | Alias
    | Measurement
    | ResetOf
    | If
    | While
    | For
)


@dataclass(frozen=True, slots=True)
class Source:
    """A whole program and the version of the language it is written in, 2 or 3."""

    version: int
    statements: tuple[Statement, ...]
