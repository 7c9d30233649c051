"""The calls in which expressions are compared: told once as JSON, made here for the gateway and in stub.cs for Mono."""

import struct
from typing import Any

from local.apim.context import Body, Context, Headers, Jwt, LastError, Named, Request, Response, Url
from local.apim.csharp import boxed_int, boxed_long, json_text
from local.apim.csharp.formatting import formatter
from local.apim.csharp.json_values import JToken
from local.apim.csharp.types import STRING
from local.apim.csharp.values import Array, Char, Int, Long, type_of

from .compiler import Value

URL = {
    "scheme": "https",
    "host": "api.example.org",
    "port": 443,
    "path": "/jobs/j1",
    "query": [["kind", "x"], ["kind", "y"], ["top", "5"]],
    "query_string": "?kind=x&kind=y&top=5",
}
CLAIMS = [
    ["roles", "Jobs.Read"],
    ["roles", "Jobs.Submit"],
    ["tid", "t"],
    ["oid", "o"],
    ["sub", "s"],
    ["exp", "1795000100"],
]


def _variables(number: int) -> dict[str, dict[str, Any]]:
    texts = ["some text", "", "Ärger 😀 end"]
    return {
        "text": {"type": "string", "value": texts[number]},
        "digits": {"type": "string", "value": ["42", " -7 ", "9999999999"][number]},
        "nothing": {"type": "null", "value": None},
        "int": {"type": "int", "value": [5, -2147483648, 2147483647][number]},
        "other": {"type": "int", "value": [3, -1, 0][number]},
        "long": {"type": "long", "value": [5, -(2**63), 2**63 - 1][number]},
        "double": {"type": "double", "value": [2.5, -0.1, 1e300][number]},
        "flag": {"type": "bool", "value": number != 1},
        "jwt": {"type": "jwt", "value": CLAIMS[: len(CLAIMS) - 2 * number]},
        "list": {"type": "strings", "value": [["a", "bb", "a"], [], ["10", "2"]][number]},
        "json": {"type": "json", "value": ['{"a":1,"b":[1,2.5,"x",null,true]}', "[1,2]", '"text"'][number]},
    }


_FULL_BODY = (
    '{"target": "qpu.x", "shots": 100, "price": 1.50, "deep": {"list": [1, "two", null, {"x": true}]}, "none": null,'
    ' "big": 12345678901234567890, "when": "2026-11-28T10:00:00Z", "odd": "2026-02-30T10:00:00Z", "flag": true}'
)
_ODD_BODY = (
    '{"target": 5, "shots": "many", "price": null, "deep": [], "when": "2026-11-28T12:30:00.1200000+02:00",'
    ' "flag": "no", "other": "caf\\u00e9 \\ud83d\\ude00 \\"q\\" \\\\ / \\u0001 \\u2028"}'
)
BODIES = [_FULL_BODY, "", _ODD_BODY]


def descriptions() -> list[dict[str, Any]]:
    """Give three calls: an everyday one, one with hardly anything in it, one at the limits."""
    return [_description(number) for number in range(3)]


def _description(number: int) -> dict[str, Any]:
    answered = {"status": [200, 0, 503][number], "reason": "Reason", "headers": [["X-Job-Fresh-Seconds", "30"]]}
    return {
        "request_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "request": {
            "method": ["GET", "POST", "DELETE"][number],
            "ip_address": "203.0.113.9",
            "headers": [[["X-One", "1"], ["X-Many", "a"], ["x-many", "b"]], [], [["X-One", "not a number"]]][number],
            "url": URL,
            "original_url": {**URL, "path": "/v1/jobs/j1"},
            "matched_parameters": {} if number == 1 else {"jobId": "j1"},
            "body": BODIES[number],
        },
        "response": None if number == 1 else {**answered, "body": ['{"id": "j1"}', "", "not json"][number]},
        "last_error": None
        if number == 0
        else {
            "source": "rate-limit-by-key",
            "reason": "RateLimitExceeded",
            "message": "m",
            "scope": "api",
            "section": "inbound",
            "path": "",
            "policy_id": "gate",
        },
        "variables": _variables(number),
    }


def _url(told: dict[str, Any]) -> Url:
    query: dict[str, list[str]] = {}
    for name, value in told["query"]:
        query.setdefault(name, []).append(value)
    return Url(told["scheme"], told["host"], told["port"], told["path"], query, told["query_string"])


def _variable(told: dict[str, Any]) -> Any:
    kind, value = told["type"], told["value"]
    if kind == "jwt":
        claims: dict[str, list[str]] = {}
        for name, one in value:
            claims.setdefault(name, []).append(one)
        return Jwt(claims)
    if kind == "strings":
        return Array.make(type_of(""), value)
    makers: dict[str, Any] = {"int": boxed_int, "long": boxed_long, "json": json_text.read}
    return makers[kind](value) if kind in makers else value


def context_of(told: dict[str, Any]) -> Context:
    request, response, error = told["request"], told["response"], told["last_error"]
    return Context(
        Request(
            request["method"],
            request["ip_address"],
            Headers(request["headers"]),
            _url(request["url"]),
            _url(request["original_url"]),
            dict(request["matched_parameters"]),
            Body(request["body"].encode()),
        ),
        response
        and Response(
            response["status"], response["reason"], Headers(response["headers"]), Body(response["body"].encode())
        ),
        {name: _variable(one) for name, one in told["variables"].items()},
        error and LastError(**error),
        Named("quantum-jobs", "Quantum Jobs", "v1", "v1"),
        Named("get-job", "Get a job"),
        told["request_id"],
    )


def shown(value: Any, wanted: str) -> Value:
    """Tell a value of the gateway as stub.cs tells one of Mono."""
    if value is None:
        return "null", ""
    if wanted in ("int", "long"):
        return wanted, str(int(value))
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, Int | Long):
        return type(value).__name__.lower(), str(int(value))
    if isinstance(value, float):
        return "double", "NaN" if value != value else str(struct.unpack("<q", struct.pack("<d", value))[0])
    if isinstance(value, JToken):
        return type(value).__name__, json_text.write(value, indented=False)
    if isinstance(value, Array):
        return ("string[]", "|".join(value)) if value.of == STRING else ("other", f"{str(value.of).title()}[]")
    return _told(value)


def _told(value: Any) -> Value:
    if isinstance(value, str):
        return ("char" if isinstance(value, Char) else "string"), value
    type_ = type_of(value)
    if type_.name in ("DateTime", "DateTimeOffset"):
        return type_.name, formatter(type_, "o")(value)
    return type_.name, value.text if type_.name == "TimeSpan" else str(value)
