import asyncio
import math

from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.documents import job_document, target_document
from quantum_jobs.models import HISTORY, JobState, Wait, WaitSamples
from quantum_jobs.prices import RATES
from quantum_jobs.waits import LEAST_SAMPLES, MOST_SAMPLES, Waits, wait_of

from . import samples
from .fakes import Clock, FakeRecords, Faults
from .world import World

TARGET = samples.target().id
STARTED = "2026-11-22T10:01:10.000Z"  # the job of `samples` was made at 10:00


class Observer:
    """Waits over records in memory, with a clock to turn."""

    def __init__(self):
        self.faults = Faults()
        self.records = FakeRecords(self.faults)
        self.clock = Clock()
        self.waits = Waits(self.records, self.clock)

    def see(self, before=None, after=None):
        async def see():
            self.waits.saw(before or samples.job(), after or started())

        asyncio.run(see())

    def flush(self, later=60):
        self.clock.time += later
        asyncio.run(self.waits.flush())

    @property
    def kept(self):
        return self.records.samples.get(TARGET, WaitSamples()).seconds

    @property
    def writes(self):
        return self.faults.calls.count("keep waits")


def started(number=1, at=STARTED):
    attempts = samples.job().with_attempt(started_at=at, number=number)
    return samples.job(state=JobState.RUNNING, attempts=attempts)


def world_with_history(*seconds):
    world = World()
    world.records.samples[TARGET] = WaitSamples(seconds, "1")
    return world


def test_the_wait_of_a_job_is_from_its_making_to_its_start_at_the_provider():
    observer = Observer()
    observer.see()
    observer.flush()
    assert observer.kept == (70,)


def test_a_start_before_the_making_by_another_clock_is_no_wait():
    observer = Observer()
    observer.see(after=started(at="2026-11-22T09:59:59.000Z"))
    observer.flush()
    assert observer.kept == (0,)


def test_a_job_counts_once_however_often_it_changes_after_its_start():
    observer = Observer()
    observer.see()
    observer.see(before=started())
    observer.flush()
    assert len(observer.kept) == 1


def test_a_second_attempt_says_nothing_about_the_queue():
    observer = Observer()
    again = started()
    observer.see(samples.job(), samples.job(attempts=(*again.attempts, *started(2).attempts)))
    observer.flush()
    assert observer.kept == ()


def test_two_processes_that_follow_one_job_take_one_sample():
    world = World()
    world.submit()
    world.workspace.finish("Executing", ended=None, began=STARTED)
    stored = asyncio.run(world.records.get(samples.ALICE.owner, world.records.only().id))
    for _ in range(2):  # both have read the same record; the second loses its compare-and-swap
        asyncio.run(world.service._follower.refreshed(stored))
    asyncio.run(world.service._waits.flush())
    assert len(world.records.samples[TARGET].seconds) == 1


def test_the_shepherd_writes_what_was_seen():
    world = World()
    world.submit()
    world.workspace.finish("Executing", ended=None, began=STARTED)
    world.shepherd_takes()
    assert len(world.records.samples[TARGET].seconds) == 1


def test_many_samples_are_one_write_in_ten_seconds():
    observer = Observer()
    for _ in range(30):
        observer.see()
        observer.flush(later=0.1)
    assert observer.writes == 1
    observer.flush()
    assert observer.writes == 2
    assert len(observer.kept) == 30


def test_the_last_two_hundred_samples_are_kept():
    observer = Observer()
    observer.records.samples[TARGET] = WaitSamples(tuple(range(MOST_SAMPLES)), "1")
    observer.see()
    observer.flush()
    assert observer.kept == (*range(1, MOST_SAMPLES), 70)


def test_a_sample_that_another_process_overtook_is_written_the_next_time():
    observer = Observer()
    observer.see()
    read = observer.records.waits

    async def overtaken():
        kept = await read()
        observer.records.samples[TARGET] = WaitSamples((5,), "7")
        return kept

    observer.records.waits = overtaken
    observer.flush()
    assert observer.kept == (5,)
    observer.records.waits = read
    observer.flush()
    assert observer.kept == (5, 70)


def test_samples_outlive_a_table_that_does_not_answer():
    observer = Observer()
    observer.see()
    for call in ("get waits", "keep waits"):
        observer.faults.before = {call}
        observer.flush()
    observer.faults.before = set()
    observer.flush()
    assert observer.kept == (70,)


def test_no_job_and_no_list_of_targets_fails_because_waits_cannot_be_read_or_written():
    world = World()
    world.faults.before = {"get waits", "keep waits"}
    world.submit()
    world.workspace.finish("Executing", ended=None, began=STARTED)
    world.shepherd_takes()
    assert world.records.only().state == JobState.RUNNING
    assert [target.wait for target in asyncio.run(world.service.targets())] == [Wait(3, None, "provider")]


@given(st.lists(st.integers(0, 10**6), max_size=MOST_SAMPLES))
def test_history_speaks_from_twenty_samples_on_in_two_digits(seconds):
    wait = wait_of(seconds)
    assert (wait is None) == (len(seconds) < LEAST_SAMPLES)
    if wait is not None:
        assert wait.source == HISTORY
        assert wait.p50_seconds <= wait.p90_seconds
        assert all(len(str(number).rstrip("0")) <= 2 for number in (wait.p50_seconds, wait.p90_seconds))


@given(st.lists(st.integers(0, 10**5), min_size=LEAST_SAMPLES, max_size=MOST_SAMPLES))
def test_half_of_the_jobs_waited_no_longer_than_the_median_and_nine_of_ten_than_the_other(seconds):
    wait = wait_of(seconds)
    for share, shown in ((0.5, wait.p50_seconds), (0.9, wait.p90_seconds)):
        inexact = 10 ** max(len(str(shown)) - 2, 0)
        assert sum(second <= shown + inexact for second in seconds) >= math.ceil(share * len(seconds))
        assert sum(second >= shown - inexact for second in seconds) >= len(seconds) - math.ceil(share * len(seconds))


def test_targets_and_estimates_tell_the_history_in_place_of_the_providers_average():
    world = world_with_history(*[10] * 15, *[400] * 5)
    wait = {"p50Seconds": 10, "p90Seconds": 400, "source": "history"}
    (target,) = asyncio.run(world.service.targets())
    assert target_document(target, RATES)["queue"] == {"averageSeconds": 3, "wait": wait}
    assert asyncio.run(world.service.target(TARGET)).wait == Wait(10, 400, "history")


def test_below_twenty_samples_the_providers_average_stands():
    world = world_with_history(*[400] * (LEAST_SAMPLES - 1))
    assert asyncio.run(world.service.target(TARGET)).wait == Wait(3, None, "provider")


def test_what_a_job_was_told_of_its_wait_never_changes():
    world = world_with_history(*[10] * LEAST_SAMPLES)
    asyncio.run(world.service.targets())
    world.submit()
    job = world.get(world.records.only().id)
    told = job_document(job, "https://api")["queue"]
    assert told["wait"] == {"p50Seconds": 10, "p90Seconds": 10, "source": "history"}
    assert told["asOf"] == job.created_at
    world.records.samples[TARGET] = WaitSamples((900,) * LEAST_SAMPLES, "2")
    world.service._waits._read_at = -math.inf
    (target,) = asyncio.run(world.service.targets())
    assert target.wait.p50_seconds == 900
    again = world.get(job.id)
    assert job_document(again, "https://api")["queue"] == told
    assert again.tag == job.tag


def test_waits_are_read_again_only_after_a_while():
    observer = Observer()
    for later, reads in ((0, 1), (30, 1), (60, 2)):
        observer.clock.time = later
        asyncio.run(observer.waits.fresh())
        assert observer.faults.calls.count("get waits") == reads


def test_a_submit_does_not_wait_for_the_waits_to_be_read():
    world = World()
    world.submit()
    assert "get waits" not in world.faults.calls
