"""Reads ionq.circuit.v1: gates by name with targets, controls and rotation, or IonQ's native gates."""

import json
from collections.abc import Mapping
from typing import Any

from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.program import Block, Gate, Measure, Operation, Program, RecordGroup, RecordResult

# docs.ionq.com, "Writing quantum programs": v is the square root of not, i at the end is the inverse.
_FIXED = {
    "x": "x",
    "not": "x",
    "cnot": "x",
    "y": "y",
    "z": "z",
    "h": "h",
    "s": "s",
    "si": "sdg",
    "t": "t",
    "ti": "tdg",
    "v": "sx",
    "vi": "sxdg",
    "swap": "swap",
}
_ROTATIONS = {"rx": "rx", "ry": "ry", "rz": "rz", "z": "p", "xx": "rxx", "yy": "ryy", "zz": "rzz"}
_PAIRS = {"swap", "rxx", "ryy", "rzz", "ms"}
_TURN = 6.283185307179586
MOST_QUBITS = 4096


def read(program: bytes) -> Program:
    """Read a circuit; every qubit is measured at its end, result i = qubit i.

    Raises InvalidProgram naming the gate, UnsupportedProgram for a gate set or gate that is not IonQ's.
    """
    try:
        document = json.loads(program)
    except (ValueError, RecursionError) as error:
        raise InvalidProgram(f"The circuit is not JSON: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("circuit"), list):
        raise InvalidProgram("The circuit must be an object with the members qubits and circuit.")
    native = _is_native(document.get("gateset", "qis"))
    width = _whole(document.get("qubits"), "qubits", 1, MOST_QUBITS)
    gates: list[Operation] = []
    for index, entry in enumerate(document["circuit"]):
        if not isinstance(entry, dict):
            raise InvalidProgram(f"circuit[{index}] must be an object.")
        gates.extend(_Entry(entry, f"circuit[{index}]", width).gates(native=native))
    measured = [Measure(qubit, qubit) for qubit in range(width)]
    recorded = [RecordResult(qubit) for qubit in range(width)]
    return Program((Block((*gates, *measured, RecordGroup("array", width), *recorded)),), width)


def _is_native(gateset: object) -> bool:
    if gateset not in {"qis", "native"}:
        raise UnsupportedProgram(f"gateset is {gateset!r}; it must be qis or native.")
    return gateset == "native"


def _whole(value: object, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidProgram(f"{where} is {value!r}; it must be a whole number from {low} to {high}.")
    return value


class _Entry:
    """One entry of the circuit."""

    def __init__(self, entry: Mapping[str, Any], where: str, width: int) -> None:
        self._entry, self._where, self._width = entry, where, width
        self._name = str(entry.get("gate"))

    def gates(self, *, native: bool) -> list[Gate]:
        return self._native() if native else self._qis()

    def _qis(self) -> list[Gate]:
        rotated = "rotation" in self._entry and self._name in _ROTATIONS
        name = (_ROTATIONS if rotated or self._name not in _FIXED else _FIXED).get(self._name)
        if name is None:
            raise UnsupportedProgram(f"{self._where}: there is no gate {self._name!r} in the gate set qis.")
        angles = (self._number("rotation"),) if name in _ROTATIONS.values() else ()
        return self._spread(name, angles, self._qubits("control"))

    def _native(self) -> list[Gate]:
        match self._name:
            case "nop":
                return []
            case "gpi" | "gpi2":
                return self._spread(self._name, (self._number("phase"),), ())
            case "ms":
                return self._spread("ms", (*self._phases(), self._number("angle", 0.25)), ())
            case "zz":
                return self._spread("rzz", (self._number("angle") * _TURN,), ())
        raise UnsupportedProgram(f"{self._where}: there is no gate {self._name!r} in the gate set native.")

    def _spread(self, name: str, angles: tuple[float, ...], controls: tuple[int, ...]) -> list[Gate]:
        """Make one gate on a pair, or one on each target."""
        targets = self._qubits("target")
        if name in _PAIRS and len(targets) != 2:
            raise InvalidProgram(f"{self._where}: {self._name} takes two targets; {len(targets)} were given.")
        if not targets or len({*targets, *controls}) < len(targets) + len(controls):
            raise InvalidProgram(f"{self._where}: {self._name} needs targets, and each qubit once only.")
        if name in _PAIRS:
            return [Gate(name, targets, angles, controls)]
        return [Gate(name, (target,), angles, controls) for target in targets]

    def _qubits(self, role: str) -> tuple[int, ...]:
        """Read `target` or `targets`: a number or a list."""
        given = [self._entry[name] for name in (role, f"{role}s") if self._entry.get(name) is not None]
        if len(given) > 1:
            raise InvalidProgram(f"{self._where}: give {role} or {role}s, not both.")
        numbers = given[0] if given and isinstance(given[0], list) else given
        return tuple(_whole(number, f"{self._where}: {role}", 0, self._width - 1) for number in numbers)

    def _number(self, name: str, default: float | None = None) -> float:
        return self._checked(name, self._entry.get(name, default))

    def _checked(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise InvalidProgram(f"{self._where}: {name} is {value!r}; it must be a finite number.")
        return float(value)

    def _phases(self) -> tuple[float, float]:
        phases = self._entry.get("phases")
        if not isinstance(phases, list) or len(phases) != 2:
            raise InvalidProgram(f"{self._where}: phases is {phases!r}; it must be two numbers.")
        return self._checked("phases", phases[0]), self._checked("phases", phases[1])
