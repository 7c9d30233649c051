"""The gates that OpenQASM programs find in the language and in the include files, as gates of the vocabulary.

Source: OpenQASM 3 specification, stdgates.inc and the built-in `U`; Qiskit's qelib1.inc. Phases follow them: they are
invisible alone and count under a control. `cu3` is the controlled `u3` with its phase, as in Qiskit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

from quantum_jobs.programs.gates import VOCABULARY
from quantum_jobs.programs.ir import Gate

INCLUDES = frozenset({"stdgates.inc", "qelib1.inc", "qdk.inc"})
_STDGATES = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase cphase id u1 u2 u3"
_QELIB1 = "u3 u2 u1 cx id u0 x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3"
RESERVED = {3: frozenset(_STDGATES.split()), 2: frozenset(_QELIB1.split())}
"""Names that an include defines for certain; a program must not define them again."""


@dataclass(frozen=True, slots=True, eq=False)
class StandardGate:
    """A named gate; `gates` maps its angles to gates on qubits 0..arity-1."""

    arity: int
    angles: int
    gates: Callable[..., tuple[Gate, ...]]


def _named(name: str) -> StandardGate:
    kind = VOCABULARY[name]
    qubits = tuple(range(kind.arity))
    return StandardGate(kind.arity, kind.angles, lambda *angles: (Gate(name, qubits, angles),))


def _u(theta: float, phi: float, lam: float) -> tuple[Gate, ...]:
    """`U` of OpenQASM 3: exp(i theta/2) times the matrix with cos(theta/2) in its corner."""
    return Gate("gphase", (), (theta / 2,)), Gate("u3", (0,), (theta, phi, lam))


def _u3(theta: float, phi: float, lam: float) -> tuple[Gate, ...]:
    """`u3` of stdgates.inc: determinant 1."""
    return Gate("gphase", (), (-phi / 2 - lam / 2,)), Gate("u3", (0,), (theta, phi, lam))


def _u2(phi: float, lam: float) -> tuple[Gate, ...]:
    return _u3(pi / 2, phi, lam)


_ALIASES = {
    "phase": "p",
    "u1": "p",
    "cphase": "cp",
    "cu1": "cp",
    "CX": "cx",
    "u": "u3",
    "c3sqrtx": "c3sx",
    "rcccx": "rc3x",
    "toffoli": "ccx",
    "fredkin": "cswap",
    "cnot": "cx",
}
PHASE = StandardGate(0, 1, lambda angle: (Gate("gphase", (), (angle,)),))
BUILT_IN = {
    3: {"U": StandardGate(1, 3, _u)},
    2: {"U": StandardGate(1, 3, _u3), "CX": _named("cx")},
}
INCLUDED = {
    **{name: _named(name) for name in VOCABULARY if name not in {"gphase", "u3"}},
    **{alias: _named(name) for alias, name in _ALIASES.items()},
    "u3": StandardGate(1, 3, _u3),
    "u2": StandardGate(1, 2, _u2),
    "u0": StandardGate(1, 1, lambda _: (Gate("id", (0,)),)),
}
