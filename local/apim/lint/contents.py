"""Rules of what goes through: bodies, problems, named values, logs, backends."""

import re
from collections.abc import Mapping
from typing import Any

from local.apim.artifacts import SET_AT_DEPLOYMENT
from local.apim.errors import Place
from local.apim.lint.subject import Found, Subject, named_values

_MAX_SIZE = "102400"
_PROBLEM = re.compile(
    r'/errors/([a-z-]+)"\),\s*new JProperty\("title", "([^"]*)"\),\s*new JProperty\("status", (\d+)\)'
)
_SLUG = re.compile(r"/errors/([a-z-]+)")
_SECRET_NAME = re.compile(r"secret|password|passwd|\bkey\b|connection-?string|\btoken\b|\bsas\b", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"AccountKey=|SharedAccessKey=|InstrumentationKey=|[?&]sig=|-----BEGIN|^eyJ[\w-]+\.|^[A-Za-z0-9+/_-]{40,}={0,2}$"
)
_USE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


def body_checked(subject: Subject) -> Found:
    """Size and media type are held to what the specification says of each body."""
    for operation in subject.operations:
        if operation.policy is None:
            continue
        body = subject.specification[operation.id].get("requestBody", {}).get("content", {})
        checks = [element for element in operation.policy.all() if element.name == "validate-content"]
        if body and len(checks) != 1:
            yield operation.policy.place, f"{operation.id} takes a body: validate-content must stand in it, once"
        for check in checks:
            listed = {child.attributes.get("type", "") for child in check.children}
            if check.attributes.get("max-size") != _MAX_SIZE:
                yield check.place, f"max-size must be {_MAX_SIZE}, as the service has it"
            if listed != set(body):
                yield check.place, f"takes {', '.join(sorted(listed))}, the specification {', '.join(sorted(body))}"
            accepts = [
                set(item.attributes.get("value", "").split(","))
                for item in operation.policy.all()
                if item.name == "set-variable" and item.attributes.get("name") == "accepts"
            ]
            if accepts != [set(body)]:
                yield check.place, "the variable accepts, which on-error tells, must name the same media types"


def problem(subject: Subject) -> Found:
    """A problem of the gateway is one of the service's catalogue, with its title and status."""
    for _, document in subject.tree.documents():
        for element in document.all():
            for text in (element.text, *element.attributes.values()):
                yield from ((element.place, what) for what in _wrong_problems(text, subject.problems))


def _wrong_problems(text: str, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    wrong = [f"no problem of the service is called {slug!r}" for slug in _SLUG.findall(text) if slug not in known]
    for slug, title, status in _PROBLEM.findall(text):
        example = known.get(slug, {})
        if example and (title, int(status)) != (example["title"], example["status"]):
            wrong.append(f"{slug} is {example['status']}, {example['title']!r}; not {status}, {title!r}")
    return wrong


def named_value(subject: Subject) -> Found:
    """Named values are plain: identities are used where others would put secrets. Each is used."""
    used = {name for _, document in subject.tree.documents() for name in _USE.findall(subject.text(document.place))}
    for name, known in named_values(subject.folder).items():
        place = subject.place(f"named values/{name}/namedValueInformation.json")
        value = str(known.get("value", ""))
        if known.get("secret") is not False:
            yield place, 'must say "secret": false; what is secret does not belong here'
        if value != SET_AT_DEPLOYMENT and (_SECRET_NAME.search(name) or _SECRET_VALUE.search(value)):
            yield place, f"{name} looks like a secret; use the gateway's identity instead"
        if name not in used:
            yield place, f"nothing uses {name}; take it away"


def bodies_not_logged(subject: Subject) -> Found:
    """Programs and results are confidential."""
    for api in subject.tree.apis:
        path = f"apis/{api.id}/diagnostics/applicationinsights/diagnosticInformation.json"
        properties = subject.json(path).get("properties", {})
        place: Place = subject.place(path)
        if not properties:
            yield place, "is missing: without it nobody sees metrics and failures"
            continue
        for side in ("frontend", "backend"):
            for message in ("request", "response"):
                if properties.get(side, {}).get(message, {}).get("body", {}).get("bytes") != 0:
                    yield place, f"{side}.{message}.body.bytes must be 0: bodies are not logged"
        if properties.get("metrics") is not True or properties.get("httpCorrelationProtocol") != "W3C":
            yield place, "must have metrics true (emit-metric needs it) and httpCorrelationProtocol W3C"


def backend_protected(subject: Subject) -> Found:
    """A service that does not answer is left alone for a while."""
    for backend in subject.tree.backends.values():
        rules = backend.properties.get("circuitBreaker", {}).get("rules", [])
        if not rules or not all(rule.get("acceptRetryAfter") for rule in rules):
            yield backend.place, "needs a circuitBreaker whose rules have acceptRetryAfter true"
        if not str(backend.properties.get("url", "")).startswith("https://"):
            yield backend.place, "must be called by https: the hand-off carries a token"
