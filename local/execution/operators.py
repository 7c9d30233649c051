"""Applies gates, Pauli errors and projections to a qulacs state."""

from collections.abc import Callable, Mapping

import numpy as np
import qulacs
from qulacs import gate as native

from local.execution.errors import InvalidProgram
from local.execution.gates import Matrix, control_count, target_matrix
from local.execution.program import Gate, Number, Operand, Register

# qulacs has its own kernels for these, several times faster than the general matrix.
_NATIVE: dict[str, Callable[..., qulacs.QuantumGateBase]] = {
    "x": native.X,
    "y": native.Y,
    "z": native.Z,
    "h": native.H,
    "s": native.S,
    "sdg": native.Sdag,
    "t": native.T,
    "tdg": native.Tdag,
    "cx": native.CNOT,
    "cz": native.CZ,
    "swap": native.SWAP,
}


_DIAGONAL = {"p", "rz", "rzz", "z", "s", "sdg", "t", "tdg", "cz"}


def _general(name: str, matrix: Matrix, targets: list[int]) -> qulacs.QuantumGateBase:
    is_diagonal = name in _DIAGONAL
    make: Callable[..., qulacs.QuantumGateBase] = native.DiagonalMatrix if is_diagonal else native.DenseMatrix
    return make(targets, np.diag(matrix) if is_diagonal else matrix)


class Operators:
    """Gates of one program on the places of its qubits; gates with fixed angles are made once."""

    def __init__(self, places: Mapping[int, int]) -> None:
        self._places = places
        self._made: dict[Gate, qulacs.QuantumGateBase] = {}

    def apply(self, state: qulacs.QuantumState, gate: Gate, values: Mapping[int, Number]) -> None:
        """Apply a gate whose angles are numbers or registers of `values`."""
        made = self._made.get(gate)
        if made is None:
            made = self._make(gate, [_angle(angle, values) for angle in gate.angles])
            if not any(isinstance(angle, Register) for angle in gate.angles):
                self._made[gate] = made
        made.update_quantum_state(state)

    def _make(self, gate: Gate, angles: list[float]) -> qulacs.QuantumGateBase:
        places = [self._places[qubit] for qubit in gate.qubits]
        if gate.name in _NATIVE and not gate.controls:
            return _NATIVE[gate.name](*places)
        own = control_count(gate.name)
        controls = [self._places[qubit] for qubit in gate.controls] + places[:own]
        made = _general(gate.name, target_matrix(gate.name, angles, gate.entries), places[own:])
        if controls:
            made = native.to_matrix_gate(made)
            for control in controls:
                made.add_control_qubit(control, 1)
        return made

    def apply_paulis(self, state: qulacs.QuantumState, qubits: tuple[int, ...], code: int) -> None:
        """Apply a Pauli string given in base 4 (I X Y Z), the first qubit's Pauli in the lowest digit."""
        for position, qubit in enumerate(qubits):
            pauli = code // 4**position % 4
            if pauli:
                native.Pauli([self._places[qubit]], [pauli]).update_quantum_state(state)

    def project(self, state: qulacs.QuantumState, bits: Mapping[int, int]) -> None:
        """Collapse places to bits that have a probability above zero."""
        for place, bit in bits.items():
            (native.P1 if bit else native.P0)(place).update_quantum_state(state)
        state.normalize(state.get_squared_norm())


def _angle(angle: Operand, values: Mapping[int, Number]) -> float:
    number = float(values[angle.index] if isinstance(angle, Register) else angle)
    if not np.isfinite(number):
        raise InvalidProgram(f"A gate has the angle {number}; it must be finite.")
    return number
