"""SamplerV2 gives what Qiskit's samplers give, for circuits and parameter arrays of any shape."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives import BaseSamplerV2, StatevectorSampler
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from scipy.stats import chi2

from quantum_jobs.primitives import SamplerV2
from tests.primitives.circuits import measured_circuits, values
from tests.primitives.runners import Fake, Item, Result, rounding, sampling
from tests.primitives.test_circuits import teleporting
from tests.referee import following

SHOTS = 1_000
THETA, PHI = Parameter("theta"), Parameter("phi")
pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")


def turned() -> QuantumCircuit:
    """One qubit of three, which lands in bit 2 of the second register."""
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "low"), ClassicalRegister(10, "high"))
    circuit.ry(THETA, 1)
    circuit.rz(PHI, 1)
    circuit.measure([0, 1], [0, 4])
    return circuit


@settings(max_examples=60)
@given(measured_circuits(), st.integers(0, 2**32))
def test_each_register_has_qiskits_outcomes_and_shots_keep_registers_together(circuit, seed):
    rows = values(circuit, (2,), seed)
    data = SamplerV2(rounding()).run([(circuit, rows)], shots=SHOTS).result()[0].data
    assert list(data) == [register.name for register in circuit.cregs]
    for place, row in enumerate(rows):
        shots = zip(*(data[register.name][place].get_bitstrings() for register in reversed(circuit.cregs)), strict=True)
        found = Counter(" ".join(shot) for shot in shots)
        expected = following.distribution(circuit.assign_parameters(row))
        assert found.total() == SHOTS
        assert all(abs(found[key] - SHOTS * expected.get(key, 0)) <= 1 for key in found | expected)


def test_a_shot_of_one_register_belongs_to_the_same_shot_of_the_others():
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "one"), ClassicalRegister(1, "other"))
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    data = SamplerV2(rounding()).run([circuit]).result()[0].data
    assert data.one.get_bitstrings() == data.other.get_bitstrings()
    assert set(data.one.get_bitstrings()) == {"0", "1"}


@settings(max_examples=40)
@given(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), st.booleans(), st.integers(0, 2**32))
def test_parameter_arrays_of_any_shape_give_qiskits_shapes_and_elements(shape, by_name, seed):
    circuit = turned()
    given_values = values(circuit, shape, seed)
    bound = {PHI: given_values[..., 0], THETA: given_values[..., 1]} if by_name else given_values
    ours = SamplerV2(rounding()).run([(circuit, bound)], shots=SHOTS).result()[0].data
    theirs = StatevectorSampler(seed=1).run([(circuit, bound)], shots=2).result()[0].data
    assert ours.shape == theirs.shape
    for name in ("low", "high"):
        assert ours[name].array.shape[:-2] == theirs[name].array.shape[:-2]
        assert ours[name].array.shape[-1] == theirs[name].array.shape[-1]
        assert ours[name].num_bits == theirs[name].num_bits
    for place in np.ndindex(ours.shape):
        ones = np.sin(given_values.reshape(*ours.shape, 2)[place][1] / 2) ** 2
        counts = ours.high[place].get_int_counts()
        assert counts.keys() <= {0, 4}
        assert abs(counts.get(4, 0) - SHOTS * ones) <= 1


def test_a_parameter_array_without_elements_runs_nothing():
    runner = rounding()
    job = SamplerV2(runner).run([(turned(), np.zeros((0, 2)))], shots=7)
    assert job.result()[0].data.low.array.shape == (0, 7, 1)
    assert job.done()
    assert runner.requests == []


def test_a_circuit_without_parameters_has_independent_shots_for_each_element():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    runner = sampling(1)
    data = SamplerV2(runner).run([SamplerPub(circuit, BindingsArray(shape=(4, 2)), shots=5_000)]).result()[0].data
    assert data.meas.shape == (4, 2)
    assert len({tuple(sorted(data.meas[place].get_counts().items())) for place in np.ndindex(4, 2)}) > 1
    assert len(runner.requests) == 1


def test_feed_forward_comes_back_in_its_registers():
    circuit = teleporting()
    row = [0.3, 1.1]
    data = SamplerV2(rounding()).run([(circuit, row)], shots=SHOTS).result()[0].data
    found = Counter(map(" ".join, zip(*(data[name].get_bitstrings() for name in ("low", "out", "sent")), strict=True)))
    expected = following.distribution(circuit.assign_parameters(row))
    assert all(abs(found[key] - SHOTS * expected.get(key, 0)) <= 1 for key in found | expected)


def test_shots_of_a_pub_go_before_those_of_the_run_before_the_default():
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    sampler = SamplerV2(rounding(), default_shots=11)
    shots = [result.data.meas.num_shots for result in sampler.run([(circuit, None, 13), circuit], shots=12).result()]
    assert [*shots, sampler.run([circuit]).result()[0].data.meas.num_shots] == [13, 12, 11]
    assert isinstance(sampler, BaseSamplerV2)


def test_many_sets_are_jobs_of_300_and_many_shots_are_items():
    runner = rounding()
    angles = np.linspace(0, np.pi, 301)
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    circuit.measure_all()
    bits = SamplerV2(runner, max_shots=100).run([(circuit, angles[:, None])], shots=199).result()[0].data.meas
    assert [(len(item.parameter_sets), item.shots) for item in runner.requests] == [(300, 100), (300, 100), (2, 100)]
    assert bits.num_shots == 199
    ones = np.array([bits[place].get_int_counts().get(1, 0) for place in range(301)])
    assert (abs(ones - 199 * np.sin(angles / 2) ** 2) <= 3).all()


def test_no_two_items_of_repeated_sets_are_the_same_request():
    runner = rounding()
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    circuit.measure_all()
    SamplerV2(runner).run([(circuit, np.ones((601, 1)))], shots=10)
    sent = [tuple(item.items()) for request in runner.requests for item in request.parameter_sets]
    assert len(set(sent)) == 601


def test_a_part_of_the_shots_is_a_fair_sample():
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    circuit.measure_all()
    bits = SamplerV2(sampling(3)).run([circuit], shots=10_000).result()[0].data.meas
    half = bits.slice_shots(range(5_000)).get_int_counts()
    statistic = sum((half.get(value, 0) - 1_250) ** 2 / 1_250 for value in range(4))
    assert statistic < chi2.ppf(1 - 1e-9, 3)
    assert bits.get_bitstrings() != sorted(bits.get_bitstrings())


def test_counts_follow_the_distribution():
    """False alarms: one in 10^9; the seed is fixed, so it is settled for this text."""
    circuit = turned()
    row = [0.4, 1.3]
    counts = SamplerV2(sampling(5)).run([(circuit, row)], shots=100_000).result()[0].data.high.get_int_counts()
    ones = np.sin(1.3 / 2) ** 2
    statistic = sum((counts[value] - 1e5 * p) ** 2 / (1e5 * p) for value, p in ((4, ones), (0, 1 - ones)))
    assert statistic < chi2.ppf(1 - 1e-9, 1)


class Short(Fake):
    """A machine that loses qubits and shots in some items."""

    def submit(self, source, **given):
        job = super().submit(source, **given)
        job.outcome = Result([Item({"01": 5, "11": 3}, 2), Item({"01": 4, "-1": 3, "0-": 1, "10": 1}, 1)], "machine")
        return job


def test_shots_that_failed_or_lost_a_qubit_shorten_the_arrays_and_are_told():
    circuit = QuantumCircuit(2)
    circuit.ry(THETA, 0)
    circuit.measure_all()
    runner = Short(lambda probabilities, shots: {})
    result = SamplerV2(runner).run([(circuit, [[1.0], [2.0]])], shots=10).result()[0]
    assert result.data.meas.num_shots == 5
    assert result.metadata["failed_shots"] == [2, 5]
    assert set(result.data.meas[1].get_counts()) <= {"01", "10"}


def test_an_item_without_any_outcome_is_an_error():
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with pytest.raises(ValueError, match="no shot"):
        SamplerV2(Fake(lambda probabilities, shots: {})).run([circuit]).result()


def test_metadata_tell_jobs_target_cost_and_that_the_order_of_shots_is_not_the_machines():
    circuit = QuantumCircuit(1, metadata={"mine": 1})
    circuit.measure_all()
    metadata = SamplerV2(rounding(), "rigetti.sim.qvm").run([circuit]).result()[0].metadata
    assert (metadata["job_ids"], metadata["target"], str(metadata["cost"])) == (
        ["job-0"],
        "rigetti.sim.qvm",
        "0.25 USD",
    )
    assert "drawn at random" in metadata["shot_order"]
    assert metadata["circuit_metadata"] == {"mine": 1}


def test_the_same_result_is_read_in_the_same_order_of_shots():
    circuit = QuantumCircuit(3)
    circuit.h([0, 1, 2])
    circuit.measure_all()
    first, second = (SamplerV2(rounding()).run([circuit]).result()[0].data.meas.array for _ in range(2))
    assert (first == second).all()


def test_vectors_of_parameters_keep_their_order_beyond_ten():
    vector = ParameterVector("v", 12)
    circuit = QuantumCircuit(12)
    for qubit in range(12):
        circuit.rx(vector[qubit], qubit)
    circuit.measure_all()
    row = np.where(np.arange(12) % 3 == 1, np.pi, 0)
    bits = SamplerV2(rounding()).run([(circuit, row)], shots=10).result()[0].data.meas
    assert bits.get_int_counts() == {0b010010010010: 10}


def test_a_slip_in_the_number_of_shots_submits_nothing():
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    runner = rounding()
    with pytest.raises(ValueError, match="30,000 are the most"):
        SamplerV2(runner).run([circuit], shots=10**12)
    assert runner.requests == []
