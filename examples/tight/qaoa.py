"""MaxCut by QAOA (Farhi, Goldstone, Gutmann 2014): one program, its angles turned uphill job by job."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .graphs import Graph
from .runs import Runs

PACE = 0.75  # of the first angles, a slow change from the mixer to the graph in a line
REACH = 0.15  # radians to both sides, for the slope
STRIDE = 0.025
MEMORY = 0.7  # of the slopes before


@dataclass(frozen=True)
class Step:
    """Where the way uphill has come to: angles (all gammas, then all betas), mean cut, largest cut seen so far."""

    angles: np.ndarray
    mean: float
    largest: int


def program(graph: Graph, layers: int) -> str:
    """Write QAOA in OpenQASM 3 with the inputs gamma0 ..., beta0 ...; qubit i is node i.

    A layer is exp(-i gamma cut) and then exp(-i beta X) on every qubit.
    """
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(f"input float {name};" for name in names(layers))]
    lines += [f"qubit[{graph.nodes}] q;", f"bit[{graph.nodes}] c;", "h q;"]
    for layer in range(layers):
        for one, other in graph.edges:
            link = f"cx q[{one}], q[{other}];"
            lines.append(f"{link} rz(-gamma{layer}) q[{other}]; {link}")
        lines.append(f"rx(2 * beta{layer}) q;")
    return "\n".join([*lines, "c = measure q;", ""])


def names(layers: int) -> list[str]:
    return [f"{kind}{layer}" for kind in ("gamma", "beta") for layer in range(layers)]


def first_angles(layers: int) -> np.ndarray:
    """Start on a line: gammas grow, betas shrink."""
    middles = (np.arange(layers) + 0.5) / layers
    return PACE * np.concatenate([middles, 1 - middles])


def uphill(runs: Runs, graph: Graph, layers: int, steps: int, shots: int) -> Iterator[Step]:
    """Follow the slope; each step is one job, of the angles themselves and both sides of each."""
    angles, slope, largest = first_angles(layers), np.zeros(2 * layers), 0
    sides = REACH * np.concatenate([np.eye(2 * layers), -np.eye(2 * layers)])
    for step in range(steps):
        found = counted(runs, graph, layers, [angles, *(angles + side for side in sides)], shots)
        means = np.array([mean_size(graph, cuts) for cuts in found])
        largest = max(largest, *(int(graph.sizes[list(cuts)].max()) for cuts in found))
        yield Step(angles, float(means[0]), largest)
        ahead, behind = np.split(means[1:], 2)
        slope = MEMORY * slope + (1 - MEMORY) * (ahead - behind) / (2 * REACH)
        angles = angles + STRIDE * slope / (1 - MEMORY ** (step + 1))


def counted(runs: Runs, graph: Graph, layers: int, angles: Sequence[np.ndarray], shots: int) -> list[dict[int, int]]:
    """Run the program at several angles, as one job; give for each how often every cut came."""
    sets = [dict(zip(names(layers), map(float, each), strict=True)) for each in angles]
    items = runs.run(program(graph, layers), shots=shots, parameter_sets=sets).items
    return [{int(outcome, 2): times for outcome, times in item.counts.items()} for item in items]


def mean_size(graph: Graph, cuts: Mapping[int, int]) -> float:
    return float(np.average(graph.sizes[list(cuts)], weights=list(cuts.values())))
