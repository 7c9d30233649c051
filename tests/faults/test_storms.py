"""Several deaths, two processes that race, slow and failing calls, messages delivered twice: as a seed says."""

import random

import pytest

from .report import described
from .scenarios import mixed
from .storm import Storm

SEEDS = 2000


def weather(seed):
    """Run the storm of a seed; give it."""
    chance = random.Random(seed)
    storm = Storm(mixed(chance), seed, processes=2, wild=True)
    with described(storm, f"python -m tests.faults {seed}"):
        storm.run(kills=chance.randint(1, 6))
    return storm


@pytest.mark.parametrize("block", range(4))
def test_whatever_the_storm_did_the_promises_hold(block):
    storms = [weather(seed) for seed in range(block * 15, block * 15 + 15)]
    assert sum(storm.kills for storm in storms) > 20
    for trouble in ("doubles", "late", "stalls"):
        assert sum(getattr(storm, trouble) for storm in storms) > 0


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_they_hold_in_thousands_of_storms(block):
    size = SEEDS // 20
    assert sum(weather(1000 + seed).kills for seed in range(block * size, (block + 1) * size)) > 2 * size


def test_a_seed_is_one_storm():
    assert weather(7).trace == weather(7).trace
