"""Every gate against a unitary built here from Pauli exponentials, through the simulator itself."""

import math

import numpy as np
import pytest
import qulacs
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from local.execution.gates import GATES
from local.execution.operators import Operators
from local.execution.program import Gate

type Complexes = NDArray[np.complex128]

I = np.eye(2, dtype=complex)  # noqa: E741 - its name
X = np.array([[0, 1], [1, 0]], dtype=complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(complex)
TURN = 2 * math.pi


def exponential(hermitian: Complexes, angle: float) -> Complexes:
    """e^{-i angle/2 H} by its eigenvalues."""
    values, vectors = np.linalg.eigh(hermitian)
    return np.asarray(vectors @ np.diag(np.exp(-0.5j * angle * values)) @ vectors.conj().T)


def controlled(unitary: Complexes, controls: int = 1) -> Complexes:
    """Controls are the lowest bits: they come first in a gate."""
    size = len(unitary) << controls
    out = np.eye(size, dtype=complex)
    where = [(index << controls) | ((1 << controls) - 1) for index in range(len(unitary))]
    out[np.ix_(where, where)] = unitary
    return out


def power(unitary: Complexes, exponent: float) -> Complexes:
    """A power with eigenphases from 0 up to 2 pi: the root that gate names mean."""
    values, vectors = np.linalg.eig(unitary)
    phases = np.angle(values) % TURN
    return np.asarray(vectors @ np.diag(np.exp(1j * exponent * phases)) @ np.linalg.inv(vectors))


H = (X + Z) / math.sqrt(2)
SWAP = (np.kron(I, I) + np.kron(X, X) + np.kron(Y, Y) + np.kron(Z, Z)) / 2


def axis(turns: float) -> Complexes:
    return np.asarray(math.cos(TURN * turns) * X + math.sin(TURN * turns) * Y)


EXACT = {
    "x": lambda: X,
    "y": lambda: Y,
    "z": lambda: Z,
    "h": lambda: H,
    "s": lambda: power(Z, 0.5),
    "sdg": lambda: power(Z, 0.5).conj().T,
    "t": lambda: power(Z, 0.25),
    "tdg": lambda: power(Z, 0.25).conj().T,
    "sx": lambda: power(X, 0.5),
    "sxdg": lambda: power(X, 0.5).conj().T,
    "p": lambda a: np.exp(0.5j * a) * exponential(Z, a),
    "rx": lambda a: exponential(X, a),
    "ry": lambda a: exponential(Y, a),
    "rz": lambda a: exponential(Z, a),
    "u": lambda a, b, c: np.exp(0.5j * (b + c)) * exponential(Z, b) @ exponential(Y, a) @ exponential(Z, c),
    "prx": lambda a, b: exponential(Z, b) @ exponential(X, a) @ exponential(Z, -b),
    "gpi": lambda a: axis(a),
    "gpi2": lambda a: exponential(axis(a), math.pi / 2),
    "cx": lambda: controlled(X),
    "cy": lambda: controlled(Y),
    "cz": lambda: controlled(Z),
    "swap": lambda: SWAP,
    "rxx": lambda a: exponential(np.kron(X, X), a),
    "ryy": lambda a: exponential(np.kron(Y, Y), a),
    "rzz": lambda a: exponential(np.kron(Z, Z), a),
    "ms": lambda a, b, c: exponential(np.kron(axis(b), axis(a)), TURN * c),
    "ccx": lambda: controlled(X, 2),
}
ANGLES = st.floats(-100, 100) | st.sampled_from([0.0, math.pi, -math.pi, 2 * math.pi, -4 * math.pi, math.pi / 2])


def applied(gate: Gate, width: int) -> Complexes:
    """The unitary that the simulator applies, column by column."""
    operators = Operators({qubit: qubit for qubit in range(width)})
    columns = []
    for index in range(1 << width):
        state = qulacs.QuantumState(width)
        state.set_computational_basis(index)
        operators.apply(state, gate, {})
        columns.append(state.get_vector())
    return np.array(columns).T


def embedded(unitary: Complexes, qubits: tuple[int, ...], width: int) -> Complexes:
    """A unitary on some qubits as one on all, element by element."""
    out = np.zeros((1 << width, 1 << width), dtype=complex)
    for column in range(1 << width):
        inner = sum((column >> qubit & 1) << place for place, qubit in enumerate(qubits))
        rest = column & ~sum(1 << qubit for qubit in qubits)
        for row in range(1 << len(qubits)):
            out[rest | sum((row >> place & 1) << qubit for place, qubit in enumerate(qubits)), column] = unitary[
                row, inner
            ]
    return out


@pytest.mark.parametrize("name", sorted(GATES))
def test_a_gate_applies_its_exact_unitary(name: str) -> None:
    kind = GATES[name]

    @settings(max_examples=25, deadline=None)
    @given(st.permutations(range(3)), st.tuples(*[ANGLES] * kind.angles))
    def check(order: list[int], angles: tuple[float, ...]) -> None:
        qubits = tuple(order[: kind.qubits])
        expected = embedded(EXACT[name](*angles), qubits, 3)
        assert np.abs(applied(Gate(name, qubits, angles), 3) - expected).max() < 1e-9

    check()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["x", "ry", "p", "rz", "sx", "swap", "rxx"]), st.permutations(range(4)), ANGLES, st.integers(1, 2)
)
def test_controls_apply_the_same_unitary_where_all_are_one(
    name: str, order: list[int], angle: float, count: int
) -> None:
    kind = GATES[name]
    angles = (angle,) * kind.angles
    controls, qubits = tuple(order[:count]), tuple(order[count : count + kind.qubits])
    expected = embedded(controlled(EXACT[name](*angles), count), controls + qubits, 4)
    assert np.abs(applied(Gate(name, qubits, angles, controls), 4) - expected).max() < 1e-9
