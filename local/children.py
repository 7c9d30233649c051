"""Child processes of the local cloud: each logs to its file, tells when it is ready, and stops with its parent."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from local.environment import joined
from local.errors import PartFailed
from local.state import State

SECONDS_TO_STOP = 5.0


class Child:
    """One running part. Its stdin is a pipe from here: at its end, the child must exit."""

    def __init__(self, part: str, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        self.part, self._process, self._log = part, process, log
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        part: str,
        command: Sequence[str | Path],
        state: State,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        inherits: Sequence[int] = (),
    ) -> "Child":
        """Start a command in a session of its own, so that a Ctrl-C in the terminal reaches only the supervisor.

        `inherits` are file descriptors that stay open in the child.
        """
        log = state.open_log(part)
        try:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=joined(os.environ, environment or {}),
                cwd=folder,
                start_new_session=True,
                pass_fds=inherits,
            )
        except BaseException:
            log.close()
            raise
        return cls(part, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> Path:
        return Path(os.fsdecode(self._log.name))

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def lines_until(self, wanted: str, count: int = 1, *, seconds: float) -> list[str]:
        """Give the first `count` lines of stdout that hold a text; raises PartFailed if they do not come in time."""
        found: list[str] = []
        try:
            async with asyncio.timeout(seconds):
                while len(found) < count:
                    line = await self._read_line()
                    found += [line] if wanted in line else []
        except TimeoutError as error:
            raise PartFailed(self.part, f"it was not ready after {seconds:.0f} s", self.log) from error
        # Whatever comes later must be read too, or the child blocks on a full pipe.
        self._reading = asyncio.create_task(self._drain())
        return found

    async def _read_line(self) -> str:
        stdout = self._process.stdout
        line = await stdout.readline() if stdout else b""
        if not line:
            code = await self._process.wait()
            raise PartFailed(self.part, self._why(code), self.log)
        self._log.write(line)
        return line.decode(errors="replace").rstrip()

    async def _drain(self) -> None:
        with contextlib.suppress(PartFailed):
            while True:
                await self._read_line()

    def _why(self, code: int) -> str:
        """Give what the child said about its end: its error line, else its last line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")] or lines[-1:]
        return said[0] if said else f"it ended with code {code} and said nothing"

    async def ended(self) -> PartFailed:
        """Wait until the child ends and tell why."""
        code = await self._process.wait()
        return PartFailed(self.part, f"it stopped: {self._why(code)}", self.log)

    async def kill(self) -> None:
        """End the child and its session at once, by SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self.stop()

    async def stop(self) -> None:
        """End the child by closing its stdin; kill its whole session if that does not do."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(SECONDS_TO_STOP):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reading:
            await self._reading
        self._log.close()
