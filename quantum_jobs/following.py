"""Follows a job at the workspace: its states become ours, its output becomes a result."""

import logging

from quantum_jobs.errors import ResultUnreadable
from quantum_jobs.histograms import read_results, result_document
from quantum_jobs.models import Job, JobState, ProviderJob, Stored, now, seconds_since, timestamp
from quantum_jobs.ports import JobBlobs, JobRecords, QuantumWorkspace

log = logging.getLogger(__name__)

_OUTPUT_GRACE_SECONDS = 600  # how long a finished job's output may be missing before it counts as unreadable
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

    def __init__(self, workspace: QuantumWorkspace, records: JobRecords, blobs: JobBlobs) -> None:
        self._workspace = workspace
        self._records = records
        self._blobs = blobs

    async def refreshed(self, stored: Stored) -> tuple[Stored, bool]:
        """Give the record as it is after a look at the workspace, and whether the workspace knows the job.

        Raises:
            ServiceUnavailable: the workspace or a store does not answer; the record is as it was.
        """
        seen = await self._workspace.get(stored.job.attempt.provider_job_id)
        if seen is None:
            return stored, False
        changed = await self._changed(stored.job, seen)
        return (await self.write(stored, changed) if changed is not None else stored), True

    async def write(self, stored: Stored, changed: Job) -> Stored:
        """Write a changed record; where somebody else was faster, what they wrote stands and is given.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        written = await self._records.update(changed, stored.etag)
        if written is not None:
            log.info("job moved", extra={"job_id": changed.id, "state": changed.state, "revision": changed.revision})
            return written
        return await self._records.get(changed.owner, changed.id) or stored

    async def _changed(self, job: Job, seen: ProviderJob) -> Job | None:
        state = _STATES.get(seen.status)
        if state == JobState.SUCCEEDED:
            return await self._captured(job, seen)
        if state == JobState.FAILED:
            return failed(job, "provider-error", seen.error_message or "The provider gave no reason.", seen)
        if state == JobState.CANCELLED and job.state != JobState.CANCELLING:
            # `cancelled` is said only when a person asked for it.
            return failed(job, "provider-error", "The job was cancelled at the provider.", seen)
        if state == job.state:
            return None
        if state is None or not job.state.may_become(state) or not _asked_for(job, state):
            log.warning("status not followed", extra={"job_id": job.id, "status": seen.status, "state": job.state})
            return None
        return _moved(job, state, seen)

    async def _captured(self, job: Job, seen: ProviderJob) -> Job | None:
        blob = (seen.output_uri or "outputData").partition("?")[0].rpartition("/")[2]
        raw = await self._blobs.get_output(job.attempt.provider_job_id, blob)
        if raw is None:
            late = seen.ended is not None and seconds_since(seen.ended, now()) > _OUTPUT_GRACE_SECONDS
            return failed(job, "result-unreadable", "The provider stored no result.", seen) if late else None
        try:
            document = result_document(job, read_results(raw, job.registers), raw, seen.ended)
        except ResultUnreadable as error:
            return failed(job, error.slug, error.detail, seen)
        # The result first: `succeeded` promises that it can be fetched.
        await self._blobs.put_result(job.owner, job.id, document)
        return _moved(job, JobState.SUCCEEDED, seen)


def failed(job: Job, slug: str, detail: str, seen: ProviderJob | None = None) -> Job:
    """Give the job as failed, with the reason in it and in its attempt."""
    error = {"type": slug, "detail": detail}
    if seen is not None and seen.error_code:
        error["providerCode"] = seen.error_code
    began, ended = (seen.began, seen.ended) if seen else (None, None)
    attempts = job.with_attempt(state=JobState.FAILED, started_at=began, ended_at=ended, error=error)
    return job.moved_to(JobState.FAILED, timestamp(now()), attempts=attempts, error=error)


def _asked_for(job: Job, state: JobState) -> bool:
    return state != JobState.CANCELLING or job.state == JobState.CANCELLING


def _moved(job: Job, state: JobState, seen: ProviderJob) -> Job:
    attempts = job.with_attempt(state=state, started_at=seen.began, ended_at=seen.ended)
    return job.moved_to(state, timestamp(now()), attempts=attempts)
