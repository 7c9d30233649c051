"""The filter language of the lists: clauses joined by and, as the azure-quantum package writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local.azure_quantum.errors import Refused
from local.azure_quantum.times import Ticks, date


class Item(Protocol):
    """What jobs and sessions are listed by."""

    @property
    def name(self) -> str: ...
    @property
    def item_type(self) -> str: ...
    @property
    def job_type(self) -> str: ...
    @property
    def provider_id(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def created(self) -> Ticks: ...


type Matcher = Callable[[Item], bool]
type Property = Callable[[Item], str]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d)(?![\w-])|(?P<word>[A-Za-z]+)|(?P<mark>[(),]))"
)
_ENUMERATED: dict[str, Property] = {
    "itemtype": lambda item: item.item_type,
    "jobtype": lambda item: item.job_type,
    "providerid": lambda item: item.provider_id,
    "target": lambda item: item.target,
    "state": lambda item: item.state,
}
_PROPERTIES: dict[str, Property] = _ENUMERATED | {
    "name": lambda item: item.name,
    "creationtime": lambda item: f"{item.created:020d}",
}


def sort_key(word: str) -> Property:
    """Give what a list is ordered by; raises Refused (400) for a property that is not one."""
    found = _PROPERTIES.get(word.lower())
    if found is None:
        raise Refused(400, "InvalidQuery", f"There is no property {word!r} to order by.")
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
        return lambda item: all(clause(item) for clause in clauses)

    def _clause(self) -> Matcher:
        if self._accept("startswith"):
            return self._starts_with()
        if not self._accept("("):
            return self._comparison()
        alternatives = [self._comparison()]
        while self._accept("or"):
            alternatives.append(self._comparison())
        self._expect(")")
        return lambda item: any(alternative(item) for alternative in alternatives)

    def _starts_with(self) -> Matcher:
        self._expect("(")
        word = self._take("word")
        self._expect(",")
        prefix = _unquoted(self._take("text"))
        self._expect(")")
        if word.lower() != "name":
            raise _refused(f"startswith takes Name, not {word!r}")
        return lambda item: item.name.startswith(prefix)

    def _comparison(self) -> Matcher:
        word = self._take("word")
        operation = self._take("word").lower()
        if word.lower() == "creationtime" and operation in {"ge", "le"}:
            day = self._take("date")
            return lambda item: date(item.created) >= day if operation == "ge" else date(item.created) <= day
        value = _ENUMERATED.get(word.lower())
        if value is None or operation != "eq":
            raise _refused(f"{word} {operation} is not a comparison")
        wanted = _unquoted(self._take("text")).lower()
        return lambda item: value(item).lower() == wanted

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
