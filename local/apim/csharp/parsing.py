"""From the text of an expression to its nodes."""

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from local.apim.csharp.grammar import Source, all_nodes, field, named, shortened, text_of
from local.apim.csharp.precedence import loose, mended
from local.apim.errors import Place, PolicyRefused

MENDED_AT_MOST = 64
"""Parentheses that are added; where more seem to be missing, the text is refused for what is left."""

_PARSER = Parser(Language(tree_sitter_c_sharp.language()))


def parse(text: str, place: Place) -> Source:
    """Parse `@(expression)` or `@{statements}`; raises PolicyRefused where it is not C#."""
    place = place.below(text[: len(text) - len(text.lstrip())].count("\n"))
    text = text.strip()
    block = text.startswith("@{")
    if not (text.startswith("@(") and text.endswith(")")) and not (block and text.endswith("}")):
        raise PolicyRefused(place, f"not a policy expression: {shortened(text)}; they are @(...) or @{{...}}")
    inner = f"{text[1:-1]}\n}}" if block else f"{{return {text[1:-1]}\n);}}"
    root = _tree(f"class C{{object M(){inner}}}".encode())
    if root.has_error:
        line, near = _fault(root)
        raise PolicyRefused(place.below(line), f"not C#: {near} in {shortened(text)}")
    source = Source(place, _body(root, text, place, block=block))
    for node in loose(root):
        raise source.refused(node, f"it is not clear what belongs together: put {shortened(text_of(node))} into ( )")
    return source


def _tree(program: bytes) -> Node:
    root = _PARSER.parse(program).root_node
    for _ in range(MENDED_AT_MOST):
        more = None if root.has_error else mended(program, root)
        if more is None:
            break
        root, program = _PARSER.parse(more).root_node, more
    return root


def _fault(root: Node) -> tuple[int, str]:
    found = next((node for node in all_nodes(root) if node.is_error or node.is_missing), None)
    found = found or next(node for node in all_nodes(root) if node.has_error)
    wrong = found.parent if found.is_missing and found.parent else found
    what = f"near {shortened(text_of(wrong))}"
    return found.start_point.row, what


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
