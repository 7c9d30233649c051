"""Repairs what the doctor finds; each repair reads again before it writes, and may be repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from quantum_jobs.blob_storage import PROGRAMS, RESULTS, UPLOADS, BlobStorage
from quantum_jobs.budgets import Account
from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import ResultUnreadable
from quantum_jobs.findings import Finding, Kind, due_accounts
from quantum_jobs.following import output_blob
from quantum_jobs.histograms import read_results, result_document
from quantum_jobs.inventory import Inventory
from quantum_jobs.job_queue import DeliveriesQueue, JobQueue
from quantum_jobs.models import Job, ProviderJob, ShepherdMessage, Stored
from quantum_jobs.shepherd import erase, expire
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.webhook_findings import again
from quantum_jobs.webhook_storage import WebhookStorage
from quantum_jobs.webhooks import Trouble

_TRIES = 5
_AFTER_ROW_SECONDS = 30


class NotMended(Exception):
    """Why a repair was not possible."""


class Mender:
    """One method per kind of finding."""

    def __init__(
        self,
        inventory: Inventory,
        records: TableStorage,
        blobs: BlobStorage,
        queue: JobQueue,
        deliveries: DeliveriesQueue,
        webhooks: WebhookStorage,
        *,
        redelivers: bool = False,
    ) -> None:
        self._inventory = inventory
        self._deliveries = deliveries
        self._webhooks = webhooks
        self._redelivers = redelivers
        self._records = records
        self._blobs = blobs
        self._queue = queue
        self._taken: dict[str | None, list[Any]] = {}
        self._repairs: Mapping[Kind, Callable[[Finding], Awaitable[None]]] = {
            Kind.WITHOUT_SHEPHERD: self._enqueue,
            Kind.POISON: self._poison,
            Kind.RESULT_MISSING: self._result,
            Kind.UNSETTLED: self._enqueue,
            Kind.RESULT_OVERDUE: self._expire,
            Kind.ERASURE: self._erase,
            Kind.ACCOUNT: self._account,
            Kind.KEY_WITHOUT_RECORD: self._key,
            Kind.RECORD_WITHOUT_KEY: self._missing_key,
            Kind.POINTER_MISSING: self._pointer,
            Kind.POINTER_WITHOUT_RECORD: self._stray_pointer,
            Kind.ORPHANED_CONTAINER: self._container,
            Kind.ORPHANED_RESULT: self._orphan(RESULTS),
            Kind.ORPHANED_PROGRAM: self._orphan(PROGRAMS),
            Kind.STALE_UPLOAD: self._orphan(UPLOADS),
            Kind.NOT_ANNOUNCED: self._announce,
            Kind.UNDELIVERED: self._redeliver,
            Kind.DELIVERY_STUCK: self._next_attempt,
            Kind.DELIVERY_ORPHANED: self._delivery,
        }

    async def mend(self, finding: Finding) -> None:
        """Repair.

        Raises:
            NotMended: says why; nothing was changed.
            ServiceUnavailable: a store does not answer; mending again is safe.
        """
        repair = self._repairs.get(finding.kind)
        if repair is None:
            raise NotMended("a person has to look at it (docs/operations.md)")
        await repair(finding)

    async def balance(self, owner: str, month: str) -> tuple[Account, Account] | None:
        """Give an owner's account as written and as the records add up to; None: it moves while it is looked at.

        Whatever changes what a job costs writes the account as well, in the same transaction. So an account that is
        the same before and after the records were read belongs to them.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        for _ in range(_TRIES):
            before, _ = await self._records.account(owner, month)
            jobs = [record.job for record in self._inventory.records(owner)]
            after, _ = await self._records.account(owner, month)
            if before.etag == after.etag:
                return before, due_accounts(jobs).get(month, Account(month))
        return None

    async def _account(self, finding: Finding) -> None:
        for _ in range(_TRIES):
            both = await self.balance(finding.owner, finding.name)
            if both is None:
                break
            written, due = both
            if written == due or self._inventory.put_account(finding.owner, replace(due, etag=written.etag)):
                return
        raise NotMended("the account moves too fast; try again when the owner is quiet")

    async def _enqueue(self, finding: Finding) -> None:
        stored = await self._records.get(finding.owner, finding.name)
        if stored is not None and (stored.job.unsettled or not stored.job.state.done):
            await self._queue.send(ShepherdMessage.about(stored.job, stored.job.sequence), 0)

    async def _poison(self, finding: Finding) -> None:
        if not finding.owner:
            raise NotMended("it says nothing of a job; read it, and delete it by hand")
        message = self._taken_from_poison(finding.name)
        if message is None:
            raise NotMended("it is no longer there, or was taken a moment ago")
        await self._enqueue(finding)
        self._inventory.drop_poison(message)

    def _taken_from_poison(self, job_id: str) -> Any:
        # What is taken is hidden for a minute: others that were taken on the way to this one wait here for their turn.
        if not self._taken.get(job_id):
            for members, message in self._inventory.take_poison():
                self._taken.setdefault(members.get("job_id"), []).append(message)
                if members.get("job_id") == job_id:
                    break
        waiting = self._taken.get(job_id)
        return waiting.pop() if waiting else None

    async def _present(self, finding: Finding) -> Stored:
        stored = await self._records.get(finding.owner, finding.name)
        if stored is None:
            raise NotMended("the job's record is gone")
        return stored

    async def _result(self, finding: Finding) -> None:
        job = (await self._present(finding)).job
        await self._blobs.put_result(job.owner, job.id, await self._normalised(job))

    async def _normalised(self, job: Job) -> bytes:
        if not job.attempts:
            raise NotMended(f"it reuses the result of {job.reused_from}")
        attempt = job.attempt
        name = output_blob(ProviderJob(attempt.provider_job_id, ""))
        raw = await self._blobs.get_output(attempt.provider_job_id, name)
        submission = await self._records.submission(job) if job.parameters else None
        if raw is None or (job.parameters and submission is None):
            raise NotMended("what the provider answered is no longer stored")
        try:
            histograms = read_results(raw, job.registers, job.items)
        except ResultUnreadable as error:
            raise NotMended(error.detail) from error
        sets = submission.parameter_sets if submission else ()
        return result_document(job, histograms, sets, raw, job.completed_at)

    async def _expire(self, finding: Finding) -> None:
        await expire(await self._present(finding), self._records, self._blobs)

    async def _erase(self, finding: Finding) -> None:
        stored = await self._present(finding)
        if not stored.job.deleted_at:
            raise NotMended("the job is not deleted")
        await erase(stored.job, self._records, self._blobs)

    async def _key(self, finding: Finding) -> None:
        self._inventory.drop_row(finding.owner, finding.name)

    async def _missing_key(self, finding: Finding) -> None:
        job = (await self._present(finding)).job
        if await self._records.made_by(job.owner, job.key_hash) is None:
            await self._records.forget(job)

    async def _pointer(self, finding: Finding) -> None:
        await self._records.point_to((await self._present(finding)).job)

    async def _announce(self, finding: Finding) -> None:
        job = (await self._present(finding)).job
        await self._queue.send(ShepherdMessage.about(job, job.sequence), 0)

    async def _trouble(self, finding: Finding) -> Trouble:
        trouble = await self._webhooks.trouble(finding.delivery) if finding.delivery else None
        if trouble is None:
            raise NotMended("it has been delivered meanwhile, or its webhook is gone")
        return trouble

    async def _redeliver(self, finding: Finding) -> None:
        if not self._redelivers:
            raise NotMended("it is sent again with --redeliver only: see first that its receiver works")
        trouble = await self._trouble(finding)
        # The message first, so that nothing is lost between the two; it comes late enough to find the row gone, which
        # counts the attempts of the first three days.
        await self._deliveries.send(again(trouble.delivery, timestamp(now())), _AFTER_ROW_SECONDS)
        await self._webhooks.forget(trouble.delivery)

    async def _next_attempt(self, finding: Finding) -> None:
        await self._deliveries.send((await self._trouble(finding)).delivery.following(), 0)

    async def _delivery(self, finding: Finding) -> None:
        await self._webhooks.forget((await self._trouble(finding)).delivery)

    async def _stray_pointer(self, finding: Finding) -> None:
        self._inventory.drop_pointer(finding.name)

    async def _container(self, finding: Finding) -> None:
        await self._blobs.drop_container(finding.name)

    def _orphan(self, container: str) -> Callable[[Finding], Awaitable[None]]:
        async def drop(finding: Finding) -> None:
            self._inventory.drop_blob(container, finding.name)

        return drop
