"""Conditions on measured bits become branches on single registers; parts known while reading are decided there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quantum_jobs.programs.ir import Bit, If, Operation
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.values import Bits, Bitstring, Refused, Scope, Unknown

Arm = tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """True where the number made of `bits` equals `value`."""

    bits: tuple[Bit, ...]
    value: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes` where `test` holds, else `no`; with how often it places a `then` and an `otherwise` arm."""

    test: "Condition"
    yes: "Condition"
    no: "Condition"
    placed: tuple[int, int]


Condition = bool | Test | Choice
_JOINING: dict[str, Callable[[Condition, Condition], Condition]] = {
    "&&": lambda a, b: _choice(a, b, False),
    "||": lambda a, b: _choice(a, True, b),
    "&": lambda a, b: _choice(a, b, False),
    "|": lambda a, b: _choice(a, True, b),
    "^": lambda a, b: _choice(a, _negated(b), b),
    "!=": lambda a, b: _choice(a, _negated(b), b),
    "==": lambda a, b: _choice(a, b, _negated(b)),
}


class Conditions:
    """Reads the conditions of branches."""

    def __init__(self, expressions: Expressions, is_measured: Callable[[Bit], bool]) -> None:
        self._expressions = expressions
        self._is_measured = is_measured

    def read(self, node: Any, scope: Scope) -> Condition:
        """Read a condition; a bit not measured yet counts as the 0 that it is.

        Raises:
            Refused: a comparison that targets cannot make.
        """
        kind = type(node).__name__
        if kind == "ParenExpression":
            return self.read(node.operand, scope)
        if kind == "UnaryExpression" and node.op.value in {"!", "~"}:
            return self._negation(node, scope)
        if kind == "BinaryExpression" and node.op.value in _JOINING:
            return self._joined(node, scope)
        if kind == "BinaryExpression" and self.depends_on_bits(node, scope):
            raise Refused(node, f"measured bits can be compared by == and != only, not by {node.op.value}")
        return self._truth(node, scope)

    def _negation(self, node: Any, scope: Scope) -> Condition:
        if node.op.value == "~" and not self._is_one_bit(node.operand, scope):
            raise Refused(node, "~ is supported on a single bit only")
        return _negated(self.read(node.operand, scope))

    def _joined(self, node: Any, scope: Scope) -> Condition:
        sign = node.op.value
        if sign in {"==", "!="}:
            test = self._comparison(node, scope)
            if test is not None:
                return _negated(test) if sign == "!=" else test
        if not self.depends_on_bits(node, scope):
            return self._truth(node, scope)
        if sign not in {"&&", "||"} and not (self._is_one_bit(node.lhs, scope) and self._is_one_bit(node.rhs, scope)):
            raise Refused(node, f"{sign} on measured registers is supported for single bits only")
        return _JOINING[sign](self.read(node.lhs, scope), self.read(node.rhs, scope))

    def _comparison(self, node: Any, scope: Scope) -> Condition | None:
        """Read `bits == number`, either way round; None where it is not that."""
        for one, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            if self._is_simple(one):
                bits = self._expressions.value(one, scope)
                if isinstance(bits, Bits) and not self.depends_on_bits(other, scope):
                    return self._test(bits, self._wanted(other, len(bits.bits), scope))
        return None

    def _wanted(self, node: Any, size: int, scope: Scope) -> int:
        value = self._expressions.value(node, scope)
        if isinstance(value, Bitstring):
            if value.width != size:
                raise Refused(node, f"{value.width} bits are compared with {size}")
            return value.value
        number = self._expressions.integer(node, scope)
        if isinstance(number, Unknown):
            raise Refused(node, "the number must be known while reading")
        return number

    def _truth(self, node: Any, scope: Scope) -> Condition:
        value = self._expressions.value(node, scope)
        if isinstance(value, Bits):
            return _negated(self._test(value, 0))
        return bool(self._expressions.number(node, scope))

    def _test(self, bits: Bits, value: int) -> Condition:
        if not 0 <= value < 1 << len(bits.bits):
            return False
        live = [(bit, value >> place & 1) for place, bit in enumerate(bits.bits)]
        if any(wanted for bit, wanted in live if not self._is_measured(bit)):
            return False
        live = [(bit, wanted) for bit, wanted in live if self._is_measured(bit)]
        if not live:
            return True
        return Test(tuple(bit for bit, _ in live), sum(wanted << place for place, (_, wanted) in enumerate(live)))

    def _is_simple(self, node: Any) -> bool:
        return type(node).__name__ in {
            *("Identifier", "IndexedIdentifier", "IndexExpression", "ParenExpression", "Cast", "Concatenation")
        } and not (type(node).__name__ == "ParenExpression" and not self._is_simple(node.operand))

    def _is_one_bit(self, node: Any, scope: Scope) -> bool:
        kind = type(node).__name__
        if kind == "ParenExpression":
            return self._is_one_bit(node.operand, scope)
        if kind in {"BinaryExpression", "UnaryExpression"}:
            return node.op.value in {*_JOINING, "!", "~"}
        if not self._is_simple(node):
            return kind == "BooleanLiteral"
        value = self._expressions.value(node, scope)
        return isinstance(value, bool) or (isinstance(value, Bits) and len(value.bits) == 1)

    def depends_on_bits(self, node: Any, scope: Scope) -> bool:
        """Tell whether an expression names bits, measured or not."""
        kind = type(node).__name__
        if kind == "BinaryExpression":
            return self.depends_on_bits(node.lhs, scope) or self.depends_on_bits(node.rhs, scope)
        if kind in {"UnaryExpression", "ParenExpression", "Cast"}:
            return self.depends_on_bits(node.operand, scope)
        return self._is_simple(node) and isinstance(self._expressions.value(node, scope), Bits)


def placements(condition: Condition) -> tuple[int, int]:
    """Count how often `branched` places the `then` and the `otherwise` arm."""
    match condition:
        case bool():
            return int(condition), int(not condition)
        case Test():
            return 1, 1
    return condition.placed


def branched(condition: Condition, then: Arm, otherwise: Arm) -> Arm:
    """Write a condition as nested branches around its two arms."""
    match condition:
        case bool():
            return then if condition else otherwise
        case Test(bits, value):
            return (If(bits, value, then, otherwise),) if then or otherwise else ()
    return branched(condition.test, branched(condition.yes, then, otherwise), branched(condition.no, then, otherwise))


def _choice(test: Condition, yes: Condition, no: Condition) -> Condition:
    """Decide what is known, and join tests of different bits by "and" into one test of all."""
    if isinstance(test, bool):
        return yes if test else no
    if yes is True and no is False:
        return test
    if isinstance(test, Test) and isinstance(yes, Test) and no is False and not set(test.bits) & set(yes.bits):
        return Test(test.bits + yes.bits, test.value | yes.value << len(test.bits))
    (yes_then, yes_else), (no_then, no_else) = placements(yes), placements(no)
    taken, not_taken = placements(test)
    placed = taken * yes_then + not_taken * no_then, taken * yes_else + not_taken * no_else
    return Choice(test, yes, no, placed)


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Test) and len(condition.bits) == 1:
        return Test(condition.bits, 1 - condition.value)
    return _choice(condition, False, True)
