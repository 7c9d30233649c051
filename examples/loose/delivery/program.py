"""The quantum program: which orders travel together, as a maximum cut.

Each order but the first is a qubit; 0 is van A, where the first order is, 1 is van B. Orders far from each other should
part, and both vans should carry alike: the split with the lowest sum over pairs of J[i][j] s_i s_j, s = +1 or -1, with
J[i][j] = distance / longest distance + BALANCE * kg_i kg_j / mean kg squared.

The program prepares all splits at once and lets the good ones gain (QAOA, Farhi 2014) in LAYERS layers whose angles
grow and shrink in a line, so that two numbers, gamma and beta, are all there is to search.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from .orders import Order

BALANCE = 0.2
LAYERS = 2
GAMMAS = (0.14, 0.2, 0.26, 0.32, 0.38, 0.44)
BETAS = (0.3, 0.4, 0.5, 0.6)
GRID = [{"gamma": gamma, "beta": beta} for gamma in GAMMAS for beta in BETAS]


def couplings(orders: Sequence[Order], between: Sequence[Sequence[float]]) -> dict[tuple[int, int], float]:
    """Give J of each pair i < j, from kilometres and kilograms."""
    longest = max(max(row) for row in between) or 1.0
    mean = sum(order.kg for order in orders) / len(orders)
    return {
        (i, j): between[i][j] / longest + BALANCE * orders[i].kg * orders[j].kg / mean**2
        for i, j in combinations(range(len(orders)), 2)
    }


def score(split: int, pairs: Mapping[tuple[int, int], float]) -> float:
    """Give the sum that the program lowers; its mean over all splits is 0."""
    return sum(-strength if (split >> i ^ split >> j) & 1 else strength for (i, j), strength in pairs.items())


def source(orders: int, pairs: Mapping[tuple[int, int], float]) -> str:
    """Write the program in OpenQASM 3, with the inputs gamma and beta; qubit i - 1 is order i."""
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', "input float gamma;", "input float beta;"]
    lines += [f"qubit[{orders - 1}] q;", f"bit[{orders - 1}] c;", "h q;"]
    for layer in range(LAYERS):
        lines += _phases(pairs, (layer + 1) / LAYERS)
        lines.append(f"rx({-2 * (1 - layer / LAYERS)} * beta) q;")
    return "\n".join([*lines, "c = measure q;", ""])


def _phases(pairs: Mapping[tuple[int, int], float], share: float) -> list[str]:
    lines = []
    for (i, j), strength in pairs.items():
        turn = f"rz({2 * share * strength:.6f} * gamma) q[{j - 1}];"
        link = f"cx q[{i - 1}], q[{j - 1}];"
        lines.append(f"{link} {turn} {link}" if i else turn)  # order 0 is no qubit: its van is settled
    return lines


def split_of(outcome: str) -> int:
    """Read a key of `counts`: its last character is qubit 0, which is order 1."""
    return int(outcome, 2) << 1
