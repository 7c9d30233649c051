"""What expressions see of the call, with the casts and exceptions of C#."""

import json

import pytest

from tests.expressions import a_context, failure, refusal, run

VALUES = [
    ("@(context.Request.Method)", "string", "POST"),
    ("@(context.Request.IpAddress)", "string", "203.0.113.9"),
    ('@(context.Request.Headers.GetValueOrDefault("X-MANY", "none"))', "string", "a,b"),
    ('@(context.Request.Headers.GetValueOrDefault("X-None", "none"))', "string", "none"),
    ('@(context.Request.Headers["x-many"][1])', "string", "b"),
    ('@(context.Request.Headers.ContainsKey("x-ONE"))', "bool", True),
    ('@(context.Request.MatchedParameters["jobId"])', "string", "j1"),
    ('@(context.Request.Url.Query.GetValueOrDefault("kind", ""))', "string", "x,y"),
    ("@(context.Request.Url.Path + context.Request.Url.QueryString)", "string", "/jobs/j1?kind=x&kind=y"),
    ("@(context.Request.OriginalUrl.Path)", "string", "/v1/jobs/j1"),
    ("@(context.Request.Url.Port)", "int", 443),
    ("@(context.Response.StatusCode == 202)", "bool", True),
    ("@(context.Response.StatusReason)", "string", "Accepted"),
    ("@(context.RequestId.ToString())", "string", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    ('@(context.LastError.Reason == "RateLimitExceeded" && context.LastError.PolicyId == "gate")', "bool", True),
    ("@(context.Operation.Id + context.Api.Version)", "string", "get-jobv1"),
    ('@((string)context.Variables["text"])', "string", "some text"),
    ('@((int)context.Variables["int"] * 1000)', "int", 5000),
    ('@((long)(int)context.Variables["int"])', "long", 5),
    ('@((bool)context.Variables["true"] ? 20 : 1)', "int", 20),
    ('@(context.Variables["int"].ToString())', "string", "5"),
    ('@((string)context.Variables["nothing"] ?? "none")', "string", "none"),
    ('@(context.Variables["int"] as string ?? "no text")', "string", "no text"),
    ('@(context.Variables.GetValueOrDefault<string>("absent", "default"))', "string", "default"),
    ('@(context.Variables.GetValueOrDefault("int", 7))', "int", 5),
    ('@(context.Variables.ContainsKey("absent"))', "bool", False),
    ('@(((Jwt)context.Variables["jwt"]).Claims["roles"].Contains("Jobs.Submit"))', "bool", True),
    ('@(((Jwt)context.Variables["jwt"]).Claims["roles"].Contains("Jobs"))', "bool", False),
    ('@(((Jwt)context.Variables["jwt"]).Claims["roles"][0].Contains("Jobs"))', "bool", True),
    ('@(((Jwt)context.Variables["jwt"]).Claims.GetValueOrDefault("roles", ""))', "string", "Jobs.Read,Jobs.Submit"),
    ('@(((Jwt)context.Variables["jwt"]).Subject)', "string", "s"),
    ('@(((Jwt)context.Variables["jwt"]).ExpirationTime > DateTime.UtcNow)', "bool", True),
    ("@(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())", "long", 1_795_000_000_123),
    ('@(DateTime.UtcNow.AddSeconds(1).ToString("o"))', "string", "2026-11-18T11:06:41.1234567Z"),
]


@pytest.mark.parametrize(("text", "wanted", "value"), VALUES)
def test_an_expression_gives_what_c_sharp_gives(text: str, wanted: str, value: object) -> None:
    assert run(text, wanted) == value


FAILURES = [
    ('@((long)context.Variables["int"])', "InvalidCastException"),
    ('@((int)context.Variables["long"])', "InvalidCastException"),
    ('@((string)context.Variables["jwt"])', "InvalidCastException"),
    ('@((bool)context.Variables["nothing"])', "NullReferenceException"),
    ('@(context.Variables["absent"])', "KeyNotFoundException"),
    ('@(context.Variables.GetValueOrDefault<int>("long", 0))', "InvalidCastException"),
    ('@(context.Request.Headers["X-None"])', "KeyNotFoundException"),
    ('@(context.Request.Headers["X-One"][1])', "IndexOutOfRangeException"),
    ('@(((string)context.Variables["nothing"]).Length)', "NullReferenceException"),
    ("@(1 / (context.Response.StatusCode - 202))", "DivideByZeroException"),
    ('@(int.Parse("x"))', "FormatException"),
    ('@(JObject.Parse("{"))', "JsonReaderException"),
]


@pytest.mark.parametrize(("text", "exception"), FAILURES)
def test_an_expression_throws_what_dot_net_throws(text: str, exception: str) -> None:
    assert failure(text) == exception


REFUSALS = [
    ("@(context.Response.StatusCode)", "string", "is int, where string is wanted; write .ToString()"),
    ("@(context.Request.Metod)", "string", "did you mean Method?"),
    ("@(context.User.Email)", "string", "no subscription key"),
    ('@(context.Variables["text"] == "some text")', "bool", "would compare references"),
    ("@(System.Globalization.CultureInfo.InvariantCulture)", "object", "System"),
    ('@(DateTime.ParseExact("a", "b", null))', "object", "would not deploy"),
    ('@(Regex.IsMatch("a", "a"))', "bool", "regular expressions"),
    ('@("a" * 2)', "object", "string * int"),
    ("@(1 + )", "int", "not C#"),
    ("@{ var n = 1; }", "int", "not every way through it returns"),
    ("@{ int n; return n; }", "int", "before it surely has a value"),
    ("@{ while (true) { } return 1; }", "int", "use foreach"),
]


@pytest.mark.parametrize(("text", "wanted", "reason"), REFUSALS)
def test_what_is_not_c_sharp_or_not_run_here_is_refused_when_it_is_loaded(text: str, wanted: str, reason: str) -> None:
    assert reason in refusal(text, wanted)


def test_a_body_is_there_once_unless_it_is_preserved() -> None:
    context = a_context(b'{"a": 1}')
    assert run('@((int)context.Request.Body.As<JObject>(preserveContent: true)["a"])', "int", context) == 1
    assert run("@(context.Request.Body.As<string>())", "string", context) == '{"a": 1}'
    assert run("@(context.Request.Body.As<string>())", "string", context) is None


def test_a_request_without_a_body_has_none() -> None:
    assert run("@(context.Request.Body == null)", "bool", a_context(b"")) is True
    assert failure("@(context.Request.Body.As<string>())", "string", a_context(b"")) == "NullReferenceException"


def test_a_document_is_made_with_members_in_their_order() -> None:
    made = run(
        '@(new JObject(new JProperty("type", "urn:x:" + (string)context.Variables["text"]),'
        ' new JProperty("status", context.Response.StatusCode)).ToString())',
        "string",
    )
    assert made == '{\n  "type": "urn:x:some text",\n  "status": 202\n}'
    assert list(json.loads(made)) == ["type", "status"]
