"""How long jobs wait before each target: learnt from our own jobs, kept beside their records, read by all instances.

Best effort throughout: no caller waits for a sample to be written, no job fails because one was not.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from quantum_jobs.clock import parse_timestamp
from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.models import HISTORY, Job, Target, Wait, WaitSamples
from quantum_jobs.ports import JobRecords

log = logging.getLogger(__name__)

LEAST_SAMPLES = 20  # fewer say less than the provider's average
MOST_SAMPLES = 200
_FRESH_SECONDS = 45.0
_PAUSE_SECONDS = 1.0
_WRITE_PAUSE_SECONDS = 10.0


class Waits:
    """What is known of waits in this process, and the samples that it has not written yet."""

    def __init__(self, records: JobRecords, clock: Callable[[], float] = time.monotonic) -> None:
        self._records = records
        self._clock = clock
        self._known: Mapping[str, Wait] = {}
        self._read_at = self._written_at = -math.inf
        self._seen: dict[str, list[int]] = {}
        self._tending: asyncio.Task[None] | None = None

    def on(self, targets: Sequence[Target]) -> Sequence[Target]:
        """Give targets with their history as known here; when that is old, it is read again meanwhile."""
        if self._stale:
            self._tend_soon()
        return [replace(target, history=self._known.get(target.id)) for target in targets]

    def _tend_soon(self) -> None:
        if self._tending is None or self._tending.done():
            self._tending = asyncio.create_task(self._tend())

    async def _tend(self) -> None:
        await asyncio.sleep(_PAUSE_SECONDS)  # whoever is being answered just now goes first
        await self.fresh()
        await self.flush()

    async def fresh(self) -> None:
        """Read what all instances have learnt, unless that was done lately; without an answer the old stands."""
        if not self._stale:
            return
        self._read_at = self._clock()
        try:
            self._learn(await self._records.waits())
        except ServiceUnavailable:
            log.warning("waits could not be read", exc_info=True)

    @property
    def _stale(self) -> bool:
        return self._clock() - self._read_at > _FRESH_SECONDS

    def saw(self, before: Job, after: Job) -> None:
        """Take a sample when a change of a job shows that it has started.

        Only of first attempts, and of the change that was written: each job counts once.
        """
        if len(after.attempts) != 1 or before.attempt.started_at or not after.attempt.started_at:
            return
        waited = parse_timestamp(after.attempt.started_at) - parse_timestamp(after.created_at)
        self._add(after.target, [max(round(waited.total_seconds()), 0)])
        self._tend_soon()

    def _add(self, target: str, seconds: Sequence[int]) -> None:
        self._seen[target] = [*self._seen.get(target, ()), *seconds][-MOST_SAMPLES:]

    async def flush(self) -> None:
        """Write the samples, at most once in ten seconds; what cannot be written now is kept for the next time."""
        if not self._seen or self._clock() - self._written_at < _WRITE_PAUSE_SECONDS:
            return
        self._written_at = self._clock()
        try:
            kept = dict(await self._records.waits())
            for target in tuple(self._seen):
                kept[target] = await self._written(target, kept.get(target, WaitSamples()))
        except ServiceUnavailable:
            log.warning("waits could not be written", exc_info=True)
        else:
            self._learn(kept)

    async def _written(self, target: str, kept: WaitSamples) -> WaitSamples:
        seen = self._seen.pop(target)
        longer = replace(kept, seconds=(*kept.seconds, *seen)[-MOST_SAMPLES:])
        is_written = False
        try:
            is_written = await self._records.keep_waits(target, longer)
        finally:
            if not is_written:
                self._add(target, seen)
        return longer if is_written else kept

    def _learn(self, kept: Mapping[str, WaitSamples]) -> None:
        self._known = {target: wait for target, samples in kept.items() if (wait := wait_of(samples.seconds))}


def wait_of(seconds: Sequence[int]) -> Wait | None:
    """Give median and 90th percentile (nearest rank) to two digits; None where samples are too few to tell."""
    if len(seconds) < LEAST_SAMPLES:
        return None
    ranked = sorted(seconds)
    p50, p90 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.9))
    return Wait(_two_digits(p50), _two_digits(p90), HISTORY)


def _two_digits(seconds: int) -> int:
    """Round to two digits: more would be noise, and a document that changes all the time is never the caller's copy."""
    return round(seconds, 2 - len(str(seconds)))
