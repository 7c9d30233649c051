"""Break the bond of hydrogen: the energy of H2 over its length, by VQE, beside the exact one.

Drives the workspace from within; the local cloud's is found by `make h2`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import quantum_jobs

from . import command
from .command import say
from .h2_picture import draw
from .hydrogen import hydrogen
from .runs import Runs
from .vqe import SHOTS, Energy, Question, measured, optimised, share

LENGTHS = (0.4, 0.5, 0.6, 0.7, 0.7414, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 2.8)
CHEMICAL_ACCURACY = 0.0016  # hartree: 1 kcal/mol, what chemistry wants


@dataclass(frozen=True)
class Point:
    """One bond length: its best angle and the energies found there; None where nothing was run on a noisy target."""

    question: Question
    ideal: Energy
    noisy: Energy | None = None
    checked: Energy | None = None

    @property
    def length(self) -> float:
        return self.question.molecule.length

    @property
    def exact(self) -> float:
        return self.question.molecule.exact


def curve(runs: Runs, lengths: Sequence[float], error: float) -> list[Point]:
    """Find the lowest energy at every length with a standard error (hartree), on the runner's target."""
    questions, spreads = optimised(runs, [hydrogen(length) for length in lengths], say)
    sets = share(spreads, error)
    say("measure", f"{sum(sets.values())} parameter sets of {SHOTS:,} shots: standard errors of {error * 1e3:g} mHa")
    energies = [ideal for ideal, _ in measured(runs, questions, sets)]
    return [Point(question, energy) for question, energy in zip(questions, energies, strict=True)]


def on_noise(runs: Runs, points: Sequence[Point]) -> list[Point]:
    """Measure the states that were found on the runner's target; one parameter set each and basis."""
    found = measured(runs, [point.question for point in points])
    return [
        Point(point.question, point.ideal, noisy, checked)
        for point, (noisy, checked) in zip(points, found, strict=True)
    ]


def table(points: Sequence[Point]) -> None:
    print("\n  length   angle      energy   error    exact    off by   (mHa)")
    for point in points:
        off, error = (point.ideal.value - point.exact) * 1e3, point.ideal.error * 1e3
        print(
            f"  {point.length:6.4g} {point.question.theta:7.3f} {point.ideal.value:11.5f} {error:7.2f} "
            f"{point.exact:10.5f} {off:7.2f}"
        )
    within = sum(abs(point.ideal.value - point.exact) < CHEMICAL_ACCURACY for point in points)
    print(f"  {within} of {len(points)} within chemical accuracy ({CHEMICAL_ACCURACY * 1e3:g} mHa)\n")


def main(given: Sequence[str] | None = None) -> None:
    words = command.arguments("h2", __doc__ or "", "20")
    words.add_argument(
        "--noisy", default="rigetti.qpu.cepheus-1-108q", help="a target with noise (default: %(default)s)"
    )
    words.add_argument("--error", type=float, default=0.4, help="standard error to reach, mHa (default: %(default)s)")
    chosen = words.parse_args(given)
    if not 0.05 <= chosen.error <= 50:
        words.error("--error must lie between 0.05 and 50 mHa")
    with quantum_jobs.connect("h2") as client:
        options = {"max_cost": chosen.max_cost, "fresh": chosen.fresh}
        name = f"h2-{chosen.error:g}-{chosen.target}"
        with client.loop(name, target=chosen.target, **options) as loop:
            points = curve(loop, LENGTHS, chosen.error / 1e3)
        table(points)
        try:
            with client.loop(f"{name}-{chosen.noisy}", target=chosen.noisy, **options) as loop:
                points = on_noise(loop, points)
                say("noisy", f"{chosen.noisy}: off by {_range([each.noisy for each in points], points)}, {loop.spent}")
                say("", f"odd outcomes dropped: off by {_range([each.checked for each in points], points)}")
        finally:  # what was measured without noise is drawn in any case
            draw(points, chosen.to, ideal=chosen.target, noisy=chosen.noisy)
            say("drawn", str(chosen.to))


def _range(energies: Sequence[Energy | None], points: Sequence[Point]) -> str:
    gaps = [(energy.value - point.exact) * 1e3 for energy, point in zip(energies, points, strict=True) if energy]
    return f"{min(gaps):.0f} to {max(gaps):.0f} mHa"


if __name__ == "__main__":
    command.run(main)
