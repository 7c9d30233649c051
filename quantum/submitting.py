"""Programs as jobs in a test workspace: simulators only, whatever anybody asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quantum.catalogue import ProgramEntry
from quantum.compiling import compiled
from quantum.distributions import check_distribution, check_success
from quantum.errors import Failed, NotReady, TargetRefused
from quantum_jobs import Client, QuantumJobsError, connect
from quantum_jobs.errors import ServiceUnavailable, SettingsMissing

EXACT = frozenset({"ionq.simulator", "rigetti.sim.qvm"})
"""Simulators without noise: their counts are held against the exact distribution."""
CHECKERS = frozenset({"quantinuum.sim.h2-1sc", "quantinuum.sim.h2-2sc", "quantinuum.sim.helios-1sc"})
"""Syntax checkers: they compile a program and answer zeros."""
NOISY = frozenset({"quantinuum.sim.h2-1e", "quantinuum.sim.h2-2e", "quantinuum.sim.helios-1e"})
"""Simulators with the device's noise: the promised probability of success is held."""
ALLOWED = EXACT | CHECKERS | NOISY


def check_target(target: str) -> None:
    """Refuse all but the simulators that are named here.

    Raises:
        TargetRefused: hardware, or a target that nobody has put on the list yet.
    """
    if target not in ALLOWED:
        raise TargetRefused(
            f"{target} is refused: this command submits to simulators only, never to hardware that costs money. "
            f"It knows these: {', '.join(sorted(ALLOWED))}."
        )


def connected() -> Client:
    """Connect to the test workspace that the environment names.

    Raises:
        NotReady: a setting is missing; says which.
    """
    try:
        return connect("quantum-build", records="memory")
    except SettingsMissing as error:
        raise NotReady(
            f"{error} It names the test workspace. On this machine: "
            "python -m local run --no-functions -- python -m quantum submit"
        ) from error


Format = Literal["openqasm3", "qir"]


@dataclass(frozen=True)
class Order:
    """A program as it is sent to a target."""

    name: str
    target: str
    format: Format
    source: str
    shots: int


def submitted(client: Client, order: Order, timeout: float) -> Mapping[str, int]:
    """Run a program at a target that takes no money; give its counts.

    Raises:
        TargetRefused: hardware, or the workspace has a price for it.
        Failed: the target does not take it, or its job failed or did not end in time (it is cancelled).
        NotReady: the workspace does not answer.
    """
    check_target(order.target)
    try:
        _check_price(client, order)
        job = client.submit(
            order.source,
            shots=order.shots,
            target=order.target,
            format=order.format,
            name=f"quantum-build {order.name}",
            max_cost="0",
        )
        try:
            return job.result(timeout).counts
        except QuantumJobsError:
            job.cancel()
            raise
    except ServiceUnavailable as error:
        raise NotReady(f"the workspace does not answer: {error}") from error
    except QuantumJobsError as error:
        raise Failed(f"{order.target}: {error}") from error


def check_counts(counts: Mapping[str, int], program: ProgramEntry, target: str, false_alarm: float) -> str:
    """Hold a target's counts against what this kind of target can promise; tell what was held.

    Raises:
        Failed: they are not what they must be.
    """
    if target in CHECKERS:
        return "accepted by the syntax checker, which does not run it"
    share = check_success(counts, program.success, false_alarm)
    if target in NOISY:
        return f"success {share:.1%} with noise"
    return f"success {share:.1%}, p = {check_distribution(counts, program.distribution, false_alarm):.2g}"


def ordered(folder: Path, name: str, program: ProgramEntry, target: str, shots: int) -> Order:
    """Prepare a program for a target: Q# becomes QIR of the richest profile that the target takes.

    Raises:
        TargetRefused: hardware.
        Failed: the program does not compile for the target.
    """
    check_target(target)
    if program.language == "openqasm3":
        return Order(name, target, "openqasm3", (folder / program.file).read_text(), shots)
    adaptive = target.startswith("quantinuum.") and "adaptive" in program.profiles
    if not adaptive and "base" not in program.profiles:
        raise Failed(f"{program.file} needs the adaptive profile, which {target} does not take")
    return Order(name, target, "qir", compiled(folder, program, "adaptive" if adaptive else "base"), shots)


def _check_price(client: Client, order: Order) -> None:
    found = client.estimate(order.source, shots=order.shots, targets=[order.target], format=order.format)
    cost = found.targets[0].cost
    if cost.micros:
        raise TargetRefused(f"{order.target} would cost {cost}: this command submits where nothing costs.")
