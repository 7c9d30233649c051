"""The filter language of the lists: clauses joined by and, as the azure-quantum package writes them."""

import re
from dataclasses import dataclass
from datetime import date

from local.azure_quantum.errors import Refused
from local.azure_quantum.times import PER_SECOND

MOST_COMPARISONS = 100
PER_DAY = 86400 * PER_SECOND
_LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True)
class Clause:
    """A condition on the table of items: SQL, which holds no text of a caller, and the values of its marks."""

    sql: str
    values: tuple[str | int, ...] = ()


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d)(?![\w-])|(?P<word>[A-Za-z]+)|(?P<mark>[(),]))"
)
_ENUMERATED = {
    "itemtype": "item_type",
    "jobtype": "job_type",
    "providerid": "provider",
    "target": "target",
    "state": "state",
}
ORDERED_BY = _ENUMERATED | {"name": "name", "creationtime": "position"}
"""Properties that a list may be ordered by, in lower case, and their columns."""


def _refused(reason: str) -> Refused:
    return Refused(400, "InvalidQuery", f"The filter is not valid: {reason}.")


def clauses(expression: str) -> list[Clause]:
    """Read a filter into conditions that must all hold; raises Refused (400) saying what is wrong where."""
    if not expression.strip():
        return []
    reader = _Reader(_tokens(expression))
    found = reader.conjunction()
    reader.end()
    if sum(len(clause.values) for clause in found) > MOST_COMPARISONS:
        raise _refused(f"it compares more than {MOST_COMPARISONS} values")
    return found


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def _tokens(expression: str) -> list[_Token]:
    tokens, position = [], 0
    while expression[position:].strip():
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise _refused(f"unexpected {expression[position:].strip()[:20]!r} at character {position + 1}")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Reader:
    """Reads: conjunction = clause {and clause}; clause = startswith | ( comparison {or comparison} ) | comparison."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._position = tokens, 0

    def end(self) -> None:
        if self._position < len(self._tokens):
            raise _refused(f"unexpected {self._tokens[self._position].text!r}, where and was expected")

    def conjunction(self) -> list[Clause]:
        found = [self._clause()]
        while self._accept("and"):
            found.append(self._clause())
        return found

    def _clause(self) -> Clause:
        if self._accept("startswith"):
            return self._starts_with()
        if not self._accept("("):
            return self._comparison()
        alternatives = [self._comparison()]
        while self._accept("or"):
            alternatives.append(self._comparison())
        self._expect(")")
        values = tuple(value for alternative in alternatives for value in alternative.values)
        return Clause(f"({' OR '.join(alternative.sql for alternative in alternatives)})", values)

    def _starts_with(self) -> Clause:
        self._expect("(")
        word = self._take("word")
        self._expect(",")
        prefix = _unquoted(self._take("text"))
        self._expect(")")
        if word.lower() != "name":
            raise _refused(f"startswith takes Name, not {word!r}")
        beyond = _after_all_that_start_with(prefix)
        if beyond is None:
            return Clause("name >= ?", (prefix,))
        return Clause("(name >= ? AND name < ?)", (prefix, beyond))

    def _comparison(self) -> Clause:
        word = self._take("word")
        operation = self._take("word").lower()
        if word.lower() == "creationtime" and operation in {"ge", "le"}:
            day = _ticks(self._take("date"))
            return Clause("created >= ?", (day,)) if operation == "ge" else Clause("created < ?", (day + PER_DAY,))
        column = _ENUMERATED.get(word.lower())
        if column is None or operation != "eq":
            raise _refused(f"{word} {operation} is not a comparison")
        return Clause(f"{column} = ?", (_unquoted(self._take("text")).lower(),))

    def _accept(self, text: str) -> bool:
        found = self._position < len(self._tokens) and self._tokens[self._position].text.lower() == text
        self._position += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise _refused(f"{text!r} was expected{self._here()}")

    def _take(self, kind: str) -> str:
        if self._position >= len(self._tokens) or self._tokens[self._position].kind != kind:
            raise _refused(f"a {kind} was expected{self._here()}")
        self._position += 1
        return self._tokens[self._position - 1].text

    def _here(self) -> str:
        rest = self._tokens[self._position : self._position + 1]
        return f", not {rest[0].text!r}" if rest else " at the end"


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _after_all_that_start_with(prefix: str) -> str | None:
    """Give the first text, by code points, behind all that start with a prefix; None when there is none."""
    stem = prefix.rstrip(chr(_LAST_CHARACTER))
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    # Surrogates are no characters of a text in UTF-8.
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)


def _ticks(day: str) -> int:
    try:
        return (date.fromisoformat(day) - date(1970, 1, 1)).days * PER_DAY
    except ValueError as error:
        raise _refused(f"{day} is not a day") from error
