"""Where the grammar is ambiguous, expressions are read as Bicep means them."""

from pathlib import Path

import pytest

from tools.bicep.declarations import Variable, read_file
from tools.bicep.nodes import Access, Array, Binary, Call, Expression, Index, Lambda, Literal, Name, Ternary, Unary


def _read(tmp_path: Path, text: str) -> Expression:
    path = tmp_path / "main.bicep"
    path.write_text(f"var x = {text}\n")
    file = read_file(path)
    assert [item.shown() for item in file.findings] == []
    value = file.of(Variable)["x"].value
    assert value is not None
    return value


@pytest.mark.parametrize("operator", ["&&", "||", "==", "!=", "??", "+"])
def test_a_member_belongs_to_the_operand_right_before_it(tmp_path: Path, operator: str) -> None:
    read = _read(tmp_path, f"a.b {operator} c.d")
    assert isinstance(read, Binary)
    assert isinstance(read.left, Access)
    assert isinstance(read.right, Access)


def test_a_member_after_parentheses_belongs_to_all_that_is_in_them(tmp_path: Path) -> None:
    read = _read(tmp_path, "(a ?? b).c")
    assert isinstance(read, Access)
    assert isinstance(read.target, Binary)


def test_the_tighter_operator_takes_the_operand(tmp_path: Path) -> None:
    read = _read(tmp_path, "a.b && c.d == 'x' || e")
    assert isinstance(read, Binary)
    assert read.operator == "||"
    assert isinstance(read.left, Binary)
    assert read.left.operator == "&&"
    assert isinstance(read.left.right, Binary)
    assert read.left.right.operator == "=="


def test_parentheses_keep_their_operands_together(tmp_path: Path) -> None:
    read = _read(tmp_path, "a.b && (c || d) == e.f")
    assert isinstance(read, Binary)
    assert isinstance(read.right, Binary)
    assert read.right.operator == "=="
    assert isinstance(read.right.left, Binary)
    assert read.right.left.operator == "||"


def test_not_stands_before_the_whole_access(tmp_path: Path) -> None:
    read = _read(tmp_path, "!a.b[0]")
    assert isinstance(read, Unary)
    assert isinstance(read.operand, Index)


def test_what_follows_a_lambda_belongs_to_its_body(tmp_path: Path) -> None:
    read = _read(tmp_path, "filter(l, (i, j) => i.z == j)")
    assert isinstance(read, Call)
    assert isinstance(read.arguments[1], Lambda)
    assert read.arguments[1].names == ("i", "j")
    assert isinstance(read.arguments[1].body, Binary)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("[a[0]]", [Index]),
        ("[a[0].b]", [Access]),
        ("[f('1')]", [Call]),
        ("[f('1').b, g('2')]", [Access, Call]),
        ("[\n  a\n  [1]\n]", [Name, Array]),
        ("[a, b.c]", [Name, Access]),
    ],
)
def test_items_of_an_array_are_kept_together(tmp_path: Path, text: str, kinds: list[type[Expression]]) -> None:
    read = _read(tmp_path, text)
    assert isinstance(read, Array)
    assert [type(item) for item in read.items] == kinds


def test_the_last_branch_of_a_condition_takes_its_members(tmp_path: Path) -> None:
    read = _read(tmp_path, "a == 'x' ? b.c : d.e")
    assert isinstance(read, Ternary)
    assert isinstance(read.otherwise, Access)


def test_escapes_are_read(tmp_path: Path) -> None:
    read = _read(tmp_path, r"'it\'s \${x}'")
    assert isinstance(read, Literal)
    assert read.value == "it's ${x}"
