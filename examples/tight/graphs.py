"""Graphs to cut, and the truth about them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FEWEST, MOST = 4, 20


@dataclass(frozen=True)
class Graph:
    """Nodes 0 ... n-1 and the edges between them.

    A cut is a whole number: bit i tells on which side node i is. Its size is the number of edges between the sides.
    """

    nodes: int
    edges: tuple[tuple[int, int], ...]

    @cached_property
    def sizes(self) -> np.ndarray:
        """The size of every cut there is, by its number: brute force, 2^n."""
        cuts = np.arange(1 << self.nodes)
        return sum(((cuts >> one ^ cuts >> other) & 1 for one, other in self.edges), np.zeros_like(cuts))

    @property
    def largest(self) -> int:
        return int(self.sizes.max())

    @property
    def guessed(self) -> float:
        """The mean size of a cut that is guessed: half of the edges."""
        return len(self.edges) / 2


def regular_graph(nodes: int, seed: int) -> Graph:
    """Draw a graph in which every node has three edges, and no two nodes have two.

    Raises:
        ValueError: there is none with so many nodes, or its cuts are too many to count.
    """
    if nodes % 2 or not FEWEST <= nodes <= MOST:
        raise ValueError(f"--nodes must be even and lie between {FEWEST} and {MOST}; it is {nodes}")
    random = np.random.default_rng(seed)
    ends = np.repeat(np.arange(nodes), 3)
    while True:
        random.shuffle(ends)
        edges = {(int(min(pair)), int(max(pair))) for pair in ends.reshape(-1, 2)}
        if len(edges) == 3 * nodes // 2 and all(one != other for one, other in edges):
            return Graph(nodes, tuple(sorted(edges)))
