"""Jobs that ended without the provider's last word: nothing runs on unseen, nothing that was paid for is lost."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import InternalError, JobFailed, ServiceUnavailable
from quantum_jobs.models import JobState, ProviderJob
from quantum_jobs.money import Money
from quantum_jobs.waiting import (
    DISPATCH_DUE_SECONDS,
    LOST_SECONDS,
    NEVER_RAN_SECONDS,
    SEND_SECONDS,
    SETTLING_SECONDS,
    settling_delay_seconds,
)

from . import samples
from .cloud import REPOSITORY
from .test_budgets import submit, world_with

HELD, NOTHING = (0, 1_000_000), (0, 0)


@pytest.fixture
def world():
    return world_with()


def given_up(world):
    """A paid job that is queued at the provider and that the service gives up."""
    job = submit(world)
    world.get(job.id)
    world.revive()
    world.revive()
    return world.records.only()


def succeeds(world, cost="0.75"):
    world.workspace.jobs = {name: replace(job, status="Waiting") for name, job in world.workspace.jobs.items()}
    world.workspace.finish("Succeeded", cost=Money.of(cost) if cost else None)
    world.blobs.give_output(([0, 0], 60), ([1, 1], 40))


def missing_for(world, seconds):
    """Let the workspace not know the only job for so long, as two looks see it."""
    world.shepherd_takes()
    ((place, (job, version)),) = world.records.rows.items()
    world.records.rows[place] = (replace(job, missing_since=ago(seconds)), version + 1)
    world.shepherd_takes()
    return world.records.only()


def ago(seconds):
    return timestamp(now() - timedelta(seconds=seconds))


def test_a_job_that_is_given_up_is_cancelled_at_the_provider_and_keeps_its_hold(world):
    job = given_up(world)
    assert (job.state, job.error["type"]) == (JobState.FAILED, "internal-error")
    assert world.workspace.cancelled == [job.attempt.provider_job_id]
    assert (job.cost_actual, world.account()) == (None, HELD)


def test_the_shepherd_goes_on_asking_and_settles_what_the_provider_says(world):
    given_up(world)
    world.shepherd_takes()
    assert (world.records.only().cost_actual, world.account()) == (Money(), NOTHING)
    sent = len(world.queue.sent)
    world.shepherd_takes()
    assert len(world.queue.sent) == sent


def test_a_run_that_succeeded_after_the_job_was_given_up_is_paid_and_its_result_is_given(world):
    job = given_up(world)
    with pytest.raises(JobFailed):
        world.result(job.id)
    succeeds(world)
    world.shepherd_takes()
    found = world.get(job.id)
    assert (found.state, found.attempt.state) == (JobState.FAILED, JobState.SUCCEEDED)
    assert found.error["detail"].endswith("its result can be fetched.")
    assert (found.cost_actual.amount, world.account()) == ("0.75", (750_000, 0))
    assert json.loads(world.result(job.id)[0])["items"][0]["counts"] == {"00": 60, "11": 40}
    assert world.call("raw_result_link", job.id)
    assert found.revision > job.revision


def test_a_run_that_succeeded_without_a_bill_counts_as_estimated(world):
    given_up(world)
    succeeds(world, cost=None)
    world.shepherd_takes()
    assert (world.records.only().cost_actual, world.account()) == (None, (1_000_000, 0))


def test_an_output_that_is_still_to_come_is_waited_for(world):
    given_up(world)
    world.workspace.jobs = {name: replace(job, status="Waiting") for name, job in world.workspace.jobs.items()}
    world.workspace.finish("Succeeded", ended=timestamp(now()), cost=Money.of("0.75"))
    world.shepherd_takes()
    assert world.account() == HELD
    world.blobs.give_output(([0, 0], 100))
    world.shepherd_takes()
    assert (world.account(), len(world.blobs.results)) == ((750_000, 0), 1)


def test_a_result_that_cannot_be_read_is_paid_all_the_same(world):
    job = given_up(world)
    succeeds(world)
    for container in world.blobs.containers.values():
        container["outputData"] = b"none of ours"
    world.shepherd_takes()
    assert world.account() == (750_000, 0)
    with pytest.raises(JobFailed):
        world.result(job.id)


def test_what_still_runs_of_a_job_that_was_given_up_is_cancelled_again(world):
    world.faults.before.add("cancel job")
    submit(world)
    world.get(world.records.only().id)
    world.revive()
    world.revive()
    assert not world.records.only().state.done  # an outage fails nothing
    world.faults.before.clear()
    world.revive()
    world.workspace.finish("Executing", ended=None)
    world.shepherd_takes()
    assert world.workspace.cancelled == [world.records.only().attempt.provider_job_id] * 2
    assert world.account() == HELD
    world.shepherd_takes()
    assert world.account() == NOTHING


def test_a_job_that_cannot_even_be_cancelled_fails_visibly(world):
    async def broken(provider_job_id):
        raise RuntimeError("a bug")

    world.workspace.cancel = broken
    assert given_up(world).error["type"] == "internal-error"


def test_what_is_deleted_before_it_is_settled_is_settled_all_the_same_and_leaves_no_result(world):
    job = given_up(world)
    world.call("delete", job.id, None)
    succeeds(world)
    world.shepherd_takes()
    assert (world.account(), world.blobs.results, world.blobs.containers) == ((750_000, 0), {}, {})


def test_a_job_that_the_workspace_does_not_know_for_a_day_fails_visibly_and_keeps_its_hold(world):
    job = submit(world)
    world.get(job.id)
    world.workspace.jobs.clear()
    assert not missing_for(world, LOST_SECONDS - 60).state.done
    lost = missing_for(world, LOST_SECONDS + 1)
    assert (lost.state, lost.error["type"]) == (JobState.FAILED, "provider-error")
    assert (lost.cost_actual, world.account()) == (None, HELD)
    assert len(world.workspace.puts) == 1
    world.grown_old(NEVER_RAN_SECONDS + 1)
    world.shepherd_takes()
    assert world.account() == HELD  # it was there: it may have run
    assert len(world.workspace.puts) == 1


def test_a_job_that_is_there_again_was_never_lost(world):
    job = submit(world)
    world.get(job.id)
    kept, world.workspace.jobs = world.workspace.jobs, {}
    missing_for(world, LOST_SECONDS - 60)
    world.workspace.jobs = kept
    world.shepherd_takes()
    assert world.records.only().missing_since is None
    succeeds(world)
    assert world.get(job.id).state == JobState.SUCCEEDED


def test_a_job_that_is_not_visible_yet_is_sent_again_under_the_same_id_and_not_lost(world):
    job = submit(world)
    world.workspace.jobs.clear()
    world.shepherd_takes()
    assert (world.records.only().missing_since, set(world.workspace.puts)) == (None, {job.attempt.provider_job_id})
    assert world.get(job.id).state == JobState.QUEUED


def test_a_cancelled_job_that_the_workspace_lost_is_cancelled_after_a_day_and_keeps_its_hold(world):
    job = submit(world)
    world.get(job.id)
    world.workspace.jobs.clear()
    world.call("cancel", job.id, None)
    world.grown_old(DISPATCH_DUE_SECONDS + 1)
    world.shepherd_takes()
    assert world.records.only().state == JobState.CANCELLING
    assert missing_for(world, LOST_SECONDS + 1).state == JobState.CANCELLED
    assert world.account() == HELD


def never_sent(world):
    """A job that was cancelled before it was sent, and has ended."""
    world.faults.before.add("put job")
    job = submit(world)
    world.call("cancel", job.id, None)
    world.grown_old(DISPATCH_DUE_SECONDS + 1)
    world.shepherd_takes()
    world.faults.before.clear()
    assert world.records.only().state == JobState.CANCELLED
    return job


def test_a_job_that_was_cancelled_before_it_was_sent_costs_nothing_once_nobody_can_have_sent_it(world):
    never_sent(world)
    world.shepherd_takes()
    assert world.account() == HELD
    world.grown_old(NEVER_RAN_SECONDS + 1)
    world.shepherd_takes()
    assert (world.account(), world.workspace.puts) == (NOTHING, [])


def test_a_run_that_appears_after_its_job_was_cancelled_is_cancelled_and_billed(world):
    job = never_sent(world)
    world.workspace.jobs[job.attempt.provider_job_id] = ProviderJob(job.attempt.provider_job_id, "Executing")
    world.shepherd_takes()
    assert world.workspace.cancelled == [job.attempt.provider_job_id]
    world.workspace.finish("Cancelled", cost=Money.of("0.10"))
    world.shepherd_takes()
    assert (world.records.only().state, world.account()) == (JobState.CANCELLED, (100_000, 0))


def test_a_job_that_was_refused_is_watched_until_nobody_can_have_sent_it(world):
    world.workspace.refusal = "no"
    submit(world)
    assert (world.records.only().state, world.account()) == (JobState.FAILED, HELD)
    world.grown_old(NEVER_RAN_SECONDS + 1)
    world.shepherd_takes()
    assert world.account() == NOTHING


def test_nothing_is_sent_when_the_record_was_read_too_long_ago(world):
    world.faults.before.add("put job")
    submit(world)
    world.faults.before.clear()
    world.service._submitter._dispatcher.deadline = lambda: -1.0
    world.shepherd_takes()
    assert (world.workspace.puts, world.records.only().state) == ([], JobState.ACCEPTED)


def test_nothing_is_sent_of_a_record_that_changed_while_the_input_was_prepared(world):
    world.faults.before.add("put job")
    job = submit(world)
    world.faults.before.clear()
    put_input = world.blobs.put_input

    async def slow(*arguments):
        await put_input(*arguments)
        await world.service.cancel(samples.ALICE, job.id, None)

    world.blobs.put_input = slow
    world.shepherd_takes()
    assert (world.workspace.puts, world.records.only().state) == ([], JobState.CANCELLING)


def test_the_bounds_hold_together():
    """What is sent is over before a cancel is final; whoever stood still has been ended before it cost nothing."""
    hours, minutes, seconds = json.loads(Path(REPOSITORY / "host.json").read_text())["functionTimeout"].split(":")
    longest = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    assert SEND_SECONDS + 20 < DISPATCH_DUE_SECONDS
    assert longest < NEVER_RAN_SECONDS < LOST_SECONDS < SETTLING_SECONDS


def test_the_provider_is_asked_less_and_less_often_and_not_for_ever(world):
    given_up(world)
    delays = []
    for days in (0, 0.01, 0.5, 6, 8):
        world.grown_old(days * 86_400)
        delays.append(settling_delay_seconds(world.records.only(), now()))
        ((place, (job, version)),) = world.records.rows.items()
        back = replace(job.history[-1], at=timestamp(now()))
        world.records.rows[place] = (replace(job, history=(*job.history[:-1], back)), version + 1)
    assert delays == [60, 864, 43_200, 86_400, None]


def test_a_message_that_is_poison_after_its_job_was_given_up_comes_back_as_long_as_it_is_asked_about(world):
    given_up(world)
    world.revive()
    assert world.queue.sent[-1][1] == 60
    world.grown_old(SETTLING_SECONDS + 1)
    sent = len(world.queue.sent)
    world.revive()
    assert len(world.queue.sent) == sent


def test_while_the_workspace_is_away_nothing_is_settled_and_the_message_comes_back(world):
    given_up(world)
    world.faults.before.add("get job")
    world.shepherd_takes()
    assert (world.account(), len(world.queue.sent)) == (HELD, 4)
    world.faults.before.clear()
    world.shepherd_takes()
    assert world.account() == NOTHING


def test_a_result_that_should_be_stored_and_is_not_is_our_fault(world):
    world.finished_job()
    world.shepherd_takes()
    world.blobs.results.clear()
    with pytest.raises(InternalError):
        world.result(world.records.only().id)


def test_an_outage_at_the_moment_of_giving_up_fails_nothing(world):
    submit(world)
    world.revive()
    world.faults.before |= {"cancel job", "send message"}
    with pytest.raises(ServiceUnavailable):
        world.revive()
    assert not world.records.only().state.done
