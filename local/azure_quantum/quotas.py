"""What the jobs of the workspace have used and are about to use: of each quota, and of each target."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from local.azure_quantum.costs import estimate
from local.azure_quantum.errors import Refused
from local.azure_quantum.models import Job
from local.azure_quantum.targets import Provider, Quota, Target
from local.azure_quantum.times import Ticks, text
from local.execution.request import Usage

MONTH = slice(0, len("2026-01"))
# Nobody reads a program before it runs: chosen, what one is taken to hold for each shot until then.
UNREAD = Usage(one_qubit_gates=10, two_qubit_gates=10, measurements=10)


@dataclass(frozen=True)
class Bill:
    """What a job that has succeeded was billed for and used; kept when the job is deleted."""

    provider_id: str
    target: str
    ended: Ticks
    amounts: dict[str, float]
    usage: dict[str, float]

    @classmethod
    def of(cls, job: Job) -> "Bill | None":
        """Give the bill of a job; None for one that used nothing."""
        if job.cost is None or job.usage is None or job.ended is None:
            return None
        return cls(job.provider_id, job.target, job.ended, _amounts(job.cost), job.usage)

    def record(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_record(cls, record: str) -> "Bill":
        """Read what `record` wrote; raises ValueError or TypeError."""
        return cls(**json.loads(record))


@dataclass
class _Used:
    """What all jobs on one target have used together."""

    amounts: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    latest: Ticks = 0


class Ledger:
    """Keeps the sums, so that nobody adds up all jobs for a request."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, dict[str, float]]] = {}
        """By job id: the provider, and amounts by dimension."""
        self._holds: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._billed: defaultdict[tuple[str, str, str], float] = defaultdict(float)
        """By provider, dimension and month."""
        self._used: defaultdict[tuple[str, str], _Used] = defaultdict(_Used)

    def hold(self, job: Job, target: Target, shots: int) -> None:
        """Hold what a job is expected to cost until it ends."""
        amounts = expected(target, shots)
        self._held[job.id] = job.provider_id, amounts
        for dimension, amount in amounts.items():
            self._holds[job.provider_id, dimension] += amount

    def settle(self, job: Job) -> None:
        """Let go of what was held for a job that has ended, and book its bill."""
        provider_id, amounts = self._held.pop(job.id, ("", {}))
        for dimension, amount in amounts.items():
            self._holds[provider_id, dimension] -= amount
        bill = Bill.of(job)
        if bill is not None:
            self.book(bill)

    def book(self, bill: Bill) -> None:
        """Add a bill to what has been used."""
        month = _month(bill.ended)
        for dimension, amount in bill.amounts.items():
            self._billed[bill.provider_id, dimension, month] += amount
        used = self._used[bill.provider_id, bill.target]
        for metric, amount in bill.usage.items():
            used.amounts[metric] += amount
        used.latest = max(used.latest, bill.ended)

    def check(self, provider: Provider, target: Target, shots: int, time: Ticks) -> None:
        """Raises Refused (403, chosen) when a job would not fit into what is left of a quota."""
        amounts = expected(target, shots)
        for quota in provider.quotas:
            used, held = self._sums(provider, quota, time)
            wanted = amounts.get(quota.dimension, 0.0)
            if wanted and used + held + wanted > quota.limit:
                raise Refused(
                    403,
                    "InsufficientResources",
                    f"The job is expected to use {wanted:g} {quota.dimension}; of {quota.limit:g} are {used:g} used "
                    f"and {held:g} held.",
                )

    def quotas(self, provider: Provider, time: Ticks) -> Iterator[dict[str, Any]]:
        """Give a provider's quotas: what this calendar month's jobs were billed, UTC, and what is held for others."""
        for quota in provider.quotas:
            used, held = self._sums(provider, quota, time)
            yield {
                "dimension": quota.dimension,
                "scope": quota.scope,
                "providerId": provider.id,
                "utilization": used,
                "holds": held,
                "limit": quota.limit,
                "period": quota.period,
            }

    def _sums(self, provider: Provider, quota: Quota, time: Ticks) -> tuple[float, float]:
        used = self._billed.get((provider.id, quota.dimension, _month(time)), 0.0)
        # Sums of floats leave a rest where nothing is held.
        return round(used, 6), round(self._holds.get((provider.id, quota.dimension), 0.0), 6)

    def usages(self, provider: Provider) -> Iterator[dict[str, Any]]:
        """Give what the jobs on each target of a provider have used; targets without one are left out."""
        for target in provider.targets:
            if (provider.id, target.id) in self._used:
                used = self._used[provider.id, target.id]
                yield {
                    "providerId": provider.id,
                    "scope": "WorkspaceTarget",
                    "targetId": target.id,
                    "usage": dict(used.amounts),
                    "lastModifiedTime": text(used.latest),
                    "metadata": {},
                }


def expected(target: Target, shots: int) -> dict[str, float]:
    """Give what a job is expected to be billed for, by dimension, before its program is read (chosen)."""
    usage = Usage(UNREAD.one_qubit_gates, UNREAD.two_qubit_gates, UNREAD.measurements, shots)
    return _amounts(estimate(target, usage))


def _amounts(cost: dict[str, Any]) -> dict[str, float]:
    return {event["dimensionId"]: event["amountBilled"] for event in cost["events"]}


def _month(time: Ticks) -> str:
    return str(text(time))[MONTH]
