"""The query parameters of lists, each read with its own bounds, and tokens of pages."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from quantum_jobs.bodies import TAG_NAME
from quantum_jobs.clock import parse_timestamp, timestamp
from quantum_jobs.errors import Fault, InvalidRequest
from quantum_jobs.job_ids import is_job_id
from quantum_jobs.models import JobQuery, JobState

_PAGE_SIZE = 25
_MOST_REPEATED = 8
_TOKEN = "a token of this list with these filters"  # noqa: S105 - no secret


class _Availability(StrEnum):
    AVAILABLE = "available"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


def job_query(url: str) -> tuple[JobQuery, dict[str, list[str]]]:
    """Read the query of GET /jobs; gives it also as sent, without the token, for the link to the next page.

    Raises:
        InvalidRequest: names each parameter that is wrong, and what would be right.
    """
    sent = query_of(url)
    token = sent.pop("pageToken", [None])[-1]
    reader = _QueryReader(sent)
    query = JobQuery(
        states=tuple(dict.fromkeys(reader.each("state", JobState, f"one of {', '.join(JobState)}"))),
        target=reader.one("target", _target, "1 to 128 characters"),
        tags=dict(reader.each("tag", _tag, "name:value")),
        created_after=reader.one("createdAfter", _moment, "a moment with its offset, as 2026-11-22T10:00:00Z"),
        created_before=reader.one("createdBefore", _moment, "a moment with its offset, as 2026-11-22T10:00:00Z"),
        page_size=reader.one("pageSize", _page_size, "a whole number, 1 to 100") or _PAGE_SIZE,
    )
    if token is not None:
        query = replace(query, start=reader.value("pageToken", token, lambda text: read_token(text, sent), _TOKEN))
    reader.finish()
    return query, sent


def target_filter(url: str) -> Callable[[Mapping[str, Any]], bool]:
    """Read the query of GET /targets; gives what tells whether a target's document is wanted.

    Raises:
        InvalidRequest: names each parameter that is wrong, and what would be right.
    """
    reader = _QueryReader(query_of(url))
    qubits = reader.one("minQubits", _positive, "a whole number, 1 to 10000")
    availability = reader.one("availability", _Availability, f"one of {', '.join(_Availability)}")
    simulator = reader.one("simulator", lambda text: {"true": True, "false": False}[text], "true or false")
    wanted = reader.one("format", _target, "the name of a format")
    reader.finish()
    return lambda target: (
        (qubits is None or target["qubits"] >= qubits)
        and availability in (None, target["availability"])
        and simulator in (None, target["simulator"])
        and (wanted is None or wanted in target["formats"])
    )


class _QueryReader:
    """Reads parameters one after the other and keeps what is wrong with each."""

    def __init__(self, sent: Mapping[str, Sequence[str]]) -> None:
        self._sent = sent
        self._faults: list[Fault] = []

    def one[T](self, name: str, read: Callable[[str], T], right: str) -> T | None:
        values = self._sent.get(name, [])
        if len(values) > 1:
            self._faults.append(Fault("may be sent once", f"?{name}"))
        return self.value(name, values[0], read, right) if values else None

    def each[T](self, name: str, read: Callable[[str], T], right: str) -> list[T]:
        found = [self.value(name, text, read, right) for text in self._sent.get(name, [])]
        if len(found) > _MOST_REPEATED:
            self._faults.append(Fault(f"may be sent {_MOST_REPEATED} times", f"?{name}"))
        return [value for value in found if value is not None]

    def value[T](self, name: str, text: str, read: Callable[[str], T], right: str) -> T | None:
        try:
            return read(text)
        except (ValueError, KeyError, OverflowError):
            self._faults.append(Fault(f"{text[:64]!r} is not {right}", f"?{name}"))
            return None

    def finish(self) -> None:
        """Raise what was wrong, if anything was."""
        if self._faults:
            raise InvalidRequest(self._faults)


def _target(text: str) -> str:
    if not 1 <= len(text) <= 128:
        raise ValueError(text)
    return text


def _tag(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(TAG_NAME, name) or len(value) > 256:
        raise ValueError(text)
    return name, value


def _moment(text: str) -> str:
    # A plus sign that was not escaped arrives as a space.
    return timestamp(parse_timestamp(text.replace(" ", "+")))


def _page_size(text: str) -> int:
    return _between(text, 100)


def _positive(text: str) -> int:
    return _between(text, 10_000)


def _between(text: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        raise ValueError(text)
    return int(text)


def page_token(start: str, filters: Mapping[str, Sequence[str]]) -> str:
    """Write where the next page begins; it holds for the same filters only."""
    return base64.urlsafe_b64encode(f"{start}/{_digest(filters)}".encode()).decode().rstrip("=")


def read_token(token: str, filters: Mapping[str, Sequence[str]]) -> str:
    """Read a token of `page_token`.

    Raises:
        ValueError: something else, or of another list.
    """
    start, _, digest = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode().partition("/")
    if not is_job_id(start) or digest != _digest(filters):
        raise ValueError(token)
    return start


def _digest(filters: Mapping[str, Sequence[str]]) -> str:
    kept = {name: list(values) for name, values in filters.items() if name != "pageSize"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def query_of(url: str) -> dict[str, list[str]]:
    """Give the parameters of an address, each with all its values; `HttpRequest.params` keeps one."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True)
