"""Every job and session in a table in memory, found by what lists filter and order by."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

from local.azure_quantum.filters import ORDERED_BY, Clause
from local.azure_quantum.journal import Journal
from local.azure_quantum.times import Ticks

_COLUMNS = ("item_type", "job_type", "provider", "target", "state", "name", "created", "session")
_INDEXED = ("provider", "target", "state", "name", "created", "session")
_TABLE = f"CREATE TABLE items (position INTEGER PRIMARY KEY, {', '.join(_COLUMNS)});"
# Each index holds all columns: a search that passes over many items never goes back to the table.
_INDEXES = "".join(
    f"CREATE INDEX by_{first} ON items ({first}, position, {', '.join(other for other in _COLUMNS if other != first)});"
    for first in _INDEXED
)
_INSERT = f"INSERT INTO items VALUES (?{', ?' * len(_COLUMNS)})"  # noqa: S608 - no text of a caller


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
    """The items in order of creation; with a journal, a write is in the file when its method returns."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        # One thread at a time uses it: that of the workspace's event loop.
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.executescript(_TABLE + _INDEXES)
        self._last = 0
        self._present: dict[int, Item] = {}

    def close(self) -> None:
        self._database.close()

    def add(self, item: Item) -> None:
        """Put a new item at the end."""
        item.position = self._last + 1
        self.restore([item])
        if self._journal:
            self._journal.write(item.position, item.item_type, item.record())

    def restore(self, items: Sequence[Item]) -> None:
        """Take items at the positions that they have."""
        self._database.execute("BEGIN")
        self._database.executemany(_INSERT, [_row(item) for item in items])
        self._database.execute("COMMIT")
        self._present.update((item.position, item) for item in items)
        self._last = max([self._last, *(item.position for item in items)])

    def save(self, item: Item) -> None:
        """Write what has changed of an item: its state, its name and its record."""
        row = (item.state.lower(), item.name, item.position)
        self._database.execute("UPDATE items SET state = ?, name = ? WHERE position = ?", row)
        if self._journal:
            self._journal.write(item.position, item.item_type, item.record())

    def reserve(self, position: int) -> None:
        """Give no new item this position: the journal has something else there."""
        self._last = max(self._last, position)

    def remove(self, item: Item, left: tuple[str, str] | None = None) -> None:
        """Forget an item; the journal keeps in its place what is left of it, a kind and a record."""
        self._present.pop(item.position, None)
        self._database.execute("DELETE FROM items WHERE position = ?", (item.position,))
        if self._journal and left:
            self._journal.write(item.position, *left)
        elif self._journal:
            self._journal.remove(item.position)

    def select(self, clauses: Iterable[Clause], order: str, *, newest_first: bool, skip: int, top: int) -> list[Item]:
        """Give the items that all clauses hold for, in order of a property of ORDERED_BY, then of creation."""
        where, values = " AND ".join(clause.sql for clause in clauses), [v for c in clauses for v in c.values]
        column, direction = ORDERED_BY[order], "DESC" if newest_first else "ASC"
        by = f"position {direction}" if column == "position" else f"{column} {direction}, position {direction}"
        # Reading in order ends with the page; finding all that match first, then sorting them, does not.
        index = f" INDEXED BY by_{column}" if column in _INDEXED else ""
        query = f"SELECT position FROM items{index} WHERE {where or 1} ORDER BY {by} LIMIT ? OFFSET ?"  # noqa: S608 - no text of a caller
        rows = self._database.execute(query, (*values, top, skip)).fetchall()
        return [self._present[position] for (position,) in rows]


def _row(item: Item) -> tuple[str | int | None, ...]:
    words = (item.item_type, item.job_type, item.provider_id, item.target, item.state)
    return (item.position, *(word.lower() for word in words), item.name, item.created, item.session_key)
