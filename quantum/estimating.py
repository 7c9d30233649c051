"""What a program takes of an error-corrected machine, by Microsoft's resource estimator (qdk.qre)."""

import gc
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from quantum.catalogue import Assumptions, Budget, ProgramEntry
from quantum.compiling import compiled
from quantum.errors import CatalogueInvalid, Failed, NotReady

_UNITS = {"qubits": "physical qubits", "t_states": "T states", "runtime_ns": "ns"}


@dataclass(frozen=True)
class Estimate:
    """One way to run a program: physical qubits, T states used, nanoseconds of one shot, chance that it fails."""

    qubits: int
    t_states: int
    runtime_ns: int
    error: float


Baseline = Mapping[str, list[Estimate]]
_BASELINE: TypeAdapter[dict[str, list[Estimate]]] = TypeAdapter(dict[str, list[Estimate]])


def estimated(folder: Path, name: str, program: ProgramEntry, machine: Assumptions) -> tuple[list[Estimate], Any]:
    """Estimate a program: the ways that trade qubits for time, fewest qubits first; and the estimator's own table.

    Raises:
        Failed: it cannot be compiled or estimated.
        NotReady: a package is missing.
    """
    try:
        from qdk.qre import estimate
        from qdk.qre.models import GateBased, RoundBasedFactory, SurfaceCode
        from qdk.qsharp import QSharpError
    except ImportError as error:
        raise NotReady(f"{error}: run `make quantum-setup`") from error

    qubits = GateBased(
        error_rate=machine.error_rate, gate_time=machine.gate_ns, measurement_time=machine.measurement_ns
    )
    application = _application(folder, program)
    with warnings.catch_warnings(record=True):  # of no results: told below
        warnings.simplefilter("always")
        try:
            table = estimate(
                application,
                qubits,
                isa_query=SurfaceCode.q() * RoundBasedFactory.q(),
                max_error=machine.max_error,
                name=name,
            )
        except (ValueError, QSharpError) as error:
            raise Failed(f"{program.file} cannot be estimated: {error}") from error
    if not table:
        raise Failed(f"{program.file}: no way to run it with an error of at most {machine.max_error}")
    return sorted((_estimate(entry) for entry in table), key=lambda way: way.qubits), table


def check_budget(ways: list[Estimate], budget: Budget) -> Estimate:
    """Find the way with the fewest qubits that keeps the budget.

    Raises:
        Failed: there is none; says by how much the nearest is over.
    """
    for way in ways:
        if not _excess(way, budget):
            return way
    nearest = min(ways, key=lambda way: max(_excess(way, budget).values()))
    parts = [
        f"{getattr(nearest, member):,} {_UNITS[member]}, {ratio - 1:.1%} over {getattr(budget, member):,}"
        for member, ratio in _excess(nearest, budget).items()
    ]
    raise Failed("over budget: " + "; ".join(parts))


def difference(way: Estimate, before: list[Estimate] | None, budget: Budget) -> str:
    """Tell how a way differs from the one that the baseline's estimates would have given."""
    if not before:
        return "no baseline"
    then = next((item for item in before if not _excess(item, budget)), before[0])
    parts = [
        f"{(getattr(way, member) - getattr(then, member)) / max(1, getattr(then, member)):+.1%} {unit}"
        for member, unit in _UNITS.items()
        if getattr(way, member) != getattr(then, member)
    ]
    return ", ".join(parts) or "as the baseline"


def read_baseline(file: Path) -> Baseline:
    """Read the estimates that were accepted last; none where there is no such file.

    Raises:
        CatalogueInvalid: the file is not what `estimate --accept` writes.
    """
    if not file.is_file():
        return {}
    try:
        return _BASELINE.validate_json(file.read_bytes())
    except ValidationError as error:
        raise CatalogueInvalid(
            f"{file} is not what `estimate --accept` writes: remove it and run `estimate --accept`"
        ) from error


def document(estimates: Baseline) -> dict[str, list[dict[str, Any]]]:
    """Give estimates as a baseline is written."""
    return {name: [asdict(way) for way in ways] for name, ways in sorted(estimates.items())}


def draw(tables: list[Any], file: Path) -> None:
    """Draw qubits against time of all programs, as the estimator draws them."""
    import matplotlib as mpl

    mpl.use("Agg")
    from qdk.qre import plot_estimates

    figure = plot_estimates(tables)
    figure.savefig(file, bbox_inches="tight")


def _application(folder: Path, program: ProgramEntry) -> Any:
    from qdk import TargetProfile, qsharp
    from qdk.qre.application import QIRApplication, QSharpApplication

    if program.language == "openqasm3":
        return QIRApplication(compiled(folder, program, program.profiles[0]))
    qsharp.init(target_profile=TargetProfile.Unrestricted)
    gc.collect()  # what `init` replaced: it must be freed by the thread that made it
    try:
        qsharp.eval((folder / program.file).read_text())
    except qsharp.QSharpError as error:
        raise Failed(f"{program.file}: {error}") from error
    return QSharpApplication(program.entry)


def _estimate(entry: Any) -> Estimate:
    states = sum(factory.states for factory in entry.factories.values())
    return Estimate(entry.qubits, states, entry.runtime, entry.error)


def _excess(way: Estimate, budget: Budget) -> dict[str, float]:
    """Give the members that are over the budget, each as a multiple of it."""
    members = {member: (getattr(way, member), getattr(budget, member)) for member in _UNITS}
    return {member: has / max(1, most) for member, (has, most) in members.items() if has > most}
