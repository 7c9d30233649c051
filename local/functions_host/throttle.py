"""Limits on requests of all functions together: how many run, how many are in the house."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TooBusy(Exception):
    """maxOutstandingRequests is reached."""


class Throttle:
    """functions-host: HttpThrottleMiddleware; -1 is "no limit"."""

    def __init__(self, max_outstanding: int, max_concurrent: int) -> None:
        self._max_outstanding = max_outstanding
        self._outstanding = 0
        self._slots = asyncio.Semaphore(max_concurrent) if max_concurrent > 0 else None

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold a place for the time of one request, waiting for a free one.

        Raises:
            TooBusy: too many are waiting or running.
        """
        if 0 < self._max_outstanding <= self._outstanding:
            raise TooBusy
        self._outstanding += 1
        try:
            if self._slots is None:
                yield
            else:
                async with self._slots:
                    yield
        finally:
            self._outstanding -= 1
