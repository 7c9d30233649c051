"""NCRONTAB schedules: {second} {minute} {hour} {day} {month} {day of week}, in UTC."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.functions_host.errors import SettingsError

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


class Schedule:
    """A parsed expression.

    A five-field expression has no seconds and means second 0. Day and day of week must both fit (NCrontab; crontab
    would let either do).

    Raises:
        SettingsError: the expression is malformed, at construction.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        fields = expression.split()
        if re.fullmatch(r"\d+(\.\d+)?:\d+:\d+(\.\d+)?|\d+:\d+:\d+", expression.strip()):
            raise SettingsError(
                f"schedule {expression!r}: time spans work on dedicated App Service plans only; use six fields."
            )
        if len(fields) not in {5, 6}:
            raise SettingsError(
                f"schedule {expression!r}: six fields are needed (second minute hour day month day-of-week)."
            )
        texts = ["0", *fields] if len(fields) == 5 else fields
        sets = [self._parse(field, text) for field, text in zip(_FIELDS, texts, strict=True)]
        self._seconds, self._minutes, self._hours, self._days, self._months, self._weekdays = sets

    def next_after(self, moment: datetime) -> datetime:
        """The first time that fits, later than `moment` by a second at least.

        Raises:
            SettingsError: there is none (30 February).
        """
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        for _ in range(366 * 28):  # a 29 February on a given day of the week comes every 28 years, save round 2100
            if self._day_fits(day):
                found = self._first_of_day(day, start)
                if found is not None:
                    return found
            day += timedelta(days=1)
        raise SettingsError(f"schedule {self.expression!r}: it never comes.")

    def _day_fits(self, day: datetime) -> bool:
        return day.month in self._months and day.day in self._days and day.isoweekday() % 7 in self._weekdays

    def _first_of_day(self, day: datetime, start: datetime) -> datetime | None:
        for hour in self._hours:
            if day.replace(hour=hour, minute=59, second=59) < start:
                continue
            for minute in self._minutes:
                if day.replace(hour=hour, minute=minute, second=59) < start:
                    continue
                for second in self._seconds:
                    found = day.replace(hour=hour, minute=minute, second=second)
                    if found >= start:
                        return found
        return None

    def _parse(self, field: _Field, text: str) -> list[int]:
        values: set[int] = set()
        for part in text.split(","):
            match = _PART.fullmatch(part)
            if not match or (match[1] == "*" and match[2]):
                raise self._error(field, part, "is neither *, a value, a range nor a step")
            values.update(self._values(field, match))
        return sorted(values)

    def _values(self, field: _Field, match: re.Match[str]) -> Iterable[int]:
        step = int(match[3] or 1)
        if match[1] == "*":
            return range(field.low, field.high + 1, max(1, step))
        first = self._value(field, match[1])
        single = field.high if match[3] else first
        last = self._value(field, match[2]) if match[2] else single
        # NCrontab: CrontabField.Accumulate swaps the ends of a range that runs backwards.
        return range(min(first, last), max(first, last) + 1, max(1, step))

    def _value(self, field: _Field, text: str) -> int:
        if text.isdigit():
            value = int(text)
        else:
            known = [
                index for index, word in enumerate(field.words) if len(text) >= 3 and word.startswith(text.lower())
            ]
            if len(known) != 1:
                raise self._error(field, text, "is not known")
            value = known[0] + field.low
        if not field.low <= value <= field.high:
            raise self._error(field, text, f"is not within {field.low} to {field.high}")
        return value

    def _error(self, field: _Field, part: str, what: str) -> SettingsError:
        return SettingsError(f"schedule {self.expression!r}: {part!r} {what} (field {field.name}).")
