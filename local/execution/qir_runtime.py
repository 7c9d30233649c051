"""QIR's runtime and measurements, for arguments that are known only while the program runs."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from local.execution.errors import InvalidProgram
from local.execution.program import Gate, Measure, Number, Operation, RecordGroup, RecordResult, Reset
from local.execution.qir_gates import Call
from local.execution.qir_state import KNOWN_0, KNOWN_1, ONE_RESULT, ZERO_RESULT, State
from local.execution.unitaries import inverse

POINTER = 8
"""Bytes of a pointer, and of a number in a tuple of arguments."""
_AXES = {1: "x", 2: "z", 3: "y"}
"""Pauli operators as QIR numbers them."""


class Machine(Protocol):
    """What a function of the runtime acts on."""

    state: State

    def emit(self, operation: Operation) -> None:
        """Add an operation to the program that is written out."""


type Arguments = Sequence[int]
type Function = Callable[[Machine, Arguments], Number | None]


def load(state: State, address: int) -> Number:
    """Read the runtime's own memory; raises InvalidProgram where nothing was written."""
    if address not in state.memory:
        raise InvalidProgram(f"The program reads memory that it has not written (address {address}).")
    return state.memory[address]


def items(state: State, array: int) -> list[int]:
    """Give the items of an array."""
    size, count = state.shape(array)
    return [int(load(state, array + size * index)) for index in range(count)]


def apply(machine: Machine, call: Call, arguments: Sequence[Number]) -> None:
    """Apply a gate; its controls are an array, and what follows may be a tuple."""
    state, controls = machine.state, list[int]()
    if call.is_controlled and arguments:
        controls, arguments = [state.qubit(item) for item in items(state, int(arguments[0]))], arguments[1:]
    expected = call.function.angles + call.function.qubits
    if call.is_controlled and len(arguments) == 1 and expected > 1:
        arguments = [load(state, int(arguments[0]) + POINTER * index) for index in range(expected)]
    if len(arguments) != expected:
        raise InvalidProgram(f"{call.name} takes {call.function.angles} angles and {call.function.qubits} qubits.")
    angles = [float(angle) for angle in arguments[: call.function.angles]]
    qubits = [state.qubit(qubit) for qubit in arguments[call.function.angles :]]
    for gate in call.gates(angles, qubits, controls):
        machine.emit(gate)


def _allocate(machine: Machine, _: Arguments) -> int:
    qubit, is_used = machine.state.allocate_qubit()
    if is_used:
        machine.emit(Reset(qubit))
    return qubit


def _allocate_array(machine: Machine, arguments: Arguments) -> int | None:
    """Make an array, or fill the one that is given."""
    count = _count(arguments[0])
    array = arguments[1] if len(arguments) > 1 else machine.state.array(POINTER, count)
    for index in range(count):
        machine.state.store(array + POINTER * index, _allocate(machine, ()))
    return None if len(arguments) > 1 else array


def _release(machine: Machine, arguments: Arguments) -> None:
    machine.state.release_qubit(arguments[0])


def _release_array(machine: Machine, arguments: Arguments) -> None:
    for qubit in _listed(machine.state, arguments):
        machine.state.release_qubit(qubit)


def _listed(state: State, arguments: Arguments) -> list[int]:
    """Give the items of an array, or of so many pointers in memory."""
    if len(arguments) == 1:
        return items(state, arguments[0])
    return [int(load(state, arguments[1] + POINTER * index)) for index in range(_count(arguments[0]))]


def _count(number: int) -> int:
    if not 0 <= number <= 1 << 16:
        raise InvalidProgram(f"The program makes an array of {number} qubits or results.")
    return number


def _allocate_results(machine: Machine, arguments: Arguments) -> None:
    for index in range(_count(arguments[0])):
        machine.state.store(arguments[1] + POINTER * index, _new_result(machine, ()))


def _new_result(machine: Machine, _: Arguments) -> int:
    return machine.state.new_result()


def _element(machine: Machine, arguments: Arguments) -> int:
    size, count = machine.state.shape(arguments[0])
    if not 0 <= arguments[1] < count:
        raise InvalidProgram(f"Item {arguments[1]} of an array of {count} items is used.")
    return arguments[0] + size * arguments[1]


def _copied(machine: Machine, arguments: Arguments) -> int:
    return _joined(machine, arguments[:1])


def _joined(machine: Machine, arrays: Arguments) -> int:
    """Make an array of the items of arrays."""
    state = machine.state
    size = state.shape(arrays[0])[0]
    joined = state.array(size, sum(state.shape(array)[1] for array in arrays))
    place = joined
    for array in arrays:
        for item in items(state, array):
            state.store(place, item)
            place += size
    return joined


def _measure(machine: Machine, arguments: Arguments) -> int:
    """Measure into the result that is given, or into a new one."""
    qubit = machine.state.qubit(arguments[0])
    result = arguments[1] if len(arguments) > 1 else machine.state.new_result()
    machine.emit(Measure(qubit, result))
    return result


def _measure_and_reset(machine: Machine, arguments: Arguments) -> int:
    result = _measure(machine, arguments)
    machine.emit(Reset(machine.state.qubit(arguments[0])))
    return result


def _reset(machine: Machine, arguments: Arguments) -> None:
    machine.emit(Reset(machine.state.qubit(arguments[0])))


def _pauli_basis(state: State, paulis: int, qubits: int) -> tuple[list[Gate], list[int]]:
    """Give gates that bring a product of Pauli operators to Z on the last of the qubits, and the qubits."""
    axes = [axis & 3 for axis in items(state, paulis)]
    named = [state.qubit(qubit) for qubit in items(state, qubits)]
    if len(axes) != len(named):
        raise InvalidProgram(f"{len(axes)} Pauli operators are given for {len(named)} qubits.")
    pairs = [(_AXES[axis], qubit) for axis, qubit in zip(axes, named, strict=True) if axis]
    turns = {"x": ("h", ()), "y": ("rx", (math.pi / 2,))}
    gates = [Gate(turns[axis][0], (qubit,), turns[axis][1]) for axis, qubit in pairs if axis in turns]
    acted = [qubit for _, qubit in pairs]
    return gates + [Gate("cx", (qubit, acted[-1])) for qubit in acted[:-1]], acted


def _measure_paulis(machine: Machine, arguments: Arguments) -> int:
    """Measure a product of Pauli operators, all qubits together."""
    gates, acted = _pauli_basis(machine.state, arguments[0], arguments[1])
    if not acted:
        return ZERO_RESULT
    for gate in gates:
        machine.emit(gate)
    result = _measure(machine, acted[-1:])
    for gate in inverse(gates):
        machine.emit(gate)
    return result


def _read(machine: Machine, arguments: Arguments) -> int:
    return machine.state.bit(arguments[0])


def _write(machine: Machine, arguments: Arguments) -> None:
    machine.state.results[arguments[1]] = KNOWN_1 if arguments[0] else KNOWN_0


def _equal(machine: Machine, arguments: Arguments) -> int:
    return int(machine.state.bit(arguments[0]) == machine.state.bit(arguments[1]))


def _record(machine: Machine, arguments: Arguments) -> None:
    machine.emit(RecordResult(arguments[0]))


def _record_array(machine: Machine, arguments: Arguments) -> None:
    listed = _listed(machine.state, arguments[:2])
    machine.emit(RecordGroup("array", len(listed)))
    for result in listed:
        machine.emit(RecordResult(result))


def _register(machine: Machine, arguments: Arguments) -> int:
    """Make a classical register as pytket does; its bits are results, all 0."""
    register = machine.state.array(POINTER, _count(arguments[0]))
    for index in range(arguments[0]):
        machine.state.store(register + POINTER * index, ZERO_RESULT)
    return register


def _register_bit(machine: Machine, arguments: Arguments) -> int:
    return machine.state.bit(int(load(machine.state, _element(machine, arguments))))


def _set_register_bit(machine: Machine, arguments: Arguments) -> None:
    machine.state.store(_element(machine, arguments), ONE_RESULT if arguments[2] else ZERO_RESULT)


def _register_number(machine: Machine, arguments: Arguments) -> int:
    state = machine.state
    return sum(state.bit(result) << place for place, result in enumerate(items(state, arguments[0])))


def _set_register(machine: Machine, arguments: Arguments) -> None:
    for index in range(machine.state.shape(arguments[0])[1]):
        _set_register_bit(machine, (arguments[0], index, arguments[1] >> index & 1))


def _measure_into_register(machine: Machine, arguments: Arguments) -> None:
    machine.state.store(_element(machine, arguments[1:]), _measure(machine, arguments[:1]))


def _group(kind: str) -> Function:
    def record(machine: Machine, arguments: Arguments) -> None:
        machine.emit(RecordGroup(kind, _count(arguments[0])))

    return record


def _nothing(_machine: Machine, _arguments: Arguments) -> None:
    """Give back what need not be given back."""


_RUNTIME: dict[str, Function] = {
    "qubit_allocate": _allocate,
    "qubit_borrow": _allocate,
    "qubit_allocate_array": _allocate_array,
    "qubit_borrow_array": _allocate_array,
    "qubit_array_allocate": _allocate_array,
    "qubit_release": _release,
    "qubit_return": _release,
    "qubit_release_array": _release_array,
    "qubit_return_array": _release_array,
    "qubit_array_release": _release_array,
    "array_create_1d": lambda machine, arguments: machine.state.array(*arguments),
    "array_get_element_ptr_1d": _element,
    "array_get_size_1d": lambda machine, arguments: machine.state.shape(arguments[0])[1],
    "array_copy": _copied,
    "array_concatenate": _joined,
    "tuple_create": lambda machine, arguments: machine.state.keep(arguments[0]),
    "result_allocate": _new_result,
    "result_array_allocate": _allocate_results,
    "result_release": _nothing,
    "result_array_release": _nothing,
    "result_get_zero": lambda _machine, _arguments: ZERO_RESULT,
    "result_get_one": lambda _machine, _arguments: ONE_RESULT,
    "result_equal": _equal,
    "read_result": _read,
    "write_result": _write,
    "result_record_output": _record,
    "result_array_record_output": _record_array,
    "array_record_output": _group("array"),
    "tuple_record_output": _group("tuple"),
}
_MEASUREMENTS: dict[str, Function] = {
    "m": _measure,
    "mz": _measure,
    "mresetz": _measure_and_reset,
    "measure": _measure_paulis,
    "reset": _reset,
    "read_result": _read,
}
_REGISTERS: dict[str, Function] = {
    "create_creg": _register,
    "get_creg_bit": _register_bit,
    "set_creg_bit": _set_register_bit,
    "get_int_from_creg": _register_number,
    "set_creg_to_int": _set_register,
    "mz_to_creg_bit": _measure_into_register,
}
"""pytket's own profile."""
FUNCTIONS: dict[str, Function] = _REGISTERS | {
    f"__quantum__rt__{name}": function for name, function in _RUNTIME.items()
}
FUNCTIONS |= {f"__quantum__qis__{name}__body": function for name, function in _MEASUREMENTS.items()}
