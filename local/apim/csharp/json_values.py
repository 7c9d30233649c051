"""JObject, JArray, JValue and JProperty with the behaviour of Newtonsoft.Json.Linq."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from local.apim.csharp.failures import thrown
from local.apim.csharp.times import DateTime


class JToken(ABC):
    """A part of a JSON document; `attached` once it stands in a container, so that adding it elsewhere copies it."""

    __slots__ = ("attached",)
    kind: str

    def __init__(self) -> None:
        self.attached = False

    @abstractmethod
    def clone(self) -> "JToken":
        """Give the same once more, attached to nothing."""

    def children(self) -> Iterator["JToken"]:
        return iter(())

    def item(self, key: Any) -> "JToken | None":
        raise thrown("InvalidOperationException", f"Cannot access child value on {type(self).__name__}.")


class JValue(JToken):
    """A value: None, str, bool, int, float, DateTime or another .NET value; `kind` is its JTokenType."""

    __slots__ = ("kind", "value")

    def __init__(self, value: Any, kind: str) -> None:
        self.attached = False
        self.value, self.kind = value, kind

    def clone(self) -> "JValue":
        return JValue(self.value, self.kind)


class JProperty(JToken):
    __slots__ = ("name", "value")
    kind = "Property"

    def __init__(self, name: str, value: JToken) -> None:
        super().__init__()
        self.name, self.value = name, value

    def clone(self) -> "JProperty":
        return JProperty(self.name, self.value.clone())

    def children(self) -> Iterator[JToken]:
        return iter((self.value,))

    def item(self, key: Any) -> JToken | None:
        raise thrown("InvalidOperationException", "Cannot access child value on JProperty.")


class JObject(JToken):
    __slots__ = ("members",)
    kind = "Object"

    def __init__(self, members: dict[str, JToken] | None = None) -> None:
        self.attached = False
        self.members = {} if members is None else members

    def clone(self) -> "JObject":
        copied = JObject()
        for name, value in self.members.items():
            copied.set(name, value.clone())
        return copied

    def children(self) -> Iterator[JToken]:
        return (JProperty(name, value) for name, value in list(self.members.items()))

    def item(self, key: Any) -> JToken | None:
        if key is None:
            raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: key")
        if type(key) is not str:
            raise thrown(
                "ArgumentException",
                f"Accessed JObject values with invalid key value: {key}.",
            )
        return self.members.get(key)

    def set(self, name: str, value: JToken) -> None:
        """Put a member in place of the one of that name, or last."""
        old = self.members.get(name)
        if old is value:
            return
        if old is not None:
            old.attached = False
        self.members[name] = attach(value)

    def add(self, name: str, value: JToken, index: int | None = None) -> None:
        """Add a member, last or at an index; throws for a name that is there."""
        if name in self.members:
            raise thrown(
                "ArgumentException",
                f"Can not add property {name} to Newtonsoft.Json.Linq.JObject. "
                "Property with the same name already exists on object.",
            )
        self.members[name] = attach(value)
        if index is not None and index < len(self.members) - 1:
            names = list(self.members)
            names.insert(index, names.pop())
            self.members = {one: self.members[one] for one in names}

    def remove(self, name: str | None) -> bool:
        if name is None or name not in self.members:
            return False
        self.members.pop(name).attached = False
        return True


class JArray(JToken):
    __slots__ = ("items",)
    kind = "Array"

    def __init__(self, items: list[JToken] | None = None) -> None:
        self.attached = False
        self.items = [] if items is None else items

    def clone(self) -> "JArray":
        return JArray([attach(item.clone()) for item in self.items])

    def children(self) -> Iterator[JToken]:
        return iter(tuple(self.items))

    def item(self, key: Any) -> JToken | None:
        if key is None:
            raise thrown("ArgumentNullException", "Value cannot be null. Parameter name: key")
        if not isinstance(key, int) or isinstance(key, bool):
            raise thrown(
                "ArgumentException",
                f"Accessed JArray values with invalid key value: {key}.",
            )
        return self.at(key)

    def at(self, index: int) -> JToken:
        if not 0 <= index < len(self.items):
            raise thrown("ArgumentOutOfRangeException", "Index was out of range.")
        return self.items[index]

    def append(self, value: JToken) -> None:
        self.items.append(attach(value))

    def insert(self, index: int, value: JToken) -> None:
        self.items.insert(index, attach(value))


def attach(value: JToken) -> JToken:
    """Give the token to stand in a container: itself, or a copy when it stands in one already."""
    if value.attached:
        value = value.clone()
    value.attached = True
    return value


def deep_equals(left: JToken, right: JToken) -> bool:
    if isinstance(left, JObject) and isinstance(right, JObject):
        return left.members.keys() == right.members.keys() and all(
            deep_equals(value, right.members[name]) for name, value in left.members.items()
        )
    if isinstance(left, JArray) and isinstance(right, JArray):
        return _all_equal(left.items, right.items)
    if isinstance(left, JProperty) and isinstance(right, JProperty):
        return left.name == right.name and deep_equals(left.value, right.value)
    if isinstance(left, JValue) and isinstance(right, JValue):
        return left.kind == right.kind and bool(left.value == right.value)
    return False


def _all_equal(left: Iterable[JToken], right: Iterable[JToken]) -> bool:
    ours, theirs = list(left), list(right)
    return len(ours) == len(theirs) and all(map(deep_equals, ours, theirs))


def null_value() -> JValue:
    return JValue(None, "Null")


def kind_of(value: Any) -> str | None:
    """Give the JTokenType of a value in a JValue; None when it can be none."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), None)


_KINDS: tuple[tuple[type, str], ...] = ((str, "String"), (int, "Integer"), (float, "Float"), (DateTime, "Date"))
