"""Blocks with forward jumps become nested branches; loops are refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from quantum_jobs.errors import Fault
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.ir import Bit, If, Operation
from quantum_jobs.programs.places import Place

_EXIT = ""
_TOO_LARGE = "more operations or deeper branches than are taken"


@dataclass(frozen=True, slots=True)
class Straight:
    """Operations without a jump, then a jump to `yes`, or where `test` is given to `yes` if the bit is 1, else `no`."""

    place: Place
    operations: tuple[Operation, ...]
    yes: str = _EXIT
    no: str = _EXIT
    test: Bit | None = None

    @property
    def successors(self) -> tuple[str, ...]:
        """The blocks that may come next; the empty name is the end of the program."""
        return (self.yes,) if self.test is None else (self.yes, self.no)


class NotStructured(Exception):
    """The jumps do not make a program of the adaptive profile without loops."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def nested(blocks: Mapping[str, Straight], entry: str, limits: Limits) -> tuple[Operation, ...]:
    """Write blocks as operations with branches.

    Raises:
        NotStructured: a jump backwards, branches nested too deeply, more operations than the limit.
    """
    return _Nesting(blocks, _finishing_order(blocks, entry), limits).arm(entry, _EXIT, 0)


def _finishing_order(blocks: Mapping[str, Straight], entry: str) -> list[str]:
    """Order the reachable blocks so that each comes after all that may follow it."""
    finished: list[str] = []
    is_open: dict[str, bool] = {}
    stack = [(entry, False)]
    while stack:
        name, is_done = stack.pop()
        if is_done:
            is_open[name] = False
            finished.append(name)
        elif name not in is_open:
            is_open[name] = True
            stack.append((name, True))
            for following in blocks[name].successors:
                if is_open.get(following):
                    raise NotStructured(blocks[name].place.fault("a jump backwards: loops are not supported"))
                if following != _EXIT and following not in is_open:
                    stack.append((following, False))
    return finished


class _Nesting:
    def __init__(self, blocks: Mapping[str, Straight], finished: list[str], limits: Limits) -> None:
        self._blocks = blocks
        self._limits = limits
        self._arms: dict[tuple[str, str], tuple[tuple[Operation, ...], int]] = {}
        self._entered: dict[str, int] = {}
        self._joins: dict[str, str] = {}
        self._heights = {_EXIT: 0}
        for name in finished:
            self._place_join(name)

    def _place_join(self, name: str) -> None:
        """Find the block through which every way from here passes next (its immediate post-dominator)."""
        following = self._blocks[name].successors
        join = following[0]
        for other in following:
            self._entered[other] = self._entered.get(other, 0) + 1
            while join != other:
                if self._heights[join] >= self._heights[other]:
                    join = self._joins[join]
                else:
                    other = self._joins[other]
        self._joins[name], self._heights[name] = join, self._heights[join] + 1

    def arm(self, start: str, stop: str, depth: int) -> tuple[Operation, ...]:
        """Give the operations from one block up to another."""
        return self._arm(start, stop, depth)[0]

    def _arm(self, start: str, stop: str, depth: int) -> tuple[tuple[Operation, ...], int]:
        known = self._arms.get((start, stop))
        if known is None:
            known = self._arms[start, stop] = self._walked(start, stop, depth)
        return known

    def _walked(self, start: str, stop: str, depth: int) -> tuple[tuple[Operation, ...], int]:
        operations: list[Operation] = []
        size, name = 0, start
        while name != stop:
            block = self._blocks[name]
            if depth > self._limits.nesting:
                raise NotStructured(block.place.fault(_TOO_LARGE))
            operations.extend(block.operations)
            size += len(block.operations)
            if block.test is None:
                name = block.yes
            else:
                branch, branch_size = self._branch(name, depth)
                operations.append(branch)
                size, name = size + branch_size, self._joins[name]
            if size > self._limits.operations:
                raise NotStructured(block.place.fault(_TOO_LARGE))
        return tuple(operations), size

    def _branch(self, name: str, depth: int) -> tuple[If, int]:
        """Make one branch of a block's test and those that follow at once with the same other arm."""
        join, block = self._joins[name], self._blocks[name]
        bits, value, then, otherwise = self._chain(block)
        then_arm, then_size = self._arm(then, join, depth + 1)
        other_arm, other_size = self._arm(otherwise, join, depth + 1)
        return If(bits, value, then_arm, other_arm), then_size + other_size + 1

    def _chain(self, block: Straight) -> tuple[tuple[Bit, ...], int, str, str]:
        bits, value, then, otherwise = [block.test], 1, block.yes, block.no
        if self._continues(then, otherwise) is None and self._continues(otherwise, then) is not None:
            value, then, otherwise = 0, otherwise, then
        while (following := self._continues(then, otherwise)) is not None and following.test not in bits:
            goes_on = following.no == otherwise
            value |= int(goes_on) << len(bits)
            bits.append(following.test)
            then = following.yes if goes_on else following.no
        return tuple(bit for bit in bits if bit is not None), value, then, otherwise

    def _continues(self, name: str, otherwise: str) -> Straight | None:
        """Give the block if it only tests a further bit and has the same other arm."""
        block = self._blocks.get(name)
        if block is None or block.test is None or block.operations or self._entered[name] != 1:
            return None
        return block if otherwise in block.successors else None
