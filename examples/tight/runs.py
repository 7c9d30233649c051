"""What the algorithms of this folder need of the package: something that runs a program at many parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Runs(Protocol):
    """A session, a loop, or a client whose target is settled; gives an item with `counts` for each parameter set."""

    def run(self, source: str, *, shots: int, parameter_sets: Sequence[Mapping[str, float]]) -> Any: ...
