"""Runs the classical part of a QIR program and writes its quantum part out, from one measured bit to the next."""

from collections.abc import Iterator, Sequence

from local.execution.classical import compute
from local.execution.errors import InvalidProgram, ProgramTooLarge
from local.execution.program import (
    Block,
    Choose,
    Compute,
    Gate,
    Jump,
    Measure,
    Number,
    Operand,
    Operation,
    Program,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
    qubits_of,
)
from local.execution.qir_code import Allocate, Code, Give, Instruction, Invoke, Load, Offset, Stop, Store
from local.execution.qir_gates import gate_call
from local.execution.qir_layout import Constants
from local.execution.qir_reader import Library
from local.execution.qir_runtime import FUNCTIONS, apply, load
from local.execution.qir_state import KNOWN_0, Frame, State, UnreadResult

MOST_STEPS = 5_000_000
"""Instructions executed and values copied, added up over all histories of measured bits."""
MOST_WRITTEN = 1_000_000
"""Operations written out, added up over all histories."""
_BIT = Register(0)
"""Where a block of the program puts the bit that it ends with."""


class Machine:
    """Executes instructions of one state until it ends or needs a measured bit."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._steps = self._written = 0
        self.state = State(None, 0)
        self._operations: list[Operation] = []

    def run(self, state: State) -> tuple[list[Operation], int | None]:
        """Give the operations that the state leads to, and the measurement that it waits for."""
        self.state, self._operations = state, []
        try:
            while state.frames:
                self._section(state.frames[-1])
        except UnreadResult as needed:
            return self._operations, needed.measurement
        return self._operations, None

    def count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise ProgramTooLarge(f"The program ran more than {MOST_STEPS} classical instructions: is there a loop?")

    def emit(self, operation: Operation) -> None:
        """Write an operation out; a result is from then on the number of its measurement."""
        self._written += 1
        if self._written > MOST_WRITTEN:
            raise ProgramTooLarge(f"Written out, the program has more than {MOST_WRITTEN} operations.")
        state = self.state
        if isinstance(operation, Gate):
            size = len(operation.touched)
            state.gate_counts[size] = state.gate_counts.get(size, 0) + 1
        elif isinstance(operation, Measure):
            operation = Measure(operation.qubit, state.measure_into(operation.result))
            state.measured += 1
        elif isinstance(operation, RecordResult):
            measurement = state.results.get(operation.result, KNOWN_0)
            is_known = measurement <= KNOWN_0
            operation = RecordValue("result", state.bits[measurement]) if is_known else RecordResult(measurement)
        self._operations.append(operation)

    def _section(self, frame: Frame) -> None:
        """Run a section to its end, or to a call."""
        section = frame.code.sections[frame.section]
        depth = len(self.state.frames)
        while frame.position < len(section.instructions):
            self.count()
            self._execute(frame, section.instructions[frame.position])
            # Only then: an instruction that waits for a bit is executed once more.
            frame.position += 1
            if len(self.state.frames) > depth:
                return
        self.count()
        if section.next is None:
            last = section.instructions[-1] if section.instructions else None
            self.count(len(self.state.memory) // 16)
            self.state.leave(self._value(frame, last.value) if isinstance(last, Give) else None)
        else:
            self._follow(frame, section.next)

    def _follow(self, frame: Frame, step: Jump | Choose) -> None:
        if isinstance(step, Choose):
            condition = self._value(frame, step.condition)
            step = next((jump for case, jump in step.cases if case == condition), step.default)
        moved = [(register.index, self._value(frame, operand)) for register, operand in step.moves]
        frame.values.update(moved)
        frame.section, frame.position = step.block, 0

    def _value(self, frame: Frame, operand: Operand) -> Number:
        if not isinstance(operand, Register):
            return operand
        try:
            return frame.values[operand.index]
        except KeyError as error:
            raise InvalidProgram(f"{frame.code.name} uses a value that no instruction has given.") from error

    def _execute(self, frame: Frame, step: Instruction) -> None:
        values = frame.values
        match step:
            case Compute():
                values[step.target.index] = self._computed(frame, step)
            case Load():
                values[step.target.index] = self._loaded(int(self._value(frame, step.address)))
            case Store():
                self.state.store(int(self._value(frame, step.address)), self._value(frame, step.value))
            case Offset():
                steps = sum(int(self._value(frame, index)) * stride for index, stride in step.steps)
                values[step.target.index] = int(self._value(frame, step.base)) + steps
            case Allocate():
                values[step.target.index] = self.state.reserve(step.size * int(self._value(frame, step.count)))
            case Invoke():
                self._invoke(frame, step)
            case Stop():
                raise InvalidProgram(f"The program fails: {step.reason} (in {frame.code.name}).")
            case ReadResult():
                values[step.target.index] = self.state.bit(step.result)
            case Give():
                pass
            case _:
                self._write_out(frame, step)

    def _write_out(self, frame: Frame, step: Gate | Measure | Reset | RecordResult | RecordValue | RecordGroup) -> None:
        if isinstance(step, Gate):
            for qubit in step.qubits:
                self.state.qubit(qubit)
            if step.angles:
                step = Gate(step.name, step.qubits, self._values(frame, step.angles), step.controls)
        elif isinstance(step, Measure | Reset):
            self.state.qubit(step.qubit)
        elif isinstance(step, RecordValue):
            step = RecordValue(step.kind, self._value(frame, step.value))
        self.emit(step)

    def _values(self, frame: Frame, operands: Sequence[Operand]) -> tuple[Number, ...]:
        return tuple(self._value(frame, operand) for operand in operands)

    def _computed(self, frame: Frame, step: Compute) -> Number:
        operands = list(self._values(frame, step.operands))
        try:
            return compute(step.operation, operands, step.width, step.operand_width)
        except (ArithmeticError, ValueError) as error:
            raise InvalidProgram(f"{step.operation} of {operands} failed: {error}.") from error

    def _loaded(self, address: int) -> Number:
        constants: Constants = self._library.constants
        if address not in self.state.memory and address in constants.memory:
            return constants.memory[address]
        return load(self.state, address)

    def _invoke(self, frame: Frame, step: Invoke) -> None:
        arguments = self._values(frame, step.arguments)
        if step.function in self._library:
            self.state.enter(self._library.code(step.function), list(arguments), step.target)
            return
        call = gate_call(step.function)
        if call is not None:
            apply(self, call, arguments)
            return
        try:
            value = FUNCTIONS[step.function](self, [int(argument) for argument in arguments])
        except (IndexError, TypeError) as error:
            raise InvalidProgram(f"{step.function} is called with {len(arguments)} arguments.") from error
        if value is not None:
            frame.values[step.target.index] = value


class Unfolding:
    """A program whose blocks are written out when they are first asked for; a block ends where a bit is read.

    A block number stands for one history of measured bits; qubits are those of the blocks written out so far.
    """

    def __init__(self, library: Library, entry: Code, *, qubits: int | None, most_qubits: int) -> None:
        self._machine = Machine(library)
        state = State(qubits, most_qubits)
        state.enter(entry, [], None)
        self._waiting: list[tuple[State, int, int] | None] = [None]
        self._blocks: list[Block | None] = [None]
        self._declared, self._highest = qubits, -1
        self.registers: tuple[str, ...] = ()
        self.gate_counts: dict[int, int] = {}
        self.measurements = 0
        self._blocks[0] = self._written(state)

    @property
    def blocks(self) -> "Unfolding":
        return self

    @property
    def width(self) -> int:
        """How many qubits are declared or have been used so far."""
        return max(self._declared or 0, self._highest + 1)

    def program(self) -> "Program | Unfolding":
        """Give a plain program where no block waits for a bit."""
        first = self[0]
        return Program((first,), self.width) if first.next is None else self

    def __getitem__(self, number: int) -> Block:
        block = self._blocks[number]
        if block is None:
            block = self._blocks[number] = self._continued(number)
        return block

    def operations(self) -> Iterator[Operation]:
        """Give every operation of the blocks written out so far."""
        for block in self._blocks:
            yield from block.operations if block is not None else ()

    def used_qubits(self) -> tuple[int, ...]:
        """Give the qubits of the blocks written out so far, in ascending order."""
        return tuple(sorted({qubit for block in self._blocks if block is not None for qubit in qubits_of(block)}))

    def without_qubits(self) -> Program:
        """Give what is recorded where every measurement gives 0."""
        records: list[Operation] = []
        number: int | None = 0
        while number is not None:
            block = self[number]
            records += [step for step in block.operations if isinstance(step, RecordResult | RecordValue | RecordGroup)]
            number = block.next.default.block if isinstance(block.next, Choose) else None
        return Program((Block(tuple(records)),), self.width)

    def _continued(self, number: int) -> Block:
        waiting = self._waiting[number]
        if waiting is None:
            raise IndexError(number)
        self._waiting[number] = None
        state, measurement, bit = waiting
        self._machine.count(state.size // 8)
        state = state.copy()
        state.bits[measurement] = bit
        return self._written(state)

    def _written(self, state: State) -> Block:
        operations, measurement = self._machine.run(state)
        if measurement is None:
            if sum(state.gate_counts.values()) >= sum(self.gate_counts.values()):
                self.gate_counts, self.measurements = state.gate_counts, state.measured
            block = Block(tuple(operations))
        else:
            children = len(self._blocks)
            self._waiting += [(state, measurement, 0), (state, measurement, 1)]
            self._blocks += [None, None]
            follow = Choose(_BIT, ((1, Jump(children + 1)),), Jump(children))
            block = Block((*operations, ReadResult(_BIT, measurement)), follow)
        self._highest = max(self._highest, *qubits_of(block), -1)
        return block
