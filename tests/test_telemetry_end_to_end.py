"""Telemetry of the whole: one submit through gateway, host, storage and workspace is one trace; nothing of it tells."""

import uuid

import httpx
import pytest

from local.certificates import prepare
from local.state import State

from . import samples
from .cloud import start_cloud
from .conftest import Service, finished, submit
from .otlp import collecting
from .test_webhooks_end_to_end import Receiver

# Each call and its repetition fails, so that what the parts' packages say of it is in the log.
FAULTS = [{"service": part, "do": "status", "status": 503, "next": 4} for part in ("table", "blob", "azure_quantum")]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
CLIENT = 3  # the kind of a span, as it goes over the wire

CANARY = "canary7f3a"
PROGRAM = samples.BELL.replace("bit[2] c", f"bit[2] {CANARY}").replace("c = measure", f"{CANARY} = measure")


@pytest.fixture(scope="module")
def collector():
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def observed(collector, tmp_path_factory):
    """The service with its telemetry on."""
    folder = tmp_path_factory.mktemp("state")
    with start_cloud("--no-limits", "--state", str(folder), environment=collector.environment) as cloud:
        yield Service(cloud.environment, State(folder))


@pytest.fixture(scope="module")
def told(observed, collector):
    """Spans of one submit and of its shepherd, the metrics and log lines that came with it, and the job."""
    with observed.api() as api:
        job = finished(api, submit(api_of_caller(api)))
    collector.until(lambda seen: any(span.name == "advance_job" for span in seen.spans))
    collector.until(lambda seen: "quantum.jobs.finished" in seen.metrics)
    collector.until(lambda seen: any(said == "handled" for said, _ in seen.lines))
    return job


def api_of_caller(api):
    """The same client, as one whose own trace goes on here."""
    api.headers["traceparent"] = CALLER
    return api


def test_a_submit_is_one_trace_from_the_caller_to_each_part(told, collector):
    spans = collector.spans
    (post,) = [span for span in spans if span.name == "submit_job"]
    assert (post.trace, post.parent) == (TRACE, "00f067aa0ba902b7")
    below = [span for span in spans if span.trace == TRACE and post.id in ancestors(span, spans)]
    calls = {span.name: span.attributes["peer.service"] for span in below if span.kind == CLIENT}
    assert calls["AzureQuantumWorkspace.submit"] == "The quantum workspace"
    assert set(calls.values()) >= {"The quantum workspace", "The job table", "The blob store", "The queue"}
    assert "Key Vault" in {span.attributes.get("peer.service") for span in spans}  # asked once in five minutes


def ancestors(span, spans):
    by_id = {item.id: item for item in spans}
    found = []
    while span is not None:
        found.append(span.parent)
        span = by_id.get(span.parent)
    return found


def test_spans_say_which_job_target_and_provider(told, collector):
    wanted = {"quantum.job_id": told["id"], "quantum.target": "rigetti.sim.qvm", "quantum.provider": "rigetti"}
    for name in ("submit_job", "get_job", "advance_job", "AzureQuantumWorkspace.submit"):
        found = [span.attributes for span in collector.spans if span.name == name]
        assert any(wanted.items() <= attributes.items() for attributes in found), (name, found)


def test_metrics_count_the_job_and_never_name_it(told, collector):
    metrics = collector.until(
        lambda seen: {"quantum.jobs.submitted", "quantum.jobs.run_time"} <= set(seen.metrics) and seen.metrics
    )
    of_target = {"quantum.target": "rigetti.sim.qvm", "quantum.provider": "rigetti"}
    assert any(of_target == dimensions and count >= 1 for dimensions, count in metrics["quantum.jobs.submitted"])
    states = [dimensions["state"] for dimensions, _ in metrics["quantum.jobs.finished"]]
    assert "succeeded" in states
    allowed = {"quantum.target", "quantum.provider", "state", "currency", "how", "by"}
    own = {name: points for name, points in metrics.items() if name.startswith("quantum.")}
    assert {key for points in own.values() for dimensions, _ in points for key in dimensions} <= allowed


def test_each_operation_leaves_one_line(told, collector):
    answered = [
        values for said, values in collector.lines if said == "answered" and values["operation"] == "submit_job"
    ]
    assert [(line["status"], line["job_id"]) for line in answered] == [(202, told["id"])]
    assert {"request_id", "milliseconds", "target", "provider"} <= set(answered[0])


@pytest.fixture
def receiver(observed):
    made = Receiver(prepare(observed.state).server_context())
    yield made
    made.close()


def test_nothing_that_is_confidential_is_told(observed, collector, receiver):
    secrets = everything_is_called(observed, receiver)
    names = {span.name for span in collector.until(lambda seen: last_was_told(seen) and seen.spans)}
    assert names >= {
        "submit_job",
        "get_program",
        "get_result",
        "get_raw_result",
        "create_upload",
        "create_webhook",
        "estimate_job",
    }
    seen = b"\n".join(body for _, body in collector.bodies)
    assert [name for name, secret in secrets.items() if secret.encode() in seen] == []


def last_was_told(seen):
    lines = [values for said, values in seen.lines if said == "answered"]
    return any(line["operation"] == "delete_webhook" for line in lines) and len(lines) > 12


def everything_is_called(observed, receiver):
    """Put a canary into whatever a caller can send, call each operation; give what must not be told, by its name."""
    token = observed.token()
    sent = {"User-Agent": CANARY, "X-Canary": CANARY}
    with observed.api() as api:
        api.headers.update(sent)
        key = f"{CANARY}-{uuid.uuid4()}"
        program = {"format": "openqasm3", "source": PROGRAM}
        answer = submit(api, key, program=program, name=CANARY, tags={CANARY: CANARY})
        job = finished(api, answer)
        path = f"/jobs/{job['id']}"
        api.get("/jobs", params={"tag": f"{CANARY}:{CANARY}"})
        api.get("/jobs", params={CANARY: CANARY})
        link = api.get(f"{path}/result/raw").headers["Location"]
        api.get(f"{path}/program")
        assert CANARY in api.get(f"{path}/result").text
        api.patch(path, json={"name": CANARY}, headers={"Content-Type": "application/merge-patch+json"})
        api.post(f"{path}/cancel")
        api.post("/estimates", json={"program": program, "shots": 10})
        upload = api.post("/uploads", json={"format": "openqasm3", "bytes": 10, "sha256": "0" * 64})
        observed._control("PUT", "/control/faults", json={"faults": FAULTS})
        submit(api, f"{key}3", program=program, name=CANARY)
        api.get(path)
        api.get(f"{path}/result/raw")
        observed._control("PUT", "/control/faults", json={"faults": []})
        api.get("/targets"), api.get(f"/targets/{CANARY}"), api.get("/usage"), api.get(f"/jobs/{CANARY}")
        submit(api, key, program={"format": "openqasm3", "source": f"{CANARY} {CANARY};"})
        submit(api, f"{key}2", program={"format": CANARY, "source": CANARY})
        hook = api.post("/webhooks", json={"url": f"{receiver.url}/{CANARY}", "events": ["job.succeeded"]}).json()
        assert api.post(f"/webhooks/{hook['id']}/test").json()["delivered"]
        fresh = api.post(f"/webhooks/{hook['id']}/rotate-secret").json()
        api.delete(path)
        api.delete(f"/webhooks/{hook['id']}")
    with httpx.Client(base_url=observed.environment["QUANTUM_JOBS_URL"], trust_env=False) as nobody:
        nobody.get("/jobs", headers={"Authorization": f"Bearer {CANARY}"})
    found = {"canary": CANARY, "token": token.rpartition(".")[2], "link": link.rpartition("sig=")[2]}
    found |= {"upload": upload.json()["url"].rpartition("sig=")[2], "signed address": "sig="}
    return found | {"secret": hook["secret"], "next secret": fresh["secret"], "any secret": "whsec_", "bearer": "eyJ"}
