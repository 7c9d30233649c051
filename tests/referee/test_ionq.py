"""IonQ circuits, native and qis, on the ideal simulator against matrices written from IonQ's documentation."""

import json
import math
from typing import Any

import numpy as np
import pytest

from tests.referee import installed
from tests.referee.conftest import Submitter

pytestmark = installed.LONG
SEEDS = range(8)
WIDTH = 4
WITHIN = 1e-9
"""The shares are exact, so right ones never fail; the document rounds them to 14 digits."""
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def gpi(phase: float) -> Any:
    turn = np.exp(2j * math.pi * phase)
    return np.array([[0, turn.conjugate()], [turn, 0]])


def gpi2(phase: float) -> Any:
    turn = np.exp(2j * math.pi * phase)
    return np.array([[1, -1j * turn.conjugate()], [-1j * turn, 1]]) / math.sqrt(2)


def ms(first: float, second: float, angle: float) -> Any:
    """Rows and columns 00, 01, 10, 11, the first target in front."""
    c, s = math.cos(math.pi * angle), -1j * math.sin(math.pi * angle)
    both, apart = (np.exp(2j * math.pi * phase) for phase in (first + second, first - second))
    corners = [[c, 0, 0, s / both], [0, c, s / apart, 0], [0, s * apart, c, 0], [s * both, 0, 0, c]]
    return np.array(corners)


def zz(angle: float) -> Any:
    one = np.exp(-1j * math.pi * angle)
    return np.diag([one, 1 / one, 1 / one, one])


def native(rng: np.random.Generator) -> tuple[dict[str, Any], list[tuple[Any, list[int], list[int]]]]:
    """One entry of a circuit and its (matrix, controls, targets)."""
    a, b = (int(qubit) for qubit in rng.permutation(WIDTH)[:2])
    first, second, angle = (round(float(value), 6) for value in rng.uniform(-0.5, 0.5, 3))
    match rng.choice(["gpi", "gpi2", "ms", "full", "zz"]):
        case "gpi":
            return {"gate": "gpi", "target": a, "phase": first}, [(gpi(first), [], [a])]
        case "gpi2":
            steps = [(gpi2(first), [], [qubit]) for qubit in (a, b)]
            return {"gate": "gpi2", "targets": [a, b], "phase": first}, steps  # type: ignore[return-value]
        case "ms":
            entry = {"gate": "ms", "targets": [a, b], "phases": [first, second], "angle": abs(angle) / 2}
            return entry, [(ms(first, second, abs(angle) / 2), [], [a, b])]
        case "full":
            return {"gate": "ms", "targets": [a, b], "phases": [first, second]}, [(ms(first, second, 0.25), [], [a, b])]
    return {"gate": "zz", "targets": [a, b], "angle": angle / 2}, [(zz(angle / 2), [], [a, b])]


def turned(pauli: Any, angle: float) -> Any:
    return math.cos(angle / 2) * np.eye(len(pauli)) - 1j * math.sin(angle / 2) * pauli


FIXED = {"not": X, "y": Y, "z": Z, "h": (X + Z) / math.sqrt(2), "s": np.diag([1, 1j]), "si": np.diag([1, -1j])}
FIXED |= {"t": np.diag([1, np.exp(0.25j * math.pi)]), "ti": np.diag([1, np.exp(-0.25j * math.pi)])}
FIXED |= {"v": ((1 + 1j) * np.eye(2) + (1 - 1j) * X) / 2, "vi": ((1 - 1j) * np.eye(2) + (1 + 1j) * X) / 2}
PAIRS = {"xx": np.kron(X, X), "yy": np.kron(Y, Y), "zz": np.kron(Z, Z)}


def qis(rng: np.random.Generator) -> tuple[dict[str, Any], list[tuple[Any, list[int], list[int]]]]:
    """One entry with no, one or two controls, on one target, two targets or a pair."""
    places = [int(qubit) for qubit in rng.permutation(WIDTH)]
    count = int(rng.integers(0, 3))
    controls, rest = places[:count], places[count:]
    angle = round(float(rng.uniform(-7, 7)), 6)
    roles: dict[str, Any] = {"controls": controls} if controls else {}
    kind = str(rng.choice([*FIXED, *PAIRS, "rx", "ry", "rz", "swap"]))
    if kind in PAIRS:
        entry = {"gate": kind, "targets": rest[:2], "rotation": angle} | roles
        return entry, [(turned(PAIRS[kind], angle), controls, rest[:2])]
    if kind == "swap":
        swap = np.eye(4)[[0, 2, 1, 3]]
        return {"gate": kind, "targets": rest[:2]} | roles, [(swap, controls, rest[:2])]
    targets = rest[: int(rng.integers(1, 3))]
    matrix = FIXED[kind] if kind in FIXED else turned({"rx": X, "ry": Y, "rz": Z}[kind], angle)
    rotation = {} if kind in FIXED else {"rotation": angle}
    entry = {"gate": kind, "targets": targets} | rotation | roles
    return entry, [(matrix, controls, [target]) for target in targets]


def applied(state: Any, matrix: Any, controls: list[int], targets: list[int]) -> Any:
    """Apply a matrix whose first target is the highest bit; bit i of the index is qubit i."""
    out = np.array(state, dtype=complex)
    spread = [sum((inner >> place & 1) << qubit for place, qubit in enumerate(reversed(targets))) for inner in
              range(len(matrix))]  # fmt: skip
    for base in range(len(state)):
        is_on = all(base >> control & 1 for control in controls)
        if is_on and not any(base >> target & 1 for target in targets):
            indices = [base | offset for offset in spread]
            out[indices] = matrix @ state[indices]
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gateset", ["native", "qis"])
def test_random_circuits_have_the_shares_of_their_matrices(submitter: Submitter, gateset: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    entries, state = [], np.eye(2**WIDTH)[0].astype(complex)
    for _ in range(30):
        entry, steps = (native if gateset == "native" else qis)(rng)
        entries.append(entry)
        for matrix, controls, targets in steps:
            state = applied(state, matrix, controls, targets)
    # The last layer makes phases visible.
    for qubit in range(WIDTH):
        entry = {"gate": "gpi2", "phase": 0.1} if gateset == "native" else {"gate": "h"}
        entries.append(entry | {"target": qubit})
        state = applied(state, gpi2(0.1) if gateset == "native" else FIXED["h"], [], [qubit])
    program = {"qubits": WIDTH, "gateset": gateset, "circuit": entries}
    document = submitter.run("ionq.simulator", json.loads(json.dumps(program)), 1000).get_results()
    shares = {int(index): share for index, share in document["histogram"].items()}
    wanted = np.abs(state) ** 2
    assert all(abs(shares.get(index, 0) - wanted[index]) < WITHIN for index in range(len(wanted)))
