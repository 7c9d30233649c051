"""QIR becomes the IR: base profile, and adaptive profile with forward branches on measured results.

Static qubits and results, and results returned by `m`. What is measured and not recorded becomes hidden bits. Classical
arithmetic, calls of other functions, loops and dynamic allocation are faults that name the instruction.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs.blocks import NotStructured, Straight, nested
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.gates import VOCABULARY
from quantum_jobs.programs.ir import HIDDEN, Bit, Gate, Measure, Operation, Program, Register, Reset
from quantum_jobs.programs.qir_operands import (
    NotUnderstood,
    Operands,
    angle,
    gate_of,
    label_of,
    vocabulary_name,
    whole_number,
)
from quantum_jobs.programs.qir_output import OutputMalformed, Recorded, registers_of
from quantum_jobs.programs.qir_text import (
    Alias,
    Block,
    Branch,
    Call,
    Function,
    Module,
    attributes_of,
    entry_points,
    read_module,
)

_MEASUREMENTS = frozenset({"mz", "m", "mresetz"})
_READS = frozenset({"__quantum__qis__read_result__body", "__quantum__rt__read_result"})
_WITHOUT_EFFECT = frozenset({"__quantum__rt__initialize", "__quantum__qis__barrier__body"})
_RECORDING = {
    "__quantum__rt__array_record_output": "array",
    "__quantum__rt__tuple_record_output": "array",
    "__quantum__rt__result_record_output": "result",
}
_REQUIRED = {
    "qubits": ("required_num_qubits", "num_required_qubits", "requiredQubits"),
    "results": ("required_num_results", "num_required_results", "requiredResults"),
}


def read_qir(text: str, limits: Limits) -> Program:
    """Read QIR text.

    Raises:
        ProgramInvalid: with all faults and their lines.
    """
    module = read_module(text, limits.faults)
    faults = list(module.faults)
    entries = entry_points(module)
    if len(entries) != 1:
        detail = f"{len(entries)} functions have the attribute entry_point; exactly one is needed"
        raise ProgramInvalid("qir", [*faults, Fault(detail, line=1, column=1)])
    reader = _Reader(module, entries[0], limits, faults)
    program = reader.read()
    if program is None:
        raise ProgramInvalid("qir", sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
    return program


@dataclass(frozen=True, slots=True)
class _Read:
    """The value of a result as it was in a block after so many of the block's measurements of it; maybe negated."""

    result: int
    block: str
    measured: int
    is_plain: bool = True


class _Reader:
    """Reads one entry point; faults go to the list given."""

    def __init__(self, module: Module, entry: Function, limits: Limits, faults: list[Fault]) -> None:
        self._module = module
        self._entry = entry
        self._limits = limits
        self._faults = faults
        self._attributes = attributes_of(module, entry)
        self._qubits = self._required("qubits", limits.qubits)
        self._results = self._required("results", limits.bits)
        self._operands = Operands(self._qubits, self._results)
        self._bits: dict[int, Bit] = {}
        self._reads: dict[str, _Read] = {}
        self._measured_at: dict[int, list[str]] = {}
        self._measured_in: Counter[tuple[str, int]] = Counter()

    def read(self) -> Program | None:
        """Give the program, or None where there are faults."""
        if self._entry.parameters:
            self._faults.append(self._entry.place.fault("an entry point with parameters is not supported"))
        self._name_values()
        registers = self._read_output()
        blocks = {name: self._straight(block) for name, block in self._entry.blocks.items()}
        if self._faults or not blocks:
            return None
        try:
            operations = nested(blocks, next(iter(blocks)), self._limits)
        except NotStructured as error:
            self._faults.append(error.fault)
            return None
        hidden = sum(bit.register == HIDDEN for bit in self._bits.values())
        return Program(self._qubits, registers, operations, hidden_bits=hidden)

    def _required(self, what: str, most: int) -> int:
        for name in _REQUIRED[what]:
            value = self._attributes.get(name, "")
            if value.isascii() and value.isdigit():
                count = int(value) if len(value) < 10 else most + 1
                if count > most:
                    self._faults.append(self._entry.place.fault(f"{value} {what}; at most {most:,} are taken"))
                return min(count, most)
        detail = f"the entry point lacks the attribute {_REQUIRED[what][0]} with a number"
        self._faults.append(self._entry.place.fault(detail))
        return 0

    def _instructions(self) -> Iterator[tuple[Block, Call | Alias]]:
        for block in self._entry.blocks.values():
            for instruction in block.instructions:
                yield block, instruction

    def _name_values(self) -> None:
        """Learn which results the names of pointers and of measurements stand for, and where results are measured."""
        for block, item in self._instructions():
            if isinstance(item, Alias):
                if isinstance(item.meaning, int):
                    self._operands.pointers[item.name] = item.meaning
            elif item.result is not None and gate_of(item.name)[0] in _MEASUREMENTS:
                self._operands.pointers[item.result] = self._operands.new_result()
            if isinstance(item, Call) and gate_of(item.name)[0] in _MEASUREMENTS:
                number = self._tried(item, self._measured_result)
                if number is not None:
                    self._measured_at.setdefault(number, []).append(block.name)

    def _measured_result(self, call: Call) -> int:
        if call.result is not None:
            return self._operands.pointers[call.result]
        return self._operands.result(call.arguments[1])

    def _tried[T](self, call: Call, read: Callable[[Call], T]) -> T | None:
        """Read a call; a fault is noted with its place."""
        try:
            return read(call)
        except NotUnderstood as error:
            self._faults.append(call.place.fault(str(error)))
        except IndexError:
            self._faults.append(call.place.fault(f"{call.name} has too few arguments"))
        return None

    def _read_output(self) -> tuple[Register, ...]:
        """Turn the recording calls into registers and give every measured result its bit."""
        self._bits = {number: Bit(HIDDEN, index) for index, number in enumerate(sorted(self._measured_at))}
        ends = [block for block in self._entry.blocks.values() if block.end is None]
        if len(ends) != 1:
            self._faults.append(self._entry.place.fault("the entry point must return at exactly one place"))
            return ()
        calls = [item for item in ends[0].instructions if isinstance(item, Call) and item.name in _RECORDING]
        recorded = [item for item in (self._tried(call, self._recorded) for call in calls) if item is not None]
        try:
            registers, groups = registers_of(recorded)
        except OutputMalformed as error:
            self._faults.append(ends[0].place.fault(str(error)))
            return ()
        if not registers:
            self._faults.append(ends[0].place.fault("the program records no result"))
        self._bits = {
            number: Bit(place, index) for place, group in enumerate(groups) for index, number in enumerate(group)
        }
        unrecorded = sorted(self._measured_at.keys() - self._bits.keys())
        self._bits |= {number: Bit(HIDDEN, index) for index, number in enumerate(unrecorded)}
        return registers

    def _recorded(self, call: Call) -> Recorded:
        label = label_of(call.arguments[1], self._module.labels)
        if _RECORDING[call.name] == "result":
            return Recorded(label, result=self._operands.result(call.arguments[0]))
        return Recorded(label, size=whole_number(call.arguments[0]))

    def _straight(self, block: Block) -> Straight:
        operations: list[Operation] = []
        for item in block.instructions:
            if isinstance(item, Call):
                operations.extend(self._tried(item, lambda call: self._operations(block, call)) or ())
            elif not isinstance(item.meaning, int):
                self._negate(item, *item.meaning)
        end = block.end
        if end is None:
            return Straight(block.place, tuple(operations))
        for name in filter(None, (end.yes, end.no)):
            if name not in self._entry.blocks:
                self._faults.append(end.place.fault(f"there is no block {name}"))
        if end.condition is None or end.yes == end.no:
            return Straight(block.place, tuple(operations), end.yes)
        return self._tested(block, end, tuple(operations))

    def _tested(self, block: Block, end: Branch, operations: tuple[Operation, ...]) -> Straight:
        condition = (end.condition or "").lstrip("%")
        if condition in {"true", "false"}:
            return Straight(block.place, operations, end.yes if condition == "true" else end.no)
        read = self._reads.get(condition)
        if read is None or read.result not in self._measured_at:
            self._faults.append(end.place.fault("the condition is not a measured result"))
            return Straight(block.place, operations)
        if not self._is_current(read, block):
            self._faults.append(end.place.fault("the result may be measured again between its reading and the branch"))
        yes, no = (end.yes, end.no) if read.is_plain else (end.no, end.yes)
        return Straight(block.place, operations, yes, no, self._bits[read.result])

    def _is_current(self, read: _Read, block: Block) -> bool:
        """Tell whether a result still has the value that was read: branches of the IR test it as it is then."""
        if read.block == block.name:
            return read.measured == self._measured_in[block.name, read.result]
        first = next(iter(self._entry.blocks))
        where = self._measured_at[read.result]
        return (where == [read.block] and read.measured == 1) or where == [first] != [block.name]

    def _negate(self, item: Alias, of: str, is_flipped: bool) -> None:
        read = self._reads.get(of)
        if read is None:
            self._faults.append(item.place.fault("classical arithmetic is supported on results just read only"))
        else:
            self._reads[item.name] = replace(read, is_plain=read.is_plain != is_flipped)

    def _operations(self, block: Block, call: Call) -> tuple[Operation, ...]:
        word, is_adjoint = gate_of(call.name)
        if call.name in _READS:
            number = self._operands.result(call.arguments[0])
            self._reads[call.result or ""] = _Read(number, block.name, self._measured_in[block.name, number])
            return ()
        if call.name in _WITHOUT_EFFECT or call.name in _RECORDING:
            return self._without_effect(block, call)
        if word in _MEASUREMENTS and not is_adjoint:
            return self._measurement(block, call, word)
        if word == "reset" and not is_adjoint:
            return (Reset(self._operands.qubit(call.arguments[0])),)
        return (self._gate(call, vocabulary_name(word, is_adjoint)),)

    def _without_effect(self, block: Block, call: Call) -> tuple[Operation, ...]:
        if call.name in _RECORDING and block.end is not None:
            raise NotUnderstood("output is recorded in the last block only")
        return ()

    def _measurement(self, block: Block, call: Call, word: str) -> tuple[Operation, ...]:
        qubit, number = self._operands.qubit(call.arguments[0]), self._measured_result(call)
        self._measured_in[block.name, number] += 1
        measure = Measure(qubit, self._bits[number])
        return (measure, Reset(qubit)) if word == "mresetz" else (measure,)

    def _gate(self, call: Call, name: str | None) -> Gate:
        if name is None:
            raise NotUnderstood(f"the call of {call.name} is not supported")
        kind = VOCABULARY[name]
        if len(call.arguments) != kind.angles + kind.arity:
            raise NotUnderstood(f"{call.name} takes {kind.angles + kind.arity} arguments, not {len(call.arguments)}")
        angles = tuple(angle(text) for text in call.arguments[: kind.angles])
        qubits = tuple(self._operands.qubit(text) for text in call.arguments[kind.angles :])
        if len(set(qubits)) != len(qubits):
            raise NotUnderstood("the same qubit is used twice")
        return Gate(name, qubits, angles)
