"""Conditions of Qiskit's control flow: a bit or register compared with a number, or an expression over both."""

from collections.abc import Callable, Mapping, Sequence

from quantum_jobs.programs.branches import JOINING, Condition, Test, negated
from quantum_jobs.programs.ir import Bit
from quantum_jobs.programs.qpy.stream import Malformed, Stream

Bits = tuple[Bit, ...]
Found = Bits | int | Condition
"""Bits, the first of weight 1; a number; or what is true or false."""

# qiskit.circuit.classical.expr.Binary.Op
_JOINED = {1: "&", 2: "|", 3: "^", 4: "&&", 5: "||", 6: "==", 7: "!="}


class Unsupported(Exception):
    """A condition that targets cannot decide."""


def equals(bits: Bits, number: int) -> Condition:
    """Compare bits with a number."""
    return Test(bits, number) if 0 <= number < 1 << len(bits) else False


def truth(found: Found) -> Condition:
    """Take bits or a number as true where it is not 0."""
    if isinstance(found, tuple):
        return negated(equals(found, 0)) if len(found) != 1 else Test(found, 1)
    return bool(found) if isinstance(found, int) else found


class Expressions:
    """Reads expressions over the bits of one circuit."""

    def __init__(self, bits: Sequence[Bit], registers: Mapping[str, Bits], most_nested: int) -> None:
        self._bits = bits
        self._registers = registers
        self._most_nested = most_nested

    def condition(self, data: bytes | memoryview) -> Condition:
        """Read a condition.

        Raises:
            Unsupported: an operation that targets cannot decide.
            Malformed: damaged.
        """
        return truth(self._read(Stream(data), 0))

    def of(self, tested: str | int) -> Bits:
        """Give the bits of a register by its name, or one bit by its index.

        Raises:
            Malformed: there is none.
        """
        if isinstance(tested, str):
            if tested not in self._registers:
                raise Malformed(f"there is no register {tested[:40]!r}")
            return self._registers[tested]
        if tested >= len(self._bits):
            raise Malformed(f"there is no bit {tested}")
        return (self._bits[tested],)

    def _read(self, stream: Stream, depth: int) -> Found:
        if depth > self._most_nested:
            raise Malformed(f"an expression is nested more than {self._most_nested} deep")
        kind = bytes(stream.take(1))
        self._skip_type(stream)
        reader = self._readers().get(kind)
        if reader is None:
            raise Unsupported("an expression of this kind is not supported")
        return reader(stream, depth)

    def _readers(self) -> dict[bytes, Callable[[Stream, int], Found]]:
        return {
            b"x": lambda stream, _: self._variable(stream),
            b"v": lambda stream, _: self._constant(stream),
            b"c": self._cast,
            b"u": self._unary,
            b"b": self._binary,
            b"i": self._index,
        }

    def _skip_type(self, stream: Stream) -> None:
        if bytes(stream.take(1)) == b"u":
            stream.take(4)

    def _variable(self, stream: Stream) -> Bits:
        kind = bytes(stream.take(1))
        if kind == b"C":
            return self.of(int(stream.unpack("L")[0]))
        if kind == b"R":
            return self.of(stream.text(stream.unpack("H")[0]))
        raise Unsupported("a variable is not supported: nothing is computed while a program runs")

    def _constant(self, stream: Stream) -> int:
        kind = bytes(stream.take(1))
        if kind == b"b":
            return int(stream.unpack("?")[0])
        if kind == b"i":
            return int.from_bytes(stream.take(stream.unpack("B")[0]), "big", signed=True)
        raise Unsupported("only whole numbers and truth values can be compared with bits")

    def _cast(self, stream: Stream, depth: int) -> Found:
        stream.take(1)
        return self._read(stream, depth + 1)

    def _unary(self, stream: Stream, depth: int) -> Found:
        operation = stream.unpack("B")[0]
        found = self._read(stream, depth + 1)
        if operation == 2 or (operation == 1 and not (isinstance(found, tuple) and len(found) > 1)):
            return negated(truth(found))
        raise Unsupported("an arithmetic operation on bits is not supported")

    def _binary(self, stream: Stream, depth: int) -> Found:
        operation = _JOINED.get(stream.unpack("B")[0])
        left, right = self._read(stream, depth + 1), self._read(stream, depth + 1)
        if operation is None:
            raise Unsupported("measured bits can be compared by == and != only")
        if operation in {"==", "!="}:
            for one, other in ((left, right), (right, left)):
                if isinstance(one, tuple) and isinstance(other, int):
                    found = equals(one, int(other))
                    return found if operation == "==" else negated(found)
        if operation not in {"&&", "||"} and any(isinstance(side, tuple) and len(side) > 1 for side in (left, right)):
            raise Unsupported(f"{operation} between registers is not supported")
        return JOINING[operation](truth(left), truth(right))

    def _index(self, stream: Stream, depth: int) -> Found:
        bits, index = self._read(stream, depth + 1), self._read(stream, depth + 1)
        if not isinstance(bits, tuple) or not isinstance(index, int) or not 0 <= index < len(bits):
            raise Unsupported("an index must be a constant within its register")
        return (bits[int(index)],)
