"""What the proofs come to, in numbers.

python -m tests.faults               at how many steps a process dies, by scenario and by operation
python -m tests.faults 17 1204       the storms of these seeds, call by call
python -m tests.faults storms 2000   so many storms, and what happened in all of them together
"""

import logging
import sys
from collections import Counter

from .scenarios import SCENARIOS
from .storm import Storm
from .test_crash_points import ALL, SAMPLE, dying
from .test_storms import weather

TROUBLES = ("kills", "doubles", "stalls", "late")


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


def storms(count):
    """Tell what happened in the storms of the first so many seeds; the first that breaks a promise ends it."""
    seen = Counter()
    for seed in range(count):
        storm = weather(seed)
        seen.update({name: getattr(storm, name) for name in TROUBLES})
        seen.update(jobs=len(storm.records.rows), runs=len(storm.workspace.runs))
        seen.update(expired=sum(bool(job.expired_at) for job, _ in storm.records.rows.values()))
    print(f"{count} storms: " + ", ".join(f"{number} {name}" for name, number in seen.items()))


def main():
    logging.disable(logging.CRITICAL)
    match sys.argv[1:]:
        case ["storms", count]:
            storms(int(count))
        case []:
            deaths, steps, calls = crash_points()
            table("scenario", ["deaths", "steps"], list(deaths.items()))
            print()
            rows = [(name, (count, calls[name])) for name, count in steps.most_common()]
            table("operation", ["steps", "calls"], rows)
        case seeds:
            for seed in map(int, seeds):
                print("\n".join(weather(seed).trace))


main()
