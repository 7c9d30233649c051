"""Members of the numbers, bool, object, Math and Convert."""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

from local.apim.csharp import numbers, types
from local.apim.csharp.failures import thrown
from local.apim.csharp.formatting import double_text
from local.apim.csharp.members_text import needed
from local.apim.csharp.signatures import members_of
from local.apim.csharp.types import Type
from local.apim.csharp.values import Enum

_object = members_of("object")
_enums = {name: members_of(name) for name in sorted(types.ENUMS)}


def _reading(name: str, parse: Callable[[Any], Any], attempt: Callable[[Any], Any], default: Any) -> None:
    def tried(text: Any) -> tuple[bool, Any]:
        found = attempt(text)
        return (False, default) if found is None else (True, found)

    members_of(name).static(f"{name} Parse(string s)", parse)
    members_of(name).static(f"bool TryParse(string s, out {name} result)", tried)


_reading("int", lambda text: numbers.parse_whole(text, 32), lambda text: numbers.try_whole(text, 32), 0)
_reading("long", lambda text: numbers.parse_whole(text, 64), lambda text: numbers.try_whole(text, 64), 0)
_reading("double", numbers.parse_double, numbers.try_double, 0.0)
_reading("bool", numbers.parse_bool, numbers.try_bool, False)

for _name, _bits in {"int": 32, "long": 64}.items():
    members_of(_name).constant(f"{_name} MaxValue", 2 ** (_bits - 1) - 1)
    members_of(_name).constant(f"{_name} MinValue", -(2 ** (_bits - 1)))
    members_of(_name).method(f"int CompareTo({_name} value)", lambda one, other: (one > other) - (one < other))
    members_of(_name).method(f"bool Equals({_name} obj)", lambda one, other: one == other)
members_of("bool").method("bool Equals(bool obj)", lambda one, other: one == other)
members_of("double").static("bool IsNaN(double d)", math.isnan)
members_of("double").static("bool IsInfinity(double d)", math.isinf)


def _no_magnitude(bits: int) -> Callable[[int], int]:
    def absolute(value: int) -> int:
        if value == -(1 << bits - 1):
            raise thrown("OverflowException", "Negating the minimum value of a twos complement number is invalid.")
        return abs(value)

    return absolute


def _real(function: Callable[..., float]) -> Callable[..., float]:
    """Give NaN or an infinity where Python's function raises."""

    def call(*values: float) -> float:
        try:
            return function(*values)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return call


def _extreme(choose: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda one, other: math.nan if one != one or other != other else choose(one, other)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: math.copysign(function(value), value) if math.isfinite(value) else value


_math = members_of("Math")
for _type in types.NUMBERS:
    _math.static(f"{_type} Max({_type} val1, {_type} val2)", _extreme(max))
    _math.static(f"{_type} Min({_type} val1, {_type} val2)", _extreme(min))
_math.static("int Abs(int value)", _no_magnitude(32))
_math.static("long Abs(long value)", _no_magnitude(64))
_math.static("double Abs(double value)", abs)
for _type in types.NUMBERS:
    _math.static(f"int Sign({_type} value)", lambda value: (value > 0) - (value < 0))
_math.static("double Ceiling(double a)", _whole(math.ceil))
_math.static("double Floor(double d)", _whole(math.floor))
_math.static("double Truncate(double d)", _whole(math.trunc))
for _signature in ("Ceiling(decimal d)", "Floor(decimal d)", "Truncate(decimal d)", "Round(decimal d)"):
    _math.static(f"decimal {_signature}", lambda value: value)
_math.static("double Sqrt(double d)", _real(math.sqrt))
_math.static("double Pow(double x, double y)", _real(math.pow))
_math.static("double Round(double a)", lambda value: numbers.round_half(value, 0))
_math.static("double Round(double value, int digits)", lambda value, digits: numbers.round_half(value, _digits(digits)))
_math.constant("double PI", math.pi)


def _digits(value: int) -> int:
    if not 0 <= value <= 15:
        raise thrown("ArgumentOutOfRangeException", "Rounding digits must be between 0 and 15, inclusive.")
    return value


_convert = members_of("Convert")
for _to, _change in {
    "int ToInt32": lambda value: 0 if value is None else numbers.to_int(value),
    "long ToInt64": lambda value: 0 if value is None else numbers.to_long(value),
    "double ToDouble": lambda value: 0.0 if value is None else numbers.to_double(value),
    "bool ToBoolean": lambda value: False if value is None else numbers.to_bool(value),
}.items():
    for _from in ("string", "int", "long", "double", "bool"):
        _convert.static(f"{_to}({_from} value)", _change)
    _convert.static(f"{_to}(object value)", lambda value, change=_change: change(_convertible(value)))


def _convertible(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    raise thrown("InvalidCastException", "Unable to cast object to type 'System.IConvertible'.")


_convert.static("string ToString(int value)", lambda value: str(int(value)))
_convert.static("string ToString(long value)", lambda value: str(int(value)))
_convert.static("string ToString(bool value)", str)
_convert.static("string ToString(double value)", double_text)
_convert.static("string ToString(string value)", lambda value: value)
_convert.static(
    "string ToBase64String(byte[] inArray)", lambda octets: base64.b64encode(needed(octets, "inArray")).decode()
)
_convert.static("byte[] FromBase64String(string s)", lambda text: _octets(needed(text, "s")))


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise thrown("FormatException", "The input is not a valid Base-64 string.") from None


class Encoding(Enum):
    """A text encoding: UTF-8 or ASCII."""


_encoding = members_of("Encoding")
_encoding.constant("Encoding UTF8", Encoding("Encoding", "UTF8"))
_encoding.constant("Encoding ASCII", Encoding("Encoding", "ASCII"))
_encoding.method("byte[] GetBytes(string s)", lambda how, text: _encoded(how, needed(text, "s")))
_encoding.method("string GetString(byte[] bytes)", lambda how, octets: _decoded(how, needed(octets, "bytes")))


def _encoded(how: Encoding, text: str) -> bytes:
    return text.encode(errors="replace") if how.name == "UTF8" else text.encode("ascii", "replace")


def _decoded(how: Encoding, octets: bytes) -> str:
    if how.name == "UTF8":
        return octets.decode(errors="replace")
    return "".join(chr(octet) if octet < 0x80 else "?" for octet in octets)


BYTES = types.array_of(Type("byte"))
members_of("byte")
