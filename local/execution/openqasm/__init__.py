"""Reads OpenQASM 2 and 3, as Quantinuum takes them, into a program."""

from local.execution.errors import InvalidProgram
from local.execution.openqasm.lowering import lowered
from local.execution.openqasm.parser import Parser
from local.execution.openqasm.tokens import tokens
from local.execution.program import Program


def read(program: bytes) -> Program:
    """Read a program; its output is one array per bit register, in order of declaration, bit 0 first.

    Raises InvalidProgram with line and column, UnsupportedProgram naming what is not built, ProgramTooLarge.
    """
    try:
        text = program.decode()
    except UnicodeDecodeError as error:
        raise InvalidProgram(f"The program is not text in UTF-8: byte {error.start} is wrong.") from error
    try:
        return lowered(Parser(tokens(text)).program())
    except RecursionError as error:
        raise InvalidProgram("The program is nested too deeply.") from error
