"""Exact unitaries and outcome distributions with numpy, written from the gates' textbook matrices alone."""

from cmath import exp
from collections import defaultdict
from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from quantum_jobs.programs import Barrier, Bit, Gate, If, Measure, Operation, Program, Reset
from quantum_jobs.programs.gates import flatten

Matrix = NDArray[np.complex128]
X, Y, Z = (np.array(m, complex) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]))
I2, H, S = np.eye(2, dtype=complex), (X + Z) / 2**0.5, np.diag([1, 1j])


def turn(pauli: Matrix, angle: float) -> Matrix:
    return cos(angle / 2) * np.eye(len(pauli)) - 1j * sin(angle / 2) * pauli


def u(theta: float, phi: float, lam: float) -> Matrix:
    """The `u` with a real upper left entry."""
    c, s = cos(theta / 2), sin(theta / 2)
    return np.array([[c, -exp(1j * lam) * s], [exp(1j * phi) * s, exp(1j * (phi + lam)) * c]])


def controlled(matrix: Matrix, on: int = 1) -> Matrix:
    """Put a control before the qubits of a matrix; the first qubit is the most significant index."""
    empty, one = np.zeros_like(matrix), np.eye(len(matrix))
    return np.block([[one, empty], [empty, matrix]] if on else [[matrix, empty], [empty, one]])


SWAP = np.eye(4, dtype=complex)[[0, 2, 1, 3]]
ISWAP = np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])
SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
RCCX = np.eye(8, dtype=complex)
RCCX[5, 5], RCCX[6:, 6:] = -1, [[0, -1j], [1j, 0]]
FIXED = {
    "h": H,
    "x": X,
    "y": Y,
    "z": Z,
    "s": S,
    "t": np.diag([1, exp(1j * pi / 4)]),
    "id": I2,
    "sx": SX,
    "swap": SWAP,
    "iswap": ISWAP,
    "dcx": np.eye(4, dtype=complex)[[0, 2, 3, 1]],
    "rccx": RCCX,
}
FIXED |= {f"{name}dg": FIXED[name].conj().T for name in ("s", "t", "sx")}
FIXED["ecr"] = np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / 2**0.5
FIXED |= {f"c{name}": controlled(FIXED[name]) for name in ("x", "y", "z", "h", "s", "sdg", "sx", "swap")}
FIXED |= {"ccx": controlled(FIXED["cx"]), "ccz": controlled(FIXED["cz"]), "CX": FIXED["cx"]}
FIXED |= {"c3x": controlled(FIXED["ccx"]), "c3sx": controlled(controlled(FIXED["csx"]))}
FIXED |= {"c4x": controlled(FIXED["c3x"])}


def two(pauli: Matrix, other: Matrix, angle: float) -> Matrix:
    return turn(np.kron(pauli, other), angle)


def phase(angle: float) -> Matrix:
    return np.diag([1, exp(1j * angle)])


ANGLED = {
    "rx": lambda a: turn(X, a),
    "ry": lambda a: turn(Y, a),
    "rz": lambda a: turn(Z, a),
    **dict.fromkeys(("p", "phase", "u1"), phase),
    "cp": lambda a: controlled(phase(a)),
    "crx": lambda a: controlled(turn(X, a)),
    "cry": lambda a: controlled(turn(Y, a)),
    "crz": lambda a: controlled(turn(Z, a)),
    "rxx": lambda a: two(X, X, a),
    "ryy": lambda a: two(Y, Y, a),
    "rzz": lambda a: two(Z, Z, a),
    "rzx": lambda a: two(Z, X, a),
    "gphase": lambda a: np.array([[exp(1j * a)]]),
    "r": lambda a, axis: turn(cos(axis) * X + sin(axis) * Y, a),
    "U": lambda a, b, c: exp(1j * a / 2) * u(a, b, c),
    "u": u,
    "u2": lambda b, c: exp(-1j * (b + c) / 2) * u(pi / 2, b, c),
    "u3": lambda a, b, c: exp(-1j * (b + c) / 2) * u(a, b, c),
    "cu3": lambda a, b, c: controlled(u(a, b, c)),
    "cu": lambda a, b, c, d: controlled(exp(1j * d) * u(a, b, c)),
}


def named(name: str, angles: Sequence[float] = ()) -> Matrix:
    return ANGLED[name](*angles) if angles else FIXED[name]


def power(matrix: Matrix, exponent: float) -> Matrix:
    """The principal power of a unitary matrix, -1 having phase pi also when rounded; a whole one by multiplication."""
    if float(exponent).is_integer():
        return np.linalg.matrix_power(matrix if exponent >= 0 else matrix.conj().T, abs(int(exponent)))
    values, vectors = np.linalg.eig(matrix)
    phases = np.where(np.angle(values) < -pi + 1e-12, pi, np.angle(values))
    return vectors @ np.diag(np.exp(1j * exponent * phases)) @ np.linalg.inv(vectors)


def applied(matrix: Matrix, qubits: Sequence[int], state: Matrix) -> Matrix:
    """Apply a matrix to qubits of a state with one axis of two per qubit (further axes are kept)."""
    count = len(qubits)
    moved = np.tensordot(matrix.reshape((2,) * 2 * count), state, (range(count, 2 * count), qubits))
    return np.moveaxis(moved, range(count), qubits)


def unitary(steps: Sequence[tuple[Matrix, Sequence[int]]], qubits: int) -> Matrix:
    state = np.eye(2**qubits, dtype=complex).reshape((2,) * qubits + (2**qubits,))
    for matrix, places in steps:
        state = applied(matrix, places, state)
    return state.reshape(2**qubits, 2**qubits)


def flat_steps(operations: Sequence[Operation]) -> list[tuple[Matrix, Sequence[int]]]:
    gates = [flat for item in operations if isinstance(item, Gate) for flat in flatten(item)]
    return [(named(gate.name, gate.angles), gate.qubits) for gate in gates]


def same_up_to_phase(a: Matrix, b: Matrix, tolerance: float = 1e-9) -> bool:
    return abs(abs(np.vdot(a, b)) / len(a) - 1) < tolerance


Branch = tuple[Matrix, dict[Bit, int]]


def _run(operations: Sequence[Operation], branches: list[Branch]) -> list[Branch]:
    """Follow every outcome; a branch's squared norm is its probability."""
    for operation in operations:
        match operation:
            case Gate():
                for matrix, qubits in flat_steps([operation]):
                    branches = [(applied(matrix, qubits, state), bits) for state, bits in branches]
            case Measure(qubit, bit):
                branches = [(_kept(s, qubit, one), bits | {bit: one}) for s, bits in branches for one in (0, 1)]
            case Reset(qubit):
                halves = [(_kept(s, qubit, one), bits, one) for s, bits in branches for one in (0, 1)]
                branches = [(applied(X, [qubit], s) if one else s, bits) for s, bits, one in halves]
            case If(bits, value, then, otherwise):
                branches = [
                    after
                    for branch in branches
                    for after in _run(then if _number(bits, branch[1]) == value else otherwise, [branch])
                ]
            case Barrier():
                pass
        branches = [branch for branch in branches if np.vdot(branch[0], branch[0]).real > 1e-13]
    return branches


def _kept(state: Matrix, qubit: int, outcome: int) -> Matrix:
    kept = np.zeros_like(state)
    place = (slice(None),) * qubit + (outcome,)
    kept[place] = state[place]
    return kept


def _number(bits: Sequence[Bit], values: dict[Bit, int]) -> int:
    return sum(values.get(bit, 0) << place for place, bit in enumerate(bits))


def distribution(program: Program) -> dict[str, float]:
    """Probabilities by recorded bits, register after register, bit 0 first."""
    start = np.zeros((2,) * program.qubits, complex)
    start[(0,) * program.qubits] = 1
    order = [Bit(place, index) for place, register in enumerate(program.registers) for index in range(register.size)]
    totals: dict[str, float] = defaultdict(float)
    for state, values in _run(program.operations, [(start, {})]):
        totals["".join(str(values.get(bit, 0)) for bit in order)] += np.vdot(state, state).real
    return dict(totals)


def distance(a: dict[str, float], b: dict[str, float]) -> float:
    """Total variation distance."""
    return sum(abs(a.get(key, 0) - b.get(key, 0)) for key in a.keys() | b.keys()) / 2
