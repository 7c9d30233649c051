"""The line before a target: whose turn it is when a place on it is free."""

import asyncio
import bisect
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local.azure_quantum.models import Job, Priority

RANKS: dict[Priority, int] = {"High": 0, "Standard": 1}
# Timers of the event loop are true to a millisecond.
TICK = 0.001


@dataclass(frozen=True)
class Stay:
    """How long a job waits for the jobs of others, and then holds its place, in seconds here.

    `queue` tells one length of the queue from another that a script has set since: each is a line of its own.
    """

    wait: float
    seconds: float
    queue: float


@dataclass(eq=False)
class Turn:
    """A job in the line; `ready` is when the jobs of others before it are done, by the event loop's clock."""

    job: Job
    stay: Stay
    ready: float
    called: asyncio.Future[None]
    rank: int

    @property
    def order(self) -> tuple[int, int]:
        return place_of(self.job)

    @property
    def key(self) -> tuple[int, float]:
        return self.rank, self.stay.queue


class Line:
    """Calls up to `capacity` jobs at a time: those of high priority first, then in order of creation."""

    def __init__(self, capacity: int = 1) -> None:
        self.capacity = capacity
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[tuple[int, float], list[Turn]] = {}
        self._turns: dict[str, Turn] = {}
        self._running: dict[Turn, float] = {}
        """When each is expected to leave, by the event loop's clock."""
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self, job: Job, stay: Stay) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        self._loop = loop = asyncio.get_running_loop()
        turn = Turn(job, stay, loop.time() + stay.wait, loop.create_future(), rank_of(job))
        self._turns[job.id] = turn
        self._insert(turn)
        self._advance()
        try:
            await turn.called
            yield
        finally:
            del self._turns[job.id]
            self._remove(turn)
            self._running.pop(turn, None)
            self._advance()

    def reorder(self, job: Job) -> None:
        """Move a job that waits to where its priority has it now."""
        turn = self._turns.get(job.id)
        if turn is not None and turn not in self._running:
            self._remove(turn)
            turn.rank = rank_of(job)
            self._insert(turn)
            self._advance()

    def resize(self, capacity: int) -> None:
        """Have so many places from now on; jobs that run are left alone. May be called by any thread."""
        self.capacity = capacity
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._advance)

    def seconds_before(self, priority: Priority, wait: float) -> float:
        """Estimate when a job that came now would be called, in seconds; `wait` is for the jobs of others."""
        now = asyncio.get_running_loop().time()
        ends = sorted(max(end - now, 0.0) for end in self._running.values())
        free = [0.0] * (self.capacity - len(ends)) + ends[max(len(ends) - self.capacity, 0) :]
        before = [turn for turns in self._waiting.values() for turn in turns if turn.rank <= RANKS[priority]]
        for turn in sorted(before, key=lambda turn: turn.ready):
            heapq.heapreplace(free, max(free[0], turn.ready - now) + turn.stay.seconds)
        return max(wait, free[0])

    def _insert(self, turn: Turn) -> None:
        bisect.insort(self._waiting.setdefault(turn.key, []), turn, key=lambda other: other.job.position)

    def _remove(self, turn: Turn) -> None:
        turns = self._waiting.get(turn.key, [])
        if turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[turn.key]

    def _advance(self) -> None:
        """Call those whose turn it is; nobody overtakes another of the same priority."""
        now = asyncio.get_running_loop().time()
        while self._waiting and len(self._running) < self.capacity:
            heads = [turns[0] for turns in self._waiting.values()]
            ready = [turn for turn in heads if turn.ready <= now + TICK]
            if not ready:
                self._wake_at(min(turn.ready for turn in heads))
                return
            turn = min(ready, key=lambda turn: turn.order)
            self._remove(turn)
            # A job that is cancelled at this moment waits no more and leaves by itself.
            if not turn.called.done():
                self._running[turn] = now + turn.stay.seconds
                turn.called.set_result(None)

    def _wake_at(self, time: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(time, self._advance)


def place_of(job: Job) -> tuple[int, int]:
    """Give what jobs are ordered by: priority, then age."""
    return rank_of(job), job.position


def rank_of(job: Job) -> int:
    return RANKS[job.request.priority or "Standard"]
