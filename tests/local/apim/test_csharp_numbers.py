"""Numbers of expressions: they wrap, divide and are read as in C#, whatever the numbers."""

import ctypes
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.csharp import Expression, boxed_int, boxed_long, compile_expression
from local.apim.errors import ExpressionFailed
from tests.expressions import PLACE, a_context, failure, refusal, run

INTS = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)])
LONGS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)])


def operations(type_: str) -> dict[str, Expression]:
    left, right = (f'(({type_})context.Variables["{name}"])' for name in ("left", "right"))
    return {sign: compile_expression(f"@({left} {sign} {right})", type_, PLACE) for sign in ("+", "-", "*", "/", "%")}


INT_OPERATIONS, LONG_OPERATIONS = operations("int"), operations("long")
WRAPPING: dict[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


@pytest.mark.parametrize("sign", WRAPPING)
@given(left=INTS, right=INTS)
def test_an_int_keeps_its_low_32_bits(sign: str, left: int, right: int) -> None:
    context = a_context(left=boxed_int(left), right=boxed_int(right))
    assert INT_OPERATIONS[sign](context) == ctypes.c_int32(WRAPPING[sign](left, right)).value


@pytest.mark.parametrize("sign", WRAPPING)
@given(left=LONGS, right=LONGS)
def test_a_long_keeps_its_low_64_bits(sign: str, left: int, right: int) -> None:
    context = a_context(left=boxed_long(left), right=boxed_long(right))
    assert LONG_OPERATIONS[sign](context) == ctypes.c_int64(WRAPPING[sign](left, right)).value


@given(left=INTS, right=INTS.filter(bool))
def test_division_goes_towards_zero_and_the_remainder_has_the_sign_of_the_left_side(left: int, right: int) -> None:
    context = a_context(left=boxed_int(left), right=boxed_int(right))
    if (left, right) == (-(2**31), -1):
        with pytest.raises(ExpressionFailed, match="OverflowException"):
            INT_OPERATIONS["/"](context)
        return
    assert INT_OPERATIONS["/"](context) == math.trunc(left / right)
    assert INT_OPERATIONS["%"](context) == math.fmod(left, right)


@given(value=LONGS)
def test_a_number_is_read_back_from_its_text(value: int) -> None:
    context = a_context(left=boxed_long(value))
    text = run('@(((long)context.Variables["left"]).ToString())', "string", context)
    assert text == str(value)
    assert run(f'@(long.Parse("{text}"))', "long") == value
    fits = -(2**31) <= value < 2**31
    assert run(f'@(int.TryParse("{text}", out var n) ? n : -1)', "int") == (value if fits else -1)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_read_back_from_its_text(value: float) -> None:
    text = run('@(((double)context.Variables["left"]).ToString())', "string", a_context(left=value))
    assert run(f'@(double.Parse("{text}"))') == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e15, "1E+15"),
        (123456789012345.0, "123456789012345"),
        (0.0001, "0.0001"),
        (1e-5, "1E-05"),
        (1e300, "1E+300"),
    ],
)
def test_a_double_is_written_as_dot_net_writes_it(value: float, text: str) -> None:
    assert run('@("" + (double)context.Variables["left"])', "string", a_context(left=value)) == text


def test_constants_that_overflow_are_refused_as_the_compiler_refuses_them() -> None:
    assert "overflows int" in refusal("@(int.MaxValue + 1)", "int")
    assert "division by constant zero" in refusal("@(1 / 0)", "int")
    assert "unsigned" in refusal("@(3000000000)", "long")


def test_a_boxed_number_comes_out_as_the_type_that_went_in() -> None:
    assert run("@{ object n = 5L; return (long)n; }", "long") == 5
    assert failure("@{ object n = 5L; return (int)n; }", "int") == "InvalidCastException"
    stored = run("@(5)")
    assert run('@((int)context.Variables["stored"])', "int", a_context(stored=stored)) == 5


def test_a_number_that_nobody_boxed_is_an_error_of_the_gateway_not_of_the_policy() -> None:
    with pytest.raises(TypeError, match="boxed_int"):
        run('@((int)context.Variables["plain"])', "int", a_context(plain=5))
