"""The registers of a program and the qubits and bits that its operands name."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from local.execution.openqasm.constants import evaluate
from local.execution.openqasm.syntax import Expression, Operand, Range, Set
from local.execution.openqasm.tokens import Place
from local.execution.openqasm.variables import Cell
from local.execution.program import Operand as Known

MOST_BITS = 65_536
type Kind = Literal["qubit", "bit"]


@dataclass(frozen=True)
class Named:
    """A register or an alias: numbers of qubits or of results."""

    kind: Kind
    numbers: tuple[int, ...]


class Registers:
    """Numbers qubits and bits in order of declaration.

    A bit is a result of the engine, or a cell where the program computes it; `cells` has those.
    """

    def __init__(self, version: int) -> None:
        self._version = version
        self._named: ChainMap[str, Named] = ChainMap()
        self._outputs: list[tuple[str, tuple[int, ...], bool]] = []
        self._used = {"qubit": 0, "bit": 0}
        self._device = 0
        self.cells: dict[int, Cell] = {}

    @property
    def width(self) -> int:
        return max(self._used["qubit"], self._device)

    @property
    def bits(self) -> int:
        return self._used["bit"]

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def is_here(self, name: str) -> bool:
        """Tell whether the innermost scope has the name."""
        return name in self._named.maps[0]

    def kind(self, name: str) -> Kind | None:
        return self._named[name].kind if name in self._named else None

    def enter(self) -> None:
        """Open a scope inside this one."""
        self._named = self._named.new_child()

    def leave(self) -> None:
        self._named = self._named.parents

    def hide(self) -> ChainMap[str, Named]:
        """Begin with no names at all, as a subroutine does; gives what `show` takes back."""
        hidden, self._named = self._named, ChainMap()
        return hidden

    def show(self, hidden: ChainMap[str, Named]) -> None:
        self._named = hidden

    def declare(self, kind: Kind, name: str, size: int, at: Place) -> tuple[int, ...]:
        """Add a register; raises InvalidProgram for a bad size."""
        first = self._used[kind]
        if not 1 <= size <= MOST_BITS - first:
            raise at.invalid(f"register {name!r} of {size} cannot be: sizes are from 1, {MOST_BITS} {kind}s in all.")
        if kind == "qubit" and self._device:
            raise at.invalid(f"{name!r} is declared in a program that names qubits of the device ($0, ...).")
        self._used[kind] = first + size
        numbers = tuple(range(first, first + size))
        self._named[name] = Named(kind, numbers)
        return numbers

    def alias(self, kind: Kind, name: str, numbers: tuple[int, ...]) -> None:
        """Give qubits or bits another name."""
        self._named[name] = Named(kind, numbers)

    def put_out(self, name: str, numbers: tuple[int, ...], *, is_output: bool) -> None:
        """Make a register of bits one that the results may hold."""
        self._outputs.append((name, numbers, is_output))

    def outputs(self) -> list[tuple[str, tuple[int, ...]]]:
        """Give name and bits of the registers in the results: those called output, else all, in order."""
        chosen = any(is_output for _, _, is_output in self._outputs)
        return [(name, numbers) for name, numbers, is_output in self._outputs if is_output or not chosen]

    def numbers(self, operand: Operand, kind: Kind, names: Mapping[str, Known]) -> tuple[int, ...]:
        """Give the qubits or bits that an operand names."""
        if kind == "qubit" and operand.name.startswith("$"):
            return (self._of_device(operand),)
        named = self._named.get(operand.name)
        if named is None or named.kind != kind:
            raise operand.at.invalid(f"there is no register of {kind}s named {operand.name!r}.")
        numbers = named.numbers
        for selector in operand.selectors:
            numbers = tuple(numbers[index] for index in self._indices(selector, len(numbers), names, operand))
        return numbers

    def _of_device(self, operand: Operand) -> int:
        """Give the number of a qubit of the device; these and declared qubits do not go together (a choice)."""
        digits = operand.name[1:]
        if self._used["qubit"] or operand.selectors or not digits.isdecimal() or len(digits) > 5:
            raise operand.at.invalid(
                f"{operand.name} is a qubit of the device: $0, $1, ... alone, in a program that declares no qubits."
            )
        number = int(digits)
        if number >= MOST_BITS:
            raise operand.at.invalid(f"there is no qubit {operand.name}: they are $0 to ${MOST_BITS - 1}.")
        self._device = max(self._device, number + 1)
        return number

    def _indices(
        self, selector: Expression | Range | Set, size: int, names: Mapping[str, Known], operand: Operand
    ) -> list[int]:
        match selector:
            case Set(items=items):
                return [self._index(item, size, names, operand) for item in items]
            case Range():
                return self._range(selector, size, names, operand)
        return [self._index(selector, size, names, operand)]

    def _range(self, given: Range, size: int, names: Mapping[str, Known], operand: Operand) -> list[int]:
        step = 1 if given.step is None else self._whole(given.step, names, operand)
        if step == 0:
            raise given.at.invalid("a range cannot have the step 0.")
        low, high = (0, size - 1) if step > 0 else (size - 1, 0)
        start = low if given.start is None else self._index(given.start, size, names, operand)
        stop = high if given.stop is None else self._index(given.stop, size, names, operand)
        return list(range(start, stop + (1 if step > 0 else -1), step))

    def _index(self, expression: Expression, size: int, names: Mapping[str, Known], operand: Operand) -> int:
        index = self._whole(expression, names, operand)
        lowest = -size if self._version == 3 else 0
        if not lowest <= index < size:
            raise operand.at.invalid(f"{operand.name}[{index}] is not there: {operand.name!r} has {size}.")
        return index % size

    def _whole(self, expression: Expression, names: Mapping[str, Known], operand: Operand) -> int:
        value = evaluate(expression, names, version=self._version)
        if not isinstance(value, int):
            raise operand.at.invalid(f"an index must be a whole number, not {value}.")
        return value
