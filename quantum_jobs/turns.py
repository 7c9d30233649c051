"""Turns: how many requests of one owner are worked on at once, so that nobody waits behind another's thousand.

A process does little at once: its interpreter, the threads of its doors and the store behind them are shared by all.
Without this an owner with thirty requests under way has thirty times the share of one who has a single one. Here each
has a few turns; who asks for more stands in his own line, first come, first served, and lines do not wait for each
other. Reading and changing have turns of their own: a workspace that hangs holds submits, and no look at a status.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar

from quantum_jobs.border import seconds_left
from quantum_jobs.errors import Crowded

# A choice: enough that one owner alone keeps a process busy while each of his requests waits for storage.
AT_ONCE = 8

_ends: ContextVar[AsyncExitStack] = ContextVar("request_ends")


class Turns:
    """The turns of all owners in this process."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lines: dict[tuple[str, bool], _Line] = {}

    async def take(self, owner: str, *, reads: bool) -> None:
        """Wait for a turn of the owner's, which lasts until the request ends (`request`).

        Raises:
            Crowded: the caller's time is up, and the owner's other requests are still worked on.
        """
        await _ends.get().enter_async_context(self._turn(owner, reads))

    @asynccontextmanager
    async def _turn(self, owner: str, reads: bool) -> AsyncIterator[None]:
        line = self._lines.setdefault((owner, reads), _Line(self._at_once))
        line.present += 1
        try:
            await _in_time(line.turns)
            try:
                yield
            finally:
                line.turns.release()
        finally:
            line.present -= 1
            if not line.present:
                del self._lines[owner, reads]


class _Line:
    def __init__(self, at_once: int) -> None:
        self.turns = asyncio.Semaphore(at_once)
        self.present = 0  # at work or waiting


async def _in_time(turns: asyncio.Semaphore) -> None:
    try:
        async with asyncio.timeout(seconds_left()):
            await turns.acquire()
    except TimeoutError:
        raise Crowded from None


@asynccontextmanager
async def request() -> AsyncIterator[None]:
    """Give back at its end the turn that is taken inside."""
    async with AsyncExitStack() as ends:
        token = _ends.set(ends)
        try:
            yield
        finally:
            _ends.reset(token)
