"""What must hold, after each change of a record and when the storm is over."""

from collections import Counter
from itertools import pairwise

from quantum_jobs.budgets import Account
from quantum_jobs.job_ids import hash_of_key, provider_job_id
from tests import samples

from .receiving import check_post

# The state machine as it is promised (docs/architecture.md), written down a second time on purpose.
LEGAL = {
    "accepted": "queued running succeeded retrying failed cancelling cancelled",
    "queued": "running succeeded retrying failed cancelling",
    "running": "succeeded retrying failed cancelling",
    "retrying": "queued running succeeded failed cancelling cancelled",
    "cancelling": "cancelled succeeded failed",
    "succeeded": "",
    "failed": "",
    "cancelled": "",
}
FINAL = ("succeeded", "failed", "cancelled")
CALM_SECONDS = 1500  # two leases after the last death: whoever was to come back has


class Watch:
    """Sees every write of a record, every answer, every delivery."""

    def __init__(self, clock):
        self._clock = clock
        self.cancels = {}
        self.writes = Counter()
        self.last_trouble = 0.0

    def __call__(self, before, after):
        states = [str(entry.state) for entry in after.history]
        assert states[0] == "accepted"
        assert states[-1] == after.state
        for one, two in pairwise(states):
            assert two in LEGAL[one].split(), f"{states} is not legal"
        assert len(states) <= 4 + 3 * len(after.attempts), states
        self.writes[after.id] += 1
        if before is not None:
            assert after.history[: len(before.history)] == before.history, "history was written again"
            unseen = {"sequence", "revision", "missing_since", "unsettled", "expired_at", "announced_at"}  # by callers
            if any(getattr(before, name) != getattr(after, name) for name in vars(before) if name not in unseen):
                assert after.revision > before.revision, "a change without a revision"
            assert after.revision >= before.revision
            assert after.sequence >= before.sequence

    def answered(self, job_id, name, error):
        if name == "cancel" and error is None:
            self.cancels[job_id] = True

    def delivered(self, letter, storm):
        """Nobody dies any more and every lease has ended: one message per job, however many there were."""
        if storm.kills_left == 0 and self.last_trouble == 0.0:
            self.last_trouble = self._clock.seconds
        row = storm.records.rows.get((letter.message.owner, letter.message.job_id))
        calm_from = max([self.last_trouble, *(ended for _, ended in storm.outages.values())]) + CALM_SECONDS
        if storm.kills_left or self._clock.seconds < calm_from or row is None:
            return
        if row[0].state not in FINAL:
            same = [other for other in storm.queue.letters if other.message.job_id == letter.message.job_id]
            assert len(same) == 1, f"{len(same)} messages about one job"


def check(storm):
    """Hold all that is left against the guarantees."""
    records = storm.records
    assert not storm.workspace.wrong, storm.workspace.wrong
    assert not storm.queue.letters
    assert not storm.queue.lost, "a message ended unread"
    assert not storm.dropped_early, storm.dropped_early
    jobs = {job.id: job for job, _ in records.rows.values()}
    for client in storm.clients:
        assert client.satisfied, "a caller never had its answer"
        made = records.keys.get((samples.ALICE.owner, hash_of_key(client.ask.request.key)))
        assert set(client.answers) == ({made} if made else set())
        assert made or client.refused
    assert len(jobs) == sum(not client.refused for client in storm.clients), "a key made more than one job"
    for job in jobs.values():
        _check_job(storm, job)
    _check_runs(storm, jobs)
    _check_budget(storm, list(jobs.values()))
    if storm.post:
        check_post(storm.post, jobs)
    storm.scenario.expect(storm)


def _check_job(storm, job):
    place = (job.owner, job.id)
    assert job.state in FINAL, f"{job.id} is {job.state} for ever"
    if job.deleted_at:
        left = [place in store for store in (storm.blobs.results, storm.blobs.programs, storm.records.submissions)]
        left += [attempt.provider_job_id in storm.blobs.containers for attempt in job.attempts]
        assert not any(left), f"something is left of a deleted job: {left}"
    elif job.expired_at or storm.scenario.terms.retention:
        assert job.expired_at, "a result that is never erased"
        kept = place in storm.blobs.results or any(
            attempt.provider_job_id in storm.blobs.containers for attempt in job.attempts
        )
        assert not kept, "something is left of a result whose time is over"
    elif job.has_result:
        assert place in storm.blobs.results, "succeeded without a result"
    assert job.has_result or job.state != "succeeded"
    if job.cancellation is None:
        assert job.state != "cancelled", "cancelled, and nobody asked for it"


def _check_runs(storm, jobs):
    known = {provider_job_id(job.id, attempt.number): job for job in jobs.values() for attempt in job.attempts}
    made = Counter()
    for name, (job_id, number, _, _) in storm.workspace.runs.items():
        made[job_id, number] += 1
        assert name in known, f"a run of no job: {job_id}, attempt {number}"
        status = storm.workspace.status(name)
        job = known[name]
        last = storm.workspace.status(job.attempts[-1].provider_job_id)
        has_result = job.has_result or (bool(job.deleted_at) and job.attempts[-1].state == "succeeded")
        followed = status in ("Succeeded", "Failed", "Cancelled") and has_result == (last == "Succeeded")
        assert followed or job.unsettled, f"the job is {job.state}, its run {status}"
    assert all(count == 1 for count in made.values()), f"an attempt ran more than once: {made}"


def _check_budget(storm, jobs):
    settled = [job for job in jobs if not job.unsettled]
    used = sum((job.cost_actual or job.cost_estimate).micros for job in settled)
    held = sum(job.cost_estimate.micros for job in jobs if job.unsettled)
    months = [account for (owner, _), account in storm.records.accounts.items() if owner == samples.ALICE.owner]
    account = months[0] if months else Account("2026-11")
    assert account.sums(None) == (used, held), "the account does not add up"
    runs = [storm.workspace.jobs.get(attempt.provider_job_id) for job in settled for attempt in job.attempts]
    billed = sum(seen.cost.micros for seen in runs if seen and seen.cost)
    estimated = sum(job.cost_estimate.micros for job in settled if not job.cost_actual)
    assert used == billed + estimated, "what was billed is not what was used"
    assert all(job.attempts[-1].state == "succeeded" for job in settled if not job.cost_actual)
