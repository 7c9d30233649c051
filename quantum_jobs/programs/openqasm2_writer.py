"""Write a program as OpenQASM 2, the text that Quantinuum's targets take (honeywell.openqasm.v1).

Each register is a `creg` of its name, bit i = c[i]; bits that only steer branches make one more, behind all others.
Gates of the original qelib1.inc only. A branch is written as `if(c==n)` before each of its operations, once for every
value of the register that takes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from re import fullmatch
from typing import NoReturn

from quantum_jobs.errors import ProgramFormatUnsupported
from quantum_jobs.programs.gates import FLAT, flatten
from quantum_jobs.programs.ir import HIDDEN, Barrier, Bit, Gate, If, Measure, Operation, Program, Register, Reset, walk

_NAMED = FLAT | {"cy", "ch", "ccx"}
_WORDS = "barrier creg gate if include measure opaque qreg reset pi sin cos tan exp ln sqrt"
_GATES = (
    "u3 u2 u1 cx id u0 u p x y z h s sdg t tdg sx sxdg rx ry rz cz cy ch swap ccx cswap crx cry crz cu1 cp cu3 csx cu "
    "rxx rzz rccx rc3x c3x c3sqrtx c4x"
)
_RESERVED = frozenset(f"{_WORDS} {_GATES}".split())
_MOST_TESTED_BITS = 8


def write_openqasm2(program: Program) -> str:
    """Write a program; the same program gives the same text.

    Raises:
        ProgramFormatUnsupported: a register's name, or a branch, that OpenQASM 2 cannot express.
    """
    for register in program.registers:
        if not fullmatch("[a-z][A-Za-z0-9_]*", register.name) or register.name in _RESERVED:
            _refuse(f"{register.name[:40]!r} cannot be the name of a register")
    writer = _Writer(program)
    head = ["OPENQASM 2.0;", 'include "qelib1.inc";', *writer.declarations()]
    return "\n".join((*head, *writer.lines(program.operations, ()), ""))


def _refuse(detail: str) -> NoReturn:
    raise ProgramFormatUnsupported(f"OpenQASM 2 cannot say this: {detail}.")


@dataclass(frozen=True, slots=True)
class _Test:
    """Whether the number made of `bits` equals `value`, or does not."""

    bits: tuple[Bit, ...]
    value: int
    holds: bool

    @property
    def register(self) -> int:
        return self.bits[0].register

    def accepts(self, number: int) -> bool:
        """Tell whether a value of the register passes."""
        found = sum((number >> bit.index & 1) << place for place, bit in enumerate(self.bits))
        return (found == self.value) == self.holds


_Guard = tuple[_Test, ...]


class _Writer:
    def __init__(self, program: Program) -> None:
        hidden = [Register(_unused("hidden", program.registers), program.hidden_bits)] if program.hidden_bits else []
        self._registers = [*program.registers, *hidden]
        self._qubits = _unused("q", program.registers)
        self._count = program.qubits

    def declarations(self) -> Iterator[str]:
        yield f"qreg {self._qubits}[{self._count}];"
        for register in self._registers:
            yield f"creg {register.name}[{register.size}];"

    def lines(self, operations: Iterable[Operation], guard: _Guard) -> Iterator[str]:
        """Write operations, each under the tests of the branches that it is in."""
        prefixes = self._prefixes(guard)
        for operation in operations:
            if isinstance(operation, If):
                yield from self._branch(operation, guard)
            elif not (guard and isinstance(operation, Barrier)):
                for line in self._plain(operation):
                    yield from (f"{prefix}{line}" for prefix in prefixes)

    def _plain(self, operation: Operation) -> Iterator[str]:
        match operation:
            case Gate():
                yield from map(self._gate, (operation,) if operation.name in _NAMED else flatten(operation))
            case Measure(qubit, bit):
                yield f"measure {self._listed([qubit])} -> {self._name_of(bit)}[{bit.index}];"
            case Reset(qubit):
                yield f"reset {self._listed([qubit])};"
            case Barrier(qubits):
                yield f"barrier {self._listed(qubits)};"

    def _gate(self, gate: Gate) -> str:
        angles = f"({','.join(map(_real, gate.angles))})" if gate.angles else ""
        return f"{gate.name}{angles} {self._listed(gate.qubits)};"

    def _listed(self, qubits: Iterable[int]) -> str:
        return ",".join(f"{self._qubits}[{qubit}]" for qubit in qubits)

    def _name_of(self, bit: Bit) -> str:
        return self._registers[self._place(bit.register)].name

    def _place(self, register: int) -> int:
        return len(self._registers) - 1 if register == HIDDEN else register

    def _branch(self, branch: If, guard: _Guard) -> Iterator[str]:
        if len({bit.register for bit in branch.bits}) != 1:
            _refuse("a branch on bits of several registers")
        for arm, holds in ((branch.then, True), (branch.otherwise, False)):
            inner = (*guard, _Test(branch.bits, branch.value, holds))
            if len({test.register for test in inner}) != 1:
                _refuse("a branch on one register inside a branch on another")
            if any(isinstance(item, Measure) and item.bit.register == inner[0].register for item in walk(arm)):
                _refuse("a branch that measures into the register it tests")
            if arm:
                yield from self.lines(arm, inner)

    def _prefixes(self, guard: _Guard) -> Sequence[str]:
        if not guard:
            return ("",)
        register = self._registers[self._place(guard[0].register)]
        return [f"if({register.name}=={value}) " for value in _values(guard, register.size)]


def _values(guard: _Guard, size: int) -> Iterable[int]:
    """Give the values of a register that pass all tests."""
    for test in guard:
        if test.holds and len({bit.index for bit in test.bits}) == size:
            only = sum((test.value >> place & 1) << bit.index for place, bit in enumerate(test.bits))
            return [only] if all(other.accepts(only) for other in guard) else []
    if size > _MOST_TESTED_BITS:
        _refuse(f"a branch on some bits of a register of {size}, or on another value than one")
    return [value for value in range(1 << size) if all(test.accepts(value) for test in guard)]


def _real(value: float) -> str:
    """Write a number to the last bit; the language wants a point before an exponent."""
    text = repr(float(value))
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _unused(name: str, registers: Sequence[Register]) -> str:
    while name in {register.name for register in registers}:
        name += "_"
    return name
