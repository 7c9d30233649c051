"""What policies see of one call: `context` of the policy expressions, and what steps change in it."""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Headers:
    """Header fields in their order; names ignore case, a name may have several values."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, tuple[str, list[str]]] = {}
        for name, value in fields:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        self._fields.setdefault(name.lower(), (name, []))[1].append(value)

    def set(self, name: str, values: Sequence[str]) -> None:
        self._fields[name.lower()] = (name, list(values))

    def remove(self, name: str) -> None:
        self._fields.pop(name.lower(), None)

    def values(self, name: str) -> Sequence[str]:
        """Give all values of a name; none when it is absent."""
        found = self._fields.get(name.lower())
        return found[1] if found else ()

    def get(self, name: str, default: str = "") -> str:
        """Give the values of a name joined by a comma, as `GetValueOrDefault` does in policy expressions."""
        found = self._fields.get(name.lower())
        return ",".join(found[1]) if found else default

    def names(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give every field as it goes over the wire: one pair per value."""
        return ((name, value) for name, values in self._fields.values() for value in values)

    def copy(self) -> "Headers":
        copied = Headers()
        copied._fields = {key: (name, list(values)) for key, (name, values) in self._fields.items()}
        return copied


@dataclass(slots=True)
class Body:
    """A body in full; `octets` is None once `As` without `preserveContent` has taken it.

    Chosen: a second `As` of a taken body gives null, and it goes on over the wire as an empty one.
    """

    octets: bytes | None = b""

    def take(self, *, preserve: bool) -> bytes | None:
        octets = self.octets
        if not preserve:
            self.octets = None
        return octets


@dataclass(slots=True)
class Url:
    """A URL in parts: `path` as it came (percent-encoded), `query` name -> values, decoded, in their order."""

    scheme: str
    host: str
    port: int
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    query_string: str = ""


@dataclass(slots=True)
class Request:
    """`url` is what goes to the backend below its own address, `original_url` what the caller asked for."""

    method: str
    ip_address: str
    headers: Headers
    url: Url
    original_url: Url
    matched_parameters: dict[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=Body)


@dataclass(slots=True)
class Response:
    status: int = 200
    reason: str = "OK"
    headers: Headers = field(default_factory=Headers)
    body: Body = field(default_factory=Body)


@dataclass(frozen=True, slots=True)
class LastError:
    """`context.LastError`; `section` is inbound, backend, outbound or on-error, `scope` global, api or operation."""

    source: str
    reason: str
    message: str
    scope: str = ""
    section: str = ""
    path: str = ""
    policy_id: str = ""


@dataclass(frozen=True, slots=True)
class Jwt:
    """A token that was checked; `claims` holds every value of each claim as text, as `Jwt.Claims` does."""

    claims: Mapping[str, Sequence[str]]
    algorithm: str = "RS256"

    def claim(self, name: str, default: str = "") -> str:
        """Give the values of a claim joined by a comma, as `Claims.GetValueOrDefault` does."""
        values = self.claims.get(name)
        return ",".join(values) if values is not None else default


@dataclass(frozen=True, slots=True)
class Named:
    """An API or an operation as expressions see it."""

    id: str
    name: str
    path: str = ""
    version: str = ""


@dataclass(slots=True)
class Context:
    """`context`: one call through the gateway.

    `variables` holds what policies set, as the values of expressions are (`csharp`): text, true and false as
    Python's own, numbers as that package boxes them. `api` and `operation` are None where nothing was matched.
    """

    request: Request
    response: Response | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    last_error: LastError | None = None
    api: Named | None = None
    operation: Named | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.monotonic)
    trace: list[str] = field(default_factory=list)
