"""The two ways to run a program that are compared: our HTTP API, and the unmodified azure-quantum package."""

import base64
import json
import os
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""
TARGET = "rigetti.sim.qvm"
SLOW_TARGET = "quantinuum.qpu.h2-1"
SHOTS = 100


class Api:
    """A caller of the HTTP API with one kept-alive connection, through the gateway unless said otherwise."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        headers = {"Authorization": f"Bearer {environment['QUANTUM_JOBS_TOKEN']}"}
        self.http = _client(environment["QUANTUM_JOBS_URL"], headers)

    @classmethod
    def past_the_gateway(cls, environment: Mapping[str, str] = os.environ) -> "Api":
        """The same caller, told to the Functions app as the gateway tells it: what is asked is asked of the service."""
        from local.issuer import Issuer
        from local.names import FUNCTIONS_AUDIENCE, GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID
        from local.state import DEFAULT_FOLDER, State

        claims = claims_of(environment["QUANTUM_JOBS_TOKEN"])
        token = Issuer.of(State(DEFAULT_FOLDER)).issue(
            FUNCTIONS_AUDIENCE, subject=GATEWAY_PRINCIPAL_ID, app_id=GATEWAY_CLIENT_ID
        )
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Caller-Tenant": claims["tid"],
            "X-Caller-Id": claims["oid"],
            "X-Caller-Roles": "Jobs.Submit",
        }
        made = cls(environment)
        made.http = _client(environment["LOCAL_FUNCTIONS_URL"], headers)
        return made

    def submit(self, target: str = TARGET) -> str:
        """Submit a Bell program under a new key; give the job's path."""
        answer = self.http.post("/jobs", json=body(target), headers={"Idempotency-Key": str(uuid.uuid4())})
        answer.raise_for_status()
        return f"/jobs/{answer.json()['id']}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)

    def finish(self, job: str) -> None:
        """Poll without pause until the job is done; raises when it did not succeed."""
        while True:
            seen = self.get(job).raise_for_status().json()
            if seen["done"]:
                break
        if seen["state"] != "succeeded":
            raise RuntimeError(f"{job} {seen['state']}: {seen['error']}")


def _client(url: str, headers: Mapping[str, str]) -> httpx.Client:
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says, without checking it."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def body(target: str = TARGET) -> dict[str, Any]:
    """The body of a submit."""
    return {"target": target, "shots": SHOTS, "program": {"format": "openqasm3", "source": BELL}}


class BareSdk:
    """azure-quantum as its documentation uses it, with a program that somebody has compiled to QIR already."""

    def __init__(self, qir: str) -> None:
        self._qir = qir

    def submit(self) -> Any:
        return self._target.submit(self._qir, name="bell", shots=SHOTS)

    @staticmethod
    def finish(job: Any) -> None:
        job.wait_until_completed(print_progress=False)
        job.get_results()

    @cached_property
    def _target(self) -> Any:
        from azure.quantum import Workspace
        from azure.quantum.target import Target

        connection = os.environ["AZURE_QUANTUM_CONNECTION_STRING"]
        return Target(
            Workspace.from_connection_string(connection),
            name=TARGET,
            provider_id="rigetti",
            input_data_format="qir.v1",
            output_data_format="microsoft.quantum-results.v2",
            content_type="qir.v1",
        )


class Wire:
    """What the local cloud counted: requests by service, without those that the host's queue polling makes."""

    def __init__(self) -> None:
        self._http = httpx.Client(base_url=os.environ["LOCAL_CONTROL_URL"], trust_env=False)

    def reset(self) -> None:
        self._http.post("/control/counts/reset").raise_for_status()

    def counts(self) -> dict[str, int]:
        """Give `service method-and-path` -> number."""
        snapshot = self._http.get("/control/counts").raise_for_status().json()
        return {
            f"{service} {kind}": number
            for service, kinds in snapshot.items()
            for kind, number in kinds.items()
            if not kind.startswith(("GET /{queue}", "DELETE /{queue}", "PUT /{queue}"))
        }

    def total(self) -> int:
        return sum(self.counts().values())
