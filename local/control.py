"""The control endpoint of the local cloud: what went over the wire, and whether everything is up."""

from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.wire import Counter


def application(counter: Counter, health: Callable[[], Mapping[str, str]]) -> Starlette:
    """Make `/control`; `health` gives part -> `running` or why it is not."""

    async def counts(request: Request) -> Response:
        return JSONResponse(counter.snapshot())

    async def reset(request: Request) -> Response:
        counter.reset()
        return Response(status_code=204)

    async def state(request: Request) -> Response:
        parts = dict(health())
        return JSONResponse(parts, status_code=200 if all(part == "running" for part in parts.values()) else 503)

    return Starlette(
        routes=[
            Route("/control/counts", counts),
            Route("/control/counts/reset", reset, methods=["POST"]),
            Route("/control/health", state),
        ]
    )
