"""What gate instructions stand for: classes of Qiskit, gates that the file defines, gates under modifiers."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite

from quantum_jobs.programs.bounded import Bounded
from quantum_jobs.programs.ir import Gate
from quantum_jobs.programs.modifiers import PowerUndefined, control, inverse, power
from quantum_jobs.programs.qpy.conditions import Unsupported
from quantum_jobs.programs.qpy.contents import Circuit, Definition, Instruction, Value
from quantum_jobs.programs.qpy.gates import MANY_CONTROLS, gates_of
from quantum_jobs.programs.qpy.stream import Malformed

Definitions = Mapping[str, Definition]
Values = Mapping[str, float]
"""Numbers that parameters stand for."""


_MODIFIER = struct.Struct("!cIId")


class Gates:
    """Writes gates out on qubits 0, 1, ...; `step` is called once for each instruction that is looked at."""

    def __init__(self, bounded: Bounded, step: Callable[[], None], unbound: Callable[[str], float]) -> None:
        self._bounded = bounded
        self._step = step
        self._unbound = unbound
        self._known: dict[tuple[int, tuple[tuple[str, float], ...]], list[Gate]] = {}

    def of(self, instruction: Instruction, definitions: Definitions, values: Values) -> Iterable[Gate]:
        """Give the gates of an instruction.

        Raises:
            Unsupported: no unitary gate, or one that is not known here.
            Malformed: damaged.
        """
        self._step()
        name = instruction.name
        if name in MANY_CONTROLS:
            base = Gate(MANY_CONTROLS[name], (0,), self.angles(instruction, values))
            return _under([base], instruction.controls, instruction.control_state)
        if name in definitions:
            return self._defined(instruction, definitions[name], definitions, values)
        gates = gates_of(name, self.angles(instruction, values))
        if gates is None:
            raise Unsupported(f"{name[:60]} is not supported; transpile or decompose the circuit first")
        return _with_open_controls(gates, instruction.controls, instruction.control_state)

    def angles(self, instruction: Instruction, values: Values) -> tuple[float, ...]:
        """Give an instruction's parameters as numbers.

        Raises:
            Unsupported: one that is not a number.
        """
        return tuple([self.number(value, values) for value in instruction.parameters])

    def number(self, value: Value, values: Values) -> float:
        """Give a value as a number: a literal, or a parameter that a loop or the caller binds."""
        if value.kind in {"p", "v"}:
            return values[value.content] if value.content in values else self._unbound(value.content)
        if value.kind == "e":
            raise Unsupported("an expression of parameters is not supported; assign the parameters before exporting")
        if value.kind not in {"i", "f"}:
            raise Unsupported("a parameter that is not a number is not supported; decompose the circuit first")
        if not isfinite(value.content):
            raise Unsupported("an angle is not finite")
        return float(value.content)

    def _defined(
        self, instruction: Instruction, definition: Definition, definitions: Definitions, values: Values
    ) -> Iterable[Gate]:
        base = definition.base
        if definition.kind == "a" and base is not None:
            gates = self.of(base, definitions, values)
            return self._modified(gates, instruction.parameters)
        if definition.kind == "c" and base is not None:
            gates = self._bounded.held(self.of(base, definitions, values))
            return _under(gates, definition.controls, definition.control_state)
        if definition.circuit is None or definition.kind not in {"g", "i"}:
            title = instruction.name.rpartition("_")[0] or instruction.name
            raise Unsupported(f"{title[:60]!r} has no definition of gates; decompose the circuit first")
        return self._of_circuit(definition.circuit, values)

    def _of_circuit(self, circuit: Circuit, values: Values) -> list[Gate]:
        """Write a circuit out, each with the same values once: definitions that call others twice cost no more."""
        key = id(circuit), tuple(values.items())
        if key not in self._known:
            self._known[key] = self._bounded.held(self._written(circuit, values))
        return self._known[key]

    def _written(self, circuit: Circuit, values: Values) -> Iterator[Gate]:
        phase = self.number(circuit.phase, values)
        if phase:
            yield Gate("gphase", (), (phase,))
        for item in circuit.instructions:
            if item.name != "Barrier":
                for gate in self.of(item, circuit.definitions, values):
                    yield placed(gate, item.qubits)

    def _modified(self, gates: Iterable[Gate], modifiers: Sequence[Value]) -> Iterable[Gate]:
        """Apply the modifiers of an annotated operation, the first one innermost."""
        for modifier in modifiers:
            if modifier.kind != "m" or len(modifier.content) != _MODIFIER.size:
                raise Malformed("a modifier is not one")
            kind, controls, state, exponent = _MODIFIER.unpack(modifier.content)
            gates = self._changed(self._bounded.held(gates), kind, controls, state, exponent)
        return gates

    def _changed(self, gates: list[Gate], kind: bytes, controls: int, state: int, exponent: float) -> Iterable[Gate]:
        match kind:
            case b"i":
                return inverse(gates)
            case b"c":
                return _under(gates, controls, state)
            case b"p" if isfinite(exponent):
                return self._powered(gates, exponent)
        raise Malformed("a modifier is of no known kind")

    def _powered(self, gates: list[Gate], exponent: float) -> list[Gate]:
        try:
            return self._bounded.held(power(gates, exponent))
        except PowerUndefined as error:
            raise Unsupported(str(error)) from error


def placed(gate: Gate, qubits: Sequence[int]) -> Gate:
    """Put a gate on qubits of a circuit.

    Raises:
        Malformed: there are too few.
    """
    try:
        return Gate(gate.name, tuple([qubits[place] for place in gate.qubits]), gate.angles)
    except IndexError:
        raise Malformed("a gate has too few qubits") from None


def _under(gates: Iterable[Gate], controls: int, state: int) -> Iterator[Gate]:
    """Put controls before the qubits of gates; bit i of `state` is what control i must be."""
    if not 1 <= controls <= 1_024:
        raise Unsupported("the number of controls must be between 1 and 1,024")
    moved = [Gate(gate.name, tuple([qubit + controls for qubit in gate.qubits]), gate.angles) for gate in gates]
    return control(moved, range(controls), [bool(state >> place & 1) for place in range(controls)])


def _with_open_controls(gates: list[Gate], controls: int, state: int) -> list[Gate]:
    flips = [Gate("x", (place,)) for place in range(min(controls, 5)) if not state >> place & 1]
    return [*flips, *gates, *flips]
