"""The gate vocabulary: the names of OpenQASM's stdgates.inc and Qiskit's qelib1.inc with exact decompositions.

A definition holds including its global phase (`gphase`), so that it stays right under a control. Angles are passed on
as they are or halved, which is exact in binary floating point; only sums of two angles are rounded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from math import pi

from quantum_jobs.programs.ir import Gate

FLAT = frozenset({"h", "x", "y", "z", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz"})
"""The gates that every target's compiler takes; all others are written with these."""

_Definition = Callable[..., tuple[Gate, ...]]


@dataclass(frozen=True, slots=True)
class GateKind:
    """What a gate name stands for; `definition` maps angles to gates on qubits 0..arity-1, None: a primitive."""

    arity: int
    angles: int
    definition: _Definition | None = None


def flatten(gate: Gate) -> Iterator[Gate]:
    """Write a gate with gates of `FLAT` only, up to global phase."""
    if gate.name in FLAT:
        yield gate
        return
    for item in _flat(gate.name, gate.angles):
        yield Gate(item.name, tuple(gate.qubits[place] for place in item.qubits), item.angles)


@cache
def flat_size(name: str) -> int:
    """Count the flat gates that a gate becomes; it does not depend on the angles."""
    return len(_flat(name, (1.0,) * VOCABULARY[name].angles)) if name not in FLAT else 1


def expand(gate: Gate) -> tuple[Gate, ...]:
    """Replace a gate by its definition, one level down, exact including the global phase."""
    definition = VOCABULARY[gate.name].definition
    if definition is None:
        return (gate,)
    return tuple(
        Gate(item.name, tuple(gate.qubits[place] for place in item.qubits), item.angles)
        for item in definition(*gate.angles)
    )


def _flat(name: str, angles: tuple[float, ...]) -> tuple[Gate, ...]:
    if not angles:
        return _flat_without_angles(name)
    return tuple(_flattened(Gate(name, tuple(range(VOCABULARY[name].arity)), angles)))


@cache
def _flat_without_angles(name: str) -> tuple[Gate, ...]:
    return tuple(_flattened(Gate(name, tuple(range(VOCABULARY[name].arity)))))


def _flattened(gate: Gate) -> Iterator[Gate]:
    if gate.name in FLAT:
        yield gate
    elif gate.name != "gphase":
        for item in expand(gate):
            yield from _flattened(item)


def _gate(name: str, angles: int = 0) -> Callable[..., Gate]:
    """Make a short way of writing one gate in a definition: its angles, then its qubits."""
    return lambda *given: Gate(name, given[angles:], given[:angles])


_h, _x, _s, _sdg, _t, _tdg = (_gate(name) for name in ("h", "x", "s", "sdg", "t", "tdg"))
_rx, _ry, _rz, _p, _phase, _rxx, _rzz = (_gate(name, 1) for name in ("rx", "ry", "rz", "p", "gphase", "rxx", "rzz"))
_cx, _cz, _ccx = (_gate(name) for name in ("cx", "cz", "ccx"))


def _fixed(*gates: Gate) -> _Definition:
    return lambda: gates


def _u(theta: float, phi: float, lam: float) -> tuple[Gate, ...]:
    """Z-Y-Z rotations and the phase that makes the upper left entry cos(theta/2), real: Qiskit's `u`."""
    return _rz(lam, 0), _ry(theta, 0), _rz(phi, 0), _phase(phi / 2 + lam / 2)


def _cu3(theta: float, phi: float, lam: float) -> tuple[Gate, ...]:
    """The controlled `u`, phase included, as in Qiskit and in qelib1.inc since 2020."""
    half_sum, half_difference = phi / 2 + lam / 2, lam / 2 - phi / 2
    return (
        _p(half_sum, 0),
        _rz(half_difference, 1),
        _cx(0, 1),
        _rz(-half_sum, 1),
        _ry(-theta / 2, 1),
        _cx(0, 1),
        _ry(theta / 2, 1),
        _rz(phi, 1),
    )


def _ccx_definition() -> tuple[Gate, ...]:
    """Toffoli with seven T gates (Nielsen and Chuang, figure 4.9)."""
    return (
        *(_h(2), _cx(1, 2), _tdg(2), _cx(0, 2), _t(2), _cx(1, 2), _tdg(2), _cx(0, 2)),
        *(_t(1), _t(2), _h(2), _cx(0, 1), _t(0), _tdg(1), _cx(0, 1)),
    )


def _rccx_definition() -> tuple[Gate, ...]:
    """Margolus' gate: Toffoli up to relative phases, as qelib1.inc has it."""
    return _h(2), _t(2), _cx(1, 2), _tdg(2), _cx(0, 2), _t(2), _cx(1, 2), _tdg(2), _h(2)


def _rc3x_definition() -> tuple[Gate, ...]:
    """Three controls up to relative phases, as qelib1.inc has it."""
    return (
        *(_h(3), _t(3), _cx(2, 3), _tdg(3), _h(3), _cx(0, 3), _t(3), _cx(1, 3), _tdg(3), _cx(0, 3), _t(3)),
        *(_cx(1, 3), _tdg(3), _h(3), _t(3), _cx(2, 3), _tdg(3), _h(3)),
    )


def controlled_phase(angle: float, qubits: tuple[int, ...]) -> Iterator[Gate]:
    """Multiply the state in which all `qubits` are 1 by exp(i angle); cp, ccx and wider by halving the angle."""
    *controls, last = qubits
    while len(controls) > 1:
        *controls, control = controls
        angle /= 2
        yield Gate("cp", (control, last), (angle,))
        yield from controlled_x(tuple(controls), control, last)
        yield Gate("cp", (control, last), (-angle,))
        yield from controlled_x(tuple(controls), control, last)
    yield Gate("cp", (*controls, last), (angle,)) if controls else Gate("p", (last,), (angle,))


def controlled_x(controls: tuple[int, ...], target: int, spare: int | None = None) -> Iterator[Gate]:
    """Flip `target` where all `controls` are 1.

    With a spare qubit (its state does not matter and is kept) the number of gates grows linearly with the controls
    (Barenco et al. 1995, lemmas 7.2 and 7.3), without one quadratically.
    """
    if len(controls) <= 2:
        yield Gate(("x", "cx", "ccx")[len(controls)], (*controls, target))
    elif spare is None:
        yield Gate("h", (target,))
        yield from controlled_phase(pi, (*controls, target))
        yield Gate("h", (target,))
    else:
        half = (len(controls) + 2) // 2
        first, second = controls[:half], (*controls[half:], spare)
        for _ in range(2):
            yield from _controlled_x_with_spares(first, spare, (*controls[half:], target))
            yield from _controlled_x_with_spares(second, target, first)


def _controlled_x_with_spares(controls: tuple[int, ...], target: int, spares: tuple[int, ...]) -> Iterator[Gate]:
    """As `controlled_x`, with at least len(controls) - 2 spare qubits: 4 (n - 2) Toffoli gates."""
    count = len(controls)
    if count <= 2:
        yield from controlled_x(controls, target)
        return
    chain = (*spares[: count - 2], target)
    down = [Gate("ccx", (controls[place + 1], chain[place - 1], chain[place])) for place in range(count - 2, 0, -1)]
    bottom = Gate("ccx", (controls[0], controls[1], chain[0]))
    yield from (*down, bottom, *reversed(down), *down[1:], bottom, *reversed(down[1:]))


def _rzx(angle: float) -> tuple[Gate, ...]:
    return _h(1), _rzz(angle, 0, 1), _h(1)


VOCABULARY: dict[str, GateKind] = {
    "gphase": GateKind(0, 1),
    "id": GateKind(1, 0, _fixed()),
    **{name: GateKind(1, 0) for name in ("h", "x", "y", "z", "s", "sdg", "t", "tdg")},
    **{name: GateKind(1, 1) for name in ("rx", "ry", "rz")},
    **{name: GateKind(2, 0) for name in ("cx", "cz")},
    "sx": GateKind(1, 0, _fixed(_h(0), _s(0), _h(0))),
    "sxdg": GateKind(1, 0, _fixed(_h(0), _sdg(0), _h(0))),
    "p": GateKind(1, 1, lambda a: (_rz(a, 0), _phase(a / 2))),
    "r": GateKind(1, 2, lambda a, axis: (_rz(-axis, 0), _rx(a, 0), _rz(axis, 0))),
    "u3": GateKind(1, 3, _u),
    "cy": GateKind(2, 0, _fixed(_sdg(1), _cx(0, 1), _s(1))),
    "ch": GateKind(2, 0, _fixed(_s(1), _h(1), _t(1), _cx(0, 1), _tdg(1), _h(1), _sdg(1))),
    "cs": GateKind(2, 0, _fixed(_t(0), _t(1), _cx(0, 1), _tdg(1), _cx(0, 1))),
    "csdg": GateKind(2, 0, _fixed(_tdg(0), _tdg(1), _cx(0, 1), _t(1), _cx(0, 1))),
    "csx": GateKind(2, 0, _fixed(_h(1), _t(0), _t(1), _cx(0, 1), _tdg(1), _cx(0, 1), _h(1))),
    "cp": GateKind(2, 1, lambda a: (_p(a / 2, 0), _rz(a / 2, 1), _cx(0, 1), _rz(-a / 2, 1), _cx(0, 1))),
    "crx": GateKind(2, 1, lambda a: (_rx(a / 2, 1), _cz(0, 1), _rx(-a / 2, 1), _cz(0, 1))),
    "cry": GateKind(2, 1, lambda a: (_ry(a / 2, 1), _cx(0, 1), _ry(-a / 2, 1), _cx(0, 1))),
    "crz": GateKind(2, 1, lambda a: (_rz(a / 2, 1), _cx(0, 1), _rz(-a / 2, 1), _cx(0, 1))),
    "cu3": GateKind(2, 3, _cu3),
    "cu": GateKind(2, 4, lambda a, b, c, phase: (_p(phase, 0), Gate("cu3", (0, 1), (a, b, c)))),
    "swap": GateKind(2, 0, _fixed(_cx(0, 1), _cx(1, 0), _cx(0, 1))),
    "iswap": GateKind(2, 0, _fixed(_s(0), _s(1), _h(0), _cx(0, 1), _cx(1, 0), _h(1))),
    "dcx": GateKind(2, 0, _fixed(_cx(0, 1), _cx(1, 0))),
    "ecr": GateKind(2, 0, lambda: (*_rzx(pi / 4), _x(0), *_rzx(-pi / 4))),
    "rzz": GateKind(2, 1, lambda a: (_cx(0, 1), _rz(a, 1), _cx(0, 1))),
    "rxx": GateKind(2, 1, lambda a: (_h(0), _h(1), _rzz(a, 0, 1), _h(0), _h(1))),
    "ryy": GateKind(2, 1, lambda a: (_sdg(0), _sdg(1), _rxx(a, 0, 1), _s(0), _s(1))),
    "rzx": GateKind(2, 1, lambda a: _rzx(a)),
    "ccx": GateKind(3, 0, _ccx_definition),
    "ccz": GateKind(3, 0, _fixed(_h(2), _ccx(0, 1, 2), _h(2))),
    "cswap": GateKind(3, 0, _fixed(_cx(2, 1), _ccx(0, 1, 2), _cx(2, 1))),
    "rccx": GateKind(3, 0, _rccx_definition),
    "rc3x": GateKind(4, 0, _rc3x_definition),
    "c3x": GateKind(4, 0, lambda: tuple(controlled_x((0, 1, 2), 3))),
    "c3sx": GateKind(4, 0, lambda: (_h(3), *controlled_phase(pi / 2, (0, 1, 2, 3)), _h(3))),
    "c4x": GateKind(5, 0, lambda: tuple(controlled_x((0, 1, 2, 3), 4))),
}
