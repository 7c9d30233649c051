"""What a function of a QIR module does: the operations of a program, and those that are resolved while it runs."""

from dataclasses import dataclass

from local.execution.program import Choose, Jump, Operand, Operation, Register


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call a function of the module or of the runtime with values that are known only then."""

    target: Register
    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Allocate:
    """Reserve memory that lasts until the function returns; sizes in bytes."""

    target: Register
    size: int
    count: Operand


@dataclass(frozen=True, slots=True)
class Offset:
    """Compute an address: the base plus index times stride, for each step."""

    target: Register
    base: Operand
    steps: tuple[tuple[Operand, int], ...]


@dataclass(frozen=True, slots=True)
class Load:
    target: Register
    address: Operand


@dataclass(frozen=True, slots=True)
class Store:
    address: Operand
    value: Operand


@dataclass(frozen=True, slots=True)
class Give:
    """Return a value to the caller."""

    value: Operand


@dataclass(frozen=True, slots=True)
class Stop:
    """End the program as failed."""

    reason: str


type Instruction = Operation | Invoke | Allocate | Offset | Load | Store | Give | Stop
RESOLVED_WHILE_RUNNING = (Invoke, Allocate, Offset, Load, Store, Stop)


@dataclass(frozen=True, slots=True)
class Section:
    """A basic block; the function ends after one that goes nowhere."""

    instructions: tuple[Instruction, ...]
    next: Jump | Choose | None = None


@dataclass(frozen=True)
class Code:
    """A function: its sections, the first of which is the start, and where its arguments go."""

    name: str
    sections: tuple[Section, ...]
    parameters: tuple[Register, ...] = ()

    @property
    def is_static(self) -> bool:
        """Tell whether every qubit, result and call is known before the program runs."""
        found = (step for section in self.sections for step in section.instructions)
        return not any(isinstance(step, RESOLVED_WHILE_RUNNING) for step in found)
