"""Texts of expressions are counted in UTF-16 units and cased character by character, as in .NET."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.csharp import compile_expression
from tests.expressions import PLACE, a_context, refusal, run

TEXTS = st.text(st.sampled_from("ab é😀ß𝄞\t") | st.characters(codec="utf-8"), max_size=12)
LENGTH = compile_expression('@(((string)context.Variables["text"]).Length)', "int", PLACE)
HALVES = compile_expression(
    '@{ var t = (string)context.Variables["text"]; var n = t.Length / 2; return t.Substring(0, n) + t.Substring(n); }',
    "string",
    PLACE,
)
FOUND = compile_expression(
    '@(((string)context.Variables["text"]).IndexOf((string)context.Variables["part"]))', "int", PLACE
)


@given(text=TEXTS)
def test_a_length_counts_utf_16_units(text: str) -> None:
    assert LENGTH(a_context(text=text)) == len(text.encode("utf-16-le")) // 2


@given(text=TEXTS)
def test_a_text_cut_anywhere_is_whole_again_when_it_is_put_together(text: str) -> None:
    assert HALVES(a_context(text=text)).encode("utf-16-le", "surrogatepass") == text.encode("utf-16-le")


@given(before=TEXTS, part=TEXTS)
def test_a_part_is_found_where_it_begins_first(before: str, part: str) -> None:
    text = before + part
    at = FOUND(a_context(text=text, part=part))
    assert 0 <= at <= len(before.encode("utf-16-le")) // 2
    assert text.encode("utf-16-le")[2 * at :].startswith(part.encode("utf-16-le"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@("straße".ToUpperInvariant())', "STRAßE"),
        ("@(\"a,b;c\".Split(',', ';')[2])", "c"),
        ("@(\"a  b\".Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries).Length.ToString())", "2"),
        ('@("\\u00a0 x\\t".Trim())', "x"),
        ('@($"{1 + 1,4}|{"a",-3}|{context.Request.Method}|{{}}")', "   2|a  |POST|{}"),
        ('@(@"a\\b""c")', 'a\\b"c'),
        ("@(\"a\" + null + 1 + 'c' + true + 2.5)", "a1cTrue2.5"),
        ('@(string.Join("-", new[] { "a", "b" }.Select(x => x + x)))', "aa-bb"),
        ('@(string.Format("{0,3}|{1}", 1, "x"))', "  1|x"),
        ('@(Uri.EscapeDataString("a b/é"))', "a%20b%2F%C3%A9"),
    ],
)
def test_a_text_is_made_as_dot_net_makes_it(text: str, value: str) -> None:
    assert run(text, "string") == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@(DateTime.UtcNow.ToString())", 'say ToString("o")'),
        ('@("" + DateTime.UtcNow)', 'say ToString("o")'),
        ('@((5).ToString("N"))', "not run here"),
        ('@("a".CompareTo("b"))', "culture"),
        ('@("a".StartsWith("b", StringComparison.CurrentCulture))', "no"),
        ('@("a".Substrin(1))', "did you mean Substring"),
    ],
)
def test_what_depends_on_the_gateway_or_is_misspelt_is_refused(text: str, reason: str) -> None:
    assert reason in refusal(text, "object")
