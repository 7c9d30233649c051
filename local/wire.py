"""Counts what goes over the wire, per service, so that tests and benchmarks need not guess round trips."""

import threading
from collections import Counter as Tally

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Counter:
    """Number of requests per service and kind; a kind is a method and a path template, as `GET /secrets/{name}`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[str, Tally[str]] = {}

    def add(self, service: str, kind: str) -> None:
        with self._lock:
            self._tallies.setdefault(service, Tally())[kind] += 1

    def snapshot(self) -> dict[str, dict[str, int]]:
        """Give service -> kind -> number of requests since the start or the last reset."""
        with self._lock:
            return {service: dict(tally) for service, tally in self._tallies.items()}

    def total(self, *services: str) -> int:
        """Add up all requests, or those of the services named."""
        counts = self.snapshot()
        return sum(sum(counts.get(service, {}).values()) for service in services or counts)

    def reset(self) -> None:
        with self._lock:
            self._tallies.clear()


def counted(app: ASGIApp, counter: Counter, service: str, *, below: str = "") -> ASGIApp:
    """Wrap an ASGI application so that each of its answers counts once, before the client sees it.

    The kind is the template of the route that answered, without the prefix `below`; the bare path where none did.
    """

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def count_then_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The router has left its route in the scope by now.
                path = str(getattr(scope.get("route"), "path", scope["path"]))
                counter.add(service, f"{scope['method']} {path.removeprefix(below).rstrip('/') or '/'}")
            await send(message)

        await app(scope, receive, count_then_send)

    return counting
