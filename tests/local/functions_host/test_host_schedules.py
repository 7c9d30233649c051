"""NCRONTAB schedules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.functions_host.errors import SettingsError
from local.functions_host.ncrontab import Schedule

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/15 * * * * *", "2026-03-04 12:00:15"),
        ("0 */5 * * * *", "2026-03-04 12:05:00"),
        ("30 0 12 * * *", "2026-03-04 12:00:30"),
        ("0 0 12 * * *", "2026-03-05 12:00:00"),
        ("0 0 9-17/4 * * *", "2026-03-04 13:00:00"),
        ("0 0 20/2 * * *", "2026-03-04 20:00:00"),
        ("0 30 1,13 * * *", "2026-03-04 13:30:00"),
        ("0 0 0 * * Mon", "2026-03-09 00:00:00"),
        ("0 0 0 * * monday-TUE", "2026-03-09 00:00:00"),
        ("0 0 0 * jan,aug *", "2026-08-01 00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 0 0 * * 6-0", "2026-03-05 00:00:00"),  # swapped to 0-6
        ("0 0 0 13 * 5", "2026-03-13 00:00:00"),
        ("*/10 * * * *", "2026-03-04 12:10:00"),  # five fields: no seconds
    ],
)
def test_the_next_time_of_a_schedule(expression: str, expected: str) -> None:
    assert Schedule(expression).next_after(NOON).strftime("%Y-%m-%d %H:%M:%S") == expected


def test_day_and_day_of_week_must_both_fit() -> None:
    found = Schedule("0 0 0 13 * 5").next_after(datetime(2026, 3, 14, tzinfo=UTC))
    assert (found.day, found.isoweekday()) == (13, 5)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("* * * *", "six fields are needed"),
        ("60 * * * * *", "'60' is not within 0 to 59"),
        ("0 0 0 0 * *", "'0' is not within 1 to 31"),
        ("0 0 0 * * 7", "'7' is not within 0 to 6"),
        ("0 0 0 * foo *", "'foo' is not known"),
        ("0 0 0 L * *", "'L' is not known"),
        ("0 0 0 ? * *", "is neither"),
        ("*-5 * * * * *", "is neither"),
        ("00:00:05", "time spans work on dedicated"),
    ],
)
def test_a_schedule_that_is_none_is_refused_with_its_field(expression: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Schedule(expression)


def test_a_schedule_that_never_comes_is_refused() -> None:
    with pytest.raises(SettingsError, match="it never comes"):
        Schedule("0 0 0 30 2 *").next_after(NOON)


def field(low: int, high: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    value = st.integers(low, high)
    whole = range(low, high + 1)
    part = st.one_of(
        st.just(("*", set(whole))),
        value.map(lambda v: (str(v), {v})),
        st.tuples(value, value).map(lambda r: (f"{r[0]}-{r[1]}", set(range(min(r), max(r) + 1)))),
        st.integers(1, high).map(lambda n: (f"*/{n}", set(whole[::n]))),
    )
    return st.lists(part, min_size=1, max_size=2).map(
        lambda parts: (",".join(text for text, _ in parts), set.union(*(values for _, values in parts)))
    )


@settings(deadline=None)
@given(
    seconds=field(0, 59),
    minutes=field(0, 59),
    hours=field(0, 23),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_the_next_time_is_the_first_second_that_fits(
    seconds: tuple[str, set[int]], minutes: tuple[str, set[int]], hours: tuple[str, set[int]], start: datetime
) -> None:
    found = Schedule(f"{seconds[0]} {minutes[0]} {hours[0]} * * *").next_after(start)
    first = start.replace(microsecond=0) + timedelta(seconds=1)
    now = first.hour, first.minute, first.second
    later = [second for second in seconds[1] if second >= now[2]]
    minute = min((m for m in minutes[1] if m > now[1] or (m == now[1] and later)), default=None)
    hour = min((h for h in hours[1] if h > now[0] or (h == now[0] and minute is not None)), default=None)
    day = first.date() if hour is not None else first.date() + timedelta(days=1)
    hour = min(hours[1]) if hour is None else hour
    is_this_hour = day == first.date() and hour == now[0] and minute is not None
    minute = minute if is_this_hour and minute is not None else min(minutes[1])
    second = min(later) if is_this_hour and minute == now[1] else min(seconds[1])
    assert found == datetime.combine(day, datetime.min.time()).replace(hour=hour, minute=minute, second=second)
