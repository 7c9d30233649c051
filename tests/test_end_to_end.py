"""The main job through every part: host, token check, Key Vault, identity, storage, workspace."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
import uuid

import httpx
import pytest

from local.callers import caller
from local.names import TENANT_ID
from local.state import State
from quantum_jobs.job_ids import hash_of_key, provider_job_id
from quantum_jobs.models import Caller

from .cloud import start_cloud
from .conftest import Service, finished, submit

BELL_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'


def result(api, job):
    return api.get(f"/jobs/{job['id']}/result").raise_for_status().json()


def test_a_bell_program_comes_back_as_a_histogram(api):
    job = finished(api, submit(api, shots=1000))
    assert job["state"] == "succeeded"
    counts = result(api, job)["items"][0]["counts"]
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000
    assert 400 < counts["00"] < 600  # six standard deviations


def test_bit_zero_is_the_last_character_all_the_way(api):
    source = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] a;\nbit b;\n'
        "x q[0];\na = measure q[0:1];\nb = measure q[2];\n"
    )
    found = result(api, finished(api, submit(api, program={"format": "openqasm3", "source": source})))
    assert found["items"][0]["counts"] == {"0 01": 200}
    assert found["registers"] == [{"name": "a", "size": 2}, {"name": "b", "size": 1}]


def test_openqasm_2_runs_too(api):
    assert finished(api, submit(api, program={"format": "openqasm2", "source": BELL_2}))["state"] == "succeeded"


def test_qir_runs_too(api):
    from quantum_jobs.programs import read_program, write_qir

    qir = write_qir(read_program("openqasm2", BELL_2))
    job = finished(api, submit(api, program={"format": "qir", "source": qir}))
    assert set(result(api, job)["items"][0]["counts"]) == {"00", "11"}


def test_every_part_had_its_share(service, api):
    """No shortcut: the workspace ran it, program and result lie in the blob store."""
    service.reset()
    job = finished(api, submit(api))
    counts = service.counts()
    puts = [kind for kind in counts["azure_quantum"] if kind.startswith("PUT") and "jobs" in kind]
    assert [counts["azure_quantum"][kind] for kind in puts] == [1]
    assert counts["table"]["POST /$batch"] == 1
    assert counts["queue"]["POST /{queue}/messages"] >= 1
    assert counts["blob"]["PUT /{container}/{blob}"] == 2  # input and result; the workspace's own output is not counted
    blobs = blobs_of(service)
    attempt = f"job-{provider_job_id(job['id'], 1)}"
    assert b"__quantum__qis__h__body" in blobs[f"{attempt}/inputData"]
    assert json.loads(blobs[f"{attempt}/outputData"])["DataFormat"] == "microsoft.quantum-results.v2"
    (stored,) = [name for name in blobs if name.startswith("results/") and job["id"] in name]
    assert json.loads(blobs[stored]) == result(api, job)


def blobs_of(service):
    """Read everything in the blob store, as the operator would: with an identity, through the front."""
    script = (
        "import base64, json\n"
        "from azure.identity import ManagedIdentityCredential\n"
        "from azure.storage.blob import BlobServiceClient\n"
        "client = BlobServiceClient('https://quantumjobslocal.blob.core.windows.net', ManagedIdentityCredential())\n"
        "found = {}\n"
        "for container in client.list_containers():\n"
        "    box = client.get_container_client(container.name)\n"
        "    for name in box.list_blob_names():\n"
        "        data = box.download_blob(name).readall()\n"
        "        found[f'{container.name}/{name}'] = base64.b64encode(data).decode()\n"
        "print(json.dumps(found))\n"
    )
    output = subprocess.check_output([sys.executable, "-c", script], env={**os.environ, **service.environment})
    return {name: base64.b64decode(data) for name, data in json.loads(output).items()}


def test_the_identity_was_asked_for_every_part(tmp_path):
    """Counted from the start of a cloud of its own, because tokens are kept for an hour."""
    with start_cloud("--state", str(tmp_path)) as cloud:
        fresh = Service(cloud.environment, State(tmp_path))
        with fresh.api() as api:
            finished(api, submit(api))
        counts = fresh.counts()
    assert sum(counts["managed_identity"].values()) >= 3  # storage, vault, workspace
    assert counts["key_vault"]["GET /secrets/{name}"] >= 1 or any("secrets" in kind for kind in counts["key_vault"])


def test_targets_are_listed_with_what_a_caller_needs_to_choose(api):
    listed = api.get("/targets").raise_for_status()
    by_id = {target["id"]: target for target in listed.json()["value"]}
    assert by_id["rigetti.sim.qvm"]["simulator"] is True
    assert by_id["quantinuum.qpu.h2-1"]["qubits"] == 56
    assert api.get("/targets", headers={"If-None-Match": listed.headers["ETag"]}).status_code == 304
    assert api.get("/targets/rigetti.sim.qvm").json() == by_id["rigetti.sim.qvm"]


def test_every_target_on_offer_runs_a_program_and_keeps_its_bit_order(api):
    source = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] a;\nbit b;\n'
        "x q[0];\nh q[2];\na = measure q[0:1];\nb = measure q[2];\n"
    )
    offered = [target for target in api.get("/targets").json()["value"] if target["kind"] != "syntax-checker"]
    program = {"format": "openqasm3", "source": source}
    answers = {item["id"]: submit(api, target=item["id"], program=program) for item in offered}
    assert len(answers) >= 5
    for target, answer in answers.items():
        counts = result(api, finished(api, answer))["items"][0]["counts"]
        right = counts.get("0 01", 0) + counts.get("1 01", 0)
        assert right > 0.8 * sum(counts.values()), target  # noise of the devices stays far above this
        assert min(counts["0 01"], counts["1 01"]) > 40, target  # of 200 shots, eight standard deviations


def test_a_submit_says_where_the_job_is_and_when_to_ask(api):
    answer = submit(api)
    assert answer.headers["Location"] == f"{api.base_url}jobs/{answer.json()['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert api.get(answer.headers["Location"]).json()["id"] == answer.json()["id"]


def test_an_unchanged_job_is_304_without_a_body(api):
    job = finished(api, submit(api))
    first = api.get(f"/jobs/{job['id']}")
    again = api.get(f"/jobs/{job['id']}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    stored = api.get(f"/jobs/{job['id']}/result")
    again = api.get(f"/jobs/{job['id']}/result", headers={"If-None-Match": stored.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in stored.headers["Cache-Control"]


def test_a_repeated_request_is_the_same_job_and_runs_once(service, api):
    key = str(uuid.uuid4())
    before = set(service.workspace_jobs())
    first, second = submit(api, key), submit(api, key)
    assert first.json()["id"] == second.json()["id"]
    assert (first.headers["Idempotency-Replayed"], second.headers["Idempotency-Replayed"]) == ("false", "true")
    finished(api, second)
    assert len(set(service.workspace_jobs()) - before) == 1


def test_twenty_at_once_under_one_key_are_one_job(service, api):
    key = str(uuid.uuid4())

    async def race():
        async with httpx.AsyncClient(base_url=api.base_url, headers=api.headers, timeout=60, trust_env=False) as many:
            return await asyncio.gather(*(submit(many, key) for _ in range(20)))

    before = set(service.workspace_jobs())
    answers = asyncio.run(race())
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(set(service.workspace_jobs()) - before) == 1


def test_the_shepherd_finishes_a_job_that_nobody_asks_about(service, api):
    answer = submit(api)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.5)
        if any(answer.json()["id"] in name for name in blobs_of(service)):
            return
    raise AssertionError("no result was stored")


FAULTY = "OPENQASM 3.0;\nqubit[2] q;\nbit c;\nhh q[0];\nc = measure q[0];\n"
REFUSALS = [
    ({"program": {"format": "openqasm3", "source": FAULTY}}, 422, "program-invalid"),
    ({"target": "rigetti.sim.qmv"}, 422, "unknown-target"),
    ({"program": {"format": "openqasm3", "source": "OPENQASM 3.0;\nqubit[21] q;\nbit[21] c;\nc = measure q;\n"}},
     422, "too-many-qubits"),
    ({"shots": 10_001}, 422, "shots-out-of-range"),
    ({"shots": 0}, 400, "invalid-request"),
    ({"shost": 1}, 400, "invalid-request"),
    ({"program": {"format": "openqasm3", "source": "x" * 70_000}}, 413, "payload-too-large"),
    ({"program": {"format": "qir", "source": "not qir at all"}}, 422, "program-invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "slug"), REFUSALS)
def test_a_refused_submit_writes_nothing_and_costs_nothing(service, api, changes, status, slug):
    finished(api, submit(api))  # fills the caches, so that what is counted below belongs to the refused request alone
    service.reset()
    answer = submit(api, **changes)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug)
    assert answer.headers["content-type"] == "application/problem+json"
    written = {
        f"{name} {kind}": number
        for name, kinds in service.counts().items()
        for kind, number in kinds.items()
        if (name in ("azure_quantum", "blob") and kind.startswith(("POST", "PUT"))) or kind == "POST /$batch"
    }
    assert written == {}


def test_a_faulty_program_is_told_by_line_and_column(api):
    problem = submit(api, **REFUSALS[0][0]).json()
    assert [(item["line"], item["column"]) for item in problem["errors"]] == [(4, 1)]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer abc", "Basic YTpi"],
)
def test_a_missing_or_malformed_token_is_refused(service, authorization):
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = httpx.get(f"{service.environment['QUANTUM_JOBS_URL']}/targets", headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]


def test_a_token_for_another_audience_is_refused(service):
    headers = {"Authorization": f"Bearer {service.token(audience='https://storage.azure.com')}"}
    url = f"{service.environment['QUANTUM_JOBS_URL']}/targets"
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 401


def test_a_caller_without_a_role_is_refused(service):
    with service.api("outsider") as outsider:
        answer = submit(outsider)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "forbidden")
    assert {"Jobs.Admin", "Jobs.Submit"} <= set(answer.json()["requiredRoles"])


def test_another_callers_job_is_not_found_whatever_headers_say(service, api):
    job = finished(api, submit(api))
    spoof = {"X-Caller-Id": "demo", "X-MS-CLIENT-PRINCIPAL": "e30=", "X-MS-CLIENT-PRINCIPAL-ID": "demo"}
    with service.api("bob") as bob:
        for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/result"):
            foreign, absent = bob.get(path, headers=spoof), bob.get(path.replace(job["id"], "job_" + "0" * 26))
            assert (foreign.status_code, foreign.json()["type"]) == (404, absent.json()["type"])
            assert {**foreign.json(), "instance": ""} == {**absent.json(), "instance": ""}


def test_no_path_leads_into_another_callers_folder(service, api):
    job = finished(api, submit(api))
    owner = Caller(TENANT_ID, caller(service.state, "demo").object_id, "", frozenset()).owner
    assert any(name == f"results/{owner}/{job['id']}.json" for name in blobs_of(service))
    with service.api("bob") as bob:
        for way in ("..%2F", "%2e%2e%2f", "..%5C", "../"):
            answer = bob.get(f"/jobs/{way}{owner}%2F{job['id']}/result")
            assert (answer.status_code, "counts" in answer.text) == (404, False)


def test_what_is_no_job_id_is_no_job(api):
    key = str(uuid.uuid4())
    submit(api, key)
    row = f"key:{hash_of_key(key)}"  # lies in the caller's own partition, beside the job
    for name in (row, "job_", "job_'%20or%20'1'%20eq%20'1", "job_%00", "%F0%9F%92%A9", "job_" + "z" * 26):
        for path in (f"/jobs/{name}", f"/jobs/{name}/result"):
            answer = api.get(path)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "job-not-found")


def test_a_wrong_method_and_an_unknown_path_are_problems_too(api):
    wrong = api.put("/jobs", json={})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD, POST")
    unknown = api.get("/nowhere")
    assert (unknown.status_code, unknown.json()["type"].rpartition("/")[2]) == (404, "not-found")


def test_another_media_type_is_refused(api):
    answer = api.post("/jobs", content=b"<x/>", headers={"Content-Type": "text/xml", "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["accepted"]) == (415, ["application/json"])


def test_a_submit_without_a_key_is_refused(api):
    answer = api.post("/jobs", json={})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "idempotency-key-missing")


def test_health_needs_no_token(service):
    url, behind = service.environment["QUANTUM_JOBS_URL"], service.environment["LOCAL_FUNCTIONS_URL"]
    for place in (f"{url}/health/live", f"{behind}/health/live", f"{behind}/health/ready"):
        assert httpx.get(place, trust_env=False).status_code == 200


def test_every_answer_has_a_request_id_and_shows_no_inner_host(service, api):
    job = finished(api, submit(api))
    for answer in (api.get(f"/jobs/{job['id']}"), api.get(f"/jobs/{job['id']}/result"), api.get("/targets")):
        assert uuid.UUID(answer.headers["Request-Id"])
        for inner in ("core.windows.net", "azurewebsites", "quantum.azure.com", "vault.azure.net"):
            assert inner not in answer.text
