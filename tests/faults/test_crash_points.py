"""The process dies once: after any step of any way through the service. A step is all between two awaits."""

import pytest

from .report import described
from .scenarios import SCENARIOS
from .storm import Storm

FEW, ALL = 20, 2_500  # at how many steps a process dies: in the everyday run; in `make test-faults`
SAMPLE = 450  # of the scenarios that have more steps, because hundreds of looks are all alike


def dying(steps, most, sample):
    """Give the steps after which the process dies: each where there are at most so many, else some, evenly spread."""
    return range(1, steps + 1, 1 if steps <= most else 1 + steps // sample)


def points(name, most, sample):
    """Let the process die after each of these steps of a scenario; give how many."""
    whole = Storm(SCENARIOS[name])
    whole.run()
    steps = dying(whole.steps_to_rest, most, sample)
    for step in steps:
        storm = Storm(SCENARIOS[name])
        with described(storm, f"{name}, killed after step {step}"):
            storm.run([step])
        assert storm.kills == 1
    return len(steps)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_wherever_the_process_dies(name):
    assert points(name, FEW, FEW) > FEW // 2


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_at_any_step(name):
    assert points(name, ALL, SAMPLE) > 100
