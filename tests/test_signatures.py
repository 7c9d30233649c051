"""Signatures are Standard Webhooks': checked by the code of that project, not by ours."""

import asyncio
import base64
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Independent
from standardwebhooks import WebhookVerificationError

from local.webhooks import verified
from quantum_jobs import signatures
from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import SettingsMissing
from quantum_jobs.signatures import SigningKey, SigningKeys, read_key, secret_of, shown
from quantum_jobs.webhooks import SecretVersion

from .webhook_fakes import KEY, Hooks, webhook

SECRETS = st.binary(min_size=24, max_size=64)
BODIES = st.text(st.characters(codec="utf-8")).map(lambda text: f'"{text}"'.encode())
IDS = st.from_regex(r"[a-z0-9_-]{1,60}", fullmatch=True)


def holds(headers, body, secret):
    try:
        Independent(shown(secret)).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    except ValueError:
        return True  # verified, and no JSON
    return True


@given(IDS, BODIES, st.lists(SECRETS, min_size=1, max_size=3), SECRETS)
def test_every_secret_that_signs_verifies_and_no_other(name, body, secrets, stranger):
    headers = signatures.headers(name, int(time.time()), body, secrets)
    assert all(holds(headers, body, secret) for secret in secrets)
    assert stranger in secrets or not holds(headers, body, stranger)


@given(IDS, BODIES, SECRETS, st.integers(0, 10**6))
def test_whatever_is_changed_on_the_way_no_longer_verifies(name, body, secret, place):
    headers = signatures.headers(name, int(time.time()), body, [secret])
    flipped = bytearray(body)
    flipped[place % len(body)] ^= 1
    changed = bytes(flipped)
    try:
        changed.decode()
    except UnicodeDecodeError:
        changed = body + b" "
    assert not holds(headers, changed, secret)
    assert not holds({**headers, "webhook-id": f"{name}x"}, body, secret)
    later = str(int(headers["webhook-timestamp"]) + 1)
    assert not holds({**headers, "webhook-timestamp": later}, body, secret)


@given(IDS, BODIES, SECRETS)
def test_the_local_receiver_verifies_as_the_independent_code_does(name, body, secret):
    headers = signatures.headers(name, int(time.time()), body, [b"o" * 32, secret])
    assert verified(headers, body, shown(secret))
    assert not verified(headers, body, shown(b"x" * 32))
    assert not verified({**headers, "webhook-timestamp": str(int(time.time()) - 301)}, body, shown(secret))


def test_nothing_is_sent_without_a_signature():
    with pytest.raises(ValueError, match="without a signature"):
        signatures.headers("id", 1, b"", [])


def test_a_secret_follows_from_key_webhook_and_generation_and_differs_where_one_of_them_does():
    made = [
        SigningKey(key).secret(name, generation)
        for key in (b"a" * 32, b"b" * 32)
        for name in ("whk_1", "whk_2")
        for generation in (1, 2)
    ]
    assert len(set(made)) == 8
    assert made[0] == SigningKey(b"a" * 32).secret("whk_1", 1)


def test_a_key_is_named_without_being_told():
    assert KEY.id not in base64.b16encode(KEY.value).decode().lower()
    assert KEY.id != SigningKey(b"l" * 32).id


@pytest.mark.parametrize("text", ["", "secret", base64.b64encode(b"x" * 31).decode(), "ü" * 50])
def test_a_key_that_is_none_is_told_by_the_name_of_its_secret(text):
    with pytest.raises(SettingsMissing, match="webhook-signing-key in Key Vault must be base64"):
        read_key(text, "webhook-signing-key")


def signed(hooks, hook):
    return asyncio.run(hooks.signer.headers(hook, "id", int(time.time()), b'"body"'))


def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone():
    hooks, hook = Hooks(), webhook()
    rotated = hook.rotated(KEY.id)
    old, new = (secret_of(rotated, version, hooks.keys) for version in reversed(rotated.secrets))
    headers = signed(hooks, rotated)
    assert holds(headers, b'"body"', old)
    assert holds(headers, b'"body"', new)
    until = rotated.secrets[1].until
    assert timestamp(now() + timedelta(hours=23.9)) < until < timestamp(now() + timedelta(hours=24.1))
    over = SecretVersion(1, KEY.id, timestamp(now() - timedelta(seconds=1)))
    assert not holds(signed(hooks, webhook(id=hook.id, secrets=(rotated.secrets[0], over))), b'"body"', old)


def test_a_second_rotation_ends_the_oldest_secret_at_once():
    twice = webhook().rotated(KEY.id).rotated(KEY.id)
    assert [version.generation for version in twice.secrets] == [3, 2]


def test_when_the_vault_has_a_new_key_what_was_given_out_before_goes_on_signing():
    hooks, hook = Hooks(), webhook()
    secret = secret_of(hook, hook.secrets[0], hooks.keys)
    hooks.keys = SigningKeys(SigningKey(b"n" * 32), previous=KEY)
    assert holds(signed(hooks, hook), b'"body"', secret)
    hooks.keys = SigningKeys(SigningKey(b"n" * 32))
    assert signed(hooks, hook) is None


def test_a_key_that_is_not_known_yet_is_looked_for_in_the_vault_once_more():
    hooks, new = Hooks(), SigningKey(b"n" * 32)
    hook = webhook(secrets=(SecretVersion(1, new.id),))
    asked = []

    async def keys(most_seconds):
        asked.append(most_seconds)
        return SigningKeys(new, KEY) if most_seconds < 60 else SigningKeys(KEY)

    hooks.signer._keys = keys
    assert holds(signed(hooks, hook), b'"body"', new.secret(hook.id, 1))
    assert len(asked) == 2
