"""Observables as weighted terms, put into groups that one measured circuit serves, and read from counts.

A term is a label as Qiskit writes it, the last letter for qubit 0: `I`, the Paulis `X Y Z`, and the projectors on their
eigenstates, `0 1` (Z), `+ -` (X), `r l` (Y). Terms share a group if on every qubit they need the same basis or none:
qubit-wise commutation. Coefficients are real: Qiskit's observables array refuses others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import PauliList

type Numbers = NDArray[np.float64]

BASIS_OF = {"I": "I", "X": "X", "+": "X", "-": "X", "Y": "Y", "r": "Y", "l": "Y", "Z": "Z", "0": "Z", "1": "Z"}
_VALUES = {**dict.fromkeys("XYZ", (1.0, -1.0)), **dict.fromkeys("0+r", (1.0, 0.0)), **dict.fromkeys("1-l", (0.0, 1.0))}
_ROTATIONS = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}


@dataclass(frozen=True)
class Group:
    """Terms that one circuit measures; `coefficients` has a row for each observable and a column for each term.

    `basis` has X, Y, Z or I for each qubit, the last letter for qubit 0.
    """

    basis: str
    terms: tuple[str, ...]
    coefficients: Numbers

    @property
    def qubits(self) -> tuple[int, ...]:
        """The measured qubits, ascending; bit k of the register is that of the k-th."""
        return tuple(number for number, letter in enumerate(reversed(self.basis)) if letter != "I")

    @property
    def half_ranges(self) -> Numbers:
        """How far each observable's value in a shot can lie from its middle: 0 or 1 for a projector, -1 or 1 else."""
        widths = [1.0 if set(term) & set("XYZ") else 0.5 for term in self.terms]
        return np.asarray(abs(self.coefficients) @ np.array(widths))

    def lines(self, names: Mapping[int, str], register: str) -> Iterator[str]:
        """Write the rotations into the basis and the measurements, in OpenQASM 3."""
        yield f"bit[{len(self.qubits)}] {register};"
        for place, qubit in enumerate(self.qubits):
            for gate in _ROTATIONS[self.basis[-1 - qubit]]:
                yield f"{gate} {names[qubit]};"
            yield f"{register}[{place}] = measure {names[qubit]};"

    def moments(self, counts: Mapping[str, int], observables: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
        """Give mean and squared standard error of each observable's part in this group.

        Keys of `counts` have the register of `lines` first. All terms are read from the same shots, so the spread of
        their sum holds their covariances. The error of a single shot is not known: nan.
        """
        weights = np.array(list(counts.values()), float)
        values = self.coefficients[observables] @ self._values([outcome.split(" ")[0] for outcome in counts])
        total = weights.sum()
        means = values @ weights / total
        spreads = (values - means[:, None]) ** 2 @ weights
        with np.errstate(invalid="ignore", divide="ignore"):
            return means, spreads / (total * (total - 1))

    def _values(self, outcomes: Sequence[str]) -> Numbers:
        """Give the value of each term (rows) for each outcome (columns)."""
        digits = np.frombuffer("".join(outcomes).encode(), np.uint8) - ord("0")
        bits = digits.reshape(len(outcomes), len(self.qubits))[:, ::-1]
        found = np.ones((len(self.terms), len(outcomes)))
        for row, term in enumerate(self.terms):
            for place, qubit in enumerate(self.qubits):
                letter = term[-1 - qubit]
                if letter != "I":
                    found[row] *= np.array(_VALUES[letter])[bits[:, place]]
        return found


def groups_of(observables: Sequence[Mapping[str, float]]) -> tuple[Numbers, list[Group]]:
    """Give the constant part of each observable, and the groups of all other terms."""
    width = len(next(iter(observables[0]))) if observables else 0
    constants = np.array([float(item.get("I" * width, 0.0)) for item in observables])
    terms = sorted({term for item in observables for term in item} - {"I" * width})
    groups = []
    for basis, members in _grouped(terms):
        coefficients = np.array([[float(item.get(term, 0.0)) for term in members] for item in observables])
        groups.append(Group(basis, tuple(members), coefficients))
    return constants, groups


def _grouped(terms: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Put terms into few groups, by Qiskit's greedy colouring of the bases that are in each other's way."""
    by_basis: dict[str, list[str]] = {}
    for term in terms:
        by_basis.setdefault("".join(BASIS_OF[letter] for letter in term), []).append(term)
    if not by_basis:
        return
    for together in PauliList(list(by_basis)).group_commuting(qubit_wise=True):
        labels = together.to_labels()
        merged = "".join(max(letters, key="IXYZ".index) for letters in zip(*labels, strict=True))
        yield merged, [term for label in labels for term in by_basis[label]]
