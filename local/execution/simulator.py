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

from local.execution.classical import compute
from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.groups import Group, QuantumState, sampled
from local.execution.limits import DEFAULT, Limits
from local.execution.noise import IDEAL, Noise, split_by_error
from local.execution.operators import Operators
from local.execution.program import (
    Block,
    Choose,
    Compute,
    Gate,
    Jump,
    Measure,
    Number,
    Operand,
    Operation,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
    Runnable,
    qubits_of,
)
from local.execution.schedule import Deferred, final_measurements, measures_only_at_its_end
from local.execution.stabilizer import NotClifford, StabilizerOperators, StabilizerState, is_clifford

type Entry = RecordGroup | tuple[str, Number]
"""An item of the output: an opened array or tuple, or (kind, value) of a leaf."""
type Record = tuple[Entry, ...]


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
        self._deferred: dict[int, Deferred] = {}
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
        stack = [Group(self._start(), shots)]
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
        if self._is_wide:
            raise ProgramTooLarge(
                f"The program uses {len(self._place)} qubits; exact probabilities are given of {self._limits.qubits}."
            )
        block = self._program.blocks[0]
        if not measures_only_at_its_end(block):
            raise UnsupportedProgram("This target takes no mid-circuit measurement, reset or branch on a result.")
        state = qulacs.QuantumState(max(1, len(self._place)))
        for operation in block.operations:
            if isinstance(operation, Gate):
                self._operators.apply(state, operation, {})
        found: NDArray[np.float64] = np.abs(state.get_vector()) ** 2
        # Below this is rounding of the simulator, not a part of the state.
        indices = np.flatnonzero(found > 1e-14)
        return {self._spread(int(index)): float(found[index]) for index in indices}

    def _spread(self, index: int) -> int:
        """Turn an index over the used qubits into one over all qubits."""
        return sum((index >> place & 1) << qubit for qubit, place in self._place.items())

    def _advance(self, group: Group) -> list[Group]:
        """Run a group until it splits or ends; gives its parts, none at the end."""
        while True:
            block = self._program.blocks[group.block]
            deferred = self._entered(group, block)
            while group.position < len(block.operations):
                index = group.position
                group.position += 1
                self._count()
                parts = self._step(group, block.operations[index], index, deferred)
                if parts:
                    return parts
            if block.next is None:
                self._finish(group)
                return []
            self._count()
            self._follow(group, block.next)

    def _entered(self, group: Group, block: Block) -> Deferred:
        """Schedule a block at its first entry, and make room for qubits that come with it."""
        if group.block not in self._deferred:
            self._deferred[group.block] = final_measurements(block)
            for qubit in sorted(qubits_of(block) - self._place.keys()):
                self._place[qubit] = len(self._place)
            if not self._is_wide and len(self._place) > self._limits.qubits:
                raise _Widened
        if len(self._place) > group.qubits:
            group.grow(len(self._place))
        return self._deferred[group.block]

    def _count(self) -> None:
        self._executed += 1
        if self._executed > self._limits.operations:
            raise ProgramTooLarge(f"The program ran more than {self._limits.operations} operations: is there a loop?")

    def _step(self, group: Group, operation: Operation, index: int, deferred: Deferred) -> list[Group]:
        if isinstance(operation, Gate):
            self._apply(group, operation)
            return self._err(group, operation)
        if isinstance(operation, Measure):
            if index in deferred.measurements:
                group.bits.pop(operation.result, None)
                group.deferred[operation.result] = operation.qubit
                return []
            return self._measure(group, operation)
        if isinstance(operation, Reset):
            return [] if index in deferred.dropped_resets else self._reset(group, operation.qubit)
        self._classical(group, operation)
        return []

    def _apply(self, group: Group, gate: Gate) -> None:
        try:
            self._operators.apply(group.state, gate, group.values)
        except NotClifford as error:
            raise self._too_wide(len(self._place)) from error

    def _classical(self, group: Group, operation: Operation) -> None:
        if isinstance(operation, ReadResult):
            group.values[operation.target.index] = group.bits.get(operation.result, 0)
        elif isinstance(operation, Compute):
            operands = [_value(operand, group.values) for operand in operation.operands]
            try:
                value = compute(operation.operation, operands, operation.width, operation.operand_width)
            except (ArithmeticError, ValueError) as error:
                raise InvalidProgram(f"{operation.operation} of {operands} failed: {error}.") from error
            group.values[operation.target.index] = value
        elif isinstance(operation, RecordValue):
            group.output.append(RecordValue(operation.kind, _value(operation.value, group.values)))
        else:
            group.output.append(operation)

    def _follow(self, group: Group, step: Jump | Choose) -> None:
        if isinstance(step, Choose):
            condition = _value(step.condition, group.values)
            step = next((jump for case, jump in step.cases if case == condition), step.default)
        moved = [(register.index, _value(operand, group.values)) for register, operand in step.moves]
        group.values.update(moved)
        group.block, group.position = step.block, 0

    def _err(self, group: Group, gate: Gate) -> list[Group]:
        """Draw errors of a gate; a gate on more than two qubits errs as two-qubit gates on its neighbours."""
        qubits = gate.touched
        pairs = [qubits] if len(qubits) <= 2 else list(pairwise(qubits))
        probability = self._noise.error_probability(len(qubits))
        if not probability:
            return []
        parts = [group]
        for pair in pairs:
            parts = [erred for part in parts for erred in self._split(part, pair, probability)]
        return [] if parts[0] is group and len(parts) == 1 else parts

    def _split(self, group: Group, qubits: tuple[int, ...], probability: float) -> list[Group]:
        codes = split_by_error(self._rng, group.shots, probability, len(qubits))
        if codes == {0: group.shots}:
            return [group]
        parts = []
        for number, (code, shots) in enumerate(codes.items(), start=1):
            # The last part takes the state itself.
            part = group.with_shots(shots, copy=number < len(codes))
            self._operators.apply_paulis(part.state, qubits, code)
            parts.append(part)
        return parts

    def _collapse(self, group: Group, qubit: int) -> list[tuple[int, Group]]:
        """Measure without reporting: gives the parts with their outcome."""
        place = self._place[qubit]
        zero = float(np.clip(group.state.get_zero_probability(place), 0.0, 1.0))
        # Rounding must not open a branch that the program cannot reach.
        zero = round(zero) if min(zero, 1 - zero) < 1e-12 else zero
        zeros = int(self._rng.binomial(group.shots, zero))
        counts = [(bit, shots) for bit, shots in ((0, zeros), (1, group.shots - zeros)) if shots]
        parts = []
        for number, (bit, shots) in enumerate(counts, start=1):
            part = group.with_shots(shots, copy=number < len(counts)) if len(counts) > 1 else group
            self._operators.project(part.state, place, bit)
            parts.append((bit, part))
        return parts

    def _measure(self, group: Group, operation: Measure) -> list[Group]:
        parts: list[Group] = []
        for bit, part in self._collapse(group, operation.qubit):
            flipped = int(self._rng.binomial(part.shots, self._noise.flip_probability(bit)))
            if 0 < flipped < part.shots:
                other = part.with_shots(flipped, copy=True)
                other.bits[operation.result] = 1 - bit
                other.deferred.pop(operation.result, None)
                parts.append(other)
                part.shots -= flipped
                flipped = 0
            part.bits[operation.result] = 1 - bit if flipped else bit
            part.deferred.pop(operation.result, None)
            parts.append(part)
        return [] if parts[0] is group and len(parts) == 1 else parts

    def _reset(self, group: Group, qubit: int) -> list[Group]:
        parts = []
        for bit, part in self._collapse(group, qubit):
            if bit:
                self._operators.apply(part.state, Gate("x", (qubit,)), {})
            parts.append(part)
        return [] if parts[0] is group and len(parts) == 1 else parts

    def _finish(self, group: Group) -> None:
        results = list(group.deferred)
        if not results:
            self._outcomes[_record(group, {})] += group.shots
            return
        seed = int(self._rng.integers(0, 2**31 - 1))
        places = np.array([self._place[group.deferred[result]] for result in results])
        bits = sampled(group.state, places, group.shots, seed)
        flips = np.where(bits, self._noise.read_1_as_0, self._noise.read_0_as_1)
        if flips.any():
            bits ^= self._rng.random(bits.shape) < flips
        rows, counts = np.unique(bits, axis=0, return_counts=True)
        for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
            self._outcomes[_record(group, dict(zip(results, row, strict=True)))] += count


def _value(operand: Operand, values: dict[int, Number]) -> Number:
    return values[operand.index] if isinstance(operand, Register) else operand


def _record(group: Group, bits: dict[int, int]) -> Record:
    """Make the output of a group whose deferred results have these bits; a result never measured is 0."""
    reader: dict[type, Callable[..., Entry]] = {
        RecordGroup: lambda entry: entry,
        RecordValue: lambda entry: (entry.kind, entry.value),
        RecordResult: lambda entry: ("result", bits.get(entry.result, group.bits.get(entry.result, 0))),
    }
    return tuple(reader[type(entry)](entry) for entry in group.output)
