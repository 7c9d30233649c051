"""The hydrogen molecule in the smallest basis, from its nuclei to two qubits; nothing is looked up but the basis set.

Energies in hartree, distances in angstrom where a caller sees them and in bohr inside.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce

import numpy as np

BOHR = 0.529177210903  # angstrom; CODATA 2018
# STO-3G of hydrogen: Hehre, Stewart, Pople, J. Chem. Phys. 51, 2657 (1969); its scale of 1.24 is in the exponents.
EXPONENTS = (3.42525091, 0.62391373, 0.16885540)
WEIGHTS = (0.15432897, 0.53532814, 0.44463454)
PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]]),
}


@dataclass(frozen=True)
class Molecule:
    """H2 at one bond length (angstrom) as an observable of two qubits.

    Qubit 0 is 1 when the electron with spin up is in the antibonding orbital, qubit 1 the same for spin down. `terms`:
    Pauli string, qubit 0 first -> coefficient; the repulsion of the nuclei is in "II".
    """

    length: float
    terms: dict[str, float]

    @property
    def matrix(self) -> np.ndarray:
        """4 x 4, qubit 0 the more significant."""
        return np.sum([value * _word(name) for name, value in self.terms.items()], axis=0)

    @property
    def exact(self) -> float:
        """The lowest energy that this basis set allows (full configuration interaction)."""
        return float(np.linalg.eigvalsh(self.matrix)[0])

    @property
    def hartree_fock(self) -> float:
        """The energy with both electrons in the bonding orbital: state 00."""
        return float(self.matrix[0, 0].real)


@cache
def hydrogen(length: float) -> Molecule:
    """Build the molecule at a bond length: integrals, orbitals, Jordan-Wigner, two electrons of opposite spin.

    Raises:
        ValueError: the length is not between 0.2 and 10 angstrom.
    """
    if not 0.2 <= length <= 10:
        raise ValueError(f"a bond of {length} angstrom is not between 0.2 and 10")
    one, two, repulsion = _orbital_integrals(length / BOHR)
    fock = _jordan_wigner(one, two) + repulsion * np.eye(16)
    # Occupations are g-up u-up g-down u-down, the first the most significant: one electron of each spin is left.
    kept = [0b1010, 0b1001, 0b0110, 0b0101]
    small = fock[np.ix_(kept, kept)]
    words = ("".join(word) for word in itertools.product(PAULIS, repeat=2))
    shares = {word: float(np.trace(_word(word) @ small).real) / 4 for word in words}
    return Molecule(length, {word: share for word, share in shares.items() if abs(share) > 1e-10})


def _word(name: str) -> np.ndarray:
    return reduce(np.kron, (PAULIS[letter] for letter in name))


def _orbital_integrals(distance: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Give h[p, q] and (pq|rs) between the bonding (0) and the antibonding (1) orbital, and the nuclei's repulsion."""
    centres = (0.0, distance)
    overlap = _contracted(_overlap, centres, 2)[0, 1]
    one = _contracted(_kinetic, centres, 2) + _contracted(lambda *pair: _attraction(*pair, centres), centres, 2)
    two = _contracted(_electrons, centres, 4)
    orbitals = np.array([[1, 1], [1, -1]]) / np.sqrt(2 * np.array([1 + overlap, 1 - overlap]))  # columns
    one = orbitals.T @ one @ orbitals
    two = np.einsum("abcd,ap,bq,cr,ds->pqrs", two, *[orbitals] * 4)
    return one, two, 1 / distance


def _contracted(integral: Callable[..., float], centres: Sequence[float], functions: int) -> np.ndarray:
    """Sum an integral of primitive functions (exponent, centre) over the three of each contracted one."""
    heights = [weight * (2 * each / math.pi) ** 0.75 for each, weight in zip(EXPONENTS, WEIGHTS, strict=True)]
    primitives = [
        [(exponent, centre, height) for exponent, height in zip(EXPONENTS, heights, strict=True)] for centre in centres
    ]
    table = np.zeros((2,) * functions)
    for places in np.ndindex(*table.shape):
        for chosen in itertools.product(*(primitives[place] for place in places)):
            factor = math.prod(height for _, _, height in chosen)
            table[places] += factor * integral(*((exponent, centre) for exponent, centre, _ in chosen))
    return table


# Integrals of functions exp(-a r^2) with centres on a line: Szabo and Ostlund, Modern Quantum Chemistry, appendix A.
def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    exponent, _, decay = _product(one, other)
    return (math.pi / exponent) ** 1.5 * decay


def _kinetic(one: tuple[float, float], other: tuple[float, float]) -> float:
    reduced = one[0] * other[0] / (one[0] + other[0])
    return reduced * (3 - 2 * reduced * (one[1] - other[1]) ** 2) * _overlap(one, other)


def _attraction(one: tuple[float, float], other: tuple[float, float], nuclei: tuple[float, ...]) -> float:
    exponent, centre, decay = _product(one, other)
    return sum(-2 * math.pi / exponent * decay * _boys(exponent * (centre - nucleus) ** 2) for nucleus in nuclei)


def _electrons(*four: tuple[float, float]) -> float:
    (left, here, fall), (right, there, drop) = _product(*four[:2]), _product(*four[2:])
    factor = 2 * math.pi**2.5 / (left * right * math.sqrt(left + right))
    return factor * fall * drop * _boys(left * right / (left + right) * (here - there) ** 2)


def _product(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float, float]:
    """The product of two Gaussians is a third: its exponent, its centre, its height."""
    exponent = one[0] + other[0]
    centre = (one[0] * one[1] + other[0] * other[1]) / exponent
    return exponent, centre, math.exp(-one[0] * other[0] / exponent * (one[1] - other[1]) ** 2)


def _boys(t: float) -> float:
    return 1 - t / 3 if t < 1e-8 else math.sqrt(math.pi / t) / 2 * math.erf(math.sqrt(t))


def _jordan_wigner(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Write the electrons' energy on four spin orbitals (g-up, u-up, g-down, u-down) as a 16 x 16 matrix."""
    lower = np.array([[0, 1], [0, 0]])
    gone = [reduce(np.kron, [PAULIS["Z"]] * k + [lower] + [np.eye(2)] * (3 - k)) for k in range(4)]
    made = [operator.T for operator in gone]
    energy = np.zeros((16, 16))
    for p, q, spin in itertools.product(range(2), range(2), (0, 2)):
        energy += one[p, q] * made[p + spin] @ gone[q + spin]
    for p, q, r, s, spin, other in itertools.product(range(2), range(2), range(2), range(2), (0, 2), (0, 2)):
        pair = made[p + spin] @ made[r + other] @ gone[s + other] @ gone[q + spin]
        energy += 0.5 * two[p, q, r, s] * pair
    return energy
