"""Caching: of whole responses (cache-lookup, cache-store) and of values under a key of one's own.

A cache that fails raises no error, it finds nothing (howto-cache). Chosen: `Cache-Control` stays what the backend or a
later policy says; what API Management writes for `downstream-caching-type` is not documented.
"""

from http import HTTPStatus

from local.apim.building import Builder
from local.apim.caches import response_key
from local.apim.context import Context
from local.apim.documents import Element
from local.apim.errors import PolicyRefused
from local.apim.exchange import CacheHit, Exchange, Run


def cache_lookup(element: Element, builder: Builder) -> Run:
    private = element.attributes.get("allow-private-response-caching") == "true"
    headers, parameters = (_listed(element, name) for name in ("vary-by-header", "vary-by-query-parameter"))

    def run(exchange: Exchange) -> None:
        context = exchange.context
        if context.request.method != "GET" or ("Authorization" in context.request.headers and not private):
            return
        responses = exchange.services.responses
        exchange.cache_key = response_key(context, headers, parameters)
        found = responses.get(exchange.cache_key)
        if found is not None:
            context.response = found
            raise CacheHit

    return run


def cache_store(element: Element, builder: Builder) -> Run:
    """Keep an answer 200; with `cache-response`, one of any status where that is true."""
    duration = builder.value(element, "duration")
    kept = builder.value(element, "cache-response") if "cache-response" in element.attributes else _is_ok

    def run(exchange: Exchange) -> None:
        context = exchange.context
        if exchange.cache_key is not None and kept(context):
            exchange.services.responses.set(exchange.cache_key, exchange.response, int(duration(context)))

    return run


def _is_ok(context: Context) -> bool:
    return context.response is not None and context.response.status == HTTPStatus.OK


def cache_lookup_value(element: Element, builder: Builder) -> Run:
    """Put what the cache has under a key into a variable; what it has not is `default-value`.

    Without a default the documentation says two things (null, and no variable): the policy is refused.
    """
    if "default-value" not in element.attributes:
        raise PolicyRefused(
            element.place, 'give a default-value, "" for example: what a miss gives without one is not documented'
        )
    key, default = builder.value(element, "key"), builder.value(element, "default-value")
    name = element.attributes["variable-name"]

    def run(exchange: Exchange) -> None:
        context = exchange.context
        found = exchange.services.values.get(key(context))
        context.variables[name] = default(context) if found is None else found

    return run


def cache_store_value(element: Element, builder: Builder) -> Run:
    key, value, duration = (builder.value(element, name) for name in ("key", "value", "duration"))

    def run(exchange: Exchange) -> None:
        context = exchange.context
        exchange.services.values.set(key(context), value(context), int(duration(context)))

    return run


def cache_remove_value(element: Element, builder: Builder) -> Run:
    key = builder.value(element, "key")
    return lambda exchange: exchange.services.values.remove(key(exchange.context))


def _listed(element: Element, name: str) -> tuple[str, ...]:
    return tuple(child.text.strip() for child in element.children if child.name == name)
