"""IonQ's circuits (ionq.circuit.v1, a JSON object) become the IR: the gate sets `qis` and `native`.

A circuit measures every qubit at its end; the register `q` holds them, bit i = qubit i (chosen: the provider's
histogram covers all qubits and names no register). Rotations of `qis` are radians, angles and phases of `native` turns.
Source of names: docs.ionq.com, "Writing quantum programs" and "Native gates". Not verified on Azure.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import inf, isfinite, pi, tau
from typing import Any

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs.bounded import Bounded, TooManyOperations, controlled_by
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.ir import Bit, Gate, Measure, Operation, Program, Register
from quantum_jobs.programs.json_text import JsonMalformed, json_of

FORMAT = "ionq-circuit"
REGISTER = "q"
QIS = {
    **{name: name for name in ("x", "y", "z", "h", "s", "t", "swap")},
    "not": "x",
    "cnot": "x",
    "si": "sdg",
    "ti": "tdg",
    "v": "sx",
    "vi": "sxdg",
}
ROTATIONS = {"rx": "rx", "ry": "ry", "rz": "rz", "xx": "rxx", "yy": "ryy", "zz": "rzz"}
_PAIRS = frozenset({"swap", "rxx", "ryy", "rzz", "ms", "zz"})
_NATIVE = {"gpi": {"phase"}, "gpi2": {"phase"}, "ms": {"phases", "angle"}, "zz": {"angle"}, "nop": {"time"}}
_PLACES = frozenset({"gate", "target", "targets"})


def read_ionq(text: str, limits: Limits) -> Program:
    """Read a circuit from JSON text.

    Raises:
        ProgramInvalid: with all faults; `pointer` is the place in the circuit, below /program/source.
    """
    try:
        document = json_of(text, limits.nesting)
    except JsonMalformed as error:
        raise ProgramInvalid(FORMAT, [Fault(str(error), line=error.line, column=error.column)]) from error
    circuit = _Circuit(limits)
    program = circuit.read(document)
    if circuit.faults:
        raise ProgramInvalid(FORMAT, circuit.faults[: limits.faults])
    return program


class _Refused(Exception):
    """A member is wrong; `path` is its place."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(detail)
        self.path = path


class _Circuit:
    """One document; its faults are collected."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bounded = Bounded(limits)
        self._width = 0
        self.faults: list[Fault] = []

    def read(self, document: Any) -> Program:
        """Give the program, which means nothing if there are faults."""
        if not isinstance(document, dict):
            self._note("", "a circuit is an object with the members qubits and circuit")
            return Program(0, (), ())
        for name in document.keys() - {"qubits", "circuit", "gateset", "format"}:
            self._note(f"/{_escaped(name)}", "a circuit has no such member")
        most = min(self._limits.qubits, self._limits.bits)
        self._width = self._tried(lambda: _whole(document.get("qubits"), "/qubits", 1, most)) or 0
        is_native = self._tried(lambda: _is_native(document.get("gateset", "qis"))) or False
        entries = document.get("circuit")
        if not isinstance(entries, list):
            self._note("/circuit", "the member circuit must be a list of gates")
            entries = []
        if self.faults:
            return Program(0, (), ())
        gates = self._gates(entries, is_native)
        measured = [Measure(qubit, Bit(0, qubit)) for qubit in range(self._width)]
        return Program(self._width, (Register(REGISTER, self._width),), (*gates, *measured))

    def _gates(self, entries: Sequence[Any], is_native: bool) -> list[Operation]:
        gates: list[Operation] = []
        for index, given in enumerate(entries):
            if len(self.faults) >= self._limits.faults:
                break
            path = f"/circuit/{index}"
            try:
                made = _Entry(given, path, self._width).gates(is_native)
                gates.extend(self._bounded.taken(made))
            except _Refused as refused:
                self._note(refused.path, str(refused))
            except TooManyOperations as stop:
                self._note(path, str(stop))
                break
        return gates

    def _tried[T](self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except _Refused as refused:
            self._note(refused.path, str(refused))
            return None

    def _note(self, path: str, detail: str) -> None:
        self.faults.append(Fault(detail, f"/program/source{path}"))


class _Entry:
    """One gate of a circuit."""

    def __init__(self, entry: Any, path: str, width: int) -> None:
        if not isinstance(entry, dict):
            raise _Refused(path, "a gate is an object with the members gate and target")
        self._entry: Mapping[str, Any] = {name: value for name, value in entry.items() if value is not None}
        self._path, self._width = path, width
        name = self._entry.get("gate")
        if not isinstance(name, str):
            raise _Refused(f"{path}/gate", "the name of the gate must be text")
        self._name = name

    def gates(self, is_native: bool) -> Iterable[Operation]:
        """Give the gates of the vocabulary that the entry stands for.

        Raises:
            _Refused: with the place of what is wrong.
        """
        return self._native() if is_native else self._qis()

    def _qis(self) -> Iterable[Operation]:
        is_phase = self._name == "z" and "rotation" in self._entry
        name = "p" if is_phase else QIS.get(self._name) or ROTATIONS.get(self._name)
        if name is None:
            raise _Refused(f"{self._path}/gate", f"the gate set qis has no gate {self._name[:40]!r}")
        turns = self._name in ROTATIONS or is_phase
        self._check_members({"rotation"} if turns else set(), {"control", "controls"})
        angles = (self._finite(self._entry.get("rotation"), "/rotation"),) if turns else ()
        controls = self._qubits("control")
        if self._name == "cnot" and len(controls) != 1:
            raise _Refused(f"{self._path}/control", f"cnot has 1 control, {len(controls)} given")
        rows = self._rows(name, controls)
        # Not held here: a gate with hundreds of controls is millions of gates, of which few are taken.
        return (gate for row in rows for gate in controlled_by([Gate(name, row, angles)], controls))

    def _native(self) -> Sequence[Operation]:
        needed = _NATIVE.get(self._name)
        if needed is None:
            raise _Refused(f"{self._path}/gate", f"the gate set native has no gate {self._name[:40]!r}")
        self._check_members(needed, set())
        if self._name == "nop":
            return ()
        if self._name in {"gpi", "gpi2"}:
            turn = pi if self._name == "gpi" else pi / 2
            phase = self._finite(self._entry.get("phase"), "/phase", tau)
            return [Gate("r", row, (turn, phase)) for row in self._rows(self._name, ())]
        (pair,) = self._rows(self._name, ())
        if self._name == "zz":
            return [Gate("rzz", pair, (self._finite(self._entry.get("angle"), "/angle", tau),))]
        return self._molmer_sorensen(pair)

    def _molmer_sorensen(self, pair: tuple[int, ...]) -> Sequence[Operation]:
        """Write `ms`: a turn round the product of two axes of the equator, each at its phase; 0.25 turns by default."""
        phases = self._entry.get("phases")
        if not isinstance(phases, list) or len(phases) != 2:
            raise _Refused(f"{self._path}/phases", "phases must be a list of two numbers")
        axes = [self._finite(value, f"/phases/{place}", tau) for place, value in enumerate(phases)]
        turn = self._finite(self._entry.get("angle", 0.25), "/angle", tau)
        before = [Gate("rz", (qubit,), (-axis,)) for qubit, axis in zip(pair, axes, strict=True)]
        after = [Gate("rz", (qubit,), (axis,)) for qubit, axis in zip(pair, axes, strict=True)]
        return [*before, Gate("rxx", pair, (turn,)), *after]

    def _check_members(self, angles: Collection[str], others: Collection[str]) -> None:
        for name in self._entry:
            if name not in _PLACES and name not in angles and name not in others:
                raise _Refused(f"{self._path}/{_escaped(name)}", f"the gate {self._name} has no such member")

    def _rows(self, name: str, controls: Sequence[int]) -> list[tuple[int, ...]]:
        """Give the targets of each gate: a pair, or one gate on every target."""
        targets = self._qubits("target")
        if not targets:
            raise _Refused(f"{self._path}/target", f"the gate {self._name} needs a target")
        if len({*targets, *controls}) < len(targets) + len(controls):
            raise _Refused(self._path, "the same qubit is used twice")
        if name not in _PAIRS:
            return [(target,) for target in targets]
        if len(targets) != 2:
            place = "targets" if "targets" in self._entry else "target"
            raise _Refused(f"{self._path}/{place}", f"{self._name} takes 2 targets, {len(targets)} given")
        return [tuple(targets)]

    def _qubits(self, role: str) -> list[int]:
        """Read `target` or `targets`: a number or a list."""
        names = [name for name in (role, f"{role}s") if name in self._entry]
        if len(names) > 1:
            raise _Refused(f"{self._path}/{role}", f"{role} and {role}s are both given")
        if not names:
            return []
        given, path = self._entry[names[0]], f"{self._path}/{names[0]}"
        if not isinstance(given, list):
            return [_whole(given, path, 0, self._width - 1)]
        return [_whole(value, f"{path}/{place}", 0, self._width - 1) for place, value in enumerate(given)]

    def _finite(self, value: object, path: str, unit: float = 1.0) -> float:
        """Give a number of units, such as turns, in radians."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _Refused(f"{self._path}{path}", "a number is needed")
        try:
            number = float(value) * unit
        except OverflowError:
            number = inf
        if not isfinite(number):
            raise _Refused(f"{self._path}{path}", "the number must be finite")
        return number


def _is_native(gateset: object) -> bool:
    if gateset not in ("qis", "native"):
        raise _Refused("/gateset", "the gate set must be qis or native")
    return gateset == "native"


def _whole(value: object, path: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _Refused(path, f"a whole number from {low} to {high} is needed")
    return value


def _escaped(name: str) -> str:
    return name[:40].replace("~", "~0").replace("/", "~1")
