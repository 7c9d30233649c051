"""A process that can be stopped anywhere: an event loop of which every step is taken by hand, in virtual time.

A step is one callback: what runs between two awaits. A process dies by taking no further step; nothing of it is told,
so no `except` and no `finally` of the code gets a chance, as with SIGKILL.
"""

import asyncio
import heapq
import itertools
from asyncio import events
from collections import deque
from datetime import UTC, datetime, timedelta

from quantum_jobs.errors import ServiceUnavailable

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class VirtualClock:
    """Stands for all processes at once until nothing is left to do at this moment."""

    def __init__(self):
        self.seconds = 0.0
        self.skew = 0  # seconds by which the clock of the process that takes a step is wrong

    def moment(self):
        return START + timedelta(seconds=self.seconds)


def virtual_datetime(clock):
    """Give a `datetime` whose present is the virtual clock's, for `quantum_jobs.clock`."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz=None):
            return (clock.moment() + timedelta(seconds=clock.skew)).astimezone(tz)

    return Virtual


class StepLoop(asyncio.AbstractEventLoop):
    """What coroutines need of a loop, and `step`."""

    def __init__(self, clock):
        self.clock = clock
        self.ready = deque()
        self.timers = []
        self.tasks = []
        self._order = itertools.count()

    def step(self):
        """Run one callback that is due."""
        self.wake()
        handle = self.ready.popleft()
        if not handle.cancelled():
            events._set_running_loop(self)
            try:
                handle._run()
            finally:
                events._set_running_loop(None)

    def wake(self):
        """Move the timers that are due among what is ready."""
        while self.timers and (self.timers[0][0] <= self.clock.seconds or self.timers[0][2].cancelled()):
            self.ready.append(heapq.heappop(self.timers)[2])
        while self.ready and self.ready[0].cancelled():
            self.ready.popleft()

    def time(self):
        return self.clock.seconds

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def is_closed(self):
        return False

    def create_future(self):
        return asyncio.Future(loop=self)

    def create_task(self, coro, *, name=None, context=None, **_):
        self.tasks.append(asyncio.Task(coro, loop=self, name=name, context=context))
        return self.tasks[-1]

    def call_soon(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self.clock.seconds + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self.timers, (when, next(self._order), handle))
        return handle

    def _timer_handle_cancelled(self, handle):
        pass

    def run_in_executor(self, executor, func, *args):
        """Run in place: what a thread computes here has no effect outside."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def call_exception_handler(self, context):
        pass  # tasks of the dead, and answers that nobody waits for any more


class Wire:
    """One port as one process sees it: each call is a step before its effect and a step between effect and answer.

    Like a thread that has sent its request, a call goes on when who waits for it is cancelled.
    """

    def __init__(self, process, port, delay, fault):
        self._process, self._port, self._delay, self._fault = process, port, delay, fault

    def __getattr__(self, name):
        method = getattr(self._port, name)
        name = f"{type(self._port).__name__.lower()}.{name}"

        async def call(*arguments, **options):
            return await asyncio.shield(asyncio.ensure_future(self._called(name, method, arguments, options)))

        return call

    async def _called(self, name, method, arguments, options):
        await asyncio.sleep(self._delay())
        self._process.told(f"{name} ...")
        if self._fault(name):
            self._process.told(f"{name} does not answer, without effect")
            raise ServiceUnavailable(name)
        try:
            answer = await method(*arguments, **options)
        except Exception as error:
            self._process.told(f"{name} -> {type(error).__name__}")
            raise
        self._process.told(f"{name} done")
        await asyncio.sleep(self._delay())
        if self._fault(name):
            self._process.told(f"{name}: the answer is lost")
            raise ServiceUnavailable(name)
        return answer


class Process:
    """One instance of the service: what it remembers ends with it."""

    def __init__(self, number, clock, trace, make_service, ports, delay, fault):
        self.number, self._trace = number, trace
        self.loop = StepLoop(clock)
        self._clock = clock
        self._still_until = 0.0
        self.skew = 0
        self.alive = True
        self.work = []
        self.service = make_service(*(Wire(self, port, delay, fault) for port in ports))

    def told(self, what):
        assert self.alive, "a dead process does something"
        self._trace.append(f"p{self.number}: {what}")

    def start(self, name, coroutine, ended):
        """Begin a piece of work; `ended` is told its task when it has ended, never when the process has died."""
        self._trace.append(f"p{self.number}: > {name}")
        task = self.loop.create_task(coroutine)
        self.work.append(name)

        def over(task):
            self.work.remove(name)
            ended(task)

        task.add_done_callback(over)

    def stand_still(self, seconds):
        """Take no step for so long, as under SIGSTOP, and then go on."""
        self._trace.append(f"p{self.number}: stands still for {seconds} s")
        self._still_until = self._clock.seconds + seconds

    def can_step(self):
        self.loop.wake()
        return bool(self.loop.ready) and not self.stands_still()

    def stands_still(self):
        return self._clock.seconds < self._still_until

    def next_moment(self):
        """When something may be done here again; None: when it is given work."""
        if self.stands_still():
            return self._still_until
        return self.loop.timers[0][0] if self.loop.timers else None

    def die(self):
        self._trace.append(f"p{self.number}: killed")
        self.alive = False

    def clear(self):
        """Take away what is left of its coroutines, when all has been looked at."""
        for task in self.loop.tasks:
            if not task.done():
                task.get_coro().close()
