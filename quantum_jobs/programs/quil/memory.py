"""Memory of a Quil program: BIT regions become registers, REAL regions take the parameters given with it."""

from collections.abc import Mapping

from quantum_jobs.errors import Fault
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Bit, Register
from quantum_jobs.programs.quil.text import Cursor, Refused, Token

_TYPES = frozenset({"BIT", "REAL", "INTEGER", "OCTET"})


class Memory:
    """Declared regions; a parameter is named `theta`, or `theta[1]` in a region of several."""

    def __init__(self, limits: Limits, parameters: Mapping[str, float] | None) -> None:
        self._limits = limits
        self._given = parameters
        self._bits: dict[str, int] = {}
        self._reals: dict[str, int] = {}
        self._broken: set[str] = set()
        self.registers: list[Register] = []
        self.inputs: list[Input] = []
        self.bound: dict[str, float] = {}

    def declare(self, cursor: Cursor) -> None:
        """Read the rest of DECLARE.

        Raises:
            Refused: a name declared twice, a type that is not supported, too many bits, a parameter without a value.
        """
        name, kind = cursor.word("a name"), cursor.word("a type")
        if name.text in self._bits or name.text in self._reals:
            raise Refused(f"{name.text[:40]!r} is declared twice", name)
        self._broken.add(name.text)
        size = self._size(cursor)
        if kind.text not in _TYPES:
            raise Refused(f"{kind.text[:40]!r} is not a type of memory", kind)
        if kind.text not in {"BIT", "REAL"}:
            raise Refused(f"{kind.text} memory is not supported: nothing is computed while a program runs", kind)
        if cursor.here == "SHARING":
            raise Refused("SHARING is not supported", cursor.token)
        cursor.end()
        if kind.text == "BIT":
            self._declare_bits(name, size)
        else:
            self._declare_reals(name, size)
        self._broken.discard(name.text)

    def _size(self, cursor: Cursor) -> int:
        if not cursor.took("["):
            return 1
        size = cursor.whole("the size", self._limits.bits)
        cursor.want("]")
        if size == 0:
            raise Refused("a region needs a size of at least 1")
        return size

    def _declare_bits(self, name: Token, size: int) -> None:
        if sum(register.size for register in self.registers) + size > self._limits.bits:
            raise Refused(f"the program has more than {self._limits.bits:,} bits", name)
        self._bits[name.text] = len(self.registers)
        self.registers.append(Register(name.text, size))

    def _declare_reals(self, name: Token, size: int) -> None:
        if sum(self._reals.values()) + size > self._limits.bits:
            raise Refused(f"the program has more than {self._limits.bits:,} parameters", name)
        self._reals[name.text] = size
        cells = [self.cell_name(name.text, index) for index in range(size)]
        self.inputs.extend(Input(cell, "REAL") for cell in cells)
        if self._given is None:
            return
        self.bound |= {cell: self._given[cell] for cell in cells if cell in self._given}
        missing = [cell for cell in cells if cell not in self._given]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise Refused(f"{missing[0]!r}{more} has no value: give it in the parameters", name)

    def cell_name(self, region: str, index: int) -> str:
        """Name a parameter."""
        return f"{region}[{index}]" if self._reals.get(region, 1) > 1 else region

    def real(self, name: Token, index: int) -> float:
        """Give the value of a cell that an expression names.

        Raises:
            Refused: no such region or cell.
        """
        if name.text in self._broken:
            raise Refused("")
        if name.text not in self._reals:
            what = "holds measured bits, not a number" if name.text in self._bits else "is not declared"
            raise Refused(f"{name.text[:40]!r} {what}", name)
        if index >= self._reals[name.text]:
            raise Refused(f"{name.text} has {self._reals[name.text]} cells", name)
        return self.bound.get(self.cell_name(name.text, index), 1.0)

    def bit(self, cursor: Cursor) -> Bit:
        """Read `ro[1]`, or `ro` for its first bit.

        Raises:
            Refused: no such region or bit.
        """
        name, index = cursor.word("a bit of memory"), 0
        if cursor.took("["):
            index = cursor.whole("the index", self._limits.bits)
            cursor.want("]")
        if name.text in self._broken:
            raise Refused("")
        if name.text not in self._bits:
            raise Refused(f"{name.text[:40]!r} is not declared as BIT", name)
        place = self._bits[name.text]
        if index >= self.registers[place].size:
            raise Refused(f"{name.text} has {self.registers[place].size} bits", name)
        return Bit(place, index)

    def strangers(self) -> list[Fault]:
        """Give a fault for each parameter that the program does not ask for."""
        known = {item.name for item in self.inputs} | self._broken
        return [
            Fault(f"the program has no input {name!r}", f"/program/parameters/{_escaped(name)}")
            for name in (self._given or {})
            if name not in known
        ]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
