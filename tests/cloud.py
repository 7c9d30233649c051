"""Starts the local cloud as a process of its own, for tests that go through the wire."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningCloud:
    """A cloud that is up: the environment that leads to it, its services by name, its supervisor's process id."""

    environment: dict[str, str]
    services: dict[str, str]
    pid: int


@contextmanager
def start_cloud(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[RunningCloud]:
    """Run `python -m local up --json` with more arguments until the block ends; fail with its own words if it does.

    `environment` is added to this process's.
    """
    command = [sys.executable, "-m", "local", "up", "--json", *arguments]
    around = {**os.environ, **(environment or {})}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=REPOSITORY, env=around, text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the local cloud ended with code {process.wait()}: see its message on stderr")
            yield RunningCloud(**json.loads(line))
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
