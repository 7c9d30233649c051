"""Classical variables of a program: numbers as long as they are known, else registers of the engine."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from local.execution.builder import Builder
from local.execution.program import Compute, Operand, Register

WORD = 64
"""The bits of int, uint and float without a size (a choice), and the most that a size may give."""
# An unsigned word and its sign.
WIDE = WORD + 2


@dataclass(frozen=True, slots=True)
class Type:
    """bit, bool, int, uint, float or angle, with its bits."""

    kind: str
    width: int = WORD

    @property
    def is_real(self) -> bool:
        return self.kind in {"float", "angle"}


BOOL = Type("bool", 1)


@dataclass(frozen=True, slots=True)
class Typed:
    """A value and its type."""

    value: Operand
    type: Type


@dataclass(eq=False, slots=True)
class Cell:
    """A place for a value: a number as long as it is known, then a register that stays the same one."""

    value: Operand = 0
    is_kept: bool = False

    def keep(self, builder: Builder) -> None:
        """Put the value into a register, which is needed before the flow of the program parts."""
        if not self.is_kept:
            self._move(builder, self.value)

    def store(self, builder: Builder, value: Operand) -> None:
        """Give the place a value."""
        if self.is_kept or isinstance(value, Register):
            self._move(builder, value)
        else:
            self.value = value

    def _move(self, builder: Builder, value: Operand) -> None:
        target = self.value if self.is_kept and isinstance(self.value, Register) else builder.register()
        builder.add(Compute(target, "add", (value, 0), WIDE, WIDE))
        self.value, self.is_kept = target, True


@dataclass(frozen=True, slots=True)
class Variable:
    type: Type
    cell: Cell = field(default_factory=Cell)
    is_constant: bool = False


class Variables(Mapping[str, Operand]):
    """Variables by name, those of inner scopes first; as a mapping it gives their values."""

    def __init__(self) -> None:
        self._scopes: ChainMap[str, Variable] = ChainMap()

    def __getitem__(self, name: str) -> Operand:
        return self._scopes[name].cell.value

    def __iter__(self) -> Iterator[str]:
        return iter(self._scopes)

    def __len__(self) -> int:
        return len(self._scopes)

    def find(self, name: str) -> Variable | None:
        return self._scopes.get(name)

    def is_here(self, name: str) -> bool:
        """Tell whether the innermost scope has the name."""
        return name in self._scopes.maps[0]

    def declare(self, name: str, variable: Variable) -> None:
        self._scopes[name] = variable

    def enter(self) -> None:
        """Open a scope inside this one."""
        self._scopes = self._scopes.new_child()

    def leave(self) -> None:
        self._scopes = self._scopes.parents

    def constants(self) -> "Variables":
        """Give those alone that a subroutine sees, in a scope of their own."""
        found = Variables()
        found._scopes = ChainMap({}, {name: each for name, each in self._scopes.items() if each.is_constant})
        return found
