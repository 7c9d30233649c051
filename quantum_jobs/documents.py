"""Values as callers see them: the members of jobs, targets, estimates, usage."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from quantum_jobs.budgets import DIMENSION, Account, Allowance, month_end
from quantum_jobs.clock import timestamp
from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.estimating import Estimate
from quantum_jobs.models import Attempt, Job, JobState, Target, Wait
from quantum_jobs.money import Money
from quantum_jobs.prices import Rate, rate_of
from quantum_jobs.programs import FORMATS
from quantum_jobs.resource_estimates import LogicalResources, PhysicalResources, ResourceEstimate
from quantum_jobs.submissions import JobLimits


def job_document(job: Job, base_url: str) -> dict[str, Any]:
    """A job."""
    link = f"{base_url}/jobs/{job.id}"
    cancellation = job.cancellation
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "done": job.state.done,
        "revision": job.revision,
        "items": job.items,
        "target": job.target,
        "shots": job.shots,
        "seed": job.seed,
        "tags": dict(job.tags),
        "limits": _limits(job.limits),
        "createdAt": job.created_at,
        "createdBy": job.created_by,
        "completedAt": job.completed_at,
        "queue": _queue(job),
        "cost": {
            "estimate": job.cost_estimate.document(),
            "actual": job.cost_actual.document() if job.cost_actual else None,
        },
        "attempts": [_attempt(item, base_url) for item in job.attempts],
        "nextAttemptAt": job.next_attempt_at,
        "cancelledBy": cancellation.by if cancellation else None,
        "error": job_error(job.error, base_url) if job.error else None,
        "reusedFrom": job.reused_from,
        "history": [{"state": item.state, "at": item.at} for item in job.history],
        "links": {
            "self": link,
            "result": f"{link}/result",
            "rawResult": f"{link}/result/raw",
            "program": f"{link}/program",
            "cancel": f"{link}/cancel",
        },
    }


def _limits(limits: JobLimits) -> dict[str, Any]:
    return {
        "maxCost": limits.max_cost.document() if limits.max_cost else None,
        "startBy": limits.start_by,
        "maxAttempts": limits.max_attempts,
    }


def _queue(job: Job) -> dict[str, Any] | None:
    if job.expected_wait_seconds is None or job.state not in (JobState.ACCEPTED, JobState.QUEUED):
        return None
    created = datetime.fromisoformat(job.created_at)
    return {
        "wait": _wait(Wait(job.expected_wait_seconds, job.expected_wait_p90_seconds, job.wait_source)),
        "estimatedStartAt": timestamp(created + timedelta(seconds=job.expected_wait_seconds)),
        "position": None,
        "asOf": job.created_at,
    }


def _wait(wait: Wait) -> dict[str, Any]:
    return {"p50Seconds": wait.p50_seconds, "p90Seconds": wait.p90_seconds, "source": wait.source}


def _attempt(attempt: Attempt, base_url: str) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "startedAt": attempt.started_at,
        "endedAt": attempt.ended_at,
        "cost": attempt.cost.document() if attempt.cost else None,
        "error": job_error(attempt.error, base_url) if attempt.error else None,
    }


def job_error(error: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """Why a job or an attempt failed."""
    slug = str(error.get("type", "internal-error"))
    return {**error, "type": problem_type(slug, base_url)}


def problem_type(slug: str, base_url: str) -> str:
    """The URI that names a kind of problem."""
    return f"{base_url}/errors/{slug}"


def target_document(target: Target, rates: Mapping[str, Rate]) -> dict[str, Any]:
    """A target."""
    return {
        "id": target.id,
        "provider": target.provider,
        "kind": target.kind,
        "simulator": target.simulator,
        "availability": target.availability.lower(),
        "qubits": target.qubits,
        "formats": list(FORMATS),
        "minShots": target.min_shots,
        "maxShots": target.max_shots,
        "qirProfile": target.qir_profile,
        "queue": {"averageSeconds": target.queue_seconds, "wait": _wait(target.wait)},
        "price": rate_of(target.id, rates).document(),
        "statusPage": target.status_page,
    }


def resources_document(estimate: ResourceEstimate) -> dict[str, Any]:
    """What a program takes of a machine, and would take of one that corrects its errors."""
    return {
        "logical": _logical(estimate.logical),
        "physical": _physical(estimate.physical) if estimate.physical else None,
        "physicalReason": estimate.reason,
    }


def _logical(logical: LogicalResources) -> dict[str, int]:
    counts = logical.program
    return {
        "qubits": counts.qubits,
        "depth": counts.depth,
        "operations": counts.operations,
        "oneQubitGates": counts.one_qubit_gates,
        "twoQubitGates": counts.two_qubit_gates,
        "measurements": counts.measurements,
        "tGates": logical.t_gates,
        "rotations": logical.rotations,
        "rotationDepth": logical.rotation_depth,
        "cczGates": logical.ccz_gates,
    }


def _physical(physical: PhysicalResources) -> dict[str, Any]:
    return {
        "qubits": physical.qubits,
        "runtimeSeconds": physical.runtime_seconds,
        "codeDistance": physical.code_distance,
        "logicalQubits": physical.logical_qubits,
        "logicalDepth": physical.logical_depth,
        "tStates": physical.t_states,
        "tFactories": physical.t_factories,
        "tFactoryQubits": physical.t_factory_qubits,
        "assumptions": {
            "qubitModel": physical.qubit_model,
            "errorCorrection": physical.error_correction,
            "errorBudget": physical.error_budget,
        },
    }


def estimate_document(estimate: Estimate, base_url: str) -> dict[str, Any]:
    """A program on a target: whether it fits, what it costs, when it would be done."""
    target = estimate.target
    return {
        "target": target.id,
        "feasible": not estimate.reasons,
        "reasons": [_reason(error, base_url) for error in estimate.reasons],
        "cost": estimate.cost.document(),
        "wait": _wait(target.wait),
        "runSeconds": round(estimate.run_seconds, 3),
        "finishBy": estimate.finish_by,
    }


def _reason(error: QuantumJobsError, base_url: str) -> dict[str, Any]:
    return {"type": problem_type(error.slug, base_url), "detail": error.detail, **error.members}


def usage_documents(account: Account, allowance: Allowance) -> list[dict[str, Any]]:
    """An owner's month: all, then each target that has a bound or anything in it."""
    named = sorted({*allowance.targets, *account.used, *account.held})
    rows: list[tuple[str, str | None, int | None]] = [("all", None, allowance.total)]
    rows += [(name, name, allowance.targets.get(name)) for name in named]
    documents = []
    for scope, target, limit in rows:
        used, held = account.sums(target)
        documents.append(
            {
                "dimension": DIMENSION,
                "scope": scope,
                "currency": "USD",
                "limit": Money(limit).amount if limit is not None else None,
                "used": Money(used).amount,
                "held": Money(held).amount,
                "resetsAt": month_end(account.month),
            }
        )
    return documents
