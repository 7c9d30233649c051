"""Lowers what parts the flow of a program; loops whose turns are known are written out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.execution.builder import Builder
from local.execution.openqasm.expressions import Expressions
from local.execution.openqasm.scope import Scope, leaves
from local.execution.openqasm.syntax import Expression, For, If, Leave, Range, Statement, While
from local.execution.openqasm.tokens import Place
from local.execution.openqasm.variables import Cell, Type, Typed, Variable


@dataclass
class _Loop:
    """Where break and continue of a loop go, if anything does."""

    after: int | None = None
    again: int | None = None


class Flow:
    """Lowers conditions and loops; `lower` is called with the statements inside of them."""

    def __init__(
        self,
        builder: Builder,
        expressions: Expressions,
        scope: Scope,
        lower: Callable[[tuple[Statement, ...]], None],
    ) -> None:
        self._builder, self._expressions, self._scope, self._lower = builder, expressions, scope, lower
        self._loops: list[_Loop] = []
        self._end: int | None = None

    def close(self) -> None:
        """Come to the end of the program, from where it is left too."""
        if self._end is not None:
            self.go(self._end)
            self._builder.open = self._end

    def go(self, block: int) -> None:
        """Leave the open block; what follows there is not reached."""
        self._builder.jump(block)
        self._builder.open = self._builder.block()

    @contextmanager
    def without_loops(self) -> Iterator[None]:
        """Begin the body of a subroutine: it cannot leave the loops that it is called in."""
        loops, self._loops = self._loops, []
        try:
            yield
        finally:
            self._loops = loops

    def inner(self, statements: tuple[Statement, ...]) -> None:
        with self._scope.inner():
            self._lower(statements)

    def choice(self, statement: If) -> None:
        if self._expressions.is_known(statement.condition):
            taken = statement.then if self._expressions.truth(statement.condition) else statement.otherwise
            return self.inner(taken)
        self._scope.keep(statement.then + statement.otherwise)
        condition = self._expressions.truth(statement.condition)
        then, otherwise, after = (self._builder.block() for _ in range(3))
        self._builder.choose(condition, then, otherwise)
        for block, statements in ((then, statement.then), (otherwise, statement.otherwise)):
            self._builder.open = block
            self.inner(statements)
            self._builder.jump(after)
        self._builder.open = after
        return None

    def while_loop(self, statement: While) -> None:
        """Write turns out as long as it is known that they are taken; then make a loop of the rest."""
        if not leaves(statement.body):
            while self._expressions.is_known(statement.condition):
                if not self._expressions.truth(statement.condition):
                    return
                self._builder.count()
                self.inner(statement.body)
        self._scope.keep(statement.body)
        head, body, after = (self._builder.block() for _ in range(3))
        self._builder.jump(head)
        self._builder.open = head
        self._builder.choose(self._expressions.truth(statement.condition), body, after)
        self._builder.open = body
        self._loops.append(_Loop(after, head))
        self.inner(statement.body)
        self._loops.pop()
        self._builder.jump(head)
        self._builder.open = after

    def for_loop(self, statement: For) -> None:
        if leaves(statement.body):
            self._scope.keep(statement.body)
        kind = self._expressions.type_of(statement.kind, statement.size, statement.at)
        loop = _Loop()
        self._loops.append(loop)
        for value in self._values(statement):
            self._builder.count()
            number = self._expressions.converted(Typed(value, Type("int")), kind, statement.at)
            with self._scope.inner():
                self._expressions.variables.declare(statement.variable, Variable(kind, Cell(number)))
                self.inner(statement.body)
            self._arrive(loop.again)
            loop.again = None
        self._loops.pop()
        self._arrive(loop.after)

    def _arrive(self, block: int | None) -> None:
        if block is not None:
            self._builder.jump(block)
            self._builder.open = block

    def leave(self, statement: Leave) -> None:
        if statement.word == "end":
            if self._end is None:
                self._end = self._builder.block()
            return self.go(self._end)
        if not self._loops:
            raise statement.at.invalid(f"{statement.word!r} stands in no loop.")
        loop = self._loops[-1]
        if statement.word == "break":
            loop.after = self._builder.block() if loop.after is None else loop.after
            return self.go(loop.after)
        loop.again = self._builder.block() if loop.again is None else loop.again
        return self.go(loop.again)

    def _values(self, statement: For) -> Iterator[int]:
        given = statement.values
        if not isinstance(given, Range):
            yield from (self._whole(item, statement.at) for item in given.items)
            return
        start, step, stop = (
            1 if each is None else self._whole(each, statement.at) for each in (given.start, given.step, given.stop)
        )
        if step == 0:
            raise statement.at.invalid("a loop cannot have the step 0.")
        yield from range(start, stop + (1 if step > 0 else -1), step)

    def _whole(self, expression: Expression, at: Place) -> int:
        value = self._expressions.before(expression)
        if not isinstance(value, int):
            raise at.invalid(f"a loop goes over whole numbers, not {value}.")
        return value
