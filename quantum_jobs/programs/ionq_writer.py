"""Write a program as a circuit of IonQ (ionq.circuit.v1), gate set `qis`.

The provider measures all qubits at the end and gives a histogram over them, qubit 0 the lowest bit of a state's number;
`measured_qubits` says which qubit each bit of the program is. Barriers are left out.
"""

import json
from typing import Any

from quantum_jobs.errors import ProgramFormatUnsupported
from quantum_jobs.programs.checks import Profile, profile
from quantum_jobs.programs.gates import flatten
from quantum_jobs.programs.ionq_reader import QIS, ROTATIONS
from quantum_jobs.programs.ir import Bit, Gate, Measure, Program

_NAMES = {gate: name for name, gate in QIS.items() if name not in {"not", "cnot"}}
_NAMES |= {gate: name for name, gate in ROTATIONS.items()}
_CONTROLLED = {"cx": "x", "cy": "y", "cz": "z", "ch": "h", "ccx": "x", "ccz": "z"}


def write_ionq(program: Program) -> str:
    """Write a program as JSON text; the same program gives the same text.

    Raises:
        ProgramFormatUnsupported: the program measures or resets midway, or branches.
    """
    if profile(program) is not Profile.BASE:
        raise ProgramFormatUnsupported(
            "An IonQ circuit is measured at its end only: no reset, no branch, no gate after a measurement."
        )
    circuit = [
        _entry(gate)
        for operation in program.operations
        if isinstance(operation, Gate)
        for gate in ((operation,) if operation.name in _NAMES or operation.name in _CONTROLLED else flatten(operation))
    ]
    return json.dumps({"qubits": program.qubits, "gateset": "qis", "circuit": circuit}, separators=(",", ":"))


def measured_qubits(program: Program) -> tuple[tuple[int | None, ...], ...]:
    """Give for each register the qubit that each of its bits was measured from; None for a bit that stays 0."""
    measured = {item.bit: item.qubit for item in program.operations if isinstance(item, Measure)}
    return tuple(
        tuple(measured.get(Bit(place, index)) for index in range(register.size))
        for place, register in enumerate(program.registers)
    )


def _entry(gate: Gate) -> dict[str, Any]:
    if gate.name in _CONTROLLED:
        *controls, target = gate.qubits
        return {"gate": _CONTROLLED[gate.name], **_places("control", controls), **_places("target", [target])}
    entry = {"gate": _NAMES[gate.name], **_places("target", list(gate.qubits))}
    return entry | {"rotation": gate.angles[0]} if gate.angles else entry


def _places(role: str, qubits: list[int]) -> dict[str, Any]:
    return {role: qubits[0]} if len(qubits) == 1 else {f"{role}s": qubits}
