"""Makes most of what schemathesis sends mean something, so that it comes past the first check.

Named by the configuration that `test_schemathesis.py` writes.
"""

import uuid
from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext

from quantum_jobs.examples import BELL, SWEEP

_SIMULATOR = "rigetti.sim.qvm"
_PROGRAM = {"format": "openqasm3", "source": BELL}


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Give positive cases a program that compiles, a target that exists, a key of their own."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    name = (case.operation.definition.raw or {}).get("operationId")
    if name == "submit-job":
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if name == "create-webhook" and isinstance(case.body, dict):
        case.body = {**case.body, "url": "https://localhost:65535/"}  # the one host that leads somewhere here
    if name in ("submit-job", "estimate-job") and isinstance(case.body, dict):
        case.body = _meant(case.body, name)
    if case.query and not str(case.query.get("pageToken", "")).startswith("am9i"):
        case.query.pop("pageToken", None)  # tokens are ours to make
    if case.query and len(str(case.query)) % 4:  # filters of random words find nothing, and nothing leads on from that
        for filter_name in ("target", "tag", "state", "createdAfter", "createdBefore", "format", "minQubits"):
            case.query.pop(filter_name, None)


def _meant(body: dict[str, Any], name: str) -> dict[str, Any]:
    meant = {**body, "shots": 1 + int(body.get("shots", 1)) % 200}
    if meant.get("parameterSets"):
        meant["parameterSets"] = [{"theta": 0.5 * place} for place in range(1 + len(meant["parameterSets"]) % 3)]
        meant["program"] = {"format": "openqasm3", "source": SWEEP}
    else:
        meant["program"] = _PROGRAM
    if name == "estimate-job":
        return {**meant, "targets": [_SIMULATOR] if meant.get("targets") else []}
    limits = {name: value for name, value in (meant.get("limits") or {}).items() if name == "maxAttempts"}
    return {**meant, "target": _SIMULATOR, "limits": limits}
