"""Policies towards the backend: which one, under whose name, with what address, and the call itself."""

import logging
from urllib.parse import urlencode

from local.apim.building import Builder
from local.apim.context import Context, Url
from local.apim.documents import Element
from local.apim.errors import PolicyFailed, PolicyRefused
from local.apim.exchange import Exchange, Run

log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 300


def authentication_managed_identity(element: Element, builder: Builder) -> Run:
    """Call the backend as the gateway itself: writes over whatever `Authorization` the caller sent."""
    resource, ignores = builder.value(element, "resource"), element.attributes.get("ignore-error") == "true"
    client, variable = element.attributes.get("client-id"), element.attributes.get("output-token-variable-name")

    async def run(exchange: Exchange) -> None:
        context = exchange.context
        try:
            token = await exchange.services.identity.token(resource(context), client)
        except PolicyFailed:
            if ignores:
                return
            raise
        if variable:
            context.variables[variable] = token
        else:
            context.request.headers.set("Authorization", [f"Bearer {token}"])

    return run


def set_backend_service(element: Element, builder: Builder) -> Run:
    if ("backend-id" in element.attributes) == ("base-url" in element.attributes):
        raise PolicyRefused(element.place, "say backend-id or base-url, one of them")
    name = element.attributes.get("backend-id", "")
    if name and not name.startswith("@") and name not in builder.backends:
        known = ", ".join(sorted(builder.backends)) or "none"
        raise PolicyRefused(element.place.at("backend-id"), f"no backend is called {name!r}; there are {known}")
    backend, url = builder.value(element, "backend-id"), builder.value(element, "base-url")

    def run(exchange: Exchange) -> None:
        if name:
            exchange.backend_id = backend(exchange.context)
        else:
            exchange.backend_id, exchange.service_url = "", url(exchange.context)

    return run


def rewrite_uri(element: Element, builder: Builder) -> Run:
    """Give the request another path below the backend's address; `{name}` stands for what the template matched."""
    template, copies = builder.value(element, "template"), element.attributes["copy-unmatched-params"] == "true"

    def run(exchange: Exchange) -> None:
        request = exchange.context.request
        path, _, query = str(template(exchange.context)).partition("?")
        for name, value in request.matched_parameters.items():
            path = path.replace(f"{{{name}}}", value)
        kept = request.url.query_string if copies else ""
        url = request.url
        request.url = Url(url.scheme, url.host, url.port, path, url.query, "&".join(filter(None, (query, kept))))

    return run


def forward_request(element: Element, builder: Builder) -> Run:
    """Call the backend. An answer of any status is an answer, unless `fail-on-error-status-code` says otherwise."""
    if "timeout" in element.attributes and "timeout-ms" in element.attributes:
        raise PolicyRefused(element.place, "say timeout or timeout-ms, one of them")
    seconds, milliseconds = builder.value(element, "timeout", _TIMEOUT_SECONDS), builder.value(element, "timeout-ms")
    strict = element.attributes.get("fail-on-error-status-code") == "true"

    def allowed(context: Context) -> float:
        given = milliseconds(context)
        return float(seconds(context)) if given is None else given / 1000

    async def run(exchange: Exchange) -> None:
        context = exchange.context
        request = context.request
        request.headers.add("X-Forwarded-For", request.ip_address)
        context.response = await exchange.services.backends.forward(
            exchange.backend_id or exchange.service_url,
            request.method,
            _target(request.url),
            request.headers,
            request.body.octets or b"",
            allowed(context),
        )
        # What was never forwarded has no line: that is how one sees what callers are spared, and the service.
        log.info("forwarded %s %s: %d", request.method, request.url.path, context.response.status)
        if strict and context.response.status >= 400:
            message = f"The backend answered {context.response.status}."
            raise PolicyFailed("forward-request", "BackendErrorStatusCode", message, status=context.response.status)

    return run


def _target(url: Url) -> str:
    query = url.query_string or urlencode(url.query, doseq=True)
    return f"{url.path}?{query}" if query else url.path
