"""The recorded output of a QIR program as registers.

Results recorded one after another in one array or tuple are one register, the i-th being bit i, named by the label of
that array or tuple (a single result by its own); without a label, or where it is taken, c0, c1, ...
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import inf

from quantum_jobs.programs.ir import Register


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording call: a result by number, or a container of `size` items."""

    label: str
    result: int | None = None
    size: int = 0


class OutputMalformed(ValueError):
    """Containers hold fewer items than they announce, or a result is recorded twice."""


def registers_of(recorded: Iterable[Recorded]) -> tuple[tuple[Register, ...], list[list[int]]]:
    """Give the registers, and for each the results that are its bits, bit 0 first.

    Raises:
        OutputMalformed: see there.
    """
    output = _Output()
    for item in recorded:
        output.add(item)
    groups = output.finish()
    numbers = [number for _, group in groups for number in group]
    if len(set(numbers)) != len(numbers):
        raise OutputMalformed("a result is recorded twice")
    return _named(groups), [group for _, group in groups]


@dataclass(slots=True)
class _Container:
    label: str
    missing: float
    holds_containers: bool = False
    run: list[Recorded] = field(default_factory=list)


class _Output:
    """Groups of results in the containers that are open."""

    def __init__(self) -> None:
        self._groups: list[tuple[str, list[int]]] = []
        self._open = [_Container("", inf)]

    def add(self, item: Recorded) -> None:
        while self._open[-1].missing == 0:
            self._close()
        container = self._open[-1]
        container.missing -= 1
        if item.result is not None:
            container.run.append(item)
        else:
            container.holds_containers = True
            self._flush(container)
            self._open.append(_Container(item.label, item.size))

    def finish(self) -> list[tuple[str, list[int]]]:
        while len(self._open) > 1:
            if self._open[-1].missing > 0:
                raise OutputMalformed(f"{self._open[-1].missing} items of a recorded array or tuple are missing")
            self._close()
        self._flush(self._open[0])
        return self._groups

    def _close(self) -> None:
        self._flush(self._open.pop())

    def _flush(self, container: _Container) -> None:
        run, container.run = container.run, []
        if run:
            label = "" if container.holds_containers else container.label
            label = label or (run[0].label if len(run) == 1 else "")
            self._groups.append((label, [item.result for item in run if item.result is not None]))


def _named(groups: Sequence[tuple[str, list[int]]]) -> tuple[Register, ...]:
    labels = Counter(label for label, _ in groups)
    fresh = (name for number in count() if (name := f"c{number}") not in labels)
    return tuple(
        Register(label if label and labels[label] == 1 else next(fresh), len(group)) for label, group in groups
    )
