import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import InvalidRequest
from quantum_jobs.throttles import Pace, Throttle

TARGET = "rigetti.sim.qvm"


async def admitted(throttle: Throttle, waiting: list[str], most: int | None = None) -> list[str]:
    """Let everybody in `waiting` ask at once and give the place back; tell in which order they came in."""
    order: list[str] = []

    async def one(who: str) -> None:
        await throttle.enter(TARGET, who)
        order.append(who)
        await asyncio.sleep(0)
        throttle.leave(TARGET)

    await asyncio.gather(*(one(who) for who in waiting[:most]))
    return order


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 5))
def test_everybody_comes_in_once_for_each_time_they_asked(waiting, unfinished):
    order = asyncio.run(admitted(Throttle(Pace(unfinished)), waiting))
    assert Counter(order) == Counter(waiting)


@given(st.integers(1, 50), st.integers(1, 20))
def test_who_asks_once_waits_for_one_turn_of_the_other_and_not_for_all(many, place):
    waiting = ["busy"] * many
    waiting.insert(min(place, many), "quiet")
    order = asyncio.run(admitted(Throttle(Pace(unfinished=1)), waiting))
    assert order.index("quiet") <= 2  # the first goes in at once, then they take turns


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40), st.integers(1, 6))
def test_never_more_are_inside_than_the_pace_says(waiting, unfinished):
    inside = most = 0

    async def run() -> None:
        nonlocal inside, most
        throttle = Throttle(Pace(unfinished))

        async def one(who: str) -> None:
            nonlocal inside, most
            await throttle.enter(TARGET, who)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            throttle.leave(TARGET)

        await asyncio.gather(*map(one, waiting))

    asyncio.run(run())
    assert most == min(unfinished, len(waiting))


def test_one_target_does_not_wait_for_another():
    async def run() -> None:
        throttle = Throttle(Pace(unfinished=1))
        await throttle.enter("one", "a")
        async with asyncio.timeout(1):
            await throttle.enter("another", "a")

    asyncio.run(run())


def test_who_gives_up_waiting_takes_no_place():
    async def run() -> int:
        throttle = Throttle(Pace(unfinished=1))
        await throttle.enter(TARGET, "first")
        second = asyncio.create_task(throttle.enter(TARGET, "second"))
        third = asyncio.create_task(throttle.enter(TARGET, "third"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        throttle.leave(TARGET)
        async with asyncio.timeout(1):
            await third
        return throttle.waiting(TARGET)

    assert asyncio.run(run()) == 0


def test_who_is_told_to_end_at_the_moment_of_his_turn_gives_the_place_back():
    async def run() -> None:
        throttle = Throttle(Pace(unfinished=1))
        await throttle.enter(TARGET, "first")
        second = asyncio.create_task(throttle.enter(TARGET, "second"))
        await asyncio.sleep(0)
        throttle.leave(TARGET)  # its turn, which it has not seen yet
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        async with asyncio.timeout(1):
            await throttle.enter(TARGET, "third")

    asyncio.run(run())


def test_submits_are_spaced_as_the_pace_says():
    async def run() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await admitted(Throttle(Pace(unfinished=10, per_second=100.0)), ["a"] * 6)
        return loop.time() - began

    assert asyncio.run(run()) >= 0.05


@pytest.mark.parametrize("wrong", [{"unfinished": 0}, {"per_second": 0.0}, {"per_second": -1.0}])
def test_a_pace_at_which_nothing_would_ever_be_submitted_is_refused(wrong):
    with pytest.raises(InvalidRequest, match=next(iter(wrong))):
        Pace(**wrong)
