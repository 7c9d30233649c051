"""Result documents, member by member, and what each kind of target makes of a program."""

import json

import numpy as np
import pytest

from local.execution.errors import ExecutionError, InvalidProgram, UnsupportedProgram
from local.execution.limits import DEFAULT
from local.execution.program import RecordGroup
from local.execution.request import Request
from local.execution.results import Outcomes, display, tree, write_ionq, write_v1, write_v2
from local.execution.run import run
from tests.local.execution.test_qir import call, module, record_all

V1, V2 = "microsoft.quantum-results.v1", "microsoft.quantum-results.v2"
ARRAY, PAIR = RecordGroup("array", 2), RecordGroup("tuple", 2)
ZERO, ONE = ("result", 0), ("result", 1)


def request(**changes: object) -> Request:
    given = {"input_format": "qir.v1", "output_format": V2, "shots": 100, "seed": 1} | changes
    return Request(**given)  # type: ignore[arg-type]


def program(*lines: str, qubits: int = 5) -> bytes:
    return module("\n".join([*lines, "  ret void"]), qubits=qubits)


@pytest.mark.parametrize(
    ("record", "shown", "outcome"),
    [
        ((ARRAY, ZERO, ONE), "[0, 1]", [0, 1]),
        ((ONE,), "1", 1),
        ((PAIR, ARRAY, ZERO, ONE, ONE), "([0, 1], 1)", {"Item1": [0, 1], "Item2": 1}),
        ((ONE, ZERO), "(1, 0)", {"Item1": 1, "Item2": 0}),
        ((RecordGroup("array", 0),), "[]", []),
        ((PAIR, ("bool", 1), ("double", 2.5)), "(true, 2.5)", {"Item1": True, "Item2": 2.5}),
    ],
)
def test_an_output_is_shown_and_nested_as_it_was_recorded(
    record: tuple[object, ...], shown: str, outcome: object
) -> None:
    document = json.loads(write_v2([Outcomes([(record, 2)])], seed=0))  # type: ignore[list-item]
    assert document == {
        "DataFormat": V2,
        "Results": [{"Histogram": [{"Outcome": outcome, "Display": shown, "Count": 2}], "Shots": [outcome, outcome]}],
    }


def test_an_output_with_too_few_items_is_refused() -> None:
    with pytest.raises(InvalidProgram, match="opens an array of 2 items"):
        tree((ARRAY, ZERO))


def test_v1_is_a_flat_list_of_probabilities() -> None:
    counts = [((ARRAY, ZERO, ONE), 1), ((ARRAY, ONE, ONE), 3)]
    assert json.loads(write_v1([Outcomes(counts)], 0)) == {"Histogram": ["[0, 1]", 0.25, "[1, 1]", 0.75]}
    with pytest.raises(InvalidProgram, match="holds one item"):
        write_v1([Outcomes(counts)] * 2, 0)


def test_ionq_keys_are_whole_numbers_in_order() -> None:
    assert write_ionq({7: 0.5, 0: 0.49999999999999989}) == b'{"histogram": {"0": 0.5, "7": 0.5}}'


def test_display_nests() -> None:
    assert display([0, (1, [True])]) == "[0, (1, [true])]"


def test_shots_are_mixed_and_add_up_to_the_histogram() -> None:
    shots = Outcomes([((ZERO,), 50), ((ONE,), 50)]).shots(seed=3)
    assert sorted(shots) == ["0"] * 50 + ["1"] * 50
    assert shots != sorted(shots)


def test_the_ideal_simulator_floors_expected_counts_per_state_of_all_qubits() -> None:
    # Five qubits, one measured: 32 states of 31.25 expected shots give 31 each, 992 in all.
    lines = [
        *(call("qis__h__body", f"Q{qubit}") for qubit in range(5)),
        call("qis__mz__body", "Q4", "R0"),
        *record_all(1),
    ]
    answer = run(request(semantics="expected", profile="base", shots=1000), program(*lines), DEFAULT)
    result = json.loads(answer.document)["Results"][0]
    assert result["Histogram"] == [
        {"Outcome": [0], "Display": "[0]", "Count": 496},
        {"Outcome": [1], "Display": "[1]", "Count": 496},
    ]
    assert result["Shots"] == [[0]] * 496 + [[1]] * 496


def test_expected_counts_are_floored_not_rounded() -> None:
    # Seven shots over four states: 1.75 each.
    lines = [*(call("qis__h__body", f"Q{qubit}") for qubit in range(2))]
    lines += [*(call("qis__mz__body", f"Q{qubit}", f"R{qubit}") for qubit in range(2)), *record_all(2)]
    answer = run(request(semantics="expected", profile="base", shots=7), program(*lines), DEFAULT)
    assert [entry["Count"] for entry in json.loads(answer.document)["Results"][0]["Histogram"]] == [1, 1, 1, 1]


@pytest.mark.parametrize("semantics", ["sampled", "expected"])
def test_the_lowest_bit_of_an_ionq_key_is_the_first_qubit(semantics: str) -> None:
    circuit = json.dumps({"qubits": 4, "circuit": [{"gate": "x", "targets": [0, 2]}]}).encode()
    formats = {"input_format": "ionq.circuit.v1", "output_format": "ionq.quantum-results.v1"}
    answer = run(request(semantics=semantics, profile="base", **formats), circuit, DEFAULT)
    assert json.loads(answer.document) == {"histogram": {"5": 1.0}}


def test_the_ideal_simulator_lists_shots_state_by_state() -> None:
    lines = [*(call("qis__h__body", f"Q{qubit}") for qubit in range(2))]
    lines += [*(call("qis__mz__body", f"Q{qubit}", f"R{qubit}") for qubit in range(2)), *record_all(2)]
    answer = run(request(semantics="expected", profile="base", shots=100), program(*lines), DEFAULT)
    shots = json.loads(answer.document)["Results"][0]["Shots"]
    assert shots == [[0, 0]] * 25 + [[1, 0]] * 25 + [[0, 1]] * 25 + [[1, 1]] * 25


def test_a_syntax_checker_gives_zeros_and_follows_them() -> None:
    lines = [call("qis__x__body", "Q0"), call("qis__mz__body", "Q0", "R0")]
    lines += ["  %bit = call i1 @__quantum__rt__read_result(R0)", "  br i1 %bit, label %one, label %zero"]
    lines += ["one:", call("rt__int_record_output", "i64 1", "NOLABEL"), "  ret void"]
    lines += ["zero:", call("rt__int_record_output", "i64 2", "NOLABEL")]
    answer = run(request(semantics="zeros", shots=3), program(*lines), DEFAULT)
    assert json.loads(answer.document)["Results"][0]["Shots"] == [2, 2, 2]


def test_a_syntax_checker_still_refuses_what_it_cannot_read() -> None:
    with pytest.raises(ExecutionError, match="__quantum__qis__fancy__body"):
        run(request(semantics="zeros"), program(call("qis__fancy__body", "Q0")), DEFAULT)


def test_several_items_are_several_results() -> None:
    lines = [call("qis__x__body", "Q0"), call("qis__mz__body", "Q0", "R0"), *record_all(1)]
    answer = run(
        request(items=[{"entryPoint": "main"}, {"entryPoint": "main", "arguments": []}]), program(*lines), DEFAULT
    )
    assert [item["Shots"] for item in json.loads(answer.document)["Results"]] == [[[1]] * 100] * 2


def test_items_of_one_job_are_sampled_apart_so_that_together_they_are_as_good_as_their_shots() -> None:
    """Means of fair coins: 400 items of 100 shots spread by 5; the same stream for all would spread them by 0."""
    lines = [call("qis__h__body", "Q0"), call("qis__mz__body", "Q0", "R0"), *record_all(1)]
    answer = run(request(items=[{"entryPoint": "main"}] * 400), program(*lines), DEFAULT)
    shots = np.array([item["Shots"] for item in json.loads(answer.document)["Results"]])[:, :, 0]
    assert 4 < shots.sum(axis=1).std() < 6
    assert len({row.tobytes() for row in shots}) == 400  # in another order, too


def test_the_base_profile_refuses_a_reset_in_the_middle() -> None:
    lines = [
        call("qis__h__body", "Q0"),
        call("qis__reset__body", "Q0"),
        call("qis__mz__body", "Q0", "R0"),
        *record_all(1),
    ]
    with pytest.raises(UnsupportedProgram, match="base profile only"):
        run(request(profile="base"), program(*lines), DEFAULT)


def test_an_echo_target_gives_back_its_input() -> None:
    assert (
        run(request(semantics="echo", input_format="microsoft.quantum-log.v1"), b"anything", DEFAULT).document
        == b"anything"
    )


def test_an_argument_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidProgram, match="must be a number"):
        run(request(items=[{"arguments": ["text"]}]), program(), DEFAULT)


def test_gates_are_counted_for_the_bill() -> None:
    lines = [call("qis__h__body", "Q0"), call("qis__cx__body", "Q0", "Q1"), call("qis__ccx__body", "Q0", "Q1", "Q2")]
    usage = run(request(), program(*lines, call("qis__mz__body", "Q0", "R0"), *record_all(1)), DEFAULT).usage
    assert (usage.one_qubit_gates, usage.two_qubit_gates, usage.measurements, usage.shots) == (1, 7, 1, 100)
