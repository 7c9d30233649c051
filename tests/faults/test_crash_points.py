"""The process dies once: after any step of any way through the service. A step is all between two awaits."""

import pytest

from .report import described
from .scenarios import SCENARIOS
from .storm import Storm

EVERY = 9  # in the everyday run; each of them in `make test-faults`


def points(name, first, stride):
    """Let the process die after the steps first, first + stride ... of a scenario; give how many."""
    whole = Storm(SCENARIOS[name])
    whole.run()
    steps = range(first, whole.steps_to_rest + 1, stride)
    for step in steps:
        storm = Storm(SCENARIOS[name])
        with described(storm, f"{name}, killed after step {step}"):
            storm.run([step])
        assert storm.kills == 1
    return len(steps)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_wherever_the_process_dies(name):
    assert points(name, first=1 + len(name) % EVERY, stride=EVERY)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_at_any_step(name):
    assert points(name, first=1, stride=1) > 100
