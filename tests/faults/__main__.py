"""`python -m tests.faults`: how many points each operation can die at; with seeds, these storms call by call."""

import logging
import sys
from collections import Counter

from .scenarios import SCENARIOS
from .storm import Storm
from .test_storms import weather


def crash_points():
    """Count the steps of all scenarios by the operation that is under way."""
    steps, calls = Counter(), Counter()
    for scenario in SCENARIOS.values():
        storm = Storm(scenario)
        storm.run()
        steps += storm.at_work
        calls += storm.called
    return steps, calls


def main():
    logging.disable(logging.CRITICAL)
    for seed in map(int, sys.argv[1:]):
        print("\n".join(weather(seed).trace))
    if not sys.argv[1:]:
        steps, calls = crash_points()
        print(f"{'operation':<12}{'steps':>7}{'calls':>7}")
        for name, count in steps.most_common():
            print(f"{name:<12}{count:>7}{calls[name]:>7}")
        print(f"{'all':<12}{steps.total():>7}{calls.total():>7}")


main()
