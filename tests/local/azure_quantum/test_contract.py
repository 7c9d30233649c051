"""Every body of the API, member by member: present, null or absent, its type, in both API versions and both kinds.

The shapes follow the service's recordings (2025-12-01-preview) and the package's generated models (2026-01-15-preview).
"""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.local.azure_quantum.body_shapes import (
    Shape,
    each,
    exactly,
    faults,
    guid,
    like,
    maybe,
    null,
    number,
    signed,
    text,
    time,
    unsigned,
    whole,
)
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served
from tests.local.azure_quantum.rests import FAILS, FINISHES, HOLDS, SUCCEEDS, WAITS, provider_of, script

OLD, NEW = "2025-12-01-preview", "2026-01-15-preview"
VERSIONS = (OLD, NEW)
NOBODY = "00000000-0000-4000-8000-000000000000"

# In the order of the recordings.
JOB: Shape = {
    "containerUri": unsigned,
    "inputDataUri": unsigned,
    "inputDataFormat": exactly("qir.v1"),
    "inputParams": exactly({"shots": 100}),
    "metadata": null,
    "sessionId": null,
    "status": text,
    "jobType": exactly("QuantumComputing"),
    "outputDataFormat": exactly("microsoft.quantum-results.v2"),
    "outputDataUri": unsigned,
    "beginExecutionTime": null,
    "cancellationTime": null,
    "quantumComputingData": null,
    "errorData": null,
    "isCancelling": exactly(False),
    "tags": exactly([]),
    "name": exactly("a job"),
    "id": guid,
    "providerId": exactly("ionq", "quantinuum", "rigetti"),
    "target": text,
    "creationTime": time,
    "endExecutionTime": null,
    "costEstimate": null,
    "itemType": exactly("Job"),
}
SIGNED: Shape = {
    "containerUri": signed("c", "rl"),
    "inputDataUri": signed("b", "r"),
    "outputDataUri": signed("b", "r"),
}
MAKER: Shape = {
    "priority": exactly("Standard"),
    "createdBy": exactly("key-1"),
    "createdByType": exactly("Key"),
    "lastModifiedTime": time,
    "lastModifiedBy": exactly("key-1"),
    "lastModifiedByType": exactly("Key"),
    "lastUpdatedTime": time,
}
OF_VERSION: dict[str, Shape] = {OLD: {"jobPriority": exactly("Basic")}, NEW: MAKER | {"usage": null}}
EVENT: Shape = {
    "dimensionId": exactly("ehqc"),
    "dimensionName": exactly("EHQC"),
    "measureUnit": exactly("hqc"),
    "amountBilled": number,
    "amountConsumed": number,
    "unitPrice": number,
}
COST: Shape = {"currencyCode": exactly("USD"), "events": lambda events: events == [], "estimatedTotal": number}
BEGUN: Shape = {"beginExecutionTime": time, "quantumComputingData": exactly({"count": 1})}
ERROR: Shape = {"code": text, "message": text}
USED = like(dict.fromkeys(("one_qubit_gates", "two_qubit_gates", "measurements", "shots"), number))
# State of a V1 workspace: the same in V2, where a job rests in it, and what differs from a new job.
STATES: dict[str, tuple[str, str, Shape]] = {
    "Waiting": ("Queued", WAITS, {}),
    "Executing": ("Executing", HOLDS, BEGUN),
    "Finishing": ("Finishing", FINISHES, BEGUN | {"endExecutionTime": time}),
    "Succeeded": ("Completed", SUCCEEDS, BEGUN | {"endExecutionTime": time, "costEstimate": like(COST)}),
    "Failed": ("Failed", FAILS, BEGUN | {"endExecutionTime": time, "errorData": like(ERROR)}),
    "Cancelled": ("Cancelled", WAITS, {"endExecutionTime": time, "cancellationTime": time}),
}


@pytest.fixture(scope="module", params=["V1", "V2"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served], kind: str) -> Served:
    return serve(time_scale=1e-6, script=script(), kind=kind)


@pytest.fixture(scope="module")
def caller(served: Served, calling: Callable[[Served], Caller]) -> Caller:
    return calling(served)


@pytest.fixture(scope="module")
def resting(caller: Caller, kind: str) -> dict[str, dict[str, Any]]:
    """A job in each state, and the answer to its PUT."""
    found = {}
    for state, (word, target, _) in STATES.items():
        answer = caller.put(caller.definition(providerId=provider_of(target).upper(), target=target)).json()
        if state == "Cancelled":
            caller.send("POST", f"/jobs/{answer['id']}:cancel")
        caller.reaches(answer["id"], state if kind == "V1" else word)
        found[state] = answer
    return found


def shape_of(state: str, version: str, kind: str) -> Shape:
    word, target, changes = STATES[state]
    shape = JOB | changes | OF_VERSION[version] | {"status": exactly(state if kind == "V1" else word)}
    used = {"usage": USED} if state == "Succeeded" and version == NEW else {}
    return shape | used | {"target": exactly(target), "providerId": exactly(provider_of(target))}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_answer_to_a_put_is_unsigned_and_whole(caller: Caller, kind: str, version: str) -> None:
    job = caller.put(caller.definition(providerId="IonQ", target=WAITS), version=version).json()
    assert faults(job, shape_of("Waiting", version, kind)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("state", STATES)
def test_a_job_in_each_state(
    caller: Caller, resting: dict[str, dict[str, Any]], kind: str, state: str, version: str
) -> None:
    job = caller.get(resting[state]["id"], version)
    assert faults(job, shape_of(state, version, kind) | SIGNED) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_of_jobs_holds_them_as_get_shows_them_unsigned(
    caller: Caller, resting: dict[str, dict[str, Any]], kind: str, version: str
) -> None:
    page = caller.send("GET", "/jobs", version).json()
    assert list(page) == ["value", "nextLink"]
    listed = {job["id"]: job for job in page["value"]}
    for state, job in resting.items():
        assert faults(listed[job["id"]], shape_of(state, version, kind)) == []


def test_members_come_in_the_recorded_order(caller: Caller, resting: dict[str, dict[str, Any]]) -> None:
    for job in resting.values():
        assert list(caller.get(job["id"], OLD))[: len(JOB)] == list(JOB)


def test_what_a_client_sends_comes_back(caller: Caller) -> None:
    sent = {"metadata": {"a": None}, "tags": ["t"], "priority": "High", "inputParams": {"shots": 3, "x": [1.5]}}
    shown = caller.put(caller.definition(**sent)).json()
    assert {name: shown[name] for name in sent} == sent


def test_a_bill_has_an_event_of_the_recorded_members(caller: Caller, served: Served) -> None:
    served.workspace.follow(script(targets={}))
    emulator = {"providerId": "quantinuum", "target": "quantinuum.sim.h2-1e"}
    job = caller.ended(caller.submitted(**emulator))
    served.workspace.follow(script())
    assert faults(job["costEstimate"], COST | {"events": each(EVENT)}) == []


SESSION: Shape = {
    "status": exactly("Waiting"),
    "jobFailurePolicy": exactly("Abort"),
    "name": exactly("s"),
    "id": guid,
    "providerId": exactly("rigetti"),
    "target": exactly(SUCCEEDS),
    "creationTime": time,
    "endExecutionTime": null,
    "costEstimate": null,
    "itemType": exactly("Session"),
}
SESSIONS: dict[str, Shape] = {OLD: SESSION | {"jobPriority": exactly("Basic")}, NEW: SESSION | MAKER}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_from_open_to_close(caller: Caller, version: str) -> None:
    path, body = f"/sessions/{uuid.uuid4()}", {"name": "s", "providerId": "Rigetti", "target": SUCCEEDS}
    shape = SESSIONS[version]
    assert faults(caller.send("PUT", path, version, json=body).json(), shape) == []
    assert faults(caller.send("GET", path, version).json(), shape) == []
    query = {"filter": "startswith(Name, 's')"}
    for listing in ("/sessions", "/topLevelItems"):
        page = caller.send("GET", listing, version, params=query).json()
        assert faults(page["value"][-1], shape) == []
    ended = shape | {"status": exactly("Succeeded"), "endExecutionTime": time}
    assert faults(caller.send("POST", f"{path}:close", version).json(), ended) == []
    assert caller.send("GET", f"{path}/jobs", version).json() == {"value": [], "nextLink": None}


TARGET: Shape = {
    "id": text,
    "currentAvailability": exactly("Available", "Degraded", "Unavailable"),
    "averageQueueTime": whole,
    "averageQueueTimeHighPriority": whole,
    "averageQueueTimeStandardPriority": whole,
    "statusPage": null,
    "numQubits": maybe(whole),
    "targetProfile": maybe(text),
    "metadata": null,
}
PROVIDER: Shape = {
    "id": lambda name: text(name) and name == name.lower(),
    "currentAvailability": TARGET["currentAvailability"],
    "targets": each(TARGET),
}
QUOTA: Shape = {
    "dimension": text,
    "scope": exactly("Workspace", "Subscription"),
    "providerId": text,
    "utilization": number,
    "holds": number,
    "limit": number,
    "period": exactly("None", "Monthly"),
}
PAGE: Shape = {"value": text, "nextLink": null}
# Of each operation: method, path, body, the shape of the answer.
OTHERS: dict[str, tuple[str, str, dict[str, Any] | None, Shape]] = {
    "sasUri of a container": (
        "POST",
        "/storage/sasUri",
        {"containerName": "contract"},
        {"sasUri": signed("c", "racwdl")},
    ),
    "sasUri of a blob": (
        "POST",
        "/storage/sasUri",
        {"containerName": "contract", "blobName": "b"},
        {"sasUri": signed("b", "racwd")},
    ),
    "providerStatus": ("GET", "/providerStatus", None, PAGE | {"value": each(PROVIDER)}),
    "quotas": ("GET", "/quotas", None, PAGE | {"value": each(QUOTA)}),
    "quotaUsages": ("GET", "/quotaUsages?providerId=pasqal", None, PAGE | {"value": exactly([])}),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", OTHERS)
def test_the_answer_of(caller: Caller, operation: str, version: str) -> None:
    method, path, body, shape = OTHERS[operation]
    path, _, query = path.partition("?")
    answer = caller.send(method, path, version, json=body, params=dict(httpx.QueryParams(query)))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert faults(answer.json(), shape) == []


RESOURCE: Shape = {
    "id": text,
    "name": text,
    "type": exactly("microsoft.quantum/workspaces"),
    "location": exactly("eastus"),
    "tags": exactly({}),
    "properties": like(
        {
            "providers": each({"providerId": text, "provisioningState": exactly("Succeeded")}),
            "provisioningState": exactly("Succeeded"),
            "usable": exactly("Yes"),
            "storageAccount": text,
            "endpointUri": text,
            "workspaceKind": exactly("V1", "V2"),
            "apiKeyEnabled": exactly(True),
        }
    ),
}
ROW: Shape = dict.fromkeys(("name", "resourceGroup", "location", "endpointUri", "workspaceKind"), text) | {
    "subscriptionId": guid
}
FOUND: Shape = {
    "totalRecords": exactly(1),
    "count": exactly(1),
    "data": each(ROW),
    "facets": exactly([]),
    "resultTruncated": exactly("false"),
}


def test_the_resource_and_the_row_of_a_search(served: Served) -> None:
    bearer = {"Authorization": "Bearer https://management.azure.com|someone"}
    version = {"api-version": "2025-12-15-preview"}
    with httpx.Client(base_url=served.url, headers=bearer, trust_env=False) as client:
        assert faults(client.get(served.path, params=version).json(), RESOURCE) == []
        query = {"query": f"Resources | where name =~ '{served.workspace.name}'"}
        answer = client.post("/providers/Microsoft.ResourceGraph/resources", params=version, json=query)
    assert faults(answer.json(), FOUND) == []


JOBS, SESSION_PATH = f"/jobs/{NOBODY}", f"/sessions/{NOBODY}"
# What is sent, and the status and code of the refusal.
REFUSALS: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "a job that is not there": ("GET", JOBS, {}, 404, "ResourceNotFound"),
    "an update of it": ("PATCH", JOBS, {"json": {"name": "n"}}, 404, "ResourceNotFound"),
    "a cancel of it": ("POST", f"{JOBS}:cancel", {}, 404, "ResourceNotFound"),
    "a delete of it": ("DELETE", JOBS, {}, 404, "ResourceNotFound"),
    "a session that is not there": ("GET", SESSION_PATH, {}, 404, "ResourceNotFound"),
    "a close of it": ("POST", f"{SESSION_PATH}:close", {}, 404, "ResourceNotFound"),
    "the jobs of it": ("GET", f"{SESSION_PATH}/jobs", {}, 404, "ResourceNotFound"),
    "usages of no provider": ("GET", "/quotaUsages", {}, 404, "ResourceNotFound"),
    "a job without members": ("PUT", JOBS, {"json": {}}, 400, "InvalidJobDefinition"),
    "a job that is no JSON": ("PUT", JOBS, {"content": b"{"}, 400, "InvalidJobDefinition"),
    "an id that is no GUID": ("PUT", "/sessions/s", {"json": {"name": "s"}}, 400, "InvalidRequest"),
    "a session without members": ("PUT", SESSION_PATH, {"json": {}}, 400, "InvalidRequest"),
    "an update that is wrong": ("PATCH", JOBS, {"json": {"tags": "t"}}, 400, "InvalidRequest"),
    "a container without a name": ("POST", "/storage/sasUri", {"json": {}}, 400, "InvalidRequest"),
    "a filter that is wrong": ("GET", "/jobs", {"params": {"filter": "State is"}}, 400, "InvalidQuery"),
    "an order that is wrong": ("GET", "/sessions", {"params": {"orderby": "Tags"}}, 400, "InvalidQuery"),
    "a page that is wrong": ("GET", "/topLevelItems", {"params": {"top": "x"}}, 400, "InvalidQuery"),
    "another API version": ("GET", "/quotas", {"version": "2022-09-12-preview"}, 400, "UnsupportedApiVersion"),
    "what is not built": ("GET", "/none", {}, 501, "NotImplemented"),
    "a body that is too large": ("PUT", JOBS, {"content": b" " * (5 << 20)}, 413, "RequestBodyTooLarge"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_refusal_of(caller: Caller, name: str) -> None:
    method, path, options, status, code = REFUSALS[name]
    check_refusal(caller.send(method, path, **options), status, code)


def check_refusal(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json; charset=utf-8")
    assert faults(answer.json(), {"error": like(ERROR)}) == []
    assert answer.json()["error"]["code"] == answer.headers["x-ms-error-code"] == code
    # The package repeats whatever has a Retry-After.
    assert "retry-after" not in answer.headers


def test_conflicts_are_409(caller: Caller, resting: dict[str, dict[str, Any]]) -> None:
    check_refusal(caller.send("DELETE", f"/jobs/{resting['Waiting']['id']}"), 409, "JobNotInTerminalState")
    check_refusal(caller.put(caller.definition(name="x"), resting["Waiting"]["id"]), 409, "JobAlreadyExists")
    path, body = f"/sessions/{uuid.uuid4()}", {"name": "s", "providerId": "rigetti", "target": SUCCEEDS}
    assert caller.send("PUT", path, json=body).status_code == 200
    check_refusal(caller.send("PUT", path, json=body | {"name": "x"}), 409, "SessionAlreadyExists")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_answers_without_a_body(caller: Caller, version: str) -> None:
    job = caller.ended(caller.submitted())
    for method, path in (("POST", f"/jobs/{job['id']}:cancel"), ("DELETE", f"/jobs/{job['id']}")):
        answer = caller.send(method, path, version)
        assert (answer.status_code, answer.content) == (204, b"")
    answer = caller.send("GET", "/jobs", version, headers={"x-ms-quantum-api-key": "wrong"})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("path", ["jobs", "jobUpdateOptions"])
@pytest.mark.parametrize("version", VERSIONS)
def test_an_update_answers_what_may_change(caller: Caller, version: str, path: str) -> None:
    job = caller.submitted()
    answer = caller.send("PATCH", f"/{path}/{job['id']}", version, json={"name": "n"})
    shape = {"name": exactly("n"), "priority": exactly("Standard"), "tags": exactly([])}
    assert faults(answer.json(), shape) == []
