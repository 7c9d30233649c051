"""Keeps a local cloud up for as long as a command, a terminal or a caller wants it."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any

from local.cloud import Cloud
from local.environment import joined
from local.errors import CommandNotRunnable, StoppedEarly

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LINUX_PR_SET_PDEATHSIG = 1


async def up(cloud: Cloud, *, as_json: bool, greet: Callable[[Mapping[str, str]], str] | None = None) -> int:
    """Start the cloud and wait for Ctrl-C; with `as_json`, print one line when ready and end with stdin too.

    `greet` makes of the environment what a user is told when all is up.
    """
    async with _signals() as signals, _started(cloud, signals):
        waits: list[Coroutine[Any, Any, Any]] = [signals.get(), _failed(cloud)]
        if as_json:
            described = {"environment": cloud.environment, "services": cloud.services, "pid": os.getpid()}
            print(json.dumps(described), flush=True)
            waits.append(_end_of_stdin())
        else:
            if greet is not None:
                print(f"\n{greet(cloud.environment)}\n")
            print(
                "Ctrl-C stops it. A program in a cloud of its own: python -m local run -- COMMAND",
                flush=True,
            )
        await _first(*waits)
    return 0


async def run(cloud: Cloud, command: Sequence[str], *, ready: Callable[[], None]) -> int:
    """Run a command inside the cloud and give its exit code, 128 + the signal where one ended it."""
    async with _signals() as signals, _started(cloud, signals):
        ready()
        environment = joined(os.environ, cloud.environment)
        try:
            process = await asyncio.create_subprocess_exec(*command, env=environment, preexec_fn=_die_with_parent())
        except OSError as error:
            raise CommandNotRunnable(f"{command[0]} cannot be run: {error.strerror}.") from error
        try:
            await _first(process.wait(), _failed(cloud), _forward(signals, process))
        finally:
            if process.returncode is None:
                process.kill()
            code = await process.wait()
    return 128 - code if code < 0 else code


@contextlib.asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Queue[int]]:
    """Collect the stop signals that come."""
    loop, received = asyncio.get_running_loop(), asyncio.Queue[int]()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, received.put_nowait, int(number))
    try:
        yield received
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _started(cloud: Cloud, signals: asyncio.Queue[int]) -> AsyncIterator[None]:
    """Start the cloud, or break the start off at a signal; take it down at the end in both cases."""
    starting = asyncio.create_task(cloud.start())
    stopping = asyncio.create_task(signals.get())
    try:
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            raise StoppedEarly("stopped before everything was up")
        await starting
        stopping.cancel()
        yield
    finally:
        stopping.cancel()
        starting.cancel()
        await asyncio.wait((starting,))
        await cloud.stop()


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of several and give up the others; an error in it is raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _failed(cloud: Cloud) -> None:
    raise await cloud.failure()


async def _forward(signals: asyncio.Queue[int], process: asyncio.subprocess.Process) -> None:
    """Hand stop signals on to the command; a terminal's Ctrl-C has reached it already."""
    while True:
        number = await signals.get()
        if number != signal.SIGINT or not _in_foreground():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def _in_foreground() -> bool:
    """Tell whether a terminal sends its Ctrl-C to this process's group, and so to the command too."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


async def _end_of_stdin() -> None:
    """Wait until the caller closes our stdin, or is gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


def _die_with_parent() -> Callable[[], None] | None:
    """Let Linux end the command when the supervisor is killed; elsewhere the command then runs to its own end."""
    if not sys.platform.startswith("linux"):
        return None
    set_option = ctypes.CDLL(None).prctl
    return lambda: set_option(_LINUX_PR_SET_PDEATHSIG, signal.SIGTERM)
