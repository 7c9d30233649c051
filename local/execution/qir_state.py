"""What a running QIR program holds besides its quantum state: calls, memory, allocated qubits, results."""

from bisect import insort
from dataclasses import dataclass, field

from local.execution.errors import InvalidProgram, ProgramTooLarge
from local.execution.program import Number, Register
from local.execution.qir_code import Code
from local.execution.qir_layout import GLOBALS

STACK, HEAP, RESULTS = 1 << 40, 1 << 44, 1 << 48
"""First addresses of memory of functions and of the runtime, and first number of a result made while running."""
ZERO_RESULT, ONE_RESULT = GLOBALS - 2, GLOBALS - 1
KNOWN_0, KNOWN_1 = 0, -1
"""In place of measurements, which count from 1: a bit that the program itself wrote, or never measured."""
MOST_CALLS = 10_000
MOST_CELLS = 1_000_000


class UnreadResult(Exception):
    """The program needs the bit of a measurement to go on."""

    def __init__(self, measurement: int) -> None:
        super().__init__(measurement)
        self.measurement = measurement


@dataclass(slots=True)
class Frame:
    """A call in progress."""

    code: Code
    target: Register | None
    """Where the caller wants the value."""
    stack: int
    """Where the memory of the function begins."""
    values: dict[int, Number] = field(default_factory=dict)
    section: int = 0
    position: int = 0

    def copy(self) -> "Frame":
        return Frame(self.code, self.target, self.stack, dict(self.values), self.section, self.position)


@dataclass
class State:
    """All of it, for one history of measured bits."""

    static_qubits: int | None
    """How many qubits the program has without allocating any, where it says so."""
    most_qubits: int
    frames: list[Frame] = field(default_factory=list)
    memory: dict[int, Number] = field(default_factory=dict)
    stack: int = STACK
    heap: int = HEAP
    arrays: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Array -> bytes of an item, number of items."""
    free: list[int] = field(default_factory=list)
    allocated: set[int] = field(default_factory=set)
    qubits: int = 0
    """How many qubits have been allocated at one time at most."""
    results: dict[int, int] = field(default_factory=lambda: {ZERO_RESULT: KNOWN_0, ONE_RESULT: KNOWN_1})
    """Result -> the last measurement into it."""
    bits: dict[int, int] = field(default_factory=lambda: {KNOWN_0: 0, KNOWN_1: 1})
    """Measurement -> its bit, where the program has read it."""
    measurements: int = 0
    made_results: int = 0
    gate_counts: dict[int, int] = field(default_factory=dict)
    measured: int = 0

    def copy(self) -> "State":
        return State(
            self.static_qubits,
            self.most_qubits,
            [frame.copy() for frame in self.frames],
            dict(self.memory),
            self.stack,
            self.heap,
            dict(self.arrays),
            list(self.free),
            set(self.allocated),
            self.qubits,
            dict(self.results),
            dict(self.bits),
            self.measurements,
            self.made_results,
            dict(self.gate_counts),
            self.measured,
        )

    @property
    def size(self) -> int:
        """How much a copy takes, about."""
        return len(self.memory) + len(self.results) + sum(len(frame.values) + 1 for frame in self.frames)

    def enter(self, code: Code, arguments: list[Number], target: Register | None) -> None:
        if len(self.frames) >= MOST_CALLS:
            raise ProgramTooLarge(f"{code.name} is called {MOST_CALLS} calls deep: does a recursion not end?")
        if len(arguments) != len(code.parameters):
            raise InvalidProgram(f"{code.name} takes {len(code.parameters)} arguments; {len(arguments)} were given.")
        places = (register.index for register in code.parameters)
        self.frames.append(Frame(code, target, self.stack, dict(zip(places, arguments, strict=True))))

    def leave(self, value: Number | None) -> None:
        frame = self.frames.pop()
        if self.stack > frame.stack:
            # What the function kept is gone: reading it later is a fault, not an old value.
            for address in [address for address in self.memory if frame.stack <= address < HEAP]:
                del self.memory[address]
            self.stack = frame.stack
        if self.frames and frame.target is not None and value is not None:
            self.frames[-1].values[frame.target.index] = value

    def reserve(self, size: int) -> int:
        """Give the address of memory that lasts until the function returns."""
        self._hold(size)
        start, self.stack = self.stack, self.stack + _rounded(size)
        return start

    def keep(self, size: int) -> int:
        """Give the address of memory that lasts."""
        self._hold(size)
        start, self.heap = self.heap, self.heap + _rounded(size)
        return start

    def _hold(self, size: int) -> None:
        if size < 0:
            raise InvalidProgram(f"The program allocates {size} bytes.")
        if self.stack + self.heap - STACK - HEAP + size > 8 * MOST_CELLS:
            raise ProgramTooLarge(f"The program allocates more than {8 * MOST_CELLS} bytes.")

    def store(self, address: int, value: Number) -> None:
        if not (STACK <= address < self.stack or HEAP <= address < self.heap or address >= GLOBALS):
            raise InvalidProgram(f"The program writes to memory that it has not allocated (address {address}).")
        self.memory[address] = value
        if len(self.memory) > MOST_CELLS:
            raise ProgramTooLarge(f"The program keeps more than {MOST_CELLS} values in memory.")

    def array(self, size: int, count: int) -> int:
        """Make an array of so many items of so many bytes."""
        if size < 1 or count < 0:
            raise InvalidProgram(f"The program makes an array of {count} items of {size} bytes.")
        address = self.keep(max(1, size * count))
        self.arrays[address] = (size, count)
        return address

    def shape(self, array: int) -> tuple[int, int]:
        """Give the bytes of an item and the number of items; raises InvalidProgram for what is no array."""
        if array not in self.arrays:
            raise InvalidProgram(f"The program takes the value {array} for an array.")
        return self.arrays[array]

    def allocate_qubit(self) -> tuple[int, bool]:
        """Give a qubit, and whether it has been used before."""
        self.qubits = max(self.qubits, len(self.allocated) + 1)
        if self.qubits + (self.static_qubits or 0) > self.most_qubits:
            raise ProgramTooLarge(f"The program allocates more than {self.most_qubits} qubits at one time.")
        is_used = bool(self.free)
        qubit = self.free.pop(0) if is_used else (self.static_qubits or 0) + len(self.allocated)
        self.allocated.add(qubit)
        return qubit, is_used

    def release_qubit(self, qubit: int) -> None:
        if qubit not in self.allocated:
            raise InvalidProgram(f"The program releases {qubit}, which is no qubit that it has allocated.")
        self.allocated.remove(qubit)
        insort(self.free, qubit)

    def qubit(self, value: Number) -> int:
        """Check that a value is a qubit."""
        number = int(value)
        is_open = self.static_qubits is None and not self.qubits
        most = self.most_qubits if is_open else self.static_qubits or 0
        if number in self.allocated or 0 <= number < most:
            return number
        if self.static_qubits and not self.allocated:
            raise InvalidProgram(f"Qubit {number} is used, but required_num_qubits is {self.static_qubits}.")
        raise InvalidProgram(f"The value {number} is used as a qubit, and is none.")

    def measure_into(self, result: int) -> int:
        """Give the number of a new measurement, whose bit the result stands for from now on."""
        self.measurements += 1
        self.results[result] = self.measurements
        return self.measurements

    def new_result(self) -> int:
        self.made_results += 1
        return RESULTS + self.made_results

    def bit(self, result: int) -> int:
        """Give the bit of a result, 0 if it was never measured; raises UnreadResult where it is not known yet."""
        measurement = self.results.get(result, KNOWN_0)
        if measurement not in self.bits:
            raise UnreadResult(measurement)
        return self.bits[measurement]


def _rounded(size: int) -> int:
    return -(-size // 16) * 16
