"""C# conversions: the implicit ones that the compiler makes by itself, and casts."""

from collections.abc import Callable
from typing import Any

from local.apim.csharp import json_conversion, numbers, types
from local.apim.csharp.code import Code
from local.apim.csharp.failures import null_reference, thrown
from local.apim.csharp.types import Type
from local.apim.csharp.values import Int, Long, box_of, type_of


def _to_decimal(value: Any) -> Any:
    """Stand for the conversion to decimal: it makes calls ambiguous, so that they are refused, and is never run."""
    return value


_WIDENING: dict[tuple[Type, Type], Callable[[Any], Any]] = {
    (types.INT, types.LONG): int,
    (types.INT, types.DOUBLE): float,
    (types.LONG, types.DOUBLE): float,
    (types.INT, types.DECIMAL): _to_decimal,
    (types.LONG, types.DECIMAL): _to_decimal,
    (types.CHAR, types.INT): ord,
    (types.CHAR, types.LONG): ord,
}
_NARROWING: dict[tuple[Type, Type], Callable[[Any], Any]] = {
    (types.LONG, types.INT): numbers.wrap_int,
    (types.DOUBLE, types.INT): lambda value: numbers.truncate(value, 32),
    (types.DOUBLE, types.LONG): lambda value: numbers.truncate(value, 64),
    (types.INT, types.CHAR): lambda value: chr(value & 0xFFFF),
    (types.LONG, types.CHAR): lambda value: chr(value & 0xFFFF),
}


def implicit(code: Code, to: Type) -> Code | None:
    """Convert as the compiler does unasked; None where it does not."""
    source = code.type
    if source == to:
        return code
    if source == types.VOID:
        return None
    if types.is_reference_conversion(source, to):
        return code.typed(to)
    if (source, to) in _WIDENING:
        return code.then(to, _WIDENING[source, to])
    if types.is_nullable(to):
        return _to_nullable(code, to)
    if to == types.OBJECT and types.is_value(source) and source.name != "KeyValuePair":
        return _boxed(code)
    return _to_token(code) if to == types.J_TOKEN else None


def _to_nullable(code: Code, to: Type) -> Code | None:
    if types.is_nullable(code.type):
        inner = _WIDENING.get((code.type.args[0], to.args[0]))
        return code.then(to, lambda value: None if value is None else inner(value)) if inner else None
    converted = implicit(code, to.args[0]) if types.is_value(code.type) else None
    return converted and Code(to, converted.run)


def _boxed(code: Code) -> Code:
    box = box_of(code.type)
    return code.then(types.OBJECT, box) if box else code.typed(types.OBJECT)


def _to_token(code: Code) -> Code | None:
    make = json_conversion.token_maker(code.type)
    if make is None:
        return None
    run = code.run
    return Code(types.J_TOKEN, lambda frame: make(run(frame)))


def explicit(code: Code, to: Type) -> Code | None:
    """Convert as a cast does; None where C# has no such cast. Out-of-range constants are left to the caller."""
    converted = implicit(code, to)
    if converted is not None:
        return converted
    source = code.type
    if source == types.NULL:
        return None
    if (source, to) in _NARROWING:
        return code.then(to, _NARROWING[source, to])
    if types.is_nullable(source) and not types.is_nullable(to):
        return _value_of(code, to)
    if types.is_nullable(to) and types.is_value(source):
        inner = explicit(code, to.args[0])
        return inner and Code(to, inner.run)
    if types.is_reference_conversion(source, types.J_TOKEN) and (change := json_conversion.cast(to)):
        return code.then(to, change)
    return _cast(code, to) if _may_be(source, to) else None


def _value_of(code: Code, to: Type) -> Code | None:
    run = code.run

    def value(frame: Any) -> Any:
        found = run(frame)
        if found is None:
            raise thrown("InvalidOperationException", "Nullable object must have a value.")
        return found

    return explicit(Code(code.type.args[0], value), to)


def _cast(code: Code, to: Type) -> Code:
    run, change = code.run, checked(to)
    return Code(to, lambda frame: change(run(frame)))


def _may_be(source: Type, to: Type) -> bool:
    """Tell whether an object of the one static type may be one of the other at run time."""
    if source == types.OBJECT:
        return to != types.VOID
    return not types.is_value(to) and types.is_reference_conversion(to, source)


def is_instance(value: Any, to: Type) -> bool:
    """Tell whether an object that is not null is one of that type; boxed values have exactly theirs."""
    actual = type_of(value)
    if types.is_value(to):
        return actual == (to.args[0] if types.is_nullable(to) else to)
    return types.is_reference_conversion(actual, to) or to == types.OBJECT


def checked(to: Type) -> Callable[[Any], Any]:
    """Give what casts an object at run time: it throws for null as a value, and for every other type."""
    nulls, exact = types.accepts_null(to), _EXACT.get(to)

    def value(found: Any) -> Any:
        if type(found) is exact:
            return found
        if found is None:
            return None if nulls else null_reference()
        if not is_instance(found, to):
            raise thrown("InvalidCastException", f"Unable to cast object of type '{type_of(found)}' to type '{to}'.")
        return found

    return value


_EXACT: dict[Type, type] = {types.STRING: str, types.INT: Int, types.LONG: Long, types.BOOL: bool}
