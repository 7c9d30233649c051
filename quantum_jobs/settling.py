"""Asks for the provider's last word about a job that has ended without it: what it ran, and what that costs.

A job ends so where the service gave up following it, the workspace lost it, or it was cancelled or refused before the
workspace knew it. Its state is final for the caller. Its estimate stays held, what still runs is cancelled, and what
was paid for is stored: `GET .../result` gives it, whatever the state says.
"""

import logging
from dataclasses import replace

from quantum_jobs.clock import now, seconds_since
from quantum_jobs.errors import ResultUnreadable, ServiceUnavailable
from quantum_jobs.following import JobFollower, billed, ended_at, failed, state_of
from quantum_jobs.models import Job, JobState, ProviderJob, Stored
from quantum_jobs.ports import QuantumWorkspace
from quantum_jobs.waiting import NEVER_RAN_SECONDS

log = logging.getLogger(__name__)

_FOUND = " The provider has run it all the same: its result can be fetched."


class Settler:
    """Ends what the service can no longer follow, and learns what became of it."""

    def __init__(self, workspace: QuantumWorkspace, follower: JobFollower) -> None:
        self._workspace = workspace
        self._follower = follower

    async def given_up(self, stored: Stored) -> Stored:
        """Fail a job that cannot be followed, visibly; what may run of it is cancelled first.

        Raises:
            ServiceUnavailable: a part does not answer; the job is as it was.
        """
        job = stored.job
        log.error("a job could not be looked after", extra={"job_id": job.id})
        if not job.attempt.state.done:
            await self._cancelled(job)
        return await self._follower.write(
            stored, failed(job, "internal-error", "The service could not follow the job.")
        )

    async def _cancelled(self, job: Job) -> None:
        try:
            await self._workspace.cancel(job.attempt.provider_job_id)
        except ServiceUnavailable:
            raise
        except Exception:
            # Whatever keeps us from following the job must not keep it from ending; it is cancelled at the next look.
            log.exception("a job that is given up could not be cancelled", extra={"job_id": job.id})

    async def settled(self, stored: Stored) -> Stored:
        """Look at the workspace once more; gives the record as it is then, settled where the provider has spoken.

        Raises:
            ServiceUnavailable: a part does not answer; the record is as it was.
        """
        job = stored.job
        seen = await self._workspace.get(job.attempt.provider_job_id)
        if seen is None:
            return await self._follower.write(stored, _settled(job)) if _never_ran(job) else stored
        state = state_of(seen)
        if state is not None and state.done:
            changed = await self._last_word(job, seen, state)
            return await self._follower.write(stored, changed) if changed else stored
        await self._workspace.cancel(job.attempt.provider_job_id)
        found = replace(job, unsettled=state or job.unsettled)
        return await self._follower.write(stored, found) if found != job else stored

    async def _last_word(self, job: Job, seen: ProviderJob, state: JobState) -> Job | None:
        """Give the job with what the provider says of its attempt; None while the output is still to come."""
        error = job.error
        changes = {"state": state, "started_at": seen.began, "ended_at": seen.ended, "cost": seen.cost}
        if state == JobState.SUCCEEDED:
            changes["error"] = None
            has_result = not job.deleted_at and await self._captured(job, seen)
            if has_result is None:
                return None
            if has_result:
                error = {**error, "detail": f"{error['detail']}{_FOUND}"} if error else None
                job = replace(job, error=error, completed_at=ended_at(seen))
        return _settled(replace(job, attempts=job.with_attempt(**changes)), seen)

    async def _captured(self, job: Job, seen: ProviderJob) -> bool | None:
        try:
            return await self._follower.capture(job, seen) or None
        except ResultUnreadable:
            log.exception("the result of a job that had ended cannot be read", extra={"job_id": job.id})
            return False


def _never_ran(job: Job) -> bool:
    waited = seconds_since(job.history[-1].at, now())
    return job.unsettled == JobState.ACCEPTED and waited > NEVER_RAN_SECONDS


def _settled(job: Job, seen: ProviderJob | None = None) -> Job:
    return billed(replace(job, unsettled=None, revision=job.revision + 1), seen)
