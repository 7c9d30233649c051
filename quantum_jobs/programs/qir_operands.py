"""Operands of QIR instructions: qubits, results, angles, labels; and the names of its gates."""

import re
import struct
from collections.abc import Mapping
from math import isfinite

_QIS = re.compile(r"__quantum__qis__([a-z0-9]+)__(body|adj)$")
_POINTER = re.compile(r"(?:%[\w.]+\*|ptr)(?:\s+[a-z]+)*\s+(?:null|inttoptr\s*\(i64 (\d+) to [^()]*\)|%([\w.$-]+))$")
_LABEL = re.compile(r'(?:i8\*|ptr)(?:\s+[a-z]+)*\s+(?:(null)|.*@([\w.$-]+|"[^"]*").*)$')
_HEX_DOUBLE = re.compile(r"0x([0-9A-Fa-f]{1,16})$")
_GATES = {
    **{name: name for name in ("h", "x", "y", "z", "s", "t", "sx", "rx", "ry", "rz", "rxx", "ryy", "rzz")},
    **{name: name for name in ("cx", "cy", "cz", "ccx", "swap")},
    "cnot": "cx",
    "ccnot": "ccx",
    "toffoli": "ccx",
}
_ADJOINTS = {"s": "sdg", "t": "tdg", "sx": "sxdg"}


class NotUnderstood(ValueError):
    """An operand or function that this reader does not take."""


def gate_of(function: str) -> tuple[str, bool]:
    """Split the name of a quantum instruction into its word and whether it is the adjoint; else ("", False)."""
    match = _QIS.match(function)
    return (match[1], match[2] == "adj") if match else ("", False)


def vocabulary_name(word: str, is_adjoint: bool) -> str | None:
    """Give the gate of the vocabulary; None if there is none."""
    name = _GATES.get(word)
    return _ADJOINTS.get(name or "") if is_adjoint else name


def angle(text: str) -> float:
    """Read `double 1.0e+00` or `double 0x3FF0000000000000`, the bits of a double."""
    kind, _, value = text.partition(" ")
    match = _HEX_DOUBLE.match(value)
    try:
        number = struct.unpack(">d", int(match[1], 16).to_bytes(8))[0] if match else float(value)
    except ValueError:
        raise NotUnderstood(f"a constant angle is needed, not {text!r}") from None
    if kind not in {"double", "float"} or not isfinite(number):
        raise NotUnderstood(f"a finite angle of type double is needed, not {text!r}")
    return float(number)


def whole_number(text: str) -> int:
    """Read `i64 3`."""
    match = re.match(r"i64 (\d{1,9})$", text)
    if not match:
        raise NotUnderstood(f"a constant number is needed, not {text!r}")
    return int(match[1])


def label_of(text: str, labels: Mapping[str, str]) -> str:
    """Read the label of an output; null is the empty label."""
    match = _LABEL.match(text)
    if not match:
        raise NotUnderstood(f"a label is needed, not {text!r}")
    return "" if match[1] else labels.get(match[2], "")


class Operands:
    """Pointers to qubits and results within the numbers that the entry point requires."""

    def __init__(self, qubits: int, results: int) -> None:
        self._qubits = qubits
        self._results = results
        self.pointers: dict[str, int] = {}

    def new_result(self) -> int:
        """Number a result that a measurement returns, after the static ones."""
        self._results += 1
        return self._results - 1

    def qubit(self, text: str) -> int:
        """Read a pointer to a qubit."""
        return self._pointer(text, self._qubits, "qubit")

    def result(self, text: str) -> int:
        """Read a pointer to a result."""
        return self._pointer(text, self._results, "result")

    def _pointer(self, text: str, count: int, what: str) -> int:
        match = _POINTER.match(text)
        if match is None or (match[2] and match[2] not in self.pointers):
            raise NotUnderstood(f"a static {what} is needed, not {text!r}")
        number = self.pointers[match[2]] if match[2] else int((match[1] or "0")[:10])
        if number >= count:
            raise NotUnderstood(f"{what} {number} is not among the {count} that the entry point requires")
        return number
