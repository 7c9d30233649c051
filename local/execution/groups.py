"""Shots that have had the same classical history so far, and the quantum state that they share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import qulacs
from numpy.typing import NDArray

from local.execution.circles import Trail
from local.execution.program import Measure, Number, Operation
from local.execution.stabilizer import Bits, StabilizerState

type QuantumState = qulacs.QuantumState | StabilizerState


@dataclass(eq=False)
class Shared:
    """A state, and how many groups hold it."""

    state: QuantumState
    holders: int = 1
    qubits: int = field(init=False)

    def __post_init__(self) -> None:
        self.qubits = self.state.get_qubit_count()


@dataclass(eq=False)
class Group:
    """Shots with one classical history.

    A measurement draws a basis state for each shot, once for all qubits, and changes nothing else: the state is only
    collapsed when something acts on it again, and shots only part when the program reads a bit in which they differ.
    Rows are in the order in which they were drawn, independent of each other: any slice of them is a fair sample.
    """

    shared: Shared
    shots: int
    block: int = 0
    position: int = 0
    values: dict[int, Number] = field(default_factory=dict)
    bits: dict[int, int] = field(default_factory=dict)
    """Results that are the same in all shots."""
    unread: dict[int, Bits] = field(default_factory=dict)
    """Results that may differ: a bit for each shot."""
    drawn: Bits | None = None
    """What each shot (row) would measure on each place (column); kept until something acts on the state."""
    measured: set[int] = field(default_factory=set)
    """Places whose drawn bits have become facts: the state has to be collapsed to them."""
    known: dict[int, int] = field(default_factory=dict)
    """Places that the state has been collapsed on and nothing has touched since -> their bits."""
    deferred: dict[int, int] = field(default_factory=dict)
    """Result -> qubit, for measurements that nothing later depends on: read off the final state."""
    output: list[Operation] = field(default_factory=list)
    executed: int = 0
    """Operations of one of the shots."""
    trail: Trail = field(default_factory=Trail)

    def split(self, parts: Sequence[slice | NDArray[np.intp]]) -> "list[Group]":
        """Part the shots; the parts share the state, and this group is used no more."""
        self.shared.holders += len(parts) - 1
        return [self._part(rows) for rows in parts]

    def _part(self, rows: slice | NDArray[np.intp]) -> "Group":
        return Group(
            self.shared,
            len(range(self.shots)[rows]) if isinstance(rows, slice) else len(rows),
            self.block,
            self.position,
            dict(self.values),
            dict(self.bits),
            {result: column[rows] for result, column in self.unread.items()},
            None if self.drawn is None else self.drawn[rows],
            set(self.measured),
            dict(self.known),
            dict(self.deferred),
            list(self.output),
            self.executed,
        )

    def own(self, qubits: int) -> QuantumState:
        """Give the state, of so many qubits, to be changed for this group alone; new qubits are |0>."""
        if self.shared.holders > 1:
            self.shared.holders -= 1
            self.shared = Shared(self.shared.state.copy())
        if qubits > self.shared.qubits:
            self.shared = Shared(_grown(self.shared.state, qubits))
        return self.shared.state

    def end(self) -> None:
        """Let go of the state."""
        self.shared.holders -= 1

    def set_bit(self, result: int, column: Bits) -> None:
        """Note what each shot has as its result from now on."""
        self.deferred.pop(result, None)
        self.bits.pop(result, None)
        self.unread[result] = column

    def put_off(self, operation: Operation) -> None:
        """Note that a result is to be read off the final state; a reset that is put off changes nothing seen."""
        if isinstance(operation, Measure):
            self.bits.pop(operation.result, None)
            self.unread.pop(operation.result, None)
            self.deferred[operation.result] = operation.qubit

    def collapse(self, bits: Mapping[int, int]) -> None:
        """Note that the state has been collapsed to bits of places, those that were drawn."""
        self.drawn = None
        self.measured.clear()
        self.known |= bits
        for result, column in list(self.unread.items()):
            if len(column) == 1 or column.min() == column.max():
                self.agree(result)

    def forget(self, places: Iterable[int]) -> None:
        """Note that something acts on places."""
        for place in places:
            self.known.pop(place, None)

    def agree(self, result: int) -> None:
        """Note that a result is the same in all shots."""
        self.bits[result] = int(self.unread.pop(result)[0])

    def parted(self, result: int) -> "list[Group]":
        """Part shots in which a result differs; gives this group itself where it is the same in all."""
        self.trail = Trail()
        if result not in self.unread:
            return [self]
        column = self.unread[result]
        differs = len(column) > 1 and column.min() != column.max()
        parts = self.split([np.flatnonzero(column == bit) for bit in (0, 1)]) if differs else [self]
        for part in parts:
            part.agree(result)
        return parts

    def measure(self, place: int, rng: np.random.Generator) -> Bits:
        """Make what is drawn on a place a fact; gives a bit for each shot."""
        if self.drawn is None and place in self.known:
            return np.full(self.shots, self.known[place], dtype=np.uint8)
        if self.drawn is None:
            self.drawn = sampled(self.shared.state, range(self.shared.qubits), self.shots, rng)
        self.measured.add(place)
        return self.drawn_of([place])[:, 0]

    def drawn_of(self, places: Sequence[int]) -> Bits:
        """Give what each shot (row) has drawn on some places."""
        if self.drawn is None:
            raise ValueError("Nothing is drawn.")
        if max(places, default=0) < self.drawn.shape[1]:
            return self.drawn[:, places]
        # Qubits that the state does not have yet are |0>.
        found = np.zeros((self.shots, len(places)), dtype=np.uint8)
        is_there = np.array(places) < self.drawn.shape[1]
        found[:, is_there] = self.drawn[:, np.array(places)[is_there]]
        return found

    def columns(self, places: Sequence[int], rng: np.random.Generator) -> Bits:
        """Measure places at the end: rows are shots."""
        if self.drawn is not None:
            return self.drawn_of(places)
        return sampled(self.own(max(places) + 1), places, self.shots, rng)


def _grown(state: QuantumState, qubits: int) -> QuantumState:
    if isinstance(state, StabilizerState):
        return StabilizerState(qubits, state.simulator)
    grown: qulacs.QuantumState = qulacs.state.tensor_product(
        qulacs.QuantumState(qubits - state.get_qubit_count()), state
    )
    return grown


def sampled(state: QuantumState, places: Sequence[int], shots: int, rng: np.random.Generator) -> Bits:
    """Measure some qubits of so many copies of a state; rows are shots."""
    seed = int(rng.integers(0, 2**31 - 1))
    if isinstance(state, StabilizerState):
        return state.sample(places, shots, seed)
    if shots == 1:
        (index,) = state.sampling(1, seed)
        return np.array([[index >> place & 1 for place in places]], dtype=np.uint8)
    words = np.array(state.sampling(shots, seed), dtype="<u8").view(np.uint8).reshape(shots, 8)
    return np.unpackbits(words, axis=1, bitorder="little")[:, list(places)]


def alike(rows: Bits) -> list[NDArray[np.intp]]:
    """Give the numbers of the rows that are equal, for each different row; in their order."""
    if len(rows) == 1:
        return [np.zeros(1, dtype=np.intp)]
    packed = np.packbits(rows, axis=1)
    words = np.zeros((len(rows), max(1, -(-packed.shape[1] // 8)) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    numbers = words.view(np.uint64)
    is_one = numbers.shape[1] == 1
    keys = numbers[:, 0] if is_one else np.unique(numbers, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
