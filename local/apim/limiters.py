"""Counters of `rate-limit-by-key`: a sliding window as the classic tiers have it, a token bucket as the v2 tiers do.

Documented by Microsoft: which tier limits how; one counter per key for all scopes and APIs of the instance; the default
answer 429 with `Retry-After`. Taken from Microsoft's policy toolkit, as the documentation is silent: a call is refused
if the limit was reached *before* it, so that a call with an `increment-count` above 1 may overshoot. Chosen: refused
calls do not count; a bucket starts full, holds `calls` and refills evenly; the same key with other numbers is an error
(the documentation calls it unpredictable). Azure counts less exactly: its gateways are distributed.

Times are whole nanoseconds, so that no rounding ever lets one call too many through.
"""

import time
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from local.apim.errors import PolicyFailed

SOURCE = "rate-limit-by-key"
_SECOND = 1_000_000_000
_EXAMINED_PER_COUNT = 2  # above 1, so that forgotten keys outrun new ones


class Verdict(NamedTuple):
    """Whether a call may go on, and how many more may now.

    `retry_after`: in how many whole seconds a refused call is accepted if nobody else calls; never less than 1.
    """

    allowed: bool
    remaining: int
    retry_after: int


class Limiter(Protocol):
    """Counts calls by key; every method raises PolicyFailed for a key that is in use with other numbers."""

    def take(self, key: str, calls: int, period: float, count: int = 1) -> Verdict:
        """Count a call that may go on as `count` calls; `period` in seconds."""
        ...

    def look(self, key: str, calls: int, period: float) -> Verdict:
        """Tell whether a call may go on, and count nothing: for a condition that needs the response."""
        ...

    def count(self, key: str, calls: int, period: float, count: int = 1) -> None:
        """Count a call that went on already, whether or not the limit is reached."""
        ...


class _Counter(ABC):
    """What is known of one key; `now` never goes back."""

    __slots__ = ("calls", "period")

    def __init__(self, calls: int, period: int) -> None:
        self.calls, self.period = calls, period

    @abstractmethod
    def remaining(self, now: int) -> int:
        """Bring the counter to `now`; tell how many calls may go on, 0 or less when none."""

    @abstractmethod
    def add(self, now: int, count: int) -> None: ...

    @abstractmethod
    def free_at(self, now: int) -> int:
        """Tell from when on a call may go on, given that none may now."""

    @abstractmethod
    def forgettable(self, now: int) -> bool:
        """Tell whether a new counter would say the same."""


class _Counters:
    """All keys; each count looks at the next two and drops them if they no longer matter."""

    def __init__(self, kind: Callable[[int, int], _Counter], clock: Callable[[], int]) -> None:
        self._kind, self._clock = kind, clock
        self._now = clock()
        self._counters: OrderedDict[str, _Counter] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counters)

    def take(self, key: str, calls: int, period: float, count: int = 1) -> Verdict:
        counter = self._counter(key, calls, period)
        now = self._now
        remaining = counter.remaining(now)
        if remaining <= 0:
            return _refusal(counter, now)
        self._add(key, counter, count)
        return Verdict(allowed=True, remaining=max(0, remaining - count), retry_after=1)

    def look(self, key: str, calls: int, period: float) -> Verdict:
        counter = self._counter(key, calls, period)
        remaining = counter.remaining(self._now)
        return (
            Verdict(allowed=True, remaining=remaining, retry_after=1) if remaining > 0 else _refusal(counter, self._now)
        )

    def count(self, key: str, calls: int, period: float, count: int = 1) -> None:
        counter = self._counter(key, calls, period)
        counter.remaining(self._now)
        self._add(key, counter, count)

    def _counter(self, key: str, calls: int, period: float) -> _Counter:
        """Give the counter of a key, a new one if it has none that matters; not yet remembered then."""
        self._now = max(self._now, self._clock())
        length = round(period * _SECOND)
        counter = self._counters.get(key)
        if counter is not None and counter.calls == calls and counter.period == length:
            return counter
        if calls < 1 or length < 1:
            raise _failure(f"calls {calls} and renewal-period {period:g} must both be above 0")
        if counter is not None and not counter.forgettable(self._now):
            raise _failure(
                f"counter-key {key!r} is counted as {counter.calls} calls in {counter.period / _SECOND:g} s "
                f"and as {calls} in {period:g} s: Azure does not tell what comes of that, give each limit its own key"
            )
        return self._kind(calls, length)

    def _add(self, key: str, counter: _Counter, count: int) -> None:
        if count < 0:
            raise _failure(f"increment-count {count} must not be below 0")
        counter.add(self._now, count)
        self._counters[key] = counter
        for _ in range(_EXAMINED_PER_COUNT):
            oldest = next(iter(self._counters))
            if self._counters[oldest].forgettable(self._now):
                del self._counters[oldest]
                if not self._counters:
                    return
            else:
                self._counters.move_to_end(oldest)


def _refusal(counter: _Counter, now: int) -> Verdict:
    wait = counter.free_at(now) - now
    return Verdict(allowed=False, remaining=0, retry_after=max(1, -(-wait // _SECOND)))


def _failure(message: str) -> PolicyFailed:
    return PolicyFailed(SOURCE, "CounterUnusable", message)


class _Window(_Counter):
    """The calls of the last period, each with its time: as many as `calls` at most, when they are taken."""

    __slots__ = ("entries", "total")

    def __init__(self, calls: int, period: int) -> None:
        super().__init__(calls, period)
        self.entries: deque[tuple[int, int]] = deque()
        self.total = 0

    def remaining(self, now: int) -> int:
        entries, gone = self.entries, now - self.period
        while entries and entries[0][0] <= gone:
            self.total -= entries.popleft()[1]
        return self.calls - self.total

    def add(self, now: int, count: int) -> None:
        if count:
            self.entries.append((now, count))
            self.total += count

    def free_at(self, now: int) -> int:
        over = self.total - self.calls
        for moment, count in self.entries:
            over -= count
            if over < 0:
                return moment + self.period
        return now

    def forgettable(self, now: int) -> bool:
        return not self.entries or self.entries[-1][0] <= now - self.period


class _Bucket(_Counter):
    """Tokens that refill evenly; one token is `period` units, so that `calls` units come in each nanosecond."""

    __slots__ = ("at", "level")

    def __init__(self, calls: int, period: int) -> None:
        super().__init__(calls, period)
        self.level, self.at = calls * period, -1

    def remaining(self, now: int) -> int:
        if self.at >= 0:
            self.level = self._level(now)
        self.at = now
        return self.level // self.period

    def add(self, now: int, count: int) -> None:
        self.level -= count * self.period

    def free_at(self, now: int) -> int:
        return now - (self.level - self.period) // self.calls

    def forgettable(self, now: int) -> bool:
        return self._level(now) == self.calls * self.period

    def _level(self, now: int) -> int:
        return min(self.calls * self.period, self.level + self.calls * (now - self.at))


class SlidingWindow(_Counters):
    """The classic tiers' limiter: never more than `calls` in any stretch of `period`."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(_Window, clock)


class TokenBucket(_Counters):
    """The v2 tiers' limiter: `calls` at once at most, and `calls` per `period` in the long run."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(_Bucket, clock)
