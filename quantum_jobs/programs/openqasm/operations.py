"""Quantum statements become operations, counted against the limits as they are made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from quantum_jobs.programs.gates import flat_size
from quantum_jobs.programs.ir import Barrier, Bit, Gate, Measure, Operation, Reset
from quantum_jobs.programs.openqasm.calls import Call, GateCalls
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.text import SourceText
from quantum_jobs.programs.openqasm.values import Bits, Exhausted, Qubits, Refused, Scope


class Operations:
    """Where operations go, and what is known of qubits and bits so far."""

    def __init__(self, source: SourceText, expressions: Expressions) -> None:
        self._source = source
        self._limits = source.limits
        self._expressions = expressions
        self._count = self._steps = 0
        self.sink: list[Operation] = []
        self.measured: set[Bit] = set()
        self.touched: set[int] = set()
        self.in_gate = False

    @contextmanager
    def collected(self, in_gate: bool = False) -> Iterator[list[Operation]]:
        """Collect the operations made meanwhile apart: those of a branch or of a gate's definition."""
        outer = self.sink, self.in_gate
        self.sink, self.in_gate = [], self.in_gate or in_gate
        try:
            yield self.sink
        finally:
            self.sink, self.in_gate = outer

    def step(self, node: Any) -> None:
        """Count one step of reading."""
        self._steps += 1
        if self._steps > self._limits.steps:
            raise Exhausted(node, f"reading the program takes more than {self._limits.steps:,} steps")

    def spend(self, node: Any, operations: int) -> None:
        """Count operations."""
        self._count += operations
        if self._count > self._limits.operations:
            raise Exhausted(node, f"the program has more than {self._limits.operations:,} operations")

    def _emit(self, node: Any, operation: Operation) -> None:
        self.spend(node, flat_size(operation.name) if isinstance(operation, Gate) else 1)
        self.sink.append(operation)

    def note(self, refused: Refused) -> None:
        """Report a fault, unless its cause has been reported."""
        if refused.detail:
            self._source.refuse(refused.span, refused.detail)

    def apply(self, node: Any, call: Call, calls: GateCalls, scope: Scope) -> None:
        """Apply a gate, row by row where registers are given."""
        operands = self._operands(node, scope)
        if len(operands) != call.arity:
            what = node.name.name if hasattr(node, "name") else "gphase"
            raise Refused(node, f"{what} acts on {call.arity} qubit{'s' * (call.arity != 1)}, {len(operands)} given")
        rows = _broadcast(node, operands)
        if not call.is_known:
            return
        gates = calls.gates(node, call)
        for row in rows:
            self.step(node)
            for gate in gates:
                self._emit_gate(node, Gate(gate.name, tuple(row[place] for place in gate.qubits), gate.angles))

    def _emit_gate(self, node: Any, gate: Gate) -> None:
        if self.in_gate:
            self.sink.append(gate)
        elif gate.name not in {"gphase", "id"}:
            self.touched.update(gate.qubits)
            self._emit(node, gate)

    def _operands(self, node: Any, scope: Scope) -> list[Qubits]:
        """Evaluate the qubit operands, noting the faults of each."""
        operands, failed = [], False
        for operand in node.qubits:
            try:
                operands.append(self._qubits(operand, scope))
            except Refused as refused:
                failed = True
                self.note(refused)
        if failed:
            raise Refused(node)
        return operands

    def _qubits(self, node: Any, scope: Scope) -> Qubits:
        if type(node).__name__ == "HardwareQubit":
            raise Refused(node, f"the physical qubit ${node.name.lstrip('$')} is not supported; declare qubits by name")
        value = self._expressions.value(node, scope)
        if not isinstance(value, Qubits):
            raise Refused(node, "a qubit is needed here")
        return value

    def measure(self, node: Any, measured: Sequence[Any], target: Any, scope: Scope) -> None:
        """Measure qubits into as many bits."""
        if target is None:
            raise Refused(node, "the outcome of this measurement is not kept; assign it to a bit")
        qubits, bits = self._qubits(measured[0], scope), self._expressions.value(target, scope)
        if not isinstance(bits, Bits):
            raise Refused(target, "a measurement needs a bit or bit register to go to")
        if len(qubits.numbers) != len(bits.bits):
            raise Refused(node, f"{len(qubits.numbers)} qubits are measured into {len(bits.bits)} bits")
        _check_distinct(node, qubits.numbers)
        for qubit, bit in zip(qubits.numbers, bits.bits, strict=True):
            self.touched.add(qubit)
            self.measured.add(bit)
            self._emit(node, Measure(qubit, bit))

    def reset(self, node: Any, scope: Scope) -> None:
        """Reset qubits that were used."""
        for operand in self._operands(node, scope):
            for qubit in operand.numbers:
                # Qubits start as |0>: the customary reset before first use must not make a program adaptive.
                if qubit in self.touched:
                    self._emit(node, Reset(qubit))

    def barrier(self, node: Any, scope: Scope, qubit_count: int) -> None:
        """Put a barrier across the qubits named, or across all."""
        operands = self._operands(node, scope)
        if not self.in_gate:
            numbers = tuple(dict.fromkeys(number for operand in operands for number in operand.numbers))
            self._emit(node, Barrier(numbers or tuple(range(qubit_count))))


def _broadcast(node: Any, operands: Sequence[Qubits]) -> list[tuple[int, ...]]:
    """Spread a call over registers of one size; single qubits are the same in each row."""
    sizes = {len(operand.numbers) for operand in operands if operand.is_register}
    if not sizes:
        row = tuple([operand.numbers[0] for operand in operands])
        _check_distinct(node, row)
        return [row]
    if len(sizes) > 1:
        raise Refused(node, f"registers of {' and '.join(map(str, sorted(sizes)))} qubits do not go together")
    count = sizes.pop()
    columns = [operand.numbers if operand.is_register else operand.numbers * count for operand in operands]
    rows: list[tuple[int, ...]] = list(zip(*columns, strict=True))
    for row in rows:
        _check_distinct(node, row)
    return rows


def _check_distinct(node: Any, qubits: Sequence[int]) -> None:
    if len(set(qubits)) != len(qubits):
        raise Refused(node, "the same qubit is used twice")
