"""Rules of limits: a counter is known to the whole instance by its key alone."""

import re
from collections.abc import Iterator

from local.apim.documents import Element
from local.apim.lint.subject import Found, Subject

_PURPOSE = re.compile(r'@\(\s*"([a-z][a-z-]*):"|^([a-z][a-z-]*):')


def limit_id(subject: Subject) -> Found:
    """The id is what throttled callers, metrics and logs are told."""
    seen: set[str] = set()
    for element in _limits(subject):
        name = element.attributes.get("id", "")
        if not name:
            yield element.place, "has no id; callers could not be told which limit they reached"
        elif name in seen:
            yield element.place, f"the id {name} is used twice; nobody could tell the two limits apart"
        seen.add(name)


def limit_purpose(subject: Subject) -> Found:
    """One key counts in all APIs and operations together, whoever uses it."""
    for element in _limits(subject):
        if _purpose(element) is None:
            yield element.place, 'counter-key must begin with its purpose: @("submit:" + ...)'


def limit_key_reused(subject: Subject) -> Found:
    """One counter with two numbers is unpredictable (a token bucket has one size)."""
    seen: dict[str, tuple[str, str]] = {}
    for element in _limits(subject):
        purpose = _purpose(element)
        numbers = (element.attributes.get("calls", ""), element.attributes.get("renewal-period", ""))
        if purpose and seen.setdefault(purpose, numbers) != numbers:
            known = " per ".join(seen[purpose])
            yield (
                element.place,
                f"counts {purpose!r} by {' per '.join(numbers)}, another limit by {known} s; rename one",
            )


def limit_retry_after(subject: Subject) -> Found:
    """Whether `Retry-After` is there before on-error is not documented; the variable is."""
    for element in _limits(subject):
        if element.attributes.get("retry-after-variable-name") != "retryAfter":
            yield element.place, 'say retry-after-variable-name="retryAfter": on-error tells it'


def _limits(subject: Subject) -> Iterator[Element]:
    return subject.everything("rate-limit-by-key")


def _purpose(element: Element) -> str | None:
    found = _PURPOSE.match(element.attributes.get("counter-key", "").strip())
    return (found[1] or found[2]) if found else None
