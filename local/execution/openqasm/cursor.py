"""Goes through tokens and reads expressions and operands from them."""

import math
import re
from collections.abc import Callable, Sequence

from local.execution.openqasm.syntax import Binary, Call, Expression, Measured, Name, Number, Operand, Range, Set, Unary
from local.execution.openqasm.tokens import Token

# From loosest to tightest.
_LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", "<=", ">", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_BITS = re.compile(r'"[01](_?[01])*"')
_CASTS = {"float", "int", "uint", "angle", "bool", "bit"}
_FUNCTIONS = {"sin", "cos", "tan", "exp", "ln", "log", "sqrt", "arcsin", "arccos", "arctan", "asin", "acos", "atan"}
_FUNCTIONS |= {"pow", "mod", "floor", "ceiling", "popcount"}


class Cursor:
    """A place in a list of tokens that ends with an end token."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._position = tokens, 0
        self.version = 3
        self._has_powers = False

    @property
    def now(self) -> Token:
        return self._tokens[self._position]

    @property
    def after(self) -> str:
        """The text of the token after this one."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)].text

    def next(self) -> Token:
        token = self.now
        if token.kind != "end":
            self._position += 1
        return token

    def take(self, *texts: str) -> Token | None:
        """Go past one of these signs or words if it stands here."""
        return self.next() if self.now.text in texts and self.now.kind in {"sign", "name"} else None

    def expect(self, text: str) -> Token:
        if self.now.text != text or self.now.kind not in {"sign", "name"}:
            raise self.now.at.invalid(f"{text!r} must stand here, not {self.now.text!r}.")
        return self.next()

    def name(self) -> Token:
        if self.now.kind != "name":
            raise self.now.at.invalid(f"a name must stand here, not {self.now.text!r}.")
        return self.next()

    def listed[Item](self, read: Callable[[], Item], end: str) -> tuple[Item, ...]:
        """Read items with commas between them up to an end sign, which is gone past."""
        items: list[Item] = []
        while not self.take(end):
            if items:
                self.expect(",")
            items.append(read())
        return tuple(items)

    def parameter(self) -> Expression:
        """Read an angle: `^` in it is the power in version 2, as its specification says."""
        self._has_powers = self.version == 2
        found = self.expression()
        self._has_powers = False
        return found

    def value(self) -> Expression:
        """Read what a variable may be given: an expression or a measurement."""
        if word := self.take("measure"):
            return Measured(self.operand(), word.at)
        return self.expression()

    def expression(self, level: int = 0) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        signs = () if self._has_powers and _LEVELS[level] == ("^",) else _LEVELS[level]
        while sign := self.take(*signs):
            left = Binary(sign.text, left, self.expression(level + 1), sign.at)
        return left

    def _unary(self) -> Expression:
        if sign := self.take("-", "+", "!", "~"):
            return Unary(sign.text, self._unary(), sign.at)
        base = self._primary()
        if sign := self.take("**", *("^" if self._has_powers else ())):
            return Binary("**", base, self._unary(), sign.at)
        return base

    def _primary(self) -> Expression:
        token = self.next()
        if token.kind == "sign" and token.text == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind in {"int", "float"}:
            return Number(_number(token), token.at)
        if token.kind == "text" and _BITS.fullmatch(token.text):
            bits = token.text.strip('"').replace("_", "")
            return Number(int(bits, 2), token.at, len(bits))
        if token.kind != "name":
            raise token.at.invalid(f"an expression must stand here, not {token.text[:40]!r}.")
        return self._named(token)

    def _named(self, token: Token) -> Expression:
        """Read on after a name: a cast, a call, some bits of a register or the name alone."""
        if token.text in _CASTS:
            size = self.size()
            self.expect("(")
            return Call(token.text, self.listed(self.value, ")"), token.at, size)
        if self.now.text == "(" and self.now.kind == "sign" and (self.version == 3 or token.text in _FUNCTIONS):
            self.next()
            return Call(token.text, self.listed(self.expression, ")"), token.at)
        if token.text in _FUNCTIONS:
            self.expect("(")
        if self.now.text == "[" and self.now.kind == "sign":
            return Operand(token.text, self.selectors(), token.at)
        return Name(token.text, token.at)

    def size(self) -> Expression | None:
        """Read a size in brackets, None if there is none."""
        if not self.take("["):
            return None
        size = self.expression()
        self.expect("]")
        return size

    def operand(self) -> Operand:
        token = self.name()
        return Operand(token.text, self.selectors(), token.at)

    def selectors(self) -> tuple[Expression | Range | Set, ...]:
        """Read what stands in brackets, nothing if there are none."""
        if not self.take("["):
            return ()
        if self.take("{"):
            items = Set(self.listed(self.expression, "}"))
            self.expect("]")
            return (items,)
        return self.listed(self.range_or_expression, "]")

    def range_or_expression(self) -> Expression | Range:
        at = self.now.at
        first = None if self.now.text == ":" else self.expression()
        if not self.take(":"):
            if first is None:
                raise at.invalid("an index must stand here.")
            return first
        second = None if self.now.text in {"]", ":"} else self.expression()
        if not self.take(":"):
            return Range(first, None, second, at)
        third = None if self.now.text == "]" else self.expression()
        return Range(first, second, third, at)


def _number(token: Token) -> int | float:
    text = token.text.replace("_", "")
    if token.kind == "float":
        value = float(text)
        if not math.isfinite(value):
            raise token.at.invalid("this is not a finite number.")
        return value
    if len(text) > 1 and text[0] == "0" and text[1] in "xXbBoO":
        return int(text, 0)
    if len(text) > 4000:
        raise token.at.invalid("this whole number has too many digits.")
    return int(text)
