"""Gate calls: names looked up, modifiers applied, user definitions inlined, each distinct call worked out once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from quantum_jobs.programs.ir import Gate
from quantum_jobs.programs.modifiers import PowerUndefined, control, inverse, power
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.standard_gates import BUILT_IN, INCLUDED, PHASE, StandardGate
from quantum_jobs.programs.openqasm.values import (
    UNKNOWN,
    Broken,
    Exhausted,
    GateDefinition,
    Refused,
    Scope,
    Unknown,
)

Angle = float | Unknown
Inline = Callable[[GateDefinition, Sequence[float]], list[Gate]]


@dataclass(frozen=True, slots=True)
class Call:
    """A gate call without its qubits; `modifiers` are inverses and powers, innermost first."""

    gate: StandardGate | GateDefinition
    angles: tuple[Angle, ...]
    modifiers: tuple[tuple[str, Angle], ...]
    controls: tuple[bool, ...]

    @property
    def arity(self) -> int:
        """Number of qubits, controls first."""
        own = self.gate.arity if isinstance(self.gate, StandardGate) else len(self.gate.qubits)
        return len(self.controls) + own

    @property
    def is_known(self) -> bool:
        """Tell whether all numbers are known; in a definition under check they are not."""
        return UNKNOWN not in self.angles and all(value is not UNKNOWN for _, value in self.modifiers)


class GateCalls:
    """Reads gate calls and gives the gates that they stand for."""

    def __init__(self, version: int, expressions: Expressions, most_gates: int, inline: Inline) -> None:
        self._version = version
        self._expressions = expressions
        self._most_gates = most_gates
        self._inline = inline
        self._known: dict[Call, tuple[Gate, ...]] = {}
        self._held = 0
        self.included = False

    def read(self, node: Any, scope: Scope) -> Call:
        """Look up gate and modifiers of a call and evaluate its angles.

        Raises:
            Refused: no such gate, wrong number of angles, a modifier that makes no sense.
        """
        gate = self._find(node.name, scope)
        angles = self._angles(node, scope)
        if node.duration is not None:
            raise Refused(node.duration, "a gate with a duration is not supported")
        wanted = gate.angles if isinstance(gate, StandardGate) else len(gate.parameters)
        if len(angles) != wanted:
            raise Refused(node.name, f"{node.name.name} takes {_count(wanted, 'angle')}, {len(angles)} given")
        return Call(gate, angles, *self._modifiers(node.modifiers, scope))

    def read_phase(self, node: Any, scope: Scope) -> Call:
        """Read a `gphase`, which takes qubits only for its controls."""
        angles = self._angles(node, scope)
        if len(angles) != 1:
            raise Refused(node, f"gphase takes 1 angle, {len(angles)} given")
        return Call(PHASE, angles, *self._modifiers(node.modifiers, scope))

    def gates(self, node: Any, call: Call) -> tuple[Gate, ...]:
        """Give the gates of a call on qubits 0..arity-1.

        Raises:
            Refused: a power that has no exact form.
            Exhausted: more gates than a program may have.
        """
        if isinstance(call.gate, StandardGate) and not call.modifiers and not call.controls:
            return call.gate.gates(*call.angles)
        if call not in self._known:
            gates = self._bounded(node, self._controlled(call, self._modified(node, call)))
            self._held += len(gates) + 1
            self._known[call] = tuple(gates)
        return self._known[call]

    def _bounded(self, node: Any, gates: Iterable[Gate]) -> list[Gate]:
        """Make gates as long as the program may have more."""
        made = list(islice(gates, self._most_gates - self._held + 1))
        if self._held + len(made) > self._most_gates:
            raise Exhausted(node, f"the program becomes more than {self._most_gates:,} gates")
        return made

    def _angles(self, node: Any, scope: Scope) -> tuple[Angle, ...]:
        return tuple(self._expressions.real(argument, scope) for argument in node.args)

    def _find(self, name: Any, scope: Scope) -> StandardGate | GateDefinition:
        meaning = scope.find(name.name)
        match meaning:
            case GateDefinition():
                return meaning
            case Broken():
                raise Refused(name)
        if name.name in BUILT_IN[self._version]:
            return BUILT_IN[self._version][name.name]
        if name.name in INCLUDED and meaning is None:
            if not self.included:
                wanted = "stdgates.inc" if self._version == 3 else "qelib1.inc"
                raise Refused(name, f'gate {name.name!r} is not defined; include "{wanted}" would define it')
            return INCLUDED[name.name]
        raise Refused(name, f"{name.name!r} is not a gate" if meaning else f"gate {name.name!r} is not defined")

    def _modifiers(self, nodes: Sequence[Any], scope: Scope) -> tuple[tuple[tuple[str, Angle], ...], tuple[bool, ...]]:
        """Split into powers and inverses, innermost first, and controls, outermost first: the two kinds commute."""
        inner: list[tuple[str, Angle]] = []
        controls: list[bool] = []
        for node in nodes:
            kind = node.modifier.value
            if kind in {"ctrl", "negctrl"}:
                controls.extend([kind == "ctrl"] * self._control_count(node, scope))
            else:
                exponent = self._expressions.real(node.argument, scope) if kind == "pow" else 1.0
                inner.insert(0, (kind, exponent))
        return tuple(inner), tuple(controls)

    def _control_count(self, node: Any, scope: Scope) -> int:
        count = 1 if node.argument is None else self._expressions.integer(node.argument, scope)
        if isinstance(count, Unknown) or not 1 <= count <= 1_024:
            raise Refused(node, "the number of controls must be known and between 1 and 1024")
        return count

    def _modified(self, node: Any, call: Call) -> list[Gate]:
        angles = [angle for angle in call.angles if not isinstance(angle, Unknown)]
        gates = (
            list(call.gate.gates(*angles)) if isinstance(call.gate, StandardGate) else self._inline(call.gate, angles)
        )
        for kind, exponent in call.modifiers:
            if isinstance(exponent, Unknown):
                continue
            try:
                gates = self._bounded(node, inverse(gates) if kind == "inv" else power(gates, exponent))
            except PowerUndefined as error:
                raise Refused(node, f"pow({exponent:g}): {error}") from error
        return gates

    def _controlled(self, call: Call, gates: list[Gate]) -> Iterable[Gate]:
        count = len(call.controls)
        if not count:
            return gates
        moved = [Gate(gate.name, tuple(qubit + count for qubit in gate.qubits), gate.angles) for gate in gates]
        return control(moved, range(count), call.controls)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
