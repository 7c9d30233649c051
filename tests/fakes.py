"""Small stand-ins for the outside, in memory; each can be told to stop answering before or after the effect."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quantum_jobs import rows
from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.errors import AccountMoved, ProviderRefused, ServiceUnavailable
from quantum_jobs.models import Job, JobQuery, ProviderJob, ShepherdMessage, Stored, Target, WaitSamples
from quantum_jobs.submissions import Submission, Upload

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


class Clock:
    """Stands where a test puts it."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class FakeWorkspace:
    """Runs nothing: `finish` decides how a job ends."""

    def __init__(self, faults: Faults, *targets: Target) -> None:
        self.faults = faults
        self.offer = targets or (samples.target(),)
        self.asked_within: list[float] = []
        self.remembered: Sequence[Target] = ()  # what it said half a minute ago, where that was something else
        self.jobs: dict[str, ProviderJob] = {}
        self.puts: list[str] = []
        self.options: list[Mapping[str, Any]] = []
        self.cancelled: list[str] = []
        self.refusal: str | None = None

    async def located(self) -> None:
        await self.faults.passing("locate workspace")

    async def targets(self, most_seconds: float) -> Sequence[Target]:
        await self.faults.passing("targets")
        self.asked_within.append(most_seconds)
        return self.remembered if self.remembered and most_seconds > 2 else self.offer

    async def submit(
        self, job: Job, container_uri: str, input_uri: str, provider_options: Mapping[str, Any], not_after: float
    ) -> None:
        if asyncio.get_running_loop().time() > not_after:
            raise ServiceUnavailable("put job")
        await self.faults.passing("put job")
        if self.refusal:
            raise ProviderRefused(self.refusal)
        self.puts.append(job.attempt.provider_job_id)
        self.options.append(provider_options)
        self.jobs.setdefault(job.attempt.provider_job_id, ProviderJob(job.attempt.provider_job_id, "Waiting"))
        self.faults.done("put job")

    async def get(self, provider_job_id: str) -> ProviderJob | None:
        await self.faults.passing("get job")
        return self.jobs.get(provider_job_id)

    async def cancel(self, provider_job_id: str) -> None:
        await self.faults.passing("cancel job")
        self.cancelled.append(provider_job_id)
        job = self.jobs.get(provider_job_id)
        if job is not None and job.status not in ("Succeeded", "Failed", "Cancelled"):
            self.jobs[provider_job_id] = replace(job, status="Cancelled")
        self.faults.done("cancel job")

    def finish(self, status: str, ended: str | None = "2026-11-22T10:00:05.000Z", **changes: Any) -> None:
        for key, job in self.jobs.items():
            self.jobs[key] = replace(job, status=status, ended=ended, **changes)


class FakeRecords:
    """Compare-and-swap by a counter; every change goes through the rows of the real table."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rows: dict[tuple[str, str], tuple[Job, int]] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.submissions: dict[tuple[str, str], Submission] = {}
        self.accounts: dict[tuple[str, str], Account] = {}
        self.allowances: dict[str, Allowance] = {}
        self.reuse: dict[tuple[str, str], str] = {}
        self.pointers: dict[str, str] = {}
        self.uploads: dict[tuple[str, str], Upload] = {}
        self.samples: dict[str, WaitSamples] = {}

    async def insert(self, job: Job, submission: Submission, account: Account | None = None) -> Job:
        await self.faults.passing("insert record")
        made = self.keys.get((job.owner, job.key_hash))
        if made is None:
            self._write_account(job.owner, account)
            self.keys[job.owner, job.key_hash] = made = job.id
            self.rows[job.owner, job.id] = (_kept(job), 1)
            self.submissions[job.owner, job.id] = submission
            if job.reuse_hash:
                self.reuse[job.owner, job.reuse_hash] = job.id
        self.faults.done("insert record")
        return self.rows[job.owner, made][0]

    def _write_account(self, owner: str, account: Account | None) -> None:
        if account is None:
            return
        current = self.accounts.get((owner, account.month))
        if (current.etag if current else None) != account.etag:
            raise AccountMoved
        self.accounts[owner, account.month] = replace(account, etag=str(int(account.etag or 0) + 1))

    async def made_by(self, owner: str, key_hash: str) -> Job | None:
        await self.faults.passing("find key")
        made = self.keys.get((owner, key_hash))
        return self.rows[owner, made][0] if made else None

    async def get(self, owner: str, job_id: str) -> Stored | None:
        await self.faults.passing("get record")
        row = self.rows.get((owner, job_id))
        return Stored(row[0], str(row[1])) if row else None

    async def submission(self, job: Job) -> Submission | None:
        await self.faults.passing("get submission")
        return self.submissions.get((job.owner, job.id))

    async def forget(self, job: Job) -> None:
        await self.faults.passing("forget submission")
        self.submissions.pop((job.owner, job.id), None)

    async def update(self, job: Job, etag: str, account: Account | None = None) -> Stored | None:
        await self.faults.passing("update record")
        _, version = self.rows[job.owner, job.id]
        if str(version) != etag:
            if account is not None:
                raise AccountMoved
            return None
        self._write_account(job.owner, account)
        self.rows[job.owner, job.id] = (_kept(job), version + 1)
        self.faults.done("update record")
        return Stored(_kept(job), str(version + 1))

    async def page(self, owner: str, query: JobQuery) -> tuple[Sequence[Job], str | None]:
        await self.faults.passing("list records")
        found = sorted(
            (job for (holder, _), (job, _) in self.rows.items() if holder == owner and _listed(job, query)),
            key=lambda job: job.id,
        )
        rest = [job for job in found if query.start is None or job.id >= query.start]
        return rest[: query.page_size], rest[query.page_size].id if len(rest) > query.page_size else None

    async def account(self, owner: str, month: str) -> tuple[Account, Allowance | None]:
        await self.faults.passing("get account")
        return self.accounts.get((owner, month), Account(month)), self.allowances.get(owner)

    async def reusable(self, owner: str, reuse_hash: str) -> Stored | None:
        await self.faults.passing("find reusable")
        made = self.reuse.get((owner, reuse_hash))
        return await self.get(owner, made) if made else None

    async def point_to(self, job: Job) -> None:
        await self.faults.passing("point to job")
        self.pointers[job.id] = job.owner

    async def owner_of(self, job_id: str) -> str | None:
        await self.faults.passing("find owner")
        return self.pointers.get(job_id)

    async def waits(self) -> Mapping[str, WaitSamples]:
        await self.faults.passing("get waits")
        return dict(self.samples)

    async def keep_waits(self, target: str, samples: WaitSamples) -> bool:
        await self.faults.passing("keep waits")
        current = self.samples.get(target, WaitSamples())
        if samples.etag != current.etag:
            return False
        self.samples[target] = replace(samples, etag=str(int(current.etag or 0) + 1))
        self.faults.done("keep waits")
        return True

    async def add_upload(self, owner: str, upload: Upload) -> None:
        await self.faults.passing("add upload")
        self.uploads[owner, upload.id] = upload

    async def upload(self, owner: str, upload_id: str) -> Upload | None:
        await self.faults.passing("get upload")
        return self.uploads.get((owner, upload_id))

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
        self.programs: dict[tuple[str, str], bytes] = {}
        self.uploads: dict[tuple[str, str], bytes] = {}

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

    async def output_link(self, provider_job_id: str, blob: str) -> str:
        await self.faults.passing("sign output")
        return f"https://a/{provider_job_id}/{blob}?sig=x"

    async def drop_result(self, owner: str, job_id: str) -> None:
        await self.faults.passing("drop result")
        self.results.pop((owner, job_id), None)

    async def upload_link(self, owner: str, upload: Upload) -> str:
        await self.faults.passing("sign upload")
        return f"https://a/uploads/{upload.id}?sig=x"

    async def get_upload(self, owner: str, upload_id: str, most_bytes: int) -> bytes | None:
        await self.faults.passing("get upload blob")
        found = self.uploads.get((owner, upload_id))
        return None if found is None else found[: most_bytes + 1]

    async def put_program(self, owner: str, job_id: str, data: bytes) -> None:
        await self.faults.passing("put program")
        self.programs.setdefault((owner, job_id), data)

    async def get_program(self, owner: str, job_id: str) -> bytes | None:
        await self.faults.passing("get program")
        return self.programs.get((owner, job_id))

    async def program_link(self, owner: str, job_id: str) -> str:
        await self.faults.passing("sign program")
        return f"https://a/programs/{job_id}?sig=x"

    async def drop_program(self, owner: str, job_id: str) -> None:
        await self.faults.passing("drop program")
        self.programs.pop((owner, job_id), None)

    def give_output(self, *outcomes: tuple[list[int], int], items: int = 1) -> None:
        """Store a result document in every container, as a provider does."""
        histogram = [{"Outcome": outcome, "Display": str(outcome), "Count": count} for outcome, count in outcomes]
        results = [{"Histogram": histogram, "Shots": []}] * items
        document = {"DataFormat": "microsoft.quantum-results.v2", "Results": results}
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


def _kept(job: Job) -> Job:
    return rows.job_of(rows.record_row(job))


def _listed(job: Job, query: JobQuery) -> bool:
    return (
        job.deleted_at is None
        and (not query.states or job.state in query.states)
        and query.target in (None, job.target)
        and all(job.tags.get(name) == value for name, value in query.tags.items())
        and (query.created_after is None or job.created_at > query.created_after)
        and (query.created_before is None or job.created_at < query.created_before)
    )
