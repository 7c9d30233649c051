"""Whatever is written by mistake is refused when it is loaded, or throws as .NET would: it never breaks the gateway."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from local.apim.csharp import Expression
from local.apim.errors import ExpressionFailed
from tests.apim.oracle.cases import ACCEPTED
from tests.apim.oracle.comparison import compiled
from tests.apim.oracle.compiler import Case
from tests.apim.oracle.contexts import context_of, descriptions
from tests.expressions import refusal

PIECES = [
    *(
        "?.",
        "??",
        "(",
        ")",
        "[0]",
        ".",
        "is",
        "as",
        "null",
        "1",
        '"a"',
        "!",
        "-",
        "{",
        "}",
        ";",
        "=>",
        "<",
        ">",
        "out var q",
    ),
    *(
        "out var q",
        "new",
        '$"',
        '@"',
        ",",
        "?1:2",
        "return",
        "context",
        "JObject",
        "string",
        "int?",
        "==",
        "+",
        ".Length",
        "this",
    ),
    *(".ToString()", "<string>", "var", "&&", "(int)", "(string)", "0L", ""),
]
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 6), st.sampled_from(PIECES)), min_size=1, max_size=3)
CONTEXTS = descriptions()


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Cut out some characters and put a piece in their place, each time inside `@( )`."""
    for at, length, piece in edits:
        start = 2 + at % max(1, len(text) - 2)
        text = text[:start] + piece + text[min(start + length, len(text) - 1) :]
    return text


@settings(max_examples=400)
@given(case=st.sampled_from(ACCEPTED), edits=EDITS)
def test_a_mistake_is_refused_or_throws(case: Case, edits: list[tuple[int, int, str]]) -> None:
    made = compiled(Case(edited(case.text, edits), case.wanted))
    if isinstance(made, Expression):
        for told in CONTEXTS:
            with suppress(ExpressionFailed):
                made(context_of(told))


def test_an_expression_that_is_nested_too_deeply_is_refused() -> None:
    assert "nested too deeply" in refusal("@(" + "(" * 3000 + "1" + ")" * 3000 + ")")
    assert "nested too deeply" in refusal("@(" + "1+" * 5000 + "1)")
