"""Every gate by name: its exact matrix, little-endian (the first qubit is the lowest bit of the index)."""

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Matrix = NDArray[np.complexfloating]

_X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
_Y = np.array([[0, -1j], [1j, 0]], dtype=np.complex128)
_Z = np.array([[1, 0], [0, -1]], dtype=np.complex128)
_H = np.array([[1, 1], [1, -1]], dtype=np.complex128) / math.sqrt(2)
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]], dtype=np.complex128) / 2
_SWAP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=np.complex128)
_TURN = 2 * math.pi


@dataclass(frozen=True)
class Kind:
    """What a gate takes and how its matrix is made from its angles."""

    qubits: int
    angles: int
    matrix: Callable[..., Matrix]
    controls: int = 0
    """How many of the qubits, the first ones, are controls of the matrix."""


def _fixed(matrix: Matrix) -> Callable[..., Matrix]:
    return lambda: matrix


def phase(angle: float) -> Matrix:
    """diag(1, e^{i angle})."""
    return np.array([[1, 0], [0, cmath.exp(1j * angle)]], dtype=np.complex128)


def rotation(pauli: Matrix) -> Callable[[float], Matrix]:
    """Give e^{-i angle/2 P} as a function of the angle in radians."""
    identity = np.eye(len(pauli))
    return lambda angle: np.array(math.cos(angle / 2) * identity - 1j * math.sin(angle / 2) * pauli)


def _u(theta: float, phi: float, lam: float) -> Matrix:
    """OpenQASM's U without a global phase: element 00 is real."""
    c, s = math.cos(theta / 2), math.sin(theta / 2)
    rows = [[c, -cmath.exp(1j * lam) * s], [cmath.exp(1j * phi) * s, cmath.exp(1j * (phi + lam)) * c]]
    return np.array(rows, dtype=np.complex128)


def _gpi(turns: float) -> Matrix:
    """IonQ's GPI: a half turn round an axis of the equator (docs.ionq.com, native gates)."""
    return np.array([[0, cmath.exp(-1j * _TURN * turns)], [cmath.exp(1j * _TURN * turns), 0]])


def _gpi2(turns: float) -> Matrix:
    """IonQ's GPI2: a quarter turn round an axis of the equator."""
    e = cmath.exp(1j * _TURN * turns)
    return np.array([[1, -1j / e], [-1j * e, 1]], dtype=np.complex128) / math.sqrt(2)


def _ms(turns0: float, turns1: float, angle: float) -> Matrix:
    """IonQ's partially entangling Moelmer-Soerensen gate: phases and angle in turns."""
    return rotation(np.kron(_gpi(turns1), _gpi(turns0)))(_TURN * angle)


def _prx(theta: float, phi: float) -> Matrix:
    """Quantinuum's U1q: a turn by theta round the axis cos(phi) X + sin(phi) Y."""
    return rotation(math.cos(phi) * _X + math.sin(phi) * _Y)(theta)


_XX, _YY, _ZZ = (np.kron(pauli, pauli) for pauli in (_X, _Y, _Z))

GATES: dict[str, Kind] = {
    "x": Kind(1, 0, _fixed(_X)),
    "y": Kind(1, 0, _fixed(_Y)),
    "z": Kind(1, 0, _fixed(_Z)),
    "h": Kind(1, 0, _fixed(_H)),
    "s": Kind(1, 0, _fixed(np.diag([1, 1j]))),
    "sdg": Kind(1, 0, _fixed(np.diag([1, -1j]))),
    "t": Kind(1, 0, _fixed(phase(math.pi / 4))),
    "tdg": Kind(1, 0, _fixed(phase(-math.pi / 4))),
    "sx": Kind(1, 0, _fixed(_SX)),
    "sxdg": Kind(1, 0, _fixed(_SX.conj().T)),
    "p": Kind(1, 1, phase),
    "rx": Kind(1, 1, rotation(_X)),
    "ry": Kind(1, 1, rotation(_Y)),
    "rz": Kind(1, 1, rotation(_Z)),
    "u": Kind(1, 3, _u),
    "prx": Kind(1, 2, _prx),
    "gpi": Kind(1, 1, _gpi),
    "gpi2": Kind(1, 1, _gpi2),
    "cx": Kind(2, 0, _fixed(_X), controls=1),
    "cy": Kind(2, 0, _fixed(_Y), controls=1),
    "cz": Kind(2, 0, _fixed(_Z), controls=1),
    "swap": Kind(2, 0, _fixed(_SWAP)),
    "rxx": Kind(2, 1, rotation(_XX)),
    "ryy": Kind(2, 1, rotation(_YY)),
    "rzz": Kind(2, 1, rotation(_ZZ)),
    "ms": Kind(2, 3, _ms),
    "ccx": Kind(3, 0, _fixed(_X), controls=2),
}


def target_matrix(name: str, angles: Sequence[float], entries: Sequence[complex] = ()) -> Matrix:
    """Give the matrix on a gate's own targets, its controls left out; `unitary` is made of its entries."""
    if name != "unitary":
        return GATES[name].matrix(*angles)
    side = math.isqrt(len(entries))
    return np.array(entries, dtype=np.complex128).reshape(side, side)


def control_count(name: str) -> int:
    """Give how many of a gate's own qubits, the first ones, are controls."""
    return 0 if name == "unitary" else GATES[name].controls
