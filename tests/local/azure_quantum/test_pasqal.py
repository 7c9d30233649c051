"""Pasqal's targets through the azure-quantum package: with the simulator of `make pasqal`, and without it."""

import json
import os
from collections.abc import Callable
from importlib.util import find_spec

import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # read when the package is imported
from azure.core.credentials import AzureKeyCredential
from azure.quantum import Workspace
from azure.quantum.target.pasqal import InputParams, Pasqal, PasqalTarget, Result

from tests.local.azure_quantum.conftest import API_KEY, Served

is_installed = find_spec("pulser_simulation") is not None
needs_pulser = pytest.mark.skipif(not is_installed, reason="Pasqal's simulator is not installed (`make pasqal`)")
without_pulser = pytest.mark.skipif(is_installed, reason="Pasqal's simulator is installed")

PULSE = {
    "op": "pulse",
    "channel": "pulses",
    "protocol": "min-delay",
    "amplitude": {"kind": "constant", "duration": 1000, "value": 3.141592653589793},
    "detuning": {"kind": "constant", "duration": 1000, "value": 0.0},
    "phase": 0.0,
    "post_phase_shift": 0.0,
}
SEQUENCE = {
    "version": "1",
    "name": "a pi pulse on the last of three atoms",
    "register": [
        {"name": "q0", "x": 0.0, "y": 0.0},
        {"name": "q1", "x": 50.0, "y": 0.0},
        {"name": "q2", "x": 0, "y": 50},
    ],
    "channels": {"pulses": "rydberg_local"},
    "variables": {},
    "operations": [{"op": "target", "channel": "pulses", "target": 2}, PULSE],
    "measurement": None,
    "device": "MockDevice",
}
FIRST_OF_AREA = {"expression": "index", "lhs": {"variable": "area"}, "rhs": 0}
PROGRAM = json.dumps({"sequence_builder": json.dumps(SEQUENCE)})


@pytest.fixture(scope="module")
def workspace(serve: Callable[..., Served]) -> Workspace:
    served = serve(time_scale=0.0001)
    inside = served.workspace
    return Workspace(
        subscription_id=inside.subscription_id,
        resource_group=inside.resource_group,
        name=inside.name,
        location=inside.location,
        credential=AzureKeyCredential(API_KEY),
        _quantum_endpoint=served.url,
    )


@without_pulser
def test_without_the_simulator_a_job_fails_and_says_what_to_install(workspace: Workspace) -> None:
    job = Pasqal(workspace).submit(PROGRAM)
    job.wait_until_completed(timeout_secs=60, print_progress=False)
    assert job.details.status == "Failed"
    assert job.details.error_data.code == "InvalidInputError"
    assert "install it with `make pasqal`" in job.details.error_data.message


@needs_pulser
@pytest.mark.parametrize("name", [target.value for target in PasqalTarget if target.name.startswith("SIM")])
def test_the_last_atom_is_the_last_character_on_every_simulator(workspace: Workspace, name: str) -> None:
    job = Pasqal(workspace, name).submit(PROGRAM, "last", shots=10)
    assert job.get_results(timeout_secs=60) == {"001": 10}
    assert Result(job)["001"] == 10
    assert "/rawOutputData?" in job.details.output_data_uri
    assert job.details.output_data_format == "pasqal.pulser-results.v1"


@needs_pulser
@pytest.mark.filterwarnings("ignore:Field 'shots' from the 'input_params' parameter")
@pytest.mark.parametrize(
    ("input_params", "runs"), [(None, 100), (InputParams(runs=200), 200), ({"runs": 150}, 150), ({"shots": 5}, 5)]
)
def test_runs_are_counted_as_the_package_gives_them(workspace: Workspace, input_params: object, runs: int) -> None:
    job = Pasqal(workspace, PasqalTarget.SIM_EMU_FREE).submit(PROGRAM, input_params=input_params)
    assert job.get_results(timeout_secs=60) == {"001": runs}


@needs_pulser
def test_a_seed_repeats_the_counts_and_another_does_not(workspace: Workspace) -> None:
    half = PULSE | {"amplitude": PULSE["amplitude"] | {"value": 1.5707963267948966}}
    document = {
        "sequence_builder": SEQUENCE | {"operations": [{"op": "target", "channel": "pulses", "target": 2}, half]}
    }
    first, again, other = (
        Pasqal(workspace).submit(document, input_params={"runs": 100_000, "seed": seed}).get_results(timeout_secs=60)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@needs_pulser
def test_a_document_that_is_not_text_inside_text_runs_too(workspace: Workspace) -> None:
    job = Pasqal(workspace).submit({"sequence_builder": SEQUENCE}, shots=3)
    assert job.get_results(timeout_secs=60) == {"001": 3}


@needs_pulser
def test_variables_go_with_the_parameters_of_the_job(workspace: Workspace) -> None:
    area = {"kind": "constant", "duration": 1000, "value": FIRST_OF_AREA}
    sequence = SEQUENCE | {
        "variables": {"area": {"type": "float", "value": [0.0]}},
        "operations": [SEQUENCE["operations"][0], PULSE | {"amplitude": area}],
    }
    program = {"sequence_builder": json.dumps(sequence)}
    given = {"runs": 4, "variables": {"area": [6.283185307179586]}}
    assert Pasqal(workspace).submit(program, input_params=given).get_results(timeout_secs=60) == {"000": 4}
    failing = Pasqal(workspace).submit(program, shots=4)
    failing.wait_until_completed(timeout_secs=60, print_progress=False)
    assert failing.details.error_data.code == "InvalidInputData"
    assert "Variable area has no value" in failing.details.error_data.message


@needs_pulser
def test_a_device_reads_with_errors_and_is_billed_by_the_hour(workspace: Workspace) -> None:
    job = Pasqal(workspace, PasqalTarget.QPU_FRESNEL).submit(PROGRAM, shots=1000)
    counts = job.get_results(timeout_secs=60)
    assert sum(counts.values()) == 1000
    assert 880 < counts["001"] < 970  # 0.99 x 0.99 x 0.95 of them, within seven standard deviations
    assert [event.dimension_id for event in job.details.cost_estimate.events] == ["compute-time-qpu"]


@needs_pulser
def test_a_faulty_sequence_fails_with_the_place_of_the_fault_and_the_next_one_runs(workspace: Workspace) -> None:
    job = Pasqal(workspace).submit({"sequence_builder": SEQUENCE | {"operations": [{"op": "pulse"}]}}, shots=1)
    job.wait_until_completed(timeout_secs=60, print_progress=False)
    assert job.details.status == "Failed"
    assert job.details.error_data.code == "InvalidInputData"
    assert "$.operations[0]" in job.details.error_data.message
    assert Pasqal(workspace).submit(PROGRAM, shots=1).get_results(timeout_secs=60) == {"001": 1}


@needs_pulser
def test_a_pulse_too_long_for_memory_fails_alone(workspace: Workspace) -> None:
    endless = {"kind": "constant", "duration": 10**12, "value": 1.0}
    operations = [PULSE | {"amplitude": endless, "detuning": endless}]
    sequence = SEQUENCE | {"channels": {"pulses": "rydberg_global"}, "operations": operations}
    job = Pasqal(workspace).submit({"sequence_builder": sequence}, shots=1)
    job.wait_until_completed(timeout_secs=60, print_progress=False)
    assert job.details.status == "Failed"
    assert job.details.error_data.code == "RuntimeError"
    assert "memory" in job.details.error_data.message
