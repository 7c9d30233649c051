"""Casts, `as`, `is` with its patterns, and `default`."""

import math
from typing import Any

from tree_sitter import Node

from local.apim.csharp import numbers, types
from local.apim.csharp.code import Code, Frame, constant
from local.apim.csharp.compiler import Compiler, Condition, decides, handles
from local.apim.csharp.conversion import explicit, is_instance
from local.apim.csharp.grammar import field, shortened, text_of
from local.apim.csharp.operators import bits_of
from local.apim.csharp.types import Type


@handles("cast_expression")
def cast(c: Compiler, node: Node) -> Code:
    to = c.type(field(node, "type"))
    code = c.value(field(node, "value"))
    narrows = code.is_constant and code.type in (types.LONG, types.DOUBLE) and to in (types.INT, types.LONG)
    if narrows and not (math.isfinite(code.constant) and numbers.fits(int(code.constant), bits_of(to))):
        raise c.refused(node, f"the constant {shortened(text_of(node))} does not fit {to}")
    made = explicit(code, to)
    if made is None:
        raise c.refused(node, f"{code.type} cannot be cast to {to}, or not here: {shortened(text_of(node))}")
    return made


@handles("as_expression")
def as_type(c: Compiler, node: Node) -> Code:
    to, code = c.type(field(node, "right")), c.value(field(node, "left"))
    if not types.accepts_null(to):
        raise c.refused(node, f"`as` gives null at times, which {to} cannot be; write {to}?")
    _check_related(c, node, code, to)
    run = code.run

    def value(frame: Frame) -> Any:
        found = run(frame)
        return found if found is not None and is_instance(found, to) else None

    return Code(to, value)


def _check_related(c: Compiler, node: Node, code: Code, to: Type) -> None:
    related = types.is_reference_conversion(code.type, to) or types.is_reference_conversion(to, code.type)
    if code.type != types.OBJECT and not related:
        raise c.refused(node, f"{code.type} is never {to}: {shortened(text_of(node))}")


@handles("is_expression")
def is_type(c: Compiler, node: Node) -> Code:
    to, code = c.type(field(node, "right")), c.value(field(node, "left"))
    return _tests_type(c, node, code, to)


def _tests_type(c: Compiler, node: Node, code: Code, to: Type) -> Code:
    _check_related(c, node, code, to)
    return code.then(types.BOOL, lambda found: found is not None and is_instance(found, to))


@decides("is_pattern_expression")
def is_pattern(c: Compiler, node: Node) -> Condition:
    """Compile `x is null` and `x is string text`; the local holds a value where it is true."""
    pattern, code = field(node, "pattern"), c.value(field(node, "expression"))
    before = c.scope.assigned
    if pattern.type == "constant_pattern" and text_of(pattern) == "null" and types.accepts_null(code.type):
        return Condition(code.then(types.BOOL, lambda found: found is None), before, before)
    if pattern.type == "constant_pattern" and (tested := c.type_named(text_of(pattern))) is not None:
        return Condition(_tests_type(c, node, code, tested), before, before)
    if pattern.type != "declaration_pattern" or text_of(field(pattern, "type")) == "var":
        raise c.refused(pattern, f"of patterns only `is null` and `is Type name` are run here: {text_of(pattern)}")
    to = c.type(field(pattern, "type"))
    _check_related(c, node, code, to)
    place = c.declare(pattern, text_of(field(pattern, "name")), to, assigned=False).place
    run = code.run

    def matches(frame: Frame) -> bool:
        frame[place] = found = run(frame)
        return found is not None and is_instance(found, to)

    return Condition(Code(types.BOOL, matches), before | {place}, before)


@handles("default_expression")
def default(c: Compiler, node: Node) -> Code:
    written = node.child_by_field_name("type")
    if written is None:
        raise c.refused(node, "default without a type is not run here; write default(string)")
    type_ = c.type(written)
    if types.accepts_null(type_):
        return constant(types.NULL, None).typed(type_)
    if type_ not in _ZEROS:
        raise c.refused(node, f"default({type_}) is not run here")
    return constant(type_, _ZEROS[type_])


_ZEROS: dict[Type, Any] = {types.INT: 0, types.LONG: 0, types.DOUBLE: 0.0, types.BOOL: False, types.CHAR: "\0"}
