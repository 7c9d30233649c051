"""Rules of caches: nobody gets what was kept for another."""

import re
from collections.abc import Mapping

from local.apim.documents import Element
from local.apim.lint.subject import Found, Subject, sections

# Answers that are the same for every caller; everything else is kept under a key that names the caller, or not at all.
SHARED = frozenset({"list-targets", "get-target"})
_CALLER = re.compile(r'\["callerView"\]')
_VARIABLE = re.compile(r'\(string\)context\.Variables\["(\w+)"\]')
_VALUE_CACHE = ("cache-lookup-value", "cache-store-value", "cache-remove-value")


def shared_cache(subject: Subject) -> Found:
    """The key of the response cache knows nothing of callers that are known by a token."""
    for operation in subject.operations:
        for element in operation.policy.all() if operation.policy else ():
            if element.name in ("cache-lookup", "cache-store") and operation.id not in SHARED:
                yield element.place, f"{operation.id} is answered for one caller: use cache-lookup-value with its key"
    for scope, document in subject.tree.documents():
        for element in document.all() if scope != "operation" else ():
            if element.name in ("cache-lookup", "cache-store"):
                yield element.place, "would serve every operation; it may stand in those of shared answers only"


def vary_by_authorization(subject: Subject) -> Found:
    """Once the gateway's own token is on, all callers have one `Authorization`."""
    for element in subject.everything("vary-by-header"):
        if element.text.strip().lower() == "authorization":
            yield element.place, "never vary by Authorization; check the token before, share only what all may see"


def vary_by_parameters(subject: Subject) -> Found:
    """Whether the key contains a parameter that is not listed is not documented."""
    for operation in subject.operations:
        for lookup in (
            (item for item in operation.policy.all() if item.name == "cache-lookup") if operation.policy else ()
        ):
            listed = {item.text.strip() for item in lookup.children if item.name == "vary-by-query-parameter"}
            parameters = subject.specification[operation.id].get("parameters", [])
            taken = {item["name"] for item in parameters if item["in"] == "query"}
            for name in sorted(taken - listed):
                yield lookup.place, f"the answer depends on {name}: add <vary-by-query-parameter>{name}<...>"
            for name in sorted(listed - taken):
                yield lookup.place, f"{operation.id} has no parameter {name}"


def caller_in_key(subject: Subject) -> Found:
    """A key without the caller, or without what he may see now, gives an answer to whom it is not for."""
    for _, document in subject.tree.documents():
        variables = _variables(document)
        for element in document.all():
            if element.name in _VALUE_CACHE and not _CALLER.search(
                resolved(element.attributes.get("key", ""), variables)
            ):
                yield (
                    element.place,
                    'the key does not contain the caller: build it with context.Variables["callerView"]',
                )


def removed_key_known(subject: Subject) -> Found:
    """A key that is written nowhere removes nothing: the change would not be seen."""
    stored = {key for document in subject.below_the_global() for key in _keys(document, "cache-store-value")}
    patterns = [_pattern(key) for key in stored]
    for document in subject.below_the_global():
        variables = _variables(document)
        for element in (item for item in document.all() if item.name == "cache-remove-value"):
            key = resolved(element.attributes.get("key", ""), variables)
            if not any(pattern.fullmatch("".join(map(_shown, _parts(key)))) for pattern in patterns):
                yield element.place, f"nothing is stored under {key}; write the key as the operation that stores does"


def value_cache_once(subject: Subject) -> Found:
    """Documented since 07/2025: once in a section, GET only, not in a fragment."""
    for scope, document in subject.tree.documents():
        for name, section in sections(document):
            for policy in _VALUE_CACHE[:2]:
                for element in [item for item in section.all() if item.name == policy][1:]:
                    yield element.place, f"a second {policy} in {name}; API Management takes one"
        for element in document.all() if scope == "fragment" else ():
            if element.name in _VALUE_CACHE[:2]:
                yield element.place, "not taken in a fragment; it must stand in the operation"
    for operation in subject.operations:
        for element in operation.policy.all() if operation.policy else ():
            if element.name in _VALUE_CACHE[:2] and operation.method != "GET":
                yield element.place, f"works for GET only, and {operation.id} is {operation.method}"


def lookup_default(subject: Subject) -> Found:
    """What a miss leaves behind is documented in two ways."""
    for element in subject.everything("cache-lookup-value"):
        if "default-value" not in element.attributes:
            yield element.place, 'say default-value="": a miss gives null or no variable, the documents differ'


def resolved(expression: str, variables: Mapping[str, str]) -> str:
    """Put the expressions of variables in their places, as deep as they go."""
    text = _inner(expression)
    for _ in range(len(variables) + 1):
        text = _VARIABLE.sub(lambda match: _inner(variables[match[1]]) if match[1] in variables else match[0], text)
    return text


def _variables(document: Element) -> Mapping[str, str]:
    """Give the variables that are set once in a document; keys made of others are not followed."""
    found: dict[str, list[str]] = {}
    for element in document.all():
        if element.name == "set-variable":
            found.setdefault(element.attributes.get("name", ""), []).append(element.attributes.get("value", ""))
    return {name: values[0] for name, values in found.items() if len(values) == 1 and values[0].startswith("@(")}


def _keys(document: Element, policy: str) -> list[str]:
    variables = _variables(document)
    return [resolved(item.attributes.get("key", ""), variables) for item in document.all() if item.name == policy]


def _inner(expression: str) -> str:
    text = expression.strip()
    return text[2:-1].strip() if text.startswith("@(") and text.endswith(")") else text


def _parts(key: str) -> list[str]:
    return [part.strip() for part in key.split(" + ")]


def _shown(part: str) -> str:
    """Write a part of a key: texts without their quotes, `"job:"` as `job:`, expressions in angles."""
    return part[1:-1] if part.startswith('"') and part.endswith('"') else f"<{part}>"


def _pattern(key: str) -> re.Pattern[str]:
    """Give what keys of this form look like; where a variable of several values stands, any word."""
    return re.compile("".join(r"[\w-]+" if _is_open(part) else re.escape(_shown(part)) for part in _parts(key)))


def _is_open(part: str) -> bool:
    return bool(_VARIABLE.fullmatch(part)) and not _CALLER.search(part)
