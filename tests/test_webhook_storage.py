"""Webhooks, their deliveries and their keys in the real stores of the local cloud, through the real SDKs."""

import asyncio
import uuid
from dataclasses import replace

import pytest
from azure.keyvault.secrets import SecretClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import SettingsMissing
from quantum_jobs.job_queue import DeliveriesQueue, read_delivery
from quantum_jobs.key_vault import KeyVault
from quantum_jobs.webhook_storage import WebhookStorage
from quantum_jobs.webhooks import Trouble, delivery_of

from .test_adapters import ACCOUNT, VAULT, credential
from .test_delivering import DONE
from .webhook_fakes import webhook

__all__ = ["credential"]


@pytest.fixture
def store(credential):
    table = WebhookStorage(ACCOUNT.format("table"), credential)
    yield table
    table.close()


@pytest.fixture
def owner():
    return uuid.uuid4().hex


def run(work):
    return asyncio.run(work)


def test_a_webhook_reads_back_as_it_was_written_for_its_owner_alone(store, owner):
    hook = webhook(owner=owner, description="☃").rotated("other key")

    async def work():
        etag = await store.add(hook)
        return etag, await store.get(owner, hook.id), await store.of(owner), await store.get("another", hook.id)

    etag, stored, listed, strangers = run(work())
    assert (stored.webhook, stored.etag) == (hook, etag)
    assert (listed, strangers) == ([stored], None)


def test_of_two_changes_of_a_webhook_the_second_is_told_that_it_lost(store, owner):
    hook = webhook(owner=owner)

    async def work():
        etag = await store.add(hook)
        won = await store.replace(replace(hook, description="a"), etag)
        lost = await store.replace(replace(hook, description="b"), etag)
        await store.remove(owner, hook.id)
        await store.remove(owner, hook.id)
        return won, lost, await store.replace(hook, won), await store.get(owner, hook.id)

    won, lost, gone, left = run(work())
    assert won
    assert (lost, gone, left) == (None, None, None)


def test_failed_deliveries_are_those_of_a_webhook_or_of_all_and_never_jobs_or_webhooks(store, owner):
    one, other = webhook(owner=owner), webhook(owner=owner)
    troubles = [
        Trouble(replace(delivery_of(DONE, hook.id), owner=owner, revision=revision), timestamp(now()), "no", 500)
        for hook in (one, other)
        for revision in (2, 3)
    ]

    async def work():
        await store.add(one)
        for trouble in troubles:
            await store.keep(trouble)
        await store.keep(replace(troubles[0], reason="again"))
        await store.forget(troubles[1].delivery)
        await store.forget(troubles[1].delivery)
        found = [await store.troubles(owner, hook) for hook in (one.id, other.id, None)]
        return found, await store.trouble(troubles[0].delivery), await store.trouble(troubles[1].delivery)

    (ones, others, everybodys), first, second = run(work())
    assert ones == [replace(troubles[0], reason="again")] == [first]
    assert others == troubles[2:]
    assert len(everybodys) == 3
    assert second is None


def test_a_delivery_comes_out_of_its_queue_as_it_was_sent(credential):
    queue = DeliveriesQueue(ACCOUNT.format("queue"), credential)
    queue._name = name = f"deliveries-{uuid.uuid4()}"  # one that the host does not read
    delivery = delivery_of(DONE, webhook().id)
    run(queue.send(delivery, 0))
    queue.close()
    decoding = TextBase64DecodePolicy()
    with QueueClient(ACCOUNT.format("queue"), name, credential, message_decode_policy=decoding) as client:
        (message,) = client.peek_messages(32)
    assert read_delivery(message.content.encode()) == delivery
    for spoiled in (b"{}", b"[]", b'{"owner": "x"}'):
        with pytest.raises(ValueError, match="not a delivery"):
            read_delivery(spoiled)


def test_the_vault_gives_the_signing_keys_and_follows_a_rotation_when_asked_anew(credential):
    name = f"key-{uuid.uuid4().hex[:8]}"
    vault = KeyVault(VAULT, "quantum-workspace", credential, name)
    keys = ["a2" * 21 + "a=", "Yj" * 21 + "I="]
    with SecretClient(VAULT, credential) as client:
        with pytest.raises(SettingsMissing, match=f"no secret {name}"):
            run(vault.signing_keys())
        client.set_secret(name, keys[0])
        first = run(vault.signing_keys())
        client.set_secret(f"{name}-previous", keys[0])
        client.set_secret(name, keys[1])
        assert run(vault.signing_keys()) == first
        second = run(vault.signing_keys(0.0))
        client.set_secret(name, "too short")
        with pytest.raises(SettingsMissing, match="base64"):
            run(vault.signing_keys(0.0))
    vault.close()
    assert (first.previous, second.previous) == (None, first.current)
    assert second.current != first.current
