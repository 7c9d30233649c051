"""Makes conditions on measured bits into computations of the engine."""

from collections.abc import Mapping

from local.execution.builder import Builder
from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.constants import Value, evaluate
from local.execution.openqasm.registers import Registers
from local.execution.openqasm.syntax import Binary, Call, Expression, Name, Number, Operand, Unary
from local.execution.program import Operand as Known

_COMPARISONS = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_BITWISE = {"&": "and", "|": "or", "^": "xor", "&&": "and", "||": "or"}


class Conditions:
    """Computes truth values of expressions; a register is the whole number of its bits, bit 0 the lowest."""

    def __init__(self, builder: Builder, registers: Registers, version: int) -> None:
        self._builder, self._registers, self._version = builder, registers, version

    def lowered(self, condition: Expression, names: Mapping[str, Value]) -> Known:
        """Give the value of a condition, 0 where it does not hold: a number if no bit is in it."""
        if not self._depends(condition):
            return evaluate(condition, names, version=self._version)
        match condition:
            case Name(text=text, at=at):
                return self._bits(Operand(text, (), at), names)
            case Operand():
                return self._bits(condition, names)
            case Unary(sign="!", operand=operand):
                return self._builder.compute("eq", self.lowered(operand, names), 0)
            case Binary(sign=sign) if sign in _COMPARISONS or sign in _BITWISE:
                return self._binary(condition, names)
            case Call(function="bool" | "int" | "uint" as function, arguments=(argument,)):
                value = self.lowered(argument, names)
                return self._builder.compute("ne", value, 0) if function == "bool" else value
        raise UnsupportedProgram(
            f"line {condition.at.line}: this condition on bits is not built in this local workspace."
        )

    def _binary(self, condition: Binary, names: Mapping[str, Value]) -> Known:
        sides = [self.lowered(side, names) for side in (condition.left, condition.right)]
        if any(isinstance(side, float) for side in sides):
            raise condition.at.invalid("measured bits can be compared with whole numbers only.")
        if condition.sign in {"&&", "||"}:
            sides = [self._builder.compute("ne", side, 0) for side in sides]
        operation = _COMPARISONS.get(condition.sign) or _BITWISE[condition.sign]
        longest = max(side.bit_length() for side in (*sides, 0) if isinstance(side, int))
        return self._builder.compute(operation, *sides, width=max(self._widest(), longest + 2))

    def _bits(self, operand: Operand, names: Mapping[str, Value]) -> Known:
        results = self._registers.numbers(operand, "bit", names)
        value: Known = self._builder.read(results[-1])
        for result in reversed(results[:-1]):
            doubled = self._builder.compute("mul", value, 2, width=self._widest())
            value = self._builder.compute("add", doubled, self._builder.read(result), width=self._widest())
        return value

    def _widest(self) -> int:
        """Give a width in which the number of no register wraps."""
        return max(64, self._registers.bits + 2)

    def _depends(self, expression: Expression) -> bool:
        """Tell whether a measured bit is in it."""
        match expression:
            case Number():
                return False
            case Name(text=text) | Operand(name=text):
                return text in self._registers
            case Unary(operand=operand):
                return self._depends(operand)
            case Binary(left=left, right=right):
                return self._depends(left) or self._depends(right)
            case Call(arguments=arguments):
                return any(self._depends(argument) for argument in arguments)
