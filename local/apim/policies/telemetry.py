"""Policies that tell an observer something: emit-metric, trace. Here it is recorded and logged; in Azure it is sent."""

import logging
from collections.abc import Mapping

from local.apim.building import Builder
from local.apim.context import Context
from local.apim.documents import Element
from local.apim.errors import PolicyRefused
from local.apim.exchange import Exchange, Metric, Run
from local.apim.values import Read

log = logging.getLogger(__name__)
_LEVELS = {"verbose": logging.DEBUG, "information": logging.INFO, "error": logging.ERROR}

# Dimensions that API Management fills in by itself (policy reference, emit-metric).
_KNOWN: Mapping[str, Read] = {
    "API ID": lambda context: context.api.id if context.api else "",
    "Operation ID": lambda context: context.operation.id if context.operation else "",
    "Location": lambda _: "local",
    "Gateway ID": lambda _: "managed",
}


def emit_metric(element: Element, builder: Builder) -> Run:
    name, space = element.attributes["name"], element.attributes.get("namespace", "")
    value = builder.value(element, "value", 1)
    dimensions = [(child.attributes["name"], _dimension(child, builder)) for child in element.children]

    def run(exchange: Exchange) -> None:
        context = exchange.context
        told = tuple((dimension, str(read(context))) for dimension, read in dimensions)
        exchange.services.metrics[Metric(space, name, 1, told)] += int(value(context))

    return run


def _dimension(element: Element, builder: Builder) -> Read:
    if "value" in element.attributes:
        return builder.value(element, "value")
    name = element.attributes["name"]
    if name not in _KNOWN:
        raise PolicyRefused(element.place, f"the dimension {name!r} needs a value; without one: {', '.join(_KNOWN)}")
    return _KNOWN[name]


def trace(element: Element, builder: Builder) -> Run:
    source, level = element.attributes["source"], _LEVELS[element.attributes.get("severity", "verbose")]
    message = next(builder.text(child) for child in element.children if child.name == "message")
    metadata = [
        (child.attributes["name"], builder.value(child, "value"))
        for child in element.children
        if child.name == "metadata"
    ]

    def run(exchange: Exchange) -> None:
        context: Context = exchange.context
        told = {name: read(context) for name, read in metadata}
        log.log(level, "%s: %s %s", source, message(context), told or "")

    return run
