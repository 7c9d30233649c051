"""Tells what kind of storage request a method and a target are, for the counters."""

from collections.abc import Callable
from urllib.parse import parse_qs

from local.names import StorageService


def kind(service: StorageService, method: str, target: str) -> str:
    """Give method and path template of a storage request, as `PUT /{container}/{blob}?comp=block`."""
    path, _, query = target.partition("?")
    comp = parse_qs(query).get("comp", [""])[0]
    parts = [part for part in path.split("/") if part]
    return f"{method} /{_TEMPLATES[service](parts)}{f'?comp={comp}' if comp else ''}"


def _blob_template(parts: list[str]) -> str:
    return "/".join(("{container}", "{blob}")[: len(parts)])


def _queue_template(parts: list[str]) -> str:
    return "/".join(("{queue}", "messages", "{id}")[: len(parts)])


def _table_template(parts: list[str]) -> str:
    name, parenthesis, keys = "/".join(parts).partition("(")
    if name in ("", "$batch"):
        return name
    key = "{table}" if name == "Tables" else "{keys}"
    return ("Tables" if name == "Tables" else "{table}") + (f"({key})" if parenthesis and keys != ")" else "")


_TEMPLATES: dict[StorageService, Callable[[list[str]], str]] = {
    "blob": _blob_template,
    "queue": _queue_template,
    "table": _table_template,
}
