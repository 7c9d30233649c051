"""What belongs together in an expression, what holds a value where, and where a refusal points to."""

from pathlib import Path

import pytest

from local.apim.csharp import boxed_int, compile_expression
from local.apim.errors import Place, PolicyRefused
from tests.apim.oracle.cases import ACCEPTED, WRONG
from tests.apim.oracle.comparison import compiled
from tests.apim.oracle.compiler import Case
from tests.expressions import a_context, refusal, run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@("a" + context.Request?.Method)', "aPOST"),
        ('@(context.Request?.Method == "POST" ? "yes" : "no")', "yes"),
        ('@("POST" == context.Request?.Method ? "yes" : "no")', "yes"),
        ('@("x" + context.Request?.Method.Length + 1)', "x41"),
        ("@(null ?? context.Request?.Method)", None),
        ('@((string)context.Request.Body.As<JObject>(true)?["target"])', "qpu.x"),
        ('@(!context.Request?.Method.StartsWith("P") ?? true ? "no" : "yes")', None),
        ('@((context.Response.StatusCode) - 2 + "")', "200"),
        ('@(context.Variables["text"] is JObject && true ? "token" : "text")', "text"),
        ('@(context.Variables["text"] is string text && text.Length > 3 ? text : "none")', "some text"),
        ('@(context.Variables["nothing"] is null ? "null" : "a value")', "null"),
        ('@{ if (context.Variables["int"] is int n && n > 3) { return "more"; } return "less"; }', "more"),
        ('@{ if (!(context.Variables["int"] is int n)) { return "none"; } return n.ToString(); }', "5"),
        ('@{ if (!int.TryParse("x", out var n)) { return "none"; } return n.ToString(); }', "none"),
        ('@{ string s; if (context.Request.Method == "GET") { s = "get"; } else { s = "other"; } return s; }', "other"),
    ],
)
def test_parts_belong_together_as_in_c_sharp(text: str, value: str | None) -> None:
    if value is None:
        assert refusal(text, "string")
    else:
        assert run(text, "string") == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('@{ if (context.Variables["int"] is int n) { } return n; }', "before it surely has a value"),
        ('@(context.Response == null || int.TryParse("5", out var n) ? n : 0)', "before it surely has a value"),
        ("@{ int n = 1; { int n = 2; } return n; }", "declared already"),
        ('@{ var s = ""; foreach (var x in new[] { 1 }) { var y = 2; } return y; }', "not known here"),
        ("@(1); } object N() { return (2)", "not one expression"),
        ("context.Request.Method", "not a policy expression"),
        ("@(new[] { 1 }.Select(x => { return x; }))", "one expression"),
        (
            "@{ var q = new[] { 1 }.Where(x => x > 0); foreach (var i in new[] { 1 }) { q = q.Skip(i); } return q; }",
            "ToArray",
        ),
    ],
)
def test_what_c_sharp_would_not_take_is_refused(text: str, reason: str) -> None:
    assert reason in refusal(text, "object")


def test_a_refusal_points_to_the_line_of_the_mistake() -> None:
    text = "\n  @{\n  var method = context.Request.Method;\n  return method.Lenght;\n}"
    with pytest.raises(PolicyRefused) as refused:
        compile_expression(text, "int", Place(Path("get-job.xml"), 12, "set-body"))
    assert str(refused.value) == "get-job.xml:15 set-body: string has no Lenght here; did you mean Length?"


def test_one_expression_serves_many_calls_at_once_without_mixing_their_locals() -> None:
    expression = compile_expression(
        '@{ var n = (int)context.Variables["n"]; foreach (var x in new[] { 1, 2 }) { n += x; } return n; }',
        "object",
        Place(Path("a.xml"), 1),
    )
    assert [expression(a_context(n=boxed_int(number))) for number in range(5)] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.text[:60])
def test_what_is_compared_with_mono_is_taken(case: Case) -> None:
    assert not isinstance(made := compiled(case), str), made


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.text[:60])
def test_what_mono_refuses_is_refused(case: Case) -> None:
    assert isinstance(compiled(case), str)
