"""The package under Azure's own names inside the local cloud: nothing in the program knows that it is local."""

from collections.abc import Iterator

import pytest
from azure.identity import ManagedIdentityCredential
from azure.quantum import Workspace

from local.names import LOCATION, RESOURCE_GROUP, STORAGE_HOSTS, SUBSCRIPTION_ID
from local.names import WORKSPACE as NAME
from tests.cloud import RunningCloud
from tests.local.azure_quantum.caller import BELL

QIR = {"input_data_format": "qir.v1", "output_data_format": "microsoft.quantum-results.v2"}


@pytest.fixture
def identity(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagedIdentityCredential]:
    """A credential, in an environment that does not tell where the workspace is."""
    monkeypatch.delenv("AZURE_QUANTUM_CONNECTION_STRING")
    with ManagedIdentityCredential() as credential:
        yield credential


def run_bell(workspace: Workspace) -> None:
    job = workspace.get_targets("ionq.simulator").submit(BELL, "bell", shots=10, **QIR)
    assert job.get_results(timeout_secs=30) == {"[0, 0]": 0.5, "[1, 1]": 0.5}
    assert job.details.output_data_uri.startswith(f"https://{STORAGE_HOSTS['blob']}:443/job-{job.id}/outputData?")


def test_a_plain_workspace_from_the_connection_string_runs_a_job(cloud: RunningCloud) -> None:
    run_bell(Workspace())


def test_a_workspace_is_found_by_its_resource_id(identity: ManagedIdentityCredential) -> None:
    ids = {"subscription_id": SUBSCRIPTION_ID, "resource_group": RESOURCE_GROUP, "name": NAME}
    workspace = Workspace(**ids, credential=identity)
    assert workspace.location == LOCATION
    run_bell(workspace)


def test_a_workspace_is_found_by_its_name_alone(identity: ManagedIdentityCredential) -> None:
    workspace = Workspace(name=NAME, credential=identity)
    assert (workspace.subscription_id, workspace.resource_group) == (SUBSCRIPTION_ID, RESOURCE_GROUP)
    assert workspace.location == LOCATION
    run_bell(workspace)


def test_a_name_that_is_not_there_is_not_found(identity: ManagedIdentityCredential) -> None:
    with pytest.raises(ValueError, match="No matching workspace found"):
        Workspace(name="another", credential=identity)
    with pytest.raises(ValueError, match="not found in resource group"):
        Workspace(subscription_id=SUBSCRIPTION_ID, resource_group=RESOURCE_GROUP, name="another", credential=identity)


def test_attachments_lie_in_the_container_of_the_job(cloud: RunningCloud) -> None:
    job = Workspace().get_targets("rigetti.sim.qvm").submit(BELL, "bell", shots=1, **QIR)
    job.upload_attachment("notes", b"kept")
    job.wait_until_completed(print_progress=False)
    assert {blob.name for blob in job.list_attachments()} == {"inputData", "outputData", "notes"}
    assert job.download_attachment("notes") == b"kept"
