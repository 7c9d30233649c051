"""Runs a program on a state vector, or on stabilizers where it is wide and Clifford.

Shots that share a history run as one group, which splits where they part.
"""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import qulacs
from numpy.typing import NDArray

from local.execution import steps
from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.groups import Group, QuantumState, Shared, alike
from local.execution.limits import DEFAULT, Limits
from local.execution.noise import IDEAL, Noise, split_by_error
from local.execution.operators import Operators
from local.execution.program import (
    Block,
    Gate,
    Measure,
    Operation,
    ReadResult,
    RecordResult,
    Reset,
    Runnable,
    qubits_of,
)
from local.execution.records import Record, recorded
from local.execution.schedule import final_measurements, measures_only_at_its_end
from local.execution.stabilizer import Bits, NotClifford, StabilizerOperators, StabilizerState, is_clifford

MOST_DRAWN_BITS = 1 << 28
"""Of all qubits of all shots of a group; a larger group is run in halves."""
MOST_EQUAL_STATES = 1 << 16
"""Of a program that is too wide for a state vector, where exact probabilities are asked for."""


class _Widened(Exception):
    """A program that is written out while it runs has come to more qubits than a state vector holds."""


class Simulator:
    """Samples one program; the same seed gives the same shots."""

    def __init__(self, program: Runnable, *, seed: int, noise: Noise = IDEAL, limits: Limits = DEFAULT) -> None:
        self._program, self._limits, self._noise = program, limits, noise
        used = program.used_qubits()
        is_wide = len(used) > limits.qubits
        if is_wide and not (len(used) <= limits.clifford_qubits and is_clifford(program)):
            raise self._too_wide(len(used))
        self._place = {qubit: index for index, qubit in enumerate(used)}
        self._use_stabilizers(is_wide=is_wide)
        self._rng = np.random.default_rng(seed)
        self._put_off: dict[int, frozenset[int]] = {}
        self._steps: dict[type[Operation], Callable[[Group, Any], list[Group]]] = {
            **steps.CLASSICAL,
            Gate: self._gate,
            Measure: self._measure,
            Reset: self._reset,
            ReadResult: self._read,
        }
        self._executed = 0
        self._outcomes: Counter[Record] = Counter()

    def sample(self, shots: int) -> Counter[Record]:
        """Run so many shots; gives how often each output was recorded."""
        if not 1 <= shots <= self._limits.shots:
            raise InvalidProgram(f"Shots is {shots}; it must be from 1 to {self._limits.shots}.")
        try:
            return self._run(shots)
        except _Widened:
            self._use_stabilizers(is_wide=True)
            return self._run(shots)

    def _use_stabilizers(self, *, is_wide: bool) -> None:
        self._is_wide = is_wide
        self._operators: Any = StabilizerOperators(self._place) if is_wide else Operators(self._place)

    def _too_wide(self, qubits: int) -> ProgramTooLarge:
        return ProgramTooLarge(
            f"The program uses {qubits} qubits; the local engine simulates at most {self._limits.qubits}, "
            f"or {self._limits.clifford_qubits} when all gates are Clifford gates."
        )

    def _run(self, shots: int) -> Counter[Record]:
        self._outcomes = Counter()
        stack = [Group(Shared(self._start()), shots)]
        while stack:
            parts = self._advance(stack.pop())
            # The smallest part runs first, so at most log2(shots) states wait at a time.
            stack.extend(sorted(parts, key=lambda group: -group.shots))
        return self._outcomes

    def _start(self) -> QuantumState:
        qubits = max(1, len(self._place))
        return StabilizerState(qubits) if self._is_wide else qulacs.QuantumState(qubits)

    def probabilities(self) -> dict[int, float]:
        """Give the exact probability of each basis state of all declared qubits (bit i = qubit i).

        Raises UnsupportedProgram where a later step depends on a measurement or a reset, and ProgramTooLarge.
        """
        block = self._program.blocks[0]
        if not measures_only_at_its_end(block):
            raise UnsupportedProgram("This target takes no mid-circuit measurement, reset or branch on a result.")
        state = self._start()
        for operation in block.operations:
            if isinstance(operation, Gate):
                self._operators.apply(state, operation, {})
        if isinstance(state, StabilizerState):
            return self._equal_shares(state)
        found: NDArray[np.float64] = np.abs(state.get_vector()) ** 2
        # Below this is rounding of the simulator, not a part of the state.
        indices = np.flatnonzero(found > 1e-14)
        return {self._spread(int(index)): float(found[index]) for index in indices}

    def _equal_shares(self, state: StabilizerState) -> dict[int, float]:
        """Give the probabilities of a stabilizer state: all basis states that it has are equally likely."""
        one, flips = state.support(range(len(self._place)))
        if 1 << len(flips) > MOST_EQUAL_STATES:
            raise ProgramTooLarge(
                f"The program uses {len(self._place)} qubits and ends in more than {MOST_EQUAL_STATES} basis states; "
                f"exact probabilities of so many are given of at most {self._limits.qubits} qubits."
            )
        start, *turns = (self._spread(int("".join(map(str, row[::-1].tolist())), 2)) for row in (one, *flips))
        states = [start]
        for turn in turns:
            states += [known ^ turn for known in states]
        return dict.fromkeys(sorted(states), 1 / len(states))

    def _spread(self, index: int) -> int:
        """Turn an index over the used qubits into one over all qubits."""
        return sum((index >> place & 1) << qubit for qubit, place in self._place.items())

    def _advance(self, group: Group) -> list[Group]:
        """Run a group until it splits or ends; gives its parts, none at the end."""
        while True:
            block = self._program.blocks[group.block]
            operations, put_off = block.operations, self._entered(group, block)
            start = group.position
            while group.position < len(operations):
                index = group.position
                group.position += 1
                operation = operations[index]
                if index in put_off:
                    group.put_off(operation)
                    continue
                parts = self._steps[type(operation)](group, operation)
                if parts:
                    self._count(parts, index - start + 1)
                    return parts
            self._count([group], len(operations) - start + 1)
            if block.next is None:
                self._finish(group)
                return []
            steps.follow(group, block.next)

    def _entered(self, group: Group, block: Block) -> frozenset[int]:
        """Schedule a block at its first entry, and make room for qubits that come with it."""
        if group.block not in self._put_off:
            self._put_off[group.block] = final_measurements(block).positions
            for qubit in sorted(qubits_of(block) - self._place.keys()):
                self._place[qubit] = len(self._place)
            if not self._is_wide and len(self._place) > self._limits.qubits:
                raise _Widened
        return self._put_off[group.block]

    def _count(self, groups: list[Group], executed: int) -> None:
        """Count what was executed once for groups that were one until then."""
        self._executed += executed
        for group in groups:
            group.executed += executed
        if groups[0].executed > self._limits.operations_of_a_shot:
            most = self._limits.operations_of_a_shot
            raise ProgramTooLarge(f"One shot of the program ran more than {most} operations: is there a loop?")
        if self._executed > self._limits.operations:
            raise ProgramTooLarge(f"The program ran more than {self._limits.operations} operations: is there a loop?")

    def _gate(self, group: Group, gate: Gate) -> list[Group]:
        parts = self._settle(group) if group.drawn is not None else []
        if parts:
            return parts
        if group.known:
            group.forget(self._place[qubit] for qubit in gate.touched)
        try:
            self._operators.apply(group.own(len(self._place)), gate, group.values)
        except NotClifford as error:
            raise self._too_wide(len(self._place)) from error
        return self._err(group, gate)

    def _err(self, group: Group, gate: Gate) -> list[Group]:
        """Draw errors of a gate; a gate on more than two qubits errs as two-qubit gates on its neighbours."""
        qubits = gate.touched
        probability = self._noise.error_probability(len(qubits))
        if not probability:
            return []
        pairs = [qubits] if len(qubits) <= 2 else list(pairwise(qubits))
        parts = [group]
        for pair in pairs:
            parts = [erred for part in parts for erred in self._split(part, pair, probability)]
        return [] if parts[0] is group and len(parts) == 1 else parts

    def _split(self, group: Group, qubits: tuple[int, ...], probability: float) -> list[Group]:
        codes = split_by_error(self._rng, group.shots, probability, len(qubits))
        if codes == {0: group.shots}:
            return [group]
        ends = np.cumsum([0, *codes.values()]).tolist()
        parts = group.split([slice(start, end) for start, end in pairwise(ends)])
        for part, code in zip(parts, codes, strict=True):
            if code:
                self._operators.apply_paulis(part.own(len(self._place)), qubits, code)
        return parts

    def _measure(self, group: Group, operation: Measure) -> list[Group]:
        if group.shots > 1 and group.shots * len(self._place) > MOST_DRAWN_BITS and group.drawn is None:
            group.position -= 1
            return group.split([slice(group.shots // 2), slice(group.shots // 2, group.shots)])
        place = self._place[operation.qubit]
        column = group.measure(place, self._rng)
        group.set_bit(operation.result, self._reported(column))
        return []

    def _reported(self, bits: Bits) -> Bits:
        """Flip bits as the noise of reading does."""
        if not (self._noise.read_1_as_0 or self._noise.read_0_as_1):
            return bits
        flips = np.where(bits, self._noise.read_1_as_0, self._noise.read_0_as_1)
        return bits ^ (self._rng.random(bits.shape) < flips)

    def _settle(self, group: Group) -> list[Group]:
        """Collapse what was measured, before something acts on the state.

        Where shots differ the group only splits: each part comes back to the operation, when its turn has come.
        """
        places = sorted(group.measured)
        drawn = group.drawn_of(places)
        histories = alike(drawn)
        if len(histories) > 1:
            group.position -= 1
            return group.split(histories)
        bits = dict(zip(places, drawn[0].tolist(), strict=True))
        self._operators.project(group.own(len(self._place)), bits)
        group.collapse(bits)
        return []

    def _reset(self, group: Group, operation: Reset) -> list[Group]:
        """Measure without reporting, then flip what is 1."""
        place = self._place[operation.qubit]
        column = group.measure(place, self._rng)
        parts = self._settle(group) if group.drawn is not None else []
        if not parts and column[0]:
            self._operators.apply(group.own(len(self._place)), Gate("x", (operation.qubit,)), {})
        group.known[place] = 0
        return parts

    def _read(self, group: Group, operation: ReadResult) -> list[Group]:
        """Make a bit a value; shots in which it differs part here."""
        parts = group.parted(operation.result)
        for part in parts:
            part.values[operation.target.index] = part.bits.get(operation.result, 0)
        return parts if len(parts) > 1 else []

    def _finish(self, group: Group) -> None:
        if group.deferred:
            places = [self._place[qubit] for qubit in group.deferred.values()]
            bits = self._reported(group.columns(places, self._rng))
            group.unread |= dict(zip(group.deferred, bits.T, strict=True))
        wanted = {entry.result for entry in group.output if isinstance(entry, RecordResult)}
        differing = sorted(wanted & group.unread.keys())
        rows = np.array([group.unread[result] for result in differing], dtype=np.uint8).reshape(-1, group.shots).T
        for shots in alike(rows):
            found = dict(zip(differing, rows[shots[0]].tolist(), strict=True))
            self._outcomes[recorded(group.output, group.bits | found)] += len(shots)
        group.end()
