"""The smoke test passes on a service that works, and fails on each way in which one does not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pipelines.errors import SmokeFailed
from pipelines.smoke import SHOTS, TARGET, client, smoke

ANSWERS: dict[str, tuple[int, Any]] = {
    "GET /targets": (200, {"value": [{"id": TARGET}]}),
    "GET /jobs": (401, {}),
    "POST /jobs": (202, {"id": "job_1", "state": "queued", "done": False}),
    "GET /jobs/job_1": (200, {"id": "job_1", "state": "succeeded", "done": True}),
    "GET /jobs/job_1/result": (200, {"items": [{"counts": {"00": SHOTS - 40, "11": 40}}]}),
}


def run(seconds: float = 5, **changes: tuple[int, Any]) -> list[str]:
    """Run the smoke test against these answers; give what it said."""
    answers = ANSWERS | {name.replace("_", " ", 1): answer for name, answer in changes.items()}

    def answered(request: httpx.Request) -> httpx.Response:
        status, body = answers[f"{request.method} {request.url.path}"]
        return httpx.Response(status, json=body, headers={"Retry-After": "0"})

    said: list[str] = []
    with fake(answered) as api:
        smoke(api, seconds, said.append)
    return said


def fake(answered: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    headers = {"Authorization": "Bearer token"}
    return httpx.Client(base_url="https://gateway", headers=headers, transport=httpx.MockTransport(answered))


def test_it_passes_through_the_gateway_of_the_local_cloud(service):
    said: list[str] = []
    headers = {"Authorization": f"Bearer {service.token()}"}
    with httpx.Client(base_url=service.environment["QUANTUM_JOBS_URL"], headers=headers, timeout=30) as api:
        smoke(api, 60, said.append)
    assert said[1] == "a caller without a token is refused"
    assert "succeeded: {" in said[2]


def test_it_passes_where_everything_is_right():
    assert run()[-1] == f"job job_1 succeeded: {{'00': {SHOTS - 40}, '11': 40}}"


@pytest.mark.parametrize(
    ("call", "answer", "message"),
    [
        ("GET_/targets", (503, {}), r"GET https://gateway/targets: 503"),
        ("GET_/targets", (401, {}), r"the caller's token is refused: 401"),
        ("GET_/targets", (200, {"value": [{"id": "other"}]}), r"rigetti\.sim\.qvm is not among the targets: other"),
        ("GET_/jobs", (200, {}), r"GET /jobs: 200 instead of 401 \(a caller without a token\)"),
        ("POST_/jobs", (500, {}), r"POST /jobs: 500 instead of 202"),
        ("GET_/jobs/job_1", (200, {"id": "job_1", "state": "failed", "done": True}), r"job job_1 failed: no reason"),
        ("GET_/jobs/job_1", (200, {"id": "job_1", "state": "queued", "done": False}), r"job job_1 is still queued"),
        ("GET_/jobs/job_1/result", (404, {}), r"result: 404 instead of 200"),
        ("GET_/jobs/job_1/result", (200, {"items": [{"counts": {"01": SHOTS}}]}), r"a Bell pair must give"),
        ("GET_/jobs/job_1/result", (200, {"items": [{"counts": {"00": SHOTS - 1}}]}), r"a Bell pair must give"),
    ],
)
def test_each_way_to_be_wrong_fails_and_is_named(call, answer, message):
    with pytest.raises(SmokeFailed, match=message):
        run(0.2, **{call: answer})


def test_a_second_job_of_the_same_request_fails():
    ids = iter(("job_1", "job_2"))

    def answered(request: httpx.Request) -> httpx.Response:
        status, body = ANSWERS[f"{request.method} {request.url.path}"]
        return httpx.Response(status, json=body | {"id": next(ids)} if request.method == "POST" else body)

    with fake(answered) as api, pytest.raises(SmokeFailed, match="made a second job"):
        smoke(api, 5, lambda _: None)


def test_a_service_that_cannot_be_reached_is_named():
    with (
        httpx.Client(base_url="http://127.0.0.1:9", timeout=1) as api,
        pytest.raises(SmokeFailed, match=r"GET http://127\.0\.0\.1:9/targets: .*refused"),
    ):
        smoke(api, 0.1, lambda _: None)


def test_without_its_settings_it_says_which(monkeypatch):
    monkeypatch.delenv("QUANTUM_JOBS_URL", raising=False)
    monkeypatch.setenv("QUANTUM_JOBS_TOKEN", "x")
    with pytest.raises(SmokeFailed, match="set QUANTUM_JOBS_URL: where"):
        client()
