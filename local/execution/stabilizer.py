"""Stabilizer states (stim): programs of Clifford gates on more qubits than a state vector can hold."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import stim  # type: ignore[import-untyped]
from numpy.typing import NDArray

from local.execution.gates import GATES, Matrix
from local.execution.program import Gate, Number, Register, Runnable

# An angle this near to one of a Clifford gate counts as that one: stim computes in single precision.
TOLERANCE = 1e-6
MOST_QUBITS_OF_A_GATE = 4
# Below this, measuring copies one by one takes less time than finding all that can be measured.
FEW_SHOTS = 5

type Bits = NDArray[np.uint8]


class NotClifford(ValueError):
    """A gate cannot be applied to stabilizers."""


def is_clifford(program: Runnable) -> bool:
    """Tell whether every gate maps Pauli operators to Pauli operators; measurements, resets and branches may be any."""
    kinds = {gate for gate in program.operations() if isinstance(gate, Gate)}
    return all(_tableau_of(gate) is not None for gate in kinds)


def _tableau_of(gate: Gate) -> stim.Tableau | None:
    angles = tuple(float(angle) for angle in gate.angles if not isinstance(angle, Register))
    if len(angles) < len(gate.angles) or len(gate.touched) > MOST_QUBITS_OF_A_GATE or gate.name not in GATES:
        return None
    return _tableau(gate.name, angles, len(gate.controls))


@lru_cache(maxsize=4096)
def _tableau(name: str, angles: tuple[float, ...], more_controls: int) -> stim.Tableau | None:
    """Give the tableau on the gate's qubits, its controls first; None for a gate that is no Clifford gate."""
    kind = GATES[name]
    matrix = _controlled(kind.matrix(*angles), more_controls + kind.controls)
    try:
        tableau = stim.Tableau.from_unitary_matrix(matrix, endian="little")
    except ValueError:
        return None
    found = tableau.to_unitary_matrix(endian="little")
    overlap = np.vdot(found, matrix)
    return tableau if np.abs(matrix - overlap / abs(overlap) * found).max() < TOLERANCE else None


def _controlled(matrix: Matrix, controls: int) -> Matrix:
    """Put controls on the lowest bits of the index: the matrix acts where all of them are 1."""
    step = 1 << controls
    whole = np.eye(len(matrix) * step, dtype=np.complex128)
    whole[step - 1 :: step, step - 1 :: step] = matrix
    return whole


class StabilizerState:
    """A state of so many qubits, all |0> at first; its methods are those of the state vector that it stands for."""

    def __init__(self, qubits: int, simulator: stim.TableauSimulator | None = None) -> None:
        self._qubits = qubits
        # Nothing random is asked of it: whoever measures draws, then projects.
        self.simulator = simulator or stim.TableauSimulator(seed=0)
        self.simulator.set_num_qubits(qubits)

    def copy(self) -> "StabilizerState":
        return StabilizerState(self._qubits, self.simulator.copy())

    def get_qubit_count(self) -> int:
        return self._qubits

    def support(self, places: Sequence[int]) -> tuple[Bits, Bits]:
        """Give what can be measured on places: one outcome, and rows of which any sum modulo 2 may be added to it.

        All these outcomes are equally likely: the rows are the flips in the generators of the stabilizer.
        """
        one = np.array(self.simulator.copy(seed=0).measure_many(*places), dtype=np.uint8)
        flips = self.simulator.current_inverse_tableau().inverse().to_numpy()[2]
        return one, independent(flips[:, list(places)])

    def sample(self, places: Sequence[int], shots: int, seed: int) -> Bits:
        """Measure qubits of so many copies of the state; rows are shots, columns the places."""
        if shots < FEW_SHOTS:
            copies = [self.simulator.copy(seed=seed + shot) for shot in range(shots)]
            return np.array([copy.measure_many(*places) for copy in copies], dtype=np.uint8).reshape(shots, -1)
        one, flips = self.support(places)
        rng = np.random.default_rng(seed)
        # Sums of at most 1,024 ones are exact in single precision, for which there is a fast product.
        chosen = rng.integers(0, 2, (shots, len(flips)), dtype=np.uint8).astype(np.float32)
        return one ^ ((chosen @ flips.astype(np.float32)).astype(np.uint16) & 1).astype(np.uint8)


def independent(rows: NDArray[np.bool_]) -> Bits:
    """Give rows that span the same sums modulo 2 and of which none is a sum of others."""
    width = rows.shape[1]
    left, found = np.packbits(rows, axis=1), []
    while len(left := left[left.any(axis=1)]):
        row = left[0]
        column = int(np.unpackbits(row).argmax())
        has = left[:, column // 8] >> (7 - column % 8) & 1
        left = left ^ has[:, None] * row
        found.append(np.unpackbits(row)[:width])
    return np.array(found, dtype=np.uint8).reshape(-1, width)


class StabilizerOperators:
    """Gates of one program on the places of its qubits."""

    def __init__(self, places: Mapping[int, int]) -> None:
        self._places = places

    def apply(self, state: StabilizerState, gate: Gate, values: Mapping[int, Number]) -> None:
        """Apply a gate for which `is_clifford` holds."""
        tableau = _tableau_of(gate)
        if tableau is None:
            raise NotClifford(f"{gate.name} with angles {gate.angles} is no Clifford gate.")
        state.simulator.do_tableau(tableau, [self._places[qubit] for qubit in gate.touched])

    def apply_paulis(self, state: StabilizerState, qubits: tuple[int, ...], code: int) -> None:
        """Apply a Pauli string given in base 4 (I X Y Z), the first qubit's Pauli in the lowest digit."""
        for position, qubit in enumerate(qubits):
            pauli = code // 4**position % 4
            if pauli:
                (state.simulator.x, state.simulator.y, state.simulator.z)[pauli - 1](self._places[qubit])

    def project(self, state: StabilizerState, bits: Mapping[int, int]) -> None:
        """Collapse places to bits that have a probability above zero."""
        for place, bit in bits.items():
            state.simulator.postselect_z(place, desired_value=bool(bit))
