"""Expressions of Bicep as read from a file; every one knows its place."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from tools.bicep.findings import Place


@dataclass(frozen=True)
class Expression:
    place: Place


@dataclass(frozen=True)
class Literal(Expression):
    """A string without interpolation, a number, true, false or null."""

    value: str | int | bool | None


@dataclass(frozen=True)
class Interpolated(Expression):
    """A string with `${}`; its literal parts are strings."""

    parts: tuple["str | Expression", ...]


@dataclass(frozen=True)
class Name(Expression):
    name: str


@dataclass(frozen=True)
class Call(Expression):
    """`f(x)`, `az.f(x)` or `resource.f(x)`; `target` is what stands before the dot."""

    target: Expression | None
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Access(Expression):
    """`x.name`; with `safe` it is `x.?name`."""

    target: Expression
    name: str
    safe: bool


@dataclass(frozen=True)
class Index(Expression):
    target: Expression
    index: Expression


@dataclass(frozen=True)
class Nested(Expression):
    """`x::child`, a resource that is declared within another."""

    target: Expression
    name: str


@dataclass(frozen=True)
class Unary(Expression):
    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary(Expression):
    """`whole` where it stands in parentheses."""

    operator: str
    left: Expression
    right: Expression
    whole: bool = False


@dataclass(frozen=True)
class Ternary(Expression):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Array(Expression):
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Property:
    """A member of an object; `key` is None where it is interpolated."""

    place: Place
    key: str | None
    value: Expression


@dataclass(frozen=True)
class Object(Expression):
    members: tuple[Property, ...]

    def member(self, key: str) -> Expression | None:
        return next((item.value for item in self.members if item.key == key), None)


@dataclass(frozen=True)
class For(Expression):
    """`[for x in source: body]`; `names` are the item and, where asked for, its index."""

    names: tuple[str, ...]
    source: Expression
    body: Expression


@dataclass(frozen=True)
class If(Expression):
    """The condition of a resource or module, or a filter in a loop."""

    condition: Expression
    body: Expression


@dataclass(frozen=True)
class Lambda(Expression):
    names: tuple[str, ...]
    body: Expression


def children(node: Expression) -> Iterator[Expression]:
    """What `node` is directly made of."""
    for item in fields(node):
        value = getattr(node, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Property):
                yield part.value
            elif isinstance(part, Expression):
                yield part


def walk(node: Expression) -> Iterator[Expression]:
    """`node` and everything within it."""
    yield node
    for child in children(node):
        yield from walk(child)


def unwrapped(node: Expression) -> Expression:
    """The body of a resource or module, without its loop and condition."""
    while isinstance(node, For | If):
        node = node.body
    return node
