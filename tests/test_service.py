import asyncio
import json

import pytest

from quantum_jobs.errors import (
    IdempotencyKeyReused,
    JobFailed,
    JobNotFound,
    ProgramFormatUnsupported,
    ProgramInvalid,
    ProviderRefused,
    ResultNotReady,
    ServiceUnavailable,
    ShotsOutOfRange,
    TargetNotFound,
    TargetUnavailable,
    TooManyQubits,
    UnknownTarget,
)
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.models import JobState
from quantum_jobs.service import _remember
from quantum_jobs.submissions import ProgramSource

from . import samples
from .world import World


@pytest.fixture
def world():
    return World()


def test_a_submitted_job_is_accepted_and_at_the_workspace_under_its_own_id(world):
    job, replayed = world.submit()
    assert (job.state, job.revision, replayed) == (JobState.ACCEPTED, 1, False)
    assert world.workspace.puts == [provider_job_id(job.id, 1)]


def test_the_message_comes_before_the_record_and_the_record_before_the_put(world):
    world.submit()
    order = world.faults.calls
    assert order.index("send message") < order.index("insert record") < order.index("put job")


def test_a_submit_makes_five_calls_and_a_signature(world):
    world.submit()
    assert sorted(world.faults.calls) == sorted(
        ["targets", "send message", "create container", "insert record", "put input", "sign container", "put job"]
    )


def test_the_provider_gets_qir_with_the_programs_registers(world):
    job, _ = world.submit()
    qir = world.blobs.containers[job.attempt.provider_job_id]["inputData"].decode()
    assert "define" in qir
    assert "__quantum__qis__h__body" in qir
    assert [(register.name, register.size) for register in job.registers] == [("c", 2)]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"target": "ionq.simulatr"}, UnknownTarget),
        ({"shots": 10_001}, ShotsOutOfRange),
        ({"program": ProgramSource("openqasm3", "OPENQASM 3.0;\nqubit[2] q\n")}, ProgramInvalid),
        (
            {"program": ProgramSource("openqasm3", "OPENQASM 3.0;\nqubit[30] q;\nbit[30] c;\nc = measure q;\n")},
            TooManyQubits,
        ),
        (
            {
                "program": ProgramSource(
                    "openqasm3",
                    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit[2] c;\n'
                    "c[0] = measure q;\nh q;\nc[1] = measure q;\n",
                )
            },
            ProgramFormatUnsupported,
        ),
    ],
)
def test_a_refused_submit_writes_nothing_and_costs_nothing(world, changes, error):
    with pytest.raises(error):
        world.submit(**changes)
    assert world.nothing_was_written()


def test_a_misspelt_target_gets_a_suggestion(world):
    with pytest.raises(UnknownTarget) as caught:
        world.submit(target="IonQ.simulatr")
    assert caught.value.members["didYouMean"] == "ionq.simulator"


def test_too_many_qubits_names_the_targets_that_fit():
    world = World(samples.target(), samples.target(id="quantinuum.qpu.h2-1", qubits=56))
    source = "OPENQASM 3.0;\nqubit[30] q;\nbit[30] c;\nc = measure q;\n"
    with pytest.raises(TooManyQubits) as caught:
        world.submit(program=ProgramSource("openqasm3", source))
    assert caught.value.members["targetsThatFit"] == ["quantinuum.qpu.h2-1"]


def test_an_unavailable_target_takes_no_job():
    world = World(samples.target(availability="Unavailable"))
    with pytest.raises(TargetUnavailable):
        world.submit()
    assert world.nothing_was_written()


def test_the_same_key_and_body_give_the_same_job_once(world):
    first, _ = world.submit()
    second, replayed = world.submit()
    assert (second.id, replayed) == (first.id, True)
    assert world.workspace.puts == [first.attempt.provider_job_id]
    assert list(world.blobs.containers) == [first.attempt.provider_job_id]


def test_the_same_key_with_another_body_is_refused_and_names_the_job(world):
    first, _ = world.submit()
    with pytest.raises(IdempotencyKeyReused) as caught:
        world.submit(shots=7, fingerprint="other")
    assert caught.value.members["jobId"] == first.id
    assert world.workspace.puts == [first.attempt.provider_job_id]


def test_two_callers_may_use_one_key(world):
    world.submit()
    _, replayed = world.submit(caller=samples.BOB)
    assert not replayed
    assert len(world.records.rows) == 2


def test_fifty_at_once_with_one_key_make_one_job(world):
    async def race():
        return await asyncio.gather(*(world.service.submit(samples.ALICE, samples.request()) for _ in range(50)))

    answers = asyncio.run(race())
    assert len({job.id for job, _ in answers}) == 1
    assert len(set(world.workspace.puts)) == 1
    assert len(world.records.rows) == 1


@pytest.mark.parametrize("part", ["targets", "send message", "insert record"])
def test_a_part_that_fails_before_acceptance_refuses_and_sends_nothing_to_the_provider(world, part):
    world.faults.before.add(part)
    with pytest.raises(ServiceUnavailable):
        world.submit()
    assert world.workspace.puts == []


@pytest.mark.parametrize("part", ["send message", "insert record"])
def test_the_same_request_again_heals_a_part_that_failed(world, part):
    world.faults.before.add(part)
    with pytest.raises(ServiceUnavailable):
        world.submit()
    world.faults.before.clear()
    job, _ = world.submit()
    for index in range(len(world.queue.sent)):
        world.shepherd_takes(index)
    assert len(set(world.workspace.puts)) == 1
    assert job.attempt.provider_job_id in world.workspace.jobs


@pytest.mark.parametrize("part", ["create container", "put input", "sign container"])
def test_a_blob_store_that_does_not_answer_still_makes_a_202_and_one_job(world, part):
    world.faults.before.add(part)
    job, _ = world.submit()
    assert world.workspace.puts == []
    world.faults.before.clear()
    world.shepherd_takes()
    assert world.workspace.puts == [job.attempt.provider_job_id]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_workspace_that_does_not_answer_still_makes_a_202_and_one_job(world, moment):
    getattr(world.faults, moment).add("put job")
    job, _ = world.submit()
    assert job.state == JobState.ACCEPTED
    getattr(world.faults, moment).clear()
    world.shepherd_takes()
    assert set(world.workspace.puts) == {job.attempt.provider_job_id}
    assert world.get(job.id).state == JobState.QUEUED


def test_a_job_that_the_workspace_refuses_for_good_fails_with_the_reason(world):
    world.workspace.refusal = "The workspace answered 400: no such target"
    job, _ = world.submit()
    assert (job.state, job.error["type"]) == (JobState.FAILED, "provider-rejected")
    assert "no such target" in job.error["detail"]


def test_a_refused_repetition_of_a_put_that_had_arrived_is_no_refusal(world):
    """The answer to the first was lost, the SDK sent it again, and the workspace had no second place."""
    submit = world.workspace.submit

    async def twice(*arguments):
        await submit(*arguments)
        world.workspace.refusal = "The workspace answered 403: no place"
        await submit(*arguments)

    world.workspace.submit = twice
    job, _ = world.submit()
    assert world.records.only().state == JobState.ACCEPTED
    assert world.get(job.id).state == JobState.QUEUED


def test_a_refusal_does_not_fail_a_job_whose_other_put_was_taken(world):
    """Request and shepherd send at the same time; the one is refused, and the other's attempt is there and gone."""
    submit = world.workspace.submit

    async def too_late(job, *arguments):
        await submit(job, *arguments)
        await world.service.get(samples.ALICE, job.id)
        world.workspace.jobs.clear()
        raise ProviderRefused("no")

    world.workspace.submit = too_late
    job, _ = world.submit()
    assert (job.state, world.records.only().state) == (JobState.QUEUED, JobState.QUEUED)


def test_another_callers_job_looks_like_none(world):
    job, _ = world.submit()
    with pytest.raises(JobNotFound) as foreign:
        world.get(job.id, caller=samples.BOB)
    with pytest.raises(JobNotFound) as absent:
        world.get("job_0", caller=samples.BOB)
    assert foreign.value.detail == absent.value.detail


def test_another_callers_result_looks_like_none(world):
    job = world.finished_job()
    world.result(job.id)
    with pytest.raises(JobNotFound):
        world.result(job.id, caller=samples.BOB)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Queued", "queued"),
        ("Waiting", "queued"),
        ("Executing", "running"),
        ("Finishing", "running"),
        ("Failed", "retrying"),
        ("Cancelled", "failed"),
        ("Cancelling", "accepted"),
        ("SomethingNew", "accepted"),
    ],
)
def test_a_poll_follows_the_workspaces_word(world, status, state):
    job, _ = world.submit()
    world.workspace.finish(status)
    assert world.get(job.id).state == state


def test_succeeded_means_that_the_result_is_there(world):
    job = world.finished_job()
    assert world.get(job.id).state == JobState.SUCCEEDED
    document, _ = world.result(job.id)
    assert json.loads(document)["items"][0]["counts"] == {"00": 60, "01": 40}


def test_a_finished_job_without_output_yet_is_not_succeeded(world):
    job, _ = world.submit()
    world.workspace.finish("Succeeded", ended=None)
    assert world.get(job.id).state == JobState.ACCEPTED


def test_an_unreadable_output_fails_the_job_visibly(world):
    job, _ = world.submit()
    world.workspace.finish("Succeeded")
    world.blobs.containers[job.attempt.provider_job_id]["outputData"] = b"<html>"
    assert world.get(job.id).error["type"] == "result-unreadable"


def test_a_result_asked_for_too_early_says_when_to_ask_again(world):
    job, _ = world.submit()
    with pytest.raises(ResultNotReady) as caught:
        world.result(job.id)
    assert int(caught.value.headers["Retry-After"]) >= 1


def test_asking_for_the_result_captures_it(world):
    job = world.finished_job()
    document, etag = world.result(job.id)
    assert json.loads(document)["jobId"] == job.id
    assert world.result(job.id, etag=etag) == (None, etag)


def test_a_stored_result_is_one_read(world):
    job = world.finished_job()
    world.result(job.id)
    world.faults.calls.clear()
    world.result(job.id)
    assert world.faults.calls == ["get result"]


def test_the_result_of_a_failed_job_says_why_it_failed(world):
    job, _ = world.submit()
    world.workspace.finish("Failed", error_code="InvalidInputData", error_message="no such gate")
    with pytest.raises(JobFailed) as caught:
        world.result(job.id)
    assert caught.value.members["error"]["providerCode"] == "InvalidInputData"


def test_a_poll_does_not_fail_because_the_workspace_does(world):
    job, _ = world.submit()
    world.faults.before.add("get job")
    assert world.get(job.id).state == JobState.ACCEPTED


def test_polls_in_quick_succession_ask_the_workspace_once(world):
    job, _ = world.submit()
    world.faults.calls.clear()

    async def poll():
        for _ in range(5):
            await world.service.get(samples.ALICE, job.id)

    asyncio.run(poll())
    assert world.faults.calls.count("get job") == 1


def test_a_done_job_is_one_read(world):
    job = world.finished_job()
    world.get(job.id)
    world.faults.calls.clear()
    world.get(job.id)
    assert world.faults.calls == ["get record"]


def test_eager_polls_of_a_done_job_are_one_read_in_a_second(world):
    job = world.finished_job()
    world.get(job.id)
    world.faults.calls.clear()

    async def poll():
        return [await world.service.get(samples.ALICE, job.id) for _ in range(20)]

    assert {seen.state for seen in asyncio.run(poll())} == {JobState.SUCCEEDED}
    assert world.faults.calls == []


def test_of_many_jobs_the_latest_are_remembered_and_no_more():
    memory = {}
    for number in range(5000):
        _remember(memory, number, number)
        _remember(memory, 0, "asked for again and again")
    assert len(memory) == 200
    assert {0, 4999, 4900} < memory.keys()


def test_what_is_remembered_of_a_done_job_is_its_owners_alone(world):
    job = world.finished_job()
    world.get(job.id)
    with pytest.raises(JobNotFound):
        asyncio.run(world.service.get(samples.BOB, job.id))


def test_a_pending_poll_is_two_calls(world):
    job, _ = world.submit()
    world.get(job.id)
    world.faults.calls.clear()
    world.get(job.id)
    assert world.faults.calls == ["get record", "get job"]


@pytest.mark.parametrize("part", ["check records", "check queue", "locate workspace"])
def test_a_part_of_ours_that_does_not_answer_makes_the_service_unready(world, part):
    world.faults.before.add(part)
    with pytest.raises(ServiceUnavailable):
        asyncio.run(world.service.ready())
    world.faults.before.clear()
    asyncio.run(world.service.ready())


def test_a_dead_workspace_does_not_make_the_service_unready(world):
    world.faults.before |= {"targets", "get job"}
    asyncio.run(world.service.ready())


def test_health_probes_cost_one_look_in_five_seconds(world):
    async def probe():
        for _ in range(10):
            await world.service.ready()

    asyncio.run(probe())
    assert world.faults.calls.count("check records") == 1


def test_an_unknown_target_in_a_path_is_not_found(world):
    with pytest.raises(TargetNotFound):
        asyncio.run(world.service.target("nowhere"))
