"""The shepherd's messages within one process: delivered on its event loop, gone with it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from quantum_jobs.models import ShepherdMessage

log = logging.getLogger(__name__)

_DELIVERIES = 5
_REDELIVERY_SECONDS = 30.0


class ProcessQueue:
    """One message per unfinished job, as in the Storage queue; a job that is done has its message taken back."""

    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._advance: Callable[[ShepherdMessage], Awaitable[None]] | None = None
        self._revive: Callable[[ShepherdMessage], Awaitable[object]] | None = None

    def deliver_to(
        self,
        advance: Callable[[ShepherdMessage], Awaitable[None]],
        revive: Callable[[ShepherdMessage], Awaitable[object]],
    ) -> None:
        """Say who takes the messages, and who takes one that could not be taken five times."""
        self._advance, self._revive = advance, revive

    async def send(self, message: ShepherdMessage, delay_seconds: int) -> None:
        """Deliver a message after the delay; a job's later message takes the place of its earlier one."""
        self._set(message, delay_seconds, 1)

    def _set(self, message: ShepherdMessage, seconds: float, delivery: int) -> None:
        self.settled(message.job_id)
        loop = asyncio.get_running_loop()
        self._timers[message.job_id] = loop.call_later(seconds, self._deliver, message, delivery)

    def settled(self, job_id: str) -> None:
        """Take back a job's message: it is done, and nobody needs to come back to it."""
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.cancel()

    def _deliver(self, message: ShepherdMessage, delivery: int) -> None:
        self._timers.pop(message.job_id, None)
        task = asyncio.ensure_future(self._taken(message, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _taken(self, message: ShepherdMessage, delivery: int) -> None:
        take = self._advance if delivery <= _DELIVERIES else self._revive
        if take is None:
            raise RuntimeError("nobody takes the shepherd's messages")
        try:
            await take(message)
        except Exception:
            log.exception("a job could not be looked after", extra={"job_id": message.job_id})
            if delivery <= _DELIVERIES:
                self._set(message, _REDELIVERY_SECONDS, delivery + 1)

    async def check(self) -> None:
        """Do nothing: this process answers."""

    def close(self) -> None:
        """Forget all messages; the jobs themselves go on at the workspace."""
        for job_id in tuple(self._timers):
            self.settled(job_id)
        for task in tuple(self._tasks):
            task.cancel()
