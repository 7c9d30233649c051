"""Tests of counts with a stated rate of false alarms."""

import math
from collections.abc import Mapping
from operator import itemgetter

from scipy.stats import binom, chi2

from quantum.catalogue import Success
from quantum.errors import Failed

_ENOUGH = 20  # counts that a cell must expect, so that the statistic has its distribution


def check_distribution(counts: Mapping[str, int], expected: Mapping[str, float], false_alarm: float) -> float:
    """Hold counts against exact probabilities by Pearson's chi-square test; give the p-value.

    Outcomes are put in order of probability and taken together until each cell expects twenty counts.

    Raises:
        Failed: an outcome that cannot come did, or the p-value is below `false_alarm`.
    """
    impossible = sorted(outcome for outcome, count in counts.items() if count and not expected.get(outcome))
    if impossible:
        raise Failed(f"{counts[impossible[0]]} times {impossible[0]}, which cannot come")
    cells = _cells(counts, expected)
    statistic = math.fsum((count - mean) ** 2 / mean for count, mean in cells)
    p_value = float(chi2.sf(statistic, len(cells) - 1)) if len(cells) > 1 else 1.0
    if p_value < false_alarm:
        raise Failed(
            f"the outcomes are not distributed as they must be: p = {p_value:.1e}, below {false_alarm:.1e}. "
            f"{_farthest(counts, expected)}"
        )
    return p_value


def check_success(counts: Mapping[str, int], success: Success, false_alarm: float) -> float:
    """Hold the share of successful outcomes against its promise by the exact binomial test; give the share.

    Raises:
        Failed: outcomes of another width, or so few successes come with a probability below `false_alarm` where the
            promise is kept.
    """
    widths = {len(outcome) for outcome in counts}
    if widths != {len(success.outcomes[0])}:
        found = " or ".join(map(str, sorted(widths)))
        raise Failed(f"the program reports {found} bits, budgets.json says {len(success.outcomes[0])}")
    shots = sum(counts.values())
    good = sum(counts.get(outcome, 0) for outcome in success.outcomes)
    if binom.cdf(good, shots, success.at_least) < false_alarm:
        raise Failed(
            f"success in {good} of {shots} shots ({good / shots:.1%}); at least {success.at_least:.1%} is promised"
        )
    return good / shots


def _cells(counts: Mapping[str, int], expected: Mapping[str, float]) -> list[tuple[float, float]]:
    shots = sum(counts.values())
    cells: list[tuple[float, float]] = []
    seen, mean = 0.0, 0.0
    for outcome, probability in sorted(expected.items(), key=itemgetter(1), reverse=True):
        seen, mean = seen + counts.get(outcome, 0), mean + probability * shots
        if mean >= _ENOUGH:
            cells.append((seen, mean))
            seen, mean = 0.0, 0.0
    if mean and cells:
        last_seen, last_mean = cells.pop()
        cells.append((last_seen + seen, last_mean + mean))
    return cells


def _farthest(counts: Mapping[str, int], expected: Mapping[str, float]) -> str:
    shots = sum(counts.values())

    def distance(outcome: str) -> float:
        return abs(counts.get(outcome, 0) - expected[outcome] * shots)

    worst = max(expected, key=distance)
    return f"Farthest off is {worst}: {counts.get(worst, 0)} of {shots} shots, expected {expected[worst] * shots:.0f}."
