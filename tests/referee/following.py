"""The exact distribution of a Qiskit circuit with variables and control flow, by following each of its branches.

A referee for the circuits that the tests hold against it: it follows the operators of `_BINARY`, not each that Qiskit
has, and no `while`. It raises on what it does not follow, so that a test fails and nothing is compared with a guess.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CASE_DEFAULT, ClassicalRegister, Clbit, Gate
from qiskit.circuit.classical import expr, types
from qiskit.quantum_info import Statevector

from tests.referee.keys import key

_BINARY = {
    expr.Binary.Op.BIT_AND: lambda left, right: left & right,
    expr.Binary.Op.BIT_OR: lambda left, right: left | right,
    expr.Binary.Op.BIT_XOR: lambda left, right: left ^ right,
    expr.Binary.Op.LOGIC_AND: lambda left, right: int(bool(left) and bool(right)),
    expr.Binary.Op.LESS: lambda left, right: int(left < right),
    expr.Binary.Op.GREATER_EQUAL: lambda left, right: int(left >= right),
    expr.Binary.Op.EQUAL: lambda left, right: int(left == right),
}


def _unfollowed(what: Any) -> ValueError:
    return ValueError(f"the referee does not follow {what!r}: give it a rule here before a test relies on it")


def _rule(op: Any) -> Callable[[int, int], int]:
    if op not in _BINARY:
        raise _unfollowed(op)
    return _BINARY[op]


class _Branch:
    """A state whose squared norm is its probability, with the classical values that led to it."""

    def __init__(self, state: Any, values: dict[Any, int]) -> None:
        self.state, self.values, self.is_breaking = state, values, False

    def copy(self, state: Any) -> "_Branch":
        return _Branch(state, dict(self.values))

    def value(self, node: Any) -> int:
        """Compute an expression, a bit, a register or an older condition (register or bit, value)."""
        match node:
            case Clbit():
                return self.values.get(node, 0)
            case ClassicalRegister():
                return sum(self.value(bit) << place for place, bit in enumerate(node))
            case (of, wanted):
                return int(self.value(of) == wanted)
            case expr.Var(var=var):
                return self.value(var) if isinstance(var, Clbit | ClassicalRegister) else self.values.get(node, 0)
            case expr.Value(value=value):
                return int(value)
            case expr.Cast(operand=operand, type=kind):
                return int(bool(self.value(operand))) if kind == types.Bool() else self.value(operand)
            case expr.Unary(op=expr.Unary.Op.LOGIC_NOT, operand=operand):
                return int(not self.value(operand))
            case expr.Unary(op=expr.Unary.Op.BIT_NOT, operand=operand):
                return ~self.value(operand) & ((1 << operand.type.width) - 1)
            case expr.Binary(op=op, left=left, right=right):
                return _rule(op)(self.value(left), self.value(right))
        raise _unfollowed(node)


def distribution(circuit: QuantumCircuit) -> dict[str, float]:
    """The probability of each outcome, keys as Qiskit writes them."""
    start = _Branch(Statevector.from_int(0, 2**circuit.num_qubits).data, {})
    found: Counter[str] = Counter()
    for branch in _run(circuit, [start], list(range(circuit.num_qubits)), list(circuit.clbits)):
        bits = {index: branch.value(bit) for index, bit in enumerate(circuit.clbits)}
        found[key(bits, circuit)] += float(np.vdot(branch.state, branch.state).real)
    return {outcome: share for outcome, share in found.items() if share > 1e-12}


def _run(circuit: QuantumCircuit, branches: list[_Branch], qubits: list[int], bits: list[Clbit]) -> list[_Branch]:
    """Run a block; `qubits` and `bits` are those of the whole circuit that its own stand for."""
    own = dict(zip(circuit.clbits, bits, strict=True))
    for item in circuit.data:
        places = [qubits[circuit.find_bit(qubit).index] for qubit in item.qubits]
        targets = [own[bit] for bit in item.clbits]
        going = [branch for branch in branches if not branch.is_breaking]
        branches = [branch for branch in branches if branch.is_breaking]
        for branch in going:
            branches += _step(item.operation, branch, places, targets)
    return branches


def _step(operation: Any, branch: _Branch, qubits: list[int], bits: list[Clbit]) -> list[_Branch]:
    match operation.name:
        case "measure":
            parts = list(_projected(branch, qubits[0]))
            for bit, part in enumerate(parts):
                part.values[bits[0]] = bit
            return [part for part in parts if np.vdot(part.state, part.state).real > 1e-12]
        case "reset":
            return [part for part in _reset(branch, qubits[0]) if np.vdot(part.state, part.state).real > 1e-12]
        case "store":
            branch.values[operation.lvalue] = branch.value(operation.rvalue)
        case "break_loop":
            branch.is_breaking = True
        case "if_else":
            chosen = operation.blocks[0 if branch.value(operation.condition) else 1 :][:1]
            return _run(chosen[0], [branch], qubits, bits) if chosen and chosen[0] is not None else [branch]
        case "switch_case":
            return _run(_chosen(operation, branch), [branch], qubits, bits)
        case "for_loop":
            return _looped(operation, branch, qubits, bits)
        case _:
            _evolve(operation, branch, qubits)
    return [branch]


def _evolve(operation: Any, branch: _Branch, qubits: list[int]) -> None:
    if isinstance(operation, Gate):
        branch.state = Statevector(branch.state).evolve(operation, qubits).data
    elif operation.name != "barrier":
        raise _unfollowed(operation)


def _reset(branch: _Branch, qubit: int) -> Iterable[_Branch]:
    # Qiskit's own reset of a state draws one of the outcomes; both have to be followed.
    for bit, part in enumerate(_projected(branch, qubit)):
        flipped = np.arange(len(part.state)) ^ (bit << qubit)
        yield part.copy(part.state[flipped])


def _chosen(operation: Any, branch: _Branch) -> QuantumCircuit:
    value, cases = branch.value(operation.target), operation.cases_specifier()
    return next(block for labels, block in cases if any(label is CASE_DEFAULT or label == value for label in labels))


def _looped(operation: Any, branch: _Branch, qubits: list[int], bits: list[Clbit]) -> list[_Branch]:
    indices, _, body = operation.params
    branches = [branch]
    for _ in indices:
        branches = _run(body, [each for each in branches if not each.is_breaking], qubits, bits) + [
            each for each in branches if each.is_breaking
        ]
    for each in branches:
        each.is_breaking = False
    return branches


def _projected(branch: _Branch, qubit: int) -> Iterable[_Branch]:
    ones = np.arange(len(branch.state)) >> qubit & 1
    return (branch.copy(np.where(ones == bit, branch.state, 0)) for bit in (0, 1))
