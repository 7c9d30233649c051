"""The control endpoint of the local cloud: what went over the wire, whether all is up, how targets shall behave,
which faults happen at the wire, and the sudden end of the Functions host."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.errors import LocalCloudError
from local.faults import Faults
from local.processes import taken
from local.wire import Counter


def application(
    counter: Counter,
    health: Callable[[], Mapping[str, str]],
    follow: Callable[[object], None],
    faults: Faults | None = None,
    restart_functions: Callable[[], Awaitable[None]] | None = None,
    parts: Callable[[], Mapping[str, int]] = dict,
) -> Starlette:
    """Make `/control`; `health` gives part -> `running` or why it is not, `follow` takes a script of the workspace.

    `restart_functions` kills the Functions host and starts another; `parts` gives part -> process id.
    """
    wire = faults or Faults()

    async def counts(request: Request) -> Response:
        return JSONResponse(counter.snapshot())

    async def reset(request: Request) -> Response:
        counter.reset()
        return Response(status_code=204)

    async def state(request: Request) -> Response:
        parts = dict(health())
        return JSONResponse(parts, status_code=200 if all(part == "running" for part in parts.values()) else 503)

    async def script(request: Request) -> Response:
        return await _taken(request, follow, "The script")

    async def put_faults(request: Request) -> Response:
        return await _taken(request, wire.follow, "The document of faults")

    async def get_faults(request: Request) -> Response:
        return JSONResponse(wire.document())

    async def restart(request: Request) -> Response:
        if restart_functions is None:
            return PlainTextResponse("There is no Functions host.", status_code=404)
        try:
            await restart_functions()
        except LocalCloudError as error:
            return PlainTextResponse(str(error), status_code=503)
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/control/counts", counts),
            Route("/control/counts/reset", reset, methods=["POST"]),
            Route("/control/health", state),
            Route("/control/processes", _processes(parts)),
            Route("/control/script", script, methods=["PUT"]),
            Route("/control/faults", put_faults, methods=["PUT"]),
            Route("/control/faults", get_faults),
            Route("/control/restart/functions", restart, methods=["POST"]),
        ]
    )


def _processes(parts: Callable[[], Mapping[str, int]]) -> Callable[[Request], Awaitable[Response]]:
    async def processes(request: Request) -> Response:
        try:
            return JSONResponse(taken(parts()))
        except LocalCloudError as error:
            return PlainTextResponse(str(error), status_code=501)

    return processes


async def _taken(request: Request, follow: Callable[[object], None], what: str) -> Response:
    try:
        follow(await request.json())
    except LocalCloudError as error:
        return PlainTextResponse(str(error), status_code=400)
    except ValueError:
        return PlainTextResponse(f"{what} is not JSON.", status_code=400)
    return Response(status_code=204)
