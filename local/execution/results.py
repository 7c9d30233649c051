"""Writes result documents: microsoft.quantum-results.v1 and v2, and ionq.quantum-results.v1."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from local.execution.errors import InvalidProgram
from local.execution.program import Number, RecordGroup
from local.execution.records import Record

type Tree = Number | bool | list[Tree] | tuple[Tree, ...]


def tree(record: Record) -> Tree:
    """Nest a flat output: an array becomes a list, a tuple a tuple, a single bit stays bare.

    Several items at the top are one tuple (a choice: Q# and Qiskit always open with one item).
    """
    entries = iter(record)
    items = [_item(entry, entries) for entry in entries]
    return items[0] if len(items) == 1 else tuple(items)


def _item(entry: RecordGroup | tuple[str, Number], rest: Iterator[RecordGroup | tuple[str, Number]]) -> Tree:
    if not isinstance(entry, RecordGroup):
        kind, value = entry
        return bool(value) if kind == "bool" else value
    try:
        items = [_item(next(rest), rest) for _ in range(entry.size)]
    except (StopIteration, RecursionError) as error:
        raise InvalidProgram(f"The output opens an {entry.kind} of {entry.size} items and records fewer.") from error
    return tuple(items) if entry.kind == "tuple" else items


def display(value: Tree) -> str:
    """Write an outcome as the service shows it: [0, 1], ([0], 1), true."""
    if isinstance(value, list):
        return f"[{', '.join(map(display, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(display, value))})"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _outcome(value: Tree) -> object:
    """Give an outcome as JSON: a tuple is an object Item1, Item2, ..."""
    if isinstance(value, tuple):
        return {f"Item{number}": _outcome(item) for number, item in enumerate(value, start=1)}
    return [_outcome(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Outcomes:
    """What a program gave: outputs with their counts, in the order that the shots are listed if not shuffled."""

    counts: Sequence[tuple[Record, int]]
    shuffled: bool = True

    def histogram(self) -> list[tuple[Tree, int]]:
        """Add up equal outcomes, in order of their display."""
        total: Counter[str] = Counter()
        outcomes: dict[str, Tree] = {}
        for record, count in self.counts:
            outcome = tree(record)
            text = display(outcome)
            outcomes[text] = outcome
            total[text] += count
        return [(outcomes[text], total[text]) for text in sorted(total)]

    def shots(self, seed: int) -> list[str]:
        """Give the outcome of each shot as JSON text; sampled shots in random order."""
        texts = [json.dumps(_outcome(tree(record))) for record, _ in self.counts]
        return [texts[index] for index in self.order(seed).tolist()]

    def order(self, seed: int) -> NDArray[np.int64]:
        """Give for each shot the position of its output in `counts`."""
        order = np.repeat(np.arange(len(self.counts)), [count for _, count in self.counts])
        if self.shuffled:
            np.random.default_rng(seed).shuffle(order)
        return order


def write_v2(batch: Sequence[Outcomes], seed: int) -> bytes:
    """Write microsoft.quantum-results.v2 with one result per item of the batch."""
    results = []
    for place, item in enumerate(batch):
        histogram = [
            {"Outcome": _outcome(outcome), "Display": display(outcome), "Count": count}
            for outcome, count in item.histogram()
        ]
        shots = ", ".join(item.shots(seed + place))
        results.append(f'{{"Histogram": {json.dumps(histogram)}, "Shots": [{shots}]}}')
    return f'{{"DataFormat": "microsoft.quantum-results.v2", "Results": [{", ".join(results)}]}}'.encode()


def write_v1(batch: Sequence[Outcomes], seed: int) -> bytes:
    """Write microsoft.quantum-results.v1: a flat list of displays and probabilities."""
    if len(batch) != 1:
        raise InvalidProgram("microsoft.quantum-results.v1 holds one item; ask for v2 to run several.")
    histogram = batch[0].histogram()
    total = sum(count for _, count in histogram)
    flat: list[object] = []
    for outcome, count in histogram:
        flat += [display(outcome), count / total]
    return json.dumps({"Histogram": flat}).encode()


def write_ionq(probabilities: dict[int, float]) -> bytes:
    """Write ionq.quantum-results.v1: keys are whole numbers, bit i = qubit i, of all qubits."""
    # 14 digits: the service shows 0.5, not the last bit of a simulation.
    histogram = {str(state): round(probabilities[state], 14) for state in sorted(probabilities)}
    return json.dumps({"histogram": histogram}).encode()


MICROSOFT_WRITERS: dict[str, Callable[[Sequence[Outcomes], int], bytes]] = {
    "microsoft.quantum-results.v1": write_v1,
    "microsoft.quantum-results.v2": write_v2,
}
