"""Jobs over HTTP, member by member, in each state; what is refused, and what a bad program does."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.azure_quantum import StorageAccount
from local.execution.limits import Limits
from tests.local.azure_quantum.caller import BELL, IONQ_BELL, VERSION, Caller
from tests.local.azure_quantum.conftest import ACCOUNT, Served

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00"
COUNT = "  %n = phi i64 [ 0, %start ], [ %m, %again ]\n  %m = add i64 %n, 1"
ENDLESS = BELL.replace("#0 {", f"#0 {{\nstart:\n  br label %again\nagain:\n{COUNT}")
ENDLESS = ENDLESS.replace("  ret void", "  br label %again")
EMULATOR = {"providerId": "quantinuum", "target": "quantinuum.sim.h2-1e"}
MEMBERS_OF_BOTH = {
    *("containerUri", "inputDataUri", "inputDataFormat", "inputParams", "metadata", "sessionId", "status", "jobType"),
    *(
        "outputDataFormat",
        "outputDataUri",
        "beginExecutionTime",
        "cancellationTime",
        "quantumComputingData",
        "errorData",
    ),
    *("isCancelling", "tags", "name", "id", "providerId", "target", "creationTime", "endExecutionTime", "costEstimate"),
    "itemType",
}
MEMBERS_OF_2026 = {
    *("priority", "createdBy", "createdByType", "lastModifiedTime", "lastModifiedBy", "lastModifiedByType"),
    *("lastUpdatedTime", "usage"),
}


@pytest.fixture(scope="module")
def slow(serve: Callable[..., Served], calling: Callable[[Served], Caller]) -> Caller:
    """A workspace where a device's queue lasts minutes and a simulator's seconds."""
    return calling(serve(time_scale=1.0))


@pytest.fixture(scope="module")
def strict(serve: Callable[..., Served], calling: Callable[[Served], Caller]) -> Caller:
    """A workspace whose worker has one second of processor time, of kind V2."""
    return calling(
        serve(time_scale=0.0, kind="V2", limits=Limits(cpu_seconds=1, operations=10**12, operations_of_a_shot=10**12))
    )


def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.headers["x-ms-error-code"] == code
    assert set(answer.json()) == {"error"}
    assert "retry-after" not in answer.headers  # the package would repeat a final refusal
    return str(answer.json()["error"]["message"])


def test_a_new_job_is_answered_in_full_and_unsigned(slow: Caller) -> None:
    body = slow.definition(providerId="Rigetti", metadata={"a": 1})
    job_id = str(uuid.uuid4())
    answer = slow.put(body, job_id)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    job = answer.json()
    container = body["containerUri"].partition("?")[0]
    assert set(job) == MEMBERS_OF_BOTH | MEMBERS_OF_2026
    assert re.fullmatch(TIME, job.pop("creationTime"))
    assert re.fullmatch(TIME, job.pop("lastModifiedTime"))
    assert re.fullmatch(TIME, job.pop("lastUpdatedTime"))
    assert job == {
        "id": job_id,
        "name": "a job",
        "itemType": "Job",
        "jobType": "QuantumComputing",
        "providerId": "rigetti",
        "target": "rigetti.sim.qvm",
        "status": "Waiting",
        "isCancelling": False,
        "containerUri": container,
        "inputDataUri": f"{container}/inputData",
        "inputDataFormat": "qir.v1",
        "inputParams": {"shots": 100},
        "outputDataUri": f"{container}/outputData",
        "outputDataFormat": "microsoft.quantum-results.v2",
        "metadata": {"a": 1},
        "tags": [],
        "priority": "Standard",
        "createdBy": "key-1",
        "createdByType": "Key",
        "lastModifiedBy": "key-1",
        "lastModifiedByType": "Key",
        **dict.fromkeys(("sessionId", "beginExecutionTime", "endExecutionTime", "cancellationTime", "costEstimate")),
        **dict.fromkeys(("errorData", "quantumComputingData", "usage")),
    }


def test_the_version_before_says_job_priority(caller: Caller) -> None:
    job = caller.put(caller.definition(), version="2025-12-01-preview").json()
    assert set(job) == MEMBERS_OF_BOTH | {"jobPriority"}
    assert job["jobPriority"] == "Basic"


def test_a_job_that_succeeded_is_signed_timed_and_billed(caller: Caller) -> None:
    job = caller.ended(caller.submitted(name="my job", target="quantinuum.sim.h2-1e", providerId="quantinuum"))
    assert job["status"] == "Succeeded"
    assert job["creationTime"] <= job["beginExecutionTime"] <= job["endExecutionTime"]
    assert job["quantumComputingData"] == {"count": 1}
    assert "sr=c" in job["containerUri"]
    assert re.search(r"[?&]sp=rl(&|$)", job["containerUri"])
    for member, blob, kind in (("inputDataUri", "inputData", "input"), ("outputDataUri", "outputData", "output")):
        path, _, sas = job[member].partition("?")
        assert path.endswith(f"/{blob}")
        assert re.search(r"(^|&)sp=r(&|$)", sas)
        assert f"rscd=attachment%3B%20filename%3Dmy%20job-{job['id']}.{kind}.json" in sas
    credits_used = 5 + 100 * (1 + 10 + 5 * 2) / 5000
    assert job["costEstimate"] == {
        "currencyCode": "USD",
        "estimatedTotal": credits_used,
        "events": [
            {
                "dimensionId": "ehqc",
                "dimensionName": "EHQC",
                "measureUnit": "hqc",
                "amountBilled": credits_used,
                "amountConsumed": credits_used,
                "unitPrice": 1.0,
            }
        ],
    }
    assert sum(entry["Count"] for entry in caller.output(job)["Results"][0]["Histogram"]) == 100


def test_a_providers_own_format_goes_to_the_raw_output(caller: Caller) -> None:
    changes = {"inputDataFormat": "ionq.circuit.v1", "outputDataFormat": "ionq.quantum-results.v1"}
    job = caller.ended(caller.submitted(IONQ_BELL, providerId="ionq", target="ionq.simulator", **changes))
    assert job["outputDataUri"].partition("?")[0].endswith("/rawOutputData")
    assert caller.output(job) == {"histogram": {"0": 0.5, "3": 0.5}}


def test_the_test_provider_echoes(caller: Caller) -> None:
    format_of_log = {"inputDataFormat": "microsoft.quantum-log.v1", "outputDataFormat": "microsoft.quantum-log.v1"}
    submitted = caller.submitted(
        '{"a": 1}', providerId="Microsoft.Test.FirstParty", target="echo-output", **format_of_log
    )
    assert submitted["providerId"] == "microsoft.test.firstparty"
    assert caller.output(caller.ended(submitted)) == {"a": 1}


@pytest.mark.parametrize(
    ("provider", "target", "shots"),
    [("quantinuum", "quantinuum.sim.h2-1e", 1), ("rigetti", "rigetti.sim.qvm", 1), ("ionq", "ionq.simulator", 500)],
)
def test_shots_default_to_the_targets(caller: Caller, provider: str, target: str, shots: int) -> None:
    job = caller.ended(caller.submitted(providerId=provider, target=target, inputParams=None))
    assert len(caller.output(job)["Results"][0]["Shots"]) == shots


def test_count_is_shots_and_text_is_read(caller: Caller) -> None:
    for parameters in ({"count": 7}, {"shots": "7"}, {"shots": 7, "count": 3}):
        job = caller.ended(caller.submitted(inputParams=parameters))
        assert len(caller.output(job)["Results"][0]["Shots"]) == 7


def test_several_items_are_several_results(caller: Caller) -> None:
    items = [{"entryPoint": "main", "arguments": []}] * 2
    job = caller.ended(caller.submitted(inputParams={"shots": 5, "items": items}))
    assert len(caller.output(job)["Results"]) == 2


def test_the_same_put_again_is_the_same_job_and_runs_once(caller: Caller, served: Served) -> None:
    body, job_id = caller.definition(), str(uuid.uuid4())
    first = caller.ended(caller.put(body, job_id).json())
    # A repeat may carry a fresh signature.
    again = caller.put(body | {"containerUri": f"{body['containerUri']}&extra=1"}, job_id.upper())
    assert (again.status_code, again.json()["status"]) == (200, "Succeeded")
    assert caller.get(job_id)["endExecutionTime"] == first["endExecutionTime"]
    assert served.workspace.put_counts[job_id] == 2
    refused(caller.put(body | {"name": "another"}, job_id), 409, "JobAlreadyExists")
    assert served.workspace.put_counts[job_id] == 3


def test_two_runs_under_one_seed_and_id_are_the_same(
    serve: Callable[..., Served], calling: Callable[[Served], Caller]
) -> None:
    job_id = str(uuid.uuid4())
    outputs = []
    for seed in ("one", "one", "two"):
        caller = calling(serve(seed=seed, time_scale=0.0))
        outputs.append(caller.output(caller.ended(caller.put(caller.definition(), job_id).json())))
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]


def test_two_jobs_with_one_seed_of_their_own_are_the_same(
    serve: Callable[..., Served], calling: Callable[[Served], Caller]
) -> None:
    caller = calling(serve(time_scale=0.0))

    def output(seed: int) -> Any:
        made = caller.submitted(inputParams={"shots": 1000, "seed": seed})
        return caller.output(caller.ended(made))

    assert output(7) == output(7)
    assert output(7) != output(8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "rigetti.sim.none"}, "'rigetti.sim.none' of provider 'rigetti' is not available"),
        ({"providerId": "ionq"}, "not available"),
        ({"inputDataFormat": "no.such.v1"}, "does not take the input format 'no.such.v1' here; it takes "),
        ({"outputDataFormat": "nonsense"}, "output format 'nonsense'"),
        ({"inputParams": {"shots": 0}}, "shots is 0"),
        ({"inputParams": {"shots": 10**9}}, "whole number from 1 to 1000000"),
        ({"inputParams": {"shots": 1.5}}, "shots is 1.5"),
        ({"inputParams": {"shots": True}}, "shots is True"),
        ({"inputParams": {"items": []}}, "items must be a list"),
        ({"inputParams": {"items": [{"entryPoint": 3}]}}, "items must be a list"),
        ({"inputParams": []}, "inputParams"),
        ({"containerUri": "https://elsewhere.blob.core.windows.net/c?sig=x"}, "containerUri must be a container"),
        ({"inputDataUri": "https://elsewhere.blob.core.windows.net/c/b"}, "inputDataUri must be a blob"),
        ({"name": None}, "name: Field required"),
        ({"name": ""}, "name: "),
        ({"tags": "text"}, "tags: "),
        ({"itemType": "Session"}, "itemType: "),
        ({"sessionId": "unknown"}, "Session 'unknown' was not found"),
    ],
)
def test_a_definition_that_is_not_valid_makes_no_job(caller: Caller, changes: dict[str, Any], message: str) -> None:
    job_id = str(uuid.uuid4())
    assert message in refused(caller.put(caller.definition(**changes), job_id), 400, "InvalidJobDefinition")
    refused(caller.send("GET", f"/jobs/{job_id}"), 404, "ResourceNotFound")


def test_a_body_that_is_not_json_or_an_id_that_is_no_guid_is_refused(caller: Caller) -> None:
    refused(caller.send("PUT", f"/jobs/{uuid.uuid4()}", content=b"{"), 400, "InvalidJobDefinition")
    assert "not a GUID" in refused(caller.put(caller.definition(), "my-job"), 400, "InvalidJobDefinition")
    refused(caller.send("PUT", f"/jobs/{uuid.uuid4()}", content=b"x" * (5 << 20)), 413, "RequestBodyTooLarge")


@pytest.mark.parametrize(
    ("program", "code", "message"),
    [
        ("define nonsense", "InvalidInputData", "does not parse"),
        (BELL.replace("cx__body", "fancy__body"), "InvalidInputError", "__quantum__qis__fancy__body"),
        (BELL.replace('qubits"="2"', 'qubits"="30"'), "RuntimeError", "needs 30 qubits; the target has 29"),
        (b"\x00" * (17 << 20), "InvalidInputData", "larger than"),
    ],
)
def test_a_program_that_cannot_run_fails_its_job_and_costs_nothing(
    caller: Caller, program: str | bytes, code: str, message: str
) -> None:
    job = caller.ended(caller.submitted(program))
    assert job["status"] == "Failed"
    assert job["errorData"]["code"] == code
    assert message in job["errorData"]["message"]
    assert job["costEstimate"] is None
    assert job["endExecutionTime"] is not None


def test_an_input_that_is_not_there_fails_the_job(caller: Caller) -> None:
    body = caller.definition()
    job = caller.ended(caller.put(body | {"inputDataUri": f"{body['inputDataUri']}2"}).json())
    assert job["errorData"]["code"] == "InvalidInputData"
    assert "404 BlobNotFound" in job["errorData"]["message"]
    assert "sig=" not in job["errorData"]["message"]


def test_a_signature_that_may_not_write_fails_the_job(caller: Caller, served: Served) -> None:
    body = caller.definition()
    container = body["containerUri"].partition("?")[0]
    read_only = served.workspace.door.container_sas(container.rpartition("/")[2], "rl")
    job = caller.ended(caller.put(body | {"containerUri": f"{container}?{read_only}"}).json())
    assert (job["status"], job["errorData"]["code"]) == ("Failed", "InvalidInputData")
    assert "403 AuthorizationPermissionMismatch" in job["errorData"]["message"]


def test_without_signatures_the_workspace_uses_its_own_key(caller: Caller) -> None:
    body = caller.definition()
    assert (
        caller.ended(caller.put(body | {"containerUri": body["containerUri"].partition("?")[0]}).json())["status"]
        == "Succeeded"
    )


def test_a_program_that_never_ends_fails_and_the_next_one_runs(strict: Caller) -> None:
    job = strict.ended(strict.submitted(ENDLESS, **EMULATOR))
    assert (job["status"], job["errorData"]["code"]) == ("Failed", "ProviderTimeout")
    assert strict.ended(strict.submitted())["status"] == "Completed"


def test_a_v2_workspace_says_queued_and_completed(strict: Caller) -> None:
    job = strict.submitted()
    assert job["status"] == "Queued"
    assert strict.ended(job)["status"] == "Completed"


def test_a_job_that_waits_is_cancelled_at_once(slow: Caller) -> None:
    job = slow.submitted(target="quantinuum.qpu.h2-1", providerId="quantinuum")
    assert slow.send("POST", f"/jobs/{job['id']}:cancel").status_code == 204
    ended = slow.ended(job)
    assert (ended["status"], ended["isCancelling"], ended["beginExecutionTime"]) == ("Cancelled", False, None)
    assert ended["cancellationTime"] == ended["endExecutionTime"]


def test_a_job_that_runs_is_cancelled_and_its_worker_is_free(
    serve: Callable[..., Served], calling: Callable[[Served], Caller]
) -> None:
    caller = calling(serve(time_scale=0.0, limits=Limits(operations=10**12, operations_of_a_shot=10**12)))
    job = caller.submitted(ENDLESS, **EMULATOR)
    while caller.get(job["id"])["status"] != "Executing":
        pass
    assert caller.send("POST", f"/jobs/{job['id']}:cancel").status_code == 204
    assert caller.ended(job)["status"] == "Cancelled"
    assert caller.ended(caller.submitted())["status"] == "Succeeded"


def test_cancelling_a_job_that_has_ended_leaves_it_as_it_is(caller: Caller) -> None:
    job = caller.ended(caller.submitted())
    assert caller.send("POST", f"/jobs/{job['id']}:cancel").status_code == 204
    assert caller.get(job["id"])["status"] == "Succeeded"
    refused(caller.send("POST", f"/jobs/{uuid.uuid4()}:cancel"), 404, "ResourceNotFound")


def test_a_job_is_deleted_only_when_it_has_ended(slow: Caller, caller: Caller) -> None:
    waiting = slow.submitted(target="quantinuum.qpu.h2-1", providerId="quantinuum")
    refused(slow.send("DELETE", f"/jobs/{waiting['id']}"), 409, "JobNotInTerminalState")
    job = caller.ended(caller.submitted())
    answer = caller.send("DELETE", f"/jobs/{job['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(caller.send("DELETE", f"/jobs/{job['id']}"), 404, "ResourceNotFound")


@pytest.mark.parametrize("path", ["jobs", "jobUpdateOptions"])
def test_an_update_changes_what_it_names(caller: Caller, path: str) -> None:
    job = caller.submitted(tags=["old"], metadata={"kept": True})
    answer = caller.send("PATCH", f"/{path}/{job['id']}", json={"name": "new", "metadata": {}})
    assert answer.json() == {"name": "new", "priority": "Standard", "tags": ["old"]}
    answer = caller.send("PATCH", f"/{path}/{job['id']}", json={"tags": ["new"], "priority": "High"})
    assert answer.json() == {"name": "new", "priority": "High", "tags": ["new"]}
    seen = caller.get(job["id"])
    assert (seen["name"], seen["tags"], seen["priority"], seen["metadata"]) == ("new", ["new"], "High", {"kept": True})
    refused(caller.send("PATCH", f"/{path}/{job['id']}", json={"priority": "Highest"}), 400, "InvalidRequest")


def test_an_update_does_not_make_a_repeated_put_another_definition(caller: Caller) -> None:
    body, job_id = caller.definition(), str(uuid.uuid4())
    caller.put(body, job_id)
    caller.send("PATCH", f"/jobs/{job_id}", json={"name": "new"})
    assert caller.put(body, job_id).json()["name"] == "new"


def test_a_container_may_be_signed_again_and_one_blob_too(caller: Caller) -> None:
    first, second = caller.container("twice"), caller.container("twice")
    assert first.partition("?")[0] == second.partition("?")[0]
    answer = caller.send("POST", "/storage/sasUri", json={"containerName": "twice", "blobName": "inputData"})
    assert answer.json()["sasUri"].partition("?")[0].endswith("/twice/inputData")
    assert "sr=b" in answer.json()["sasUri"]
    refused(caller.send("POST", "/storage/sasUri", json={}), 400, "InvalidRequest")
    wrong = caller.send("POST", "/storage/sasUri", json={"containerName": "Not A Name"})
    assert "storage answered 400" in refused(wrong, 400, "InvalidRequest")


def test_the_accounts_real_name_is_known_beside_its_local_url(caller: Caller) -> None:
    body = caller.definition()
    real = {
        name: re.sub(r"http://[^/]+/[^/]+/", f"https://{ACCOUNT}.blob.core.windows.net/", body[name])
        for name in body
        if "Uri" in name
    }
    answer = caller.put(body | real)
    assert answer.status_code == 200, answer.text
    assert caller.ended(answer.json())["status"] == "Succeeded"


def test_storage_that_is_away_is_said_so(serve: Callable[..., Served], calling: Callable[[Served], Caller]) -> None:
    away = StorageAccount(ACCOUNT, "a2V5", "http://127.0.0.1:9")
    caller = calling(serve(storage=away))
    answer = caller.send("POST", "/storage/sasUri", json={"containerName": "c"})
    assert "does not answer" in refused(answer, 503, "StorageUnavailable")


@pytest.mark.parametrize(
    ("method", "path", "version", "status", "code"),
    [
        ("GET", "/jobs", "2020-01-01", 400, "UnsupportedApiVersion"),
        ("GET", "/jobs", "", 400, "UnsupportedApiVersion"),
        ("GET", "/whatever", VERSION, 501, "NotImplemented"),
        ("GET", "/jobs/00000000-0000-4000-8000-000000000000", VERSION, 404, "ResourceNotFound"),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    caller: Caller, method: str, path: str, version: str, status: int, code: str
) -> None:
    refused(caller.send(method, path, version), status, code)
