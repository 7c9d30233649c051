"""Types and constants of LLVM text: how values lie in memory, and what global variables hold at first."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.program import Number

GLOBALS = 1 << 52
"""Addresses from here on are those of global variables."""
MOST_BYTES_OF_CONSTANTS = 1 << 20
_TOKEN = re.compile(r'c"[^"]*"|[@%]"[^"]*"|[@%][\w$.\-]+|0x[0-9A-Fa-f]+|-?\d+(?:\.\d*)?(?:e[+-]?\d+)?|\w+|[^\s\w]')
_POINTER_CASTS = {"inttoptr", "ptrtoint", "bitcast", "addrspacecast"}
_ZEROS = {"null", "undef", "poison", "zeroinitializer", "false", "none"}


@dataclass(frozen=True)
class Kind:
    """A type: bytes, and for an array or a structure where its parts lie."""

    name: str
    size: int
    align: int
    fields: tuple[tuple[int, "Kind"], ...] = ()
    count: int = 0
    """How many elements an array has; its only field is the element."""

    def step(self, index: int) -> tuple[int, "Kind"]:
        """Give the offset and the type of a part; raises InvalidProgram where there is none."""
        if self.count:
            return index * self.fields[0][1].size, self.fields[0][1]
        if not 0 <= index < len(self.fields):
            raise InvalidProgram(f"Type {self.name} has no part {index}.")
        return self.fields[index]


def _aligned(offset: int, align: int) -> int:
    return -(-offset // align) * align


def _scalar(name: str) -> Kind:
    if name == "ptr":
        return Kind(name, 8, 8)
    if re.fullmatch(r"i\d{1,3}", name):
        size = 1 << max(0, (int(name[1:]) - 1).bit_length() - 3)
        return Kind(name, size, min(size, 8))
    if name in {"double", "float"}:
        size = 8 if name == "double" else 4
        return Kind(name, size, size)
    raise UnsupportedProgram(f"This QIR type is not supported: {name}")


class _Parser:
    """Reads one text from its start."""

    def __init__(self, text: str, constants: "Constants") -> None:
        self._tokens = _TOKEN.findall(text)
        self._at, self._constants = 0, constants

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        word = self.peek()
        self._at += 1
        return word

    def skip(self, *words: str) -> None:
        while self.peek() in words:
            self._at += 1

    def kind(self) -> Kind:
        word = self.take()
        if word == "[":
            count = int(self.take())
            self.take()
            element = self.kind()
            self.take()
            return Kind("array", count * element.size, element.align, ((0, element),), count)
        if word in {"{", "<"}:
            return self._structure(is_packed=word == "<")
        return self._constants.named(word) if word.startswith("%") else _scalar(word)

    def _structure(self, *, is_packed: bool) -> Kind:
        self.skip("{")
        fields, offset, widest = [], 0, 1
        while self.peek() not in {"}", ""}:
            field = self.kind()
            align = 1 if is_packed else field.align
            offset = _aligned(offset, align)
            fields.append((offset, field))
            offset, widest = offset + field.size, max(widest, align)
            self.skip(",")
        self.skip("}", ">")
        return Kind("structure", _aligned(offset, widest), widest, tuple(fields))

    def typed(self) -> Number:
        """Read a type and a value of it that is one number."""
        leaves = list(self.leaves(self.kind(), 0))
        if len(leaves) != 1:
            raise UnsupportedProgram("A QIR value that is an array or a structure is supported in memory only.")
        return leaves[0][1]

    def leaves(self, kind: Kind, offset: int) -> Iterator[tuple[int, Number]]:
        """Read a value; gives each number in it with its offset."""
        word = self.take()
        if word in {"[", "{", "<"}:
            yield from self._parts(kind, offset)
        elif word.startswith('c"'):
            text = re.sub(r"\\([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), word[2:-1])
            yield from ((offset + place, ord(character)) for place, character in enumerate(text))
        elif word in _ZEROS:
            yield from _zeros(kind, offset)
        else:
            yield offset, self._number(word, kind)

    def _parts(self, kind: Kind, offset: int) -> Iterator[tuple[int, Number]]:
        self.skip("{")
        index = 0
        while self.peek() not in {"]", "}", ""}:
            within, _ = kind.step(index)
            yield from self.leaves(self.kind(), offset + within)
            self.skip(",")
            index += 1
        self.skip("]", "}", ">")

    def _number(self, word: str, kind: Kind) -> Number:
        if word in _POINTER_CASTS:
            self.skip("(")
            value = self.typed()
            self.skip("to")
            self.kind()
            self.skip(")")
            return value
        if word == "getelementptr":
            return self._element()
        if word.startswith("@"):
            return self._constants.address(word[1:].strip('"'))
        if word == "true":
            return 1
        if word.startswith("0x") and kind.name in {"double", "float"}:
            return float(struct.unpack(">d", bytes.fromhex(word[2:].zfill(16)))[0])
        try:
            return float(word) if kind.name in {"double", "float"} else int(word)
        except ValueError as error:
            raise UnsupportedProgram(f"This QIR constant is not supported: {word}") from error

    def _element(self) -> int:
        self.skip("inbounds", "nuw", "nusw", "(")
        kind = self.kind()
        self.skip(",")
        address = int(self.typed())
        is_first = True
        while self.peek() == ",":
            self.skip(",")
            index = int(self.typed())
            within, kind = (index * kind.size, kind) if is_first else kind.step(index)
            address, is_first = address + within, False
        self.skip(")")
        return address


def _zeros(kind: Kind, offset: int) -> Iterator[tuple[int, Number]]:
    if kind.size > MOST_BYTES_OF_CONSTANTS:
        raise ProgramTooLarge(f"A QIR constant has more than {MOST_BYTES_OF_CONSTANTS} bytes.")
    if not kind.fields:
        yield offset, 0.0 if kind.name in {"double", "float"} else 0
    for index in range(kind.count or len(kind.fields)):
        within, part = kind.step(index)
        yield from _zeros(part, offset + within)


class Constants:
    """The named types and the global variables of a module, each read when it is first asked for."""

    def __init__(self, types: dict[str, str], variables: dict[str, str]) -> None:
        self._types, self._variables = types, variables
        self._kinds: dict[str, Kind] = {}
        self._addresses: dict[str, int] = {}
        self.memory: dict[int, Number] = {}
        self.end = GLOBALS

    def kind(self, text: str) -> Kind:
        """Read the type that a text begins with."""
        return _Parser(text, self).kind()

    def named(self, name: str) -> Kind:
        """Give a type by name; raises InvalidProgram for one that is not defined or contains itself."""
        if name not in self._kinds:
            definition = self._types.pop(name, None)
            if definition is None:
                raise InvalidProgram(f"Type {name} has no definition that gives its size.")
            self._kinds[name] = self.kind(definition)
        return self._kinds[name]

    def number(self, text: str) -> Number:
        """Read a typed constant, such as `ptr inttoptr (i64 3 to ptr)`; pointers are whole numbers."""
        return _Parser(text, self).typed()

    def address(self, name: str) -> int:
        """Give where a global variable lies, with what it holds at first in `memory`."""
        if name not in self._addresses:
            definition = self._variables.get(name)
            if definition is None:
                raise UnsupportedProgram(f"This QIR value is not supported: @{name}")
            parser = _Parser(definition, self)
            kind = parser.kind()
            self._addresses[name] = start = _aligned(self.end, 16)
            self.end = start + kind.size
            self.memory.update(parser.leaves(kind, start))
        return self._addresses[name]
