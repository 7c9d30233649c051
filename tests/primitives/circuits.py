"""Random circuits of Qiskit: gates that the service knows, gates that it lacks, angles of every kind of expression."""

from math import pi
from typing import Any

import numpy as np
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import MCXGate, PauliEvolutionGate, UnitaryGate, XXPlusYYGate, YGate
from qiskit.quantum_info import SparsePauliOp

# Names that OpenQASM does not take, that it means something else by, and that the program gives its own inputs.
PARAMETERS = (Parameter("θ"), Parameter("a0"), Parameter("pi"), *ParameterVector("input", 2))
FIXED = {1: "h x y s sdg t sx sxdg", 2: "cx cy ch cs csx swap iswap dcx ecr", 3: "ccx cswap ccz rccx"}
ANGLED = {
    1: {"rx": 1, "ry": 1, "rz": 1, "p": 1, "r": 2, "u": 3},
    2: {"cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 4, "rxx": 1, "ryy": 1, "rzz": 1, "rzx": 1},
}


@st.composite
def angles(draw: st.DrawFn) -> Any:
    one, other = (draw(st.sampled_from(PARAMETERS)) for _ in range(2))
    number = draw(st.floats(-7, 7, allow_subnormal=False))
    return draw(
        st.sampled_from(
            [number, pi / 2, one, one, -one, 2 * one + number, one * other, (one - other).sin(), one**2 / 3]
        )
    )


@st.composite
def foreign(draw: st.DrawFn) -> Any:
    """A gate that the reader does not know by name."""
    angle = draw(angles())
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return YGate().control(2, ctrl_state=draw(st.integers(0, 3)), annotated=False)
    if kind == 1:
        return PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.5, -1.0]), time=angle)
    if kind == 2:
        own = QuantumCircuit(2, name=draw(st.sampled_from(["mine", "rx_", "gate"])))
        own.ry(angle, 1)
        own.cx(1, 0)
        return own.to_gate()
    if kind == 3:
        turn = np.linalg.qr(np.random.default_rng(draw(st.integers(0, 99))).normal(size=(4, 4)))[0]
        return UnitaryGate(turn)
    return draw(st.sampled_from([XXPlusYYGate(angle), MCXGate(3)]))


@st.composite
def pure_circuits(draw: st.DrawFn, qubits: int | None = None) -> QuantumCircuit:
    """A circuit of gates only."""
    width = draw(st.integers(1, 4)) if qubits is None else qubits
    circuit = QuantumCircuit(QuantumRegister(width, draw(st.sampled_from(["q", "a", "gate", "my qubits"]))))
    circuit.global_phase = draw(angles())
    for _ in range(draw(st.integers(0, 7))):
        append_gate(draw, circuit)
    return circuit


def append_gate(draw: st.DrawFn, circuit: QuantumCircuit) -> None:
    width = circuit.num_qubits
    if draw(st.integers(0, 4)) == 0:
        gate = draw(foreign())
        if gate.num_qubits <= width:
            circuit.append(gate, draw(st.permutations(range(width)))[: gate.num_qubits])
        return
    arity = draw(st.integers(1, min(width, 3)))
    angled = ANGLED.get(arity, {})
    name = draw(st.sampled_from([*FIXED[arity].split(), *angled, *angled]))
    given = [draw(angles()) for _ in range(angled.get(name, 0))]
    getattr(circuit, name)(*given, *draw(st.permutations(range(width)))[:arity])


@st.composite
def measured_circuits(draw: st.DrawFn) -> QuantumCircuit:
    """A circuit that measures qubits, in any order, into registers of any names at its end."""
    circuit = draw(pure_circuits())
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    names = draw(st.permutations(["meas", "c", "a", "out 1", "gate"]))
    for size, name in zip(sizes, names, strict=False):
        circuit.add_register(ClassicalRegister(size, name))
    pairs = min(circuit.num_qubits, circuit.num_clbits)
    qubits = draw(st.permutations(range(circuit.num_qubits)))[: draw(st.integers(1, pairs))]
    circuit.measure(qubits, draw(st.permutations(range(circuit.num_clbits)))[: len(qubits)])
    return circuit


def values(circuit: QuantumCircuit, shape: tuple[int, ...], seed: int) -> Any:
    """Values for the parameters, an array of arrays of `shape`."""
    return np.random.default_rng(seed).uniform(-3, 3, (*shape, circuit.num_parameters))
