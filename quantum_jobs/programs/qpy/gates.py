"""Qiskit's gate classes as gates of the vocabulary, phases included. Source: qiskit.circuit.library, standard gates."""

from math import pi

from quantum_jobs.programs.gates import VOCABULARY
from quantum_jobs.programs.ir import Gate

_CAPITALS = "h x y z s t sx cx cy cz ch cs csx rx ry rz r crx cry crz rxx ryy rzz rzx cu cu3 u3 dcx ecr ccx ccz"
_CAPITALS += " rccx rc3x c3x c4x c3sx"
_NAMES = {f"{name.upper()}Gate": name for name in _CAPITALS.split()}
_NAMES |= {"SdgGate": "sdg", "TdgGate": "tdg", "SXdgGate": "sxdg", "CSdgGate": "csdg", "IGate": "id", "UGate": "u3"}
_NAMES |= {"PhaseGate": "p", "U1Gate": "p", "CPhaseGate": "cp", "CU1Gate": "cp", "SwapGate": "swap"}
_NAMES |= {"CSwapGate": "cswap", "iSwapGate": "iswap", "GlobalPhaseGate": "gphase"}

_PAIRS = {"XXPlusYYGate": (0, 1), "XXMinusYYGate": (1, -1)}
"""Classes that turn round XX + YY or XX - YY, and the qubit whose phase says at what angle to X."""

MANY_CONTROLS = {"MCXGate": "x", "MCXGrayCode": "x", "MCPhaseGate": "p", "MCU1Gate": "p"}
"""Classes with any number of controls, and the gate that these control."""


def gates_of(name: str, angles: tuple[float, ...]) -> list[Gate] | None:
    """Give a class's gates on qubits 0, 1, ...; None for a class that is not known or has other angles."""
    if name == "U2Gate":
        return [Gate("u3", (0,), (pi / 2, *angles))] if len(angles) == 2 else None
    if name == "UGate" and len(angles) == 4:
        # The base of a controlled CUGate: its fourth angle is the phase that the control makes visible.
        return [Gate("gphase", (), angles[3:]), Gate("u3", (0,), angles[:3])]
    if name in _PAIRS and len(angles) == 2:
        return _turned_pair(*_PAIRS[name], *angles)
    known = _NAMES.get(name)
    if known is None or len(angles) != VOCABULARY[known].angles:
        return None
    return [Gate(known, tuple(range(VOCABULARY[known].arity)), angles)]


def _turned_pair(qubit: int, sign: int, theta: float, beta: float) -> list[Gate]:
    return [
        Gate("rz", (qubit,), (sign * beta,)),
        Gate("rxx", (0, 1), (theta / 2,)),
        Gate("ryy", (0, 1), (sign * theta / 2,)),
        Gate("rz", (qubit,), (-sign * beta,)),
    ]
