"""A compiled part of an expression: its C# type, and what gives its value."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from local.apim.csharp.types import Type
from local.apim.errors import ExpressionFailed

Frame = list[Any]
"""What one evaluation works on: the context, the clock, then one place per local."""

Run = Callable[[Frame], Any]

CONTEXT, CLOCK, LOCALS = 0, 1, 2


class _NotConstant:
    __slots__ = ()


NOT_CONSTANT: Final = _NotConstant()


@dataclass(frozen=True, slots=True)
class Code:
    """`run` gives the value unboxed when `type` is a value type; `constant` is that value where it is known."""

    type: Type
    run: Run
    constant: Any = NOT_CONSTANT

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT

    def then(self, type_: Type, change: Callable[[Any], Any]) -> "Code":
        """Give code that changes this one's value; `change` has no side effects, but may throw."""
        if self.is_constant:
            with suppress(ExpressionFailed):
                return constant(type_, change(self.constant))
        run = self.run
        return Code(type_, lambda frame: change(run(frame)))

    def typed(self, type_: Type) -> "Code":
        """Give the same values under another static type."""
        return Code(type_, self.run, self.constant)


def constant(type_: Type, value: Any) -> Code:
    return Code(type_, lambda frame: value, value)
