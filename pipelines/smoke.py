"""A first look at a service that has just been deployed: through the gateway, as any caller, nothing that costs."""

import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from pipelines.errors import SmokeFailed

TARGET = "rigetti.sim.qvm"
SHOTS = 100
_BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


def smoke(api: httpx.Client, seconds: float, say: Callable[[str], None]) -> None:
    """Hold a service to the least that it must do, within so many seconds.

    Raises:
        SmokeFailed: names the call, what was expected and what came.
    """
    ends = time.monotonic() + seconds
    targets = _await_targets(api, ends)
    if TARGET not in targets:
        raise SmokeFailed(f"{TARGET} is not among the targets: {', '.join(sorted(targets))}")
    say(f"{len(targets)} targets")
    _check_stranger(api)
    say("a caller without a token is refused")
    _run_bell(api, ends, say)


def client() -> httpx.Client:
    """Make a client of the service that QUANTUM_JOBS_URL names, as the caller of QUANTUM_JOBS_TOKEN.

    Raises:
        SmokeFailed: one of them is not set.
    """
    missing = [name for name in ("QUANTUM_JOBS_URL", "QUANTUM_JOBS_TOKEN") if not os.environ.get(name)]
    if missing:
        raise SmokeFailed(f"set {' and '.join(missing)}: where the gateway is, and a token of a caller")
    headers = {"Authorization": f"Bearer {os.environ['QUANTUM_JOBS_TOKEN']}"}
    return httpx.Client(base_url=os.environ["QUANTUM_JOBS_URL"], headers=headers, timeout=30)


def _await_targets(api: httpx.Client, ends: float) -> set[str]:
    """Wait until the targets are answered: a new version takes a while to start."""
    while True:
        try:
            answer = api.get("/targets")
            if answer.status_code == httpx.codes.OK:
                return {item["id"] for item in answer.json()["value"]}
            told = f"{answer.status_code} {answer.text[:400]}"
            if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                raise SmokeFailed(f"GET /targets: the caller's token is refused: {told}")
        except httpx.TransportError as error:
            told = str(error) or type(error).__name__
        if time.monotonic() > ends:
            raise SmokeFailed(f"GET {str(api.base_url).rstrip('/')}/targets: {told}")
        time.sleep(1)


def _check_stranger(api: httpx.Client) -> None:
    request = api.build_request("GET", "/jobs")
    del request.headers["Authorization"]
    _expect(api.send(request), 401, "a caller without a token")


def _run_bell(api: httpx.Client, ends: float, say: Callable[[str], None]) -> None:
    body = {"target": TARGET, "shots": SHOTS, "name": "smoke", "program": {"format": "openqasm3", "source": _BELL}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answer = _expect(_call(api, "POST", "/jobs", json=body, headers=key), 202, "a job is accepted")
    job = answer.json()
    again = _expect(_call(api, "POST", "/jobs", json=body, headers=key), 202, "the same request again")
    if again.json()["id"] != job["id"]:
        raise SmokeFailed("the same request with the same Idempotency-Key made a second job")
    while not job["done"]:
        if time.monotonic() > ends:
            raise SmokeFailed(f"job {job['id']} is still {job['state']}")
        time.sleep(min(5.0, float(answer.headers.get("Retry-After", "1"))))
        answer = _expect(_call(api, "GET", f"/jobs/{job['id']}"), 200, "the job's state")
        job = answer.json()
    if job["state"] != "succeeded":
        raise SmokeFailed(
            f"job {job['id']} {job['state']}: {(job.get('error') or {}).get('detail', 'no reason given')}"
        )
    counts = _expect(_call(api, "GET", f"/jobs/{job['id']}/result"), 200, "the result").json()["items"][0]["counts"]
    if sum(counts.values()) != SHOTS or not set(counts) <= {"00", "11"}:
        raise SmokeFailed(f"a Bell pair must give {SHOTS} times 00 or 11, and gave {counts}")
    say(f"job {job['id']} succeeded: {counts}")


def _call(api: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    try:
        return api.request(method, path, **options)
    except httpx.TransportError as error:
        raise SmokeFailed(f"{method} {path}: {error}") from error


def _expect(answer: httpx.Response, status: int, what: str) -> httpx.Response:
    if answer.status_code != status:
        call = f"{answer.request.method} {answer.request.url.path}"
        raise SmokeFailed(f"{call}: {answer.status_code} instead of {status} ({what}). {answer.text[:400]}")
    return answer
