"""A breaker opens after failures in a row, lets one probe through at a time, and closes with the first answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.breaker import Breaker
from quantum_jobs.provider_health import ProviderHealth

from .fakes import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(failures=3, first_seconds=5, longest_seconds=12, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_only_failures_in_a_row_open_it(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.enter()
    breaker.failed()
    assert not breaker.enter()
    assert breaker.seconds_left == 5


def test_after_the_pause_one_probe_goes_and_its_answer_closes(breaker, clock):
    fail(breaker, 3)
    clock.time = 5
    assert [breaker.enter() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.closed
    assert all(breaker.enter() for _ in range(3))


def test_each_probe_that_fails_doubles_the_pause_up_to_a_bound(breaker, clock):
    fail(breaker, 3)
    pauses = []
    for _ in range(4):
        pauses.append(breaker.seconds_left)
        clock.time += breaker.seconds_left
        assert breaker.enter()
        breaker.failed()
    assert pauses == [5, 10, 12, 12]


def test_late_news_of_calls_from_before_it_opened_does_not_prolong_the_pause(breaker, clock):
    fail(breaker, 3)
    clock.time = 4
    fail(breaker, 10)
    assert breaker.seconds_left == 1


def test_a_probe_that_says_nothing_is_followed_by_the_next(breaker, clock):
    fail(breaker, 3)
    clock.time = 5
    assert breaker.enter()
    clock.time = 10
    assert breaker.enter()


@given(st.lists(st.sampled_from(["fail", "succeed", "enter", "wait"]), max_size=60))
def test_it_never_stays_open_longer_than_its_bound_without_a_probe(moves):
    clock = Clock()
    breaker = Breaker(failures=3, first_seconds=5, longest_seconds=12, clock=clock)
    for move in moves:
        if move == "wait":
            clock.time += 1
        else:
            {"fail": breaker.failed, "succeed": breaker.succeeded, "enter": breaker.enter}[move]()
        assert 0 <= breaker.seconds_left <= 12
    clock.time += 12
    assert breaker.enter()


def test_a_job_that_is_looked_at_often_counts_once(clock):
    health = ProviderHealth(clock)
    for _ in range(50):
        health.failed("ionq", "job-1")
    assert not health.seconds_left("ionq")


def test_a_provider_that_fails_job_after_job_is_left_alone_and_the_others_are_not(clock):
    health = ProviderHealth(clock)
    for number in range(5):
        health.failed("ionq", f"job-{number}")
    assert (health.seconds_left("ionq"), health.enter("ionq"), health.enter("rigetti")) == (30, False, True)
    clock.time = 30
    assert health.enter("ionq")
    health.succeeded("ionq")
    assert health.enter("ionq")
