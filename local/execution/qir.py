"""Reads QIR, as LLVM text or bitcode, of the base and the adaptive profile and beyond them into a program."""

from collections.abc import Sequence

import pyqir

from local.execution.errors import InvalidProgram
from local.execution.limits import DEFAULT
from local.execution.program import Block, Number, Program, qubits_of
from local.execution.qir_code import Code, Give
from local.execution.qir_reader import FunctionReader, Library
from local.execution.qir_unfolding import Unfolding

BITCODE_MAGIC = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")


class Reader:
    """One module, parsed once however many of its entry points are read.

    Raises InvalidProgram for what is not QIR.
    """

    def __init__(self, program: bytes) -> None:
        self._module = _parse(program)
        self._library = Library(self._module)

    def read(
        self,
        entry_point: str | None = None,
        arguments: Sequence[Number] = (),
        most_qubits: int = DEFAULT.clifford_qubits,
    ) -> Program | Unfolding:
        """Read an entry point; bit i of the program is qubit i.

        What is known before it runs is a Program. Calls, memory and allocated qubits are resolved by running the
        classical part: a Program too where no step waits for a measured bit, else an Unfolding.
        Raises InvalidProgram for what fails, UnsupportedProgram for QIR beyond this, ProgramTooLarge.
        """
        function = _entry(self._module, entry_point)
        if len(arguments) != len(function.params):
            raise InvalidProgram(
                f"Entry point {function.name!r} takes {len(function.params)} arguments; {len(arguments)} were given."
            )
        width = pyqir.required_num_qubits(function)
        entry = FunctionReader(function, self._library, arguments, width).code()
        if entry.is_static:
            return _program(entry, width)
        return Unfolding(self._library, entry, qubits=width, most_qubits=most_qubits).program()


def read(program: bytes, *, entry_point: str | None = None, arguments: Sequence[Number] = ()) -> Program | Unfolding:
    """Read one entry point of a module that is needed for no other; raises what Reader does."""
    return Reader(program).read(entry_point, arguments)


def _program(entry: Code, width: int | None) -> Program:
    blocks = []
    for section in entry.sections:
        # What the entry point returns is an exit code.
        steps = (step for step in section.instructions if not isinstance(step, Give))
        blocks.append(Block(tuple(steps), section.next))  # type: ignore[arg-type]
    if width is None:
        width = 1 + max((qubit for block in blocks for qubit in qubits_of(block)), default=-1)
    return Program(tuple(blocks), width)


def _parse(program: bytes) -> pyqir.Module:
    context = pyqir.Context()
    try:
        if program.startswith(BITCODE_MAGIC):
            module = pyqir.Module.from_bitcode(context, program)
        else:
            module = pyqir.Module.from_ir(context, program.decode())
    except UnicodeDecodeError as error:
        raise InvalidProgram("The program is neither LLVM bitcode nor LLVM text in UTF-8.") from error
    except ValueError as error:
        raise InvalidProgram(f"The QIR does not parse: {str(error).strip()}") from error
    fault = module.verify()
    if fault is not None:
        raise InvalidProgram(f"The QIR is not a valid LLVM module: {fault.strip()}")
    return module


def _entry(module: pyqir.Module, name: str | None) -> pyqir.Function:
    entries = [function for function in module.functions if pyqir.is_entry_point(function)]
    if name is not None:
        entries = [function for function in entries if function.name == name]
        if not entries:
            raise InvalidProgram(f"The QIR has no entry point named {name!r}.")
    if len(entries) != 1:
        raise InvalidProgram(f"The QIR has {len(entries)} functions with the entry_point attribute; it must have one.")
    return entries[0]
