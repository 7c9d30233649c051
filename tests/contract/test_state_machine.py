"""The machine of `jobs_of_two`, a minute of it and much more of it."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .jobs_of_two import REACHED, JobsOfTwo


def check(examples, steps):
    """Run the machine; gives what it never came to."""
    JobsOfTwo.reached.clear()
    run_state_machine_as_test(
        JobsOfTwo,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return REACHED - JobsOfTwo.reached


def test_whatever_happens_in_whatever_order_the_rules_hold():
    assert len(check(examples=60, steps=30)) <= 3, "too much was never tried"


@pytest.mark.long
def test_they_hold_however_long_it_goes_on():
    assert check(examples=2000, steps=60) == set()
