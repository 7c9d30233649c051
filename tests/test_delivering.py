"""An event is delivered at least once, signed, or kept; what a receiver does wrong is its own loss alone."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.webhooks import verified
from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.delivering import next_attempt_at
from quantum_jobs.documents import job_document
from quantum_jobs.errors import ReceiverBusy, ServiceUnavailable, SettingsMissing
from quantum_jobs.models import JobState
from quantum_jobs.signatures import SigningKey, SigningKeys, shown
from quantum_jobs.webhooks import Said, WebhookState, delivery_of

from . import samples
from .webhook_fakes import BASE, KEY, Hooks, webhook

DONE = samples.job().moved_to(JobState.SUCCEEDED, "2026-11-22T10:00:09.000Z")
NO = Said(500, "answered 500")


class Post(Hooks):
    """One job that has ended, one webhook, and the deliveries between them."""

    def __init__(self, **changes):
        super().__init__()
        self.records.rows[DONE.owner, DONE.id] = (DONE, 1)
        self.hook = self.webhooks.put(webhook(**changes))
        self.first = delivery_of(DONE, self.hook.id)

    def deliver(self, delivery=None, repeated=False):
        asyncio.run(self.deliverer.deliver(delivery or self.first, repeated))

    def trouble(self, delivery=None):
        return asyncio.run(self.webhooks.trouble(delivery or self.first))

    def next(self):
        return self.queue.sent[-1][0]


@pytest.fixture
def post():
    return Post()


def test_an_event_is_a_cloudevent_with_the_job_as_the_api_shows_it(post):
    post.deliver()
    ((_, _, event),) = post.receivers.told
    assert {name: event[name] for name in ("specversion", "type", "source", "subject", "id", "time")} == {
        "specversion": "1.0",
        "type": "job.succeeded",
        "source": BASE,
        "subject": f"jobs/{DONE.id}",
        "id": f"{DONE.id}-2",
        "time": "2026-11-22T10:00:09.000Z",
    }
    assert event["datacontenttype"] == "application/json"
    assert event["data"] == job_document(DONE, BASE)
    assert "counts" not in str(event)


def test_an_event_is_signed_with_the_secret_of_its_webhook(post):
    post.deliver()
    ((_, headers, event),) = post.receivers.told
    body = json.dumps(event, separators=(",", ":")).encode()
    assert headers["webhook-id"] == event["id"]
    assert verified(headers, body, shown(KEY.secret(post.hook.id, 1)))


def test_what_was_delivered_leaves_nothing_behind(post):
    post.deliver()
    assert (post.queue.sent, post.trouble()) == ([], None)


def test_what_failed_is_tried_again_later_under_the_same_id_and_shown_meanwhile(post):
    post.receivers.says = [NO, NO]
    post.deliver()
    assert 8 <= post.queue.sent[0][1] <= 12
    assert (post.trouble().delivery.attempt, post.trouble().status) == (1, 500)
    post.deliver(post.next())
    assert 24 <= post.queue.sent[1][1] <= 36
    assert post.trouble().delivery.attempt == 2
    post.deliver(post.next())
    assert {event["id"] for _, _, event in post.receivers.told} == {post.first.event_id}
    assert (len(post.receivers.told), post.trouble(), len(post.queue.sent)) == (3, None, 2)


def test_after_three_days_an_event_is_kept_as_undelivered(post):
    old = replace(post.first, queued_at=timestamp(now() - timedelta(days=2.9)), attempt=14)
    post.receivers.says = [NO]
    post.deliver(old)
    assert post.queue.sent == []
    assert (post.trouble().next_at, post.trouble().delivery) == (None, old)


@given(st.sampled_from([None, 1.0, 3600.0, 1e9]), st.sampled_from([500, 429, 503, None, 302]))
def test_attempts_go_on_for_about_three_days_the_receivers_word_apart(retry_after, status):
    said = Said(status, "no", retry_after)
    delivery = replace(delivery_of(DONE, "whk_1"), queued_at="2026-11-22T10:00:00.000Z")
    moment, pauses = parse_timestamp(delivery.queued_at), []
    while (at := next_attempt_at(delivery, said, moment)) is not None and len(pauses) < 100:
        pauses.append((parse_timestamp(at) - moment).total_seconds())
        moment, delivery = parse_timestamp(at), delivery.following()
    asked = retry_after is not None and status in (429, 503)
    if asked:
        assert set(pauses[:5]) == {min(retry_after, 43_200)}
        return
    assert timedelta(days=2) < moment - datetime.fromisoformat("2026-11-22T10:00:00Z") <= timedelta(days=3)
    assert 8 <= pauses[0] <= 12
    assert 11 <= len(pauses) <= 16
    assert max(pauses) <= 1.2 * 43_200


@pytest.mark.parametrize(("status", "obeyed"), [(429, True), (503, True), (500, False), (302, False)])
def test_a_receiver_that_asks_for_time_gets_it(post, status, obeyed):
    post.receivers.says = [Said(status, "no", 1234.0)]
    post.deliver()
    assert (post.queue.sent[0][1] in (1233, 1234)) == obeyed


def test_a_receiver_that_is_gone_is_told_nothing_more_and_its_events_are_kept(post):
    post.receivers.says = [Said(410, "the receiver is gone")]
    post.deliver()
    stored = asyncio.run(post.webhooks.get(post.hook.owner, post.hook.id))
    assert (stored.webhook.state, post.queue.sent, post.trouble().next_at) == (WebhookState.DISABLED, [], None)
    other = replace(post.first, job_id=samples.job().id, revision=9)
    post.deliver(other)
    assert (len(post.receivers.told), post.trouble(other).next_at) == (1, None)


def test_what_is_on_its_way_to_a_deleted_webhook_is_dropped(post):
    post.receivers.says = [NO]
    post.deliver()
    asyncio.run(post.webhooks.remove(post.hook.owner, post.hook.id))
    post.deliver(post.next())
    assert (len(post.receivers.told), len(post.queue.sent), post.trouble()) == (1, 1, None)


@pytest.mark.parametrize("call", ["get webhook", "get record", "get keys", "tell receiver"])
def test_while_a_part_of_ours_is_down_no_attempt_is_used(post, call):
    post.faults.before.add(call)
    post.deliver()
    assert post.queue.sent == [(post.first, 30)]
    post.faults.before.clear()
    post.deliver(post.next())
    assert len(post.receivers.told) == 1


def test_a_key_that_is_missing_in_the_vault_delays_and_loses_nothing(post):
    async def no_key(_):
        raise SettingsMissing("none")

    post.signer._keys = no_key
    post.deliver()
    assert (post.queue.sent, post.receivers.told) == ([(post.first, 30)], [])


def test_a_secret_whose_key_is_withdrawn_sends_nothing_unsigned_and_says_what_to_do(post):
    post.keys = SigningKeys(SigningKey(b"n" * 32))
    post.deliver()
    assert post.receivers.told == []
    assert "rotate the secret" in post.trouble().reason
    assert post.next() == post.first.following()


def test_when_too_many_wait_for_a_receiver_the_message_comes_back_soon(post):
    post.receivers.says = [ReceiverBusy()]
    post.deliver()
    ((delivery, delay),) = post.queue.sent
    assert delivery == post.first
    assert 1 <= delay <= 5


def test_a_message_that_failed_five_times_is_kept_as_undelivered(post):
    asyncio.run(post.deliverer.give_up(post.first))
    assert (post.trouble().next_at, post.trouble().reason) == (None, "The service failed.")


def test_a_double_of_an_attempt_that_was_concluded_is_dropped(post):
    post.receivers.says = [NO, NO]
    post.deliver()
    second = post.next()
    post.deliver(second)
    post.deliver(second)
    assert (len(post.receivers.told), len(post.queue.sent)) == (2, 2)


def test_who_dies_after_a_failure_was_written_has_its_next_attempt_sent_by_who_takes_the_message_again(post):
    post.receivers.says = [NO]
    post.faults.before.add("send delivery")
    with pytest.raises(ServiceUnavailable):
        post.deliver()
    post.faults.before.clear()
    post.deliver(post.first, repeated=True)
    assert len(post.receivers.told) == 1
    assert post.next() == post.first.following()


def test_a_message_taken_again_because_its_end_was_not_heard_delivers_a_double_with_the_same_id(post):
    post.deliver()
    post.deliver(post.first, repeated=True)
    assert [headers["webhook-id"] for _, headers, _ in post.receivers.told] == [post.first.event_id] * 2


def test_a_receiver_that_was_tried_anew_meanwhile_is_not_disabled_by_an_old_answer(post):
    stored = asyncio.run(post.webhooks.get(post.hook.owner, post.hook.id))

    class Late:
        async def tell(self, webhook, body, headers):
            post.webhooks.put(replace(stored.webhook, description="changed"))
            return Said(410, "the receiver is gone")

    post.deliverer._receivers = Late()
    post.deliver()
    assert asyncio.run(post.webhooks.get(post.hook.owner, post.hook.id)).webhook.state == WebhookState.ACTIVE
