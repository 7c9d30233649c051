"""The gates that OpenQASM programs include: qelib1.inc, stdgates.inc and Quantinuum's hqslib1.inc."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.execution.gates import GATES
from local.execution.program import Gate
from local.execution.unitaries import controlled, global_phase

type Body = Callable[[tuple[Any, ...], tuple[int, ...]], list[Gate]]
_HALF, _QUARTER = math.pi / 2, math.pi / 4


@dataclass(frozen=True)
class Standard:
    """A gate of an included file: how many angles and qubits it takes and the gates it stands for."""

    angles: int
    qubits: int
    gates: Body
    computes: bool = False
    """Whether it computes with its angles, which must then be known before the program runs."""


def _named(name: str) -> Standard:
    kind = GATES[name]
    return Standard(kind.angles, kind.qubits, lambda angles, qubits: [Gate(name, qubits, angles)])


def _under(name: str, controls: int) -> Standard:
    """Make a gate of GATES with so many qubits in front that control it."""
    kind = GATES[name]

    def gates(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
        return controlled([Gate(name, qubits[controls:], angles)], qubits[:controls])

    return Standard(kind.angles, kind.qubits + controls, gates)


def _nothing(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    return []


def _cu(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    control, target = qubits
    return [Gate("p", (control,), angles[3:]), Gate("u", (target,), angles[:3], (control,))]


def _u2(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    return [Gate("u", qubits, (_HALF, *angles))]


def _with_determinant_1(standard: Standard) -> Standard:
    """Give u2 or u3 the phase that stdgates.inc gives it, with which its determinant is 1."""

    def gates(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
        return [*standard.gates(angles, qubits), global_phase(-(angles[-2] + angles[-1]) / 2)]

    return Standard(standard.angles, standard.qubits, gates, computes=True)


def phased_u(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    """Make the U of OpenQASM 3, which has the phase e^{i theta/2} beside that of version 2."""
    return [Gate("u", qubits, angles), global_phase(angles[0] / 2)]


def _rccx(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    """Make the Toffoli gate up to relative phases, of three controlled nots (Margolus)."""
    a, b, c = qubits
    kicks = [(b, c, -1), (a, c, 1), (b, c, -1)]
    steps = [Gate("h", (c,)), Gate("p", (c,), (_QUARTER,))]
    for control, target, sign in kicks:
        steps += [Gate("cx", (control, target)), Gate("p", (target,), (sign * _QUARTER,))]
    return [*steps, Gate("h", (c,))]


def _rc3x(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    """Make the not with three controls up to relative phases, of six controlled nots."""
    a, b, c, d = qubits

    def core() -> list[Gate]:
        turns = [Gate("p", (d,), (_QUARTER,)), Gate("cx", (c, d)), Gate("p", (d,), (-_QUARTER,))]
        return [Gate("h", (d,)), *turns, Gate("h", (d,))]

    middle: list[Gate] = []
    for control, sign in ((a, 1), (b, -1), (a, 1), (b, -1)):
        middle += [Gate("cx", (control, d)), Gate("p", (d,), (sign * _QUARTER,))]
    return [*core(), *middle, *core()]


def _entangler(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    return [Gate("rzz", qubits, (_HALF,))]


def _rxxyyzz(angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[Gate]:
    return [Gate(name, qubits, (angle,)) for name, angle in zip(("rxx", "ryy", "rzz"), angles, strict=True)]


_COMMON = {name: _named(name) for name in ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz")}
_COMMON |= {name: _named(name) for name in ("sx", "p", "cx", "cy", "cz", "swap", "ccx")}
_COMMON |= {"id": Standard(0, 1, _nothing), "u1": _named("p"), "u2": Standard(2, 1, _u2), "u3": _named("u")}
_COMMON |= {f"c{name}": _under(name, 1) for name in ("rx", "ry", "rz", "h", "p", "swap")}
_COMMON |= {"cu": Standard(4, 2, _cu)}
STDGATES = _COMMON | {"CX": _named("cx"), "phase": _named("p"), "cphase": _under("p", 1)}
STDGATES |= {name: _with_determinant_1(_COMMON[name]) for name in ("u2", "u3")}
QELIB1 = _COMMON | {
    "u0": Standard(1, 1, _nothing),
    "u": _named("u"),
    "sxdg": _named("sxdg"),
    "cu1": _under("p", 1),
    "cu3": _under("u", 1),
    "csx": _under("sx", 1),
    "rxx": _named("rxx"),
    "rzz": _named("rzz"),
    "rccx": Standard(0, 3, _rccx),
    "rc3x": Standard(0, 4, _rc3x),
    "c3x": _under("x", 3),
    "c3sqrtx": _under("sx", 3),
    "c4x": _under("x", 4),
}
HQSLIB1 = QELIB1 | {
    "U1q": _named("prx"),
    "Rz": _named("rz"),
    "ZZ": Standard(0, 2, _entangler),
    "RZZ": _named("rzz"),
    "Rxxyyzz": Standard(3, 2, _rxxyyzz),
}
FILES = {"qelib1.inc": QELIB1, "stdgates.inc": STDGATES, "hqslib1.inc": HQSLIB1}
BUILT_IN = {
    2: {"U": _named("u"), "CX": _named("cx")},
    3: {"U": Standard(3, 1, phased_u, computes=True)},
}
