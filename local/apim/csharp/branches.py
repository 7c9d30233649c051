"""`&&`, `||`, `!`, `??` and `?:`: what runs one side only."""

import operator
from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from local.apim.csharp import types
from local.apim.csharp.code import Code, Frame, constant
from local.apim.csharp.compiler import Compiler, Condition, decides, handles
from local.apim.csharp.conversion import implicit
from local.apim.csharp.grammar import field, named, shortened, text_of
from local.apim.csharp.types import Type


@handles("parenthesized_expression")
def parenthesized(c: Compiler, node: Node) -> Code:
    return c.expression(named(node)[0])


@decides("parenthesized_expression")
def parenthesized_condition(c: Compiler, node: Node) -> Condition | None:
    inner = named(node)[0]
    handler = c.conditions.get(inner.type)
    return handler(c, inner) if handler else None


@decides("binary_expression")
def short_circuit(c: Compiler, node: Node) -> Condition | None:
    """Compile `&&` and `||`: the right side runs only where the left one leaves it open."""
    sign = text_of(field(node, "operator"))
    if sign not in ("&&", "||"):
        return None
    left = c.condition(field(node, "left"))
    c.scope.assigned = left.when_true if sign == "&&" else left.when_false
    right = c.condition(field(node, "right"))
    first, second = left.code.run, right.code.run
    if sign == "&&":
        code = Code(types.BOOL, lambda frame: first(frame) and second(frame))
        return Condition(_folded(code, left.code, right.code), right.when_true, left.when_false & right.when_false)
    code = Code(types.BOOL, lambda frame: first(frame) or second(frame))
    return Condition(_folded(code, left.code, right.code), left.when_true & right.when_true, right.when_false)


def _folded(code: Code, *parts: Code) -> Code:
    return constant(code.type, code.run([])) if all(part.is_constant for part in parts) else code


@decides("prefix_unary_expression")
def negated(c: Compiler, node: Node) -> Condition | None:
    if node.children[0].type != "!":
        return None
    inner = c.condition(named(node)[0])
    return Condition(inner.code.then(types.BOOL, operator.not_), inner.when_false, inner.when_true)


def coalesced(c: Compiler, node: Node) -> Code:
    left = c.value(field(node, "left"))
    before = c.scope.assigned
    right = c.value(field(node, "right"))
    c.scope.assigned = before
    if not types.accepts_null(left.type) or left.type == types.NULL:
        raise c.refused(node, f"{left.type} is never null, so ?? has nothing to do")
    return _first_of(c, node, left, right)


def _first_of(c: Compiler, node: Node, left: Code, right: Code) -> Code:
    inner = left.type.args[0] if types.is_nullable(left.type) else left.type
    for type_ in (inner, left.type):
        if converted := implicit(right, type_):
            return _either(type_, left.run, converted.run)
    changed = implicit(Code(inner, lambda frame: frame[0]), right.type)
    if changed is None:
        raise c.refused(node, f"{left.type} ?? {right.type} has no common type: {shortened(text_of(node))}")
    run, change, other = left.run, changed.run, right.run

    def value(frame: Frame) -> Any:
        found = run(frame)
        return other(frame) if found is None else change([found])

    return Code(right.type, value)


def _either(type_: Type, run: Callable[[Frame], Any], other: Callable[[Frame], Any]) -> Code:
    def value(frame: Frame) -> Any:
        found = run(frame)
        return other(frame) if found is None else found

    return Code(type_, value)


@handles("conditional_expression")
def chosen(c: Compiler, node: Node) -> Code:
    condition = c.condition(field(node, "condition"))
    c.scope.assigned = condition.when_true
    first = c.value(field(node, "consequence"))
    after = c.scope.assigned
    c.scope.assigned = condition.when_false
    second = c.value(field(node, "alternative"))
    c.scope.assigned &= after
    type_ = _common(first, second)
    left, right = (implicit(first, type_), implicit(second, type_)) if type_ else (None, None)
    if type_ is None or left is None or right is None:
        raise c.refused(node, f"{first.type} and {second.type} have no common type: {shortened(text_of(node))}")
    test, yes, no = condition.code.run, left.run, right.run
    return Code(type_, lambda frame: yes(frame) if test(frame) else no(frame))


def _common(first: Code, second: Code) -> Type | None:
    """Give the one type that the other converts to."""
    if first.type == second.type:
        return None if first.type == types.NULL else first.type
    forth, back = implicit(first, second.type), implicit(second, first.type)
    if (forth is None) == (back is None):
        return None
    return second.type if forth else first.type
