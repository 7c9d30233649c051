"""Exact distributions of what the local cloud's own readers make of a text: a second opinion, independent of ours."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from local.execution import ionq, openqasm, quil
from local.execution.classical import compute
from local.execution.gates import control_count, target_matrix
from local.execution.program import (
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
    RecordResult,
    Register,
    Reset,
)
from tests.programs import referee

READERS: dict[str, Callable[[bytes], Program]] = {
    "openqasm2": openqasm.read,
    "ionq-circuit": ionq.read,
    "quil": lambda text: next(iter(quil.read(text))),
}


@dataclass
class Branch:
    state: referee.Matrix
    block: int = 0
    position: int = 0
    bits: dict[int, int] = field(default_factory=dict)
    values: dict[int, Number] = field(default_factory=dict)
    output: str = ""

    def value(self, operand: Operand) -> Number:
        return self.values[operand.index] if isinstance(operand, Register) else operand


def distribution(language: str, text: str) -> dict[str, float]:
    """Probabilities by recorded bits, in the order of the output, index 0 of each array first."""
    program = READERS[language](text.encode())
    start = np.zeros((2,) * max(program.width, 1), complex)
    start[(0,) * max(program.width, 1)] = 1
    totals: dict[str, float] = defaultdict(float)
    stack = [Branch(start)]
    while stack:
        branch = stack.pop()
        block = program.blocks[branch.block]
        if branch.position < len(block.operations):
            branch.position += 1
            stack.extend(_step(branch, block.operations[branch.position - 1]))
        elif block.next is not None:
            _follow(branch, block.next)
            stack.append(branch)
        else:
            totals[branch.output] += np.vdot(branch.state, branch.state).real
    return dict(totals)


def _step(branch: Branch, operation: Operation) -> list[Branch]:
    match operation:
        case Gate():
            branch.state = _applied(branch, operation)
        case Measure(qubit, result):
            parts = [(one, _kept(branch.state, qubit, one)) for one in (0, 1)]
            return [
                replace(branch, state=state, bits=branch.bits | {result: one}, values=dict(branch.values))
                for one, state in parts
                if np.vdot(state, state).real > 1e-13
            ]
        case Reset(qubit):
            zero, one = _kept(branch.state, qubit, 0), _kept(branch.state, qubit, 1)
            states = [zero, referee.applied(referee.X, [qubit], one)]
            return [
                replace(branch, state=state, bits=dict(branch.bits), values=dict(branch.values))
                for state in states
                if np.vdot(state, state).real > 1e-13
            ]
        case ReadResult(target, result):
            branch.values[target.index] = branch.bits.get(result, 0)
        case Compute(target, name, operands, width, operand_width):
            given = [branch.value(operand) for operand in operands]
            branch.values[target.index] = compute(name, given, width, operand_width)
        case RecordResult(result):
            branch.output += str(branch.bits.get(result, 0))
    return [branch]


def _applied(branch: Branch, gate: Gate) -> referee.Matrix:
    own = control_count(gate.name)
    matrix = target_matrix(gate.name, [float(branch.value(angle)) for angle in gate.angles], gate.entries)
    controls, targets = (*gate.controls, *gate.qubits[:own]), gate.qubits[own:]
    for _ in controls:
        matrix = referee.controlled(matrix)
    return referee.applied(matrix, [*controls, *reversed(targets)], branch.state)


def _kept(state: referee.Matrix, qubit: int, outcome: int) -> referee.Matrix:
    kept = np.zeros_like(state)
    place = (slice(None),) * qubit + (outcome,)
    kept[place] = state[place]
    return kept


def _follow(branch: Branch, step: Jump | Choose) -> None:
    if isinstance(step, Choose):
        condition = branch.value(step.condition)
        step = next((jump for case, jump in step.cases if case == condition), step.default)
    moved = {register.index: branch.value(operand) for register, operand in step.moves}
    branch.values.update(moved)
    branch.block, branch.position = step.block, 0
