"""What is known of the targets that the service offers: size, shots, QIR profile; the workspace tells the rest.

Sources: the providers' pages in the Azure Quantum documentation, the target list of azure-quantum 3.13.
Not verified on Azure.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quantum_jobs.errors import (
    ProgramFormatUnsupported,
    ShotsOutOfRange,
    TargetUnavailable,
    TooManyQubits,
    UnknownTarget,
)
from quantum_jobs.models import Target
from quantum_jobs.programs import FORMATS, Profile, Program, profile

_START_SECONDS = 1.0
_TIMES = frozenset({"shot_seconds", "start_seconds"})


@dataclass(frozen=True)
class KnownTarget:
    """The lasting facts of a target.

    A job takes `start_seconds`, and `shot_seconds` for each shot, on the machine: round figures chosen here.
    """

    provider: str
    kind: str
    qubits: int
    max_shots: int
    qir_profile: str
    min_shots: int = 1
    shot_seconds: float = 0.0
    start_seconds: float = _START_SECONDS


KNOWN_TARGETS = {
    "ionq.simulator": KnownTarget("ionq", "simulator", 29, 10_000, "base"),
    "ionq.qpu.aria-1": KnownTarget("ionq", "qpu", 25, 10_000, "base", shot_seconds=0.02),
    "ionq.qpu.forte-1": KnownTarget("ionq", "qpu", 36, 10_000, "base", shot_seconds=0.02),
    "ionq.qpu.forte-enterprise-1": KnownTarget("ionq", "qpu", 36, 10_000, "base", shot_seconds=0.02),
    "quantinuum.sim.h2-1sc": KnownTarget("quantinuum", "syntax-checker", 56, 10_000, "adaptive"),
    "quantinuum.sim.h2-1e": KnownTarget("quantinuum", "simulator", 32, 10_000, "adaptive"),
    "quantinuum.qpu.h2-1": KnownTarget("quantinuum", "qpu", 56, 10_000, "adaptive", shot_seconds=0.1),
    "quantinuum.sim.h2-2sc": KnownTarget("quantinuum", "syntax-checker", 56, 10_000, "adaptive"),
    "quantinuum.sim.h2-2e": KnownTarget("quantinuum", "simulator", 32, 10_000, "adaptive"),
    "quantinuum.qpu.h2-2": KnownTarget("quantinuum", "qpu", 56, 10_000, "adaptive", shot_seconds=0.1),
    "quantinuum.sim.helios-1sc": KnownTarget("quantinuum", "syntax-checker", 98, 10_000, "adaptive"),
    "quantinuum.sim.helios-1e": KnownTarget("quantinuum", "simulator", 98, 10_000, "adaptive"),
    "quantinuum.qpu.helios-1": KnownTarget("quantinuum", "qpu", 98, 10_000, "adaptive", shot_seconds=0.05),
    "rigetti.sim.qvm": KnownTarget("rigetti", "simulator", 20, 10_000, "base"),
    "rigetti.qpu.cepheus-1-108q": KnownTarget("rigetti", "qpu", 108, 10_000, "base", start_seconds=5.0),
}


def offered(target_id: str, availability: str, queue_seconds: int | None, status_page: str | None) -> Target | None:
    """Join what the workspace says of a target with what is known of it; None for one the service does not know."""
    known = KNOWN_TARGETS.get(target_id)
    if known is None:
        return None
    facts = {name: value for name, value in vars(known).items() if name not in _TIMES}
    return Target(
        id=target_id, availability=availability, queue_seconds=queue_seconds, status_page=status_page, **facts
    )


def run_seconds(target: Target, shots: int, items: int = 1) -> float:
    """How long a job of so many items and shots takes on the machine, without its queue; not verified on Azure."""
    known = KNOWN_TARGETS.get(target.id)
    return known.start_seconds + items * shots * known.shot_seconds if known else _START_SECONDS


def find(target_id: str, targets: Sequence[Target]) -> Target:
    """Give the target of a request's body.

    Raises:
        UnknownTarget: there is none of this name; suggests the nearest.
        TargetUnavailable: it takes no jobs now.
    """
    target = known(target_id, targets)
    check_available(target)
    return target


def known(target_id: str, targets: Sequence[Target]) -> Target:
    """Give the target of a name.

    Raises:
        UnknownTarget: there is none; suggests the nearest.
    """
    for target in targets:
        if target.id == target_id:
            return target
    names = sorted(target.id for target in targets)
    nearest = difflib.get_close_matches(target_id.lower(), names, n=1)
    raise UnknownTarget(target_id, names, nearest[0] if nearest else None)


def is_available(target: Target) -> bool:
    """Tell whether a target takes jobs now."""
    return target.availability != "Unavailable"


def check_available(target: Target) -> None:
    """Refuse a target that takes no jobs now.

    Raises:
        TargetUnavailable: with its status page.
    """
    if not is_available(target):
        error = TargetUnavailable(f"{target.id} is unavailable.", target=target.id, statusPage=target.status_page)
        error.headers = {"Retry-After": str(target.back_seconds or 300)}
        raise error


def check_programs(target: Target, shots: int, programs: Sequence[Program], targets: Sequence[Target]) -> None:
    """Hold the programs of a job and their shots against a target, before anything is written.

    Raises:
        ShotsOutOfRange, TooManyQubits, ProgramFormatUnsupported: says what the target takes.
    """
    check_shots(target, shots)
    check_qubits(target, programs, targets)
    check_profile(target, programs, targets)


def check_shots(target: Target, shots: int) -> None:
    """Hold shots against a target.

    Raises:
        ShotsOutOfRange: says how many the target takes.
    """
    if not target.min_shots <= shots <= target.max_shots:
        raise ShotsOutOfRange(shots, target.min_shots, target.max_shots)


def check_qubits(target: Target, programs: Iterable[Program], targets: Iterable[Target]) -> None:
    """Hold the width of the programs of a job against a target.

    Raises:
        TooManyQubits: says which targets are wide enough.
    """
    needed = max(program.qubits for program in programs)
    if needed > target.qubits:
        wide_enough = sorted(item.id for item in targets if item.qubits >= needed)
        raise TooManyQubits(target.id, needed, target.qubits, wide_enough)


def check_profile(target: Target, programs: Iterable[Program], targets: Iterable[Target]) -> None:
    """Hold what the programs of a job do between measurements against a target.

    Raises:
        ProgramFormatUnsupported: says which targets take them.
    """
    if target.qir_profile == "base" and any(profile(program) == Profile.ADAPTIVE for program in programs):
        able = sorted(item.id for item in targets if item.qir_profile != "base")
        raise ProgramFormatUnsupported(
            f"The program measures or resets midway, or branches on a result; {target.id} measures at the end only.",
            accepted=list(FORMATS),
            targetsThatFit=able,
        )
