"""Values of the expressions in parentheses behind a gate's name: real numbers, in double precision."""

import math
import operator
from collections.abc import Callable

from quantum_jobs.programs.quil.text import Cursor, Refused, Token

Cell = Callable[[Token, int], float]
"""Gives the value of a cell of memory."""

_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "sqrt": math.sqrt,
    "exp": math.exp,
}
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv}
_LARGEST_INDEX = 1_000_000


class Expressions:
    """Reads expressions; memory is asked for the values that were given with the program."""

    def __init__(self, cell: Cell, most_nested: int) -> None:
        self._cell = cell
        self._most_nested = most_nested

    def arguments(self, cursor: Cursor) -> tuple[float, ...]:
        """Read `(a, b, ...)` if it is there.

        Raises:
            Refused: a fault in an expression, or a value that is not finite.
        """
        if not cursor.took("("):
            return ()
        values = [self._finite(cursor)]
        while cursor.took(","):
            values.append(self._finite(cursor))
        cursor.want(")")
        return tuple(values)

    def _finite(self, cursor: Cursor) -> float:
        token = cursor.token
        value = self._computed(lambda: self._sum(cursor, 0), token)
        if not math.isfinite(value):
            raise Refused("the value is not finite", token)
        return value

    def _computed(self, compute: Callable[[], float], token: Token) -> float:
        try:
            return compute()
        except (ArithmeticError, ValueError) as error:
            raise Refused(f"the value cannot be computed: {error}", token) from error

    def _sum(self, cursor: Cursor, depth: int) -> float:
        value = self._product(cursor, depth)
        while cursor.here in _SUMS:
            sign = cursor.take()
            value = _SUMS[sign.text](value, self._product(cursor, depth))
        return value

    def _product(self, cursor: Cursor, depth: int) -> float:
        value = self._signed(cursor, depth)
        while cursor.here in _PRODUCTS:
            sign = cursor.take()
            value = _PRODUCTS[sign.text](value, self._signed(cursor, depth))
        return value

    def _signed(self, cursor: Cursor, depth: int) -> float:
        is_negative = cursor.took("-")
        value = self._power(cursor, depth, is_negative)
        return -value if is_negative else value

    def _power(self, cursor: Cursor, depth: int, is_negative: bool) -> float:
        value = self._atom(cursor, depth)
        if cursor.here != "^":
            return value
        if is_negative:
            raise Refused("tools disagree on -a^b: write (-a)^b or -(a^b)", cursor.token)
        cursor.take()
        sign = -1.0 if cursor.took("-") else 1.0
        exponent = sign * self._atom(cursor, depth)
        if cursor.here == "^":
            raise Refused("tools disagree on a^b^c: write parentheses", cursor.token)
        return math.pow(value, exponent)

    def _atom(self, cursor: Cursor, depth: int) -> float:
        if depth > self._most_nested:
            raise Refused(f"nested more than {self._most_nested} deep", cursor.token)
        if cursor.took("("):
            value = self._sum(cursor, depth + 1)
            cursor.want(")")
            return value
        if cursor.kind == "number":
            return self._number(cursor)
        return self._named(cursor, cursor.word("a number"), depth)

    def _number(self, cursor: Cursor) -> float:
        token = cursor.take()
        if cursor.here == "i" and cursor.token.place.column == token.place.end_column:
            raise Refused("an imaginary number is not an angle", token)
        return float(token.text)

    def _named(self, cursor: Cursor, token: Token, depth: int) -> float:
        name = token.text.lower()
        if name == "pi":
            return math.pi
        if name in _FUNCTIONS and cursor.took("("):
            value = self._sum(cursor, depth + 1)
            cursor.want(")")
            return self._computed(lambda: _FUNCTIONS[name](value), token)
        if name in {"i", "cis"} or name.startswith("%"):
            raise Refused(f"{token.text[:40]} is not a real number", token)
        index = 0
        if cursor.took("["):
            index = cursor.whole("the index", _LARGEST_INDEX)
            cursor.want("]")
        return self._cell(token, index)
