"""`context`: the call as policies see it.

Chosen: a request without a body has none (null, as the reference says); a response always has one, maybe empty.
"""

import time
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from local.apim.context import Body, Context, Jwt, Request
from local.apim.csharp import conversion, json_text, times, types
from local.apim.csharp.failures import thrown
from local.apim.csharp.members_text import needed
from local.apim.csharp.numbers import Guid
from local.apim.csharp.signatures import members_of
from local.apim.csharp.times import DateTime, TimeSpan
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array
from local.apim.csharp.walking import TextLists

_context = members_of("Context")
_context.property("Guid RequestId", lambda context: Guid(context.request_id))
_context.property("Request Request", lambda context: context.request)
_context.property("Response Response", lambda context: context.response)
_context.property("Variables Variables", lambda context: context.variables)
_context.property("LastError LastError", lambda context: context.last_error)
_context.property("Api Api", lambda context: context.api)
_context.property("Operation Operation", lambda context: context.operation)
_context.property("TimeSpan Elapsed", lambda context: _elapsed(context))
_context.property("DateTime Timestamp", lambda context: _received(context))


def _elapsed(context: Context) -> TimeSpan:
    return TimeSpan(int((time.monotonic() - context.started) * times.TICKS_PER_SECOND))


def _received(context: Context) -> DateTime:
    return DateTime(times.ticks_of_unix(time.time_ns()) - _elapsed(context).ticks, "Utc")


_request = members_of("Request")
_request.property("string Method", lambda request: request.method)
_request.property("string IpAddress", lambda request: request.ip_address)
_request.property("TextLists Headers", lambda request: TextLists(request.headers))
_request.property("IReadOnlyDictionary<string, string> MatchedParameters", lambda request: request.matched_parameters)
_request.property("Url Url", lambda request: request.url)
_request.property("Url OriginalUrl", lambda request: request.original_url)
_request.property("Body Body", lambda request: _body(request))


def _body(request: Request) -> Body | None:
    return None if request.body.octets == b"" else request.body


_url = members_of("Url")
for _name in ("Scheme", "Host", "Path"):
    _url.property(f"string {_name}", attrgetter(_name.lower()))
_url.property("int Port", lambda url: url.port)
_url.property("string QueryString", lambda url: url.query_string)
_url.property("TextLists Query", lambda url: TextLists(url.query))

_response = members_of("Response")
_response.property("int StatusCode", lambda response: response.status)
_response.property("string StatusReason", lambda response: response.reason)
_response.property("TextLists Headers", lambda response: TextLists(response.headers))
_response.property("Body Body", lambda response: response.body)


def _as(binding: dict[str, Type]) -> Callable[[Body, bool], Any]:
    to = binding["R"]
    if to not in _READINGS:
        wanted = ", ".join(map(str, _READINGS))
        raise ValueError(f"Body.As<{to}> is not run here; there are: {wanted}")
    read = _READINGS[to]

    def call(body: Body, preserve: bool) -> Any:
        octets = body.take(preserve=preserve)
        return None if octets is None else read(octets)

    return call


def _text(octets: bytes) -> str:
    return octets.decode("utf-8-sig", "replace")


_READINGS: dict[Type, Callable[[bytes], Any]] = {
    types.STRING: _text,
    types.J_OBJECT: lambda octets: json_text.read_object(_text(octets)),
    types.J_ARRAY: lambda octets: json_text.read_array(_text(octets)),
    types.J_TOKEN: lambda octets: json_text.read(_text(octets)),
    types.array_of(Type("byte")): lambda octets: octets,
}
_body_members = members_of("Body")
_body_members.method("R As<R>(bool preserveContent = false)", _as, typed=True)

_last_error = members_of("LastError")
for _name in ("Source", "Reason", "Message", "Scope", "Section", "Path"):
    _last_error.property(f"string {_name}", attrgetter(_name.lower()))
_last_error.property("string PolicyId", lambda error: error.policy_id)

for _type in ("Api", "Operation"):
    _named = members_of(_type)
    for _name in ("Id", "Name", *(("Path", "Version") if _type == "Api" else ())):
        _named.property(f"string {_name}", attrgetter(_name.lower()))


def _value_or_default(binding: dict[str, Type]) -> Callable[..., Any]:
    change = conversion.checked(binding["R"])

    def call(variables: Any, name: str | None, default: Any) -> Any:
        return change(variables[name]) if needed(name, "key") in needed(variables) else default

    return call


_variables = members_of("Variables")
_variables.method("R GetValueOrDefault<R>(string key, R defaultValue)", _value_or_default, extension=True, typed=True)

_lists = members_of("TextLists")
_lists.method(
    "string GetValueOrDefault(string key, string defaultValue)",
    lambda lists, name, default: needed(lists).joined(needed(name, "key"), default),
    extension=True,
)
_lists.method(
    "string GetValueOrDefault(string key)",
    lambda lists, name: needed(lists).joined(needed(name, "key"), None),
    extension=True,
)

_matched = members_of("IReadOnlyDictionary<T, R>")
_matched.method(
    "R GetValueOrDefault(T key, R defaultValue)",
    lambda items, name, default: needed(items).get(needed(name, "key"), default),
    extension=True,
)

_jwt = members_of("Jwt")
_jwt.property("TextLists Claims", lambda jwt: TextLists(jwt.claims))
_jwt.property("string Algorithm", lambda jwt: jwt.algorithm)


def _claim(name: str) -> Callable[[Jwt], str | None]:
    return lambda jwt: jwt.claim(name) if name in jwt.claims else None


for _name, _claimed in {"Subject": "sub", "Issuer": "iss", "Id": "jti", "Type": "typ"}.items():
    _jwt.property(f"string {_name}", _claim(_claimed))
_jwt.property("IEnumerable<string> Audiences", lambda jwt: Array.make(types.STRING, jwt.claims.get("aud", ())))


def _moment(name: str) -> Callable[[Jwt], DateTime | None]:
    def read(jwt: Jwt) -> DateTime | None:
        values = jwt.claims.get(name)
        if not values:
            return None
        if not values[0].removeprefix("-").isdecimal():
            raise thrown("FormatException", f"The claim {name} is no number of seconds.")
        return DateTime(times.UNIX_EPOCH + int(values[0]) * times.TICKS_PER_SECOND, "Utc")

    return read


for _name, _claimed in {"ExpirationTime": "exp", "NotBefore": "nbf", "IssuedAt": "iat"}.items():
    _jwt.property(f"DateTime? {_name}", _moment(_claimed))
