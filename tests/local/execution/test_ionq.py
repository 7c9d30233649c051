"""IonQ circuits: both spellings, controls, native gates, refusals."""

import json
import math

import pytest

from local.execution import ionq
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.program import Gate
from local.execution.simulator import Simulator


def circuit(*gates: dict[str, object], qubits: int = 3, gateset: str = "qis") -> bytes:
    return json.dumps({"qubits": qubits, "gateset": gateset, "circuit": gates}).encode()


def gates_of(program: bytes) -> list[Gate]:
    return [step for step in ionq.read(program).blocks[0].operations if isinstance(step, Gate)]


@pytest.mark.parametrize(
    ("entry", "gate"),
    [
        ({"gate": "h", "target": 0}, Gate("h", (0,))),
        ({"gate": "h", "targets": [0]}, Gate("h", (0,))),
        ({"gate": "x", "target": 1, "control": 0}, Gate("x", (1,), (), (0,))),
        ({"gate": "cnot", "target": 1, "control": 0}, Gate("x", (1,), (), (0,))),
        ({"gate": "x", "targets": [2], "controls": [0, 1]}, Gate("x", (2,), (), (0, 1))),
        ({"gate": "not", "target": 0}, Gate("x", (0,))),
        ({"gate": "si", "target": 0}, Gate("sdg", (0,))),
        ({"gate": "ti", "target": 0}, Gate("tdg", (0,))),
        ({"gate": "v", "target": 0}, Gate("sx", (0,))),
        ({"gate": "vi", "target": 0}, Gate("sxdg", (0,))),
        ({"gate": "rx", "target": 0, "rotation": -7.5}, Gate("rx", (0,), (-7.5,))),
        ({"gate": "z", "target": 0}, Gate("z", (0,))),
        ({"gate": "z", "target": 0, "rotation": 0.5, "controls": [1]}, Gate("p", (0,), (0.5,), (1,))),
        ({"gate": "zz", "targets": [0, 2], "rotation": 0.5}, Gate("rzz", (0, 2), (0.5,))),
        ({"gate": "swap", "targets": [0, 2], "control": 1}, Gate("swap", (0, 2), (), (1,))),
    ],
)
def test_a_gate_of_the_qis_set_reads(entry: dict[str, object], gate: Gate) -> None:
    assert gates_of(circuit(entry)) == [gate]


def test_several_targets_are_one_gate_each() -> None:
    assert gates_of(circuit({"gate": "h", "targets": [0, 2]})) == [Gate("h", (0,)), Gate("h", (2,))]


@pytest.mark.parametrize(
    ("entry", "gate"),
    [
        ({"gate": "gpi", "target": 0, "phase": 0.25}, Gate("gpi", (0,), (0.25,))),
        ({"gate": "gpi2", "target": 1, "phase": -0.5}, Gate("gpi2", (1,), (-0.5,))),
        ({"gate": "ms", "targets": [0, 1], "phases": [0, 0.5]}, Gate("ms", (0, 1), (0.0, 0.5, 0.25))),
        ({"gate": "ms", "targets": [0, 1], "phases": [0, 0.5], "angle": 0.1}, Gate("ms", (0, 1), (0.0, 0.5, 0.1))),
        ({"gate": "zz", "targets": [0, 1], "angle": 0.25}, Gate("rzz", (0, 1), (math.pi / 2,))),
    ],
)
def test_a_native_gate_reads_its_turns(entry: dict[str, object], gate: Gate) -> None:
    assert gates_of(circuit(entry, gateset="native")) == [gate]


def test_every_qubit_is_measured_lowest_first() -> None:
    program = ionq.read(circuit({"gate": "x", "target": 2}))
    assert Simulator(program, seed=0).probabilities() == {4: pytest.approx(1)}
    assert [entry[1] for entry in next(iter(Simulator(program, seed=0).sample(1)))[1:]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be an object with the members"),
        (b'{"qubits": 1}', "members qubits and circuit"),
        (b'{"circuit": []}', "qubits is None"),
        (circuit(qubits=0), "qubits is 0"),
        (b'{"qubits": true, "circuit": []}', "qubits is True"),
        (b'{"qubits": 1, "circuit": [3]}', r"circuit\[0\] must be an object"),
        (circuit({"gate": "h", "target": 3}), r"circuit\[0\]: target is 3"),
        (circuit({"gate": "h", "target": -1}), r"target is -1"),
        (circuit({"gate": "h", "target": "0"}), r"target is '0'"),
        (circuit({"gate": "h"}), "needs targets"),
        (circuit({"gate": "h", "target": 0, "targets": [1]}), "not both"),
        (circuit({"gate": "x", "target": 1, "control": 1}), "each qubit once"),
        (circuit({"gate": "swap", "targets": [0]}), "swap takes two targets"),
        (circuit({"gate": "rx", "target": 0}), "rotation is None"),
        (circuit({"gate": "rx", "target": 0, "rotation": math.nan}), "rotation is nan"),
        (circuit({"gate": "rx", "target": 0, "rotation": 10**400}), "rotation is 1000"),
        (circuit({"gate": "ms", "targets": [0, 1]}, gateset="native"), "phases is None"),
    ],
)
def test_a_circuit_that_is_not_well_formed_is_refused_where_it_is_wrong(program: bytes, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        ionq.read(program)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (circuit(gateset="other"), "gateset is 'other'"),
        (circuit({"gate": "fancy", "target": 0}), "no gate 'fancy' in the gate set qis"),
        (circuit({"gate": "h", "target": 0}, gateset="native"), "no gate 'h' in the gate set native"),
    ],
)
def test_what_ionq_does_not_have_is_refused_by_name(program: bytes, message: str) -> None:
    with pytest.raises(UnsupportedProgram, match=message):
        ionq.read(program)
