"""Connections, delays and message bodies of queues."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.functions_host.errors import SettingsError
from local.functions_host.protos import TypedData
from local.functions_host.queue_trigger import QueueListener, backoff, message_bodies
from local.functions_host.settings import QueueSettings
from local.functions_host.storage import Connection, StorageQueue, Undecodable, connection


@pytest.mark.parametrize("name", ["Store", "AzureWebJobsStorage"])
def test_a_connection_without_setting_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"function 'f': there is no setting '{name}'"):
        connection(name, {}, "function 'f'")


def test_a_connection_is_looked_up_with_the_prefix_first() -> None:
    both = {"AzureWebJobsStore": "prefixed", "Store": "plain"}
    assert connection("Store", both, "").connection_string == "prefixed"
    assert connection("Store", {"Store": "plain"}, "").connection_string == "plain"


def test_a_connection_by_identity_needs_account_or_url_and_takes_a_client_id() -> None:
    settings = {"S__accountName": "acc", "S__credential": "managedidentity", "S__clientId": "me"}
    assert connection("S", settings, "") == Connection(queue_url="https://acc.queue.core.windows.net", client_id="me")
    settings = {"S__queueServiceUri": "https://q.example", "S__credential": "managedIdentity"}
    assert connection("S", settings, "") == Connection(queue_url="https://q.example")
    with pytest.raises(SettingsError, match="needs S__accountName"):
        connection("S", {"S__credential": "managedidentity"}, "")


def test_an_identity_other_than_managed_is_refused() -> None:
    with pytest.raises(SettingsError, match="S__credential must be"):
        connection("S", {"S__accountName": "acc", "S__clientSecret": "x"}, "")


@settings(deadline=None)
@given(longest=st.floats(0.1, 60))
def test_delays_between_empty_polls_start_at_a_tenth_of_a_second_and_end_at_the_longest(longest: float) -> None:
    delays = backoff(longest)
    taken = [next(delays) for _ in range(30)]
    assert taken[0] == pytest.approx(0.1)
    assert max(taken) <= longest
    assert taken[-1] == pytest.approx(longest)


@settings(deadline=None)
@given(texts=st.lists(st.text()))
def test_an_array_is_one_message_per_item(texts: list[str]) -> None:
    assert message_bodies(TypedData(json=json.dumps(texts))) == [text.encode() for text in texts]


@settings(deadline=None)
@given(body=st.text(), encoding=st.sampled_from(["base64", "none"]))
def test_a_body_survives_the_encoding(body: str, encoding: Literal["base64", "none"]) -> None:
    with ThreadPoolExecutor() as unused:
        queue = StorageQueue("name", Connection(), encoding, unused)
        assert queue.decoded(queue.encoded(body.encode())) == body.encode()


@pytest.mark.parametrize("content", ["not base64!", "YQ=", "é"])
def test_a_content_that_is_not_base64_is_told_from_one_that_is(content: str) -> None:
    with ThreadPoolExecutor() as unused, pytest.raises(Undecodable, match="queue name is not base64"):
        StorageQueue("name", Connection(), "base64", unused).decoded(content)


def test_an_object_is_one_message_of_its_json() -> None:
    assert message_bodies(TypedData(json='{"a": "é"}')) == ['{"a":"é"}'.encode()]


class SlowQueue:
    """A queue whose answer comes when the test says so."""

    name = "slow"

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.hidden: list[tuple[str, float]] = []

    async def receive(self, _count: int, _seconds: float) -> list[SimpleNamespace]:
        self.asked.set()
        await self.answer.wait()
        return [SimpleNamespace(id="m1", pop_receipt="r1")]

    async def hide(self, message_id: str, _receipt: str, seconds: float) -> str:
        self.hidden.append((message_id, seconds))
        return "r2"


def test_a_message_that_arrives_while_the_listener_stops_is_given_back() -> None:
    async def stop_while_polling() -> list[tuple[str, float]]:
        queue = SlowQueue()
        listener = QueueListener(None, queue, queue, QueueSettings(), None)  # type: ignore[arg-type]
        polling = asyncio.create_task(listener.run())
        await queue.asked.wait()
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        queue.answer.set()
        await listener.finished()
        return queue.hidden

    assert asyncio.run(stop_while_polling()) == [("m1", 0)]
