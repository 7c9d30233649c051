"""The policies of `apim/`, exactly as they are deployed, by what they do for callers."""

import pytest

from tests.apim.deployed import deployed
from tests.apim.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("tier", ["basic-v2", "standard"])
def test_with_the_deployed_policies(scenario, tier):
    scenario(lambda service=None, **options: deployed(service, tier=tier, **options))


def test_every_policy_of_the_tree_runs_in_some_scenario(capsys):
    started = []

    def start(service=None, **options):
        started.append(deployed(service, **options))
        return started[-1]

    for scenario in SCENARIOS:
        scenario(start)
    places = started[0].program.policies
    seen = {number for run in started for number, times in enumerate(run.services.seen) if times}
    missed = sorted(str(place) for number, place in places.items() if number not in seen)
    with capsys.disabled():
        print(f"\npolicies run: {len(places) - len(missed)} of {len(places)} ({1 - len(missed) / len(places):.1%})")
    assert not missed
