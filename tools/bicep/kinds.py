"""Kinds of values: one algebra for Azure's published types, for parameters and for what expressions give."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


class Kind:
    """What a value can be."""

    def shown(self) -> str:
        return "any"


@dataclass(frozen=True)
class Anything(Kind):
    """Nothing is known, so everything fits."""


@dataclass(frozen=True)
class Nothing(Kind):
    def shown(self) -> str:
        return "null"


@dataclass(frozen=True)
class Text(Kind):
    """A string; `value` where it is a known one, lengths and `pattern` where it is bounded."""

    value: str | None = None
    pattern: str | None = None
    shortest: int | None = None
    longest: int | None = None

    def shown(self) -> str:
        return "string" if self.value is None else f"'{self.value}'"


@dataclass(frozen=True)
class Number(Kind):
    value: int | None = None
    least: int | None = None
    most: int | None = None

    def shown(self) -> str:
        return "int" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Truth(Kind):
    def shown(self) -> str:
        return "bool"


@dataclass(frozen=True)
class Sequence(Kind):
    item: Kind
    shortest: int | None = None
    longest: int | None = None

    def shown(self) -> str:
        return f"{self.item.shown()}[]" if not isinstance(self.item, Anything) else "array"


@dataclass(frozen=True)
class Choice(Kind):
    options: tuple[Kind, ...]

    def shown(self) -> str:
        return " | ".join(dict.fromkeys(option.shown() for option in self.options))


@dataclass(frozen=True)
class Member:
    """A property; its kind is looked up when it is needed, because types refer to each other.

    `at_start` says that its value is known before anything is deployed.
    """

    find: Callable[[], Kind]
    required: bool = False
    read_only: bool = False
    write_only: bool = False
    at_start: bool = False

    @property
    def kind(self) -> Kind:
        return self.find()


@dataclass(frozen=True, eq=False)
class Thing(Kind):
    """An object; `others` is the kind of members that have no name here, None where there may be none."""

    name: str
    members: Mapping[str, Member]
    others: Kind | None = None

    def shown(self) -> str:
        return "object"


@dataclass(frozen=True, eq=False)
class Variants(Kind):
    """An object whose member `key` says which of `options` it is; `common` has members of all."""

    name: str
    key: str
    common: Mapping[str, Member]
    options: Mapping[str, Thing]

    def shown(self) -> str:
        return "object"

    @cached_property
    def whole(self) -> Mapping[str, Thing]:
        return {
            value: Thing(self.name, {**self.common, **option.members}, option.others)
            for value, option in self.options.items()
        }


@dataclass(frozen=True, eq=False)
class Resource(Thing):
    """A resource or, without `type`, a module, as other expressions see it."""

    type: str = ""
    existing: bool = False
    nested: Mapping[str, "Resource"] = field(default_factory=dict)
    scope: str = ""

    def shown(self) -> str:
        return "resource"


def given(kind: Kind, required: bool = True) -> Member:
    """A member whose kind is known already."""
    return Member(lambda: kind, required=required)


ANY = Anything()
TEXT = Text()
INT = Number()
BOOL = Truth()
NULL = Nothing()
OBJECT = Thing("object", {}, ANY)
ARRAY = Sequence(ANY)


def either(*kinds: Kind) -> Kind:
    """The kind of a value that is of one of `kinds`."""
    flat = dict.fromkeys(option for kind in kinds for option in options(kind))
    if any(isinstance(option, Anything) for option in flat):
        return ANY
    return next(iter(flat)) if len(flat) == 1 else Choice(tuple(flat))


def options(kind: Kind) -> Iterator[Kind]:
    for option in kind.options if isinstance(kind, Choice) else (kind,):
        yield from options(option) if isinstance(option, Choice) else (option,)


def present(kind: Kind) -> Kind:
    """`kind` without null."""
    left = [option for option in options(kind) if not isinstance(option, Nothing)]
    return either(*left) if left else ANY


def words(kind: Kind) -> list[str]:
    """The string values that `kind` names."""
    return [option.value for option in options(kind) if isinstance(option, Text) and option.value is not None]
