from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.money import Money

AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0", "0.00"), ("5", "5.00"), ("12.5", "12.50"), ("0.000225", "0.000225"), (0.1, "0.10"), ("-1.25", "-1.25")],
)
def test_an_amount_has_two_to_six_places(amount, written):
    assert Money.of(amount).amount == written


@given(AMOUNTS)
def test_an_amount_survives_being_written(micros):
    assert Money.of(Money(micros).amount).micros == micros


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=9))
def test_an_amount_is_rounded_to_the_millionth_and_never_more(amount):
    assert abs(Decimal(Money.of(amount).micros) / 10**6 - amount) <= Decimal("0.0000005")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "x"])
def test_what_is_no_finite_number_is_refused(amount):
    with pytest.raises(ArithmeticError):
        Money.of(amount)
