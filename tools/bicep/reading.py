"""Turns tree-sitter's tree into expressions.

The grammar binds `.`, `[]` and `(` looser than operators: `a && b.c` is read as `(a && b).c`; `_attach`
puts that right.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tools.bicep.findings import Place
from tools.bicep.nodes import (
    Access,
    Array,
    Binary,
    Call,
    Expression,
    For,
    If,
    Index,
    Interpolated,
    Lambda,
    Literal,
    Name,
    Nested,
    Object,
    Property,
    Ternary,
    Unary,
)

_PARSER: Final = Parser(Language(tree_sitter_bicep.language()))
_TIGHTNESS: Final = {
    operator: tightness
    for tightness, operators in enumerate(("??", "||", "&&", "== != =~ !~", "< <= > >=", "+ -", "* / %"))
    for operator in operators.split()
}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


class Unreadable(Exception):
    """The grammar does not know what stands here."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place


def parse(source: bytes) -> Node:
    return _PARSER.parse(source).root_node


def place(node: Node) -> Place:
    return Place(node.start_point[0] + 1, node.start_point[1] + 1)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def named(node: Node) -> list[Node]:
    """The named children without comments."""
    return [child for child in node.named_children if child.type not in ("comment", "diagnostic_comment")]


def expression(node: Node) -> Expression:
    """Read an expression.

    Raises:
        Unreadable: it is of a kind that this reader does not know.
    """
    reader = _READERS.get(node.type)
    if reader is None:
        raise Unreadable(place(node), f"cannot read {text(node)[:40]!r}")
    try:
        return reader(node)
    except (IndexError, ValueError) as error:  # a part is missing
        raise Unreadable(place(node), f"cannot read {text(node)[:40]!r}") from error


def string(node: Node) -> Expression:
    """A string: what stands between its quotes and interpolations is literal."""
    whole = node.text or b""
    quotes = 3 if whole.startswith(b"'''") else 1
    parts: list[str | Expression] = []
    at = quotes
    for child in named(node):
        if child.type == "interpolation":
            parts.append(_unescaped(whole[at : child.start_byte - node.start_byte], quotes))
            parts.append(expression(named(child)[0]))
            at = child.end_byte - node.start_byte
    parts.append(_unescaped(whole[at : len(whole) - quotes], quotes))
    if len(parts) == 1:
        return Literal(place(node), str(parts[0]))
    return Interpolated(place(node), tuple(part for part in parts if part != ""))


def _unescaped(value: bytes, quotes: int) -> str:
    """Nothing is escaped within three quotes; a line break right after them is none."""
    if quotes == 3:
        return value.decode().removeprefix("\n")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), value.decode())


def members(node: Node) -> Object:
    """An object; resources that are declared in it are left out: `declarations` reads them."""
    found = []
    _separated(node)
    for item in named(node):
        parts = named(item)
        if item.type != "object_property":
            raise Unreadable(place(item), f"cannot read {text(item)[:40]!r}")
        if len(parts) == 2:
            found.append(Property(place(item), _key(parts[0]), expression(parts[1])))
        elif parts[0].type != "resource_declaration":
            raise Unreadable(place(item), f"cannot read {text(item)[:40]!r}")
    return Object(place(node), tuple(found))


def _separated(node: Node) -> None:
    """The grammar asks for nothing between two items of one line, Bicep for a comma."""
    for item, after in zip(node.children, node.children[1:], strict=False):
        touching = item.end_byte == after.start_byte
        same_line = not touching and item.end_point.row == after.start_point.row
        if item.is_named and after.is_named and same_line and "comment" not in item.type + after.type:
            raise Unreadable(place(after), "a comma or a line break is missing before this")


def _key(node: Node) -> str | None:
    if node.type != "string":
        return text(node)
    value = string(node)
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def _attach(target: Expression, build: Callable[[Expression], Expression]) -> Expression:
    """Apply a postfix to the operand that stands right before it."""
    if isinstance(target, Binary) and not target.whole:
        return replace(target, right=_attach(target.right, build))
    if isinstance(target, Unary):
        return Unary(target.place, target.operator, _attach(target.operand, build))
    if isinstance(target, Ternary):
        return Ternary(target.place, target.condition, target.then, _attach(target.otherwise, build))
    return _within_lambda(target, lambda body: _attach(body, build)) or build(target)


def _within_lambda(target: Expression, build: Callable[[Expression], Expression]) -> Expression | None:
    """What follows a lambda's body belongs to the body: `x => x.y == z`."""
    return Lambda(target.place, target.names, build(target.body)) if isinstance(target, Lambda) else None


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise Unreadable(place(node), f"cannot read {text(node)[:40]!r}")
    return found


def _access(node: Node) -> Expression:
    name = text(_field(node, "property"))
    safe = _safe(node)
    return _postfix(node, lambda target: Access(place(node), target, name, safe))


def _index(node: Node) -> Expression:
    index = expression(_field(node, "index"))
    return _postfix(node, lambda target: Index(place(node), target, index))


def _nested(node: Node) -> Expression:
    name = text(_field(node, "resource"))
    return _postfix(node, lambda target: Nested(place(node), target, name))


def _postfix(node: Node, build: Callable[[Expression], Expression]) -> Expression:
    target = _field(node, "object")
    read = expression(target)
    return build(read) if target.type == "parenthesized_expression" else _attach(read, build)


def _call(node: Node) -> Expression:
    arguments = _arguments(node)
    return _attach(expression(_field(node, "function")), lambda target: _called(node, target, arguments))


def _arguments(node: Node) -> tuple[Expression, ...]:
    return tuple(expression(item) for item in named(_field(node, "arguments")))


def _called(node: Node, target: Expression, arguments: tuple[Expression, ...]) -> Expression:
    if isinstance(target, Access):
        return Call(target.place, target.target, target.name, arguments)
    if isinstance(target, Name):
        return Call(target.place, None, target.name, arguments)
    raise Unreadable(place(node), f"cannot read {text(node)[:40]!r}")


def _safe(node: Node) -> bool:
    return any(child.type in (".?", "?.") for child in node.children)


def _binary(node: Node) -> Expression:
    left, right = named(node)[0], named(node)[-1]
    operator = "".join(text(child) for child in node.children if not child.is_named).strip()
    first, second = expression(left), expression(right)

    def build(operand: Expression) -> Expression:
        return _joined(Binary(place(node), operator, operand, second))

    return (left.type != "parenthesized_expression" and _within_lambda(first, build)) or build(first)


def _joined(node: Binary) -> Binary:
    """Let the tighter operator take the operand: `(a && b) == c` that was written without parentheses."""
    left = node.left
    if not isinstance(left, Binary) or left.whole or _TIGHTNESS[left.operator] >= _TIGHTNESS[node.operator]:
        return node
    return replace(left, right=_joined(replace(node, place=left.right.place, left=left.right)))


def _parentheses(node: Node) -> Expression:
    inner = expression(named(node)[0])
    return replace(inner, whole=True) if isinstance(inner, Binary) else inner


def _unary(node: Node) -> Expression:
    return Unary(place(node), text(node.children[0]), expression(named(node)[-1]))


def _ternary(node: Node) -> Expression:
    condition, then, otherwise = (
        expression(_field(node, name)) for name in ("condition", "consequence", "alternative")
    )

    def build(test: Expression) -> Expression:
        return Ternary(place(node), test, then, otherwise)

    return _within_lambda(condition, build) or build(condition)


def _for(node: Node) -> Expression:
    parts = named(node)
    names = parts[0]
    variables = [text(item) for item in named(names)] if names.type == "for_loop_parameters" else [text(names)]
    return For(place(node), tuple(variables), expression(parts[1]), expression(parts[-1]))


def _if(node: Node) -> Expression:
    condition, body = named(node)
    return If(place(node), expression(condition), expression(body))


def _lambda(node: Node) -> Expression:
    *names, body = named(node)
    listed = [item for name in names for item in (named(name) or [name])]
    return Lambda(place(node), tuple(text(item) for item in listed), expression(body))


def _array(node: Node) -> Expression:
    items = named(node)
    if len(items) == 1 and items[0].type == "for_statement":
        return expression(items[0])
    _separated(node)
    read: list[Expression] = []
    for before, item in zip([None, *items], items, strict=False):
        if before is not None and before.end_byte == item.start_byte:
            read.append(_rebased(item, read.pop()))
        else:
            read.append(expression(item))
    return Array(place(node), tuple(read))


def _rebased(node: Node, target: Expression) -> Expression:
    """Items need no commas, so the grammar reads `[x[0].y]` and `[f(1)]` as two items: make one of them."""
    match node.type:
        case "array":
            return Index(target.place, target, expression(named(node)[0]))
        case "parenthesized_expression":
            return _called(node, target, (expression(named(node)[0]),))
        case "member_expression":
            inner = _rebased(_field(node, "object"), target)
            return Access(target.place, inner, text(_field(node, "property")), _safe(node))
        case "subscript_expression":
            return Index(target.place, _rebased(_field(node, "object"), target), expression(_field(node, "index")))
        case "call_expression":
            return _called(node, _rebased(_field(node, "function"), target), _arguments(node))
    raise Unreadable(place(node), "cannot read this item; write a comma or a line break before it")


_READERS: Final[dict[str, Callable[[Node], Expression]]] = {
    "string": string,
    "number": lambda node: Literal(place(node), int(text(node))),
    "boolean": lambda node: Literal(place(node), text(node) == "true"),
    "null": lambda node: Literal(place(node), None),
    "identifier": lambda node: Name(place(node), text(node)),
    "object": members,
    "array": _array,
    "member_expression": _access,
    "subscript_expression": _index,
    "resource_expression": _nested,
    "call_expression": _call,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "ternary_expression": _ternary,
    "parenthesized_expression": _parentheses,
    "for_statement": _for,
    "if_statement": _if,
    "lambda_expression": _lambda,
}
