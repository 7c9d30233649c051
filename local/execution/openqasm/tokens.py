"""Cuts OpenQASM into words, numbers and signs, each with its line and column."""

import re
from typing import NamedTuple

from local.execution.errors import InvalidProgram

_PATTERN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<float>(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+)
    |(?P<int>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*)
    |(?P<name>\$?[^\W\d]\w*|\$\d+)
    |(?P<text>"[^"\n]*")
    |(?P<sign>\*\*=|<<=|>>=|\*\*|\+\+|->|[-+*/%^&|]=|==|!=|<=|>=|&&|\|\||<<|>>|[-+*/%^&|~!<>=(){}\[\];,:@.\#])""",
    re.VERBOSE | re.DOTALL,
)


class Place(NamedTuple):
    """Where something stands in the text, counted from 1."""

    line: int
    column: int

    def invalid(self, message: str) -> InvalidProgram:
        return InvalidProgram(f"line {self.line}, column {self.column}: {message}")


class Token(NamedTuple):
    """A piece of text; kind is float, int, name, text, sign or end."""

    kind: str
    text: str
    at: Place


def tokens(text: str) -> list[Token]:
    """Cut a text; the last token is the end. Raises InvalidProgram at a character that begins nothing."""
    found, position, line, start = [], 0, 1, 0
    while position < len(text):
        at = Place(line, position - start + 1)
        match = _PATTERN.match(text, position)
        if match is None:
            raise at.invalid(f"the character {text[position]!r} begins nothing of OpenQASM.")
        position = match.end()
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], at))
        breaks = match[0].count("\n")
        if breaks:
            line, start = line + breaks, match.start() + match[0].rindex("\n") + 1
    found.append(Token("end", "the end of the program", Place(line, position - start + 1)))
    return found
