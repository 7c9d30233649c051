"""The end of a job reaches the queue of every webhook that wants it, before its shepherd's last message ends."""

import asyncio
from dataclasses import replace

import pytest

from quantum_jobs.changing import JobChange
from quantum_jobs.models import JobState, ShepherdMessage
from quantum_jobs.service import JobService
from quantum_jobs.webhooks import Event, WebhookState

from . import samples
from .webhook_fakes import Hooks, webhook
from .world import World


class Telling(World):
    """A service in memory that tells webhooks."""

    def __init__(self, terms=None):
        super().__init__()
        self.hooks = Hooks(self.records, self.faults)
        self.service = JobService(
            self.workspace, self.records, self.blobs, self.queue, terms, announcer=self.hooks.announcer
        )

    @property
    def queued(self):
        return [(delivery.webhook_id, delivery.event_id) for delivery, _ in self.hooks.queue.sent]


@pytest.fixture
def world():
    return Telling()


def test_the_end_of_a_job_is_queued_for_each_webhook_that_wants_it(world):
    wants = world.hooks.webhooks.put(webhook())
    world.hooks.webhooks.put(webhook(events=(Event.FAILED,)))
    world.hooks.webhooks.put(webhook(owner=samples.BOB.owner))
    job = world.finished_job()
    world.shepherd_takes()
    assert world.records.only().state == JobState.SUCCEEDED
    assert world.queued == [(wants.id, f"{job.id}-2")]
    (delivery, delay) = world.hooks.queue.sent[0]
    assert (delivery.event, delivery.attempt, delay) == ("job.succeeded", 1, 0)


@pytest.mark.parametrize("state", [WebhookState.PENDING, WebhookState.DISABLED])
def test_a_webhook_whose_receiver_has_not_agreed_or_is_gone_is_told_nothing(world, state):
    world.hooks.webhooks.put(webhook(state=state))
    world.finished_job()
    world.shepherd_takes()
    assert world.queued == []


def test_an_end_that_a_poll_found_is_told_by_the_shepherd(world):
    hook = world.hooks.webhooks.put(webhook())
    job = world.finished_job()
    assert world.get(job.id).state == JobState.SUCCEEDED
    assert world.queued == []
    world.shepherd_takes()
    assert world.queued == [(hook.id, f"{job.id}-2")]


def test_the_id_of_an_event_is_that_of_the_end_whatever_was_changed_since(world):
    world.hooks.webhooks.put(webhook())
    job = world.finished_job()
    world.get(job.id)
    world.call("patch", job.id, JobChange(rename=True, name="other"), None)
    world.shepherd_takes()
    assert world.records.only().revision == 3
    assert [name for _, name in world.queued] == [f"{job.id}-2"]


def test_who_has_no_webhook_costs_one_read_in_the_shepherd_and_none_elsewhere(world):
    job = world.finished_job()
    world.get(job.id)
    world.result(job.id)
    assert "list webhooks" not in world.faults.calls
    world.shepherd_takes()
    assert world.faults.calls.count("list webhooks") == 1
    assert world.records.only().announced_at is None


def test_what_was_read_after_a_job_ended_is_not_read_again_for_it(world):
    hook = world.hooks.webhooks.put(webhook())
    world.finished_job()
    world.shepherd_takes()
    done = world.records.only()
    long_ago = replace(done, history=(*done.history[:-1], replace(done.history[-1], at="2026-11-22T10:00:00.000Z")))
    for _ in range(3):
        asyncio.run(world.hooks.announcer.announce(long_ago))
    assert world.faults.calls.count("list webhooks") == 1
    assert len(world.queued) == 4
    assert {name for name, _ in world.queued} == {hook.id}


def test_a_webhook_made_since_the_last_look_is_told_of_what_ends_after_it(world):
    asyncio.run(world.hooks.announcer.announce(samples.job(state=JobState.SUCCEEDED, done_revision=2)))
    hook = world.hooks.webhooks.put(webhook())
    world.finished_job()
    world.shepherd_takes()
    assert [name for name, _ in world.queued] == [hook.id]


def test_what_ended_before_the_receiver_agreed_is_not_told(world):
    world.hooks.webhooks.put(webhook(active_since="2099-01-01T00:00:00.000Z"))
    world.finished_job()
    world.shepherd_takes()
    assert world.queued == []


def test_an_end_that_was_queued_is_not_queued_again_by_later_messages(world):
    world.hooks.webhooks.put(webhook())
    world.finished_job()
    world.shepherd_takes()
    done = world.records.only()
    asyncio.run(world.service.shepherd.advance(ShepherdMessage.about(done, done.sequence)))
    assert len(world.queued) == 1


def test_an_end_whose_job_was_deleted_at_once_is_told_all_the_same(world):
    hook = world.hooks.webhooks.put(webhook())
    job = world.finished_job()
    world.get(job.id)
    world.call("delete", job.id, None)
    world.shepherd_takes()
    assert world.queued == [(hook.id, f"{job.id}-2")]
    asyncio.run(world.hooks.deliverer.deliver(world.hooks.queue.sent[0][0], repeated=False))
    (_, _, event) = world.hooks.receivers.told[0]
    assert (event["data"]["state"], event["data"]["name"]) == ("succeeded", None)


@pytest.mark.parametrize("call", ["list webhooks", "send delivery"])
def test_while_a_part_is_down_the_shepherd_comes_again(world, call):
    hook = world.hooks.webhooks.put(webhook())
    world.finished_job()
    world.faults.before.add(call)
    world.shepherd_takes()
    assert world.queue.sent[-1][1] == 15
    assert world.records.only().announced_at is None
    world.faults.before.clear()
    world.shepherd_takes()
    assert [name for name, _ in world.queued] == [hook.id]


def test_a_job_that_nobody_could_look_after_is_told_as_failed(world):
    hook = world.hooks.webhooks.put(webhook())
    world.submit()
    message, _ = world.queue.sent[-1]
    asyncio.run(world.service.shepherd.revive(replace(message, revived=True)))
    assert world.records.only().state == JobState.FAILED
    assert [name for name, _ in world.queued] == [hook.id]
    assert world.hooks.queue.sent[0][0].event == "job.failed"


def test_a_job_cancelled_between_two_attempts_is_told_as_cancelled(world):
    world.hooks.webhooks.put(webhook())
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="ProviderTimeout")
    world.get(job.id)
    world.call("cancel", job.id, None)
    world.shepherd_takes()
    assert [delivery.event for delivery, _ in world.hooks.queue.sent] == ["job.cancelled"]
