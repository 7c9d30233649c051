"""The border to the Azure SDKs: how long a call may take, whether it is repeated, what becomes of its errors.

The packages block, so each outside part has a few threads of its own: one that hangs holds its own and nobody else's.
"""

import asyncio
import contextvars
import http.client
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from quantum_jobs import measuring, retries, telemetry
from quantum_jobs.errors import ServiceUnavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
# The packages do not repeat anything: left alone they sleep in their thread for as long as `Retry-After` says, and
# azure-core for 4.9 s without one. `Door.call` repeats, once, without holding a thread meanwhile.
PATIENCE: Mapping[str, Any] = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "retry_total": 0,
}
# For commands of operators, which nobody waits for and which are long: the storage packages repeat by themselves.
# `initial_backoff` and `increment_base` are their words; in seconds.
OPERATORS_PATIENCE: Mapping[str, Any] = {**PATIENCE, "retry_total": 2, "initial_backoff": 0.2, "increment_base": 2}
CALL_SECONDS = 6.0  # one call with its repetition, while a caller waits
CALLER_SECONDS = 9.0  # all calls together for one request
SHEPHERD_SECONDS = 20.0  # one call with its repetition, while nobody waits

THREADS = 16  # of one part
_LONGEST_RETRY_AFTER = 300
_THROTTLED = 429
# What the packages raise on answers that are not in the part's language, or that break off.
_LIES = (ValueError, TypeError, LookupError, AttributeError, OSError, http.client.HTTPException)
_ends: contextvars.ContextVar[float | None] = contextvars.ContextVar("caller_waits_until", default=None)


@contextmanager
def caller_waiting(seconds: float = CALLER_SECONDS) -> Iterator[None]:
    """Bound all calls inside together: a caller is answered in time, whatever hangs."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


class Door:
    """The way to one outside part: its threads, and how long it may take."""

    def __init__(self, part: str, threads: int = THREADS) -> None:
        self.part = part
        self._most = threads

    async def call[T](self, work: Callable[[], T]) -> T:
        """Do blocking work in one of the part's threads; repeat it once where that may help, so it must bear it.

        Work whose time is up goes on in its thread until the connection's own timeout: its effect may come late.

        Raises:
            ServiceUnavailable: no answer in time, or none that can be read; with the part's own `Retry-After`.
        """
        with telemetry.span(_method(work), "CLIENT", peer_service=self.part), answering(self.part):
            if (seconds := _seconds()) <= 0:
                raise TimeoutError("nobody waits any more")
            async with asyncio.timeout(seconds):
                try:
                    return await self._in_thread(work)
                except Exception as error:
                    pause = retries.pause_before_repeat(*_said(error))
                    if pause is None:
                        raise
                    log.info("%s is asked again", self.part, exc_info=True)
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing
                return await self._in_thread(work)

    async def once[T](self, work: Callable[[], T], seconds: float, cut: Callable[[], None]) -> T:
        """Do blocking work in one of the part's threads, once, in so many seconds; its errors are not translated.

        Raises:
            TimeoutError: the time is up; `cut` was called, and has to end the work.
        """
        return await self.ended(self.start(work), seconds, cut)

    def start[T](self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin blocking work in one of the part's threads."""
        context = contextvars.copy_context()
        return asyncio.get_running_loop().run_in_executor(self._threads, lambda: context.run(work))

    async def ended[T](self, work: asyncio.Future[T], seconds: float, cut: Callable[[], None]) -> T:
        """Wait for work that was started; see `once`."""
        await asyncio.wait([work], timeout=seconds)
        if work.done():
            return work.result()
        work.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody asks for it any more
        cut()
        raise TimeoutError

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        try:
            return await self.start(work)
        except Exception as error:
            if _said(error)[0] == _THROTTLED:
                measuring.throttled(self.part)
            raise

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._most, thread_name_prefix=self.part)

    def close(self) -> None:
        """Let the threads end; those at work end with their call."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _method(work: Callable[[], object]) -> str:
    """Give the method that a piece of work was written in: `TableStorage.insert`."""
    name: str = getattr(work, "__qualname__", type(work).__name__)
    return name.partition(".<locals>")[0].lstrip("_").replace("._", ".")


def seconds_left() -> float | None:
    """Give how long the caller still waits; None where nobody does."""
    ends = _ends.get()
    return None if ends is None else max(ends - time.monotonic(), 0.0)


def _seconds() -> float:
    left = seconds_left()
    return SHEPHERD_SECONDS if left is None else min(CALL_SECONDS, left)


@contextmanager
def answering(part: str) -> Iterator[None]:
    """Turn every failure of an Azure call inside into `ServiceUnavailable`, which names the part and hides its words.

    What has a meaning (absent, exists, refused for good) is caught inside, where that meaning is known.
    """
    # azure.core costs 50 ms to import and is only needed once a call has been made.
    from azure.core.exceptions import AzureError

    try:
        yield
    except (AzureError, TimeoutError) as error:
        raise ServiceUnavailable(part, _retry_after(error)) from error
    except _LIES as error:
        log.exception("%s gave an answer that cannot be read", part)
        raise ServiceUnavailable(part) from error


def _said(error: Exception) -> tuple[int | None, float | None]:
    """Give the status that an error came with, and its Retry-After in seconds; None where there was none.

    A call that never reached the part counts as 503: it may be repeated.
    """
    from azure.core.exceptions import ServiceRequestError

    if isinstance(error, ServiceRequestError):
        return 503, None
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    value = getattr(response, "headers", {}).get("Retry-After") if response is not None else None
    return status, float(value) if value and str(value).isdecimal() else None


def _retry_after(error: BaseException) -> int:
    _, seconds = _said(error) if isinstance(error, Exception) else (None, None)
    return 5 if seconds is None else int(min(max(seconds, 1), _LONGEST_RETRY_AFTER))
