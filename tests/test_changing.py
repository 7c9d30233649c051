"""What a caller does to a job that is there."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.changing import MAX_TAGS, JobChange
from quantum_jobs.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    JobAlreadyDone,
    JobCancelled,
    JobNotDone,
    JobNotFound,
    PreconditionFailed,
    ServiceUnavailable,
)
from quantum_jobs.models import Caller, JobState
from quantum_jobs.waiting import DISPATCH_DUE_SECONDS

from . import samples
from .world import World

ADMIN = Caller("tenant", "carol", "user:carol", frozenset({"Jobs.Admin"}))
AUDITOR = Caller("tenant", "dave", "user:dave", frozenset({"Jobs.Read.All"}))


@pytest.fixture
def world():
    return World()


def test_a_cancelled_job_is_cancelled_at_the_provider_and_says_who_asked(world):
    job, _ = world.submit()
    assert world.call("cancel", job.id, None).state == JobState.CANCELLING
    assert world.workspace.cancelled == [job.attempt.provider_job_id]
    done = world.get(job.id)
    assert (done.state, done.cancellation.by) == (JobState.CANCELLED, samples.ALICE.label)
    with pytest.raises(JobCancelled):
        world.result(job.id)


def test_a_second_cancel_is_no_second_cancellation(world):
    job, _ = world.submit()
    world.call("cancel", job.id, None)
    assert world.call("cancel", job.id, None).cancellation == world.records.only().cancellation
    world.get(job.id)
    assert world.call("cancel", job.id, None).state == JobState.CANCELLED
    assert len(world.workspace.cancelled) == 1


def test_a_machine_that_wins_the_race_gives_its_result(world):
    job, _ = world.submit()
    world.faults.before.add("get job")
    assert world.call("cancel", job.id, None).state == JobState.CANCELLING
    world.faults.before.clear()
    world.workspace.finish("Succeeded")
    world.blobs.give_output(([0, 0], 100))
    assert world.get(job.id).state == JobState.SUCCEEDED
    assert world.result(job.id)[0]


@pytest.mark.parametrize(("status", "code"), [("Succeeded", None), ("Failed", "CompilationError")])
def test_a_job_that_has_ended_cannot_be_cancelled(world, status, code):
    job, _ = world.submit()
    world.workspace.finish(status, error_code=code)
    world.blobs.give_output(([0, 0], 100))
    world.get(job.id)
    with pytest.raises(JobAlreadyDone):
        world.call("cancel", job.id, None)
    assert not world.workspace.cancelled


def test_a_cancel_that_the_provider_did_not_hear_is_repeated_by_the_shepherd(world):
    job, _ = world.submit()
    world.faults.before.add("cancel job")
    world.call("cancel", job.id, None)
    world.faults.before.clear()
    world.shepherd_until(JobState.CANCELLED)
    assert world.workspace.cancelled == [job.attempt.provider_job_id]


def test_an_attempt_that_arrives_after_the_cancel_is_cancelled_there(world):
    world.faults.before.add("put job")
    job, _ = world.submit()
    world.call("cancel", job.id, None)
    world.faults.before.clear()
    asyncio.run(world.workspace.submit(job, "", "", {}, math.inf))
    world.shepherd_until(JobState.CANCELLED)
    assert world.workspace.cancelled == [job.attempt.provider_job_id]


def test_a_cancelled_job_that_never_arrived_is_not_sent_and_ends_when_nobody_can_be_sending_it(world):
    world.faults.before.add("put job")
    job, _ = world.submit()
    world.call("cancel", job.id, None)
    world.faults.before.clear()
    world.shepherd_takes()
    assert world.records.only().state == JobState.CANCELLING
    world.grown_old(DISPATCH_DUE_SECONDS)
    world.shepherd_takes()
    assert (world.records.only().state, world.workspace.puts) == (JobState.CANCELLED, [])


@pytest.mark.parametrize("operation", ["cancel", "delete"])
def test_a_change_of_another_state_than_was_seen_is_refused(world, operation):
    job = world.finished_job() if operation == "delete" else world.submit()[0]
    seen = world.get(job.id)
    with pytest.raises(PreconditionFailed) as caught:
        world.call(operation, job.id, '"r1-00000000"')
    assert caught.value.members["currentETag"] == f'"{seen.tag}"'
    world.call(operation, job.id, f'"{seen.tag}"')


def test_a_rename_keeps_the_tags_and_a_tag_of_null_is_removed(world):
    job, _ = world.submit(tags={"team": "a", "stage": "b"})
    changed = world.call("patch", job.id, JobChange(True, "bell", tags={"stage": None, "run": "3"}), None)
    assert (changed.name, changed.tags, changed.revision) == ("bell", {"team": "a", "run": "3"}, 2)
    assert world.call("patch", job.id, JobChange(clear_tags=True), None).tags == {}


def test_a_patch_that_changes_nothing_is_no_new_revision(world):
    job, _ = world.submit(name="bell")
    assert world.call("patch", job.id, JobChange(True, "bell"), None).revision == 1


def test_a_job_takes_no_more_tags_than_a_submit_does(world):
    job, _ = world.submit(tags={f"t{number}": "x" for number in range(MAX_TAGS)})
    with pytest.raises(InvalidRequest, match="at most 16"):
        world.call("patch", job.id, JobChange(tags={"more": "x"}), None)


@given(st.permutations(range(6)))
def test_patches_and_moves_at_once_lose_nothing(order):
    world = World()
    job, _ = world.submit()
    world.workspace.finish("Executing", ended=None)

    async def work():
        patches = [
            world.service.patch(samples.ALICE, job.id, JobChange(tags={f"t{number}": "x"}), None) for number in range(5)
        ]
        tasks = [*patches, world.service.get(samples.ALICE, job.id)]
        await asyncio.gather(*(tasks[place] for place in order))

    asyncio.run(work())
    kept = world.get(job.id)
    assert set(kept.tags) == {f"t{number}" for number in range(5)}
    assert kept.state == JobState.RUNNING


def test_a_deleted_job_is_gone_with_program_and_result_and_its_key_stays_used(world):
    job = world.finished_job()
    world.get(job.id)
    world.call("delete", job.id, None)
    for ask in ("get", "program"):
        with pytest.raises(JobNotFound):
            world.call(ask, job.id)
    with pytest.raises(JobNotFound):
        world.result(job.id)
    assert (world.blobs.results, world.records.submissions, world.blobs.containers) == ({}, {}, {})
    with pytest.raises(IdempotencyKeyReused, match="has been deleted"):
        world.submit()


def test_what_is_kept_of_a_deleted_job_is_that_it_was_and_what_it_cost(world):
    job = world.finished_job()
    world.call("patch", job.id, JobChange(True, "secret", tags={"customer": "x"}), None)
    world.get(job.id)
    world.call("delete", job.id, None)
    kept = world.records.only()
    assert (kept.state, kept.target, kept.history[-1].state) == (JobState.SUCCEEDED, job.target, JobState.SUCCEEDED)
    assert (kept.name, kept.tags, kept.registers, kept.error) == (None, {}, (), None)


def test_a_job_that_has_not_ended_cannot_be_deleted(world):
    job, _ = world.submit()
    with pytest.raises(JobNotDone):
        world.call("delete", job.id, None)


@pytest.mark.parametrize("name", ["job_vpevms6ucg5i8d6iq6is2qaacp", "key:x", "../x", ""])
def test_deleting_what_is_not_there_is_done_already(world, name):
    assert world.call("delete", name, None) is None


@pytest.mark.parametrize("call", ["forget submission", "drop result", "drop container"])
def test_an_erasure_that_was_interrupted_is_finished_by_the_shepherd(world, call):
    job = world.finished_job()
    world.get(job.id)
    world.faults.before.add(call)
    with pytest.raises(ServiceUnavailable):
        world.call("delete", job.id, None)
    world.faults.before.clear()
    world.shepherd_takes()
    assert (world.blobs.results, world.records.submissions, world.blobs.containers) == ({}, {}, {})


def test_an_erasure_that_was_interrupted_is_finished_by_deleting_again(world):
    job = world.finished_job()
    world.get(job.id)
    world.faults.before.add("drop result")
    with pytest.raises(ServiceUnavailable):
        world.call("delete", job.id, None)
    world.faults.before.clear()
    world.call("delete", job.id, None)
    assert not world.blobs.results


@pytest.mark.parametrize("caller", [samples.BOB, AUDITOR])
@pytest.mark.parametrize("operation", ["cancel", "delete"])
def test_nobody_changes_anothers_job(world, caller, operation):
    job = world.finished_job()
    world.shepherd_takes(0)
    before = world.records.only()
    if operation == "cancel":
        with pytest.raises(JobNotFound):
            world.call(operation, job.id, None, caller=caller)
    else:
        world.call(operation, job.id, None, caller=caller)
    assert world.records.only() == before


def test_an_operator_reads_any_job_once_the_shepherd_has_seen_it(world):
    job = world.finished_job()
    with pytest.raises(JobNotFound):
        world.get(job.id, caller=AUDITOR)
    world.shepherd_takes(0)
    assert world.get(job.id, caller=AUDITOR).id == job.id
    assert world.result(job.id, caller=AUDITOR)[0] == world.result(job.id)[0]
    with pytest.raises(JobNotFound):
        world.get(job.id, caller=samples.BOB)


def test_an_administrator_cancels_any_job(world):
    job, _ = world.submit()
    world.shepherd_takes(0)
    assert world.call("cancel", job.id, None, caller=ADMIN).cancellation.by == ADMIN.label
