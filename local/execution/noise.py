"""Noise of a target: depolarizing errors after gates and flips of the bits that are read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from local.execution.errors import InvalidProgram


@dataclass(frozen=True)
class Noise:
    """Error rates.

    `one_qubit` and `two_qubit` are depolarizing parameters r: the state is replaced by the maximally mixed one with
    probability r, which is a Pauli other than the identity with probability 3r/4 or 15r/16.
    `read_0_as_1` and `read_1_as_0` are probabilities that a measured bit is reported flipped.
    """

    one_qubit: float = 0.0
    two_qubit: float = 0.0
    read_0_as_1: float = 0.0
    read_1_as_0: float = 0.0

    def __post_init__(self) -> None:
        for name, rate in vars(self).items():
            if not 0 <= rate <= 1:
                raise InvalidProgram(f"Noise rate {name} is {rate}; it must be between 0 and 1.")

    @classmethod
    def of(cls, rates: Mapping[str, float]) -> "Noise":
        """Read the rates by name; raises InvalidProgram for a name that is not a rate."""
        unknown = sorted(rates.keys() - cls.__dataclass_fields__.keys())
        if unknown:
            raise InvalidProgram(f"Noise has no rate named {', '.join(unknown)}.")
        return cls(**rates)

    def error_probability(self, qubits: int) -> float:
        """Give the probability of a Pauli other than the identity after a gate on one or two qubits."""
        return 3 * self.one_qubit / 4 if qubits == 1 else 15 * self.two_qubit / 16

    def flip_probability(self, bit: int) -> float:
        return self.read_1_as_0 if bit else self.read_0_as_1


IDEAL = Noise()


def split_by_error(rng: np.random.Generator, shots: int, probability: float, qubits: int) -> dict[int, int]:
    """Draw how many of the shots get which error.

    Keys are Pauli strings in base 4 (I X Y Z, lowest digit = first qubit); 0 is no error; values add up to shots.
    """
    wrong = int(rng.binomial(shots, probability)) if probability else 0
    if not wrong:
        return {0: shots}
    kinds = rng.integers(1, 4**qubits, size=wrong)
    codes, counts = np.unique(kinds, return_counts=True)
    parts = {int(code): int(count) for code, count in zip(codes, counts, strict=True)}
    if wrong < shots:
        parts[0] = shots - wrong
    return parts
