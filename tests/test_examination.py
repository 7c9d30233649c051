"""The doctor's look while the service goes on: what moves meanwhile is not told as wrong."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from quantum_jobs.budgets import Account
from quantum_jobs.changing import tombstone
from quantum_jobs.clock import now, parse_timestamp
from quantum_jobs.examination import Bounds, Examination
from quantum_jobs.findings import Finding, Kind
from quantum_jobs.inventory import Partition, Record, Waiting
from quantum_jobs.mending import Mender, NotMended
from quantum_jobs.models import JobState
from quantum_jobs.money import Money

from . import samples
from .fakes import FakeRecords, Faults

EVERYTHING = Bounds(None, 100, timedelta(hours=1), None)
JOB = samples.job(state=JobState.SUCCEEDED, completed_at="2026-11-22T10:00:05.000Z", cost_estimate=Money(5))


class MovingInventory:
    """One owner with one record; `meanwhile` happens after each reading of it."""

    def __init__(self, records, meanwhile):
        self._records, self._meanwhile = records, meanwhile

    def partitions(self, owner, most_records):
        (job, _) = self._records.rows[JOB.owner, JOB.id]
        found = Partition(JOB.owner, {JOB.id: Record(job, parse_timestamp(job.created_at))})
        self._meanwhile()
        yield found

    def records(self, owner):
        for partition in self.partitions(owner, 0):
            yield from partition.records.values()

    def containers(self):
        return {}

    def pointers(self, owner):
        return {JOB.id: JOB.owner}

    def owners_of_blobs(self, container):
        return set()

    def blobs(self, container, owner):
        return {}

    def waiting(self, queue=""):
        return Waiting(0, ())

    def put_account(self, owner, account):
        raise AssertionError("an account that moves must not be written")


@pytest.fixture
def records():
    made = FakeRecords(Faults())
    made.rows[JOB.owner, JOB.id] = (JOB, 1)
    made.accounts[JOB.owner, "2026-11"] = Account("2026-11", {JOB.target: 5}, etag="1")
    return made


def look(records, meanwhile):
    inventory = MovingInventory(records, meanwhile)
    mender = Mender(inventory, records, None, None, None, None)
    report = asyncio.run(Examination(inventory, records, mender, EVERYTHING, now()).look(lambda _: None))
    return [finding.kind for finding in report.findings if finding.kind != Kind.RECORD_WITHOUT_KEY]


def test_what_stays_as_it_was_is_told(records):
    assert look(records, lambda: None) == [Kind.RESULT_MISSING]


def test_a_job_that_is_deleted_meanwhile_has_not_lost_its_result(records):
    def deleted():
        records.rows[JOB.owner, JOB.id] = (tombstone(JOB), 2)

    assert look(records, deleted) == []


def test_an_account_that_moves_whenever_it_is_looked_at_is_neither_told_nor_written(records):
    def moved():
        account = records.accounts[JOB.owner, "2026-11"]
        records.accounts[JOB.owner, "2026-11"] = replace(account, held={"x": 7}, etag=str(int(account.etag) + 1))

    assert Kind.ACCOUNT not in look(records, moved)
    mender = Mender(MovingInventory(records, moved), records, None, None, None, None)
    with pytest.raises(NotMended, match="moves too fast"):
        asyncio.run(mender.mend(Finding(Kind.ACCOUNT, "2026-11", JOB.owner, "")))


def test_an_account_that_stands_still_and_is_wrong_is_told(records):
    records.accounts[JOB.owner, "2026-11"] = Account("2026-11", {JOB.target: 6}, etag="1")
    assert Kind.ACCOUNT in look(records, lambda: None)
