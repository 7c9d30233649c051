"""A Qiskit circuit becomes an OpenQASM 3 program; its inputs are the angles that depend on parameters.

Each distinct expression in a gate (`theta`, `2*theta + 1`, `v[0]*v[1]`) becomes an input of its own, `a0`, `a1` and so
on, and is evaluated here for each set of values: so any expression works that Qiskit can bind to real numbers, and no
name of a parameter can be one that OpenQASM does not take. Angles survive to the last bit. Qubits that nothing happens
to are left out; `delay` and `switch` are refused by the reader of the program, as for everybody.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, ClassicalRegister, ControlFlowOp, Parameter, ParameterExpression, QuantumRegister
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.qasm3 import Exporter
from qiskit.transpiler import PassManager, TranspilerError, generate_preset_pass_manager
from qiskit.transpiler.passes import UnrollForLoops

INCLUDED_GATES = "h x y z s sdg t tdg sx id rx ry rz p cx cy cz ch cp crx cry crz cu swap ccx cswap"
"""Gates of stdgates.inc that are sent as they are, with the meaning that they have in Qiskit."""
FURTHER_GATES = "sxdg r u cs csdg csx iswap dcx ecr rxx ryy rzz rzx ccz"
"""Gates that the service's reader knows beside them; all others are decomposed into these two lists."""
_BASIS = (*INCLUDED_GATES.split(), *FURTHER_GATES.split())
_NATIVE = frozenset((*_BASIS, "barrier", "measure", "reset", "delay"))
_INCLUDE = 'include "stdgates.inc";\n'


@dataclass(frozen=True)
class CircuitProgram:
    """A circuit as text: its registers are the circuit's classical registers in their order, its loose bits after them.

    `angles` are what the inputs stand for, by name; `qubits` gives the name in the text of the qubits that are kept, by
    their number in the circuit; `taken` are names that text added to it must not declare.
    """

    source: str
    angles: Mapping[str, ParameterExpression]
    parameters: tuple[Parameter, ...]
    qubits: Mapping[int, str]
    taken: frozenset[str]

    def parameter_sets(self, values: NDArray[np.float64]) -> list[dict[str, float]]:
        """Evaluate the inputs; `values` has a row for each set and a column for each of `parameters`.

        Raises:
            ValueError: an expression that has no finite real value.
        """
        columns = {parameter: place for place, parameter in enumerate(self.parameters)}
        plain = [(name, columns[angle]) for name, angle in self.angles.items() if isinstance(angle, Parameter)]
        others = [(name, angle) for name, angle in self.angles.items() if not isinstance(angle, Parameter)]
        sets = []
        for row in values:
            given = {parameter: float(row[place]) for parameter, place in columns.items()}
            found: dict[str, complex] = {name: float(row[place]) for name, place in plain}
            found |= {name: _value(angle, {item: given[item] for item in angle.parameters}) for name, angle in others}
            sets.append({name: _finite(self.angles[name], found[name]) for name in self.angles})
        return sets

    def with_lines(self, lines: Iterable[str]) -> str:
        """Give the text with statements added at its end."""
        return self.source + "".join(f"{line}\n" for line in lines)

    def free_name(self, word: str) -> str:
        """Make a name that the text does not use yet."""
        return _free(word, self.taken)


def circuit_program(circuit: QuantumCircuit, kept: Collection[int] = ()) -> CircuitProgram:
    """Write a circuit; `kept` are numbers of qubits that stay also when nothing happens to them.

    Raises:
        ValueError: what a program cannot say: real-time variables, registers that share bits, a loop left early, a gate
            without a definition, a gate of the programmer's own under the name of a standard one.
    """
    _check(circuit)
    flat = _decomposed(circuit)
    names = {register.name for register in circuit.cregs}
    angles = _Angles(_free("a", names))
    qubits = _used(flat) | set(kept) or {0}
    rebuilt = _rebuilt(flat, sorted(qubits), _free("q", names), angles)
    source = Exporter(includes=("stdgates.inc",), basis_gates=FURTHER_GATES.split(), disable_constants=True).dumps(
        rebuilt
    )
    register = rebuilt.qregs[0].name
    return CircuitProgram(
        source,
        angles.expressions,
        tuple(circuit.parameters),
        {number: f"{register}[{place}]" for place, number in enumerate(sorted(qubits))},
        frozenset({register, *names, *angles.expressions}),
    )


def numbered(source: str, sets: Sequence[Mapping[str, float]]) -> tuple[str, list[dict[str, float]]]:
    """Give each run of equal values a number of its own as a further input, where sets repeat.

    A program without inputs can then have several items too, and no two jobs are the same request, which a cache would
    answer with the same shots.
    """
    given = [dict(item) for item in sets]
    if len({tuple(item.items()) for item in given}) == len(given):
        return source, given
    name = _free("run", {word for item in given for word in item} | set(source.replace(";", " ").split()))
    head, include, body = source.partition(_INCLUDE)
    return f"{head}{include}input float[64] {name};\n{body}", [
        {**item, name: float(place)} for place, item in enumerate(given)
    ]


def parameter_rows(pub: Any) -> NDArray[np.float64]:
    """Give the values of a PUB's parameters: a row for each element of its array, a column for each parameter."""
    values = pub.parameter_values
    return np.asarray(values.as_array(pub.circuit.parameters), float).reshape(values.size, pub.circuit.num_parameters)


class _Angles:
    """The inputs found so far: a name for each distinct expression."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._known: dict[ParameterExpression, Parameter] = {}

    @property
    def expressions(self) -> dict[str, ParameterExpression]:
        return {parameter.name: expression for expression, parameter in self._known.items()}

    def input(self, angle: Any) -> Any:
        """Give what stands in the program for an angle: the number, or an input."""
        if not isinstance(angle, ParameterExpression):
            return angle
        if not angle.parameters:
            return _finite(angle, _value(angle, {}))
        if angle not in self._known:
            self._known[angle] = Parameter(f"{self._word}{len(self._known)}")
        return self._known[angle]


def _check(circuit: QuantumCircuit) -> None:
    if circuit.num_vars or circuit.num_stretches:
        raise ValueError("a circuit with real-time variables or stretches cannot be sent")
    if sum(register.size for register in circuit.cregs) > len({bit for item in circuit.cregs for bit in item}):
        raise ValueError("two classical registers share bits: a result reports each bit once")
    standard = _standard_gates()
    for operation in _operations(circuit):
        if operation.name in {"break_loop", "continue_loop"}:
            raise ValueError("a loop with `break` or `continue` cannot be sent: no target leaves a loop early")
        if operation.name in _BASIS and not isinstance(operation, standard[operation.name].base_class):
            raise ValueError(f"a gate of yours is named {operation.name!r}, as a standard gate: give it another name")


def _operations(circuit: QuantumCircuit) -> Iterator[Any]:
    """Give the operations of a circuit and of all its blocks, a control flow operation before its blocks."""
    for instruction in circuit.data:
        yield instruction.operation
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                yield from _operations(block)


def _decomposed(circuit: QuantumCircuit) -> QuantumCircuit:
    """Unroll loops, then write the gates that the reader lacks with those it knows."""
    if any(operation.name == "for_loop" for operation in _operations(circuit)):
        circuit = PassManager([UnrollForLoops()]).run(circuit)
    foreign = (
        operation.name not in _NATIVE for operation in _operations(circuit) if not isinstance(operation, ControlFlowOp)
    )
    try:
        return _passes().run(circuit) if any(foreign) else circuit
    except TranspilerError as error:
        raise ValueError(f"Qiskit cannot write this circuit with the gates of the service: {error}") from error


@cache
def _standard_gates() -> Any:
    return get_standard_gate_name_mapping()


@cache
def _passes() -> Any:
    return generate_preset_pass_manager(optimization_level=0, basis_gates=list(_BASIS))


def _used(circuit: QuantumCircuit) -> set[int]:
    """Numbers of the qubits that something happens to."""
    numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    return {numbers[qubit] for item in circuit.data if item.operation.name != "barrier" for qubit in item.qubits}


def _rebuilt(circuit: QuantumCircuit, numbers: Sequence[int], name: str, angles: _Angles) -> QuantumCircuit:
    """Copy a circuit onto a register of the qubits that are used, with inputs for angles."""
    register = QuantumRegister(len(numbers), name)
    places = {circuit.qubits[number]: qubit for number, qubit in zip(numbers, register, strict=True)}
    loose = [bit for bit in circuit.clbits if not circuit.find_bit(bit).registers]
    names = {item.name for item in circuit.cregs} | {name}
    further = [ClassicalRegister(bits=loose, name=_free("loose", names))] if loose else []
    copy = QuantumCircuit(register, *circuit.cregs, *further)
    _copy_operations(circuit, copy, places, angles)
    return copy


def _copy_operations(circuit: QuantumCircuit, copy: QuantumCircuit, places: Mapping[Any, Any], angles: _Angles) -> None:
    for item in circuit.data:
        qubits = [places[qubit] for qubit in item.qubits if qubit in places]
        operation = item.operation
        if operation.name == "barrier":
            operation = Barrier(len(qubits))
        elif isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks([_block(block, angles) for block in operation.blocks])
        elif any(isinstance(angle, ParameterExpression) for angle in operation.params):
            operation = operation.to_mutable()
            operation.params = [angles.input(angle) for angle in operation.params]
        copy.append(operation, qubits, item.clbits)


def _block(block: QuantumCircuit, angles: _Angles) -> QuantumCircuit:
    """Copy the body of a control flow operation; a global phase in it is as invisible as outside."""
    copy = QuantumCircuit(block.qubits, block.clbits, *block.qregs, *block.cregs)
    _copy_operations(block, copy, {qubit: qubit for qubit in block.qubits}, angles)
    return copy


def _value(angle: ParameterExpression, given: Mapping[Parameter, float]) -> complex:
    try:
        return complex(angle.bind(given).numeric() if given else angle.numeric())
    except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"the angle {angle} has no finite real value: {error}") from error


def _finite(angle: ParameterExpression, value: complex) -> float:
    number = complex(value)
    if number.imag or not isfinite(number.real):
        raise ValueError(f"the angle {angle} becomes {value}; it must be a finite real number")
    return number.real


def _free(word: str, taken: Collection[str]) -> str:
    """Make a word that no name in use begins with."""
    while any(name.startswith(word) for name in taken):
        word += "_"
    return word
