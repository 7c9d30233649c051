"""Qiskit's primitives over a client: `SamplerV2` and `EstimatorV2`, for those who have Qiskit."""

try:
    from quantum_jobs.estimators import EstimatorV2
    from quantum_jobs.samplers import SamplerV2
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"numpy", "qiskit"}:
        raise
    raise ImportError(
        "SamplerV2 and EstimatorV2 need Qiskit, which the service itself does without: "
        "pip install '.[qiskit]' in the repository, or pip install qiskit==2.6.2 where quantum_jobs runs already."
    ) from error

__all__ = ["EstimatorV2", "SamplerV2"]
