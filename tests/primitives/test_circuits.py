"""A Qiskit circuit as a program of the service has the outcomes that Qiskit gives it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.classical import expr

from quantum_jobs.circuits import circuit_program
from quantum_jobs.errors import ProgramInvalid
from quantum_jobs.histograms import outcome_key
from quantum_jobs.programs import Gate as ReadGate
from quantum_jobs.programs import read_sweep
from tests.primitives.circuits import measured_circuits, values
from tests.programs import referee
from tests.referee import following

THETA, PHI = Parameter("theta"), Parameter("phi")


def distributions(circuit, rows):
    """Exact distributions by Qiskit's keys, as the service's reader understands the program."""
    program = circuit_program(circuit)
    read = read_sweep("openqasm3", program.source, program.parameter_sets(np.asarray(rows)))
    return [
        {outcome_key(bits, item.registers): share for bits, share in referee.distribution(item).items()}
        for item in read
    ]


def assert_same(found, expected):
    assert max(abs(found.get(key, 0) - expected.get(key, 0)) for key in found.keys() | expected.keys()) < 1e-9


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")  # Qiskit's own matrix of an evolution
@settings(max_examples=150)
@given(measured_circuits(), st.integers(0, 2**32))
def test_any_circuit_has_qiskits_outcomes_for_each_set_of_values(circuit, seed):
    rows = values(circuit, (2,), seed)
    for row, found in zip(rows, distributions(circuit, rows), strict=True):
        assert_same(found, following.distribution(circuit.assign_parameters(row)))


def teleporting() -> QuantumCircuit:
    """Mid-circuit measurements, feed-forward and a reset, with registers and a loose bit between them."""
    circuit = QuantumCircuit(
        QuantumRegister(4, "q"), ClassicalRegister(2, "sent"), ClassicalRegister(1, "out"), ClassicalRegister(1, "low")
    )
    circuit.ry(2 * THETA + 1, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    with circuit.if_test((circuit.cregs[0], 1)) as otherwise:
        circuit.z(2)
    with otherwise:
        circuit.rz(THETA * 0, 2)
        with circuit.if_test((circuit.cregs[0], 3)):
            circuit.z(2)
    circuit.measure(2, 2)
    circuit.reset(1)
    circuit.rx(PHI, 1)
    circuit.measure(1, 3)
    return circuit


def test_feed_forward_and_resets_have_qiskits_outcomes():
    circuit = teleporting()
    rows = [[0.3, 1.1], [-2.0, 0.4]]
    for row, found in zip(rows, distributions(circuit, rows), strict=True):
        assert_same(found, following.distribution(circuit.assign_parameters(row)))


def test_conditions_by_expressions_have_qiskits_outcomes():
    circuit = QuantumCircuit(3, 3)
    circuit.ry(THETA, 0)
    circuit.ry(1.0, 1)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test(expr.logic_and(circuit.clbits[0], expr.logic_not(circuit.clbits[1]))):
        circuit.rx(PHI, 2)
        circuit.rccx(0, 1, 2)
    circuit.measure(2, 2)
    [found] = distributions(circuit, [[1.0, 0.7]])
    assert_same(found, following.distribution(circuit.assign_parameters({THETA: 0.7, PHI: 1.0})))


def test_the_turns_of_a_loop_may_use_its_variable_beside_parameters():
    circuit = QuantumCircuit(1, 1)
    turn = Parameter("turn")
    with circuit.for_loop((1, 2, 5), turn):
        circuit.rx(THETA * turn, 0)
    circuit.measure(0, 0)
    [found] = distributions(circuit, [[0.2]])
    assert found["1"] == pytest.approx(np.sin(0.2 * 8 / 2) ** 2)


def test_angles_reach_the_program_to_the_last_bit():
    angle = np.nextafter(np.pi / 2, 4)
    circuit = QuantumCircuit(1, 1)
    circuit.rx(angle, 0)
    circuit.rx(THETA, 0)
    circuit.measure(0, 0)
    program = circuit_program(circuit)
    [read] = read_sweep("openqasm3", program.source, program.parameter_sets(np.array([[1 / 3]])))
    assert [item.angles for item in read.operations if isinstance(item, ReadGate)] == [(angle,), (1 / 3,)]


def test_an_expression_that_stands_in_many_gates_is_one_input():
    circuit = QuantumCircuit(2, 2)
    for _ in range(10):
        circuit.rx(2 * THETA, 0)
        circuit.rx(THETA, 1)
    circuit.measure([0, 1], [0, 1])
    assert circuit_program(circuit).parameter_sets(np.array([[0.25]])) == [{"a0": 0.5, "a1": 0.25}]


def test_qubits_that_nothing_happens_to_are_left_out_and_those_asked_for_stay():
    circuit = QuantumCircuit(30, 1)
    circuit.x(17)
    circuit.barrier()
    circuit.measure(17, 0)
    program = circuit_program(circuit, {20})
    [read] = read_sweep("openqasm3", program.source, [{}])
    assert read.qubits == 2
    assert dict(program.qubits) == {17: "q[0]", 20: "q[1]"}
    assert referee.distribution(read) == {"1": 1.0}


@pytest.mark.parametrize(
    ("expression", "value", "said"),
    [(1 / THETA, 0.0, "finite"), (THETA.log(), -1.0, "real"), (THETA.arcsin(), 2.0, "finite")],
)
def test_an_angle_without_a_finite_real_value_is_refused_with_its_expression(expression, value, said):
    circuit = QuantumCircuit(1, 1)
    circuit.rx(expression, 0)
    circuit.measure(0, 0)
    with pytest.raises(ValueError, match=rf"the angle .*theta.*{said}"):
        circuit_program(circuit).parameter_sets(np.array([[value]]))


def overlapping() -> QuantumCircuit:
    low = ClassicalRegister(2, "low")
    return QuantumCircuit(QuantumRegister(1), low, ClassicalRegister(bits=[low[0]], name="again"))


def disguised() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("h", 1, []), [0])
    return circuit


def with_variable() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.add_var("wide", expr.lift(3))
    return circuit


def left_early() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(3)):
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()
    return circuit


def opaque() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("mystery", 1, []), [0])
    return circuit


@pytest.mark.parametrize(
    ("circuit", "said"),
    [
        (overlapping(), "share bits"),
        (disguised(), "named 'h'"),
        (with_variable(), "real-time variables"),
        (left_early(), "leaves a loop early"),
        (opaque(), "mystery"),
    ],
)
def test_what_a_program_cannot_say_is_refused(circuit, said):
    with pytest.raises(ValueError, match=said):
        circuit_program(circuit)


def switched() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.switch(circuit.cregs[0]) as case, case(1):
        circuit.x(0)
    return circuit


def delayed() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.delay(100, 0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(("circuit", "said"), [(switched(), "use if"), (delayed(), "their own timing")])
def test_what_no_target_takes_is_refused_by_the_reader_with_what_to_do(circuit, said):
    with pytest.raises(ProgramInvalid) as refused:
        read_sweep("openqasm3", circuit_program(circuit).source, [{}])
    assert said in str(refused.value.members["errors"])


def test_loose_bits_are_reported_after_all_registers():
    circuit = QuantumCircuit(2)
    circuit.add_bits(QuantumCircuit(0, 2).clbits)
    circuit.add_register(ClassicalRegister(1, "named"))
    circuit.x(0)
    circuit.measure(0, 1)
    program = circuit_program(circuit)
    [read] = read_sweep("openqasm3", program.source, [{}])
    assert [item.size for item in read.registers] == [1, 2]
    assert referee.distribution(read) == {"001": 1.0}
