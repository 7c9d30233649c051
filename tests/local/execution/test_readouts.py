"""Result documents of Quantinuum and Rigetti: bit order, shot order, registers, substitutions."""

import json
import math

import pytest

from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.limits import DEFAULT, Limits
from local.execution.request import Request
from local.execution.run import run

QASM = {"input_format": "honeywell.openqasm.v1", "output_format": "honeywell.quantum-results.v1"}
QUIL = {"input_format": "rigetti.quil.v1", "output_format": "rigetti.quil-results.v1"}
HEAD = 'OPENQASM 2.0; include "qelib1.inc"; '
ASYMMETRIC = HEAD + "qreg q[4]; creg b[3]; creg a[1]; x q[0]; measure q[0] -> b[0]; measure q[1] -> b[1];"


def request(formats: dict[str, str], **changes: object) -> Request:
    return Request(**({"shots": 4, "seed": 3} | formats | changes))  # type: ignore[arg-type]


def test_a_bitstring_has_the_highest_bit_first_and_registers_are_in_order_of_declaration() -> None:
    answer = run(request(QASM), ASYMMETRIC.encode(), DEFAULT)
    assert answer.document == b'{"b": ["001", "001", "001", "001"], "a": ["0", "0", "0", "0"]}'
    assert (answer.usage.one_qubit_gates, answer.usage.measurements, answer.usage.shots) == (1, 2, 4)


def test_a_shot_is_at_the_same_place_in_every_register() -> None:
    source = (
        HEAD + "qreg q[2]; creg a[1]; creg b[2]; h q[0]; cx q[0], q[1]; measure q[0] -> a[0]; measure q[1] -> b[1];"
    )
    document = json.loads(run(request(QASM, shots=1000), source.encode(), DEFAULT).document)
    assert [f"{bit}0" for bit in document["a"]] == document["b"]
    ones = document["a"].count("1")
    assert abs(ones - 500) < 5 * math.sqrt(250)
    # Mixed, as shots are: not all zeros first.
    assert document["a"] != sorted(document["a"])
    assert run(request(QASM, shots=1000), source.encode(), DEFAULT).document == json.dumps(document).encode()


def test_a_syntax_checker_gives_zeros_even_where_a_loop_awaits_a_1() -> None:
    source = "OPENQASM 3.0; include 'x'; ".replace("include 'x'", 'include "stdgates.inc"')
    source += "qubit q; bit c; bit[2] d; while (c == 0) { x q; c = measure q; } if (c) { x q; }"
    answer = run(request(QASM, semantics="zeros", shots=2), source.encode(), DEFAULT)
    assert json.loads(answer.document) == {"c": ["0", "0"], "d": ["00", "00"]}
    with pytest.raises(InvalidProgram, match="line 1"):
        run(request(QASM, semantics="zeros"), b"OPENQASM 2.0; h q;", DEFAULT)


def test_noise_reaches_the_bits_of_a_register() -> None:
    answer = run(request(QASM, noise={"read_1_as_0": 1.0}), ASYMMETRIC.encode(), DEFAULT)
    assert json.loads(answer.document)["b"] == ["000"] * 4


def test_a_region_is_a_list_with_index_0_first() -> None:
    source = b"DECLARE ro BIT[3]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\nMEASURE 2 ro[2]"
    assert run(request(QUIL, profile="base"), source, DEFAULT).document == (
        b'{"ro": [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]}'
    )


PARAMETRIC = b"DECLARE ro BIT\nDECLARE t REAL\nDECLARE k INTEGER\nRX(t) 0\nMEASURE 0 ro\n"


def test_rows_are_shots_of_one_set_of_values_after_another() -> None:
    values = {"t": [[0.0], [math.pi], [-math.pi]]}
    answer = run(request(QUIL, shots=2, substitutions=values), PARAMETRIC, DEFAULT)
    assert json.loads(answer.document) == {"ro": [[0], [0], [1], [1], [1], [1]]}
    assert (answer.usage.one_qubit_gates, answer.usage.shots) == (3, 2)


def test_each_set_of_values_draws_its_own_shots() -> None:
    answer = run(request(QUIL, shots=64, substitutions={"t": [[1.5], [1.5]]}), PARAMETRIC, DEFAULT)
    rows = json.loads(answer.document)["ro"]
    assert rows[:64] != rows[64:]


def test_shots_times_sets_are_bounded() -> None:
    values = {"t": [[0.0]] * 3}
    with pytest.raises(ProgramTooLarge, match="sets of substitutions is more than 250"):
        run(request(QUIL, shots=100, substitutions=values), PARAMETRIC, Limits(shots=250))


def test_computed_memory_is_read_out_in_its_type() -> None:
    source = b"DECLARE ro REAL[2]\nDECLARE n INTEGER\nADD n 1\nMOVE ro[1] 2.5\nX 0\nMEASURE 0"
    assert json.loads(run(request(QUIL, shots=1), source, DEFAULT).document) == {"ro": [[0.0, 2.5]]}


def test_a_program_that_reads_nothing_out_has_an_empty_result() -> None:
    assert run(request(QUIL), b"X 0", DEFAULT).document == b"{}"
    assert run(request(QASM), (HEAD + "qreg q[1];").encode(), DEFAULT).document == b"{}"


@pytest.mark.parametrize(
    ("formats", "program"), [(QASM, (HEAD + "qreg q[3]; h q[0];").encode()), (QUIL, b"H 2")], ids=["openqasm", "quil"]
)
def test_a_program_wider_than_the_target_is_refused(formats: dict[str, str], program: bytes) -> None:
    with pytest.raises(ProgramTooLarge, match="needs 3 qubits; the target has 2"):
        run(request(formats, qubits=2), program, DEFAULT)


@pytest.mark.parametrize("formats", [QASM, QUIL], ids=["openqasm", "quil"])
def test_an_output_format_of_another_provider_is_refused(formats: dict[str, str]) -> None:
    with pytest.raises(UnsupportedProgram, match="is not one of"):
        run(request(formats | {"output_format": "ionq.quantum-results.v1"}), b"", DEFAULT)


@pytest.mark.parametrize(
    ("formats", "program"),
    [
        (QASM, b"OPENQASM 3.0; qubit q; bit c; while (c == 0) { c = measure q; }"),
        (QUIL, b"DECLARE n INTEGER\nLABEL @a\nX 0\nADD n 1\nJUMP @a"),
    ],
    ids=["openqasm", "quil"],
)
def test_a_loop_without_end_is_stopped(formats: dict[str, str], program: bytes) -> None:
    with pytest.raises(ExecutionError, match="more than 5000 operations: is there a loop"):
        run(request(formats), program, Limits(operations=5000))


def test_microsofts_formats_are_written_where_a_job_asks_for_them() -> None:
    v2 = {"output_format": "microsoft.quantum-results.v2"}
    document = json.loads(run(request(QASM | v2), ASYMMETRIC.encode(), DEFAULT).document)
    assert document["DataFormat"] == "microsoft.quantum-results.v2"
    assert document["Results"][0]["Histogram"] == [
        {"Outcome": {"Item1": [1, 0, 0], "Item2": [0]}, "Display": "([1, 0, 0], [0])", "Count": 4}
    ]
    v1 = {"output_format": "microsoft.quantum-results.v1"}
    assert json.loads(run(request(QASM | v1), ASYMMETRIC.encode(), DEFAULT).document) == {
        "Histogram": ["([1, 0, 0], [0])", 1.0]
    }
    source = b"DECLARE ro BIT[2]\nDECLARE t REAL\nRX(t) 1\nMEASURE 1 ro[1]"
    sets = {"t": [[0.0], [math.pi]]}
    results = json.loads(run(request(QUIL | v2, substitutions=sets), source, DEFAULT).document)["Results"]
    assert [[entry["Display"] for entry in result["Histogram"]] for result in results] == [["[0, 0]"], ["[0, 1]"]]
    with pytest.raises(InvalidProgram, match="v1 holds one item"):
        run(request(QUIL | v1, substitutions=sets), source, DEFAULT)


def test_a_syntax_checker_gives_zeros_for_bits_that_the_program_computes() -> None:
    source = HEAD + "qreg q[1]; creg a[2]; creg b[2]; a = 3; measure q[0] -> b[0];"
    answer = run(request(QASM, semantics="zeros", shots=1), source.encode(), DEFAULT)
    assert json.loads(answer.document) == {"a": ["00"], "b": ["00"]}
