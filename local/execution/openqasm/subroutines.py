"""Writes calls of subroutines out where they stand."""

from collections.abc import Callable
from dataclasses import dataclass

from local.execution.builder import Builder
from local.execution.openqasm.expressions import Expressions
from local.execution.openqasm.flow import Flow
from local.execution.openqasm.registers import Registers
from local.execution.openqasm.scope import Scope, leaves
from local.execution.openqasm.syntax import Call, Expression, Name, Operand, Parameter, Return, Statement, Subroutine
from local.execution.openqasm.tokens import Place
from local.execution.openqasm.variables import Cell, Type, Typed, Variable

MOST_NESTED = 64


@dataclass
class _Running:
    """A call that is being written out: where its value goes and where `return` jumps to."""

    result: Type | None
    cell: Cell
    after: int | None


class Subroutines:
    """The subroutines of a program; `lower` is called with their statements."""

    def __init__(
        self,
        builder: Builder,
        registers: Registers,
        expressions: Expressions,
        scope: Scope,
        flow: Flow,
        lower: Callable[[tuple[Statement, ...]], None],
    ) -> None:
        self._builder, self._registers, self._expressions = builder, registers, expressions
        self._scope, self._flow, self._lower = scope, flow, lower
        self._defined: dict[str, Subroutine] = {}
        self._running: list[_Running] = []
        expressions.call = self.call

    def define(self, subroutine: Subroutine) -> None:
        self._scope.check_outside("a subroutine", subroutine.at)
        self._scope.check_new(subroutine.name, subroutine.at)
        self._defined[subroutine.name] = subroutine
        self._expressions.subroutines.add(subroutine.name)

    def call(self, call: Call) -> Typed | None:
        """Write a call out; gives what it returns."""
        definition = self._defined[call.function]
        if len(self._running) >= MOST_NESTED:
            raise call.at.invalid(f"calls are nested more than {MOST_NESTED} deep: {call.function!r} calls itself?")
        if len(call.arguments) != len(definition.parameters):
            raise call.at.invalid(f"{call.function!r} takes {len(definition.parameters)} arguments.")
        pairs = zip(definition.parameters, call.arguments, strict=True)
        given = [self._argument(parameter, argument, call.at) for parameter, argument in pairs]
        with self._scope.subroutine(), self._flow.without_loops():
            for parameter, value in zip(definition.parameters, given, strict=True):
                self._bind(parameter, value)
            return self._body(definition)

    def _body(self, definition: Subroutine) -> Typed | None:
        self._builder.count()
        result = self._type(definition.result, definition.at) if definition.result else None
        running = _Running(result, Cell(), None)
        if _returns_early(definition.body):
            running.cell.keep(self._builder)
            running.after = self._builder.block()
        self._running.append(running)
        self._lower(definition.body)
        self._running.pop()
        if running.after is not None:
            self._builder.jump(running.after)
            self._builder.open = running.after
        return None if result is None else Typed(running.cell.value, result)

    def leave(self, statement: Return) -> None:
        """Give the value back and leave."""
        if not self._running:
            raise statement.at.invalid("'return' stands in no subroutine.")
        running = self._running[-1]
        if (statement.value is None) != (running.result is None):
            raise statement.at.invalid("'return' has a value where the subroutine says so, and only there.")
        if statement.value is not None and running.result is not None:
            value = self._expressions.lowered(statement.value)
            running.cell.store(self._builder, self._expressions.converted(value, running.result, statement.at))
        if running.after is not None:
            self._flow.go(running.after)

    def _type(self, parameter: Parameter, at: Place) -> Type:
        return self._expressions.type_of(parameter.kind, parameter.size, at)

    def _argument(self, parameter: Parameter, argument: Expression, at: Place) -> Typed | tuple[int, ...]:
        """Read an argument where the call stands."""
        if parameter.kind != "qubit":
            value = self._expressions.lowered(argument)
            wanted = self._type(parameter, at)
            return Typed(self._expressions.converted(value, wanted, at), wanted)
        operand = Operand(argument.text, (), argument.at) if isinstance(argument, Name) else argument
        if not isinstance(operand, Operand):
            raise at.invalid(f"the argument for {parameter.name!r} must be qubits.")
        qubits = self._registers.numbers(operand, "qubit", self._expressions.variables)
        size = 1 if parameter.size is None else self._expressions.before(parameter.size)
        if len(qubits) != size:
            raise at.invalid(f"{len(qubits)} qubits cannot be given for {parameter.name!r}, which is {size}.")
        return qubits

    def _bind(self, parameter: Parameter, value: Typed | tuple[int, ...]) -> None:
        """Give a parameter what it was called with: qubits themselves, of all else a copy."""
        if isinstance(value, tuple):
            self._registers.alias("qubit", parameter.name, value)
            return
        cell = Cell()
        cell.store(self._builder, value.value)
        if parameter.kind != "bit":
            self._expressions.variables.declare(parameter.name, Variable(value.type, cell))
            return
        numbers = self._registers.declare("bit", parameter.name, value.type.width, Place(0, 0))
        bits = self._expressions.split(value, value.type.width, Place(0, 0))
        for number, bit in zip(numbers, bits, strict=True):
            self._registers.cells[number] = kept = Cell()
            kept.store(self._builder, bit)


def _returns_early(body: tuple[Statement, ...]) -> bool:
    """Tell whether anything but the last statement may return."""
    return leaves(body[:-1] if body and isinstance(body[-1], Return) else body)
