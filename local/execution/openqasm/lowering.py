"""Turns the statements of OpenQASM into blocks of operations; loops over numbers are written out."""

from collections.abc import Callable, Iterator
from typing import Any

from local.execution.builder import Builder
from local.execution.openqasm.conditions import Conditions
from local.execution.openqasm.constants import CONSTANTS, Value, evaluate
from local.execution.openqasm.gates import Gates
from local.execution.openqasm.registers import MOST_BITS, Registers
from local.execution.openqasm.syntax import (
    Alias,
    Constant,
    Declaration,
    Expression,
    For,
    GateCall,
    GateDefinition,
    If,
    Include,
    Measurement,
    Operand,
    Range,
    ResetOf,
    Source,
    Statement,
    While,
)
from local.execution.openqasm.tokens import Place
from local.execution.program import Measure, Program, RecordGroup, RecordResult, Register, Reset

# The result of measurements that go to no bit.
UNSEEN = MOST_BITS


def lowered(source: Source) -> Program:
    """Make a program; its output is each bit register as an array, bit 0 first."""
    return _Lowering(source.version).program(source.statements)


class _Lowering:
    def __init__(self, version: int) -> None:
        self._version = version
        self._builder = Builder()
        self._registers = Registers(version)
        self._gates = Gates(version, self._builder.count)
        self._conditions = Conditions(self._builder, self._registers, version)
        self._constants: dict[str, Value] = {}
        self._depth = 0
        self._lowered: dict[type, Callable[[Any], None]] = {
            Include: self._gates.include,
            GateDefinition: self._define,
            Declaration: self._declare,
            Constant: self._constant,
            Alias: self._alias,
            GateCall: self._call,
            Measurement: self._measure,
            ResetOf: self._reset,
            If: self._if,
            While: self._while,
            For: self._for,
        }

    def program(self, statements: tuple[Statement, ...]) -> Program:
        self._all(statements)
        registers = self._registers.bit_registers()
        for _, results in registers:
            self._builder.add(RecordGroup("array", len(results)))
            for result in results:
                self._builder.add(RecordResult(result))
        return self._builder.program(self._registers.width, tuple(name for name, _ in registers))

    def _all(self, statements: tuple[Statement, ...]) -> None:
        for statement in statements:
            self._builder.count()
            self._lowered[type(statement)](statement)

    def _inner(self, statements: tuple[Statement, ...]) -> None:
        self._depth += 1
        self._all(statements)
        self._depth -= 1

    def _value(self, expression: Expression) -> Value:
        return evaluate(expression, self._constants, version=self._version)

    def _new(self, name: str, at: Place) -> None:
        if self._depth and name not in self._constants:
            raise at.invalid(f"{name!r} must be declared outside of blocks and loops.")
        if name in self._registers or name in self._constants or name in CONSTANTS:
            raise at.invalid(f"the name {name!r} is taken already.")

    def _define(self, definition: GateDefinition) -> None:
        if self._depth:
            raise definition.at.invalid("a gate must be defined outside of blocks and loops.")
        self._gates.define(definition)

    def _declare(self, declaration: Declaration) -> None:
        self._new(declaration.name, declaration.at)
        size = 1 if declaration.size is None else self._value(declaration.size)
        if not isinstance(size, int):
            raise declaration.at.invalid(f"the size of {declaration.name!r} must be a whole number, not {size}.")
        kind = "qubit" if declaration.kind == "qubit" else "bit"
        self._registers.declare("qubit" if kind == "qubit" else "bit", declaration.name, size, declaration.at)

    def _constant(self, constant: Constant) -> None:
        self._new(constant.name, constant.at)
        value = self._value(constant.value)
        if constant.kind in {"float", "angle"}:
            value = float(value)
        elif not isinstance(value, int):
            raise constant.at.invalid(f"{constant.name!r} is {value}, which is no {constant.kind}.")
        self._constants[constant.name] = value

    def _alias(self, alias: Alias) -> None:
        self._new(alias.name, alias.at)
        numbers = tuple(number for part in alias.parts for number in self._qubits(part))
        if len(set(numbers)) < len(numbers):
            raise alias.at.invalid(f"{alias.name!r} names one qubit twice.")
        self._registers.alias(alias.name, numbers)

    def _qubits(self, operand: Operand) -> tuple[int, ...]:
        return self._registers.numbers(operand, "qubit", self._constants)

    def _call(self, call: GateCall) -> None:
        operands = [self._qubits(operand) for operand in call.operands]
        for qubits in _broadcast(call, operands):
            self._builder.gates(self._gates.expand(call, qubits, self._constants))

    def _measure(self, measurement: Measurement) -> None:
        qubits = self._qubits(measurement.source)
        if measurement.target is None:
            results: tuple[int, ...] = (UNSEEN,) * len(qubits)
        else:
            results = self._registers.numbers(measurement.target, "bit", self._constants)
        if len(qubits) != len(results):
            raise measurement.at.invalid(f"{len(qubits)} qubits cannot be measured into {len(results)} bits.")
        for qubit, result in zip(qubits, results, strict=True):
            self._builder.add(Measure(qubit, result))

    def _reset(self, statement: ResetOf) -> None:
        for qubit in self._qubits(statement.target):
            self._builder.add(Reset(qubit))

    def _if(self, statement: If) -> None:
        condition = self._conditions.lowered(statement.condition, self._constants)
        if not isinstance(condition, Register):
            return self._inner(statement.then if condition else statement.otherwise)
        then, otherwise, after = (self._builder.block() for _ in range(3))
        self._builder.choose(condition, then, otherwise)
        for block, statements in ((then, statement.then), (otherwise, statement.otherwise)):
            self._builder.open = block
            self._inner(statements)
            self._builder.jump(after)
        self._builder.open = after
        return None

    def _while(self, statement: While) -> None:
        head, body, after = (self._builder.block() for _ in range(3))
        self._builder.jump(head)
        self._builder.open = head
        self._builder.choose(self._conditions.lowered(statement.condition, self._constants), body, after)
        self._builder.open = body
        self._inner(statement.body)
        self._builder.jump(head)
        self._builder.open = after

    def _for(self, statement: For) -> None:
        hidden = self._constants.get(statement.variable)
        for value in self._values(statement):
            self._builder.count()
            self._constants[statement.variable] = value
            self._inner(statement.body)
        self._constants.pop(statement.variable, None)
        if hidden is not None:
            self._constants[statement.variable] = hidden

    def _values(self, statement: For) -> Iterator[int]:
        given = statement.values
        if not isinstance(given, Range):
            yield from (self._whole(item, statement.at) for item in given.items)
            return
        bounds = [
            1 if each is None else self._whole(each, statement.at) for each in (given.start, given.step, given.stop)
        ]
        start, step, stop = bounds
        if step == 0:
            raise statement.at.invalid("a loop cannot have the step 0.")
        yield from range(start, stop + (1 if step > 0 else -1), step)

    def _whole(self, expression: Expression, at: Place) -> int:
        value = self._value(expression)
        if not isinstance(value, int):
            raise at.invalid(f"a loop goes over whole numbers, not {value}.")
        return value


def _broadcast(call: GateCall, operands: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Give the qubits of each call: registers go along together, single qubits stay."""
    sizes = {len(qubits) for qubits in operands if len(qubits) != 1}
    if len(sizes) > 1:
        raise call.at.invalid(f"the gate {call.name!r} is given registers of different sizes.")
    for index in range(sizes.pop() if sizes else 1):
        yield tuple(qubits[index if len(qubits) > 1 else 0] for qubits in operands)
