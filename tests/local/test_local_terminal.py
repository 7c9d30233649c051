"""The command `python -m local run` on a terminal."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cloud import REPOSITORY

PROGRAM = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGINT, lambda *_: print('interrupted', flush=True))\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
    "print('ready', flush=True)\n"
    "while True: time.sleep(0.05)\n"
)


class Terminal:
    """The side of a pseudo terminal where a person would sit."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self.shown = descriptor, ""

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def read_until(self, wanted: str) -> None:
        while wanted not in self.shown and (more := self._read()):
            self.shown += more
        assert wanted in self.shown

    def read_to_end(self) -> None:
        while more := self._read():
            self.shown += more

    def _read(self) -> str:
        try:
            return os.read(self._descriptor, 4096).decode()
        except OSError:  # the other side has closed
            return ""


def take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def on_a_terminal(*command: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    ours, theirs = pty.openpty()
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    try:
        with subprocess.Popen(
            command, cwd=REPOSITORY, start_new_session=True, preexec_fn=take_terminal, **ends
        ) as process:
            os.close(theirs)
            yield process, Terminal(ours)
            process.kill()
    finally:
        os.close(ours)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="terminals differ")
def test_ctrl_c_reaches_the_command_once_and_progress_leaves_no_trace(tmp_path: Path) -> None:
    run = (sys.executable, "-m", "local", "run", "--no-functions", "--state", tmp_path, "--")
    with on_a_terminal(*run, sys.executable, "-c", PROGRAM) as (process, terminal):
        terminal.read_until("ready")
        before = terminal.shown.partition("ready")[0]
        assert "Starting the local cloud: " in before
        assert before.endswith("\r\x1b[K")
        assert "\n" not in before
        terminal.type(b"\x03")
        terminal.read_until("interrupted")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 3
        terminal.read_to_end()
        assert len(re.findall("interrupted", terminal.shown)) == 1
