"""What stays when a process dies: the stores, the queue with its host's rules, and a workspace that runs jobs."""

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field, replace

from quantum_jobs.clock import timestamp
from quantum_jobs.errors import ProviderRefused, ServiceUnavailable
from quantum_jobs.models import ProviderJob
from quantum_jobs.money import Money
from tests.fakes import FakeBlobs, FakeQueue, FakeRecords, FakeWorkspace, Faults

MOST_DELIVERIES = 5  # host.json: maxDequeueCount
PAUSE_SECONDS = 30  # host.json: visibilityTimeout, after a delivery that failed
ENDED = ("Succeeded", "Failed", "Cancelled")


@dataclass(frozen=True)
class Run:
    """How the workspace runs one attempt: seconds in its queue and on the machine, then how it ends."""

    ends: str = "Succeeded"
    code: str | None = None
    waits: float = 8
    lasts: float = 8
    cost: str | None = None
    items: int = 1


class Workspace(FakeWorkspace):
    """Runs what it is given, by the clock; every PUT of a new id is a run. `plan` gives the run of each attempt."""

    def __init__(self, faults, blobs, clock, *targets):
        super().__init__(faults, *targets)
        self.plan = [Run()]
        self.refused = set()  # attempts (by number) that it takes from nobody
        self.full_after = None  # so many jobs, then it refuses: for good, says its status
        self.repeated = False  # each PUT is sent twice, as the SDK does when the first is not answered
        self.late = []  # seconds after which the next PUTs arrive; whoever sent them has no answer and goes on
        self._on_their_way = []
        self.hidden = (0.0, 0.0)  # from when till when after its PUT a run is not to be seen
        self.runs = {}
        self.wrong = []
        self._blobs, self._clock = blobs, clock

    async def submit(self, job, container_uri, input_uri, provider_options, not_after):
        if self._clock.seconds > not_after:
            raise ServiceUnavailable("put job")
        if self.late:
            self._on_their_way.append(asyncio.ensure_future(self._arriving(job, self.late.pop(0))))
            raise ServiceUnavailable("put job")
        for _ in range(1 + self.repeated):
            await self._put(job)

    async def _arriving(self, job, seconds):
        await asyncio.sleep(seconds)
        with contextlib.suppress(ServiceUnavailable, ProviderRefused):
            await self._put(job)

    async def _put(self, job):
        await self.faults.passing("put job")
        name, number = job.attempt.provider_job_id, job.attempt.number
        if number in self.refused or (self.full_after is not None and len(self.runs) >= self.full_after):
            raise ProviderRefused("no")
        self.puts.append(name)
        if name in self.runs:
            if self._hides(name) and self.hidden[0]:
                self.wrong.append(f"attempt {number} of {job.id} was sent again though it had been there")
            return
        if "inputData" not in self._blobs.containers.get(name, {}):
            self.wrong.append(f"attempt {number} of {job.id} was sent before its input was stored")
        before = [attempt.provider_job_id for attempt in job.attempts[:-1]]
        if any(self.status(other) != "Failed" for other in before):
            self.wrong.append(f"attempt {number} of {job.id} was sent though the one before has not failed")
        self.runs[name] = (job.id, number, self.plan[min(number, len(self.plan)) - 1], self._clock.seconds)
        self.jobs[name] = ProviderJob(name, "Waiting")

    async def get(self, provider_job_id):
        await self.faults.passing("get job")
        self.status(provider_job_id)
        return None if self._hides(provider_job_id) else self.jobs.get(provider_job_id)

    def _hides(self, name):
        began, ended = self.hidden
        return name in self.runs and began <= self._clock.seconds - self.runs[name][3] < ended

    async def cancel(self, provider_job_id):
        self.status(provider_job_id)
        if self._hides(provider_job_id):
            return
        await super().cancel(provider_job_id)
        if provider_job_id in self.jobs and not self.jobs[provider_job_id].ended:
            self.jobs[provider_job_id] = replace(self.jobs[provider_job_id], ended=timestamp(self._clock.moment()))

    def status(self, name):
        """Give the status of a run as it is by now; None where there is none."""
        if name not in self.runs:
            return None
        job, (_, _, run, at) = self.jobs[name], self.runs[name]
        waited = self._clock.seconds - at
        if job.status not in ENDED and waited >= run.waits + run.lasts:
            failure = {"error_code": run.code, "error_message": "no"} if run.ends == "Failed" else {}
            cost = Money.of(run.cost) if run.cost else None
            moment = timestamp(self._clock.moment())
            self.jobs[name] = replace(job, status=run.ends, began=moment, ended=moment, cost=cost, **failure)
            if run.ends == "Succeeded":
                self._write_output(name, run.items)
        elif job.status == "Waiting" and waited >= run.waits:
            self.jobs[name] = replace(job, status="Executing", began=timestamp(self._clock.moment()))
        return self.jobs[name].status

    def _write_output(self, name, items):
        container = self._blobs.containers.get(name)
        if container is None:
            self.wrong.append(f"the container of run {name} is gone before its output was written")
            return
        others = {key: self._blobs.containers.pop(key) for key in list(self._blobs.containers) if key != name}
        self._blobs.give_output(([0, 0], 60), ([1, 1], 40), items=items)
        self._blobs.containers.update(others)


class Records(FakeRecords):
    """Watches every change: what a record has been is told to `watch(before, after)`."""

    def __init__(self, faults, watch):
        super().__init__(faults)
        self._watch = watch

    async def insert(self, job, submission, account=None):
        made = await super().insert(job, submission, account)
        if made.id == job.id:
            self._watch(None, made)
        return made

    async def update(self, job, etag, account=None):
        before = self.rows[job.owner, job.id][0]
        stored = await super().update(job, etag, account)
        if stored is not None:
            self._watch(before, stored.job)
        return stored


@dataclass
class Letter:
    """A message in the queue: hidden until a moment, delivered so many times."""

    message: object
    visible_at: float
    number: int
    deliveries: int = 0
    poison: int = 0


@dataclass
class Queue(FakeQueue):
    """The queue and its poison queue with the rules of the Functions host; what is poison twice is lost."""

    faults: Faults
    clock: object
    lease_seconds: float = 600
    letters: list[Letter] = field(default_factory=list)
    lost: list[Letter] = field(default_factory=list)
    sent: list = field(default_factory=list)

    def __post_init__(self):
        self._numbers = itertools.count()

    async def send(self, message, delay_seconds):
        await super().send(message, delay_seconds)
        self.letters.append(Letter(message, self.clock.seconds + delay_seconds, next(self._numbers)))

    def visible(self):
        return [letter for letter in self.letters if letter.visible_at <= self.clock.seconds]

    def take(self, letter):
        """Hide a message from others for as long as its lease lasts; it is poison when it has been taken too often."""
        letter.deliveries += 1
        if letter.deliveries > MOST_DELIVERIES:
            return self._poison(letter)
        letter.visible_at = self.clock.seconds + self.lease_seconds
        return True

    def handled(self, letter):
        if letter in self.letters:
            self.letters.remove(letter)

    def failed(self, letter):
        if letter.deliveries >= MOST_DELIVERIES:
            self._poison(letter)
        else:
            letter.visible_at = self.clock.seconds + PAUSE_SECONDS

    def _poison(self, letter):
        self.handled(letter)
        if letter.poison:
            self.lost.append(letter)
        else:
            number = next(self._numbers)
            self.letters.append(Letter(letter.message, self.clock.seconds, number, poison=letter.poison + 1))
        return False

    def again(self, letter):
        """Deliver a message once more, whatever became of the first time."""
        self.letters.append(replace(letter, visible_at=self.clock.seconds, number=next(self._numbers)))


class Blobs(FakeBlobs):
    """As in the fakes; an output that was asked for in a container that is gone is not there.

    `dropping` is told owner and job of each result that is erased.
    """

    def __init__(self, faults, dropping):
        super().__init__(faults)
        self._dropping = dropping

    async def drop_result(self, owner, job_id):
        if (owner, job_id) in self.results:
            self._dropping(owner, job_id)
        await super().drop_result(owner, job_id)

    async def get_output(self, provider_job_id, blob):
        await self.faults.passing("get output")
        return self.containers.get(provider_job_id, {}).get(blob)
