"""Integer, Boolean and floating-point operations of the adaptive profile, on Python numbers."""

import math
import operator
from collections.abc import Callable

import numpy as np

from local.execution.program import Number


def wrapped(value: Number, width: int) -> Number:
    """Keep an integer within its width, as two's complement; an i1 is 0 or 1."""
    if isinstance(value, float):
        return value
    half = 1 << (width - 1)
    # Only i1 is kept as 0 or 1: every i1 here is a truth value.
    if width == 1:
        return int(value) & 1
    return int(value) if -half <= value < half else (int(value) + half) % (2 * half) - half


def _unsigned(value: Number, width: int) -> int:
    return int(value) & ((1 << width) - 1)


def _divided(left: Number, right: Number) -> int:
    """Divide integers towards zero, as LLVM does."""
    quotient = abs(int(left)) // abs(int(right))
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: Number, right: Number) -> int:
    return int(left) - int(right) * _divided(left, right)


def _select(condition: Number, then: Number, otherwise: Number) -> Number:
    return then if condition else otherwise


def _shifted_left(value: Number, places: Number) -> int:
    """Shift at most 64 places: LLVM leaves more undefined, and Python would make a number of any size."""
    return int(value) << int(places) if 0 <= places < 64 else 0


def _shifted_right(value: Number, places: Number) -> int:
    return int(value) >> int(places) if 0 <= places < 64 else 0


def _quotient(left: Number, right: Number) -> float:
    """Divide as IEEE 754 does: by zero there is an infinity, or no number."""
    if right:
        return left / right
    return math.copysign(math.inf, right) * left if left else math.nan


def _float_remainder(left: Number, right: Number) -> float:
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def _single(value: Number) -> float:
    return float(np.float32(value))


def _ordered(left: Number, right: Number) -> bool:
    """Tell whether both are numbers."""
    return left == left and right == right


def _unless_not_ordered(compare: Callable[[Number, Number], bool]) -> Callable[[Number, Number], bool]:
    return lambda left, right: not _ordered(left, right) or compare(left, right)


def _same(value: Number) -> Number:
    return value


OPERATIONS: dict[str, Callable[..., Number]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "sdiv": _divided,
    "srem": _remainder,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": _shifted_left,
    "ashr": _shifted_right,
    "select": _select,
    "trunc": _same,
    "sext": _same,
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
    "fadd": operator.add,
    "fsub": operator.sub,
    "fmul": operator.mul,
    "fdiv": _quotient,
    "frem": _float_remainder,
    "fp_trunc": _single,
    "fp_ext": _same,
    "fneg": operator.neg,
    "oeq": operator.eq,
    "one": lambda left, right: _ordered(left, right) and left != right,
    "olt": operator.lt,
    "ole": operator.le,
    "ogt": operator.gt,
    "oge": operator.ge,
    "ord": _ordered,
    "funo": lambda left, right: not _ordered(left, right),
    "fueq": _unless_not_ordered(operator.eq),
    "fune": operator.ne,
    "fult": _unless_not_ordered(operator.lt),
    "fule": _unless_not_ordered(operator.le),
    "fugt": _unless_not_ordered(operator.gt),
    "fuge": _unless_not_ordered(operator.ge),
    "ffalse": lambda _left, _right: False,
    "ftrue": lambda _left, _right: True,
    "si_to_fp": float,
    "fp_to_si": int,
    "fp_to_ui": int,
    "ptr_to_int": _same,
    "int_to_ptr": _same,
    "bit_cast": _same,
    "freeze": _same,
}
# These read their operands as unsigned numbers of the operands' own width.
UNSIGNED: dict[str, Callable[..., Number]] = {
    "udiv": operator.floordiv,
    "urem": operator.mod,
    "lshr": _shifted_right,
    "zext": _same,
    "ult": operator.lt,
    "ule": operator.le,
    "ugt": operator.gt,
    "uge": operator.ge,
    "ui_to_fp": float,
}


def compute(operation: str, operands: list[Number], width: int, operand_width: int) -> Number:
    """Give the value; raises ZeroDivisionError, OverflowError and ValueError as Python does."""
    if operation in UNSIGNED:
        number = UNSIGNED[operation](*(_unsigned(value, operand_width) for value in operands))
    else:
        number = OPERATIONS[operation](*operands)
    return wrapped(number, width)
