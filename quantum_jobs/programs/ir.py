"""The one representation of a program: gates, measurements, resets and branches on measured bits.

Bit order: bit i of a register is the bit written `c[i]` in OpenQASM and the i-th recorded result in QIR; in a number
that stands for several bits (`If.value`, `c == 3`) bit i has the weight 2**i. Qubits are numbered in the order of
their declaration, all registers in one line. Every qubit starts as |0>, every bit as 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Register:
    """A named group of result bits; registers are reported in the order of `Program.registers`."""

    name: str
    size: int


HIDDEN = -1
"""The place of the register of bits that steer branches and are not reported."""


@dataclass(frozen=True, slots=True)
class Bit:
    """Bit `index` of the register at place `register` of `Program.registers`, or a hidden bit (`HIDDEN`)."""

    register: int
    index: int


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the vocabulary of `gates`; controls come before targets, angles are radians as written."""

    name: str
    qubits: tuple[int, ...]
    angles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure in the computational basis into a bit; the bit's former value is lost."""

    qubit: int
    bit: Bit


@dataclass(frozen=True, slots=True)
class Reset:
    """Put a qubit back to |0>."""

    qubit: int


@dataclass(frozen=True, slots=True)
class Barrier:
    """Operations on these qubits are not moved across; no effect on the result."""

    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class If:
    """Run `then` where the number made of `bits` (the first has weight 1) equals `value`, else `otherwise`."""

    bits: tuple[Bit, ...]
    value: int
    then: tuple["Operation", ...]
    otherwise: tuple["Operation", ...] = ()


Operation = Gate | Measure | Reset | Barrier | If


@dataclass(frozen=True, slots=True)
class Program:
    """A program without free parameters.

    `registers` are what a run reports; `hidden_bits` counts bits that are measured but not reported. `parameters` are
    the inputs that were bound while reading, by name.
    """

    qubits: int
    registers: tuple[Register, ...]
    operations: tuple[Operation, ...]
    parameters: tuple[tuple[str, float], ...] = ()
    hidden_bits: int = 0


def walk(operations: tuple[Operation, ...]) -> Iterator[Operation]:
    """Give every operation in program order; those of an `If` follow it, `then` before `otherwise`."""
    for operation in operations:
        yield operation
        if isinstance(operation, If):
            yield from walk(operation.then)
            yield from walk(operation.otherwise)
