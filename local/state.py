"""The private folder where the local cloud keeps its keys, certificates and logs between starts."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.errors import StateCorrupt
from local.names import REPOSITORY

DEFAULT_FOLDER = REPOSITORY / ".local"


class State:
    """One state folder, readable by its owner only; several clouds may share it at a time."""

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.folder = folder.absolute()
        try:
            for path in (self.folder, self.folder / "logs"):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise StateCorrupt(self.folder, error.strerror or str(error)) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for a short while, so that two starts do not both make the same key."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Give the content of a file, made first if there is none. Call it while the folder is locked."""
        path = self.folder / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return self.write(name, make())
        except OSError as error:
            raise StateCorrupt(path, error.strerror or str(error)) from error

    def write(self, name: str, content: bytes) -> bytes:
        """Replace a file in one step: a reader sees the old or the new one, never half of it."""
        path = self.folder / name
        draft = path.with_name(f"{name}.{os.getpid()}.new")
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(path)
        return content

    def open_log(self, part: str) -> IO[bytes]:
        """Open the log of a part, emptied; under another name while a second cloud writes the first."""
        for suffix in ("", *(f".{number}" for number in range(2, 100))):
            file = (self.folder / "logs" / f"{part}{suffix}.log").open("ab", buffering=0)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            file.truncate(0)
            return file
        raise StateCorrupt(self.folder / "logs", "a hundred logs of one part are in use")
