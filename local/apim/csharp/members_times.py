"""Members of DateTime, DateTimeOffset and TimeSpan."""

from collections.abc import Callable
from typing import Any

from local.apim.csharp import times
from local.apim.csharp.code import CLOCK
from local.apim.csharp.failures import thrown
from local.apim.csharp.moments import instant, moved, span
from local.apim.csharp.signatures import Members, members_of
from local.apim.csharp.times import TICKS_PER_DAY, TICKS_PER_SECOND, DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.values import Enum

_UNITS = {
    "Days": TICKS_PER_DAY,
    "Hours": 3600 * TICKS_PER_SECOND,
    "Minutes": 60 * TICKS_PER_SECOND,
    "Seconds": TICKS_PER_SECOND,
    "Milliseconds": TICKS_PER_SECOND // 1000,
}
_DAY_NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _rounded(value: float, unit: int) -> int:
    """Give ticks of a number of units, to whole milliseconds, as .NET Framework does."""
    milliseconds = value * (unit // 10_000)
    if not abs(milliseconds) < 9e14:
        raise thrown("OverflowException", "TimeSpan overflowed because the duration is too long.")
    return int(milliseconds + (0.5 if value >= 0 else -0.5)) * 10_000


def _adder(unit: int) -> Callable[[Any, float], Any]:
    return lambda moment, value: moved(moment, _rounded(value, unit))


def _months(moment: Any, count: int) -> Any:
    """Move by months; the day is the last of its month where that is shorter."""
    date = (moment if isinstance(moment, DateTime) else moment.local).date
    year, month = divmod(date.year * 12 + date.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise thrown(
            "ArgumentOutOfRangeException", "The added or subtracted value results in an un-representable DateTime."
        )
    last = 31 if month == 11 else (date.replace(year=year, month=month + 2, day=1) - date.resolution).day
    day = min(date.day, last)
    there = times.ticks_of_date(year, month + 1, day) + moment.ticks % TICKS_PER_DAY
    return moved(moment, there - moment.ticks)


def _part_of(date: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    return lambda moment: getattr(date(moment), name)


def _declare_moment(members: Members, date: Callable[[Any], Any]) -> None:
    name = members.template.name
    for unit, ticks in _UNITS.items():
        members.method(f"{name} Add{unit}(double value)", _adder(ticks))
    members.method(f"{name} AddMonths(int months)", _months)
    members.method(f"{name} AddYears(int years)", lambda moment, years: _months(moment, years * 12))
    members.method(f"{name} AddTicks(long ticks)", moved)
    members.method(f"{name} Add(TimeSpan value)", lambda moment, value: moved(moment, value.ticks))
    members.method(f"{name} Subtract(TimeSpan value)", lambda moment, value: moved(moment, -value.ticks))
    members.method(f"TimeSpan Subtract({name} value)", lambda one, other: span(instant(one) - instant(other)))
    members.method(
        f"int CompareTo({name} value)",
        lambda one, other: (instant(one) > instant(other)) - (instant(one) < instant(other)),
    )
    for part in ("Year", "Month", "Day", "Hour", "Minute", "Second"):
        members.property(f"int {part}", _part_of(date, part.lower()))
    members.property("int Millisecond", lambda moment: moment.ticks // 10_000 % 1000)
    members.property("int DayOfYear", lambda moment: date(moment).timetuple().tm_yday)
    members.property("DayOfWeek DayOfWeek", lambda moment: Enum("DayOfWeek", _DAY_NAMES[date(moment).weekday()]))
    members.property("long Ticks", lambda moment: moment.ticks)
    members.property("TimeSpan TimeOfDay", lambda moment: TimeSpan(moment.ticks % TICKS_PER_DAY))


for _name in _DAY_NAMES:
    members_of("DayOfWeek").constant(f"DayOfWeek {_name}", Enum("DayOfWeek", _name))
for _name in ("Utc", "Local", "Unspecified"):
    members_of("DateTimeKind").constant(f"DateTimeKind {_name}", Enum("DateTimeKind", _name))

_date_time = members_of("DateTime")
_declare_moment(_date_time, lambda moment: moment.date)
_date_time.changing("DateTime UtcNow", lambda frame: DateTime(times.ticks_of_unix(frame[CLOCK]()), "Utc"))
_date_time.constant("DateTime MinValue", DateTime(0))
_date_time.constant("DateTime MaxValue", DateTime(times.LAST_TICK))
_date_time.property("DateTime Date", lambda moment: DateTime(moment.ticks - moment.ticks % TICKS_PER_DAY, moment.kind))
_date_time.property("DateTimeKind Kind", lambda moment: Enum("DateTimeKind", moment.kind))
_date_time.method("DateTime ToUniversalTime()", lambda moment: DateTime(moment.ticks, "Utc"))


def _made(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> DateTime:
    try:
        return DateTime(times.ticks_of_date(year, month, day, hour, minute, second))
    except ValueError:
        raise thrown(
            "ArgumentOutOfRangeException", "Year, Month, and Day parameters describe an un-representable DateTime."
        ) from None


_date_time.constructor("int year, int month, int day", _made)
_date_time.constructor("int year, int month, int day, int hour, int minute, int second", _made)
_date_time.constructor(
    "int year, int month, int day, int hour, int minute, int second, DateTimeKind kind",
    lambda *parts: DateTime(_made(*parts[:6]).ticks, parts[6].name),
)

_offset = members_of("DateTimeOffset")
_declare_moment(_offset, lambda moment: moment.local.date)
_offset.constructor("DateTime dateTime", lambda moment: DateTimeOffset(moment.ticks))
_offset.changing("DateTimeOffset UtcNow", lambda frame: DateTimeOffset(times.ticks_of_unix(frame[CLOCK]())))
_offset.property("DateTime UtcDateTime", lambda moment: DateTime(moment.utc_ticks, "Utc"))
_offset.property("DateTime DateTime", lambda moment: moment.local)
_offset.property("TimeSpan Offset", lambda moment: TimeSpan(moment.offset * 60 * TICKS_PER_SECOND))
_offset.property("long UtcTicks", lambda moment: moment.utc_ticks)
_offset.method("long ToUnixTimeSeconds()", lambda moment: (moment.utc_ticks - times.UNIX_EPOCH) // TICKS_PER_SECOND)
_offset.method("long ToUnixTimeMilliseconds()", lambda moment: (moment.utc_ticks - times.UNIX_EPOCH) // 10_000)
_offset.method("DateTimeOffset ToUniversalTime()", lambda moment: DateTimeOffset(moment.utc_ticks))


def _from_unix(unit: int) -> Callable[[int], DateTimeOffset]:
    def make(value: int) -> DateTimeOffset:
        ticks = times.UNIX_EPOCH + value * unit
        if not 0 <= ticks <= times.LAST_TICK:
            raise thrown("ArgumentOutOfRangeException", "Valid values are between the years 1 and 9999.")
        return DateTimeOffset(ticks)

    return make


_offset.static("DateTimeOffset FromUnixTimeSeconds(long seconds)", _from_unix(TICKS_PER_SECOND))
_offset.static("DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)", _from_unix(10_000))


def _part_in(unit: int, below: int) -> Callable[[TimeSpan], int]:
    return lambda value: _part(value.ticks, unit, below)


def _part(ticks: int, unit: int, below: int) -> int:
    part = abs(ticks) // unit % below
    return part if ticks >= 0 else -part


def _total(unit: int) -> Callable[[TimeSpan], float]:
    return lambda value: value.ticks / unit


def _from_units(unit: int) -> Callable[[float], TimeSpan]:
    return lambda value: TimeSpan(_rounded(value, unit))


_span = members_of("TimeSpan")
_BELOW = {"Days": 10**9, "Hours": 24, "Minutes": 60, "Seconds": 60, "Milliseconds": 1000}
for _unit, _ticks in _UNITS.items():
    _span.static(f"TimeSpan From{_unit}(double value)", _from_units(_ticks))
    _span.property(f"double Total{_unit}", _total(_ticks))
    _span.property(f"int {_unit}", _part_in(_ticks, _BELOW[_unit]))
_span.static("TimeSpan FromTicks(long value)", TimeSpan)
_span.constant("TimeSpan Zero", TimeSpan(0))
_span.property("long Ticks", lambda value: value.ticks)
_span.method("TimeSpan Add(TimeSpan ts)", lambda one, other: span(one.ticks + other.ticks))
_span.method("TimeSpan Subtract(TimeSpan ts)", lambda one, other: span(one.ticks - other.ticks))
_span.method("TimeSpan Negate()", lambda one: span(-one.ticks))
_span.method("TimeSpan Duration()", lambda one: span(abs(one.ticks)))
_span.constructor(
    "int hours, int minutes, int seconds", lambda h, m, s: span((h * 3600 + m * 60 + s) * TICKS_PER_SECOND)
)
_span.constructor(
    "int days, int hours, int minutes, int seconds",
    lambda d, h, m, s: span(((d * 24 + h) * 3600 + m * 60 + s) * TICKS_PER_SECOND),
)
_span.constructor("long ticks", TimeSpan)
