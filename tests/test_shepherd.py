import asyncio
import contextlib
import random
from contextvars import copy_context
from dataclasses import replace

import pytest

from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.models import JobState

from . import samples
from .world import World


@pytest.fixture
def world():
    return World()


def test_the_shepherd_finishes_a_job_that_nobody_asks_about(world):
    world.finished_job()
    world.shepherd_takes()
    assert world.records.only().state == JobState.SUCCEEDED
    assert len(world.blobs.results) == 1


def test_the_shepherd_comes_back_until_the_job_is_done(world):
    world.submit()
    world.shepherd_takes()
    world.shepherd_takes()
    assert [message.sequence for message, _ in world.queue.sent] == [1, 2, 3]
    world.workspace.finish("Failed", error_code="CompilationError")
    world.shepherd_takes()
    assert len(world.queue.sent) == 3


def test_a_message_delivered_twice_makes_one_successor_that_counts(world):
    world.submit()
    world.shepherd_takes(0)
    world.shepherd_takes(0)
    assert len(world.queue.sent) == 2


def test_of_two_successors_after_a_crash_the_second_drops_itself(world):
    job, _ = world.submit()
    world.get(job.id)  # the move to queued is written: the shepherd's own update is the next
    message, _ = world.queue.sent[0]
    dying, context = world.service.shepherd.advance(message), copy_context()
    while len(world.queue.sent) < 2:
        context.run(dying.send, None)  # it takes no further step: the successor is sent, the record does not say so
    world.shepherd_takes(0)
    assert [message.sequence for message, _ in world.queue.sent] == [1, 2, 2]
    world.shepherd_takes(1)
    world.shepherd_takes(2)
    assert [message.sequence for message, _ in world.queue.sent] == [1, 2, 2, 3]


def test_a_successor_that_comes_before_the_record_says_so_is_not_dropped(world):
    world.submit()
    message, _ = world.queue.sent[0]
    slow, context = world.service.shepherd.advance(message), copy_context()
    while len(world.queue.sent) < 2:
        context.run(slow.send, None)
    world.shepherd_takes(1)
    assert ([message.sequence for message, _ in world.queue.sent], world.records.only().sequence) == ([1, 2, 3], 3)
    assert context.run(list, slow.__await__()) == [None]  # it reads that the record has moved on
    world.shepherd_takes(0)
    assert (len(world.queue.sent), world.records.only().sequence) == (3, 3)


def test_a_message_before_its_record_waits_for_it(world):
    world.faults.before.add("insert record")
    with pytest.raises(ServiceUnavailable):
        world.submit()
    world.shepherd_takes()
    assert world.queue.sent[1][1] == 60


def test_a_message_whose_record_never_came_ends(world):
    world.faults.before.add("insert record")
    with pytest.raises(ServiceUnavailable):
        world.submit()
    message, delay = world.queue.sent[0]
    world.queue.sent[0] = (replace(message, sent_at="2026-01-01T00:00:00.000Z"), delay)
    world.shepherd_takes()
    assert len(world.queue.sent) == 1


def test_what_was_prepared_for_a_job_that_never_came_to_be_is_erased(world):
    world.faults.before.add("insert record")
    with pytest.raises(ServiceUnavailable):
        world.submit()
    message, delay = world.queue.sent[0]
    asyncio.run(world.blobs.put_program(message.owner, message.job_id, b"uploaded"))
    assert list(world.blobs.containers) == [provider_job_id(message.job_id, 1)]
    world.shepherd_takes()
    assert world.blobs.containers  # a slow request may still be writing the record
    assert world.blobs.programs
    world.queue.sent.append((replace(message, sent_at="2026-01-01T00:00:00.000Z"), delay))
    world.shepherd_takes()
    assert (world.blobs.containers, world.blobs.programs) == ({}, {})


def test_what_was_prepared_for_a_job_whose_message_was_not_sent_is_taken_back(world):
    world.faults.before.add("send message")

    async def refused():
        with pytest.raises(ServiceUnavailable):
            await world.service.submit(samples.ALICE, samples.request())
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(refused())
    assert "put input" in world.faults.calls
    assert (world.blobs.containers, world.queue.sent) == ({}, [])


def test_a_job_never_dispatched_is_dispatched_once_under_the_same_id(world):
    world.faults.before.add("put job")
    job, _ = world.submit()
    world.faults.before.clear()
    world.shepherd_takes()
    world.shepherd_takes()
    assert world.workspace.puts == [job.attempt.provider_job_id]


def test_a_message_that_cannot_be_handled_is_revived_once_and_then_the_job_fails_visibly(world):
    world.submit()
    world.revive()
    assert world.queue.sent[-1][0].revived
    world.revive()
    assert (world.records.only().state, world.records.only().error["type"]) == (JobState.FAILED, "internal-error")


def test_a_poison_message_of_a_done_job_changes_nothing(world):
    world.finished_job()
    world.shepherd_takes()
    world.revive(0)
    world.shepherd_takes()
    world.revive()
    assert (world.records.only().state, len(world.queue.sent)) == (JobState.SUCCEEDED, 2)


@pytest.mark.parametrize("part", ["get job", "get record", "update record", "get output"])
def test_an_outage_does_not_use_up_the_deliveries_of_a_message(world, part):
    job = world.finished_job()
    world.faults.before.add(part)
    for _ in range(20):
        world.shepherd_takes()
    assert {message.sequence for message, _ in world.queue.sent} == {1}
    world.faults.before.clear()
    world.shepherd_takes()
    assert world.get(job.id).state == JobState.SUCCEEDED


def test_a_message_is_delivered_again_where_not_even_the_queue_answers(world):
    world.submit()
    world.faults.before |= {"get record", "send message"}
    with pytest.raises(ServiceUnavailable):
        world.shepherd_takes()


def test_no_job_fails_because_the_records_were_down_when_its_poison_message_came(world):
    world.submit()
    world.revive()
    world.faults.before.add("get record")
    world.revive()
    world.faults.before.clear()
    assert (world.records.only().state.done, world.queue.sent[-1][0].revived) == (False, True)


def test_what_a_deleted_job_has_left_is_erased_though_its_message_was_poison_twice(world):
    job = world.finished_job()
    world.get(job.id)
    world.faults.before.add("drop result")
    with pytest.raises(ServiceUnavailable):
        world.call("delete", job.id, None)
    world.revive()
    world.revive()
    world.faults.before.clear()
    world.shepherd_takes()
    assert not world.blobs.results


PARTS = ("send message", "insert record", "put input", "put job", "get job", "get record", "update record",
         "get program", "get output", "put result", "sign container")  # fmt: skip


def deliver(world, chance):
    """Hand every message to the shepherd as the host would: again while it fails, now and then once too often."""

    async def hand_over():
        for item in list(world.queue.sent):
            with contextlib.suppress(ServiceUnavailable):
                await world.service.shepherd.advance(item[0])
                if chance.random() < 0.8:
                    world.queue.sent.remove(item)

    asyncio.run(hand_over())


@pytest.mark.parametrize("seed", range(60))
def test_whatever_fails_on_the_way_the_job_ends_once_and_is_put_under_one_id(seed):
    """Random faults before and after each effect, messages delivered twice, a caller that repeats its request."""
    chance = random.Random(seed)
    world = World()
    accepted = False
    for round_ in range(200):
        world.faults.before = {part for part in PARTS if chance.random() < 0.15}
        world.faults.after = {part for part in PARTS if chance.random() < 0.1}
        if not accepted:
            with contextlib.suppress(ServiceUnavailable):
                world.submit()
                accepted = True
        if round_ > 10:
            world.workspace.finish("Succeeded")
            world.blobs.give_output(([0, 0], 100))
        deliver(world, chance)
        if accepted and world.records.only().state.done:
            break
    assert accepted
    assert world.records.only().state == JobState.SUCCEEDED
    assert len(set(world.workspace.puts)) == 1
    assert len(world.blobs.results) == 1
