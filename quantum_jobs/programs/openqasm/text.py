"""The source text: places of faults in it, and what is refused before a parser sees it.

The parser is native and recursive: nested deeply enough it ends the process, and no signal stops it. So brackets,
blocks, branch chains and operators are counted on the raw text first.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from copy import copy
from typing import Any, NamedTuple

from quantum_jobs.errors import Fault
from quantum_jobs.programs.checks import Limits

_TOKEN = re.compile(
    r"(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z)|\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<word>[^\W\d]\w*)|(?P<number>[\d.][\w.]*)|(?P<sign>\S)",
    re.DOTALL,
)
_OPENING, _CLOSING = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
_BRANCHING = frozenset({"if", "for", "while", "switch"})
_LONGEST_NUMBER = 40
_MOST_OPERATORS = 200


class Span(NamedTuple):
    """Half-open range of UTF-8 bytes of the source."""

    lo: int
    hi: int


class SourceText:
    """A program's text and the faults found in it, each once, in order of place."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self._data = text.encode()
        self._lines = [0, *(match.end() for match in re.finditer(b"\n", self._data))]
        self._faults: dict[tuple[int, int, str], Fault] = {}
        self._about_parameters: list[Fault] = []
        self._broken_lines: set[int] = set()

    def copy(self) -> "SourceText":
        """Give the same text with the faults found so far, to which others may be added apart."""
        other = copy(self)
        vars(other).update({name: copy(vars(self)[name]) for name in ("_faults", "_about_parameters", "_broken_lines")})
        return other

    def between(self, span: Any) -> str:
        """Give the text of a span."""
        return self._data[span.lo : span.hi].decode(errors="replace")

    @property
    def faults(self) -> list[Fault]:
        """All faults, first those of the text by place."""
        return [fault for _, fault in sorted(self._faults.items())] + self._about_parameters

    @property
    def fault_count(self) -> int:
        """Number of faults so far."""
        return len(self._faults) + len(self._about_parameters)

    @property
    def is_full(self) -> bool:
        """Tell whether so many faults were found that looking for more is of no use."""
        return len(self._faults) >= self.limits.faults

    def refuse_syntax(self, span: Span, detail: str) -> None:
        """Note that a line cannot be parsed; further faults of this line would be echoes and are dropped."""
        line = self._line(span.lo)
        if line not in self._broken_lines:
            self.refuse(span, detail)
            self._broken_lines.add(line)

    def refuse(self, span: Span, detail: str) -> None:
        """Note a fault at a place."""
        if self._line(span.lo) in self._broken_lines:
            return
        if not self.is_full and not any((span.lo, detail) == (lo, known) for lo, _, known in self._faults):
            line, column = self._place(span.lo)
            end_line, end_column = self._place(max(span.lo, span.hi))
            self._faults[span.lo, span.hi, detail] = Fault(
                detail, line=line, column=column, end_line=end_line, end_column=end_column
            )

    def refuse_parameter(self, name: str, detail: str) -> None:
        """Note a fault of a parameter given beside the text."""
        self._about_parameters.append(Fault(detail, pointer=f"/program/parameters/{_pointer(name)}"))

    def _line(self, offset: int) -> int:
        return bisect_right(self._lines, min(offset, len(self._data)))

    def _place(self, offset: int) -> tuple[int, int]:
        """Give line and column from 1, the column in code points."""
        offset = min(offset, len(self._data))
        line = self._line(offset)
        return line, len(self._data[self._lines[line - 1] : offset].decode(errors="replace")) + 1

    def scan(self) -> list["Token"]:
        """Split the text roughly and refuse what is nested or chained too deeply to be parsed safely."""
        tokens = [
            Token(match.group(), match.lastgroup == "word", match.start())
            for match in _TOKEN.finditer(self.text)
            if match.lastgroup != "skip"
        ]
        _Nesting(self.limits, lambda token, detail: self.refuse(self.span_of(token), detail)).check(tokens)
        for token in tokens:
            if len(token.text) > _LONGEST_NUMBER and token.text[0].isdigit():
                detail = f"the number has {len(token.text)} digits; at most {_LONGEST_NUMBER} are taken"
                self.refuse(self.span_of(token), detail)
        return tokens

    def span_of(self, token: "Token") -> Span:
        """Give the bytes of a token."""
        start = len(self.text[: token.start].encode())
        return Span(start, start + len(token.text.encode()))


class Token(NamedTuple):
    """A word, number or sign of the source; `start` counts code points."""

    text: str
    is_word: bool
    start: int


class _Nesting:
    """Depth of brackets, of blocks with and without braces, of `else if` chains; length of expressions."""

    def __init__(self, limits: Limits, refuse: Callable[[Token, str], None]) -> None:
        self._limit = limits.nesting
        self._refuse = refuse
        self._open: list[str] = []
        self._chains = [0]
        self._heads = self._operators = 0
        self._starts_statement = True

    def check(self, tokens: list[Token]) -> None:
        """Refuse the first place that is too deep and each expression that is too long."""
        for token in tokens:
            self._count(token)
            if self._heads + sum(self._chains) + len(self._open) > self._limit:
                self._refuse(token, f"nested more than {self._limit} deep")
                return
            if self._operators == _MOST_OPERATORS + 1:
                self._refuse(token, f"more than {_MOST_OPERATORS} operators in one statement")

    def _count(self, token: Token) -> None:
        if self._starts_statement:
            self._heads = 0
            if token.text != "else":
                self._chains[-1] = 0
        self._starts_statement = token.text in {";", "{", "}"}
        if token.text == "else":
            self._chains[-1] += 1
        elif token.text in _BRANCHING:
            self._heads += 1
        elif token.text in _OPENING or token.text in _CLOSING:
            self._count_bracket(token.text)
        elif not token.is_word and not token.text[0].isalnum() and token.text not in ",;.":
            self._operators += 1
        if self._starts_statement:
            self._operators = 0

    def _count_bracket(self, bracket: str) -> None:
        if bracket in _OPENING:
            self._open.append(_OPENING[bracket])
            if bracket == "{":
                self._chains.append(0)
        elif self._open and self._open[-1] == bracket:
            self._open.pop()
            if bracket == "}":
                self._chains.pop()


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
