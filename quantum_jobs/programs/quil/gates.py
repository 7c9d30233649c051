"""Quil's standard gates and their modifiers as gates of the vocabulary, exact including the phase.

Source: the Quil specification, "Standard gates"; CPHASE00, CPHASE01, CPHASE10, PSWAP, XY and SQISW as in Rigetti's
tools. The first qubit is the left one in |ab>.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from math import pi

from quantum_jobs.programs.gates import VOCABULARY
from quantum_jobs.programs.ir import Gate
from quantum_jobs.programs.modifiers import control, inverse
from quantum_jobs.programs.quil.text import Refused

MODIFIERS = frozenset({"DAGGER", "CONTROLLED", "FORKED"})
_MOST_FORKS = 6
_Angles = tuple[float, ...]
_Qubits = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Standard:
    angles: int
    qubits: int
    gates: Callable[[_Angles, _Qubits], Sequence[Gate]]


def _named(name: str) -> _Standard:
    kind = VOCABULARY[name]
    return _Standard(kind.angles, kind.arity, lambda angles, qubits: [Gate(name, qubits, angles)])


def _phase_where(*ones: bool) -> _Standard:
    """Multiply one basis state of two qubits by exp(i angle)."""
    return _Standard(1, 2, lambda angles, qubits: list(control([Gate("gphase", (), angles)], qubits, ones)))


def _xy(angle: float, qubits: _Qubits) -> list[Gate]:
    """Write exp(i angle/4 (XX + YY)), the iSWAP at pi."""
    return [Gate("rxx", qubits, (-angle / 2,)), Gate("ryy", qubits, (-angle / 2,))]


def _pswap(angles: _Angles, qubits: _Qubits) -> list[Gate]:
    return [Gate("swap", qubits), Gate("rzz", qubits, angles), Gate("gphase", (), (angles[0] / 2,))]


STANDARD = {
    **{name.upper(): _named(name) for name in ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "cz", "swap")},
    **{name.upper(): _named(name) for name in ("rxx", "ryy", "rzz", "cswap", "iswap")},
    "I": _named("id"),
    "PHASE": _named("p"),
    "CNOT": _named("cx"),
    "CCNOT": _named("ccx"),
    "CPHASE": _named("cp"),
    "CPHASE00": _phase_where(False, False),
    "CPHASE01": _phase_where(False, True),
    "CPHASE10": _phase_where(True, False),
    "PSWAP": _Standard(1, 2, _pswap),
    "XY": _Standard(1, 2, lambda angles, qubits: _xy(angles[0], qubits)),
    "PISWAP": _Standard(1, 2, lambda angles, qubits: _xy(angles[0], qubits)),
    "SQISW": _Standard(0, 2, lambda _, qubits: _xy(pi / 2, qubits)),
}


def written_out(name: str, modifiers: Sequence[str], angles: _Angles, qubits: _Qubits) -> Iterable[Gate]:
    """Give the gates of one gate instruction.

    Raises:
        Refused: no such gate, wrong number of angles or qubits, a qubit given twice.
    """
    standard = STANDARD.get(name)
    if standard is None:
        raise Refused(f"there is no gate {name[:40]}; write it with Quil's standard gates")
    _check_qubits(name, qubits, standard.qubits + sum(word != "DAGGER" for word in modifiers))
    steering = [word for word in modifiers if word != "DAGGER"]
    forks = steering.count("FORKED")
    if forks > _MOST_FORKS:
        raise Refused(f"more than {_MOST_FORKS} FORKED on one gate are not supported")
    if len(angles) != standard.angles << forks or (forks and not angles):
        raise Refused(f"{name} takes {standard.angles << forks} angles here, {len(angles)} given")
    is_inverse = modifiers.count("DAGGER") % 2 == 1
    return chain.from_iterable(_forked(standard, steering, angles, qubits, is_inverse))


def _check_qubits(name: str, qubits: _Qubits, wanted: int) -> None:
    if len(qubits) != wanted:
        raise Refused(f"{name} acts on {wanted} qubit{'s' * (wanted != 1)} here, {len(qubits)} given")
    if len(set(qubits)) != len(qubits):
        raise Refused("the same qubit is used twice")


def _forked(
    standard: _Standard, steering: Sequence[str], angles: _Angles, qubits: _Qubits, is_inverse: bool
) -> Iterator[Iterable[Gate]]:
    """Give the gate under its controls, once for each state of the qubits of FORKED, which choose the angles."""
    controls, targets = qubits[: len(steering)], qubits[len(steering) :]
    choices = list(product((False, True), repeat=steering.count("FORKED")))
    size = len(angles) // len(choices)
    for place, choice in enumerate(choices):
        gates = standard.gates(angles[place * size : (place + 1) * size], targets)
        steps = list(inverse(gates)) if is_inverse else gates
        chosen = iter(choice)
        on = [next(chosen) if word == "FORKED" else True for word in steering]
        yield control(steps, controls, on) if controls else steps
