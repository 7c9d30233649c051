"""Programs in providers' own formats, through the package's classes for these providers."""

import math
import os
from collections import Counter

import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # read when the package is imported
from azure.quantum import Workspace
from azure.quantum.target import Quantinuum
from azure.quantum.target.rigetti import InputParams, Result, Rigetti

from tests.local.azure_quantum.caller import BELL, Caller
from tests.local.azure_quantum.conftest import Served
from tests.local.azure_quantum.test_sdk import connect

TELEPORT = """OPENQASM 2.0;
include "hqslib1.inc";
qreg q[3];
creg m[2];
creg out[1];
x q[0];
h q[1];
cx q[1], q[2];
cx q[0], q[1];
h q[0];
measure q[0] -> m[0];
measure q[1] -> m[1];
if (m == 2) x q[2];
if (m == 3) x q[2];
if (m == 1) z q[2];
if (m == 3) z q[2];
measure q[2] -> out[0];
"""
PARAMETRIC = """DECLARE ro BIT[3]
DECLARE theta REAL[2]
DECLARE beta REAL[1]
RX(theta[0]) 0
RX(theta[1]) 1
RX(beta) 2
MEASURE 0 ro[0]
MEASURE 1 ro[1]
MEASURE 2 ro[2]
"""


@pytest.fixture(scope="module")
def workspace(served: Served) -> Workspace:
    return connect(served)


def test_openqasm_with_feed_forward_runs_on_the_emulator(workspace: Workspace) -> None:
    job = Quantinuum(workspace, "quantinuum.sim.h2-1e").submit(TELEPORT, "teleport", shots=1000)
    results = job.get_results(timeout_secs=30)
    assert list(results) == ["m", "out"]
    assert job.details.output_data_uri.partition("?")[0].endswith("/rawOutputData")
    # A 1 arrives whatever was measured, but for the emulator's noise.
    assert results["out"].count("1") > 960
    assert all(abs(count - 250) < 5 * math.sqrt(250 * 0.75) for count in Counter(results["m"]).values())
    assert len(results["m"]) == len(results["out"]) == 1000


def test_openqasm_on_a_syntax_checker_gives_one_shot_of_zeros(workspace: Workspace) -> None:
    job = Quantinuum(workspace).submit(TELEPORT, "check")
    assert job.get_results(timeout_secs=30) == {"m": ["00"], "out": ["0"]}


def test_openqasm_that_is_wrong_fails_the_job_with_line_and_column(workspace: Workspace) -> None:
    job = Quantinuum(workspace, "quantinuum.sim.h2-1sc").submit(TELEPORT.replace("x q[0]", "x q[7]"), "wrong", shots=1)
    with pytest.raises(RuntimeError, match=r"line 6, column 3: q\[7\] is not there"):
        job.get_results(timeout_secs=30)
    assert job.details.error_data.code == "InvalidInputData"


def test_quil_runs_once_without_shots_and_index_0_is_ro_0(workspace: Workspace) -> None:
    source = "DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"
    job = Rigetti(workspace).submit(source, "one shot")
    assert job.get_results(timeout_secs=30) == {"ro": [[1, 0]]}
    assert Result(job)["ro"] == [[1, 0]]


def test_a_device_has_the_noise_of_the_catalogue(workspace: Workspace) -> None:
    source = "DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"
    job = Rigetti(workspace, "rigetti.qpu.cepheus-1-108q").submit(source, "flips", shots=4000)
    first, second = (column.count(1) for column in zip(*job.get_results(timeout_secs=30)["ro"], strict=True))
    # A 1 is read as 0 with 5 %, a 0 as 1 with 3 %; seven standard deviations round that.
    assert 3690 < first < 3890
    assert 45 < second < 195


def test_a_providers_own_program_gives_microsofts_results_where_it_asks_for_them(workspace: Workspace) -> None:
    asked = {"output_data_format": "microsoft.quantum-results.v2"}
    quil = "DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n"
    job = Rigetti(workspace, "rigetti.sim.qvm").submit(quil, "quil", shots=3, **asked)
    assert job.get_results_shots(timeout_secs=30) == [[1, 0]] * 3
    assert job.details.output_data_uri.partition("?")[0].endswith("/outputData")
    checker = Quantinuum(workspace, "quantinuum.sim.h2-1sc")
    job = checker.submit(TELEPORT, "teleport", shots=2, **asked)
    assert job.get_results_shots(timeout_secs=30) == [([0, 0], [0])] * 2


# The package warns of its own class.
OF_THE_PACKAGE = pytest.mark.filterwarnings("ignore:Field 'shots' from the 'input_params'")


@OF_THE_PACKAGE
def test_quil_runs_for_each_set_of_values(workspace: Workspace) -> None:
    values = {"theta": [[0.0, math.pi], [math.pi, 0.0]], "beta": [[2 * math.pi], [2 * math.pi]]}
    parameters = InputParams(count=2, skip_quilc=True, substitutions=values)
    job = Rigetti(workspace, "rigetti.sim.qvm").submit(PARAMETRIC, "values", input_params=parameters)
    job.wait_until_completed(print_progress=False)
    assert Result(job)["ro"] == [[0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]]


@OF_THE_PACKAGE
def test_substitutions_that_do_not_fit_fail_the_job(workspace: Workspace) -> None:
    parameters = InputParams(count=2, substitutions={"theta": [[0.0]]})
    job = Rigetti(workspace).submit(PARAMETRIC, "values", input_params=parameters)
    with pytest.raises(RuntimeError, match="give 1 values for 'theta', which has 2"):
        job.get_results(timeout_secs=30)


def test_a_batch_counts_its_items(caller: Caller) -> None:
    items = [{"entryPoint": "main", "arguments": []}] * 3
    job = caller.ended(caller.submitted(BELL, inputParams={"shots": 5, "items": items}))
    assert job["quantumComputingData"] == {"count": 3}
    assert [len(result["Shots"]) for result in caller.output(job)["Results"]] == [5, 5, 5]


def test_probabilities_are_given_where_they_are_asked_for(caller: Caller) -> None:
    ideal = {"providerId": "ionq", "target": "ionq.simulator", "outputDataFormat": "microsoft.quantum-results.v1"}
    job = caller.ended(caller.submitted(BELL, **ideal))
    assert caller.output(job) == {"Histogram": ["[0, 0]", 0.5, "[1, 1]", 0.5]}
