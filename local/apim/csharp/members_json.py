"""Members of Newtonsoft.Json.Linq and JsonConvert."""

import re
from collections.abc import Callable
from typing import Any

from local.apim.csharp import conversion, json_text, numbers, types
from local.apim.csharp.failures import throw, thrown
from local.apim.csharp.json_conversion import (
    add_to_array,
    add_to_object,
    make_array,
    make_object,
    make_property,
    token_of,
)
from local.apim.csharp.json_values import JArray, JObject, JProperty, JToken, JValue, deep_equals, null_value
from local.apim.csharp.members_text import IGNORE_CASE, needed
from local.apim.csharp.signatures import members_of
from local.apim.csharp.texts import object_text, upper
from local.apim.csharp.times import DateTime
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array, Enum, List, Long, Sequence
from local.apim.csharp.walking import default_of

_INDENTED = Enum("Formatting", "Indented")
members_of("Formatting").constant("Formatting Indented", _INDENTED)
members_of("Formatting").constant("Formatting None", Enum("Formatting", "None"))
_KINDS = "None Object Array Property Integer Float String Boolean Null Date Guid Uri TimeSpan"
for _kind in _KINDS.split():
    members_of("JTokenType").constant(f"JTokenType {_kind}", Enum("JTokenType", _kind))

_token = members_of("JToken")
_token.static("JToken Parse(string json)", json_text.read)
_token.static(
    "bool DeepEquals(JToken t1, JToken t2)",
    lambda one, other: one is other or (None not in (one, other) and deep_equals(one, other)),
)
_token.static("JToken FromObject(object o)", lambda value: _token_from(value))
_token.property("JTokenType Type", lambda token: Enum("JTokenType", token.kind))
_token.property("bool HasValues", lambda token: next(token.children(), None) is not None)
_token.method("string ToString()", json_text.text_of)
_token.method(
    "string ToString(Formatting formatting)", lambda token, form: json_text.write(token, indented=form == _INDENTED)
)
_token.method("JToken DeepClone()", lambda token: token.clone())
_token.method("IEnumerable<JToken> Children()", lambda token: Sequence(types.J_TOKEN, token.children))


def _token_from(value: Any) -> JToken:
    """Make a token of an object as `FromObject` does: of a sequence an array, of a token a copy."""
    if isinstance(value, Array | List | Sequence):
        return make_array(value)
    return token_of(needed(value, "o")).clone()


def _object_from(token: JToken) -> JObject:
    if not isinstance(token, JObject):
        raise thrown("ArgumentException", f"Object serialized to {token.kind}. JObject instance expected.")
    return token


def _set_item(token: JToken, key: Any, value: JToken | None) -> None:
    if isinstance(token, JObject):
        if type(key) is not str:
            raise thrown(
                "ArgumentException", f"Set JObject values with invalid key value: {key}. Object property name expected."
            )
        token.set(key, null_value() if value is None else value)
    elif isinstance(token, JArray):
        if not isinstance(key, int):
            raise thrown(
                "ArgumentException", f"Set JArray values with invalid key value: {key}. Array position index expected."
            )
        _set_at(token, key, value)
    else:
        raise thrown("InvalidOperationException", f"Cannot set child value on {type(token).__name__}.")


def _set_at(array: JArray, index: int, value: JToken | None) -> None:
    old = array.at(index)
    if old is value:
        return
    old.attached = False
    kept = JArray()
    kept.append(null_value() if value is None else value)
    array.items[index] = kept.items[0]


def _item(token: JToken, key: Any) -> JToken | None:
    return token.item(key)


_token.indexer("JToken this(object key)", _item, _set_item)


def _value(binding: dict[str, Type]) -> Callable[[JToken, Any], Any]:
    convert = _converter(binding["R"])
    return lambda token, key: convert(token.item(key))


def _converter(to: Type) -> Callable[[JToken | None], Any]:
    """Give what `Value<T>` does with what it finds: a value of T as it is, others by `Convert.ChangeType`."""
    inner = to.args[0] if types.is_nullable(to) else to
    change = _CHANGES.get(inner)

    def convert(token: JToken | None) -> Any:
        if token is None:
            return default_of(to)
        if types.is_reference_conversion(to, types.J_TOKEN):
            return conversion.checked(to)(token)
        if not isinstance(token, JValue) or change is None:
            raise thrown("InvalidCastException", f"Cannot cast Newtonsoft.Json.Linq.{type(token).__name__} to {to}.")
        if token.value is None:
            return (
                None
                if types.accepts_null(to)
                else throw("InvalidCastException", "Null object cannot be converted to a value type.")
            )
        return change(token.value)

    return convert


def _as_text(value: Any) -> str:
    if isinstance(value, str | int | float | DateTime):
        return object_text(value)
    raise thrown("InvalidCastException", "Object must implement IConvertible.")


def _as_date(value: Any) -> DateTime:
    return (
        value
        if isinstance(value, DateTime)
        else throw("FormatException", "text that is not in ISO 8601 is not read as a date here.")
    )


def _no_date(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, DateTime):
            raise thrown("InvalidCastException", "Invalid cast from 'DateTime'.")
        return change(value)

    return convert


_CHANGES: dict[Type, Callable[[Any], Any]] = {
    types.STRING: _as_text,
    types.INT: _no_date(numbers.to_int),
    types.LONG: _no_date(numbers.to_long),
    types.DOUBLE: _no_date(numbers.to_double),
    types.BOOL: _no_date(numbers.to_bool),
    types.DATE_TIME: _as_date,
}
_token.method("R Value<R>(object key)", _value, typed=True)
_token.method("JToken SelectToken(string path)", lambda path: _selector(path), literal=True)
_PATH = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^'\\]*)'\]")


def _selector(path: str) -> Callable[[JToken], JToken | None]:
    """Follow `a.b[0].c` or `$.a['b']`; raises ValueError for wildcards, slices and filters, which are not run here."""
    text = path.removeprefix("$")
    text = text if text[:1] in (".", "[", "") else f".{text}"
    found = list(_PATH.finditer(text))
    if "".join(one[0] for one in found) != text:
        raise ValueError(f"the path \"{path}\" is not run here (names, [0] and ['name'] are)")
    steps = [int(one[2]) if one[2] else one[1] or one[3] for one in found]
    return lambda token: _selected(token, steps)


def _selected(token: JToken, steps: list[str | int]) -> JToken | None:
    found: JToken | None = token
    for step in steps:
        if isinstance(found, JObject) and isinstance(step, str):
            found = found.members.get(step)
        elif isinstance(found, JArray) and isinstance(step, int) and 0 <= step < len(found.items):
            found = found.items[step]
        else:
            return None
    return found


_container = members_of("JContainer")
_container.property("int Count", lambda token: sum(1 for _ in token.children()))

_object = members_of("JObject")
_object.static("JObject Parse(string json)", json_text.read_object)
_object.static("JObject FromObject(object o)", lambda value: _object_from(_token_from(value)))
_object.constructor("", JObject)
_object.constructor("JObject other", lambda other: needed(other, "other").clone())
_object.constructor("params object[] content", lambda content: make_object([None] if content is None else content))
_object.indexer(
    "JToken this(string propertyName)",
    lambda token, name: token.members.get(needed(name, "propertyName")),
    lambda token, name, value: _set_item(token, needed(name, "propertyName"), value),
)
_object.method(
    "void Add(string propertyName, JToken value)",
    lambda token, name, value: token.add(needed(name, "propertyName"), null_value() if value is None else value),
)
_object.method("void Add(object content)", add_to_object)
_object.method("bool Remove(string propertyName)", lambda token, name: token.remove(needed(name, "propertyName")))
_object.method(
    "bool ContainsKey(string propertyName)", lambda token, name: needed(name, "propertyName") in token.members
)
_object.method(
    "JToken GetValue(string propertyName)", lambda token, name: None if name is None else token.members.get(name)
)
_object.method(
    "JToken GetValue(string propertyName, StringComparison comparison)",
    lambda token, name, how: _named(token, name, how),
)
_object.method(
    "bool TryGetValue(string propertyName, out JToken value)",
    lambda token, name: (name in token.members, token.members.get(name)),
)
_object.method("JProperty Property(string name)", lambda token, name: _property(token, name))
_object.method("IEnumerable<JProperty> Properties()", lambda token: Sequence(types.J_PROPERTY, token.children))


def _named(token: JObject, name: str | None, how: Enum) -> JToken | None:
    if name is None:
        return None
    if name in token.members or how != IGNORE_CASE:
        return token.members.get(name)
    return next((value for key, value in token.members.items() if upper(key) == upper(name)), None)


def _property(token: JObject, name: str | None) -> JProperty | None:
    return JProperty(name, token.members[name]) if name is not None and name in token.members else None


_array = members_of("JArray")
_array.static("JArray Parse(string json)", json_text.read_array)
_array.static("JArray FromObject(object o)", lambda value: make_array(_elements(needed(value, "o"))))
_array.constructor("", JArray)
_array.constructor("JArray other", lambda other: needed(other, "other").clone())
_array.constructor("params object[] content", lambda content: make_array([None] if content is None else content))
_array.constructor("object content", lambda content: make_array([content]))
_array.indexer("JToken this(int index)", lambda token, index: token.at(index), _set_at)
_array.method("void Add(JToken item)", lambda token, value: token.append(null_value() if value is None else value))
_array.method("void Add(object content)", add_to_array)
_array.method("void RemoveAt(int index)", lambda token, index: _remove_at(token, index))


def _elements(value: Any) -> Any:
    if isinstance(value, Array | List | Sequence | JArray):
        return value.items if isinstance(value, JArray) else value
    raise thrown("ArgumentException", "Object serialized to a value. JArray instance expected.")


def _remove_at(token: JArray, index: int) -> None:
    token.at(index).attached = False
    del token.items[index]


_property_members = members_of("JProperty")
_property_members.constructor("string name, object content", make_property)
_property_members.constructor("string name, params object[] content", make_property)
_property_members.property("string Name", lambda token: token.name)
_property_members.property("JToken Value", lambda token: token.value)


def _boxed(value: Any) -> Any:
    return Long(value) if type(value) is int else value


_value_members = members_of("JValue")
_value_members.property("object Value", lambda token: _boxed(token.value))
_value_members.constructor("object value", lambda value: value if isinstance(value, JValue) else token_of(value))
for _type in ("long", "double", "bool", "string", "DateTime"):
    _value_members.constructor(f"{_type} value", token_of)

_convert = members_of("JsonConvert")
_convert.static("string SerializeObject(object value)", lambda value: _serialised(value, indented=False))
_convert.static(
    "string SerializeObject(object value, Formatting formatting)",
    lambda value, form: _serialised(value, indented=form == _INDENTED),
)


def _serialised(value: Any, *, indented: bool) -> str:
    return json_text.write(null_value() if value is None else _token_from(value), indented=indented)
