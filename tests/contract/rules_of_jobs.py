"""What holds for jobs and money at every moment, whatever has happened."""

import json
from itertools import pairwise

from hypothesis.stateful import RuleBasedStateMachine, invariant

from quantum_jobs import responses
from quantum_jobs.budgets import Account
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.models import JobState
from tests import samples

BASE = "https://service.example/v1"
CALLERS = {"alice": samples.ALICE, "bob": samples.BOB}


class RulesOfJobs(RuleBasedStateMachine):
    """The rules; who inherits them makes `world` and lets things happen in it."""

    reached = set()

    def __init__(self):
        super().__init__()
        self.seen = {}  # what each tag of each job stood for
        self.last = {}
        self.shown = {}

    def account(self, owner):
        found = [item for (holder, _), item in self.world.records.accounts.items() if holder == owner]
        return found[0] if found else Account("2026-11")

    @invariant()
    def every_history_is_legal_and_only_grows(self):
        for (_, job_id), (job, _) in self.world.records.rows.items():
            states = [entry.state for entry in job.history]
            self.reached |= {
                *states,
                *(["deleted"] if job.deleted_at else []),
                *(["retried"] if job.attempts[1:] else []),
            }
            assert states[0] == JobState.ACCEPTED
            assert all(one.may_become(two) for one, two in pairwise(states)), states
            assert states[-1] == job.state
            assert len(states) <= 4 + 3 * len(job.attempts)
            before = self.last.get(job_id)
            if before is not None:
                assert job.history[: len(before.history)] == before.history
                assert job.revision >= before.revision
                assert not before.state.done or job.state == before.state
            self.last[job_id] = job

    @invariant()
    def a_tag_stands_for_one_document_and_no_other_is_called_unchanged(self):
        for job, _ in self.world.records.rows.values():
            answer = responses.job_status(job, None, BASE)
            document = json.dumps(answer.body)
            assert self.seen.setdefault((job.id, job.tag), document) == document
            assert responses.job_status(job, answer.headers["ETag"], BASE).status == 304
            previous = self.shown.get(job.id)
            if previous and previous[1] != document:
                assert responses.job_status(job, previous[0], BASE).status == 200
            self.shown[job.id] = (answer.headers["ETag"], document)

    @invariant()
    def an_attempt_is_one_job_of_the_provider(self):
        attempts = {
            provider_job_id(job.id, attempt.number)
            for job, _ in self.world.records.rows.values()
            for attempt in job.attempts
        }
        assert set(self.world.workspace.jobs) <= attempts
        assert len({job.key_hash + job.owner for job, _ in self.world.records.rows.values()}) == len(
            self.world.records.rows
        )

    @invariant()
    def what_is_held_and_used_is_the_sum_over_the_jobs(self):
        for caller in CALLERS.values():
            mine = [job for job, _ in self.world.records.rows.values() if job.owner == caller.owner]
            held = sum(job.cost_estimate.micros for job in mine if not job.state.done)
            used = sum((job.cost_actual or job.cost_estimate).micros for job in mine if job.state.done)
            assert self.account(caller.owner).sums(None) == (used, held)

    @invariant()
    def what_succeeded_has_its_result_until_it_is_deleted(self):
        for job, _ in self.world.records.rows.values():
            if job.state == JobState.SUCCEEDED and not job.deleted_at:
                assert (job.owner, job.id) in self.world.blobs.results
