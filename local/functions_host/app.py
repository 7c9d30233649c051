"""The host's ASGI application: identity, admin, throttle, route, key, body, function, in this order."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

from local.functions_host.functions import Function
from local.functions_host.home_page import HOME_PAGE
from local.functions_host.http_messages import Request, Response, joined_headers, query_values, to_message, to_response
from local.functions_host.invoker import Call, Invoker
from local.functions_host.keys import Keys
from local.functions_host.logs import LOGGER
from local.functions_host.protos import RpcTraceContext, TypedData
from local.functions_host.routes import RouteTable
from local.functions_host.settings import HttpSettings
from local.functions_host.throttle import Throttle, TooBusy

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DEFAULT_BODY_LIMIT = 104_857_600  # bytes; functions-host: HttpRequestBodySizeMiddleware


class BodyTooLarge(Exception):
    """The body is longer than the host takes."""


class Identity(Protocol):
    """The platform in front of the host: it may refuse a request, and rewrites its headers."""

    def prepare(self, environment: MutableMapping[str, str]) -> None:
        """Set what the platform sets for the app."""

    async def admit(self, request: Request) -> Request | Response:
        """Return the request as the app is to see it, or the refusal."""


class Admin(Protocol):
    """The /admin part of the host."""

    async def answer(self, request: Request) -> Response:
        """Answer a request below /admin."""


class HttpApplication:
    """Serves the HTTP functions of an app."""

    def __init__(
        self,
        routes: RouteTable,
        invoker: Invoker,
        *,
        keys: Keys,
        settings: HttpSettings,
        identity: Identity,
        admin: Admin,
        body_limit: int = DEFAULT_BODY_LIMIT,
        lenient_chunked: bool = False,
        show_home_page: bool = True,
    ) -> None:
        self._routes = routes
        self._invoker = invoker
        self._keys = keys
        self._settings = settings
        self._identity = identity
        self._admin = admin
        self._body_limit = body_limit
        self._lenient_chunked = lenient_chunked
        self._show_home_page = show_home_page
        self._throttle = Throttle(settings.max_outstanding, settings.max_concurrent)
        self.is_draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _send(send, await self._answer(scope, receive))
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if self.is_draining:
            return Response(503, [("content-type", "text/plain")], b"Function host is not running.")
        admitted = await self._identity.admit(_request(scope))
        if isinstance(admitted, Response):
            return admitted
        if admitted.path.lower() == "/admin" or admitted.path.lower().startswith("/admin/"):
            return await self._administrate(admitted, receive)
        try:
            async with self._throttle.admitted():
                return await self._route(admitted, receive)
        except TooBusy:
            return Response(429, [("x-function-scaleout", "1")])

    async def _administrate(self, request: Request, receive: Receive) -> Response:
        try:
            return await self._admin.answer(await self._with_body(request, receive))
        except BodyTooLarge:
            return Response(413)

    async def _route(self, request: Request, receive: Receive) -> Response:
        match = self._routes.match(request.method, request.path)
        if match is None:
            return self._unmatched(request)
        function, values = match
        key = caller_key(request)
        if function.is_disabled and not self._keys.is_master(key):
            return Response(404)
        if not self._keys.admits(function.auth_level, function.name, key):
            return Response(401)
        try:
            return await self._invoke(function, values, await self._with_body(request, receive))
        except BodyTooLarge:
            return Response(413)

    def _unmatched(self, request: Request) -> Response:
        if request.path not in ("", "/"):
            return Response(404)
        if not self._show_home_page:
            return Response(204)
        return Response(200, [("content-type", "text/html; charset=utf-8")], HOME_PAGE.encode())

    async def _invoke(self, function: Function, values: Mapping[str, str], request: Request) -> Response:
        call = Call(
            data=TypedData(http=to_message(request, values)),
            reason=f"{request.method} {request.path}",
            metadata={name: TypedData(string=value) for name, value in values.items()},
            trace=_trace(request.headers),
        )
        outcome = await self._invoker.run(function, call)
        if outcome.error:
            return Response(500)
        try:
            return to_response(outcome.return_value, self._settings.custom_headers)
        except ValueError as error:
            LOGGER.error("%s: the response cannot be sent: %s", function.name, error)
            return Response(500)

    async def _with_body(self, request: Request, receive: Receive) -> Request:
        length = int(request.headers.get("content-length") or 0)
        if length > self._body_limit:
            raise BodyTooLarge
        body = await _read(receive, self._body_limit)
        # functions-host: ToRpcHttp forwards a body only with a Content-Length.
        forwarded = body if length > 0 or self._lenient_chunked else b""
        if body and not forwarded:
            LOGGER.warning(
                "%s %s: a body without Content-Length does not reach the function", request.method, request.path
            )
        return Request(request.method, request.scheme, request.path, request.query, request.headers, forwarded)


def caller_key(request: Request) -> str | None:
    """The key a caller shows: in x-functions-key, else in ?code=."""
    return request.headers.get("x-functions-key") or query_values(request.query).get("code")


def _request(scope: Scope) -> Request:
    # A client behind httpx.ASGITransport or uvicorn gives raw_path without the query.
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"].upper(),
        scheme=scope["scheme"],
        path=raw.decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=joined_headers(scope["headers"]),
    )


def _trace(headers: Mapping[str, str]) -> RpcTraceContext:
    return RpcTraceContext(trace_parent=headers.get("traceparent", ""), trace_state=headers.get("tracestate", ""))


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks)  # the client is gone; the function runs all the same
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise BodyTooLarge
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(send: Send, response: Response) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status not in (204, 304) and response.status >= 200:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
