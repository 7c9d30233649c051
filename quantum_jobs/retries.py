"""Which failures are worth another attempt, and when.

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
_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 300.0


def is_transient(code: str | None, simulator: bool) -> bool:
    """Tell whether a provider's failure is worth another attempt; codes are compared without case and spaces."""
    known = (code or "").replace(" ", "").lower()
    return known in _TRANSIENT or (simulator and known not in _FINAL)


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
