"""What the jobs of the workspace have used: of each quota, and of each target."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from local.azure_quantum.models import Job
from local.azure_quantum.targets import Provider
from local.azure_quantum.times import Ticks, text

MONTH = slice(0, len("2026-01"))


def quotas(providers: Sequence[Provider], jobs: Iterable[Job], time: Ticks) -> list[dict[str, Any]]:
    """Give quotas with the amounts that jobs ended in this calendar month, UTC, were billed for.

    `holds` is 0: what a job will use is known only when it has run.
    """
    month, used = str(text(time))[MONTH], Counter[tuple[str, str]]()
    for job in jobs:
        if job.cost and str(text(job.ended))[MONTH] == month:
            for event in job.cost["events"]:
                used[job.provider_id, event["dimensionId"]] += event["amountBilled"]
    return [
        {
            "dimension": quota.dimension,
            "scope": quota.scope,
            "providerId": provider.id,
            "utilization": float(used[provider.id, quota.dimension]),
            "holds": 0.0,
            "limit": quota.limit,
            "period": quota.period,
        }
        for provider in providers
        for quota in provider.quotas
    ]


def usages(provider: Provider, jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Give what the jobs on each target of a provider have used; targets without a job that succeeded are left out."""
    used: dict[str, Counter[str]] = {}
    latest: dict[str, Ticks] = {}
    for job in jobs:
        if job.provider_id == provider.id and job.usage is not None:
            used.setdefault(job.target, Counter()).update(job.usage)
            latest[job.target] = max(latest.get(job.target, 0), job.ended or 0)
    return [
        {
            "providerId": provider.id,
            "scope": "WorkspaceTarget",
            "targetId": target_id,
            "usage": dict(amounts),
            "lastModifiedTime": text(latest[target_id]),
            "metadata": {},
        }
        for target_id, amounts in used.items()
    ]
