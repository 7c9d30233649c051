"""What an application asks of the client, turned into the request that the service knows; checked as over HTTP."""

import base64
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from quantum_jobs.bodies import MAX_ITEMS, MAX_PROGRAM_BYTES, EstimateBody, JobBody, invalid
from quantum_jobs.errors import Fault, InvalidRequest, PayloadTooLarge
from quantum_jobs.submissions import EstimateRequest, JobRequest

type Format = Literal["openqasm2", "openqasm3", "qir", "qiskit-qpy", "ionq-circuit", "quil"]
type ParameterSets = Sequence[Mapping[str, float]]

_KEY = re.compile(r"[\x21-\x7e]{1,64}")


class SubmitOptions(TypedDict, total=False):
    """What a submit may say beside program and shots.

    `target`: its id; a session or a loop knows its own. `format`: of the program, openqasm3 unless said otherwise.
    `parameter_sets`: values for the program's inputs, one item of the result for each. `seed` repeats a simulation;
    `options` go to the provider as they are. `name`, `tags`: for people. `max_cost` (USD, over all attempts),
    `start_by` (a moment with its zone), `max_attempts`: what the job may take. `key`: the same again makes the same
    job, never a second; without one each submit is a job of its own. `fresh`: run it, whatever a cache may hold.
    """

    target: str
    format: Format
    parameter_sets: ParameterSets
    seed: int | None
    options: Mapping[str, Any]
    name: str | None
    tags: Mapping[str, str]
    max_cost: str | Decimal | None
    start_by: datetime | None
    max_attempts: int
    key: str | None
    fresh: bool


def job_request(source: str | bytes, shots: int, given: SubmitOptions) -> JobRequest:
    """Make the request of a submit.

    Raises:
        InvalidRequest: names every fault and its place.
    """
    body = {
        "target": given.get("target", ""),
        "shots": shots,
        "program": _program(source, given),
        "parameterSets": _sets(given.get("parameter_sets", ())),
        "options": {"seed": given.get("seed"), "provider": dict(given.get("options", {}))},
        "limits": _limits(given),
        "name": given.get("name"),
        "tags": dict(given.get("tags", {})),
    }
    request = _validated(JobBody, body).request(_key(given))
    size = len(request.program.source.encode())
    if size > MAX_PROGRAM_BYTES:
        raise PayloadTooLarge(size, MAX_PROGRAM_BYTES)
    return request


def estimate_request(source: str | bytes, shots: int, targets: Sequence[str], given: SubmitOptions) -> EstimateRequest:
    """Make the request of an estimate.

    Raises:
        InvalidRequest: names every fault and its place.
    """
    body = {
        "shots": shots,
        "program": _program(source, given),
        "parameterSets": _sets(given.get("parameter_sets", ())),
        "targets": list(targets),
    }
    return _validated(EstimateBody, body).request()


def split(sets: ParameterSets) -> list[ParameterSets]:
    """Cut parameter sets into as many jobs as they need."""
    return [sets[start : start + MAX_ITEMS] for start in range(0, len(sets), MAX_ITEMS)] or [sets]


def _key(given: SubmitOptions) -> str:
    key = given.get("key")
    if key is None:
        return str(uuid.uuid4())
    if not _KEY.fullmatch(key):
        raise InvalidRequest([Fault("must be 1 to 64 visible ASCII characters", "key")])
    return key


def _program(source: str | bytes, given: SubmitOptions) -> dict[str, str]:
    text = source if isinstance(source, str) else base64.b64encode(source).decode()
    return {"format": given.get("format", "openqasm3"), "source": text}


def _sets(sets: ParameterSets) -> list[dict[str, Any]] | None:
    # numpy's numbers are no floats to a strict model.
    return [{name: _number(value) for name, value in each.items()} for each in sets] or None


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value  # the model says where it stands and what is wrong with it


def _limits(given: SubmitOptions) -> dict[str, Any]:
    cost = given.get("max_cost")
    return {
        "maxCost": None if cost is None else {"amount": str(cost)},
        "startBy": given.get("start_by"),
        "maxAttempts": given.get("max_attempts", 3),
    }


def _validated[B: (JobBody, EstimateBody)](model: type[B], body: Mapping[str, Any]) -> B:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid(error) from error
