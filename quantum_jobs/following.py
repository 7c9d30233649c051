"""Follows a job at the workspace: its states become ours, its output becomes a result, its bill is settled."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from quantum_jobs import measuring, retries
from quantum_jobs.budgets import month_of
from quantum_jobs.clock import now, seconds_since, timestamp
from quantum_jobs.errors import AccountMoved, ResultUnreadable, ServiceUnavailable
from quantum_jobs.histograms import read_results, result_document
from quantum_jobs.models import Attempt, Cancellation, Job, JobState, ProviderJob, Stored
from quantum_jobs.money import Money
from quantum_jobs.ports import JobBlobs, JobRecords, QuantumWorkspace
from quantum_jobs.waiting import DISPATCH_DUE_SECONDS, LOST_SECONDS
from quantum_jobs.waits import Waits

log = logging.getLogger(__name__)

_OUTPUT_GRACE_SECONDS = 600  # how long a finished job's output may be missing before it counts as unreadable
_ACCOUNT_TRIES = 20
_STATES = {
    "Queued": JobState.QUEUED,
    "Waiting": JobState.QUEUED,
    "Executing": JobState.RUNNING,
    "Finishing": JobState.RUNNING,
    "Succeeded": JobState.SUCCEEDED,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Cancelled": JobState.CANCELLED,
    "CancellationRequested": JobState.CANCELLING,
    "Cancelling": JobState.CANCELLING,
}


class JobFollower:
    """Brings a record up to date with the workspace; safe to run twice at once for the same job."""

    def __init__(self, workspace: QuantumWorkspace, records: JobRecords, blobs: JobBlobs, waits: Waits) -> None:
        self._workspace = workspace
        self._records = records
        self._blobs = blobs
        self._waits = waits

    async def refreshed(self, stored: Stored) -> tuple[Stored, bool]:
        """Give the record as it is after a look at the workspace, and whether the workspace knows the attempt.

        Raises:
            ServiceUnavailable: the workspace or a store does not answer; the record is as it was.
        """
        job = stored.job
        if job.next_attempt_at:
            return stored, True  # between two attempts there is nothing to look at
        seen = await self._workspace.get(job.attempt.provider_job_id)
        if seen is None:
            changed = _unknown(job, now())
            return (await self.write(stored, changed) if changed != job else stored), False
        if job.state == JobState.CANCELLING and state_of(seen) in (JobState.QUEUED, JobState.RUNNING):
            # Asked for before the attempt arrived there, or lost on the way; asking twice does no harm.
            await self._workspace.cancel(job.attempt.provider_job_id)
        found = replace(job, missing_since=None)
        changed = await self._changed(found, seen) or found
        return (await self.write(stored, changed) if changed != job else stored), True

    async def write(self, stored: Stored, changed: Job) -> Stored:
        """Write a changed record; where somebody else was faster, what they wrote stands and is given.

        With the change that settles a job that costs, so is its account, in the same transaction.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        if _is_settled(changed) and not _is_settled(stored.job) and _costs(changed):
            written = await self._settled(stored, changed)
        else:
            written = await self._records.update(changed, stored.etag)
        if written is not None:
            self._waits.saw(stored.job, written.job)
            measuring.moved(stored.job, written.job)
            log.info("job moved", extra={"job_id": changed.id, "state": changed.state, "revision": changed.revision})
            return written
        return await self._records.get(changed.owner, changed.id) or stored

    async def _settled(self, stored: Stored, changed: Job) -> Stored | None:
        cost = changed.cost_actual.micros if changed.cost_actual else changed.cost_estimate.micros
        for _ in range(_ACCOUNT_TRIES):
            account, _ = await self._records.account(changed.owner, month_of(changed.created_at))
            try:
                return await self._records.update(changed, stored.etag, account.settle(changed, cost))
            except AccountMoved:
                current = await self._records.get(changed.owner, changed.id)
                if current is None or current.etag != stored.etag:
                    return None
        raise ServiceUnavailable("The account")

    async def _changed(self, job: Job, seen: ProviderJob) -> Job | None:
        state = state_of(seen)
        if state == JobState.SUCCEEDED:
            return await self._captured(job, seen)
        if state == JobState.FAILED:
            return _after_failure(job, seen)
        if state == JobState.CANCELLED:
            return ended(job, seen)
        if state == job.state:
            return None
        if job.state == JobState.CANCELLING and state in (JobState.QUEUED, JobState.RUNNING):
            return _seen(job, state, seen)
        if state is None or not job.state.may_become(state) or not _asked(state):
            log.warning("status not followed", extra={"job_id": job.id, "status": seen.status, "state": job.state})
            return None
        return _moved(job, state, seen)

    async def _captured(self, job: Job, seen: ProviderJob) -> Job | None:
        try:
            is_stored = await self.capture(job, seen)
        except ResultUnreadable as error:
            return failed(job, error.slug, error.detail, seen)
        # The result first: `succeeded` promises that it can be fetched.
        return _moved(job, JobState.SUCCEEDED, seen, completed_at=ended_at(seen)) if is_stored else None

    async def capture(self, job: Job, seen: ProviderJob) -> bool:
        """Store the result of a run that has succeeded; tell whether its output was there already.

        Raises:
            ResultUnreadable: the output has no known shape, or does not come.
            ServiceUnavailable: a store does not answer.
        """
        raw = await self._blobs.get_output(job.attempt.provider_job_id, output_blob(seen))
        if raw is None:
            if seen.ended is not None and seconds_since(seen.ended, now()) > _OUTPUT_GRACE_SECONDS:
                raise ResultUnreadable("The provider stored no result.")
            return False
        submission = await self._records.submission(job) if job.parameters else None
        sets = submission.parameter_sets if submission else ()
        histograms = read_results(raw, job.registers, job.items)
        await self._blobs.put_result(job.owner, job.id, result_document(job, histograms, sets, raw, seen.ended))
        return True


def state_of(seen: ProviderJob) -> JobState | None:
    """What the workspace's word means; None for a word that is not known."""
    return _STATES.get(seen.status)


def ended_at(seen: ProviderJob) -> str:
    """When a run ended, by the provider's word if there is one."""
    return seen.ended or timestamp(now())


def output_blob(seen: ProviderJob) -> str:
    """The name of the blob that holds the provider's output, in the attempt's container."""
    return (seen.output_uri or "outputData").partition("?")[0].rpartition("/")[2]


def failed(job: Job, slug: str, detail: str, seen: ProviderJob | None = None) -> Job:
    """Give the job as failed, with the reason in it and in its attempt."""
    return _over(job, JobState.FAILED, seen, _error(slug, detail, seen))


def ended(job: Job, seen: ProviderJob | None = None) -> Job:
    """Give the job as cancelled where a person asked for it, else as failed with the reason."""
    if job.cancellation is None:
        return failed(job, "provider-error", "The job was cancelled at the provider.", seen)
    if job.cancellation.by is None:
        return failed(job, "deadline-exceeded", f"The job had not started by {job.limits.start_by}.", seen)
    return _over(job, JobState.CANCELLED, seen, None)


def _over(job: Job, state: JobState, seen: ProviderJob | None, error: Mapping[str, object] | None) -> Job:
    attempts = _ended_attempts(job, state, seen, error)
    changes: dict[str, Any] = {"attempts": attempts, "error": error, "next_attempt_at": None}
    # Between attempts nothing runs; else only the provider knows whether something does, and what it costs.
    unsettled = None if seen is not None or job.attempt.state.done else job.attempt.state
    return billed(job.moved_to(state, timestamp(now()), unsettled=unsettled, **changes), seen)


def _unknown(job: Job, moment: datetime) -> Job:
    """Give the job of which the workspace does not know the attempt.

    An attempt that was never seen there will not come any more once nobody can still send it. One that was seen is not
    sent again: it may have run.
    """
    if job.attempt.state == JobState.ACCEPTED:
        due = job.state == JobState.CANCELLING and seconds_since(job.history[-1].at, moment) > DISPATCH_DUE_SECONDS
        return ended(job) if due else job
    if job.missing_since is None:
        log.error("the workspace does not know a job that it had", extra={"job_id": job.id, "state": job.state})
        return replace(job, missing_since=timestamp(moment))
    if seconds_since(job.missing_since, moment) <= LOST_SECONDS:
        return job
    if job.state == JobState.CANCELLING:
        return ended(job)
    return failed(job, "provider-error", f"The workspace no longer knows the job; it was {job.attempt.state} there.")


def cancelling(job: Job, by: str | None) -> Job:
    """Give the job on its way to its end, as a caller (`by`) or its own deadline (None) wants."""
    at = timestamp(now())
    return job.moved_to(JobState.CANCELLING, at, cancellation=Cancellation(at, by), next_attempt_at=None)


def _after_failure(job: Job, seen: ProviderJob) -> Job:
    detail = seen.error_message or "The provider gave no reason."
    if job.state == JobState.CANCELLING or not retries.is_transient(seen.error_code, job.simulator):
        return failed(job, "provider-error", detail, seen)
    error = _error("provider-error", detail, seen) | {"transient": True}
    tried = replace(job, attempts=_ended_attempts(job, JobState.FAILED, seen, error))
    at = retries.next_attempt_at(tried, now())
    if at is None:
        return failed(job, "attempts-exhausted", f"Gave up after {len(job.attempts)} attempts: {detail}", seen)
    if job.state == JobState.RETRYING:
        # This attempt has failed too before anybody saw it run.
        return replace(tried, next_attempt_at=at, revision=job.revision + 1)
    return tried.moved_to(JobState.RETRYING, timestamp(now()), next_attempt_at=at)


def _error(slug: str, detail: str, seen: ProviderJob | None) -> dict[str, object]:
    code = {"providerCode": seen.error_code} if seen is not None and seen.error_code else {}
    return {"type": slug, "detail": detail, **code}


def _asked(state: JobState) -> bool:
    # `cancelling` is ours to say: what the provider does by itself shows when it has ended.
    return state != JobState.CANCELLING


def _ended_attempts(
    job: Job, state: JobState, seen: ProviderJob | None, error: Mapping[str, object] | None
) -> tuple[Attempt, ...]:
    if not job.attempts:
        return ()
    began, at, cost = (seen.began, seen.ended, seen.cost) if seen else (None, None, None)
    return job.with_attempt(state=state, started_at=began, ended_at=at, error=error, cost=cost)


def _moved(job: Job, state: JobState, seen: ProviderJob, **changes: Any) -> Job:
    attempts = job.with_attempt(state=state, started_at=seen.began, ended_at=seen.ended, cost=seen.cost)
    moved = job.moved_to(state, timestamp(now()), attempts=attempts, **changes)
    return billed(moved, seen) if state.done else moved


def _seen(job: Job, state: JobState, seen: ProviderJob) -> Job:
    # A job that is being cancelled does not go back; that its attempt has arrived is remembered.
    if job.attempt.state == state:
        return job
    return replace(job, attempts=job.with_attempt(state=state, started_at=seen.began), revision=job.revision + 1)


def _is_settled(job: Job) -> bool:
    return job.state.done and job.unsettled is None


def _costs(job: Job) -> bool:
    # A target on no card is estimated as free; what its provider bills is used all the same.
    return bool(job.cost_estimate.micros or (job.cost_actual and job.cost_actual.micros))


def billed(job: Job, seen: ProviderJob | None) -> Job:
    """Give an ended job with its cost: what was billed; nothing where an attempt failed without a bill.

    A run that succeeded without a bill, or has one in another currency, has none yet: its account is settled by the
    estimate. Before the provider's last word there is none.
    """
    bills = [attempt.cost for attempt in job.attempts if attempt.cost]
    currency = job.cost_estimate.currency
    succeeded = seen is not None and state_of(seen) == JobState.SUCCEEDED
    if job.unsettled or any(bill.currency != currency for bill in bills) or (not bills and succeeded):
        return job
    return replace(job, cost_actual=Money(sum(bill.micros for bill in bills), currency))
