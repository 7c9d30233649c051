"""The account: what is held and used adds up, whatever happens to the jobs, and in any order."""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.budgets import Account, Allowance, allowance, month_end, month_of
from quantum_jobs.errors import BudgetExceeded, CostLimitExceeded, SettingsMissing
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.prices import Rate
from quantum_jobs.submissions import JobLimits, ProgramSource, Submission
from quantum_jobs.submitting import Terms

from . import samples
from .world import World

QPU = samples.target(id="ionq.qpu.aria-1", kind="qpu", qubits=25)
ONE_DOLLAR = {QPU.id: Rate(minimum=1.0)}


def world_with(total="10.00", **targets):
    bounds = Allowance(Money.of(total).micros, {name: Money.of(most).micros for name, most in targets.items()})
    return World(QPU, samples.target(), terms=Terms(ONE_DOLLAR, bounds))


def submit(world, key="k1", target=QPU.id, caller=samples.ALICE, **changes):
    return world.submit(caller=caller, key=key, target=target, **changes)[0]


def test_a_submit_holds_the_estimate_and_the_end_settles_it():
    world = world_with()
    job = submit(world)
    assert (job.cost_estimate.amount, world.account()) == ("1.00", (0, 1_000_000))
    world.workspace.finish("Succeeded", cost=Money.of("0.75"))
    world.blobs.give_output(([0, 0], 100))
    done = world.get(job.id)
    assert (done.cost_actual.amount, world.account()) == ("0.75", (750_000, 0))


def test_a_success_that_nobody_has_billed_yet_counts_as_estimated():
    world = world_with()
    job = submit(world)
    world.workspace.finish("Succeeded")
    world.blobs.give_output(([0, 0], 100))
    assert world.get(job.id).cost_actual is None
    assert world.account() == (1_000_000, 0)


def test_a_bill_in_another_currency_is_not_added_to_dollars():
    world = world_with()
    job = submit(world)
    world.workspace.finish("Succeeded", cost=Money.of("7", "EUR"))
    world.blobs.give_output(([0, 0], 100))
    assert world.get(job.id).cost_actual is None
    assert world.account() == (1_000_000, 0)


def test_what_a_provider_bills_is_used_though_the_target_was_on_no_card():
    world = World(QPU, terms=Terms({}, Allowance()))
    job = submit(world)
    assert job.cost_estimate.micros == 0
    world.workspace.finish("Succeeded", cost=Money.of("2.5"))
    world.blobs.give_output(([0, 0], 100))
    assert world.get(job.id).cost_actual == Money.of("2.5")
    assert world.account() == (2_500_000, 0)


@pytest.mark.parametrize("code", ["CompilationError", "SomethingNew"])
def test_a_failure_without_a_bill_releases_what_was_held(code):
    world = world_with()
    job = submit(world)
    world.workspace.finish("Failed", error_code=code)
    assert world.get(job.id).state == JobState.FAILED
    assert world.account() == (0, 0)


def test_a_cancelled_job_releases_what_was_held():
    world = world_with()
    job = submit(world)
    world.call("cancel", job.id, None)
    assert world.get(job.id).state == JobState.CANCELLED
    assert world.account() == (0, 0)


def test_a_job_over_the_allowance_is_refused_with_the_sums_and_leaves_nothing():
    world = world_with("1.50")
    submit(world)
    before = len(world.queue.sent), len(world.records.rows), len(world.blobs.containers)
    with pytest.raises(BudgetExceeded) as caught:
        submit(world, key="k2")
    assert caught.value.members == {
        "dimension": "cost.month",
        "limit": "1.50",
        "used": "0.00",
        "held": "1.00",
        "resetsAt": month_end(month_of(world.records.only().created_at)),
    }
    assert (len(world.queue.sent), len(world.records.rows), len(world.blobs.containers)) == before


def test_a_target_may_have_a_bound_of_its_own():
    world = world_with("100", **{QPU.id: "0.50"})
    with pytest.raises(BudgetExceeded, match="is estimated at"):
        submit(world)
    assert submit(world, target="ionq.simulator").cost_estimate.micros == 0


def test_an_owner_may_have_an_allowance_of_his_own():
    world = world_with("1.00")
    world.records.allowances[samples.ALICE.owner] = Allowance(3_000_000)
    for number in range(3):
        submit(world, key=f"k{number}")
    with pytest.raises(BudgetExceeded):
        submit(world, key="k9")


def test_one_owners_jobs_do_not_use_up_anothers_allowance():
    world = world_with("1.00")
    submit(world)
    submit(world, caller=samples.BOB)
    assert world.account(samples.BOB) == (0, 1_000_000)


def test_a_free_job_runs_when_the_allowance_is_used_up_and_touches_no_account():
    world = world_with("1.00")
    submit(world)
    world.faults.calls.clear()
    submit(world, key="k2", target="ionq.simulator")
    assert "get account" not in world.faults.calls


def test_a_replay_succeeds_though_its_own_job_used_up_the_allowance():
    world = world_with("1.00")
    first = submit(world)
    again, replayed = world.submit(target=QPU.id)
    assert (again.id, replayed) == (first.id, True)
    assert world.account() == (0, 1_000_000)


def test_ten_parallel_submits_cannot_overspend():
    world = world_with("4.00")

    async def race():
        requests = [samples.request(key=f"k{number}", target=QPU.id) for number in range(10)]
        tasks = [world.service.submit(samples.ALICE, request) for request in requests]
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(race())
    assert sum(isinstance(item, tuple) for item in results) == 4
    assert sum(isinstance(item, BudgetExceeded) for item in results) == 6
    assert world.account() == (0, 4_000_000)
    assert len(world.records.rows) == 4
    assert len(world.blobs.containers) == 4  # what was prepared for the refused ones is gone again


def test_ten_parallel_ends_settle_each_job_once():
    world = world_with("10")
    jobs = [submit(world, key=f"k{number}") for number in range(10)]
    world.workspace.finish("Succeeded", cost=Money.of("0.5"))
    world.blobs.give_output(([0, 0], 100))

    async def race():
        await asyncio.gather(*(world.service.get(samples.ALICE, job.id) for job in jobs for _ in range(3)))

    world.forget()
    asyncio.run(race())
    assert world.account() == (5_000_000, 0)


def test_a_job_over_its_own_limit_is_refused_with_estimate_and_limit():
    world = world_with()
    with pytest.raises(CostLimitExceeded) as caught:
        submit(world, limits=JobLimits(max_cost=Money.of("0.99")))
    assert caught.value.members["estimate"] == {"amount": "1.00", "currency": "USD"}
    assert world.nothing_was_written()


def test_a_sweep_costs_the_sum_of_its_items():
    world = world_with()
    source = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t;\nqubit q;\nbit c;\nrx(t) q;\nc = measure q;\n'
    sweep = Submission(ProgramSource("openqasm3", source), ({"t": 0.1}, {"t": 0.2}, {"t": 0.3}))
    assert submit(world, submission=sweep).cost_estimate.amount == "3.00"


TARGETS = ("a", "b")
EVENTS = st.lists(st.tuples(st.sampled_from(TARGETS), st.integers(0, 5_000_000), st.none() | st.integers(0, 6_000_000)))


@given(EVENTS, st.randoms())
def test_whatever_is_held_is_released_and_the_sums_are_those_of_the_jobs(events, shuffler):
    account = Account("2026-11")
    jobs = [(samples.job(target=target, cost_estimate=Money(cost)), bill) for target, cost, bill in events]
    for job, _ in jobs:
        account = account.reserve(job, Allowance())
    shuffler.shuffle(jobs)
    for job, bill in jobs:
        account = account.settle(job, bill or 0)
    assert account.held == {}
    for target in TARGETS:
        assert account.sums(target) == (sum(bill or 0 for job, bill in jobs if job.target == target), 0)


@given(EVENTS, st.integers(0, 10_000_000))
def test_used_and_held_never_pass_the_allowance_by_submits(events, total):
    account = Account("2026-11")
    for target, cost, _ in events:
        job = samples.job(target=target, cost_estimate=Money(cost))
        try:
            account = account.reserve(job, Allowance(total))
        except BudgetExceeded:
            assert sum(account.sums(None)) + cost > total
        assert sum(account.sums(None)) <= total


def test_a_month_ends_with_its_last_moment():
    assert month_end("2026-11") == "2026-12-01T00:00:00.000Z"
    assert month_end("2026-12") == "2027-01-01T00:00:00.000Z"


def test_the_settings_are_read_as_written():
    assert allowance("12.50", json.dumps({"a": "1"})) == Allowance(12_500_000, {"a": 1_000_000})
    assert allowance("none", "") == Allowance(None, {})


@pytest.mark.parametrize(("total", "targets"), [("much", ""), ("1", "[]"), ("1", '{"a": "x"}'), ("1", "{")])
def test_settings_of_another_form_stop_the_start_with_what_is_right(total, targets):
    with pytest.raises(SettingsMissing, match="MONTHLY_BUDGET must be an amount or 'none'"):
        allowance(total, targets)


def test_an_owners_own_bounds_go_before_the_general_ones():
    general = Allowance(10, {"a": 1, "b": 2})
    assert general.overridden(None) == general
    assert general.overridden(Allowance(None, {"a": 5})) == Allowance(10, {"a": 5, "b": 2})
    assert general.overridden(Allowance(20)) == replace(general, total=20)
