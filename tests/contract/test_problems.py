"""Every kind of problem, provoked over HTTP; its type leads to its page."""

import json
import re
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from quantum_jobs.clock import parse_timestamp
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.openapi import example_document
from quantum_jobs.problems import catalogue
from tests import samples
from tests.cloud import REPOSITORY, start_cloud
from tests.conftest import finished, submit

BASE = "https://service.example/v1"
QVM = "rigetti.sim.qvm"
MACHINE = "quantinuum.qpu.h2-1"
ABSENT = "/jobs/job_" + "0" * 26
MIDWAY = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit c;\nreset q;\nh q;\nreset q;\nc = measure q;\n'
COSTLY = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
    "for int i in [1:200] { cx q[0], q[1]; }\nc = measure q;\n"
)


def openqasm(source):
    return {"program": {"format": "openqasm3", "source": source}}


def bodyless(method, path, headers=None):
    return lambda api: api.request(method, path, headers=headers or {})


def submitting(**changes):
    return lambda api: submit(api, **changes)


def under_a_used_key(api):
    key = str(uuid.uuid4())
    finished(api, submit(api, key))
    return submit(api, key, shots=201)


def too_large(api):
    return submit(api, **openqasm("x" * 70_000))


def without_a_key(api):
    return api.post("/jobs", json={})


def with_another_media_type(api):
    return api.post("/estimates", content="shots=1", headers={"Content-Type": "application/x-www-form-urlencoded"})


def with_a_stale_tag(api):
    job = finished(api, submit(api))
    return api.patch(f"/jobs/{job['id']}", json={"name": "x"}, headers={"If-Match": '"r1-00000000"'})


def of_a_done_job(api):
    return api.post(f"/jobs/{finished(api, submit(api))['id']}/cancel")


def with_a_missing_upload(api):
    announced = api.post("/uploads", json={"format": "qir", "bytes": 5, "sha256": "0" * 64}).raise_for_status().json()
    return submit(api, program={"format": "qir", "uploadId": announced["uploadId"]})


def to_a_private_address(api):
    return api.post("/webhooks", json={"url": "https://10.0.0.1/", "events": ["job.failed"]})


def of_a_deleted_origin(api):
    seed = {"options": {"seed": uuid.uuid4().int % 2**31}}
    origin = finished(api, submit(api, **seed, reuse={"maxAge": "P1D"}))
    again = finished(api, submit(api, **seed, reuse={"maxAge": "P1D"}))
    assert again["reusedFrom"] == origin["id"]
    assert api.delete(f"/jobs/{origin['id']}").status_code == 204
    expired = api.get(f"/jobs/{again['id']}/result/raw")
    assert parse_timestamp(expired.json()["expiredAt"]) >= parse_timestamp(again["completedAt"])
    return expired


# What provokes each kind in a service where all is well.
PROVOKED = {
    "invalid-request": submitting(shost=1),
    "idempotency-key-missing": without_a_key,
    "idempotency-key-reused": under_a_used_key,
    "budget-exceeded": submitting(target=MACHINE, shots=10_000, **openqasm(COSTLY)),
    "not-found": bodyless("GET", "/job"),
    "job-not-found": bodyless("GET", ABSENT),
    "webhook-not-found": bodyless("GET", "/webhooks/whk_" + "0" * 26),
    "webhook-refused": to_a_private_address,
    "target-not-found": bodyless("GET", "/targets/ionq.simulatr"),
    "method-not-allowed": bodyless("PUT", "/jobs"),
    "not-acceptable": bodyless("GET", f"{ABSENT}/result", {"Accept": "image/png"}),
    "precondition-failed": with_a_stale_tag,
    "payload-too-large": too_large,
    "unsupported-media-type": with_another_media_type,
    "program-invalid": submitting(**openqasm("OPENQASM 3.0;\nhh q;\n")),
    "program-format-unsupported": submitting(**openqasm(MIDWAY)),
    "too-many-qubits": submitting(**openqasm("OPENQASM 3.0;\nqubit[21] q;\nbit[21] c;\nc = measure q;\n")),
    "shots-out-of-range": submitting(shots=10_001),
    "unknown-target": submitting(target="rigetti.sim.qmv"),
    "cost-limit-exceeded": submitting(target=MACHINE, limits={"maxCost": {"amount": "0.01", "currency": "USD"}}),
    "deadline-impossible": submitting(limits={"startBy": "2020-01-01T00:00:00Z"}),
    "job-already-done": of_a_done_job,
    "upload-incomplete": with_a_missing_upload,
    "result-expired": of_a_deleted_origin,
}


# What a program may read in a problem beside type, title, status, detail and instance: part of the API, as slugs are.
MEMBERS = {
    "invalid-request": {"errors"},
    "forbidden": {"requiredRoles"},
    "budget-exceeded": {"dimension", "limit", "used", "held", "resetsAt"},
    "method-not-allowed": {"allow"},
    "not-acceptable": {"offered"},
    "precondition-failed": {"currentETag"},
    "payload-too-large": {"maxBytes"},
    "unsupported-media-type": {"accepted"},
    "throttled": {"limit"},
    "idempotency-key-reused": {"jobId", "createdAt"},
    "program-invalid": {"format", "errors"},
    "program-format-unsupported": {"accepted", "targetsThatFit"},
    "too-many-qubits": {"required", "available", "targetsThatFit", "errors"},
    "shots-out-of-range": {"minimum", "maximum", "errors"},
    "unknown-target": {"targets", "didYouMean", "errors"},
    "cost-limit-exceeded": {"estimate", "limit", "errors"},
    "deadline-impossible": {"errors"},
    "webhook-refused": {"errors"},
    "result-not-ready": {"state"},
    "job-failed": {"error"},
    "job-cancelled": {"cancelledBy", "cancelledAt"},
    "job-already-done": {"state"},
    "job-not-done": {"state"},
    "upload-incomplete": {"expected", "actual"},
    "result-expired": {"expiredAt"},
    "target-unavailable": {"target", "statusPage"},
}
COMMON = {"type", "title", "status", "detail", "instance"}


@pytest.mark.parametrize("slug", [slug for slug, kind in catalogue().items() if kind.status])
def test_the_example_of_each_kind_has_the_members_that_are_promised_and_no_others(slug):
    assert set(example_document(slug, BASE)) == COMMON | MEMBERS.get(slug, set())


@pytest.mark.parametrize("slug", PROVOKED)
def test_each_kind_of_problem_can_be_provoked_over_http(api, slug):
    shows(PROVOKED[slug](api), slug)


def shows(answer, slug):
    """The answer is a problem of this kind, and its type leads to its page."""
    kind = catalogue()[slug]
    problem = answer.json()
    assert (answer.status_code, problem["type"].rpartition("/")[2]) == (kind.status, slug), answer.text
    assert problem["title"] == kind.title
    assert set(problem) == COMMON | MEMBERS.get(slug, set())
    page = httpx.get(problem["type"], trust_env=False)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert kind.title in page.text


def test_no_token_is_unauthorized(service):
    answer = httpx.get(f"{service.environment['QUANTUM_JOBS_URL']}/usage", trust_env=False)
    shows(answer, "unauthorized")


def test_a_token_without_a_role_is_forbidden(service):
    with service.api("outsider") as outsider:
        shows(outsider.get("/usage"), "forbidden")


@pytest.fixture
def script(service, api):
    """Tell the workspace how its targets behave; afterwards they behave again, and the service knows it."""
    scripted = {QVM}

    def follow(target=QVM, **behaviour):
        scripted.add(target)
        service.script({"targets": {target: behaviour}})

    yield follow
    service.script({})
    for target in scripted:
        until(lambda target=target: estimate_of(api, target), lambda found: found["feasible"])


def estimate_of(api, target):
    program = {"format": "openqasm3", "source": samples.BELL}
    answer = api.post("/estimates", json={"targets": [target], "shots": 100, "program": program})
    (found,) = answer.raise_for_status().json()["value"]
    return found


def test_what_is_asked_of_a_job_that_waits_is_told_its_state(api, script):
    script(queue_seconds=10_000_000)
    job = submit(api).json()
    shows(api.delete(f"/jobs/{job['id']}"), "job-not-done")
    not_ready = api.get(f"/jobs/{job['id']}/result")
    shows(not_ready, "result-not-ready")
    assert int(not_ready.headers["Retry-After"]) >= 1
    api.post(f"/jobs/{job['id']}/cancel").raise_for_status()
    assert finished(api, api.post(f"/jobs/{job['id']}/cancel"))["state"] == "cancelled"
    cancelled = api.get(f"/jobs/{job['id']}/result")
    shows(cancelled, "job-cancelled")
    assert cancelled.json()["cancelledBy"] == job["createdBy"]
    assert parse_timestamp(cancelled.json()["cancelledAt"]) >= parse_timestamp(job["createdAt"])


def test_a_target_that_takes_no_jobs_rejects_them_and_soon_they_are_not_accepted_until_it_is_back(api, script):
    """What the service knows of targets is a while old: until then the workspace is the one that refuses."""
    target = "ionq.qpu.forte-1"
    until(lambda: submit(api, target=target), accepted)
    script(target, availability="Unavailable")
    rejected = submit(api, target=target)
    if rejected.status_code == 409:  # it was just about to look again; now it has, and does not for a while
        script(target)
        until(lambda: submit(api, target=target), accepted)
        script(target, availability="Unavailable")
        rejected = submit(api, target=target)
    failed_as(api, rejected, "provider-rejected")
    shows(until(lambda: submit(api, target=target), lambda answer: not accepted(answer)), "target-unavailable")
    script(target)
    time.sleep(2.1)  # a word of this age is too old to refuse on
    assert accepted(submit(api, target=target))


def accepted(answer):
    return answer.status_code == 202


def until(attempt, is_so):
    deadline = time.monotonic() + 60
    while not is_so(found := attempt()):
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    return found


def failed_as(api, answer, slug):
    job = finished(api, answer)
    assert (job["state"], job["error"]["type"].rpartition("/")[2]) == ("failed", slug), job
    assert httpx.get(job["error"]["type"], trust_env=False).status_code == 200
    result = api.get(f"/jobs/{job['id']}/result")
    shows(result, "job-failed")
    assert result.json()["error"] == job["error"]


def test_a_failure_that_is_final_is_the_providers_error(api, script):
    script(fail_next=1, failure={"code": "InvalidInputData", "message": "Too long."})
    failed_as(api, submit(api), "provider-error")


def test_a_failure_that_may_pass_exhausts_the_attempts(api, script):
    script(fail_next=1)
    failed_as(api, submit(api, limits={"maxAttempts": 1}), "attempts-exhausted")


def test_a_job_that_did_not_start_in_time_exceeded_its_deadline(api, script):
    script(queue_seconds=10_000_000)
    start_by = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    failed_as(api, submit(api, limits={"startBy": start_by}), "deadline-exceeded")


def test_a_result_in_no_known_shape_is_unreadable(service, api):
    answer = submit(api)
    attempt = provider_job_id(answer.json()["id"], 1)
    service.workspace_job_ended(attempt)
    service.put_blob(f"job-{attempt}/outputData", b'{"DataFormat": "something.else.v9"}')
    failed_as(api, answer, "result-unreadable")


def test_a_service_that_is_not_configured_says_nothing_but_the_request_id(tmp_path):
    with changed_service(tmp_path, MONTHLY_BUDGET="plenty") as cloud:
        headers = {"Authorization": f"Bearer {cloud['QUANTUM_JOBS_TOKEN']}"}
        answer = httpx.get(f"{cloud['QUANTUM_JOBS_URL']}/usage", headers=headers, trust_env=False)
        shows(answer, "internal-error")
        assert "plenty" not in answer.text
        assert "BUDGET" not in answer.text


def test_a_part_that_does_not_answer_makes_the_service_unavailable(tmp_path):
    with changed_service(tmp_path, KEY_VAULT_URL="https://nowhere.vault.azure.net") as cloud:
        answer = httpx.get(f"{cloud['LOCAL_FUNCTIONS_URL']}/health/ready", timeout=60, trust_env=False)
        shows(answer, "service-unavailable")
        assert int(answer.headers["Retry-After"]) >= 1


@contextmanager
def changed_service(folder, **values):
    """Start a cloud whose service has other settings; gives the environment that leads to it."""
    for name in ("function_app.py", "host.json", "quantum_jobs"):
        (folder / name).symlink_to(REPOSITORY / name)
    settings = json.loads((REPOSITORY / "local.settings.json.example").read_text())
    settings["Values"] |= values
    (folder / "local.settings.json").write_text(json.dumps(settings))
    with start_cloud("--no-limits", "--app", str(folder), "--state", str(folder / "state")) as cloud:
        yield cloud.environment


SHOWN_ABOVE = {
    "unauthorized", "forbidden", "job-not-done", "result-not-ready", "job-cancelled", "target-unavailable",
    "job-failed", "provider-error", "attempts-exhausted", "deadline-exceeded", "provider-rejected",
    "result-unreadable", "internal-error", "service-unavailable",
}  # fmt: skip


# The service never answers these: tests/apim provokes them through the gateway.
OF_THE_GATEWAY = {"throttled", "request-timeout"}


def test_every_kind_in_the_catalogue_is_provoked_by_a_test():
    text = Path(__file__).read_text()
    assert set(catalogue()) == set(PROVOKED) | SHOWN_ABOVE | OF_THE_GATEWAY
    for slug in SHOWN_ABOVE:
        assert re.search(rf'(shows|failed_as)\([^\n]*"{slug}"', text), slug
