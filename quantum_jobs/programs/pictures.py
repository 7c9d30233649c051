"""A program as columns of boxes, for a console that draws circuits."""

from collections.abc import Iterable, Sequence
from typing import Any

from quantum_jobs.programs.ir import HIDDEN, Barrier, Bit, Gate, If, Measure, Operation, Program, Reset

MOST_QUBITS = 64
MOST_COLUMNS = 200

Column = list[dict[str, Any]]
_Test = tuple[str, tuple[Bit, ...]]


class _TooWide(Exception):
    """More columns than are drawn."""


def circuit_picture(program: Program) -> list[Column] | None:
    """Give the columns of a drawing, left to right; None for a program too large to be looked at.

    A box is {"gate", "qubits"}, controls before targets, with "angles" in radians, with "bit" (`c[0]`) for a
    measurement, and with "if" (`c[0] == 1`) under a branch, outermost first. The boxes of a column do not cross, lines
    between their qubits included.
    """
    if program.qubits > MOST_QUBITS:
        return None
    drawing = _Drawing(program)
    try:
        drawing.add(program.operations, ())
    except _TooWide:
        return None
    return drawing.columns


class _Drawing:
    def __init__(self, program: Program) -> None:
        self._registers = program.registers
        self._free = [0] * program.qubits
        self._known: dict[Bit, int] = {}
        self.columns: list[Column] = []

    def add(self, operations: Iterable[Operation], tests: Sequence[_Test]) -> None:
        """Draw operations, under the tests of the branches that they are in."""
        for operation in operations:
            match operation:
                case Gate(name, qubits, angles):
                    self._box(
                        {"gate": name, "qubits": list(qubits)} | ({"angles": list(angles)} if angles else {}), tests
                    )
                case Measure(qubit, bit):
                    box = {"gate": "measure", "qubits": [qubit]}
                    column = self._box(box if bit.register == HIDDEN else box | {"bit": self._name(bit)}, tests)
                    self._known[bit] = column + 1
                case Reset(qubit):
                    self._box({"gate": "reset", "qubits": [qubit]}, tests)
                case Barrier(qubits):
                    self._box({"gate": "barrier", "qubits": list(qubits)}, tests)
                case If():
                    self._branch(operation, tests)

    def _branch(self, branch: If, tests: Sequence[_Test]) -> None:
        names = ", ".join(map(self._name, branch.bits))
        for arm, sign in ((branch.then, "=="), (branch.otherwise, "!=")):
            self.add(arm, [*tests, (f"{names} {sign} {branch.value}", branch.bits)])

    def _name(self, bit: Bit) -> str:
        return f"({bit.index})" if bit.register == HIDDEN else f"{self._registers[bit.register].name}[{bit.index}]"

    def _box(self, box: dict[str, Any], tests: Sequence[_Test]) -> int:
        """Put a box into the first column where its lines are free and what it tests is known."""
        lines = range(min(box["qubits"]), max(box["qubits"]) + 1)
        known = [self._known.get(bit, 0) for _, bits in tests for bit in bits]
        column = max([*(self._free[line] for line in lines), *known])
        if column >= MOST_COLUMNS:
            raise _TooWide
        if column == len(self.columns):
            self.columns.append([])
        for line in lines:
            self._free[line] = column + 1
        self.columns[column].append(box | {"if": [text for text, _ in tests]} if tests else box)
        return column
