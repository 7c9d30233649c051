"""The circuits that every format and target is held against, as Qiskit states them."""

import random
from collections.abc import Callable
from math import pi

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit.library import QFTGate

DYNAMIC = {"teleportation", "reset_and_reuse"}
WIDE = {"ghz_20", "clifford_and_t_20", "echo_20"}
ONE_QUBIT = ["h", "x", "y", "z", "s", "sdg", "t", "tdg", "rx", "ry", "rz"]
TWO_QUBITS = ["cx", "cz"]


def flat(circuit: QuantumCircuit) -> QuantumCircuit:
    """Say a circuit with gates that no target splits further."""
    return transpile(circuit, basis_gates=[*ONE_QUBIT, *TWO_QUBITS], optimization_level=0)


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def ghz_20() -> QuantumCircuit:
    circuit = QuantumCircuit(20, 20)
    circuit.h(0)
    for qubit in range(19):
        circuit.cx(qubit, qubit + 1)
    circuit.measure(range(20), range(20))
    return circuit


def fourier_transform() -> QuantumCircuit:
    """Transform a state that is not symmetric, and back after phases that only the right transform undoes."""
    circuit = QuantumCircuit(4, 4)
    circuit.x([0, 2])
    circuit.append(QFTGate(4), range(4))
    for qubit in range(4):
        circuit.p(2 * pi * 2.3 * 2**qubit / 16, qubit)
    circuit.append(QFTGate(4).inverse(), range(4))
    circuit.measure(range(4), range(4))
    return circuit.decompose().decompose()


def grover() -> QuantumCircuit:
    """Search 5 = 101 among eight: found with 94.5 % after two rounds."""
    circuit = QuantumCircuit(3, 3)
    circuit.h(range(3))
    for _ in range(2):
        for flips in ([1], [0, 1, 2]):
            if len(flips) == 3:
                circuit.h(range(3))
            circuit.x(flips)
            circuit.h(2)
            circuit.ccx(0, 1, 2)
            circuit.h(2)
            circuit.x(flips)
        circuit.h(range(3))
    circuit.measure(range(3), range(3))
    return circuit


def teleportation() -> QuantumCircuit:
    """Send a state that no computational-basis mistake leaves alone; the receiver undoes half of its preparation."""
    qubits = QuantumRegister(3, "q")
    sent = [ClassicalRegister(1, "zero"), ClassicalRegister(1, "one")]
    out = ClassicalRegister(1, "out")
    circuit = QuantumCircuit(qubits, *sent, out)
    circuit.ry(1.0, 0)
    circuit.rz(0.7, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(0, sent[0][0])
    circuit.measure(1, sent[1][0])
    with circuit.if_test((sent[1], 1)):
        circuit.x(2)
    with circuit.if_test((sent[0], 1)):
        circuit.z(2)
    circuit.rx(0.9, 2)
    circuit.measure(2, out[0])
    return circuit


def one_flip() -> QuantumCircuit:
    """One qubit of three registers is 1: every wrong order of bits or registers shows."""
    qubits = QuantumRegister(6, "q")
    registers = [ClassicalRegister(size, name) for size, name in ((2, "low"), (1, "middle"), (3, "high"))]
    circuit = QuantumCircuit(qubits, *registers)
    circuit.x(3)
    circuit.measure(range(6), range(6))
    return circuit


def clifford_and_t_20() -> QuantumCircuit:
    circuit = QuantumCircuit(20, 20)
    _turn_at_random(circuit, 8)
    circuit.h(range(20))
    circuit.measure(range(20), range(20))
    return circuit


def echo_20() -> QuantumCircuit:
    """Turn 20 qubits at random and back, then flip the first six: without noise one outcome, so that few shots tell."""
    circuit, there = QuantumCircuit(20, 20), QuantumCircuit(20)
    _turn_at_random(there, 2)
    circuit.compose(there, inplace=True)
    circuit.compose(there.inverse(), inplace=True)
    circuit.x(range(6))
    circuit.measure(range(20), range(20))
    return circuit


def _turn_at_random(circuit: QuantumCircuit, layers: int) -> None:
    """Add layers of Clifford and T gates on 20 qubits, each with ten random pairs."""
    choose = random.Random(20)
    circuit.h(range(20))
    for _ in range(layers):
        for qubit in range(20):
            getattr(circuit, choose.choice(["h", "s", "t", "sdg", "tdg", "x", "z"]))(qubit)
        order = choose.sample(range(20), 20)
        for control, target in zip(order[::2], order[1::2], strict=True):
            circuit.cx(control, target)


def reset_and_reuse() -> QuantumCircuit:
    first, second = ClassicalRegister(1, "first"), ClassicalRegister(2, "second")
    circuit = QuantumCircuit(QuantumRegister(2, "q"), first, second)
    circuit.ry(1.1, 0)
    circuit.cx(0, 1)
    circuit.measure(0, first[0])
    circuit.reset(0)
    circuit.ry(0.6, 0)
    circuit.cx(1, 0)
    circuit.measure(0, second[1])
    circuit.measure(1, second[0])
    return circuit


def permuted_registers() -> QuantumCircuit:
    """Qubits with different probabilities, measured crosswise into two registers."""
    left, right = ClassicalRegister(3, "left"), ClassicalRegister(2, "right")
    circuit = QuantumCircuit(QuantumRegister(2, "a"), QuantumRegister(3, "b"), left, right)
    for qubit, angle in enumerate((0.4, 0.9, 1.4, 1.9, 2.4)):
        circuit.ry(angle, qubit)
    circuit.cx(0, 4)
    for qubit, bit in enumerate((3, 0, 4, 2, 1)):
        circuit.measure(qubit, bit)
    return circuit


def controlled_rotations() -> QuantumCircuit:
    """Angles below zero and above a turn: a controlled rotation comes back after two turns only."""
    circuit = QuantumCircuit(4, 4)
    circuit.h(range(4))
    circuit.crx(-1.2, 0, 1)
    circuit.cry(7.5, 1, 2)
    circuit.crz(-0.3, 2, 3)
    circuit.cp(-2.1, 3, 0)
    circuit.crz(9.0, 0, 2)
    circuit.cry(-1.2, 3, 1)
    circuit.cu(-0.3, 0.4, -5.0, 0.2, 1, 0)
    circuit.h(range(4))
    circuit.measure(range(4), range(4))
    return circuit


CIRCUITS: dict[str, Callable[[], QuantumCircuit]] = {
    made.__name__: made
    for made in (
        bell,
        ghz_20,
        fourier_transform,
        grover,
        teleportation,
        one_flip,
        clifford_and_t_20,
        echo_20,
        reset_and_reuse,
        permuted_registers,
        controlled_rotations,
    )
}
