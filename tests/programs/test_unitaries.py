"""What is read has the unitary of what was written, for every gate, angle and modifier."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from quantum_jobs.programs import Gate, read_program, write_qir
from quantum_jobs.programs.gates import FLAT, VOCABULARY, expand, flat_size, flatten
from tests.programs import circuits, referee

Circuit = tuple[int, list[circuits.Call]]
SHORT = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=6_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_circuit(circuit: Circuit, version: int) -> None:
    qubits, calls = circuit
    text = circuits.text(qubits, "\n".join(call.text for call in calls), version)
    program = read_program(f"openqasm{version}", text)
    expected = referee.unitary([(call.matrix, call.qubits) for call in calls], qubits)
    assert referee.same_up_to_phase(referee.unitary(referee.flat_steps(program.operations), qubits), expected)
    written = write_qir(program)
    read_back = read_program("qir", written)
    flat = [gate for item in program.operations if isinstance(item, Gate) for gate in flatten(item)]
    assert [item for item in read_back.operations if isinstance(item, Gate)] == flat
    assert write_qir(read_back) == written


@SHORT
@given(circuits.circuits(3))
def test_an_openqasm_3_circuit_keeps_its_unitary(circuit: Circuit) -> None:
    check_circuit(circuit, 3)


@SHORT
@given(circuits.circuits(2))
def test_an_openqasm_2_circuit_keeps_its_unitary(circuit: Circuit) -> None:
    check_circuit(circuit, 2)


@pytest.mark.long
@LONG
@given(circuits.circuits(3))
def test_openqasm_3_circuits_in_thousands_keep_their_unitary(circuit: Circuit) -> None:
    check_circuit(circuit, 3)


@pytest.mark.long
@LONG
@given(circuits.circuits(2))
def test_openqasm_2_circuits_in_thousands_keep_their_unitary(circuit: Circuit) -> None:
    check_circuit(circuit, 2)


@pytest.mark.parametrize("name", sorted(set(VOCABULARY) - {"rc3x"}))
def test_every_definition_is_exact_including_its_phase(name: str) -> None:
    """Under a control the phase counts: one level of definition equals the textbook matrix, entry by entry."""
    kind = VOCABULARY[name]
    angles = (-7.3, 2.1, -0.4, 9.9)[: kind.angles]
    steps = [(_matrix_of(item), item.qubits) for item in expand(Gate(name, tuple(range(kind.arity)), angles))]
    qubits = max(kind.arity, 1)
    phases = [m[0, 0] for m, places in steps if not places]
    matrix = referee.unitary([step for step in steps if step[1]], qubits)
    for value in phases:
        matrix = matrix * value
    expected = referee.named("u" if name == "u3" else name, angles)
    assert abs(matrix - (expected if kind.arity else expected[0, 0] * referee.I2)).max() < 1e-12


def _matrix_of(gate: Gate) -> referee.Matrix:
    return referee.named("u" if gate.name == "u3" else gate.name, gate.angles)


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_the_flat_size_is_the_number_of_flat_gates(name: str) -> None:
    kind = VOCABULARY[name]
    flat = list(flatten(Gate(name, tuple(range(kind.arity)), (0.7,) * kind.angles)))
    assert len(flat) == flat_size(name)
    assert all(gate.name in FLAT for gate in flat)


def test_margolus_gates_flip_as_toffoli_does_up_to_phases() -> None:
    """rc3x has no matrix in the textbooks: its entries have the absolute values of c3x."""
    steps = referee.flat_steps([Gate("rc3x", (0, 1, 2, 3))])
    assert abs(abs(referee.unitary(steps, 4)) - abs(referee.FIXED["c3x"])).max() < 1e-12


@pytest.mark.parametrize("controls", [3, 5, 8, 10])
def test_many_controls_grow_slowly_and_stay_exact(controls: int) -> None:
    """On a random state, where a wrong phase anywhere would show."""
    places = ", ".join(f"q[{place}]" for place in range(controls + 1))
    program = read_program("openqasm3", circuits.text(controls + 1, f"ctrl({controls}) @ ry(-1.2) {places};"))
    real, imaginary = np.random.default_rng(7).normal(size=(2, 2 ** (controls + 1)))
    state = (real + 1j * imaginary) / np.linalg.norm(real + 1j * imaginary)
    expected = state.copy()
    expected[-2:] = referee.ANGLED["ry"](-1.2) @ state[-2:]
    got = state.reshape((2,) * (controls + 1))
    steps = referee.flat_steps(program.operations)
    for matrix, qubits in steps:
        got = referee.applied(matrix, qubits, got)
    assert abs(abs(np.vdot(got, expected)) - 1) < 1e-9
    assert len(steps) < 120 * controls**2


@pytest.mark.parametrize("call", ["p(-pi)", "p(pi)", "z", "inv @ p(pi)"])
def test_the_root_of_minus_one_is_i_however_it_is_rounded(call: str) -> None:
    program = read_program("openqasm3", circuits.text(1, f"pow(0.5) @ {call} q[0];"))
    assert referee.same_up_to_phase(referee.unitary(referee.flat_steps(program.operations), 1), referee.S)


@pytest.mark.parametrize("angle", ["0.1", "-7.25", "1e-300", "3.141592653589793", "1234567.891"])
def test_an_angle_survives_to_the_last_bit(angle: str) -> None:
    program = read_program("openqasm3", circuits.text(1, f"rz({angle}) q[0];"))
    assert program.operations[0] == Gate("rz", (0,), (float(angle),))
    assert read_program("qir", write_qir(program)).operations[0] == program.operations[0]
