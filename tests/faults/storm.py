"""Runs callers, deliveries and deaths against the service, step by step, until nothing is left to do.

One seed is one run: which step comes next, how long a call takes, who dies and when follow from it alone.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from quantum_jobs import clock as product_clock
from quantum_jobs.clock import parse_timestamp
from quantum_jobs.errors import DeadlineImpossible, JobAlreadyDone, JobNotDone, QuantumJobsError, ServiceUnavailable
from quantum_jobs.service import JobService
from tests import samples
from tests.fakes import Faults

from .machine import Process, VirtualClock, virtual_datetime
from .outside import Blobs, Queue, Records, Workspace
from .receiving import Post, kind, moody
from .rules import Watch, check

MOST_ACTIONS = 60_000
REPEAT_SECONDS, MOST_PAUSE_SECONDS = 2.0, 120.0
LOOK_SECONDS = 3.0
SKEWS = (0, -15, 15)  # seconds that the clock of a machine is wrong
STALLS = (45, 90, 150, 290)  # seconds; whoever stands still for longer is ended by its host (functionTimeout)


@dataclass(frozen=True)
class Wish:
    """What a caller does to its job: an operation of the service, asked once `due(job)` holds."""

    name: str
    arguments: tuple[Any, ...]
    due: Callable[[Any], bool]
    repeats: bool = True  # when it is not answered


@dataclass(frozen=True)
class Ask:
    """A request under its key, and what its caller does next; it begins when `after(records)` holds."""

    request: Any
    wishes: tuple[Wish, ...] = ()
    after: Callable[[Any], bool] = lambda records: True


@dataclass
class Client:
    """A caller that repeats what it asks until it has an answer."""

    ask: Ask
    asked_at: float = 0.0
    pause: float = REPEAT_SECONDS
    busy: bool = False
    job_id: str | None = None
    answers: list[str] = field(default_factory=list)
    done: int = 0
    refused: bool = False

    @property
    def satisfied(self):
        return self.refused or (self.job_id is not None and self.done == len(self.ask.wishes))


class Storm:
    """A world, one or two processes of the service in it, and callers."""

    def __init__(self, scenario, seed=0, processes=1, wild=False):
        self.chance = random.Random(seed)
        self.scenario, self.wild = scenario, wild
        self.clock = VirtualClock()
        self.trace = []
        self.watch = Watch(self.clock)
        faults = Faults()
        self.blobs = Blobs(faults, self._dropping)
        self.dropped_early = []
        self.workspace = Workspace(faults, self.blobs, self.clock, *scenario.targets)
        self.records = Records(faults, self.watch)
        self.queue = Queue(faults, self.clock, lease_seconds=self.chance.choice([30, 600]) if wild else 600)
        moods = moody(self.chance) if wild else kind
        self.post = Post(faults, self.clock, self.queue.lease_seconds, moods) if scenario.told else None
        self.late = self.stalls = 0
        self.failures = []
        self.kills = self.kills_left = self.doubles = self.steps = self.steps_to_rest = 0
        self.where = ""
        self.at_work, self.called = Counter(), Counter()  # steps and outward calls, by the operation under way
        self.bugs = {}  # the same, where it fails as no adapter does
        self.ends_with_giving_up = False  # the trouble does, whatever its span
        self.outages = {}  # call: from when till when it does not answer, once a run has begun
        scenario.prepare(self)
        self.clients = [Client(ask) for ask in scenario.asks]
        self._next_number, self.all = 0, []
        self.processes = [self._process() for _ in range(processes)]

    def _process(self):
        self._next_number += 1
        ports = (self.workspace, self.records, self.blobs, self.queue, *(self.post.ports if self.post else ()))

        def service(workspace, records, blobs, queue, *post):
            announcer = self.post.announcer(*post[:2]) if self.post else None
            made = JobService(workspace, records, blobs, queue, self.scenario.terms, announcer)
            made.deliverer = self.post.deliverer(records, *post) if self.post else None
            return made

        process = Process(self._next_number, self.clock, self.trace, service, ports, self._delay, self._fault)
        process.skew = self.chance.choice(SKEWS) if self.wild else 0
        self.all.append(process)
        return process

    def _dropping(self, owner, job_id):
        """A result is erased: it must have been deleted, or its time be over."""
        job, _ = self.records.rows.get((owner, job_id), (None, 0))
        kept = self.scenario.terms.retention
        if job is None or job.deleted_at:
            return  # of a request that was the second under its key, or of a deleted job
        spared = timedelta(seconds=2 * max(SKEWS))
        if not job.expired_at or self.clock.moment() < parse_timestamp(job.history[-1].at) + kept - spared:
            self.dropped_early.append(f"the result of {job_id} is erased, which has {job.state}")

    def _delay(self):
        """Seconds that a call is under way: mostly none, now and then long enough that a caller stops waiting."""
        if not self.wild or not self.kills_left or self.chance.random() < 0.9:
            return 0
        return self.chance.choice([0.01, 0.5, 3, 12])

    def _fault(self, name):
        if self._within(self.bugs, name):
            raise RuntimeError("a bug")
        return self._within(self.outages, name) or (self.wild and self.kills_left > 0 and self.chance.random() < 0.01)

    def _within(self, spans, name):
        began, ended = spans.get(name, (0.0, 0.0))
        is_over = self.ends_with_giving_up and any(job.unsettled for job, _ in self.records.rows.values())
        return began <= self.clock.seconds < ended and bool(self.workspace.runs) and not is_over

    def run(self, kill_at: Sequence[int] = (), kills: int = 0):
        """Go on until all is done; the process that takes the n-th step dies after it, for each n of `kill_at`."""
        self.kills_left = kills or len(kill_at)
        random.seed(self.chance.random())  # the pauses between attempts
        original, product_clock.datetime = product_clock.datetime, virtual_datetime(self.clock)
        try:
            self._until_rest(kill_at)
            self.kills_left, self.steps_to_rest = 0, self.steps
            self._ask_once_more()
            self._until_rest(())
            check(self)
        finally:
            product_clock.datetime = original
            for process in self.all:
                process.clear()

    def _until_rest(self, kill_at):
        for _ in range(MOST_ACTIONS):
            if not self._act(kill_at):
                return
        raise AssertionError("it never comes to rest")

    def _act(self, kill_at):
        if self.failures:
            raise self.failures[0]
        actions = self._actions()
        if not actions:
            return self._let_time_pass()
        action, *arguments = self.chance.choice(actions) if self.wild else actions[0]
        action(*arguments)
        if action == self._step and self._dies(kill_at):
            self._kill(arguments[0])
        if self.wild and self.kills_left:
            self._trouble()
        return True

    def _trouble(self):
        """Now and then a message comes twice, a PUT arrives late, a process stands still."""
        for queue in self._queues():
            if queue.letters and self.chance.random() < 0.002:
                self.doubles += 1
                queue.again(self.chance.choice(queue.letters))
        if self.chance.random() < 0.002:
            self.late += 1
            self.workspace.late.append(self.chance.choice(STALLS))
        if self.chance.random() < 0.002:
            self.stalls += 1
            self.chance.choice(self.processes).stand_still(self.chance.choice(STALLS))

    def _dies(self, kill_at):
        if self.wild:
            return self.kills_left > 0 and self.chance.random() < 0.02
        return self.steps in kill_at

    def _actions(self):
        steps = [(self._step, process) for process in self.processes if process.can_step()]
        if steps and not self.wild:
            return steps
        if not self._awake():
            return steps
        asks = [(self._ask, client) for client in self.clients if self._may_ask(client)]
        letters = [(self._deliver, letter) for letter in self.queue.visible()]
        if self.post:
            letters += [(self._deliver_event, letter) for letter in self.post.queue.visible()]
        return steps * (3 if self.wild else 1) + asks + letters

    def _let_time_pass(self):
        moments = [letter.visible_at for queue in self._queues() for letter in queue.letters]
        moments += [client.asked_at for client in self.clients if not client.busy and not client.satisfied]
        moments += [process.next_moment() for process in self.processes]
        coming = [moment for moment in moments if moment is not None and moment > self.clock.seconds]
        if coming:
            self.clock.seconds = min(coming)
        return bool(coming)

    def _step(self, process):
        self.steps += 1
        name = "+".join(sorted({work.split()[0] for work in process.work})) or "beside"
        self.at_work[name] += 1
        asked = len(self.trace)
        self.clock.skew = process.skew
        process.loop.step()
        self.clock.skew = 0
        self.called[name] += sum(line.endswith(" ...") for line in self.trace[asked:])

    def _kill(self, process):
        self.where = f"{'+'.join(process.work) or 'nothing'}: {self.trace[-1] if self.trace else ''}"
        process.die()
        self.kills += 1
        self.kills_left -= 1
        self.processes[self.processes.index(process)] = self._process()
        for client in self.clients:
            if client.busy is process:
                client.busy, client.asked_at = False, self.clock.seconds + REPEAT_SECONDS
                if client.job_id is not None and not client.ask.wishes[client.done].repeats:
                    client.done += 1

    def _queues(self):
        return [self.queue, self.post.queue] if self.post else [self.queue]

    def _awake(self):
        """Give the processes that take work: not those that stand still, with the host on their machine."""
        return [process for process in self.processes if not process.stands_still()]

    def _any(self):
        return self.chance.choice(self._awake())

    # Callers

    def _may_ask(self, client):
        if client.busy or client.satisfied or client.asked_at > self.clock.seconds:
            return False
        job = self._job(client)
        is_due = client.ask.after(self.records) if job is None else client.ask.wishes[client.done].due(job)
        if not is_due:
            client.asked_at = self.clock.seconds + LOOK_SECONDS
        return is_due

    def _job(self, client):
        row = self.records.rows.get((samples.ALICE.owner, client.job_id))
        if client.job_id is not None:
            assert row, f"{client.job_id} was answered and is not there"
        return row[0] if row else None

    def _ask(self, client):
        process = self._any()
        client.busy = process
        if client.job_id is None:
            name, work = "submit", process.service.submit(samples.ALICE, client.ask.request)
        else:
            wish = client.ask.wishes[client.done]
            name, work = wish.name, getattr(process.service, wish.name)(samples.ALICE, client.job_id, *wish.arguments)

        def ended(task):
            client.busy, client.asked_at = False, self.clock.seconds + client.pause
            client.pause = min(2 * client.pause, MOST_PAUSE_SECONDS)
            self._heard(client, name, task)

        process.start(name, work, ended)

    def _heard(self, client, name, task):
        error = task.exception()
        self.trace.append(f"   {name} answered {type(error).__name__ if error else 'well'}")
        if isinstance(error, ServiceUnavailable | JobNotDone):
            return
        if isinstance(error, DeadlineImpossible):
            client.refused = True  # it came too late, and nothing was made
            return
        if error is not None and not (name == "cancel" and isinstance(error, JobAlreadyDone)):
            self.failures.append(error)  # an error that leaves a callback is seen by nobody
            return
        if name == "submit":
            client.job_id = task.result()[0].id
            client.answers.append(client.job_id)
        else:
            client.done += 1
            self.watch.answered(client.job_id, name, error)

    def _ask_once_more(self):
        """Each caller repeats its request: it must be the same job, and start nothing."""
        runs = dict(self.workspace.runs)
        for client in (client for client in self.clients if not client.refused):
            process = self._process()
            heard = []
            process.start("submit", process.service.submit(samples.ALICE, client.ask.request), heard.append)
            while not heard:
                process.loop.step()
            error = heard[0].exception()
            if isinstance(error, QuantumJobsError):
                assert self._job(client).deleted_at, error
            else:
                client.answers.append(heard[0].result()[0].id)
        assert self.workspace.runs == runs

    # The queue

    def _deliver(self, letter):
        process = self._any()
        self.watch.delivered(letter, self)
        if not self.queue.take(letter):
            return
        shepherd = process.service.shepherd
        name, handler = ("revive", shepherd.revive) if letter.poison else ("advance", shepherd.advance)
        ended = self._ending(name, self.queue, letter)
        letter_name = f"{name} {letter.message.sequence} of {letter.message.job_id[-4:]}"
        process.start(letter_name, handler(letter.message), ended)

    def _deliver_event(self, letter):
        process = self._any()
        if not self.post.queue.take(letter):
            return
        delivering = process.service.deliverer
        name = "give_up" if letter.poison else "tell"
        repeated = letter.deliveries > 1
        work = delivering.give_up(letter.message) if letter.poison else delivering.deliver(letter.message, repeated)
        process.start(f"{name} {letter.message.attempt}", work, self._ending(name, self.post.queue, letter))

    def _ending(self, name, queue, letter):
        """Give what becomes of a message when its function has ended."""

        def ended(task):
            error = task.exception()
            self.trace.append(f"   {name} {type(error).__name__ if error else 'handled'}")
            if error is None:
                queue.handled(letter)
            elif isinstance(error, ServiceUnavailable | RuntimeError):
                queue.failed(letter)
            else:
                self.failures.append(error)

        return ended
