"""Assignments of OpenQASM 2 on measured registers against Python's own whole numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from local.execution import openqasm
from local.execution.simulator import Simulator

HEAD = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[5]; creg a[3]; creg b[2]; creg d[6]; '
MEASURED = "h q; measure q[0] -> a[0]; measure q[1] -> a[1]; measure q[2] -> a[2]; measure q[3] -> b[0]; measure q[4] -> b[1]; "  # fmt: skip  # noqa: E501
type Meaning = Callable[[int, int], int]


@dataclass(frozen=True)
class Text:
    """An expression as it is written, and what it is for values of a and b."""

    text: str
    meaning: Meaning

    def __repr__(self) -> str:
        return self.text


LEAVES = [
    Text("a", lambda a, b: a),
    Text("b", lambda a, b: b),
    Text("~a", lambda a, b: 7 - a),
    Text("~b", lambda a, b: 3 - b),
    Text("a[1]", lambda a, b: a >> 1 & 1),
    Text("b[0]", lambda a, b: b & 1),
    Text("(a >> 1)", lambda a, b: a >> 1),
    Text("(a << 1)", lambda a, b: a << 1 & 7),
    Text("(a >> b)", lambda a, b: a >> b),
]
OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "^": lambda left, right: left ^ right,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    ">=": lambda left, right: int(left >= right),
}


def joined(left: Text, sign: str, right: Text) -> Text:
    compute = OPERATORS[sign]
    return Text(f"({left} {sign} {right})", lambda a, b: compute(left.meaning(a, b), right.meaning(a, b)))


LITERALS = st.integers(0, 9).map(lambda number: Text(str(number), lambda a, b: number))
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES) | LITERALS,
    lambda inner: st.builds(joined, inner, st.sampled_from(list(OPERATORS)), inner),
    max_leaves=6,
)


def number(bits: list[int]) -> int:
    return sum(bit << place for place, bit in enumerate(bits))


def values(text: str) -> dict[tuple[int, int], set[int]]:
    """Run a program; gives for each outcome of a and b what d was."""
    found: dict[tuple[int, int], set[int]] = {}
    for record in Simulator(openqasm.read((HEAD + MEASURED + text).encode()), seed=3).sample(400):
        bits = [int(entry[1]) for entry in record if isinstance(entry, tuple)]
        a, b, d = number(bits[:3]), number(bits[3:5]), number(bits[5:])
        found.setdefault((a, b), set()).add(d)
    return found


@given(EXPRESSIONS)
def test_an_assignment_is_its_expression_cut_to_the_register(expression: Text) -> None:
    found = values(f"d = {expression};")
    assert len(found) > 20
    assert found == {(a, b): {expression.meaning(a, b) % 64} for a, b in found}


@given(EXPRESSIONS, EXPRESSIONS)
def test_a_condition_holds_where_its_expressions_compare_so(left: Text, right: Text) -> None:
    found = values(f"if ({left} > {right}) d = {left}; if ({left} <= {right}) d[5] = 1;")
    wanted = {(a, b): {left.meaning(a, b) % 64 if left.meaning(a, b) > right.meaning(a, b) else 32} for a, b in found}
    assert found == wanted
