"""Mends and checks what binds to what.

The grammar package lets `?.` take in what stands before it (`a + b?.c` becomes `(a + b)?.c`), and `is Type` what
follows. Such places get the parentheses that C# means; any other operand of too low a precedence is refused.
"""

from collections.abc import Iterator

from tree_sitter import Node

from local.apim.csharp.grammar import all_nodes, field, named, text_of

PRIMARY, UNARY, RELATIONAL, COALESCING, CONDITIONAL, LOWEST = 15, 14, 10, 3, 2, 1
_BINARY = {"*": 13, "/": 13, "%": 13, "+": 12, "-": 12, "<<": 11, ">>": 11, ">>>": 11, "==": 9, "!=": 9}
_BINARY |= {"<": 10, ">": 10, "<=": 10, ">=": 10, "&": 8, "^": 7, "|": 6, "&&": 5, "||": 4, "??": COALESCING}
_KINDS = {
    "prefix_unary_expression": UNARY,
    "cast_expression": UNARY,
    "await_expression": UNARY,
    "is_expression": RELATIONAL,
    "is_pattern_expression": RELATIONAL,
    "as_expression": RELATIONAL,
    "conditional_expression": CONDITIONAL,
    "assignment_expression": LOWEST,
    "lambda_expression": LOWEST,
}
CHAINED = {
    "member_access_expression": "expression",
    "invocation_expression": "function",
    "element_access_expression": "expression",
    "conditional_access_expression": "condition",
}
"""Nodes of chains, and the field that holds what the link hangs on."""


def strength(node: Node) -> int:
    """Give how strongly the parts of a node hold together; PRIMARY for what stands alone."""
    if node.type == "binary_expression":
        return _BINARY.get(text_of(field(node, "operator")), LOWEST)
    return _KINDS.get(node.type, PRIMARY)


def mended(program: bytes, root: Node) -> bytes | None:
    """Give the program with one pair of parentheses more; None when none is missing."""
    for node in all_nodes(root):
        span = next(filter(None, (find(node) for find in _MISTAKES)), None)
        if span:
            start, end = span
            return program[:start] + b"(" + program[start:end] + b")" + program[end:]
    return None


def _swallowed_before(node: Node) -> tuple[int, int] | None:
    """Find the chain whose `?.` hangs on a whole operation, not on its last operand."""
    if node.type != "conditional_access_expression" or strength(field(node, "condition")) == PRIMARY:
        return None
    top = node
    while top.parent and top.parent.type in CHAINED and field(top.parent, CHAINED[top.parent.type]) == top:
        top = top.parent
    return _last_operand(field(node, "condition"), PRIMARY).start_byte, top.end_byte


def _swallowed_behind(node: Node) -> tuple[int, int] | None:
    """Find `x is Type` whose type has taken in the operators behind it."""
    if node.type != "is_pattern_expression" or field(node, "pattern").type != "constant_pattern":
        return None
    tested = named(field(node, "pattern"))[0]
    if strength(tested) == PRIMARY:
        return None
    while strength(tested) != PRIMARY and tested.type not in ("cast_expression", "prefix_unary_expression"):
        tested = named(tested)[0]
    return _last_operand(field(node, "expression"), RELATIONAL).start_byte, tested.end_byte


def _no_cast(node: Node) -> tuple[int, int] | None:
    """Find `(a.b) - c` that was taken for a cast of `-c`: after a name in parentheses, a sign is an operator."""
    if node.type != "cast_expression" or field(node, "type").type == "predefined_type":
        return None
    value = field(node, "value")
    if value.type != "prefix_unary_expression" or value.children[0].type not in ("-", "+", "&", "*"):
        return None
    written = field(node, "type")
    return written.start_byte, written.end_byte


def _no_comparison(node: Node) -> tuple[int, int] | None:
    """Find `a.As<T>(b)` that was taken for `a.As < T > (b)`: before a parenthesis, `<T>` is always a list of types."""
    if node.type != "binary_expression" or text_of(field(node, "operator")) != ">":
        return None
    left, right = field(node, "left"), field(node, "right")
    if left.type != "binary_expression" or text_of(field(left, "operator")) != "<":
        return None
    if right.type != "parenthesized_expression":
        return None
    return _last_operand(field(left, "left"), PRIMARY).start_byte, right.end_byte


_MISTAKES = (_swallowed_before, _swallowed_behind, _no_cast, _no_comparison)


def _last_operand(node: Node, least: int) -> Node:
    while strength(node) < least:
        node = named(node)[-1]
    return node


def loose(root: Node) -> Iterator[Node]:
    """Give the operands that hold less strongly together than C# lets them stand there."""
    for node in all_nodes(root):
        for part, least in _demands(node):
            if strength(part) < least:
                yield part


def _demands(node: Node) -> list[tuple[Node, int]]:
    if node.type in CHAINED:
        return [(field(node, CHAINED[node.type]), PRIMARY)]
    if node.type == "binary_expression":
        own = strength(node)
        left, right = (own + 1, own) if own == COALESCING else (own, own + 1)
        return [(field(node, "left"), left), (field(node, "right"), right)]
    if node.type == "conditional_expression":
        return [(field(node, "condition"), CONDITIONAL + 1)]
    if node.type in ("is_expression", "as_expression"):
        return [(field(node, "left"), RELATIONAL)]
    if node.type == "is_pattern_expression":
        return [(field(node, "expression"), RELATIONAL)]
    if node.type in ("prefix_unary_expression", "cast_expression"):
        return [(named(node)[-1], UNARY)]
    return []
