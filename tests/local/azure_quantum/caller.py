"""A bare HTTP caller of the workspace: what the package sends, without its retries and checks."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

VERSION = "2026-01-15-preview"
BELL = """
%Qubit = type opaque
%Result = type opaque
define void @main() #0 {
  call void @__quantum__qis__h__body(%Qubit* null)
  call void @__quantum__qis__cx__body(%Qubit* null, %Qubit* inttoptr (i64 1 to %Qubit*))
  call void @__quantum__qis__mz__body(%Qubit* null, %Result* null)
  call void @__quantum__qis__mz__body(%Qubit* inttoptr (i64 1 to %Qubit*), %Result* inttoptr (i64 1 to %Result*))
  call void @__quantum__rt__array_record_output(i64 2, i8* null)
  call void @__quantum__rt__result_record_output(%Result* null, i8* null)
  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 1 to %Result*), i8* null)
  ret void
}
declare void @__quantum__qis__h__body(%Qubit*)
declare void @__quantum__qis__cx__body(%Qubit*, %Qubit*)
declare void @__quantum__qis__mz__body(%Qubit*, %Result*)
declare void @__quantum__rt__array_record_output(i64, i8*)
declare void @__quantum__rt__result_record_output(%Result*, i8*)
attributes #0 = { "entry_point" "required_num_qubits"="2" "required_num_results"="2" }
"""
IONQ_BELL = '{"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}'
# Some 20 s.
MOST_POLLS = 5000
ENDED = {"Succeeded", "Failed", "Cancelled", "Completed"}


class Caller:
    """Calls one workspace with a key."""

    def __init__(self, url: str, path: str, key: str) -> None:
        self.client = httpx.Client(
            base_url=url + path, headers={"x-ms-quantum-api-key": key}, trust_env=False, timeout=30
        )

        self.blobs = httpx.Client(headers={"x-ms-version": "2021-12-02"}, trust_env=False, timeout=30)

    def close(self) -> None:
        self.client.close()
        self.blobs.close()

    def send(self, method: str, path: str, version: str = VERSION, **options: Any) -> httpx.Response:
        query = {"api-version": version} | options.pop("params", {})
        return self.client.request(method, path, params=query, **options)

    def container(self, name: str = "") -> str:
        name = name or f"job-{uuid.uuid4()}"
        answer = self.send("POST", "/storage/sasUri", json={"containerName": name})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sasUri"])

    def upload(self, container_uri: str, program: str | bytes, blob: str = "inputData") -> str:
        """Write an input; gives its URI without a signature."""
        base, _, sas = container_uri.partition("?")
        headers = {"x-ms-blob-type": "BlockBlob"}
        answer = self.blobs.put(f"{base}/{blob}?{sas}", content=program, headers=headers)
        assert answer.status_code == 201, answer.text
        return f"{base}/{blob}"

    def definition(self, program: str | bytes = BELL, **changes: Any) -> dict[str, Any]:
        """A job as the package defines one, its input uploaded."""
        container = self.container()
        body = {
            "itemType": "Job",
            "name": "a job",
            "containerUri": container,
            "inputDataUri": self.upload(container, program),
            "inputDataFormat": "qir.v1",
            "outputDataFormat": "microsoft.quantum-results.v2",
            "providerId": "rigetti",
            "target": "rigetti.sim.qvm",
            "inputParams": {"shots": 100},
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    def put(self, body: dict[str, Any], job_id: str = "", version: str = VERSION) -> httpx.Response:
        return self.send("PUT", f"/jobs/{job_id or uuid.uuid4()}", version, json=body)

    def submitted(self, program: str | bytes = BELL, **changes: Any) -> dict[str, Any]:
        answer = self.put(self.definition(program, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, job_id: str, version: str = VERSION) -> dict[str, Any]:
        answer = self.send("GET", f"/jobs/{job_id}", version)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, job: dict[str, Any]) -> dict[str, Any]:
        """Poll a job until it has ended."""
        while (seen := self.get(job["id"]))["status"] not in ENDED:
            time.sleep(0.01)
        return seen

    def polled(self, job_id: str, *statuses: str) -> Iterator[dict[str, Any]]:
        """Give the job at each poll, last when it has one of the statuses; one that never has fails the test."""
        for _ in range(MOST_POLLS):
            seen = self.get(job_id)
            yield seen
            if seen["status"] in statuses:
                return
        raise AssertionError(f"job {job_id} is {seen['status']}, not {' or '.join(statuses)}")

    def reaches(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Poll a job until it has one of the statuses."""
        *_, last = self.polled(job_id, *statuses)
        return last

    def output(self, job: dict[str, Any]) -> Any:
        answer = self.blobs.get(job["outputDataUri"])
        assert answer.status_code == 200, answer.text
        return answer.json()
