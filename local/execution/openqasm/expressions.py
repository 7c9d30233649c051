"""Computes expressions: at once where everything in them is known, else while the program runs."""

from collections.abc import Callable
from dataclasses import replace

from local.execution.builder import Builder
from local.execution.classical import compute
from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.constants import evaluate
from local.execution.openqasm.registers import MOST_BITS, Registers
from local.execution.openqasm.syntax import Binary, Call, Expression, Measured, Name, Number, Operand, Unary
from local.execution.openqasm.tokens import Place
from local.execution.openqasm.variables import BOOL, WIDE, WORD, Type, Typed, Variables
from local.execution.program import Measure, Register
from local.execution.program import Operand as Known

_COMPARISONS = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_BITWISE = {"&": "and", "|": "or", "^": "xor"}
_LOGIC = {"&&": "and", "||": "or"}
_WHOLE = {"+": "add", "-": "sub", "*": "mul", "/": "sdiv", "%": "srem"}
_REAL = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
_CASTS = {"bool", "int", "uint", "float", "angle", "bit"}
# The result of measurements that go to no result of their own.
UNSEEN = MOST_BITS


class Expressions:
    """Computes values; a register is the whole number of its bits, bit 0 the lowest.

    Whole numbers grow as they need to inside of an expression and are cut where they are stored (a choice).
    """

    def __init__(self, builder: Builder, registers: Registers, version: int) -> None:
        self._builder, self._registers, self._version = builder, registers, version
        self.variables = Variables()
        self.call: Callable[[Call], Typed | None] = _no_subroutine
        self.subroutines: set[str] = set()

    def lowered(self, expression: Expression) -> Typed:
        """Give the value of an expression: a number if it is known."""
        if self.is_known(expression):
            return self._known(expression)
        match expression:
            case Name(text=text, at=at):
                variable = self.variables.find(text)
                return Typed(variable.cell.value, variable.type) if variable else self._bits(Operand(text, (), at))
            case Operand():
                return self._bits(expression)
            case Unary():
                return self._unary(expression)
            case Binary():
                return self._binary(expression)
            case Call():
                return self._call(expression)
            case Measured(source=source):
                return self._measured(self._registers.numbers(source, "qubit", self.variables))
        raise _not_built(expression.at, "this expression")

    def before(self, expression: Expression) -> int | float:
        """Give a value that must be known before the program runs."""
        return evaluate(expression, self.variables, version=self._version)

    def truth(self, condition: Expression) -> Known:
        """Give a condition: 0 where it does not hold."""
        return self.lowered(condition).value

    def is_known(self, expression: Expression) -> bool:
        """Tell whether neither bits nor values computed while the program runs are in it."""
        match expression:
            case Name(text=text):
                return text not in self._registers and not isinstance(self.variables.get(text), Register)
            case Unary(operand=operand):
                return self.is_known(operand)
            case Binary(left=left, right=right):
                return self.is_known(left) and self.is_known(right)
            case Call(function=function, arguments=arguments):
                return function not in _CASTS | self.subroutines and all(map(self.is_known, arguments))
            case Operand() | Measured():
                return False
        return True

    def converted(self, given: Typed, wanted: Type, at: Place) -> Known:
        """Give a value in another type: numbers are cut to its bits, real ones towards zero."""
        value = given.value
        if wanted.is_real:
            return value if given.type.is_real else self._compute(at, "si_to_fp", value)
        if wanted.kind == "bool":
            return self._compute(at, "ne", value, 0)
        if given.type.is_real:
            if wanted.kind == "bit":
                raise at.invalid(f"a {given.type.kind} cannot be given to bits.")
            value = self._compute(at, "fp_to_si", value)
        if wanted.kind == "int":
            return self._compute(at, "add", value, 0, width=wanted.width)
        return self._compute(at, "and", value, (1 << wanted.width) - 1)

    def split(self, given: Typed, size: int, at: Place) -> list[Known]:
        """Give the lowest bits of a whole number, lowest first."""
        if size == 1 and given.type.width == 1 and given.type.kind in {"bit", "bool"}:
            return [given.value]
        number = self.converted(given, Type("bit", size), at)
        return [
            self._compute(at, "and", self._compute(at, "sdiv", number, 1 << place) if place else number, 1)
            for place in range(size)
        ]

    def type_of(self, kind: str, size: Expression | None, at: Place) -> Type:
        """Make the type that is written here."""
        if size is None:
            return BOOL if kind == "bool" else Type(kind, 1 if kind == "bit" else WORD)
        width = evaluate(size, self.variables, version=3)
        if not isinstance(width, int) or not 1 <= width <= WORD:
            raise at.invalid(f"the size of {kind} is {width}; it is a whole number from 1 to {WORD} here.")
        return Type(kind, width)

    def _known(self, expression: Expression) -> Typed:
        if isinstance(expression, Number) and expression.width:
            return Typed(expression.value, Type("bit", expression.width))
        value = evaluate(expression, self.variables, version=3)
        variable = self.variables.find(expression.text) if isinstance(expression, Name) else None
        return Typed(value, variable.type if variable else Type("float" if isinstance(value, float) else "int"))

    def _bits(self, operand: Operand) -> Typed:
        if operand.name in self.variables:
            raise _not_built(operand.at, f"taking bits out of {operand.name!r}, which is no register of bits,")
        numbers = self._registers.numbers(operand, "bit", self.variables)
        return self._joined([self._bit(number) for number in numbers], operand.at)

    def _bit(self, number: int) -> Known:
        cell = self._registers.cells.get(number)
        return self._builder.read(number) if cell is None else cell.value

    def _joined(self, bits: list[Known], at: Place) -> Typed:
        value = bits[-1]
        for bit in reversed(bits[:-1]):
            value = self._compute(at, "add", self._compute(at, "mul", value, 2), bit)
        return Typed(value, Type("bit", len(bits)))

    def _measured(self, qubits: tuple[int, ...]) -> Typed:
        bits: list[Known] = [self.measured(qubit) for qubit in qubits]
        return self._joined(bits, Place(0, 0))

    def measured(self, qubit: int) -> Register:
        """Measure a qubit into a value."""
        self._builder.add(Measure(qubit, UNSEEN))
        return self._builder.read(UNSEEN)

    def _unary(self, expression: Unary) -> Typed:
        inner, at = self.lowered(expression.operand), expression.at
        if expression.sign == "!":
            return Typed(self._compute(at, "eq", inner.value, 0), BOOL)
        if expression.sign == "+":
            return inner
        if expression.sign == "-":
            if inner.type.is_real:
                return replace(inner, value=self._compute(at, "fneg", inner.value))
            return Typed(self._compute(at, "sub", 0, inner.value), Type("int"))
        if inner.type.is_real:
            raise at.invalid(f"'~' is of bits and whole numbers, not of {inner.type.kind}.")
        ones = -1 if inner.type.kind == "int" else (1 << inner.type.width) - 1
        return replace(inner, value=self._compute(at, "xor", inner.value, ones))

    def _binary(self, expression: Binary) -> Typed:
        return self.combined(expression.sign, self.lowered(expression.left), self.lowered(expression.right), expression)

    def combined(self, sign: str, left: Typed, right: Typed, expression: Expression) -> Typed:
        """Compute with two values."""
        at, values = expression.at, (left.value, right.value)
        is_real = left.type.is_real or right.type.is_real
        if is_real and "bit" in {left.type.kind, right.type.kind}:
            raise at.invalid("measured bits can be compared and computed with whole numbers only.")
        if sign in _COMPARISONS:
            return Typed(self._compute(at, _COMPARISONS[sign], *values), BOOL)
        if sign in _LOGIC:
            truths = (self._compute(at, "ne", value, 0) for value in values)
            return Typed(self._compute(at, _LOGIC[sign], *truths), BOOL)
        if is_real:
            if sign not in _REAL:
                raise _not_built(at, f"{sign!r} of numbers computed while the program runs")
            return Typed(self._compute(at, _REAL[sign], *values), Type("float"))
        return self._whole(sign, left, right, at)

    def _whole(self, sign: str, left: Typed, right: Typed, at: Place) -> Typed:
        width = max(left.type.width, right.type.width)
        if sign in _BITWISE:
            kinds = {left.type.kind, right.type.kind}
            kind = "int" if "int" in kinds else "uint" if "uint" in kinds else "bit"
            return Typed(self._compute(at, _BITWISE[sign], left.value, right.value), Type(kind, width))
        if sign in _WHOLE:
            return Typed(self._compute(at, _WHOLE[sign], left.value, right.value), Type("int"))
        if sign in {"<<", ">>"}:
            return self._shifted(sign, left, right.value, at)
        raise _not_built(at, f"{sign!r} of numbers computed while the program runs")

    def _shifted(self, sign: str, left: Typed, places: Known, at: Place) -> Typed:
        """Shift within the bits of the number that is shifted."""
        if isinstance(places, Register) and left.type.width > WORD:
            raise _not_built(at, f"a shift of more than {WORD} bits by a number computed while the program runs")
        if not isinstance(places, Register) and not 0 <= places <= MOST_BITS:
            raise at.invalid(f"a shift by {places} cannot be.")
        if isinstance(places, Register):
            value = self._compute(at, "shl" if sign == "<<" else "ashr", left.value, places)
        elif places >= left.type.width:
            value = 0
        elif sign == "<<":
            value = self._compute(at, "mul", left.value, 1 << int(places), width=2 * left.type.width + 2)
        elif left.type.kind == "int":
            value = self._compute(at, "ashr", left.value, places)
        else:
            value = self._compute(at, "sdiv", left.value, 1 << int(places))
        return replace(left, value=self.converted(replace(left, value=value), left.type, at))

    def _call(self, call: Call) -> Typed:
        if call.function in self.subroutines:
            found = self.call(call)
            if found is None:
                raise call.at.invalid(f"the subroutine {call.function!r} returns nothing.")
            return found
        if call.function == "popcount" and len(call.arguments) == 1:
            return self._ones(self.lowered(call.arguments[0]), call.at)
        if call.function not in _CASTS or len(call.arguments) != 1:
            raise _not_built(call.at, f"{call.function!r} of values computed while the program runs")
        wanted = self.type_of(call.function, call.size, call.at)
        given = self.lowered(call.arguments[0])
        return Typed(self.converted(given, wanted, call.at), wanted)

    def _ones(self, given: Typed, at: Place) -> Typed:
        total: Known = 0
        for bit in self.split(given, given.type.width, at):
            total = self._compute(at, "add", total, bit)
        return Typed(total, Type("uint"))

    def _compute(self, at: Place, operation: str, *operands: Known, width: int = 0) -> Known:
        """Compute now if all is known, else while the program runs; in bits enough that nothing is lost."""
        longest = max(each.bit_length() for each in (*operands, 0) if isinstance(each, int))
        width = width or max(WIDE, self._registers.bits + 2, longest + 2)
        known = [operand for operand in operands if not isinstance(operand, Register)]
        if len(known) < len(operands):
            return self._builder.compute(operation, *operands, width=width)
        try:
            return compute(operation, known, width, width)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise at.invalid(f"this cannot be computed: {error}.") from error


def _no_subroutine(call: Call) -> None:
    raise call.at.invalid(f"there is no subroutine {call.function!r} here.")


def _not_built(at: Place, what: str) -> UnsupportedProgram:
    return UnsupportedProgram(f"line {at.line}: {what} is not built in this local workspace.")
