"""Equal submits become one job: while it runs they share it, and afterwards its result is given again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.submitted_jobs import AsyncJob, KnownJob

if TYPE_CHECKING:
    from quantum_jobs.result_caches import ResultCache
    from quantum_jobs.savings import Savings


class Reuse:
    """What is under way by its content, in front of a cache of results; jobs that came to nothing are not kept."""

    def __init__(self, cache: ResultCache, savings: Savings) -> None:
        self._cache = cache
        self._savings = savings
        self._under_way: dict[str, asyncio.Task[AsyncJob]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def job(self, name: str, submit: Callable[[], Awaitable[AsyncJob]]) -> AsyncJob:
        """Give the job that runs for the same content, or the result that was kept, or the job that `submit` makes.

        Raises:
            QuantumJobsError: as `submit`; all who wait for the same are told.
        """
        running = self._under_way.get(name)
        if running is None:
            # The submit is the client's, not of the one who happened to be first: who gives up ends nothing for others.
            task = self._under_way[name] = asyncio.create_task(self._found_or_made(name, submit))
            self._later(self._kept(name, task))
            return await asyncio.shield(task)
        job = await asyncio.shield(running)
        if isinstance(job, KnownJob):
            self._savings.spare("cached")
            self._savings.add(await job.result())
        else:
            self._savings.spare("shared")
            self._later(self._counted(job))
        return job

    async def _found_or_made(self, name: str, submit: Callable[[], Awaitable[AsyncJob]]) -> AsyncJob:
        result = await self._cache.get(name)
        if result is None:
            return await submit()
        self._savings.spare("cached")
        self._savings.add(result)
        return KnownJob(replace(result, from_cache=True))

    async def _kept(self, name: str, task: asyncio.Task[AsyncJob]) -> None:
        try:
            job = await task
            if not isinstance(job, KnownJob):
                await self._cache.put(name, await job.result())
        except QuantumJobsError:
            pass  # told to who asked; nothing to keep
        finally:
            self._under_way.pop(name, None)

    async def _counted(self, job: AsyncJob) -> None:
        with contextlib.suppress(QuantumJobsError):  # told to who asked
            self._savings.add(await job.result())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Keep what is there already; those who watch unfinished jobs must have been told to end."""
        for task in self._under_way.values():
            task.cancel()  # submits that still wait their turn; one that is through is not touched
        await asyncio.gather(*self._tasks, return_exceptions=True)
