"""Backends by name: where a call goes, through pools and circuit breakers, or straight to an address.

Documented by Microsoft: calls go to the members of the lowest priority number, shared by weight; members whose breaker
is open are left out; the next priority serves when all of one are. Chosen: shares are taken in turn (smooth weighted
round robin), so that the same calls always go the same way; when no member is left, 503 until the first comes back.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from local.apim.artifacts import Information
from local.apim.backend_entities import Member, Pool, Single, read_backends
from local.apim.breakers import Breaker, circuit_open
from local.apim.context import Headers, Response
from local.apim.errors import PolicyFailed
from local.apim.forwarding import Forwarder
from local.errors import LocalCloudError

__all__ = ["Backends", "Turns"]


class Turns:
    """Whose turn it is in a pool."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._credits = dict.fromkeys((member.name for member in members), 0)

    def next(self, members: Sequence[Member]) -> str:
        """Choose among members that are up, all of one priority: each in so many turns as its weight, well mixed."""
        for member in members:
            self._credits[member.name] += member.weight
        chosen = max(members, key=lambda member: self._credits[member.name])
        self._credits[chosen.name] -= sum(member.weight for member in members)
        return chosen.name


class Backends:
    """All backends of the tree; one for the gateway."""

    def __init__(
        self,
        artifacts: Mapping[str, Information],
        *,
        addresses: Mapping[str, str] | None = None,
        forwarder: Forwarder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the artifacts, and `addresses` by name that stand for those in them.

        Raises:
            PolicyRefused: an artifact says what is not run here.
            LocalCloudError: an address is given for what is no single backend.
        """
        found = read_backends(artifacts)
        singles = {name: backend for name, backend in found.items() if isinstance(backend, Single)}
        for name in addresses or {}:
            if name not in singles:
                known = ", ".join(sorted(singles)) or "none"
                raise LocalCloudError(f"No single backend is called {name!r}; there are: {known}.")
        self._urls = {name: backend.url for name, backend in singles.items()} | dict(addresses or {})
        self._breakers = {name: Breaker(backend.rule, clock) for name, backend in singles.items()}
        self._pools = {name: backend for name, backend in found.items() if isinstance(backend, Pool)}
        self._turns = {name: Turns(pool.members) for name, pool in self._pools.items()}
        self._forwarder = forwarder or Forwarder()

    async def forward(
        self, backend: str, method: str, path_and_query: str, headers: Headers, body: bytes, timeout_seconds: float
    ) -> Response:
        """Call a backend by its name, or one without a name by its address (http://... or https://...).

        Raises:
            PolicyFailed: as `Forwarder.forward`, or 503 while circuit breakers are open.
        """
        if "://" in backend:
            return await self._forwarder.forward(backend, method, path_and_query, headers, body, timeout_seconds)
        name = self.choose(backend)
        breaker = self._breakers[name]
        breaker.check()
        try:
            response = await self._forwarder.forward(
                self._urls[name], method, path_and_query, headers, body, timeout_seconds
            )
        except PolicyFailed as failure:
            breaker.count(0, failure.reason)
            raise
        breaker.count(response.status, retry_after=response.headers.get("Retry-After"))
        return response

    def choose(self, backend: str) -> str:
        """Give the single backend whose turn it is. Raises PolicyFailed."""
        if backend in self._breakers:
            return backend
        if backend not in self._pools:
            raise PolicyFailed("forward-request", "BackendNotFound", f"No backend is called {backend!r}.", status=500)
        members = self._pools[backend].members
        up = [member for member in members if not self._breakers[member.name].open_seconds()]
        if not up:
            raise circuit_open(min(self._breakers[member.name].open_seconds() for member in members))
        first = min(member.priority for member in up)
        return self._turns[backend].next([member for member in up if member.priority == first])

    def close(self) -> None:
        self._forwarder.close()
