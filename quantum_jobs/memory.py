"""Records and results in the memory of one process: for applications that need neither after their own end.

What the table and the blob store promise holds here as well, but for the life of the process: compare-and-swap, one job
for one key, accounts that add up. Nothing else may be forgotten before its job is done.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from quantum_jobs.blob_storage import BlobStorage
from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.clock import parse_timestamp
from quantum_jobs.errors import AccountMoved
from quantum_jobs.models import Job, JobQuery, Stored, WaitSamples

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from quantum_jobs.submissions import Submission, Upload

MOST_DONE = 10_000
"""Jobs that are remembered after their end; of older ones neither record nor result is kept."""


class MemoryRecords:
    """The job records of one process; on one event loop, therefore without locks."""

    def __init__(self, most_done: int = MOST_DONE) -> None:
        self._most_done = most_done
        self._jobs: dict[tuple[str, str], tuple[Job, int]] = {}
        self._made: dict[tuple[str, str], str] = {}
        self._submissions: dict[str, Submission] = {}
        self._accounts: dict[tuple[str, str], Account] = {}
        self._reusable: dict[tuple[str, str], str] = {}
        self._uploads: dict[tuple[str, str], Upload] = {}
        self._samples: dict[str, WaitSamples] = {}
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def insert(self, job: Job, submission: Submission, account: Account | None = None) -> Job:
        """Keep a new job, or give the one that its key made before.

        Raises:
            AccountMoved: the account was written since it was read; nothing was kept.
        """
        made = self._made.get((job.owner, job.key_hash))
        if made is not None:
            return self._jobs[job.owner, made][0]
        self._keep_account(job.owner, account)
        self._made[job.owner, job.key_hash] = job.id
        self._submissions[job.id] = submission
        if job.reuse_hash:
            self._reusable[job.owner, job.reuse_hash] = job.id
        self._keep(job, 1)
        return job

    async def get(self, owner: str, job_id: str) -> Stored | None:
        """Give a record; None when there is none of this owner's."""
        found = self._jobs.get((owner, job_id))
        return Stored(found[0], str(found[1])) if found else None

    async def update(self, job: Job, etag: str, account: Account | None = None) -> Stored | None:
        """Change a record; None when it has changed since it was read.

        Raises:
            AccountMoved: record or account was written since it was read; nothing was changed.
        """
        _, version = self._jobs.get((job.owner, job.id), (job, 0))
        if str(version) != etag:
            if account is not None:
                raise AccountMoved
            return None
        self._keep_account(job.owner, account)
        self._keep(job, version + 1)
        return Stored(job, str(version + 1))

    def _keep_account(self, owner: str, account: Account | None) -> None:
        if account is None:
            return
        current = self._accounts.get((owner, account.month))
        if (current.etag if current else None) != account.etag:
            raise AccountMoved
        self._accounts[owner, account.month] = replace(account, etag=str(int(account.etag or 0) + 1))

    def _keep(self, job: Job, version: int) -> None:
        self._jobs[job.owner, job.id] = (job, version)
        if job.state.done:
            self._done[job.owner, job.id] = None
        while len(self._done) > self._most_done:
            self._forget_all(*self._done.popitem(last=False)[0])

    def _forget_all(self, owner: str, job_id: str) -> None:
        job, _ = self._jobs.pop((owner, job_id))
        self._submissions.pop(job_id, None)
        self._made.pop((owner, job.key_hash), None)
        if job.reuse_hash and self._reusable.get((owner, job.reuse_hash)) == job_id:
            del self._reusable[owner, job.reuse_hash]

    async def made_by(self, owner: str, key_hash: str) -> Job | None:
        """Give the job that a key has made; None when the key is new."""
        made = self._made.get((owner, key_hash))
        return self._jobs[owner, made][0] if made else None

    async def submission(self, job: Job) -> Submission | None:
        """Give what was submitted; None when it was erased."""
        return self._submissions.get(job.id)

    async def forget(self, job: Job) -> None:
        """Erase what was submitted; that its key is used stays."""
        self._submissions.pop(job.id, None)

    async def page(self, owner: str, query: JobQuery) -> tuple[Sequence[Job], str | None]:
        """Give a page of an owner's jobs, newest first, and the id at which the next begins."""
        found = sorted(
            (job for (holder, _), (job, _) in self._jobs.items() if holder == owner and _listed(job, query)),
            key=lambda job: job.id,
        )
        rest = [job for job in found if query.start is None or job.id >= query.start]
        return rest[: query.page_size], rest[query.page_size].id if len(rest) > query.page_size else None

    async def account(self, owner: str, month: str) -> tuple[Account, Allowance | None]:
        """Give an owner's month; nobody has bounds of their own here."""
        return self._accounts.get((owner, month), Account(month)), None

    async def reusable(self, owner: str, reuse_hash: str) -> Stored | None:
        """Give the last job of equal content."""
        made = self._reusable.get((owner, reuse_hash))
        return await self.get(owner, made) if made else None

    async def point_to(self, job: Job) -> None:
        """Do nothing: all jobs here are this process's own."""

    async def owner_of(self, job_id: str) -> str | None:
        """Tell whose a job is."""
        return next((owner for owner, known in self._jobs if known == job_id), None)

    async def waits(self) -> Mapping[str, WaitSamples]:
        """Give how long jobs have waited before each target."""
        return dict(self._samples)

    async def keep_waits(self, target: str, samples: WaitSamples) -> bool:
        """Keep how long jobs have waited; False when somebody else was faster."""
        current = self._samples.get(target, WaitSamples())
        if samples.etag != current.etag:
            return False
        self._samples[target] = replace(samples, etag=str(int(current.etag or 0) + 1))
        return True

    async def add_upload(self, owner: str, upload: Upload) -> None:
        """Keep what an upload is to hold."""
        self._uploads[owner, upload.id] = upload

    async def upload(self, owner: str, upload_id: str) -> Upload | None:
        """Give what an upload is to hold; None when none of this id was announced."""
        return self._uploads.get((owner, upload_id))

    async def check(self) -> None:
        """Do nothing: memory answers."""


class ProcessBlobs(BlobStorage):
    """The blob store as one process uses it: the last results stay at hand.

    Not `durable`: results are kept here alone, and what the provider read and wrote is erased with `sweep`.
    """

    def __init__(self, url: str, credential: TokenCredential, *, durable: bool, most: int = MOST_DONE) -> None:
        super().__init__(url, credential)
        self._durable = durable
        self._most = most
        self._results: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def put_result(self, owner: str, job_id: str, document: bytes) -> None:
        """Keep a result; once kept it stays as it is.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        if self._durable:
            await super().put_result(owner, job_id, document)
        self._results.setdefault((owner, job_id), document)
        while len(self._results) > self._most:
            self._results.popitem(last=False)

    async def get_result(self, owner: str, job_id: str, known_etag: str | None) -> tuple[bytes | None, str] | None:
        """Give a result; None when there is none. It never changes: at hand its ETag is the job's id.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        found = self._results.get((owner, job_id))
        if found is None:
            return await super().get_result(owner, job_id, known_etag) if self._durable else None
        return (None if known_etag == job_id else found), job_id

    async def drop_result(self, owner: str, job_id: str) -> None:
        """Erase a result; it may be gone already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        self._results.pop((owner, job_id), None)
        if self._durable:
            await super().drop_result(owner, job_id)

    async def sweep(self, job: Job) -> None:
        """Erase what the provider read and wrote for a job that is done, where nothing else would ever do so.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        if not self._durable:
            for attempt in job.attempts:
                await self.drop_container(attempt.provider_job_id)


def _listed(job: Job, query: JobQuery) -> bool:
    created = parse_timestamp(job.created_at)
    return (
        job.deleted_at is None
        and (not query.states or job.state in query.states)
        and query.target in (None, job.target)
        and all(job.tags.get(name) == value for name, value in query.tags.items())
        and (query.created_after is None or created > parse_timestamp(query.created_after))
        and (query.created_before is None or created < parse_timestamp(query.created_before))
    )
