"""OpenQASM 3 logic, Quil branches and relative-phase gates against Qiskit, branch by branch, and Aer."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from local.execution import openqasm, quil
from local.execution.program import Program
from local.execution.simulator import Simulator
from local.execution.unitaries import unitary
from tests.referee import installed
from tests.referee.distributions import assert_alike, assert_distributed

pytestmark = installed.LONG
SHOTS = 20_000
SEEDS = range(12)


def counts_of(program: Program) -> dict[str, int]:
    """Counts as Qiskit writes them: the last register first, within one the highest bit first."""
    found: Counter[str] = Counter()
    for record, count in Simulator(program, seed=11).sample(SHOTS).items():
        text = "".join(str(entry[1]) if isinstance(entry, tuple) else " " for entry in record)
        found[text[::-1].strip()] += count
    return dict(found)


def aer_counts(circuit: Any) -> dict[str, int]:
    from qiskit_aer import AerSimulator

    return dict(AerSimulator(seed_simulator=5).run(circuit, shots=50_000).result().get_counts())


def turns(rng: np.random.Generator, width: int) -> list[tuple[str, float, int]]:
    kinds = rng.choice(["rx", "ry", "rz"], size=2 * width)
    return [(str(kind), float(rng.uniform(-3, 3)), index % width) for index, kind in enumerate(kinds)]


def with_logic(seed: int) -> Any:
    """A circuit of Qiskit with variables, stores, conditions on expressions, a switch and loops."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ClassicalRegister, QuantumRegister
    from qiskit.circuit.classical import expr, types

    rng = np.random.default_rng(seed)
    a, b = ClassicalRegister(3, "a"), ClassicalRegister(3, "b")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), a, b)
    for name, angle, qubit in turns(rng, 3):
        getattr(circuit, name)(angle, qubit)
    circuit.cx(0, 1)
    circuit.measure([0, 1, 2], a)
    least, mask = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    number = circuit.add_var("number", expr.bit_xor(expr.bit_and(a, mask), 1))
    flag = circuit.add_var("flag", expr.logic_and(expr.less(number, least), expr.logic_not(a[2])))
    with circuit.if_test(flag) as otherwise:
        circuit.ry(0.7, 0)
        circuit.store(number, expr.bit_or(number, 4))
    with otherwise:
        circuit.h(1)
        circuit.store(number, expr.bit_not(number))
    with circuit.switch(number) as case:
        with case(0, 3, 5):
            circuit.rx(1.1, 2)
        with case(case.DEFAULT):
            circuit.x(2)
            circuit.cx(2, 0)
    with circuit.if_test(expr.greater_equal(number, least)):
        circuit.ry(1.3, 2)
    with circuit.for_loop(range(int(rng.integers(2, 5)))):
        circuit.ry(0.4, 1)
        circuit.measure(1, b[1])
        with circuit.if_test((b[1], 1)):
            circuit.break_loop()
    assert flag.type == types.Bool()
    circuit.measure([0, 2], [b[0], b[2]])
    return circuit


@pytest.mark.parametrize("seed", SEEDS)
def test_openqasm_3_that_qiskit_writes_computes_what_each_of_its_branches_does(seed: int) -> None:
    from qiskit import qasm3

    from tests.referee.following import distribution

    circuit = with_logic(seed)
    program = openqasm.read(qasm3.dumps(circuit).encode())
    assert program.registers == ("a", "b")
    assert_distributed(counts_of(program), distribution(circuit))


def branched(seed: int) -> tuple[str, Any]:
    """One program of random turns, measurements, resets and conditions, in Quil and in Qiskit."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ClassicalRegister, QuantumRegister

    rng, lines = np.random.default_rng(seed), ["DECLARE ro BIT[4]"]
    register = ClassicalRegister(4, "ro")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), register)
    for step in range(4):
        for name, angle, qubit in turns(rng, 3):
            getattr(circuit, name)(angle, qubit)
            lines.append(f"{name.upper()}({angle!r}) {qubit}")
        control, target = (int(qubit) for qubit in rng.permutation(3)[:2])
        circuit.cx(control, target)
        circuit.measure(target, step)
        lines += [f"CNOT {control} {target}", f"MEASURE {target} ro[{step}]"]
        bit, wanted = int(rng.integers(0, step + 1)), int(rng.integers(0, 2))
        with circuit.if_test((register[bit], wanted)):
            circuit.ry(0.9, control)
            circuit.reset(target)
        jump = "JUMP-UNLESS" if wanted else "JUMP-WHEN"
        lines += [f"{jump} @past{step} ro[{bit}]", f"RY(0.9) {control}", f"RESET {target}", f"LABEL @past{step}"]
    return "\n".join(lines), circuit


@pytest.mark.parametrize("seed", SEEDS)
def test_quil_branches_are_distributed_as_aer_says(seed: int) -> None:
    text, circuit = branched(seed)
    (program,) = quil.read(text.encode())
    assert_alike(counts_of(program), aer_counts(circuit))


@pytest.mark.parametrize(("name", "width"), [("rccx", 3), ("rc3x", 4)])
def test_relative_phase_gates_are_qiskits_matrices(name: str, width: int) -> None:
    from qiskit.circuit.library import RC3XGate, RCCXGate

    text = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{width}]; {name} '
    program = openqasm.read(f"{text}{', '.join(f'q[{index}]' for index in range(width))};".encode())
    found = unitary(program.blocks[0].operations, range(width))  # type: ignore[arg-type]
    wanted = {"rccx": RCCXGate, "rc3x": RC3XGate}[name]().to_matrix()
    overlap = np.trace(found.conj().T @ wanted) / len(wanted)
    assert abs(abs(overlap) - 1) < 1e-12
    assert np.allclose(found * overlap, wanted, atol=1e-9)


def of_pytket() -> str:
    """What pytket writes for Quantinuum of registers that are computed and of conditions on them."""
    from pytket import Circuit
    from pytket.circuit.logic_exp import reg_eq, reg_lt
    from pytket.qasm import circuit_to_qasm_str

    circuit = Circuit(3)
    a, b, d, e = (circuit.add_c_register(name, 3) for name in "abde")
    for qubit in range(3):
        circuit.H(qubit).Measure(circuit.qubits[qubit], a[qubit])
    circuit.add_clexpr_from_logicexp((a ^ 5) | (a & 2), d.to_list())
    circuit.add_clexpr_from_logicexp(a + d, b.to_list())
    circuit.add_clexpr_from_logicexp(a[0] ^ a[1], [b[0]])
    circuit.add_c_setbits([True], [b[1]])
    circuit.add_c_copybits([a[0]], [d[0]])
    circuit.add_c_setreg(6, d, condition=reg_eq(a, 2))
    circuit.X(0, condition=reg_eq(a, 3)).X(1, condition=a[1]).X(2, condition=reg_lt(a, 4))
    for qubit in range(3):
        circuit.Measure(circuit.qubits[qubit], e[qubit])
    return str(circuit_to_qasm_str(circuit, header="hqslib1"))


def meant(a: int) -> tuple[int, int, int, int]:
    d = (a ^ 5) | (a & 2)
    b = (a + d) % 8 & 0b100 | 0b010 | (a ^ a >> 1) & 1
    d = 6 if a == 2 else d & 0b110 | a & 1
    e = (a ^ (a == 3)) & 0b101 ^ (0b100 if a < 4 else 0)
    return a, b, d, e


def test_what_pytket_writes_for_quantinuum_computes_what_pytket_means() -> None:
    program = openqasm.read(of_pytket().encode())
    assert program.registers == ("a", "b", "d", "e")
    found = {tuple(int(part, 2) for part in reversed(text.split())) for text in counts_of(program)}
    assert found == {meant(a) for a in range(8)}
