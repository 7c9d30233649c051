"""The primitives in an application that drives the local cloud's workspace: real jobs, real counts."""

import uuid
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from scipy.stats import chi2

import quantum_jobs
from quantum_jobs import EstimatorV2, SamplerV2
from quantum_jobs.errors import ProgramInvalid, UnknownTarget
from tests.conftest import Service
from tests.primitives.test_circuits import teleporting
from tests.referee import following

QVM = "rigetti.sim.qvm"
ADAPTIVE = "quantinuum.sim.h2-1e"
FALSE_ALARM = 1e-9
THETA, PHI = Parameter("θ"), Parameter("φ")


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[quantum_jobs.Client]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in service.environment.items():
            patch.setenv(name, value)
        with quantum_jobs.connect("primitives", records="memory") as opened:
            yield opened


def agrees(counts: Counter[str], exact: dict[str, float]) -> bool:
    """Tell whether counts come from a distribution; wrongly no once in 10^9."""
    total = counts.total()
    assert counts.keys() <= exact.keys()
    statistic = sum((counts[key] - total * share) ** 2 / (total * share) for key, share in exact.items())
    return bool(statistic < chi2.ppf(1 - FALSE_ALARM, max(len(exact) - 1, 1)))


def entangled() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(1, "c"), ClassicalRegister(2, "meas"))
    circuit.ry(2 * THETA, 0)
    circuit.cx(0, 1)
    circuit.rzz(PHI * THETA, 1, 2)
    circuit.rx(PHI - 1, 2)
    circuit.measure([0, 1, 2], [0, 2, 1])
    return circuit


def joint(data, circuit, place) -> Counter[str]:
    parts = (data[register.name][place].get_bitstrings() for register in reversed(circuit.cregs))
    return Counter(map(" ".join, zip(*parts, strict=True)))


def test_a_sampler_gives_the_distribution_of_each_parameter_set(client):
    circuit, rows = entangled(), np.random.default_rng(4).uniform(-2, 2, (2, 3, 2))
    result = SamplerV2(client, QVM, seed=11).run([(circuit, rows)], shots=5_000).result()[0]
    assert result.data.meas.shape == (2, 3)
    assert result.metadata["target"] == QVM
    assert len(result.metadata["job_ids"]) == 1
    for place in np.ndindex(2, 3):
        exact = following.distribution(circuit.assign_parameters(rows[place]))
        assert agrees(joint(result.data, circuit, place), exact)


def test_the_same_seed_gives_the_same_shots(client):
    sampler = SamplerV2(client, QVM, seed=3)
    first, second = (sampler.run([(entangled(), [0.4, 0.9])]).result()[0].data.meas.get_counts() for _ in range(2))
    assert first == second


def test_feed_forward_runs_where_a_target_has_it_and_is_refused_where_not(client):
    circuit = teleporting()
    data = SamplerV2(client, ADAPTIVE).run([(circuit, [0.3, 1.1])], shots=500).result()[0].data
    assert data.sent.num_shots == 500
    with pytest.raises(quantum_jobs.QuantumJobsError) as refused:
        SamplerV2(client, QVM).run([(circuit, [0.3, 1.1])])
    assert "PUB 0" in refused.value.__notes__[0]


def test_an_estimator_is_within_its_errors_of_qiskits_exact_values(client):
    circuit = entangled().remove_final_measurements(inplace=False)
    observables = [SparsePauliOp(["XYZ", "ZZI", "IXX", "III"], [0.5, -1.0, 0.25, 2.0]), SparsePauliOp("YIZ")]
    rows = np.random.default_rng(5).uniform(-2, 2, (4, 1, 2))
    pub = (circuit, observables, rows)
    result = EstimatorV2(client, QVM, seed=7).run([pub], precision=0.02).result()[0]
    exact = StatevectorEstimator().run([pub]).result()[0].data.evs
    assert result.data.evs.shape == exact.shape == (4, 2)
    assert (abs(result.data.evs - exact) < 6.2 * np.maximum(result.data.stds, 1e-3)).all()
    assert (result.data.stds <= 0.0205).all()


def test_equal_parameter_sets_are_independent_samples_so_that_errors_average_out(client):
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    rows = np.full((400, 1), 1.1)
    data = EstimatorV2(client, QVM, seed=9, shots=100).run([(circuit, "Z", rows)]).result()[0].data
    ratios = (data.evs - np.cos(1.1)) / (np.sin(1.1) / 10)
    assert chi2.ppf(FALSE_ALARM, 400) < (ratios**2).sum() < chi2.ppf(1 - FALSE_ALARM, 400)
    many = EstimatorV2(client, QVM, seed=9, max_shots=50).run([(circuit, "Z", [1.1])], precision=1 / 200).result()[0]
    assert many.metadata["shots"] == 40_000
    assert abs(many.data.evs - np.cos(1.1)) < 6.2 * many.data.stds < 6.3 / 200


def test_what_a_target_reports_without_drawing_it_is_taken_as_it_is(client):
    circuit = entangled()
    data = SamplerV2(client, "ionq.simulator").run([(circuit, [0.4, 0.9])], shots=500).result()[0].data
    counts, exact = joint(data, circuit, ()), following.distribution(circuit.assign_parameters([0.4, 0.9]))
    assert 500 - len(exact) <= counts.total() <= 500
    assert all(abs(counts[key] - 500 * share) <= 1 for key, share in exact.items())


def test_primitives_run_in_a_session_whose_target_they_take(client):
    circuit = QuantumCircuit(2)
    circuit.x(0)
    with client.session(QVM, name="primitives") as session:
        evs = EstimatorV2(session, shots=50).run([(circuit, ["IZ", "ZI"])]).result()[0].data.evs
        circuit.measure_all()
        counts = SamplerV2(session).run([circuit], shots=20).result()[0].data.meas.get_counts()
    assert (list(evs), counts) == ([-1, 1], {"01": 20})


def test_a_loop_that_is_started_again_gives_what_it_gave_and_runs_nothing_twice(service, client):
    circuit = QuantumCircuit(2)
    circuit.ry(THETA, 0)
    circuit.cx(0, 1)
    name = uuid.uuid4().hex

    def energies() -> tuple[list[float], int]:
        with quantum_jobs.connect("loops") as application, application.loop(name, target=QVM) as loop:
            run = EstimatorV2(loop, shots=100).run
            found = [run([(circuit, SparsePauliOp(["XX", "ZI"]), [angle])]).result()[0] for angle in (0.2, 0.4)]
            return [float(item.data.evs) for item in found], loop.replayed

    first, before = energies(), len(service.workspace_jobs())
    assert energies() == (first[0], 4)
    assert first[1] == 0
    assert len(service.workspace_jobs()) == before


def test_what_the_client_refuses_reaches_the_caller_with_its_pub(client):
    empty, good = QuantumCircuit(1, 1), QuantumCircuit(1)
    good.measure_all()
    with pytest.raises(ProgramInvalid) as refused:
        SamplerV2(client, QVM).run([good, empty])
    assert refused.value.__notes__ == ["in PUB 1, counted from 0"]
    with pytest.raises(UnknownTarget):
        SamplerV2(client, "rigetti.sim.qmv").run([good])
