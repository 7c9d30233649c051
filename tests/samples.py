"""Values that tests start from."""

from dataclasses import replace
from typing import Any

from quantum_jobs.models import Attempt, Caller, HistoryEntry, Job, JobState, Register, Target
from quantum_jobs.submissions import JobRequest, ProgramSource, Submission

BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n'
ALICE = Caller("tenant", "alice", "app:alice", frozenset({"Jobs.Submit"}))
BOB = Caller("tenant", "bob", "app:bob", frozenset({"Jobs.Submit"}))


def job(**changes: Any) -> Job:
    at = "2026-11-22T10:00:00.000Z"
    made = Job(
        id="job_vpevms6ucg5i8d6iq6is2qaacp",
        owner=ALICE.owner,
        created_at=at,
        created_by=ALICE.label,
        target="ionq.simulator",
        provider="ionq",
        shots=100,
        registers=(Register("c", 2),),
        fingerprint="f",
        key_hash="k",
        program_format="openqasm3",
        attempts=(Attempt(1, "a532db62-8b5a-54bf-a804-a2eea47ee790"),),
        history=(HistoryEntry(JobState.ACCEPTED, at),),
        expected_wait_seconds=600,
    )
    return replace(made, **changes)


def request(**changes: Any) -> JobRequest:
    submission = Submission(changes.pop("program", ProgramSource("openqasm3", BELL)))
    made = JobRequest("ionq.simulator", 100, submission, key="k1", fingerprint="f")
    return replace(made, **changes)


def target(**changes: Any) -> Target:
    made = Target("ionq.simulator", "ionq", "simulator", 29, 1, 10_000, "base", "Available", 3)
    return replace(made, **changes)
