"""The circuits in each input format, by the writers that people use, and how to read the outcomes that come back."""

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytket.passes import FlattenRelabelRegistersPass
from pytket.qasm import circuit_from_qasm_str
from pytket.qir import QIRFormat, QIRProfile, pytket_to_qir
from qdk import TargetProfile, openqasm
from qiskit import QuantumCircuit, qasm2, qasm3, transpile

from quantum_jobs.programs import read_program, write_qir
from tests.referee.circuits import DYNAMIC, ONE_QUBIT, TWO_QUBITS, flat
from tests.referee.distributions import key

with warnings.catch_warnings():
    # azure-quantum still imports the QDK by its old name, qsharp.
    warnings.simplefilter("ignore", DeprecationWarning)
    from azure.quantum.qiskit.backends._qiskit_ionq import qiskit_circ_to_ionq_circ
    from qsharp.interop.qiskit import QSharpBackend

IONQ = [*ONE_QUBIT, *TWO_QUBITS, "p", "cp", "swap", "sx", "rxx", "ryy", "rzz", "ccx"]


@dataclass(frozen=True)
class Writer:
    """Writes a circuit as QIR; `key` makes an outcome Qiskit's key."""

    write: Callable[[QuantumCircuit], str | bytes]
    key: Callable[[Any, QuantumCircuit], str]


def openqasm2(circuit: QuantumCircuit) -> str:
    """Write OpenQASM 2, with gates that the old qelib1.inc has."""
    return qasm2.dumps(flat(circuit))


def openqasm3(circuit: QuantumCircuit) -> str:
    return str(qasm3.dumps(circuit))


def _own(circuit: QuantumCircuit) -> str:
    return write_qir(read_program("openqasm3", openqasm3(circuit)))


def _profile(circuit: QuantumCircuit) -> TargetProfile:
    return TargetProfile.Adaptive_RI if {"if_else", "reset"} & circuit.count_ops().keys() else TargetProfile.Base


def _qdk(circuit: QuantumCircuit) -> str:
    return str(openqasm.compile(qasm3.dumps(flat(circuit)), target_profile=_profile(circuit)))


def _qiskit(circuit: QuantumCircuit) -> str:
    """As azure.quantum.qiskit does by itself, after a transpilation that its documentation asks for."""
    return unguarded_qiskit(flat(circuit))


def unguarded_qiskit(circuit: QuantumCircuit) -> str:
    """As azure.quantum.qiskit does by itself."""
    backend = QSharpBackend(target_profile=_profile(circuit), skip_transpilation=True)
    return str(backend.qir(circuit))


def _pytket_as(circuit: QuantumCircuit, form: QIRFormat) -> str | bytes:
    converted = circuit_from_qasm_str(openqasm2(circuit))
    FlattenRelabelRegistersPass("q").apply(converted)
    profile = QIRProfile.BASE if _profile(circuit) is TargetProfile.Base else QIRProfile.ADAPTIVE
    program = pytket_to_qir(converted, "pytket", qir_format=form, profile=profile)
    assert program is not None
    return program


def _pytket(circuit: QuantumCircuit) -> str | bytes:
    return _pytket_as(circuit, QIRFormat.BINARY)


def by_labels(outcome: Any, circuit: QuantumCircuit) -> str:
    """Results in the order of their measurement, or one number per register: pytket's labels say which is which."""
    text = _pytket_as(circuit, QIRFormat.STRING)
    labels = dict(re.findall(r'^@(\d+) = .* c"([^\\]*)', str(text), re.MULTILINE))
    order = [labels[number] for number in re.findall(r"call .*record_output\(.*@(\d+)\)$", str(text), re.MULTILINE)]
    values = outcome if isinstance(outcome, list | tuple) else [outcome]
    registers = {register.name: register for register in circuit.cregs}
    bits: dict[int, int] = {}
    for label, value in zip(order, values, strict=True):
        name, bracket, index = label.partition("[")
        places = [int(index[:-1])] if bracket else range(registers[name].size)
        for place in places:
            bits[circuit.find_bit(registers[name][place]).index] = value if bracket else value >> place & 1
    return key(bits, circuit)


def _registers(outcome: Any, circuit: QuantumCircuit) -> list[list[int]]:
    """Give the bits of each register; a program with one register records it bare."""
    return [outcome] if len(circuit.cregs) == 1 else list(outcome)


def declared(outcome: Any, circuit: QuantumCircuit) -> str:
    """Registers as declared, bit 0 first: the order of OpenQASM and of this repository's QIR."""
    registers = [value if isinstance(value, list) else [value] for value in _registers(outcome, circuit)]
    return " ".join("".join(map(str, reversed(bits))) for bits in reversed(registers))


def reversed_already(outcome: Any, circuit: QuantumCircuit) -> str:
    """Registers and bits as Qiskit writes them: the order of Qiskit's QIR."""
    registers = [value if isinstance(value, list) else [value] for value in _registers(outcome, circuit)]
    return " ".join("".join(map(str, bits)) for bits in registers)


WRITERS = {
    "own": Writer(_own, declared),
    "qdk": Writer(_qdk, declared),
    "qiskit": Writer(_qiskit, reversed_already),
    "pytket": Writer(_pytket, by_labels),
}


def ionq_circuit(circuit: QuantumCircuit) -> dict[str, Any]:
    """Write IonQ's JSON as azure.quantum.qiskit does; every qubit is reported, whatever is measured."""
    gates, _, _ = qiskit_circ_to_ionq_circ(transpile(circuit, basis_gates=IONQ, optimization_level=0))
    document: dict[str, Any] = json.loads(json.dumps({"qubits": circuit.num_qubits, "circuit": gates}))
    return document


def runs_on_base(name: str) -> bool:
    """Tell whether the base profile holds the circuit: no branch, reset or measurement before the end."""
    return name not in DYNAMIC


def quil(circuit: QuantumCircuit) -> str:
    """Write Quil; every classical register is a region of its own, in order of declaration."""
    lines = [f"DECLARE {register.name.upper()} BIT[{register.size}]" for register in circuit.cregs]
    for item in flat(circuit).data:
        qubits = " ".join(str(circuit.find_bit(qubit).index) for qubit in item.qubits)
        if item.operation.name == "measure":
            ((register, index),) = circuit.find_bit(item.clbits[0]).registers
            lines.append(f"MEASURE {qubits} {register.name.upper()}[{index}]")
        elif item.operation.name != "barrier":
            angles = f"({', '.join(map(repr, item.operation.params))})" if item.operation.params else ""
            lines.append(f"{_QUIL.get(item.operation.name, item.operation.name.upper())}{angles} {qubits}")
    return "\n".join(lines) + "\n"


_QUIL = {"cx": "CNOT", "sdg": "DAGGER S", "tdg": "DAGGER T"}
