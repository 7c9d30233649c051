"""What expressions give at run time: text, true and false are Python's own, numbers carry their C# type once boxed."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local.apim.context import Jwt
from local.apim.csharp import json_values as json
from local.apim.csharp import types
from local.apim.csharp.times import DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.types import Type


class Int(int):
    """A boxed `int` (Int32)."""

    __slots__ = ()


class Long(int):
    """A boxed `long` (Int64)."""

    __slots__ = ()


class Char(str):
    """A boxed `char`: one UTF-16 unit."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Enum:
    """A member of an enumeration, as `Formatting.None`."""

    type: str
    name: str

    def __str__(self) -> str:
        return self.name


class Array(tuple[Any, ...]):
    """A C# array; its elements are as expressions hold values of the element type (unboxed)."""

    of: Type

    @classmethod
    def make(cls, of: Type, items: Iterable[Any]) -> "Array":
        made = cls(items)
        made.of = of
        return made


class List(list[Any]):
    """A `List<T>`."""

    of: Type

    @classmethod
    def make(cls, of: Type, items: Iterable[Any]) -> "List":
        made = cls(items)
        made.of = of
        return made


class Sequence:
    """An `IEnumerable<T>` that LINQ made: evaluated anew, and only then, each time it is walked through."""

    __slots__ = ("of", "start")

    def __init__(self, of: Type, start: Callable[[], Iterator[Any]]) -> None:
        self.of, self.start = of, start

    def __iter__(self) -> Iterator[Any]:
        return self.start()


@dataclass(frozen=True, slots=True)
class Uri:
    """An absolute address, in the text that made it."""

    text: str


def boxed_int(value: int) -> Int:
    """Box an int, as `retry-after-variable-name` does; `value` within 32 bits."""
    if not -(2**31) <= value < 2**31:
        raise ValueError(f"{value} is not an Int32")
    return Int(value)


def boxed_long(value: int) -> Long:
    """Box a long; `value` within 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} is not an Int64")
    return Long(value)


_BOXES: dict[str, Callable[[Any], Any]] = {"int": Int, "long": Long, "char": Char}


def box_of(type_: Type) -> Callable[[Any], Any] | None:
    """Give what makes an `object` of an unboxed value of that type; None where the value is one already."""
    if types.is_nullable(type_):
        inner = box_of(type_.args[0])
        return (lambda value: None if value is None else inner(value)) if inner else None
    return _BOXES.get(type_.name)


_RUNTIME_TYPES: dict[type, Type] = {
    str: types.STRING,
    Char: types.CHAR,
    bool: types.BOOL,
    Int: types.INT,
    Long: types.LONG,
    float: types.DOUBLE,
    uuid.UUID: types.GUID,
    DateTime: types.DATE_TIME,
    DateTimeOffset: types.DATE_TIME_OFFSET,
    TimeSpan: types.TIME_SPAN,
    Uri: types.URI,
    Jwt: types.JWT,
    json.JObject: types.J_OBJECT,
    json.JArray: types.J_ARRAY,
    json.JValue: types.J_VALUE,
    json.JProperty: types.J_PROPERTY,
}


def type_of(value: Any) -> Type:
    """Give the C# type of an object that is not null.

    Raises TypeError for a value that no expression and no policy may have stored, such as a plain Python int.
    """
    found = _RUNTIME_TYPES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Array):
        return types.array_of(value.of)
    if isinstance(value, List):
        return Type("List", (value.of,))
    if isinstance(value, Sequence):
        return types.sequence_of(value.of)
    if isinstance(value, Enum):
        return Type(value.type)
    raise TypeError(f"no C# value: {value!r} ({type(value).__name__}); box numbers with boxed_int or boxed_long")
