"""The table with which a million jobs are measured answers as the one that everything else is tested with."""

import asyncio
import os
from dataclasses import replace

import pytest

from bench import fill
from bench.million import KEYED, path_with_node
from local.environment import UNWANTED
from quantum_jobs.budgets import Account
from quantum_jobs.errors import AccountMoved
from quantum_jobs.identity import managed_identity
from quantum_jobs.models import JobQuery
from quantum_jobs.submissions import ProgramSource, Submission
from quantum_jobs.table_storage import TableStorage

from . import samples
from .cloud import start_cloud

JOBS = 450
PROGRAM = Submission(ProgramSource("openqasm3", samples.BELL))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The job table of a cloud with keyed tables; its jobs were filled in by two runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path_with_node(tmp_path_factory.mktemp("node"), KEYED))
        with start_cloud("--state", str(tmp_path_factory.mktemp("state")), "--no-functions") as cloud:
            for name in UNWANTED & os.environ.keys():
                patch.delenv(name)
            for name, value in cloud.environment.items():
                patch.setenv(name, value)
            fill.fill(200)
            fill.fill(JOBS, start=200)
            with managed_identity("") as credential:
                table = TableStorage(f"https://{fill.host()}", credential)
                yield table
                table.close()


def pages(table, **query):
    start = None
    while True:
        jobs, start = asyncio.run(table.page(fill.caller_of_the_bench(), JobQuery(page_size=100, start=start, **query)))
        yield [job.id for job in jobs]
        if start is None:
            return


def test_the_pages_of_a_list_are_all_jobs_once_newest_first(stored):
    ids = [fill.finished_job(fill.caller_of_the_bench(), number).id for number in range(JOBS)]
    assert list(pages(stored)) == [ids[start : start + 100] for start in range(0, JOBS, 100)]


def test_a_filter_is_held_within_the_owners_jobs(stored):
    ids = [fill.finished_job(fill.caller_of_the_bench(), number).id for number in range(1, JOBS, 3)]
    assert [job_id for page in pages(stored, tags={"team": "finance"}) for job_id in page] == ids


def test_each_stored_job_reads_back_with_its_program(stored):
    job = fill.finished_job(fill.caller_of_the_bench(), 7)
    read = asyncio.run(stored.get(job.owner, job.id))
    assert read.job == job
    assert asyncio.run(stored.submission(job)).program.source == fill.BELL


def test_of_two_changes_of_one_record_the_second_loses(stored):
    job = fill.finished_job(fill.caller_of_the_bench(), 8)
    read = asyncio.run(stored.get(job.owner, job.id))
    assert asyncio.run(stored.update(replace(job, name="first"), read.etag)) is not None
    assert asyncio.run(stored.update(replace(job, name="second"), read.etag)) is None
    assert asyncio.run(stored.get(job.owner, job.id)).job.name == "first"


def test_a_transaction_that_fails_leaves_nothing(stored):
    made = replace(samples.job(), id="job_vpevms6ucg5i8d6iq6is2qaadd", key_hash="k7")
    account = Account("2026-11", etag="W/\"datetime'2026-11-22T10%3A00%3A00.0000000Z'\"")  # of a row that is not there
    with pytest.raises(AccountMoved):
        asyncio.run(stored.insert(made, PROGRAM, account))
    assert asyncio.run(stored.get(made.owner, made.id)) is None
    assert asyncio.run(stored.insert(made, PROGRAM)) == made
    other = replace(made, id="job_vpevms6ucg5i8d6iq6is2qaaee")
    assert asyncio.run(stored.insert(other, PROGRAM)).id == made.id
    assert asyncio.run(stored.get(made.owner, other.id)) is None
