"""The syntax of an expression: tree-sitter's nodes, and where each stands in the policy document."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from tree_sitter import Node

from local.apim.errors import Place, PolicyRefused


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
    return [child for child in node.children if (child.is_named or child.type in _WORDS) and child.type != "comment"]


_WORDS = frozenset({"this", "base"})
"""Values that the grammar package does not give names to."""


class Incomplete(Exception):
    """A node lacks a part that it has in C#."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"not C#: {shortened(text_of(node))}")
        self.node = node


def field(node: Node, name: str) -> Node:
    """Give a part of a node; raises Incomplete where the parser has mended its text by leaving the part out."""
    found = node.child_by_field_name(name)
    if found is None:
        raise Incomplete(node)
    return found


def all_nodes(node: Node) -> Iterator[Node]:
    """Give the broken nodes before their parents."""
    for child in node.children:
        yield from all_nodes(child)
    yield node


def shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:77]}..."


def near(name: str, known: Iterable[str]) -> str:
    """Give the words that suggest names like a mistaken one, or list them all when they are few."""
    names = sorted(set(known))
    close = get_close_matches(name, names, 3, 0.7) or [one for one in names if one.lower() == name.lower()]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are: {', '.join(names)}" if 0 < len(names) <= 12 else ""
