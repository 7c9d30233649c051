"""The text of a Quil program, taken apart into instructions with their places.

Our own reader: it finds every fault with its line and column, not the first, and cannot be made to end the process.
Source: the Quil specification, version 2024.1, "Lexical syntax".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quantum_jobs.programs.places import Place

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|\#[^\n]*)"
    r"|(?P<end>[\n;])"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*"?)'
    r"|(?P<word>[%@]?[^\W\d](?:[\w\-]*\w)?)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<sign>.)",
)


class Refused(Exception):
    """An instruction cannot be read; `token` is where, None for the instruction as a whole."""

    def __init__(self, detail: str, token: "Token | None" = None) -> None:
        super().__init__(detail)
        self.token = token


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, text or sign."""

    text: str
    kind: str
    place: Place


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `is_indented` tells the lines of a definition from those of the program."""

    tokens: tuple[Token, ...]
    is_indented: bool

    @property
    def place(self) -> Place:
        """From the first token to the last."""
        first, last = self.tokens[0].place, self.tokens[-1].place
        return Place(first.line, first.column, last.end_column)


def instructions_of(text: str) -> Iterator[Instruction]:
    """Give the instructions in order; lines and semicolons end them."""
    line, start = 1, 0
    tokens: list[Token] = []
    is_indented = False
    for match in _TOKEN.finditer(f"{text}\n"):
        kind, column = match.lastgroup or "", match.start() - start + 1
        if kind == "end":
            if tokens:
                yield Instruction(tuple(tokens), is_indented)
            tokens = []
            if match.group() == "\n":
                line, start = line + 1, match.end()
        elif kind != "skip":
            is_indented = is_indented if tokens else text[start : match.start()].isspace()
            tokens.append(Token(match.group(), kind, Place(line, column, column + len(match.group()))))


class Cursor:
    """Reads the tokens of one instruction from left to right."""

    def __init__(self, instruction: Instruction) -> None:
        self._tokens = instruction.tokens
        self._next = 0

    @property
    def at_end(self) -> bool:
        """Tell whether all has been read."""
        return self._next == len(self._tokens)

    @property
    def here(self) -> str:
        """The next token's text, empty at the end."""
        return "" if self.at_end else self._tokens[self._next].text

    @property
    def kind(self) -> str:
        """The next token's kind, empty at the end."""
        return "" if self.at_end else self._tokens[self._next].kind

    @property
    def token(self) -> Token:
        """The next token, at the end the last one."""
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Read one token."""
        token = self.token
        self._next += not self.at_end
        return token

    def took(self, text: str) -> bool:
        """Read a token if it is this one."""
        is_there = self.here == text
        self._next += is_there
        return is_there

    def want(self, text: str) -> None:
        """Read a token that must be there.

        Raises:
            Refused: another one is.
        """
        if not self.took(text):
            raise Refused(f"{text!r} is missing here", self.token)

    def word(self, what: str) -> Token:
        """Read a name.

        Raises:
            Refused: something else is there.
        """
        if self.kind != "word":
            raise Refused(f"{what} is missing here", self.token)
        return self.take()

    def whole(self, what: str, most: int) -> int:
        """Read a number from 0 to `most`.

        Raises:
            Refused: something else is there, or it is larger.
        """
        if not (self.here.isascii() and self.here.isdigit()):
            raise Refused(f"{what} must be a whole number", self.token)
        token = self.take()
        if len(token.text) > 9 or int(token.text) > most:
            raise Refused(f"{what} is more than {most:,}", token)
        return int(token.text)

    def end(self) -> None:
        """Find nothing more.

        Raises:
            Refused: there is more.
        """
        if not self.at_end:
            raise Refused("the instruction should end here", self.token)
