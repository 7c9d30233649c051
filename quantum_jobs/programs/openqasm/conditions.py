"""Conditions on measured bits become branches on single registers; parts known while reading are decided there."""

from collections.abc import Callable
from typing import Any

from quantum_jobs.programs.branches import JOINING, Condition, Test, negated
from quantum_jobs.programs.ir import Bit
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.values import Bits, Bitstring, Refused, Scope, Unknown


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
        if kind == "BinaryExpression" and node.op.value in JOINING:
            return self._joined(node, scope)
        if kind == "BinaryExpression" and self.depends_on_bits(node, scope):
            raise Refused(node, f"measured bits can be compared by == and != only, not by {node.op.value}")
        return self._truth(node, scope)

    def _negation(self, node: Any, scope: Scope) -> Condition:
        if node.op.value == "~" and not self._is_one_bit(node.operand, scope):
            raise Refused(node, "~ is supported on a single bit only")
        return negated(self.read(node.operand, scope))

    def _joined(self, node: Any, scope: Scope) -> Condition:
        sign = node.op.value
        if sign in {"==", "!="}:
            test = self._comparison(node, scope)
            if test is not None:
                return negated(test) if sign == "!=" else test
        if not self.depends_on_bits(node, scope):
            return self._truth(node, scope)
        if sign not in {"&&", "||"} and not (self._is_one_bit(node.lhs, scope) and self._is_one_bit(node.rhs, scope)):
            raise Refused(node, f"{sign} on measured registers is supported for single bits only")
        return JOINING[sign](self.read(node.lhs, scope), self.read(node.rhs, scope))

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
            return negated(self._test(value, 0))
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
            return node.op.value in {*JOINING, "!", "~"}
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
