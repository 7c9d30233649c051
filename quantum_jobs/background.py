"""An event loop beside a program that has none."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from quantum_jobs.errors import ClientClosed

_END_SECONDS = 10.0


class Background:
    """An event loop on a daemon thread; it ends with the client, or with the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="quantum-jobs", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run to its end what may wait; Ctrl-C ends the waiting and the work.

        Raises:
            ClientClosed: the loop has ended.
        """
        if not self._thread.is_alive() or self._loop.is_closed():
            work.close()
            raise ClientClosed("The client is closed: use it inside `with quantum_jobs.connect(...) as client:`.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def end(self) -> None:
        """End what still runs, then the loop."""
        if self._loop.is_closed():
            return
        self.call(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
