"""The query of lists: what is read, what is refused, and tokens that hold for their own list only."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import InvalidRequest
from quantum_jobs.models import JobState
from quantum_jobs.queries import job_query, page_token, read_token, target_filter

JOB = "job_vpevms6ucg5i8d6iq6is2qaacp"


def url(**parameters):
    return f"https://x/v1/jobs?{urlencode(parameters, doseq=True)}"


def query(**parameters):
    return job_query(url(**parameters))[0]


def faults(**parameters):
    with pytest.raises(InvalidRequest) as caught:
        query(**parameters)
    return {item["pointer"]: item["detail"] for item in caught.value.members["errors"]}


def test_every_filter_is_read():
    found = query(
        state=["queued", "running", "queued"],
        target="ionq.simulator",
        tag=["team:a:b", "run:"],
        createdAfter="2026-11-22T10:00:00+01:00",
        createdBefore="2026-11-23T10:00:00Z",
        pageSize="7",
    )
    assert found.states == (JobState.QUEUED, JobState.RUNNING)
    assert (found.target, found.page_size, dict(found.tags)) == ("ionq.simulator", 7, {"team": "a:b", "run": ""})
    assert (found.created_after, found.created_before) == ("2026-11-22T09:00:00.000Z", "2026-11-23T10:00:00.000Z")


def test_a_plus_sign_that_was_not_escaped_is_still_a_plus_sign():
    assert job_query("https://x/v1/jobs?createdAfter=2026-11-22T10:00:00+01:00")[0].created_after.startswith(
        "2026-11-22T09"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "done"),
        ("state", ""),
        ("target", ""),
        ("target", "x" * 129),
        ("tag", "team"),
        ("tag", "te am:x"),
        ("tag", "a:" + "x" * 257),
        ("createdAfter", "2026-11-22"),
        ("createdAfter", "yesterday"),
        ("createdBefore", "2026-11-22T10:00:00"),
        ("createdBefore", "99999-01-01T00:00:00Z"),
        ("pageSize", "0"),
        ("pageSize", "101"),
        ("pageSize", "1e1"),
        ("pageSize", "٣"),
        ("pageToken", "x"),
        ("pageToken", ""),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_right(name, value):
    assert set(faults(**{name: value})) == {f"?{name}"}


def test_all_faults_are_told_at_once():
    assert set(faults(state="x", pageSize="x", tag="x")) == {"?state", "?pageSize", "?tag"}


def test_what_has_one_value_may_be_sent_once_and_others_a_few_times():
    assert "once" in faults(pageSize=["1", "2"])["?pageSize"]
    assert "8 times" in faults(tag=[f"t{number}:x" for number in range(9)])["?tag"]


FILTERS = st.dictionaries(
    st.sampled_from(["state", "target", "tag"]), st.lists(st.text(max_size=5), min_size=1, max_size=3), max_size=3
)


@given(FILTERS, FILTERS)
def test_a_token_holds_for_the_filters_it_was_made_for_and_no_others(filters, others):
    token = page_token(JOB, filters)
    assert read_token(token, filters) == JOB
    if others != filters:
        with pytest.raises(ValueError, match=token):
            read_token(token, others)


def test_a_token_holds_for_another_size_of_the_page():
    assert query(pageSize="2", pageToken=page_token(JOB, {"pageSize": ["9"]})).start == JOB


@given(st.text(max_size=60))
def test_any_other_text_is_no_token(text):
    assert "pageToken" in str(faults(pageToken=text))


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)))
def test_any_moment_with_an_offset_is_read_to_the_millisecond(moment):
    assert query(createdAfter=moment.isoformat()).created_after == moment.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )


TARGET = {"qubits": 20, "availability": "available", "simulator": True, "formats": ["qir"]}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, True),
        ({"minQubits": "20", "availability": "available", "simulator": "true", "format": "qir"}, True),
        ({"minQubits": "21"}, False),
        ({"availability": "unavailable"}, False),
        ({"simulator": "false"}, False),
        ({"format": "quil"}, False),
    ],
)
def test_targets_are_chosen_by_what_they_have(parameters, wanted):
    assert target_filter(url(**parameters))(TARGET) is wanted


@pytest.mark.parametrize(("name", "value"), [("minQubits", "-1"), ("availability", "up"), ("simulator", "yes")])
def test_a_wrong_filter_of_targets_is_refused(name, value):
    with pytest.raises(InvalidRequest, match=name):
        target_filter(url(**{name: value}))
