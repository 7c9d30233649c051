"""Counting at the wire, and the control endpoint that shows it."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local import control
from local.names import StorageService
from local.storage_kinds import kind
from local.wire import Counter, counted
from tests.asgi import AsgiClient


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def service(counter: Counter) -> AsgiClient:
    app = Starlette(routes=[Route("/base/things/{id}", hello, methods=["GET", "PUT"]), Route("/base", hello)])
    return AsgiClient(counted(app, counter, "things", below="/base"))


def test_requests_count_by_method_and_route_not_by_id(counter: Counter, service: AsgiClient) -> None:
    for name in ("a", "b"):
        service.get(f"/base/things/{name}?x=1")
    service.request("PUT", "/base/things/a")
    service.get("/base")
    service.get("/nowhere")
    assert counter.snapshot() == {
        "things": {"GET /things/{id}": 2, "PUT /things/{id}": 1, "GET /": 1, "GET /nowhere": 1}
    }
    assert (counter.total(), counter.total("things"), counter.total("others")) == (5, 5, 0)


def test_the_control_endpoint_shows_resets_and_does_not_count_itself(counter: Counter, service: AsgiClient) -> None:
    parts = {"azurite": "running"}
    panel = AsgiClient(control.application(counter, lambda: parts, follow=print))
    service.get("/base/things/a")
    assert panel.get("/control/counts").json() == {"things": {"GET /things/{id}": 1}}
    assert panel.post("/control/counts/reset").status_code == 204
    assert panel.get("/control/counts").json() == {}
    assert panel.get("/control/health").status_code == 200
    parts["azurite"] = "stopped"
    answer = panel.get("/control/health")
    assert (answer.status_code, answer.json()) == (503, {"azurite": "stopped"})


@pytest.mark.parametrize(
    ("service_name", "method", "target", "expected"),
    [
        ("blob", "PUT", "/jobs?restype=container", "PUT /{container}"),
        ("blob", "PUT", "/jobs/a/b/c?sv=1&sig=2", "PUT /{container}/{blob}"),
        ("blob", "PUT", "/jobs/a?comp=blocklist", "PUT /{container}/{blob}?comp=blocklist"),
        ("blob", "GET", "/?comp=list&maxresults=5", "GET /?comp=list"),
        ("queue", "POST", "/jobs/messages?visibilitytimeout=5", "POST /{queue}/messages"),
        ("queue", "DELETE", "/jobs/messages/123?popreceipt=x", "DELETE /{queue}/messages/{id}"),
        ("queue", "PUT", "/jobs", "PUT /{queue}"),
        ("table", "POST", "/$batch", "POST /$batch"),
        ("table", "POST", "/Tables", "POST /Tables"),
        ("table", "DELETE", "/Tables('jobs')", "DELETE /Tables({table})"),
        ("table", "GET", "/jobs()?$filter=PartitionKey%20eq%20'a'", "GET /{table}"),
        ("table", "POST", "/jobs", "POST /{table}"),
        ("table", "GET", "/jobs(PartitionKey='a',RowKey='b/c')", "GET /{table}({keys})"),
    ],
)
def test_storage_requests_count_by_what_they_are_about(
    service_name: StorageService, method: str, target: str, expected: str
) -> None:
    assert kind(service_name, method, target) == expected
