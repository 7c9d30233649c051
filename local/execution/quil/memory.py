"""The memory of a Quil program: which cells are constants, which are measured bits, which are computed."""

from collections.abc import Iterable
from dataclasses import dataclass

from quil import instructions as quil

from local.execution.builder import Builder
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.program import (
    Compute,
    Measure,
    Number,
    Operand,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
)
from local.execution.quil.substitutions import Values

MOST_CELLS = 65_536
READOUT = "ro"


@dataclass(frozen=True)
class Region:
    """A declared region; its cells are numbered from `first` among all cells."""

    name: str
    kind: str
    length: int
    first: int
    root: str
    """The region whose cells these are: another one where the memory is shared."""


class Memory:
    """Cells of a program with the values that are substituted."""

    def __init__(
        self, declarations: Iterable[quil.Declaration], values: Values, *, computed: set[str], measured: set[str]
    ) -> None:
        self._regions: dict[str, Region] = {}
        for declaration in declarations:
            self._declare(declaration)
        self._values, self._read_out = values, measured
        self._computed, self._measured = ({self._root(name) for name in names} for names in (computed, measured))
        self._cells: dict[int, Register] = {}
        for name in values:
            self._check_substituted(name)

    def _declare(self, declaration: quil.Declaration) -> None:
        name, size = declaration.name, declaration.size
        if declaration.sharing is not None:
            self._regions[name] = self._shared(declaration, declaration.sharing)
            return
        first = sum(region.length for region in self._regions.values() if region.root == region.name)
        if not 1 <= size.length <= MOST_CELLS - first:
            raise InvalidProgram(f"DECLARE {name}: the length is {size.length}; at most {MOST_CELLS} cells in all.")
        self._regions[name] = Region(name, str(size.data_type.to_quil()), size.length, first, name)

    def _shared(self, declaration: quil.Declaration, sharing: quil.Sharing) -> Region:
        """Lay a region over cells of another one of its type."""
        name, kind, length = declaration.name, str(declaration.size.data_type.to_quil()), declaration.size.length
        parent = self._regions.get(sharing.name)
        if parent is None:
            raise InvalidProgram(f"DECLARE {name} SHARING {sharing.name}: there is no such region before it.")
        offset = sum(each.offset for each in sharing.offsets)
        if any(str(each.data_type.to_quil()) != kind for each in sharing.offsets) or kind != parent.kind:
            raise UnsupportedProgram(f"{name} shares memory of another type, which is not built in this workspace.")
        if not 1 <= length <= parent.length - offset:
            raise InvalidProgram(f"DECLARE {name}: {length} cells from {offset} on are not in {sharing.name!r}.")
        return Region(name, kind, length, parent.first + offset, parent.root)

    def _root(self, name: str) -> str:
        return self._regions[name].root if name in self._regions else name

    def _check_substituted(self, name: str) -> None:
        region = self._regions.get(name)
        if region is None:
            raise InvalidProgram(f"substitutions name the region {name!r}, which the program does not declare.")
        if len(self._values[name]) != region.length:
            raise InvalidProgram(
                f"substitutions give {len(self._values[name])} values for {name!r}, which has {region.length}."
            )
        if region.root != name:
            raise InvalidProgram(
                f"substitutions give values for {name!r}, whose cells are {region.root!r}'s: name that."
            )
        if name in self._measured:
            raise InvalidProgram(f"substitutions give values for {name!r}, into which qubits are measured.")

    def start(self, builder: Builder) -> None:
        """Give computed cells their first values."""
        for name in self._regions:
            if name in self._computed:
                region = self._regions[name]
                for index in range(region.length):
                    self._cells[region.first + index] = register = builder.register()
                    builder.add(Compute(register, "add", (0, self._initial(region, index)), 64, 64))

    def _initial(self, region: Region, index: int) -> Number:
        index += region.first - self._regions[region.root].first
        value = self._values[region.root][index] if region.root in self._values else 0
        if region.kind == "REAL":
            return float(value)
        if value != int(value):
            raise InvalidProgram(f"substitutions give {value} for {region.name!r}, which is {region.kind}.")
        return int(value)

    def region(self, reference: quil.MemoryReference) -> Region:
        """Find a cell's region; raises InvalidProgram where the cell is not there."""
        region = self._regions.get(reference.name)
        if region is None:
            raise InvalidProgram(f"The memory region {reference.name!r} is not declared.")
        if not 0 <= reference.index < region.length:
            raise InvalidProgram(f"{reference.to_quil()} is not there: {reference.name!r} has {region.length} cells.")
        return region

    def references(self, name: str) -> list[quil.MemoryReference]:
        """Name each cell of a region."""
        region = self.region(quil.MemoryReference(name, 0))
        return [quil.MemoryReference(name, index) for index in range(region.length)]

    def value(self, reference: quil.MemoryReference, builder: Builder) -> Operand:
        """Give what a cell holds: a number if nothing in the program changes it."""
        region = self.region(reference)
        cell = region.first + reference.index
        if cell in self._cells:
            return self._cells[cell]
        if region.root in self._measured:
            return builder.read(cell)
        return self._initial(region, reference.index)

    def cell(self, reference: quil.MemoryReference) -> tuple[Register, str]:
        """Give where a computed cell is, and its type."""
        region = self.region(reference)
        return self._cells[region.first + reference.index], region.kind

    def measure(self, qubit: int, reference: quil.MemoryReference, builder: Builder) -> None:
        """Measure a qubit into a cell."""
        region = self.region(reference)
        if region.kind not in {"BIT", "INTEGER", "OCTET"}:
            raise InvalidProgram(f"A qubit cannot be measured into {reference.to_quil()}, which is {region.kind}.")
        cell = region.first + reference.index
        builder.add(Measure(qubit, cell))
        if cell in self._cells:
            builder.add(ReadResult(self._cells[cell], cell))

    def readout(self) -> tuple[str, ...]:
        """Name the regions that are read out: ro, and those that qubits are measured into."""
        return tuple(name for name in self._regions if name == READOUT or name in self._read_out)

    def record(self, builder: Builder) -> None:
        """Put the regions that are read out into the output."""
        for name in self.readout():
            region = self._regions[name]
            builder.add(RecordGroup("array", region.length))
            kind = "double" if region.kind == "REAL" else "int"
            for index in range(region.length):
                cell = region.first + index
                if region.root in self._measured and cell not in self._cells:
                    builder.add(RecordResult(cell))
                else:
                    value = self._cells.get(cell)
                    builder.add(RecordValue(kind, self._initial(region, index) if value is None else value))
