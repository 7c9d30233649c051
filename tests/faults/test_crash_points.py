"""The process dies once: after any step of any way through the service. A step is all between two awaits."""

import pytest

from .report import described
from .scenarios import SCENARIOS
from .storm import Storm

FEW, MANY = 20, 800  # points of a scenario at most: in the everyday run; in `make test-faults`, where most have less


def points(name, most):
    """Let the process die after each step of a scenario, or after `most` of them, evenly spread; give how many."""
    whole = Storm(SCENARIOS[name])
    whole.run()
    steps = range(1, whole.steps_to_rest + 1, 1 + whole.steps_to_rest // most)
    for step in steps:
        storm = Storm(SCENARIOS[name])
        with described(storm, f"{name}, killed after step {step}"):
            storm.run([step])
        assert storm.kills == 1
    return len(steps)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_wherever_the_process_dies(name):
    assert points(name, FEW) > FEW // 2


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_at_any_step(name):
    assert points(name, MANY) > 100
