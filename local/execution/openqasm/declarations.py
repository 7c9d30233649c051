"""Reads declarations: included files, constants, variables, aliases and gates of the machine."""

from local.execution.openqasm.calls import TYPES, hint, new_name
from local.execution.openqasm.cursor import Cursor
from local.execution.openqasm.syntax import Alias, Include, Opaque, Statement, Variable
from local.execution.openqasm.tokens import Token


def include(cursor: Cursor, word: Token) -> list[Statement]:
    """Read what follows `include`."""
    name = cursor.next()
    if name.kind != "text":
        raise name.at.invalid("the name of a file in quotes must stand here.")
    cursor.expect(";")
    return [Include(name.text[1:-1], word.at)]


def constant(cursor: Cursor, word: Token) -> list[Statement]:
    """Read what follows `const`."""
    kind = cursor.name()
    if kind.text not in TYPES:
        raise kind.at.invalid(f"a constant is int, uint, float, angle or bool, not {kind.text!r}.")
    size, name = cursor.size(), new_name(cursor)
    cursor.expect("=")
    value = cursor.expression()
    cursor.expect(";")
    return [Variable(kind.text, size, name, value, is_constant=True, at=word.at)]


def variable(cursor: Cursor, word: Token) -> list[Statement]:
    """Read what follows the word of a type."""
    size, name = cursor.size(), new_name(cursor)
    value = cursor.value() if cursor.take("=") else None
    cursor.expect(";")
    return [Variable(word.text, size, name, value, is_constant=False, at=word.at)]


def alias(cursor: Cursor, word: Token) -> list[Statement]:
    """Read what follows `let`."""
    name = new_name(cursor)
    cursor.expect("=")
    parts = [cursor.operand()]
    while cursor.take("++"):
        parts.append(cursor.operand())
    cursor.expect(";")
    return [Alias(name, tuple(parts), word.at)]


def opaque(cursor: Cursor, word: Token) -> list[Statement]:
    """Read what follows `opaque`."""
    name = new_name(cursor)
    hint(cursor, word)
    return [Opaque(name, word.at)]
