"""Turns Quil's instructions into blocks of operations."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from quil import instructions as quil
from quil.instructions import Instruction, Qubit
from quil.program import Program as Text

from local.execution.builder import Builder
from local.execution.errors import ExecutionError, InvalidProgram, UnsupportedProgram
from local.execution.program import Measure, Program, Reset
from local.execution.quil.circuits import written_out
from local.execution.quil.contents import content, number
from local.execution.quil.expressions import Expressions
from local.execution.quil.gates import Gates
from local.execution.quil.logic import Logic, destinations
from local.execution.quil.memory import MOST_CELLS, Memory
from local.execution.quil.substitutions import Values

_DEFINITIONS = (Instruction.Declaration, Instruction.GateDefinition)
# Hints to a compiler or a device, without effect on the state.
_HINTS = (Instruction.Pragma, Instruction.Nop, Instruction.Fence, Instruction.Delay)
# The result of measurements that go to no memory.
UNSEEN = MOST_CELLS
MOST_QUBITS = 4096


class Lowering:
    """Makes one program of a text and one set of values."""

    def __init__(self, text: Text, values: Values) -> None:
        instructions = written_out(text.to_instructions())
        self._steps = [step for step in instructions if not isinstance(step, (*_DEFINITIONS, *_HINTS))]
        definitions = [content(step) for step in instructions if isinstance(step, Instruction.GateDefinition)]
        self._qubits = {number for step in self._steps for number in _numbers(step)}
        self._builder = Builder()
        self._memory = Memory(
            [content(step) for step in instructions if isinstance(step, Instruction.Declaration)],
            values,
            computed={name for step in self._steps for name in destinations(step)},
            measured={name for step in self._steps for name in _measured(step)},
        )
        self._gates = Gates(definitions, Expressions(self._memory, self._builder))
        self._logic = Logic(self._memory, self._builder)
        self._labels: dict[str, int] = {}
        self._lowered: dict[type, Callable[[Any], None]] = {
            Instruction.Gate: self._gate,
            Instruction.Measurement: self._measure,
            Instruction.Reset: self._reset,
            Instruction.Label: self._label,
            Instruction.Jump: self._jump,
            Instruction.JumpWhen: self._jump_when,
            Instruction.JumpUnless: self._jump_unless,
        }

    def program(self) -> Program:
        """Raises ExecutionError naming the instruction that is wrong."""
        self._memory.start(self._builder)
        self._make_blocks()
        for step, following in pairwise([*self._steps, None]):
            if step is not None:
                self._step(step, is_last=following is None)
        self._memory.record(self._builder)
        return self._builder.program(max(self._qubits, default=-1) + 1, self._memory.readout())

    def _make_blocks(self) -> None:
        """Make a block for each label, so that jumps may go forward."""
        for step in self._steps:
            if isinstance(step, Instruction.Label):
                name = _target(content(step).target)
                if name in self._labels:
                    raise InvalidProgram(f"The label @{name} is there twice.")
                self._labels[name] = self._builder.block()

    def _step(self, step: Instruction, *, is_last: bool) -> None:
        if isinstance(step, Instruction.Halt | Instruction.Wait):
            return self._end(step, is_last=is_last)
        lower = self._lowered.get(type(step))
        try:
            if lower is not None:
                lower(content(step))
            elif not self._logic.lowered(step):
                raise UnsupportedProgram("This instruction is not built in this local workspace.")
        except ExecutionError as error:
            text = step.to_quil_or_debug().partition("\n")[0][:80]
            raise type(error)(f"in `{text}`: {error}") from error
        return None

    def _end(self, step: Instruction, *, is_last: bool) -> None:
        if isinstance(step, Instruction.Wait):
            raise UnsupportedProgram("WAIT needs a host that answers, which this local workspace has not.")
        if not is_last:
            self._memory.record(self._builder)
            self._builder.open = self._builder.block()

    def _gate(self, gate: quil.Gate) -> None:
        self._builder.gates(self._gates.expand(gate, tuple(_number(qubit) for qubit in gate.qubits)))

    def _measure(self, measurement: quil.Measurement) -> None:
        if measurement.name is not None:
            raise UnsupportedProgram("Named measurements are not built in this local workspace.")
        qubit = _number(measurement.qubit)
        if measurement.target is None:
            self._builder.add(Measure(qubit, UNSEEN))
        else:
            self._memory.measure(qubit, measurement.target, self._builder)

    def _reset(self, reset: quil.Reset) -> None:
        for qubit in sorted(self._qubits) if reset.qubit is None else [_number(reset.qubit)]:
            self._builder.add(Reset(qubit))

    def _label(self, label: quil.Label) -> None:
        block = self._labels[_target(label.target)]
        self._builder.jump(block)
        self._builder.open = block

    def _place(self, target: quil.Target) -> int:
        name = _target(target)
        if name not in self._labels:
            raise InvalidProgram(f"There is no label @{name}.")
        return self._labels[name]

    def _jump(self, jump: quil.Jump) -> None:
        self._builder.jump(self._place(jump.target))
        self._builder.open = self._builder.block()

    def _jump_when(self, jump: quil.JumpWhen) -> None:
        target, after = self._place(jump.target), self._builder.block()
        self._builder.choose(self._memory.value(jump.condition, self._builder), target, after)
        self._builder.open = after

    def _jump_unless(self, jump: quil.JumpUnless) -> None:
        target, after = self._place(jump.target), self._builder.block()
        self._builder.choose(self._memory.value(jump.condition, self._builder), after, target)
        self._builder.open = after


def _target(target: quil.Target) -> str:
    return str(target.to_quil_or_debug()).removeprefix("@")


def _number(qubit: Qubit) -> int:
    found = number(qubit)
    if found is None:
        raise InvalidProgram(f"The qubit {qubit.to_quil_or_debug()} must be a number.")
    if found >= MOST_QUBITS:
        raise InvalidProgram(f"Qubit {found} is not there; qubits are from 0 to {MOST_QUBITS - 1}.")
    return found


def _numbers(step: Instruction) -> Iterator[int]:
    """Give the numbers of the qubits that an instruction names."""
    match step:
        case Instruction.Gate(gate):
            yield from map(_number, gate.qubits)
        case Instruction.Measurement(inner) | Instruction.Reset(inner) if inner.qubit is not None:
            yield _number(inner.qubit)


def _measured(step: Instruction) -> Iterator[str]:
    """Name the region that an instruction measures into."""
    match step:
        case Instruction.Measurement(measurement) if measurement.target is not None:
            yield measurement.target.name
