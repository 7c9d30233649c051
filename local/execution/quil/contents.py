"""Looks inside the parser's instructions, each a wrapper of one kind round its content."""

from typing import Any

from quil.instructions import ArithmeticOperand, BinaryOperand, ComparisonOperand, Instruction, Qubit


def content(step: Instruction) -> Any:
    """Give what an instruction holds, None if it is none of those that are looked into."""
    match step:
        case (
            Instruction.Declaration(inner)
            | Instruction.GateDefinition(inner)
            | Instruction.Gate(inner)
            | Instruction.Measurement(inner)
            | Instruction.Reset(inner)
            | Instruction.Label(inner)
            | Instruction.Jump(inner)
            | Instruction.JumpWhen(inner)
            | Instruction.JumpUnless(inner)
        ):
            return inner
    return None


def operand(given: ArithmeticOperand | BinaryOperand | ComparisonOperand) -> Any:
    """Give the number or memory reference of an operand."""
    match given:
        case (
            ArithmeticOperand.LiteralInteger(inner)
            | ArithmeticOperand.LiteralReal(inner)
            | ArithmeticOperand.MemoryReference(inner)
            | BinaryOperand.LiteralInteger(inner)
            | BinaryOperand.MemoryReference(inner)
            | ComparisonOperand.LiteralInteger(inner)
            | ComparisonOperand.LiteralReal(inner)
            | ComparisonOperand.MemoryReference(inner)
        ):
            return inner
    return given


def number(qubit: Qubit) -> int | None:
    """Give the number of a qubit, None if it has a name instead."""
    match qubit:
        case Qubit.Fixed(found):
            return int(found)
    return None
