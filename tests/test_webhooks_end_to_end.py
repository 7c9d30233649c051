"""Events through gateway, host, Azurite and vault to a receiver on loopback, and back what came of them."""

import json
import time
import uuid
from types import SimpleNamespace

import httpx
import pytest
from standardwebhooks import Webhook as Independent
from standardwebhooks import WebhookVerificationError

from local.certificates import prepare

from .conftest import finished, submit
from .receiving import Server, answers

ENDS = ["job.succeeded", "job.failed", "job.cancelled"]
AGREED = "HTTP/1.1 200 OK\nWebHook-Allowed-Origin: *"


class Receiver(Server):
    """Agrees to the handshake; says one thing after the other to events, at last always 204."""

    def __init__(self, context):
        self.says = []
        super().__init__(context, self._answer)

    def _answer(self, line):
        head, _ = self.requests[-1]
        said = AGREED if head.startswith(b"OPTIONS") else self.says.pop(0) if self.says else "HTTP/1.1 204 Yes"
        answers(said)(line)

    @property
    def url(self):
        return f"https://localhost:{self.port}/hooks"

    def events(self, about):
        """Give headers and body of each event about a job or a webhook."""
        found = []
        for head, body in list(self.requests):
            if head.startswith(b"POST") and about in body.decode():
                rows = [row.partition(": ") for row in head.decode().split("\r\n")[1:]]
                found.append(SimpleNamespace(headers={name.lower(): value for name, _, value in rows}, body=body))
        return found


@pytest.fixture
def receiver(service):
    made = Receiver(prepare(service.state).server_context())
    yield made
    made.close()


@pytest.fixture
def hooks(api):
    """Registers webhooks of the test caller; there are none before and none after."""

    def clear():
        for hook in api.get("/webhooks").raise_for_status().json()["value"]:
            api.delete(f"/webhooks/{hook['id']}")

    def register(url, events=ENDS):
        answer = api.post("/webhooks", json={"url": url, "events": events})
        assert answer.status_code == 201, answer.text
        return answer.json()

    clear()
    yield register
    clear()


def until(look, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.1)
    return found


def slug(answer):
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_the_end_of_a_job_comes_signed_to_the_receiver_as_the_api_shows_it(api, hooks, receiver):
    hook = hooks(receiver.url)
    assert hook["state"] == "active"
    other = hooks(receiver.url, ["job.failed"])
    job = finished(api, submit(api))
    (event,) = until(lambda: receiver.events(job["id"]))
    Independent(hook["secret"]).verify(event.body, event.headers)
    with pytest.raises(WebhookVerificationError):
        Independent(other["secret"]).verify(event.body, event.headers)
    document = json.loads(event.body)
    assert (document["type"], document["subject"]) == ("job.succeeded", f"jobs/{job['id']}")
    assert document["id"] == event.headers["webhook-id"] == f"{job['id']}-{job['revision']}"
    assert document["data"] == job
    assert event.headers["content-type"] == "application/cloudevents+json"
    shown = api.get(f"/webhooks/{hook['id']}").json()
    assert (shown["retrying"], shown["undelivered"], "secret" in shown) == (0, 0, False)


def test_a_receiver_that_is_busy_is_told_again_and_after_a_rotation_with_both_secrets(api, hooks, receiver):
    hook = hooks(receiver.url)
    rotated = api.post(f"/webhooks/{hook['id']}/rotate-secret").json()
    receiver.says = ["HTTP/1.1 503 Busy\nRetry-After: 3"]
    job = finished(api, submit(api))
    (trouble,) = until(lambda: api.get(f"/webhooks/{hook['id']}").json()["deliveries"])
    assert (trouble["jobId"], trouble["status"], trouble["attempts"]) == (job["id"], 503, 1)
    assert trouble["nextAttemptAt"] > trouble["lastAttemptAt"]
    events = until(lambda: receiver.events(job["id"])[1:] and receiver.events(job["id"]))
    assert len({event.headers["webhook-id"] for event in events}) == 1
    for secret in (hook["secret"], rotated["secret"]):
        Independent(secret).verify(events[1].body, events[1].headers)
    until(lambda: api.get(f"/webhooks/{hook['id']}").json()["deliveries"] == [])


def test_a_receiver_that_is_gone_is_disabled_until_a_test_finds_it_again(api, hooks, receiver):
    hook = hooks(receiver.url)
    receiver.says = ["HTTP/1.1 410 Gone"]
    job = finished(api, submit(api))
    until(lambda: api.get(f"/webhooks/{hook['id']}").json()["state"] == "disabled")
    shown = until(lambda: (found := api.get(f"/webhooks/{hook['id']}").json())["undelivered"] and found)
    assert (shown["deliveries"][0]["jobId"], shown["deliveries"][0]["nextAttemptAt"]) == (job["id"], None)
    trial = api.post(f"/webhooks/{hook['id']}/test").json()
    assert (trial["delivered"], trial["status"], trial["webhook"]["state"]) == (True, 204, "active")
    assert len(receiver.events(trial["eventId"])) == 1


def test_a_receiver_that_cannot_be_reached_leaves_its_webhook_pending_and_a_test_says_why(api, hooks, receiver):
    receiver.close()
    hook = hooks(receiver.url)
    assert (hook["state"], hook["detail"]) == ("pending", "no connection")
    trial = api.post(f"/webhooks/{hook['id']}/test").json()
    assert (trial["delivered"], trial["status"], trial["eventId"]) == (False, None, None)


ASTRAY = [
    *("https://10.0.0.1/", "https://169.254.169.254/latest", "https://[fe80::1]/", "https://a@b.example/"),
    *("https://localhost:1/", "https://2130706433/", "https://[::ffff:a9fe:a9fe]/"),
]


@pytest.mark.parametrize("url", ASTRAY)
def test_a_url_that_leads_where_it_must_not_is_refused_and_nothing_is_kept(api, hooks, url):
    refused = api.post("/webhooks", json={"url": url, "events": ENDS})
    assert slug(refused) == (422, "webhook-refused")
    assert refused.json()["errors"][0]["pointer"] == "/url"
    assert api.get("/webhooks").json() == {"value": []}


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://a.example/", "events": ENDS},
        {"url": "https://a.example/", "events": []},
        {"url": "https://a.example/", "events": ["job.done"]},
        {"url": "https://a.example/", "events": ["job.failed", "job.failed"]},
        {"url": f"https://a.example/{'a' * 1024}", "events": ENDS},
        {"url": "https://a.example/", "events": ENDS, "secret": "mine"},
    ],
)
def test_a_body_that_is_not_of_the_api_is_told_with_its_place(api, body):
    assert slug(api.post("/webhooks", json=body)) == (400, "invalid-request")


def test_anothers_webhook_is_as_if_it_were_not_there(api, hooks, receiver, service):
    hook = hooks(receiver.url)
    with service.api("bob") as bob:
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate-secret")):
            seen = [bob.request(method, f"/webhooks/{name}{path}") for name in (hook["id"], "whk_" + "0" * 26, "x")]
            assert {slug(answer) for answer in seen} == {(404, "webhook-not-found")}
            assert len({json.dumps({**answer.json(), "instance": ""}) for answer in seen}) == 1
        assert hook["id"] not in [item["id"] for item in bob.get("/webhooks").json()["value"]]
    assert api.get(f"/webhooks/{hook['id']}").json()["secrets"] == hook["secrets"]


def test_who_may_read_only_makes_tries_and_ends_no_webhooks(service):
    with service.api("operator") as operator:
        for method, path in (
            ("POST", ""),
            ("POST", "/whk_1/test"),
            ("POST", "/whk_1/rotate-secret"),
            ("DELETE", "/whk_1"),
        ):
            assert slug(operator.request(method, f"/webhooks{path}")) == (403, "forbidden")
        assert operator.get("/webhooks").json() == {"value": []}


def test_the_eleventh_webhook_is_refused(api, hooks, receiver):
    for _ in range(10):
        hooks(receiver.url)
    refused = api.post("/webhooks", json={"url": receiver.url, "events": ENDS})
    assert slug(refused) == (422, "webhook-refused")
    assert len(api.get("/webhooks").json()["value"]) == 10


def test_a_job_of_a_caller_without_webhooks_is_told_to_nobody_and_leaves_no_queue_behind(service, hooks, receiver):
    hooks(receiver.url)
    with service.api("alice") as alice:
        for hook in alice.get("/webhooks").json()["value"]:
            alice.delete(f"/webhooks/{hook['id']}")
        job = finished(alice, submit(alice, name=str(uuid.uuid4())))
    time.sleep(7)  # longer than the shepherd's first look
    assert receiver.events(job["id"]) == []


def test_no_answer_of_a_webhook_is_kept_by_anybody(api, hooks, receiver):
    hook = hooks(receiver.url)
    for answer in (
        api.get("/webhooks"),
        api.get(f"/webhooks/{hook['id']}"),
        api.post(f"/webhooks/{hook['id']}/test"),
        api.post(f"/webhooks/{hook['id']}/rotate-secret"),
    ):
        assert isinstance(answer, httpx.Response)
        assert answer.headers["Cache-Control"] == "no-store"
