"""The line before a target: how many run at a time, who is next, and what providerStatus tells of it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.azure_quantum import Script
from local.azure_quantum.authentication import Caller as Who
from local.azure_quantum.models import Job, JobRequest, Priority
from local.azure_quantum.queues import Line, Stay
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served

QVM, OTHER = "rigetti.sim.qvm", "quantinuum.sim.h2-1e"
ENDLESS = 1e9


def job(position: int, priority: Priority | None = None) -> Job:
    body = {"name": "j", "providerId": "p", "target": "t", "containerUri": "c", "inputDataFormat": "f"}
    request = JobRequest.model_validate(body | {"priority": priority})
    return Job(f"job {position}", request, Who("me", "Key"), "c", position, position=position)


async def order_of(
    line: Line, waits: list[tuple[Priority, float]], cancelled: frozenset[int] = frozenset()
) -> list[int]:
    """Let jobs in one after the other, cancel some; give the positions as they were called."""
    called, running, most = [], 0, 0

    async def stay(position: int, priority: Priority, wait: float) -> None:
        nonlocal running, most
        async with line.place(job(position, priority), Stay(wait, 0.0, 1.0)):
            called.append(position)
            running += 1
            most = max(most, running)
            try:
                await asyncio.sleep(0)
            finally:
                running -= 1

    tasks = [asyncio.create_task(stay(position, *wait)) for position, wait in enumerate(waits)]
    await asyncio.sleep(0)
    for position in cancelled:
        tasks[position].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most <= line.capacity
    return called


WAITS = st.lists(st.tuples(st.sampled_from(["High", "Standard"]), st.sampled_from([0.0, 0.002, 0.004])), max_size=8)


@given(WAITS, st.integers(1, 3), st.sets(st.integers(0, 7)))
def test_all_but_the_cancelled_are_called_once_and_none_overtakes_its_own_priority(
    waits: list[tuple[Priority, float]], capacity: int, chosen: set[int]
) -> None:
    line = Line()
    line.capacity = capacity
    cancelled = frozenset(position for position in chosen if position < len(waits))
    called = asyncio.run(order_of(line, waits, cancelled))
    assert len(set(called)) == len(called)
    assert set(called) >= set(range(len(waits))) - cancelled
    for priority in ("High", "Standard"):
        own = [position for position in called if waits[position][0] == priority]
        assert own == sorted(own)


def test_high_priority_goes_before_standard_of_those_that_wait() -> None:
    waits: list[tuple[Priority, float]] = [("Standard", 0.0), ("Standard", 0.0), ("High", 0.0), ("High", 0.0)]
    assert asyncio.run(order_of(Line(), waits)) == [0, 2, 3, 1]


def test_a_job_of_high_priority_that_must_wait_holds_no_other_up() -> None:
    assert asyncio.run(order_of(Line(), [("High", 0.02), ("Standard", 0.0)])) == [1, 0]


def test_a_job_whose_priority_is_raised_moves_to_the_front() -> None:
    async def called() -> list[int]:
        line, jobs, order = Line(), [job(number) for number in range(3)], []
        release = asyncio.Event()

        async def stay(one: Job) -> None:
            async with line.place(one, Stay(0.0, 0.0, 1.0)):
                order.append(one.position)
                await release.wait()

        tasks = [asyncio.create_task(stay(one)) for one in jobs]
        await asyncio.sleep(0)
        jobs[2].request.priority = "High"
        line.reorder(jobs[2])
        release.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(called()) == [0, 2, 1]


@pytest.mark.parametrize(
    ("capacity", "before", "wait", "standard", "high"),
    [
        (1, 0, 5.0, 5.0, 5.0),
        (1, 3, 0.0, 30.0, 10.0),
        (1, 3, 100.0, 100.0, 100.0),
        (2, 3, 0.0, 10.0, 10.0),
        (2, 4, 0.0, 20.0, 10.0),
        (4, 3, 0.0, 0.0, 0.0),
    ],
)
def test_the_estimate_counts_those_that_run_and_those_that_are_called_earlier(
    capacity: int, before: int, wait: float, standard: float, high: float
) -> None:
    async def estimates() -> tuple[float, float]:
        line = Line()
        line.capacity = capacity

        async def stay(position: int) -> None:
            async with line.place(job(position), Stay(0.0, 10.0, 1.0)):
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(stay(position)) for position in range(before)]
        await asyncio.sleep(0)
        found = line.seconds_before("Standard", wait), line.seconds_before("High", wait)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        return found

    assert asyncio.run(estimates()) == pytest.approx((standard, high), abs=1.0)


@pytest.fixture
def caller(served: Served, calling: Callable[[Served], Caller]) -> Iterator[Caller]:
    """A caller of a workspace where one target holds its only place for ever."""
    held = {"queue_seconds": 0, "execution_seconds": ENDLESS, "capacity": 1}
    served.workspace.follow(Script.of({"targets": {QVM: held}}))
    caller = calling(served)
    yield caller
    for one in caller.send("GET", "/jobs", params={"filter": "startswith(Name, 'in line')"}).json()["value"]:
        caller.send("POST", f"/jobs/{one['id']}:cancel")
    served.workspace.follow(Script())


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served]) -> Served:
    return serve(time_scale=1e-6)


def submitted(caller: Caller, **changes: object) -> dict[str, object]:
    return caller.submitted(name="in line", **changes)


def wait_for(caller: Caller, one: dict[str, object], status: str) -> None:
    caller.reaches(str(one["id"]), status)


def cancel(caller: Caller, one: dict[str, object]) -> None:
    assert caller.send("POST", f"/jobs/{one['id']}:cancel").status_code == 204
    wait_for(caller, one, "Cancelled")


def test_a_device_runs_one_job_at_a_time_and_the_next_by_priority_and_age(caller: Caller) -> None:
    first = submitted(caller)
    wait_for(caller, first, "Executing")
    second, third = submitted(caller), submitted(caller)
    urgent, raised = submitted(caller, priority="High"), submitted(caller)
    caller.send("PATCH", f"/jobs/{raised['id']}", json={"priority": "High"})
    left = [first, urgent, raised, second, third]
    while left:
        wait_for(caller, left[0], "Executing")
        assert [caller.get(str(one["id"]))["status"] for one in left[1:]] == ["Waiting"] * (len(left) - 1)
        cancel(caller, left.pop(0))


def test_another_target_does_not_wait_for_a_full_one(caller: Caller) -> None:
    wait_for(caller, submitted(caller), "Executing")
    submitted(caller)
    assert caller.ended(submitted(caller, providerId="quantinuum", target=OTHER))["status"] == "Succeeded"


def queue_times(caller: Caller) -> dict[str, int]:
    for provider in caller.send("GET", "/providerStatus").json()["value"]:
        for target in provider["targets"]:
            if target["id"] == QVM:
                return {name: value for name, value in target.items() if name.startswith("averageQueueTime")}
    raise LookupError(QVM)


def test_provider_status_tells_how_long_those_in_line_take(caller: Caller) -> None:
    assert set(queue_times(caller).values()) == {0}
    wait_for(caller, submitted(caller), "Executing")
    submitted(caller)
    # Each holds its place for 1,000 s here.
    told = queue_times(caller)
    assert told["averageQueueTime"] == told["averageQueueTimeStandardPriority"]
    assert 1900 < told["averageQueueTimeStandardPriority"] <= 2000
    assert 900 < told["averageQueueTimeHighPriority"] <= 1000
