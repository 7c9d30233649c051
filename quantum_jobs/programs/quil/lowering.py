"""Turns Quil's instructions into blocks of operations, and these into branches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from quantum_jobs.errors import Fault
from quantum_jobs.programs.blocks import NotStructured, Straight, nested
from quantum_jobs.programs.bounded import Bounded, TooManyOperations
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Barrier, Bit, Measure, Operation, Program, Reset
from quantum_jobs.programs.places import Place
from quantum_jobs.programs.quil.expressions import Expressions
from quantum_jobs.programs.quil.gates import MODIFIERS, written_out
from quantum_jobs.programs.quil.memory import Memory
from quantum_jobs.programs.quil.text import Cursor, Instruction, Refused, Token

FORMAT = "quil"
_HINTS = frozenset(
    {"INITIAL_REWIRING", "PRESERVE_BLOCK", "END_PRESERVE_BLOCK", "COMMUTING_BLOCKS", "END_COMMUTING_BLOCKS"}
    | {"BLOCK", "END_BLOCK", "EXPECTED_REWIRING", "CURRENT_REWIRING"}
)
_DEFINITIONS = frozenset({"DEFGATE", "DEFCIRCUIT", "DEFCAL", "DEFFRAME", "DEFWAVEFORM"})
_PULSES = (
    "PULSE CAPTURE RAW-CAPTURE NONBLOCKING SET-FREQUENCY SHIFT-FREQUENCY SET-PHASE SHIFT-PHASE SET-SCALE SWAP-PHASE"
)
_ARITHMETIC = "MOVE EXCHANGE CONVERT LOAD STORE NEG NOT AND OR IOR XOR ADD SUB MUL DIV EQ GT GE LT LE CALL"
_UNSUPPORTED = {
    **dict.fromkeys(_DEFINITIONS, "definitions are not supported: use Quil's standard gates"),
    **dict.fromkeys(_PULSES.split(), "targets take gates, not pulses"),
    **dict.fromkeys(_ARITHMETIC.split(), "nothing is computed while a program runs"),
    "DELAY": "targets choose their own timing",
    "WAIT": "nothing runs beside the program",
    "INCLUDE": "there is no other file",
}


class Lowering:
    """One program; its faults are collected."""

    def __init__(
        self, instructions: Sequence[Instruction], parameters: Mapping[str, float] | None, limits: Limits
    ) -> None:
        self._instructions = instructions
        self._limits = limits
        self._bounded = Bounded(limits)
        self._memory = Memory(limits, parameters)
        self._expressions = Expressions(self._memory.real, limits.nesting)
        self._blocks: dict[str, Straight] = {}
        self._name, self._operations = "#0", list[Operation]()
        self._jumps: list[tuple[Token, str]] = []
        self._measured: set[Bit] = set()
        self._highest = -1
        self._in_definition = False
        self.faults: list[Fault] = []
        self._handlers: dict[str, Callable[[Cursor, Place], None]] = {
            "DECLARE": lambda cursor, _: self._memory.declare(cursor),
            "MEASURE": self._measure,
            "RESET": self._reset,
            "FENCE": self._fence,
            "PRAGMA": self._pragma,
            "NOP": lambda cursor, _: cursor.end(),
            "HALT": self._halt,
            "LABEL": self._label,
            "JUMP": self._jump,
            "JUMP-WHEN": lambda cursor, place: self._jump_on(cursor, place, when=True),
            "JUMP-UNLESS": lambda cursor, place: self._jump_on(cursor, place, when=False),
        }

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The parameters that the program declares."""
        return tuple(self._memory.inputs)

    def program(self) -> Program | None:
        """Give the program, or None where there are faults."""
        place = Place(1, 1, 1)
        for instruction in self._instructions:
            place = instruction.place
            if len(self.faults) >= self._limits.faults or not self._read(instruction):
                break
        self._close(place)
        self._check_labels()
        if not self.faults and not self._measured:
            self.faults.append(place.fault("the program measures nothing and would have no result"))
        self.faults.extend(self._memory.strangers())
        operations = () if self.faults else self._nested()
        if self.faults:
            return None
        bound = tuple(self._memory.bound.items())
        return Program(self._highest + 1, tuple(self._memory.registers), operations, bound)

    def _nested(self) -> tuple[Operation, ...]:
        try:
            return nested(self._decided(), "#0", self._limits)
        except NotStructured as error:
            self.faults.append(error.fault)
            return ()

    def _decided(self) -> dict[str, Straight]:
        """Decide branches on bits that are measured nowhere: they are 0."""
        return {
            name: block
            if block.test is None or block.test in self._measured
            else replace(block, yes=block.no, test=None)
            for name, block in self._blocks.items()
        }

    def _read(self, instruction: Instruction) -> bool:
        """Read an instruction; False ends the reading."""
        if instruction.is_indented and self._in_definition:
            return True
        try:
            self._one(instruction)
        except Refused as refused:
            place = refused.token.place if refused.token else instruction.place
            if str(refused):
                self.faults.append(place.fault(str(refused)))
        except TooManyOperations as stop:
            self.faults.append(instruction.place.fault(str(stop)))
            return False
        return True

    def _one(self, instruction: Instruction) -> None:
        cursor = Cursor(instruction)
        if cursor.kind != "word":
            raise Refused("an instruction is missing here", cursor.token)
        word = cursor.here
        self._in_definition = word in _DEFINITIONS
        if word in _UNSUPPORTED:
            raise Refused(f"{word} is not supported: {_UNSUPPORTED[word]}", cursor.token)
        if word in self._handlers:
            cursor.take()
            self._handlers[word](cursor, instruction.place)
        else:
            self._gate(cursor)

    def _gate(self, cursor: Cursor) -> None:
        modifiers = []
        while cursor.here in MODIFIERS:
            modifiers.append(cursor.take().text)
        name = cursor.word("the name of a gate")
        angles = self._expressions.arguments(cursor)
        qubits = self._qubits(cursor)
        self._operations.extend(self._bounded.taken(written_out(name.text, modifiers, angles, qubits)))

    def _qubit(self, cursor: Cursor) -> int:
        number = cursor.whole("the qubit", self._limits.qubits - 1)
        self._highest = max(self._highest, number)
        return number

    def _qubits(self, cursor: Cursor) -> tuple[int, ...]:
        qubits = []
        while not cursor.at_end:
            qubits.append(self._qubit(cursor))
        return tuple(qubits)

    def _measure(self, cursor: Cursor, _: Place) -> None:
        qubit = self._qubit(cursor)
        if cursor.at_end:
            raise Refused("the outcome of this measurement is not kept; measure into a bit of memory")
        bit = self._memory.bit(cursor)
        cursor.end()
        self._measured.add(bit)
        self._operations.extend(self._bounded.taken([Measure(qubit, bit)]))

    def _reset(self, cursor: Cursor, _: Place) -> None:
        # All others are |0> still.
        qubits = self._qubits(cursor) or sorted(self._bounded.touched)
        self._operations.extend(self._bounded.taken(map(Reset, qubits)))

    def _fence(self, cursor: Cursor, _: Place) -> None:
        qubits = self._qubits(cursor) or tuple(sorted(self._bounded.touched))
        self._operations.extend(self._bounded.taken([Barrier(qubits)]))

    def _pragma(self, cursor: Cursor, _: Place) -> None:
        name = cursor.word("the name of the pragma")
        if name.text not in _HINTS:
            raise Refused(f"PRAGMA {name.text[:40]} is not supported: it could change the meaning of the program", name)

    # Jumps

    def _close(self, place: Place, yes: str = "", no: str = "", test: Bit | None = None) -> None:
        self._blocks[self._name] = Straight(place, tuple(self._operations), yes, no, test)
        self._operations = []

    def _open(self, name: str = "") -> None:
        self._name = name or f"#{len(self._blocks)}"

    def _halt(self, cursor: Cursor, place: Place) -> None:
        cursor.end()
        self._close(place)
        self._open()

    def _label(self, cursor: Cursor, place: Place) -> None:
        token = self._target(cursor)
        cursor.end()
        if token.text in self._blocks or token.text == self._name:
            raise Refused(f"the label {token.text[:40]} is there twice", token)
        self._close(place, token.text)
        self._open(token.text)

    def _jump(self, cursor: Cursor, place: Place) -> None:
        token = self._target(cursor)
        cursor.end()
        self._jumps.append((token, token.text))
        self._close(place, token.text)
        self._open()

    def _jump_on(self, cursor: Cursor, place: Place, *, when: bool) -> None:
        token = self._target(cursor)
        bit = self._memory.bit(cursor)
        cursor.end()
        self._jumps.append((token, token.text))
        following = f"#{len(self._blocks) + 1}"
        yes, no = (token.text, following) if when else (following, token.text)
        self._close(place, yes, no, bit)
        self._open(following)

    def _target(self, cursor: Cursor) -> Token:
        if not cursor.here.startswith("@"):
            raise Refused("a label such as @end is missing here", cursor.token)
        return cursor.take()

    def _check_labels(self) -> None:
        for token, name in self._jumps:
            if name not in self._blocks:
                self.faults.append(token.place.fault(f"there is no label {name[:40]}"))
