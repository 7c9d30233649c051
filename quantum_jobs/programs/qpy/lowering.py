"""Gives circuits of a QPY file their meaning: gates written out, loops unrolled, control flow as branches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from quantum_jobs.errors import Fault
from quantum_jobs.programs.bounded import Bounded, TooManyOperations
from quantum_jobs.programs.branches import Condition, branched, placements
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.ir import Barrier, Bit, Measure, Operation, Program, Register, Reset, walk
from quantum_jobs.programs.qpy.conditions import Expressions, Unsupported, equals
from quantum_jobs.programs.qpy.contents import Circuit, Definition, Instruction, Value
from quantum_jobs.programs.qpy.definitions import Gates, Values, placed
from quantum_jobs.programs.qpy.stream import Malformed

LOOSE = "bits"
_UNSUPPORTED = {
    "WhileLoopOp": "no target repeats until a measurement says stop",
    "BreakLoopOp": "a loop is unrolled as a whole",
    "ContinueLoopOp": "a loop is unrolled as a whole",
    "SwitchCaseOp": "use if",
    "Delay": "targets choose their own timing",
    "Store": "nothing is computed while a program runs",
}
_CALLED = {"Measure": (1, 1), "Reset": (1, 0)}


@dataclass(frozen=True, slots=True)
class _Frame:
    """A circuit, what its qubits and bits are in the program, and the values of loop variables."""

    circuit: Circuit
    qubits: tuple[int, ...]
    bits: tuple[Bit, ...]
    values: Values

    @property
    def registers(self) -> dict[str, tuple[Bit, ...]]:
        return {
            name: tuple([self.bits[index] for index in indices])
            for name, indices in self.circuit.registers
            if all(0 <= index < len(self.bits) for index in indices)
        }


class Lowering:
    """One circuit of a file; faults of its instructions are collected."""

    def __init__(self, circuit: Circuit, parameters: Mapping[str, float] | None, limits: Limits) -> None:
        self._circuit = circuit
        self._given = parameters
        self._limits = limits
        self._bounded = Bounded(limits)
        self._steps = 0
        self._gates = Gates(self._bounded, self._step, self._parameter)
        self._handlers: dict[str, Callable[[Instruction, _Frame], list[Operation]]] = {
            "Measure": self._measure,
            "Reset": lambda item, frame: [Reset(frame.qubits[item.qubits[0]])],
            "Barrier": lambda item, frame: [Barrier(tuple([frame.qubits[place] for place in item.qubits]))],
            "IfElseOp": self._if,
            "ForLoopOp": self._for,
            "BoxOp": lambda item, frame: self._body(item.parameters[:1], item, frame),
        }
        self.asked: dict[str, None] = {}
        self.faults: list[Fault] = []

    def program(self) -> Program | None:
        """Give the program, or None where there are faults.

        Raises:
            Malformed: the file is damaged.
        """
        circuit = self._circuit
        self._check_size(circuit)
        registers, bits = self._layout() if not self.faults else ((), ())
        operations = self._top(_Frame(circuit, tuple(range(circuit.qubits)), bits, {})) if not self.faults else ()
        if not self.faults and not any(isinstance(item, Measure) for item in walk(operations)):
            self._note("the program measures nothing and would have no result")
        self._check_parameters()
        if self.faults:
            return None
        return Program(circuit.qubits, registers, operations, tuple((self._given or {}).items()))

    def _check_size(self, circuit: Circuit) -> None:
        if circuit.qubits > self._limits.qubits:
            self._note(f"{circuit.qubits:,} qubits; at most {self._limits.qubits:,} are taken")
        if circuit.bits > self._limits.bits:
            self._note(f"{circuit.bits:,} bits; at most {self._limits.bits:,} are taken")
        if circuit.variables:
            self._note("variables are not supported: nothing is computed while a program runs")

    def _layout(self) -> tuple[tuple[Register, ...], tuple[Bit, ...]]:
        """Give the registers, and for each bit its place in them; bits of no register make one more, the last."""
        circuit = self._circuit
        places: dict[int, Bit] = {}
        registers: list[Register] = []
        for name, indices in circuit.registers:
            if any(not 0 <= index < circuit.bits for index in indices):
                raise Malformed("a register has bits that the circuit has not")
            if len(set(indices)) < len(indices) or not places.keys().isdisjoint(indices):
                self._note(f"the register {name[:40]!r} shares bits with another; give each bit one register")
            places |= {index: Bit(len(registers), place) for place, index in enumerate(indices)}
            registers.append(Register(name, len(indices)))
        loose = [index for index in range(circuit.bits) if index not in places]
        if loose:
            name = LOOSE
            while any(register.name == name for register in registers):
                name += "_"
            places |= {index: Bit(len(registers), place) for place, index in enumerate(loose)}
            registers.append(Register(name, len(loose)))
        return tuple(registers), tuple(places[index] for index in range(circuit.bits))

    def _check_parameters(self) -> None:
        for name in self._given or {}:
            if name not in self.asked and not self.faults:
                pointer = name.replace("~", "~0").replace("/", "~1")
                self.faults.append(Fault(f"the program has no parameter {name!r}", f"/program/parameters/{pointer}"))

    def _note(self, detail: str) -> None:
        if len(self.faults) < self._limits.faults:
            self.faults.append(Fault(detail))

    def _parameter(self, name: str) -> float:
        self.asked[name] = None
        if self._given is None:
            return 1.0
        if name not in self._given:
            raise Unsupported(f"the parameter {name[:40]!r} has no value: give it in the parameters")
        return self._given[name]

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._limits.steps:
            raise TooManyOperations(f"reading the program takes more than {self._limits.steps:,} steps")

    def _top(self, frame: _Frame) -> tuple[Operation, ...]:
        """Read the whole program, noting the faults of each instruction."""
        operations: list[Operation] = []
        for number, item in enumerate(frame.circuit.instructions):
            try:
                operations.extend(self._one(item, frame))
            except Unsupported as refused:
                self._note(f"instruction {number} ({item.name[:40]}): {refused}")
            except TooManyOperations as stop:
                self._note(str(stop))
                break
        return tuple(operations)

    def _all(self, frame: _Frame) -> list[Operation]:
        return list(chain.from_iterable(self._one(item, frame) for item in frame.circuit.instructions))

    def _one(self, item: Instruction, frame: _Frame) -> list[Operation]:
        self._step()
        _check_places(item, frame)
        operations = self._plain(item, frame)
        if item.condition is None or item.name == "IfElseOp":
            return operations
        # Before control flow, Qiskit's instructions carried conditions of their own.
        return self._branched(self._condition(item, frame), operations, [])

    def _plain(self, item: Instruction, frame: _Frame) -> list[Operation]:
        if item.name in _UNSUPPORTED:
            raise Unsupported(f"{item.name} is not supported: {_UNSUPPORTED[item.name]}")
        if item.name in _CALLED and (len(item.qubits), len(item.bits)) != _CALLED[item.name]:
            raise Malformed(f"{item.name} has other qubits or bits than it takes")
        handler = self._handlers.get(item.name)
        if handler is not None:
            made = handler(item, frame)
            return self._bounded.taken(made) if item.name in {"Measure", "Reset", "Barrier"} else made
        definition = frame.circuit.definitions.get(item.name)
        if definition is not None and definition.kind == "i" and definition.circuit is not None:
            return self._inlined(definition, item, frame)
        gates = self._gates.of(item, frame.circuit.definitions, frame.values)
        places = [frame.qubits[place] for place in item.qubits]
        return self._bounded.taken(placed(gate, places) for gate in gates)

    def _measure(self, item: Instruction, frame: _Frame) -> list[Operation]:
        return [Measure(frame.qubits[item.qubits[0]], frame.bits[item.bits[0]])]

    def _inlined(self, definition: Definition, item: Instruction, frame: _Frame) -> list[Operation]:
        return self._body([Value("q", definition.circuit)], item, frame)

    def _body(
        self, body: Sequence[Value], item: Instruction, frame: _Frame, values: Values | None = None
    ) -> list[Operation]:
        """Read a circuit in a circuit, whose qubits and bits are those of the instruction."""
        if not body or body[0].kind == "z":
            return []
        circuit = body[0].content
        if not isinstance(circuit, Circuit):
            raise Malformed(f"{item.name} has no body")
        if circuit.variables:
            raise Unsupported("variables are not supported: nothing is computed while a program runs")
        if (circuit.qubits, circuit.bits) != (len(item.qubits), len(item.bits)):
            raise Malformed(f"the body of {item.name} has other qubits or bits than are given to it")
        qubits = tuple([frame.qubits[place] for place in item.qubits])
        bits = tuple([frame.bits[place] for place in item.bits])
        return self._all(_Frame(circuit, qubits, bits, values or frame.values))

    def _condition(self, item: Instruction, frame: _Frame) -> Condition:
        expressions = Expressions(frame.bits, frame.registers, self._limits.nesting)
        if isinstance(item.condition, tuple):
            return equals(expressions.of(item.condition[0]), item.condition[1])
        if item.condition is None or item.condition.kind != "x":
            raise Malformed("a condition is missing")
        return expressions.condition(item.condition.content)

    def _if(self, item: Instruction, frame: _Frame) -> list[Operation]:
        condition = self._condition(item, frame)
        then, otherwise = (self._body(item.parameters[place : place + 1], item, frame) for place in (0, 1))
        return self._branched(condition, then, otherwise)

    def _branched(
        self, condition: Condition, then: Sequence[Operation], otherwise: Sequence[Operation]
    ) -> list[Operation]:
        counts = placements(condition)
        sizes = [sum(1 for _ in walk(tuple(arm))) for arm in (then, otherwise)]
        self._bounded.spend(sum(counts) + sum(count * size for count, size in zip(counts, sizes, strict=True)))
        return list(branched(condition, tuple(then), tuple(otherwise)))

    def _for(self, item: Instruction, frame: _Frame) -> list[Operation]:
        if len(item.parameters) != 3:
            raise Malformed("a loop needs its values, its variable and its body")
        turns, variable, body = item.parameters
        values = turns.content if turns.kind == "r" else self._listed(turns)
        if len(values) > self._limits.steps:
            raise TooManyOperations(f"a loop runs {len(values):,} times; at most {self._limits.steps:,} are taken")
        made: list[Operation] = []
        for value in values:
            self._step()
            bound = {variable.content: float(value)} if variable.kind in {"p", "v"} else {}
            made.extend(self._body([body], item, frame, {**frame.values, **bound}))
        return made

    def _listed(self, turns: Value) -> list[int]:
        if turns.kind != "t" or any(value.kind != "i" for value in turns.content):
            raise Unsupported("a loop runs over a range or a list of whole numbers here")
        return [value.content for value in turns.content]


def _check_places(item: Instruction, frame: _Frame) -> None:
    if any(place >= len(frame.qubits) for place in item.qubits) or any(place >= len(frame.bits) for place in item.bits):
        raise Malformed("an instruction acts on qubits or bits that the circuit has not")
    if len(set(item.qubits)) < len(item.qubits):
        raise Malformed("an instruction uses the same qubit twice")
