"""Casts between JSON tokens and C# values, and what a value becomes inside a document."""

from collections.abc import Callable, Iterable
from typing import Any

from local.apim.csharp import numbers, types
from local.apim.csharp.failures import thrown
from local.apim.csharp.formatting import date_text, double_text
from local.apim.csharp.json_values import JArray, JObject, JProperty, JToken, JValue, null_value
from local.apim.csharp.times import DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array, Char, Enum, List, Sequence, Uri

FROM_VALUES = {
    types.STRING: "String",
    types.BOOL: "Boolean",
    types.INT: "Integer",
    types.LONG: "Integer",
    types.DOUBLE: "Float",
    types.DATE_TIME: "Date",
    types.DATE_TIME_OFFSET: "Date",
    types.GUID: "Guid",
    types.TIME_SPAN: "TimeSpan",
    types.URI: "Uri",
}
"""Types that C# turns into a JToken by itself, and the JTokenType each becomes."""


def token_maker(type_: Type) -> Callable[[Any], JToken] | None:
    """Give the implicit conversion of a type to JToken; None when there is none."""
    inner = type_.args[0] if types.is_nullable(type_) else type_
    kind = FROM_VALUES.get(inner)
    if kind is None:
        return None
    if types.is_nullable(type_) or type_ == types.URI:
        return lambda value: null_value() if value is None else JValue(value, kind)
    return lambda value: JValue(value, kind)


def token_of(value: Any) -> JToken:
    """Make a token of any object, as JProperty and JArray do with their content."""
    if isinstance(value, JToken):
        return value
    if value is None:
        return null_value()
    if isinstance(value, bool):
        return JValue(value, "Boolean")
    for type_, kind in _KINDS:
        if isinstance(value, type_) and not isinstance(value, Char):
            return JValue(value, kind)
    raise thrown("ArgumentException", f"Could not determine JSON object type for type {type(value).__name__}.")


_KINDS: tuple[tuple[type, str], ...] = (
    (str, "String"),
    (int, "Integer"),
    (float, "Float"),
    (DateTime, "Date"),
    (DateTimeOffset, "Date"),
    (TimeSpan, "TimeSpan"),
    (Uri, "Uri"),
    (numbers.Guid, "Guid"),
)


def many(value: Any) -> bool:
    """Tell whether an object is content of several tokens: a sequence, but neither text nor a token."""
    return isinstance(value, Array | List | Sequence)


def make_property(name: str | None, content: Any) -> JProperty:
    if name is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: name")
    token = make_array(content) if many(content) else token_of(content)
    if isinstance(token, JProperty):
        raise thrown(
            "ArgumentException", "Can not add Newtonsoft.Json.Linq.JProperty to Newtonsoft.Json.Linq.JProperty."
        )
    made = JProperty(name, token)
    if token.attached:
        made.value = token.clone()
    made.value.attached = True
    return made


def make_array(content: Iterable[Any]) -> JArray:
    made = JArray()
    for index, item in enumerate(content):
        add_to_array(made, item, index)
    return made


def add_to_array(array: JArray, content: Any, index: int | None = None) -> None:
    """Add at an index, else at the end; of a sequence inside a sequence all but the first slip behind what follows."""
    index = len(array.items) if index is None else index
    if many(content):
        for further, item in enumerate(content, index):
            add_to_array(array, item, further)
        return
    token = token_of(content)
    if isinstance(token, JProperty):
        raise thrown("ArgumentException", "Can not add Newtonsoft.Json.Linq.JProperty to Newtonsoft.Json.Linq.JArray.")
    array.insert(index, token)


def make_object(content: Iterable[Any]) -> JObject:
    made = JObject()
    for index, item in enumerate(content):
        add_to_object(made, item, index)
    return made


def add_to_object(target: JObject, content: Any, index: int | None = None) -> None:
    """Add a property, at an index as `add_to_array` does."""
    index = len(target.members) if index is None else index
    if many(content):
        for further, item in enumerate(content, index):
            add_to_object(target, item, further)
        return
    token = token_of(content)
    if not isinstance(token, JProperty):
        name = f"Newtonsoft.Json.Linq.{type(token).__name__}"
        raise thrown("ArgumentException", f"Can not add {name} to Newtonsoft.Json.Linq.JObject.")
    if token.attached:
        token = token.clone()
    token.attached = True
    token.value.attached = False
    target.add(token.name, token.value, index)


_SCALARS = frozenset({"Integer", "Float", "String", "Boolean"})
_TEXTS = _SCALARS | {"Date", "Guid", "TimeSpan", "Uri"}


def cast(type_: Type) -> Callable[[Any], Any] | None:
    """Give the explicit conversion of a JToken to a type; None when Newtonsoft.Json has none or it is not run here."""
    if type_ == types.STRING:
        return to_string
    if types.is_nullable(type_):
        inner = _CASTS.get(type_.args[0])
        return inner and (lambda token: None if _is_null(token) else _convert(token, *inner))
    found = _CASTS.get(type_)
    return found and (lambda token: _convert(token, *found))


def _is_null(token: JToken | None) -> bool:
    value = token.value if isinstance(token, JProperty) else token
    return value is None or (isinstance(value, JValue) and value.value is None)


def to_string(token: Any) -> str | None:
    """Cast to string: null stays null, values become text in the invariant culture, containers throw."""
    value = token.value if isinstance(token, JProperty) else token
    if value is None:
        return None
    if not isinstance(value, JValue) or (value.kind not in _TEXTS and value.kind != "Null"):
        raise thrown("ArgumentException", f"Can not convert {value.kind} to String.")
    found = value.value
    return found if found is None or type(found) is str else value_text(found)


def value_text(value: Any) -> str:
    """Give `Convert.ToString(value, CultureInfo.InvariantCulture)`."""
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, DateTime):
        return date_text(value)
    return value.text if isinstance(value, TimeSpan | Uri) else str(value)


def _convert(token: Any, name: str, kinds: frozenset[str], convert: Callable[[Any], Any]) -> Any:
    if token is None:
        raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: value")
    value = token.value if isinstance(token, JProperty) else token
    if not isinstance(value, JValue) or value.kind not in kinds or isinstance(value.value, Enum):
        raise thrown("ArgumentException", f"Can not convert {value.kind} to {name}.")
    return convert(value.value)


def _to_moment(value: Any) -> DateTime:
    if isinstance(value, DateTime):
        return value
    raise thrown("FormatException", "text that is not in ISO 8601 is not read as a date here.")


_CASTS: dict[Type, tuple[str, frozenset[str], Callable[[Any], Any]]] = {
    types.INT: ("Int32", _SCALARS, numbers.to_int),
    types.LONG: ("Int64", _SCALARS, numbers.to_long),
    types.DOUBLE: ("Double", _SCALARS, numbers.to_double),
    types.BOOL: ("Boolean", _SCALARS, numbers.to_bool),
    types.DATE_TIME: ("DateTime", frozenset({"Date"}), _to_moment),
}
