"""Whole numbers that wrap, doubles, and the readings of `Parse`, `TryParse` and `Convert`."""

import math
import re
import uuid
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from local.apim.csharp.failures import thrown

Guid = uuid.UUID


def wrap_int(value: int) -> int:
    """Keep the low 32 bits, as C# does outside `checked`."""
    return value if -0x80000000 <= value <= 0x7FFFFFFF else (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def wrap_long(value: int) -> int:
    """Keep the low 64 bits."""
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    return (value + 0x8000000000000000 & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


def fits(value: int, bits: int) -> bool:
    return -(1 << bits - 1) <= value < 1 << bits - 1


def divide(left: int, right: int, bits: int) -> int:
    """Divide towards zero; throws for zero, and for the smallest number by -1."""
    if right == 0:
        raise thrown("DivideByZeroException", "Attempted to divide by zero.")
    quotient = abs(left) // abs(right)
    quotient = quotient if (left < 0) == (right < 0) else -quotient
    if not fits(quotient, bits):
        raise thrown("OverflowException", "Arithmetic operation resulted in an overflow.")
    return quotient


def remainder(left: int, right: int, bits: int) -> int:
    """Give what `divide` leaves: it has the sign of `left`."""
    return left - right * divide(left, right, bits)


def divide_double(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def remainder_double(left: float, right: float) -> float:
    return math.nan if math.isinf(left) or not right or math.isnan(right) else math.fmod(left, right)


def truncate(value: float, bits: int) -> int:
    """Cast a double to a whole number; out of range it is the smallest one, as on x64 before .NET 9."""
    whole = int(value) if math.isfinite(value) else 1 << 99
    return whole if fits(whole, bits) else -(1 << bits - 1)


_WHITE = "\t\n\v\f\r "
_WHOLE = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _trimmed(text: str) -> str:
    return text.rstrip("\0").strip(_WHITE)


def try_whole(text: str | None, bits: int) -> int | None:
    """Read a whole number as NumberStyles.Integer does; None when there is none, or not within the bits."""
    found = text is not None and _WHOLE.fullmatch(_trimmed(text))
    if not found:
        return None
    value = int(found[0])
    return value if fits(value, bits) else None


def parse_whole(text: str | None, bits: int) -> int:
    if text is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: s")
    found = _WHOLE.fullmatch(_trimmed(text))
    if not found:
        raise thrown("FormatException", "Input string was not in a correct format.")
    return _within(int(found[0]), bits)


def _within(value: int, bits: int) -> int:
    if not fits(value, bits):
        raise thrown("OverflowException", f"Value was either too large or too small for an Int{bits}.")
    return value


def try_double(text: str | None) -> float | None:
    if text is None:
        return None
    trimmed = _trimmed(text)
    if (special := _SPECIAL.get(trimmed)) is not None:
        return special
    return float(trimmed.replace(",", "")) if _REAL.fullmatch(trimmed) else None


_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def parse_double(text: str | None) -> float:
    if text is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: s")
    value = try_double(text)
    if value is None:
        raise thrown("FormatException", "Input string was not in a correct format.")
    return value


def try_bool(text: str | None) -> bool | None:
    if text is None:
        return None
    return {"true": True, "false": False}.get(text.strip("\0\t\n\v\f\r \x85\xa0").lower())


def parse_bool(text: str | None) -> bool:
    if text is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: value")
    value = try_bool(text)
    if value is None:
        raise thrown("FormatException", "String was not recognized as a valid Boolean.")
    return value


def _to_whole(value: Any, bits: int) -> int:
    if value is None or isinstance(value, bool):
        return int(value or 0)
    if isinstance(value, str):
        return parse_whole(value, bits)
    if isinstance(value, float):
        return _within(round(value) if math.isfinite(value) else 1 << 99, bits)
    return _within(int(value), bits)


def to_int(value: Any) -> int:
    """Give `Convert.ToInt32` of a text, number or truth: null is 0, doubles are rounded half to even."""
    return _to_whole(value, 32)


def to_long(value: Any) -> int:
    return _to_whole(value, 64)


def to_double(value: Any) -> float:
    return parse_double(value) if isinstance(value, str) else float(value or 0)


def to_bool(value: Any) -> bool:
    return parse_bool(value) if isinstance(value, str) else bool(value)


def round_half(value: float, digits: int, *, even: bool = True) -> float:
    """Round to `digits` decimals, half to even or away from zero."""
    if not math.isfinite(value):
        return value
    return float(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN if even else ROUND_HALF_UP))


def try_guid(text: str | None) -> Guid | None:
    found = text is not None and _GUID.fullmatch(text.strip())
    return Guid(text.strip(" \t\r\n(){}")) if text is not None and found else None


_HEX = "[0-9a-fA-F]"
_DASHED = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_GUID = re.compile(rf"{_HEX}{{32}}|{_DASHED}|\{{{_DASHED}\}}|\({_DASHED}\)")
