"""One program and many sets of parameters."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum_jobs.errors import Fault, ProgramFormatUnsupported, ProgramInvalid
from quantum_jobs.programs import Input, program_inputs, read_program, read_sweep
from tests.programs.test_faults import HEAD, MEASURED

ANSATZ = (
    HEAD
    + """input float[64] theta;
input int[8] place;
let a = q[{1, place}];
for int i in [0:place] { ry(theta / 3) q[i]; ctrl @ rz(-theta * i) q[0], q[1]; }
if (theta < 0) { x q[0]; }
x a;
cx q[0], q[1];"""
    + MEASURED
)
QUIL = "DECLARE ro BIT[2]\nDECLARE t REAL[2]\nRX(t[0]/3) 0\nRZ(-t[1]) 1\nMEASURE 0 ro[0]"


def faults_of(language: str, source: str, sets: Sequence[Mapping[str, float]]) -> list[tuple[str, int | None]]:
    with pytest.raises(ProgramInvalid) as raised:
        read_sweep(language, source, sets)
    return [(fault.pointer, fault.line) for fault in raised.value.faults]


numbers = st.floats(-20, 20)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, st.sampled_from([0, 1])), min_size=1, max_size=6))
def test_a_sweep_gives_what_each_set_gives_alone(values: list[tuple[float, int]]) -> None:
    sets = [{"theta": theta, "place": 0} for theta, _ in values]
    assert read_sweep("openqasm3", ANSATZ.replace("{1, place}", "{1, 0}"), sets) == tuple(
        read_program("openqasm3", ANSATZ.replace("{1, place}", "{1, 0}"), given) for given in sets
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_a_sweep_of_quil_gives_what_each_set_gives_alone(values: list[tuple[float, float]]) -> None:
    sets = [{"t[0]": first, "t[1]": second} for first, second in values]
    assert read_sweep("quil", QUIL, sets) == tuple(read_program("quil", QUIL, given) for given in sets)


def test_what_depends_on_an_input_is_worked_out_for_each_set() -> None:
    """Sizes, indices and aliases may change from set to set; nothing of one shows in the next."""
    source = HEAD + "input int[8] n; qubit[n] r; let a = r; x a[0]; x a[-1]; bit[n] d; d = measure r;"
    sets = [{"n": 3.0}, {"n": 2.0}, {"n": 5.0}]
    assert read_sweep("openqasm3", source, sets) == tuple(read_program("openqasm3", source, given) for given in sets)
    assert [program.qubits for program in read_sweep("openqasm3", source, sets)] == [5, 4, 7]


def test_inputs_are_told_without_values() -> None:
    assert program_inputs("openqasm3", ANSATZ) == (Input("theta", "float[64]"), Input("place", "int[8]"))
    assert program_inputs("quil", QUIL) == (Input("t[0]", "REAL"), Input("t[1]", "REAL"))
    assert program_inputs("ionq-circuit", '{"qubits": 1, "circuit": []}') == ()


def test_wrong_names_and_numbers_are_told_by_set_all_of_them() -> None:
    sets = [{"theta": 1.0, "place": 1}, {"theta": 1.0}, {"theta": float("inf"), "place": 1, "a/b": 1.0}]
    pointers = ["/parameterSets/1/place", "/parameterSets/2/a~1b", "/parameterSets/2/theta"]
    assert faults_of("openqasm3", ANSATZ, sets) == [(pointer, None) for pointer in pointers]


def test_a_fault_that_only_a_later_set_shows_is_of_that_set_and_has_its_line() -> None:
    sets = [{"theta": 1.0, "place": 0}, {"theta": 1.0, "place": 7}]
    faults = faults_of("openqasm3", ANSATZ, sets)
    assert {pointer for pointer, _ in faults} == {"/parameterSets/1"}
    assert all(line for _, line in faults)


def test_a_fault_of_the_program_is_told_once_and_not_by_set() -> None:
    assert faults_of("openqasm3", HEAD + "x q[5];" + MEASURED, [{}, {}]) == [("/program/source", 5)]
    assert faults_of("openqasm3", HEAD + "x q[;" + MEASURED, [{}, {}])[0] == ("/program/source", 5)


def test_a_format_without_inputs_takes_no_parameters() -> None:
    assert faults_of("ionq-circuit", '{"qubits": 1, "circuit": []}', [{}, {"x": 1.0}]) == [("/parameterSets/1/x", None)]
    with pytest.raises(ProgramInvalid) as raised:
        read_program("ionq-circuit", '{"qubits": 1, "circuit": []}', {"x": 1.0})
    assert raised.value.faults == (Fault("ionq-circuit takes no parameters", "/program/parameters/x"),)


def test_a_parameter_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("openqasm3", ANSATZ, {"theta": float("nan"), "place": 1})
    assert raised.value.faults == (Fault("a finite number is needed", "/program/parameters/theta"),)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ProgramFormatUnsupported):
        program_inputs("cirq", "")
