"""How sequences are walked through, whatever holds their elements."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from local.apim.context import Headers
from local.apim.csharp import types
from local.apim.csharp.failures import thrown
from local.apim.csharp.json_values import JArray, JObject, JToken, JValue, deep_equals
from local.apim.csharp.texts import units
from local.apim.csharp.times import DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array, List


class Pair(NamedTuple):
    """A KeyValuePair."""

    key: Any
    value: Any


class TextLists(Mapping[str, Array]):
    """Headers, query parameters or claims: each name has an array of texts."""

    def __init__(self, source: Headers | Mapping[str, Sequence[str]]) -> None:
        self._source = source

    def __getitem__(self, name: str) -> Array:
        source = self._source
        if isinstance(source, Headers):
            if name in source:
                return Array.make(types.STRING, source.values(name))
            raise KeyError(name)
        return Array.make(types.STRING, source[name])

    def __contains__(self, name: object) -> bool:
        return name in self._source

    def __iter__(self) -> Iterator[str]:
        source = self._source
        return source.names() if isinstance(source, Headers) else iter(source)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def joined(self, name: str, default: str | None) -> str | None:
        """Give the values joined by a comma, as `GetValueOrDefault` does."""
        source = self._source
        if isinstance(source, Headers):
            return ",".join(source.values(name)) if name in source else default
        found = source.get(name)
        return default if found is None else ",".join(found)


def walked(items: Any) -> Iterator[Any]:
    """Walk through text (by UTF-16 units), a token's children, a dictionary's pairs, or any other sequence."""
    if isinstance(items, str):
        return iter(units(items))
    if isinstance(items, JArray):
        return _unchanged(items.items)
    if isinstance(items, List):
        return _unchanged(items)
    if isinstance(items, JToken):
        return items.children()
    if isinstance(items, Mapping):
        return (Pair(key, items[key]) for key in items)
    return iter(items)


def _unchanged(items: list[Any]) -> Iterator[Any]:
    """Walk through a list, and throw where the next element is asked of a list that grew or shrank."""
    count = len(items)
    for item in tuple(items):
        yield item
        if len(items) != count:
            raise thrown("InvalidOperationException", "Collection was modified; enumeration operation may not execute.")


def pairs_of(items: JObject) -> Iterator[Pair]:
    """Walk through the members of a JObject as foreach does."""
    return (Pair(name, value) for name, value in list(items.members.items()))


def equal(one: Any, other: Any) -> bool:
    """Give `Equals` of two elements of the same static type."""
    if isinstance(one, JValue) and isinstance(other, JValue):
        return deep_equals(one, other)
    if isinstance(one, Array):
        return one is other
    return type(one) is type(other) and bool(one == other)


_DEFAULTS: dict[Type, Any] = {
    types.INT: 0,
    types.LONG: 0,
    types.DOUBLE: 0.0,
    types.BOOL: False,
    types.CHAR: "\0",
    types.DATE_TIME: DateTime(0),
    types.DATE_TIME_OFFSET: DateTimeOffset(0),
    types.TIME_SPAN: TimeSpan(0),
}


def default_of(type_: Type) -> Any:
    """Give `default(T)`."""
    return Pair(None, None) if type_.name == "KeyValuePair" else _DEFAULTS.get(type_)
