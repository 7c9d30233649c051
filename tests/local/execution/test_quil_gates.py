"""Quil's gates against their unitaries: standard ones, modifiers, definitions, circuits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.execution import quil
from local.execution.program import Gate
from tests.local.execution.exact import matrix_of
from tests.local.execution.test_openqasm_gates import ANGLES, SWAP, H, Matrix, X, Y, Z, on, same, shifted, turn, under

PI = math.pi
MIDDLE = np.kron(X, X) + np.kron(Y, Y)


def xy(angle: float) -> Matrix:
    """e^{i angle/4 (XX + YY)}, through turns that commute."""
    return np.asarray(turn(np.kron(X, X), -angle / 2) @ turn(np.kron(Y, Y), -angle / 2))


def at(state: int, angle: float) -> Matrix:
    return np.diag([np.exp(1j * angle) if index == state else 1 for index in range(4)])


def phased_fsim(theta: float, zeta: float, chi: float, gamma: float, phi: float) -> Matrix:
    """XY between phases of single states."""
    after = np.exp(-1j * np.array([0, gamma + zeta, gamma + chi, 2 * gamma - phi]))
    return np.diag(after) @ xy(theta) @ np.diag([1, 1, np.exp(1j * (chi + zeta)), 1])


def barenco(alpha: float, phi: float, theta: float) -> Matrix:
    """A turn by 2 theta about an axis in the plane of X and Y, with a phase, under a control."""
    return under(np.exp(1j * alpha) * turn(math.cos(phi) * X + math.sin(phi) * Y, 2 * theta))


UNITARIES = {
    "I": (0, lambda: np.eye(2)),
    "X": (0, lambda: X),
    "Y": (0, lambda: Y),
    "Z": (0, lambda: Z),
    "H": (0, lambda: H),
    "S": (0, lambda: shifted(PI / 2)),
    "T": (0, lambda: shifted(PI / 4)),
    "PHASE": (1, shifted),
    "RX": (1, lambda angle: turn(X, angle)),
    "RY": (1, lambda angle: turn(Y, angle)),
    "RZ": (1, lambda angle: turn(Z, angle)),
    "CNOT": (0, lambda: under(X)),
    "CZ": (0, lambda: under(Z)),
    "CCNOT": (0, lambda: under(X, 2)),
    "SWAP": (0, lambda: SWAP),
    "CSWAP": (0, lambda: under(SWAP)),
    "CPHASE": (1, lambda angle: at(3, angle)),
    "CPHASE00": (1, lambda angle: at(0, angle)),
    "CPHASE01": (1, lambda angle: at(1, angle)),
    "CPHASE10": (1, lambda angle: at(2, angle)),
    "XY": (1, xy),
    "PISWAP": (1, xy),
    "ISWAP": (0, lambda: xy(PI)),
    "SQISW": (0, lambda: xy(PI / 2)),
    "FSIM": (2, lambda theta, phi: at(3, phi) @ xy(theta)),
    "PHASEDFSIM": (5, phased_fsim),
    "BARENCO": (3, barenco),
    "PSWAP": (1, lambda angle: SWAP @ np.diag([1, np.exp(1j * angle), np.exp(1j * angle), 1])),
    "RXX": (1, lambda angle: turn(np.kron(X, X), angle)),
    "RYY": (1, lambda angle: turn(np.kron(Y, Y), angle)),
    "RZZ": (1, lambda angle: turn(np.kron(Z, Z), angle)),
}


def unitary_of(source: str, width: int) -> Matrix:
    """What a program does; qubit 0 is the highest bit."""
    (program,) = quil.read(source.encode())
    total = np.eye(1 << width, dtype=complex)
    for gate in program.blocks[0].operations:
        assert isinstance(gate, Gate)
        qubits, controls = (tuple(width - 1 - qubit for qubit in role) for role in (gate.qubits, gate.controls))
        total = matrix_of(Gate(gate.name, qubits, gate.angles, controls, gate.entries), width) @ total
    return total


def call(name: str, angles: list[float], qubits: list[int]) -> str:
    given_angles = f"({', '.join(map(repr, angles))})" if angles else ""
    return f"{name}{given_angles} {' '.join(map(str, qubits))}"


@pytest.mark.parametrize("name", UNITARIES)
@settings(max_examples=15)
@given(data=st.data())
def test_a_standard_gate_is_its_unitary_on_any_qubits_and_under_modifiers(name: str, data: st.DataObject) -> None:
    count, make = UNITARIES[name]
    angles = [data.draw(ANGLES) for _ in range(count)]
    matrix = np.asarray(make(*angles), dtype=complex)
    size = int(math.log2(len(matrix)))
    width = size + 2
    qubits = data.draw(st.permutations(range(width)))
    plain, controlled = qubits[:size], qubits[: size + 1]
    assert same(unitary_of(call(name, angles, plain), width), on(matrix, *plain, width=width))
    found = unitary_of("CONTROLLED " + call(name, angles, controlled), width)
    assert same(found, on(under(matrix), *controlled, width=width))
    found = unitary_of("DAGGER CONTROLLED " + call(name, angles, controlled), width)
    assert same(found, on(under(matrix).conj().T, *controlled, width=width))


@given(ANGLES, ANGLES, ANGLES, ANGLES)
def test_forked_takes_the_first_parameters_where_its_qubit_is_0(a: float, b: float, c: float, d: float) -> None:
    found = unitary_of(f"FORKED FORKED RY({a!r}, {b!r}, {c!r}, {d!r}) 2 0 1", 3)
    blocks = np.zeros((8, 8), dtype=complex)
    for index, angle in enumerate((a, b, c, d)):
        blocks[2 * index : 2 * index + 2, 2 * index : 2 * index + 2] = turn(Y, angle)
    assert same(found, on(blocks, 2, 0, 1, width=3))


@given(ANGLES)
def test_definitions_by_matrix_by_pauli_sum_and_by_permutation(angle: float) -> None:
    by_matrix = (
        "DEFGATE G(%t):\n    1, 0, 0, 0\n    0, 1, 0, 0\n"
        "    0, 0, cos(%t/2), -i*sin(%t/2)\n    0, 0, -i*sin(%t/2), cos(%t/2)\n"
    )
    assert same(unitary_of(f"{by_matrix}G({angle!r}) 1 0", 2), on(under(turn(X, angle)), 1, 0, width=2))
    by_sum = "DEFGATE G(%t) a b AS PAULI-SUM:\n    XZ(%t/2) a b\n    Y(0.3) b\n"
    energy = angle / 2 * np.kron(X, Z) + 0.3 * np.kron(np.eye(2), Y)
    values, vectors = np.linalg.eigh(energy)
    wanted = vectors * np.exp(-1j * values) @ vectors.conj().T
    assert same(unitary_of(f"{by_sum}G({angle!r}) 1 0", 2), on(wanted, 1, 0, width=2))
    order = "DEFGATE G AS PERMUTATION:\n    0, 1, 3, 2\n"
    assert same(unitary_of(f"{order}DAGGER G 1 0", 2), on(under(X), 1, 0, width=2))


@given(st.permutations(range(8)))
def test_a_permutation_gives_row_r_the_amplitude_that_it_names(order: list[int]) -> None:
    wanted = np.zeros((8, 8), dtype=complex)
    for row, column in enumerate(order):
        wanted[row, column] = 1
    text = f"DEFGATE G AS PERMUTATION:\n    {', '.join(map(str, order))}\n"
    assert same(unitary_of(f"{text}G 2 0 1", 3), on(wanted, 2, 0, 1, width=3))
    assert same(unitary_of(f"{text}DAGGER G 2 0 1", 3), on(wanted.T, 2, 0, 1, width=3))


@given(ANGLES, ANGLES)
def test_a_circuit_is_its_instructions_with_its_parameters_and_qubits(a: float, b: float) -> None:
    inner = "DEFCIRCUIT IN(%t) p q:\n    RX(%t/2) p\n    CONTROLLED RY(2*%t) q p\n"
    outer = "DEFCIRCUIT OUT(%t, %s) p q:\n    IN(%t-%s) q p\n    RZ(%s) p\n"
    plain = f"RX(({a!r}-{b!r})/2) 2\nCONTROLLED RY(2*({a!r}-{b!r})) 0 2\nRZ({b!r}) 0"
    assert same(unitary_of(f"{inner}{outer}I 1\nOUT({a!r}, {b!r}) 0 2", 3), unitary_of(f"I 1\n{plain}", 3))
