import asyncio
import json
import uuid

import azure.functions as func
import pytest

from quantum_jobs import errors, responses
from quantum_jobs.errors import (
    Fault,
    JobFailed,
    MethodNotAllowed,
    ProgramInvalid,
    QuantumJobsError,
    SettingsMissing,
    Unauthorized,
)
from quantum_jobs.models import JobState
from quantum_jobs.responses import Answer, answers, job_status, matches, submitted

from . import samples

BASE = "https://api.example.com/quantum/v1"


def answered(outcome, headers=None):
    async def some_operation(req: func.HttpRequest) -> Answer:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    request = func.HttpRequest(method="GET", url=BASE, headers=headers or {}, body=b"")
    return asyncio.run(answers(lambda: BASE)(some_operation)(request))


def test_an_error_becomes_problem_details():
    response = answered(ProgramInvalid("openqasm3", [Fault("missing ';'", line=3, column=7, end_column=8)]))
    body = json.loads(response.get_body())
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert body["type"] == f"{BASE}/errors/program-invalid"
    assert body["errors"] == [
        {"detail": "missing ';'", "pointer": "/program/source", "line": 3, "column": 7, "endColumn": 8}
    ]
    assert body["instance"] == f"urn:uuid:{response.headers['Request-Id']}"


def test_an_unexpected_fault_says_nothing_but_its_request_id(caplog):
    response = answered(RuntimeError("password=hunter2"))
    body = json.loads(response.get_body())
    assert response.status_code == 500
    assert "hunter2" not in response.get_body().decode()
    assert set(body) == {"type", "title", "status", "detail", "instance"}
    assert "unexpected fault in some_operation" in caplog.text


GIVEN = "6f1c2a9e-0d3b-4c55-9a61-3f7e2b1d0c4a"


@pytest.mark.parametrize("sent", [GIVEN, GIVEN.upper()])
def test_the_id_that_the_gateway_gave_a_request_is_its_id_here_too(sent):
    response = answered(JobFailed({"type": "x"}), {"x-request-id": sent})
    assert response.headers["Request-Id"] == GIVEN
    assert json.loads(response.get_body())["instance"] == f"urn:uuid:{GIVEN}"


@pytest.mark.parametrize("sent", [{}, {"x-request-id": "1; drop"}, {"x-request-id": ""}])
def test_a_request_without_a_proper_id_gets_one(sent):
    first, second = (answered(Answer(200, {}), sent).headers["Request-Id"] for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)


def test_a_missing_setting_is_for_the_log_alone(caplog):
    response = answered(SettingsMissing("Set KEY_VAULT_URL"))
    assert response.status_code == 500
    assert b"KEY_VAULT_URL" not in response.get_body()
    assert "Set KEY_VAULT_URL" in caplog.text


def test_a_missing_token_is_challenged():
    assert answered(Unauthorized("x")).headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_wrong_method_names_the_right_ones():
    response = answered(MethodNotAllowed("PUT", {"POST"}))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_a_jobs_error_names_its_kind_by_uri():
    response = answered(JobFailed({"type": "provider-error", "detail": "calibration"}))
    assert json.loads(response.get_body())["error"]["type"] == f"{BASE}/errors/provider-error"


def every_error():
    found, open_ = [], [QuantumJobsError]
    while open_:
        for kind in open_.pop().__subclasses__():
            found.append(kind)
            open_.append(kind)
    return [kind for kind in found if "slug" in vars(kind) and kind.slug != QuantumJobsError.slug]


def test_every_kind_of_error_has_its_own_slug():
    slugs = [kind.slug for kind in every_error()]
    assert len(set(slugs)) == len(slugs) > 20


def test_every_kind_of_error_is_in_the_tree_at_the_head_of_the_file():
    assert [kind.__name__ for kind in every_error() if kind.__name__ not in (errors.__doc__ or "")] == []


def test_a_submit_answers_where_the_job_is_and_when_to_ask():
    answer = submitted(samples.job(), False, BASE)
    assert answer.status == 202
    assert answer.headers["Location"] == f"{BASE}/jobs/{samples.job().id}"
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Idempotency-Replayed"] == "false"


def test_a_done_job_has_no_retry_after():
    assert "Retry-After" not in job_status(samples.job(state=JobState.SUCCEEDED), None, BASE).headers


def test_an_unchanged_job_answers_304_with_its_tag_and_no_body():
    etag = job_status(samples.job(), None, BASE).headers["ETag"]
    answer = job_status(samples.job(), etag, BASE)
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, None, etag)
    assert job_status(samples.job().moved_to(JobState.QUEUED, "2026-11-22T10:00:01.000Z"), etag, BASE).status == 200


@pytest.mark.parametrize("known", ['"a"', 'W/"a"', '"x", "a"', "*"])
def test_a_tag_is_found_however_it_is_sent(known):
    assert matches(known, '"a"')


@pytest.mark.parametrize("known", [None, "", '"b"', "a"])
def test_another_tag_does_not_match(known):
    assert not matches(known, '"a"')


def test_a_job_document_has_no_inner_names():
    text = json.dumps(responses.job_document(samples.job(), BASE))
    for inner in (samples.job().owner, samples.job().attempt.provider_job_id, "fingerprint", "sequence"):
        assert inner not in text


def test_the_queue_is_told_while_the_job_waits():
    assert responses.job_document(samples.job(), BASE)["queue"]["wait"]["p50Seconds"] == 600
    assert responses.job_document(samples.job(state=JobState.RUNNING), BASE)["queue"] is None
