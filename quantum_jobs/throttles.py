"""How many jobs an application has unfinished at a target, and how fast it submits: fair over those who wait."""

import asyncio
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from quantum_jobs.errors import Fault, InvalidRequest


@dataclass(frozen=True)
class Pace:
    """What an application asks of one target at most: unfinished jobs at once, submits per second (None: no bound)."""

    unfinished: int = 20
    per_second: float | None = None

    def __post_init__(self) -> None:
        if self.unfinished < 1:
            raise InvalidRequest([Fault("must be at least 1", "unfinished")])
        if self.per_second is not None and not self.per_second > 0:
            raise InvalidRequest([Fault("must be over 0, or None for no bound", "per_second")])


@dataclass
class _Door:
    inside: int = 0
    next_at: float = 0.0
    waiting: dict[Hashable, deque[asyncio.Future[None]]] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class Throttle:
    """Lets submits through, each target by itself; those who wait take turns, however many submits each has waiting.

    On one event loop, therefore without locks.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._doors: dict[str, _Door] = {}

    async def enter(self, target: str, who: Hashable) -> None:
        """Wait for a place at a target; `leave` gives it back, when the job is done or was never made."""
        door = self._doors.setdefault(target, _Door())
        turn = asyncio.get_running_loop().create_future()
        door.waiting.setdefault(who, deque()).append(turn)
        self._admit(door)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(target)
            raise

    def leave(self, target: str) -> None:
        """Give a place back."""
        door = self._doors[target]
        door.inside -= 1
        self._admit(door)

    def waiting(self, target: str) -> int:
        """Tell how many submits wait for a target."""
        door = self._doors.get(target)
        return sum(map(len, door.waiting.values())) if door else 0

    def _admit(self, door: _Door) -> None:
        while door.inside < self._pace.unfinished and door.waiting:
            if self._too_early(door):
                return
            turn = _next(door.waiting)
            if turn.done():  # its task was cancelled meanwhile
                continue
            turn.set_result(None)
            door.inside += 1

    def _too_early(self, door: _Door) -> bool:
        if self._pace.per_second is None:
            return False
        loop = asyncio.get_running_loop()
        if loop.time() >= door.next_at:
            door.next_at = max(loop.time(), door.next_at) + 1 / self._pace.per_second
            return False
        if door.timer is None:
            door.timer = loop.call_at(door.next_at, self._again, door)
        return True

    def _again(self, door: _Door) -> None:
        door.timer = None
        self._admit(door)


def _next(waiting: dict[Hashable, deque[asyncio.Future[None]]]) -> asyncio.Future[None]:
    """Take the first submit of who is first in the row, and send who has more to its end."""
    who = next(iter(waiting))
    turns = waiting.pop(who)
    turn = turns.popleft()
    if turns:
        waiting[who] = turns
    return turn
