"""The picture of a cut: the graph, how good the cuts are, and the way to them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from .drawing import BLUE, GREY, INK, ORANGE, keep, panels, styled

if TYPE_CHECKING:
    from .graphs import Graph
    from .maxcut import Found


@styled
def draw(found: "Found", path: Path) -> None:
    """Draw three panels: the best cut, the sizes of all cuts that came beside guessing, the mean job by job.

    Raises:
        OSError: the file cannot be written.
    """
    figure, (left, middle, right) = panels(3, 12.6, 4.2, width_ratios=[1, 1.25, 1.1])
    _graph(left, found)
    _sizes(middle, found)
    _way(right, found)
    keep(figure, path)


def _graph(axes: Any, found: "Found") -> None:
    graph, cut = found.graph, found.best
    places = _places(graph)
    for one, other in graph.edges:
        between = (cut >> one ^ cut >> other) & 1
        style = {"color": INK, "lw": 1.6} if between else {"color": GREY, "lw": 1.4, "ls": (0, (2, 2))}
        axes.plot(*places[[one, other]].T, zorder=1, **style)
    for side, colour, mark in ((0, BLUE, "o"), (1, ORANGE, "s")):
        nodes = [node for node in range(graph.nodes) if cut >> node & 1 == side]
        axes.scatter(*places[nodes].T, s=230, color=colour, marker=mark, edgecolor="white", lw=1.5, zorder=2)
    for node, place in enumerate(places):
        axes.annotate(str(node), place, color="white", ha="center", va="center_baseline", fontsize=9.5)
    size = int(graph.sizes[cut])
    axes.set(title=f"Best cut: {size} of {len(graph.edges)} edges")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.axis("off")


def _places(graph: "Graph") -> np.ndarray:
    """Lay out nodes so that distance follows the number of edges between (Kamada and Kawai 1989)."""
    steps = np.full((graph.nodes, graph.nodes), np.inf)
    np.fill_diagonal(steps, 0)
    for one, other in graph.edges:
        steps[one, other] = steps[other, one] = 1
    for middle in range(graph.nodes):
        steps = np.minimum(steps, steps[:, middle, None] + steps[middle])
    steps[np.isinf(steps)] = graph.nodes  # parts that hang together by nothing
    angles = 2 * np.pi * np.arange(graph.nodes) / graph.nodes
    places = np.column_stack([np.cos(angles), np.sin(angles)]) * graph.nodes / 4
    weights = 1 / np.maximum(steps, 1) ** 2
    for _ in range(400):
        ways = places[:, None] - places
        lengths = np.maximum(np.linalg.norm(ways, axis=2), 1e-9)
        pull = weights * (lengths - steps) / lengths
        places = places - 0.25 * (pull[:, :, None] * ways).sum(axis=1) / weights.sum(axis=1, keepdims=True) * 2
    return places


def _sizes(axes: Any, found: "Found") -> None:
    graph = found.graph
    sizes = np.arange(graph.largest + 1)
    came = np.bincount(graph.sizes[list(found.cuts)], weights=list(found.cuts.values()), minlength=len(sizes))
    guessed = np.bincount(graph.sizes, minlength=len(sizes)) / len(graph.sizes)
    axes.bar(sizes - 0.21, guessed, 0.4, color=GREY, label="guessing")
    axes.bar(sizes + 0.21, came / came.sum(), 0.4, color=BLUE, label="QAOA")
    axes.axvline(graph.largest + 0.6, color=INK, lw=1, ls=":")
    axes.text(graph.largest + 0.45, axes.get_ylim()[1], "largest", ha="right", va="top", rotation=90)
    low = int(sizes[(guessed > 0.002) | (came > 0)].min())
    axes.set(title="Edges cut, share of shots", xlabel="edges cut", xlim=(low - 0.8, graph.largest + 0.9))
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(loc="upper left")


def _way(axes: Any, found: "Found") -> None:
    graph, jobs = found.graph, np.arange(1, len(found.way) + 1)
    axes.axhline(1, color=INK, lw=1, ls=":")
    axes.text(jobs[-1], 0.99, "largest cut", ha="right", va="top")
    guess = graph.guessed / graph.largest
    axes.axhline(guess, color=GREY, lw=1, ls=":")
    axes.text(jobs[-1], guess + 0.01, "guessing", color=GREY, ha="right", va="bottom")
    axes.plot(jobs, [step.mean / graph.largest for step in found.way], "-o", color=BLUE, ms=4)
    axes.set(title="Mean cut / largest cut", xlabel="job", ylim=(guess - 0.05, 1.03))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
