"""Results go when their time is over; that the job was, and what it cost, stays."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.errors import JobFailed, ResultExpired, SettingsMissing
from quantum_jobs.models import HistoryEntry, JobState
from quantum_jobs.retention import expires_at, retention
from quantum_jobs.submitting import Terms

from . import samples
from .world import World

WEEKS = Terms(retention=timedelta(days=20))


@pytest.fixture
def world():
    return World(terms=WEEKS)


def ended(world):
    """A job that has ended and whose shepherd has been there once since."""
    world.finished_job()
    world.shepherd_takes()
    return world.records.only()


def grown_old(world, job, days):
    stored = asyncio.run(world.records.get(job.owner, job.id))
    at = timestamp(now() - timedelta(days=days))
    history = (*stored.job.history[:-1], HistoryEntry(stored.job.state, at))
    asyncio.run(world.records.update(replace(stored.job, history=history), stored.etag))


def test_the_shepherd_comes_back_to_a_done_job_as_late_as_a_queue_allows_and_at_its_last_day(world):
    job = ended(world)
    assert world.queue.sent[-1][1] == timedelta(days=6).total_seconds()
    grown_old(world, job, 19)
    world.shepherd_takes()
    assert timedelta(hours=23).total_seconds() < world.queue.sent[-1][1] <= timedelta(days=1).total_seconds()
    assert len(world.blobs.results) == 1


def test_after_its_time_a_result_is_410_the_record_stays_and_storage_is_free(world):
    job = ended(world)
    grown_old(world, job, 21)
    world.shepherd_takes()
    for call in ("result", "raw_result_link"):
        with pytest.raises(ResultExpired) as caught:
            world.call(call, job.id, *([None] if call == "result" else []))
        assert caught.value.members == {"expiredAt": world.records.only().expired_at}
    assert (world.get(job.id).state, world.blobs.results, world.blobs.containers) == (JobState.SUCCEEDED, {}, {})
    assert world.call("program", job.id)[1].program.source == samples.BELL


def test_what_a_provider_may_still_run_is_not_taken_from_it_before_the_shepherd_stops_asking():
    job = samples.job(state=JobState.FAILED, unsettled=JobState.RUNNING)
    ended = parse_timestamp(job.history[-1].at)
    assert expires_at(job, timedelta(days=1)) == ended + timedelta(days=7)
    assert expires_at(job, timedelta(days=9)) == ended + timedelta(days=9)
    assert expires_at(replace(job, unsettled=None), timedelta(days=1)) == ended + timedelta(days=1)


def test_no_message_is_sent_for_a_job_whose_result_has_gone(world):
    job = ended(world)
    grown_old(world, job, 21)
    sent = len(world.queue.sent)
    world.shepherd_takes()
    assert len(world.queue.sent) == sent


def test_an_expiry_that_was_interrupted_is_finished_when_the_message_comes_again(world):
    job = ended(world)
    grown_old(world, job, 21)
    world.faults.before.add("drop container")
    world.shepherd_takes()
    world.faults.before.clear()
    assert world.blobs.containers
    world.shepherd_takes()
    assert (world.blobs.results, world.blobs.containers) == ({}, {})


def test_an_expiry_whose_message_was_poison_twice_is_not_given_up(world):
    job = ended(world)
    grown_old(world, job, 21)
    world.revive()
    world.revive()
    world.shepherd_takes()
    assert (world.blobs.results, world.blobs.containers) == ({}, {})


def test_a_message_about_a_done_job_that_comes_twice_makes_one_successor_that_counts(world):
    ended(world)
    world.shepherd_takes()
    world.shepherd_takes(-2)
    assert [message.sequence for message, _ in world.queue.sent] == [1, 2, 3]


def test_a_job_that_failed_keeps_its_reason_and_frees_its_container(world):
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="CompilationError")
    world.shepherd_takes()
    grown_old(world, job, 21)
    world.shepherd_takes()
    assert world.blobs.containers == {}
    with pytest.raises(JobFailed):
        world.result(job.id)


def test_the_result_of_an_expired_origin_is_told_as_expired(world):
    origin = world.submit(reuse_seconds=10**7)[0]
    world.workspace.finish("Succeeded")
    world.blobs.give_output(([0, 0], 60), ([1, 0], 40))
    world.shepherd_takes()
    message = len(world.queue.sent) - 1
    again, _ = world.submit(reuse_seconds=10**7, key="another")
    assert again.reused_from == origin.id
    grown_old(world, origin, 21)
    world.shepherd_takes(message)
    with pytest.raises(ResultExpired):
        world.call("raw_result_link", again.id)


def test_without_the_setting_results_stay_and_nobody_comes_back():
    world = World()
    ended(world)
    assert len(world.queue.sent) == 1


@given(st.integers(1, 36_500))
def test_any_whole_number_of_days_is_a_time_to_keep_results(days):
    assert retention(str(days)) == timedelta(days=days)


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "none", "36501", "²"])
def test_what_is_no_number_of_days_is_refused_at_start(days):
    with pytest.raises(SettingsMissing, match="RESULT_RETENTION_DAYS"):
        retention(days)


def test_what_runs_or_is_deleted_has_no_time_at_which_it_expires():
    week = timedelta(days=7)
    running, done = samples.job(), replace(samples.job(), state=JobState.FAILED)
    assert expires_at(running, week) is None
    assert expires_at(replace(done, deleted_at=done.created_at), week) is None
    assert expires_at(done, week) is not None
    assert expires_at(done, None) is None
