"""Times as the service writes them: seven digits after the second."""

import time
from datetime import UTC, datetime

type Ticks = int
"""100 ns since 1970, UTC."""

PER_SECOND = 10_000_000


def now() -> Ticks:
    return time.time_ns() // 100


def text(ticks: Ticks | None) -> str | None:
    """Write 2025-10-09T00:11:19.3872984+00:00; None stays None."""
    if ticks is None:
        return None
    seconds, fraction = divmod(ticks, PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:07d}+00:00"
