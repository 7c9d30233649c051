"""Controls, inverses and powers of gate sequences, exact including the phase that a control makes visible."""

import cmath
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from math import cos, pi, sin

from quantum_jobs.programs.gates import controlled_phase, controlled_x, expand
from quantum_jobs.programs.ir import Gate

# Controlled gate: how many of its first qubits are controls, and what they control.
CONTROLLED = {
    "cx": (1, "x"),
    "ccx": (2, "x"),
    "c3x": (3, "x"),
    "c4x": (4, "x"),
    "cy": (1, "y"),
    "cz": (1, "z"),
    "ccz": (2, "z"),
    "ch": (1, "h"),
    "cs": (1, "s"),
    "csdg": (1, "sdg"),
    "csx": (1, "sx"),
    "c3sx": (3, "sx"),
    "cp": (1, "p"),
    "crx": (1, "rx"),
    "cry": (1, "ry"),
    "crz": (1, "rz"),
    "cu3": (1, "u3"),
    "cswap": (1, "swap"),
}
_NAMED = {(base, controls): name for name, (controls, base) in CONTROLLED.items()}
_ADJOINTS = {"s": "sdg", "t": "tdg", "sx": "sxdg", "cs": "csdg"}
_ADJOINTS |= {adjoint: name for name, adjoint in _ADJOINTS.items()}
_SELF_INVERSE = frozenset(
    {"id", "h", "x", "y", "z", "cx", "cy", "cz", "ch", "ccx", "ccz", "c3x", "c4x", "swap", "cswap", "ecr", "rccx"}
)
_TURNS = frozenset({"gphase", "p", "cp", "rx", "ry", "rz", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"})
_PHASES = {"z": pi, "s": pi / 2, "sdg": -pi / 2, "t": pi / 4, "tdg": -pi / 4, "p": None}
_Matrix = tuple[complex, complex, complex, complex]


class PowerUndefined(ValueError):
    """No exact form is known for a fractional power of the gate."""


def inverse(gates: Sequence[Gate]) -> Iterator[Gate]:
    """Undo a sequence of gates."""
    for gate in reversed(gates):
        yield from _inverse(gate)


def _inverse(gate: Gate) -> Iterator[Gate]:
    name, qubits, angles = gate.name, gate.qubits, gate.angles
    if name in _SELF_INVERSE:
        yield gate
    elif name in _ADJOINTS:
        yield Gate(_ADJOINTS[name], qubits)
    elif name in _TURNS:
        yield Gate(name, qubits, (-angles[0],))
    elif name == "r":
        yield Gate(name, qubits, (-angles[0], angles[1]))
    elif name in {"u3", "cu3", "cu"}:
        yield Gate(name, qubits, (-angles[0], -angles[2], -angles[1], *(-angle for angle in angles[3:])))
    else:
        yield from inverse(expand(gate))


def control(gates: Iterable[Gate], controls: Sequence[int], on: Sequence[bool]) -> Iterator[Gate]:
    """Run gates only where every control is 1, or 0 where `on` says False."""
    flips = [Gate("x", (qubit,)) for qubit, positive in zip(controls, on, strict=True) if not positive]
    yield from flips
    for gate in gates:
        yield from _controlled(gate, tuple(controls))
    yield from flips


def _controlled(gate: Gate, controls: tuple[int, ...]) -> Iterator[Gate]:
    own, base = CONTROLLED.get(gate.name, (0, gate.name))
    controls, targets = (*controls, *gate.qubits[:own]), gate.qubits[own:]
    name = _NAMED.get((base, len(controls)))
    if name is not None:
        yield Gate(name, (*controls, *targets), gate.angles)
    elif base == "gphase":
        yield from controlled_phase(gate.angles[0], controls)
    elif base in _PHASES:
        angle = _PHASES[base]
        yield from controlled_phase(gate.angles[0] if angle is None else angle, (*controls, *targets))
    elif base == "x":
        yield from controlled_x(controls, targets[0])
    else:
        yield from _controlled_between(Gate(base, targets, gate.angles), controls)


def _controlled_between(gate: Gate, controls: tuple[int, ...]) -> Iterator[Gate]:
    """Control the middle of a gate of the form A, middle, A inverse; other gates by controlling their definition."""
    qubit = gate.qubits[-1] if gate.qubits else 0
    if gate.name in {"ry", "rz"}:
        for sign in (1, -1):
            yield Gate(gate.name, (qubit,), (sign * gate.angles[0] / 2,))
            yield from controlled_x(controls, qubit)
        return
    before, middle = _conjugated(gate, qubit)
    yield from before
    for item in middle:
        yield from _controlled(item, controls)
    yield from inverse(before)


def _conjugated(gate: Gate, qubit: int) -> tuple[tuple[Gate, ...], tuple[Gate, ...]]:
    h, flip = Gate("h", (qubit,)), Gate("x", (qubit,))
    match gate.name:
        case "y":
            return (Gate("sdg", (qubit,)),), (flip,)
        case "h":
            return (Gate("s", (qubit,)), h, Gate("t", (qubit,))), (flip,)
        case "sx":
            return (h,), (Gate("s", (qubit,)),)
        case "sxdg":
            return (h,), (Gate("sdg", (qubit,)),)
        case "rx":
            return (h,), (Gate("rz", (qubit,), gate.angles),)
        case "swap":
            return (Gate("cx", gate.qubits[::-1]),), (Gate("cx", gate.qubits),)
        case _:
            return (), expand(gate)


def power(gates: Sequence[Gate], exponent: float) -> Iterator[Gate]:
    """Raise a sequence to a power; a fractional one means the principal value and one qubit at most.

    Raises:
        PowerUndefined: a fractional power of gates on several qubits.
    """
    if len(gates) == 1 and gates[0].name in _TURNS and (float(exponent).is_integer() or _is_principal(gates[0])):
        yield Gate(gates[0].name, gates[0].qubits, (gates[0].angles[0] * exponent,))
    elif float(exponent).is_integer():
        once = list(gates) if exponent > 0 else list(inverse(gates))
        times = min(abs(int(exponent)), sys.maxsize) if once else 0
        yield from chain.from_iterable(repeat(once, times))
    else:
        yield from _fractional_power(gates, exponent)


def _is_principal(gate: Gate) -> bool:
    """Tell whether scaling the angle is the principal power: all eigenvalue phases lie within half a turn."""
    return abs(gate.angles[0]) < (pi if gate.name in {"p", "cp", "gphase"} else 2 * pi)


def _fractional_power(gates: Sequence[Gate], exponent: float) -> Iterator[Gate]:
    if len(gates) == 1 and gates[0].name in CONTROLLED:
        own, base = CONTROLLED[gates[0].name]
        controls, targets = gates[0].qubits[:own], gates[0].qubits[own:]
        inner = list(power([Gate(base, targets, gates[0].angles)], exponent))
        yield from control(inner, controls, [True] * own)
        return
    qubits = {qubit for gate in gates for qubit in gate.qubits}
    if len(qubits) > 1:
        raise PowerUndefined("a fractional power is defined here for gates on one qubit and their controlled forms")
    matrix: _Matrix = (1, 0, 0, 1)
    for gate in gates:
        matrix = _product(_one_qubit_matrix(gate), matrix)
    yield from _gates_of(_principal_power(matrix, exponent), tuple(qubits))


def _product(a: _Matrix, b: _Matrix) -> _Matrix:
    return (
        *(a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3]),
        *(a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]),
    )


def _one_qubit_matrix(gate: Gate) -> _Matrix:
    """Give the entries 00, 01, 10, 11 of a gate on at most one qubit, phase included."""
    half = gate.angles[0] / 2 if gate.angles else 0.0
    root = 0.5**0.5
    match gate.name:
        case "h":
            return root, root, root, -root
        case "x":
            return 0, 1, 1, 0
        case "y":
            return 0, -1j, 1j, 0
        case "z" | "s" | "sdg" | "t" | "tdg":
            return 1, 0, 0, cmath.exp(1j * (_PHASES[gate.name] or 0.0))
        case "rx":
            return cos(half), -1j * sin(half), -1j * sin(half), cos(half)
        case "ry":
            return cos(half), -sin(half), sin(half), cos(half)
        case "rz":
            return cmath.exp(-1j * half), 0, 0, cmath.exp(1j * half)
        case "gphase":
            return cmath.exp(2j * half), 0, 0, cmath.exp(2j * half)
    matrix: _Matrix = (1, 0, 0, 1)
    for item in expand(gate):
        matrix = _product(_one_qubit_matrix(item), matrix)
    return matrix


def _principal_power(matrix: _Matrix, exponent: float) -> _Matrix:
    """Raise a unitary 2x2 matrix to a real power: eigenvalue phases taken in (-pi, pi]."""
    a, b, c, d = matrix
    middle, spread = (a + d) / 2, cmath.sqrt(((a - d) / 2) ** 2 + b * c)
    first, second = middle + spread, middle - spread
    first_power, second_power = (cmath.exp(1j * exponent * _phase(value)) for value in (first, second))
    if abs(first - second) < 1e-12:
        return first_power, 0, 0, first_power
    slope = (first_power - second_power) / (first - second)
    offset = first_power - slope * first
    return slope * a + offset, slope * b, slope * c, slope * d + offset


def _phase(value: complex) -> float:
    """Give the phase in (-pi, pi]; -1 computed with rounding must not become -pi."""
    phase = cmath.phase(value)
    return pi if phase < -pi + 1e-12 else phase


def _gates_of(matrix: _Matrix, qubits: tuple[int, ...]) -> Iterator[Gate]:
    """Write a unitary 2x2 matrix as `u3` and a phase."""
    a, b, c, d = matrix
    theta = 2 * cmath.phase(complex(abs(a), abs(c)))
    if abs(a) > 1e-9:
        phase = cmath.phase(a)
        phi = cmath.phase(c) - phase if abs(c) > 1e-15 else 0.0
        lam = cmath.phase(d) - phase - phi
    else:
        phase, phi = cmath.phase(c), 0.0
        lam = cmath.phase(-b) - phase
    yield Gate("gphase", (), (phase,))
    if qubits:
        yield Gate("u3", qubits, (theta, phi, lam))
