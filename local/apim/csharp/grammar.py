"""The syntax of an expression: tree-sitter's nodes, and where each stands in the policy document."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from local.apim.errors import Place, PolicyRefused

_PARSER = Parser(Language(tree_sitter_c_sharp.language()))


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed expression; `body` is what it returns, or the block of its statements."""

    place: Place
    body: Node

    def refused(self, node: Node, reason: str) -> PolicyRefused:
        """Give the refusal of a node, with the line that it begins in."""
        return PolicyRefused(self.place.below(node.start_point.row), reason)


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def named(node: Node) -> list[Node]:
    """Give the children that mean something: no punctuation, no comments."""
    return [child for child in node.named_children if child.type != "comment"]


def field(node: Node, name: str) -> Node:
    """Give a child that the grammar says is there."""
    found = node.child_by_field_name(name)
    assert found is not None, f"{node.type} has no {name}"  # noqa: S101 a broken grammar, not a broken policy
    return found


def parse(text: str, place: Place) -> Source:
    """Parse `@(expression)` or `@{statements}`; raises PolicyRefused where it is not C#."""
    place = place.below(text[: len(text) - len(text.lstrip())].count("\n"))
    text = text.strip()
    block = text.startswith("@{")
    if not (text.startswith("@(") and text.endswith(")")) and not (block and text.endswith("}")):
        raise PolicyRefused(place, f"not a policy expression: {shortened(text)}; they are @(...) or @{{...}}")
    inner = f"{text[1:-1]}\n}}" if block else f"{{return {text[1:-1]}\n);}}"
    root = _PARSER.parse(f"class C{{object M(){inner}}}".encode()).root_node
    if root.has_error:
        line, near = _fault(root)
        raise PolicyRefused(place.below(line), f"not C#: {near} in {shortened(text)}")
    return Source(place, _body(root, text, place, block=block))


def _fault(root: Node) -> tuple[int, str]:
    found = next((node for node in _all(root) if node.is_error or node.is_missing), None)
    found = found or next(node for node in _all(root) if node.has_error)
    what = f"{found.type} is missing" if found.is_missing else f"near {shortened(text_of(found))}"
    return found.start_point.row, what


def _all(node: Node) -> Iterator[Node]:
    """Give the broken nodes before their parents."""
    for child in node.children:
        yield from _all(child)
    yield node


def _body(root: Node, text: str, place: Place, *, block: bool) -> Node:
    """Give the one body; text that closes it and goes on with other members is no expression."""
    methods = named(field(named(root)[0], "body")) if len(named(root)) == 1 else []
    body = field(methods[0], "body") if len(methods) == 1 else None
    if body is None or body.end_byte != root.end_byte - 1:
        raise PolicyRefused(place, f"not one expression: {shortened(text)}")
    if block:
        return body
    statements = named(body)
    value = named(statements[0]) if len(statements) == 1 else []
    if len(value) != 1 or value[0].type != "parenthesized_expression":
        raise PolicyRefused(place, f"not one expression: {shortened(text)}")
    return named(value[0])[0]


def shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:77]}..."


def near(name: str, known: Iterable[str]) -> str:
    """Give the words that suggest names like a mistaken one, or list them all when they are few."""
    names = sorted(set(known))
    close = get_close_matches(name, names, 3, 0.6) or [one for one in names if one.lower() == name.lower()]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are: {', '.join(names)}" if 0 < len(names) <= 12 else ""
