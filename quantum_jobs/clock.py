"""Moments: read, written and compared; all UTC, RFC 3339 with milliseconds."""

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime:
    """Read a moment with its offset, RFC 3339.

    Raises:
        ValueError: not a moment, or without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment needs an offset: Z or +01:00")
    return moment


def seconds_since(moment: str, at: datetime) -> float:
    """Seconds from a written moment to `at`; never negative, clocks of two instances differ."""
    return max((at - datetime.fromisoformat(moment)) / timedelta(seconds=1), 0.0)
