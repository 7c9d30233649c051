"""How a child process of the local cloud learns that it is to end: a signal, or the end of its standard input."""

import asyncio
import contextlib
import signal
import sys
import threading


def end_of_process(*, with_parent: bool) -> asyncio.Event:
    """Give what is set by SIGINT and SIGTERM, and with `with_parent` when standard input ends."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_parent:

        def wait_for_parent() -> None:
            sys.stdin.buffer.read()
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_parent, name="parent", daemon=True).start()
    return stop
