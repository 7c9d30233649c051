"""Small stand-ins for the outside, in memory; each can be told to stop answering before or after the effect."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from quantum_jobs.errors import ProviderRefused, ServiceUnavailable
from quantum_jobs.models import Job, ProgramSource, ProviderJob, ShepherdMessage, Stored, Target

from . import samples


@dataclass
class Faults:
    """Which call fails, and whether its effect happens all the same."""

    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    async def passing(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        if name in self.before:
            raise ServiceUnavailable(name)

    def done(self, name: str) -> None:
        if name in self.after:
            raise ServiceUnavailable(name)


class FakeWorkspace:
    """Runs nothing: `finish` decides how a job ends."""

    def __init__(self, faults: Faults, *targets: Target) -> None:
        self.faults = faults
        self.offer = targets or (samples.target(),)
        self.jobs: dict[str, ProviderJob] = {}
        self.puts: list[str] = []
        self.refusal: str | None = None

    async def located(self) -> None:
        await self.faults.passing("locate workspace")

    async def targets(self) -> Sequence[Target]:
        await self.faults.passing("targets")
        return self.offer

    async def submit(self, job: Job, container_uri: str, input_uri: str) -> None:
        await self.faults.passing("put job")
        if self.refusal:
            raise ProviderRefused(self.refusal)
        self.puts.append(job.attempt.provider_job_id)
        self.jobs.setdefault(job.attempt.provider_job_id, ProviderJob(job.attempt.provider_job_id, "Waiting"))
        self.faults.done("put job")

    async def get(self, provider_job_id: str) -> ProviderJob | None:
        await self.faults.passing("get job")
        return self.jobs.get(provider_job_id)

    def finish(self, status: str, ended: str | None = "2026-11-22T10:00:05.000Z", **changes: str) -> None:
        for key, job in self.jobs.items():
            self.jobs[key] = replace(job, status=status, ended=ended, **changes)


class FakeRecords:
    """Compare-and-swap by a counter."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rows: dict[tuple[str, str], tuple[Job, int]] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.programs: dict[tuple[str, str], ProgramSource] = {}

    async def insert(self, job: Job, program: ProgramSource) -> Job:
        await self.faults.passing("insert record")
        made = self.keys.setdefault((job.owner, job.key_hash), job.id)
        if made == job.id:
            self.rows[job.owner, job.id] = (job, 1)
            self.programs[job.owner, job.id] = program
        self.faults.done("insert record")
        return self.rows[job.owner, made][0]

    async def get(self, owner: str, job_id: str) -> Stored | None:
        await self.faults.passing("get record")
        row = self.rows.get((owner, job_id))
        return Stored(row[0], str(row[1])) if row else None

    async def program(self, job: Job) -> ProgramSource | None:
        await self.faults.passing("get program")
        return self.programs.get((job.owner, job.id))

    async def update(self, job: Job, etag: str) -> Stored | None:
        await self.faults.passing("update record")
        _, version = self.rows[job.owner, job.id]
        if str(version) != etag:
            return None
        self.rows[job.owner, job.id] = (job, version + 1)
        self.faults.done("update record")
        return Stored(job, str(version + 1))

    async def check(self) -> None:
        await self.faults.passing("check records")

    def only(self) -> Job:
        ((job, _),) = self.rows.values()
        return job


class FakeBlobs:
    """Containers are dictionaries; a written blob stays."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.containers: dict[str, dict[str, bytes]] = {}
        self.results: dict[tuple[str, str], bytes] = {}

    async def create_container(self, provider_job_id: str) -> None:
        await self.faults.passing("create container")
        self.containers.setdefault(provider_job_id, {})

    async def drop_container(self, provider_job_id: str) -> None:
        await self.faults.passing("drop container")
        self.containers.pop(provider_job_id, None)

    async def put_input(self, provider_job_id: str, data: bytes, media_type: str) -> None:
        await self.faults.passing("put input")
        self.containers.setdefault(provider_job_id, {}).setdefault("inputData", data)

    async def shared_container(self, provider_job_id: str) -> tuple[str, str]:
        await self.faults.passing("sign container")
        return f"https://a/{provider_job_id}?sig=x", f"https://a/{provider_job_id}/inputData"

    async def get_output(self, provider_job_id: str, blob: str) -> bytes | None:
        await self.faults.passing("get output")
        return self.containers[provider_job_id].get(blob)

    async def put_result(self, owner: str, job_id: str, document: bytes) -> None:
        await self.faults.passing("put result")
        self.results.setdefault((owner, job_id), document)

    async def get_result(self, owner: str, job_id: str, known_etag: str | None) -> tuple[bytes | None, str] | None:
        await self.faults.passing("get result")
        found = self.results.get((owner, job_id))
        if found is None:
            return None
        return (None if known_etag == '"e"' else found), '"e"'

    def give_output(self, *outcomes: tuple[list[int], int]) -> None:
        """Store a result document in every container, as a provider does."""
        histogram = [{"Outcome": outcome, "Display": str(outcome), "Count": count} for outcome, count in outcomes]
        document = {"DataFormat": "microsoft.quantum-results.v2", "Results": [{"Histogram": histogram, "Shots": []}]}
        for container in self.containers.values():
            container["outputData"] = json.dumps(document).encode()


class FakeQueue:
    """Keeps what was sent, with its delay."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.sent: list[tuple[ShepherdMessage, int]] = []

    async def send(self, message: ShepherdMessage, delay_seconds: int) -> None:
        await self.faults.passing("send message")
        self.sent.append((message, delay_seconds))
        self.faults.done("send message")

    async def check(self) -> None:
        await self.faults.passing("check queue")
