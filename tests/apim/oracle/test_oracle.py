"""The gateway's expressions against Debian's C# compiler and Mono."""

import re
from pathlib import Path

import pytest

from .cases import ACCEPTED, WRONG
from .comparison import differences, verdicts
from .compiler import ABSENT, Case, Value, compile_cases, is_present
from .deployed import deployed_expressions
from .generated import generate

pytestmark = [pytest.mark.long, pytest.mark.skipif(not is_present(), reason=ABSENT)]


def forgiven(case: Case, ours: Value, theirs: Value) -> bool:
    """Tell whether Mono is known to differ from .NET.

    It rounds 2.5 to 3; of operators between nullable numbers it runs the right side first, or not at all when the left
    one is null; and it writes doubles with 15 digits, where .NET writes what reads back the same.
    """
    if "Math.Round" in case.text or (ours[0] == "throws" and "?" in case.text):
        return True
    return ours[0] == theirs[0] == "string" and _in_15_digits(ours[1]) == _in_15_digits(theirs[1])


MONO_REFUSES = re.compile(
    r"CS1525: Unexpected symbol `:'"  # `a < (b) ? (c)d : e` is taken for a generic call
    r"|CS0266: .*`int\?' to `int'"  # parentheses do not end a chain: `(a?.b).Length` is int?
    r"|CS0173: .*`int' and `string'"  # `(object)x ?? 7` is taken for an int
)


def _in_15_digits(text: str) -> str | float:
    try:
        return float(f"{float(text):.14e}")
    except ValueError:
        return text


def test_each_expression_of_the_tables_is_c_sharp_and_gives_the_same_value(tmp_path: Path) -> None:
    refused = [verdict for verdict in verdicts(ACCEPTED, tmp_path) if verdict.ours or verdict.theirs]
    assert refused == []
    assert differences(ACCEPTED, tmp_path, forgiven) == []


def test_what_is_not_c_sharp_is_refused_by_both(tmp_path: Path) -> None:
    taken = [verdict for verdict in verdicts(WRONG, tmp_path) if not (verdict.ours and verdict.theirs)]
    assert taken == []


def test_each_expression_of_the_deployed_policies_is_c_sharp_and_gives_the_same_value(tmp_path: Path) -> None:
    cases = deployed_expressions()
    refused = [verdict for verdict in verdicts(cases, tmp_path) if verdict.ours or verdict.theirs]
    assert refused == []
    assert differences(cases, tmp_path, forgiven) == []


@pytest.mark.parametrize("seed", range(4))
def test_generated_expressions_that_are_taken_are_c_sharp_and_give_the_same_value(seed: int, tmp_path: Path) -> None:
    cases = generate(seed, 500)
    judged = verdicts(cases, tmp_path)
    wrongly_taken = [verdict for verdict in judged if verdict.theirs and not verdict.ours]
    wrongly_taken = [verdict for verdict in wrongly_taken if not MONO_REFUSES.search(verdict.theirs or "")]
    assert wrongly_taken == []
    taken = [verdict.case for verdict in judged if not verdict.ours and not verdict.theirs]
    assert len(taken) > len(cases) / 2, "the generator makes little that is taken, so it proves little"
    assert compile_cases(taken, tmp_path) == {}
    assert differences(taken, tmp_path, forgiven) == []
