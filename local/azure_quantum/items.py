"""Every job and session in SQLite: found by what lists filter and order by, and, in a file, kept over a restart."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from local.azure_quantum.filters import ORDERED_BY, Clause
from local.azure_quantum.times import Ticks
from local.errors import DataInUse, StateCorrupt

FILE = "quantum-workspace.sqlite3"
LAYOUT = 1
_TABLES = """
CREATE TABLE items (
    position INTEGER PRIMARY KEY, item_type TEXT, job_type TEXT, provider TEXT, target TEXT, state TEXT, name TEXT,
    created INTEGER, session TEXT);
CREATE INDEX by_provider ON items (provider);
CREATE INDEX by_target ON items (target);
CREATE INDEX by_state ON items (state);
CREATE INDEX by_name ON items (name);
CREATE INDEX by_created ON items (created);
CREATE INDEX by_session ON items (session);
CREATE TABLE records (position INTEGER PRIMARY KEY, kind TEXT, record TEXT);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT);
"""
_INSERT = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RECORD = "INSERT OR REPLACE INTO records VALUES (?, ?, ?)"


class Item(Protocol):
    """What jobs and sessions are listed by; `position` is their place in order of creation, 0 before they have one."""

    position: int

    @property
    def name(self) -> str: ...
    @property
    def item_type(self) -> str: ...
    @property
    def job_type(self) -> str: ...
    @property
    def provider_id(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def created(self) -> Ticks: ...
    @property
    def session_key(self) -> str | None: ...

    def record(self) -> str:
        """Give all of it as text, to make it again after a restart."""
        ...


class Items:
    """The items in order of creation; a write is on its way to the disk when its method returns."""

    def __init__(self, folder: Path | None = None) -> None:
        """Open the file in a folder, or memory without one; raises StateCorrupt or DataInUse."""
        self._path = folder / FILE if folder else None
        try:
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
            self._database = _opened(self._path)
        except sqlite3.Error as error:
            raise _fault(self._path, error) from error
        except OSError as error:
            raise DataInUse(f"{folder} cannot be opened: {error.strerror}.") from error
        row = self._database.execute("SELECT max(position) FROM items").fetchone()
        self._last = int(row[0] or 0)
        self._present: dict[int, Item] = {}

    def close(self) -> None:
        self._database.close()

    def add(self, item: Item) -> None:
        """Put a new item at the end."""
        self._last += 1
        item.position = self._last
        self._present[item.position] = item
        values = (item.item_type.lower(), item.job_type.lower(), item.provider_id.lower(), item.target.lower())
        row = (item.position, *values, item.state.lower(), item.name, item.created, item.session_key)
        with self._database:
            self._database.execute(_INSERT, row)
            self._keep(item)

    def save(self, item: Item) -> None:
        """Write what has changed of an item: its state, its name and its record."""
        row = (item.state.lower(), item.name, item.position)
        with self._database:
            self._database.execute("UPDATE items SET state = ?, name = ? WHERE position = ?", row)
            self._keep(item)

    def remove(self, item: Item) -> None:
        self._present.pop(item.position, None)
        with self._database:
            self._database.execute("DELETE FROM items WHERE position = ?", (item.position,))
            self._database.execute("DELETE FROM records WHERE position = ?", (item.position,))

    def _keep(self, item: Item) -> None:
        if self._path is not None:
            self._database.execute(_RECORD, (item.position, item.item_type, item.record()))

    def select(self, clauses: Iterable[Clause], order: str, *, newest_first: bool, skip: int, top: int) -> list[Item]:
        """Give the items that all clauses hold for, in order of a property of ORDERED_BY, then of creation."""
        where, values = " AND ".join(clause.sql for clause in clauses), [v for c in clauses for v in c.values]
        column, direction = ORDERED_BY[order], "DESC" if newest_first else "ASC"
        by = f"position {direction}" if column == "position" else f"{column} {direction}, position {direction}"
        query = f"SELECT position FROM items WHERE {where or 1} ORDER BY {by} LIMIT ? OFFSET ?"  # noqa: S608 - no text of a caller
        rows = self._database.execute(query, (*values, top, skip)).fetchall()
        return [self._present[position] for (position,) in rows]

    def records(self) -> Iterator[tuple[int, str, str]]:
        """Give (position, item type, record) of all items that the file holds; raises StateCorrupt."""
        try:
            yield from self._database.execute("SELECT position, kind, record FROM records ORDER BY position")
        except sqlite3.Error as error:
            raise _fault(self._path, error) from error

    def restore(self, item: Item, position: int) -> None:
        """Take an item back that was made of its record."""
        item.position = position
        self._present[position] = item

    def damaged(self, reason: str) -> StateCorrupt:
        """Give the error for a record that cannot be read."""
        return StateCorrupt(self._path or Path(FILE), reason)

    def setting(self, name: str, default: str) -> str:
        """Give what the file says of the workspace, first the default."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
        return str(self._database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])


def _opened(path: Path | None) -> sqlite3.Connection:
    # One thread at a time uses it: that of the workspace's event loop.
    database = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=0)
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


def _fault(path: Path | None, error: sqlite3.Error) -> Exception:
    if "locked" in str(error):
        return DataInUse(f"{path} belongs to another local cloud that runs now: stop it, or take another --data.")
    if "unable to open" in str(error) or "readonly" in str(error):
        return DataInUse(f"{path} cannot be opened: may you write in its folder?")
    return StateCorrupt(path or Path(FILE), str(error))
