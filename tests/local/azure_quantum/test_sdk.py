"""The azure-quantum package, as its documentation shows it, against the workspace."""

import os
import uuid
from collections.abc import Callable

import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # read when the package is imported
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError, ResourceNotFoundError
from azure.quantum import Job, Workspace
from azure.quantum.target import IonQ, Quantinuum
from qdk import TargetProfile, openqasm

from local.azure_quantum.targets import Catalogue
from tests.local.azure_quantum.caller import BELL
from tests.local.azure_quantum.conftest import API_KEY, Served

QIR = {"input_data_format": "qir.v1", "output_data_format": "microsoft.quantum-results.v2"}
CIRCUIT = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}


def connect(served: Served, key: str = API_KEY) -> Workspace:
    workspace = served.workspace
    return Workspace(
        subscription_id=workspace.subscription_id,
        resource_group=workspace.resource_group,
        name=workspace.name,
        location=workspace.location,
        credential=AzureKeyCredential(key),
        _quantum_endpoint=served.url,
    )


@pytest.fixture(scope="module")
def workspace(served: Served) -> Workspace:
    return connect(served)


@pytest.fixture(scope="module")
def slow(serve: Callable[..., Served]) -> Workspace:
    """A workspace where the queue of a device lasts minutes."""
    return connect(serve(time_scale=1.0))


def test_qir_on_the_ideal_simulator_gives_both_outcomes_alike(workspace: Workspace) -> None:
    target = workspace.get_targets("ionq.simulator")
    job = target.submit(BELL, "bell", shots=100, **QIR)
    assert job.get_results(timeout_secs=30) == {"[0, 0]": 0.5, "[1, 1]": 0.5}
    assert job.details.status == "Succeeded"
    assert job.get_results_histogram() == {
        "[0, 0]": {"count": 50, "outcome": [0, 0]},
        "[1, 1]": {"count": 50, "outcome": [1, 1]},
    }
    assert job.get_results_shots() == [[0, 0]] * 50 + [[1, 1]] * 50


def test_a_program_that_the_qdk_compiled_runs_with_feed_forward_in_the_order_of_its_registers(
    workspace: Workspace,
) -> None:
    source = """
        OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] first; bit out;
        x q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
        first[0] = measure q[0]; first[1] = measure q[1];
        if (first[1] == 1) { x q[2]; }
        if (first[0] == 1) { z q[2]; }
        out = measure q[2];
    """
    compiled = openqasm.compile(source, target_profile=TargetProfile.Adaptive_RI)
    job = workspace.get_targets("quantinuum.sim.h2-1e").submit(compiled, "teleport", shots=2000)
    histogram = job.get_results_histogram(timeout_secs=30)
    arrived = {tuple(entry["outcome"][0]): 0 for entry in histogram.values()}
    for entry in histogram.values():
        assert isinstance(entry["outcome"], tuple)
        arrived[tuple(entry["outcome"][0])] += entry["count"] if entry["outcome"][1] == 1 else 0
    # A teleported 1 arrives whatever was measured, but for the emulator's noise.
    assert all(abs(count - 500) < 5 * 500**0.5 for count in arrived.values())
    assert sum(arrived.values()) > 1950
    assert len(arrived) == 4


def test_an_ionq_circuit_gives_exact_probabilities(workspace: Workspace) -> None:
    job = IonQ(workspace, "ionq.simulator").submit(CIRCUIT, "bell", shots=100)
    assert job.get_results(timeout_secs=30) == {"histogram": {"0": 0.5, "3": 0.5}}
    assert "/rawOutputData?" in job.details.output_data_uri


def test_a_syntax_checker_gives_zeros(workspace: Workspace) -> None:
    target = Quantinuum(workspace, "quantinuum.sim.h2-1sc")
    job = target.submit(BELL, "bell", shots=10, **QIR)
    assert job.get_results_shots(timeout_secs=30) == [[0, 0]] * 10


def test_targets_are_listed_with_what_is_known_of_them(workspace: Workspace) -> None:
    names = {target.name for target in workspace.get_targets()}
    # The package shows targets of providers that it has classes for.
    assert names == {target.id for provider, target in Catalogue.read().targets() if "test" not in provider.id}
    simulator = workspace.get_targets("ionq.simulator", "ionq")
    assert (simulator.name, simulator.current_availability) == ("ionq.simulator", "Available")


def test_a_job_is_found_listed_renamed_and_deleted(workspace: Workspace) -> None:
    job = workspace.get_targets("rigetti.sim.qvm").submit(BELL, "first name", shots=5, **QIR, metadata={"team": "blue"})
    job.wait_until_completed(print_progress=False)
    assert workspace.get_job(job.id).details.metadata == {"team": "blue"}
    job.update(name="second name", tags=["kept"])
    (found,) = workspace.list_jobs(name_match="second name")
    assert (found.id, found.details.tags) == (job.id, ["kept"])
    # The list gives no signature: the package asks for one.
    assert len(found.get_results_shots()) == 5
    workspace.delete_job(job)
    with pytest.raises(ResourceNotFoundError):
        workspace.get_job(job.id)


def test_a_job_that_waits_is_cancelled(slow: Workspace) -> None:
    job = slow.get_targets("quantinuum.qpu.h2-1").submit(BELL, "long", shots=5, **QIR)
    slow.cancel_job(job)
    job.wait_until_completed(print_progress=False)
    assert job.details.status == "Cancelled"
    assert job.details.cancellation_time is not None


def test_a_job_from_a_storage_uri_is_one_request(workspace: Workspace, served: Served) -> None:
    first = workspace.get_targets("rigetti.sim.qvm").submit(BELL, "uploads", shots=5, **QIR)
    job_id, details = str(uuid.uuid4()), first.details
    options = {
        "name": "repeated",
        "target": details.target,
        "provider_id": "rigetti",
        "input_data_uri": details.input_data_uri.partition("?")[0],
        "container_uri": workspace.get_container_uri(job_id=first.id),
        "input_data_format": "qir.v1",
        "output_data_format": "microsoft.quantum-results.v2",
        "input_params": {"shots": 7},
        "job_id": job_id,
    }
    job = Job.from_storage_uri(workspace, **options)
    assert Job.from_storage_uri(workspace, **options).id == job_id
    with pytest.raises(ResourceExistsError):
        Job.from_storage_uri(workspace, **(options | {"input_params": {"shots": 8}}))
    assert served.workspace.put_counts[job_id] == 3
    assert len(job.get_results_shots()) == 7


def test_a_session_holds_its_jobs(workspace: Workspace) -> None:
    target = workspace.get_targets("rigetti.sim.qvm")
    with target.open_session(name="a session") as session:
        jobs = [target.submit(BELL, f"part {number}", shots=5, **QIR) for number in range(3)]
        for job in jobs:
            job.wait_until_completed(print_progress=False)
    assert session.refresh().details.status == "Succeeded"
    assert [job.details.name for job in session.list_jobs()] == ["part 2", "part 1", "part 0"]
    assert [job.id for job in workspace.list_session_jobs(session.id)] == [job.id for job in reversed(jobs)]
    top = list(workspace.list_top_level_items())
    assert session.id in {item.id for item in top}
    assert not {job.id for job in jobs} & {item.id for item in top}


def test_a_failed_job_says_why(workspace: Workspace) -> None:
    job = workspace.get_targets("rigetti.sim.qvm").submit("not QIR", "broken", shots=5, **QIR)
    with pytest.raises(RuntimeError, match="does not parse"):
        job.get_results()
    assert job.details.error_data.code == "InvalidInputData"


def test_attachments_go_to_the_container_of_the_job(workspace: Workspace) -> None:
    container = workspace.get_container_uri(container_name="some-container")
    assert container.partition("?")[0].endswith("/some-container")
    assert workspace.get_container_uri(container_name="some-container").partition("?")[0] == container.partition("?")[0]


def test_quotas_tell_what_jobs_have_used(serve: Callable[..., Served]) -> None:
    workspace = connect(serve(time_scale=0.0))

    def used() -> float:
        (credits_used,) = [quota for quota in workspace.get_quotas() if quota["dimension"] == "ehqc"]
        assert credits_used["providerId"] == "quantinuum"
        assert (credits_used["scope"], credits_used["period"], credits_used["holds"]) == ("Subscription", "Monthly", 0)
        return float(credits_used["utilization"])

    assert used() == 0
    for number in (1, 2):
        job = workspace.get_targets("quantinuum.sim.h2-1e").submit(BELL, "bell", shots=100, **QIR)
        job.wait_until_completed(print_progress=False)
        # One gate on one qubit, one on two, two measurements: 5 + 100 x (1 + 10 + 10) / 5000 each.
        assert used() == pytest.approx(number * 5.42)


def test_a_key_that_is_wrong_or_disabled_is_refused(served: Served) -> None:
    with pytest.raises(ClientAuthenticationError):
        connect(served, "another-key").get_targets()


def test_many_jobs_come_in_pages_newest_first(workspace: Workspace) -> None:
    target = workspace.get_targets("rigetti.sim.qvm")
    for number in range(5):
        target.submit(BELL, f"paged {number}", shots=1, **QIR)
    newest = workspace.list_jobs_paginated(name_match="paged", orderby_property="CreationTime", is_asc=False, top=2)
    assert [job.name for job in newest] == [f"paged {number}" for number in (4, 3, 2, 1, 0)]
