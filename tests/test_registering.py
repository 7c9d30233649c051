"""Webhooks are their owner's alone, few, agreed to by their receiver, and show their secret once."""

import asyncio

import pytest

from quantum_jobs.errors import ServiceUnavailable, WebhookNotFound, WebhookRefused
from quantum_jobs.registering import WebhookWish
from quantum_jobs.signatures import SigningKey, SigningKeys, shown
from quantum_jobs.webhooks import MOST_WEBHOOKS, Event, Said, Trouble, WebhookState, delivery_of

from . import samples
from .test_delivering import DONE
from .webhook_fakes import KEY, Hooks, webhook

WISH = WebhookWish("https://hooks.example/events", (Event.SUCCEEDED,))
NO = Said(404, "answered 404")


class Desk(Hooks):
    def call(self, name, *arguments, caller=samples.ALICE):
        return asyncio.run(getattr(self.registry, name)(caller, *arguments))


@pytest.fixture
def desk():
    return Desk()


def test_a_receiver_that_agrees_makes_its_webhook_active_and_the_secret_is_shown_once(desk):
    made = desk.call("create", WISH)
    assert (made.webhook.state, made.webhook.detail) == (WebhookState.ACTIVE, None)
    assert made.secret == shown(KEY.secret(made.webhook.id, 1))
    assert desk.call("get", made.webhook.id).secret is None
    assert desk.call("page")[0].secret is None
    assert not any(made.secret in str(row) for row, _ in desk.webhooks.kept.values())


@pytest.mark.parametrize("said", [NO, Said(None, "no connection"), Said(200, "the answer has no origin")])
def test_one_that_does_not_is_pending_and_says_why(desk, said):
    desk.receivers.agrees = said
    made = desk.call("create", WISH).webhook
    assert (made.state, made.detail, made.active_since) == (WebhookState.PENDING, said.reason, None)
    assert desk.call("test", made.id).said == said
    assert desk.receivers.told == []


@pytest.mark.parametrize("state", [WebhookState.PENDING, WebhookState.DISABLED])
def test_a_test_asks_again_where_the_receiver_has_not_agreed_or_was_gone(desk, state):
    hook = desk.webhooks.put(webhook(state=state, active_since=None, detail="why"))
    trial = desk.call("test", hook.id)
    assert (trial.shown.webhook.state, trial.shown.webhook.detail) == (WebhookState.ACTIVE, None)
    ((_, headers, event),) = desk.receivers.told
    assert (event["type"], event["id"], event["subject"]) == ("webhook.test", trial.event_id, f"webhooks/{hook.id}")
    assert headers["webhook-id"] == trial.event_id


def test_a_test_tells_what_the_receiver_said_to_it(desk):
    hook = desk.webhooks.put(webhook())
    desk.receivers.says = [Said(500, "answered 500")]
    trial = desk.call("test", hook.id)
    assert (trial.said.status, desk.receivers.asked) == (500, [])
    assert trial.event_id != desk.call("test", hook.id).event_id


def test_a_test_with_a_withdrawn_key_sends_nothing(desk):
    hook = desk.webhooks.put(webhook())
    desk.keys = SigningKeys(SigningKey(b"n" * 32))
    trial = desk.call("test", hook.id)
    assert (trial.event_id, desk.receivers.told) == (None, [])
    assert "rotate the secret" in trial.said.reason


@pytest.mark.parametrize("operation", ["get", "delete", "test", "rotate"])
def test_anothers_webhook_is_as_if_it_were_not_there(desk, operation):
    hook = desk.webhooks.put(webhook())
    desk.call("get", hook.id)  # so that whatever is remembered of it is there
    refusals = []
    for name in (hook.id, "whk_" + "0" * 26, "webhook", "usage:2026-11", ""):
        with pytest.raises(WebhookNotFound) as refused:
            desk.call(operation, name, caller=samples.BOB)
        refusals.append(str(refused.value))
    assert len(set(refusals)) == 1
    assert desk.call("get", hook.id).webhook == hook
    assert desk.call("page", caller=samples.BOB) == []


def test_a_url_that_leads_astray_is_refused_and_nothing_is_written(desk):
    desk.receivers.refused.add(WISH.url)
    with pytest.raises(WebhookRefused):
        desk.call("create", WISH)
    assert (desk.webhooks.kept, desk.receivers.asked) == ({}, [])


def test_one_webhook_too_many_is_refused_and_nothing_is_written(desk):
    for _ in range(MOST_WEBHOOKS):
        desk.webhooks.put(webhook())
    desk.webhooks.put(webhook(owner=samples.BOB.owner))
    before = dict(desk.webhooks.kept)
    with pytest.raises(WebhookRefused, match="at most 10"):
        desk.call("create", WISH)
    assert desk.webhooks.kept == before


def test_of_many_that_are_made_at_once_no_more_than_the_bound_stay(desk):
    async def all_at_once():
        made = [desk.registry.create(samples.ALICE, WISH) for _ in range(2 * MOST_WEBHOOKS)]
        return await asyncio.gather(*made, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    stayed = {answer.webhook.id for answer in answers if not isinstance(answer, WebhookRefused)}
    assert len(stayed) == MOST_WEBHOOKS
    assert {shown.webhook.id for shown in desk.call("page")} == stayed


def test_a_vault_that_does_not_answer_makes_no_webhook(desk):
    desk.faults.before.add("get keys")
    with pytest.raises(ServiceUnavailable):
        desk.call("create", WISH)
    assert desk.webhooks.kept == {}


def test_a_rotation_shows_a_new_secret_and_keeps_the_old_one_beside_it(desk):
    made = desk.call("create", WISH)
    rotated = desk.call("rotate", made.webhook.id)
    assert rotated.secret == shown(KEY.secret(made.webhook.id, 2)) != made.secret
    assert [version.generation for version in rotated.webhook.secrets] == [2, 1]
    assert desk.call("get", made.webhook.id).webhook == rotated.webhook


def test_two_rotations_at_once_are_two_secrets(desk):
    hook = desk.webhooks.put(webhook())

    async def both():
        return await asyncio.gather(*(desk.registry.rotate(samples.ALICE, hook.id) for _ in range(2)))

    secrets = {shown.secret for shown in asyncio.run(both())}
    assert secrets == {shown(KEY.secret(hook.id, generation)) for generation in (2, 3)}


def test_after_the_vaults_key_changed_a_rotation_moves_the_secret_to_it(desk):
    made, new = desk.call("create", WISH), SigningKey(b"n" * 32)
    desk.keys = SigningKeys(new, KEY)
    rotated = desk.call("rotate", made.webhook.id)
    assert [version.key_id for version in rotated.webhook.secrets] == [new.id, KEY.id]
    assert rotated.secret == shown(new.secret(made.webhook.id, 2))


def test_what_could_not_be_delivered_is_shown_at_its_webhook_and_forgotten_with_it(desk):
    one, other = (desk.webhooks.put(webhook()) for _ in range(2))
    trouble = Trouble(delivery_of(DONE, one.id), "2026-11-22T10:00:15.000Z", "answered 500", 500)
    asyncio.run(desk.webhooks.keep(trouble))
    assert desk.call("get", one.id).troubles == [trouble]
    assert {shown.webhook.id: len(shown.troubles) for shown in desk.call("page")} == {one.id: 1, other.id: 0}
    desk.call("delete", one.id)
    assert [shown.webhook.id for shown in desk.call("page")] == [other.id]
    assert len(desk.webhooks.kept) == 1
