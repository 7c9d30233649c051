"""Computes Quil's expressions: at once where everything in them is known, else while the program runs."""

import cmath
import math
from collections.abc import Callable, Mapping

from quil.expression import Expression, ExpressionFunction, InfixOperator, PrefixOperator

from local.execution.builder import Builder
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.program import Operand, Register
from local.execution.quil.memory import Memory

_INFIX: list[tuple[InfixOperator, Callable[[complex, complex], complex], str]] = [
    (InfixOperator.PLUS, lambda left, right: left + right, "fadd"),
    (InfixOperator.MINUS, lambda left, right: left - right, "fsub"),
    (InfixOperator.STAR, lambda left, right: left * right, "fmul"),
    (InfixOperator.SLASH, lambda left, right: left / right, "fdiv"),
    (InfixOperator.CARET, lambda left, right: left**right, ""),
]
_FUNCTIONS: list[tuple[ExpressionFunction, Callable[[complex], complex]]] = [
    (ExpressionFunction.SINE, cmath.sin),
    (ExpressionFunction.COSINE, cmath.cos),
    (ExpressionFunction.SQUARE_ROOT, cmath.sqrt),
    (ExpressionFunction.EXPONENT, cmath.exp),
    (ExpressionFunction.CIS, lambda value: cmath.exp(1j * value)),
]


class Expressions:
    """Computes values with a program's memory; `names` are the parameters of a gate's definition."""

    def __init__(self, memory: Memory, builder: Builder) -> None:
        self._memory, self._builder = memory, builder

    def real(self, expression: Expression) -> Operand:
        """Give an angle in radians; raises InvalidProgram for one that is not a finite real number."""
        value = self._lowered(expression, {})
        if isinstance(value, Register):
            return value
        if abs(value.imag) > 1e-12 or not math.isfinite(value.real):
            raise InvalidProgram(f"The parameter {_text(expression)} is {value}, which is no angle.")
        return value.real

    def known(self, expression: Expression, names: Mapping[str, complex]) -> complex:
        """Give a number that is known before the program runs."""
        value = self._lowered(expression, names)
        if isinstance(value, Register):
            raise UnsupportedProgram(f"{_text(expression)} is computed while the program runs.")
        return value

    def _lowered(self, expression: Expression, names: Mapping[str, complex]) -> Register | complex:
        match expression:
            case Expression.Number(number):
                return complex(number)
            case Expression.Pi():
                return complex(math.pi)
            case Expression.Variable(name):
                return _parameter(name, names)
            case Expression.Address(reference):
                held = self._memory.value(reference, self._builder)
                return held if isinstance(held, Register) else complex(held)
            case Expression.Prefix(prefix):
                value = self._lowered(prefix.expression, names)
                return self._negated(value) if prefix.operator == PrefixOperator.MINUS else value
            case Expression.FunctionCall(call):
                return self._function(call.function, self._lowered(call.expression, names))
            case Expression.Infix(infix):
                sides = self._lowered(infix.left, names), self._lowered(infix.right, names)
                return self._infix(infix.operator, *sides)
        raise UnsupportedProgram(f"The expression {_text(expression)} is not built in this local workspace.")

    def _negated(self, value: Register | complex) -> Register | complex:
        return self._builder.compute("fneg", value) if isinstance(value, Register) else -value

    def _function(self, function: ExpressionFunction, value: Register | complex) -> complex:
        if isinstance(value, Register):
            raise UnsupportedProgram("Functions of values that are computed while the program runs are not built here.")
        return _computed(next(compute for known, compute in _FUNCTIONS if known == function), value)

    def _infix(
        self, operator: InfixOperator, left: Register | complex, right: Register | complex
    ) -> Register | complex:
        compute, operation = next((compute, name) for known, compute, name in _INFIX if known == operator)
        if not isinstance(left, Register) and not isinstance(right, Register):
            return _computed(compute, left, right)
        if not operation:
            raise UnsupportedProgram("Powers of values that are computed while the program runs are not built here.")
        return self._builder.compute(operation, _as_operand(left), _as_operand(right))


def _text(expression: Expression) -> str:
    return str(expression)[:80]


def _parameter(name: str, names: Mapping[str, complex]) -> complex:
    if name not in names:
        raise InvalidProgram(f"There is no parameter %{name} here.")
    return names[name]


def _as_operand(value: Register | complex) -> Operand:
    return value if isinstance(value, Register) else value.real


def _computed(compute: Callable[..., complex], *values: complex) -> complex:
    try:
        found = complex(compute(*values))
    except (ArithmeticError, ValueError) as error:
        raise InvalidProgram(f"A parameter cannot be computed: {error}.") from error
    if not cmath.isfinite(found):
        raise InvalidProgram("A parameter is not finite.")
    return found
