"""Each adapter against the local cloud, through the real SDK, by managed identity."""

import asyncio
import json
import math
import os
import ssl
import uuid
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from azure.core.exceptions import HttpResponseError

from local.environment import UNWANTED
from quantum_jobs.azure_quantum import AzureQuantumWorkspace
from quantum_jobs.blob_storage import BlobStorage
from quantum_jobs.budgets import Allowance
from quantum_jobs.changing import tombstone
from quantum_jobs.clock import now, parse_timestamp, timestamp
from quantum_jobs.errors import AccountMoved, ProviderRefused, ServiceUnavailable, SettingsMissing
from quantum_jobs.identity import managed_identity
from quantum_jobs.job_ids import new_job_id, new_upload_id, provider_job_id
from quantum_jobs.job_queue import JobQueue, read_message
from quantum_jobs.key_vault import KeyVault
from quantum_jobs.models import JobQuery, JobState, ShepherdMessage, WaitSamples
from quantum_jobs.money import Money
from quantum_jobs.programs import read_program, write_qir
from quantum_jobs.submissions import ProgramSource, Submission, Upload
from quantum_jobs.table_storage import TableStorage

from . import samples
from .fakes import Clock

ACCOUNT = "https://quantumjobslocal.{}.core.windows.net"
VAULT = "https://quantum-jobs-local.vault.azure.net"
PROGRAM = Submission(ProgramSource("openqasm3", samples.BELL))


@pytest.fixture
def credential(service, monkeypatch):
    """The process's own identity, with its environment leading to the running cloud."""
    for name in UNWANTED & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    with managed_identity("") as identity:
        yield identity


@pytest.fixture
def records(credential):
    table = TableStorage(ACCOUNT.format("table"), credential)
    yield table
    table.close()


@pytest.fixture
def blobs(credential):
    store = BlobStorage(ACCOUNT.format("blob"), credential)
    yield store
    store.close()


@pytest.fixture
def vault(credential):
    keys = KeyVault(VAULT, "quantum-workspace", credential)
    yield keys
    keys.close()


@pytest.fixture
def workspace(vault, credential):
    connected = AzureQuantumWorkspace(vault.workspace_location, credential)
    yield connected
    connected.close()


def new_job(**changes):
    job_id = f"job_{uuid.uuid4().hex[:26]}"
    attempt = replace(samples.job().attempt, provider_job_id=provider_job_id(job_id, 1))
    return samples.job(
        id=job_id, key_hash=job_id, target="rigetti.sim.qvm", provider="rigetti", attempts=(attempt,), **changes
    )


def test_a_record_reads_back_as_it_was_written(records):
    job = new_job(tags={"ü": "☃"}, error={"type": "x", "detail": "y"})

    async def work():
        await records.insert(job, PROGRAM)
        return await records.get(job.owner, job.id), await records.submission(job)

    stored, program = asyncio.run(work())
    assert (stored.job, program) == (job, PROGRAM)


def test_a_program_of_64_kib_fits_its_row(records):
    job = new_job()
    large = Submission(ProgramSource("openqasm3", "x" * 65_536))

    async def work():
        await records.insert(job, large)
        return await records.submission(job)

    assert asyncio.run(work()) == large


def test_a_used_key_gives_the_first_job_and_inserts_nothing(records):
    first = new_job()
    second = replace(new_job(), key_hash=first.key_hash)

    async def work():
        await records.insert(first, PROGRAM)
        kept = await records.insert(second, Submission(ProgramSource("openqasm3", "another")))
        return kept, await records.get(second.owner, second.id), await records.submission(first)

    assert asyncio.run(work()) == (first, None, PROGRAM)


def test_of_two_changes_of_one_record_the_second_is_told_that_it_lost(records):
    job = new_job()

    async def work():
        await records.insert(job, PROGRAM)
        stored = await records.get(job.owner, job.id)
        moved = job.moved_to(JobState.QUEUED, "2026-11-22T10:00:01.000Z")
        return await records.update(moved, stored.etag), await records.update(moved, stored.etag)

    won, lost = asyncio.run(work())
    assert won.job.state == JobState.QUEUED
    assert lost is None


def test_of_two_writers_of_a_targets_waits_the_second_is_told_that_it_lost(records):
    async def write():
        target = f"target-{uuid.uuid4()}"
        first = await records.keep_waits(target, WaitSamples((1, 2)))
        second = await records.keep_waits(target, WaitSamples((3,)))
        read = (await records.waits())[target]
        changed = [await records.keep_waits(target, replace(read, seconds=(1, 2, number))) for number in (3, 4)]
        return first, second, changed, (await records.waits())[target].seconds

    assert asyncio.run(write()) == (True, False, [True, False], (1, 2, 3))


def test_a_record_of_another_owner_is_not_there(records):
    job = new_job()

    async def work():
        await records.insert(job, PROGRAM)
        return await records.get(samples.BOB.owner, job.id)

    assert asyncio.run(work()) is None


def test_a_written_input_stays_and_the_signature_opens_its_container_only(blobs):
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())

    async def work():
        for name in (mine, other):
            await blobs.create_container(name)
            await blobs.create_container(name)  # a repeat changes nothing
            await blobs.put_input(name, b"first", "qir.v1")
        await blobs.put_input(mine, b"second", "qir.v1")
        return await blobs.get_output(mine, "inputData"), await blobs.shared_container(mine)

    content, (container_uri, input_uri) = asyncio.run(work())
    assert content == b"first"
    from azure.core.exceptions import ClientAuthenticationError
    from azure.storage.blob import BlobClient

    signature = container_uri.partition("?")[2]
    with BlobClient.from_blob_url(f"{input_uri}?{signature}") as blob:
        assert blob.download_blob().readall() == b"first"
    with (
        BlobClient.from_blob_url(f"{input_uri.replace(mine, other)}?{signature}") as blob,
        pytest.raises((ClientAuthenticationError, HttpResponseError)),
    ):
        blob.download_blob()


def test_a_result_known_to_the_caller_is_not_sent_again(blobs):
    mine, absent = new_job().id, new_job().id

    async def work():
        await blobs.put_result("owner", mine, b"{}")
        document, etag = await blobs.get_result("owner", mine, None)
        return document, await blobs.get_result("owner", mine, etag), await blobs.get_result("owner", absent, None)

    document, again, absent = asyncio.run(work())
    assert (document, again[0], absent) == (b"{}", None, None)


def test_a_message_is_read_as_it_was_sent():
    message = ShepherdMessage("owner", "job_1", 3, "2026-11-22T10:00:00.000Z")
    assert read_message(json.dumps(vars(message)).encode()) == message
    with pytest.raises(ValueError, match="not a shepherd's message"):
        read_message(b'{"job":1}')


def test_a_queue_that_cannot_be_reached_is_told_as_a_part_of_the_service(credential):
    queue = JobQueue("https://another-account.queue.core.windows.net", credential)
    with pytest.raises(ServiceUnavailable, match="The queue does not answer"):
        asyncio.run(queue.send(ShepherdMessage("o", "j", 1, "t"), 1))
    queue.close()


def test_the_vault_tells_the_workspace_and_is_asked_once(vault, service):
    async def work():
        return [await vault.workspace_location() for _ in range(5)]

    service.reset()
    locations = asyncio.run(work())
    assert locations[0].endpoint == "https://eastus.quantum.azure.com"
    assert sum(n for kind, n in service.counts()["key_vault"].items() if "secrets" in kind) <= 2  # challenge, answer


def test_a_secret_of_another_shape_is_told_with_what_it_should_be(credential):
    from azure.keyvault.secrets import SecretClient

    with SecretClient(VAULT, credential) as secrets:
        secrets.set_secret("odd", '{"name": "x"}')
    vault = KeyVault(VAULT, "odd", credential)
    with pytest.raises(SettingsMissing, match="subscriptionId"):
        asyncio.run(vault.workspace_location())
    vault.close()


def test_an_attempt_put_twice_is_one_job_and_runs_once(workspace, blobs, service):
    job = new_job()
    attempt = job.attempt.provider_job_id
    qir = write_qir(read_program("openqasm3", samples.BELL)).encode()

    async def work():
        await blobs.create_container(attempt)
        await blobs.put_input(attempt, qir, "qir.v1")
        for _ in range(2):
            await workspace.submit(job, *await blobs.shared_container(attempt), {}, math.inf)
        while (seen := await workspace.get(attempt)).status not in ("Succeeded", "Failed"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return seen

    seen = asyncio.run(work())
    assert (seen.status, seen.error_message) == ("Succeeded", None)
    assert service.workspace_jobs().count(attempt) == 1


class Listing:
    """The workspace's list of targets at times that a test chooses, and how often it was asked for."""

    def __init__(self, vault, credential):
        self._vault = vault
        self.clock = Clock()
        self.answering = True
        self.asked = 0
        self.connected = AzureQuantumWorkspace(self.location, credential, self.clock)

    async def location(self):
        self.asked += 1
        if not self.answering:
            raise ServiceUnavailable("Key Vault")
        return await self._vault.workspace_location()

    async def at(self, moment, most_seconds=30.0):
        """Give the number of times that the workspace has been asked when the targets were given at a moment."""
        self.clock.time = moment
        await self.connected.targets(most_seconds)
        return self.asked


@pytest.fixture
def listing(vault, credential):
    made = Listing(vault, credential)
    yield made
    made.connected.close()


def test_targets_once_listed_stay_known_while_the_workspace_does_not_answer(listing):
    async def work():
        listed = await listing.connected.targets(30)
        listing.answering = False
        listing.clock.time = 60
        return listed, await listing.connected.targets(30)

    listed, again = asyncio.run(work())
    assert again == listed


def test_the_list_of_targets_is_read_again_when_it_is_older_than_it_may_be(listing):
    async def work():
        moments = [(0, 30), (29, 30), (31, 30), (32, 2), (34, 2), (63, 30)]
        return [await listing.at(moment, seconds) for moment, seconds in moments]

    assert asyncio.run(work()) == [1, 1, 2, 2, 3, 3]


def test_a_workspace_that_does_not_answer_is_asked_again_after_five_seconds_and_two_when_it_matters(listing):
    async def work():
        await listing.at(0)
        listing.answering = False
        return [await listing.at(*when) for when in [(60, 30), (62, 30), (62.5, 2), (63, 2), (67, 30), (68, 30)]]

    assert asyncio.run(work()) == [2, 2, 3, 3, 3, 4]


def test_after_a_refusal_the_list_is_old_within_two_seconds_until_it_is_read_again(listing):
    async def work():
        await listing.at(0)
        with pytest.raises(ProviderRefused):
            await listing.connected.submit(
                replace(new_job(), target="rigetti.sim.nowhere"), "https://a/c", "https://a/i", {}, math.inf
            )
        before = listing.asked
        return [await listing.at(moment) - before for moment in (1, 3, 10)]

    assert asyncio.run(work()) == [0, 1, 1]


def test_however_many_ask_for_targets_the_workspace_is_asked_once(listing):
    async def work():
        await asyncio.gather(*(listing.connected.targets(2) for _ in range(50)))

    asyncio.run(work())
    assert listing.asked == 1


def test_targets_never_listed_are_not_invented(credential):
    async def nowhere():
        raise ServiceUnavailable("Key Vault")

    with pytest.raises(ServiceUnavailable):
        asyncio.run(AzureQuantumWorkspace(nowhere, credential).targets(30))


def test_a_job_that_the_workspace_does_not_know_is_none(workspace):
    assert asyncio.run(workspace.get(str(uuid.uuid4()))) is None


def test_a_job_for_no_such_target_is_refused_for_good_with_the_workspaces_reason(workspace, blobs):
    job = replace(new_job(), target="rigetti.sim.nowhere")

    async def work():
        await blobs.create_container(job.attempt.provider_job_id)
        await workspace.submit(job, *await blobs.shared_container(job.attempt.provider_job_id), {}, math.inf)

    with pytest.raises(ProviderRefused, match="The workspace answered 4"):
        asyncio.run(work())


def test_each_target_we_know_and_the_workspace_lists_has_room_for_what_we_promise(workspace):
    """The workspace's catalogue was written apart from ours: they must agree where it matters."""
    import tomllib

    from .cloud import REPOSITORY

    catalogue = tomllib.loads((REPOSITORY / "local/azure_quantum/targets.toml").read_text())
    theirs = {target["id"]: target for provider in catalogue["providers"] for target in provider["targets"]}
    ours = {target.id: target for target in asyncio.run(workspace.targets(30))}
    assert len(ours) >= 7
    for name, target in ours.items():
        assert target.qubits <= theirs[name]["qubits"]
        assert target.max_shots <= theirs[name]["shots"]["maximum"]
        assert target.qir_profile == theirs[name]["profile"]


@pytest.mark.parametrize("way", ["../{}/{}", "x/../../{}/{}", "..", "key:0", ""])
def test_only_the_id_of_a_job_becomes_part_of_a_name(blobs, way):
    """Dots in a name are resolved on the way: this one would read another owner's result."""
    victims = new_job().id

    async def work():
        await blobs.put_result("victim", victims, b"{}")
        return await blobs.get_result("thief", way.format("victim", victims), None)

    with pytest.raises(ValueError, match="not the id of a job"):
        asyncio.run(work())


def costing(**changes):
    return replace(new_job(), owner=new_owner(), cost_estimate=Money.of("1"), **changes)


def new_owner():
    return uuid.uuid4().hex


def test_record_and_account_are_written_together_or_not_at_all(records):
    job = costing()

    async def work():
        account, own = await records.account(job.owner, "2026-11")
        held = account.reserve(job, Allowance())
        await records.insert(job, PROGRAM, held)
        other = replace(costing(), owner=job.owner)
        with pytest.raises(AccountMoved):
            await records.insert(other, PROGRAM, held)
        read, _ = await records.account(job.owner, "2026-11")
        return own, read, await records.get(other.owner, other.id), await records.made_by(other.owner, other.key_hash)

    own, read, *absent = asyncio.run(work())
    assert (own, read.sums(None), absent) == (None, (0, 1_000_000), [None, None])


def test_a_used_key_gives_the_first_job_though_the_account_has_moved(records):
    first = costing()
    second = replace(costing(), owner=first.owner, key_hash=first.key_hash)

    async def work():
        account, _ = await records.account(first.owner, "2026-11")
        held = account.reserve(first, Allowance())
        await records.insert(first, PROGRAM, held)
        return await records.insert(second, PROGRAM, held), (await records.account(first.owner, "2026-11"))[0]

    kept, account = asyncio.run(work())
    assert (kept.id, account.sums(None)) == (first.id, (0, 1_000_000))


def test_the_end_of_a_job_and_its_bill_are_written_together_or_not_at_all(records):
    job = costing()

    async def work():
        account, _ = await records.account(job.owner, "2026-11")
        await records.insert(job, PROGRAM, account.reserve(job, Allowance()))
        stored = await records.get(job.owner, job.id)
        account, _ = await records.account(job.owner, "2026-11")
        done = job.moved_to(JobState.FAILED, "2026-11-22T10:00:01.000Z")
        written = await records.update(done, stored.etag, account.settle(done, 250_000))
        with pytest.raises(AccountMoved):
            await records.update(done, written.etag, account.settle(done, 250_000))
        return await records.get(job.owner, job.id), (await records.account(job.owner, "2026-11"))[0]

    kept, account = asyncio.run(work())
    assert (kept.job.state, account.sums(None)) == (JobState.FAILED, (250_000, 0))


def test_an_owners_own_allowance_is_read_beside_the_account(records):
    job = replace(new_job(), owner=new_owner())
    row = {"PartitionKey": job.owner, "RowKey": "usage:allowance", "Document": '{"total":5000000,"targets":{"a":1}}'}

    async def work():
        await records.insert(job, PROGRAM)
        records._client.upsert_entity(row)
        return await records.account(job.owner, "2026-11")

    account, own = asyncio.run(work())
    assert (account.etag, own) == (None, Allowance(5_000_000, {"a": 1}))


def made(records, owner, number, **changes):
    at = f"2026-11-{number + 1:02d}T10:00:00.000Z"
    job_id = new_job_id(owner, str(number), "f", parse_timestamp(at))
    fields = {"owner": owner, "created_at": at, "key_hash": f"k{number}", "id": job_id}
    job = replace(new_job(), **(fields | changes))
    asyncio.run(records.insert(job, PROGRAM))
    return job


def listed(records, owner, **query):
    """All pages of a list, newest first."""
    found, start = [], None
    while True:
        page, start = asyncio.run(records.page(owner, JobQuery(**query, start=start)))
        found += page
        if start is None:
            return found


def test_lists_give_every_job_of_the_owner_once_newest_first_whatever_the_page(records):
    owner, other = new_owner(), new_owner()
    jobs = [made(records, owner, number) for number in range(7)]
    made(records, other, 3)
    for size in (1, 2, 3, 7, 100):
        assert [job.id for job in listed(records, owner, page_size=size)] == [job.id for job in reversed(jobs)]
    assert listed(records, "nobody") == []


def test_lists_are_filtered_by_state_target_tags_and_time(records):
    owner = new_owner()
    jobs = [
        made(
            records,
            owner,
            number,
            target="a" if number % 2 else "b",
            tags={"team": str(number % 3), "x.y-z_w": "'"},
            state=JobState.QUEUED if number < 4 else JobState.FAILED,
        )
        for number in range(6)
    ]

    def numbers(**query):
        return [jobs.index(job) for job in listed(records, owner, page_size=2, **query)]

    assert numbers(target="a") == [5, 3, 1]
    assert numbers(states=(JobState.QUEUED,), target="b") == [2, 0]
    assert numbers(states=(JobState.QUEUED, JobState.FAILED)) == [5, 4, 3, 2, 1, 0]
    assert numbers(tags={"team": "2", "x.y-z_w": "'"}) == [5, 2]
    assert numbers(tags={"team": "2", "x.y-z_w": '"'}) == []
    assert numbers(created_after=jobs[2].created_at, created_before=jobs[5].created_at) == [4, 3]


def test_a_deleted_job_is_in_no_list_and_keeps_no_program(records):
    owner = new_owner()
    job, other = made(records, owner, 1), made(records, owner, 2)

    async def work():
        stored = await records.get(owner, job.id)
        await records.update(tombstone(stored.job), stored.etag)
        await records.forget(job)
        return await records.submission(job), await records.made_by(owner, job.key_hash)

    submission, kept = asyncio.run(work())
    assert (submission, kept.id) == (None, job.id)
    assert listed(records, owner) == [other]


def test_a_pointer_tells_operators_whose_a_job_is(records):
    job = new_job()

    async def work():
        before = await records.owner_of(job.id)
        await records.point_to(job)
        return before, await records.owner_of(job.id)

    assert asyncio.run(work()) == (None, job.owner)


def test_the_last_job_of_equal_content_is_found(records):
    first = replace(new_job(), owner=new_owner(), reuse_hash="h")
    second = replace(new_job(), reuse_hash="h", owner=first.owner)

    async def work():
        await records.insert(first, PROGRAM)
        await records.insert(second, PROGRAM)
        return await records.reusable(first.owner, "h"), await records.reusable(first.owner, "i")

    found, none = asyncio.run(work())
    assert (found.job.id, none) == (second.id, None)


def through(service, method, url, **options):
    context = ssl.create_default_context(cafile=service.environment["SSL_CERT_FILE"])
    with httpx.Client(proxy=service.environment["HTTPS_PROXY"], verify=context, trust_env=False) as client:
        return client.request(method, url, **options)


def test_an_uploads_address_creates_its_blob_once_and_does_nothing_else(service, blobs):
    owner = new_owner()
    upload = Upload(new_upload_id(), "qir", 3, "0" * 64, timestamp(now() + timedelta(minutes=15)))
    link = asyncio.run(blobs.upload_link(owner, upload))
    put = {"x-ms-blob-type": "BlockBlob"}
    assert through(service, "GET", link).status_code == 403
    assert through(service, "PUT", link, content=b"abc", headers=put).status_code == 201
    assert through(service, "PUT", link, content=b"xyz", headers=put).status_code in (403, 409)
    assert through(service, "DELETE", link).status_code == 403
    assert (
        through(service, "PUT", link.replace(upload.id, new_upload_id()), content=b"", headers=put).status_code == 403
    )
    assert asyncio.run(blobs.get_upload(owner, upload.id, 3)) == b"abc"
    assert asyncio.run(blobs.get_upload(owner, upload.id, 1)) == b"ab"
    assert asyncio.run(blobs.get_upload(owner, new_upload_id(), 3)) is None


def test_an_empty_upload_has_no_bytes(service, blobs):
    owner = new_owner()
    upload = Upload(new_upload_id(), "qir", 1, "0" * 64, timestamp(now() + timedelta(minutes=15)))
    link = asyncio.run(blobs.upload_link(owner, upload))
    through(service, "PUT", link, content=b"", headers={"x-ms-blob-type": "BlockBlob"})
    assert asyncio.run(blobs.get_upload(owner, upload.id, 1)) == b""


def test_a_link_reads_its_blob_and_nothing_else(service, blobs):
    job = new_job()

    async def work():
        await blobs.put_program(job.owner, job.id, b"program")
        return await blobs.program_link(job.owner, job.id)

    link = asyncio.run(work())
    assert through(service, "GET", link).content == b"program"
    assert through(service, "PUT", link, content=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 403
    assert through(service, "GET", link.replace(job.id, new_job().id)).status_code == 403


def test_what_is_erased_is_gone_and_erasing_again_is_done_already(blobs):
    job = new_job()

    async def work():
        await blobs.put_program(job.owner, job.id, b"program")
        await blobs.put_result(job.owner, job.id, b"{}")
        for _ in range(2):
            await blobs.drop_program(job.owner, job.id)
            await blobs.drop_result(job.owner, job.id)
        return await blobs.get_program(job.owner, job.id), await blobs.get_result(job.owner, job.id, None)

    assert asyncio.run(work()) == (None, None)


@pytest.mark.parametrize("name", ["../x", "upl_x", ""])
def test_no_other_text_than_an_uploads_id_becomes_part_of_a_path(blobs, name):
    with pytest.raises(ValueError, match="not the id of an upload"):
        asyncio.run(blobs.get_upload("owner", name, 1))
