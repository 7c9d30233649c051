"""Writes gate calls out into gates of the engine: user definitions, broadcasts and modifiers."""

import math
from collections.abc import Callable, Mapping, Sequence

from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.openqasm.constants import evaluate
from local.execution.openqasm.library import BUILT_IN, FILES, Standard
from local.execution.openqasm.syntax import Expression, GateCall, GateDefinition, Include, Modifier, Opaque
from local.execution.openqasm.tokens import Place
from local.execution.program import Gate, Operand, Register
from local.execution.unitaries import controlled, inverse, power, where_zero

MOST_CONTROLS = 64
MOST_COPIES = 1_000_000


class Gates:
    """The gates that a program knows at one point; `count` is called for each gate written out."""

    def __init__(
        self,
        version: int,
        count: Callable[[], None],
        angle: Callable[[Expression, Mapping[str, Operand]], Operand],
    ) -> None:
        self._version, self._count, self._angle = version, count, angle
        self._opaque: set[str] = set()
        self._standard: dict[str, Standard] = dict(BUILT_IN[version])
        self._defined: dict[str, GateDefinition] = {}

    def include(self, include: Include) -> None:
        """Make the gates of one of the known files available; no file is opened."""
        if include.file not in FILES:
            known = ", ".join(sorted(FILES))
            raise UnsupportedProgram(f"line {include.at.line}: only {known} can be included, not {include.file!r}.")
        self._standard |= FILES[include.file]

    def define(self, definition: GateDefinition) -> None:
        """Make a gate known; a gate of an included file gives way to it. Raises InvalidProgram for faults inside."""
        if definition.name in self._defined:
            raise definition.at.invalid(f"the gate {definition.name!r} is defined already.")
        known = set(definition.qubits)
        for call in definition.body:
            for operand in call.operands:
                if operand.name not in known or operand.selectors:
                    raise operand.at.invalid(f"{operand.name!r} is not a qubit of the gate {definition.name!r}.")
            if call.name != "gphase" and call.name not in self._known():
                raise call.at.invalid(f"there is no gate {call.name!r} here.")
        self._defined[definition.name] = definition

    def declare(self, opaque: Opaque) -> None:
        """Make a gate of the machine known: one of Quantinuum's, or else one that cannot be called here."""
        if opaque.name in FILES["hqslib1.inc"]:
            self._standard.setdefault(opaque.name, FILES["hqslib1.inc"][opaque.name])
        else:
            self._opaque.add(opaque.name)

    def _known(self) -> set[str]:
        return self._defined.keys() | self._standard.keys() | self._opaque

    def expand(self, call: GateCall, qubits: tuple[int, ...], names: Mapping[str, Operand]) -> list[Gate]:
        """Write one call out on these qubits."""
        self._count()
        if len(set(qubits)) < len(qubits):
            raise call.at.invalid(f"the gate {call.name!r} is given one qubit twice.")
        parameters = tuple(self._angle(each, names) for each in call.parameters)
        return self._modified(call, list(call.modifiers), qubits, parameters, names)

    def _modified(
        self,
        call: GateCall,
        modifiers: list[Modifier],
        qubits: tuple[int, ...],
        parameters: tuple[Operand, ...],
        names: Mapping[str, Operand],
    ) -> list[Gate]:
        if not modifiers:
            return self._plain(call, qubits, parameters)
        first, *rest = modifiers
        taken = self._controls(first, names) if first.kind in {"ctrl", "negctrl"} else 0
        if taken > len(qubits):
            raise first.at.invalid(f"{first.kind} needs {taken} qubits; the gate has {len(qubits)} left.")
        inner = self._modified(call, rest, qubits[taken:], parameters, names)
        if first.kind == "inv":
            return self._checked(first.at, lambda: inverse(inner))
        if first.kind == "pow":
            return self._power(first, inner, names)
        return (controlled if first.kind == "ctrl" else where_zero)(inner, qubits[:taken])

    def _controls(self, modifier: Modifier, names: Mapping[str, Operand]) -> int:
        number = 1 if modifier.argument is None else evaluate(modifier.argument, names, version=self._version)
        if not isinstance(number, int) or not 1 <= number <= MOST_CONTROLS:
            raise modifier.at.invalid(f"{modifier.kind} takes a whole number from 1 to {MOST_CONTROLS}.")
        return number

    def _power(self, modifier: Modifier, gates: list[Gate], names: Mapping[str, Operand]) -> list[Gate]:
        if modifier.argument is None:
            raise modifier.at.invalid("pow needs an exponent.")
        exponent = float(evaluate(modifier.argument, names, version=self._version))
        if not math.isfinite(exponent) or abs(exponent) * max(1, len(gates)) > MOST_COPIES:
            raise modifier.at.invalid(f"the power {exponent} is more than {MOST_COPIES} gates.")
        copies = self._checked(modifier.at, lambda: power(gates, exponent))
        for _ in copies:
            self._count()
        return copies

    def _checked(self, at: Place, make: Callable[[], list[Gate]]) -> list[Gate]:
        try:
            return make()
        except ValueError as error:
            raise at.invalid(str(error)) from error

    def _plain(self, call: GateCall, qubits: tuple[int, ...], parameters: tuple[Operand, ...]) -> list[Gate]:
        if call.name == "gphase":
            self._expect(call, (1, 0), parameters, qubits)
            return [Gate("gphase", (), parameters)]
        definition = self._defined.get(call.name)
        if definition is not None:
            return self._body(call, definition, qubits, parameters)
        if call.name in self._opaque:
            raise UnsupportedProgram(f"line {call.at.line}: the gate {call.name!r} is opaque: its matrix is not told.")
        standard = self._standard.get(call.name)
        if standard is None:
            raise _unknown(call)
        if standard.computes and any(isinstance(parameter, Register) for parameter in parameters):
            raise UnsupportedProgram(
                f"line {call.at.line}: the gate {call.name!r} needs angles that are known before the program runs."
            )
        self._expect(call, (standard.angles, standard.qubits), parameters, qubits)
        return standard.gates(parameters, qubits)

    def _body(
        self, call: GateCall, definition: GateDefinition, qubits: tuple[int, ...], parameters: tuple[Operand, ...]
    ) -> list[Gate]:
        self._expect(call, (len(definition.parameters), len(definition.qubits)), parameters, qubits)
        places = dict(zip(definition.qubits, qubits, strict=True))
        names = dict(zip(definition.parameters, parameters, strict=True))
        gates: list[Gate] = []
        for inner in definition.body:
            gates += self.expand(inner, tuple(places[operand.name] for operand in inner.operands), names)
        return gates

    def _expect(
        self, call: GateCall, wanted: tuple[int, int], parameters: Sequence[Operand], qubits: Sequence[int]
    ) -> None:
        if (len(parameters), len(qubits)) != wanted:
            angles, width = wanted
            raise call.at.invalid(
                f"the gate {call.name!r} takes {angles} angles and {width} qubits;"
                f" it is given {len(parameters)} and {len(qubits)}."
            )


def _unknown(call: GateCall) -> InvalidProgram:
    files = [name for name, gates in FILES.items() if call.name in gates]
    hint = f" Include {' or '.join(files)}, where it is." if files else ""
    return call.at.invalid(f"there is no gate {call.name!r} here.{hint}")
