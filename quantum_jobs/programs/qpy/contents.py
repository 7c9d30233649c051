"""What a QPY file holds: circuits, instructions and values, taken apart without giving them a meaning.

Our own reader, so that neither Qiskit (150 MB) is needed nor foreign bytes reach code that builds objects by name.
Source: the documentation of Qiskit's `qpy` module, versions 13 to 18 of the format (Qiskit 1.3 and newer).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from quantum_jobs.programs.qpy.stream import Malformed, Stream

OLDEST, NEWEST = 13, 18
_ANNOTATIONS_SINCE, _OFFSETS_SINCE, _COMPACT_SINCE = 15, 16, 18
# Version 18: runs of bits, vectors in a table, tags before tested registers and bits, numbers high byte first.


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter by the letter of its type: a number, a name, a circuit, a tuple, or bytes left as they are."""

    kind: str
    content: Any


@dataclass(frozen=True, slots=True)
class Instruction:
    """An operation by the name of its class or definition; `condition` is a Value, or (register or bit, number)."""

    name: str
    qubits: tuple[int, ...]
    bits: tuple[int, ...]
    parameters: tuple[Value, ...]
    condition: "Value | tuple[str | int, int] | None"
    controls: int
    control_state: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A gate of the file's own: its circuit, or for controlled and modified gates the gate that is changed."""

    kind: str
    circuit: "Circuit | None"
    base: Instruction | None
    controls: int
    control_state: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """One circuit; `registers` are those of bits, name and indices, in order."""

    qubits: int
    bits: int
    phase: Value
    registers: tuple[tuple[str, Sequence[int]], ...]
    variables: int
    definitions: dict[str, Definition] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)


class Contents:
    """Reads one file."""

    def __init__(self, data: bytes, most_nested: int) -> None:
        self._data = data
        self._most_nested = most_nested
        self._version = 0
        self._vectors: list[str] = []

    def circuit(self) -> Circuit:
        """Give the only circuit of the file.

        Raises:
            Malformed: not QPY, a version that is not read, several circuits, damaged.
        """
        stream = Stream(self._data)
        try:
            return self._only(stream)
        except struct.error as error:
            raise Malformed(str(error)) from error

    def _only(self, stream: Stream) -> Circuit:
        if bytes(stream.take(6)) != b"QISKIT":
            raise Malformed("it does not start with QISKIT")
        self._version = stream.take(1)[0]
        if not OLDEST <= self._version <= NEWEST:
            raise Malformed(f"its version is {self._version}; versions {OLDEST} to {NEWEST} are read")
        _, _, _, count, _ = stream.unpack("BBBQc")
        if count != 1:
            raise Malformed(f"it holds {count:,} circuits; exactly one is a program")
        if bytes(stream.take(1)) != b"q":
            raise Malformed("it does not hold a circuit")
        if self._version >= _OFFSETS_SINCE:
            stream.seek(stream.unpack("Q")[0])
        return self._circuit(stream, 0)

    def _circuit(self, stream: Stream, depth: int) -> Circuit:
        if depth > self._most_nested:
            raise Malformed(f"circuits are nested more than {self._most_nested} deep")
        name, kind, phase, qubits, bits, metadata, registers, count, variables = stream.unpack("HcHIIQIQI")
        stream.text(name)
        found = self._value(kind, stream.take(phase), depth, is_little=False)
        stream.take(metadata)
        listed = [self._register(stream) for _ in range(registers)]
        kept = tuple((name, indices) for is_kept, name, indices in listed if is_kept)
        circuit = Circuit(qubits, bits, found, kept, variables)
        if variables:
            return circuit
        if self._version >= _ANNOTATIONS_SINCE:
            self._skip_annotation_states(stream)
        if self._version >= _COMPACT_SINCE:
            self._vectors = self._vector_names(stream)
        vectors = self._vectors
        for _ in range(stream.unpack("Q")[0]):
            name, definition = self._definition(stream, depth)
            circuit.definitions[name] = definition
            self._vectors = vectors
        for _ in range(count):
            circuit.instructions.append(self._instruction(stream, depth))
            self._vectors = vectors
        if self._version < _COMPACT_SINCE and stream.unpack("H")[0]:
            raise Malformed("it has calibrations: targets take gates, not pulses")
        return circuit

    def _register(self, stream: Stream) -> tuple[bool, str, Sequence[int]]:
        kind, _, size, name, is_in_circuit = stream.unpack("c?IH?")
        is_run = self._version >= _COMPACT_SINCE and stream.take(1)[0] == 1
        title = stream.text(name)
        if is_run:
            start = int(stream.unpack("I")[0])
            return kind == b"c" and is_in_circuit, title, range(start, start + size)
        width, letter = (4, "I") if self._version >= _COMPACT_SINCE else (8, "q")
        indices = struct.unpack(f"!{size}{letter}", stream.take(width * size))
        return kind == b"c" and is_in_circuit, title, indices

    def _skip_annotation_states(self, stream: Stream) -> None:
        for _ in range(stream.unpack("I")[0]):
            name, state = stream.unpack("IQ")
            stream.take(name)
            stream.take(state)

    def _vector_names(self, stream: Stream) -> list[str]:
        names = []
        for _ in range(stream.unpack("H")[0]):
            size, _, _ = stream.unpack("HQ16s")
            names.append(stream.text(size))
        return names

    def _definition(self, stream: Stream, depth: int) -> tuple[str, Definition]:
        name, kind, _, _, is_defined, size, controls, state, base = stream.unpack("HcII?QIIQ")
        title, inner = stream.text(name), stream.take(size if is_defined else 0)
        changed = stream.take(base)
        is_circuit = is_defined and not title.startswith("###PauliEvolutionGate_")
        circuit = self._circuit(Stream(inner), depth + 1) if is_circuit else None
        gate = self._instruction(Stream(changed), depth + 1, is_placed=False) if base else None
        return title, Definition(kind.decode("latin-1"), circuit, gate, controls, state)

    def _instruction(self, stream: Stream, depth: int, *, is_placed: bool = True) -> Instruction:
        name, label, count, qubits, bits, extras, condition, number, controls, state = stream.unpack("HHHIIBHqII")
        title = stream.text(name)
        stream.take(label)
        register = stream.take(condition)
        tested: Value | tuple[str | int, int] | None = None
        if extras & 3 == 1:
            tested = self._bit_or_register(register), number
        elif extras & 3:
            tested = self._typed(stream, depth)
        places = [self._place(stream) for _ in range(qubits + bits)] if is_placed else []
        parameters = tuple([self._typed(stream, depth) for _ in range(count)])
        if extras & 0x80:
            for _ in range(stream.unpack("I")[0]):
                stream.take(stream.unpack("IQ")[1])
        return Instruction(title, tuple(places[:qubits]), tuple(places[qubits:]), parameters, tested, controls, state)

    def _place(self, stream: Stream) -> int:
        return int(stream.unpack("cI")[1])

    def _bit_or_register(self, data: memoryview) -> str | int:
        """Read what a condition tests: a register by name or a bit by its index."""
        tag, rest = bytes(data[:1]), data[1:]
        if self._version >= _COMPACT_SINCE:
            return int(Stream(rest).unpack("I")[0]) if tag == b"\0" else Stream(rest).text(len(rest))
        if tag != b"\0":
            return Stream(data).text(len(data))
        if len(rest) > 9 or not bytes(rest).isdigit():
            raise Malformed("the bit of a condition is not a number")
        return int(bytes(rest))

    def _typed(self, stream: Stream, depth: int) -> Value:
        kind, size = stream.unpack("cQ")
        return self._value(kind, stream.take(size), depth, is_little=self._version < _COMPACT_SINCE)

    def _value(self, kind: bytes, data: memoryview, depth: int, *, is_little: bool) -> Value:
        letter = kind.decode("latin-1")
        match letter:
            case "i" | "f":
                (number,) = struct.unpack(f"{'<' if is_little else '!'}{'q' if letter == 'i' else 'd'}", data)
                return Value(letter, number)
            case "p":
                return Value(letter, Stream(data[18:]).text(struct.unpack("!H", data[:2])[0]))
            case "v":
                return Value(letter, self._element(Stream(data)))
            case "q":
                return Value(letter, self._circuit(Stream(data), depth + 1))
            case "r":
                start, stop, step = struct.unpack("!qqq", data)
                if step == 0:
                    raise Malformed("a range has the step 0")
                return Value(letter, range(start, stop, step))
            case "t":
                return Value(letter, self._tuple(Stream(data), depth + 1))
            case "R":
                return Value(letter, self._bit_or_register(data))
        return Value(letter, data)

    def _element(self, stream: Stream) -> str:
        """Name an element of a vector of parameters, `v[3]`."""
        if self._version < _COMPACT_SINCE:
            name, _, _, index = stream.unpack("HQ16sQ")
            return f"{stream.text(name)}[{index}]"
        vector, index = stream.unpack("HQ")
        if vector >= len(self._vectors):
            raise Malformed("a parameter is of a vector that is not there")
        return f"{self._vectors[vector]}[{index}]"

    def _tuple(self, stream: Stream, depth: int) -> tuple[Value, ...]:
        if depth > self._most_nested:
            raise Malformed(f"values are nested more than {self._most_nested} deep")
        return tuple([self._typed(stream, depth) for _ in range(stream.unpack("Q")[0])])
