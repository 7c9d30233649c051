from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.models import HistoryEntry, JobState
from quantum_jobs.waiting import retry_after_seconds, shepherd_delay_seconds

from . import samples

CREATED = datetime(2026, 11, 22, 10, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return CREATED + timedelta(seconds=seconds)


def test_an_accepted_job_is_asked_about_in_a_second():
    assert retry_after_seconds(samples.job(), later(0)) == 1


def test_a_queued_job_is_asked_about_after_a_third_of_what_is_left():
    job = samples.job(state=JobState.QUEUED, expected_wait_seconds=300)
    assert retry_after_seconds(job, later(0)) == 99
    assert retry_after_seconds(job, later(270)) == 10
    assert retry_after_seconds(job, later(299)) == 1


def test_a_job_past_its_expected_start_is_asked_about_ever_more_rarely():
    job = samples.job(state=JobState.QUEUED, expected_wait_seconds=10)
    assert retry_after_seconds(job, later(200)) == 10
    assert retry_after_seconds(job, later(86_400)) == 120


def test_a_running_job_is_asked_about_by_how_long_it_runs():
    history = (HistoryEntry(JobState.RUNNING, "2026-11-22T10:00:00.000Z"),)
    job = samples.job(state=JobState.RUNNING, history=history)
    assert [retry_after_seconds(job, later(seconds)) for seconds in (0, 20, 500)] == [1, 4, 10]


def test_nobody_needs_to_ask_about_a_done_job():
    assert retry_after_seconds(samples.job(state=JobState.FAILED), later(5)) == 0


@given(st.sampled_from(sorted(JobState)), st.floats(-1e6, 1e7), st.integers(0, 10**7) | st.none())
def test_a_wait_is_bounded_whatever_the_clocks_say(state, seconds, expected):
    job = samples.job(state=state, expected_wait_seconds=expected)
    assert 0 <= retry_after_seconds(job, later(seconds)) <= 120
    assert 5 <= shepherd_delay_seconds(job, later(seconds)) <= 300
