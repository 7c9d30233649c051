"""The exact distribution of a program's output, by following every branch on dense matrices: slow and plain."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from local.execution.classical import compute
from local.execution.gates import control_count, target_matrix
from local.execution.program import (
    Choose,
    Compute,
    Gate,
    Measure,
    Operand,
    Program,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
)

type State = NDArray[np.complex128]
FALSE_ALARM = 1e-6


def matrix_of(gate: Gate, width: int) -> State:
    """A gate on all qubits, from its own matrix, element by element."""
    own = control_count(gate.name)
    controls = gate.controls + gate.qubits[:own]
    targets = gate.qubits[own:]
    small = target_matrix(gate.name, gate.angles, gate.entries)
    out = np.zeros((1 << width, 1 << width), dtype=complex)
    for column in range(1 << width):
        if not all(column >> qubit & 1 for qubit in controls):
            out[column, column] = 1
            continue
        inner = sum((column >> qubit & 1) << place for place, qubit in enumerate(targets))
        rest = column & ~sum(1 << qubit for qubit in targets)
        for row in range(len(small)):
            out[rest | sum((row >> place & 1) << qubit for place, qubit in enumerate(targets)), column] = small[
                row, inner
            ]
    return out


def distribution(program: Program) -> dict[tuple[object, ...], float]:
    """The probability of each output of a program without loops."""
    found: Counter[tuple[object, ...]] = Counter()
    start = np.zeros(1 << program.width, dtype=complex)
    start[0] = 1
    _follow(program, 0, 0, start, {}, {}, (), found)
    return {output: probability for output, probability in found.items() if probability > 1e-12}


def _value(operand: Operand, values: Mapping[int, object]) -> object:
    return values[operand.index] if isinstance(operand, Register) else operand


def _follow(program, block, position, state, bits, values, output, found):  # noqa: C901 - one case per operation
    """Branches carry their probability as the squared norm of the state."""
    operations = program.blocks[block].operations
    for index in range(position, len(operations)):
        match operations[index]:
            case Gate() as gate:
                known = replace(gate, angles=tuple(_value(angle, values) for angle in gate.angles))
                state = matrix_of(known, program.width) @ state
            case Measure(qubit=qubit, result=result):
                for bit, part in _projected(state, qubit):
                    _follow(program, block, index + 1, part, bits | {result: bit}, values, output, found)
                return
            case Reset(qubit=qubit):
                for bit, part in _projected(state, qubit):
                    flipped = matrix_of(Gate("x", (qubit,)), program.width) @ part if bit else part
                    _follow(program, block, index + 1, flipped, bits, values, output, found)
                return
            case ReadResult(target=target, result=result):
                values = values | {target.index: bits.get(result, 0)}
            case Compute() as step:
                operands = [_value(operand, values) for operand in step.operands]
                values = values | {step.target.index: compute(step.operation, operands, step.width, step.operand_width)}
            case RecordResult(result=result):
                output = (*output, ("result", bits.get(result, 0)))
            case RecordValue(kind=kind, value=value):
                output = (*output, (kind, _value(value, values)))
            case RecordGroup() as group:
                output = (*output, group)
    following = program.blocks[block].next
    if following is None:
        found[output] += float(np.vdot(state, state).real)
        return
    if isinstance(following, Choose):
        condition = _value(following.condition, values)
        following = next((jump for case, jump in following.cases if case == condition), following.default)
    values = values | {register.index: _value(operand, values) for register, operand in following.moves}
    _follow(program, following.block, 0, state, bits, values, output, found)


def _projected(state: State, qubit: int) -> list[tuple[int, State]]:
    ones = np.array([index >> qubit & 1 for index in range(len(state))], dtype=bool)
    parts = [(0, np.where(ones, 0, state)), (1, np.where(ones, state, 0))]
    return [(bit, part) for bit, part in parts if np.vdot(part, part).real > 1e-12]


def agrees(counts: Mapping[tuple[object, ...], int], exact: Mapping[tuple[object, ...], float]) -> bool:
    """Chi-square test of counts against an exact distribution; right counts fail once in a million."""
    assert set(counts) <= set(exact), f"impossible outputs: {set(counts) - set(exact)}"
    shots = sum(counts.values())
    likely = {output: probability for output, probability in exact.items() if probability * shots >= 5}
    rare = 1 - sum(likely.values())
    cells = [(counts.get(output, 0), probability * shots) for output, probability in likely.items()]
    if rare * shots >= 5:
        cells.append((shots - sum(counts.get(output, 0) for output in likely), rare * shots))
    statistic = sum((seen - expected) ** 2 / expected for seen, expected in cells)
    return len(cells) < 2 or bool(chi2.sf(statistic, len(cells) - 1) > FALSE_ALARM)
