"""Writes results by register, as providers do: honeywell.quantum-results.v1 and rigetti.quil-results.v1."""

import json
from collections.abc import Callable, Sequence

from local.execution.program import Number, RecordGroup
from local.execution.records import Record
from local.execution.results import MICROSOFT_WRITERS, Outcomes

type Row = list[Number]
type RegisterWriter = Callable[[Sequence[str], Sequence[Outcomes], int], bytes]


def rows(record: Record) -> list[Row]:
    """Give the values of each array of an output; every value of it is in one."""
    found: list[Row] = []
    for entry in record:
        if isinstance(entry, RecordGroup):
            found.append([])
        else:
            found[-1].append(entry[1])
    return found


def register_writer(own_format: str, asked: str) -> RegisterWriter | None:
    """Give what writes the format that a job asks for: the provider's own or one of Microsoft's; None for others."""
    if asked == own_format:
        return _OWN[own_format]
    microsoft = MICROSOFT_WRITERS.get(asked)
    return None if microsoft is None else lambda registers, batch, seed: microsoft(batch, seed)


def write_honeywell(registers: Sequence[str], batch: Sequence[Outcomes], seed: int) -> bytes:
    """Write each register's bits of each shot as text, the highest bit first: c[n-1] ... c[0]."""
    return _by_register(registers, batch, seed, lambda row: f'"{"".join(str(bit) for bit in reversed(row))}"')


def write_quil(registers: Sequence[str], batch: Sequence[Outcomes], seed: int) -> bytes:
    """Write each region's values of each shot as a list, index 0 first; set after set of substituted values."""
    return _by_register(registers, batch, seed, json.dumps)


def _by_register(registers: Sequence[str], batch: Sequence[Outcomes], seed: int, text: Callable[[Row], str]) -> bytes:
    """Write the shots of every register in the same order."""
    columns: list[list[str]] = [[] for _ in registers]
    for place, item in enumerate(batch):
        texts = [[text(row) for row in rows(record)] for record, _ in item.counts]
        order = item.order(seed + place).tolist()
        for position, column in enumerate(columns):
            column.extend(texts[index][position] for index in order)
    members = [f"{json.dumps(name)}: [{', '.join(column)}]" for name, column in zip(registers, columns, strict=True)]
    return f"{{{', '.join(members)}}}".encode()


_OWN: dict[str, RegisterWriter] = {
    "honeywell.quantum-results.v1": write_honeywell,
    "rigetti.quil-results.v1": write_quil,
}
