"""The azure-quantum package, as its documentation shows it, against the workspace."""


import pytest
from azure.core.credentials import AzureKeyCredential
from azure.quantum import Workspace
from azure.quantum.target import IonQ, Quantinuum

from tests.local.azure_quantum.conftest import API_KEY, Served

BELL = """
%Qubit = type opaque
%Result = type opaque
define void @main() #0 {
  call void @__quantum__qis__h__body(%Qubit* null)
  call void @__quantum__qis__cx__body(%Qubit* null, %Qubit* inttoptr (i64 1 to %Qubit*))
  call void @__quantum__qis__mz__body(%Qubit* null, %Result* null)
  call void @__quantum__qis__mz__body(%Qubit* inttoptr (i64 1 to %Qubit*), %Result* inttoptr (i64 1 to %Result*))
  call void @__quantum__rt__array_record_output(i64 2, i8* null)
  call void @__quantum__rt__result_record_output(%Result* null, i8* null)
  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 1 to %Result*), i8* null)
  ret void
}
declare void @__quantum__qis__h__body(%Qubit*)
declare void @__quantum__qis__cx__body(%Qubit*, %Qubit*)
declare void @__quantum__qis__mz__body(%Qubit*, %Result*)
declare void @__quantum__rt__array_record_output(i64, i8*)
declare void @__quantum__rt__result_record_output(%Result*, i8*)
attributes #0 = { "entry_point" "required_num_qubits"="2" "required_num_results"="2" }
"""
IONQ_BELL = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}


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


def test_qir_on_the_ideal_simulator_gives_both_outcomes_alike(workspace: Workspace) -> None:
    target = workspace.get_targets("ionq.simulator")
    job = target.submit(
        BELL, "bell", shots=100, input_data_format="qir.v1", output_data_format="microsoft.quantum-results.v2"
    )
    assert job.get_results(timeout_secs=30) == {"[0, 0]": 0.5, "[1, 1]": 0.5}
    assert job.details.status == "Succeeded"
    assert job.get_results_histogram() == {
        "[0, 0]": {"count": 50, "outcome": [0, 0]},
        "[1, 1]": {"count": 50, "outcome": [1, 1]},
    }
    assert job.get_results_shots() == [[0, 0]] * 50 + [[1, 1]] * 50


def test_an_ionq_circuit_gives_exact_probabilities(workspace: Workspace) -> None:
    job = IonQ(workspace, "ionq.simulator").submit(IONQ_BELL, "bell", shots=100)
    assert job.get_results(timeout_secs=30) == {"histogram": {"0": 0.5, "3": 0.5}}
    assert "/rawOutputData?" in job.details.output_data_uri


def test_a_syntax_checker_gives_zeros(workspace: Workspace) -> None:
    target = Quantinuum(workspace, "quantinuum.sim.h2-1sc")
    job = target.submit(
        BELL, "bell", shots=10, input_data_format="qir.v1", output_data_format="microsoft.quantum-results.v2"
    )
    assert job.get_results_shots(timeout_secs=30) == [[0, 0]] * 10
