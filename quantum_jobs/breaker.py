"""A breaker: what has not answered several times in a row is left alone for a while, then tried by one call.

Kept in memory: each instance of the service finds out for itself, within a few calls.
"""

import math
import time
from collections.abc import Callable

_FAILURES = 3
_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 60.0


class Breaker:
    """Closed: calls go. Open: they do not, for a time that doubles with each probe that fails."""

    def __init__(
        self,
        failures: int = _FAILURES,
        first_seconds: float = _FIRST_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._first, self._longest = failures, first_seconds, longest_seconds
        self._clock = clock
        self._failures = 0
        self._until = -math.inf
        self._pause = first_seconds
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._failures < self._most

    @property
    def seconds_left(self) -> float:
        """How long nobody is let through; 0 where a call may go."""
        return 0.0 if self.closed else max(self._until - self._clock(), 0.0)

    def enter(self) -> bool:
        """Tell whether a call may go. Of an open breaker's callers one at a time may, as its probe.

        Who enters says how it went with `succeeded` or `failed`; a probe that says nothing is followed by the next.
        """
        if self.closed:
            return True
        if self.seconds_left:
            return False
        self._until, self._probing = self._clock() + self._pause, True
        return True

    def succeeded(self) -> None:
        self._failures, self._pause, self._probing = 0, self._first, False

    def failed(self) -> None:
        """Count a call without an answer; late news of calls from before it opened does not prolong the pause."""
        if self.closed:
            self._failures += 1
            self._until = self._clock() + self._pause  # of meaning once it is open
        elif self._probing:
            self._probing, self._pause = False, min(self._pause * 2, self._longest)
            self._until = self._clock() + self._pause
