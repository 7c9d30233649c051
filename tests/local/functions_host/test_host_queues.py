"""Queue triggers and outputs against a real queue service."""

import base64
import json
import uuid
from collections.abc import Iterator

import pytest
from azure.storage.queue import QueueServiceClient
from running_host import Queues, peeked, running, until


@pytest.fixture(scope="module")
def queues(store: str, service: QueueServiceClient) -> Iterator[Queues]:
    name = f"work-{uuid.uuid4().hex[:8]}"
    service.create_queue(name)
    service.create_queue("relay-in")
    with running("queues", settings={"AzureWebJobsStore": store, "WORK_QUEUE": name}) as host:
        yield Queues(host, service, name)


def test_a_message_runs_the_function_and_is_deleted(queues: Queues) -> None:
    queues.put("hello")
    until(lambda: queues.seen("hello"))
    until(queues.is_empty)


def test_the_message_tells_id_dequeue_count_receipt_and_times(queues: Queues) -> None:
    queues.put("facts")
    (entry,) = until(lambda: queues.seen("facts"))
    assert entry["dequeue_count"] == 1
    assert entry["has_receipt"]
    assert uuid.UUID(entry["id"])
    assert entry["inserted"] < entry["visible"] < entry["expires"]


def test_a_failed_message_comes_again_with_a_higher_dequeue_count(queues: Queues) -> None:
    queues.put("fail once")
    until(lambda: len(queues.seen("fail once")) == 2)
    assert [entry["dequeue_count"] for entry in queues.seen("fail once")] == [1, 2]
    until(queues.is_empty)


def test_after_max_dequeue_count_a_message_moves_to_the_poison_queue_which_is_made(queues: Queues) -> None:
    queues.put("fail")
    until(lambda: queues.seen("fail", "bury"))
    assert [entry["dequeue_count"] for entry in queues.seen("fail")] == [1, 2, 3]
    until(queues.is_empty)


def test_no_more_run_at_once_than_batch_size_and_threshold_allow(queues: Queues) -> None:
    for number in range(10):
        queues.put(f"wait 0.1 {number}")
    until(lambda: all(queues.seen(f"wait 0.1 {number}") for number in range(10)))
    until(queues.is_empty)
    assert json.loads(queues.host.get("/api/seen").content)["most"] == 4


def test_an_output_message_reaches_the_queue_encoded(queues: Queues) -> None:
    assert queues.host.post("/api/put", content="from http").status_code == 202
    until(lambda: queues.seen("from http"))


def test_an_output_list_makes_one_message_each_in_a_queue_made_on_demand(
    queues: Queues, service: QueueServiceClient
) -> None:
    assert queues.host.post("/api/put-many", json=["one", "two"]).status_code == 202
    contents = peeked(service.get_queue_client("made-on-demand"))
    assert [base64.b64decode(content) for content in contents] == [b"one", b"two"]


def test_a_returned_value_goes_into_the_queue_of_return(queues: Queues, service: QueueServiceClient) -> None:
    queues.put("up", service.get_queue_client("relay-in"))
    assert until(lambda: peeked(service.get_queue_client("relay-out"))) == [base64.b64encode(b"UP").decode()]


def test_a_queue_function_runs_by_hand(queues: Queues) -> None:
    answer = queues.host.post("/admin/functions/work?code=master-key", json={"input": "by hand"})
    assert answer.status_code == 202
    (entry,) = until(lambda: queues.seen("by hand"))
    assert entry["dequeue_count"] == 0
