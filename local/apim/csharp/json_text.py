"""JSON text to tokens and back, as Newtonsoft.Json reads and writes it.

Chosen: at most 64 levels, as of Newtonsoft.Json 13, and lines that end with a line feed alone.
"""

import json
import re
from typing import Any

from local.apim.csharp.failures import thrown
from local.apim.csharp.formatting import date_text, double_text
from local.apim.csharp.json_lenient import read_leniently
from local.apim.csharp.json_values import JArray, JObject, JProperty, JToken, JValue
from local.apim.csharp.times import DateTime, DateTimeOffset, TimeSpan, iso, read_iso
from local.apim.errors import ExpressionFailed

DEPTH = 64
NEW_LINE = "\n"


def _malformed(reason: str) -> ExpressionFailed:
    return ExpressionFailed(f"JsonReaderException: {reason}")


def read(text: str | None) -> JToken:
    """Read a document as `JToken.Parse` does: text that looks like a date and time becomes one."""
    if text is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: s")
    try:
        value = _DECODER.decode(text)
    except (json.JSONDecodeError, RecursionError):
        value = read_leniently(text, DEPTH)
    return _token(value, 0)


def read_object(text: str | None) -> JObject:
    token = read(text)
    if not isinstance(token, JObject):
        raise _malformed(
            f"Error reading JObject from JsonReader. Current JsonReader item is not an object: {token.kind}."
        )
    return token


def read_array(text: str | None) -> JArray:
    token = read(text)
    if not isinstance(token, JArray):
        raise _malformed(
            f"Error reading JArray from JsonReader. Current JsonReader item is not an array: {token.kind}."
        )
    return token


_DECODER = json.JSONDecoder(strict=False)


def _token(value: Any, depth: int) -> JToken:
    made: JToken = _MAKERS[type(value)](value, depth)
    made.attached = depth > 0
    return made


def _text(value: str, depth: int) -> JToken:
    if 19 <= len(value) <= 40 and value[10] == "T" and (date := read_iso(value)) is not None:
        return JValue(date, "Date")
    return JValue(value, "String")


def _object(value: dict[str, Any], depth: int) -> JToken:
    _check(depth)
    return JObject({name: _token(member, depth + 1) for name, member in value.items()})


def _array(value: list[Any], depth: int) -> JToken:
    _check(depth)
    return JArray([_token(item, depth + 1) for item in value])


def _check(depth: int) -> None:
    if depth >= DEPTH:
        raise _malformed(f"The reader's MaxDepth of {DEPTH} has been exceeded.")


_MAKERS: dict[type, Any] = {
    str: _text,
    int: lambda value, depth: JValue(value, "Integer"),
    float: lambda value, depth: JValue(value, "Float"),
    bool: lambda value, depth: JValue(value, "Boolean"),
    type(None): lambda value, depth: JValue(None, "Null"),
    dict: _object,
    list: _array,
}

_SPECIAL = re.compile('[\x00-\x1f"\\\\\x85\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def quoted(text: str) -> str:
    return f'"{_SPECIAL.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text)}"'


def number(value: float) -> str:
    text = double_text(value)
    if text in ("NaN", "Infinity", "-Infinity"):
        return f'"{text}"'
    return text if "." in text or "E" in text else text + ".0"


def scalar(value: Any) -> str:
    """Write the value of a JValue as JSON."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return number(value)
    return quoted(_QUOTED.get(type(value), str)(value))


_QUOTED: dict[type, Any] = {
    DateTime: iso,
    DateTimeOffset: lambda value: iso(value.local) + value.zone,
    TimeSpan: lambda value: value.text,
}


def write(token: JToken, *, indented: bool) -> str:
    """Write a token as `JToken.ToString(Formatting)` does; `indented` by two spaces a level."""
    parts: list[str] = []
    _write(token, NEW_LINE if indented else "", parts)
    return "".join(parts)


def _write(token: JToken, margin: str, parts: list[str]) -> None:
    if isinstance(token, JValue):
        parts.append(scalar(token.value))
    elif isinstance(token, JObject):
        _write_members(token, margin, parts)
    elif isinstance(token, JArray):
        _write_items(token, margin, parts)
    elif isinstance(token, JProperty):
        parts.append(quoted(token.name) + (": " if margin else ":"))
        _write(token.value, margin, parts)


def _write_members(token: JObject, margin: str, parts: list[str]) -> None:
    inner = margin and margin + "  "
    between = "{"
    for name, value in token.members.items():
        parts.append(f"{between}{inner}{quoted(name)}:{' ' if margin else ''}")
        _write(value, inner, parts)
        between = ","
    parts.append(f"{margin}}}" if token.members else "{}")


def _write_items(token: JArray, margin: str, parts: list[str]) -> None:
    inner = margin and margin + "  "
    between = "["
    for item in token.items:
        parts.append(between + inner)
        _write(item, inner, parts)
        between = ","
    parts.append(f"{margin}]" if token.items else "[]")


def text_of(token: JToken) -> str:
    """Give `token.ToString()`: the value of a JValue, otherwise indented JSON."""
    if not isinstance(token, JValue):
        return write(token, indented=True)
    value = token.value
    return value if type(value) is str else _PLAIN.get(type(value), str)(value)


_PLAIN: dict[type, Any] = {type(None): lambda value: "", float: double_text, DateTime: date_text}
