"""Builds a program block by block, within a bound on its size."""

from collections.abc import Iterable

from local.execution.errors import ProgramTooLarge
from local.execution.program import (
    Block,
    Choose,
    Compute,
    Gate,
    Jump,
    Operand,
    Operation,
    Program,
    ReadResult,
    Register,
)

MOST_OPERATIONS = 300_000


class Builder:
    """Blocks under construction; operations go into the block that is open."""

    def __init__(self) -> None:
        self._operations: list[list[Operation]] = [[]]
        self._next: dict[int, Jump | Choose] = {}
        self._registers = 0
        self._steps = 0
        self.open = 0

    def count(self) -> None:
        """Count a step of writing the program out; raises ProgramTooLarge when there have been too many."""
        self._steps += 1
        if self._steps > MOST_OPERATIONS:
            raise ProgramTooLarge(f"Written out, the program has more than {MOST_OPERATIONS} operations.")

    def add(self, operation: Operation) -> None:
        self.count()
        self._operations[self.open].append(operation)

    def gates(self, gates: Iterable[Gate]) -> None:
        """Add gates; global phases, which nobody can see, are left out."""
        for gate in gates:
            if gate.name != "gphase":
                self.add(gate)

    def register(self) -> Register:
        self._registers += 1
        return Register(self._registers - 1)

    def compute(self, operation: str, *operands: Operand, width: int = 64) -> Register:
        """Add a computation; gives where its value will be."""
        target = self.register()
        self.add(Compute(target, operation, operands, width, width))
        return target

    def read(self, result: int) -> Register:
        """Make a measured bit a value."""
        target = self.register()
        self.add(ReadResult(target, result))
        return target

    def block(self) -> int:
        """Make a new block and leave the open one open."""
        self.count()
        self._operations.append([])
        return len(self._operations) - 1

    def jump(self, block: int) -> None:
        """End the open block with a jump."""
        self._next[self.open] = Jump(block)

    def choose(self, condition: Operand, then: int, otherwise: int) -> None:
        """End the open block with a jump to `then` unless the condition is 0."""
        self._next[self.open] = Choose(condition, ((0, Jump(otherwise)),), Jump(then))

    def program(self, width: int, registers: tuple[str, ...]) -> Program:
        blocks = [Block(tuple(steps), self._next.get(index)) for index, steps in enumerate(self._operations)]
        return Program(tuple(blocks), width, registers)
