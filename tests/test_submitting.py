"""Sweeps, limits, reuse, and what a repeated submit finds."""

import asyncio
import json
from dataclasses import replace

import pytest

from quantum_jobs.errors import DeadlineImpossible, IdempotencyKeyReused, ProgramInvalid, TargetUnavailable
from quantum_jobs.models import JobState
from quantum_jobs.submissions import JobLimits, ProgramSource, Submission

from . import samples
from .world import World

ANSATZ = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t;\nqubit[2] q;\nbit[2] c;\n'
    "rx(t) q[0];\ncx q[0], q[1];\nc = measure q;\n"
)


@pytest.fixture
def world():
    return World()


def sweep(*values):
    return Submission(ProgramSource("openqasm3", ANSATZ), tuple({"t": value} for value in values))


def succeed(world, job, items=1):
    world.workspace.finish("Succeeded", ended="2126-11-22T10:00:05.000Z")
    world.blobs.give_output(([0, 0], 60), ([1, 1], 40), items=items)
    assert world.get(job.id).state == JobState.SUCCEEDED
    return json.loads(world.result(job.id)[0])


def test_a_sweep_is_one_job_with_an_entry_point_for_each_set(world):
    job, _ = world.submit(submission=sweep(0.1, 0.2, 0.3))
    qir = world.blobs.containers[job.attempt.provider_job_id]["inputData"].decode()
    assert (job.items, job.parameters, qir.count("define i64 @ENTRYPOINT__item")) == (3, ("t",), 3)


def test_the_result_of_a_sweep_names_the_values_of_each_item_in_order(world):
    job, _ = world.submit(submission=sweep(0.1, 0.2, 0.3))
    items = succeed(world, job, items=3)["items"]
    assert [(item["index"], item["parameters"]) for item in items] == [
        (0, {"t": 0.1}),
        (1, {"t": 0.2}),
        (2, {"t": 0.3}),
    ]


def test_a_result_with_fewer_items_than_the_sweep_is_unreadable_and_not_a_success(world):
    job, _ = world.submit(submission=sweep(0.1, 0.2))
    world.workspace.finish("Succeeded")
    world.blobs.give_output(([0, 0], 100), items=1)
    assert world.get(job.id).error["type"] == "result-unreadable"


def test_a_set_without_a_value_is_refused_with_its_place(world):
    with pytest.raises(ProgramInvalid) as caught:
        world.submit(submission=Submission(ProgramSource("openqasm3", ANSATZ), ({"t": 0.1}, {"u": 0.2})))
    assert any(fault.pointer.startswith("/parameterSets/1") for fault in caught.value.faults)
    assert world.nothing_was_written()


def test_provider_options_and_items_go_to_the_workspace(world):
    world.submit(submission=replace(sweep(0.1), provider_options={"noise": {"model": "aria-1"}}))
    assert world.workspace.options == [{"noise": {"model": "aria-1"}}]


def test_a_deadline_that_is_past_is_refused(world):
    with pytest.raises(DeadlineImpossible):
        world.submit(limits=JobLimits(start_by="2020-01-01T00:00:00.000Z"))
    assert world.nothing_was_written()


def test_what_was_accepted_stays_accepted_when_it_would_be_refused_now(world):
    job, _ = world.submit(limits=JobLimits(start_by="2126-01-01T00:00:00.000Z"))
    world.workspace.offer = (samples.target(availability="Unavailable"),)
    again, replayed = world.submit(limits=JobLimits(start_by="2126-01-01T00:00:00.000Z"))
    assert (again.id, replayed) == (job.id, True)
    with pytest.raises(IdempotencyKeyReused):
        world.submit(fingerprint="another")
    with pytest.raises(TargetUnavailable):
        world.submit(key="k2")


def test_an_equal_program_is_not_run_again_when_its_caller_says_so(world):
    first, _ = world.submit(reuse_seconds=3600)
    original = succeed(world, first)
    second, replayed = world.submit(key="k2", reuse_seconds=3600)
    assert (second.state, second.reused_from, replayed) == (JobState.SUCCEEDED, first.id, False)
    assert second.id != first.id
    assert len(world.workspace.puts) == 1
    reused = json.loads(world.result(second.id)[0])
    assert reused == {**original, "jobId": second.id, "reusedFrom": first.id}
    assert (second.cost_estimate.micros, second.cost_actual.micros, second.attempts) == (0, 0, ())


def test_spaces_and_names_make_no_other_program_to_reuse(world):
    first, _ = world.submit(reuse_seconds=3600)
    succeed(world, first)
    spaced = ProgramSource("openqasm3", samples.BELL.replace("h q[0];", "h   q[0];  // half"))
    assert world.submit(key="k2", reuse_seconds=3600, program=spaced)[0].reused_from == first.id


@pytest.mark.parametrize(
    "changes",
    [
        {"reuse_seconds": None},
        {"shots": 101},
        {"seed": 7},
        {"caller": samples.BOB},
        {"program": ProgramSource("openqasm3", samples.BELL.replace("h q[0]", "x q[0]"))},
        {"submission": Submission(ProgramSource("openqasm3", samples.BELL), provider_options={"a": 1})},
    ],
)
def test_any_other_job_is_run(world, changes):
    first, _ = world.submit(reuse_seconds=3600)
    succeed(world, first)
    job, _ = world.submit(**({"key": "k2", "reuse_seconds": 3600} | changes))
    assert (job.reused_from, len(world.workspace.puts)) == (None, 2)


@pytest.mark.parametrize("status", ["Failed", "Executing"])
def test_a_job_without_a_success_is_not_reused(world, status):
    first, _ = world.submit(reuse_seconds=3600)
    world.workspace.finish(status, error_code="CompilationError")
    world.get(first.id)
    assert world.submit(key="k2", reuse_seconds=3600)[0].reused_from is None


def test_a_result_older_than_wanted_is_not_reused(world):
    first, _ = world.submit(reuse_seconds=3600)
    world.workspace.finish("Succeeded", ended="2020-11-22T10:00:05.000Z")
    world.blobs.give_output(([0, 0], 100))
    world.get(first.id)
    assert world.submit(key="k2", reuse_seconds=3600)[0].reused_from is None


def test_a_deleted_job_is_not_reused(world):
    first, _ = world.submit(reuse_seconds=3600)
    succeed(world, first)
    world.call("delete", first.id, None)
    assert world.submit(key="k2", reuse_seconds=3600)[0].reused_from is None


def test_a_reused_result_is_as_old_as_the_run_it_comes_from(world):
    first, _ = world.submit(reuse_seconds=3600)
    succeed(world, first)
    second, _ = world.submit(key="k2", reuse_seconds=3600)
    third, _ = world.submit(key="k3", reuse_seconds=3600)
    assert (third.reused_from, third.completed_at) == (first.id, second.completed_at)


def test_a_repeated_submit_of_a_reusing_job_is_a_replay(world):
    first, _ = world.submit(reuse_seconds=3600)
    succeed(world, first)
    second, _ = world.submit(key="k2", reuse_seconds=3600)
    again, replayed = world.submit(key="k2", reuse_seconds=3600)
    assert (again.id, replayed) == (second.id, True)
    assert set(world.blobs.results) == {(first.owner, first.id), (second.owner, second.id)}


def test_fifty_equal_submits_at_once_are_one_job_and_one_run(world):
    async def race():
        return await asyncio.gather(*(world.service.submit(samples.ALICE, samples.request()) for _ in range(50)))

    results = asyncio.run(race())
    assert len({job.id for job, _ in results}) == 1
    # Racers of one millisecond make the same id, and each may take the insert for its own: still one job.
    assert not all(replayed for _, replayed in results)
    assert len(set(world.workspace.puts)) == 1
    assert len(world.blobs.containers) == 1
