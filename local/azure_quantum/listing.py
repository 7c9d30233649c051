"""Pages of a list: filter, order, skip and top, with the link to the next page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from starlette.requests import Request

from local.azure_quantum.errors import Refused
from local.azure_quantum.filters import matcher, sort_key
from local.azure_quantum.jobs import Jobs
from local.azure_quantum.models import Job

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100


@dataclass(frozen=True)
class Page:
    items: list[Job]
    next_link: str | None


def page(jobs: Jobs, request: Request) -> Page:
    """Give one page; raises Refused (400) for a query that is not well-formed."""
    query = request.query_params
    top, skip = _whole(query.get("top"), "top", DEFAULT_PAGE), _whole(query.get("skip"), "skip", 0)
    top = min(top, LARGEST_PAGE)
    matches = matcher(query.get("filter", ""))
    ordered = _ordered(jobs, query.get("orderby", ""))
    found = list(islice((job for job in ordered if matches(job)), skip, skip + top + 1))
    more = len(found) > top
    return Page(found[:top], _next_link(request, top, skip + top) if more else None)


def _ordered(jobs: Jobs, orderby: str) -> Iterable[Job]:
    """Order the jobs; oldest first unless asked otherwise, and jobs that compare equal too."""
    prop, _, direction = orderby.strip().partition(" ")
    descending = direction.strip().lower() == "desc"
    if direction.strip().lower() not in {"", "asc", "desc"}:
        raise Refused(400, "InvalidQuery", f"orderby is {orderby!r}; it must be a property and asc or desc.")
    if not prop or prop.lower() == "creationtime":
        return _backwards(jobs) if descending else jobs
    return sorted(jobs, key=sort_key(prop), reverse=descending)


def _backwards(jobs: Jobs) -> Iterator[Job]:
    return reversed(jobs)


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
