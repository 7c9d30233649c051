"""What tests of policy expressions start from: a call through the gateway, and how an expression is run for it."""

from pathlib import Path
from typing import Any

import pytest

from local.apim.context import Body, Context, Headers, Jwt, LastError, Named, Request, Response, Url
from local.apim.csharp import boxed_int, boxed_long, compile_expression
from local.apim.errors import ExpressionFailed, Place, PolicyRefused

PLACE = Place(Path("policy.xml"), 10, "set-body")
NANOSECONDS = 1_795_000_000_123_456_700  # 2026-11-18T11:06:40.1234567Z


def url(path: str = "/jobs/j1", **query: list[str]) -> Url:
    return Url(
        "https", "api.example.org", 443, path, query, "?" + "&".join(f"{k}={v}" for k in query for v in query[k])
    )


def a_context(body: bytes = b'{"target": "qpu.x", "shots": 100}', **variables: Any) -> Context:
    """Give a call with a body, headers, a checked token and variables of every kind."""
    context = Context(
        Request(
            "POST",
            "203.0.113.9",
            Headers([("X-One", "1"), ("X-Many", "a"), ("x-many", "b")]),
            url(kind=["x", "y"]),
            url("/v1/jobs/j1"),
            {"jobId": "j1"},
            Body(body),
        ),
        Response(202, "Accepted", Headers([("X-Job-Fresh-Seconds", "30")]), Body(b'{"id": "j1"}')),
        last_error=LastError("rate-limit-by-key", "RateLimitExceeded", "Rate limit is exceeded.", policy_id="gate"),
        api=Named("quantum-jobs", "Quantum Jobs", "v1", "v1"),
        operation=Named("get-job", "Get a job"),
        request_id="7c9e6679-7425-40de-944b-e07fc1f90ae7",
    )
    token = Jwt({"roles": ("Jobs.Read", "Jobs.Submit"), "tid": ("t",), "sub": ("s",), "exp": ("1795000100",)})
    context.variables = {
        "text": "some text",
        "empty": "",
        "nothing": None,
        "int": boxed_int(5),
        "long": boxed_long(5),
        "double": 2.5,
        "true": True,
        "jwt": token,
        **variables,
    }
    return context


def run(text: str, wanted: str = "object", context: Context | None = None) -> Any:
    expression = compile_expression(text, wanted, PLACE, clock=lambda: NANOSECONDS)
    return expression(context or a_context())


def failure(text: str, wanted: str = "object", context: Context | None = None) -> str:
    """Give the name of the exception that an expression throws while it runs."""
    with pytest.raises(ExpressionFailed) as failed:
        run(text, wanted, context)
    return str(failed.value).partition(":")[0]


def refusal(text: str, wanted: str = "object") -> str:
    """Give the reason why an expression is refused when it is loaded."""
    with pytest.raises(PolicyRefused) as refused:
        compile_expression(text, wanted, PLACE)
    return refused.value.reason
