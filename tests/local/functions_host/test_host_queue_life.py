"""Queue triggers from a host's start to its stop, each test with a host of its own."""

import uuid

import pytest
from azure.storage.queue import QueueServiceClient
from running_host import Queues, peeked, running, until


def test_a_message_that_is_not_base64_ends_in_the_poison_queue_as_it_is(
    store: str, service: QueueServiceClient
) -> None:
    name = f"raw-{uuid.uuid4().hex[:8]}"
    service.create_queue(name)
    settings = {"AzureWebJobsStore": store, "WORK_QUEUE": name, "AzureWebJobs.bury.Disabled": "1"}
    with running("queues", settings=settings) as host:
        queues = Queues(host, service, name)
        queues.work.send_message("not base64!")
        found = until(lambda: peeked(queues.poison))
    assert found == ["not base64!"]


def test_a_store_that_cannot_be_reached_is_logged_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:1/a;"
    with running("queues", settings={"AzureWebJobsStore": nowhere, "WORK_QUEUE": "work"}) as host:
        until(lambda: "work: queue work cannot be read" in caplog.text)
        assert host.get("/api/seen").status_code == 200
        assert host.post("/api/put", content="lost").status_code == 500
    assert caplog.text.count("work: queue work cannot be read") == 1
    assert "output 'message': ServiceRequestError" in caplog.text


def test_a_queue_that_does_not_exist_is_waited_for(store: str, service: QueueServiceClient) -> None:
    name = f"later-{uuid.uuid4().hex[:8]}"
    with running("queues", settings={"AzureWebJobsStore": store, "WORK_QUEUE": name}) as host:
        queues = Queues(host, service, name)
        assert host.get("/api/seen").status_code == 200
        service.create_queue(name)
        queues.put("late")
        until(lambda: queues.seen("late"))


def test_a_long_run_keeps_its_message_hidden(store: str, service: QueueServiceClient) -> None:
    name = f"long-{uuid.uuid4().hex[:8]}"
    service.create_queue(name)
    settings = {"AzureWebJobsStore": store, "WORK_QUEUE": name, "FUNCTIONS_QUEUE_LEASE_SECONDS": "2"}
    with running("queues", settings=settings) as host:
        queues = Queues(host, service, name)
        queues.put("wait 3.5 alone")
        until(lambda: queues.seen("wait 3.5 alone") and queues.is_empty())
        assert len(queues.seen("wait 3.5 alone")) == 1


def test_a_stopping_host_finishes_what_it_took(store: str, service: QueueServiceClient) -> None:
    name = f"stop-{uuid.uuid4().hex[:8]}"
    service.create_queue(name)
    with running("queues", settings={"AzureWebJobsStore": store, "WORK_QUEUE": name}) as host:
        queues = Queues(host, service, name)
        queues.put("wait 0.5")
        until(lambda: queues.seen("wait 0.5"))
    assert service.get_queue_client(name).get_queue_properties().approximate_message_count == 0
