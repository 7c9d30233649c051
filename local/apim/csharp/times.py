"""DateTime, DateTimeOffset and TimeSpan in ticks of 100 ns, as .NET counts them; the local time zone is UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
UNIX_EPOCH = date(1970, 1, 1).toordinal() * TICKS_PER_DAY - TICKS_PER_DAY
LAST_TICK = date(9999, 12, 31).toordinal() * TICKS_PER_DAY - 1


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    ticks: int

    @classmethod
    def of_seconds(cls, seconds: float) -> "TimeSpan":
        """Round to whole milliseconds, half away from zero, as .NET Framework's `FromSeconds` does."""
        milliseconds = int(seconds * 1000 + (0.5 if seconds >= 0 else -0.5))
        return cls(milliseconds * 10_000)

    @property
    def text(self) -> str:
        """Write it as `c` does: [-][d.]hh:mm:ss[.fffffff]."""
        ticks = abs(self.ticks)
        days, rest = divmod(ticks, TICKS_PER_DAY)
        seconds, fraction = divmod(rest, TICKS_PER_SECOND)
        hours, minutes = divmod(seconds // 60, 60)
        text = f"{'-' if self.ticks < 0 else ''}{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{seconds % 60:02}"
        return text + (f".{fraction:07}" if fraction else "")


@dataclass(frozen=True, slots=True)
class DateTime:
    """A moment; `kind` is Utc, Local or Unspecified and takes no part in comparisons."""

    ticks: int
    kind: str = "Unspecified"

    @property
    def date(self) -> datetime:
        """Give year to second; ticks below a microsecond are in `fraction` only."""
        return datetime.min + timedelta(microseconds=self.ticks // 10)

    @property
    def fraction(self) -> int:
        return self.ticks % TICKS_PER_SECOND

    @property
    def zone(self) -> str:
        """Give what format `K` writes."""
        return {"Utc": "Z", "Local": "+00:00"}.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class DateTimeOffset:
    """A moment as a clock `offset` minutes ahead of UTC shows it; `ticks` are that clock's."""

    ticks: int
    offset: int = 0

    @property
    def utc_ticks(self) -> int:
        return self.ticks - self.offset * 60 * TICKS_PER_SECOND

    @property
    def local(self) -> DateTime:
        return DateTime(self.ticks)

    @property
    def zone(self) -> str:
        return f"{'-' if self.offset < 0 else '+'}{abs(self.offset) // 60:02}:{abs(self.offset) % 60:02}"


def ticks_of_unix(nanoseconds: int) -> int:
    return UNIX_EPOCH + nanoseconds // 100


def ticks_of_date(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """Count from the first of January of year 1; raises ValueError for what is no date."""
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return (moment.toordinal() - 1) * TICKS_PER_DAY + (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


def read_iso(text: str) -> DateTime | None:
    """Read a date and time as `yyyy-MM-ddTHH:mm:ss.FFFFFFFK` with RoundtripKind does; None when it is none."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        ticks = ticks_of_date(*(int(part) for part in found.groups()[:6]))
    except ValueError:
        return None
    ticks += int((found[7] or "").ljust(7, "0"))
    zone = found[8]
    if zone is None:
        return DateTime(ticks)
    return DateTime(ticks, "Utc") if zone in "Zz" else _at_offset(ticks, zone)


def _at_offset(ticks: int, zone: str) -> DateTime | None:
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes > 14 * 60 or int(zone[-2:]) > 59:
        return None
    ticks -= (minutes if zone[0] == "+" else -minutes) * 60 * TICKS_PER_SECOND
    return DateTime(ticks, "Local") if 0 <= ticks <= LAST_TICK else None


def iso(moment: DateTime) -> str:
    """Write a date as Newtonsoft.Json does: no fraction when it is zero, no trailing zeros in it."""
    fraction = f".{moment.fraction:07}".rstrip("0").rstrip(".")
    return f"{moment.date:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + moment.zone
