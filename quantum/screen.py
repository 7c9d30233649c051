"""What the one at the terminal sees: a line for each case, and a sign of life while one takes long."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_QUIET_SECONDS = 2.0
_AGAIN_SECONDS = 30.0


class Screen:
    """Prints to stdout; signs of life go to stderr. Colour on a terminal only, never with NO_COLOR."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._rewrites = sys.stderr.isatty()

    def case(self, step: str, program: str, detail: str, seconds: float, *, failed: bool) -> None:
        mark = self._paint("31", "FAILED") if failed else self._paint("32", "ok    ")
        first, *more = detail.split("\n")
        print(f"{mark} {step:<9} {program:<17} {first}  ({seconds:.1f} s)", flush=True)
        for line in more:
            print(f"       {line}", flush=True)

    def say(self, text: str) -> None:
        print(text, flush=True)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Tell after two seconds that the work goes on: in place on a terminal, else a line now and then."""
        over = threading.Event()
        teller = threading.Thread(target=self._tell, args=(what, over), daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def _tell(self, what: str, over: threading.Event) -> None:
        started, pause, told = time.monotonic(), _QUIET_SECONDS, False
        while not over.wait(pause):
            text = f"... {what}: {time.monotonic() - started:.0f} s"
            print(
                f"\r\x1b[K{text}" if self._rewrites else text,
                end="" if self._rewrites else "\n",
                file=sys.stderr,
                flush=True,
            )
            pause, told = 1.0 if self._rewrites else _AGAIN_SECONDS, True
        if told and self._rewrites:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text
