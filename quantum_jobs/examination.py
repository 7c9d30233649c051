"""One look at all that is stored, within bounds: what is there, what is wrong with it, what could not be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quantum_jobs import findings, webhook_findings
from quantum_jobs.blob_storage import PROGRAMS, RESULTS, UPLOADS
from quantum_jobs.findings import Finding, Surroundings
from quantum_jobs.inventory import POISON, Inventory, Partition, Record, Waiting
from quantum_jobs.job_queue import DELIVERIES
from quantum_jobs.mending import Mender
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.webhooks import Webhook


@dataclass
class Report:
    """What was looked at, what is wrong, what could not be judged, what became of each repair."""

    looked_at: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mended: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Bounds:
    """Whose jobs are looked at, how many at most, and how old an orphan must be."""

    owner: str | None
    most_records: int
    safety: timedelta
    retention: timedelta | None


class Examination:
    """One look; findings about jobs are read a second time before they are told."""

    def __init__(
        self, inventory: Inventory, records: TableStorage, mender: Mender, bounds: Bounds, moment: datetime
    ) -> None:
        self._inventory = inventory
        self._records = records
        self._mender = mender
        self._bounds = bounds
        self._moment = moment

    async def look(self, progress: Callable[[int], None]) -> Report:
        """Look at everything within the bounds.

        Raises:
            ServiceUnavailable: a store does not answer.
        """
        report = Report(looked_at={"owners": 0, "records": 0})
        # Containers and pointers first, blobs last: what a job writes before its record is then seen after it.
        containers = self._inventory.containers()
        pointers = self._inventory.pointers(self._bounds.owner)
        unfinished: list[Record] = []
        attempts: set[str] = set()
        owners, whole = set[str](), True
        webhooks: list[Webhook] = []
        for partition in self._inventory.partitions(self._bounds.owner, self._bounds.most_records):
            owners.add(partition.owner)
            whole = whole and partition.whole
            jobs = [record.job for record in partition.records.values()]
            attempts.update(attempt.provider_job_id for job in jobs for attempt in job.attempts)
            unfinished += [record for record in partition.records.values() if not record.job.state.done]
            around = self._around(partition.owner, containers, pointers)
            report.findings += await self._confirmed(findings.of_partition(partition, around))
            report.findings += await self._confirmed(webhook_findings.of_webhooks(partition, around))
            webhooks += partition.webhooks.values()
            report.findings += await self._accounts(partition)
            report.looked_at["owners"] += 1
            report.looked_at["records"] += len(jobs)
            progress(report.looked_at["records"])
        report.looked_at |= {"unfinished jobs": len(unfinished), "containers": len(containers)}
        report.looked_at |= {"webhooks": len(webhooks)}
        for key_id, count in sorted(webhook_findings.keys_in_use(webhooks, self._moment).items()):
            report.looked_at[f"webhooks of signing key {key_id}"] = count
        if whole and not self._bounds.owner:
            report.findings += self._strangers(owners, attempts, containers, pointers)
        else:
            report.notes.append("Containers and blobs of nobody were not judged: that takes a look at all records.")
        if self._bounds.owner and not owners:
            report.notes.append("There is nothing of this owner; docs/operations.md says how an owner is written.")
        if report.looked_at["records"] == self._bounds.most_records:
            report.notes.append(f"Stopped after {self._bounds.most_records} records (--max); there may be more.")
        await self._queues(report, unfinished)
        return report

    def _around(self, owner: str, containers: Mapping[str, datetime], pointers: Mapping[str, str]) -> Surroundings:
        return Surroundings(
            self._moment,
            self._bounds.safety,
            self._bounds.retention,
            self._inventory.blobs(RESULTS, owner),
            self._inventory.blobs(PROGRAMS, owner),
            self._inventory.blobs(UPLOADS, owner),
            containers,
            pointers,
        )

    async def _confirmed(self, found: Iterator[Finding]) -> list[Finding]:
        # Jobs move while they are looked at: only what is still so is told.
        kept = []
        for finding in found:
            stored = await self._records.get(finding.owner, finding.job.id) if finding.job else None
            if finding.job is None or (stored is not None and stored.job == finding.job):
                kept.append(finding)
        return kept

    async def _accounts(self, partition: Partition) -> list[Finding]:
        if not partition.whole:
            return []
        jobs = [record.job for record in partition.records.values()]
        found = []
        for month in findings.accounts_off(jobs, partition.accounts):
            both = await self._mender.balance(partition.owner, month)
            if both is not None and both[0] != both[1]:
                found.append(findings.account_finding(partition.owner, *both))
        return found

    def _strangers(
        self,
        owners: set[str],
        attempts: set[str],
        containers: Mapping[str, datetime],
        pointers: Mapping[str, str],
    ) -> Iterator[Finding]:
        """Tell of blobs and pointers of owners that have no rows, and of containers of no record."""
        holders = set(pointers.values())
        for container in (RESULTS, PROGRAMS, UPLOADS):
            holders |= self._inventory.owners_of_blobs(container)
        for owner in sorted(holders - owners):
            yield from findings.of_partition(Partition(owner), self._around(owner, {}, pointers))
        yield from findings.of_containers(
            attempts, Surroundings(self._moment, self._bounds.safety, containers=containers)
        )

    async def _queues(self, report: Report, unfinished: Sequence[Record]) -> None:
        queue, poison = self._inventory.waiting(), self._inventory.waiting(POISON)
        report.looked_at |= {"messages": queue.count, "poison messages": poison.count}
        report.looked_at |= {"deliveries": self._inventory.waiting(DELIVERIES).count}
        told = (findings.unshepherded(record, queue, self._moment) for record in unfinished)
        report.findings += await self._confirmed(finding for finding in told if finding is not None)
        report.findings += findings.of_queues(
            self._seen(queue), self._seen(poison), {record.job.id for record in unfinished}, self._moment
        )
        if poison.count > len(poison.visible):
            report.notes.append(f"{poison.count - len(poison.visible)} more poison messages are not in sight.")

    def _seen(self, queue: Waiting) -> Waiting:
        owner = self._bounds.owner
        return Waiting(queue.count, tuple(item for item in queue.visible if owner in (None, item.get("owner"))))
