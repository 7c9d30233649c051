"""An owner's requests wait for each other when they are many, and for nobody else's."""

import asyncio
from collections import Counter

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs import turns
from quantum_jobs.border import caller_waiting
from quantum_jobs.errors import Crowded
from quantum_jobs.responses import Answer, answers
from quantum_jobs.turns import Turns


class House:
    """A process with requests in it; each stays until it is told to end."""

    def __init__(self, at_once=2):
        self.turns = Turns(at_once)
        self.inside = []  # in the order in which their turns came
        self._ends = {}

    def ask(self, name, owner, *, reads=False):
        self._ends[name] = asyncio.Event()
        return asyncio.create_task(self._request(name, owner, reads))

    async def _request(self, name, owner, reads):
        async with turns.request():
            await self.turns.take(owner, reads=reads)
            self.inside.append(name)
            await self._ends[name].wait()
            self.inside.remove(name)

    async def end(self, name):
        self._ends[name].set()
        await settled()


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def in_house(test):
    async def run():
        house = House()
        await test(house)

    asyncio.run(run())


def test_whoever_has_one_request_does_not_wait_behind_anothers_many():
    async def test(house):
        for number in range(1000):
            house.ask(f"a{number}", "alice")
        await settled()
        house.ask("b", "bob")
        await settled()
        assert house.inside == ["a0", "a1", "b"]

    in_house(test)


def test_an_owners_requests_come_in_the_order_of_their_arrival():
    async def test(house):
        for number in range(4):
            house.ask(number, "alice")
        await settled()
        assert house.inside == [0, 1]
        await house.end(1)
        assert house.inside == [0, 2]
        await house.end(0)
        assert house.inside == [2, 3]

    in_house(test)


def test_submits_that_hang_hold_up_no_look_at_a_status():
    async def test(house):
        for number in range(3):
            house.ask(number, "alice")
        house.ask("status", "alice", reads=True)
        await settled()
        assert house.inside == [0, 1, "status"]

    in_house(test)


def test_a_caller_whose_turn_does_not_come_is_told_in_time_and_leaves_the_line():
    async def test(house):
        for number in range(2):
            house.ask(number, "alice")
        await settled()
        with caller_waiting(0.01), pytest.raises(Crowded) as crowded:
            async with turns.request():
                await house.turns.take("alice", reads=False)
        assert (crowded.value.status, crowded.value.headers) == (503, {"Retry-After": "2"})
        await house.end(0)
        house.ask("next", "alice")
        await settled()
        assert house.inside == [1, "next"]

    in_house(test)


@pytest.mark.parametrize("outcome", [Answer(200, {}), RuntimeError("a fault"), Crowded()])
def test_however_a_request_ends_its_turn_is_given_back(outcome):
    taking = Turns(1)

    async def handler(req):
        await taking.take("alice", reads=False)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def again():
        function = answers(lambda: "")(handler)
        return [(await function(func.HttpRequest("POST", "/", body=b""))).status_code for _ in range(3)]

    assert len(set(asyncio.run(asyncio.wait_for(again(), 5)))) == 1


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "end", "cancel"]), st.integers(0, 2), st.booleans()), max_size=60)


@given(STEPS)
def test_no_more_than_its_turns_are_inside_and_nobody_waits_while_there_is_one(steps):
    async def run():
        house, asked, owners = House(), {}, {}
        for number, (step, owner, reads) in enumerate(steps):
            if step == "ask":
                asked[number], owners[number] = house.ask(number, owner, reads=reads), (owner, reads)
            elif asked:
                name = sorted(asked)[number % len(asked)]
                task = asked[name]
                if step == "cancel":
                    task.cancel()
                    if name in house.inside:
                        house.inside.remove(name)
                    del asked[name]
                elif name in house.inside:
                    house._ends[name].set()
                    del asked[name]
            await settled()
            inside = Counter(owners[name] for name in house.inside)
            present = Counter(owners[name] for name in asked)
            assert inside == {line: min(count, 2) for line, count in present.items()}
        for task in asked.values():
            task.cancel()
        await settled()
        assert house.turns._lines == {}

    asyncio.run(run())
