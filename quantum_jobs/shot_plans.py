"""How many shots each measured circuit gets: the fewest that keep every estimate's standard error within its bound.

An observable is estimated as a sum over circuits ("groups") of means of values that lie within ±w of a middle (w: the
half range), so that a mean of n shots has a variance of at most w²/n whatever the state is.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.float64]
type Whole = NDArray[np.int64]

FEWEST = 2
"""Shots of a circuit from which a spread can be told."""
_CLOSE = 1e-3
_MOST_TURNS = 2_000
_ROUNDING = 1e-12
_BEYOND = 1e12


def shots_for_precision(half_ranges: Numbers, items: Sequence[int], precision: float) -> Whole:
    """Give shots for each group, so that every observable's standard error is at most `precision`.

    `half_ranges` has a row for each observable and a column for each group; `items` counts the parameter sets that each
    group is run with. The total over groups and sets is the least there is, to 1 in 1,000 and rounding up.

    Raises:
        ValueError: more shots than anybody could run.
    """
    wanted = least_shots(half_ranges, items)
    if wanted.max() > _BEYOND * precision**2:
        raise ValueError(f"a precision of {precision} needs more than {_BEYOND:.0e} shots of one circuit")
    shots = wanted / precision**2
    return np.maximum(FEWEST, np.ceil(shots * (1 - _ROUNDING))).astype(np.int64)


def shots_for_budget(half_ranges: Numbers, items: Sequence[int], budget: int) -> Whole:
    """Give shots for each group, `budget` or a little less in total over groups and sets, for the least largest error.

    Raises:
        ValueError: not two shots for each circuit and set.
    """
    cost = np.asarray(items, float)
    if budget < FEWEST * cost.sum():
        raise ValueError(f"{budget:,} shots are not {FEWEST} for each of {int(cost.sum()):,} circuits")
    wanted = least_shots(half_ranges, items)
    few = np.zeros(len(wanted), bool)
    while True:
        left = budget - FEWEST * cost[few].sum()
        shots = np.where(few, FEWEST, wanted * left / max(wanted[~few] @ cost[~few], _ROUNDING))
        if (shots >= FEWEST * (1 - _ROUNDING)).all():
            return np.maximum(FEWEST, np.floor(shots * (1 + _ROUNDING))).astype(np.int64)
        few |= shots < FEWEST


def least_shots(half_ranges: Numbers, items: Sequence[int]) -> Numbers:
    """Solve for precision 1, in fractions of shots: minimise items·n with sum_g w²/n_g <= 1 for each observable.

    The multipliers of the bounds grow where a bound is broken and shrink where it is kept with room to spare; they give
    a total that no plan can undercut, which ends the search. With one observable the first turn is exact: n_g is
    proportional to w_g where each group has one item (Rubin, Babbush, McClean 2018, arXiv:1801.03524).
    """
    squares = np.unique(half_ranges**2, axis=0)
    squares = squares[squares.any(axis=1)]
    cost = np.asarray(items, float)
    multipliers = np.ones(len(squares))
    for _ in range(_MOST_TURNS):
        shots = np.sqrt(multipliers @ squares / cost)
        errors = (squares / shots).sum(axis=1)
        shots, largest = shots * errors.max(), errors.max()
        total = (cost * shots).sum()
        bound = (total / largest) ** 2 / multipliers.sum()
        if total <= bound * (1 + _CLOSE):
            break
        multipliers *= errors
        multipliers /= multipliers.sum()
    return np.asarray(shots)


def split(shots: int, most: int, up: bool = True) -> tuple[int, int]:
    """Give shots of an item and repeats of it, so that no item has more than `most`; rounded up, or down."""
    repeats = max(1, math.ceil(shots / most))
    return (math.ceil(shots / repeats) if up else shots // repeats), repeats
