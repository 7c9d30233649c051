"""What a caller may do to a job that is there: cancel it, rename and tag it, delete it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import (
    Fault,
    InvalidRequest,
    JobAlreadyDone,
    JobNotDone,
    JobNotFound,
    PreconditionFailed,
    ServiceUnavailable,
)
from quantum_jobs.following import JobFollower, cancelling, ended
from quantum_jobs.models import Job, JobState, ShepherdMessage, Stored
from quantum_jobs.ports import JobRecords, ShepherdQueue
from quantum_jobs.shepherd import Shepherd

log = logging.getLogger(__name__)

MAX_TAGS = 16
_TRIES = 20
_ERASURE_LOOK_SECONDS = 60


@dataclass(frozen=True)
class JobChange:
    """A merge-patch: `rename` says whether the name changes; a tag of None is removed."""

    rename: bool = False
    name: str | None = None
    clear_tags: bool = False
    tags: Mapping[str, str | None] = field(default_factory=dict)

    def applied(self, job: Job) -> Job:
        """Give the job changed, one revision later; the same where nothing differs.

        Raises:
            InvalidRequest: too many tags.
        """
        kept = {} if self.clear_tags else job.tags
        merged = {**kept, **self.tags}
        tags = {name: value for name, value in merged.items() if value is not None}
        if len(tags) > MAX_TAGS:
            raise InvalidRequest([Fault(f"the job would have {len(tags)} tags; at most {MAX_TAGS} are kept", "/tags")])
        changed = replace(job, name=self.name if self.rename else job.name, tags=tags)
        return replace(changed, revision=job.revision + 1) if changed != job else job


class JobChanger:
    """Changes of single jobs; each is one compare-and-swap, repeated where somebody else was faster."""

    def __init__(self, records: JobRecords, queue: ShepherdQueue, follower: JobFollower, shepherd: Shepherd) -> None:
        self._records = records
        self._queue = queue
        self._follower = follower
        self._shepherd = shepherd

    async def cancel(self, stored: Stored, by: str, tag: str | None) -> Job:
        """Ask for the end of a job; one that is on its way there already is given as it is.

        The machine may win the race: then the job succeeds, and its result is given.

        Raises:
            JobAlreadyDone: it has succeeded or failed.
            PreconditionFailed: the caller has seen another state of the job.
            ServiceUnavailable: the records do not answer.
        """
        for _ in range(_TRIES):
            job = stored.job
            if job.state in (JobState.CANCELLING, JobState.CANCELLED):
                return job
            if job.state.done:
                raise JobAlreadyDone(job.state)
            _check_tag(job, tag)
            change = cancelling(job, by)
            # Between two attempts there is nothing at the provider to wait for.
            change = ended(change) if job.next_attempt_at else change
            stored = await self._follower.write(stored, change)
            if stored.job == change:
                return await self._told(stored)
        raise ServiceUnavailable("The job's record")

    async def _told(self, stored: Stored) -> Job:
        if stored.job.state.done:
            return stored.job
        try:
            stored, _ = await self._follower.refreshed(stored)
        except ServiceUnavailable:
            log.warning("cancelling left to the shepherd", extra={"job_id": stored.job.id}, exc_info=True)
        return stored.job

    async def patch(self, stored: Stored, change: JobChange, tag: str | None) -> Job:
        """Rename or tag a job.

        Raises:
            PreconditionFailed: the caller has seen another state of the job.
            ServiceUnavailable: the records do not answer.
        """
        for _ in range(_TRIES):
            _check_tag(stored.job, tag)
            changed = change.applied(stored.job)
            written = stored if changed == stored.job else await self._records.update(changed, stored.etag)
            if written is not None:
                return written.job
            stored = await self._again(stored.job)
        raise ServiceUnavailable("The job's record")

    async def delete(self, stored: Stored, tag: str | None) -> None:
        """Erase a job's program and results; that it was, and what it cost, stays on record.

        Raises:
            JobNotDone: it has not ended.
            PreconditionFailed: the caller has seen another state of the job.
            ServiceUnavailable: something may be left, which is erased later; deleting again is safe.
        """
        while not stored.job.deleted_at:
            if not stored.job.state.done:
                raise JobNotDone(stored.job.state)
            _check_tag(stored.job, tag)
            stored = await self._buried(stored)
        await self._shepherd.erase(stored.job)

    async def _buried(self, stored: Stored) -> Stored:
        dead = tombstone(stored.job)
        # The message first: if we die between tombstone and erasure, the shepherd erases.
        await self._queue.send(ShepherdMessage.about(dead, dead.sequence), _ERASURE_LOOK_SECONDS)
        return await self._records.update(dead, stored.etag) or await self._again(stored.job)

    async def _again(self, job: Job) -> Stored:
        stored = await self._records.get(job.owner, job.id)
        if stored is None:
            raise JobNotFound
        return stored


def tombstone(job: Job) -> Job:
    """Give what is kept of a deleted job: that it was, for whom, what it cost; nothing that it was about."""
    return replace(
        job,
        deleted_at=timestamp(now()),
        name=None,
        tags={},
        registers=(),
        parameters=(),
        error=None,
        revision=job.revision + 1,
        sequence=job.sequence + 1,
    )


def _check_tag(job: Job, tag: str | None) -> None:
    if tag is not None and tag.strip() not in ("*", f'"{job.tag}"'):
        raise PreconditionFailed(f'"{job.tag}"')
