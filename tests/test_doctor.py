"""The doctor finds each kind of trouble that was planted in the local cloud, and nothing else; what it mends is well.

The service runs in this process against the cloud's storage and workspace: no Functions host moves anything meanwhile.
"""

import asyncio
import json
import os
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from local.environment import UNWANTED
from quantum_jobs.__main__ import main as command
from quantum_jobs.azure_quantum import AzureQuantumWorkspace
from quantum_jobs.blob_storage import PROGRAMS, RESULTS, UPLOADS, BlobStorage
from quantum_jobs.changing import tombstone
from quantum_jobs.clock import now
from quantum_jobs.doctor import main as doctor_at
from quantum_jobs.errors import JobFailed, ResultExpired
from quantum_jobs.following import failed
from quantum_jobs.identity import managed_identity
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.job_queue import JobQueue, read_message
from quantum_jobs.key_vault import KeyVault
from quantum_jobs.models import Caller, ShepherdMessage
from quantum_jobs.retention import LONGEST_DELAY
from quantum_jobs.rows import POINTERS, key_name
from quantum_jobs.service import JobService
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.webhook_storage import WebhookStorage
from quantum_jobs.webhooks import Trouble, delivery_of

from . import samples
from .cloud import REPOSITORY, start_cloud
from .conftest import Service
from .webhook_fakes import KEY, webhook

VALUES = json.loads((REPOSITORY / "local.settings.json.example").read_text())["Values"]
MACHINE = "quantinuum.qpu.h2-1"  # costs money; its queue is made endless
LATER = timedelta(hours=1)
SECRET = "secretly"  # in every program here: no line of the doctor may have it
PROGRAM = f"OPENQASM 3.0; // {SECRET}\n" + samples.BELL.partition("\n")[2]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """The service in this process, the packages' own clients beside it, and the cloud below."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        cloud = stack.enter_context(start_cloud("--no-functions", "--state", str(tmp_path_factory.mktemp("state"))))
        for name in UNWANTED & os.environ.keys():
            patch.delenv(name)
        for name, value in (cloud.environment | VALUES).items():
            patch.setenv(name, value)
        Service(cloud.environment, None).script({"targets": {MACHINE: {"queue_seconds": 10**8}}})
        yield _stores(stack)


def _stores(stack):
    account = VALUES["STORAGE_ACCOUNT_NAME"]
    url = {kind: f"https://{account}.{kind}.core.windows.net" for kind in ("blob", "queue", "table")}
    credential = stack.enter_context(managed_identity(""))
    opened = lambda part: stack.enter_context(closing(part))  # noqa: E731
    vault = opened(KeyVault(VALUES["KEY_VAULT_URL"], "quantum-workspace", credential))
    workspace = opened(AzureQuantumWorkspace(vault.workspace_location, credential))
    records, blobs = opened(TableStorage(url["table"], credential)), opened(BlobStorage(url["blob"], credential))
    coding = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
    queue, poison = (
        opened(QueueClient(url["queue"], name, credential, **coding)) for name in ("shepherd", "shepherd-poison")
    )
    poison.create_queue()
    deliveries = opened(QueueClient(url["queue"], "deliveries", credential, **coding))
    deliveries.create_queue()
    return SimpleNamespace(
        webhooks=opened(WebhookStorage(url["table"], credential)),
        deliveries=deliveries,
        service=JobService(workspace, records, blobs, opened(JobQueue(url["queue"], credential))),
        credential=credential,
        records=records,
        blobs=blobs,
        table=opened(TableClient(url["table"], "jobs", credential=credential)),
        account=opened(BlobServiceClient(url["blob"], credential)),
        queue=queue,
        poison=poison,
    )


@pytest.fixture
def caller():
    """An owner that no other test has."""
    return Caller("tenant", str(uuid.uuid4()), "app:test", frozenset({"Jobs.Submit"}))


@pytest.fixture
def doctor(capsys, caller):
    """Runs the command; gives its exit code and what it found, as kind and name."""

    def run(*arguments, owner=caller.owner, later=timedelta(0)):
        scope = ("--owner", owner) if owner else ()
        code = doctor_at([*scope, "--json", *arguments], now() + later)
        text = capsys.readouterr().out
        assert SECRET not in text
        return code, [(item["kind"], item["name"]) for item in json.loads(text)["findings"]]

    return run


def submitted(stores, caller, **changes):
    program = replace(samples.request().submission.program, source=PROGRAM)
    submission = replace(samples.request().submission, program=program)
    request = samples.request(**({"target": "rigetti.sim.qvm", "submission": submission} | changes))
    return asyncio.run(stores.service.submit(caller, replace(request, key=str(uuid.uuid4()))))[0]


def finished(stores, caller, **changes):
    job = submitted(stores, caller, **changes)
    deadline = time.monotonic() + 30
    while not job.state.done:
        assert time.monotonic() < deadline, "the job did not finish"
        time.sleep(0.1)
        job = asyncio.run(stores.service.get(caller, job.id))
    asyncio.run(stores.records.point_to(job))  # the shepherd does it beside
    return job


def heals(doctor, finding, **options):
    """It is found and nothing else, a look changes nothing, mending heals it, and then all is well."""
    assert doctor(**options) == (1, [finding])
    assert doctor("--dry-run", **options) == (1, [finding])
    assert doctor("--mend", **options) == (0, [finding])
    assert doctor(**options) == (0, [])


def test_where_all_is_well_nothing_is_found(stores, caller, doctor):
    finished(stores, caller)
    asyncio.run(stores.service.upload(caller, "qir", 10, "0" * 64))
    assert doctor() == (0, [])
    assert doctor(owner=None) == (0, [])
    assert doctor(later=timedelta(days=400)) == (0, [])


def test_a_job_whose_message_is_lost_gets_one_with_its_sequence(stores, caller, doctor):
    job = submitted(stores, caller, target=MACHINE)
    assert doctor() == (0, [])
    stores.queue.clear_messages()
    heals(doctor, ("job-without-shepherd", job.id))
    (message,) = stores.queue.receive_messages(visibility_timeout=1)
    assert json.loads(message.content) | {"sent_at": ""} == vars(ShepherdMessage(caller.owner, job.id, 1, ""))


def test_a_job_that_was_left_alone_for_long_is_found_though_the_queue_holds_others_messages(stores, caller, doctor):
    job = submitted(stores, caller, target=MACHINE)
    asyncio.run(stores.records.point_to(job))
    assert doctor(later=timedelta(minutes=5)) == (0, [])
    assert doctor(later=LATER) == (1, [("job-without-shepherd", job.id)])


def test_a_message_that_nobody_reads_tells_that_the_functions_do_not_run(stores, caller, doctor):
    job = submitted(stores, caller, target=MACHINE)
    asyncio.run(stores.records.point_to(job))
    stores.queue.clear_messages()
    stores.queue.send_message(json.dumps(vars(ShepherdMessage.about(job, 1))))
    assert doctor(later=LATER) == (1, [("queue-not-read", "shepherd")])
    assert doctor("--mend", later=LATER) == (1, [("queue-not-read", "shepherd")])


def test_a_poison_message_goes_and_its_job_is_looked_after_again(stores, caller, doctor):
    job = submitted(stores, caller, target=MACHINE)
    stores.queue.clear_messages()
    stores.queue.send_message("{}", visibility_timeout=600)  # another's: what is missing is not told by an empty queue
    stores.poison.send_message(json.dumps(vars(ShepherdMessage.about(job, 1))))
    heals(doctor, ("poison-message", job.id))
    assert [json.loads(message.content)["job_id"] for message in stores.queue.peek_messages()] == [job.id]
    assert stores.poison.get_queue_properties().approximate_message_count == 0


def test_a_poison_message_of_a_done_job_goes_and_nothing_comes_for_it(stores, caller, doctor):
    job = finished(stores, caller)
    stores.queue.clear_messages()
    stores.poison.send_message(json.dumps(vars(ShepherdMessage.about(job, 1))))
    heals(doctor, ("poison-message", job.id))
    assert stores.queue.get_queue_properties().approximate_message_count == 0


def test_of_several_poison_messages_each_is_mended_and_one_that_says_nothing_is_left_to_a_person(
    stores, caller, doctor
):
    jobs = [submitted(stores, caller, target=MACHINE) for _ in range(3)]
    stores.queue.clear_messages()
    stores.queue.send_message("{}", visibility_timeout=600)
    for job in jobs:
        stores.poison.send_message(json.dumps(vars(ShepherdMessage.about(job, 1))))
    expected = {("poison-message", job.id) for job in jobs}
    code, found = doctor("--mend")
    assert (code, set(found)) == (0, expected)
    assert {json.loads(item.content)["job_id"] for item in stores.queue.peek_messages(32)} == {job.id for job in jobs}
    stores.poison.send_message("[1]")
    strange = ("poison-message", "(no shepherd's message)")
    assert strange in doctor("--mend", owner=None)[1]
    stores.poison.clear_messages()


def test_a_succeeded_job_without_its_result_gets_the_same_again(stores, caller, doctor):
    job = finished(stores, caller)
    before, _ = asyncio.run(stores.service.result(caller, job.id, None))
    asyncio.run(stores.blobs.drop_result(caller.owner, job.id))
    heals(doctor, ("result-missing", job.id))
    assert asyncio.run(stores.service.result(caller, job.id, None))[0] == before


def test_a_result_that_cannot_be_made_again_stays_a_finding(stores, caller, doctor):
    job = finished(stores, caller)
    asyncio.run(stores.blobs.drop_result(caller.owner, job.id))
    asyncio.run(stores.blobs.drop_container(job.attempt.provider_job_id))
    assert doctor("--mend") == (1, [("result-missing", job.id)])
    asyncio.run(stores.records.update(replace(job, expired_at="2026-11-28T00:00:00.000Z"), _etag(stores, job)))
    assert doctor() == (0, [])


def test_a_job_that_was_given_up_is_told_with_its_hold_and_mending_brings_the_result_that_was_paid_for(
    stores, caller, doctor
):
    job = submitted(stores, caller)
    follower = stores.service._follower
    stored = asyncio.run(stores.records.get(caller.owner, job.id))
    asyncio.run(follower.write(stored, failed(job, "internal-error", "The service could not follow the job.")))
    asyncio.run(stores.records.point_to(job))
    with pytest.raises(JobFailed):
        asyncio.run(stores.service.result(caller, job.id, None))
    deadline = time.monotonic() + 30
    while asyncio.run(stores.service._workspace.get(job.attempt.provider_job_id)).status != "Succeeded":
        assert time.monotonic() < deadline, "the run did not finish"
        time.sleep(0.1)
    assert doctor(later=timedelta(minutes=50)) == (0, [])
    stores.queue.clear_messages()
    assert doctor("--mend", later=timedelta(minutes=70)) == (0, [("job-unsettled", job.id)])
    (message,) = stores.queue.receive_messages(visibility_timeout=1)
    asyncio.run(stores.service.shepherd.advance(read_message(message.content.encode())))
    assert json.loads(asyncio.run(stores.service.result(caller, job.id, None))[0])["jobId"] == job.id
    assert doctor(later=timedelta(minutes=70)) == (0, [])


def _etag(stores, job):
    return asyncio.run(stores.records.get(job.owner, job.id)).etag


def test_an_account_is_written_as_its_records_add_up(stores, caller, doctor):
    held = submitted(stores, caller, target=MACHINE)
    finished(stores, caller)
    account, _ = asyncio.run(stores.service.usage(caller))
    row = stores.table.get_entity(caller.owner, f"usage:{account.month}")
    for wrong in ({"used": {MACHINE: 7}, "held": {}}, {"used": {}, "held": {MACHINE: 1, "ionq.simulator": 5}}):
        stores.table.upsert_entity(row | {"Document": json.dumps(wrong)})
        heals(doctor, ("account-off", account.month))
        assert asyncio.run(stores.service.usage(caller))[0] == account
    stores.table.delete_entity(caller.owner, f"usage:{account.month}")
    heals(doctor, ("account-off", account.month))
    assert asyncio.run(stores.service.usage(caller))[0].sums(None) == (0, held.cost_estimate.micros)


def test_a_key_without_its_record_is_free_again(stores, caller, doctor):
    job = finished(stores, caller)
    stores.table.delete_entity(caller.owner, job.id)
    stores.table.delete_entity(POINTERS, job.id)
    asyncio.run(stores.blobs.drop_result(caller.owner, job.id))
    asyncio.run(stores.blobs.drop_container(job.attempt.provider_job_id))
    assert doctor() == (0, []), "what is young may be in the making"
    heals(doctor, ("key-without-record", key_name(job.key_hash)), later=LATER * 2)


def test_a_record_without_its_key_keeps_it_used(stores, caller, doctor):
    job = finished(stores, caller)
    stores.table.delete_entity(caller.owner, key_name(job.key_hash))
    heals(doctor, ("record-without-key", job.id))
    assert asyncio.run(stores.records.made_by(caller.owner, job.key_hash)).id == job.id


def test_pointers_and_records_are_brought_together(stores, caller, doctor):
    job = finished(stores, caller)
    stores.table.delete_entity(POINTERS, job.id)
    heals(doctor, ("pointer-missing", job.id), later=LATER)
    stray = f"job_{'0' * 26}"
    stores.table.upsert_entity({"PartitionKey": POINTERS, "RowKey": stray, "Owner": caller.owner})
    heals(doctor, ("pointer-without-record", stray))


def test_a_deletion_that_was_interrupted_is_finished(stores, caller, doctor):
    job = finished(stores, caller)
    asyncio.run(stores.records.update(tombstone(job), _etag(stores, job)))
    assert doctor() == (0, []), "the shepherd does it within minutes"
    heals(doctor, ("erasure-unfinished", job.id), later=LATER)
    assert asyncio.run(stores.blobs.get_result(caller.owner, job.id, None)) is None
    assert asyncio.run(stores.records.submission(job)) is None


def test_a_container_of_no_record_goes_but_not_those_of_others_in_the_account(stores, doctor):
    ours, others = provider_job_id(str(uuid.uuid4()), 1), str(uuid.uuid1())
    for name in (ours, others):
        asyncio.run(stores.blobs.create_container(name))
    assert doctor(owner=None) == (0, []), "what is young may be in the making"
    time.sleep(1.1)  # blobs are dated in whole seconds
    assert doctor("--safety-age", "0", owner=None) == (1, [("orphaned-container", ours)])
    assert doctor("--mend", "--safety-age", "0", owner=None) == (0, [("orphaned-container", ours)])
    assert [item.name for item in stores.account.list_containers(f"job-{ours}")] == []
    assert [item.name for item in stores.account.list_containers(f"job-{others}")] == [f"job-{others}"]


@pytest.mark.parametrize(
    ("container", "suffix", "kind", "young"),
    [
        (RESULTS, ".json", "orphaned-result", timedelta(minutes=58)),
        (PROGRAMS, "", "orphaned-program", timedelta(minutes=58)),
        (UPLOADS, "", "stale-upload", timedelta(hours=23)),
    ],
)
def test_a_blob_of_no_job_goes_when_it_is_old(stores, caller, doctor, container, suffix, kind, young):
    finished(stores, caller)
    name = f"{caller.owner}/job_{'0' * 26}{suffix}"
    stores.blobs._create(container)
    stores.account.get_blob_client(container, name).upload_blob(b"{}")
    assert doctor(later=young) == (0, [])
    heals(doctor, (kind, name), later=young + LATER * 2)


def test_blobs_of_an_owner_without_any_row_are_found(stores, caller, doctor):
    name = f"{caller.owner}/job_{'0' * 26}.json"
    stores.blobs._create(RESULTS)
    stores.account.get_blob_client(RESULTS, name).upload_blob(b"{}")
    time.sleep(1.1)
    assert doctor("--safety-age", "0", owner=None) == (1, [("orphaned-result", name)])
    assert doctor("--mend", "--safety-age", "0", owner=None) == (0, [("orphaned-result", name)])


def test_results_past_their_time_go_and_the_record_stays(stores, caller, doctor, monkeypatch):
    monkeypatch.setenv("RESULT_RETENTION_DAYS", "1")
    job = finished(stores, caller)
    assert doctor() == (0, [])
    heals(doctor, ("result-overdue", job.id), later=timedelta(days=2))
    with pytest.raises(ResultExpired):
        asyncio.run(stores.service.result(caller, job.id, None))
    assert asyncio.run(stores.records.get(caller.owner, job.id)).job.expired_at


def test_a_row_that_cannot_be_read_is_told_and_nothing_of_its_job_is_taken_for_nobodys(stores, caller, doctor):
    job = finished(stores, caller)
    row = stores.table.get_entity(caller.owner, job.id)
    stores.table.upsert_entity(row | {"Document": '{"id": 1'})
    later = timedelta(days=2)
    assert doctor(later=later) == (1, [("row-unreadable", job.id)])
    assert doctor("--mend", later=later) == (1, [("row-unreadable", job.id)])
    assert not [kind for kind, _ in doctor("--safety-age", "0", owner=None)[1] if kind.startswith("orphaned")]
    stores.table.upsert_entity(row)
    assert doctor() == (0, [])


def test_an_owner_of_whom_there_is_nothing_is_said_to_be_that(stores, caller, capsys):
    assert doctor_at(["--owner", caller.owner], now()) == 0
    assert "There is nothing of this owner" in capsys.readouterr().out


def test_a_message_that_shows_itself_off_on_a_terminal_is_not_shown(stores, doctor, capsys):
    stores.poison.send_message(json.dumps({"owner": "x", "job_id": "\x1b[2J", "sequence": 1, "sent_at": "now"}))
    assert ("poison-message", "(no shepherd's message)") in doctor(owner=None)[1]
    stores.poison.clear_messages()


def test_a_message_can_hide_for_as_long_as_a_done_job_waits(stores, caller):
    stores.queue.clear_messages()
    message = ShepherdMessage(caller.owner, f"job_{'0' * 26}", 1, "2026-11-28T00:00:00.000Z")
    queue = JobQueue(f"https://{VALUES['STORAGE_ACCOUNT_NAME']}.queue.core.windows.net", stores.credential)
    with closing(queue):
        asyncio.run(queue.send(message, int(LONGEST_DELAY.total_seconds())))
    assert stores.queue.get_queue_properties().approximate_message_count == 1
    assert stores.queue.peek_messages() == []
    stores.queue.clear_messages()


def test_a_bounded_look_says_what_it_could_not_judge(stores, caller, capsys):
    for _ in range(2):
        finished(stores, caller)
    assert doctor_at(["--owner", caller.owner, "--max", "1"], now()) == 0
    told = capsys.readouterr().out
    assert "Stopped after 1 records" in told
    assert "were not judged" in told


def test_each_repair_is_said_before_it_is_done_and_without_colour_in_a_file(stores, caller, capsys):
    job = finished(stores, caller)
    stores.table.delete_entity(caller.owner, key_name(job.key_hash))
    assert doctor_at(["--owner", caller.owner, "--mend"], now()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"record-without-key     {job.id} owner {caller.owner}: ")
    assert lines[1:3] == ["  will write the row without a program, so that the key stays used ...", "  mended"]
    assert lines[-1] == "1 findings, 1 mended."
    assert "\x1b" not in "".join(lines)


def test_what_cannot_be_looked_at_is_code_2_with_one_line(stores, capsys, monkeypatch):
    monkeypatch.setenv("STORAGE_ACCOUNT_NAME", "elsewhere")
    assert command(["doctor"]) == 2
    monkeypatch.delenv("KEY_VAULT_URL")
    assert command(["doctor"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("doctor: The blob store")
    assert "Set KEY_VAULT_URL" in second


def test_who_is_not_signed_in_is_told_so(stores, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command(["doctor"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Azure CLI not found" in line


def test_settings_can_come_from_a_file(stores, caller, monkeypatch, tmp_path, capsys):
    for name in VALUES:
        monkeypatch.delenv(name)
    arguments = ["doctor", "--owner", caller.owner, "--settings"]
    assert command([*arguments, str(REPOSITORY / "local.settings.json.example")]) == 0
    (tmp_path / "bad.json").write_text("[]")
    assert command([*arguments, str(tmp_path / "bad.json")]) == 2
    assert command([*arguments, str(tmp_path / "absent.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def failed_delivery(stores, caller, hook=None, next_at=None, **changes):
    """Plant an event of a finished job that a webhook was not told."""
    job = finished(stores, caller)
    mark = replace(asyncio.run(stores.records.get(caller.owner, job.id)).job, announced_at=job.created_at)
    stored = asyncio.run(stores.records.get(caller.owner, job.id))
    asyncio.run(stores.records.update(mark, stored.etag))
    hook = hook or webhook(owner=caller.owner)
    asyncio.run(stores.webhooks.add(hook))
    trouble = Trouble(replace(delivery_of(job, hook.id), **changes), job.created_at, "answered 500", 500, next_at)
    asyncio.run(stores.webhooks.keep(trouble))
    return trouble, f"{hook.id}:{trouble.delivery.event_id}"


def queued(stores):
    """Take what is on its way to webhooks, hidden or not."""
    found = [json.loads(message.content) for message in stores.deliveries.peek_messages(32)]
    count = stores.deliveries.get_queue_properties().approximate_message_count
    stores.deliveries.clear_messages()
    return found, count


def test_an_undelivered_event_is_told_and_sent_again_only_where_that_is_asked_for(stores, caller, doctor):
    trouble, name = failed_delivery(stores, caller, attempt=14)
    assert doctor() == (1, [("event-undelivered", name)])
    assert doctor("--mend") == (1, [("event-undelivered", name)])
    assert queued(stores) == ([], 0)
    assert doctor("--redeliver") == (0, [("event-undelivered", name)])
    assert queued(stores)[1] == 1
    assert asyncio.run(stores.webhooks.trouble(trouble.delivery)) is None
    assert doctor() == (0, [])


def test_a_delivery_whose_message_is_lost_gets_one_for_its_next_attempt(stores, caller, doctor):
    trouble, name = failed_delivery(stores, caller, next_at="2026-11-22T10:00:00.000Z", attempt=3)
    assert doctor("--mend") == (0, [("delivery-stuck", name)])
    ((message,), _) = queued(stores)
    assert message == vars(trouble.delivery.following())


def test_a_delivery_that_is_to_be_tried_again_soon_is_left_alone(stores, caller, doctor):
    failed_delivery(stores, caller, next_at="2099-01-01T00:00:00.000Z")
    assert doctor() == (0, [])


def test_what_is_left_of_the_deliveries_to_a_deleted_webhook_goes(stores, caller, doctor):
    trouble, name = failed_delivery(stores, caller)
    asyncio.run(stores.webhooks.remove(caller.owner, trouble.delivery.webhook_id))
    heals(doctor, ("delivery-orphaned", name))


def test_an_end_that_was_never_queued_gets_its_shepherd_back(stores, caller, doctor):
    asyncio.run(stores.webhooks.add(webhook(owner=caller.owner)))
    job = finished(stores, caller)
    stores.queue.clear_messages()
    assert doctor() == (0, [])  # it may have ended just now
    assert doctor("--mend", later=LATER) == (0, [("end-not-announced", job.id)])
    (message,) = stores.queue.receive_messages(visibility_timeout=1)
    assert json.loads(message.content)["job_id"] == job.id
    stores.queue.clear_messages()


def test_webhooks_are_counted_by_the_keys_that_they_need(stores, caller, capsys):
    hook = webhook(owner=caller.owner)
    asyncio.run(stores.webhooks.add(replace(hook, secrets=hook.rotated("other").secrets)))
    command(["doctor", "--owner", caller.owner])
    assert f"1 webhooks of signing key {KEY.id}, 1 webhooks of signing key other" in capsys.readouterr().out


def test_the_help_names_every_kind_and_what_becomes_of_it(capsys):
    with pytest.raises(SystemExit, match="0"):
        command(["doctor", "--help"])
    told = capsys.readouterr().out
    assert "job-without-shepherd" in told
    assert "exit code: 0 all is well" in told
    assert command([]) == 2
    assert command(["--help"]) == 0
