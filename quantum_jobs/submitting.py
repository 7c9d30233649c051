"""Takes a program in: checked whole before anything is written, written in the order that loses and doubles nothing.

The shepherd's message first, then the record with its program, its key and the hold on its owner's account in one
transaction, then the PUT under an id that is the same for the same attempt. A process may die after any of these: the
message comes back and carries on.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from quantum_jobs import measuring, prices, targets, telemetry
from quantum_jobs.budgets import Account, Allowance, month_of
from quantum_jobs.clock import now, seconds_since, timestamp
from quantum_jobs.dispatching import Dispatcher, Translation, translated
from quantum_jobs.errors import (
    AccountMoved,
    CostLimitExceeded,
    DeadlineImpossible,
    IdempotencyKeyReused,
    ProviderRefused,
    QuantumJobsError,
    RequestRefused,
    ServiceUnavailable,
    WrongState,
)
from quantum_jobs.following import JobFollower, failed
from quantum_jobs.histograms import reused_document
from quantum_jobs.job_ids import hash_of_key, new_job_id, provider_job_id
from quantum_jobs.models import Attempt, Caller, HistoryEntry, Job, JobState, Register, ShepherdMessage, Target
from quantum_jobs.money import Money
from quantum_jobs.offers import Offers
from quantum_jobs.ports import JobBlobs, JobRecords, ShepherdQueue
from quantum_jobs.prices import Rate
from quantum_jobs.programs import Resources
from quantum_jobs.submissions import JobRequest
from quantum_jobs.uploading import Uploads

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5  # the shepherd's first look; the request itself normally dispatches the job at once
_DISPATCH_SECONDS = 8  # longer than this the caller does not wait for the workspace: the shepherd carries on
_ACCOUNT_TRIES = 20


@dataclass(frozen=True)
class Terms:
    """What the platform team decides: the rate card, what an owner may spend in a month, how long results are kept."""

    rates: Mapping[str, Rate] = field(default_factory=lambda: prices.RATES)
    allowance: Allowance = field(default_factory=Allowance)
    retention: timedelta | None = None


class Submitter:
    """Makes jobs of requests."""

    def __init__(
        self,
        offers: Offers,
        records: JobRecords,
        blobs: JobBlobs,
        queue: ShepherdQueue,
        follower: JobFollower,
        dispatcher: Dispatcher,
        terms: Terms,
    ) -> None:
        self._offers = offers
        self._records = records
        self._blobs = blobs
        self._queue = queue
        self._follower = follower
        self._dispatcher = dispatcher
        self._terms = terms
        self._uploads = Uploads(records, blobs)
        self._withdrawing: set[asyncio.Task[None]] = set()

    async def submit(
        self, caller: Caller, request: JobRequest, translation: Translation | None = None
    ) -> tuple[Job, bool]:
        """Check a program, make its job durable and hand it to the workspace; tells whether it is a replay.

        Who has translated the program already gives the translation.

        Raises:
            RequestRefused, WrongState: nothing was written and nothing costs.
            ServiceUnavailable: a part does not answer; the same request with the same key is safe.
        """
        try:
            made, replayed = await self._submit(caller, request, translation)
        except IdempotencyKeyReused:
            raise
        except (RequestRefused, WrongState):
            # What was accepted stays accepted, whatever has changed since: target gone, deadline past, money spent.
            kept = await self._records.made_by(caller.owner, hash_of_key(request.key))
            if kept is None:
                raise
            made, replayed = _replayed(kept, request)
        telemetry.about(made.id, made.target, made.provider)
        if not replayed:
            measuring.submitted(made)
        return made, replayed

    async def _submit(self, caller: Caller, request: JobRequest, translation: Translation | None) -> tuple[Job, bool]:
        known = await self._offers.listed(request.target)
        target = targets.find(request.target, known)
        uploaded = await self._uploads.content(caller, request.program)
        translation = translation or await translated(request.submission, uploaded)
        targets.check_programs(target, request.shots, translation.programs, known)
        cost = price(target, request.shots, translation.resources, self._terms.rates)
        _check_limits(request, cost)
        job = _new_job(caller, request, target, translation, cost)
        if request.reuse_seconds is not None:
            job = replace(job, reuse_hash=content_hash(request, translation))
            reused = await self._reused(job, request.reuse_seconds)
            if reused is not None:
                return await self._kept(reused, request)
        account = await self._reserved(job)
        telemetry.about(job.id, job.target, job.provider)
        # Beside the writing of message and record, so that the way to the 202 is three calls long, not five.
        prepared = asyncio.create_task(self._dispatcher.prepare(job, translation.qir))
        prepared.add_done_callback(lambda task: task.cancelled() or task.exception())  # it may fail after we have
        if uploaded is not None:
            await self._dispatcher.keep(job, uploaded)
        try:
            await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)
        except ServiceUnavailable:
            # Nobody comes for what is prepared; the caller is not kept waiting for its end.
            self._withdrawing.add(task := asyncio.create_task(self._withdrawn(job, prepared)))
            task.add_done_callback(self._withdrawing.discard)
            raise
        not_after = self._dispatcher.deadline()
        try:
            kept = await self._inserted(job, request, account)
        except RequestRefused:
            await self._withdrawn(job, prepared)
            raise
        if kept.id == job.id:
            return await self._dispatch_in_time(job, request, prepared, not_after), False
        await self._withdrawn(job, prepared)
        return _replayed(kept, request)

    async def _withdrawn(self, job: Job, prepared: asyncio.Task[None]) -> None:
        await asyncio.wait([prepared])
        await self._dispatcher.withdraw(job)

    async def _reserved(self, job: Job) -> Account | None:
        if not job.cost_estimate.micros:
            return None
        account, own = await self._records.account(job.owner, month_of(job.created_at))
        return account.reserve(job, self._terms.allowance.overridden(own))

    async def _inserted(self, job: Job, request: JobRequest, account: Account | None) -> Job:
        for _ in range(_ACCOUNT_TRIES):
            try:
                return await self._records.insert(job, request.submission, account)
            except AccountMoved:
                account = await self._reserved(job)
        raise ServiceUnavailable("The account")

    async def _reused(self, job: Job, most_seconds: int) -> tuple[Job, bytes] | None:
        """Give the job done already, with the result of the last one of equal content, if that is young enough."""
        stored = await self._records.reusable(job.owner, job.reuse_hash or "")
        earlier = stored.job if stored else None
        if earlier is None or earlier.state != JobState.SUCCEEDED or earlier.deleted_at or not earlier.completed_at:
            return None
        if seconds_since(earlier.completed_at, now()) > most_seconds:
            return None
        found = await self._blobs.get_result(earlier.owner, earlier.id, None)
        if found is None or found[0] is None:
            return None
        done = replace(
            job,
            attempts=(),
            cost_estimate=Money(),
            cost_actual=Money(),
            completed_at=earlier.completed_at,
            reused_from=earlier.reused_from or earlier.id,
        ).moved_to(JobState.SUCCEEDED, job.created_at)
        return done, reused_document(found[0], done)

    async def _kept(self, reused: tuple[Job, bytes], request: JobRequest) -> tuple[Job, bool]:
        job, document = reused
        # The result first: a record that says `succeeded` promises it.
        await self._blobs.put_result(job.owner, job.id, document)
        await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)
        kept = await self._records.insert(job, request.submission)
        if kept.id == job.id:
            return job, False
        await self._blobs.drop_result(job.owner, job.id)
        return _replayed(kept, request)

    async def _dispatch_in_time(
        self, job: Job, request: JobRequest, prepared: asyncio.Task[None], not_after: float
    ) -> Job:
        try:
            async with asyncio.timeout(_DISPATCH_SECONDS):
                await prepared
                await self._dispatcher.put(job, request.submission, not_after)
        except ProviderRefused as error:
            return await self._refused(job, error)
        except (ServiceUnavailable, TimeoutError):
            # The job is durable: this is still a 202, the shepherd repeats the PUT under the same id.
            log.warning("dispatch left to the shepherd", extra={"job_id": job.id}, exc_info=True)
        return job

    async def _refused(self, job: Job, error: QuantumJobsError) -> Job:
        stored = await self._records.get(job.owner, job.id)
        if stored is None or stored.job.state.done or stored.job.attempt.state != JobState.ACCEPTED:
            return stored.job if stored else job  # somebody else's PUT was taken, and seen there
        return (await self._follower.write(stored, failed(stored.job, error.slug, error.detail))).job


def price(target: Target, shots: int, items: Sequence[Resources], rates: Mapping[str, Rate]) -> Money:
    """Price a job of these items."""
    return prices.rate_of(target.id, rates).price(items, shots, targets.run_seconds(target, shots, len(items)))


def _check_limits(request: JobRequest, cost: Money) -> None:
    limits = request.limits
    if limits.max_cost is not None and cost.micros > limits.max_cost.micros:
        raise CostLimitExceeded(cost.document(), limits.max_cost.document())
    if limits.start_by is not None and limits.start_by <= timestamp(now()):
        raise DeadlineImpossible(limits.start_by)


def _replayed(kept: Job, request: JobRequest) -> tuple[Job, bool]:
    if kept.fingerprint != request.fingerprint or kept.deleted_at:
        raise IdempotencyKeyReused(kept.id, kept.created_at, deleted=kept.deleted_at is not None)
    return kept, True


def content_hash(request: JobRequest, translation: Translation) -> str:
    """Name what a job computes: equal for equal programs, target, shots, parameters and options, SHA-256."""
    # The QIR is the canonical form: spaces, names of gates and the input format make no other program.
    rest: Sequence[object] = (request.target, request.shots, request.seed, request.submission.provider_options)
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode() + b"\0" + translation.qir)
    digest.update(json.dumps(request.submission.parameter_sets, sort_keys=True).encode())
    return digest.hexdigest()


def _new_job(caller: Caller, request: JobRequest, target: Target, translation: Translation, cost: Money) -> Job:
    moment: datetime = now()
    at = timestamp(moment)
    job_id = new_job_id(caller.owner, request.key, request.fingerprint, moment)
    sets = request.submission.parameter_sets
    return Job(
        id=job_id,
        owner=caller.owner,
        created_at=at,
        created_by=caller.label,
        target=target.id,
        provider=target.provider,
        shots=request.shots,
        registers=tuple(Register(item.name, item.size) for item in translation.programs[0].registers),
        fingerprint=request.fingerprint,
        key_hash=hash_of_key(request.key),
        program_format=request.program.format,
        name=request.name,
        tags=dict(request.tags),
        attempts=(Attempt(1, provider_job_id(job_id, 1)),),
        history=(HistoryEntry(JobState.ACCEPTED, at),),
        expected_wait_seconds=target.wait.p50_seconds,
        expected_wait_p90_seconds=target.wait.p90_seconds,
        wait_source=target.wait.source,
        items=len(translation.programs),
        parameters=tuple(sets[0]) if sets else (),
        upload_id=request.program.upload_id,
        simulator=target.simulator,
        seed=request.seed,
        session_id=request.session_id,
        limits=request.limits,
        cost_estimate=cost,
    )
