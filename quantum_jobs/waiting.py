"""How long until it is worth asking about a job again, and how long it is asked about at all."""

from datetime import datetime

from quantum_jobs.clock import parse_timestamp, seconds_since
from quantum_jobs.models import Job, JobState

SEND_SECONDS = 60.0  # an attempt is sent no later than this after its record was read or written
# Who read the record before it changed has sent the attempt by then: that call is over within 20 seconds.
DISPATCH_DUE_SECONDS = 2 * SEND_SECONDS
# Whoever might still send it, because it stood still, has been ended by its host (functionTimeout, 300 s).
NEVER_RAN_SECONDS = 360
LOST_SECONDS = 86_400  # how long the workspace may not know a job that it had: a wrong setting can be mended by then
SETTLING_SECONDS = 7 * 86_400  # how long the provider is asked what became of a job that ended without its last word
_SOON = 2


def retry_after_seconds(job: Job, at: datetime) -> int:
    """Whole seconds a caller should wait before the next poll; 0 when the job is done.

    Queued: a third of what is left of the expected wait, past it a twentieth of the time waited, 1 to 120.
    Running: a fifth of the time it has run, 1 to 10. Between attempts: until the next one.

    Simulated against other services' polling in the design notes:
    about 6 polls for a simulator's job, 44 for an hour in a hardware queue.
    """
    if job.state.done:
        return 0
    if job.state == JobState.RUNNING:
        return _clamp(0.2 * _in_state(job, at), 1, 10)
    if job.next_attempt_at:
        return _clamp(_left(job.next_attempt_at, at) + 1, 1, 300)
    if job.state == JobState.QUEUED:
        waited = seconds_since(job.created_at, at)
        left = (job.expected_wait_seconds or 0) - waited
        return _clamp(0.33 * left if left > 0 else 0.05 * waited, 1, 120)
    return 1 if job.state == JobState.ACCEPTED else _SOON


def shepherd_delay_seconds(job: Job, at: datetime) -> int:
    """Seconds until the shepherd looks again: less eager than a caller, whose own poll refreshes the job as well.

    At the moment of the next attempt, and of the deadline, it is there.
    """
    if job.next_attempt_at:
        return _clamp(_left(job.next_attempt_at, at) + 1, 1, 300)
    delay = _clamp(2.0 * retry_after_seconds(job, at), 5, 300)
    if job.limits.start_by is None or job.state in (JobState.RUNNING, JobState.CANCELLING):
        return delay
    return min(delay, _clamp(_left(job.limits.start_by, at) + 1, 1, 300))


def settling_delay_seconds(job: Job, at: datetime) -> int | None:
    """Seconds until the provider is asked again for its last word about a job that has ended without; None: no more.

    As long as the job has ended already, from a minute to a day; for a week.
    """
    waited = _in_state(job, at)
    if job.unsettled is None or waited > SETTLING_SECONDS:
        return None
    return _clamp(waited, 60, 86_400)


def freshness_seconds(job: Job) -> float:
    """How old the workspace's last word may be before a poll asks it again."""
    return 0.1 if (job.expected_wait_seconds or 0) < 30 else 1.0


def _in_state(job: Job, at: datetime) -> float:
    return seconds_since(job.history[-1].at, at)


def _left(moment: str, at: datetime) -> float:
    return (parse_timestamp(moment) - at).total_seconds()


def _clamp(seconds: float, least: int, most: int) -> int:
    return min(max(round(seconds), least), most)
