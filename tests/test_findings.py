"""What the doctor concludes from rows and ages, without any store."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.clock import parse_timestamp, timestamp
from quantum_jobs.findings import (
    GRACE,
    REPAIRS,
    Kind,
    Surroundings,
    accounts_off,
    due_accounts,
    of_partition,
    of_queues,
    unshepherded,
)
from quantum_jobs.inventory import Partition, Record, Waiting
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.waiting import shepherd_delay_seconds

from . import samples

AT = parse_timestamp("2026-11-22T10:00:00.000Z")
NOTHING, SOMETHING = Waiting(0, ()), Waiting(3, ())

costs = st.integers(0, 10**12)
spending = st.lists(
    st.tuples(
        st.sampled_from(["2026-10-31T23:59:59.999Z", "2026-11-01T00:00:00.000Z", "2026-11-30T12:00:00.000Z"]),
        st.sampled_from(["ionq.qpu.aria-1", "quantinuum.qpu.h2-1"]),
        costs,
        st.one_of(
            st.none(),
            st.just("unsettled"),
            st.tuples(st.sampled_from([s for s in JobState if s.done]), st.one_of(st.none(), costs)),
        ),
    ),
    max_size=8,
)


def jobs_and_accounts(drawn):
    """Jobs as submit and shepherd leave them, and the accounts that these wrote meanwhile."""
    accounts, jobs = {}, []
    for created, target, estimate, end in drawn:
        job = samples.job(created_at=created, target=target, cost_estimate=Money(estimate))
        account = accounts.get(created[:7], Account(created[:7])).reserve(job, Allowance())
        if end == "unsettled":
            job = replace(job, state=JobState.FAILED, unsettled=JobState.QUEUED)
        elif end is not None:
            state, billed = end
            job = replace(job, state=state, cost_actual=None if billed is None else Money(billed))
            account = account.settle(job, estimate if billed is None else billed)
        accounts[created[:7]] = account
        jobs.append(job)
    return jobs, accounts


@given(spending)
def test_accounts_that_submit_and_shepherd_wrote_are_what_the_records_add_up_to(drawn):
    jobs, accounts = jobs_and_accounts(drawn)
    assert accounts_off(jobs, accounts) == []
    assert {month: account for month, account in due_accounts(jobs).items() if account != Account(month)} == {
        month: account for month, account in accounts.items() if account != Account(month)
    }


@given(spending, st.integers(-(10**6), 10**6).filter(bool))
def test_an_account_that_is_wrong_by_anything_is_told(drawn, error):
    jobs, accounts = jobs_and_accounts(drawn)
    wrong = accounts.get("2026-11", Account("2026-11"))
    used = dict(wrong.used) | {"pasqal.qpu.fresnel": error}
    assert accounts_off(jobs, {**accounts, "2026-11": replace(wrong, used=used)}) == ["2026-11"]


@given(st.integers(0, 10_000), st.sampled_from([0, 20, 4000]), st.sampled_from([s for s in JobState if not s.done]))
def test_a_job_is_late_only_after_its_own_delay_and_the_grace(age, expected, state):
    record = Record(samples.job(state=state, expected_wait_seconds=expected), AT)
    found = unshepherded(record, SOMETHING, AT + timedelta(seconds=age))
    allowed = shepherd_delay_seconds(record.job, AT) + GRACE.total_seconds()
    assert (found is not None) == (age > allowed)


def test_an_empty_queue_proves_that_an_unfinished_job_has_no_shepherd():
    assert unshepherded(Record(samples.job(), AT), NOTHING, AT) is not None
    assert unshepherded(Record(samples.job(state=JobState.FAILED), AT), NOTHING, AT) is None


def message(sent: datetime, **changes):
    job = samples.job()
    return {"owner": job.owner, "job_id": job.id, "sequence": 1, "sent_at": timestamp(sent)} | changes


def test_a_job_whose_message_is_in_sight_has_its_shepherd():
    queue = Waiting(1, (message(AT),))
    assert unshepherded(Record(samples.job(), AT), queue, AT + timedelta(days=1)) is None


def test_a_message_in_sight_is_late_for_a_job_that_runs_and_not_for_one_whose_result_waits_for_its_end():
    queue, later = Waiting(1, (message(AT),)), AT + timedelta(days=6)
    assert [item.kind for item in of_queues(queue, NOTHING, {samples.job().id}, later)] == [Kind.QUEUE_NOT_READ]
    assert list(of_queues(queue, NOTHING, set(), later)) == []


def test_a_poison_message_that_is_no_shepherds_is_told_as_that():
    (found,) = of_queues(NOTHING, Waiting(1, ({},)), set(), AT)
    assert (found.kind, found.name) == (Kind.POISON, "(no shepherd's message)")


def test_a_job_that_ended_without_the_providers_word_is_told_after_an_hour_until_it_is_settled():
    job = samples.job(state=JobState.FAILED, unsettled=JobState.RUNNING, cost_estimate=Money(2_500_000))
    partition = Partition(job.owner, {job.id: Record(job, AT)})

    def kinds(age):
        return [item.kind for item in of_partition(partition, Surroundings(AT + age, timedelta(hours=1)))]

    assert Kind.UNSETTLED not in kinds(timedelta(minutes=59))
    assert Kind.UNSETTLED in kinds(timedelta(minutes=61))
    assert Kind.UNSETTLED in kinds(timedelta(days=8))  # the month's allowance is still smaller by it
    assert Kind.UNSETTLED not in kinds(timedelta(days=9))
    partition.records[job.id] = Record(replace(job, unsettled=None), AT)
    assert Kind.UNSETTLED not in kinds(timedelta(minutes=61))


def test_each_kind_says_what_mending_does():
    assert set(REPAIRS) == set(Kind)
