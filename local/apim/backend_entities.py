"""Reads backends as they are deployed (`backendInformation.json`), and refuses what is not run here.

Documented by Microsoft: a pool lists single backends with priority and weight; there is no pool in a pool. Chosen: a
backend has one rule for its circuit breaker and a pool none, for which no page was found; priority and weight are 1
where they are not given.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.apim.artifacts import Information
from local.apim.breakers import ERROR_REASONS, Rule
from local.apim.errors import Place, PolicyRefused

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_UNIT_SECONDS = (86_400, 3600, 60, 1)
_BACKEND = frozenset({"title", "description", "url", "protocol", "type", "pool", "circuitBreaker", "tls"})
_CONDITION = frozenset({"count", "percentage", "interval", "errorReasons", "statusCodeRanges"})


@dataclass(frozen=True, slots=True)
class Single:
    """A backend with an address."""

    url: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A backend of a pool; lower priorities come first, a weight is its share among its equals."""

    name: str
    priority: int = 1
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Pool:
    members: tuple[Member, ...]


def read_backends(artifacts: Mapping[str, Information]) -> dict[str, Single | Pool]:
    """Read all backends by name. Raises PolicyRefused."""
    found = {name: read_backend(artifact) for name, artifact in artifacts.items()}
    for name, pool in found.items():
        if isinstance(pool, Pool):
            _check_members(pool, found, artifacts[name].place)
    return found


def read_backend(artifact: Information) -> Single | Pool:
    """Read one backend. Raises PolicyRefused."""
    place, backend = artifact.place, artifact.properties
    _known(backend, _BACKEND, place)
    if backend.get("protocol", "http") != "http":
        raise PolicyRefused(place.at("protocol"), "only http is run here")
    for name, value in _object(backend.get("tls", {}), place.at("tls")).items():
        if name not in ("validateCertificateChain", "validateCertificateName") or value is not True:
            raise PolicyRefused(place.at(f"tls.{name}"), "certificates are always checked here")
    kind = str(backend.get("type", "Single"))
    if kind.lower() == "pool":
        return _pool(backend, place)
    if kind.lower() != "single" or "pool" in backend:
        raise PolicyRefused(place.at("type"), f"{kind!r} is neither Single nor Pool, or does not go with a pool")
    return Single(_url(backend.get("url"), place.at("url")), _rule(backend, place.at("circuitBreaker")))


def _url(url: object, place: Place) -> str:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise PolicyRefused(place, f"{url!r} is not http(s)://host[:port][/path]")
    return str(url).rstrip("/")


def _pool(backend: Mapping[str, Any], place: Place) -> Pool:
    if "circuitBreaker" in backend:
        raise PolicyRefused(place.at("circuitBreaker"), "a pool has none, its members have")
    pool = _object(backend.get("pool"), place.at("pool"))
    _known(pool, frozenset({"services"}), place.at("pool"))
    members = _each(pool.get("services"), place.at("pool.services"), _member)
    if not members or len({member.name for member in members}) < len(members):
        raise PolicyRefused(place.at("pool.services"), "a pool has members, and each once")
    return Pool(members)


def _member(service: Mapping[str, Any], place: Place) -> Member:
    _known(service, frozenset({"id", "priority", "weight"}), place)
    path, _, name = str(service.get("id", "")).rpartition("/")
    if not name or not path.endswith("/backends"):
        raise PolicyRefused(place.at("id"), "must end in /backends/NAME")
    return Member(
        name,
        _whole(service.get("priority", 1), 0, 100, place.at("priority")),
        _whole(service.get("weight", 1), 1, 100, place.at("weight")),
    )


def _check_members(pool: Pool, found: Mapping[str, Single | Pool], place: Place) -> None:
    for member in pool.members:
        if member.name not in found:
            raise PolicyRefused(place.at("pool.services"), f"no backend is called {member.name!r}")
        if isinstance(found[member.name], Pool):
            raise PolicyRefused(place.at("pool.services"), f"{member.name!r} is a pool itself")


def _rule(backend: Mapping[str, Any], place: Place) -> Rule | None:
    if "circuitBreaker" not in backend:
        return None
    breaker = _object(backend["circuitBreaker"], place)
    _known(breaker, frozenset({"rules"}), place)
    rules = _each(breaker.get("rules"), place.at("circuitBreaker.rules"), _read_rule)
    if len(rules) != 1:
        raise PolicyRefused(place, "a circuit breaker has one rule")
    return rules[0]


def _read_rule(rule: Mapping[str, Any], place: Place) -> Rule:
    _known(rule, frozenset({"name", "failureCondition", "tripDuration", "acceptRetryAfter"}), place)
    condition, where = _object(rule.get("failureCondition"), place), place.at("failureCondition")
    _known(condition, _CONDITION, where)
    if ("count" in condition) == ("percentage" in condition):
        raise PolicyRefused(where, "say count or percentage, one of them")
    if not isinstance(rule.get("acceptRetryAfter", False), bool):
        raise PolicyRefused(place.at("acceptRetryAfter"), "must be true or false")
    statuses = _each(condition.get("statusCodeRanges", []), where.at("statusCodeRanges"), _range)
    reasons = _reasons(condition.get("errorReasons", []), where.at("errorReasons"))
    if not statuses and not reasons:
        raise PolicyRefused(where, "no statusCodeRanges and no errorReasons: nothing is a failure")
    return Rule(
        name=str(rule.get("name", "")),
        interval=_seconds(condition.get("interval"), where.at("interval")),
        trip=_seconds(rule.get("tripDuration"), place.at("tripDuration")),
        count=_whole(condition["count"], 1, 10_000, where.at("count")) if "count" in condition else 0,
        percentage=_whole(condition["percentage"], 1, 100, where.at("percentage")) if "percentage" in condition else 0,
        statuses=statuses,
        reasons=reasons,
        accepts_retry_after=rule.get("acceptRetryAfter", False),
    )


def _range(given: Mapping[str, Any], place: Place) -> tuple[int, int]:
    _known(given, frozenset({"min", "max"}), place)
    least, most = (_whole(given.get(name), 200, 599, place.at(name)) for name in ("min", "max"))
    if least > most:
        raise PolicyRefused(place, f"{least} is above {most}")
    return least, most


def _reasons(given: object, place: Place) -> frozenset[str]:
    reasons = given if isinstance(given, list) else [given]
    for reason in reasons:
        if reason not in ERROR_REASONS:
            raise PolicyRefused(place, f"{reason!r} is not known here; known are {', '.join(sorted(ERROR_REASONS))}")
    return frozenset(reasons)


def _seconds(given: object, place: Place) -> float:
    """Read a duration of ISO 8601 in days, hours, minutes and seconds, all whole."""
    match = _DURATION.fullmatch(given) if isinstance(given, str) else None
    amounts = [int(part or 0) for part in match.groups()] if match else []
    seconds = sum(amount * unit for amount, unit in zip(amounts, _UNIT_SECONDS, strict=False))
    if not seconds:
        raise PolicyRefused(place, f"{given!r} is not a duration above 0 in days, hours, minutes and seconds, as PT30S")
    return float(seconds)


def _whole(given: object, least: int, most: int, place: Place) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise PolicyRefused(place, f"{given!r} is not a whole number from {least} to {most}")
    return given


def _object(given: object, place: Place) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise PolicyRefused(place, "must be an object")
    return given


def _each[T](given: object, place: Place, read: Callable[[Mapping[str, Any], Place], T]) -> tuple[T, ...]:
    if not isinstance(given, list):
        raise PolicyRefused(place, "must be a list")
    return tuple(read(_object(item, place), place) for item in given)


def _known(given: Mapping[str, Any], names: frozenset[str], place: Place) -> None:
    unknown = sorted(given.keys() - names)
    if unknown:
        raise PolicyRefused(place.at(unknown[0]), "is not run here")
