"""Numbers of declared types: what fits, and divisions of integers."""

import math
from typing import Any

from quantum_jobs.programs.openqasm.values import Number, Refused, Unknown

WORD = 64
"""Bits of an integer whose type names no width."""


def converted(node: Any, value: Number, kind: str, width: int | None) -> Number:
    """Give a value the type of a variable or cast; what does not fit is refused, never cut off."""
    if isinstance(value, Unknown):
        return value
    if kind == "bool":
        return bool(value)
    if kind in {"float", "angle"}:
        return float(value)
    if not math.isfinite(value):
        raise Refused(node, f"{value!r} is not an integer")
    whole, bits = int(value), width or WORD
    low, high = (0, 2**bits) if kind == "uint" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    if not low <= whole < high:
        raise Refused(node, f"{whole} does not fit {kind}[{bits}]")
    return whole


def exact_quotient(node: Any, left: int, right: int) -> int:
    """Divide integers; what leaves a remainder is refused, because tools disagree on its value."""
    if right == 0:
        raise Refused(node, "division by zero")
    if left % right:
        raise Refused(node, f"{left}/{right} divides integers and loses the remainder; write {left}.0/{right}")
    return left // right
