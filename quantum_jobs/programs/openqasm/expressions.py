"""Evaluate expressions whose value does not depend on a measurement, in double precision.

Source: OpenQASM 3 specification, "Classical instructions". Angles are plain numbers of radians and are never reduced
modulo 2 pi. Integers stay within 64 bits. A division of integers that leaves a remainder is refused, because tools
disagree on its value; in OpenQASM 2 all numbers are real and `^` is the power.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from quantum_jobs.programs.openqasm.numbers import WORD, converted, exact_quotient
from quantum_jobs.programs.openqasm.selection import select
from quantum_jobs.programs.openqasm.values import (
    UNKNOWN,
    Bits,
    Bitstring,
    Broken,
    GateDefinition,
    Number,
    Qubits,
    Refused,
    Scope,
    Unknown,
    Value,
    Variable,
)

_CONSTANTS = dict.fromkeys(("pi", "π"), math.pi)
_CONSTANTS |= dict.fromkeys(("tau", "τ"), math.tau) | dict.fromkeys(("euler", "ℇ"), math.e)
_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    **{name: (1, getattr(math, name)) for name in ("sin", "cos", "tan", "exp", "sqrt", "log")},
    **{f"arc{name}": (1, getattr(math, f"a{name}")) for name in ("sin", "cos", "tan")},
    "ceiling": (1, math.ceil),
    "floor": (1, math.floor),
    "ln": (1, math.log),
    "mod": (2, math.fmod),
    "pow": (2, math.pow),
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_ON_BITS: dict[str, Callable[[int, int], int]] = {
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}


class Expressions:
    """Values of expressions in a scope; serves all readings of the statements of one text."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._picked: dict[int, tuple[Value, Value]] = {}
        self._kinds: dict[str, Callable[[Any, Scope], Value]] = {
            "Identifier": self._name,
            "IntegerLiteral": lambda node, _: self._literal(node),
            "FloatLiteral": lambda node, _: node.value,
            "BooleanLiteral": lambda node, _: node.value,
            "BitstringLiteral": lambda node, _: Bitstring(node.value, node.width),
            "ParenExpression": lambda node, scope: self.value(node.operand, scope),
            "UnaryExpression": self._unary,
            "BinaryExpression": self._binary,
            "FunctionCall": self._call,
            "Cast": self._cast,
            "IndexedIdentifier": self._indexed_name,
            "IndexExpression": lambda node, scope: self._indexed(node.collection, node.indices, scope),
            "Concatenation": self._concatenation,
        }

    def value(self, node: Any, scope: Scope) -> Value:
        """Evaluate an expression.

        Raises:
            Refused: with the place and what would be right.
        """
        kind = self._kinds.get(type(node).__name__)
        if type(node).__name__ == "ErrorExpression":
            raise Refused(node)
        if kind is None:
            raise Refused(node, f"{words(node)} is not supported here")
        return kind(node, scope)

    def number(self, node: Any, scope: Scope) -> Number:
        """Evaluate to a number that is known without running the program."""
        value = self.value(node, scope)
        if isinstance(value, Bits):
            raise Refused(node, "the value depends on a measurement; a number known before the run is needed here")
        if isinstance(value, Qubits | Bitstring):
            raise Refused(node, f"a number is needed here, not {'qubits' if isinstance(value, Qubits) else 'bits'}")
        return value

    def real(self, node: Any, scope: Scope) -> float | Unknown:
        """Evaluate to a finite number of double precision."""
        value = self.number(node, scope)
        if isinstance(value, Unknown):
            return value
        if not math.isfinite(value):
            raise Refused(node, "the value is not finite")
        return float(value)

    def integer(self, node: Any, scope: Scope) -> int | Unknown:
        """Evaluate to an integer."""
        value = self.number(node, scope)
        if isinstance(value, float) and (self.version == 3 or not value.is_integer()):
            raise Refused(node, f"an integer is needed here, not {value!r}")
        return value if isinstance(value, Unknown) else int(value)

    def _literal(self, node: Any) -> Value:
        value: int = node.value
        if self.version == 2:
            return float(value) if abs(value) > 2**53 else value
        return self._fitting(node, value)

    def _name(self, node: Any, scope: Scope) -> Value:
        meaning = scope.find(node.name)
        match meaning:
            case Variable():
                return meaning.value
            case Qubits() | Bits():
                return meaning
            case Broken():
                raise Refused(node)
            case GateDefinition():
                raise Refused(node, f"{node.name!r} is a gate, not a value")
        if node.name in _CONSTANTS:
            return _CONSTANTS[node.name]
        raise Refused(node, f"{node.name!r} is not declared")

    def _indexed(self, collection: Any, indices: Sequence[Any], scope: Scope) -> Value:
        value = self.value(collection, scope)
        if not isinstance(value, Qubits | Bits):
            raise Refused(collection, "only qubit and bit registers can be indexed")
        for index in indices:
            value = select(value, index, lambda node: self.integer(node, scope))
        return value

    def _indexed_name(self, node: Any, scope: Scope) -> Value:
        """Evaluate `q[3]`; with literal indices once for as long as the name stands for the same register."""
        register, picked = self._picked.get(id(node), (None, None))
        if picked is not None and register == self.value(node.name, scope):
            return picked
        value = self._indexed(node.name, node.indices, scope)
        if all(map(_is_literal, node.indices)):
            self._picked[id(node)] = self.value(node.name, scope), value
        return value

    def _concatenation(self, node: Any, scope: Scope) -> Value:
        parts = [self.value(operand, scope) for operand in node.operands]
        if all(isinstance(part, Qubits) for part in parts):
            return Qubits(tuple(number for part in parts if isinstance(part, Qubits) for number in part.numbers), True)
        if all(isinstance(part, Bits) for part in parts):
            return Bits(tuple(bit for part in parts if isinstance(part, Bits) for bit in part.bits), True)
        raise Refused(node, "only qubits with qubits and bits with bits can be joined by ++")

    def _unary(self, node: Any, scope: Scope) -> Value:
        value = self.number(node.operand, scope)
        if isinstance(value, Unknown):
            return UNKNOWN
        match node.op.value:
            case "-":
                return -value
            case "!":
                return not value
            case _:
                raise Refused(node, "~ is not supported on numbers")

    def _binary(self, node: Any, scope: Scope) -> Value:
        sign = node.op.value
        if self.version == 2 and sign == "^":
            _check_power_is_plain(node)
            sign = "**"
        return self._combined(node, sign, scope)

    def combined(self, node: Any, scope: Scope) -> Number:
        """Evaluate `a op b` for an assignment `a op= b`."""
        return self._combined(node, node.op.value, scope)

    def _combined(self, node: Any, sign: str, scope: Scope) -> Number:
        left, right = self.number(node.lhs, scope), self.number(node.rhs, scope)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return UNKNOWN
        try:
            return self._fitting(node, self._operation(node, sign, left, right))
        except (ArithmeticError, ValueError) as error:
            raise Refused(node, f"{left!r} {sign} {right!r} has no value: {error}") from error

    def _operation(self, node: Any, sign: str, left: float, right: float) -> float:
        whole = self.version == 3 and isinstance(left, int) and isinstance(right, int)
        if sign in _COMPARISONS:
            return bool(_COMPARISONS[sign](left, right))
        if sign in _ARITHMETIC:
            return _ARITHMETIC[sign](left, right)  # type: ignore[no-any-return]
        if sign == "**":
            return self._power(node, left, right)
        if sign == "/":
            return exact_quotient(node, int(left), int(right)) if whole else left / right
        if sign == "%":
            return int(math.fmod(left, right)) if whole else math.fmod(left, right)
        if not isinstance(left, int) or not isinstance(right, int):
            raise Refused(node, f"{sign} needs integers")
        if sign in {"<<", ">>"} and not 0 <= right < WORD:
            raise Refused(node, f"a shift by {right} is outside 0..{WORD - 1}")
        return _ON_BITS[sign](left, right)

    def _power(self, node: Any, left: float, right: float) -> float:
        if not isinstance(left, int) or not isinstance(right, int) or right < 0 or self.version == 2:
            return math.pow(left, right)
        if abs(left) > 1 and right >= WORD:
            raise Refused(node, f"{left} ** {right} is beyond {WORD} bits")
        return int(left**right)

    def _fitting(self, node: Any, value: float) -> float:
        if isinstance(value, int) and not isinstance(value, bool) and not -(2 ** (WORD - 1)) <= value < 2**WORD:
            if self.version == 2:
                return float(value)
            raise Refused(node, f"the integer is beyond {WORD} bits")
        return value

    def _call(self, node: Any, scope: Scope) -> Value:
        name, given = node.name.name, node.args
        if name == "sizeof" and len(given) == 1:
            value = self.value(given[0], scope)
            if isinstance(value, Qubits | Bits):
                return len(value.numbers if isinstance(value, Qubits) else value.bits)
        if name not in _FUNCTIONS or (name == "ln") != (self.version == 2 and name in {"ln", "log"}):
            raise Refused(node.name, f"there is no function {name!r}; known are {', '.join(sorted(_FUNCTIONS))}")
        arity, function = _FUNCTIONS[name]
        if len(given) != arity:
            raise Refused(node, f"{name} takes {arity} argument{'s' * (arity > 1)}, {len(given)} given")
        arguments = [self.real(argument, scope) for argument in given]
        if any(isinstance(argument, Unknown) for argument in arguments):
            return UNKNOWN
        try:
            return function(*arguments)
        except (ArithmeticError, ValueError) as error:
            raise Refused(node, f"{name} has no value at {', '.join(map(repr, arguments))}") from error

    def _cast(self, node: Any, scope: Scope) -> Value:
        value = self.value(node.operand, scope)
        kind, width = self.scalar_type(node.type, scope)
        if isinstance(value, Bits):
            return value if kind in {"int", "uint", "bool"} else self.number(node.operand, scope)
        return converted(node, self.number(node.operand, scope), kind, width)

    def scalar_type(self, node: Any, scope: Scope) -> tuple[str, int | None]:
        """Give kind (int, uint, float, angle, bool) and declared width of a type.

        Raises:
            Refused: another type.
        """
        kind = type(node).__name__.removesuffix("Type").lower()
        if kind not in {"int", "uint", "float", "angle", "bool"}:
            raise Refused(node, f"the type {kind} is not supported here")
        width = None if kind == "bool" or node.size is None else self.integer(node.size, scope)
        if isinstance(width, int) and not 1 <= width <= WORD:
            raise Refused(node, f"a width of {width} bits is outside 1..{WORD}")
        return kind, None if isinstance(width, Unknown) else width


def _check_power_is_plain(node: Any) -> None:
    """Refuse `a*b^c` and the like: the parser gives ^ the precedence of OpenQASM 3's exclusive or."""
    for operand in (node.lhs, node.rhs):
        if type(operand).__name__ in {"BinaryExpression", "UnaryExpression"}:
            raise Refused(node, "write parentheses around both operands of ^")


def _is_literal(index: Any) -> bool:
    return type(index).__name__ == "IndexList" and all(type(item).__name__ == "IntegerLiteral" for item in index.values)


def words(node: Any) -> str:
    """Name a kind of syntax in words: HardwareQubit is 'hardware qubit'."""
    name = type(node).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
