"""The client over small stand-ins: what it does when things fail, and what it may never do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quantum_jobs.async_client import AsyncClient, Parts
from quantum_jobs.errors import (
    ClientClosed,
    InvalidRequest,
    JobAlreadyDone,
    JobCancelled,
    JobFailed,
    LoopNotDurable,
    LoopOverBudget,
    LoopOverdue,
    PayloadTooLarge,
    ResultNotReady,
    ServiceUnavailable,
)
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.process_queue import ProcessQueue
from quantum_jobs.result_caches import MemoryStore, ResultCache
from quantum_jobs.service import JobService
from quantum_jobs.throttles import Pace, Throttle

from . import samples
from .fakes import FakeBlobs, FakeRecords, FakeWorkspace, Faults
from .test_checkpoints import FakeStorage


class Blobs(FakeBlobs):
    async def sweep(self, job: Any) -> None:
        await self.faults.passing("sweep")


@dataclass
class Outside:
    """What the client talks to; jobs end at once as `ends` says, with all shots in `00`."""

    client: AsyncClient
    faults: Faults
    workspace: FakeWorkspace
    records: FakeRecords
    blobs: FakeBlobs
    storage: FakeStorage


class Workspace(FakeWorkspace):
    """Ends each job as soon as it is asked after, as the next of `endings` says (the last for all that follow)."""

    def __init__(self, faults: Faults, blobs: FakeBlobs) -> None:
        super().__init__(faults)
        self.blobs = blobs
        self.endings = ["Succeeded"]
        self.seconds_to_run = 0.0

    async def get(self, provider_job_id):
        seen = await super().get(provider_job_id)
        if seen is None or seen.status != "Waiting":
            return seen
        ending = self.endings.pop(0) if len(self.endings) > 1 else self.endings[0]
        if ending == "Waiting":
            return seen
        self.jobs[provider_job_id] = replace(seen, status=ending, error_code="InvalidInputData", error_message="no")
        self.blobs.give_output(([0, 0], 100))
        return self.jobs[provider_job_id]


def made(
    pace: Pace | None = None, *, cached: bool = False, durable: bool = True, before: Outside | None = None
) -> Outside:
    """Give a client with an outside of its own, or that of the process `before`."""
    faults = before.faults if before else Faults()
    records = before.records if before else FakeRecords(faults)
    blobs = before.blobs if before else Blobs(faults)
    storage = before.storage if before else FakeStorage()
    workspace = before.workspace if before else Workspace(faults, blobs)
    queue = ProcessQueue()
    service = JobService(workspace, records, blobs, queue)
    queue.deliver_to(service.shepherd.advance, service.shepherd.revive)
    parts = Parts(
        service=service,
        queue=queue,
        blobs=blobs,  # type: ignore[arg-type]
        sessions=None,  # type: ignore[arg-type]
        caller=samples.ALICE,
        throttle=Throttle(pace or Pace()),
        close=lambda: None,
        cache=ResultCache(MemoryStore(), 60) if cached else None,
        checkpoints=storage if durable else None,  # type: ignore[arg-type]
    )
    return Outside(AsyncClient(parts), faults, workspace, records, blobs, storage)


def with_client(work: Callable[[Outside], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        outside = made(**options)
        async with outside.client, asyncio.timeout(20):
            return await work(outside)

    return asyncio.run(run())


def bell(outside: Outside, **given: Any) -> Awaitable[Any]:
    return outside.client.run(samples.BELL, **{"target": "ionq.simulator", "shots": 100, **given})


def submit(outside: Outside, **given: Any) -> Awaitable[Any]:
    return outside.client.submit(samples.BELL, **{"target": "ionq.simulator", "shots": 100, **given})


def test_a_result_comes_back_with_its_counts():
    assert with_client(bell).counts == {"00": 100}


def test_a_failed_job_says_why():
    async def work(outside):
        outside.workspace.endings = ["Failed"]
        await bell(outside)

    with pytest.raises(JobFailed, match="no"):
        with_client(work)


def test_a_workspace_that_does_not_answer_is_asked_again_until_it_does():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        job = await submit(outside)
        outside.faults.before.add("get job")
        await asyncio.sleep(0.1)
        outside.faults.before.clear()
        outside.workspace.endings = ["Succeeded"]
        return (await job.result()).counts

    assert with_client(work) == {"00": 100}


def test_waiting_has_an_end_and_the_job_goes_on():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        job = await submit(outside)
        with pytest.raises(ResultNotReady):
            await job.result(timeout=0.05)
        assert not job.state.done
        outside.workspace.endings = ["Succeeded"]
        return (await job.result()).counts

    assert with_client(work) == {"00": 100}


def test_an_unanswered_put_is_the_same_job_when_it_is_sent_again(monkeypatch):
    monkeypatch.setattr("quantum_jobs.submitting.FIRST_LOOK_SECONDS", 0)

    async def work(outside):
        outside.faults.before.add("put job")
        job = await submit(outside)
        await asyncio.sleep(0)
        outside.faults.before.clear()
        result = await job.result()
        return result.job_id, outside.workspace.puts

    job_id, puts = with_client(work)
    assert len(set(puts)) == 1
    assert job_id


def test_a_failed_job_is_never_given_from_the_cache():
    async def work(outside):
        outside.workspace.endings = ["Failed", "Succeeded"]
        with pytest.raises(JobFailed):
            await bell(outside)
        again = await bell(outside)
        return again.from_cache, again.counts, outside.client.savings.jobs

    assert with_client(work, cached=True) == (False, {"00": 100}, 0)


def test_all_who_share_a_job_that_fails_are_told():
    async def work(outside):
        outside.workspace.endings = ["Failed"]
        return await asyncio.gather(*(bell(outside) for _ in range(3)), return_exceptions=True), outside.workspace.puts

    answers, puts = with_client(work, cached=True)
    assert [type(answer) for answer in answers] == [JobFailed] * 3
    assert len(puts) == 1


def test_who_shares_a_job_and_gives_up_ends_it_for_nobody_else():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        await submit(outside, shots=99)  # takes the only place: the next two wait to be submitted
        first = asyncio.create_task(bell(outside))
        second = asyncio.create_task(bell(outside))
        await asyncio.sleep(0.05)
        first.cancel()
        outside.workspace.endings = ["Succeeded"]
        return (await second).counts

    assert with_client(work, cached=True, pace=Pace(unfinished=1)) == {"00": 100}


def test_a_refused_submit_is_asked_again_the_next_time():
    async def work(outside):
        outside.faults.before.add("insert record")
        with pytest.raises(ServiceUnavailable):
            await bell(outside)
        outside.faults.before.clear()
        return (await bell(outside)).counts

    assert with_client(work, cached=True) == {"00": 100}


@pytest.mark.parametrize("change", [{"shots": 101}, {"seed": 1}, {"options": {"a": 1}}])
def test_what_differs_in_anything_that_counts_is_not_given_from_the_cache(change):
    async def work(outside):
        await bell(outside)
        return (await bell(outside, **change)).from_cache, len(outside.workspace.puts)

    assert with_client(work, cached=True) == (False, 2)


def test_fresh_means_fresh():
    async def work(outside):
        await bell(outside)
        return (await bell(outside, fresh=True)).from_cache, len(outside.workspace.puts)

    assert with_client(work, cached=True) == (False, 2)


def test_a_place_in_the_throttle_is_given_back_however_a_job_ends():
    async def work(outside):
        outside.workspace.endings = ["Failed", "Succeeded"]
        with pytest.raises(JobFailed):
            await bell(outside)
        outside.faults.before.add("insert record")
        with pytest.raises(ServiceUnavailable):
            await bell(outside)
        outside.faults.before.clear()
        await bell(outside)
        return (await bell(outside)).counts

    assert with_client(work, pace=Pace(unfinished=1)) == {"00": 100}


def test_never_more_jobs_are_unfinished_than_the_pace_says():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        waiting = [asyncio.create_task(bell(outside)) for _ in range(7)]
        await asyncio.sleep(0.2)
        at_once = len(outside.workspace.puts)
        outside.workspace.endings = ["Succeeded"]
        await asyncio.gather(*waiting)
        return at_once, len(outside.workspace.puts)

    assert with_client(work, pace=Pace(unfinished=3)) == (3, 7)


def test_the_same_key_makes_the_same_job():
    async def work(outside):
        one, other = await submit(outside, key="k"), await submit(outside, key="k")
        return one.id == other.id, outside.workspace.puts

    same, puts = with_client(work)
    assert same
    assert len(puts) == 1


def test_a_job_can_be_cancelled_and_then_has_no_result():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        job = await submit(outside)
        await job.cancel()
        with pytest.raises(JobCancelled):
            await job.result()
        return job.state

    assert with_client(work) == JobState.CANCELLED


def test_a_result_from_the_cache_cannot_be_cancelled():
    async def work(outside):
        await bell(outside)
        await (await submit(outside)).cancel()

    with pytest.raises(JobAlreadyDone):
        with_client(work, cached=True)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"shots": 0}, "/shots"),
        ({"target": ""}, "/target"),
        ({"parameter_sets": [{"theta": "x"}]}, "/parameterSets/0/theta"),
        ({"parameter_sets": [{"theta": float("nan")}]}, "/parameterSets/0/theta"),
        ({"format": "qasm"}, "/program/format"),
        ({"max_cost": "much"}, "/limits/maxCost"),
        ({"key": "a b"}, "key"),
        ({"tags": {"": "x"}}, "/tags"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_nothing_is_written(given, place):
    async def work(outside):
        with pytest.raises(InvalidRequest, match=place):
            await bell(outside, **given)
        return outside.records.rows, outside.workspace.puts

    assert with_client(work) == ({}, [])


def test_a_program_that_is_too_long_for_its_record_is_refused():
    async def work(outside):
        await outside.client.run("//" + "x" * 70_000, target="ionq.simulator", shots=1)

    with pytest.raises(PayloadTooLarge):
        with_client(work)


def test_a_closed_client_says_that_it_is_closed():
    async def work(outside):
        await outside.client.close()
        await bell(outside)

    with pytest.raises(ClientClosed, match="inside `with"):
        with_client(work)


def test_what_is_not_done_when_the_client_closes_is_named(caplog):
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        return (await submit(outside)).id

    assert with_client(work) in caplog.text


def test_a_loop_without_durable_records_is_refused():
    async def work(outside):
        outside.client.loop("l")

    with pytest.raises(LoopNotDurable, match="records='table'"):
        with_client(work, durable=False)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"max_cost": "much"}, "max_cost"),
        ({"max_cost": "-1"}, "max_cost"),
        ({"max_cost": "NaN"}, "max_cost"),
        ({"deadline": datetime(2026, 12, 1)}, "deadline"),
        ({"session": True, "target": None}, "target"),
        ({"name": ""}, "name"),
    ],
)
def test_a_loop_that_cannot_be_is_refused_with_what_is_wrong(given, place):
    async def work(outside):
        outside.client.loop(**{"name": "l", "target": "ionq.simulator", **given})

    with pytest.raises(InvalidRequest, match=place):
        with_client(work)


def test_a_session_of_an_unknown_policy_is_refused():
    async def work(outside):
        outside.client.session("ionq.simulator", on_failure="ignore")

    with pytest.raises(InvalidRequest, match="on_failure"):
        with_client(work)


def test_a_loop_whose_deadline_has_passed_submits_nothing():
    async def work(outside):
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with outside.client.loop("l", target="ionq.simulator", deadline=past) as loop:
            with pytest.raises(LoopOverdue):
                await loop.run(samples.BELL, shots=1)
        return outside.workspace.puts

    assert with_client(work) == []


def test_a_failed_place_of_a_loop_is_tried_again_by_the_same_question_and_every_later_process_agrees():
    async def work(outside):
        outside.workspace.endings = ["Failed", "Succeeded"]
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            with pytest.raises(JobFailed):
                await loop.run(samples.BELL, shots=100)
            await loop.run(samples.BELL, shots=100)
            await loop.run(samples.BELL, shots=99)
        puts = len(outside.workspace.puts)
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            await loop.run(samples.BELL, shots=100)
            await loop.run(samples.BELL, shots=99)
            return loop.replayed, puts, len(outside.workspace.puts)

    assert with_client(work) == (2, 3, 3)


def test_jobs_of_a_loop_that_run_at_once_keep_their_places():
    async def work(outside):
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            jobs = [await loop.submit(samples.BELL, shots=shots) for shots in (10, 20, 30)]
            for job in reversed(jobs):
                await job.result()
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            for shots in (10, 20, 30):
                await loop.run(samples.BELL, shots=shots)
            return loop.replayed, len(outside.workspace.puts)

    assert with_client(work) == (3, 3)


def test_a_job_that_an_earlier_process_could_not_send_any_more_is_sent_by_the_next():
    async def work(outside):
        outside.faults.before.add("put job")
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            await loop.submit(samples.BELL, shots=100)
        await outside.client.close()
        outside.faults.before.clear()
        following = made(before=outside)
        async with following.client, following.client.loop("l", target="ionq.simulator") as loop:
            return (await loop.run(samples.BELL, shots=100)).counts, len(outside.records.rows)

    assert with_client(work) == ({"00": 100}, 1)


def test_jobs_of_a_loop_that_run_at_once_count_against_its_budget_before_they_are_billed():
    async def work(outside):
        outside.workspace.offer = (samples.target(id="ionq.qpu.aria-1", kind="qpu"),)
        outside.workspace.endings = ["Waiting"]
        price = (await outside.client.estimate(samples.BELL, shots=100)).targets[0].cost
        budget = Money(int(price.micros * 2.5)).amount
        async with outside.client.loop("l", target="ionq.qpu.aria-1", max_cost=budget) as loop:
            await loop.submit(samples.BELL, shots=100)
            await loop.submit(samples.BELL, shots=100)
            with pytest.raises(LoopOverBudget):
                await loop.submit(samples.BELL, shots=100)
        return len(outside.workspace.puts)

    assert with_client(work) == 2


def test_a_checkpoint_that_cannot_be_written_loses_nothing_that_was_paid():
    async def work(outside):
        append = outside.storage.append

        async def fails(*arguments):
            raise ServiceUnavailable("The blob store")

        async with outside.client.loop("l", target="ionq.simulator") as loop:
            outside.storage.append = fails
            with pytest.raises(ServiceUnavailable):
                await loop.run(samples.BELL, shots=100)
            outside.storage.append = append
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            await loop.run(samples.BELL, shots=100)
            return loop.place, len(outside.workspace.puts)

    assert with_client(work) == (1, 1)


def test_a_watched_job_is_asked_after_less_often_the_longer_it_takes():
    async def work(outside):
        outside.workspace.endings = ["Waiting"]
        await submit(outside)
        began = time.monotonic()
        await asyncio.sleep(1.0)
        looks = outside.faults.calls.count("get job")
        return looks, time.monotonic() - began

    looks, seconds = with_client(work)
    assert 3 <= looks <= 30 * max(seconds, 1)
