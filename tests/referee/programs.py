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

from quantum_jobs.programs import read_program, write_openqasm2, write_qir
from tests.referee.circuits import DYNAMIC, ONE_QUBIT, TWO_QUBITS, flat
from tests.referee.keys import key

with warnings.catch_warnings():
    # azure-quantum still imports the QDK by its old name, qsharp.
    warnings.simplefilter("ignore", DeprecationWarning)
    from azure.quantum.qiskit.backends._qiskit_ionq import qiskit_circ_to_ionq_circ
    from qsharp.interop.qiskit import QSharpBackend

IONQ = [*ONE_QUBIT, *TWO_QUBITS, "p", "cp", "swap", "sx", "rxx", "ryy", "rzz", "ccx"]


@dataclass(frozen=True)
class Writer:
    """Writes a circuit as QIR; `key` gives, for the circuit, what makes an outcome Qiskit's key."""

    write: Callable[[QuantumCircuit], str | bytes]
    key: Callable[[QuantumCircuit], Callable[[Any], str]]


def openqasm2(circuit: QuantumCircuit) -> str:
    """Write OpenQASM 2, with gates that the old qelib1.inc has; Qiskit writes no branches in it, our writer does."""
    if "if_else" in circuit.count_ops():
        return write_openqasm2(read_program("openqasm3", openqasm3(circuit)))
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


def by_labels(circuit: QuantumCircuit) -> Callable[[Any], str]:
    """Results in the order of their measurement, or one number per register: pytket's labels say which is which."""
    text = str(_pytket_as(circuit, QIRFormat.STRING))
    labels = dict(re.findall(r'^@(\d+) = .* c"([^\\]*)', text, re.MULTILINE))
    recorded = re.findall(r"call .*record_output\(.*@(\d+)\)$", text, re.MULTILINE)
    places = [_bits_of(labels[number], circuit) for number in recorded]

    def read(outcome: Any) -> str:
        values = outcome if isinstance(outcome, list | tuple) else [outcome]
        pairs = zip(places, values, strict=True)
        return key({bit: value >> place & 1 for bits, value in pairs for place, bit in enumerate(bits)}, circuit)

    return read


def _bits_of(label: str, circuit: QuantumCircuit) -> list[int]:
    """Give the classical bits that `name` or `name[index]` stands for."""
    name, bracket, index = label.partition("[")
    register = next(register for register in circuit.cregs if register.name == name)
    bits = [circuit.find_bit(bit).index for bit in register]
    return [bits[int(index[:-1])]] if bracket else bits


def declared(circuit: QuantumCircuit) -> Callable[[Any], str]:
    """Registers as declared, bit 0 first: the order of OpenQASM and of this repository's QIR."""
    return lambda outcome: " ".join("".join(map(str, bits[::-1])) for bits in _registers(outcome, circuit)[::-1])


def reversed_already(circuit: QuantumCircuit) -> Callable[[Any], str]:
    """Registers and bits as Qiskit writes them: the order of Qiskit's QIR."""
    return lambda outcome: " ".join("".join(map(str, bits)) for bits in _registers(outcome, circuit))


def _registers(outcome: Any, circuit: QuantumCircuit) -> list[list[int]]:
    """Give the bits of each register: one register, and a register of one bit, may be recorded bare."""
    registers = [outcome] if len(circuit.cregs) == 1 else outcome
    return [bits if isinstance(bits, list) else [bits] for bits in registers]


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
    for number, item in enumerate(flat(circuit).data):
        if item.operation.name == "if_else":
            lines += _quil_branch(item, circuit, f"@past{number}")
        elif item.operation.name != "barrier":
            lines.append(_quil_line(item, circuit, circuit))
    return "\n".join(lines) + "\n"


def _quil_branch(item: Any, circuit: QuantumCircuit, label: str) -> list[str]:
    """Jump past the gates of a branch, whose qubits and bits are the circuit's, unless one register of one bit is 1."""
    (register, wanted), (block, otherwise) = item.operation.condition, item.operation.params
    assert wanted == 1
    assert len(register) == 1
    assert otherwise is None
    # A block has qubits of its own: the same places, those of the whole.
    whole = QuantumCircuit(circuit.qubits, *circuit.cregs).compose(block, item.qubits, item.clbits)
    inside = [_quil_line(inner, whole, circuit) for inner in whole.data]
    return [f"JUMP-UNLESS {label} {register.name.upper()}[0]", *inside, f"LABEL {label}"]


def _quil_line(item: Any, within: QuantumCircuit, circuit: QuantumCircuit) -> str:
    qubits = " ".join(str(within.find_bit(qubit).index) for qubit in item.qubits)
    if item.operation.name == "measure":
        ((register, index),) = circuit.find_bit(item.clbits[0]).registers
        return f"MEASURE {qubits} {register.name.upper()}[{index}]"
    angles = f"({', '.join(map(repr, item.operation.params))})" if item.operation.params else ""
    return f"{_QUIL.get(item.operation.name, item.operation.name.upper())}{angles} {qubits}"


_QUIL = {"cx": "CNOT", "sdg": "DAGGER S", "tdg": "DAGGER T"}
