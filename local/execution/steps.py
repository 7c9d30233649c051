"""The classical steps of a group of shots: computing, recording, going from block to block."""

from collections.abc import Callable
from typing import Any

from local.execution.classical import compute
from local.execution.errors import InvalidProgram, ProgramTooLarge
from local.execution.groups import Group
from local.execution.program import (
    Choose,
    Compute,
    Jump,
    Operation,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
)


def _compute(group: Group, step: Compute) -> list[Group]:
    values = group.values
    operands = [values[item.index] if isinstance(item, Register) else item for item in step.operands]
    try:
        value = compute(step.operation, operands, step.width, step.operand_width)
    except (ArithmeticError, ValueError) as error:
        raise InvalidProgram(f"{step.operation} of {operands} failed: {error}.") from error
    values[step.target.index] = value
    return []


def _record_value(group: Group, step: RecordValue) -> list[Group]:
    value = group.values[step.value.index] if isinstance(step.value, Register) else step.value
    group.output.append(RecordValue(step.kind, value))
    return []


def _record(group: Group, step: RecordResult | RecordGroup) -> list[Group]:
    group.output.append(step)
    return []


CLASSICAL: dict[type[Operation], Callable[[Group, Any], list[Group]]] = {
    Compute: _compute,
    RecordValue: _record_value,
    RecordResult: _record,
    RecordGroup: _record,
}
"""Kind of step -> what it does to a group; none of them splits it."""


def follow(group: Group, step: Jump | Choose) -> None:
    """Go to the next block; raises ProgramTooLarge where the program turns in a circle for ever."""
    values = group.values
    if isinstance(step, Choose):
        condition = values[step.condition.index] if isinstance(step.condition, Register) else step.condition
        step = next((jump for case, jump in step.cases if case == condition), step.default)
    if step.moves:
        values |= [
            (register.index, values[item.index] if isinstance(item, Register) else item)
            for register, item in step.moves
        ]
    group.block, group.position = step.block, 0
    if group.trail.is_back(step.block, values):
        raise ProgramTooLarge(
            "The program never ends: it comes back to where it was, with the same values and no bit read."
        )
