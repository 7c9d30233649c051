"""Pages of a list: filter, order, skip and top, with the link to the next page."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request

from local.azure_quantum.errors import Refused
from local.azure_quantum.filters import ORDERED_BY, Clause, clauses
from local.azure_quantum.items import Item, Items

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100


JOBS = Clause("item_type = ?", ("job",))
SESSIONS = Clause("item_type = ?", ("session",))
TOP_LEVEL = Clause("session IS NULL")


def of_session(session_id: str) -> Clause:
    """Select the jobs of one session."""
    return Clause("session = ?", (session_id.lower(),))


@dataclass(frozen=True)
class Page:
    items: list[Item]
    next_link: str | None


def page(items: Items, scope: Clause, request: Request, *, newest_first: bool = False) -> Page:
    """Give one page of the items in a scope; raises Refused (400) for a query that is not well-formed."""
    query = request.query_params
    top, skip = _whole(query.get("top"), "top", DEFAULT_PAGE), _whole(query.get("skip"), "skip", 0)
    top = min(top, LARGEST_PAGE)
    wanted = [scope, *clauses(query.get("filter", ""))]
    order, newest_first = _order(query.get("orderby", "").strip(), newest_first=newest_first)
    found = items.select(wanted, order, newest_first=newest_first, skip=skip, top=top + 1)
    more = len(found) > top
    return Page(found[:top], _next_link(request, top, skip + top) if more else None)


def _order(orderby: str, *, newest_first: bool) -> tuple[str, bool]:
    """Give the property and the direction; oldest first unless the list is another or the client asks otherwise."""
    if not orderby:
        return "creationtime", newest_first
    prop, _, direction = orderby.partition(" ")
    direction = direction.strip().lower() or "asc"
    if direction not in {"asc", "desc"}:
        raise Refused(400, "InvalidQuery", f"orderby is {orderby!r}; it must be a property and asc or desc.")
    if prop.lower() not in ORDERED_BY:
        raise Refused(400, "InvalidQuery", f"There is no property {prop!r} to order by.")
    return prop.lower(), direction == "desc"


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
