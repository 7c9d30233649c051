"""The whole local cloud with the service in it, started once for all tests that go through the wire."""

import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings

from local.callers import caller, token
from local.issuer import Issuer
from local.names import STORAGE_ACCOUNT
from local.state import State

from . import samples
from .cloud import start_cloud
from .contract.conformance import conforms

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
        """A client of the API that calls as a test caller and holds every answer against the specification."""
        return httpx.Client(
            base_url=self.environment["QUANTUM_JOBS_URL"],
            headers={"Authorization": f"Bearer {self.token(name)}"},
            event_hooks={"response": [conforms]},
            timeout=30,
            trust_env=False,
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests by service and kind since the last `reset`."""
        counts: dict[str, dict[str, int]] = self._control("GET", "/control/counts").json()
        return counts

    def reset(self) -> None:
        self._control("POST", "/control/counts/reset")

    def script(self, document: Mapping[str, Any]) -> None:
        """Tell the quantum workspace how its targets behave from now on."""
        self._control("PUT", "/control/script", json=document)

    def workspace_jobs(self) -> list[str]:
        """Ids of all jobs that the quantum workspace has."""
        with self._azure() as azure:
            found, url = [], self._workspace_url("jobs") + "&top=100"
            while url:
                page = azure.get(url).raise_for_status().json()
                found += [job["id"] for job in page["value"]]
                url = page["nextLink"]
        return found

    def workspace_job_ended(self, job_id: str) -> None:
        """Wait until the workspace itself is done with a job, whatever the service knows of it."""
        deadline = time.monotonic() + 30
        with self._azure() as azure:
            while time.monotonic() < deadline:
                answer = azure.get(self._workspace_url(f"jobs/{job_id}"))
                if answer.status_code == 200 and answer.json()["status"] in ("Succeeded", "Failed", "Cancelled"):
                    return
                time.sleep(0.02)
        raise AssertionError("the workspace does not end the job")

    def put_blob(self, name: str, data: bytes) -> None:
        """Write over a blob, as an operator with an identity could."""
        with self._azure() as azure:
            token = azure.get(
                self.environment["IDENTITY_ENDPOINT"],
                params={"resource": "https://storage.azure.com", "api-version": "2019-08-01"},
                headers={"X-IDENTITY-HEADER": self.environment["IDENTITY_HEADER"]},
            )
            headers = {
                "Authorization": f"Bearer {token.raise_for_status().json()['access_token']}",
                "x-ms-version": "2023-11-03",
                "x-ms-blob-type": "BlockBlob",
            }
            url = f"https://{STORAGE_ACCOUNT}.blob.core.windows.net/{name}"
            azure.put(url, content=data, headers=headers).raise_for_status()

    def _azure(self) -> httpx.Client:
        """A client of the emulated Azure: through the front, with the workspace's key."""
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        mounts = {"https://": httpx.HTTPTransport(proxy=self.environment["HTTPS_PROXY"], verify=context)}
        headers = {"x-ms-quantum-api-key": self._connection["ApiKey"]}
        return httpx.Client(mounts=mounts, headers=headers, trust_env=False)

    @property
    def _connection(self) -> dict[str, str]:
        text = self.environment["AZURE_QUANTUM_CONNECTION_STRING"]
        return dict(part.split("=", 1) for part in text.split(";") if part)

    def _workspace_url(self, path: str) -> str:
        parts = self._connection
        return (
            f"{parts['QuantumEndpoint']}subscriptions/{parts['SubscriptionId']}/resourceGroups/{parts['ResourceGroupName']}"
            f"/providers/Microsoft.Quantum/workspaces/{parts['WorkspaceName']}/{path}?api-version=2026-01-15-preview"
        )

    def _control(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = self.environment["LOCAL_CONTROL_URL"]
        return httpx.request(method, url + path, trust_env=False, **options).raise_for_status()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service in the local cloud, for the whole session."""
    folder: Path = tmp_path_factory.mktemp("state")
    with start_cloud("--no-limits", "--state", str(folder)) as cloud:
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
