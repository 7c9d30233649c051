"""Write a program as Quil, the text that Rigetti's targets take (rigetti.quil.v1).

All reported bits are in one region `ro`, register after register in order of declaration, bit 0 first: the region that
the provider reads out. Bits that only steer branches are in a region of their own. Barriers are left out: they have no
effect on results, and FENCE belongs to pulses.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from quantum_jobs.programs.gates import flatten
from quantum_jobs.programs.ir import HIDDEN, Bit, Gate, If, Measure, Operation, Program, Reset

READ_OUT = "ro"
_HIDDEN = "steering"
_NAMES = {
    name: name.upper() for name in ("h", "x", "y", "z", "s", "t", "rx", "ry", "rz", "cz", "swap", "cswap", "iswap")
}
_NAMES |= {"cx": "CNOT", "ccx": "CCNOT", "p": "PHASE", "cp": "CPHASE", "sdg": "DAGGER S", "tdg": "DAGGER T"}


def write_quil(program: Program) -> str:
    """Write a program; the same program gives the same text."""
    writer = _Writer(program)
    return "\n".join((*writer.declarations(), *writer.lines(program.operations), ""))


class _Writer:
    def __init__(self, program: Program) -> None:
        self._offsets = list(accumulate((register.size for register in program.registers), initial=0))
        self._hidden_bits = program.hidden_bits
        self._branches = 0

    def declarations(self) -> Iterator[str]:
        yield f"DECLARE {READ_OUT} BIT[{self._offsets[-1]}]"
        if self._hidden_bits:
            yield f"DECLARE {_HIDDEN} BIT[{self._hidden_bits}]"

    def lines(self, operations: Iterable[Operation]) -> Iterator[str]:
        for operation in operations:
            match operation:
                case Gate():
                    yield from map(_gate, (operation,) if operation.name in _NAMES else flatten(operation))
                case Measure(qubit, bit):
                    yield f"MEASURE {qubit} {self._cell(bit)}"
                case Reset(qubit):
                    yield f"RESET {qubit}"
                case If():
                    yield from self._branch(operation)

    def _cell(self, bit: Bit) -> str:
        if bit.register == HIDDEN:
            return f"{_HIDDEN}[{bit.index}]"
        return f"{READ_OUT}[{self._offsets[bit.register] + bit.index}]"

    def _branch(self, branch: If) -> Iterator[str]:
        """Test one bit after the other; the first that differs jumps to the other arm."""
        number, self._branches = self._branches, self._branches + 1
        other, end = f"@else{number}", f"@end{number}"
        for place, bit in enumerate(branch.bits):
            jump = "JUMP-UNLESS" if branch.value >> place & 1 else "JUMP-WHEN"
            yield f"{jump} {other} {self._cell(bit)}"
        yield from self.lines(branch.then)
        yield f"JUMP {end}"
        yield f"LABEL {other}"
        yield from self.lines(branch.otherwise)
        yield f"LABEL {end}"


def _gate(gate: Gate) -> str:
    angles = f"({', '.join(map(repr, gate.angles))})" if gate.angles else ""
    return f"{_NAMES[gate.name]}{angles} {' '.join(map(str, gate.qubits))}"
