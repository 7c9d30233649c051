"""Timer triggers and their schedules."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from running_host import RunningHost, running, until

from local.functions_host.protos import RpcRetryOptions
from local.functions_host.timer_trigger import retry_delay


@pytest.fixture(scope="module")
def timers() -> Iterator[RunningHost]:
    with running("timers", settings={"SCHEDULE": "* * * * * *"}) as host:
        yield host


def seen(host: RunningHost, function: str) -> list[dict[str, Any]]:
    return [entry for entry in json.loads(host.get("/api/seen").content)["seen"] if entry["function"] == function]


def test_a_timer_runs_by_its_schedule_and_never_twice_at_once(timers: RunningHost) -> None:
    until(lambda: len(seen(timers, "tick")) >= 3)
    assert json.loads(timers.get("/api/seen").content)["most"] == 1


def test_a_timer_tells_last_and_next_time(timers: RunningHost) -> None:
    until(lambda: len(seen(timers, "tick")) >= 2)
    first, second = seen(timers, "tick")[:2]
    assert first["Last"].startswith("0001-01-01")
    assert first["past_due"] is False
    assert datetime.fromisoformat(second["Next"]) > datetime.fromisoformat(second["Last"])


def test_run_on_startup_runs_once_at_start(timers: RunningHost) -> None:
    until(lambda: seen(timers, "at_start"))
    assert len(seen(timers, "at_start")) == 1


def test_a_timer_runs_by_hand_with_its_retry_policy(timers: RunningHost) -> None:
    assert timers.post("/admin/functions/stumble?code=master-key", json={}).status_code == 202
    until(lambda: len(seen(timers, "stumble")) == 3)
    assert [(entry["count"], entry["most"]) for entry in seen(timers, "stumble")] == [(0, 0), (1, 2), (2, 2)]


def test_a_fixed_delay_stays_and_an_exponential_one_doubles_up_to_its_maximum() -> None:
    fixed = RpcRetryOptions(delay_interval=timedelta(seconds=3))
    growing = RpcRetryOptions(minimum_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=9))
    assert [retry_delay(fixed, count) for count in range(3)] == [3, 3, 3]
    assert [retry_delay(growing, count) for count in range(4)] == [2, 4, 8, 9]
