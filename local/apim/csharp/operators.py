"""Operators: arithmetic that wraps, comparisons, texts added up, conditions, casts."""

import operator
from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from local.apim.csharp import numbers, types
from local.apim.csharp.branches import coalesced
from local.apim.csharp.code import Code, constant
from local.apim.csharp.compiler import Compiler, handles
from local.apim.csharp.conversion import implicit
from local.apim.csharp.grammar import field, named, shortened, text_of
from local.apim.csharp.moments import MOMENTS
from local.apim.csharp.texts import writer
from local.apim.csharp.types import Type
from local.apim.errors import ExpressionFailed

Binary = Callable[[Any, Any], Any]

_EXACT: dict[str, Binary] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_BITS: dict[str, Binary] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}
_ORDER: dict[str, Binary] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_EQUAL: dict[str, Binary] = {"==": operator.eq, "!=": operator.ne}


def _whole(sign: str, bits: int) -> Binary | None:
    wrap = numbers.wrap_int if bits == 32 else numbers.wrap_long
    if sign in _EXACT:
        exact = _EXACT[sign]
        return lambda left, right: wrap(exact(left, right))
    if sign in _BITS:
        return _BITS[sign]
    return {
        "/": lambda left, right: numbers.divide(left, right, bits),
        "%": lambda left, right: numbers.remainder(left, right, bits),
    }.get(sign)


_DOUBLES: dict[str, Binary] = {**_EXACT, "/": numbers.divide_double, "%": numbers.remainder_double}


def arithmetic(sign: str, type_: Type) -> Binary | None:
    """Give the arithmetic of a number type; None when it has no such operator."""
    if type_ == types.DOUBLE:
        return _DOUBLES.get(sign)
    return _whole(sign, 32 if type_ == types.INT else 64)


@handles("prefix_unary_expression")
def prefix(c: Compiler, node: Node) -> Code:
    sign, (inner,) = node.children[0].type, named(node)
    if sign == "-" and inner.type == "integer_literal" and text_of(inner) in ("2147483648", "9223372036854775808L"):
        return constant(*((types.INT, -(2**31)) if text_of(inner)[-1] != "L" else (types.LONG, -(2**63))))
    code = c.value(inner)
    code = implicit(code, types.INT) or code if code.type == types.CHAR else code
    if sign not in ("-", "+", "~") or code.type not in types.NUMBERS or (sign == "~" and code.type == types.DOUBLE):
        raise c.refused(node, f"the operator {sign} of {code.type} is not run here")
    if sign == "+":
        return code
    if sign == "~":
        return code.then(code.type, operator.invert)
    if code.type == types.DOUBLE:
        return code.then(code.type, operator.neg)
    wrap = numbers.wrap_int if code.type == types.INT else numbers.wrap_long
    return code.then(code.type, lambda value: wrap(-value))


@handles("binary_expression")
def binary(c: Compiler, node: Node) -> Code:
    sign = text_of(field(node, "operator"))
    if sign == "??":
        return coalesced(c, node)
    left, right = c.value(field(node, "left")), c.value(field(node, "right"))
    return combined(c, node, sign, left, right)


def combined(c: Compiler, node: Node, sign: str, left: Code, right: Code) -> Code:
    """Apply an operator to two values, as `a + b` and `a += b` do."""
    if sign == "+" and types.STRING in (left.type, right.type):
        return _concatenated(c, node, left, right)
    if sign in ("<<", ">>"):
        return _shifted(c, node, sign, left, right)
    found = _promoted(left, right)
    if found:
        return _numeric(c, node, sign, *found)
    made = _lifted(sign, left, right) or _by_type(sign, left, right)
    if made is None and sign in _EQUAL:
        made = _same_reference(c, node, sign, left, right)
    if made is None:
        raise c.refused(node, f"{left.type} {sign} {right.type} is not C#, or not run here: {shortened(text_of(node))}")
    return made


def _promoted(left: Code, right: Code) -> tuple[Code, Code] | None:
    """Bring two numbers to the wider type; None when they are not numbers both."""
    if not {left.type, right.type} <= {*types.NUMBERS, types.CHAR}:
        return None
    wider = next((one for one in (types.DOUBLE, types.LONG) if one in (left.type, right.type)), types.INT)
    first, second = implicit(left, wider), implicit(right, wider)
    return (first, second) if first and second else None


def _numeric(c: Compiler, node: Node, sign: str, left: Code, right: Code) -> Code:
    compare = _ORDER.get(sign) or _EQUAL.get(sign)
    apply = compare or arithmetic(sign, left.type)
    if apply is None:
        raise c.refused(node, f"the operator {sign} of {left.type} is not run here")
    if left.is_constant and right.is_constant:
        _check_constants(c, node, sign, left, right)
    return _applied(types.BOOL if compare else left.type, apply, left, right)


def _check_constants(c: Compiler, node: Node, sign: str, left: Code, right: Code) -> None:
    """Refuse what the C# compiler refuses of constants: division by zero and overflow."""
    if left.type == types.DOUBLE:
        return
    if sign in ("/", "%") and right.constant == 0:
        raise c.refused(node, "division by constant zero")
    if sign in _EXACT and not numbers.fits(_EXACT[sign](left.constant, right.constant), bits_of(left.type)):
        raise c.refused(node, f"the constant {shortened(text_of(node))} overflows {left.type}")


def bits_of(type_: Type) -> int:
    return 32 if type_ == types.INT else 64


def _applied(type_: Type, apply: Binary, left: Code, right: Code) -> Code:
    first, second = left.run, right.run
    if left.is_constant and right.is_constant:
        try:
            return constant(type_, apply(left.constant, right.constant))
        except ExpressionFailed:
            return Code(type_, lambda frame: apply(first(frame), second(frame)))
    if right.is_constant:
        value = right.constant
        return Code(type_, lambda frame: apply(first(frame), value))
    return Code(type_, lambda frame: apply(first(frame), second(frame)))


def _shifted(c: Compiler, node: Node, sign: str, left: Code, right: Code) -> Code:
    if left.type not in (types.INT, types.LONG) or right.type != types.INT:
        raise c.refused(node, f"{left.type} {sign} {right.type} is not run here")
    mask, wrap = (31, numbers.wrap_int) if left.type == types.INT else (63, numbers.wrap_long)
    if sign == "<<":
        return _applied(left.type, lambda value, by: wrap(value << (by & mask)), left, right)
    return _applied(left.type, lambda value, by: value >> (by & mask), left, right)


def _lifted(sign: str, left: Code, right: Code) -> Code | None:
    """Apply an operator to nullable values: null makes null, comparisons with null are false."""
    if not (types.is_nullable(left.type) or types.is_nullable(right.type)):
        return None
    if types.NULL in (left.type, right.type):
        return (
            _applied(types.BOOL, operator.is_ if sign == "==" else operator.is_not, left, right)
            if sign in _EQUAL
            else None
        )
    inner = [Code(one.type.args[0], one.run) if types.is_nullable(one.type) else one for one in (left, right)]
    places = [Code(one.type, lambda frame, place=place: frame[place]) for place, one in enumerate(inner)]  # type: ignore[misc]
    found = _promoted(*places)
    if found and sign not in _EQUAL and sign not in _ORDER:
        apply = arithmetic(sign, found[0].type)
        return apply and _applied(
            types.nullable(found[0].type), _or_null(_applied(found[0].type, apply, *found)), left, right
        )
    compare = (
        _applied(types.BOOL, _ORDER.get(sign) or _EQUAL[sign], *found) if found and sign in _ORDER | _EQUAL else None
    )
    compare = compare or _by_type(sign, *places)
    if compare is None or compare.type != types.BOOL:
        return None
    return _applied(types.BOOL, _compared(sign, compare), left, right)


def _or_null(made: Code) -> Binary:
    return lambda left, right: None if left is None or right is None else made.run([left, right])


def _compared(sign: str, made: Code) -> Binary:
    def compare(left: Any, right: Any) -> bool:
        if left is not None and right is not None:
            return bool(made.run([left, right]))
        return sign in _EQUAL and (left is None and right is None) == (sign == "==")

    return compare


def _by_type(sign: str, left: Code, right: Code) -> Code | None:
    """Apply the operators of bool, string, Guid, enumerations, moments and spans."""
    if (moments := MOMENTS.get((left.type, sign, right.type))) is not None:
        return _applied(*moments, left, right)
    if left.type == right.type == types.BOOL and sign in _BITS:
        return _applied(types.BOOL, _BITS[sign], left, right)
    if {left.type, right.type} <= {types.STRING, types.NULL} and sign in _EQUAL:
        return _applied(types.BOOL, _EQUAL[sign], left, right)
    plain = left.type in (types.BOOL, types.GUID) or left.type.name in types.ENUMS
    if plain and left.type == right.type and sign in _EQUAL:
        return _applied(types.BOOL, _EQUAL[sign], left, right)
    return None


def _same_reference(c: Compiler, node: Node, sign: str, left: Code, right: Code) -> Code | None:
    """Compare references: with null, or of two objects of related types; `object` against anything else is a trap."""
    apply = operator.is_ if sign == "==" else operator.is_not
    if types.NULL in (left.type, right.type):
        other = right if left.type == types.NULL else left
        return _applied(types.BOOL, apply, left, right) if types.accepts_null(other.type) else None
    if types.OBJECT in (left.type, right.type) and not (types.is_value(left.type) or types.is_value(right.type)):
        raise c.refused(
            node, f"{shortened(text_of(node))} would compare references, not values; cast first: (string)..."
        )
    related = types.is_reference_conversion(left.type, right.type) or types.is_reference_conversion(
        right.type, left.type
    )
    is_token = types.is_reference_conversion(left.type, types.J_TOKEN)
    if {left.type, right.type} & {types.STRING, *types.NUMBERS, types.BOOL} and _token_beside(left, right):
        raise c.refused(node, f"{left.type} {sign} {right.type} is not C#; cast the token first: (string)...")
    return _applied(types.BOOL, apply, left, right) if related and is_token else None


def _token_beside(left: Code, right: Code) -> bool:
    return any(types.is_reference_conversion(one.type, types.J_TOKEN) for one in (left, right))


def _concatenated(c: Compiler, node: Node, left: Code, right: Code) -> Code:
    try:
        first, second = (one.then(types.STRING, writer(one.type)) for one in (left, right))
    except ValueError as error:
        raise c.refused(node, str(error)) from None
    return _applied(types.STRING, operator.add, first, second)
