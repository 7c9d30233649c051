"""The counters of rate limits, in both kinds that the tiers have."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.errors import PolicyFailed
from local.apim.limiters import Limiter, SlidingWindow, TokenBucket

SECOND = 1_000_000_000
KINDS = pytest.mark.parametrize("kind", [SlidingWindow, TokenBucket])
Kind = Callable[[Callable[[], int]], SlidingWindow | TokenBucket]
CALLS = st.integers(1, 6)
PERIODS = st.sampled_from([0.5, 1, 2, 3.7, 60])
GAPS = st.lists(st.one_of(st.just(0), st.integers(0, 3 * SECOND)), min_size=1, max_size=60)


class Clock:
    """A clock that tests set, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def accepted(limiter: Limiter, clock: Clock, gaps: list[int], calls: int, period: float) -> list[int]:
    """Take once after each gap; give when calls were accepted."""
    moments = []
    for gap in gaps:
        clock.now += gap
        if limiter.take("key", calls, period).allowed:
            moments.append(clock.now)
    return moments


@given(CALLS, PERIODS, GAPS)
def test_a_window_never_accepts_more_than_its_calls_in_any_period(calls: int, period: float, gaps: list[int]) -> None:
    clock = Clock()
    moments = accepted(SlidingWindow(clock), clock, gaps, calls, period)
    length = round(period * SECOND)
    assert moments
    assert all(later - earlier >= length for earlier, later in zip(moments, moments[calls:], strict=False))


@given(CALLS, PERIODS, GAPS)
def test_a_window_refuses_only_when_its_calls_were_accepted_in_the_last_period(
    calls: int, period: float, gaps: list[int]
) -> None:
    clock, length = Clock(), round(period * SECOND)
    limiter, moments = SlidingWindow(clock), list[int]()
    for gap in gaps:
        clock.now += gap
        recent = sum(moment > clock.now - length for moment in moments)
        verdict = limiter.take("key", calls, period)
        assert verdict.allowed == (recent < calls)
        assert verdict.remaining == max(0, calls - recent - 1)
        moments += [clock.now] * verdict.allowed


@given(CALLS, PERIODS, GAPS)
def test_a_bucket_accepts_its_burst_and_its_rate_between_any_two_calls(
    calls: int, period: float, gaps: list[int]
) -> None:
    clock = Clock()
    moments = accepted(TokenBucket(clock), clock, gaps, calls, period)
    length = round(period * SECOND)
    assert moments
    for first, earlier in enumerate(moments):
        for last, later in enumerate(moments[first:], first):
            assert (last - first + 1) * length <= calls * length + calls * (later - earlier)


@KINDS
@given(calls=CALLS, period=PERIODS, gaps=GAPS, counts=st.lists(st.integers(0, 9), min_size=60, max_size=60))
def test_a_refused_call_is_accepted_after_the_seconds_told_and_not_a_whole_second_before(
    kind: Kind, calls: int, period: float, gaps: list[int], counts: list[int]
) -> None:
    clock = Clock()
    limiter = kind(clock)
    for gap, count in zip(gaps, counts, strict=False):
        clock.now += gap
        verdict = limiter.take("key", calls, period, count)
        assert verdict.retry_after >= 1
        if not verdict.allowed:
            here = clock.now
            if verdict.retry_after > 1:
                clock.advance(verdict.retry_after - 1)
                assert not limiter.look("key", calls, period).allowed
            clock.now = here + verdict.retry_after * SECOND
            assert limiter.look("key", calls, period).allowed


@KINDS
def test_a_call_may_overshoot_by_its_count_and_only_the_next_one_is_refused(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    assert limiter.take("key", 60, 60, 50) == (True, 10, 1)
    assert limiter.take("key", 60, 60, 20) == (True, 0, 1)
    assert not limiter.take("key", 60, 60).allowed


def test_the_overshoot_is_paid_back(clock: Clock) -> None:
    window, bucket = SlidingWindow(clock), TokenBucket(clock)
    for limiter in (window, bucket):
        limiter.take("key", 60, 60, 100)
    assert window.take("key", 60, 60).retry_after == 60
    assert bucket.take("key", 60, 60).retry_after == 41  # 40 owed, and 1 for the call


@KINDS
def test_keys_do_not_share_their_calls(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    assert limiter.take("alice", 1, 2).allowed
    assert not limiter.take("alice", 1, 2).allowed
    assert limiter.take("bob", 1, 2).allowed


@KINDS
def test_a_refused_call_does_not_count(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    limiter.take("key", 1, 2)
    for _ in range(3):
        clock.advance(0.5)
        assert not limiter.take("key", 1, 2).allowed
    clock.advance(0.5)
    assert limiter.take("key", 1, 2).allowed


@KINDS
def test_looking_counts_nothing_and_counting_asks_nothing(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    for _ in range(5):
        assert limiter.look("key", 2, 10) == (True, 2, 1)
    for _ in range(3):  # three calls were on their way at once
        limiter.count("key", 2, 10)
    verdict = limiter.look("key", 2, 10)
    assert (verdict.allowed, verdict.remaining) == (False, 0)


@KINDS
def test_the_same_key_with_other_numbers_is_an_error_while_it_matters(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    limiter.take("key", 10, 60)
    for calls, period in ((11, 60), (10, 61)):
        with pytest.raises(PolicyFailed, match="'key' is counted as 10 calls in 60 s and as"):
            limiter.take("key", calls, period)
        with pytest.raises(PolicyFailed, match="its own key"):
            limiter.look("key", calls, period)
    clock.advance(60)
    assert limiter.take("key", 11, 60).allowed


@KINDS
@pytest.mark.parametrize(("calls", "period", "count"), [(0, 1, 1), (-1, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, -1)])
def test_numbers_that_make_no_limit_are_an_error(
    kind: Kind, clock: Clock, calls: int, period: float, count: int
) -> None:
    with pytest.raises(PolicyFailed, match="must") as failure:
        kind(clock).take("key", calls, period, count)
    assert (failure.value.source, failure.value.reason, failure.value.status) == (
        "rate-limit-by-key",
        "CounterUnusable",
        500,
    )


@KINDS
def test_a_clock_that_goes_back_gives_no_call_away_and_takes_none(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    clock.advance(100)
    limiter.take("key", 1, 10)
    clock.now = 0
    assert limiter.take("key", 1, 10).retry_after == 10
    clock.advance(110)
    assert limiter.take("key", 1, 10).allowed


@KINDS
@pytest.mark.parametrize("keys", [50_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_million_keys_do_not_stay(kind: Kind, clock: Clock, keys: int) -> None:
    limiter = kind(clock)
    most = 0
    for number in range(keys):
        clock.now += SECOND // 100  # 100 new keys a second, each of which matters for ten
        limiter.take(str(number), 5, 10)
        most = max(most, len(limiter))
    assert most <= 2 * 10 * 100 + 2
    clock.advance(10)
    for _ in range(most):
        limiter.take("last", 5000, 10)
    assert len(limiter) == 1


@KINDS
def test_a_key_that_matters_outlives_any_number_of_others(kind: Kind, clock: Clock) -> None:
    limiter = kind(clock)
    limiter.take("busy", 1, 300)
    for number in range(50_000):
        clock.now += SECOND // 1000
        limiter.take(str(number), 5, 1)
    assert not limiter.take("busy", 1, 300).allowed
