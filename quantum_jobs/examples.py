"""Examples of requests and answers for the specification; the answers are written by the code that answers."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.documents import estimate_document, job_document, resources_document, target_document, usage_documents
from quantum_jobs.errors import TooManyQubits
from quantum_jobs.estimating import Estimate
from quantum_jobs.histograms import Histogram, result_document
from quantum_jobs.models import Attempt, HistoryEntry, Job, JobState, Register, Target
from quantum_jobs.money import Money
from quantum_jobs.prices import RATES
from quantum_jobs.programs import Resources
from quantum_jobs.registering import Shown, Trial
from quantum_jobs.resource_estimates import (
    ERROR_BUDGET,
    QUBIT_MODEL,
    LogicalResources,
    PhysicalResources,
    ResourceEstimate,
)
from quantum_jobs.responses import upload
from quantum_jobs.submissions import Upload
from quantum_jobs.webhook_documents import trial_document, webhook_document
from quantum_jobs.webhooks import Delivery, Event, Said, SecretVersion, Trouble, Webhook, WebhookState

BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n'
SWEEP = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\nqubit q;\nbit c;\nrx(theta) q;\nc = measure q;\n'
_AT = "2026-11-22T10:00:00.000Z"
_SIMULATOR = Target("rigetti.sim.qvm", "rigetti", "simulator", 20, 1, 10_000, "base", "Available", 4)
_MACHINE = Target("ionq.qpu.aria-1", "ionq", "qpu", 25, 1, 10_000, "base", "Available", 420)
_UPLOAD = Upload("upl_0r3b7q2m5k9t1v4c8d6e0f2g3h", "qir", 300_000, "9f" * 32, "2026-11-22T10:15:00.000Z")
_JOB = Job(
    id="job_vpevms6ucg5i8d6iq6is2qaacp",
    owner="",
    created_at=_AT,
    created_by="app:route-planner",
    target=_SIMULATOR.id,
    provider="rigetti",
    shots=1000,
    registers=(Register("c", 2),),
    fingerprint="",
    key_hash="",
    program_format="openqasm3",
    name="bell",
    tags={"team": "routing"},
    attempts=(Attempt(1, ""),),
    history=(HistoryEntry(JobState.ACCEPTED, _AT),),
    expected_wait_seconds=4,
)
_WEBHOOK = Webhook(
    "whk_0r3b7q2m5k9t1v4c8d6e0f2g3h",
    "",
    "https://hooks.example/quantum-jobs",
    (Event.SUCCEEDED, Event.FAILED),
    _AT,
    "app:route-planner",
    (SecretVersion(2, "5b1e0f8c9d2a"), SecretVersion(1, "5b1e0f8c9d2a", "2026-11-23T10:00:00.000Z")),
    state=WebhookState.ACTIVE,
    active_since=_AT,
)
_TROUBLE = Trouble(
    Delivery("", _WEBHOOK.id, _JOB.id, Event.SUCCEEDED, 4, _AT, 2),
    "2026-11-22T10:00:15.000Z",
    "answered 500",
    500,
    "2026-11-22T10:00:45.000Z",
)
_PROGRAM = {"format": "openqasm3", "source": BELL}
REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "JobBody": {
        "bell": {"target": "rigetti.sim.qvm", "shots": 1000, "program": _PROGRAM, "name": "bell"},
        "sweep": {
            "target": "rigetti.sim.qvm",
            "shots": 100,
            "program": {"format": "openqasm3", "source": SWEEP},
            "parameterSets": [{"theta": 0.1}, {"theta": 0.2}],
        },
        "bounded": {
            "target": "rigetti.sim.qvm",
            "shots": 100,
            "program": _PROGRAM,
            "tags": {"team": "routing"},
            "options": {"seed": 7, "provider": {}},
            "limits": {
                "maxCost": {"amount": "5.00", "currency": "USD"},
                "startBy": "2099-01-01T00:00:00Z",
                "maxAttempts": 3,
            },
            "reuse": {"maxAge": "P1D"},
        },
    },
    "JobPatch": {"rename": {"name": "bell again"}, "tags": {"tags": {"team": "routing", "old": None}}},
    "EstimateBody": {
        "everywhere": {"shots": 1000, "program": _PROGRAM},
        "somewhere": {"shots": 1000, "program": _PROGRAM, "targets": ["rigetti.sim.qvm", "ionq.qpu.aria-1"]},
    },
    "WebhookBody": {
        "ends": {
            "url": "https://hooks.example/quantum-jobs",
            "events": ["job.succeeded", "job.failed", "job.cancelled"],
            "description": "route planner",
        }
    },
    "UploadBody": {"large": {"format": "qir", "bytes": 300_000, "sha256": "9f" * 32}},
}


def answer(name: str, base_url: str) -> Any:
    """Give an example of an answer of `schemas`."""
    return _answers(base_url)[name]


@cache
def _answers(base_url: str) -> Mapping[str, Any]:
    job = job_document(_JOB, base_url)
    targets = [target_document(item, RATES) for item in (_SIMULATOR, _MACHINE)]
    link = f"https://storage.example/uploads/{_UPLOAD.id}?sp=c&sig=..."
    return {
        "Job": job,
        "JobPage": {"value": [job], "nextLink": f"{base_url}/jobs?state=accepted&pageToken=am9i..."},
        "Result": _result(),
        "Target": targets[0],
        "TargetList": {"value": targets},
        "EstimateList": _estimates(base_url),
        "Upload": upload(_UPLOAD, link).body,
        "Webhook": webhook_document(Shown(_WEBHOOK, [_TROUBLE])),
        "WebhookWithSecret": webhook_document(Shown(_WEBHOOK, secret=f"whsec_{'MfKQ9r8G' * 5}AAA=")),
        "WebhookList": {"value": [webhook_document(Shown(_WEBHOOK))]},
        "WebhookTrial": trial_document(Trial(Shown(_WEBHOOK), Said(204, "answered 204"), f"{_WEBHOOK.id}-9f86d0818")),
        "UsageList": {"value": _usage()},
        "Health": {"status": "live"},
    }


def _result() -> Any:
    histogram = Histogram({"00": 493, "11": 507})
    return json.loads(result_document(_JOB, [histogram], [], b"", "2026-11-22T10:00:04.000Z"))


def _estimates(base_url: str) -> Mapping[str, Any]:
    fits = Estimate(_MACHINE, Money.of("1.40"), 21.0, "2026-11-22T10:07:21.000Z")
    not_so = Estimate(_SIMULATOR, Money(), 1.0, None, (TooManyQubits(_SIMULATOR.id, 21, 20, [_MACHINE.id]),))
    counts = Resources(qubits=21, depth=23, one_qubit_gates=1, two_qubit_gates=20, operations=42, measurements=21)
    logical = LogicalResources(counts, t_gates=0, rotations=0, rotation_depth=0, ccz_gates=0)
    physical = PhysicalResources(9_072, 7.56e-05, 9, 56, 21, 0, 0, 0, QUBIT_MODEL, "surface_code", ERROR_BUDGET)
    return {
        "resources": resources_document(ResourceEstimate(logical, physical)),
        "value": [estimate_document(item, base_url) for item in (fits, not_so)],
    }


def _usage() -> list[dict[str, Any]]:
    account = Account("2026-11", {_MACHINE.id: 498_100_000}, {_MACHINE.id: 1_200_000})
    return usage_documents(account, Allowance(500_000_000))
