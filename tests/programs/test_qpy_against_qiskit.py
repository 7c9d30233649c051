"""Random circuits of every gate, dumped by Qiskit in every version, have the unitary that Qiskit computes."""

import inspect
from typing import Any

import pytest

pytest.importorskip("qiskit", reason="the referee is not installed here: `make test-long` does it")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Operator

from quantum_jobs.programs import read_program
from tests.programs import referee
from tests.programs.circuits import angles
from tests.programs.qpy_samples import VERSIONS, builders, dumped, samples

NAMES = (
    "H X Y Z S T SX Sdg Tdg SXdg I RX RY RZ Phase U1 U2 U3 U R CX CY CZ CH CS CSdg CSX CPhase CU1 CRX CRY CRZ CU3 CU "
    "Swap iSwap DCX ECR RXX RYY RZZ RZX CCX CCZ CSwap RCCX RC3X C3X C4X C3SX XXPlusYY XXMinusYY"
)
QUBITS = 5


def _angles_of(kind: Any) -> int:
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(kind.__init__).parameters.values()
    needed = sum(item.kind == plain and item.default is inspect.Parameter.empty for item in parameters) - 1
    return needed + kind.__name__.startswith("XX")  # their second angle may be left out


@st.composite
def gates(draw: st.DrawFn) -> Any:
    kind = getattr(library, f"{draw(st.sampled_from(NAMES.split()))}Gate")
    gate = kind(*(draw(angles) for _ in range(_angles_of(kind))))
    match draw(st.integers(0, 5)):
        case 1 if gate.num_qubits < QUBITS:
            return gate.control(1, ctrl_state=draw(st.integers(0, 1)))
        case 2 if gate.num_qubits < QUBITS - 1:
            return gate.control(2, ctrl_state=draw(st.integers(0, 3)), annotated=True)
        case 3:
            return gate.inverse(annotated=draw(st.booleans()))
        case 4:
            return gate.power(draw(st.integers(-2, 2)), annotated=True)
        case 5:
            inner = QuantumCircuit(gate.num_qubits, global_phase=draw(angles))
            inner.append(gate, range(gate.num_qubits))
            inner.h(0)
            own = inner.to_gate()
            return own.control(1) if own.num_qubits < QUBITS and draw(st.booleans()) else own
    return gate


@st.composite
def circuits(draw: st.DrawFn) -> Any:
    circuit = QuantumCircuit(QUBITS, QUBITS, global_phase=draw(angles))
    for gate in draw(st.lists(gates(), min_size=1, max_size=4)):
        circuit.append(gate, draw(st.permutations(range(QUBITS)))[: gate.num_qubits])
    return circuit


@pytest.mark.long
@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(circuits(), st.sampled_from(VERSIONS))
def test_circuits_in_thousands_keep_their_unitary(circuit: Any, version: int) -> None:
    expected = Operator(circuit.reverse_bits()).data
    circuit.measure(range(QUBITS), range(QUBITS))
    program = read_program("qiskit-qpy", dumped(circuit, version))
    found = referee.unitary(referee.flat_steps(program.operations), QUBITS)
    assert referee.same_up_to_phase(found, expected)


@pytest.mark.long
@pytest.mark.parametrize("name", builders())
def test_the_samples_are_still_what_qiskit_writes(name: str) -> None:
    for version, source in samples()[name].items():
        again = dumped(builders()[name](), int(version))
        assert read_program("qiskit-qpy", again) == read_program("qiskit-qpy", source)
