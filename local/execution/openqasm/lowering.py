"""Turns the statements of OpenQASM into blocks of operations."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.execution.builder import Builder
from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.constants import evaluate
from local.execution.openqasm.expressions import UNSEEN, Expressions
from local.execution.openqasm.flow import Flow
from local.execution.openqasm.gates import Gates
from local.execution.openqasm.registers import Registers
from local.execution.openqasm.scope import Scope, assigned, ends
from local.execution.openqasm.subroutines import Subroutines
from local.execution.openqasm.syntax import (
    Alias,
    Assignment,
    Binary,
    Call,
    Declaration,
    Expression,
    For,
    GateCall,
    GateDefinition,
    If,
    Include,
    Leave,
    Measured,
    Measurement,
    Name,
    Opaque,
    Operand,
    ResetOf,
    Return,
    Source,
    Statement,
    Subroutine,
    Variable,
    While,
)
from local.execution.openqasm.syntax import Scope as Braces
from local.execution.openqasm.variables import Cell, Type, Typed
from local.execution.openqasm.variables import Variable as Stored
from local.execution.program import Measure, Program, RecordGroup, RecordResult, RecordValue, Register, Reset
from local.execution.program import Operand as Known


def lowered(source: Source) -> Program:
    """Make a program; its output is each bit register as an array, bit 0 first."""
    return _Lowering(source).program(source.statements)


class _Lowering:
    def __init__(self, source: Source) -> None:
        self._version = source.version
        self._builder = Builder()
        self._registers = Registers(source.version)
        self._gates = Gates(source.version, self._builder.count, self._angle)
        self._expressions = Expressions(self._builder, self._registers, source.version)
        self._scope = Scope(self._builder, self._registers, self._expressions)
        self._flow = Flow(self._builder, self._expressions, self._scope, self._all)
        self._subroutines = Subroutines(
            self._builder, self._registers, self._expressions, self._scope, self._flow, self._all
        )
        self._computed = assigned(source.statements, measured=False)
        self._ends = ends(source.statements)
        self._lowered: dict[type, Callable[[Any], None]] = {
            Include: self._gates.include,
            GateDefinition: self._define,
            Opaque: self._gates.declare,
            Declaration: self._declare,
            Variable: self._variable,
            Assignment: self._assign,
            Alias: self._alias,
            GateCall: self._call,
            Measurement: self._measure,
            ResetOf: self._reset,
            If: self._flow.choice,
            While: self._flow.while_loop,
            For: self._flow.for_loop,
            Leave: self._flow.leave,
            Braces: lambda braces: self._flow.inner(braces.body),
            Subroutine: self._subroutines.define,
            Return: self._subroutines.leave,
        }

    def program(self, statements: tuple[Statement, ...]) -> Program:
        self._all(statements)
        self._flow.close()
        registers = self._registers.outputs()
        for _, numbers in registers:
            self._builder.add(RecordGroup("array", len(numbers)))
            for number in numbers:
                cell = self._registers.cells.get(number)
                self._builder.add(RecordResult(number) if cell is None else RecordValue("int", cell.value))
        return self._builder.program(self._registers.width, tuple(name for name, _ in registers))

    def _all(self, statements: tuple[Statement, ...]) -> None:
        for statement in statements:
            self._builder.count()
            self._lowered[type(statement)](statement)

    def _angle(self, expression: Expression, names: Mapping[str, Known]) -> Known:
        """Give an angle in radians; `names` are a gate's own parameters, or the variables of the program."""
        if names is self._expressions.variables:
            if self._expressions.is_known(expression):
                return float(self._expressions.before(expression))
            given = self._expressions.lowered(expression)
            if given.type.kind in {"bit", "bool"}:
                raise expression.at.invalid("an angle must stand here, not bits.")
            return self._expressions.converted(given, Type("float"), expression.at)
        if isinstance(expression, Name) and isinstance(names.get(expression.text), Register):
            return names[expression.text]
        return float(evaluate(expression, names, version=self._version))

    def _define(self, definition: GateDefinition) -> None:
        self._scope.check_outside(f"the gate {definition.name!r}", definition.at)
        self._gates.define(definition)

    def _declare(self, declaration: Declaration) -> None:
        name, at = declaration.name, declaration.at
        if declaration.kind == "qubit":
            self._scope.check_outside(f"{name!r}", at)
        self._scope.check_new(name, at)
        size = 1 if declaration.size is None else self._expressions.before(declaration.size)
        if not isinstance(size, int):
            raise at.invalid(f"the size of {name!r} must be a whole number, not {size}.")
        if declaration.kind == "qubit":
            self._registers.declare("qubit", name, size, at)
            return
        numbers = self._registers.declare("bit", name, size, at)
        if not self._scope.depth:
            self._registers.put_out(name, numbers, is_output=declaration.is_output)
        if self._scope.depth or name in self._computed:
            self._make_cells(numbers)

    def _make_cells(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            self._builder.count()
            self._registers.cells[number] = cell = Cell()
            if self._ends:
                cell.keep(self._builder)

    def _variable(self, variable: Variable) -> None:
        self._scope.check_new(variable.name, variable.at)
        kind = self._expressions.type_of(variable.kind, variable.size, variable.at)
        stored = Stored(kind, is_constant=variable.is_constant)
        if variable.value is not None:
            value = self._expressions.lowered(variable.value)
            if variable.is_constant and (isinstance(value.value, Register) or value.type.is_real > kind.is_real):
                raise variable.at.invalid(f"{variable.name!r} is no {variable.kind} that is known before.")
            stored.cell.store(self._builder, self._expressions.converted(value, kind, variable.at))
        self._expressions.variables.declare(variable.name, stored)

    def _assign(self, assignment: Assignment) -> None:
        target, at = assignment.target, assignment.at
        value = self._expressions.lowered(self._right_side(assignment))
        variable = self._expressions.variables.find(target.name)
        if variable is None:
            return self._assign_bits(assignment, value)
        if variable.is_constant or target.selectors:
            raise at.invalid(f"{target.name!r} is a constant or no register of bits, and cannot be changed so.")
        variable.cell.store(self._builder, self._expressions.converted(value, variable.type, at))
        return None

    def _right_side(self, assignment: Assignment) -> Expression:
        if not assignment.sign:
            return assignment.value
        target = assignment.target
        left: Expression = target if target.selectors else Name(target.name, target.at)
        return Binary(assignment.sign, left, assignment.value, assignment.at)

    def _assign_bits(self, assignment: Assignment, value: Typed) -> None:
        target, at = assignment.target, assignment.at
        numbers = self._registers.numbers(target, "bit", self._expressions.variables)
        if self._version == 3 and value.type.kind == "bit" and value.type.width != len(numbers):
            raise at.invalid(f"{value.type.width} bits cannot be given to {len(numbers)} bits.")
        for number, bit in zip(numbers, self._expressions.split(value, len(numbers), at), strict=True):
            self._registers.cells[number].store(self._builder, bit)

    def _alias(self, alias: Alias) -> None:
        self._scope.check_new(alias.name, alias.at)
        kind = self._registers.kind(alias.parts[0].name) or "qubit"
        variables = self._expressions.variables
        numbers = tuple(number for part in alias.parts for number in self._registers.numbers(part, kind, variables))
        if len(set(numbers)) < len(numbers):
            raise alias.at.invalid(f"{alias.name!r} names one {kind} twice.")
        if alias.name in self._computed and any(number not in self._registers.cells for number in numbers):
            raise UnsupportedProgram(
                f"line {alias.at.line}: giving values to bits by another name, {alias.name!r}, is not built here."
            )
        self._registers.alias(kind, alias.name, numbers)

    def _qubits(self, operand: Operand) -> tuple[int, ...]:
        return self._registers.numbers(operand, "qubit", self._expressions.variables)

    def _call(self, call: GateCall) -> None:
        if call.name in self._expressions.subroutines and not call.operands:
            self._subroutines.call(Call(call.name, call.parameters, call.at))
            return
        operands = [self._qubits(operand) for operand in call.operands]
        for qubits in _broadcast(call, operands):
            self._builder.gates(self._gates.expand(call, qubits, self._expressions.variables))

    def _measure(self, measurement: Measurement) -> None:
        qubits, target = self._qubits(measurement.source), measurement.target
        if target is None:
            for qubit in qubits:
                self._builder.add(Measure(qubit, UNSEEN))
            return
        if target.name in self._expressions.variables:
            self._assign(Assignment(target, "", Measured(measurement.source, measurement.at), measurement.at))
            return
        numbers = self._registers.numbers(target, "bit", self._expressions.variables)
        if len(qubits) != len(numbers):
            raise measurement.at.invalid(f"{len(qubits)} qubits cannot be measured into {len(numbers)} bits.")
        for qubit, number in zip(qubits, numbers, strict=True):
            cell = self._registers.cells.get(number)
            if cell is None:
                self._builder.add(Measure(qubit, number))
            else:
                cell.store(self._builder, self._expressions.measured(qubit))

    def _reset(self, statement: ResetOf) -> None:
        for qubit in self._qubits(statement.target):
            self._builder.add(Reset(qubit))


def _broadcast(call: GateCall, operands: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Give the qubits of each call: registers go along together, single qubits stay."""
    sizes = {len(qubits) for qubits in operands if len(qubits) != 1}
    if len(sizes) > 1:
        raise call.at.invalid(f"the gate {call.name!r} is given registers of different sizes.")
    for index in range(sizes.pop() if sizes else 1):
        yield tuple(qubits[index if len(qubits) > 1 else 0] for qubits in operands)
