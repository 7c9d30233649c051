"""Attempts: which failures are tried again, how often, until when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.clock import timestamp
from quantum_jobs.models import Attempt, JobState
from quantum_jobs.money import Money
from quantum_jobs.retries import is_transient, next_attempt_at
from quantum_jobs.submissions import JobLimits

from . import samples
from .world import World

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
QPU = samples.target(id="ionq.qpu.aria-1", kind="qpu", qubits=25)


@pytest.fixture
def world():
    return World(samples.target(), QPU)


@pytest.fixture
def due(monkeypatch):
    """Make the next attempt due at once."""
    monkeypatch.setattr("quantum_jobs.retries._FIRST_SECONDS", -10.0)


@pytest.mark.parametrize("code", ["ProviderTimeout", "Internal Error", "InternalError"])
def test_a_passing_failure_is_tried_again_on_hardware_too(code):
    assert is_transient(code, simulator=False)


@pytest.mark.parametrize("code", [None, "", "quantinuum - 1001", "SomethingNew"])
def test_an_unknown_failure_is_tried_again_on_a_simulator_and_never_on_hardware(code):
    assert is_transient(code, simulator=True)
    assert not is_transient(code, simulator=False)


@pytest.mark.parametrize("code", ["CompilationError", "InvalidInputData", "PropertyNotSpecified"])
def test_a_faulty_program_is_never_tried_again(code):
    assert not is_transient(code, simulator=True)


def test_a_failed_attempt_stays_visible_and_the_next_one_is_another_job_there(world, due):
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="ProviderTimeout", error_message="calibrating")
    seen = world.get(job.id)
    assert (seen.state, seen.error) == (JobState.RETRYING, None)
    assert seen.attempts[0].error == {
        "type": "provider-error",
        "detail": "calibrating",
        "providerCode": "ProviderTimeout",
        "transient": True,
    }
    world.shepherd_takes()
    assert len(set(world.workspace.puts)) == 2
    assert [attempt.number for attempt in world.records.only().attempts] == [1, 2]


def test_a_job_whose_second_attempt_succeeds_has_succeeded_as_any_other(world, due):
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="ProviderTimeout")
    world.get(job.id)
    world.shepherd_takes()
    second = world.records.only().attempt.provider_job_id
    world.workspace.jobs[second] = world.workspace.jobs[second].__class__(
        second, "Succeeded", ended="2026-11-22T10:00:05Z"
    )
    world.blobs.give_output(([0, 0], 100))
    done = world.get(job.id)
    assert (done.state, done.error) == (JobState.SUCCEEDED, None)
    assert [attempt.state for attempt in done.attempts] == [JobState.FAILED, JobState.SUCCEEDED]


def test_an_attempt_that_fails_before_anybody_saw_it_run_is_tried_again_too(world, due):
    job, _ = world.submit()
    for number in (1, 2):
        world.workspace.finish("Failed", error_code="ProviderTimeout")
        seen = world.get(job.id)
        assert (seen.state, len(seen.attempts)) == (JobState.RETRYING, number)
        assert seen.attempts[-1].error["transient"]
        world.shepherd_takes()
    assert len(set(world.workspace.puts)) == 3
    assert [entry.state for entry in world.records.only().history] == [JobState.ACCEPTED, JobState.RETRYING]
    world.workspace.finish("Failed", error_code="ProviderTimeout")
    assert world.get(job.id).error["type"] == "attempts-exhausted"


def test_before_its_moment_nothing_is_sent_and_nobody_is_asked(world, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="ProviderTimeout")
    world.get(job.id)
    world.faults.calls.clear()
    world.get(job.id)
    world.shepherd_takes()
    assert "get job" not in world.faults.calls
    assert len(world.workspace.puts) == 1


def test_after_the_last_attempt_the_job_has_failed_and_says_how_often_it_was_tried(world, due):
    job, _ = world.submit(limits=JobLimits(max_attempts=2))
    for _ in range(2):
        world.workspace.finish("Failed", error_code="ProviderTimeout", error_message="calibrating")
        world.get(job.id)
        if world.records.only().state == JobState.RETRYING:
            world.shepherd_takes()
    done = world.get(job.id)
    assert (done.state, len(done.attempts)) == (JobState.FAILED, 2)
    assert done.error["type"] == "attempts-exhausted"
    assert "2 attempts: calibrating" in done.error["detail"]


def test_a_job_is_cancelled_at_once_between_two_attempts(world):
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="ProviderTimeout")
    world.get(job.id)
    assert world.call("cancel", job.id, None).state == JobState.CANCELLED
    world.shepherd_takes()
    assert len(world.workspace.puts) == 1


def test_a_job_that_did_not_start_in_time_is_cancelled_there_and_has_failed(world):
    start_by = timestamp(datetime.now(UTC) + timedelta(seconds=0.2))
    job, _ = world.submit(limits=JobLimits(start_by=start_by))
    while timestamp(datetime.now(UTC)) <= start_by:
        pass
    world.shepherd_takes()
    done = world.shepherd_until(JobState.FAILED)
    assert done.error["type"] == "deadline-exceeded"
    assert world.workspace.cancelled == [job.attempt.provider_job_id]


def test_a_job_that_has_started_may_run_past_its_deadline(world):
    start_by = timestamp(datetime.now(UTC) + timedelta(seconds=0.2))
    job, _ = world.submit(limits=JobLimits(start_by=start_by))
    world.workspace.finish("Executing", ended=None)
    world.get(job.id)
    while timestamp(datetime.now(UTC)) <= start_by:
        pass
    world.shepherd_takes()
    assert world.records.only().state == JobState.RUNNING


ATTEMPTS = st.lists(st.none() | st.integers(0, 3_000_000), min_size=1, max_size=10)


@given(ATTEMPTS, st.integers(0, 3_000_000), st.none() | st.integers(0, 20_000_000), st.integers(1, 10))
def test_no_attempt_goes_over_the_number_or_the_cost_that_the_caller_allows(bills, estimate, most, attempts):
    made = tuple(
        Attempt(number, str(number), cost=None if bill is None else Money(bill)) for number, bill in enumerate(bills, 1)
    )
    limits = JobLimits(None if most is None else Money(most), None, attempts)
    job = samples.job(attempts=made, cost_estimate=Money(estimate), limits=limits)
    at = next_attempt_at(job, NOW)
    possible = len(made) < attempts and (most is None or sum(bill or 0 for bill in bills) + estimate <= most)
    assert (at is not None) == possible
    if at is not None:
        assert timestamp(NOW) <= at <= timestamp(NOW + timedelta(seconds=min(5 * 2 ** (len(made) - 1), 300)))


@given(st.integers(-600, 600))
def test_no_attempt_begins_after_the_deadline(seconds):
    job = samples.job(limits=JobLimits(start_by=timestamp(NOW + timedelta(seconds=seconds))))
    at = next_attempt_at(job, NOW)
    assert at is None or at <= job.limits.start_by
