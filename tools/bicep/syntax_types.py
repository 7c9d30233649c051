"""Kinds from what a file writes as types: `string[]`, `'a' | 'b'`, `{ name: string }`, names of types, decorators."""

from collections.abc import Callable, Mapping
from typing import Final

from tree_sitter import Node

from tools.bicep import reading
from tools.bicep.declarations import Declaration
from tools.bicep.kinds import (
    ANY,
    ARRAY,
    BOOL,
    INT,
    NULL,
    OBJECT,
    TEXT,
    Kind,
    Member,
    Number,
    Sequence,
    Text,
    Thing,
    either,
    given,
    options,
)
from tools.bicep.nodes import Array, Call, Expression, Literal, Unary
from tools.bicep.reading import named, text

PRIMITIVES: Final[dict[str, Kind]] = {
    "string": TEXT,
    "int": INT,
    "bool": BOOL,
    "object": OBJECT,
    "array": ARRAY,
    "any": ANY,
}
Report = Callable[[Node, str], None]


class TypeReader:
    """Reads types of one file; `aliases` are its named types, `report` is told what is unknown."""

    def __init__(self, aliases: Mapping[str, Callable[[], Kind]], report: Report) -> None:
        self._aliases = aliases
        self._report = report

    def kind(self, node: Node) -> Kind:
        match node.type:
            case "type" | "parenthesized_type":
                return self.kind(named(node)[0]) if named(node) else self._word(node)
            case "primitive_type" | "identifier":
                return self._word(node)
            case "nullable_type":
                return either(self.kind(named(node)[0]), NULL)
            case "array_type":
                return Sequence(self.kind(named(node)[0]))
            case "union_type":
                return either(*map(self.kind, named(node)))
            case "string" | "number" | "boolean" | "null":
                return literal_kind(reading.expression(node))
            case "object":
                return self._thing(node)
        self._report(node, f"cannot read the type {text(node)[:40]!r}")
        return ANY

    def _word(self, node: Node) -> Kind:
        name = text(node)
        if name in PRIMITIVES:
            return PRIMITIVES[name]
        if name in self._aliases:
            return self._aliases[name]()
        self._report(node, f"there is no type '{name}'")
        return ANY

    def _thing(self, node: Node) -> Thing:
        members: dict[str, Member] = {}
        others = None
        for item in named(node):
            if item.type == "decorators":
                continue
            parts = named(item)
            if len(parts) == 1:
                others = self.kind(parts[0])
            else:
                kind = self.kind(parts[1])
                members[text(parts[0]).strip("'")] = given(kind, NULL not in options(kind))
        return Thing("object", members, others)


def literal_kind(value: Expression) -> Kind:
    """The kind of a literal; Anything for all else."""
    if not isinstance(value, Literal):
        return ANY
    if isinstance(value.value, bool):
        return BOOL
    if isinstance(value.value, int):
        return Number(value.value)
    return Text(value.value) if isinstance(value.value, str) else NULL


def decorated(kind: Kind, declared: Declaration) -> Kind:
    """Narrow `kind` by `@allowed`, `@minLength`, `@maxLength`, `@minValue` and `@maxValue`."""
    allowed = declared.decorator("allowed")
    if allowed and allowed.arguments and isinstance(allowed.arguments[0], Array):
        values = either(*map(literal_kind, allowed.arguments[0].items)) if allowed.arguments[0].items else kind
        return Sequence(values) if isinstance(kind, Sequence) else values
    least, most = (_number(declared.decorator(name)) for name in ("minLength", "maxLength"))
    if kind == TEXT:
        return Text(None, None, least, most)
    if isinstance(kind, Sequence):
        return Sequence(kind.item, least, most)
    if kind == INT:
        return Number(None, *(_number(declared.decorator(name)) for name in ("minValue", "maxValue")))
    return kind


def _number(call: Call | None) -> int | None:
    value = call.arguments[0] if call and call.arguments else None
    if isinstance(value, Unary) and value.operator == "-" and isinstance(value.operand, Literal):
        return -value.operand.value if isinstance(value.operand.value, int) else None
    return value.value if isinstance(value, Literal) and isinstance(value.value, int) else None
