"""The operators of DateTime, DateTimeOffset and TimeSpan."""

import operator
from collections.abc import Callable
from typing import Any

from local.apim.csharp import types
from local.apim.csharp.failures import thrown
from local.apim.csharp.numbers import fits
from local.apim.csharp.times import LAST_TICK, DateTime, DateTimeOffset, TimeSpan
from local.apim.csharp.types import Type


def span(ticks: int) -> TimeSpan:
    if not fits(ticks, 64):
        raise thrown("OverflowException", "TimeSpan overflowed because the duration is too long.")
    return TimeSpan(ticks)


def moved(moment: Any, ticks: int) -> Any:
    """Move a DateTime or DateTimeOffset; throws outside the years 1 to 9999."""
    there = moment.ticks + ticks
    if not 0 <= there <= LAST_TICK:
        raise thrown(
            "ArgumentOutOfRangeException", "The added or subtracted value results in an un-representable DateTime."
        )
    if isinstance(moment, DateTimeOffset):
        return DateTimeOffset(there, moment.offset)
    return DateTime(there, moment.kind)


def instant(moment: Any) -> int:
    """Give the ticks that comparisons go by."""
    return int(moment.utc_ticks if isinstance(moment, DateTimeOffset) else moment.ticks)


Operator = tuple[Type, Callable[[Any, Any], Any]]
MOMENTS: dict[tuple[Type, str, Type], Operator] = {}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: compare(instant(left), instant(right))


for _type in (types.DATE_TIME, types.DATE_TIME_OFFSET, types.TIME_SPAN):
    for _sign, _compare in _COMPARISONS.items():
        MOMENTS[_type, _sign, _type] = (types.BOOL, _comparing(_compare))
for _type in (types.DATE_TIME, types.DATE_TIME_OFFSET):
    MOMENTS[_type, "+", types.TIME_SPAN] = (_type, lambda left, right: moved(left, right.ticks))
    MOMENTS[_type, "-", types.TIME_SPAN] = (_type, lambda left, right: moved(left, -right.ticks))
    MOMENTS[_type, "-", _type] = (types.TIME_SPAN, lambda left, right: span(instant(left) - instant(right)))
MOMENTS[types.TIME_SPAN, "+", types.TIME_SPAN] = (types.TIME_SPAN, lambda left, right: span(left.ticks + right.ticks))
MOMENTS[types.TIME_SPAN, "-", types.TIME_SPAN] = (types.TIME_SPAN, lambda left, right: span(left.ticks - right.ticks))
