"""EstimatorV2 gives the expectation values of Qiskit's estimators, with standard errors that hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BaseEstimatorV2, StatevectorEstimator
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap, generate_preset_pass_manager
from scipy.stats import binom, chi2

from quantum_jobs.primitives import EstimatorV2
from tests.primitives.circuits import pure_circuits, values
from tests.primitives.runners import exact, sampling

THETA, PHI = Parameter("theta"), Parameter("phi")
pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")


@st.composite
def observables(draw: st.DrawFn, qubits: int) -> SparsePauliOp:
    label = st.text("IXYZ", min_size=qubits, max_size=qubits)
    coefficient = st.floats(0.1, 3).map(lambda size: round(size, 3)) | st.floats(-3, -0.1)
    terms = draw(st.dictionaries(label, coefficient, min_size=1, max_size=6))
    return SparsePauliOp.from_list(list(terms.items()))


def same(circuit, observable, bound, tolerance=1e-9):
    """Compare exact values with Qiskit's, and shapes."""
    ours = EstimatorV2(exact()).run([(circuit, observable, bound)]).result()[0].data
    theirs = StatevectorEstimator().run([(circuit, observable, bound)]).result()[0].data
    assert ours.shape == theirs.shape
    assert ours.evs.shape == ours.stds.shape == theirs.evs.shape
    assert ours.evs.dtype == theirs.evs.dtype
    assert np.allclose(ours.evs, theirs.evs, rtol=0, atol=tolerance)


@settings(max_examples=100)
@given(st.data(), st.integers(0, 2**32))
def test_any_circuit_and_observable_has_qiskits_value(data, seed):
    circuit = data.draw(pure_circuits())
    found = [data.draw(observables(circuit.num_qubits)) for _ in range(2)]
    same(circuit, [[item] for item in found], values(circuit, (3,), seed))


@settings(max_examples=80)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3), st.integers(0, 2**32))
def test_observables_and_parameters_broadcast_as_qiskit_does(shapes, seed):
    circuit = QuantumCircuit(2)
    circuit.ry(THETA, 0)
    circuit.cx(0, 1)
    circuit.rx(PHI, 1)
    rng = np.random.default_rng(seed)
    paulis, parameters = shapes.input_shapes
    found = np.empty(paulis, object)
    for place in np.ndindex(paulis):
        labels = rng.choice(["II", "IX", "ZZ", "YZ", "XY"], 2, replace=False)
        found[place] = SparsePauliOp(list(labels), rng.normal(size=2))
    same(circuit, found if paulis else found[()], values(circuit, parameters, seed))


def test_a_letter_of_an_observable_belongs_to_the_qubit_that_qiskit_says():
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.h(1)
    circuit.s(1)
    result = EstimatorV2(exact()).run([(circuit, ["IIZ", "IYI", "ZII", "IYZ"])]).result()[0]
    assert result.data.evs == pytest.approx([-1, 1, 1, -1])


def test_identity_is_exact_and_costs_no_shot():
    runner = exact()
    circuit = QuantumCircuit(2)
    data = EstimatorV2(runner).run([(circuit, SparsePauliOp(["II"], [1.25]))]).result()[0].data
    assert (data.evs, data.stds, runner.requests) == (1.25, 0, [])


@pytest.mark.parametrize("letter", "XYZ01+-rl")
def test_each_letter_is_what_qiskit_means_by_it(letter):
    circuit = QuantumCircuit(1)
    circuit.u(0.7, 0.4, 0.1, 0)
    observable = SparseObservable(letter)
    exactly = Statevector(circuit).expectation_value(SparsePauliOp.from_sparse_observable(observable)).real
    assert EstimatorV2(exact()).run([(circuit, observable)]).result()[0].data.evs == pytest.approx(exactly, abs=1e-9)


def test_products_of_projectors_and_paulis_share_a_circuit():
    circuit = QuantumCircuit(3)
    circuit.u(0.7, 0.4, 0.1, 0)
    circuit.cx(0, 1)
    circuit.ry(1.1, 2)
    observable = SparseObservable.from_list([("0Z+", 0.7), ("1I-", -0.4), ("ZZX", 0.2), ("III", 3.0)])
    runner = exact()
    value = EstimatorV2(runner).run([(circuit, observable)]).result()[0].data.evs
    exactly = Statevector(circuit).expectation_value(SparsePauliOp.from_sparse_observable(observable)).real
    assert value == pytest.approx(exactly, abs=1e-9)
    assert len(runner.requests) == 1


def h2() -> tuple[QuantumCircuit, SparsePauliOp]:
    """The hydrogen molecule on two qubits at 0.735 angstrom, and the ansatz that reaches its ground state."""
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.ry(THETA, 1)
    circuit.cx(1, 0)
    terms = [("II", -1.05237), ("IZ", 0.39794), ("ZI", -0.39794), ("ZZ", -0.01128), ("XX", 0.18093)]
    return circuit, SparsePauliOp.from_list(terms)


def test_terms_that_commute_qubit_by_qubit_share_a_circuit_and_metadata_say_what_that_saves():
    circuit, observable = h2()
    runner = exact()
    metadata = EstimatorV2(runner).run([(circuit, observable, [[0.1], [0.2], [0.3]])]).result()[0].metadata
    assert len(runner.requests) == 2
    assert sorted((group["basis"], group["terms"], group["sets"]) for group in metadata["groups"]) == [
        ("XX", ["XX"], 3),
        ("ZZ", ["IZ", "ZI", "ZZ"], 3),
    ]
    assert (metadata["circuits"], metadata["circuits_saved"]) == (6, 6)
    assert metadata["shots"] == sum(item.shots * len(item.parameter_sets) for item in runner.requests)
    assert metadata["job_ids"] == ["job-0", "job-1"]
    assert str(metadata["cost"]) == "0.50 USD"


def test_the_least_shots_of_one_observable_are_the_square_of_its_coefficients_sum_over_precision():
    circuit, observable = h2()
    runner = exact()
    EstimatorV2(runner, max_shots=10**9).run([(circuit, observable, [0.1])], precision=0.01).result()
    weight = 0.39794 * 2 + 0.01128 + 0.18093
    assert sum(item.shots for item in runner.requests) == pytest.approx((weight / 0.01) ** 2, abs=2)


def test_more_shots_than_a_job_takes_are_items_of_it():
    runner = exact()
    circuit = QuantumCircuit(1)
    circuit.h(0)
    result = EstimatorV2(runner, max_shots=10_000).run([(circuit, "Z")], precision=1 / 250).result()[0]
    assert [(item.shots, len(item.parameter_sets)) for item in runner.requests] == [(8929, 7)]
    assert result.metadata["shots"] == 8929 * 7
    assert result.data.stds == pytest.approx(1 / 250, rel=1e-3)


@settings(max_examples=60)
@given(st.data(), st.integers(2 * 9, 5_000), st.integers(1, 4))
def test_a_budget_is_kept_and_used(data, shots, sets):
    circuit = QuantumCircuit(2)
    circuit.ry(THETA, 0)
    circuit.cx(0, 1)
    found = [data.draw(observables(2)) for _ in range(2)]
    runner = exact()
    job = EstimatorV2(runner, shots=shots, max_shots=1_000)
    bound = np.linspace(0, 1, sets)[:, None]
    result = job.run([(circuit, [[item] for item in found], bound)]).result()[0]
    used = sum(item.shots * max(1, len(item.parameter_sets)) for item in runner.requests)
    assert used == result.metadata["shots"] <= shots * sets
    if runner.requests:
        assert used > shots * sets - sum(max(1, len(item.parameter_sets)) for item in runner.requests) - 2 * 9 * sets


def test_a_precision_given_with_a_run_goes_before_the_budget():
    runner = exact()
    circuit = QuantumCircuit(1)
    EstimatorV2(runner, shots=123).run([(circuit, "Z")], precision=0.1).result()
    EstimatorV2(runner, shots=123).run([(circuit, "Z")]).result()
    assert [item.shots for item in runner.requests] == [100, 123]


def test_each_parameter_set_is_measured_in_the_bases_of_its_own_observables_only():
    runner = exact()
    circuit = QuantumCircuit(1)
    circuit.rx(THETA, 0)
    result = EstimatorV2(runner).run([(circuit, ["Z", "X", "Z"], [[0.1], [0.2], [0.3]])]).result()[0]
    assert sorted(len(item.parameter_sets) for item in runner.requests) == [1, 2]
    assert result.data.evs == pytest.approx([np.cos(0.1), 0, np.cos(0.3)])


def test_all_pubs_are_submitted_before_any_is_waited_for():
    runner = exact()
    circuit, observable = h2()
    job = EstimatorV2(runner).run([(circuit, observable, [0.1]), (circuit, observable, [0.2]), (circuit, "ZZ", [0.3])])
    assert len(runner.requests) == 5
    assert len(job.result()) == 3
    assert job.result() is job.result()


def test_a_circuit_for_a_device_takes_observables_with_its_layout_and_runs_its_used_qubits_only():
    circuit, observable = h2()
    passes = generate_preset_pass_manager(
        1, coupling_map=CouplingMap.from_line(30), basis_gates=["rz", "sx", "x", "cx"], initial_layout=[17, 16]
    )
    isa = passes.run(circuit)
    runner = exact()
    found = EstimatorV2(runner).run([(isa, observable.apply_layout(isa.layout), [0.7])]).result()[0].data.evs
    exactly = Statevector(circuit.assign_parameters([0.7])).expectation_value(observable).real
    assert found == pytest.approx(exactly, abs=1e-9)
    assert "qubit[2]" in runner.requests[0].source


def test_measurements_of_the_circuit_itself_stay_and_are_not_confused_with_ours():
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    evs = EstimatorV2(exact()).run([(circuit, ["ZZ", "ZI", "XI"])]).result()[0].data.evs
    assert evs == pytest.approx([1, 0, 0])


def test_stds_hold_the_covariance_of_terms_that_share_shots():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    run = EstimatorV2(exact(), max_shots=10**9).run
    both = run([(circuit, SparsePauliOp(["IZ", "ZI"], [1, 1]))], precision=0.01).result()[0].data
    difference = run([(circuit, SparsePauliOp(["IZ", "ZI"], [1, -1]))], precision=0.01).result()[0].data
    assert both.stds == pytest.approx(0.01, rel=1e-3)
    assert difference.stds == 0


@settings(max_examples=40)
@given(st.data(), st.floats(0.02, 0.3))
def test_no_standard_error_is_over_the_precision(data, precision):
    circuit = data.draw(pure_circuits())
    found = data.draw(observables(circuit.num_qubits))
    bound = values(circuit, (2,), 1)
    stds = (
        EstimatorV2(exact()).run([(circuit, [[found], [2 * found]], bound)], precision=precision).result()[0].data.stds
    )
    assert (stds <= precision * 2**0.5 * (1 + 1e-9)).all()  # n shots tell a spread by n - 1: the most is at 2
    large = EstimatorV2(exact()).run([(circuit, found, bound)], precision=precision / 10).result()[0].data.stds
    assert (large <= precision / 10 * 1.05).all()


def test_stds_are_calibrated():
    """Of 600 estimates 68.3 % lie within one error and the squares of the ratios add up; false alarms: 1 in 10^6."""
    circuit = QuantumCircuit(2)
    circuit.ry(THETA, 0)
    circuit.rx(PHI, 1)
    circuit.cx(0, 1)
    observable = SparsePauliOp(["XX", "ZZ", "IZ", "YY", "XI", "II"], [0.5, -1.0, 0.7, 0.3, 0.4, 2.0])
    rows = np.repeat([[0.9, 0.6]], 600, axis=0)
    data = EstimatorV2(sampling(7)).run([(circuit, observable, rows)], precision=0.05).result()[0].data
    state = Statevector(circuit.assign_parameters(rows[0]))
    ratios = (data.evs - state.expectation_value(observable).real) / data.stds
    assert len(set(data.evs)) > 300
    assert binom.ppf(5e-7, 600, 0.6827) <= (abs(ratios) < 1).sum() <= binom.ppf(1 - 5e-7, 600, 0.6827)
    assert chi2.ppf(5e-7, 600) < (ratios**2).sum() < chi2.ppf(1 - 5e-7, 600)


@pytest.mark.parametrize(
    ("pub", "precision", "said"),
    [
        ((QuantumCircuit(1), SparsePauliOp(["Z"], [1j])), 0.1, "imaginary part"),
        ((QuantumCircuit(1), {Pauli("iZ"): 1.0}), 0.1, "imaginary part"),
        ((QuantumCircuit(1), "Z"), 0, "above 0"),
        ((QuantumCircuit(1), "Z"), 1e-5, "30,000 are the most"),
        ((QuantumCircuit(1), "Z"), 1e-200, "needs more than 1e[+]12 shots"),
        ((QuantumCircuit(2), "Z"), 0.1, "number of qubits"),
        ((QuantumCircuit(1), ["Z", "X"], np.zeros((3, 0))), 0.1, "broadcast"),
    ],
)
def test_what_has_no_estimate_is_refused_before_anything_is_submitted(pub, precision, said):
    runner = exact()
    with pytest.raises(ValueError, match=said):
        EstimatorV2(runner).run([(QuantumCircuit(1), "Z"), pub], precision=precision)
    assert runner.requests == []


def test_it_is_a_qiskit_estimator():
    assert isinstance(EstimatorV2(exact()), BaseEstimatorV2)
