"""Quantum jobs in an Azure Quantum workspace: behind an HTTP API, or from within an application.

An application imports this and drives its workspace itself (docs/tight.md):

    import quantum_jobs

    with quantum_jobs.connect("my-application") as client:
        result = client.run(program, target="ionq.simulator", shots=1000)
        result.counts
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantum_jobs.async_client import AsyncClient
    from quantum_jobs.client import Client, JobHandle, Loop, Session
    from quantum_jobs.connecting import connect, connect_async
    from quantum_jobs.errors import QuantumJobsError
    from quantum_jobs.orders import SubmitOptions
    from quantum_jobs.primitives import EstimatorV2, SamplerV2
    from quantum_jobs.results import Item, Result
    from quantum_jobs.savings import Savings
    from quantum_jobs.settings import WorkspaceSettings
    from quantum_jobs.throttles import Pace

__all__ = [
    "AsyncClient",
    "Client",
    "EstimatorV2",
    "Item",
    "JobHandle",
    "Loop",
    "Pace",
    "QuantumJobsError",
    "Result",
    "SamplerV2",
    "Savings",
    "Session",
    "SubmitOptions",
    "WorkspaceSettings",
    "connect",
    "connect_async",
]

# Loaded when first asked for: the service itself, which imports this package at each cold start, needs none of them.
_PLACES = {
    "AsyncClient": "async_client",
    "Client": "client",
    "EstimatorV2": "primitives",
    "Item": "results",
    "JobHandle": "client",
    "Loop": "client",
    "Pace": "throttles",
    "QuantumJobsError": "errors",
    "Result": "results",
    "SamplerV2": "primitives",
    "Savings": "savings",
    "Session": "client",
    "SubmitOptions": "orders",
    "WorkspaceSettings": "settings",
    "connect": "connecting",
    "connect_async": "connecting",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{place}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
