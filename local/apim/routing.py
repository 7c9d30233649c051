"""Which operation a call is for: prefix of the API, method, template of the specification.

Chosen: literals are matched as they are written, letter case included, and a path that ends in a slash is another
path; where several templates match, the one with the earlier literal wins, and `/*` is the last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class Match[T]:
    """What was found for a path; `path` is what is left of it below the API's prefix."""

    target: T
    parameters: Mapping[str, str]


class Router[T]:
    """The operations of one API."""

    def __init__(self, operations: Iterable[tuple[str, str, T]]) -> None:
        """Take method, template and target of each operation."""
        self._by_method: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for method, template, target in operations:
            self._by_method.setdefault(method, []).append((tuple(template.strip("/").split("/")), target))
        for known in self._by_method.values():
            known.sort(key=lambda item: [_rank(part) for part in item[0]])

    def match(self, method: str, path: str) -> Match[T] | None:
        """Find the operation for a path below the API's prefix, percent-encoded as it came."""
        parts = path.removeprefix("/").split("/")
        for template, target in self._by_method.get(method, ()):
            parameters = _parameters(template, parts)
            if parameters is not None:
                return Match(target, parameters)
        return None


def _rank(part: str) -> int:
    if part == WILDCARD:
        return 2
    return 1 if part.startswith("{") else 0


def _parameters(template: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    wild = template[-1] == WILDCARD
    if len(parts) < len(template) if wild else len(parts) != len(template):
        return None
    found = {}
    for expected, part in zip(template, parts, strict=False):
        if expected.startswith("{") and part:
            found[expected[1:-1]] = unquote(part)
        elif expected not in (part, WILDCARD):
            return None
    return found
