"""Whether processes take more and more: what each took in the last third of a run, against the third before it.

In the first third everything grows: threads start, connections open, caches fill, hosts are killed. After that a
process that only works takes what it took, whatever the weather; one that stores takes more for each job that it keeps.
"""

import statistics
from dataclasses import dataclass

MB = 1_000_000
# Of the part's memory, for each ten minutes: what a fragmented heap moves by, and less than a kilobyte a request leaks.
MOST_MB = {"functions": 8.0, "gateway": 4.0, "worker": 4.0}
# Of those that store, for each job accepted: Azurite keeps records, programs, inputs, outputs and results in memory,
# the cloud's own process the workspace's jobs.
MOST_KB_PER_JOB = {"azurite": 120.0, "cloud": 30.0}
MOST_FILES, MOST_THREADS = 16, 6  # of any part, in all
LEAST_MINUTES = 10.0  # of a shorter run the thirds say nothing


@dataclass(frozen=True)
class Sample:
    """What each part took at a moment (seconds since the start), and how many jobs had been accepted by then."""

    at: float
    jobs: int
    parts: dict[str, dict[str, float]]

    @classmethod
    def of(cls, at, jobs, processes):
        """Take workers together: they have the same work, and one that was ended has a successor."""
        parts = {name: numbers for name, numbers in processes.items() if not name.startswith("worker-")}
        workers = [numbers for name, numbers in processes.items() if name.startswith("worker-")]
        if workers:
            names = ("memory_bytes", "files", "threads")
            parts["worker"] = {name: max(worker[name] for worker in workers) for name in names}
        return cls(at, jobs, parts)


@dataclass(frozen=True)
class Grown:
    """How much a part took in the last third, and by how much that is more than in the third before it."""

    part: str
    memory: float
    memory_more: float
    files: float
    files_more: float
    threads: float
    threads_more: float
    minutes: float
    jobs: int

    @property
    def kb_per_job(self):
        return self.memory_more / 1000 / max(self.jobs, 1)

    def faults(self):
        """Say what of it is too much."""
        if self.part in MOST_MB and self.memory_more > MOST_MB[self.part] * MB * self.minutes / 10:
            yield f"{self.part} grew by {self.memory_more / MB:.1f} MB in {self.minutes:.1f} minutes"
        if self.part in MOST_KB_PER_JOB and self.kb_per_job > MOST_KB_PER_JOB[self.part]:
            yield f"{self.part} grew by {self.kb_per_job:.0f} KB for each of {self.jobs} jobs"
        if self.files_more > MOST_FILES:
            yield f"{self.part} has {self.files_more:.0f} more files open"
        if self.threads_more > MOST_THREADS:
            yield f"{self.part} has {self.threads_more:.0f} more threads"

    def row(self):
        """Write a line of the report."""
        per_job = (
            f"{self.memory_more / 1000 / self.jobs:+.1f} KB" if self.jobs and self.part in MOST_KB_PER_JOB else "-"
        )
        return (
            f"| {self.part:<9} | {self.memory / MB:.0f} MB | {self.memory_more / MB:+.1f} MB | {per_job} "
            f"| {self.files:.0f} ({self.files_more:+.0f}) | {self.threads:.0f} ({self.threads_more:+.0f}) |"
        )


def growth(samples):
    """Give a `Grown` for each part that is in both thirds; the time between them is a third of the run."""
    end = max(sample.at for sample in samples)
    before = [sample for sample in samples if end / 3 <= sample.at < end * 2 / 3]
    after = [sample for sample in samples if sample.at >= end * 2 / 3]
    if not before or not after:
        return []
    jobs = round(_median(after, lambda sample: sample.jobs) - _median(before, lambda sample: sample.jobs))
    parts = sorted(set(before[0].parts) & set(after[-1].parts))
    return [_grown(part, before, after, end / 180, jobs) for part in parts]


def _grown(part, before, after, minutes, jobs):
    numbers = []
    for what in ("memory_bytes", "files", "threads"):
        was, now = (_usual(third, part, what) for third in (before, after))
        numbers += [now, now - was]
    return Grown(part, *numbers, minutes, jobs)


def _usual(samples, part, what):
    return _median([sample for sample in samples if part in sample.parts], lambda sample: sample.parts[part][what])


def _median(samples, value):
    return statistics.median(map(value, samples))


HEAD = (
    "| process | memory | more | for each job | files | threads |",
    "|---|---|---|---|---|---|",
)
