"""A run of a primitive is one job to Qiskit, however many the service has."""

import subprocess
import sys
from functools import partial
from threading import Barrier

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import JobStatus

from quantum_jobs.errors import JobAlreadyDone, JobFailed, ProgramInvalid, TargetUnavailable
from quantum_jobs.models import JobState
from quantum_jobs.primitives import EstimatorV2, SamplerV2
from quantum_jobs.side_by_side import side_by_side
from tests.cloud import REPOSITORY
from tests.primitives.runners import Fake, exact, rounding

S = JobState


def measured(qubits: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.measure_all()
    return circuit


class Waiting(Fake):
    """A target with a queue."""

    def submit(self, source, **given):
        job = super().submit(source, **given)
        job.state = S.QUEUED.value
        return job


@pytest.mark.parametrize(
    ("states", "status", "is_final"),
    [
        ((S.ACCEPTED, S.QUEUED), JobStatus.QUEUED, False),
        ((S.RETRYING, S.QUEUED), JobStatus.QUEUED, False),
        ((S.RUNNING, S.QUEUED), JobStatus.RUNNING, False),
        ((S.SUCCEEDED, S.QUEUED), JobStatus.RUNNING, False),
        ((S.SUCCEEDED, S.SUCCEEDED), JobStatus.DONE, True),
        ((S.SUCCEEDED, S.FAILED), JobStatus.ERROR, True),
        ((S.QUEUED, S.FAILED), JobStatus.ERROR, False),
        ((S.SUCCEEDED, S.CANCELLED), JobStatus.CANCELLED, True),
        ((S.CANCELLING, S.QUEUED), JobStatus.RUNNING, False),
    ],
)
def test_the_status_is_that_of_all_jobs_together(states, status, is_final):
    runner = rounding()
    job = SamplerV2(runner).run([measured(), measured()])
    for handle, state in zip(runner.jobs, states, strict=True):
        handle.state = state.value
    assert job.status() == status
    assert job.in_final_state() == is_final
    assert (job.done(), job.running(), job.cancelled()) == tuple(
        status == one for one in (JobStatus.DONE, JobStatus.RUNNING, JobStatus.CANCELLED)
    )
    assert isinstance(job, BasePrimitiveJob)


def test_a_run_has_the_id_of_its_first_job_and_knows_all():
    job = SamplerV2(rounding()).run([measured(), measured()])
    assert job.job_id() == "job-0"
    assert job.job_ids == ("job-0", "job-1")


def test_cancel_reaches_the_jobs_that_have_not_ended():
    runner = rounding()
    job = SamplerV2(runner).run([measured(), measured()])
    runner.jobs[1].state = S.QUEUED.value
    job.cancel()
    assert [handle.cancels for handle in runner.jobs] == [0, 1]


def test_a_job_that_ends_while_it_is_cancelled_keeps_no_other_from_its_cancel():
    runner = Waiting(rounding().count)
    job = SamplerV2(runner).run([measured(), measured()])
    runner.jobs[0].refusal = JobAlreadyDone("succeeded")
    job.cancel()
    assert [handle.state for handle in runner.jobs] == [S.QUEUED, S.CANCELLED]


def test_a_job_that_failed_raises_its_own_error_and_a_later_call_may_succeed():
    runner = rounding()
    job = SamplerV2(runner).run([measured()])
    good, runner.jobs[0].outcome = runner.jobs[0].outcome, JobFailed({"detail": "the machine was off"})
    with pytest.raises(JobFailed, match="the machine was off"):
        job.result()
    runner.jobs[0].outcome = good
    assert len(job.result()) == 1


def test_a_pub_that_is_refused_takes_back_the_pubs_before_it_and_is_named():
    runner = Waiting(rounding().count)
    with pytest.raises(ProgramInvalid) as refused:
        SamplerV2(runner).run([measured(), QuantumCircuit(1, 1)])
    assert "measures nothing" in str(refused.value.members)
    assert refused.value.__notes__ == ["in PUB 1, counted from 0"]
    assert [handle.cancels for handle in runner.jobs] == [1]


def test_a_circuit_that_cannot_be_sent_is_named_before_anything_is_submitted():
    runner = rounding()
    angle = Parameter("x")
    bad = QuantumCircuit(1, 1)
    bad.rx(1 / angle, 0)
    bad.measure(0, 0)
    with pytest.raises(ValueError, match="1/x") as refused:
        SamplerV2(runner).run([measured(), (bad, [0.0])])
    assert refused.value.__notes__ == ["in PUB 1, counted from 0"]
    assert runner.requests == []


class Closing(Waiting):
    """A target that goes away after two jobs."""

    def submit(self, source, **given):
        if len(self.jobs) == 2:
            raise TargetUnavailable("The target takes no jobs now.")
        return super().submit(source, **given)


def test_a_target_that_goes_away_between_groups_leaves_nothing_running():
    runner = Closing(exact().count)
    with pytest.raises(TargetUnavailable):
        EstimatorV2(runner).run([(QuantumCircuit(1), ["X", "Y", "Z"])])
    assert [handle.cancels for handle in runner.jobs] == [1, 1]


def test_each_job_has_a_seed_of_its_own_and_a_second_run_the_same():
    def seeds(seed):
        runner = exact()
        EstimatorV2(runner, seed=seed).run([(QuantumCircuit(1), ["X", "Y", "Z"])])
        return [item.seed for item in runner.requests]

    first = seeds(5)
    assert len(set(first)) == 3
    assert all(0 <= seed < 2**31 for seed in first)
    assert seeds(5) == first != seeds(6)
    assert seeds(None) == [None] * 3


def test_a_target_is_named_only_where_one_was_given():
    runner = rounding()
    SamplerV2(runner, "ionq.simulator").run([measured()])
    SamplerV2(runner).run([measured()])
    assert [item.target for item in runner.requests] == ["ionq.simulator", "its own"]


def answer(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_without_qiskit_the_error_says_what_to_install():
    code = "import sys; sys.modules['qiskit'] = None; from quantum_jobs import EstimatorV2"
    last = answer(code).splitlines()[-1]
    assert last.startswith("ImportError: SamplerV2 and EstimatorV2 need Qiskit")
    assert "pip install" in last


def test_an_import_that_fails_inside_is_not_taken_for_a_missing_qiskit():
    code = "import sys; sys.modules['quantum_jobs.money'] = None; import quantum_jobs.primitives"
    assert "ModuleNotFoundError" in answer(code).splitlines()[-1]


def test_importing_the_package_brings_no_qiskit():
    assert answer("import sys, quantum_jobs; print('qiskit' in sys.modules)").strip() == "False"


def test_calls_side_by_side_run_at_once_and_give_their_results_in_order():
    met = Barrier(3, timeout=30)

    def call(number):
        met.wait()
        return number

    done = []
    assert side_by_side([partial(call, number) for number in range(3)], done) == [0, 1, 2]
    assert sorted(done) == [0, 1, 2]


def test_the_first_refusal_in_order_is_raised_and_what_was_submitted_beside_it_is_known():
    met = Barrier(3, timeout=30)
    made = []

    def call(number):
        made.append(number)
        if number < 3:
            met.wait()
        if number in (1, 2):
            raise ValueError(f"no {number}")
        return number

    done = []
    with pytest.raises(ValueError, match="no 1"):
        side_by_side([partial(call, number) for number in range(3)], done)
    assert done == [0]
    assert sorted(made) == [0, 1, 2]
