"""Circuits as Qiskit writes them to QPY, with what they mean in OpenQASM 3; `python -m tests.programs.qpy_samples`
writes the files anew where Qiskit is installed."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("qpy_samples.json")
VERSIONS = (13, 14, 15, 16, 17, 18)
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] c; bit[1] d; '
START = "ry(0.7) q[0]; cx q[0], q[1]; ry(-1.9) q[2]; c[0] = measure q[0]; c[1] = measure q[2]; "
END = " c[0] = measure q[0]; c[1] = measure q[1]; d[0] = measure q[2];"
IF = {
    "bit": "if (c[0]) { x q[2]; }",
    "register": "if (c == 2) { h q[1]; } else { ry(0.3) q[1]; h q[0]; }",
    "nested": "if (c[1]) { if (c == 2) { x q[0]; } else { h q[0]; } }",
    "expression": "if (c[0] ^ !c[1]) { h q[1]; } else { x q[0]; }",
    "not-equal": "if (c != 1) { ry(0.4) q[2]; }",
    "and-or": "if ((c[0] && !c[1]) || c == 3) { h q[2]; }",
    "indexed": "if (c[1] == 1) { x q[1]; }",
    "register-as-truth": "if (c) { x q[1]; }",
}
MEANINGS = {f"if-{name}": HEAD + START + body + END for name, body in IF.items()}
MEANINGS |= {
    "bell": 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] meas; h q[0]; cx q[0], q[1]; meas = measure q;',
    "loop": HEAD + "for int i in [0:2] { ry(i + 1) q[0]; } for int i in {5, 2} { rx(i) q[1]; h q[1]; }" + END,
    "own-gate": HEAD
    + "gate g a, b { ry(0.3) a; ctrl @ rx(-1.2) a, b; gphase(0.4); }"
    + "h q[0]; h q[2]; g q[0], q[1]; ctrl @ g q[2], q[0], q[1]; negctrl @ g q[1], q[2], q[0]; inv @ g q[0], q[2];"
    + " h q[2];"
    + END,
    "box": HEAD + "h q[0]; cx q[0], q[2];" + END,
    "subcircuit": HEAD + "h q[2]; c[1] = measure q[2]; reset q[2]; x q[2]; h q[0]; d[0] = measure q[0]; h q[1];"
    " c[0] = measure q[1];",
    "multi-controlled": HEAD
    + "h q; ctrl(2) @ p(0.7) q[0], q[1], q[2]; negctrl @ ctrl @ x q[1], q[0], q[2]; h q;"
    + END,
    "loose-bits": 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[1] r; bit[2] bits; x q[1]; h q[0]; '
    "r[0] = measure q[1]; bits[1] = measure q[0];",
}


def started() -> Any:
    circuit = plain()
    circuit.ry(0.7, 0)
    circuit.cx(0, 1)
    circuit.ry(-1.9, 2)
    circuit.measure([0, 2], [0, 1])
    return circuit


def plain() -> Any:
    from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

    return QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(2, "c"), ClassicalRegister(1, "d"))


def ended(circuit: Any) -> Any:
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


def branching(condition: Callable[[Any], Any], then: Callable[[Any], Any], otherwise: Any = None) -> Any:
    circuit = started()
    if otherwise is None:
        with circuit.if_test(condition(circuit)):
            then(circuit)
    else:
        with circuit.if_test(condition(circuit)) as other:
            then(circuit)
        with other:
            otherwise(circuit)
    return ended(circuit)


def nested() -> Any:
    circuit = started()
    with circuit.if_test((circuit.clbits[1], 1)):
        with circuit.if_test((circuit.cregs[0], 2)) as other:
            circuit.x(0)
        with other:
            circuit.h(0)
    return ended(circuit)


def mixed(circuit: Any) -> None:
    circuit.ry(0.3, 1)
    circuit.h(0)


def loop() -> Any:
    circuit = plain()
    with circuit.for_loop(range(1, 4)) as turn:
        circuit.ry(turn, 0)
    with circuit.for_loop((5, 2)) as turn:
        circuit.rx(turn, 1)
        circuit.h(1)
    return ended(circuit)


def own_gate() -> Any:
    from qiskit import QuantumCircuit

    inner = QuantumCircuit(2, name="g", global_phase=0.4)
    inner.ry(0.3, 0)
    inner.crx(-1.2, 0, 1)
    gate, circuit = inner.to_gate(), plain()
    circuit.h([0, 2])
    circuit.append(gate, [0, 1])
    circuit.append(gate.control(1), [2, 0, 1])
    circuit.append(gate.control(1, ctrl_state=0, annotated=True), [1, 2, 0])
    circuit.append(gate.inverse(annotated=True), [0, 2])
    circuit.h(2)
    return ended(circuit)


def box() -> Any:
    circuit = plain()
    with circuit.box():
        circuit.h(0)
        circuit.cx(0, 2)
    circuit.barrier()
    return ended(circuit)


def subcircuit() -> Any:
    from qiskit import QuantumCircuit

    inner = QuantumCircuit(1, 1)
    inner.measure(0, 0)
    inner.reset(0)
    inner.x(0)
    circuit = plain()
    circuit.h(2)
    circuit.append(inner.to_instruction(), [2], [1])
    circuit.h(0)
    circuit.measure(0, 2)
    circuit.h(1)
    circuit.measure(1, 0)
    return circuit


def multi_controlled() -> Any:
    from qiskit.circuit.library import MCPhaseGate, MCXGate

    circuit = plain()
    circuit.h(range(3))
    circuit.append(MCPhaseGate(0.7, 2), range(3))
    circuit.append(MCXGate(2, ctrl_state=2), range(3))
    circuit.h(range(3))
    return ended(circuit)


def bell() -> Any:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def loose_bits() -> Any:
    from qiskit import ClassicalRegister, QuantumCircuit
    from qiskit.circuit import Clbit, Qubit

    first, second = Clbit(), Clbit()
    circuit = QuantumCircuit([Qubit(), Qubit()], [first], ClassicalRegister(1, "r"), [second])
    circuit.x(1)
    circuit.h(0)
    circuit.measure(1, 1)
    circuit.measure(0, 2)
    return circuit


def builders() -> dict[str, Callable[[], Any]]:
    """Give what makes the circuits; needs Qiskit."""
    from qiskit.circuit.classical import expr, types

    return {
        "if-bit": lambda: branching(lambda c: (c.clbits[0], 1), lambda c: c.x(2)),
        "if-register": lambda: branching(lambda c: (c.cregs[0], 2), lambda c: c.h(1), mixed),
        "if-nested": nested,
        "if-expression": lambda: branching(
            lambda c: expr.bit_xor(c.clbits[0], expr.logic_not(c.clbits[1])), lambda c: c.h(1), lambda c: c.x(0)
        ),
        "if-not-equal": lambda: branching(lambda c: expr.not_equal(c.cregs[0], 1), lambda c: c.ry(0.4, 2)),
        "if-and-or": lambda: branching(
            lambda c: expr.logic_or(
                expr.logic_and(c.clbits[0], expr.logic_not(c.clbits[1])), expr.equal(c.cregs[0], 3)
            ),
            lambda c: c.h(2),
        ),
        "if-indexed": lambda: branching(lambda c: expr.index(c.cregs[0], 1), lambda c: c.x(1)),
        "if-register-as-truth": lambda: branching(lambda c: expr.cast(c.cregs[0], types.Bool()), lambda c: c.x(1)),
        "loop": loop,
        "own-gate": own_gate,
        "box": box,
        "subcircuit": subcircuit,
        "multi-controlled": multi_controlled,
        "bell": bell,
        "loose-bits": loose_bits,
    }


def dumped(circuit: Any, version: int) -> str:
    """Write a circuit as base64 text of QPY; needs Qiskit."""
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(circuit, stream, version=version)
    return base64.b64encode(stream.getvalue()).decode()


def samples() -> dict[str, dict[str, str]]:
    """Read the files that were written, by name and version."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return found


def main() -> None:
    """Write the file of samples."""
    made = {
        name: {str(version): dumped(build(), version) for version in VERSIONS} for name, build in builders().items()
    }
    FILE.write_text(json.dumps(made, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
