"""The filter language of the lists: clauses joined by and, as the azure-quantum package writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.azure_quantum.errors import Refused
from local.azure_quantum.models import Job
from local.azure_quantum.times import date

type Matcher = Callable[[Job], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d)(?!\S*\w)|(?P<word>[A-Za-z]+)|(?P<mark>[(),]))"
)

PROPERTIES: dict[str, Callable[[Job], str]] = {
    "name": lambda job: job.request.name,
    "itemtype": lambda _: "Job",
    "jobtype": lambda _: "QuantumComputing",
    "providerid": lambda job: job.request.provider_id.lower(),
    "target": lambda job: job.request.target,
    "state": lambda job: job.status,
    "creationtime": lambda job: date(job.created),
}
_ENUMERATED = {"itemtype", "jobtype", "providerid", "target", "state"}


def sort_key(prop: str) -> Callable[[Job], str]:
    """Give what a list is ordered by; raises Refused (400) for a property that is not one."""
    return _property(prop)


def _property(word: str) -> Callable[[Job], str]:
    found = PROPERTIES.get(word.lower())
    if found is None:
        raise _refused(f"there is no property {word!r}")
    return found


def _refused(reason: str) -> Refused:
    return Refused(400, "InvalidQuery", f"The filter is not valid: {reason}.")


def matcher(expression: str) -> Matcher:
    """Read a filter; an empty one matches all. Raises Refused (400) saying what is wrong where."""
    if not expression.strip():
        return lambda _: True
    reader = _Reader(_tokens(expression))
    found = reader.conjunction()
    reader.end()
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

    def conjunction(self) -> Matcher:
        clauses = [self._clause()]
        while self._accept("and"):
            clauses.append(self._clause())
        return lambda job: all(clause(job) for clause in clauses)

    def _clause(self) -> Matcher:
        if self._accept("startswith"):
            return self._starts_with()
        if not self._accept("("):
            return self._comparison()
        alternatives = [self._comparison()]
        while self._accept("or"):
            alternatives.append(self._comparison())
        self._expect(")")
        return lambda job: any(alternative(job) for alternative in alternatives)

    def _starts_with(self) -> Matcher:
        self._expect("(")
        word = self._take("word")
        self._expect(",")
        prefix = _unquoted(self._take("text"))
        self._expect(")")
        if word.lower() != "name":
            raise _refused(f"startswith takes Name, not {word!r}")
        return lambda job: job.request.name.startswith(prefix)

    def _comparison(self) -> Matcher:
        word = self._take("word")
        value, name = _property(word), word.lower()
        operation = self._take("word").lower()
        if name == "creationtime" and operation in {"ge", "le"}:
            day = self._take("date")
            return (lambda job: value(job) >= day) if operation == "ge" else (lambda job: value(job) <= day)
        if name in _ENUMERATED and operation == "eq":
            wanted = _unquoted(self._take("text")).lower()
            return lambda job: value(job).lower() == wanted
        raise _refused(f"{word} {operation} is not a comparison")

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
