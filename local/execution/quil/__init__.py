"""Reads Quil, as Rigetti takes it, into programs: one per set of values that is substituted."""

import re
from collections.abc import Iterator

from quil import QuilError
from quil.program import Program as Text

from local.execution.errors import InvalidProgram
from local.execution.program import Program
from local.execution.quil.lowering import Lowering
from local.execution.quil.substitutions import value_sets

# The parser's recursion ends the process on deeper nesting than some thousands.
MOST_NESTED = 200
_OPERATORS = re.compile(r"[-+*/^]")


def read(program: bytes, substitutions: object = None) -> Iterator[Program]:
    """Read a program for each set of values; its output is one array per region that is read out, index 0 first.

    Raises InvalidProgram with the parser's line and column or the instruction, UnsupportedProgram naming what is not
    built, ProgramTooLarge.
    """
    text = _parsed(program)
    for values in value_sets(substitutions):
        yield Lowering(text, values).program()


def _parsed(program: bytes) -> Text:
    try:
        text = program.decode()
    except UnicodeDecodeError as error:
        raise InvalidProgram(f"The program is not text in UTF-8: byte {error.start} is wrong.") from error
    for number, line in enumerate(text.splitlines(), start=1):
        _check_nesting(line, number)
    try:
        return Text.parse(text)
    except QuilError as error:
        raise InvalidProgram(f"The Quil does not parse: {str(error)[:500]}.") from error


def _check_nesting(line: str, number: int) -> None:
    """Refuse what would be nested too deeply: parentheses, and operators of one expression in a chain."""
    depth = 0
    for character in line:
        depth += (character == "(") - (character == ")")
        if depth > MOST_NESTED:
            raise InvalidProgram(f"line {number}: parentheses are nested more than {MOST_NESTED} deep.")
    longest = max(len(_OPERATORS.findall(expression)) for expression in line.split(","))
    if longest > MOST_NESTED:
        raise InvalidProgram(f"line {number}: an expression has more than {MOST_NESTED} operators.")
