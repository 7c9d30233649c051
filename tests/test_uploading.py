"""Programs that come by blob: what was announced is what is run, or nothing is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import InvalidRequest, JobNotFound, PayloadTooLarge, ServiceUnavailable, UploadIncomplete
from quantum_jobs.job_ids import new_upload_id
from quantum_jobs.models import JobState
from quantum_jobs.submissions import ProgramSource, Submission
from quantum_jobs.uploading import MAX_UPLOAD_BYTES

from . import samples
from .world import World

BELL = samples.BELL.encode()


@pytest.fixture
def world():
    return World()


def announce(world, data=BELL, caller=samples.ALICE):
    upload, link = world.call("upload", "openqasm3", len(data), hashlib.sha256(data).hexdigest().upper(), caller=caller)
    assert upload.id in link
    return upload


def uploaded(world, data=BELL, caller=samples.ALICE):
    upload = announce(world, data, caller)
    world.blobs.uploads[caller.owner, upload.id] = data
    return upload


def of(upload, program_format="openqasm3"):
    return Submission(ProgramSource(program_format, upload_id=upload.id))


def test_an_uploaded_program_runs_and_is_kept_for_the_job(world):
    job, _ = world.submit(submission=of(uploaded(world)))
    assert world.workspace.puts == [job.attempt.provider_job_id]
    assert world.blobs.programs == {(job.owner, job.id): BELL}
    assert world.call("program", job.id)[1].startswith("https://")


def test_a_job_of_an_upload_is_dispatched_by_the_shepherd_though_the_upload_is_gone(world):
    world.faults.before.add("put job")
    world.submit(submission=of(uploaded(world)))
    world.faults.before.clear()
    world.blobs.uploads.clear()
    world.shepherd_takes()
    assert len(world.workspace.puts) == 1


def test_no_job_is_accepted_before_its_uploaded_program_is_kept_with_it(world):
    upload = uploaded(world)
    world.faults.before.add("put program")
    with pytest.raises(ServiceUnavailable):
        world.submit(submission=of(upload))
    assert not world.records.rows


def test_a_job_whose_uploaded_program_is_gone_fails_and_says_so(world):
    world.faults.before.add("put job")
    world.submit(submission=of(uploaded(world)))
    world.faults.before.clear()
    world.blobs.programs.clear()
    world.shepherd_takes()
    assert world.records.only().error["detail"] == "The program is gone."


def test_a_repeated_submit_replays_though_the_upload_is_gone(world):
    upload = uploaded(world)
    first, _ = world.submit(submission=of(upload))
    world.blobs.uploads.clear()
    again, replayed = world.submit(submission=of(upload))
    assert (again.id, replayed) == (first.id, True)


@given(st.binary(max_size=len(BELL) * 2).filter(lambda data: data != BELL))
def test_a_blob_of_other_content_than_announced_is_refused(data):
    world = World()
    upload = announce(world)
    world.blobs.uploads[samples.ALICE.owner, upload.id] = data
    with pytest.raises(UploadIncomplete) as caught:
        world.submit(submission=of(upload))
    assert caught.value.members["actual"]["bytes"] == min(len(data), len(BELL) + 1)
    assert not world.records.rows


def test_an_upload_that_never_came_is_incomplete(world):
    with pytest.raises(UploadIncomplete) as caught:
        world.submit(submission=of(announce(world)))
    assert (caught.value.members["expected"]["bytes"], caught.value.members["actual"]) == (len(BELL), None)


def test_anothers_upload_is_no_upload(world):
    upload = uploaded(world, caller=samples.BOB)
    with pytest.raises(InvalidRequest, match="no such upload"):
        world.submit(submission=of(upload))


def test_an_upload_that_was_not_announced_is_no_upload(world):
    with pytest.raises(InvalidRequest, match="no such upload"):
        world.submit(submission=Submission(ProgramSource("openqasm3", upload_id=new_upload_id())))


def test_an_upload_of_another_format_is_refused(world):
    with pytest.raises(InvalidRequest, match="announced as openqasm3"):
        world.submit(submission=of(uploaded(world), "openqasm2"))


def test_more_than_the_readers_take_is_refused_before_it_is_uploaded(world):
    with pytest.raises(PayloadTooLarge):
        world.call("upload", "qir", MAX_UPLOAD_BYTES + 1, "0" * 64)
    assert not world.records.uploads


def test_deleting_the_job_erases_the_uploaded_program(world):
    job, _ = world.submit(submission=of(uploaded(world)))
    world.workspace.finish("Succeeded")
    world.blobs.give_output(([0, 0], 100))
    assert world.get(job.id).state == JobState.SUCCEEDED
    world.call("delete", job.id, None)
    assert world.blobs.programs == {}
    with pytest.raises(JobNotFound):
        world.call("program", job.id)


def test_no_two_upload_ids_are_alike():
    assert len({new_upload_id() for _ in range(1000)}) == 1000
