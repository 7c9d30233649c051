import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum_jobs import errors
from quantum_jobs.budgets import Account, Allowance, month_of
from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.documents import estimate_document
from quantum_jobs.errors import ProgramInvalid, RequestRefused, UnknownTarget, WrongState
from quantum_jobs.models import WaitSamples
from quantum_jobs.money import Money
from quantum_jobs.prices import RATES
from quantum_jobs.submissions import EstimateRequest, ProgramSource, Submission
from quantum_jobs.submitting import Terms
from quantum_jobs.targets import KNOWN_TARGETS, offered
from quantum_jobs.waits import LEAST_SAMPLES

from . import samples
from .world import World

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
FEED_FORWARD = f"{HEAD}qubit[2] q;\nbit[2] c;\nh q[0];\nc[0] = measure q[0];\nif (c[0]) x q[1];\nc[1] = measure q[1];\n"
SWEPT = f"{HEAD}input float t;\nqubit[2] q;\nbit[2] c;\nrx(t) q[0];\ncx q[0], q[1];\nc = measure q;\n"
UNAVAILABLE = "ionq.qpu.forte-1"


def offer(**queues):
    """All targets that the service knows, one of them away."""
    return tuple(
        offered(name, "Unavailable" if name == UNAVAILABLE else "Available", queues.get(name, 60), None)
        for name in KNOWN_TARGETS
    )


def wide(qubits):
    return Submission(ProgramSource("openqasm3", f"{HEAD}qubit[{qubits}] q;\nbit[{qubits}] c;\nh q;\nc = measure q;\n"))


def written(text, *sets):
    return Submission(ProgramSource("openqasm3", text), sets)


PROGRAMS = st.one_of(
    st.just(written(samples.BELL)),
    st.just(written(FEED_FORWARD)),
    st.sampled_from([1, 20, 21, 25, 29, 30, 36, 56, 57, 98, 108, 109]).map(wide),
    st.integers(1, 4).map(lambda items: written(SWEPT, *({"t": 0.1 * item} for item in range(items)))),
)
SHOTS = st.sampled_from([1, 100, 9_999, 10_000, 10_001, 1_000_000]) | st.integers(1, 20_000)
AMOUNTS = st.none() | st.integers(0, 200_000_000)


def world_of(total=None, of_target=None, target="", used=0):
    """A service on all targets; so much is allowed in all and for the target, so much of it used (millionths)."""
    allowance = Allowance(total, {target: of_target} if of_target is not None else {})
    world = World(*offer(), terms=Terms(allowance=allowance))
    month = month_of(timestamp(now()))
    world.records.accounts[samples.ALICE.owner, month] = Account(month, used={target: used}, etag="1")
    return world


def estimate(world, submission, shots=100, *targets):
    return world.call("estimate", EstimateRequest(shots, submission, targets))


def refused(world, **changes):
    try:
        world.submit(**changes)
    except (RequestRefused, WrongState) as error:
        return error
    return None


@settings(max_examples=150)
@given(PROGRAMS, st.sampled_from(sorted(KNOWN_TARGETS)), SHOTS, AMOUNTS, AMOUNTS, st.integers(0, 10_000_000))
def test_what_an_estimate_calls_feasible_a_submit_accepts_and_what_not_it_refuses_for_one_of_the_reasons(
    submission, target, shots, total, of_target, used
):
    world = world_of(total, of_target, target, used)
    (found,) = estimate(world, submission, shots, target).targets
    refusal = refused(world, target=target, shots=shots, submission=submission)
    if refusal is None:
        assert not found.reasons
        assert world.records.only().cost_estimate == found.cost
    else:
        assert (refusal.slug, refusal.members) in [(reason.slug, reason.members) for reason in found.reasons]
        assert world.nothing_was_written()


def test_both_ways_are_walked_by_the_property_above():
    reasons = {
        reason.slug
        for submission in (written(samples.BELL), written(FEED_FORWARD), wide(57))
        for shots in (100, 1_000_000)
        for target in KNOWN_TARGETS
        for reason in estimate(world_of(0, target=target), submission, shots, target).targets[0].reasons
    }
    assert reasons == {
        errors.TargetUnavailable.slug,
        errors.ShotsOutOfRange.slug,
        errors.TooManyQubits.slug,
        errors.ProgramFormatUnsupported.slug,
        errors.BudgetExceeded.slug,
    }


def test_an_estimate_writes_nothing():
    world = world_of()
    estimate(world, written(samples.BELL))
    assert world.nothing_was_written()
    assert set(world.faults.calls) == {"get waits", "targets", "get account"}


def test_feasible_targets_come_first_and_the_soonest_finish_before_others():
    world = World(*offer(**{"ionq.simulator": 900, "rigetti.sim.qvm": 5, "quantinuum.sim.h2-1e": 30}))
    found = estimate(world, written(samples.BELL)).targets
    assert [bool(item.reasons) for item in found] == sorted(bool(item.reasons) for item in found)
    feasible = [item for item in found if not item.reasons]
    assert [item.finish_by for item in feasible] == sorted(item.finish_by for item in feasible)
    places = [item.target.id for item in feasible]
    assert places[:2] == ["rigetti.sim.qvm", "quantinuum.sim.h2-1e"]
    assert found[-1].target.id == UNAVAILABLE
    assert found[-1].finish_by is None


def test_the_finish_is_the_median_wait_and_the_run_from_now():
    world = World(samples.target(id="ionq.qpu.aria-1", kind="qpu", queue_seconds=9_999))
    world.records.samples["ionq.qpu.aria-1"] = WaitSamples((600,) * LEAST_SAMPLES, "1")
    before = now()
    (found,) = estimate(world, written(samples.BELL), 100).targets
    assert found.run_seconds == pytest.approx(3.0)
    early, late = (moment + timedelta(seconds=603) for moment in (before, now()))
    assert early - timedelta(milliseconds=1) <= parse_timestamp(found.finish_by) <= late


def test_where_no_wait_is_known_the_finish_is_not_known_either():
    world = World(samples.target(queue_seconds=None), samples.target(id="rigetti.sim.qvm", queue_seconds=7_200))
    soonest, unknown = estimate(world, written(samples.BELL)).targets
    assert (soonest.target.id, unknown.target.id) == ("rigetti.sim.qvm", "ionq.simulator")
    assert (unknown.finish_by, unknown.reasons) == (None, ())


def test_each_reason_is_the_problem_that_a_submit_would_answer_with_its_members():
    (found,) = estimate(world_of(), wide(30), 20_000, "ionq.simulator").targets
    shots, *_ = estimate_document(found, "https://api")["reasons"]
    assert shots["type"] == "https://api/errors/shots-out-of-range"
    assert (shots["minimum"], shots["maximum"], shots["detail"]) == (
        1,
        10_000,
        "20000 shots; the target takes 1 to 10000.",
    )


def test_all_reasons_against_a_target_are_told_not_the_first_only():
    target = "ionq.qpu.aria-1"
    (found,) = estimate(world_of(0, target=target), wide(30), 20_000, target).targets
    assert [reason.slug for reason in found.reasons] == ["shots-out-of-range", "too-many-qubits", "budget-exceeded"]


def test_a_sweep_is_priced_and_timed_as_one_job_of_many_items():
    target = "ionq.qpu.aria-1"
    (one,) = estimate(world_of(), written(SWEPT, {"t": 0.1}), 100, target).targets
    (four,) = estimate(world_of(), written(SWEPT, *({"t": 0.1 * item} for item in range(4))), 100, target).targets
    assert four.cost == Money(4 * one.cost.micros)
    assert (one.run_seconds, four.run_seconds) == (pytest.approx(3.0), pytest.approx(9.0))


def test_a_wrong_program_or_an_unknown_target_is_refused_as_a_submit_refuses_it():
    with pytest.raises(ProgramInvalid):
        estimate(world_of(), written("OPENQASM 3.0;\nqubit q\n"))
    with pytest.raises(UnknownTarget):
        estimate(world_of(), written(samples.BELL), 100, "ionq.simulatr")


def test_resources_are_those_of_the_program_whatever_the_targets():
    found = asyncio.run(world_of().service.estimate(samples.ALICE, EstimateRequest(1, written(samples.BELL))))
    counts = found.resources.logical.program
    assert (counts.qubits, counts.one_qubit_gates, counts.two_qubit_gates, counts.measurements) == (2, 1, 1, 2)
    assert found.resources.physical.qubits > 0
    assert {item.target.id for item in found.targets} == set(KNOWN_TARGETS)
    assert all(item.cost == Money() for item in found.targets if item.target.id not in RATES)
