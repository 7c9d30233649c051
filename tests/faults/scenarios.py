"""What happens to jobs: each way of the service, from the request to the end, with what must come of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from quantum_jobs.budgets import Allowance
from quantum_jobs.changing import JobChange
from quantum_jobs.clock import timestamp
from quantum_jobs.models import JobState
from quantum_jobs.money import Money
from quantum_jobs.prices import Rate
from quantum_jobs.submissions import JobLimits, ProgramSource, Submission, Upload
from quantum_jobs.submitting import Terms
from tests import samples
from tests.test_submitting import sweep

from .machine import START
from .outside import Run
from .storm import Ask, Wish

DAY = timedelta(days=1)
SIMULATOR, MACHINE = "ionq.simulator", "quantinuum.qpu.h2-1"
TARGETS = (samples.target(), samples.target(id=MACHINE, provider="quantinuum", kind="qpu", qubits=56))
TERMS = Terms({MACHINE: Rate(minimum=1.0)}, Allowance(Money.of("50.00").micros))
PASSES = Run("Failed", "ProviderTimeout", 2, 2)
UPLOADED = Upload(
    "upl_" + "0" * 26, "openqasm3", len(samples.BELL), hashlib.sha256(samples.BELL.encode()).hexdigest(), ""
)


def nothing(storm):
    """Prepare nothing, expect no more than the rules."""


def ends(*states, attempts=None):
    """Expect the jobs to end so, in the order of their asking."""

    def expect(storm):
        jobs = [storm._job(client) for client in storm.clients]
        assert [job.state for job in jobs] == list(states)
        if attempts is not None and not storm.wild:
            assert [len(job.attempts) for job in jobs] == [attempts] * len(jobs)

    return expect


def settles(cost):
    """Expect the only job to have cost so much; None: nobody knows, and its estimate is held."""

    def expect(storm):
        job = storm._job(storm.clients[0])
        assert (job.cost_actual.amount if job.cost_actual else None) == cost
        assert bool(job.unsettled) == (cost is None)

    return expect


def both(*expectations):
    def expect(storm):
        for expectation in expectations:
            expectation(storm)

    return expect


@dataclass(frozen=True)
class Scenario:
    """Callers with their wishes, how the workspace runs what it is given, and what must come of it."""

    asks: tuple[Ask, ...]
    plan: tuple[Run, ...] = (Run(),)
    expect: Callable[[Any], None] = nothing
    prepared: Callable[[Any], None] = nothing
    targets: tuple[Any, ...] = TARGETS
    terms: Terms = TERMS
    told: bool = False  # the caller has webhooks

    def prepare(self, storm):
        storm.workspace.plan = list(self.plan)
        self.prepared(storm)


def ask(key="k1", target=MACHINE, wishes=(), after=lambda records: True, **changes):
    return Ask(samples.request(key=key, fingerprint=key, target=target, **changes), tuple(wishes), after)


def always(job):
    return True


def is_done(job):
    return job.state.done


def uploaded(storm):
    storm.records.uploads[samples.ALICE.owner, UPLOADED.id] = UPLOADED
    storm.blobs.uploads[samples.ALICE.owner, UPLOADED.id] = samples.BELL.encode()


def first_succeeded(records):
    return any(job.state == JobState.SUCCEEDED for job, _ in records.rows.values())


def first_done(records):
    return any(job.state.done for job, _ in records.rows.values())


def refuses_the_first(storm):
    storm.workspace.refused = {1}


def holds_one_job(storm):
    """And takes no PUT after it, not even the same again."""
    storm.workspace.full_after, storm.workspace.repeated = 1, True


def is_down(storm):
    """The workspace does not answer, from the first PUT on, longer than five deliveries take."""
    storm.outages["workspace.get"] = (0.0, 900.0)


def keeps_blobs(storm):
    """Nothing can be erased for longer than five deliveries take."""
    storm.outages["blobs.drop_result"] = (0.0, 900.0)


def spoils_looks(seconds):
    """What the shepherd meets makes it fail in a way that nobody thought of, for so long."""

    def prepared(storm):
        storm.bugs["workspace.get"] = (0.0, seconds)

    return prepared


def spoils_looks_until_given_up(storm):
    storm.bugs["workspace.get"], storm.ends_with_giving_up = (0.0, 1e9), True


def hides(began, ended):
    """The workspace does not know a run from then till then after its PUT."""

    def prepared(storm):
        storm.workspace.hidden = (began, ended)

    return prepared


def sends_late(seconds):
    """What is sent in the first seconds, by request and shepherd, arrives so much later."""

    def prepared(storm):
        storm.workspace.late = [seconds] * 2

    return prepared


def loses_records(storm):
    storm.outages["records.get"] = (0.0, 900.0)


CANCEL = Wish("cancel", (None,), always)
DELETE = Wish("delete", (None,), is_done)
DELETE_ONCE = Wish("delete", (None,), is_done, repeats=False)
RENAME = Wish("patch", (JobChange(rename=True, name="mine"), None), always)
BETWEEN = Wish("cancel", (None,), lambda job: bool(job.next_attempt_at) or job.state.done)
UPLOAD = Submission(ProgramSource("openqasm3", upload_id=UPLOADED.id))
SOON = JobLimits(start_by=timestamp(START + timedelta(seconds=40)))


def hides_webhooks(storm):
    """Neither webhooks nor their queue can be reached, for longer than five deliveries take."""
    storm.outages["webhooks.of"] = (0.0, 900.0)
    storm.outages["deliveries.send"] = (900.0, 1800.0)


SCENARIOS = {
    "free": Scenario((ask(target=SIMULATOR),), expect=ends("succeeded", attempts=1)),
    "paid": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1)),
    "sweep": Scenario((ask(submission=sweep(0.1, 0.2)),), (Run(cost="1.5", items=2),), ends("succeeded", attempts=1)),
    "upload": Scenario((ask(submission=UPLOAD, wishes=[DELETE]),), expect=ends("succeeded"), prepared=uploaded),
    "reuse": Scenario(
        (ask(reuse_seconds=3600), ask("k2", reuse_seconds=3600, after=first_succeeded)),
        expect=ends("succeeded", "succeeded"),
    ),
    "refused": Scenario((ask(),), expect=ends("failed", attempts=1), prepared=refuses_the_first),
    "last place": Scenario((ask(),), expect=ends("succeeded", attempts=1), prepared=holds_one_job),
    "retries": Scenario((ask(),), (PASSES, PASSES, Run(cost="0.75")), ends("succeeded", attempts=3)),
    "attempts used up": Scenario((ask(),), (PASSES,), ends("failed", attempts=3)),
    "unknown failure": Scenario((ask(),), (Run("Failed", "New", cost="0.10"), Run()), ends("failed", attempts=1)),
    "cancel": Scenario((ask(wishes=[CANCEL]),), (Run(waits=200),), ends("cancelled")),
    "cancel between attempts": Scenario((ask(wishes=[BETWEEN]),), (PASSES, Run(waits=100))),
    "cancel at the end": Scenario((ask(wishes=[CANCEL]),), (Run(waits=1, lasts=1, cost="0.75"),)),
    "deadline": Scenario((ask(limits=SOON),), (Run(waits=4000),), ends("failed")),
    "rename and delete": Scenario((ask(wishes=[RENAME, DELETE]),), (Run(cost="0.75"),), ends("succeeded")),
    "workspace down": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1), is_down),
    "erasure while blobs are down": Scenario((ask(wishes=[DELETE]),), expect=ends("succeeded"), prepared=keeps_blobs),
    "records down": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1), loses_records),
    "poison": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1), spoils_looks(200)),
    "poison for ever": Scenario((ask(),), expect=ends("failed"), prepared=spoils_looks(1e9)),
    "given up while it waits": Scenario(
        (ask(),), (Run(waits=9000),), both(ends("failed"), settles("0.00")), spoils_looks_until_given_up
    ),
    "given up after it ran": Scenario(
        (ask(),), (Run(cost="0.75"),), both(ends("failed"), settles("0.75")), spoils_looks_until_given_up
    ),
    "not visible yet": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1), hides(0, 90)),
    "lost": Scenario((ask(),), (Run(waits=1e7),), both(ends("failed"), settles(None)), hides(1500, 1e9)),
    "late PUT": Scenario(
        (ask(wishes=[CANCEL]),), (Run(waits=9e5),), both(ends("cancelled"), settles("0.00")), sends_late(290)
    ),
    "late PUT that ran": Scenario((ask(wishes=[CANCEL]),), (Run(cost="0.75"),), ends("cancelled"), sends_late(290)),
    "expiry": Scenario(
        (ask(), ask("k2", target=SIMULATOR, wishes=[CANCEL])), (Run(cost="0.75"),), terms=replace(TERMS, retention=DAY)
    ),
    "told": Scenario((ask(),), (Run(cost="0.75"),), ends("succeeded", attempts=1), told=True),
    "told of a failure": Scenario((ask(),), expect=ends("failed"), prepared=refuses_the_first, told=True),
    "told of a cancelled job": Scenario((ask(wishes=[CANCEL]),), (Run(waits=200),), ends("cancelled"), told=True),
    "told of a deleted job": Scenario((ask(wishes=[DELETE]),), expect=ends("succeeded"), told=True),
    "told of a reused result": Scenario(
        (ask(reuse_seconds=3600), ask("k2", reuse_seconds=3600, after=first_succeeded)), told=True
    ),
    "told of what was given up": Scenario((ask(),), expect=ends("failed"), prepared=spoils_looks(1e9), told=True),
    "told while webhooks are down": Scenario((ask(),), expect=ends("succeeded"), prepared=hides_webhooks, told=True),
    "delete once": Scenario((ask(wishes=[DELETE_ONCE]),), expect=ends("succeeded", attempts=1)),
    "long": Scenario((ask(),), (Run(waits=2500),), ends("succeeded", attempts=1)),
}


# One world for seeded storms: all of it at once.
EVERYTHING = (
    ask(target=SIMULATOR),
    ask("k2", wishes=[RENAME, DELETE]),
    ask("k3", submission=UPLOAD, wishes=[DELETE]),
    ask("k4", submission=sweep(0.1), wishes=[CANCEL]),
    ask("k5", wishes=[BETWEEN]),
    ask("k6", limits=SOON),
    ask("k7", limits=JobLimits(max_attempts=2), target=SIMULATOR),
    ask("k8", reuse_seconds=3600, target=SIMULATOR),
    ask("k9", reuse_seconds=3600, target=SIMULATOR, after=first_done),
)
RUNS = (
    PASSES,
    Run(waits=1, lasts=1),
    Run(cost="0.75"),
    Run(waits=90),
    Run("Failed", "New", 3, 3, "0.10"),
    Run(waits=900),
)


def mixed(chance):
    """Give three callers of all, any course of their runs, results kept for ever or not, with webhooks or without."""
    plan = tuple(chance.choice(RUNS) for _ in range(3))
    terms = replace(TERMS, retention=chance.choice([None, DAY, 3 * DAY]))
    asks = tuple(chance.sample(EVERYTHING, 3))
    return Scenario(asks, plan, prepared=uploaded, terms=terms, told=chance.random() < 0.5)
