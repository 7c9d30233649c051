"""Sessions: their status by the rules of failure policy, end and idleness."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.azure_quantum.authentication import Caller as Who
from local.azure_quantum.models import Job, JobRequest, SessionRequest
from local.azure_quantum.sessions import Session
from local.azure_quantum.times import PER_SECOND
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served

ME = Who("me", "Key")


def job(status: str, created: int = 0, began: int | None = 1, ended: int | None = 2) -> Job:
    body = {"name": "j", "providerId": "p", "target": "t", "containerUri": "c", "inputDataFormat": "f"}
    request = JobRequest.model_validate(body)
    made = Job(str(uuid.uuid4()), request, ME, "c", created)
    made.status, made.began, made.ended = status, began, ended  # type: ignore[assignment]
    return made


def session(policy: str, *jobs: Job, closed: int | None = None) -> Session:
    request = SessionRequest.model_validate({"name": "s", "providerId": "p", "target": "t", "jobFailurePolicy": policy})
    return Session("id", request, ME, created=0, closed=closed, jobs=list(jobs))


DONE, FAILED, CANCELLED = (job(status) for status in ("Succeeded", "Failed", "Cancelled"))
WAITING, RUNNING = job("Waiting", began=None, ended=None), job("Executing", ended=None)
SOON, LATE = 10 * PER_SECOND, 601 * PER_SECOND


@pytest.mark.parametrize(
    ("made", "time", "status"),
    [
        (session("Abort"), SOON, "Waiting"),
        (session("Abort", WAITING), SOON, "Waiting"),
        (session("Abort", RUNNING), SOON, "Executing"),
        (session("Abort", DONE), SOON, "Executing"),
        (session("Abort", DONE, CANCELLED), SOON, "Executing"),
        (session("Abort", DONE, FAILED, RUNNING), SOON, "Failed"),
        (session("Continue", DONE, FAILED), SOON, "Failure(s)"),
        (session("Continue", FAILED, RUNNING, closed=3), SOON, "Failure(s)"),
        (session("Continue", FAILED, DONE, closed=3), SOON, "Failed"),
        (session("Abort", RUNNING, closed=3), SOON, "Executing"),
        (session("Abort", DONE, closed=3), SOON, "Succeeded"),
        (session("Abort", closed=3), SOON, "Succeeded"),
        (session("Abort", DONE), LATE, "TimedOut"),
        (session("Abort"), LATE, "TimedOut"),
        (session("Abort", RUNNING), LATE, "Executing"),
        (session("Abort", DONE, job("Succeeded", created=SOON)), LATE, "Executing"),
        (session("Abort", DONE, closed=3), LATE, "Succeeded"),
    ],
)
def test_the_status_of_a_session_follows_from_its_jobs(made: Session, time: int, status: str) -> None:
    assert made.status_at(time) == status


def opened(caller: Caller, **changes: Any) -> str:
    session_id = str(uuid.uuid4())
    body = {"itemType": "Session", "name": "s", "providerId": "Rigetti", "target": "rigetti.sim.qvm"} | changes
    answer = caller.send("PUT", f"/sessions/{session_id}", json=body)
    assert answer.status_code == 200, answer.text
    assert caller.send("PUT", f"/sessions/{session_id}", json=body).json()["id"] == session_id
    assert caller.send("PUT", f"/sessions/{session_id}", json=body | {"name": "other"}).status_code == 409
    return session_id


def seen(caller: Caller, session_id: str) -> dict[str, Any]:
    return dict(caller.send("GET", f"/sessions/{session_id}").json())


def test_a_new_session_is_shown_in_full(caller: Caller) -> None:
    session_id = opened(caller)
    shown = seen(caller, session_id)
    assert set(shown) >= {"creationTime", "createdBy", "createdByType", "lastModifiedTime", "priority"}
    assert {
        name: shown[name] for name in ("id", "name", "status", "jobFailurePolicy", "providerId", "target", "itemType")
    } == {
        "id": session_id,
        "name": "s",
        "status": "Waiting",
        "jobFailurePolicy": "Abort",
        "providerId": "rigetti",
        "target": "rigetti.sim.qvm",
        "itemType": "Session",
    }
    assert shown["endExecutionTime"] is shown["costEstimate"] is None


def test_a_failed_job_ends_a_session_that_aborts(caller: Caller) -> None:
    session_id = opened(caller)
    caller.ended(caller.submitted("broken", sessionId=session_id))
    assert seen(caller, session_id)["status"] == "Failed"
    assert seen(caller, session_id)["endExecutionTime"] is not None
    answer = caller.put(caller.definition(sessionId=session_id))
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "code": "InvalidJobDefinition",
            "message": "Session is already in a terminal state. "
            "This may have been due to failures in prior jobs in the session.",
        },
    )


def test_a_session_that_continues_takes_jobs_after_a_failure_and_ends_as_failed(caller: Caller) -> None:
    session_id = opened(caller, jobFailurePolicy="Continue")
    caller.ended(caller.submitted("broken", sessionId=session_id))
    assert seen(caller, session_id)["status"] == "Failure(s)"
    caller.ended(caller.submitted(sessionId=session_id))
    assert caller.send("POST", f"/sessions/{session_id}:close").json()["status"] == "Failed"


def test_a_repeated_put_into_an_ended_session_is_still_the_same_job(caller: Caller) -> None:
    session_id, job_id = opened(caller), str(uuid.uuid4())
    body = caller.definition(sessionId=session_id)
    caller.ended(caller.put(body, job_id).json())
    caller.send("POST", f"/sessions/{session_id}:close")
    assert caller.put(body, job_id).status_code == 200
    assert caller.put(body).status_code == 400
    assert len(caller.send("GET", f"/sessions/{session_id}/jobs").json()["value"]) == 1


def test_a_session_takes_jobs_for_its_own_target_only(caller: Caller) -> None:
    answer = caller.put(caller.definition(sessionId=opened(caller), target="rigetti.qpu.cepheus-1-108q"))
    assert "The session's target is 'rigetti.sim.qvm'" in answer.json()["error"]["message"]


def test_an_idle_session_times_out(serve: Callable[..., Served], calling: Callable[[Served], Caller]) -> None:
    caller = calling(serve(session_idle_seconds=0.0))
    assert seen(caller, opened(caller))["status"] == "TimedOut"


def test_top_level_items_are_sessions_and_jobs_outside_of_them(caller: Caller) -> None:
    session_id = opened(caller, name="top")
    inside = caller.submitted(name="top", sessionId=session_id)["id"]
    outside = caller.submitted(name="top")["id"]
    only_top = {"filter": "startswith(Name, 'top')"}
    items = caller.send("GET", "/topLevelItems", params=only_top).json()["value"]
    assert [item["id"] for item in items] == [session_id, outside]
    sessions = caller.send("GET", "/sessions", params=only_top).json()["value"]
    assert [item["id"] for item in sessions] == [session_id]
    jobs = caller.send("GET", "/jobs", params=only_top).json()["value"]
    assert [item["id"] for item in jobs] == [inside, outside]


def test_an_unknown_session_is_not_found(caller: Caller) -> None:
    for path in (f"/sessions/{uuid.uuid4()}", f"/sessions/{uuid.uuid4()}/jobs"):
        assert caller.send("GET", path).status_code == 404


def test_the_jobs_of_a_session_are_listed_newest_first(caller: Caller) -> None:
    session_id = opened(caller)
    ids = [caller.submitted(sessionId=session_id)["id"] for _ in range(3)]
    answer = caller.send("GET", f"/sessions/{session_id}/jobs").json()
    assert [job["id"] for job in answer["value"]] == ids[::-1]
