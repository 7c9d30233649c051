"""The gateway as an ASGI application: reads the call, finds the operation, runs its policies, writes the answer."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from local.apim.context import Body, Context, Headers, Request, Response, Url
from local.apim.errors import PolicyFailed
from local.apim.exchange import Exchange, Services
from local.apim.loading import LoadedApi, Program
from local.apim.pipeline import Pipeline
from local.apim.policies.cors import is_preflight

TRACE_HEADER = "X-Apim-Local-Trace"
_NOT_FOUND = PolicyFailed(
    "configuration", "OperationNotFound", "Unable to match incoming request to an operation.", status=404
)
# Of one hop only (RFC 9110, 7.6.1), or written by the server itself.
_NOT_SENT = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "date", "server"}
)
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True)
class Bounds:
    """What of a request is taken at all: bytes of the body, and seconds until it is there in full."""

    body_bytes: int = 2 * 1024 * 1024
    body_seconds: float = 30.0


class Gateway:
    """Runs a loaded tree."""

    def __init__(self, program: Program, services: Services, bounds: Bounds | None = None) -> None:
        self._program, self._services, self._bounds = program, services, bounds or Bounds()
        self._apis = sorted(program.apis, key=lambda api: -len(api.prefix))
        services.seen.extend(bytes(len(program.policies) - len(services.seen)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            return
        context = Context(_request(scope))
        exchange = Exchange(context, self._services)
        exchange.tracing = TRACE_HEADER in context.request.headers
        response = await self._answer(exchange, receive)
        if response is not None:
            await _send(exchange, response, send)

    async def _answer(self, exchange: Exchange, receive: Receive) -> Response | None:
        """Run the policies; None when the caller is gone."""
        pipeline, failure = self._route(exchange)
        if failure is None:
            failure = _doubled(exchange.context.request.headers)
        if failure is None:
            try:
                exchange.context.request.body.octets = await self._body(exchange.context.request.headers, receive)
            except PolicyFailed as refused:
                failure = refused
            except ConnectionError:
                return None
        return await (pipeline.run(exchange) if failure is None else pipeline.refuse(exchange, failure))

    def _route(self, exchange: Exchange) -> tuple[Pipeline, PolicyFailed | None]:
        """Find the pipeline of the call; where there is no operation, the one of what is above, and the failure."""
        context = exchange.context
        request = context.request
        api = next((item for item in self._apis if _is_below(request.url.path, item.prefix)), None)
        if api is None:
            return self._program.pipeline, _NOT_FOUND
        context.api, exchange.service_url = api.name, api.service_url
        request.url.path = request.url.path[len(api.prefix) :] or "/"
        found = api.router.match(request.method, request.url.path)
        if found is not None:
            context.operation, request.matched_parameters = found.target.name, dict(found.parameters)
            return found.target.pipeline, None
        if is_preflight(request.method, request.headers) and _asked(api, request):
            return api.pipeline.only("cors"), None
        return api.pipeline, _NOT_FOUND

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """Read the body in full.

        Raises:
            PolicyFailed: it is too large, or too slow.
            ConnectionError: the caller went away.
        """
        announced = headers.get("Content-Length", "0")
        if announced.isdigit() and int(announced) > self._bounds.body_bytes:
            raise _too_large(self._bounds.body_bytes)
        if announced == "0" and "Transfer-Encoding" not in headers:
            return b""
        try:
            async with asyncio.timeout(self._bounds.body_seconds):
                return await self._read(receive)
        except TimeoutError:
            message = f"The request was not there in full after {self._bounds.body_seconds:g} seconds."
            raise PolicyFailed("request", "ClientConnectionFailure", message, status=408) from None

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._bounds.body_bytes:
                raise _too_large(self._bounds.body_bytes)
            if not message.get("more_body"):
                return b"".join(parts)


def _too_large(most: int) -> PolicyFailed:
    message = f"Request's body exceeds the limit of {most} bytes."
    return PolicyFailed("request", "RequestBodyTooLarge", message, status=413, headers=(("Connection", "close"),))


# Headers of which two would let gateway and backend see different requests.
_SINGLE = ("Authorization", "Host", "Content-Length", "Content-Type", "Idempotency-Key")


def _doubled(headers: Headers) -> PolicyFailed | None:
    for name in _SINGLE:
        if len(headers.values(name)) > 1:
            return PolicyFailed("request", "DuplicateHeader", f"The header {name} was sent twice.", status=400)
    return None


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _asked(api: LoadedApi, request: Request) -> bool:
    """Tell whether what a preflight asks for is an operation."""
    method = request.headers.get("Access-Control-Request-Method").upper()
    return api.router.match(method, request.url.path) is not None


def _request(scope: Scope) -> Request:
    headers = _received(scope["headers"])
    raw: bytes = scope["raw_path"] or scope["path"].encode()
    path, query_string = raw.decode("latin-1"), scope["query_string"].decode("latin-1")
    host, _, port = headers.get("Host", "").partition(":")
    query: Mapping[str, Sequence[str]] = parse_qs(query_string, keep_blank_values=True) if query_string else {}
    default_port = scope["server"][1] if scope.get("server") else 443
    client = scope["client"][0] if scope.get("client") else ""

    def url() -> Url:
        return Url(scope["scheme"], host, int(port) if port.isdigit() else default_port, path, query, query_string)

    return Request(scope["method"], client, headers, url(), url(), body=Body())


def _received(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Give the headers without those of the caller's own hop: what `Connection` names could else be policies' own."""
    headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)
    for name in headers.get("Connection").split(","):
        headers.remove(name.strip())
    headers.remove("Connection")
    return headers


async def _send(exchange: Exchange, response: Response, send: Send) -> None:
    octets = response.body.octets or b""
    headers = _sent(response, octets, head=exchange.context.request.method == "HEAD")
    if exchange.tracing:
        headers.append((TRACE_HEADER.lower().encode(), ",".join(exchange.context.trace).encode("latin-1", "replace")))
    start: dict[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    shown = b"" if exchange.context.request.method == "HEAD" or response.status in _BODILESS else octets
    await send({"type": "http.response.body", "body": shown})


def _sent(response: Response, octets: bytes, *, head: bool) -> list[tuple[bytes, bytes]]:
    """Give the headers as they go out: the length is that of the body, but of HEAD what the backend said."""
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
        if name.lower() not in _NOT_SENT and (head or name.lower() != "content-length")
    ]
    if not head and response.status not in _BODILESS:
        headers.append((b"content-length", str(len(octets)).encode()))
    return headers
