"""What can be wrong with an owner's webhooks and the deliveries to them, told from rows and ages alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from quantum_jobs.clock import parse_timestamp
from quantum_jobs.findings import GRACE, Finding, Kind, Surroundings
from quantum_jobs.inventory import Partition, Record
from quantum_jobs.webhooks import Delivery, Trouble, Webhook, event_of


def of_webhooks(partition: Partition, around: Surroundings) -> Iterator[Finding]:
    """Tell which events are not delivered and not on their way, and which ends of jobs were never queued."""
    for trouble in partition.troubles:
        found = _of_trouble(trouble, partition, around)
        if found is not None:
            yield found
    for record in partition.records.values():
        if _unannounced(record, partition, around):
            job = record.job
            reason = f"{job.state} at {job.history[-1].at}, and its webhooks were not told"
            yield Finding(Kind.NOT_ANNOUNCED, job.id, job.owner, reason, job)


def _of_trouble(trouble: Trouble, partition: Partition, around: Surroundings) -> Finding | None:
    delivery = trouble.delivery
    name = f"{delivery.webhook_id}:{delivery.event_id}"

    def found(kind: Kind, detail: str) -> Finding:
        return Finding(kind, name, partition.owner, detail, delivery=delivery)

    if delivery.webhook_id not in partition.webhooks:
        return found(Kind.DELIVERY_ORPHANED, "of a webhook that is gone") if partition.whole else None
    if trouble.next_at is None:
        attempts = f"after {delivery.attempt} attempts, the last at {trouble.at}"
        return found(Kind.UNDELIVERED, f"{delivery.event} {attempts}: {trouble.reason}")
    if around.old(parse_timestamp(trouble.next_at), GRACE):
        reason = f"was to be tried again at {trouble.next_at}: is deliver_event running?"
        return found(Kind.DELIVERY_STUCK, reason)
    return None


def _unannounced(record: Record, partition: Partition, around: Surroundings) -> bool:
    job = record.job
    if not job.state.done or job.announced_at or not around.old(record.written_at, GRACE):
        return False
    event, ended_at = event_of(job.state), job.history[-1].at
    return any(webhook.wants(event, ended_at) for webhook in partition.webhooks.values())


def keys_in_use(webhooks: Iterable[Webhook], moment: datetime) -> Counter[str]:
    """Count the webhooks that need each of the service's keys: it may leave the vault where none does."""
    return Counter(
        key_id
        for webhook in webhooks
        for key_id in {version.key_id for version in webhook.secrets if version.lives(moment)}
    )


def again(delivery: Delivery, queued_at: str) -> Delivery:
    """Give an undelivered event as one that has not been tried yet."""
    return Delivery(delivery.owner, delivery.webhook_id, delivery.job_id, delivery.event, delivery.revision, queued_at)
