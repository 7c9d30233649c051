"""Quil becomes the IR: gates, measurements, resets, and forward jumps on measured bits.

Each BIT region is a register in order of declaration, bit i = `ro[i]`; qubits keep their numbers, so a program on qubit
7 has 8 qubits. REAL regions are the parameters. Refused by name: definitions (DEFGATE, DEFCIRCUIT, DEFCAL), pulses,
classical arithmetic, loops. Source: the Quil specification, version 2024.1.
"""

from collections.abc import Mapping

from quantum_jobs.errors import ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Program
from quantum_jobs.programs.quil.lowering import FORMAT, Lowering
from quantum_jobs.programs.quil.text import instructions_of


class Quil:
    """A program taken apart once, from which programs are made by giving its REAL memory values."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._instructions = tuple(instructions_of(text))
        self._limits = limits

    def program(self, parameters: Mapping[str, float]) -> Program:
        """Bind the parameters.

        Raises:
            ProgramInvalid: with all faults and their places.
        """
        return self._read(parameters)[0]

    def inputs(self) -> tuple[Input, ...]:
        """Give the cells of REAL memory in order of declaration.

        Raises:
            ProgramInvalid: with all faults of the program and their places.
        """
        return self._read(None)[1]

    def _read(self, parameters: Mapping[str, float] | None) -> tuple[Program, tuple[Input, ...]]:
        lowering = Lowering(self._instructions, parameters, self._limits)
        program = lowering.program()
        if program is None:
            raise ProgramInvalid(FORMAT, lowering.faults)
        return program, lowering.inputs
