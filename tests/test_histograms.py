import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import ResultUnreadable
from quantum_jobs.histograms import BIT_ORDER, Histogram, outcome_key, read_results, result_document
from quantum_jobs.models import Register

from . import samples

C2 = (Register("c", 2),)


def document(*entries: tuple[object, int], items: int = 1) -> bytes:
    histogram = [{"Outcome": outcome, "Display": str(outcome), "Count": count} for outcome, count in entries]
    item = {"Histogram": histogram, "Shots": []}
    return json.dumps({"DataFormat": "microsoft.quantum-results.v2", "Results": [item] * items}).encode()


def test_bit_zero_is_the_last_character():
    assert read_results(document(([1, 0], 100)), C2)[0].counts == {"01": 100}


def test_the_last_register_comes_first():
    registers = (Register("a", 2), Register("b", 1))
    recorded = document(({"Item1": [1, 0], "Item2": [0]}, 7))
    assert read_results(recorded, registers)[0].counts == {"0 01": 7}


def test_a_single_bit_may_come_bare():
    assert read_results(document((1, 3), (0, 2)), (Register("c", 1),))[0].counts == {"0": 2, "1": 3}


def test_equal_outcomes_are_added_up():
    assert read_results(document(([1, 1], 3), ([1, 1], 4)), C2)[0].counts == {"11": 7}


def test_a_lost_qubit_stays_visible():
    assert read_results(document(([2, 1], 3), (["-", 1], 1)), C2)[0].counts == {"1-": 4}


def test_failed_shots_are_counted_apart():
    (histogram,) = read_results(document(([0, 0], 9), ({"Error": {"Code": "x"}}, 1)), C2)
    assert (histogram.counts, histogram.failed_shots, histogram.shots) == ({"00": 9}, 1, 9)


def test_a_tuple_of_more_than_nine_items_keeps_its_order():
    registers = tuple(Register(f"r{i}", 1) for i in range(11))
    outcome = {f"Item{i + 1}": [int(i == 10)] for i in range(11)}
    assert read_results(document((outcome, 1)), registers)[0].counts == {"1 " + " ".join("0" * 10): 1}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'{"histogram":{"0":1.0}}',
        document(([0], 1)),
        document(([0, 0, 0], 1)),
        document(([0, 3], 1)),
        document(([0, 0], 1), items=2),
        b'{"DataFormat":"microsoft.quantum-results.v2","Results":[{}]}',
        b'{"DataFormat":"microsoft.quantum-results.v1","Histogram":["[0, 0]",1.0]}',
    ],
)
def test_a_document_in_no_known_shape_is_refused(raw):
    with pytest.raises(ResultUnreadable):
        read_results(raw, C2)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_every_bit_can_be_found_again_by_register_and_index(sizes, data):
    registers = [Register(f"r{i}", size) for i, size in enumerate(sizes)]
    bits = data.draw(st.lists(st.sampled_from("01"), min_size=sum(sizes), max_size=sum(sizes)))
    parts = outcome_key("".join(bits), registers).split(" ")[::-1]
    found = [parts[r][len(parts[r]) - 1 - i] for r, size in enumerate(sizes) for i in range(size)]
    assert found == bits


def test_probabilities_are_shares_of_what_was_counted():
    assert Histogram({"0": 496, "1": 496}).probabilities == {"0": 0.5, "1": 0.5}
    assert Histogram({}, failed_shots=10).probabilities == {}


def test_a_result_says_its_bit_order_and_where_it_comes_from():
    raw = document(([0, 0], 50), ([1, 1], 50))
    written = json.loads(result_document(samples.job(), read_results(raw, C2), [], raw, "2026-11-22T10:00:02.000Z"))
    assert written["bitOrder"] == BIT_ORDER
    assert written["registers"] == [{"name": "c", "size": 2}]
    assert written["items"][0]["counts"] == {"00": 50, "11": 50}
    assert (written["jobId"], written["shots"]) == (samples.job().id, 100)


def test_two_captures_of_one_run_are_the_same_bytes():
    raw = document(([1, 1], 1), ([0, 0], 2))
    made = [
        result_document(samples.job(), read_results(raw, C2), [], raw, "2026-11-22T10:00:02.000Z") for _ in range(2)
    ]
    assert made[0] == made[1]
