"""A program as the simulator runs it: blocks of operations on qubits, results and classical values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

type Number = int | float


@dataclass(frozen=True, slots=True)
class Register:
    """A classical value that is known only while the program runs."""

    index: int


type Operand = Number | Register


@dataclass(frozen=True, slots=True)
class Gate:
    """A unitary by its name in `gates.GATES`; angles in radians; applied where all controls are 1.

    The name `unitary` is a matrix of its own: `entries` row by row, the first qubit the lowest bit of the index.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Operand, ...] = ()
    controls: tuple[int, ...] = ()
    entries: tuple[complex, ...] = ()

    @property
    def touched(self) -> tuple[int, ...]:
        return self.controls + self.qubits


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure a qubit in the Z basis into a result."""

    qubit: int
    result: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Bring a qubit to |0>."""

    qubit: int


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Make a measured result a classical value, 0 or 1."""

    target: Register
    result: int


@dataclass(frozen=True, slots=True)
class Compute:
    """Compute a classical value with an operation of `classical.OPERATIONS`."""

    target: Register
    operation: str
    operands: tuple[Operand, ...]
    width: int = 64
    operand_width: int = 64


@dataclass(frozen=True, slots=True)
class RecordResult:
    """Put a measured bit into the output."""

    result: int


@dataclass(frozen=True, slots=True)
class RecordValue:
    """Put a classical value into the output; kind is bool, int or double."""

    kind: str
    value: Operand


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """Open an array or a tuple: the next `size` items of the output are inside it."""

    kind: str
    size: int


type Operation = Gate | Measure | Reset | ReadResult | Compute | RecordResult | RecordValue | RecordGroup


@dataclass(frozen=True, slots=True)
class Jump:
    """Go to a block; the moves happen at once, on the values before the jump."""

    block: int
    moves: tuple[tuple[Register, Operand], ...] = ()


@dataclass(frozen=True, slots=True)
class Choose:
    """Jump to the case that equals the condition, else to the default."""

    condition: Operand
    cases: tuple[tuple[int, Jump], ...]
    default: Jump


@dataclass(frozen=True, slots=True)
class Block:
    """Operations in order; the program ends after a block that goes nowhere."""

    operations: tuple[Operation, ...]
    next: Jump | Choose | None = None


@dataclass(frozen=True)
class Program:
    """Blocks, the first of which is the start; `width` is the number of qubits the program declares.

    `registers` names the arrays at the top of the output, where the format of the program names them.
    """

    blocks: tuple[Block, ...]
    width: int
    registers: tuple[str, ...] = ()
    gate_counts: dict[int, int] = field(init=False)
    measurements: int = field(init=False)

    def __post_init__(self) -> None:
        counts: dict[int, int] = {}
        for operation in self.operations():
            if isinstance(operation, Gate):
                size = len(operation.touched)
                counts[size] = counts.get(size, 0) + 1
        object.__setattr__(self, "gate_counts", counts)
        measured = sum(isinstance(operation, Measure) for operation in self.operations())
        object.__setattr__(self, "measurements", measured)

    def operations(self) -> Iterator[Operation]:
        """Give every operation of every block once."""
        for block in self.blocks:
            yield from block.operations

    def used_qubits(self) -> tuple[int, ...]:
        """Give the qubits that any operation touches, in ascending order."""
        return tuple(sorted(set().union(*map(qubits_of, self.blocks))))


class Blocks(Protocol):
    """Blocks by number; some may be made only when they are asked for."""

    def __getitem__(self, number: int, /) -> Block: ...


class Runnable(Protocol):
    """What the simulator runs: a program, or one that is written out while it runs."""

    @property
    def blocks(self) -> Blocks: ...

    @property
    def width(self) -> int:
        """How many qubits the program declares or is known to use."""

    @property
    def gate_counts(self) -> dict[int, int]:
        """Qubits of a gate -> how many such gates."""

    @property
    def measurements(self) -> int: ...

    def operations(self) -> Iterator[Operation]:
        """Give every operation that is known, once."""

    def used_qubits(self) -> tuple[int, ...]:
        """Give the qubits of these operations, in ascending order."""


def qubits_of(block: Block) -> set[int]:
    """Give the qubits that a block touches."""
    found: set[int] = set()
    for step in block.operations:
        if isinstance(step, Gate):
            found.update(step.touched)
        elif isinstance(step, Measure | Reset):
            found.add(step.qubit)
    return found
