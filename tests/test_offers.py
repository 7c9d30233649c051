"""Nobody is refused a target on an old word, and nobody makes the service ask all the time."""

import asyncio

import pytest

from quantum_jobs.errors import TargetUnavailable, UnknownTarget
from quantum_jobs.submissions import EstimateRequest

from . import samples
from .world import World

HERE = samples.target()
AWAY = samples.target(availability="Unavailable")
ANOTHER = samples.target(id="rigetti.sim.qvm", provider="rigetti")


def looks(world):
    return world.faults.calls.count("targets")


def estimated(world, *names):
    estimates = world.call("estimate", EstimateRequest(100, samples.request().submission, names))
    return {found.target.id: [reason.slug for reason in found.reasons] for found in estimates.targets}


@pytest.fixture
def back():
    """A world whose target was away half a minute ago, and is there again."""
    world = World(HERE, ANOTHER)
    world.workspace.remembered = (AWAY, ANOTHER)
    return world


def test_a_target_that_is_there_again_takes_a_job_at_once(back):
    job, _ = back.submit()
    assert back.workspace.puts == [job.attempt.provider_job_id]


@pytest.mark.parametrize("names", [("ionq.simulator",), ()])
def test_a_target_that_is_there_again_is_feasible_at_once(back, names):
    assert estimated(back, *names)["ionq.simulator"] == []


def test_a_target_that_is_there_again_is_told_at_once(back):
    assert asyncio.run(back.service.target("ionq.simulator")).availability == "Available"


def test_a_target_that_was_just_added_takes_a_job_at_once():
    world = World(HERE, ANOTHER)
    world.workspace.remembered = (ANOTHER,)
    world.submit()
    assert estimated(world, "ionq.simulator") == {"ionq.simulator": []}


def test_a_target_that_is_away_is_looked_for_twice_and_refused():
    world = World(AWAY)
    with pytest.raises(TargetUnavailable):
        world.submit()
    assert looks(world) == 2
    assert world.nothing_was_written()


def test_who_wants_a_target_that_is_there_asks_once_whatever_others_are(back):
    back.submit(target="rigetti.sim.qvm")
    assert looks(back) == 1


def test_a_name_that_the_service_does_not_know_is_on_no_list_and_not_looked_for_again():
    world = World(HERE)
    with pytest.raises(UnknownTarget):
        world.submit(target="ionq.simulatr")
    assert looks(world) == 1


def test_who_is_refused_again_and_again_makes_the_workspace_be_asked_once_in_two_seconds():
    world = World(AWAY)
    with pytest.raises(TargetUnavailable):
        world.submit()
    assert min(world.workspace.asked_within) >= 2
