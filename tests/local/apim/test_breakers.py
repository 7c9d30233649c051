"""Circuit breakers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.breakers import Breaker, Rule
from local.apim.errors import PolicyFailed

RULE = Rule(
    "rule", 30.0, 10.0, count=3, statuses=((502, 504),), reasons=frozenset({"Timeout"}), accepts_retry_after=True
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A breaker with a clock."""

    def __init__(self, rule: Rule | None = RULE) -> None:
        self.clock = Clock()
        self.breaker = Breaker(rule, self.clock, now=lambda: 1_000_000_000 + self.clock.now)

    def count(self, *statuses: int, seconds: float = 0.0, **options: str) -> None:
        for status in statuses:
            self.breaker.count(status, **options)
            self.clock.now += seconds

    @property
    def open(self) -> bool:
        return self.breaker.open_seconds() > 0


def test_it_opens_with_the_last_of_so_many_failures_and_closes_after_its_time() -> None:
    watched = Watched()
    watched.count(503, 503)
    watched.breaker.check()
    watched.count(503)
    with pytest.raises(PolicyFailed) as failure:
        watched.breaker.check()
    assert (failure.value.status, failure.value.reason) == (503, "BackendCircuitOpen")
    assert failure.value.headers == (("Retry-After", "10"),)
    watched.clock.now = 9.5
    with pytest.raises(PolicyFailed, match="another 1 seconds"):
        watched.breaker.check()
    watched.clock.now = 10
    watched.breaker.check()


def test_after_it_closed_it_counts_from_nothing() -> None:
    watched = Watched()
    watched.count(503, 503, 503, 503, 503)
    watched.clock.now = 10
    watched.count(503, 503)
    assert not watched.open


def test_answers_between_failures_do_not_matter_and_old_failures_neither() -> None:
    watched = Watched()
    watched.count(503, 200, 503, 200, seconds=7)
    watched.clock.now = 30
    watched.count(503)
    assert not watched.open
    watched.count(503)
    assert watched.open


@pytest.mark.parametrize(
    ("status", "opens"), [(200, False), (500, False), (501, False), (502, True), (504, True), (505, False)]
)
def test_only_statuses_of_the_ranges_are_failures(status: int, opens: bool) -> None:
    watched = Watched()
    watched.count(status, status, status)
    assert watched.open == opens


@pytest.mark.parametrize(
    ("reason", "opens"), [("Timeout", True), ("BackendConnectionFailure", False), ("RequestInvalid", False)]
)
def test_only_listed_errors_are_failures(reason: str, opens: bool) -> None:
    watched = Watched()
    watched.count(0, 0, 0, reason=reason)
    assert watched.open == opens


def test_server_errors_are_all_answers_from_500_on() -> None:
    watched = Watched(replace(RULE, statuses=(), reasons=frozenset({"Server errors"})))
    watched.count(500, 511, 499)
    assert not watched.open
    watched.count(599)
    assert watched.open


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("5", 5),
        (" 120 ", 120),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("Sun, 09 Sep 2001 01:46:47 GMT", 7),  # 1,000,000,007 seconds since 1970
        ("Sun, 09 Sep 2001 01:46:37 GMT", 0),
        ("", 10),
        ("soon", 10),
        ("-1", 10),
        ("\u0663", 10),
    ],
)
def test_the_backends_own_retry_after_is_the_time_that_it_stays_open(told: str, seconds: float) -> None:
    watched = Watched()
    watched.count(503, 503, 503, retry_after=told)
    assert watched.breaker.open_seconds() == pytest.approx(seconds)


def test_it_is_not_listened_to_unless_accepted() -> None:
    watched = Watched(replace(RULE, accepts_retry_after=False))
    watched.count(503, 503, 503, retry_after="5")
    assert watched.breaker.open_seconds() == 10


def test_a_percentage_is_of_all_calls_of_the_interval() -> None:
    watched = Watched(replace(RULE, count=0, percentage=50))
    watched.count(200, 200, 200, 503, 503)
    assert not watched.open
    watched.count(503)
    assert watched.open
    watched.clock.now = 10
    watched.count(200, 503)
    assert watched.open


def test_calls_older_than_the_interval_are_in_no_percentage() -> None:
    watched = Watched(replace(RULE, count=0, percentage=50))
    watched.count(*[200] * 50)
    watched.clock.now = 30
    watched.count(503)
    assert watched.open


def test_without_a_rule_it_never_opens() -> None:
    watched = Watched(None)
    watched.count(*[503] * 100)
    assert not watched.open


@given(st.lists(st.tuples(st.sampled_from([200, 503]), st.integers(0, 12)), max_size=60), st.integers(1, 5))
def test_it_opens_exactly_when_the_failures_of_an_interval_are_enough(calls: list[tuple[int, int]], count: int) -> None:
    watched, failures = Watched(replace(RULE, count=count)), list[float]()
    until = -1.0
    for status, gap in calls:
        watched.clock.now += gap
        now = watched.clock.now
        if now < until:
            continue
        assert not watched.open
        watched.count(status)
        failures = [moment for moment in failures if moment > now - RULE.interval] + [now] * (status == 503)
        assert watched.open == (status == 503 and len(failures) >= count)
        if watched.open:
            until, failures = now + RULE.trip, []
