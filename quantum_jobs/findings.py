"""What can be wrong with what is stored, told from rows, names and ages alone: no input or output."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from quantum_jobs import waiting
from quantum_jobs.budgets import Account, month_of
from quantum_jobs.clock import parse_timestamp, timestamp
from quantum_jobs.inventory import Partition, Record, Waiting
from quantum_jobs.models import Job
from quantum_jobs.money import Money
from quantum_jobs.retention import expires_at
from quantum_jobs.webhooks import Delivery

GRACE = timedelta(minutes=10)  # for what the service is about to do by itself: five deliveries and a revival
UPLOAD_LIFE = timedelta(days=1)


class Kind(StrEnum):
    """What is wrong; the value is its name on the command line."""

    UNREADABLE = "row-unreadable"
    WITHOUT_SHEPHERD = "job-without-shepherd"
    POISON = "poison-message"
    QUEUE_NOT_READ = "queue-not-read"
    RESULT_MISSING = "result-missing"
    RESULT_OVERDUE = "result-overdue"
    UNSETTLED = "job-unsettled"
    ERASURE = "erasure-unfinished"
    ACCOUNT = "account-off"
    KEY_WITHOUT_RECORD = "key-without-record"
    RECORD_WITHOUT_KEY = "record-without-key"
    POINTER_MISSING = "pointer-missing"
    POINTER_WITHOUT_RECORD = "pointer-without-record"
    ORPHANED_CONTAINER = "orphaned-container"
    ORPHANED_RESULT = "orphaned-result"
    ORPHANED_PROGRAM = "orphaned-program"
    STALE_UPLOAD = "stale-upload"
    NOT_ANNOUNCED = "end-not-announced"
    UNDELIVERED = "event-undelivered"
    DELIVERY_STUCK = "delivery-stuck"
    DELIVERY_ORPHANED = "delivery-orphaned"


# What `--mend` does about each; None: a person has to.
REPAIRS: Mapping[Kind, str | None] = {
    Kind.UNREADABLE: None,
    Kind.WITHOUT_SHEPHERD: "enqueue a message with the job's present sequence",
    Kind.POISON: "enqueue its job's present sequence, if it is still followed, and remove the poison message",
    Kind.QUEUE_NOT_READ: None,
    Kind.RESULT_MISSING: "normalise the provider's stored output again",
    Kind.RESULT_OVERDUE: "erase result, provider's input and output",
    Kind.UNSETTLED: "enqueue a message: the provider is asked again, its result stored, its bill settled",
    Kind.ERASURE: "erase what is left of the deleted job",
    Kind.ACCOUNT: "write the sums of the records by compare-and-swap",
    Kind.KEY_WITHOUT_RECORD: "delete the row, so that the key can be used",
    Kind.RECORD_WITHOUT_KEY: "write the row without a program, so that the key stays used",
    Kind.POINTER_MISSING: "write the pointer",
    Kind.POINTER_WITHOUT_RECORD: "delete the pointer",
    Kind.ORPHANED_CONTAINER: "delete the container",
    Kind.ORPHANED_RESULT: "delete the blob",
    Kind.ORPHANED_PROGRAM: "delete the blob",
    Kind.STALE_UPLOAD: "delete the blob",
    Kind.NOT_ANNOUNCED: "enqueue a message for its shepherd, which queues the deliveries",
    Kind.UNDELIVERED: "send it again, for three days; only with --redeliver",
    Kind.DELIVERY_STUCK: "enqueue its next attempt",
    Kind.DELIVERY_ORPHANED: "delete the row",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: with what (`name`: a job, month, row, container or blob), whose, and why it is said."""

    kind: Kind
    name: str
    owner: str
    detail: str
    job: Job | None = field(default=None, compare=False)
    delivery: Delivery | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Surroundings:
    """What was listed beside an owner's rows: blobs by name, attempts' containers, pointers; and what time it is."""

    moment: datetime
    safety: timedelta
    """What is younger is left alone: somebody may be writing it just now."""
    retention: timedelta | None = None
    results: Mapping[str, datetime] = field(default_factory=dict)
    programs: Mapping[str, datetime] = field(default_factory=dict)
    uploads: Mapping[str, datetime] = field(default_factory=dict)
    containers: Mapping[str, datetime] = field(default_factory=dict)
    pointers: Mapping[str, str] = field(default_factory=dict)

    def old(self, changed: datetime, life: timedelta | None = None) -> bool:
        return self.moment - changed > (self.safety if life is None else life)


def of_partition(partition: Partition, around: Surroundings) -> Iterator[Finding]:
    """Tell what is wrong with an owner's jobs, but for queue and accounts."""
    for name in partition.unreadable:
        yield Finding(
            Kind.UNREADABLE, name, partition.owner, "the service cannot read it, and the doctor not judge more"
        )
    erased = {key.job_id: key.erased for key in partition.keys}
    for record in partition.records.values():
        yield from _of_record(record, erased.get(record.job.id), around)
    if partition.whole:  # keys sort behind records: of a partition that is cut they are not known
        for job in (record.job for record in partition.records.values() if record.job.id not in erased):
            reason = "a repeat of its Idempotency-Key would make a second job"
            yield Finding(Kind.RECORD_WITHOUT_KEY, job.id, job.owner, reason, job)
        yield from _orphans(partition, around)


def _of_record(record: Record, erased: bool | None, around: Surroundings) -> Iterator[Finding]:
    job = record.job

    def found(kind: Kind, detail: str) -> Finding:
        return Finding(kind, job.id, job.owner, detail, job)

    result = f"{job.id}.json" in around.results
    kept = result or any(attempt.provider_job_id in around.containers for attempt in job.attempts)
    left = kept or job.id in around.programs
    aged = around.old(record.written_at, GRACE)
    if aged and job.deleted_at and (left or erased is False):
        yield found(Kind.ERASURE, f"deleted at {job.deleted_at}, and something of it is left")
    if job.has_result and not (result or job.deleted_at or job.expired_at):
        yield found(Kind.RESULT_MISSING, f"succeeded at {job.completed_at}, and no result is stored")
    if kept and _overdue(job, around):
        yield found(Kind.RESULT_OVERDUE, f"ended at {job.history[-1].at}, and its result is still stored")
    if job.unsettled and _matters(job, around):
        held = f"{job.cost_estimate} stays held" if job.cost_estimate.micros else "it was estimated as free"
        yield found(Kind.UNSETTLED, f"{job.state} without the provider's last word; {job.unsettled} there last; {held}")
    if aged and around.pointers.get(job.id) != job.owner:
        yield found(Kind.POINTER_MISSING, "who may read all jobs does not find it")


def _matters(job: Job, around: Surroundings) -> bool:
    # As long as the shepherd asks, and as long as the hold takes from what may be spent.
    ended = parse_timestamp(job.history[-1].at)
    is_asked = not around.old(ended, timedelta(seconds=waiting.SETTLING_SECONDS))
    return around.old(ended) and (is_asked or month_of(job.created_at) == month_of(timestamp(around.moment)))


def _overdue(job: Job, around: Surroundings) -> bool:
    expires = expires_at(job, around.retention)
    return expires is not None and around.old(expires, GRACE)


def _orphans(partition: Partition, around: Surroundings) -> Iterator[Finding]:
    owner, records = partition.owner, partition.records
    for key in partition.keys:
        if key.job_id not in records and around.old(key.written_at):
            yield Finding(Kind.KEY_WITHOUT_RECORD, key.name, owner, f"made {key.job_id}, which has no record")
    for kind, blobs in ((Kind.ORPHANED_RESULT, around.results), (Kind.ORPHANED_PROGRAM, around.programs)):
        for name, changed in blobs.items():
            if name.removesuffix(".json") not in records and around.old(changed):
                yield Finding(kind, f"{owner}/{name}", owner, f"of {_day(changed)}, of a job without a record")
    for name, changed in around.uploads.items():
        if around.old(changed, max(UPLOAD_LIFE, around.safety)):
            yield Finding(Kind.STALE_UPLOAD, f"{owner}/{name}", owner, f"of {_day(changed)}")
    for job_id, holder in around.pointers.items():
        if holder == owner and job_id not in records:
            yield Finding(Kind.POINTER_WITHOUT_RECORD, job_id, owner, "it has no record")


def of_containers(known: Iterable[str], around: Surroundings) -> Iterator[Finding]:
    """Tell which attempts' containers belong to no record."""
    records = set(known)
    for name, changed in around.containers.items():
        if name not in records and around.old(changed):
            yield Finding(Kind.ORPHANED_CONTAINER, name, "", f"of {_day(changed)}, of an attempt in no record")


def unshepherded(record: Record, queue: Waiting, moment: datetime) -> Finding | None:
    """Tell whether no message can be on its way to an unfinished job.

    A message is hidden while it waits. So: an empty queue is proof; a message in sight belongs to its job; otherwise
    the record has to have been left alone for longer than the delay that its last change asked for, and `GRACE`. That
    is no proof while the workspace is away: messages then come back without a change. A second message does no harm.
    """
    job = record.job
    if job.state.done or any(message.get("job_id") == job.id for message in queue.visible):
        return None
    delay = waiting.shepherd_delay_seconds(job, record.written_at)
    late = moment - record.written_at > timedelta(seconds=delay) + GRACE
    if queue.count and not late:
        return None
    minutes = (moment - record.written_at).total_seconds() / 60
    reason = (
        f"was to be looked at after {delay} s, unless the workspace has been away since"
        if queue.count
        else "the queue holds no message"
    )
    detail = f"{job.state}, last written {minutes:.0f} min ago; {reason}"
    return Finding(Kind.WITHOUT_SHEPHERD, job.id, job.owner, detail, job)


def of_queues(queue: Waiting, poison: Waiting, unfinished: AbstractSet[str], moment: datetime) -> Iterator[Finding]:
    """Tell what the queues' heads say: nobody reads them, or messages could not be handled.

    Messages about unfinished jobs hide for five minutes at most; those that end a result's time hide for days.
    """
    longest = timedelta(seconds=300) + GRACE
    mine = [item for item in queue.visible if item.get("job_id") in unfinished]
    late = [item for item in mine if moment - parse_timestamp(item["sent_at"]) > longest]
    if late:
        detail = f"{queue.count} messages, one visible since {late[0]['sent_at']}: is advance_job running?"
        yield Finding(Kind.QUEUE_NOT_READ, "shepherd", "", detail)
    for message in poison.visible:
        job_id, at = message.get("job_id", "(no shepherd's message)"), message.get("sent_at", "an unknown moment")
        yield Finding(Kind.POISON, str(job_id), str(message.get("owner", "")), f"sent at {at}, failed five times")


def due_accounts(jobs: Iterable[Job]) -> dict[str, Account]:
    """Give what the accounts of one owner have to be, by month, from all its records."""
    sums: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for job in jobs:
        used, held = sums.setdefault(month_of(job.created_at), ({}, {}))
        is_settled = job.state.done and not job.unsettled
        cost = job.cost_actual if is_settled and job.cost_actual else job.cost_estimate
        side = used if is_settled else held
        side[job.target] = side.get(job.target, 0) + cost.micros
    return {month: Account(month, _sums(used), _sums(held)) for month, (used, held) in sums.items()}


def accounts_off(jobs: Iterable[Job], accounts: Mapping[str, Account]) -> list[str]:
    """Give the months whose account is not what the records add up to."""
    due = due_accounts(jobs)
    months = sorted(due.keys() | accounts.keys())
    return [month for month in months if accounts.get(month, Account(month)) != due.get(month, Account(month))]


def account_finding(owner: str, written: Account, due: Account) -> Finding:
    """Tell of an account that its owner's records do not add up to."""
    amounts = [f"{Money(amount)}" for account in (written, due) for amount in account.sums(None)]
    detail = f"used {amounts[0]} and held {amounts[1]}; the records add up to {amounts[2]} and {amounts[3]}"
    return Finding(Kind.ACCOUNT, written.month, owner, detail)


def _sums(amounts: Mapping[str, int]) -> Mapping[str, int]:
    return {target: amount for target, amount in amounts.items() if amount}


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def document(finding: Finding) -> dict[str, Any]:
    """Write a finding for `--json`."""
    return {
        "kind": finding.kind.value,
        "name": finding.name,
        "owner": finding.owner or None,
        "detail": finding.detail,
        "repair": REPAIRS[finding.kind],
    }
