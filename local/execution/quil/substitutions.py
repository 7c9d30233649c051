"""Reads the values that a job substitutes for regions of memory."""

import math
from collections.abc import Iterator, Mapping

from local.execution.errors import InvalidProgram
from local.execution.program import Number

type Values = Mapping[str, tuple[Number, ...]]
MOST_SETS = 100_000


def value_sets(substitutions: object) -> Iterator[Values]:
    """Give the values of each run, one run without any if nothing is substituted; raises InvalidProgram."""
    if not substitutions:
        yield {}
        return
    if not isinstance(substitutions, dict) or not all(isinstance(rows, list) for rows in substitutions.values()):
        raise InvalidProgram("substitutions must be an object: memory region to a list of lists of numbers.")
    lengths = {len(rows) for rows in substitutions.values()}
    if len(lengths) != 1 or not 1 <= (count := lengths.pop()) <= MOST_SETS:
        raise InvalidProgram(f"substitutions must have equally many sets for each region, 1 to {MOST_SETS}.")
    for index in range(count):
        yield {region: _row(region, index, rows[index]) for region, rows in substitutions.items()}


def _row(region: str, index: int, row: object) -> tuple[Number, ...]:
    if not isinstance(row, list) or not all(_is_number(value) for value in row):
        raise InvalidProgram(f"substitutions.{region}[{index}] must be a list of finite numbers.")
    return tuple(row)


def _is_number(value: object) -> bool:
    # Above 2^53 a whole number and its double part ways.
    return (
        not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e300
    )
