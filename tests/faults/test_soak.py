"""Two minutes of the soak (`make soak` is the whole), and its own eyes: what it does not see, it would let pass."""

import os

import pytest

from quantum_jobs.job_ids import provider_job_id

from .soak.ending import of_document, of_runs
from .soak.growth import Sample, growth
from .soak.ledger import Ledger
from .soak.run import soak

MINUTES = float(os.environ.get("SOAK_MINUTES", "2"))


@pytest.mark.long
@pytest.mark.timeout(int(MINUTES * 60) + 1200)
def test_under_mixed_load_and_weather_nothing_is_lost_or_doubled(tmp_path):
    outcome = soak(MINUTES, int(os.environ.get("SOAK_SEED", "1")), tmp_path)
    print("\n" + "\n".join(outcome.report()))
    assert outcome.broken == []
    jobs, requests = outcome.ledger.counts()
    assert jobs > 20 * MINUTES
    assert requests > 4 * jobs / 2
    assert sum(outcome.weather.faults.values()) >= MINUTES


def document(*states, **changes):
    history = [{"state": state, "at": f"2026-11-28T10:00:{place:02}.000Z"} for place, state in enumerate(states)]
    return {"history": history, "state": states[-1], "attempts": [{"number": 1}]} | changes


def test_a_legal_history_is_kept_and_an_illegal_one_is_named():
    assert list(of_document(document("accepted", "queued", "running", "succeeded"))) == []
    assert list(of_document(document("accepted", "running", "queued", "succeeded")))
    assert list(of_document(document("accepted", "queued")))
    assert list(of_document(document("queued", "succeeded")))
    assert list(of_document(document("accepted", "succeeded", state="failed")))
    backwards = document("accepted", "succeeded")
    backwards["history"].reverse()
    backwards["history"][0]["state"], backwards["history"][1]["state"] = "accepted", "succeeded"
    assert list(of_document(backwards))


def test_runs_that_are_missing_doubled_or_of_nobody_are_named():
    done, cancelled = document("accepted", "succeeded"), document("accepted", "cancelling", "cancelled")
    documents = {"a": done, "b": cancelled, "c": None}
    a, b, c = (provider_job_id(name, 1) for name in "abc")
    assert list(of_runs([a], documents)) == []
    assert list(of_runs([a, b, c], documents)) == []
    assert list(of_runs([b], documents)) == [f"run {a} succeeded and is not there"]
    assert list(of_runs([a, a], documents)) == [f"run {a} is there 2 times"]
    second = provider_job_id("a", 2)
    assert list(of_runs([a, second], documents)) == [f"run {second} is of no attempt of any job"]


def test_a_key_that_makes_two_jobs_is_named():
    ledger = Ledger()
    promise = ledger.sent("alice", "k", {})
    ledger.accepted(promise, "one")
    ledger.accepted(promise, "one")
    assert ledger.wrong == []
    ledger.accepted(promise, "two")
    assert ledger.wrong == ["key k of alice made one and two"]


def samples(part, minutes=30, *, memory=lambda at: 100e6, files=lambda at: 50, threads=lambda at: 20):
    def one(at):
        numbers = {"memory_bytes": memory(at), "files": files(at), "threads": threads(at)}
        return Sample(at, round(at * 3), {part: numbers})

    return [one(float(at)) for at in range(0, minutes * 60, 5)]


def faults(*arguments, **options):
    return [words for part in growth(samples(*arguments, **options)) for words in part.faults()]


@pytest.mark.parametrize("part", ["functions", "gateway", "worker", "azurite", "cloud"])
def test_what_grows_only_at_first_is_flat(part):
    assert faults(part, memory=lambda at: 60e6 + min(at, 500) * 1e5, threads=lambda at: 20 + min(at, 300) / 10) == []


@pytest.mark.parametrize("part", ["functions", "gateway", "worker"])
def test_a_kilobyte_a_request_is_a_leak(part):
    (words,) = faults(part, memory=lambda at: 100e6 + at * 14 * 1000)
    assert words.startswith(f"{part} grew by 8.4 MB in 10.0 minutes")


def test_what_stores_may_grow_with_the_jobs_and_not_faster():
    assert faults("azurite", memory=lambda at: at * 3 * 50e3) == []
    assert faults("azurite", memory=lambda at: at * 3 * 200e3) == ["azurite grew by 200 KB for each of 1800 jobs"]


def test_files_and_threads_that_are_not_given_back_are_a_leak():
    assert faults("gateway", files=lambda at: 50 + at / 30) == ["gateway has 20 more files open"]
    assert faults("functions", threads=lambda at: 20 + at / 60) == ["functions has 10 more threads"]


def test_a_host_that_was_killed_in_the_first_third_does_not_hide_what_comes_later():
    assert faults("functions", memory=lambda at: 300e6 if at < 500 else 100e6 + at * 14 * 1000)


def test_workers_count_together_by_the_one_that_takes_most():
    worker = {"memory_bytes": 1, "files": 2, "threads": 3}
    taken = {"worker-1": worker, "worker-2": worker | {"memory_bytes": 9}, "cloud": worker}
    assert Sample.of(0, 0, taken).parts == {"cloud": worker, "worker": {"memory_bytes": 9, "files": 2, "threads": 3}}
