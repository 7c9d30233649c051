"""Which failures are worth another attempt, and when: of a job at its provider, and of a single call to a part.

Source of the codes: recordings of the service. A failure that nobody has seen is final on hardware, where another run
may bill again, and transient on a simulator. Not verified on Azure.
"""

import random
from datetime import datetime, timedelta

from quantum_jobs.clock import timestamp
from quantum_jobs.models import Job

_TRANSIENT = frozenset({"providertimeout", "internalerror", "serviceunavailable", "targetunavailable", "deviceoffline"})
_FINAL = frozenset(
    {
        "propertynotspecified",
        "invalidproperty",
        "invalidinputdata",
        "invalidinputerror",
        "invalidjobdefinition",
        "compilationerror",
        "cannottranslateoutputdata",
        "runtimeerror",
        "insufficientresources",
    }
)
# Of a call: the part was busy, or something between it and us. Every call here bears repetition: writes are conditional
# or under an id of ours. No answer at all is not among them: the caller's time is spent, and the shepherd comes again.
_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 2.0
_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 300.0


def is_transient(code: str | None, simulator: bool) -> bool:
    """Tell whether a provider's failure is worth another attempt; codes are compared without case and spaces."""
    known = (code or "").replace(" ", "").lower()
    return known in _TRANSIENT or (simulator and known not in _FINAL)


def blames_provider(code: str | None) -> bool:
    """Tell whether a job failed because its provider is not well, whatever the job was."""
    return is_transient(code, simulator=False)


def pause_before_repeat(status: int | None, retry_after_seconds: float | None) -> float | None:
    """Give the seconds before a call that was answered so is repeated, once; None where it is not."""
    if status not in _STATUSES:
        return None
    pause = _PAUSE_SECONDS if retry_after_seconds is None else retry_after_seconds
    return pause if pause <= _LONGEST_PAUSE_SECONDS else None


def next_attempt_at(job: Job, moment: datetime) -> str | None:
    """Give the moment of the next attempt, full jitter up to 5 s x 2**n and 300 s; None when there is to be none.

    No attempt after `startBy`, none over `maxAttempts`, none whose cost could take the sum over `maxCost`.
    """
    made = len(job.attempts)
    billed = job.billed_micros + job.cost_estimate.micros
    if made >= job.limits.max_attempts or (job.limits.max_cost and billed > job.limits.max_cost.micros):
        return None
    longest = min(_FIRST_SECONDS * 2 ** (made - 1), _LONGEST_SECONDS)
    at = timestamp(moment + timedelta(seconds=random.uniform(0, longest)))  # noqa: S311 - spreads load, hides nothing
    return None if job.limits.start_by and at > job.limits.start_by else at
