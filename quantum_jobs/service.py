"""The operations of the API: submit, status, result, targets.

What is written in which order is what keeps a paid job from being lost or doubled: the shepherd's message first, then
the record with its program, then the PUT under an id that is the same for the same attempt. A process may die after any
of these: the message comes back and carries on. Nothing is written before program and request have been checked.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from quantum_jobs import targets, waiting
from quantum_jobs.dispatching import Dispatcher, translated
from quantum_jobs.errors import (
    IdempotencyKeyReused,
    JobCancelled,
    JobFailed,
    JobNotFound,
    ProviderRefused,
    QuantumJobsError,
    ResultNotReady,
    ServiceUnavailable,
    TargetNotFound,
)
from quantum_jobs.following import JobFollower, failed
from quantum_jobs.models import (
    Attempt,
    Caller,
    HistoryEntry,
    Job,
    JobRequest,
    JobState,
    Register,
    ShepherdMessage,
    Target,
    hash_of_key,
    new_job_id,
    now,
    provider_job_id,
    timestamp,
)
from quantum_jobs.ports import JobBlobs, JobRecords, QuantumWorkspace, ShepherdQueue
from quantum_jobs.programs import Program, profile, resources
from quantum_jobs.shepherd import Shepherd

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5  # the shepherd's first look; the request itself normally dispatches the job at once
_DISPATCH_SECONDS = 8  # longer than this the caller does not wait for the workspace: the shepherd carries on
_DONE_FRESH_SECONDS = 1.0  # eager pollers of a job that cannot change any more cost one read a second
_READY_FRESH_SECONDS = 5.0
_REMEMBERED_JOBS = 10_000


class JobService:
    """One method per operation; gets all it needs, builds nothing."""

    def __init__(self, workspace: QuantumWorkspace, records: JobRecords, blobs: JobBlobs, queue: ShepherdQueue) -> None:
        self._workspace = workspace
        self._records = records
        self._blobs = blobs
        self._queue = queue
        self._follower = JobFollower(workspace, records, blobs)
        self._dispatcher = Dispatcher(workspace, blobs)
        self._ready_at = -1e9
        self._asked: dict[str, float] = {}
        self._done: dict[tuple[str, str], tuple[Job, float]] = {}
        self.shepherd = Shepherd(records, queue, self._follower, self._dispatcher)

    async def submit(self, caller: Caller, request: JobRequest) -> tuple[Job, bool]:
        """Check a program, make its job durable and hand it to the workspace; tells whether it is a replay.

        Raises:
            RequestRefused: nothing was written and nothing costs.
            ServiceUnavailable: a part does not answer; the same request with the same key is safe.
        """
        known = await self._workspace.targets()
        target = targets.find(request.target, known)
        program, qir = await translated(request.program)
        targets.check_fit(target, request.shots, resources(program), profile(program), known)
        job = _new_job(caller, request, target, program)
        # Beside the writing of message and record, so that the way to the 202 is three calls long, not five.
        prepared = asyncio.create_task(self._dispatcher.prepare(job, qir))
        prepared.add_done_callback(lambda task: task.cancelled() or task.exception())  # it may fail after we have
        await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)
        kept = await self._records.insert(job, request.program)
        if kept.id == job.id:
            return await self._dispatch_in_time(job, prepared), False
        await asyncio.wait([prepared])
        await self._dispatcher.withdraw(job)
        if kept.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused(kept.id, kept.created_at)
        return kept, True

    async def _dispatch_in_time(self, job: Job, prepared: asyncio.Task[None]) -> Job:
        try:
            async with asyncio.timeout(_DISPATCH_SECONDS):
                await prepared
                await self._dispatcher.put(job)
        except ProviderRefused as error:
            return await self._refused(job, error)
        except (ServiceUnavailable, TimeoutError):
            # The job is durable: this is still a 202, the shepherd repeats the PUT under the same id.
            log.warning("dispatch left to the shepherd", extra={"job_id": job.id}, exc_info=True)
        return job

    async def _refused(self, job: Job, error: QuantumJobsError) -> Job:
        stored = await self._records.get(job.owner, job.id)
        if stored is None or stored.job.state.done:
            return stored.job if stored else job
        return (await self._follower.write(stored, failed(stored.job, error.slug, error.detail))).job

    async def get(self, caller: Caller, job_id: str) -> Job:
        """Give a job as it is now; asks the workspace when the record may be behind.

        Raises:
            JobNotFound: no such job, or another's.
            ServiceUnavailable: the records do not answer.
        """
        job, read_at = self._done.get((caller.owner, job_id), (None, -1e9))
        if job is not None and time.monotonic() - read_at < _DONE_FRESH_SECONDS:
            return job
        job = await self._read(caller, job_id)
        if job.state.done:
            _remember(self._done, (caller.owner, job_id), (job, time.monotonic()))
        return job

    async def _read(self, caller: Caller, job_id: str) -> Job:
        stored = await self._records.get(caller.owner, job_id)
        if stored is None:
            raise JobNotFound
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
        if found is None:
            job = await self.get(caller, job_id)
            if job.state == JobState.SUCCEEDED:
                found = await self._blobs.get_result(caller.owner, job_id, known_etag)
            if found is None:
                raise _no_result(job)
        return found

    async def targets(self) -> Sequence[Target]:
        """Give the targets on offer.

        Raises:
            ServiceUnavailable: the workspace does not answer.
        """
        return await self._workspace.targets()

    async def target(self, target_id: str) -> Target:
        """Give one target.

        Raises:
            TargetNotFound: there is none of this name.
            ServiceUnavailable: the workspace does not answer.
        """
        for target in await self._workspace.targets():
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
    if len(memory) >= _REMEMBERED_JOBS:
        memory.clear()
    memory[key] = value


def _new_job(caller: Caller, request: JobRequest, target: Target, program: Program) -> Job:
    moment = now()
    at = timestamp(moment)
    job_id = new_job_id(caller.owner, request.key, request.fingerprint, moment)
    return Job(
        id=job_id,
        owner=caller.owner,
        created_at=at,
        created_by=caller.label,
        target=target.id,
        provider=target.provider,
        shots=request.shots,
        registers=tuple(Register(item.name, item.size) for item in program.registers),
        fingerprint=request.fingerprint,
        key_hash=hash_of_key(request.key),
        program_format=request.program.format,
        name=request.name,
        tags=dict(request.tags),
        attempts=(Attempt(1, provider_job_id(job_id, 1)),),
        history=(HistoryEntry(JobState.ACCEPTED, at),),
        expected_wait_seconds=target.queue_seconds,
    )


def _no_result(job: Job) -> QuantumJobsError:
    if job.state == JobState.FAILED:
        return JobFailed(job.error or {})
    if job.state == JobState.CANCELLED:
        return JobCancelled()
    return ResultNotReady(job.state, max(waiting.retry_after_seconds(job, now()), 1))
