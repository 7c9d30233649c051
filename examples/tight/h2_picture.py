"""The picture of H2: its energy over the bond length, and how far off that is."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, GREEN, GREY, INK, ORANGE, keep, panels, styled
from .hydrogen import hydrogen

if TYPE_CHECKING:
    from .h2 import Point
    from .vqe import Energy

BAND = 1.6  # mHa


@styled
def draw(points: "Sequence[Point]", path: Path, *, ideal: str, noisy: str) -> None:
    """Draw two panels: energies (hartree) and what they are off by (millihartree), both over angstrom.

    Raises:
        OSError: the file cannot be written.
    """
    figure, (left, right) = panels(2, 10.4, 4.4)
    _curves(left, points)
    _errors(right, points, ideal, noisy)
    keep(figure, path)


def _curves(axes: Any, points: "Sequence[Point]") -> None:
    fine = np.linspace(points[0].length - 0.03, points[-1].length + 0.1, 200)
    axes.plot(fine, [hydrogen(float(length)).exact for length in fine], color=INK, label="exact in this basis set")
    axes.plot(fine, [hydrogen(float(length)).hartree_fock for length in fine], color=GREY, ls=":", label="Hartree-Fock")
    lengths = [point.length for point in points]
    style = {"ms": 6, "mec": "white", "mew": 0.7, "zorder": 3}
    axes.plot(lengths, [point.ideal.value for point in points], "o", color=BLUE, label="VQE, no noise", **style)
    if points[0].noisy:
        noisy = [point.noisy.value for point in points if point.noisy]
        axes.plot(lengths, noisy, "s", color=ORANGE, label="VQE, noisy", **style)
    axes.set(title="Energy of H₂", xlabel="bond length (Å)", ylabel="energy (Ha)", ylim=(-1.17, -0.75))
    axes.legend(loc="lower right")


def _errors(axes: Any, points: "Sequence[Point]", ideal: str, noisy: str) -> None:
    axes.axhspan(-BAND, BAND, color=GREEN, alpha=0.16, lw=0)
    axes.axhline(0, color=GREY, lw=0.8)
    end = points[-1].length + 0.09
    axes.text(end, -BAND * 0.93, f"chemical accuracy, {BAND} mHa", color="#00694d", ha="right", va="bottom")
    _bars(axes, points, [point.noisy for point in points], color=ORANGE, fmt="s")
    _bars(axes, points, [point.checked for point in points], color=ORANGE, fmt="^", mfc="white")
    _bars(axes, points, [point.ideal for point in points], color=BLUE, fmt="o")
    if points[0].noisy:
        corner = {"color": "#b34e00", "transform": axes.transAxes, "ha": "right", "va": "top"}
        axes.text(0.99, 0.97, f"■ {noisy}", **corner)
        axes.text(0.99, 0.90, "△ the same, odd outcomes dropped", **corner)
    axes.text(end, BAND * 1.15, f"● {ideal}", color=BLUE, ha="right", va="bottom")
    axes.set_yscale("symlog", linthresh=2, linscale=1.2)
    axes.set_yticks([-1, 0, 1, 10, 100], ["-1", "0", "1", "10", "100"])
    axes.set(title="Off the exact energy by", xlabel="bond length (Å)", ylabel="energy - exact (mHa)", ylim=(-2.2, 600))


def _bars(axes: Any, points: "Sequence[Point]", energies: "Sequence[Energy | None]", **style: Any) -> None:
    shown = [(point, energy) for point, energy in zip(points, energies, strict=True) if energy is not None]
    axes.errorbar(
        [point.length for point, _ in shown],
        [(energy.value - point.exact) * 1e3 for point, energy in shown],
        yerr=[energy.error * 1e3 for _, energy in shown],
        **{"ms": 5.5, "lw": 1.2, "capsize": 2} | style,
    )
