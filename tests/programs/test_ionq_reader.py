"""IonQ's circuits keep their unitary; what is wrong is told by its place in the document."""

import json
from cmath import exp
from collections.abc import Sequence
from math import pi, tau
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs import Bit, Gate, Measure, Register, read_program
from tests.programs import engine, referee
from tests.programs.circuits import angles

SHORT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=4_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUBITS = 4
FIXED = {"x": "x", "not": "x", "y": "y", "z": "z", "h": "h", "s": "s", "si": "sdg", "t": "t", "ti": "tdg"}
FIXED |= {"v": "sx", "vi": "sxdg"}
TURNS = {"rx": "rx", "ry": "ry", "rz": "rz"}
PAIRS = {"xx": "rxx", "yy": "ryy", "zz": "rzz"}
Step = tuple[referee.Matrix, Sequence[int]]
Entry = tuple[dict[str, Any], list[Step]]


def axis(phase: float) -> referee.Matrix:
    """GPI: a half turn round an axis of the equator; the phase in turns."""
    return np.array([[0, exp(-1j * tau * phase)], [exp(1j * tau * phase), 0]])


def under(matrix: referee.Matrix, controls: int) -> referee.Matrix:
    for _ in range(controls):
        matrix = referee.controlled(matrix)
    return matrix


@st.composite
def qis_entries(draw: st.DrawFn) -> Entry:
    name = draw(st.sampled_from([*FIXED, *TURNS, *PAIRS, "swap", "cnot", "z-turn"]))
    places = draw(st.permutations(range(QUBITS)))
    entry: dict[str, Any] = {"gate": "z" if name == "z-turn" else name}
    if name in TURNS or name in PAIRS or name == "z-turn":
        entry["rotation"] = draw(angles)
    turn = (entry["rotation"],) if "rotation" in entry else ()
    known = {**FIXED, **TURNS, **PAIRS, "swap": "swap", "cnot": "x", "z-turn": "p"}[name]
    count = 1 if name == "cnot" else draw(st.integers(0, 2))
    controls, rest = places[:count], places[count:]
    size = 2 if name in PAIRS or name == "swap" else draw(st.integers(1, len(rest)))
    targets = rest[:size]
    entry |= {"control": controls[0]} if count == 1 else {"controls": controls} if count else {}
    entry |= {"target": targets[0]} if size == 1 else {"targets": targets}
    matrix = under(referee.named(known, turn), count)
    rows = [targets] if name in PAIRS or name == "swap" else [[target] for target in targets]
    return entry, [(matrix, [*controls, *row]) for row in rows]


@st.composite
def native_entries(draw: st.DrawFn) -> Entry:
    name = draw(st.sampled_from(["gpi", "gpi2", "ms", "zz"]))
    turns = st.floats(-3, 3, allow_subnormal=False)
    first, second = draw(st.permutations(range(QUBITS)))[:2]
    if name in {"gpi", "gpi2"}:
        phase = draw(turns)
        matrix = axis(phase) if name == "gpi" else referee.turn(axis(phase), pi / 2)
        return {"gate": name, "target": first, "phase": phase}, [(matrix, [first])]
    angle = draw(turns)
    entry: dict[str, Any] = {"gate": name, "targets": [first, second], "angle": angle}
    if name == "zz":
        return entry, [(referee.two(referee.Z, referee.Z, tau * angle), [first, second])]
    entry["phases"] = [draw(turns), draw(turns)]
    product = referee.two(axis(entry["phases"][0]), axis(entry["phases"][1]), tau * angle)
    return entry, [(product, [first, second])]


qis = st.tuples(st.just("qis"), st.lists(qis_entries(), min_size=1, max_size=6))
native = st.tuples(st.just("native"), st.lists(native_entries(), min_size=1, max_size=6))
circuits = st.one_of(qis, native)


def check(circuit: tuple[str, list[Entry]]) -> None:
    gateset, entries = circuit
    document = {"qubits": QUBITS, "gateset": gateset, "circuit": [entry for entry, _ in entries]}
    program = read_program("ionq-circuit", json.dumps(document))
    expected = referee.unitary([step for _, steps in entries for step in steps], QUBITS)
    found = referee.unitary(referee.flat_steps(program.operations), QUBITS)
    assert referee.same_up_to_phase(found, expected)
    by_engine = engine.distribution("ionq-circuit", json.dumps(document))
    assert referee.distance(referee.distribution(program), by_engine) < 1e-9


@SHORT
@given(circuits)
def test_a_circuit_keeps_its_unitary_and_its_distribution(circuit: tuple[str, list[Entry]]) -> None:
    check(circuit)


@pytest.mark.long
@LONG
@given(circuits)
def test_thousands_of_circuits_keep_their_unitary(circuit: tuple[str, list[Entry]]) -> None:
    check(circuit)


def test_all_qubits_are_measured_into_one_register_bit_i_from_qubit_i() -> None:
    program = read_program("ionq-circuit", '{"qubits": 3, "circuit": [{"gate": "x", "target": 1}]}')
    assert program.registers == (Register("q", 3),)
    assert program.operations == (Gate("x", (1,)), *(Measure(qubit, Bit(0, qubit)) for qubit in range(3)))
    assert referee.distribution(program) == {"010": 1.0}


@pytest.mark.parametrize("angle", ["0.1", "-7.25", "1e-300", "3.141592653589793", "1234567.891", "5e-324"])
def test_a_rotation_survives_to_the_last_bit(angle: str) -> None:
    source = f'{{"qubits": 1, "circuit": [{{"gate": "ry", "target": 0, "rotation": {angle}}}]}}'
    assert read_program("ionq-circuit", source).operations[0] == Gate("ry", (0,), (float(angle),))


def test_null_members_count_as_absent_and_ms_turns_a_quarter_by_default() -> None:
    entry = {"gate": "ms", "targets": [0, 1], "phases": [0, 0], "angle": None}
    program = read_program("ionq-circuit", json.dumps({"qubits": 2, "gateset": "native", "circuit": [entry]}))
    assert Gate("rxx", (0, 1), (pi / 2,)) in program.operations


def faults_of(source: str) -> tuple[Fault, ...]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("ionq-circuit", source)
    return raised.value.faults


FAULTY = {
    "/qubits": {"qubits": 0, "circuit": []},
    "/gateset": {"qubits": 1, "gateset": "pulse", "circuit": []},
    "/circuit": {"qubits": 1, "circuit": {}},
    "/shots": {"qubits": 1, "circuit": [], "shots": 5},
    "/circuit/0": {"qubits": 1, "circuit": ["h"]},
    "/circuit/0/gate": {"qubits": 1, "circuit": [{"target": 0}]},
    "/circuit/1/gate": {"qubits": 1, "circuit": [{"gate": "h", "target": 0}, {"gate": "u", "target": 0}]},
    "/circuit/0/target": {"qubits": 1, "circuit": [{"gate": "h", "target": 1}]},
    "/circuit/0/targets/1": {"qubits": 2, "circuit": [{"gate": "h", "targets": [1, 2]}]},
    "/circuit/0/targets": {"qubits": 3, "circuit": [{"gate": "swap", "targets": [0, 1, 2]}]},
    "/circuit/0/controls/0": {"qubits": 2, "circuit": [{"gate": "x", "target": 0, "controls": [True]}]},
    "/circuit/0/control": {"qubits": 2, "circuit": [{"gate": "cnot", "target": 0}]},
    "/circuit/0/rotation": {"qubits": 1, "circuit": [{"gate": "rx", "target": 0}]},
    "/circuit/0/rotatoin": {"qubits": 1, "circuit": [{"gate": "z", "target": 0, "rotatoin": 1}]},
    "/circuit/0/a~1b": {"qubits": 1, "circuit": [{"gate": "z", "target": 0, "a/b": 1}]},
    "/circuit/0/phase": {"qubits": 1, "gateset": "native", "circuit": [{"gate": "gpi", "target": 0, "phase": "x"}]},
    "/circuit/0/phases": {"qubits": 2, "gateset": "native", "circuit": [{"gate": "ms", "targets": [0, 1]}]},
}


@pytest.mark.parametrize("path", FAULTY)
def test_a_fault_points_at_its_member(path: str) -> None:
    assert [fault.pointer for fault in faults_of(json.dumps(FAULTY[path]))] == [f"/program/source{path}"]


def test_every_faulty_gate_is_told() -> None:
    wrong = [{"gate": "h", "target": 7}, {"gate": "h", "target": 0}, {"gate": "x", "target": 0, "control": 0}]
    pointers = [fault.pointer for fault in faults_of(json.dumps({"qubits": 2, "circuit": wrong}))]
    assert pointers == ["/program/source/circuit/0/target", "/program/source/circuit/2"]


def test_broken_json_is_told_with_line_and_column() -> None:
    (fault,) = faults_of('{"qubits": 1,\n "é": [1,, 2]}')
    assert (fault.line, fault.column) == (2, 10)


HOSTILE = {
    "deep-lists": "[" * 30_000,
    "deep-objects": '{"a":' * 12_000,
    "giant-register": '{"qubits": 1000000000, "circuit": []}',
    "giant-number": '{"qubits": ' + "9" * 60_000 + ', "circuit": []}',
    "nan": '{"qubits": 1, "circuit": [{"gate": "rx", "target": 0, "rotation": NaN}]}',
    "infinity": '{"qubits": 1, "circuit": [{"gate": "rx", "target": 0, "rotation": -Infinity}]}',
    "overflow": '{"qubits": 1, "circuit": [{"gate": "rx", "target": 0, "rotation": 1e999}]}',
    "giant-rotation": '{"qubits": 1, "circuit": [{"gate": "rx", "target": 0, "rotation": 1' + "0" * 400 + "}]}",
    "native-overflow": '{"qubits": 1, "gateset": "native", "circuit": [{"gate": "gpi", "target": 0, "phase": 1e308}]}',
    "duplicate": '{"qubits": 2, "circuit": [{"gate": "x", "targets": [0, 0]}]}',
    "wide-gates": json.dumps(
        {"qubits": 900, "circuit": [{"gate": "ry", "rotation": 1, "target": 0, "controls": [*range(1, 900)]}]}
    ),
    "quotes": '"\\' * 30_000,
    "zeros": "\0" * 60_000,
    "numbers": "1" * 60_000,
    "null": "null",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_circuits_are_refused(name: str) -> None:
    assert faults_of(HOSTILE[name])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["gate", "target", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    json_values,
    st.lists(st.dictionaries(st.sampled_from(["gate", "target", "targets", "control", "rotation"]), json_values)),
)
def test_any_document_is_read_or_refused_with_places(qubits: Any, circuit: list[dict[str, Any]]) -> None:
    for document in (qubits, {"qubits": qubits, "circuit": qubits}, {"qubits": 2, "circuit": circuit}):
        try:
            read_program("ionq-circuit", json.dumps(document))
        except ProgramInvalid as error:
            assert all(fault.pointer.startswith("/program/source") and fault.detail for fault in error.faults)  # noqa: PT017
