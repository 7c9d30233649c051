"""What a split of the orders over two vans costs in kilometres, found without any quantum computer.

A group of orders is a whole number: bit i is set when order i is in it. A split is the group in van B.
"""

import math
from collections.abc import Sequence

from .orders import Order, OrdersFault


class Routes:
    """The shortest tour of every group of orders, from the depot and back, and what two vans can carry.

    Held and Karp's dynamic programming (1962): n^2 2^n steps, so n = 12 takes a fraction of a second.

    Raises:
        OrdersFault: no split fits into two vans.
    """

    def __init__(self, orders: Sequence[Order], van_kg: float) -> None:
        self.orders, self.van_kg = orders, van_kg
        self._all = (1 << len(orders)) - 1
        places = [(order.east, order.north) for order in orders]
        self.between = [[math.dist(one, other) for other in places] for one in places]
        self._home = [math.hypot(*place) for place in places]
        self._path = self._shortest_paths()
        self._tour = [0.0] + [
            min(length + self._home[last] for last, length in paths.items()) for paths in self._path[1:]
        ]
        self._kg = [self._weight(group) for group in range(self._all + 1)]
        if not any(self.fits(split) for split in self.splits()):
            raise OrdersFault(f"no split of {self._kg[-1]:g} kg fits into two vans of {van_kg:g} kg")

    def splits(self) -> range:
        """All splits that differ in more than the names of the vans: order 0 is always in van A."""
        return range(0, self._all + 1, 2)

    def km(self, split: int) -> float:
        return self._tour[split] + self._tour[self.other(split)]

    def other(self, split: int) -> int:
        """Give the group in van A."""
        return self._all ^ split

    def tour(self, group: int) -> float:
        """Give the kilometres of one van, from the depot and back."""
        return self._tour[group]

    def kg(self, group: int) -> float:
        return self._kg[group]

    def fits(self, split: int) -> bool:
        return max(self._kg[split], self._kg[self.other(split)]) <= self.van_kg

    def vans(self, split: int) -> tuple[list[int], list[int]]:
        """Give the orders of van A and van B as they are visited."""
        return self._visits(self.other(split)), self._visits(split)

    def best(self) -> int:
        """Try every split: the truth that any cleverer way is held against."""
        return self._shortest(list(self.splits()))

    def rule_of_thumb(self) -> int:
        """Cut the circle round the depot in two sectors, one for each van (Gillett and Miller's sweep, 1974)."""
        around = sorted(range(len(self.orders)), key=lambda i: math.atan2(self.orders[i].north, self.orders[i].east))
        sectors = []
        for first in range(len(around)):
            group = 0
            for order in (around[first:] + around[:first])[:-1]:
                group |= 1 << order
                sectors.append(group if not group & 1 else self.other(group))
        return self._shortest([split for split in sectors if self.fits(split)] or list(self.splits()))

    def _shortest(self, splits: Sequence[int]) -> int:
        return min((split for split in splits if self.fits(split)), key=self.km)

    def _weight(self, group: int) -> float:
        return sum(order.kg for place, order in enumerate(self.orders) if group >> place & 1)

    def _shortest_paths(self) -> list[dict[int, float]]:
        """For each group: last order -> length of the shortest path from the depot through all of it to there."""
        paths: list[dict[int, float]] = [{}]
        for group in range(1, self._all + 1):
            ends = {}
            for last in range(len(self.orders)):
                if group >> last & 1:
                    before, leg = paths[group ^ 1 << last], self.between[last]
                    ends[last] = min((length + leg[end] for end, length in before.items()), default=self._home[last])
            paths.append(ends)
        return paths

    def _visits(self, group: int) -> list[int]:
        visits: list[int] = []
        while group:
            leg = self.between[visits[-1]] if visits else self._home
            last = min(self._path[group], key=lambda end: self._path[group][end] + leg[end])
            visits.append(last)
            group ^= 1 << last
        return visits[::-1]
