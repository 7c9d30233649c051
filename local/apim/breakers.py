"""Circuit breakers of backends: after so many failures in so long, nothing is sent for a while.

Documented by Microsoft (Backends in API Management): the condition is a number or a percentage of failures during an
interval, failures are answers within ranges of status and reasons of errors; an open breaker answers 503, and is closed
again after the trip duration; each gateway counts for itself. Chosen: the interval slides; a percentage is of all calls
of the interval, by sixtieths of it, however few; 503 comes with `Retry-After` and the reason BackendCircuitOpen; with
`acceptRetryAfter`, the backend's `Retry-After` of the answer that trips it, in seconds or as a date, is the duration;
calls that are on their way when it trips count for nothing.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from local.apim.errors import PolicyFailed

# What an error is called in LastError.Reason; the documentation's example has the last one, and lists none.
ERROR_REASONS = frozenset({"Timeout", "BackendConnectionFailure", "Server errors"})
_GRANULES = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """When a breaker opens, `count` or `percentage` being 0, and for how long; times in seconds."""

    name: str
    interval: float
    trip: float
    count: int = 0
    percentage: int = 0
    statuses: tuple[tuple[int, int], ...] = ()
    reasons: frozenset[str] = frozenset()
    accepts_retry_after: bool = False

    def fails(self, status: int, reason: str) -> bool:
        """Tell whether an answer's status, or an error's reason with status 0, is a failure."""
        if reason:
            return reason in self.reasons
        server_error = status >= 500 and "Server errors" in self.reasons
        return server_error or any(least <= status <= most for least, most in self.statuses)


class Breaker:
    """Counts for one backend; without a rule it never opens."""

    def __init__(
        self, rule: Rule | None, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        self._rule, self._clock, self._now = rule, clock, now
        self._open_until = float("-inf")
        self._granules: deque[tuple[int, int, int]] = deque()  # number of a sixtieth, calls, failures
        self._failures: deque[float] = deque(maxlen=rule.count if rule else 1)

    def open_seconds(self) -> float:
        """Tell how long it stays open; 0 when calls may go on."""
        return max(0.0, self._open_until - self._clock())

    def check(self) -> None:
        """Raise PolicyFailed (503) while open."""
        seconds = self.open_seconds()
        if seconds > 0:
            raise circuit_open(seconds)

    def count(self, status: int, reason: str = "", retry_after: str = "") -> None:
        """Count what came of a call: an answer's status and `Retry-After`, or the reason of an error."""
        rule = self._rule
        if rule is None or self.open_seconds() > 0 or (reason and reason not in ERROR_REASONS):
            return  # such a call was not sent
        if self._trips(rule, failed=rule.fails(status, reason)):
            told = self._told(retry_after) if rule.accepts_retry_after else None
            self._open_until = self._clock() + (rule.trip if told is None else told)
            self._failures.clear()
            self._granules.clear()

    def _trips(self, rule: Rule, *, failed: bool) -> bool:
        if rule.percentage:
            calls, failures = self._counted(rule, failed=failed)
            return failed and failures * 100 >= rule.percentage * calls
        if failed:
            self._failures.append(self._clock())
        enough = failed and len(self._failures) == rule.count
        return enough and self._failures[-1] - self._failures[0] < rule.interval

    def _counted(self, rule: Rule, *, failed: bool) -> tuple[int, int]:
        number, granules = int(self._clock() * _GRANULES / rule.interval), self._granules
        while granules and granules[0][0] <= number - _GRANULES:
            granules.popleft()
        last = granules.pop() if granules and granules[-1][0] == number else (number, 0, 0)
        granules.append((number, last[1] + 1, last[2] + failed))
        return sum(calls for _, calls, _ in granules), sum(failures for _, _, failures in granules)

    def _told(self, retry_after: str) -> float | None:
        """Read a Retry-After (RFC 9110, 10.2.3): seconds, or a date; None for anything else."""
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            return float(min(int(text[:10]), 86_400))
        try:
            moment: datetime = parsedate_to_datetime(text)
        except ValueError:
            return None
        return min(max(0.0, moment.timestamp() - self._now()), 86_400.0)


def circuit_open(seconds: float) -> PolicyFailed:
    """Make the failure of a call that is not sent because breakers are open."""
    wait = str(max(1, math.ceil(seconds)))
    message = f"The backend's circuit breaker is open for another {wait} seconds."
    headers = (("Retry-After", wait),)
    return PolicyFailed("forward-request", "BackendCircuitOpen", message, status=503, headers=headers)
