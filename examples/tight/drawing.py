"""How the pictures of this folder look: colours that people of every colour vision tell apart, quiet axes."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Okabe and Ito's palette.
BLUE, ORANGE, GREEN, SKY, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#8a8a8a", "#222222"
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


styled = mpl.rc_context(STYLE)
"""Decorator of a function that draws."""


def panels(count: int, width: float, height: float, **options: Any) -> tuple[Figure, Any]:
    """Make a figure with so many panels side by side, inches; no window is opened."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12)
    return figure, figure.subplots(1, count, **options)


def keep(figure: Figure, path: Path) -> None:
    """Write the picture; the kind follows the file's ending.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, facecolor="white", metadata={"Software": None} if path.suffix == ".png" else None)
