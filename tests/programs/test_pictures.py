"""The drawing of a program, and the counts that prices are made of."""

import json

from hypothesis import given, settings

from quantum_jobs.programs import (
    Bit,
    Gate,
    If,
    Measure,
    Program,
    Register,
    Reset,
    Resources,
    circuit_picture,
    read_program,
    resources,
)
from quantum_jobs.programs.ir import HIDDEN
from tests.programs.test_faults import HEAD, MEASURED
from tests.programs.test_writers import any_branching


def test_bell_is_three_columns() -> None:
    program = read_program("openqasm3", HEAD + "h q[0]; cx q[0], q[1]; rz(0.5) q[1];" + MEASURED)
    assert circuit_picture(program) == [
        [{"gate": "h", "qubits": [0]}],
        [{"gate": "cx", "qubits": [0, 1]}],
        [{"gate": "rz", "qubits": [1], "angles": [0.5]}, {"gate": "measure", "qubits": [0], "bit": "c[0]"}],
        [{"gate": "measure", "qubits": [1], "bit": "c[1]"}],
    ]


def test_a_branch_stands_behind_what_it_tests_and_says_so() -> None:
    bits = Bit(0, 0), Bit(HIDDEN, 0)
    inner = If((bits[1],), 0, (Reset(1),))
    steps = (Measure(0, bits[0]), Measure(0, bits[1]), If((bits[0],), 1, (Gate("x", (1,)),), (inner,)))
    picture = circuit_picture(Program(2, (Register("c", 1),), steps, hidden_bits=1))
    assert picture == [
        [{"gate": "measure", "qubits": [0], "bit": "c[0]"}],
        [{"gate": "measure", "qubits": [0]}, {"gate": "x", "qubits": [1], "if": ["c[0] == 1"]}],
        [{"gate": "reset", "qubits": [1], "if": ["c[0] != 1", "(0) == 0"]}],
    ]


@settings(max_examples=50, deadline=None)
@given(any_branching)
def test_boxes_of_a_column_do_not_cross_and_none_is_lost(program: Program) -> None:
    picture = circuit_picture(program)
    assert picture is not None
    for column in picture:
        lines = [line for box in column for line in range(min(box["qubits"]), max(box["qubits"]) + 1)]
        assert len(lines) == len(set(lines))
    assert sum(map(len, picture)) == _plain(program.operations)
    assert json.loads(json.dumps(picture)) == picture


def _plain(operations: tuple[object, ...]) -> int:
    return sum(_plain((*item.then, *item.otherwise)) if isinstance(item, If) else 1 for item in operations)


def test_a_program_too_large_to_be_looked_at_has_no_picture() -> None:
    wide = read_program("openqasm3", HEAD + "qubit[63] r; h r;" + MEASURED)
    assert circuit_picture(wide) is None
    for turns, is_drawn in ((199, True), (200, False)):
        long = read_program("openqasm3", HEAD + f"for int i in [1:{turns}] {{ h q[0]; }}" + MEASURED)
        assert (circuit_picture(long) is not None) is is_drawn


def test_resources_are_what_providers_price() -> None:
    body = "ccx q[0], q[1], r; measure q[0] -> c[0]; if (c[0]) { reset q[0]; rzz(1) q[0], q[1]; } else { x q[1]; }"
    found = resources(read_program("openqasm3", HEAD + "qubit r;" + body + MEASURED))
    assert found == Resources(
        qubits=3,
        operations=23,
        one_qubit_gates=11,
        two_qubit_gates=8,
        depth=17,
        measurements=3,
        resets=1,
    )
    assert found.gates == 19
