"""The locals of an expression: their types, their places in the frame, and whether a value is sure to be there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.apim.csharp.code import LOCALS
from local.apim.csharp.types import Type


@dataclass(frozen=True, slots=True)
class Local:
    """`loops` tells in how many loops it is declared; `fixed` locals (foreach, lambda) are not assigned to."""

    name: str
    type: Type
    place: int
    loops: int = 0
    fixed: bool = False


class Scope:
    """Locals by name, innermost last; `assigned` are the places that surely hold a value where we are."""

    def __init__(self) -> None:
        self._levels: list[dict[str, Local]] = [{}]
        self.size = LOCALS
        self.assigned: frozenset[int] = frozenset()
        self.loops = 0

    def find(self, name: str) -> Local | None:
        return next((level[name] for level in reversed(self._levels) if name in level), None)

    def names(self) -> Iterator[str]:
        return (name for level in self._levels for name in level)

    def declare(self, name: str, type_: Type, *, assigned: bool, fixed: bool = False) -> Local:
        """Add a local to the innermost level; the caller has made sure that the name is new."""
        local = Local(name, type_, self.place(), self.loops, fixed)
        self._levels[-1][name] = local
        if assigned:
            self.assigned |= {local.place}
        return local

    def place(self) -> int:
        """Give a new place in the frame."""
        self.size += 1
        return self.size - 1

    @contextmanager
    def level(self) -> Iterator[None]:
        """Forget at the end what is declared within."""
        self._levels.append({})
        try:
            yield
        finally:
            self._levels.pop()
