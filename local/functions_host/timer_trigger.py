"""Timer triggers: one run at a time, at the times of a schedule, with the retry policy of the function."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from local.functions_host.functions import Function
from local.functions_host.invoker import Call, Invoker
from local.functions_host.logs import LOGGER
from local.functions_host.ncrontab import Schedule
from local.functions_host.protos import RetryContext, RpcException, RpcRetryOptions, TypedData
from local.functions_host.settings import expand
from local.functions_host.worker import Outcome

UNLIMITED = -1


class TimerListener:
    """Runs one function by its schedule.

    The schedule's state lives in this process (Azure keeps it in a blob when useMonitor is set): nothing is past due at
    start. A run that outlasts the next time is followed by one run at once, as in Azure.

    Raises:
        SettingsError: the schedule is malformed or names a missing setting, at construction.
    """

    def __init__(self, function: Function, environment: Mapping[str, str]) -> None:
        self._function = function
        text = expand(
            str(function.trigger.properties.get("schedule") or ""), environment, f"function '{function.name}'"
        )
        self._schedule = Schedule(text)
        self._last: datetime | None = None
        self._next = self._schedule.next_after(datetime.now(UTC))
        self._one_at_a_time = asyncio.Lock()
        self._running: asyncio.Future[Outcome] | None = None

    @property
    def next_time(self) -> datetime:
        """When the function runs next."""
        return self._next

    async def run(self, invoker: Invoker) -> None:
        """Run the function for ever; cancel it to stop."""
        if self._function.trigger.properties.get("runOnStartup"):
            await self.run_once(invoker, "on start-up")
        while True:
            wait = (self._next - datetime.now(UTC)).total_seconds()
            if wait > 0:
                await asyncio.sleep(wait)
            # A clock that is a little early must not run the same time twice.
            due = max(datetime.now(UTC), self._next)
            self._running = asyncio.ensure_future(self.run_once(invoker, f"due {self._next:%H:%M:%S}", due))
            await asyncio.shield(self._running)

    async def stop(self) -> None:
        """Give up the retries of a run that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def run_once(self, invoker: Invoker, reason: str, due: datetime | None = None) -> Outcome:
        """Run the function once, with its retries; a run under way is waited for.

        `due` is given when it is the schedule's turn and moves the schedule on.
        """
        async with self._one_at_a_time:
            status = self._status()
            if due is not None:
                self._last, self._next = due, self._schedule.next_after(due)
            return await run_with_retries(invoker, self._function, self._call(reason, status))

    def _status(self) -> dict[str, str]:
        last = self._last.isoformat() if self._last else "0001-01-01T00:00:00+00:00"
        return {"Last": last, "Next": self._next.isoformat(), "LastUpdated": last}

    def _call(self, reason: str, status: Mapping[str, str]) -> Call:
        document = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
        return Call(data=TypedData(json=json.dumps(document)), reason=reason)


async def run_with_retries(invoker: Invoker, function: Function, call: Call) -> Outcome:
    """Run a function until it succeeds or its retry policy is used up."""
    options = function.retry
    outcome = await invoker.run(function, call)
    count = 0
    while outcome.error and options and (options.max_retry_count == UNLIMITED or count < options.max_retry_count):
        delay = retry_delay(options, count)
        count += 1
        LOGGER.info("%s: retry %d in %g s", function.name, count, delay)
        await asyncio.sleep(delay)
        outcome = await invoker.run(function, _again(call, options, count, outcome))
    return outcome


def retry_delay(options: RpcRetryOptions, count: int) -> float:
    """Seconds before the retry after `count` retries: fixed, or doubling from the minimum up to the maximum."""
    if options.delay_interval is not None:
        return options.delay_interval.total_seconds()
    low, high = options.minimum_interval or timedelta(), options.maximum_interval or timedelta.max
    return min(low.total_seconds() * 2.0 ** min(count, 60), high.total_seconds())


def _again(call: Call, options: RpcRetryOptions, count: int, failed: Outcome) -> Call:
    retry = RetryContext(
        retry_count=count,
        max_retry_count=options.max_retry_count,
        exception=RpcException(message=failed.error, stack_trace=failed.stack_trace, source=""),
    )
    return Call(call.data, f"{call.reason}, retry {count}", call.metadata, call.trace, retry)
