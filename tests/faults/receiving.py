"""Webhooks in the storm: what outlives a process of them, and what must hold of the events when it is over."""

from collections import defaultdict

from quantum_jobs.announcing import Announcer
from quantum_jobs.signing import WebhookSigner
from quantum_jobs.webhooks import Event, Said
from tests import samples
from tests.webhook_fakes import FakeReceivers, FakeWebhooks, Hooks, deliverer, webhook

from .outside import Queue

EARLY = "2026-11-22T09:00:00.000Z"


class Webhooks(FakeWebhooks):
    """As in the fakes; named so for the trace."""


class Receivers(FakeReceivers):
    """Refuse a delivery now and then, as told by `moods`; what they took is on record with the moment."""

    def __init__(self, faults, clock, moods):
        super().__init__(faults)
        self._clock, self._moods = clock, moods

    async def tell(self, hook, body, headers):
        mood = self._moods()
        if mood is not None:
            self.says.append(mood)
        return await super().tell(hook, body, headers)


class Deliveries(Queue):
    """The queue of deliveries, with the rules of the host as well."""


class Post:
    """The owner's two webhooks, one for failures alone, and the queue and receivers between."""

    def __init__(self, faults, clock, lease_seconds, moods):
        self.webhooks = Webhooks(faults)
        self.queue = Deliveries(faults, clock, lease_seconds=lease_seconds)
        self.receivers = Receivers(faults, clock, moods)
        self.all = self.webhooks.put(webhook(created_at=EARLY, active_since=EARLY))
        self.failures = self.webhooks.put(webhook(created_at=EARLY, active_since=EARLY, events=(Event.FAILED,)))
        self.webhooks.put(webhook(owner=samples.BOB.owner))
        self.keys = Hooks().keys

    @property
    def ports(self):
        return self.webhooks, self.queue, self.receivers

    def announcer(self, webhooks, queue):
        return Announcer(webhooks, queue)

    def deliverer(self, records, webhooks, queue, receivers):
        async def keys(_):
            return self.keys

        return deliverer(webhooks, records, queue, receivers, WebhookSigner(keys))


def check_post(post, jobs):
    """Every end has come to every webhook that wants it, at least once, under one id; nothing else has come."""
    assert not post.queue.letters
    assert not post.queue.lost, "a delivery ended unread"
    assert not [name for _, name in post.webhooks.kept if name.startswith("delivery:")], "a trouble that is over"
    told = defaultdict(set)
    for webhook_id, headers, event in post.receivers.told:
        job = jobs[event["subject"].removeprefix("jobs/")]
        assert headers["webhook-id"] == event["id"] == f"{job.id}-{job.done_revision}", "a double under another id"
        assert event["type"] == f"job.{job.state}", "an end that is none"
        assert event["data"]["done"]
        told[webhook_id].add(job.id)
    ended = {job.id for job in jobs.values()}
    assert told.pop(post.all.id, set()) == ended, "an event is lost"
    failed = {job.id for job in jobs.values() if job.state == "failed"}
    assert told.pop(post.failures.id, set()) == failed
    assert not told, "a stranger was told"


def moody(chance):
    """Give what receivers say: mostly yes, else what passes."""

    def mood():
        if chance.random() < 0.7:
            return None
        return chance.choice([Said(500, "answered 500"), Said(None, "no connection"), Said(429, "slow", 40.0)])

    return mood


def kind():
    return None
