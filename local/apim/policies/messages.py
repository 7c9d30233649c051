"""Policies that write the request or the response: headers, body, status; and those that set variables or answer."""

from collections.abc import Callable
from http import HTTPStatus

from local.apim.building import Builder
from local.apim.context import Body, Context, Headers, Response
from local.apim.documents import Element
from local.apim.errors import PolicyRefused
from local.apim.exchange import Exchange, Returned, Run

type OnHeaders = Callable[[Context, Headers], None]
type OnResponse = Callable[[Context, Response], None]


def set_variable(element: Element, builder: Builder) -> Run:
    name, value = element.attributes["name"], builder.value(element, "value")

    def run(exchange: Exchange) -> None:
        exchange.context.variables[name] = value(exchange.context)

    return run


def set_header(element: Element, builder: Builder) -> Run:
    change, of_response = header_change(element, builder), builder.section in ("outbound", "on-error")

    def run(exchange: Exchange) -> None:
        context = exchange.context
        change(context, exchange.response.headers if of_response else context.request.headers)

    return run


def header_change(element: Element, builder: Builder) -> OnHeaders:
    """Make what a `set-header` does to some headers."""
    name, action = builder.value(element, "name"), element.attributes.get("exists-action", "override")
    values = [builder.text(child) for child in element.children]
    if action != "delete" and not values:
        raise PolicyRefused(element.place, "a <value> is missing")

    def change(context: Context, headers: Headers) -> None:
        field = name(context)
        if action == "delete":
            headers.remove(field)
        elif action == "append":
            for value in values:
                headers.add(field, _text(value(context)))
        elif action == "override" or field not in headers:
            headers.set(field, [_text(value(context)) for value in values])

    return change


def _text(value: str | None) -> str:
    # A line break would be the beginning of another header.
    return (value or "").replace("\r", "").replace("\n", "")


def set_body(element: Element, builder: Builder) -> Run:
    text, of_response = builder.text(element), builder.section in ("outbound", "on-error")

    def run(exchange: Exchange) -> None:
        context = exchange.context
        message = exchange.response if of_response else context.request
        message.body = Body((text(context) or "").encode())

    return run


def set_status(element: Element, builder: Builder) -> Run:
    change = status_change(element, builder)
    return lambda exchange: change(exchange.context, exchange.response)


def status_change(element: Element, builder: Builder) -> OnResponse:
    """Make what a `set-status` does to a response."""
    code, reason = builder.value(element, "code"), builder.value(element, "reason", "")

    def change(context: Context, response: Response) -> None:
        response.status = int(code(context))
        response.reason = reason(context) or _phrase(response.status)

    return change


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def return_response(element: Element, builder: Builder) -> Run:
    """Answer at once, with a response that has nothing but what is said here."""
    status = next((status_change(child, builder) for child in element.children if child.name == "set-status"), None)
    headers = [header_change(child, builder) for child in element.children if child.name == "set-header"]
    body = next((builder.text(child) for child in element.children if child.name == "set-body"), None)

    def run(exchange: Exchange) -> None:
        context, response = exchange.context, Response()
        if status:
            status(context, response)
        for change in headers:
            change(context, response.headers)
        if body:
            response.body = Body((body(context) or "").encode())
        context.response = response
        raise Returned

    return run
