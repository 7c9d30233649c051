"""Texts in UTF-16 units as .NET counts them, and the text of values of any type."""

from collections.abc import Callable
from typing import Any

from local.apim.csharp import types
from local.apim.csharp.failures import null_reference, thrown
from local.apim.csharp.formatting import date_text, double_text, formatter, offset_text
from local.apim.csharp.json_text import text_of
from local.apim.csharp.json_values import JToken
from local.apim.csharp.times import DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.types import Type, is_reference_conversion
from local.apim.csharp.values import Array, Enum, Uri

WHITE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
"""What `char.IsWhiteSpace` takes for white space."""


def units(text: str) -> str:
    """Give the text with one Python character per UTF-16 unit; itself when it is so already."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(
        one if one <= "\uffff" else chr(0xD7C0 + (ord(one) >> 10)) + chr(0xDC00 + (ord(one) & 0x3FF)) for one in text
    )


def joined_units(text: str) -> str:
    """Join pairs of surrogates to the characters that they stand for."""
    if text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def upper(text: str) -> str:
    """Give each character's own capital, as `ToUpperInvariant` does; Python's `ß` would become two."""
    return text.upper() if text.isascii() else "".join(map(_upper_one, text))


def lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(map(_lower_one, text))


def _upper_one(one: str) -> str:
    made = one.upper()
    return made if len(made) == 1 and one not in "\u0131\u017f" else one


def _lower_one(one: str) -> str:
    made = one.lower()
    return made if len(made) == 1 and one not in "\u2126\u212a\u212b\u1e9e" else one


def padded(text: str, columns: int) -> str:
    """Fill up with spaces to a width: at the left, or at the right when it is negative."""
    blanks = " " * (abs(columns) - len(units(text)))
    return blanks + text if columns > 0 else text + blanks


def object_text(value: Any) -> str:
    """Give `ToString()` of any object that is not null."""
    kind = type(value)
    if kind is str:
        return str(value)
    if isinstance(value, JToken):
        return text_of(value)
    if found := _OBJECTS.get(kind):
        return found(value)
    if isinstance(value, int | str | Enum) or kind.__name__ == "UUID":
        return str(value)
    if isinstance(value, Array):
        return f"{_FULL_NAMES.get(value.of, value.of)}[]"
    raise thrown("NotRunHere", f"ToString() of {kind.__name__} gives the name of a type of .NET.")


_OBJECTS: dict[type, Callable[[Any], str]] = {
    float: double_text,
    DateTime: date_text,
    DateTimeOffset: offset_text,
    TimeSpan: lambda value: str(value.text),
    Uri: lambda value: str(value.text),
}
_FULL_NAMES = {types.STRING: "System.String", types.INT: "System.Int32", types.OBJECT: "System.Object"}


def writer(type_: Type) -> Callable[[Any], str]:
    """Give what writes a value of a static type into a text, where null becomes nothing.

    Raises ValueError for types whose text depends on the gateway, or is but the name of a type.
    """
    if type_ == types.STRING:
        return lambda value: value or ""
    if type_ in (types.INT, types.LONG):
        return lambda value: str(int(value))
    if type_ in (types.BOOL, types.CHAR) or type_.name in types.ENUMS or type_ == types.GUID:
        return str
    if type_ in (types.DATE_TIME, types.DATE_TIME_OFFSET):
        raise ValueError(f'the text of {type_} depends on the culture of the gateway; say ToString("o")')
    if types.is_nullable(type_):
        inner = writer(type_.args[0])
        return lambda value: "" if value is None else inner(value)
    if type_ in (types.OBJECT, types.NULL, types.DOUBLE, types.TIME_SPAN, types.URI) or is_reference_conversion(
        type_, types.J_TOKEN
    ):
        return lambda value: "" if value is None else object_text(value)
    raise ValueError(f"the text of {type_} is but the name of a type; take a part of it")


def to_string(type_: Type) -> Callable[[Any], str]:
    """Give `ToString()` of a static type: null has none."""
    write = writer(type_)
    return lambda value: null_reference() if value is None and not types.is_nullable(type_) else write(value)


def formatted(type_: Type, form: str) -> Callable[[Any], str]:
    """Give what writes a value with a format; texts and truths take none; raises ValueError as `formatter` does."""
    if types.is_nullable(type_):
        inner = formatted(type_.args[0], form)
        return lambda value: "" if value is None else inner(value)
    if type_ in (types.STRING, types.BOOL, types.CHAR):
        return writer(type_)
    return formatter(type_, form)
