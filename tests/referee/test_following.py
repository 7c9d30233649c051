"""The referee of branches itself: what it follows is right, what it does not follow it refuses."""

import pytest

from tests.referee import installed

# isort: split
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr

from tests.referee.following import distribution

pytestmark = installed.LONG


def test_a_reset_of_an_entangled_qubit_leaves_both_outcomes_of_the_other() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.reset(0)
    circuit.measure([0, 1], [0, 1])
    assert distribution(circuit) == pytest.approx({"00": 0.5, "10": 0.5})


@pytest.mark.parametrize("kind", ["loop", "operator", "initialize"])
def test_what_it_has_no_rule_for_is_refused_by_name(kind: str) -> None:
    bits = ClassicalRegister(2)
    circuit = QuantumCircuit(QuantumRegister(1), bits)
    if kind == "loop":
        with circuit.while_loop((bits, 1)):
            circuit.x(0)
    elif kind == "operator":
        with circuit.if_test(expr.not_equal(bits, 1)):
            circuit.x(0)
    else:
        circuit.initialize([0, 1], 0)
    with pytest.raises(ValueError, match="the referee does not follow"):
        distribution(circuit)
