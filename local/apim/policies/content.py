"""validate-content: how large a body may be, and of which media types.

The order is chosen: size first, then media type, then whether it is JSON. Source of the words in messages: policy
reference, validation errors. Bodies are held against `json` as a format, never against the imported schema, whose
faults the service itself tells better; `schema-id`, `schema-ref` and `errors-variable-name` are therefore refused.
"""

import json
from collections.abc import Iterator

from local.apim.building import Builder
from local.apim.documents import Element
from local.apim.errors import PolicyFailed
from local.apim.exchange import Exchange, Run

_NAME = "validate-content"


def validate_content(element: Element, builder: Builder) -> Run:
    largest = int(element.attributes["max-size"])
    too_large, unspecified = (
        element.attributes["size-exceeded-action"],
        element.attributes["unspecified-content-type-action"],
    )
    contents = {child.attributes["type"].lower(): child.attributes["action"] for child in element.children}

    def found(body: bytes, media_type: str) -> Iterator[tuple[str, str, str]]:
        """Give each fault: what is to be done, API Management's word for it, and the message."""
        if len(body) > largest:
            message = (
                f"Request's body is {len(body)} bytes long and it exceeds the configured limit of {largest} bytes."
            )
            yield too_large, "SizeLimit", message
        if media_type not in contents:
            yield unspecified, "Unspecified", f"Unspecified content type {media_type} is not allowed."
        elif not _is_json(body):
            yield contents[media_type], "IncorrectMessage", f"Body of the request is not of the type {media_type}."

    def run(exchange: Exchange) -> None:
        context = exchange.context
        media_type = context.request.headers.get("Content-Type").partition(";")[0].strip().lower()
        for action, reason, message in found(context.request.body.octets or b"", media_type):
            if action == "prevent":
                raise PolicyFailed(_NAME, reason, message, status=400)

    return run


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
