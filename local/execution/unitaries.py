"""What modifiers make of a list of gates: its inverse, its controlled form, its powers."""

import cmath
from collections.abc import Iterable, Sequence

import numpy as np

from local.execution.gates import Matrix, control_count, target_matrix
from local.execution.program import Gate, Number, Operand, Register

_INVERSES = {"s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t", "sx": "sxdg", "sxdg": "sx"}
_OWN_INVERSES = {"x", "y", "z", "h", "cx", "cy", "cz", "swap", "ccx"}
_TURNS = {"gphase", "p", "rx", "ry", "rz", "rxx", "ryy", "rzz"}
MOST_POWER_QUBITS = 6


def global_phase(angle: float) -> Gate:
    """Make e^{i angle}: seen only once it is controlled, and left out of programs."""
    return Gate("gphase", (), (angle,))


def negated(angle: Operand) -> Number:
    return -_known(angle)


def _known(angle: Operand) -> Number:
    if isinstance(angle, Register):
        message = "A gate whose angle is computed while the program runs cannot be inverted or raised to a fraction."
        raise ValueError(message)  # noqa: TRY004 - its value is missing, not of another type
    return angle


def inverse(gates: Sequence[Gate]) -> list[Gate]:
    """Undo gates, last first."""
    return [_inverted(gate) for gate in reversed(gates)]


def _inverted(gate: Gate) -> Gate:
    if gate.name in _OWN_INVERSES:
        return gate
    if gate.name in _INVERSES:
        return Gate(_INVERSES[gate.name], gate.qubits, (), gate.controls)
    if gate.name in _TURNS:
        return Gate(gate.name, gate.qubits, tuple(negated(angle) for angle in gate.angles), gate.controls)
    if gate.name == "u":
        theta, phi, lam = (negated(angle) for angle in gate.angles)
        return Gate("u", gate.qubits, (theta, lam, phi), gate.controls)
    if gate.name == "prx":
        return Gate("prx", gate.qubits, (negated(gate.angles[0]), gate.angles[1]), gate.controls)
    matrix = target_matrix(gate.name, [_known(angle) for angle in gate.angles], gate.entries)
    return matrix_gate(matrix.conj().T, gate.qubits, gate.controls)


def controlled(gates: Iterable[Gate], controls: tuple[int, ...]) -> list[Gate]:
    """Apply gates where all controls are 1; a global phase becomes a phase of the controls."""
    return [_under(gate, controls) for gate in gates]


def _under(gate: Gate, controls: tuple[int, ...]) -> Gate:
    if gate.name == "gphase" and controls:
        return Gate("p", controls[-1:], gate.angles, controls[:-1])
    return Gate(gate.name, gate.qubits, gate.angles, controls + gate.controls, gate.entries)


def where_zero(gates: Iterable[Gate], controls: tuple[int, ...]) -> list[Gate]:
    """Apply gates where all controls are 0."""
    flips = [Gate("x", (control,)) for control in controls]
    return [*flips, *controlled(gates, controls), *flips]


def power(gates: Sequence[Gate], exponent: float) -> list[Gate]:
    """Give the principal power; whole exponents repeat the gates.

    Raises ValueError for a fraction over too many qubits or with angles known only while the program runs.
    """
    if float(exponent).is_integer():
        repeated = gates if exponent >= 0 else inverse(gates)
        return list(repeated) * abs(int(exponent))
    qubits = tuple(sorted({qubit for gate in gates for qubit in gate.touched}))
    if len(qubits) > MOST_POWER_QUBITS:
        raise ValueError(f"A fractional power is computed on at most {MOST_POWER_QUBITS} qubits, not {len(qubits)}.")
    return [matrix_gate(_principal_power(unitary(gates, qubits), exponent), qubits)]


def matrix_gate(matrix: Matrix, qubits: tuple[int, ...], controls: tuple[int, ...] = ()) -> Gate:
    """Make a gate of a matrix whose lowest bit is the first qubit; without qubits it is a global phase."""
    if not qubits:
        return global_phase(cmath.phase(complex(matrix[0, 0])))
    return Gate("unitary", qubits, (), controls, tuple(complex(entry) for entry in matrix.flat))


def unitary(gates: Sequence[Gate], qubits: Sequence[int]) -> Matrix:
    """Multiply gates out on these qubits, the first one the lowest bit; raises ValueError for unknown angles."""
    places = {qubit: place for place, qubit in enumerate(qubits)}
    total: Matrix = np.eye(1 << len(qubits), dtype=np.complex128)
    for gate in gates:
        total = _on_all(gate, places) @ total
    return total


def _on_all(gate: Gate, places: dict[int, int]) -> Matrix:
    angles = [float(_known(angle)) for angle in gate.angles]
    side = 1 << len(places)
    if gate.name == "gphase":
        return np.eye(side) * cmath.exp(1j * angles[0])
    own = control_count(gate.name)
    control_mask = sum(1 << places[qubit] for qubit in gate.controls + gate.qubits[:own])
    targets = [places[qubit] for qubit in gate.qubits[own:]]
    spread = [
        sum((inner >> bit & 1) << place for bit, place in enumerate(targets)) for inner in range(1 << len(targets))
    ]
    small, large = target_matrix(gate.name, angles, gate.entries), np.eye(side, dtype=np.complex128)
    for base in range(side):
        if base & control_mask == control_mask and not base & spread[-1]:
            indices = [base | offset for offset in spread]
            large[np.ix_(indices, indices)] = small
    return large


def _principal_power(matrix: Matrix, exponent: float) -> Matrix:
    """Take eigenvalues e^{i a}, -pi < a <= pi, to e^{i a exponent}."""
    # Both parts of a unitary are Hermitian and commute; a mix of them has its eigenvectors, at right angles.
    mix = (matrix + matrix.conj().T) / 2 + 0.6180339887498949 * (matrix - matrix.conj().T) / 2j
    _, vectors = np.linalg.eigh(mix)
    values = np.diag(vectors.conj().T @ matrix @ vectors)
    if not np.allclose(vectors * values @ vectors.conj().T, matrix, atol=1e-9):
        raise ValueError("The fractional power of this gate cannot be computed accurately.")
    angles = np.angle(values)
    # The root of -1 is i: rounding must not make it -i.
    angles = np.where(angles < -np.pi + 1e-9, np.pi, angles)
    return np.asarray(vectors * np.exp(1j * exponent * angles) @ vectors.conj().T)
