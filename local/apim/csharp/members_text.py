"""Members of string.

Chosen: where .NET would go by the gateway's culture (StartsWith, EndsWith, IndexOf), it goes by the characters.
"""

import operator
from collections.abc import Callable
from typing import Any

from local.apim.csharp import types
from local.apim.csharp.failures import throw, thrown
from local.apim.csharp.signatures import members_of
from local.apim.csharp.texts import WHITE, joined_units, lower, object_text, padded, units, upper
from local.apim.csharp.values import Array, Enum
from local.apim.csharp.walking import walked

ORDINAL, IGNORE_CASE = Enum("StringComparison", "Ordinal"), Enum("StringComparison", "OrdinalIgnoreCase")
REMOVE_EMPTY = Enum("StringSplitOptions", "RemoveEmptyEntries")

members_of("StringComparison").constant("StringComparison Ordinal", ORDINAL)
members_of("StringComparison").constant("StringComparison OrdinalIgnoreCase", IGNORE_CASE)
members_of("StringSplitOptions").constant("StringSplitOptions None", Enum("StringSplitOptions", "None"))
members_of("StringSplitOptions").constant("StringSplitOptions RemoveEmptyEntries", REMOVE_EMPTY)


def needed(value: Any, name: str = "value") -> Any:
    """Give an argument that must not be null."""
    return throw("ArgumentNullException", f"Value cannot be null. Parameter name: {name}") if value is None else value


def _out_of_range(name: str) -> Any:
    raise thrown(
        "ArgumentOutOfRangeException",
        f"Specified argument was out of the range of valid values. Parameter name: {name}",
    )


def _folded(text: str, comparison: Enum) -> str:
    return upper(text) if comparison == IGNORE_CASE else text


def _comparing(test: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Give a test of two texts, without and with a StringComparison."""
    return (
        lambda text, value: test(text, needed(value)),
        lambda text, value, how: test(_folded(text, how), _folded(needed(value), how)),
    )


def _find(text: str, value: str) -> int:
    return units(text).find(units(value))


def _find_last(text: str, value: str) -> int:
    return units(text).rfind(units(value)) if value else max(len(units(text)) - 1, 0)


def _find_from(text: str, value: str, start: int) -> int:
    text = units(text)
    if not 0 <= start <= len(text):
        _out_of_range("startIndex")
    return text.find(units(needed(value)), start)


def _substring(text: str, start: int, length: int | None = None) -> str:
    text = units(text)
    end = len(text) if length is None else start + length
    if start < 0 or start > len(text) or end < start or end > len(text):
        _out_of_range("startIndex" if length is None or start < 0 or start > len(text) else "length")
    return joined_units(text[start:end])


def _char_at(text: str, index: int) -> str:
    text = units(text)
    if not 0 <= index < len(text):
        raise thrown("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    return text[index]


def _replace(text: str, old: str | None, new: str | None) -> str:
    if not needed(old, "oldValue"):
        raise thrown("ArgumentException", "String cannot be of zero length. Parameter name: oldValue")
    return text.replace(str(old), new or "")


def _split(text: str, separators: list[str], most: int | None = None, options: Enum | None = None) -> Array:
    """Split at any of the separators, the longest first where several begin; white space when there are none."""
    wanted = [one for one in separators if one]
    parts = _pieces(text, wanted or list(WHITE), most, drop=options == REMOVE_EMPTY)
    return Array.make(types.STRING, parts)


def _pieces(text: str, separators: list[str], most: int | None, *, drop: bool) -> list[str]:
    if most == 0 or (drop and not text):
        return []
    parts: list[str] = []
    start = at = 0
    while at < len(text) and (most is None or len(parts) < most - 1):
        found = next((one for one in separators if text.startswith(one, at)), None)
        if found is None:
            at += 1
            continue
        if at > start or not drop:
            parts.append(text[start:at])
        start = at = at + len(found)
    rest = text[start:]
    if drop and most is not None:
        rest = _without_leading(rest, separators) if len(parts) == most - 1 else rest
    return parts if drop and not rest else [*parts, rest]


def _without_leading(text: str, separators: list[str]) -> str:
    while found := next((one for one in separators if text.startswith(one)), None):
        text = text[len(found) :]
    return text


def _insert(text: str, start: int, value: str | None) -> str:
    text = units(text)
    needed(value)
    if not 0 <= start <= len(text):
        _out_of_range("startIndex")
    return joined_units(text[:start] + units(value or "") + text[start:])


def _remove(text: str, start: int, count: int | None = None) -> str:
    text = units(text)
    end = len(text) if count is None else start + count
    if start < 0 or end < start or end > len(text) or (count is None and start >= len(text)):
        _out_of_range("startIndex")
    return joined_units(text[:start] + text[end:])


def _pad(sign: int) -> Callable[..., str]:
    def pad(text: str, width: int, fill: str = " ") -> str:
        if width < 0:
            _out_of_range("totalWidth")
        filling = fill * (width - len(units(text)))
        return filling + text if sign > 0 else text + filling

    return pad


_string = members_of("string")
_string.property("int Length", lambda text: len(text) if text.isascii() else len(units(text)))
_string.constant("string Empty", "")
_string.indexer("char this(int index)", _char_at)
for _name, _test in {
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Equals": str.__eq__,
    "Contains": str.__contains__,
    "IndexOf": _find,
    "LastIndexOf": _find_last,
}.items():
    _plain, _with_comparison = _comparing(_test)  # type: ignore[arg-type] # methods of str and functions
    _returns = "int" if "Index" in _name else "bool"
    if _name == "Equals":
        _plain = operator.eq
        _with_comparison = lambda text, value, how: value is not None and _folded(text, how) == _folded(value, how)  # noqa: E731
    _string.method(f"{_returns} {_name}(string value)", _plain)
    _string.method(f"{_returns} {_name}(string value, StringComparison comparisonType)", _with_comparison)
_string.method("int IndexOf(char value)", _find)
_string.method("bool Contains(char value)", str.__contains__)
_string.method("int IndexOf(string value, int startIndex)", _find_from)
_string.method("int IndexOf(char value, int startIndex)", _find_from)
_string.method("int LastIndexOf(char value)", _find_last)
_string.method("string Substring(int startIndex)", _substring)
_string.method("string Substring(int startIndex, int length)", _substring)
_string.method("string Insert(int startIndex, string value)", _insert)
_string.method("string Remove(int startIndex)", _remove)
_string.method("string Remove(int startIndex, int count)", _remove)
_string.method("string Replace(string oldValue, string newValue)", _replace)
_string.method("string Replace(char oldChar, char newChar)", str.replace)
_string.method("string[] Split(params char[] separator)", lambda text, by: _split(text, list(by or ())))
_string.method(
    "string[] Split(char[] separator, StringSplitOptions options)",
    lambda text, by, how: _split(text, list(by or ()), options=how),
)
_string.method("string[] Split(char[] separator, int count)", lambda text, by, most: _split(text, list(by or ()), most))
_string.method(
    "string[] Split(string[] separator, StringSplitOptions options)",
    lambda text, by, how: _split(text, list(by or ()), options=how),
)
for _name, _strip in {"Trim": str.strip, "TrimStart": str.lstrip, "TrimEnd": str.rstrip}.items():
    _string.method(f"string {_name}()", lambda text, strip=_strip: strip(text, WHITE))
    _string.method(
        f"string {_name}(params char[] trimChars)",
        lambda text, signs, strip=_strip: strip(text, "".join(signs or ()) or WHITE),
    )
for _name, _change in {"ToLower": lower, "ToUpper": upper}.items():
    _string.method(f"string {_name}()", _change)
    _string.method(f"string {_name}Invariant()", _change)
_string.method("string PadLeft(int totalWidth)", _pad(1))
_string.method("string PadLeft(int totalWidth, char paddingChar)", _pad(1))
_string.method("string PadRight(int totalWidth)", _pad(-1))
_string.method("string PadRight(int totalWidth, char paddingChar)", _pad(-1))


def _format(form: str | None, values: Any) -> str:
    """Fill `{0,width}` in; formats such as `{0:D2}` are refused at load, or here where the text is made at run time."""
    made, at, form = [], 0, needed(form, "format")
    while at < len(form):
        if form[at] in "{}" and form[at : at + 2] == form[at] * 2:
            made.append(form[at])
            at += 2
        elif form[at] == "{":
            end = form.find("}", at)
            made.append(_filled(form[at + 1 : end] if end > 0 else "", values or ()))
            at = end + 1
        elif form[at] == "}":
            raise thrown("FormatException", "Input string was not in a correct format.")
        else:
            made.append(form[at])
            at += 1
    return "".join(made)


def _filled(hole: str, values: Any) -> str:
    number, _, width = hole.partition(",")
    if not number.strip().isdecimal() or (width and not width.strip().removeprefix("-").isdecimal()):
        if ":" in hole:
            raise thrown("NotRunHere", f'formats in string.Format ("{hole}"); use ToString with the format')
        raise thrown("FormatException", "Input string was not in a correct format.")
    index = int(number)
    if index >= len(values):
        raise thrown(
            "FormatException", "Index (zero based) must be greater than or equal to zero and less than the size."
        )
    text = "" if values[index] is None else object_text(values[index])
    return padded(text, int(width)) if width else text


def _texts(values: Any) -> list[str]:
    return ["" if value is None else object_text(value) for value in walked(needed(values, "values"))]


_string.static("bool IsNullOrEmpty(string value)", lambda value: not value)
_string.static("bool IsNullOrWhiteSpace(string value)", lambda value: value is None or not value.strip(WHITE))
_string.static("string Join(string separator, params string[] value)", lambda by, all_: (by or "").join(_texts(all_)))
_string.static("string Join(string separator, params object[] values)", lambda by, all_: (by or "").join(_texts(all_)))
_string.static(
    "string Join(string separator, IEnumerable<string> values)", lambda by, all_: (by or "").join(_texts(all_))
)
_string.static(
    "string Join<R>(string separator, IEnumerable<R> values)", lambda by, all_: (by or "").join(_texts(all_))
)
_string.static("string Concat<R>(IEnumerable<R> values)", lambda all_: "".join(_texts(all_)))
_string.static("string Concat(params string[] values)", lambda all_: "".join(_texts(all_)))
_string.static("string Concat(params object[] args)", lambda all_: "".join(_texts(all_)))
_string.static("string Concat(IEnumerable<string> values)", lambda all_: "".join(_texts(all_)))
_string.static("string Format(string format, params object[] args)", _format)
_string.static("bool Equals(string a, string b)", lambda one, other: one == other)
_string.static(
    "bool Equals(string a, string b, StringComparison comparisonType)",
    lambda one, other, how: one is other or (None not in (one, other) and _folded(one, how) == _folded(other, how)),
)
_string.static("int CompareOrdinal(string strA, string strB)", lambda one, other: _order(one, other))


def _order(one: str | None, other: str | None) -> int:
    """Compare by UTF-16 units. Chosen: -1, 0 or 1, where .NET leaves the number open."""
    left, right = (-1, "") if one is None else (0, units(one)), (-1, "") if other is None else (0, units(other))
    return (left > right) - (left < right)
