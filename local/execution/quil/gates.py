"""Writes Quil's gates out: the standard ones, definitions by matrix and by Pauli sum, and modifiers."""

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from quil import instructions as quil
from quil.instructions import GateModifier, GateSpecification, PauliGate

from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.gates import GATES, Matrix
from local.execution.program import Gate, Operand, Register
from local.execution.quil.expressions import Expressions
from local.execution.unitaries import controlled, inverse, matrix_gate, where_zero

# Matrices are often written with eight digits.
UNITARY_WITHIN = 1e-6
MOST_DEFINED_QUBITS = 8
_LETTERS = (PauliGate.I, PauliGate.X, PauliGate.Y, PauliGate.Z)
_PAULIS = {"I": np.eye(2), "X": GATES["x"].matrix(), "Y": GATES["y"].matrix(), "Z": GATES["z"].matrix()}


@dataclass(frozen=True)
class _Standard:
    parameters: int
    qubits: int
    gates: Callable[[Sequence[Operand], tuple[int, ...]], list[Gate]]


def _named(name: str, controls: int = 0) -> _Standard:
    kind = GATES[name]

    def gates(parameters: Sequence[Operand], qubits: tuple[int, ...]) -> list[Gate]:
        return [Gate(name, qubits[controls:], tuple(parameters), qubits[:controls])]

    return _Standard(kind.angles, kind.qubits + controls, gates)


def _fixed(parameter: Operand) -> float:
    if isinstance(parameter, Register):
        raise UnsupportedProgram(
            "This gate with a parameter that is computed while the program runs is not built here."
        )
    return float(parameter)


def _matrix(parameters: int, qubits: int, make: Callable[..., Matrix]) -> _Standard:
    """Make a gate of a matrix with the first qubit as the highest bit, as Quil writes it."""

    def gates(given: Sequence[Operand], places: tuple[int, ...]) -> list[Gate]:
        return [matrix_gate(make(*(_fixed(parameter) for parameter in given)), places[::-1])]

    return _Standard(parameters, qubits, gates)


def _phase_of(state: int) -> Callable[[float], Matrix]:
    """Give diag(1, ..., e^{i angle}, ..., 1) as a function of the angle."""
    return lambda angle: np.diag([cmath.exp(1j * angle) if index == state else 1 for index in range(4)])


def _xy(angle: float) -> Matrix:
    """Give e^{i angle/4 (XX + YY)}: the iSWAP at pi."""
    c, s = math.cos(angle / 2), 1j * math.sin(angle / 2)
    return np.array([[1, 0, 0, 0], [0, c, s, 0], [0, s, c, 0], [0, 0, 0, 1]])


def _pswap(angle: float) -> Matrix:
    e = cmath.exp(1j * angle)
    return np.array([[1, 0, 0, 0], [0, 0, e, 0], [0, e, 0, 0], [0, 0, 0, 1]])


def _fsim(theta: float, phi: float) -> Matrix:
    return _phased_fsim(theta, 0, 0, 0, phi)


def _phased_fsim(theta: float, zeta: float, chi: float, gamma: float, phi: float) -> Matrix:
    """Give the excitation-preserving gate with the phases that pyquil's `PHASEDFSIM` documents."""
    c, s = math.cos(theta / 2), 1j * math.sin(theta / 2)
    stays = c * cmath.exp(-1j * (gamma + zeta)), c * cmath.exp(-1j * (gamma - zeta))
    moves = s * cmath.exp(-1j * (gamma - chi)), s * cmath.exp(-1j * (gamma + chi))
    last = cmath.exp(1j * (phi - 2 * gamma))
    return np.array([[1, 0, 0, 0], [0, stays[0], moves[0], 0], [0, moves[1], stays[1], 0], [0, 0, 0, last]])


def _barenco(alpha: float, phi: float, theta: float) -> Matrix:
    """Give Barenco's gate, a controlled one, of his paper of 1995 (pyquil's matrix of it is not unitary)."""
    c, s = math.cos(theta), -1j * math.sin(theta)
    matrix: Matrix = np.eye(4, dtype=np.complex128)
    matrix[2:, 2:] = cmath.exp(1j * alpha) * np.array([[c, s * cmath.exp(-1j * phi)], [s * cmath.exp(1j * phi), c]])
    return matrix


_STANDARD = {name.upper(): _named(name) for name in ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "cz", "swap")}
_STANDARD |= {name.upper(): _named(name) for name in ("rxx", "ryy", "rzz")}
_STANDARD |= {
    "I": _Standard(0, 1, lambda parameters, qubits: []),
    "PHASE": _named("p"),
    "CNOT": _named("cx"),
    "CCNOT": _named("ccx"),
    "CSWAP": _named("swap", controls=1),
    "CPHASE": _named("p", controls=1),
    "CPHASE00": _matrix(1, 2, _phase_of(0)),
    "CPHASE01": _matrix(1, 2, _phase_of(1)),
    "CPHASE10": _matrix(1, 2, _phase_of(2)),
    "XY": _matrix(1, 2, _xy),
    "PISWAP": _matrix(1, 2, _xy),
    "ISWAP": _matrix(0, 2, lambda: _xy(math.pi)),
    "SQISW": _matrix(0, 2, lambda: _xy(math.pi / 2)),
    "PSWAP": _matrix(1, 2, _pswap),
    "FSIM": _matrix(2, 2, _fsim),
    "PHASEDFSIM": _matrix(5, 2, _phased_fsim),
    "BARENCO": _matrix(3, 2, _barenco),
}


class Gates:
    """The gates that a program knows."""

    def __init__(self, definitions: Sequence[quil.GateDefinition], expressions: Expressions) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._expressions = expressions

    def expand(self, gate: quil.Gate, qubits: tuple[int, ...]) -> list[Gate]:
        """Write one gate out; raises InvalidProgram for wrong numbers of parameters or qubits."""
        if len(set(qubits)) < len(qubits):
            raise InvalidProgram("The gate is given one qubit twice.")
        parameters = [self._expressions.real(parameter) for parameter in gate.parameters]
        return self._modified(gate.name, list(gate.modifiers), parameters, qubits)

    def _modified(
        self, name: str, modifiers: list[GateModifier], parameters: list[Operand], qubits: tuple[int, ...]
    ) -> list[Gate]:
        """Apply modifiers from the left, each with its qubit."""
        if not modifiers:
            return self._plain(name, parameters, qubits)
        first, *rest = modifiers
        if first == GateModifier.DAGGER:
            return _inverted(self._modified(name, rest, parameters, qubits))
        if not qubits:
            raise InvalidProgram("The modifiers need more qubits than are given.")
        control, others = qubits[:1], qubits[1:]
        if first == GateModifier.CONTROLLED:
            return controlled(self._modified(name, rest, parameters, others), control)
        half, odd = divmod(len(parameters), 2)
        if odd or not parameters:
            raise InvalidProgram("FORKED needs two lists of parameters of equal length.")
        zero, one = (self._modified(name, rest, part, others) for part in (parameters[:half], parameters[half:]))
        return where_zero(zero, control) + controlled(one, control)

    def _plain(self, name: str, parameters: list[Operand], qubits: tuple[int, ...]) -> list[Gate]:
        definition = self._definitions.get(name)
        if definition is not None:
            return self._defined(definition, [_fixed(parameter) for parameter in parameters], qubits)
        standard = _STANDARD.get(name)
        if name == "CAN":
            raise UnsupportedProgram("Quil's specification defines CAN in three ways that differ; define your own.")
        if standard is None:
            raise InvalidProgram(f"There is no gate {name!r}: it is neither standard here nor defined.")
        if (len(parameters), len(qubits)) != (standard.parameters, standard.qubits):
            raise InvalidProgram(f"{name} takes {standard.parameters} parameters and {standard.qubits} qubits.")
        return standard.gates(parameters, qubits)

    def _defined(self, definition: quil.GateDefinition, parameters: list[float], qubits: tuple[int, ...]) -> list[Gate]:
        if len(parameters) != len(definition.parameters):
            raise InvalidProgram(f"{definition.name} takes {len(definition.parameters)} parameters.")
        if len(qubits) > MOST_DEFINED_QUBITS:
            raise UnsupportedProgram(f"Defined gates on more than {MOST_DEFINED_QUBITS} qubits are not built here.")
        names = {name: complex(value) for name, value in zip(definition.parameters, parameters, strict=True)}
        matrix = self._matrix_of(definition, names, len(qubits))
        if matrix.shape != (1 << len(qubits), 1 << len(qubits)):
            raise InvalidProgram(
                f"The matrix of {definition.name} is {matrix.shape[0]} wide; {len(qubits)} qubits given."
            )
        if not np.allclose(matrix @ matrix.conj().T, np.eye(len(matrix)), atol=UNITARY_WITHIN):
            raise InvalidProgram(f"The matrix of {definition.name} is not unitary.")
        return [matrix_gate(matrix, qubits[::-1])]

    def _matrix_of(self, definition: quil.GateDefinition, names: dict[str, complex], width: int) -> Matrix:
        match definition.specification:
            case GateSpecification.Matrix(rows):
                if len({len(row) for row in rows} | {len(rows)}) != 1:
                    raise InvalidProgram(f"The matrix of {definition.name} is not square.")
                return np.array([[self._expressions.known(entry, names) for entry in row] for row in rows])
            case GateSpecification.PauliSum(total):
                return self._exponential(definition.name, total, names, width)
            case GateSpecification.Permutation(order) if sorted(order) == list(range(len(order))):
                # Quil's specification: the amplitudes (x_0, x_1, ...) become (x_p0, x_p1, ...).
                return np.asarray(np.eye(len(order), dtype=np.complex128)[list(order)])
            case GateSpecification.Permutation():
                raise InvalidProgram(f"DEFGATE {definition.name} is no permutation: each number must be there once.")
        raise UnsupportedProgram(f"DEFGATE {definition.name} is no matrix, permutation or Pauli sum.")

    def _exponential(self, name: str, total: quil.PauliSum, names: dict[str, complex], width: int) -> Matrix:
        """Give e^{-i H} of a sum of Pauli strings H."""
        if len(total.arguments) != width:
            raise InvalidProgram(f"{name} takes {len(total.arguments)} qubits.")
        energy: Matrix = np.zeros((1 << width, 1 << width), dtype=np.complex128)
        for term in total.terms:
            factors = {argument: _PAULIS[_letter(pauli)] for pauli, argument in term.arguments}
            string: Matrix = np.eye(1, dtype=np.complex128)
            for argument in total.arguments:
                string = np.kron(string, factors.get(argument, _PAULIS["I"]))
            energy = energy + self._expressions.known(term.expression, names).real * string
        values, vectors = np.linalg.eigh(energy)
        return np.asarray(vectors * np.exp(-1j * values) @ vectors.conj().T)


def _letter(pauli: PauliGate) -> str:
    return next(letter for letter, known in zip("IXYZ", _LETTERS, strict=True) if known == pauli)


def _inverted(gates: list[Gate]) -> list[Gate]:
    try:
        return inverse(gates)
    except ValueError as error:
        raise UnsupportedProgram(str(error)) from error
