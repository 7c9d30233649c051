"""The file that keeps jobs and sessions over a restart, and over a kill of the process."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from local.errors import DataInUse, StateCorrupt

FILE = "quantum-workspace.sqlite3"
LAYOUT = 1
_TABLES = """
CREATE TABLE records (position INTEGER PRIMARY KEY, kind TEXT, record TEXT);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT);
"""


class Journal:
    """Records by position; what a method has written is there after a kill, though not after a loss of power."""

    def __init__(self, folder: Path) -> None:
        """Open the file in a folder, made when there is none; raises StateCorrupt or DataInUse."""
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = _opened(self._path)
        except sqlite3.Error as error:
            raise _fault(self._path, error) from error
        except OSError as error:
            raise DataInUse(f"{folder} cannot be opened: {error.strerror}.") from error

    def close(self) -> None:
        self._database.close()

    def write(self, position: int, kind: str, record: str) -> None:
        """Write a record, over one that is there."""
        self._database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (position, kind, record))

    def remove(self, position: int) -> None:
        self._database.execute("DELETE FROM records WHERE position = ?", (position,))

    def records(self) -> Iterator[tuple[int, str, str]]:
        """Give (position, kind, record) of all in order; raises StateCorrupt."""
        try:
            yield from self._database.execute("SELECT position, kind, record FROM records ORDER BY position")
        except sqlite3.Error as error:
            raise _fault(self._path, error) from error

    def damaged(self, reason: str) -> StateCorrupt:
        """Give the error for a record that cannot be read."""
        return StateCorrupt(self._path, reason)

    def setting(self, name: str, default: str) -> str:
        """Give what the file says of the workspace; the default is kept when it says nothing yet."""
        self._database.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
        return str(self._database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=0, isolation_level=None)
    try:
        # With a write-ahead log a killed process loses nothing, and a write waits for no disk.
        for option in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            database.execute(f"PRAGMA {option}")
        layout = database.execute("PRAGMA user_version").fetchone()[0]
        if layout == 0:
            database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;")
        elif layout != LAYOUT:
            raise sqlite3.DatabaseError(f"it has layout {layout}, this version of the workspace reads {LAYOUT}")
        elif (fault := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(str(fault).splitlines()[-1])
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            database.close()
        raise
    return database


def _fault(path: Path, error: sqlite3.Error) -> Exception:
    if "locked" in str(error):
        return DataInUse(f"{path} belongs to another local cloud that runs now: stop it, or take another --data.")
    if "unable to open" in str(error) or "readonly" in str(error):
        return DataInUse(f"{path} cannot be opened: may you write in its folder?")
    return StateCorrupt(path, str(error))
