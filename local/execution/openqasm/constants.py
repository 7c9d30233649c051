"""Computes expressions that do not depend on measurements; angles stay in double precision."""

import math
import operator
from collections.abc import Callable, Mapping

from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.syntax import Binary, Call, Expression, Name, Number, Unary
from local.execution.openqasm.tokens import Place
from local.execution.program import Operand, Register

type Value = int | float

CONSTANTS: dict[str, Value] = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
    "true": 1,
    "false": 0,
}


def _divided(left: Value, right: Value) -> Value:
    """Divide; two whole numbers give one, towards zero, as OpenQASM 3 says."""
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _raised(left: Value, right: Value) -> Value:
    if isinstance(left, int) and isinstance(right, int) and abs(right) > 1024:
        raise OverflowError("the exponent is above 1024")
    found = left**right
    if isinstance(found, int | float):
        return found
    raise ArithmeticError("a root of a negative number")


def _shifted(left: Value, right: Value) -> Value:
    if not 0 <= right <= 1024:
        raise OverflowError("a shift by a number outside of 0 to 1024")
    return _whole(left) << _whole(right)


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value} is not a whole number")
    return value


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "%": math.fmod,
    "**": _raised,
    "<<": _shifted,
    ">>": lambda left, right: _whole(left) >> _whole(right),
    "&": lambda left, right: _whole(left) & _whole(right),
    "|": lambda left, right: _whole(left) | _whole(right),
    "^": lambda left, right: _whole(left) ^ _whole(right),
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    "<=": lambda left, right: int(left <= right),
    ">": lambda left, right: int(left > right),
    ">=": lambda left, right: int(left >= right),
    "&&": lambda left, right: int(bool(left) and bool(right)),
    "||": lambda left, right: int(bool(left) or bool(right)),
}
_UNARY: dict[str, Callable[[Value], Value]] = {
    "-": operator.neg,
    "+": operator.pos,
    "!": lambda value: int(not value),
    "~": lambda value: ~_whole(value),
}
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "sqrt": math.sqrt,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "pow": _raised,
    "mod": math.fmod,
    "floor": math.floor,
    "ceiling": math.ceil,
    "popcount": lambda value: _whole(value).bit_count(),
    "float": float,
    "int": int,
    "uint": int,
    "angle": float,
    "bool": lambda value: int(bool(value)),
    "bit": lambda value: _whole(value) & 1,
}


def evaluate(expression: Expression, names: Mapping[str, Operand], *, version: int) -> Value:
    """Compute a value; raises InvalidProgram where a name is unknown or the mathematics fail."""
    match expression:
        case Number(value=value):
            return value
        case Name(text=text, at=at):
            return _named(text, names, at)
        case Unary(sign=sign, operand=operand, at=at):
            return _guarded(_UNARY[sign], [evaluate(operand, names, version=version)], at)
        case Binary(sign=sign, left=left, right=right, at=at):
            values = [evaluate(side, names, version=version) for side in (left, right)]
            return _guarded(_operation(sign, values, version), values, at)
        case Call(function=function, arguments=arguments, at=at):
            values = [evaluate(argument, names, version=version) for argument in arguments]
            return _called(function, values, at)
    raise UnsupportedProgram(f"line {expression.at.line}: bits have no value before the program runs.")


def _called(function: str, values: list[Value], at: Place) -> Value:
    if function not in _FUNCTIONS:
        raise UnsupportedProgram(f"line {at.line}: there is no function {function!r} whose value is known here.")
    return _guarded(_FUNCTIONS[function], values, at)


def _named(text: str, names: Mapping[str, Operand], at: Place) -> Value:
    if text in names:
        value = names[text]
        if isinstance(value, Register):
            raise UnsupportedProgram(
                f"line {at.line}: the value of {text!r} is known while the program runs only; here it is needed before."
            )
        return value
    if text not in CONSTANTS:
        raise at.invalid(f"there is no constant or parameter named {text!r}.")
    return CONSTANTS[text]


def _operation(sign: str, values: list[Value], version: int) -> Callable[..., Value]:
    if sign == "/":
        # Version 2 knows real numbers only: 1/2 is a half there.
        return _divided if version == 3 else operator.truediv
    if sign == "%" and all(isinstance(value, int) for value in values):
        return _remainder
    return _BINARY[sign]


def _remainder(left: int, right: int) -> int:
    return left - right * int(_divided(left, right))


def _guarded(function: Callable[..., Value], values: list[Value], at: Place) -> Value:
    try:
        found = function(*values)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise at.invalid(f"this cannot be computed: {error}.") from error
    is_sound = found.bit_length() <= 4096 if isinstance(found, int) else math.isfinite(found)
    if not is_sound:
        raise at.invalid("this is not a finite number of reasonable size.")
    return found
