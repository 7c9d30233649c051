"""Pages of a list: filter, order, skip and top, with the link to the next page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol
from urllib.parse import quote

from starlette.requests import Request

from local.azure_quantum.errors import Refused
from local.azure_quantum.filters import Item, matcher, sort_key

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100


class Listed[Kind: Item](Protocol):
    """Items, oldest first; a view both ways, so that a page of many jobs costs a page."""

    def __iter__(self) -> Iterator[Kind]: ...
    def __reversed__(self) -> Iterator[Kind]: ...


@dataclass(frozen=True)
class Page[Kind: Item]:
    items: list[Kind]
    next_link: str | None


def page[Kind: Item](items: Listed[Kind], request: Request, *, newest_first: bool = False) -> Page[Kind]:
    """Give one page; raises Refused (400) for a query that is not well-formed."""
    query = request.query_params
    top, skip = _whole(query.get("top"), "top", DEFAULT_PAGE), _whole(query.get("skip"), "skip", 0)
    top = min(top, LARGEST_PAGE)
    matches = matcher(query.get("filter", ""))
    ordered = _ordered(items, query.get("orderby", "").strip(), newest_first=newest_first)
    found = list(islice((item for item in ordered if matches(item)), skip, skip + top + 1))
    more = len(found) > top
    return Page(found[:top], _next_link(request, top, skip + top) if more else None)


def _ordered[Kind: Item](items: Listed[Kind], orderby: str, *, newest_first: bool) -> Iterable[Kind]:
    """Order the items; oldest first unless the list is another or the client asks otherwise."""
    if not orderby:
        return reversed(items) if newest_first else items
    prop, _, direction = orderby.partition(" ")
    direction = direction.strip().lower() or "asc"
    if direction not in {"asc", "desc"}:
        raise Refused(400, "InvalidQuery", f"orderby is {orderby!r}; it must be a property and asc or desc.")
    if prop.lower() == "creationtime":
        return reversed(items) if direction == "desc" else items
    return sorted(items, key=sort_key(prop), reverse=direction == "desc")


def _whole(value: str | None, name: str, default: int) -> int:
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Refused(400, "InvalidQuery", f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def _next_link(request: Request, top: int, skip: int) -> str:
    """Write the absolute link as the service does; the package reads filter and orderby back from it."""
    query = request.query_params
    parts = [f"{name}={quote(query[name], safe='')}" for name in ("filter", "orderby") if query.get(name)]
    parts += [f"top={top}", f"skip={skip}", f"api-version={query['api-version']}"]
    return f"{request.url.replace(query='')}?{'&'.join(parts)}"
