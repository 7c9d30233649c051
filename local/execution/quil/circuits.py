"""Writes calls of Quil's circuits (DEFCIRCUIT) out where they stand."""

from collections.abc import Iterable, Iterator, Mapping

from quil import instructions as quil
from quil.expression import Expression
from quil.instructions import Instruction, Qubit

from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram

MOST_INSTRUCTIONS = 300_000
MOST_NESTED = 64
_FLOW = (Instruction.Label, Instruction.Jump, Instruction.JumpWhen, Instruction.JumpUnless)


def written_out(instructions: Iterable[Instruction]) -> list[Instruction]:
    """Give the instructions with each circuit's body in place of its calls; raises ExecutionError."""
    circuits: dict[str, quil.CircuitDefinition] = {}
    rest: list[Instruction] = []
    for step in instructions:
        match step:
            case Instruction.CircuitDefinition(circuit):
                circuits[circuit.name] = circuit
            case _:
                rest.append(step)
    if not circuits:
        return rest
    found: list[Instruction] = []
    for step in _expanded(rest, circuits, 0):
        found.append(step)
        if len(found) > MOST_INSTRUCTIONS:
            raise ProgramTooLarge(f"Written out, the circuits have more than {MOST_INSTRUCTIONS} instructions.")
    return found


def _expanded(
    steps: Iterable[Instruction], circuits: Mapping[str, quil.CircuitDefinition], depth: int
) -> Iterator[Instruction]:
    if depth > MOST_NESTED:
        raise InvalidProgram(f"Circuits are nested more than {MOST_NESTED} deep: does one call itself?")
    for step in steps:
        match step:
            case Instruction.Gate(gate) if gate.name in circuits:
                yield from _expanded(_body(gate, circuits[gate.name]), circuits, depth + 1)
            case _:
                yield step


def _body(call: quil.Gate, circuit: quil.CircuitDefinition) -> Iterator[Instruction]:
    """Give a circuit's instructions with what it is called with in place of its formal names."""
    if call.modifiers:
        raise UnsupportedProgram(f"The circuit {call.name} with a modifier ({call.to_quil()}) is not built here.")
    wanted = len(circuit.parameters), len(circuit.qubit_variables)
    if (len(call.parameters), len(call.qubits)) != wanted:
        raise InvalidProgram(f"The circuit {call.name} takes {wanted[0]} parameters and {wanted[1]} qubits.")
    values = dict(zip(circuit.parameters, call.parameters, strict=True))
    qubits = dict(zip(circuit.qubit_variables, call.qubits, strict=True))
    for step in circuit.instructions:
        if isinstance(step, _FLOW):
            raise UnsupportedProgram(f"{step.to_quil()} inside of the circuit {call.name} is not built here.")
        yield _filled(step, values, qubits)


def _filled(step: Instruction, values: dict[str, Expression], qubits: Mapping[str, Qubit]) -> Instruction:
    match step:
        case Instruction.Gate(gate):
            parameters = [parameter.substitute_variables(values) for parameter in gate.parameters]
            places = [_place(qubit, qubits) for qubit in gate.qubits]
            return Instruction.Gate(quil.Gate(gate.name, parameters, places, list(gate.modifiers)))
        case Instruction.Measurement(measurement) if measurement.name is None:
            return Instruction.Measurement(quil.Measurement(_place(measurement.qubit, qubits), measurement.target))
        case Instruction.Reset(reset) if reset.qubit is not None:
            return Instruction.Reset(quil.Reset(_place(reset.qubit, qubits)))
    return step


def _place(qubit: Qubit, qubits: Mapping[str, Qubit]) -> Qubit:
    match qubit:
        case Qubit.Variable(name):
            return qubits.get(name, qubit)
    return qubit
