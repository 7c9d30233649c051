"""Prices and times a program on every target, by the same checks that a submit makes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from quantum_jobs import targets
from quantum_jobs.budgets import Account, Allowance, month_of
from quantum_jobs.clock import now, timestamp
from quantum_jobs.dispatching import Translation, translated
from quantum_jobs.errors import QuantumJobsError, RequestRefused, WrongState
from quantum_jobs.models import Caller, Target
from quantum_jobs.money import Money
from quantum_jobs.offers import Offers
from quantum_jobs.ports import JobBlobs, JobRecords
from quantum_jobs.resource_estimates import ResourceEstimate, resource_estimate
from quantum_jobs.submissions import EstimateRequest
from quantum_jobs.submitting import Terms, price
from quantum_jobs.uploading import Uploads
from quantum_jobs.waits import Waits


@dataclass(frozen=True)
class Estimate:
    """One target: feasible where there is no reason against it.

    `finish_by` is the median wait and the run from now; None where the wait is not known, or the job would be refused.
    """

    target: Target
    cost: Money
    run_seconds: float
    finish_by: str | None
    reasons: tuple[QuantumJobsError, ...] = ()


@dataclass(frozen=True)
class Estimates:
    """What the program takes by itself, and on each target; feasible ones first, the soonest finish before others.

    Of a sweep the resources are those of the first item.
    """

    resources: ResourceEstimate
    targets: tuple[Estimate, ...]


class Estimator:
    """Reads, writes nothing."""

    def __init__(self, offers: Offers, records: JobRecords, blobs: JobBlobs, terms: Terms, waits: Waits) -> None:
        self._offers = offers
        self._records = records
        self._terms = terms
        self._waits = waits
        self._uploads = Uploads(records, blobs)

    async def estimate(self, caller: Caller, request: EstimateRequest) -> Estimates:
        """Estimate a program; what it calls feasible, a submit of the same accepts.

        Raises:
            RequestRefused, UploadIncomplete: the program itself is wrong, or a target is unknown.
            ServiceUnavailable: a part does not answer.
        """
        await self._waits.fresh()
        known = await self._offers.listed(*request.targets)
        chosen = [targets.known(name, known) for name in request.targets] or known
        uploaded = await self._uploads.content(caller, request.submission.program)
        translation = await translated(request.submission, uploaded)
        account, own = await self._records.account(caller.owner, month_of(timestamp(now())))
        allowance = self._terms.allowance.overridden(own)
        found = [self._on(target, known, request.shots, translation, account, allowance) for target in chosen]
        found.sort(key=lambda item: (bool(item.reasons), item.finish_by or "~", item.target.id))
        return Estimates(await resource_estimate(translation.programs[0]), tuple(found))

    def _on(
        self,
        target: Target,
        known: Sequence[Target],
        shots: int,
        translation: Translation,
        account: Account,
        allowance: Allowance,
    ) -> Estimate:
        cost = price(target, shots, translation.resources, self._terms.rates)
        checks: tuple[Callable[[], None], ...] = (
            lambda: targets.check_available(target),
            lambda: targets.check_shots(target, shots),
            lambda: targets.check_qubits(target, translation.programs, known),
            lambda: targets.check_profile(target, translation.programs, known),
            lambda: account.check(target.id, cost, allowance),
        )
        reasons = [error for error in map(_refusal, checks) if error is not None]
        run = targets.run_seconds(target, shots, len(translation.programs))
        return Estimate(target, cost, run, _finish(target, run) if not reasons else None, tuple(reasons))


def _finish(target: Target, run_seconds: float) -> str | None:
    wait = target.wait.p50_seconds
    return timestamp(now() + timedelta(seconds=wait + run_seconds)) if wait is not None else None


def _refusal(check: Callable[[], None]) -> QuantumJobsError | None:
    try:
        check()
    except (RequestRefused, WrongState) as error:
        return error
    return None
