"""Notices a program that turns in a circle for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.execution.program import Number


@dataclass
class Trail:
    """The way of one group of shots from block to block since it last read a bit.

    Without bits, where a program goes follows from its values alone: in the same block with the same values it goes the
    same way for ever. One place is remembered, each time for twice as long, so that a circle of any length is found
    (Brent's algorithm).
    """

    steps: int = 0
    block: int = -1
    values: Mapping[int, Number] = field(default_factory=dict)

    def is_back(self, block: int, values: Mapping[int, Number]) -> bool:
        """Tell whether the block was entered with these values before."""
        if block == self.block and values == self.values:
            return True
        self.steps += 1
        if self.steps & (self.steps - 1) == 0:
            self.block, self.values = block, dict(values)
        return False
