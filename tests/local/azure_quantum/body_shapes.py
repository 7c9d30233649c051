"""Shapes of documents as data: what each member is, and where a document differs from its shape."""

import re
from collections.abc import Callable, Mapping
from typing import Any

type Kind = Callable[[Any], bool]
type Shape = Mapping[str, Kind]

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00"
_GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def null(value: Any) -> bool:
    return value is None


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(_TIME, value) is not None


def guid(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(_GUID, value) is not None


def whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def number(value: Any) -> bool:
    return type(value) in {int, float} and value >= 0


def unsigned(value: Any) -> bool:
    """A URI without a signature."""
    return isinstance(value, str) and value.startswith("http") and "?" not in value


def maybe(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def exactly(*values: Any) -> Kind:
    """One of these values, of the same type: 1 is neither 1.0 nor True."""
    return lambda value: any(value == wanted and type(value) is type(wanted) for wanted in values)


def signed(resource: str, permissions: str) -> Kind:
    """A URI signed for a container (c) or a blob (b) with these permissions."""

    def check(value: Any) -> bool:
        _, _, query = str(value).partition("?")
        wanted = {f"sr={resource}", f"sp={permissions}"}
        return wanted <= set(query.split("&")) and "sig=" in query and "se=" in query

    return check


def like(shape: Shape) -> Kind:
    return lambda value: not faults(value, shape)


def each(shape: Shape) -> Kind:
    """A list of at least one document of this shape."""
    return lambda value: isinstance(value, list) and bool(value) and all(like(shape)(entry) for entry in value)


def faults(document: Any, shape: Shape) -> list[str]:
    """Name each member that is missing, is too many or is not what the shape says."""
    if not isinstance(document, dict):
        return [f"{document!r} is no object"]
    missing = [f"{name} is missing" for name in shape if name not in document]
    extra = [f"{name} is too many" for name in document if name not in shape]
    wrong = [
        f"{name} is {document[name]!r}" for name, kind in shape.items() if name in document and not kind(document[name])
    ]
    return missing + extra + wrong
