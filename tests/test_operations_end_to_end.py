"""Every operation over HTTP, through the host, Azurite and the workspace."""

import base64
import csv
import hashlib
import io
import json
import ssl
import time
import uuid

import httpx
import pytest

from .conftest import finished, submit

ANSATZ = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t;\nqubit[2] q;\nbit[2] c;\n'
    "rx(t) q[0];\ncx q[0], q[1];\nc = measure q;\n"
)
PI = 3.141592653589793
SLOW = "quantinuum.qpu.h2-1"
ABSENT = "job_vpevms6ucg5i8d6iq6is2qaacp"


def slug(answer):
    return answer.json()["type"].rpartition("/")[2]


def through(service, method, url, **options):
    context = ssl.create_default_context(cafile=service.environment["SSL_CERT_FILE"])
    with httpx.Client(proxy=service.environment["HTTPS_PROXY"], verify=context, trust_env=False) as client:
        return client.request(method, url, **options)


def test_a_sweep_is_one_job_with_a_histogram_for_each_set(api):
    program = {"format": "openqasm3", "source": ANSATZ}
    job = finished(api, submit(api, program=program, parameterSets=[{"t": 0.0}, {"t": PI}, {"t": -PI}]))
    items = api.get(job["links"]["result"]).json()["items"]
    assert [item["counts"] for item in items] == [{"00": 200}, {"11": 200}, {"11": 200}]
    assert [item["parameters"] for item in items] == [{"t": 0.0}, {"t": PI}, {"t": -PI}]


def test_a_set_with_a_wrong_name_is_refused_with_its_place(api):
    program = {"format": "openqasm3", "source": ANSATZ}
    answer = submit(api, program=program, parameterSets=[{"t": 0.0}, {"u": 1.0}])
    assert (answer.status_code, slug(answer)) == (422, "program-invalid")
    assert any(item["pointer"].startswith("/parameterSets/1") for item in answer.json()["errors"])


def test_the_same_seed_gives_the_same_counts_and_another_gives_others(api):
    def counts(seed):
        return api.get(finished(api, submit(api, shots=1000, options={"seed": seed}))["links"]["result"]).json()[
            "items"
        ]

    assert counts(7) == counts(7) != counts(8)


def test_a_result_can_be_had_as_csv(api):
    job = finished(api, submit(api))
    plain = api.get(job["links"]["result"])
    table = api.get(job["links"]["result"], headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["bitstring"]: int(row["count"]) for row in rows} == plain.json()["items"][0]["counts"]
    assert table.headers["ETag"] != plain.headers["ETag"]
    for form, answer in (("text/csv", table), ("application/json", plain)):
        known = {"Accept": form, "If-None-Match": answer.headers["ETag"]}
        assert api.get(job["links"]["result"], headers=known).status_code == 304
    crossed = {"Accept": "text/csv", "If-None-Match": plain.headers["ETag"]}
    assert api.get(job["links"]["result"], headers=crossed).status_code == 200
    assert slug(api.get(job["links"]["result"], headers={"Accept": "image/png"})) == "not-acceptable"


def test_the_providers_own_result_is_given_byte_for_byte_by_a_link_that_reads_only(api, service):
    job = finished(api, submit(api))
    answer = api.get(job["links"]["rawResult"])
    assert (answer.status_code, answer.content) == (303, b"")
    raw = through(service, "GET", answer.headers["Location"])
    result = api.get(job["links"]["result"]).json()
    assert hashlib.sha256(raw.content).hexdigest() == result["sha256"]
    assert through(service, "PUT", answer.headers["Location"], content=b"x").status_code in (400, 403)


def test_a_program_is_given_back_as_it_was_sent(api):
    job = finished(api, submit(api, program={"format": "openqasm3", "source": ANSATZ}, parameterSets=[{"t": 0.5}]))
    answer = api.get(job["links"]["program"])
    assert (answer.text, answer.headers["Content-Type"].partition(";")[0]) == (ANSATZ, "text/plain")


def test_an_uploaded_program_runs_and_can_be_read_back(api, service):
    source = ANSATZ.replace("input float t;", "const float t = 0;").encode()
    announced = {"format": "openqasm3", "bytes": len(source), "sha256": hashlib.sha256(source).hexdigest()}
    made = api.post("/uploads", json=announced)
    assert made.status_code == 201
    upload = made.json()
    program = {"format": "openqasm3", "uploadId": upload["uploadId"]}
    early = submit(api, program=program)
    assert (early.status_code, slug(early)) == (409, "upload-incomplete")
    put = through(service, upload["method"], upload["url"], content=source, headers=upload["headers"])
    assert put.status_code == 201
    job = finished(api, submit(api, program=program))
    assert api.get(job["links"]["result"]).json()["items"][0]["counts"] == {"00": 200}
    link = api.get(job["links"]["program"])
    assert link.status_code == 303
    assert through(service, "GET", link.headers["Location"]).content == source


def test_bitcode_runs_too(api):
    import pyqir

    from quantum_jobs.programs import read_program, write_qir

    from . import samples

    text = write_qir(read_program("openqasm3", samples.BELL))
    bitcode = pyqir.Module.from_ir(pyqir.Context(), text).bitcode
    job = finished(api, submit(api, program={"format": "qir", "source": base64.b64encode(bitcode).decode()}))
    assert set(api.get(job["links"]["result"]).json()["items"][0]["counts"]) == {"00", "11"}


def test_lists_show_the_callers_jobs_newest_first_page_by_page(api, service):
    team = uuid.uuid4().hex
    jobs = [submit(api, tags={"team": team}, name=f"n{number}").json()["id"] for number in range(5)]
    page = api.get("/jobs", params={"tag": f"team:{team}", "pageSize": 2})
    found = []
    while True:
        assert page.status_code == 200, page.text
        found += [job["id"] for job in page.json()["value"]]
        if "nextLink" not in page.json():
            break
        page = api.get(page.json()["nextLink"])
    assert found == jobs[::-1]
    assert api.get("/jobs", params={"tag": f"team:{team}", "state": "failed"}).json() == {"value": []}
    with service.api("bob") as other:
        assert other.get("/jobs", params={"tag": f"team:{team}"}).json() == {"value": []}


def test_a_token_of_another_list_is_refused(api):
    for _ in range(2):
        submit(api)
    link = api.get("/jobs", params={"pageSize": 1}).json()["nextLink"]
    answer = api.get(f"{link}&target={SLOW}")
    assert (answer.status_code, slug(answer)) == (400, "invalid-request")


def test_a_job_is_cancelled_over_http(api):
    answer = submit(api, target=SLOW)
    job = answer.json()
    cancelled = api.post(job["links"]["cancel"])
    if cancelled.status_code == 409:  # the machine was faster
        assert slug(cancelled) == "job-already-done"
        return
    assert cancelled.status_code == 202
    ended = finished(api, answer)
    assert ended["state"] in ("cancelled", "succeeded")
    if ended["state"] == "cancelled":
        assert ended["cancelledBy"] == "app:demo"
        assert slug(api.get(job["links"]["result"])) == "job-cancelled"


def test_a_finished_job_is_renamed_tagged_and_deleted(api):
    answer = submit(api, tags={"a": "1"})
    job = finished(api, answer)
    link = job["links"]["self"]
    tag = api.get(link).headers["ETag"]
    patched = api.patch(
        link,
        content=json.dumps({"name": "bell", "tags": {"a": None, "b": "2"}}),
        headers={"Content-Type": "application/merge-patch+json", "If-Match": tag},
    )
    assert (patched.status_code, patched.json()["name"], patched.json()["tags"]) == (200, "bell", {"b": "2"})
    assert slug(api.patch(link, json={"name": "x"}, headers={"If-Match": tag})) == "precondition-failed"
    assert api.delete(link).status_code == 204
    assert slug(api.get(link)) == "job-not-found"
    assert slug(api.get(job["links"]["result"])) == "job-not-found"
    assert api.delete(link).status_code == 204


def test_a_job_that_costs_is_held_then_billed(api):
    def sums():
        rows = api.get("/usage").json()["value"]
        return next((float(row["used"]), float(row["held"])) for row in rows if row["scope"] == "ionq.qpu.aria-1")

    first = finished(api, submit(api, target="ionq.qpu.aria-1"))
    assert first["cost"]["actual"]["currency"] == "USD"
    used, held = sums()
    assert (used >= float(first["cost"]["actual"]["amount"]) > 0, held) == (True, 0.0)
    second = finished(api, submit(api, target="ionq.qpu.aria-1"))
    assert sums()[0] == pytest.approx(used + float(second["cost"]["actual"]["amount"]), abs=1e-9)


def test_a_job_over_its_own_limit_is_refused(api):
    answer = submit(api, target=SLOW, limits={"maxCost": {"amount": "0.01"}})
    assert (answer.status_code, slug(answer)) == (422, "cost-limit-exceeded")
    late = submit(api, limits={"startBy": "2020-01-01T00:00:00Z"})
    assert (late.status_code, slug(late)) == (422, "deadline-impossible")


def test_an_equal_job_is_given_the_same_result_when_asked_for(api):
    program = {"format": "openqasm3", "source": ANSATZ}
    same = {"program": program, "parameterSets": [{"t": 1.25}], "reuse": {"maxAge": "PT1H"}}
    first = finished(api, submit(api, **same))
    second = submit(api, **same).json()
    assert (second["state"], second["reusedFrom"], second["attempts"]) == ("succeeded", first["id"], [])
    results = [api.get(job["links"]["result"]).json() for job in (first, second)]
    assert results[0]["items"] == results[1]["items"]
    assert results[1]["reusedFrom"] == first["id"]
    assert api.get(second["links"]["rawResult"]).status_code == 303


def test_estimates_cover_every_target_and_say_why_not(api):
    body = {"program": {"format": "openqasm3", "source": ANSATZ}, "parameterSets": [{"t": 0.5}], "shots": 100}
    found = api.post("/estimates", json=body).raise_for_status().json()["value"]
    assert {item["target"] for item in found} == {item["id"] for item in api.get("/targets").json()["value"]}
    assert any(float(item["cost"]["amount"]) > 0 for item in found if item["feasible"])
    wide = {"format": "openqasm3", "source": "OPENQASM 3.0;\nqubit[30] q;\nbit[30] c;\nc = measure q;\n"}
    refused = api.post("/estimates", json={"program": wide, "shots": 100, "targets": ["rigetti.sim.qvm"]}).json()
    (item,) = refused["value"]
    assert (item["feasible"], item["reasons"][0]["type"].rpartition("/")[2]) == (False, "too-many-qubits")


def test_targets_are_filtered(api):
    found = api.get("/targets", params={"minQubits": 50, "simulator": "false"}).json()["value"]
    assert found
    assert all(item["qubits"] >= 50 and not item["simulator"] for item in found)
    assert slug(api.get("/targets", params={"minQubits": "many"})) == "invalid-request"


@pytest.mark.parametrize("path", ["/targets", "/usage", "/jobs", "/health/live"])
def test_head_is_get_without_its_body(api, path):
    head, get = api.head(path), api.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("suffix", ["", "/result", "/result/raw", "/program", "/cancel"])
def test_anothers_job_looks_like_no_job_byte_for_byte(api, service, method, suffix):
    own = submit(api).json()["id"]
    with service.api("bob") as other:
        answers = []
        for job_id in (own, ABSENT):
            answer = other.request(method, f"/jobs/{job_id}{suffix}", json={} if method == "PATCH" else None)
            body = {**answer.json(), "instance": None}
            body["detail"] = body["detail"].replace(job_id, "...")
            kept = {name: value for name, value in answer.headers.items() if name not in ("request-id", "date")}
            answers.append((answer.status_code, body, kept))
        assert answers[0] == answers[1]
        assert answers[0][0] in (404, 405)


def test_an_operator_reads_anothers_job_and_may_not_cancel_it(api, service):
    job = finished(api, submit(api))
    with service.api("operator") as reader:
        deadline = time.monotonic() + 60
        while (answer := reader.get(f"/jobs/{job['id']}")).status_code == 404 and time.monotonic() < deadline:
            time.sleep(0.2)  # the shepherd's first look writes whose it is
        assert answer.json()["id"] == job["id"]
        assert slug(reader.post(f"/jobs/{job['id']}/cancel")) == "forbidden"
