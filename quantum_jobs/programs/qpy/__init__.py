"""Qiskit's QPY becomes the IR: the base64 text of a file with one circuit, versions 13 to 18.

Registers keep Qiskit's order and names, bit i = `c[i]`; bits of no register make the last one, `bits` (chosen). Loops
over numbers are unrolled, parameters bound by name (`theta`, `v[0]`). Refused by name: while, switch, variables,
expressions of parameters, gates that are not made of standard gates.
"""

import base64
import binascii
from collections.abc import Mapping

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Program
from quantum_jobs.programs.qpy.contents import Circuit, Contents
from quantum_jobs.programs.qpy.lowering import Lowering
from quantum_jobs.programs.qpy.stream import Malformed

FORMAT = "qiskit-qpy"


class Qpy:
    """A file taken apart once, from which programs are made by binding its parameters.

    Raises:
        ProgramInvalid: not the base64 text of a QPY file that is read here.
    """

    def __init__(self, source: str | bytes, limits: Limits) -> None:
        self._limits = limits
        self._circuit = _circuit_of(_bytes_of(source), limits)

    def program(self, parameters: Mapping[str, float]) -> Program:
        """Bind the parameters.

        Raises:
            ProgramInvalid: with all faults; a file has no lines, so they name the instruction.
        """
        return self._read(parameters)[0]

    def inputs(self) -> tuple[Input, ...]:
        """Give the parameters in order of their first use.

        Raises:
            ProgramInvalid: with all faults of the program.
        """
        return self._read(None)[1]

    def _read(self, parameters: Mapping[str, float] | None) -> tuple[Program, tuple[Input, ...]]:
        lowering = Lowering(self._circuit, parameters, self._limits)
        try:
            program = lowering.program()
        except Malformed as error:
            raise _malformed(error) from error
        if program is None:
            raise ProgramInvalid(FORMAT, lowering.faults)
        return program, tuple(Input(name, "Parameter") for name in lowering.asked)


def _bytes_of(source: str | bytes) -> bytes:
    if isinstance(source, bytes) and source.startswith(b"QISKIT"):
        return source
    try:
        return base64.b64decode(source, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProgramInvalid(FORMAT, [Fault(f"the base64 text of the file is broken: {error}")]) from error


def _circuit_of(data: bytes, limits: Limits) -> Circuit:
    try:
        return Contents(data, limits.nesting).circuit()
    except Malformed as error:
        raise _malformed(error) from error


def _malformed(error: Malformed) -> ProgramInvalid:
    return ProgramInvalid(FORMAT, [Fault(f"the file is not readable as QPY: {error}")])
