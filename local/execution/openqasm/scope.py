"""The names that a program knows at one point, and which of them statements change."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

from local.execution.builder import Builder
from local.execution.openqasm.constants import CONSTANTS
from local.execution.openqasm.expressions import Expressions
from local.execution.openqasm.registers import Registers
from local.execution.openqasm.syntax import Assignment, Leave, Measurement, Operand, Return, Statement, Subroutine
from local.execution.openqasm.tokens import Place
from local.execution.openqasm.variables import Cell


class Scope:
    """Opens and closes the scopes of registers and variables together."""

    def __init__(self, builder: Builder, registers: Registers, expressions: Expressions) -> None:
        self._builder, self._registers, self._expressions = builder, registers, expressions
        self.depth = 0

    @contextmanager
    def inner(self) -> Iterator[None]:
        """Open a block, which sees what is around it."""
        variables = self._expressions.variables
        self._registers.enter()
        variables.enter()
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            variables.leave()
            self._registers.leave()

    @contextmanager
    def subroutine(self) -> Iterator[None]:
        """Open the body of a subroutine, which sees constants alone."""
        variables, hidden = self._expressions.variables, self._registers.hide()
        self._expressions.variables = variables.constants()
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            self._expressions.variables = variables
            self._registers.show(hidden)

    def check_new(self, name: str, at: Place) -> None:
        """Raise InvalidProgram where the innermost scope has the name, or another kind of thing has it."""
        variables, registers = self._expressions.variables, self._registers
        is_taken = variables.is_here(name) or registers.is_here(name) or name in CONSTANTS
        if is_taken or name in self._expressions.subroutines:
            raise at.invalid(f"the name {name!r} is taken already.")

    def check_outside(self, what: str, at: Place) -> None:
        if self.depth:
            raise at.invalid(f"{what} must be declared outside of blocks and loops.")

    def keep(self, statements: tuple[Statement, ...]) -> None:
        """Put what the statements may change into registers: their flow is not known before the program runs."""
        for name in sorted(assigned(statements)):
            for cell in self._cells(name):
                cell.keep(self._builder)

    def _cells(self, name: str) -> list[Cell]:
        variable = self._expressions.variables.find(name)
        if variable is not None:
            return [variable.cell]
        if self._registers.kind(name) != "bit":
            return []
        numbers = self._registers.numbers(Operand(name, (), Place(0, 0)), "bit", {})
        return [self._registers.cells[number] for number in numbers if number in self._registers.cells]


def assigned(statements: object, *, measured: bool = True) -> set[str]:
    """Name what statements give values to; by assignments alone, or by measurements too."""
    kinds = (Assignment, Measurement) if measured else (Assignment,)
    targets = [statement.target for statement in _within(statements) if isinstance(statement, kinds)]
    return {target.name for target in targets if target is not None}


def leaves(statements: object) -> bool:
    """Tell whether break, continue, end or return is in the statements."""
    return any(isinstance(statement, Leave | Return) for statement in _within(statements))


def ends(statements: object) -> bool:
    """Tell whether `end` is in the statements, those of subroutines too."""
    words = (each for each in _within(statements, subroutines=True) if isinstance(each, Leave))
    return any(each.word == "end" for each in words)


def _within(node: object, *, subroutines: bool = False) -> Iterator[object]:
    """Give statements and all that they hold."""
    if isinstance(node, tuple):
        for item in node:
            yield from _within(item, subroutines=subroutines)
    elif is_dataclass(node) and (subroutines or not isinstance(node, Subroutine)):
        yield node
        for name in ("then", "otherwise", "body"):
            if name in {field.name for field in fields(node)}:
                yield from _within(getattr(node, name), subroutines=subroutines)
