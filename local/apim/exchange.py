"""One call on its way through the gateway, and the steps that take it there."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from local.apim.context import Context, Headers, Response
from local.apim.errors import ExpressionFailed, Place, PolicyFailed
from local.apim.shapes import Section

if TYPE_CHECKING:
    from local.apim.caches import ResponseCache, ValueCache
    from local.apim.identities import ManagedIdentity
    from local.apim.limiters import Limiter
    from local.apim.tokens import TokenChecker

type Run = Callable[["Exchange"], Awaitable[None] | None]
type AtEnd = Callable[[Response], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A policy, ready to run. `number` counts the policies of the tree: coverage is told by it."""

    run: Run
    number: int
    policy: str
    policy_id: str
    scope: str
    section: Section
    place: Place


@dataclass(frozen=True, slots=True)
class Metric:
    """What `emit-metric` sent."""

    namespace: str
    name: str
    value: int
    dimensions: tuple[tuple[str, str], ...]


class Backends(Protocol):
    """Calls backends: by their name in the tree, or by an address."""

    async def forward(
        self, backend: str, method: str, target: str, headers: Headers, body: bytes, seconds: float
    ) -> Response:
        """Give the answer; raises PolicyFailed when there is none in so many seconds."""
        ...


@dataclass(slots=True)
class Services:
    """What policies use beside the call itself; one for the whole gateway."""

    limiter: "Limiter"
    values: "ValueCache"
    responses: "ResponseCache"
    tokens: "TokenChecker"
    identity: "ManagedIdentity"
    backends: Backends
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    running: Counter[str] = field(default_factory=Counter)
    metrics: Counter[Metric] = field(default_factory=Counter)
    seen: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Exchange:
    """One call: its context, and what policies tell each other about it.

    `backend` is what `set-backend-service` chose, `cache_key` where `cache-store` will put the response; `at_end` is
    done to whatever is answered.
    """

    context: Context
    services: Services
    service_url: str = ""
    backend_id: str = ""
    cache_key: Any = None
    step: Step | None = None
    at_end: list[AtEnd] = field(default_factory=list)
    tracing: bool = False

    @property
    def response(self) -> Response:
        """Give the response that there is by now; policies of outbound and on-error always have one."""
        if self.context.response is None:
            self.context.response = Response()
        return self.context.response


class Returned(Exception):
    """`return-response`: nothing else runs, the response of the context is the answer."""


class CacheHit(Exception):
    """`cache-lookup` found a response: processing goes on in outbound, behind `cache-store`."""


async def run_all(steps: Sequence[Step], exchange: Exchange) -> None:
    """Run steps one after the other.

    Raises:
        PolicyFailed, Returned, CacheHit: what the steps raise; an expression that throws is a failure of its policy.
    """
    seen = exchange.services.seen
    for step in steps:
        exchange.step = step
        seen[step.number] = 1
        if exchange.tracing:
            exchange.context.trace.append(
                f"{step.section}:{step.policy}" + (f"#{step.policy_id}" if step.policy_id else "")
            )
        try:
            pending = step.run(exchange)
            if pending is not None:
                await pending
        except ExpressionFailed as error:
            message = f"Expression evaluation failed. {error}"
            raise PolicyFailed(step.policy, "ExpressionValueEvaluationFailure", message) from error
