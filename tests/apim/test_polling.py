"""What polling costs the service: one call in two seconds and caller, however many ask, at the same moment too."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from local.apim.context import Response
from tests.apim.deployed import Service, deployed
from tests.local.apim.gateway_running import Call, Running

JOB = "/jobs/job_1"


class Slow(Service):
    """Answers after the other calls that are under way have been heard; notes when it was asked."""

    def __init__(self, run: list[Running]) -> None:
        super().__init__()
        self.asked: list[tuple[str, float]] = []
        self._run = run

    def __call__(self, call: Call) -> Response:
        self.asked.append((call.headers.get("X-Caller-Id"), self._run[0].clock.seconds))
        return super().__call__(call)


def started(tier: str, **options: str) -> tuple[Running, Slow]:
    runs: list[Running] = []
    service = Slow(runs)
    runs.append(deployed(service, tier=tier, named_values={"caller-calls-per-minute": "1000000"}, **options))
    forward = runs[0].backend.forward

    async def slow(*arguments):
        await asyncio.sleep(0)  # lets all others of this moment go first
        await asyncio.sleep(0)
        return await forward(*arguments)

    runs[0].services.backends.forward = slow
    return runs[0], service


async def poll(run: Running, callers: list[str], seconds: int) -> Counter:
    """Let all callers ask at once, four times a second."""
    seen: Counter = Counter()
    for _ in range(seconds * 4):
        answers = await asyncio.gather(*(run.ask("GET", JOB, caller) for caller in callers))
        seen.update((seen.status_code, seen.headers.get("X-Cache", "")) for seen in answers)
        run.clock.seconds += 0.25
    return seen


@pytest.mark.parametrize("tier", ["basic-v2", "standard"])
def test_10_pollers_of_one_job_cost_one_call_in_two_seconds(tier):
    run, service = started(tier)
    seen = asyncio.run(poll(run, ["alice"] * 10, 20))
    times = [moment for _, moment in service.asked]
    assert len(times) <= 11
    assert all(later - sooner >= 2 for sooner, later in pairwise(times))
    # Only those that came with the first, when nothing was kept, had to ask again.
    assert seen[200, "miss"] + seen[200, "hit"] + seen[200, "stale"] == 10 * 80 - seen[429, ""]
    assert seen[429, ""] == 9
    assert seen[200, "stale"] > 0


def test_each_caller_has_his_own_calls_and_copies():
    run, service = started("basic-v2")
    asyncio.run(poll(run, ["alice", "bob"] * 5, 5))
    assert Counter(caller for caller, _ in service.asked) == {"alice": 3, "bob": 3}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tier", ["basic-v2", "standard"])
def test_200_pollers_of_one_job_for_20_s_cost_one_call_in_two_seconds_and_caller(tier):
    run, service = started(tier)
    callers = ["alice", "bob", "operator", "admin"] * 50
    seen = asyncio.run(poll(run, callers, 20))
    for caller in set(callers):
        times = [moment for who, moment in service.asked if who == caller]
        assert len(times) <= 11
        assert all(later - sooner >= 2 for sooner, later in pairwise(times))
    assert seen[429, ""] == 4 * 49
    assert sum(seen.values()) == 200 * 80
