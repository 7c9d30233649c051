"""The lowest energy of H2 by a quantum computer: a state with one angle, turned until its energy is least.

All bond lengths are asked for at once: one program, in one job a parameter set for each length, angle and basis.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .hydrogen import Molecule
from .runs import Runs

# cos(theta/2) |00> + sin(theta/2) |11>: both electrons bonding, or both antibonding. Exact for H2 at its best angle.
# `tilt` turns both qubits before they are read: 0 reads Z of each, -pi/2 reads X of each.
PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
input float tilt;
qubit[2] q;
bit[2] c;
ry(theta) q[0];
cx q[0], q[1];
ry(tilt) q;
c = measure q;
"""
TILTS = {"Z": 0.0, "X": -math.pi / 2}
SHOTS = 10_000  # of a parameter set, at most; more are several sets
STEP_SHOTS = 5_000
STILL = 0.05  # radians
STEPS = 4


@dataclass(frozen=True)
class Question:
    """A molecule and the angle of its state."""

    molecule: Molecule
    theta: float


@dataclass(frozen=True)
class Spread:
    """What the shots in one basis have told: mean and variance of a shot's energy (hartree), number of shots."""

    mean: float
    variance: float
    shots: int


@dataclass(frozen=True)
class Energy:
    """A mean energy and its standard error, hartree; the two bases were measured apart."""

    value: float
    error: float

    @classmethod
    def of(cls, *spreads: Spread) -> "Energy":
        error = math.sqrt(sum(spread.variance / spread.shots for spread in spreads))
        return cls(sum(spread.mean for spread in spreads), error)


def energy_of(molecule: Molecule, basis: str, outcome: str) -> float:
    """Give what one outcome, read in this basis, adds to the energy; the last character of a key is qubit 0."""
    signs = [1 - 2 * int(bit) for bit in reversed(outcome)]
    return sum(
        value * math.prod(sign for sign, letter in zip(signs, word, strict=True) if letter != "I")
        for word, value in molecule.terms.items()
        if (set(word) - {"I"} or {"Z"}) == {basis}
    )


def spread_of(molecule: Molecule, basis: str, counts: Mapping[str, int]) -> Spread:
    shots = sum(counts.values())
    energies = {outcome: energy_of(molecule, basis, outcome) for outcome in counts}
    mean = sum(energies[outcome] * times for outcome, times in counts.items()) / shots
    square = sum((energies[outcome] - mean) ** 2 * times for outcome, times in counts.items())
    return Spread(mean, square / max(shots - 1, 1), shots)


def even_only(counts: Mapping[str, int]) -> dict[str, int]:
    """Keep the outcomes that the state can give in the basis Z: both electrons in one orbital. The rest is noise."""
    return {outcome: times for outcome, times in counts.items() if outcome.count("1") % 2 == 0}


def counted(
    runs: Runs, questions: Sequence[Question], shots: int, sets: Mapping[tuple[int, str], int] | None = None
) -> list[dict[str, dict[str, int]]]:
    """Measure every question in both bases, in one submit; give its counts by basis.

    `sets` tells how many parameter sets of so many shots a question (by its place) and basis gets; one each by default.
    """
    order = [(place, basis) for place in range(len(questions)) for basis in TILTS]
    order = [each for each in order for _ in range(sets[each] if sets else 1)]
    wanted = [{"theta": questions[place].theta, "tilt": TILTS[basis]} for place, basis in order]
    items = runs.run(PROGRAM, shots=shots, parameter_sets=wanted).items
    found: list[dict[str, dict[str, int]]] = [{basis: {} for basis in TILTS} for _ in questions]
    for (place, basis), item in zip(order, items, strict=True):
        counts = found[place][basis]
        for outcome, times in item.counts.items():
            counts[outcome] = counts.get(outcome, 0) + times
    return found


def spreads_of(question: Question, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Spread]:
    return {basis: spread_of(question.molecule, basis, counts[basis]) for basis in TILTS}


def optimised(
    runs: Runs, molecules: Sequence[Molecule], say: Callable[[str, str], None]
) -> tuple[list[Question], list[dict[str, Spread]]]:
    """Turn all angles from Hartree-Fock's 0 to where the energy is least; give them with the last spreads there.

    The energy is a sine of the angle: three points of it tell where its lowest is (Nakanishi 2020, Ostaszewski 2021).
    """
    questions = [Question(molecule, 0.0) for molecule in molecules]
    for step in range(1, STEPS + 1):
        turns = (0.0, math.pi / 2, -math.pi / 2)
        asked = [Question(each.molecule, each.theta + turn) for each in questions for turn in turns]
        spreads = [
            spreads_of(question, counts)
            for question, counts in zip(asked, counted(runs, asked, STEP_SHOTS), strict=True)
        ]
        means = [Energy.of(*spread.values()).value for spread in spreads]
        moves = [lowest(*means[at : at + 3]) for at in range(0, len(means), 3)]
        questions = [
            Question(each.molecule, math.remainder(each.theta + move, 2 * math.pi))
            for each, move in zip(questions, moves, strict=True)
        ]
        farthest = max(map(abs, moves))
        say(f"step {step}", f"{len(asked) * 2} parameter sets in one job: largest turn {farthest:.3f} rad")
        if farthest < STILL:
            break
    return questions, spreads[::3]


def lowest(here: float, ahead: float, behind: float) -> float:
    """Give the turn to the lowest point of a sine that is known here, a quarter ahead and a quarter behind."""
    return math.remainder(-math.pi / 2 - math.atan2(2 * here - ahead - behind, ahead - behind), 2 * math.pi)


def share(spreads: Sequence[Mapping[str, Spread]], error: float) -> dict[tuple[int, str], int]:
    """Give each question and basis the sets of SHOTS shots that bring its energy's standard error to `error` (hartree).

    The shots go where the spread is: n_b = s_b (s_Z + s_X) / error^2, the fewest that do it.
    """
    sets = {}
    for place, by_basis in enumerate(spreads):
        total = sum(math.sqrt(spread.variance) for spread in by_basis.values())
        for basis, spread in by_basis.items():
            sets[place, basis] = max(1, math.ceil(math.sqrt(spread.variance) * total / error**2 / SHOTS))
    return sets


def measured(runs: Runs, questions: Sequence[Question], sets: Mapping[tuple[int, str], int] | None = None) -> list[Any]:
    """Measure all questions well; give (energy, energy from the even outcomes alone) of each."""
    found = []
    for question, counts in zip(questions, counted(runs, questions, SHOTS, sets), strict=True):
        z, x = spreads_of(question, counts).values()
        even = spread_of(question.molecule, "Z", even_only(counts["Z"]))
        found.append((Energy.of(z, x), Energy.of(even, x)))
    return found
