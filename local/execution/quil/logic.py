"""Quil's classical instructions: arithmetic, logic, comparisons and moves on memory."""

from collections.abc import Iterable
from typing import Any

from quil import instructions as quil
from quil.instructions import ArithmeticOperator, BinaryOperator, ComparisonOperator, Instruction, UnaryOperator

from local.execution.builder import Builder
from local.execution.errors import InvalidProgram
from local.execution.program import Compute, Operand, Register
from local.execution.quil.contents import operand
from local.execution.quil.memory import Memory

_ARITHMETIC = [
    (ArithmeticOperator.ADD, "add", "fadd"),
    (ArithmeticOperator.SUBTRACT, "sub", "fsub"),
    (ArithmeticOperator.MULTIPLY, "mul", "fmul"),
    (ArithmeticOperator.DIVIDE, "sdiv", "fdiv"),
]
_BINARY = [
    (BinaryOperator.AND, "and"),
    (BinaryOperator.IOR, "or"),
    (BinaryOperator.XOR, "xor"),
    (BinaryOperator.SHL, "shl"),
    (BinaryOperator.SHR, "lshr"),
    (BinaryOperator.ASHR, "ashr"),
]
_COMPARISONS = [
    (ComparisonOperator.EQUAL, "eq"),
    (ComparisonOperator.GREATER_THAN, "sgt"),
    (ComparisonOperator.GREATER_THAN_OR_EQUAL, "sge"),
    (ComparisonOperator.LESS_THAN, "slt"),
    (ComparisonOperator.LESS_THAN_OR_EQUAL, "sle"),
]
_ONES = {"BIT": 1, "OCTET": 255, "INTEGER": -1}


def destinations(step: Instruction) -> Iterable[str]:
    """Name the regions that a classical instruction writes."""
    match step:
        case (
            Instruction.Arithmetic(inner)
            | Instruction.BinaryLogic(inner)
            | Instruction.Comparison(inner)
            | Instruction.Move(inner)
            | Instruction.Convert(inner)
        ):
            return [inner.destination.name]
        case Instruction.UnaryLogic(inner):
            return [inner.operand.name]
        case Instruction.Exchange(inner):
            return [inner.left.name, inner.right.name]
        case Instruction.Load(inner):
            return [inner.destination.name]
        case Instruction.Store(inner):
            return [inner.destination]
    return []


class Logic:
    """Adds the computations of classical instructions to a program."""

    def __init__(self, memory: Memory, builder: Builder) -> None:
        self._memory, self._builder = memory, builder

    def lowered(self, step: Instruction) -> bool:
        """Add an instruction; False if it is none of these."""
        match step:
            case Instruction.Arithmetic(inner):
                self._arithmetic(inner)
            case Instruction.BinaryLogic(inner):
                self._binary(inner)
            case Instruction.UnaryLogic(inner):
                self._unary(inner)
            case Instruction.Comparison(inner):
                operation = next(name for known, name in _COMPARISONS if known == inner.operator)
                sides = self._value(inner.lhs), self._value(inner.rhs)
                self._store(inner.destination, self._builder.compute(operation, *sides))
            case Instruction.Move(inner):
                self._store(inner.destination, self._value(inner.source))
            case Instruction.Convert(inner):
                self._convert(inner)
            case Instruction.Exchange(inner):
                self._exchange(inner)
            case Instruction.Load(inner):
                self._load(inner)
            case Instruction.Store(inner):
                self._save(inner)
            case _:
                return False
        return True

    def _value(self, given: Any) -> Operand:
        """Read an operand: a cell or a number."""
        inner = operand(given)
        if isinstance(inner, quil.MemoryReference):
            return self._memory.value(inner, self._builder)
        return float(inner) if isinstance(inner, float) else int(inner)

    def _store(self, destination: quil.MemoryReference, value: Operand) -> None:
        """Put a value into a cell, in the cell's type."""
        register, kind = self._memory.cell(destination)
        if kind != "REAL" and isinstance(value, float):
            raise InvalidProgram(f"{destination.to_quil()} is {kind}; {value} is not.")
        if kind == "REAL":
            self._put(register, "fadd", value, 0.0)
        elif kind == "INTEGER":
            self._put(register, "add", value, 0)
        else:
            self._put(register, "and", value, _ONES[kind])

    def _put(self, register: Register, operation: str, *operands: Operand) -> None:
        self._builder.add(Compute(register, operation, operands, 64, 64))

    def _arithmetic(self, step: quil.Arithmetic) -> None:
        _, kind = self._memory.cell(step.destination)
        whole, real = next(names for known, *names in _ARITHMETIC if known == step.operator)
        if kind not in {"INTEGER", "REAL"}:
            raise InvalidProgram(f"{step.destination.to_quil()} is {kind}; arithmetic is on INTEGER and REAL.")
        given = self._memory.value(step.destination, self._builder), self._value(step.source)
        self._store(step.destination, self._builder.compute(real if kind == "REAL" else whole, *given))

    def _binary(self, step: quil.BinaryLogic) -> None:
        self._check_bits(step.destination)
        operation = next(name for known, name in _BINARY if known == step.operator)
        given = self._memory.value(step.destination, self._builder), self._value(step.source)
        self._store(step.destination, self._builder.compute(operation, *given))

    def _unary(self, step: quil.UnaryLogic) -> None:
        value = self._memory.value(step.operand, self._builder)
        _, kind = self._memory.cell(step.operand)
        if step.operator == UnaryOperator.NOT:
            self._check_bits(step.operand)
            self._store(step.operand, self._builder.compute("xor", value, _ONES[kind]))
        elif kind == "REAL":
            self._store(step.operand, self._builder.compute("fneg", value))
        else:
            self._store(step.operand, self._builder.compute("sub", 0, value))

    def _check_bits(self, reference: quil.MemoryReference) -> None:
        _, kind = self._memory.cell(reference)
        if kind == "REAL":
            raise InvalidProgram(f"{reference.to_quil()} is REAL; logic is on BIT, OCTET and INTEGER.")

    def _convert(self, step: quil.Convert) -> None:
        _, kind = self._memory.cell(step.destination)
        value = self._memory.value(step.source, self._builder)
        operation = {"REAL": "si_to_fp", "BIT": "ne"}.get(kind, "fp_to_si")
        operands = (value, 0) if operation == "ne" else (value,)
        self._store(step.destination, self._builder.compute(operation, *operands))

    def _exchange(self, step: quil.Exchange) -> None:
        # Kept aside first: a cell is read where it is used.
        kept = [self._builder.compute("select", 1, self._value(side), 0) for side in (step.left, step.right)]
        self._store(step.left, kept[1])
        self._store(step.right, kept[0])

    def _load(self, step: quil.Load) -> None:
        """Read the cell whose number another cell holds."""
        place, cells = self._memory.value(step.offset, self._builder), self._memory.references(step.source)
        self._check_place(place, len(cells))
        found: Operand = 0
        for index, reference in enumerate(cells):
            is_here = self._builder.compute("eq", place, index)
            found = self._builder.compute("select", is_here, self._memory.value(reference, self._builder), found)
        self._store(step.destination, found)

    def _save(self, step: quil.Store) -> None:
        """Write the cell whose number another cell holds."""
        place, cells = self._memory.value(step.offset, self._builder), self._memory.references(step.destination)
        self._check_place(place, len(cells))
        value = self._builder.compute("select", 1, self._value(step.source), 0)
        for index, reference in enumerate(cells):
            is_here = self._builder.compute("eq", place, index)
            kept = self._memory.value(reference, self._builder)
            self._store(reference, self._builder.compute("select", is_here, value, kept))

    def _check_place(self, place: Operand, length: int) -> None:
        """End the run with an error, by a division by zero, where the cell is not in its region."""
        is_above = self._builder.compute("sge", place, 0)
        is_inside = self._builder.compute("and", is_above, self._builder.compute("slt", place, length))
        self._builder.compute("sdiv", 1, is_inside)
