"""Records in memory keep what the table keeps: held against the stand-in that goes through the table's own rows."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from quantum_jobs.budgets import Account
from quantum_jobs.errors import AccountMoved
from quantum_jobs.memory import MemoryRecords
from quantum_jobs.models import JobQuery, JobState, Stored, WaitSamples
from quantum_jobs.submissions import ProgramSource, Submission

from . import samples
from .fakes import FakeRecords, Faults

SUBMISSION = Submission(ProgramSource("openqasm3", samples.BELL))
NUMBERS = st.integers(0, 5)
OWNERS = st.sampled_from(["alice", "bob"])
NEXT = {JobState.ACCEPTED: JobState.RUNNING, JobState.RUNNING: JobState.SUCCEEDED}


def job(owner: str, number: int, **changes: object):
    made = f"2026-11-22T10:00:0{number}.000Z"
    return samples.job(owner=owner, id=f"job_{number:026}", key_hash=f"k{number}", created_at=made, **changes)


class SameAsTheTable(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.both = MemoryRecords(), FakeRecords(Faults())

    def told(self, name: str, *arguments: object) -> object:
        """Ask both the same; what they answer, or raise, must be the same."""
        answers = []
        for records in self.both:
            try:
                answers.append(asyncio.run(getattr(records, name)(*arguments)))
            except AccountMoved:
                answers.append("moved")
        assert answers[0] == answers[1], (name, arguments)
        return answers[0]

    @rule(owner=OWNERS, number=NUMBERS, key=NUMBERS, reuse=st.sampled_from([None, "r"]))
    def inserts(self, owner, number, key, reuse):
        if self.told("get", owner, job(owner, number).id) is None:
            made = replace(job(owner, number), key_hash=f"k{key}", reuse_hash=reuse, tags={"n": str(number % 2)})
            self.told("insert", made, SUBMISSION, None)

    @rule(owner=OWNERS, number=NUMBERS, stale=st.booleans())
    def updates(self, owner, number, stale):
        stored = self.told("get", owner, job(owner, number).id)
        if isinstance(stored, Stored) and stored.job.state in NEXT:
            moved = stored.job.moved_to(NEXT[stored.job.state], "2026-11-22T10:00:01.000Z")
            self.told("update", moved, "77" if stale else stored.etag)

    @rule(owner=OWNERS, number=NUMBERS, used=st.integers(0, 9), stale=st.booleans())
    def settles(self, owner, number, used, stale):
        stored = self.told("get", owner, job(owner, number).id)
        account, _ = self.told("account", owner, "2026-11")
        if isinstance(stored, Stored):
            written = Account("2026-11", {"t": used}, etag="77" if stale else account.etag)
            self.told("update", replace(stored.job, revision=stored.job.revision + 1), stored.etag, written)

    @rule(owner=OWNERS, states=st.lists(st.sampled_from(JobState), max_size=2), start=NUMBERS, size=st.integers(1, 4))
    def lists(self, owner, states, start, size):
        query = JobQuery(tuple(states), None, {}, None, "2026-11-22T10:00:04.000Z", size, job(owner, start).id)
        self.told("page", owner, query)

    @rule(owner=OWNERS, number=NUMBERS)
    def looks(self, owner, number):
        self.told("made_by", owner, f"k{number}")
        self.told("reusable", owner, "r")
        stored = self.told("get", owner, job(owner, number).id)
        if isinstance(stored, Stored):
            self.told("submission", stored.job)

    @rule(owner=OWNERS, number=NUMBERS)
    def forgets(self, owner, number):
        stored = self.told("get", owner, job(owner, number).id)
        if isinstance(stored, Stored):
            self.told("forget", stored.job)

    @rule(name=st.sampled_from("ab"), seconds=st.integers(0, 9), etag=st.sampled_from([None, "1", "2"]))
    def learns(self, name, seconds, etag):
        self.told("keep_waits", name, WaitSamples((seconds,), etag))
        self.told("waits")


SameAsTheTable.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestSameAsTheTable = SameAsTheTable.TestCase


def test_only_the_last_of_the_finished_jobs_are_remembered_and_no_unfinished_one_is_forgotten():
    records = MemoryRecords(most_done=2)

    async def run():
        for number in range(5):
            state = JobState.ACCEPTED if number == 0 else JobState.SUCCEEDED
            await records.insert(job("alice", number, state=state), SUBMISSION)
        return [await records.get("alice", job("alice", number).id) is not None for number in range(5)]

    assert asyncio.run(run()) == [True, False, False, True, True]


@pytest.mark.parametrize("kept", [True, False])
def test_a_key_is_known_as_long_as_its_job(kept):
    records = MemoryRecords(most_done=1)

    async def run():
        await records.insert(job("alice", 1, state=JobState.SUCCEEDED), SUBMISSION)
        if not kept:
            await records.insert(job("alice", 2, state=JobState.SUCCEEDED), SUBMISSION)
        return await records.made_by("alice", "k1") is not None

    assert asyncio.run(run()) is kept
