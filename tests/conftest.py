"""The whole local cloud with the service in it, started once for all tests that go through the wire."""

import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings

from local.callers import caller, token
from local.issuer import Issuer
from local.state import State

from . import samples
from .cloud import start_cloud

# The everyday run tries the same examples each time, so that a red run is the change's doing; the long run searches.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile("steady")


@dataclass(frozen=True)
class Service:
    """The running service: its API for any test caller, and what went over the wire."""

    environment: dict[str, str]
    state: State

    def token(self, name: str = "demo", **changes: Any) -> str:
        return token(Issuer.of(self.state), caller(self.state, name), **changes)

    def api(self, name: str = "demo") -> httpx.Client:
        """A client of the API that calls as a test caller."""
        headers = {"Authorization": f"Bearer {self.token(name)}"}
        return httpx.Client(base_url=self.environment["QUANTUM_JOBS_URL"], headers=headers, timeout=30, trust_env=False)

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests by service and kind since the last `reset`."""
        counts: dict[str, dict[str, int]] = self._control("GET", "/control/counts").json()
        return counts

    def reset(self) -> None:
        self._control("POST", "/control/counts/reset")

    def workspace_jobs(self) -> list[str]:
        """Ids of all jobs that the quantum workspace has."""
        parts = dict(
            part.split("=", 1) for part in self.environment["AZURE_QUANTUM_CONNECTION_STRING"].split(";") if part
        )
        path = (
            f"{parts['QuantumEndpoint']}subscriptions/{parts['SubscriptionId']}/resourceGroups/{parts['ResourceGroupName']}"
            f"/providers/Microsoft.Quantum/workspaces/{parts['WorkspaceName']}/jobs"
        )
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        with httpx.Client(proxy=self.environment["HTTPS_PROXY"], verify=context, trust_env=False) as client:
            found, url = [], f"{path}?api-version=2026-01-15-preview&top=100"
            while url:
                page = client.get(url, headers={"x-ms-quantum-api-key": parts["ApiKey"]}).raise_for_status().json()
                found += [job["id"] for job in page["value"]]
                url = page["nextLink"]
        return found

    def _control(self, method: str, path: str) -> httpx.Response:
        url = self.environment["LOCAL_CONTROL_URL"]
        return httpx.request(method, url + path, trust_env=False).raise_for_status()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service in the local cloud, for the whole session."""
    folder: Path = tmp_path_factory.mktemp("state")
    with start_cloud("--state", str(folder)) as cloud:
        yield Service(cloud.environment, State(folder))


@pytest.fixture
def api(service: Service) -> Iterator[httpx.Client]:
    with service.api() as client:
        yield client


def submit(api: httpx.Client, key: str | None = None, **changes: Any) -> httpx.Response:
    """Send a Bell program, or what the changes make of it; under a new key unless one is given."""
    body = {
        "target": "rigetti.sim.qvm",
        "shots": 200,
        "program": {"format": "openqasm3", "source": samples.BELL},
    } | changes
    return api.post("/jobs", json=body, headers={"Idempotency-Key": key or str(uuid.uuid4())})


def finished(api: httpx.Client, answer: httpx.Response, until: Callable[[dict[str, Any]], bool] | None = None) -> Any:
    """Poll a submitted job until it is done; give its document."""
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = api.get(f"/jobs/{answer.json()['id']}").raise_for_status().json()
        if (until or (lambda seen: seen["done"]))(job):
            return job
        time.sleep(0.02)
    raise AssertionError(f"the job did not finish: {job}")
