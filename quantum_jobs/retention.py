"""How long results are kept after the end of a job, and when a job's are to go."""

from datetime import datetime, timedelta

from quantum_jobs.clock import parse_timestamp
from quantum_jobs.errors import SettingsMissing
from quantum_jobs.models import Job
from quantum_jobs.waiting import SETTLING_SECONDS

LONGEST_DELAY = timedelta(days=6)  # a queue hides a message for seven days at most


def retention(days: str) -> timedelta | None:
    """Read the setting `RESULT_RETENTION_DAYS`: days, at least one; empty for no end.

    Raises:
        SettingsMissing: not a whole number of days.
    """
    if not days:
        return None
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= 36_500:
        raise SettingsMissing(f"RESULT_RETENTION_DAYS must be a whole number of days from 1 to 36500, not {days!r}.")
    return timedelta(days=int(days))


def expires_at(job: Job, kept: timedelta | None) -> datetime | None:
    """Give the moment from which a job's results are no longer kept; None: there is none, or not yet."""
    if kept is None or not job.state.done or job.deleted_at:
        return None
    # What a provider may still be running is not taken from it.
    least = timedelta(seconds=SETTLING_SECONDS) if job.unsettled else timedelta(0)
    return parse_timestamp(job.history[-1].at) + max(kept, least)
