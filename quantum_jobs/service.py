"""The operations of the API, for whatever composes them: the Functions app, or a process of its own."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from quantum_jobs import telemetry, waiting
from quantum_jobs.announcing import Announcer
from quantum_jobs.budgets import Account, Allowance, month_of
from quantum_jobs.changing import JobChange, JobChanger
from quantum_jobs.clock import now, timestamp
from quantum_jobs.dispatching import Dispatcher, Translation
from quantum_jobs.errors import (
    InternalError,
    JobCancelled,
    JobFailed,
    JobNotFound,
    QuantumJobsError,
    ResultExpired,
    ResultNotReady,
    ResultUnreadable,
    ServiceUnavailable,
    TargetNotFound,
)
from quantum_jobs.estimating import Estimates, Estimator
from quantum_jobs.following import JobFollower, output_blob
from quantum_jobs.job_ids import is_job_id
from quantum_jobs.models import JOBS_ADMIN, JOBS_READ_ALL, Caller, Job, JobQuery, JobState, ProviderJob, Stored, Target
from quantum_jobs.offers import Offers
from quantum_jobs.ports import JobBlobs, JobRecords, QuantumWorkspace, ShepherdQueue
from quantum_jobs.settling import Settler
from quantum_jobs.shepherd import Shepherd
from quantum_jobs.submissions import EstimateRequest, JobRequest, Submission, Upload
from quantum_jobs.submitting import Submitter, Terms
from quantum_jobs.uploading import Uploads
from quantum_jobs.waits import Waits

log = logging.getLogger(__name__)

_DONE_FRESH_SECONDS = 1.0  # eager pollers of a job that cannot change any more cost one read a second
_READY_FRESH_SECONDS = 5.0
_HISTORY_SECONDS = 1.0  # longer nobody waits for what adorns the list of targets
_REMEMBERED_JOBS = 200  # what is remembered is of use for a second
_READERS = frozenset({JOBS_READ_ALL, JOBS_ADMIN})
_CHANGERS = frozenset({JOBS_ADMIN})


class JobService:
    """One method per operation; gets all it needs, builds nothing outside."""

    def __init__(
        self,
        workspace: QuantumWorkspace,
        records: JobRecords,
        blobs: JobBlobs,
        queue: ShepherdQueue,
        terms: Terms | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._workspace = workspace
        self._records = records
        self._blobs = blobs
        self._queue = queue
        self._waits = Waits(records)
        self._follower = JobFollower(workspace, records, blobs, self._waits)
        dispatcher = Dispatcher(workspace, blobs)
        self._ready_at = -1e9
        self._asked: dict[str, float] = {}
        self._done: dict[tuple[str, str], tuple[Job, float]] = {}
        self.terms = terms or Terms()
        settler = Settler(workspace, self._follower)
        self.shepherd = Shepherd(
            records, queue, blobs, self._follower, settler, dispatcher, self._waits, self.terms.retention, announcer
        )
        self._offers = Offers(workspace, self._waits)
        self._submitter = Submitter(self._offers, records, blobs, queue, self._follower, dispatcher, self.terms)
        self._changer = JobChanger(records, queue, self._follower, self.shepherd)
        self._uploads = Uploads(records, blobs)
        self._estimator = Estimator(self._offers, records, blobs, self.terms, self._waits)

    async def submit(
        self, caller: Caller, request: JobRequest, translation: Translation | None = None
    ) -> tuple[Job, bool]:
        """Check a program, make its job durable and hand it to the workspace; tells whether it is a replay.

        Who has translated the program already gives the translation.

        Raises:
            RequestRefused, WrongState: nothing was written and nothing costs.
            ServiceUnavailable: a part does not answer; the same request with the same key is safe.
        """
        return await self._submitter.submit(caller, request, translation)

    async def page(self, caller: Caller, query: JobQuery) -> tuple[Sequence[Job], str | None]:
        """Give a page of the caller's jobs as last known, newest first, and the id at which the next page begins.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        return await self._records.page(caller.owner, query)

    async def cancel(self, caller: Caller, job_id: str, tag: str | None) -> Job:
        """Ask for the end of a job.

        Raises:
            JobNotFound, JobAlreadyDone, PreconditionFailed: nothing was changed.
            ServiceUnavailable: a part does not answer; asking again is safe.
        """
        return await self._changer.cancel(await self._stored(caller, job_id, _CHANGERS), caller.label, tag)

    async def patch(self, caller: Caller, job_id: str, change: JobChange, tag: str | None) -> Job:
        """Rename or tag a job.

        Raises:
            JobNotFound, PreconditionFailed: nothing was changed.
            ServiceUnavailable: the records do not answer.
        """
        self._done.pop((caller.owner, job_id), None)
        return await self._changer.patch(await self._stored(caller, job_id, _CHANGERS), change, tag)

    async def delete(self, caller: Caller, job_id: str, tag: str | None) -> None:
        """Erase a job's program and results; of an absent job there is nothing to erase.

        Raises:
            JobNotDone, PreconditionFailed: nothing was changed.
            ServiceUnavailable: something may be left, which is erased later; deleting again is safe.
        """
        self._done.pop((caller.owner, job_id), None)
        stored = await self._found(caller, job_id, _CHANGERS)
        if stored is not None:
            await self._changer.delete(stored, tag)

    async def _stored(self, caller: Caller, job_id: str, roles: frozenset[str]) -> Stored:
        stored = await self._found(caller, job_id, roles)
        if stored is None or stored.job.deleted_at:
            raise JobNotFound
        return stored

    async def _found(self, caller: Caller, job_id: str, roles: frozenset[str]) -> Stored | None:
        """Give a job of the caller's, or of anybody's to one who holds one of the roles."""
        if not is_job_id(job_id):
            return None
        stored = await self._records.get(caller.owner, job_id)
        if stored is None and caller.roles & roles:
            owner = await self._records.owner_of(job_id)
            stored = await self._records.get(owner, job_id) if owner else None
        if stored is not None:
            telemetry.about(job_id, stored.job.target, stored.job.provider)
        return stored

    async def get(self, caller: Caller, job_id: str) -> Job:
        """Give a job as it is now; asks the workspace when the record may be behind.

        Raises:
            JobNotFound: no such job, or another's.
            ServiceUnavailable: the records do not answer.
        """
        job, read_at = self._done.get((caller.owner, job_id), (None, -1e9))
        if job is not None and time.monotonic() - read_at < _DONE_FRESH_SECONDS:
            telemetry.about(job_id, job.target, job.provider)
            return job
        job = await self._read(caller, job_id)
        if job.state.done:
            _remember(self._done, (caller.owner, job_id), (job, time.monotonic()))
        return job

    async def look(self, caller: Caller, job_id: str, known: Stored | None = None) -> Stored:
        """Give a job as the workspace sees it this moment, however lately it was asked: for who watches a few jobs.

        `known` is what the last look gave and saves reading the record, but between attempts: those the shepherd makes.

        Raises:
            JobNotFound: no such job, or another's.
            ServiceUnavailable: the records or the workspace do not answer.
        """
        stored = known
        if stored is None or stored.job.next_attempt_at:
            stored = await self._stored(caller, job_id, _READERS)
        return stored if stored.job.state.done else (await self._follower.refreshed(stored))[0]

    async def _read(self, caller: Caller, job_id: str) -> Job:
        stored = await self._stored(caller, job_id, _READERS)
        if not self._worth_asking(stored.job):
            return stored.job
        try:
            stored, _ = await self._follower.refreshed(stored)
        except ServiceUnavailable:
            # What is known is still true; a caller's poll does not fail because the workspace does.
            log.warning("refresh failed", extra={"job_id": job_id}, exc_info=True)
        return stored.job

    def _worth_asking(self, job: Job) -> bool:
        moment = time.monotonic()
        if job.state.done or moment - self._asked.get(job.id, -1e9) < waiting.freshness_seconds(job):
            return False
        _remember(self._asked, job.id, moment)
        return True

    async def result(self, caller: Caller, job_id: str, known_etag: str | None) -> tuple[bytes | None, str]:
        """Give a job's normalised result and its ETag; no bytes when the caller's copy is current.

        Raises:
            JobNotFound, ResultNotReady, JobFailed, JobCancelled: why there is none.
            ServiceUnavailable: a store does not answer.
        """
        # The result's place is made of owner and id: another's is simply not there, and one read is enough.
        found = await self._blobs.get_result(caller.owner, job_id, known_etag)
        if found is not None:
            telemetry.about(job_id)
        else:
            job = await self._read(caller, job_id)  # as it is now, not as it was a second ago
            if job.has_result:
                found = await self._blobs.get_result(job.owner, job_id, known_etag)
            if found is None:
                raise _no_result(job)
        return found

    async def raw_result_link(self, caller: Caller, job_id: str) -> str:
        """Give an address from which the provider's own result can be read for five minutes.

        Raises:
            JobNotFound, ResultNotReady, JobFailed, JobCancelled, ResultExpired: why there is none.
            ServiceUnavailable: a part does not answer.
        """
        job = await self.get(caller, job_id)
        if job.reused_from:
            job = await self._origin(job)
        if job.expired_at or not (job.has_result or (job.error or {}).get("type") == ResultUnreadable.slug):
            raise _no_result(job)
        seen = await self._workspace.get(job.attempt.provider_job_id)
        blob = output_blob(seen or ProviderJob(job.attempt.provider_job_id, ""))
        return await self._blobs.output_link(job.attempt.provider_job_id, blob)

    async def _origin(self, job: Job) -> Job:
        stored = await self._records.get(job.owner, job.reused_from or "")
        if stored is None or stored.job.deleted_at:
            gone = "The job whose result was reused has been deleted, with what the provider said."
            raise ResultExpired(stored.job.deleted_at if stored else None, gone)
        if stored.job.expired_at:
            gone = "What the provider said about the job whose result was reused is no longer kept."
            raise ResultExpired(stored.job.expired_at, gone)
        return stored.job

    async def program(self, caller: Caller, job_id: str) -> tuple[Job, Submission | str]:
        """Give a job and what was submitted for it; for an uploaded program an address, good for five minutes.

        Raises:
            JobNotFound: no such job, or another's.
            ServiceUnavailable: a store does not answer.
        """
        job = (await self._stored(caller, job_id, _READERS)).job
        if job.upload_id:
            return job, await self._blobs.program_link(job.owner, job.id)
        submission = await self._records.submission(job)
        if submission is None:
            raise JobNotFound
        return job, submission

    async def upload(self, caller: Caller, program_format: str, size: int, sha256: str) -> tuple[Upload, str]:
        """Announce a program too large for a request; gives where to PUT it.

        Raises:
            PayloadTooLarge: more than the service reads.
            ServiceUnavailable: a store does not answer.
        """
        return await self._uploads.announce(caller, program_format, size, sha256)

    async def estimate(self, caller: Caller, request: EstimateRequest) -> Estimates:
        """Price and time a program on the targets.

        Raises:
            RequestRefused, UploadIncomplete: the program itself is wrong, or a target is unknown.
            ServiceUnavailable: a part does not answer.
        """
        return await self._estimator.estimate(caller, request)

    async def usage(self, caller: Caller) -> tuple[Account, Allowance]:
        """Give what the caller has used and holds this month, and what is allowed.

        Raises:
            ServiceUnavailable: the records do not answer.
        """
        account, own = await self._records.account(caller.owner, month_of(timestamp(now())))
        return account, self.terms.allowance.overridden(own)

    async def targets(self) -> Sequence[Target]:
        """Give the targets on offer.

        Raises:
            ServiceUnavailable: the workspace does not answer.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HISTORY_SECONDS):
                await self._waits.fresh()
        return await self._offers.listed()

    async def target(self, target_id: str) -> Target:
        """Give one target.

        Raises:
            TargetNotFound: there is none of this name.
            ServiceUnavailable: the workspace does not answer.
        """
        for target in await self.targets():
            if target.id == target_id:
                return target
        raise TargetNotFound(f"{target_id!r} is not a target; GET /targets lists them.")

    async def ready(self) -> None:
        """Ask our own parts: records, queue, vault; at most once in five seconds.

        Not the workspace: when it is down its targets are unavailable, and the service is not.

        Raises:
            ServiceUnavailable: names the part.
        """
        if time.monotonic() - self._ready_at > _READY_FRESH_SECONDS:
            await asyncio.gather(self._records.check(), self._queue.check(), self._workspace.located())
            self._ready_at = time.monotonic()


def _remember[K, V](memory: dict[K, V], key: K, value: V) -> None:
    memory.pop(key, None)
    if len(memory) >= _REMEMBERED_JOBS:
        del memory[next(iter(memory))]  # the oldest
    memory[key] = value


def _no_result(job: Job) -> QuantumJobsError:
    if job.has_result:
        return ResultExpired(job.expired_at) if job.expired_at else InternalError()
    if job.state == JobState.FAILED:
        return JobFailed(job.error or {})
    if job.state == JobState.CANCELLED:
        asked = job.cancellation
        return JobCancelled(asked.by if asked else None, asked.at if asked else None)
    return ResultNotReady(job.state, max(waiting.retry_after_seconds(job, now()), 1))
