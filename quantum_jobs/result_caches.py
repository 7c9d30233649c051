"""Results of equal submits, kept by what was computed: in memory, in a folder, or in the blob store.

The name of a result is the hash of program (in its canonical form), target, shots, parameters, seed and options.
Samples that are given again are the same samples, not fresh ones: a cache is asked for, never there by itself.
"""

import asyncio
import logging
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.results import Result, read_result

log = logging.getLogger(__name__)

_MOST_BYTES = 256 * 2**20
_SWEEP_EVERY = 100


class ResultStore(Protocol):
    """Where results lie: bytes by name, with the moment (seconds since 1970) at which they were kept."""

    async def read(self, name: str) -> tuple[bytes, float] | None: ...
    async def write(self, name: str, data: bytes) -> None: ...


class MemoryStore:
    """The last results of this process."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def read(self, name: str) -> tuple[bytes, float] | None:
        """Give a result."""
        found = self._kept.get(name)
        if found is not None:
            self._kept.move_to_end(name)
        return found

    async def write(self, name: str, data: bytes) -> None:
        """Keep a result; the one that nobody has asked for longest makes place."""
        self._kept[name] = (data, time.time())
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class FolderStore:
    """A file for each result, in a folder that processes may share; the oldest go when there are too many bytes."""

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._written = 0

    async def read(self, name: str) -> tuple[bytes, float] | None:
        """Give a result.

        Raises:
            OSError: the folder cannot be read.
        """
        return await asyncio.to_thread(self._read, name)

    async def write(self, name: str, data: bytes) -> None:
        """Keep a result; whole or not at all.

        Raises:
            OSError: the folder cannot be written, or is full.
        """
        await asyncio.to_thread(self._write, name, data)

    def _read(self, name: str) -> tuple[bytes, float] | None:
        path = self._folder / name
        try:
            return path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(self._folder / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        if self._written % _SWEEP_EVERY == 0:
            self._sweep()
        self._written += 1

    def _sweep(self) -> None:
        files = sorted(self._folder.glob("[!.]*"), key=_age)
        size = sum(_size(file) for file in files)
        for file in files:
            if size <= self._most_bytes:
                return
            size -= _size(file)
            file.unlink(missing_ok=True)


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # another process was faster
        return 0.0


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


class ResultCache:
    """Gives results that are not older than `most_seconds`; a store that fails costs a job, not the application."""

    def __init__(self, store: ResultStore, most_seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._most_seconds = most_seconds
        self._clock = clock
        self._complained = False

    async def get(self, name: str) -> Result | None:
        """Give a result; None when there is none, it is too old, or it cannot be read."""
        try:
            found = await self._store.read(name)
            if found is None or self._clock() - found[1] > self._most_seconds:
                return None
            return read_result(found[0])
        except (OSError, ServiceUnavailable, ValueError) as error:
            self._complain(error)
            return None

    async def put(self, name: str, result: Result) -> None:
        """Keep a result; where that fails the log says so, once."""
        try:
            await self._store.write(name, result.as_bytes())
        except (OSError, ServiceUnavailable) as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        level = logging.DEBUG if self._complained else logging.WARNING
        log.log(level, "the result cache does not work: %s; jobs are run instead", error)
        self._complained = True
