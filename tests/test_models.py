from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.clock import seconds_since, timestamp
from quantum_jobs.job_ids import new_job_id, provider_job_id, sortable
from quantum_jobs.models import Caller, JobState

from . import samples

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.integers(1, 10**9))
def test_a_younger_job_sorts_before_an_older_one(moment, milliseconds):
    younger = new_job_id("owner", "key", "body", moment + timedelta(milliseconds=milliseconds))
    assert younger < new_job_id("owner", "key", "body", moment)


@given(st.text(max_size=64), st.text(max_size=64))
def test_two_bodies_racing_under_one_key_never_share_an_id(one, other):
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    same = new_job_id("owner", "key", one, moment) == new_job_id("owner", "key", other, moment)
    assert same == (one == other)


def test_the_id_of_a_job_is_url_safe_and_says_what_it_is():
    job_id = new_job_id("owner", "key", "body", datetime(2026, 11, 22, tzinfo=UTC))
    assert job_id.startswith("job_")
    assert len(job_id) == 30
    assert set(job_id) <= set("_0123456789abcdefghijklmnopqrstuvwxyz")


def test_each_attempt_has_one_provider_id_for_ever():
    assert provider_job_id("job_a", 1) == provider_job_id("job_a", 1)
    assert len({provider_job_id("job_a", 1), provider_job_id("job_a", 2), provider_job_id("job_b", 1)}) == 3


@given(st.binary(min_size=5, max_size=5), st.binary(min_size=5, max_size=5))
def test_sortable_text_sorts_as_its_bytes(one, other):
    assert (sortable(one) < sortable(other)) == (one < other)


def test_owners_of_two_tenants_with_one_subject_are_two():
    one = Caller("t1", "alice", "user:alice", frozenset())
    assert one.owner != replace(one, tenant="t2").owner
    assert one.owner == replace(one, label="user:other", roles=frozenset({"Jobs.Submit"})).owner
    assert "alice" not in one.owner


def test_no_state_can_follow_a_done_one():
    assert [(a, b) for a in JobState for b in JobState if a.done and a.may_become(b)] == []


def test_running_never_turns_back_into_queued():
    assert not JobState.RUNNING.may_become(JobState.QUEUED)
    assert JobState.RUNNING.may_become(JobState.RETRYING)
    assert JobState.RETRYING.may_become(JobState.QUEUED)


def test_a_cancel_that_loses_the_race_gives_the_paid_result():
    assert JobState.CANCELLING.may_become(JobState.SUCCEEDED)


def test_a_move_counts_the_revision_and_keeps_history():
    job = samples.job().moved_to(JobState.QUEUED, "2026-11-22T10:00:01.000Z")
    assert (job.state, job.revision) == (JobState.QUEUED, 2)
    assert [entry.state for entry in job.history] == [JobState.ACCEPTED, JobState.QUEUED]


def test_an_illegal_move_is_refused():
    with pytest.raises(ValueError, match="cannot go from succeeded to queued"):
        samples.job(state=JobState.SUCCEEDED).moved_to(JobState.QUEUED, "2026-11-22T10:00:01.000Z")


@given(MOMENTS)
def test_a_written_moment_reads_back_to_the_millisecond(moment):
    assert abs(seconds_since(timestamp(moment), moment)) < 0.001
    assert timestamp(moment).endswith("Z")
