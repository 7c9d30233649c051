"""The values that a `for` loop runs over, known before it is unrolled."""

from collections.abc import Sequence
from typing import Any

from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.selection import inclusive_range
from quantum_jobs.programs.openqasm.values import UNKNOWN, Number, Refused, Scope, Unknown


def iterated(iterable: Any, expressions: Expressions, scope: Scope) -> Sequence[Number]:
    """Give the values of a range or set; of a range with an unknown bound one, unknown.

    Raises:
        Refused: something else, or a range without end.
    """
    match type(iterable).__name__:
        case "RangeDefinition":
            return _range(iterable, expressions, scope)
        case "DiscreteSet":
            return [expressions.number(value, scope) for value in iterable.values]
        case _:
            raise Refused(iterable, "a loop runs over a range [a:b] or a set {a, b} here")


def _range(node: Any, expressions: Expressions, scope: Scope) -> Sequence[Number]:
    if node.start is None or node.end is None:
        raise Refused(node, "a loop needs a range with start and end")
    step = 1 if node.step is None else expressions.integer(node.step, scope)
    start, end = (expressions.integer(item, scope) for item in (node.start, node.end))
    if isinstance(start, Unknown) or isinstance(end, Unknown) or isinstance(step, Unknown):
        return [UNKNOWN]
    if step == 0:
        raise Refused(node, "a range needs a step other than 0")
    return inclusive_range(start, end, step)
