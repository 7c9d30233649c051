"""What an owner may spend in a month: held at submit, settled at the end, per target and in all.

An account is one row in the owner's partition. It is written in the same transaction as the job's record, at submit and
at the end: there is no moment at which a job exists and its cost is not held, or the other way round.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from quantum_jobs.errors import BudgetExceeded, SettingsMissing
from quantum_jobs.models import Job
from quantum_jobs.money import Money

DIMENSION = "cost.month"


@dataclass(frozen=True)
class Allowance:
    """The most that may be spent in a month (UTC), in millionths; None is no bound."""

    total: int | None = None
    targets: Mapping[str, int] = field(default_factory=dict)

    def overridden(self, other: Self | None) -> Self:
        """Give the allowance with what another, an owner's own, says differently."""
        if other is None:
            return self
        total = self.total if other.total is None else other.total
        return replace(self, total=total, targets={**self.targets, **other.targets})


@dataclass(frozen=True)
class Account:
    """One owner's month: millionths held and used by target, and the store's tag (None: not written yet)."""

    month: str
    used: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    etag: str | None = field(default=None, compare=False)

    def reserve(self, job: Job, allowance: Allowance) -> Self:
        """Give the account with the job's estimate held.

        Raises:
            BudgetExceeded: it would go over the month's allowance, in all or for the target.
        """
        self.check(job.target, job.cost_estimate, allowance)
        return replace(self, held=_added(self.held, job.target, job.cost_estimate.micros))

    def check(self, target: str, cost: Money, allowance: Allowance) -> None:
        """Hold a cost against the allowance; what is free is always within.

        Raises:
            BudgetExceeded: it would go over the month's allowance, in all or for the target.
        """
        for name, limit in ((None, allowance.total), (target, allowance.targets.get(target))):
            used, held = self.sums(name)
            if cost.micros and limit is not None and used + held + cost.micros > limit:
                raise BudgetExceeded(
                    f"{DIMENSION}/{name}" if name else DIMENSION,
                    limit=Money(limit).amount,
                    used=Money(used).amount,
                    held=Money(held).amount,
                    resets_at=month_end(self.month),
                    estimate=str(cost),
                )

    def settle(self, job: Job, cost: int) -> Self:
        """Give the account with the job's estimate released and its cost (millionths) used."""
        held = _added(self.held, job.target, -job.cost_estimate.micros)
        return replace(self, held=held, used=_added(self.used, job.target, cost))

    def sums(self, target: str | None) -> tuple[int, int]:
        """Give (used, held) of a target, or of all."""
        if target is None:
            return sum(self.used.values()), sum(self.held.values())
        return self.used.get(target, 0), self.held.get(target, 0)


def allowance(total: str, targets: str) -> Allowance:
    """Read the settings `MONTHLY_BUDGET` (an amount; `none` for no bound) and `MONTHLY_BUDGET_PER_TARGET` (JSON).

    Raises:
        SettingsMissing: not of that form.
    """
    try:
        bound = None if total == "none" else Money.of(total).micros
        return Allowance(bound, {name: Money.of(amount).micros for name, amount in json.loads(targets or "{}").items()})
    except (ValueError, ArithmeticError, AttributeError, TypeError) as error:
        raise SettingsMissing(
            "MONTHLY_BUDGET must be an amount or 'none', MONTHLY_BUDGET_PER_TARGET JSON of target to amount: "
            f"{error!r}."
        ) from error


def month_of(moment: str) -> str:
    """The month (UTC) that a written moment lies in, `YYYY-MM`; a job is settled in the month it was submitted in."""
    return moment[:7]


def month_end(month: str) -> str:
    """The moment at which a month's account ends, RFC 3339."""
    first = datetime.strptime(month, "%Y-%m")
    year, following = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return f"{year:04d}-{following:02d}-01T00:00:00.000Z"


def _added(sums: Mapping[str, int], target: str, amount: int) -> dict[str, int]:
    changed = {**sums, target: sums.get(target, 0) + amount}
    return {name: value for name, value in changed.items() if value}
