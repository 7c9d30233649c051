"""Every gate of OpenQASM against its unitary, worked out from exponentials of Pauli matrices."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm, fractional_matrix_power

from local.execution import openqasm
from local.execution.errors import InvalidProgram
from local.execution.openqasm.library import FILES
from local.execution.program import Gate
from tests.local.execution.exact import matrix_of

type Matrix = NDArray[np.complex128]

ONE, X, Y, Z = (
    np.array(rows, dtype=complex)
    for rows in ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])
)
PI = math.pi
# Above one turn and below zero: where halving after a reduction goes wrong.
ANGLES = st.floats(-30, 30, allow_nan=False)


def turn(axis: Matrix, angle: float) -> Matrix:
    return expm(-0.5j * angle * axis)


def shifted(angle: float) -> Matrix:
    return np.diag([1, np.exp(1j * angle)])


def u(theta: float, phi: float, lam: float) -> Matrix:
    return np.exp(0.5j * (phi + lam)) * turn(Z, phi) @ turn(Y, theta) @ turn(Z, lam)


def under(matrix: Matrix, controls: int = 1) -> Matrix:
    """The first qubits control; the first qubit is the highest bit."""
    size = len(matrix) << controls
    whole = np.eye(size, dtype=complex)
    whole[size - len(matrix) :, size - len(matrix) :] = matrix
    return whole


H = (X + Z) / math.sqrt(2)
SX = np.exp(0.25j * PI) * turn(X, PI / 2)
SWAP = (np.eye(4) + np.kron(X, X) + np.kron(Y, Y) + np.kron(Z, Z)) / 2
# Their matrices as published, the first qubit the highest bit.
RCCX = under(Y, 2) @ np.diag([1, 1, 1, 1, 1, -1, 1, 1])
RC3X = under(1j * Y, 3) @ np.diag([*([1] * 12), 1j, -1j, 1, 1])


def on(matrix: Matrix, *qubits: int, width: int) -> Matrix:
    """A matrix on some of so many qubits, the first of them the highest bit."""
    rest = [qubit for qubit in range(width) if qubit not in qubits]
    order = np.argsort([*qubits, *rest])
    whole = np.kron(matrix, np.eye(1 << len(rest))).reshape([2] * 2 * width)
    return whole.transpose([*order, *(order + width)]).reshape(1 << width, 1 << width)


def chained(*steps: Matrix) -> Matrix:
    return np.linalg.multi_dot(steps[::-1]) if len(steps) > 1 else steps[0]


UNITARIES = {
    "id": lambda: ONE,
    "u0": lambda _: ONE,
    "x": lambda: X,
    "y": lambda: Y,
    "z": lambda: Z,
    "h": lambda: H,
    "s": lambda: shifted(PI / 2),
    "sdg": lambda: shifted(-PI / 2),
    "t": lambda: shifted(PI / 4),
    "tdg": lambda: shifted(-PI / 4),
    "sx": lambda: SX,
    "sxdg": lambda: SX.conj().T,
    "p": shifted,
    "phase": shifted,
    "u1": shifted,
    "u2": lambda phi, lam: u(PI / 2, phi, lam),
    "u3": u,
    "u": u,
    "rx": lambda angle: turn(X, angle),
    "ry": lambda angle: turn(Y, angle),
    "rz": lambda angle: turn(Z, angle),
    "Rz": lambda angle: turn(Z, angle),
    "U1q": lambda theta, phi: turn(math.cos(phi) * X + math.sin(phi) * Y, theta),
    "cx": lambda: under(X),
    "CX": lambda: under(X),
    "cy": lambda: under(Y),
    "cz": lambda: under(Z),
    "ch": lambda: under(H),
    "csx": lambda: under(SX),
    "cp": lambda angle: under(shifted(angle)),
    "cphase": lambda angle: under(shifted(angle)),
    "cu1": lambda angle: under(shifted(angle)),
    "crx": lambda angle: under(turn(X, angle)),
    "cry": lambda angle: under(turn(Y, angle)),
    "crz": lambda angle: under(turn(Z, angle)),
    "cu3": lambda *angles: under(u(*angles)),
    "cu": lambda theta, phi, lam, gamma: under(np.exp(1j * gamma) * u(theta, phi, lam)),
    "swap": lambda: SWAP,
    "cswap": lambda: under(SWAP),
    "ccx": lambda: under(X, 2),
    "c3x": lambda: under(X, 3),
    "c4x": lambda: under(X, 4),
    "c3sqrtx": lambda: under(SX, 3),
    "rccx": lambda: RCCX,
    "rc3x": lambda: RC3X,
    "rxx": lambda angle: turn(np.kron(X, X), angle),
    "rzz": lambda angle: turn(np.kron(Z, Z), angle),
    "RZZ": lambda angle: turn(np.kron(Z, Z), angle),
    "ZZ": lambda: turn(np.kron(Z, Z), PI / 2),
    "Rxxyyzz": lambda a, b, c: turn(np.kron(X, X), a) @ turn(np.kron(Y, Y), b) @ turn(np.kron(Z, Z), c),
}
# As stdgates.inc has them: the determinant is 1.
OF_STDGATES = UNITARIES | {
    "u2": lambda phi, lam: turn(Z, phi) @ turn(Y, PI / 2) @ turn(Z, lam),
    "u3": lambda theta, phi, lam: turn(Z, phi) @ turn(Y, theta) @ turn(Z, lam),
    "U": lambda theta, phi, lam: np.exp(0.5j * theta) * u(theta, phi, lam),
    "gphase": lambda angle: np.array([[np.exp(1j * angle)]]),
}


def unitary_of(statements: str, width: int, *, version: str = "3.0", file: str = "stdgates.inc") -> Matrix:
    """What statements on qubits q do; q[0] is the highest bit."""
    register = f"qreg q[{width}];" if version == "2.0" else f"qubit[{width}] q;"
    program = openqasm.read(f'OPENQASM {version}; include "{file}"; {register} {statements}'.encode())
    total = np.eye(1 << width, dtype=complex)
    for gate in program.blocks[0].operations:
        assert isinstance(gate, Gate)
        turned = Gate(
            gate.name, *(_mirrored(gate.qubits, width), gate.angles, _mirrored(gate.controls, width), gate.entries)
        )
        total = matrix_of(turned, width) @ total
    return total


def _mirrored(qubits: Sequence[int], width: int) -> tuple[int, ...]:
    return tuple(width - 1 - qubit for qubit in qubits)


def same(found: Matrix, wanted: Matrix) -> bool:
    """Equal but for a global phase, which nobody can see."""
    return bool(abs(abs(np.vdot(wanted, found)) - len(wanted)) < 1e-9)


def call(name: str, angles: Sequence[float], qubits: Sequence[int]) -> str:
    given_angles = f"({', '.join(map(repr, angles))})" if angles else ""
    return f"{name}{given_angles} {', '.join(f'q[{qubit}]' for qubit in qubits)};"


GIVEN = [(file, name) for file, gates in FILES.items() for name in gates]


@pytest.mark.parametrize(("file", "name"), GIVEN, ids=[f"{file}-{name}" for file, name in GIVEN])
@settings(max_examples=15)
@given(data=st.data())
def test_a_gate_of_an_included_file_is_its_unitary_on_any_qubits(file: str, name: str, data: st.DataObject) -> None:
    standard = FILES[file][name]
    angles = [data.draw(ANGLES) for _ in range(standard.angles)]
    width = standard.qubits + 1
    qubits = data.draw(st.permutations(range(width)))[: standard.qubits]
    version = "3.0" if file == "stdgates.inc" else "2.0"
    found = unitary_of(call(name, angles, qubits), width, version=version, file=file)
    wanted = (OF_STDGATES if version == "3.0" else UNITARIES)[name](*angles)
    assert same(found, on(np.asarray(wanted), *qubits, width=width))


@pytest.mark.parametrize("name", [*FILES["stdgates.inc"], "U", "gphase"])
@settings(max_examples=15)
@given(data=st.data())
def test_a_controlled_gate_keeps_the_phase_that_is_seen_then(name: str, data: st.DataObject) -> None:
    sizes = {"U": (3, 1), "gphase": (1, 0)}
    standard = FILES["stdgates.inc"].get(name)
    angle_count, qubit_count = (standard.angles, standard.qubits) if standard else sizes[name]
    angles = [data.draw(ANGLES) for _ in range(angle_count)]
    matrix = np.asarray(OF_STDGATES[name](*angles))
    width = qubit_count + 1
    given_call = call(name, angles, range(width))
    assert same(unitary_of(f"ctrl @ {given_call}", width), under(matrix))
    assert same(unitary_of(f"ctrl @ inv @ {given_call}", width), under(matrix.conj().T))
    assert same(unitary_of(f"ctrl @ pow(3) @ {given_call}", width), under(np.linalg.matrix_power(matrix, 3)))
    flip = np.kron(X, np.eye(len(matrix)))
    assert same(unitary_of(f"negctrl @ {given_call}", width), flip @ under(matrix) @ flip)


@pytest.mark.parametrize("name", ["x", "y", "z", "h", "s", "t", "sx", "cx", "swap", "ccx"])
@pytest.mark.parametrize("exponent", [0.5, 0.25, 1 / 3, -0.5])
def test_a_fractional_power_is_the_principal_one(name: str, exponent: float) -> None:
    matrix = np.asarray(UNITARIES[name]())
    qubits = int(math.log2(len(matrix)))
    found = unitary_of(f"ctrl @ pow({exponent!r}) @ {call(name, [], range(qubits + 1))}", qubits + 1)
    assert same(found, under(fractional_matrix_power(matrix, exponent)))


@given(ANGLES, ANGLES)
def test_a_gate_of_the_program_halves_its_angles_to_the_last_bit(angle: float, other: float) -> None:
    """The definition that goes wrong where angles are reduced to a turn first."""
    definition = "gate g(t, s) a, b { rz(t / 2 + s) b; cx a, b; rz(-t / 2) b; cx a, b; rz(-s) b; }"
    for version, file in (("2.0", "qelib1.inc"), ("3.0", "stdgates.inc")):
        found = unitary_of(f"{definition} {call('g', [angle, other], [1, 0])}", 2, version=version, file=file)
        assert same(found, on(under(turn(Z, angle)), 1, 0, width=2))


@given(ANGLES, ANGLES)
def test_modifiers_of_a_gate_of_the_program_reach_into_it(angle: float, phase: float) -> None:
    definition = "gate g(t, s) a, b { gphase(s); ry(t) a; cx a, b; U(t, s, 0.5) b; }"
    inner = chained(
        np.kron(turn(Y, angle), ONE), under(X), np.kron(ONE, np.exp(0.5j * angle) * u(angle, phase, 0.5))
    ) * np.exp(1j * phase)
    found = unitary_of(f"{definition} inv @ ctrl(2) @ g({angle!r}, {phase!r}) q[3], q[0], q[2], q[1];", 4)
    assert same(found, on(under(inner, 2).conj().T, 3, 0, 2, 1, width=4))


def test_registers_go_along_together_and_single_qubits_stay() -> None:
    source = 'OPENQASM 2.0; include "qelib1.inc"; qreg a[1]; qreg b[3]; qreg c[3]; cx a, b; cx b, c; ccx a[0], b, c[1];'
    with pytest.raises(InvalidProgram, match="different sizes"):
        openqasm.read(source.replace("qreg c[3]", "qreg c[2]").encode())
    steps = openqasm.read(source.encode()).blocks[0].operations
    assert [step.qubits or step for step in steps if isinstance(step, Gate)][:6] == [
        *((0, qubit) for qubit in (1, 2, 3)),
        *((qubit, qubit + 3) for qubit in (1, 2, 3)),
    ]
    assert [step.touched for step in steps if isinstance(step, Gate)][6:] == [(0, 1, 5), (0, 2, 5), (0, 3, 5)]


@pytest.mark.parametrize(
    ("version", "expression", "value"),
    [
        ("2.0", "-pi/2", -PI / 2),
        ("2.0", "1/2", 0.5),
        ("2.0", "2^-1", 0.5),
        ("2.0", "-2^2", -4),
        ("2.0", "sin(pi/6)+ln(exp(2))*sqrt(4)", 4.5),
        ("2.0", "1e-3", 1e-3),
        ("3.0", "1/2", 0),
        ("3.0", "1.0/2", 0.5),
        ("3.0", "2**3**2", 512),
        ("3.0", "-7 % 3", -1),
        ("3.0", "tau*2-4*π", 0),
        ("3.0", "0x1F + 0b11 + 1_000", 1034),
        ("3.0", "1 << 3 | 1 ^ 3", 10),
        ("3.0", "arctan(1.0) * float(4)", PI),
        ("3.0", "popcount(7)", 3),
    ],
)
def test_an_expression_has_the_value_that_its_version_gives_it(version: str, expression: str, value: float) -> None:
    register = "qreg q[1];" if version == "2.0" else "qubit q;"
    text = f'OPENQASM {version}; include "qelib1.inc"; {register} rx({expression}) q;'
    (gate,) = openqasm.read(text.encode()).blocks[0].operations
    assert isinstance(gate, Gate)
    assert gate.angles == (pytest.approx(value, abs=1e-12),)
