"""The built-in cache: values by key (`cache-lookup-value` and its kin) and whole responses (`cache-lookup`).

Documented by Microsoft: the cache is volatile and may drop anything; when it fails, no error is raised, look-ups find
nothing and stores store nothing; a cached response has 2 MiB at most. Chosen: the same bound for values, the least
recently used entry goes first, a failing cache also fails to remove, and what a response's key is made of
(`response_key`). Not modelled: the `Expires` of a backend, which is said to beat the duration; strip it in the policy.
"""

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple

from local.apim.context import Body, Context, Headers, Response

Mode = Literal["on", "off", "failing"]

MAX_ENTRY_OCTETS = 2 * 1024 * 1024
DEFAULT_OCTETS = 64 * 1024 * 1024
_ENTRY_OVERHEAD = 256  # octets that an entry takes beside its key and value


class _Entry[V](NamedTuple):
    value: V
    octets: int
    expires: float


class _Store[K, V]:
    """Entries that expire, in so many octets at most, in one of the three modes."""

    def __init__(
        self,
        mode: Mode = "on",
        *,
        max_octets: int = DEFAULT_OCTETS,
        failure_probability: float = 0.5,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.mode, self._max_octets, self._clock = mode, max_octets, clock
        self._failure_probability, self._chance = failure_probability, random.Random(seed)
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def octets(self) -> int:
        """How much is held, expired entries that nobody asked for since among it."""
        return self._octets

    def _works(self) -> bool:
        if self.mode == "failing":
            return self._chance.random() >= self._failure_probability
        return self.mode == "on"

    def _get(self, key: K) -> V | None:
        if not self._works():
            return None
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def _set(self, key: K, value: V, octets: int, seconds: float) -> None:
        if not self._works():
            return
        self._drop(key)
        held = octets + _ENTRY_OVERHEAD
        if seconds <= 0 or octets > MAX_ENTRY_OCTETS or held > self._max_octets:
            return
        self._entries[key] = _Entry(value, held, self._clock() + seconds)
        self._octets += held
        self._drop_expired()
        while self._octets > self._max_octets:
            self._octets -= self._entries.popitem(last=False)[1].octets

    def _drop_expired(self) -> None:
        """Drop what has expired of the two entries that nobody has asked for longest: old ones outrun new ones."""
        for key in list(islice(self._entries, 2)):
            if self._entries[key].expires <= self._clock():
                self._drop(key)

    def _drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._octets -= entry.octets


class ValueCache(_Store[str, object]):
    """Values of policy expressions by key, for all APIs of the instance.

    A value that is too large is not stored, and an older one of its key is gone then.
    """

    def get(self, key: str) -> object | None:
        return self._get(key)

    def set(self, key: str, value: object, seconds: float) -> None:
        self._set(key, value, _size(key) + _size(value), seconds)

    def remove(self, key: str) -> None:
        if self._works():
            self._drop(key)


def _size(value: object) -> int:
    if isinstance(value, bytes):
        return len(value)
    text = value if isinstance(value, str) else str(value)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class ResponseKey(NamedTuple):
    """What tells responses apart; names of headers in lower case, values as they came."""

    api: str
    operation: str
    path: str
    query: tuple[tuple[str, tuple[str, ...]], ...]
    headers: tuple[tuple[str, tuple[str, ...]], ...]


def response_key(context: Context, vary_by_headers: Sequence[str], vary_by_query: Sequence[str]) -> ResponseKey:
    """Make the key of a call: API, operation, path as the caller asked for it, and what is listed to vary by.

    Chosen: a query parameter that is not listed is not in the key, which is the worst that may happen on Azure (its
    documentation does not say): what the answer depends on and the policy forgot is found here. Azure's key holds the
    product and the revision beside these; there is one of each here.
    """
    request = context.request
    query, headers = request.original_url.query, request.headers
    return ResponseKey(
        context.api.id if context.api else "",
        context.operation.id if context.operation else "",
        request.original_url.path,
        tuple((name, tuple(query.get(name, ()))) for name in sorted(set(vary_by_query))),
        tuple((name, tuple(headers.values(name))) for name in sorted({name.lower() for name in vary_by_headers})),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A response as it was; each call gets a copy of its own."""

    status: int
    reason: str
    headers: Headers
    octets: bytes


class ResponseCache(_Store[ResponseKey, _Kept]):
    """Responses by `response_key`."""

    key = staticmethod(response_key)

    def get(self, key: ResponseKey) -> Response | None:
        kept = self._get(key)
        return Response(kept.status, kept.reason, kept.headers.copy(), Body(kept.octets)) if kept else None

    def set(self, key: ResponseKey, response: Response, seconds: float) -> None:
        """Keep a response of any status: `cache-store` says which. Chosen: not one whose body was taken."""
        octets = response.body.octets
        if octets is None:
            return
        kept = _Kept(response.status, response.reason, response.headers.copy(), octets)
        size = len(octets) + sum(_size(name) + _size(value) for name, value in kept.headers)
        self._set(key, kept, size, seconds)
