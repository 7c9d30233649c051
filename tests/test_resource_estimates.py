import asyncio
import json
import subprocess
import sys
from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.documents import resources_document
from quantum_jobs.programs import Bit, Gate, If, Measure, Program, Register, read_program
from quantum_jobs.resource_estimates import ERROR_BUDGET, QUBIT_MODEL, logical_resources, resource_estimate

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n'
# Circuits in which the estimator's own counter, which reads OpenQASM, has no choice of how to write a gate.
CIRCUITS = (
    "h q[0]; cx q[0], q[1];",
    "t q[0]; tdg q[1]; t q[0];",
    "rz(0.3) q[0]; rx(0.2) q[1]; ry(0.1) q[0];",
    "rz(pi/4) q[0]; rz(-pi/4) q[1]; rz(3*pi/4) q[2]; rx(-pi/2) q[0];",
    "rz(pi/2) q[0]; rz(pi) q[1]; rz(0) q[2];",
    "ccx q[0], q[1], q[2]; t q[0];",
    "cswap q[0], q[1], q[2];",
    "swap q[0], q[1]; sx q[2];",
    "ch q[0], q[1];",
    "cry(0.3) q[0], q[1];",
    "u3(0.1, 0.2, 0.3) q[0]; p(0.3) q[1];",
    "rz(0.1) q[0]; rz(0.1) q[1]; cx q[0], q[1]; rz(0.2) q[1]; rz(0.3) q[1];",
)


def program(text):
    return read_program("openqasm3", f"{HEAD}{text}\nc = measure q;")


def estimate(read):
    return asyncio.run(resource_estimate(read))


def built(*operations, qubits=3):
    return Program(qubits, (Register("c", 1),), operations)


@pytest.fixture(scope="module")
def whole_estimator():
    """The estimator's own way from OpenQASM, in a process of its own: it is deprecated and says so by a warning."""
    code = (
        "import json, sys, warnings; warnings.simplefilter('ignore'); from qdk import openqasm\n"
        "found = [openqasm.estimate(text).data() for text in json.load(sys.stdin)]\n"
        "print(json.dumps([{name: item[name] for name in ('logicalCounts', 'physicalCounts', 'logicalQubit')}"
        " for item in found]))"
    )
    texts = json.dumps([f"{HEAD}{text}\nc = measure q;" for text in CIRCUITS])
    answer = subprocess.run([sys.executable, "-c", code], input=texts, capture_output=True, text=True, check=True)
    return dict(zip(CIRCUITS, json.loads(answer.stdout), strict=True))


@pytest.mark.parametrize("text", CIRCUITS)
def test_logical_counts_are_those_that_the_estimator_makes_of_the_same_text(whole_estimator, text):
    counted, ours = whole_estimator[text]["logicalCounts"], logical_resources(program(text))
    assert counted == {
        "numQubits": ours.program.qubits,
        "tCount": ours.t_gates,
        "rotationCount": ours.rotations,
        "rotationDepth": ours.rotation_depth,
        "cczCount": ours.ccz_gates,
        "ccixCount": 0,
        "measurementCount": ours.program.measurements,
    }


@pytest.mark.parametrize("text", CIRCUITS)
def test_physical_resources_are_those_that_the_estimator_finds_for_the_same_text(whole_estimator, text):
    found, ours = whole_estimator[text], estimate(program(text)).physical
    breakdown = found["physicalCounts"]["breakdown"]
    assert ours.qubits == found["physicalCounts"]["physicalQubits"]
    assert ours.runtime_seconds == pytest.approx(found["physicalCounts"]["runtime"] / 1e9)
    assert ours.code_distance == found["logicalQubit"]["codeDistance"]
    assert ours.t_factories == breakdown["numTfactories"]
    assert ours.t_states == breakdown["numTstates"]


def test_what_the_estimate_rests_on_is_told():
    document = resources_document(estimate(program("t q[0];")))
    assert document["physical"]["assumptions"] == {
        "qubitModel": QUBIT_MODEL,
        "errorCorrection": "surface_code",
        "errorBudget": ERROR_BUDGET,
    }
    assert document["physicalReason"] is None


def test_a_program_without_t_rotation_or_measurement_has_no_physical_estimate_and_the_reason_is_the_estimators():
    found = resources_document(estimate(built(Gate("h", (0,)), Gate("cx", (0, 1)))))
    assert found["physical"] is None
    assert "magic state or measurement" in found["physicalReason"]
    assert found["logical"]["twoQubitGates"] == 1


def test_a_clifford_program_that_measures_needs_no_factory():
    found = estimate(program("h q[0]; cx q[0], q[1];")).physical
    assert (found.t_states, found.t_factories, found.t_factory_qubits) == (0, 0, 0)
    assert found.qubits > 0


def test_both_arms_of_a_branch_count():
    branch = If((Bit(0, 0),), 1, (Gate("t", (1,)),), (Gate("rz", (1,), (0.1,)), Gate("rz", (2,), (0.1,))))
    found = logical_resources(built(Measure(0, Bit(0, 0)), branch))
    assert (found.t_gates, found.rotations, found.rotation_depth) == (1, 2, 1)


def test_a_branch_comes_after_the_rotations_before_the_measurement_that_it_awaits():
    before = (Gate("rz", (0,), (0.1,)), Measure(0, Bit(0, 0)))
    found = logical_resources(built(*before, If((Bit(0, 0),), 1, (Gate("rz", (1,), (0.1,)),))))
    assert found.rotation_depth == 2


@given(st.sampled_from(["rx", "ry", "rz"]), st.integers(-40, 40))
def test_a_rotation_by_eighths_of_a_turn_is_clifford_or_one_t(name, eighths):
    found = logical_resources(built(Gate(name, (0,), (eighths * pi / 4,))))
    assert (found.rotations, found.t_gates) == (0, eighths % 2)


@given(st.floats(-20, 20).filter(lambda angle: abs((angle / (pi / 4)) - round(angle / (pi / 4))) > 1e-9))
def test_any_other_rotation_is_one(angle):
    found = logical_resources(built(Gate("rz", (0,), (angle,))))
    assert (found.rotations, found.t_gates, found.rotation_depth) == (1, 0, 1)
