"""HTTP requests into the runtime's messages and its answers back, by the rules of the Functions host."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from local.functions_host.protos import RpcHttp, RpcHttpCookie, SameSite, TypedData

# Kestrel refuses control and non-ASCII characters in response headers.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER = re.compile(r"[\t\x20-\x7e]*")

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire; `path` is percent-encoded, header names are lower case."""

    method: str
    scheme: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def joined_headers(headers: Headers) -> dict[str, str]:
    """Lower-case names; repeated headers joined by a comma."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def query_values(query: str) -> dict[str, str]:
    """Decode a query; names ignore case, repeated ones are joined by a comma, those without a value are dropped."""
    values: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=False):
        known = names.setdefault(name.lower(), name)
        values[known] = f"{values[known]},{value}" if known in values else value
    return values


def to_message(request: Request, route_values: Mapping[str, str]) -> RpcHttp:
    """Convert as the host's ToRpcHttp does: the body is always bytes."""
    url = f"{request.scheme}://{request.headers.get('host', '')}{request.path}"
    return RpcHttp(
        method=request.method,
        url=f"{url}?{request.query}" if request.query else url,
        headers=request.headers,
        params=route_values,
        query=query_values(request.query),
        body=TypedData(bytes=request.body or None),
    )


def to_response(value: TypedData | None, custom_headers: Mapping[str, str]) -> Response:
    """Convert what a function returned; custom headers are added where the function set none of that name.

    Raises:
        ValueError: the status or a header cannot be sent.
    """
    response = _from_value(value)
    wrong = [name for name, text in response.headers if not (_HEADER_NAME.fullmatch(name) and _HEADER.fullmatch(text))]
    if wrong:
        raise ValueError(f"header {wrong[0]!r} holds a character other than printable ASCII")
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend((name, text) for name, text in custom_headers.items() if name.lower() not in present)
    return response


def _from_value(value: TypedData | None) -> Response:
    if value is None:
        return Response(200)
    if value.http is not None:
        return _from_http(value.http)
    if value.string is not None:
        return _from_text(value.string)
    raise ValueError(f"a function returned {value.WhichOneof('data')} where HTTP needs a response or a string")


def _from_http(http: RpcHttp) -> Response:
    headers = [(name, text) for name, text in http.headers.items() if name.lower() != "content-length"]
    headers += [("set-cookie", cookie_header(cookie)) for cookie in http.cookies or ()]
    return Response(_status(http.status_code), headers, http.body.bytes or b"")


def _from_text(text: str) -> Response:
    # functions-host: HttpBinding.CreateResult reads every string as JSON first.
    try:
        content = json.loads(text)
    except ValueError:
        return Response(200, [("content-type", "text/plain; charset=utf-8")], text.encode())
    members = {name.lower(): member for name, member in content.items()} if isinstance(content, dict) else {}
    if "body" not in members:
        return _negotiated(200, content, {})
    status = members.get("statuscode", members.get("status", 200))
    headers = members.get("headers")
    return _negotiated(_status(status), members["body"], headers if isinstance(headers, dict) else {})


def _negotiated(status: int, content: Any, headers: Mapping[str, Any]) -> Response:
    sent = [(name, str(value)) for name, value in headers.items()]
    is_text = isinstance(content, str)
    if not any(name.lower() == "content-type" for name, _ in sent):
        sent.append(("content-type", f"{'text/plain' if is_text else 'application/json'}; charset=utf-8"))
    body = (
        content
        if is_text
        else ""
        if content is None
        else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    )
    return Response(status, sent, body.encode())


def _status(value: Any) -> int:
    status = int(value)
    if not 100 <= status <= 599:
        raise ValueError(f"{status} is not an HTTP status")
    return status


def cookie_header(cookie: RpcHttpCookie) -> str:
    """Write one Set-Cookie value in the order and case of ASP.NET Core; without a path it is for the whole site."""
    return "; ".join([f"{cookie.name}={quote(cookie.value, safe='-_.~')}", *_attributes(cookie)])


def _attributes(cookie: RpcHttpCookie) -> Iterable[str]:
    if cookie.expires:
        yield f"expires={format_datetime(datetime.fromtimestamp(cookie.expires.value.seconds, UTC), usegmt=True)}"
    if cookie.max_age:
        yield f"max-age={int(cookie.max_age.value)}"
    if cookie.domain and cookie.domain.value:
        yield f"domain={cookie.domain.value}"
    yield f"path={cookie.path.value if cookie.path and cookie.path.value else '/'}"
    if cookie.secure and cookie.secure.value:
        yield "secure"
    if cookie.same_site:
        yield f"samesite={SameSite(cookie.same_site).name.removeprefix('Explicit').lower()}"
    if cookie.http_only and cookie.http_only.value:
        yield "httponly"
