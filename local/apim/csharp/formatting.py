"""`ToString`: of numbers, moments and spans, with and without a format, in the invariant culture."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from local.apim.csharp import types
from local.apim.csharp.times import DateTime, DateTimeOffset
from local.apim.csharp.types import Type

Formatter = Callable[[Any], str]


def double_text(value: float) -> str:
    """Write the shortest text that reads back as the same double, as .NET does since Core 3.0."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 it is text for NaN and infinity only
    point = len(digits) + exponent
    text = "".join(map(str, digits))
    prefix = "-" if sign else ""
    if not value:
        return f"{prefix}0"
    if -4 < point <= 15:
        return prefix + _plain(text, point)
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{prefix}{text[0]}{fraction}E{'+' if point > 0 else '-'}{abs(point - 1):02}"


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def date_text(value: DateTime) -> str:
    """Write `MM/dd/yyyy HH:mm:ss`, the general format of the invariant culture."""
    return f"{value.date:%m/%d/}{value.date.year:04}{value.date: %H:%M:%S}"


def offset_text(value: DateTimeOffset) -> str:
    return f"{date_text(value.local)} {value.zone}"


def formatter(type_: Type, form: str) -> Formatter:
    """Give what writes a value of that type with that format; raises ValueError for formats that are not run here."""
    if type_ in (types.INT, types.LONG):
        return _whole(form, 32 if type_ == types.INT else 64)
    if type_ == types.DOUBLE:
        return _double(form)
    if type_ in (types.DATE_TIME, types.DATE_TIME_OFFSET):
        return _moment(form, has_offset=type_ == types.DATE_TIME_OFFSET)
    if type_ == types.TIME_SPAN and form in ("c", "t", "T"):
        return lambda value: str(value.text)
    if type_ == types.GUID and form in _GUIDS:
        return _GUIDS[form]
    raise ValueError(f'the format "{form}" of {type_} is not run here')


_GUIDS: dict[str, Formatter] = {
    "D": str,
    "d": str,
    "N": lambda value: str(value).replace("-", ""),
    "n": lambda value: str(value).replace("-", ""),
    "B": lambda value: f"{{{value}}}",
    "P": lambda value: f"({value})",
}
_NUMBER_FORMAT = re.compile(r"([DdXxFfGg])(\d{0,2})")


def _whole(form: str, bits: int) -> Formatter:
    found = _NUMBER_FORMAT.fullmatch(form)
    width = int(found[2] or 0) if found else 0
    if found and found[1] in "Dd":
        return lambda value: f"{'-' if value < 0 else ''}{abs(value):0{width}}" if width else str(int(value))
    if found and found[1] in "Xx":
        return lambda value: format(value % (1 << bits), f"0{width}{found[1]}" if width else found[1])
    if found and found[1] in "Ff":
        return _fixed(found[2])
    if form in ("G", "g"):
        return lambda value: str(int(value))
    if form and not form.strip("0"):
        return lambda value: f"{'-' if value < 0 else ''}{abs(value):0{len(form)}}"
    raise ValueError(f'the format "{form}" of whole numbers is not run here (D, X, F, G and zeros are)')


_EXACT = Context(prec=400)


def _fixed(digits: str) -> Formatter:
    step = Decimal(1).scaleb(-int(digits or 2))

    def write(value: float) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return double_text(value)
        exact = Decimal(double_text(value) if isinstance(value, float) else value)
        text = f"{exact.quantize(step, ROUND_HALF_UP, _EXACT):f}"
        return text.removeprefix("-") if not text.strip("-0.") else text

    return write


def _double(form: str) -> Formatter:
    found = _NUMBER_FORMAT.fullmatch(form)
    if found and found[1] in "Ff":
        return _fixed(found[2])
    if form in ("R", "r"):
        return double_text
    if found := re.fullmatch(r"0(?:\.(0+))?", form):
        return _fixed(str(len(found[1] or "")))
    raise ValueError(f'the format "{form}" of doubles is not run here (F, R and zeros such as 0.00 are)')


_STANDARD_MOMENTS = {"s": "yyyy-MM-ddTHH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ", "o": "yyyy-MM-ddTHH:mm:ss.fffffffK"}
_PART = re.compile(r"yyyy|MM|dd|HH|mm|ss|f{1,7}|F{1,7}|K|zzz|'([^']*)'|\\(.)|[-/:. TZ_]")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _moment(form: str, *, has_offset: bool) -> Formatter:
    if form in ("r", "R"):
        return lambda value: _rfc1123(_in_utc(value) if has_offset else value)
    if form == "u" and has_offset:
        in_utc = _moment(_STANDARD_MOMENTS["u"], has_offset=False)
        return lambda value: in_utc(_in_utc(value))
    pattern = _STANDARD_MOMENTS.get(form.lower() if form in "oO" else form, form)
    if len(pattern) == 1:
        raise ValueError(f'the format "{form}" depends on the culture of the gateway (o, s, u, r do not)')
    return _pattern(pattern)


def _in_utc(value: DateTimeOffset) -> DateTime:
    return DateTime(value.utc_ticks, "Utc")


def _rfc1123(value: DateTime) -> str:
    day = value.date
    return f"{_DAYS[day.weekday()]}, {day.day:02} {_MONTHS[day.month - 1]} {day.year:04} {day:%H:%M:%S} GMT"


def _pattern(pattern: str) -> Formatter:
    """Write one part after the other; `pattern` is a custom format such as `yyyy-MM-dd`."""
    parts: list[Formatter] = []
    at = 0
    while at < len(pattern):
        found = _PART.match(pattern, at)
        if found is None or (pattern[found.end() : found.end() + 1] == found[0][:1] and found[0][:1].isalpha()):
            raise ValueError(f'"{pattern[at:]}" in the format "{pattern}" is not run here')
        parts.append(_part(found))
        at = found.end()
    return lambda value: "".join(part(value) for part in parts)


_PARTS: dict[str, Formatter] = {
    "yyyy": lambda value: f"{_date(value).year:04}",
    "MM": lambda value: f"{_date(value).month:02}",
    "dd": lambda value: f"{_date(value).day:02}",
    "HH": lambda value: f"{_date(value).hour:02}",
    "mm": lambda value: f"{_date(value).minute:02}",
    "ss": lambda value: f"{_date(value).second:02}",
    "K": lambda value: str(value.zone),
    "zzz": lambda value: str(value.zone) if isinstance(value, DateTimeOffset) else "+00:00",
}


def _date(value: DateTime | DateTimeOffset) -> Any:
    return value.date if isinstance(value, DateTime) else value.local.date


def _part(found: re.Match[str]) -> Formatter:
    text = found[0]
    if text in _PARTS:
        return _PARTS[text]
    if text[0] == "f":
        return lambda value: f"{value.ticks % 10_000_000:07}"[: len(text)]
    if text[0] == "F":
        return lambda value: f"{value.ticks % 10_000_000:07}"[: len(text)].rstrip("0")
    literal = found[1] if found[1] is not None else found[2] or text
    return lambda value: literal
