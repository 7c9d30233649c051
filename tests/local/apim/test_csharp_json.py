"""JSON of expressions is read and written as Newtonsoft.Json does it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.csharp import compile_expression
from tests.expressions import PLACE, a_context, failure, run

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
ESCAPED = str.maketrans({"\x7f": "\x7f", "\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
COMPACT, INDENTED = (
    compile_expression(
        f'@(JToken.Parse((string)context.Variables["text"]).ToString(Formatting.{form}))', "string", PLACE
    )
    for form in ("None", "Indented")
)


@given(value=VALUES)
def test_a_document_is_written_as_it_was_read(value: Any) -> None:
    context = a_context(text=json.dumps(value))
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert COMPACT(context) == compact.translate(ESCAPED)
    assert INDENTED(context) == json.dumps(value, ensure_ascii=False, indent=2).translate(ESCAPED)


@given(value=VALUES)
def test_a_document_with_comments_and_last_commas_is_read_like_the_one_without(value: Any) -> None:
    strict = json.dumps(value)
    lenient = "/* head */" + strict + " // end"
    assert COMPACT(a_context(text=lenient)) == COMPACT(a_context(text=strict))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@((string)JObject.Parse("{\\"a\\":null}")["a"] ?? "null")', "null"),
        ('@(JObject.Parse("{\\"a\\":null}")["a"] == null ? "none" : "a token")', "a token"),
        ('@((string)JObject.Parse("{}")["a"] ?? "none")', "none"),
        ('@((string)JObject.Parse("{\\"a\\":\\"2026-11-28T10:00:00Z\\"}")["a"])', "11/28/2026 10:00:00"),
        ('@(JObject.Parse("{\\"a\\":1,\\"b\\":2,\\"a\\":3}").ToString(Formatting.None))', '{"a":3,"b":2}'),
        ('@(JObject.Parse("{\\"a\\":1.0}").ToString(Formatting.None))', '{"a":1.0}'),
        ('@(new JObject { ["a"] = 1, { "b", "x" } }.ToString(Formatting.None))', '{"a":1,"b":"x"}'),
        ('@(new JArray(1, "b", null, 2.5).ToString(Formatting.None))', '[1,"b",null,2.5]'),
    ],
)
def test_a_token_is_what_newtonsoft_makes_of_it(text: str, value: str) -> None:
    assert run(text, "string") == value


@pytest.mark.parametrize(
    ("text", "exception"),
    [
        ('@((int)JObject.Parse("{}")["a"])', "ArgumentNullException"),
        ('@((int)JObject.Parse("{\\"a\\":null}")["a"])', "ArgumentException"),
        ('@((string)JObject.Parse("{\\"a\\":{}}")["a"])', "ArgumentException"),
        ('@(JObject.Parse("[]"))', "JsonReaderException"),
        ('@(JArray.Parse("[1]")[1])', "ArgumentOutOfRangeException"),
        ('@((JArray)JToken.Parse("{}"))', "InvalidCastException"),
        ('@{ var o = new JObject(); o.Add("a", 1); o.Add("a", 2); return o; }', "ArgumentException"),
    ],
)
def test_a_token_that_is_not_there_or_of_another_kind_throws(text: str, exception: str) -> None:
    assert failure(text) == exception


def test_a_token_that_stands_in_one_document_is_copied_into_the_next() -> None:
    made = run(
        '@{ var o = JObject.Parse("{\\"a\\":{\\"b\\":1}}"); o["c"] = o["a"]; o["c"]["b"] = 2;'
        " return o.ToString(Formatting.None); }",
        "string",
    )
    assert made == '{"a":{"b":1},"c":{"b":2}}'


def test_at_most_64_levels_are_read() -> None:
    assert (
        run(
            '@(JToken.Parse((string)context.Variables["text"]).ToString(Formatting.None))',
            "string",
            a_context(text="[" * 64 + "]" * 64),
        )
        == "[" * 64 + "]" * 64
    )
    for levels in (65, 100_000):
        text = "[" * levels + "]" * levels
        assert (
            failure('@(JToken.Parse((string)context.Variables["text"]))', context=a_context(text=text))
            == "JsonReaderException"
        )
