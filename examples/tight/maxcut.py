"""Cut a graph in two so that as many edges as can be are cut: QAOA, beside brute force and guessing.

Drives the workspace from within; the local cloud's is found by `make maxcut`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import quantum_jobs

from . import command
from .command import say
from .graphs import Graph, regular_graph
from .maxcut_picture import draw
from .qaoa import Step, counted, mean_size, uphill
from .runs import Runs

SHOTS = 500  # of each parameter set on the way
LAST_SHOTS = 4_000


@dataclass(frozen=True)
class Found:
    """The way uphill, and how often every cut came at its best angles."""

    graph: Graph
    way: Sequence[Step]
    cuts: Mapping[int, int]

    @property
    def ratio(self) -> float:
        """The mean size of a cut, as a share of the largest there is."""
        return mean_size(self.graph, self.cuts) / self.graph.largest

    @property
    def ratio_error(self) -> float:
        """Its standard error."""
        spread = np.sqrt(
            np.average(self._sizes**2, weights=self._times) - np.average(self._sizes, weights=self._times) ** 2
        )
        return float(spread / np.sqrt(self._times.sum()) / self.graph.largest)

    @property
    def best(self) -> int:
        """The largest cut that came; of several, the one that came most often."""
        return max(self.cuts, key=lambda cut: (self.graph.sizes[cut], self.cuts[cut]))

    @property
    def optimal_share(self) -> float:
        """The share of the shots that gave a cut of the largest size there is."""
        return float(self._times[self._sizes == self.graph.largest].sum() / self._times.sum())

    @property
    def _sizes(self) -> np.ndarray:
        return self.graph.sizes[list(self.cuts)]

    @property
    def _times(self) -> np.ndarray:
        return np.array(list(self.cuts.values()))


def search(runs: Runs, graph: Graph, layers: int, steps: int) -> Found:
    """Go uphill for so many steps, then look closely where the mean was highest; steps + 1 jobs."""
    way = []
    for number, step in enumerate(uphill(runs, graph, layers, steps, SHOTS), 1):
        way.append(step)
        say(f"job {number}", f"mean cut {step.mean:5.2f} of {graph.largest}, largest seen {step.largest}")
    best = max(way, key=lambda step: step.mean)
    (cuts,) = counted(runs, graph, layers, [best.angles], LAST_SHOTS)
    return Found(graph, way, cuts)


def report(found: Found) -> None:
    graph = found.graph
    guess, share = graph.guessed / graph.largest, float(np.mean(graph.sizes == graph.largest))
    say("ratio", f"{found.ratio:.3f} +- {found.ratio_error:.3f}: mean cut over the largest; of guesses {guess:.3f}")
    say("optimum", f"{found.optimal_share:.1%} of the shots gave {graph.largest}; of guesses {share:.3%}")
    sides = f"{found.best:0{graph.nodes}b}"[::-1]
    say("best", f"{graph.sizes[found.best]} edges, nodes 0 ... {graph.nodes - 1} on the sides {sides}")


def main(given: Sequence[str] | None = None) -> None:
    chosen = _arguments(given)
    graph = regular_graph(chosen.nodes, chosen.seed)
    say(
        "graph",
        f"{graph.nodes} nodes, {len(graph.edges)} edges; the largest of {1 << graph.nodes:,} cuts: {graph.largest}",
    )
    name = f"maxcut-{chosen.nodes}-{chosen.seed}-{chosen.layers}-{chosen.steps}-{chosen.target}"
    with quantum_jobs.connect("maxcut") as client:
        options = {"target": chosen.target, "max_cost": chosen.max_cost, "fresh": chosen.fresh, "session": True}
        with client.loop(name, **options) as loop:
            found = search(loop, graph, chosen.layers, chosen.steps)
            say("jobs", f"{loop.place}, {loop.replayed} of them from the checkpoint of an earlier run; {loop.spent}")
    report(found)
    draw(found, chosen.to)
    say("drawn", str(chosen.to))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    words = command.arguments("maxcut", __doc__ or "", "1")
    words.add_argument(
        "--nodes", type=int, default=14, help="of the graph, each with three edges (default: %(default)s)"
    )
    words.add_argument("--seed", type=int, default=1, help="of the graph (default: %(default)s)")
    words.add_argument("--layers", type=int, default=3, help="of the program (default: %(default)s)")
    words.add_argument("--steps", type=int, default=14, help="jobs on the way uphill (default: %(default)s)")
    chosen = words.parse_args(given)
    for name, least, most in (("seed", 0, 2**32), ("layers", 1, 8), ("steps", 1, 200)):
        if not least <= getattr(chosen, name) <= most:
            words.error(f"--{name} must lie between {least} and {most}")
    return chosen


if __name__ == "__main__":
    command.run(main)
