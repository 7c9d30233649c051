"""`python -m tests.faults`: at how many steps a process dies, by scenario and operation; with seeds, these storms."""

import logging
import sys
from collections import Counter

from .scenarios import SCENARIOS
from .storm import Storm
from .test_crash_points import ALL, SAMPLE, dying
from .test_storms import weather


def crash_points():
    """Give the deaths of each scenario, and its steps; steps and outward calls of all, by the operation under way."""
    deaths, steps, calls = {}, Counter(), Counter()
    for name, scenario in SCENARIOS.items():
        storm = Storm(scenario)
        storm.run()
        deaths[name] = len(dying(storm.steps_to_rest, ALL, SAMPLE)), storm.steps_to_rest
        steps += storm.at_work
        calls += storm.called
    return deaths, steps, calls


def table(title, columns, rows):
    print(f"{title:<30}" + "".join(f"{column:>8}" for column in columns))
    for name, numbers in rows:
        print(f"{name:<30}" + "".join(f"{number:>8}" for number in numbers))
    print(f"{'all':<30}" + "".join(f"{sum(numbers):>8}" for numbers in zip(*(row for _, row in rows), strict=True)))


def main():
    logging.disable(logging.CRITICAL)
    for seed in map(int, sys.argv[1:]):
        print("\n".join(weather(seed).trace))
    if not sys.argv[1:]:
        deaths, steps, calls = crash_points()
        table("scenario", ["deaths", "steps"], list(deaths.items()))
        print()
        table("operation", ["steps", "calls"], [(name, (count, calls[name])) for name, count in steps.most_common()])


main()
