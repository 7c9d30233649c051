"""The registers of a program and the qubits and bits that its operands name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.constants import Value, evaluate
from local.execution.openqasm.syntax import Expression, Operand, Range, Set
from local.execution.openqasm.tokens import Place

MOST_BITS = 65_536
type Kind = Literal["qubit", "bit"]


@dataclass(frozen=True)
class Named:
    """A register or an alias: numbers of qubits or of results."""

    kind: Kind
    numbers: tuple[int, ...]


class Registers:
    """Numbers qubits and bits in order of declaration."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._named: dict[str, Named] = {}
        self._declared: list[str] = []
        self._used = {"qubit": 0, "bit": 0}

    @property
    def width(self) -> int:
        return self._used["qubit"]

    @property
    def bits(self) -> int:
        return self._used["bit"]

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def declare(self, kind: Kind, name: str, size: int, at: Place) -> None:
        """Add a register; raises InvalidProgram for a bad size."""
        first = self._used[kind]
        if not 1 <= size <= MOST_BITS - first:
            raise at.invalid(f"register {name!r} of {size} cannot be: sizes are from 1, {MOST_BITS} {kind}s in all.")
        self._used[kind] = first + size
        self._named[name] = Named(kind, tuple(range(first, first + size)))
        self._declared.append(name)

    def alias(self, name: str, numbers: tuple[int, ...]) -> None:
        """Give qubits another name."""
        self._named[name] = Named("qubit", numbers)

    def bit_registers(self) -> list[tuple[str, tuple[int, ...]]]:
        """Give name and results of each declared register of bits, in order."""
        found = [(name, self._named[name]) for name in self._declared]
        return [(name, named.numbers) for name, named in found if named.kind == "bit"]

    def numbers(self, operand: Operand, kind: Kind, names: Mapping[str, Value]) -> tuple[int, ...]:
        """Give the qubits or bits that an operand names."""
        if operand.name.startswith("$"):
            raise UnsupportedProgram(
                f"line {operand.at.line}: qubits of a device, {operand.name}, cannot be named here."
            )
        named = self._named.get(operand.name)
        if named is None or named.kind != kind:
            raise operand.at.invalid(f"there is no register of {kind}s named {operand.name!r}.")
        numbers = named.numbers
        for selector in operand.selectors:
            numbers = tuple(numbers[index] for index in self._indices(selector, len(numbers), names, operand))
        return numbers

    def _indices(
        self, selector: Expression | Range | Set, size: int, names: Mapping[str, Value], operand: Operand
    ) -> list[int]:
        match selector:
            case Set(items=items):
                return [self._index(item, size, names, operand) for item in items]
            case Range():
                return self._range(selector, size, names, operand)
        return [self._index(selector, size, names, operand)]

    def _range(self, given: Range, size: int, names: Mapping[str, Value], operand: Operand) -> list[int]:
        step = 1 if given.step is None else self._whole(given.step, names, operand)
        if step == 0:
            raise given.at.invalid("a range cannot have the step 0.")
        low, high = (0, size - 1) if step > 0 else (size - 1, 0)
        start = low if given.start is None else self._index(given.start, size, names, operand)
        stop = high if given.stop is None else self._index(given.stop, size, names, operand)
        return list(range(start, stop + (1 if step > 0 else -1), step))

    def _index(self, expression: Expression, size: int, names: Mapping[str, Value], operand: Operand) -> int:
        index = self._whole(expression, names, operand)
        lowest = -size if self._version == 3 else 0
        if not lowest <= index < size:
            raise operand.at.invalid(f"{operand.name}[{index}] is not there: {operand.name!r} has {size}.")
        return index % size

    def _whole(self, expression: Expression, names: Mapping[str, Value], operand: Operand) -> int:
        value = evaluate(expression, names, version=self._version)
        if not isinstance(value, int):
            raise operand.at.invalid(f"an index must be a whole number, not {value}.")
        return value
