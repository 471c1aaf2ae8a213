"""Indexes that are made when many new rows are in, which costs less than keeping them with each row.

They are dropped and made again within the transaction, so that nobody else ever misses them. Where an index holds that
values are unique, that they are not is found only when it is made: then the work has to begin again without that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

LEAST = 20_000
"""Fewer rows are not worth it."""
SORTING = 16 * 1024
"""The page cache in KiB while an index is made: what is sorted in memory is as much as that."""


class RepeatedError(Exception):
    """What is to be unique stands twice, and nobody has looked: the work begins again, in another transaction."""


class LateIndexes:
    """The indexes of some tables while rows are only added to these, each about as often as `added` says.

    Those that hold that values are unique stay where they are `needed`, and all of them stay unless `hasty`: then
    nobody looks for a row by the others, and whoever has them made is ready for `RepeatedError`.
    """

    def __init__(
        self, connection: sqlite3.Connection, tables: Sequence[str], needed: Collection[str], *, hasty: bool
    ) -> None:
        self.connection = connection
        self.needed = needed
        self.hasty = hasty
        self._counts = dict.fromkeys(tables, 0)
        self._stored: dict[str, int] = {}
        self._dropped: dict[str, str] = {}
        self._needed = False
        self._trusting = True
        """Whether indexes go for rows that are only expected: not any more once they had to be made in between."""

    def added(self, count: int, expected: float = 0) -> None:
        """So many more rows of so many are in each table: where there are more new ones than others, indexes can go."""
        if self._needed:
            return
        for table in self._counts:
            self._counts[table] += count
            new = max(self._counts[table], expected if self._trusting else 0)
            if new >= LEAST and new >= self._rows_before(table):
                self._drop(table)

    def make(self) -> None:
        """Have the indexes from here on: something may look for what they find. Raises RepeatedError when hasty."""
        if self._dropped:
            [size] = self.connection.execute("PRAGMA cache_size").fetchone()
            self.connection.execute(f"PRAGMA cache_size = -{SORTING}")
            try:
                for statement in self._dropped.values():
                    self.connection.execute(statement)
            except sqlite3.IntegrityError:
                raise RepeatedError from None
            self.connection.execute(f"PRAGMA cache_size = {size}")
            self._dropped.clear()
            self._trusting = False
        self._counts = dict.fromkeys(self._counts, 0)
        self._stored.clear()

    def keep(self) -> None:
        """Have the indexes for good."""
        self.make()
        self._needed = True

    def _rows_before(self, table: str) -> int:
        """How many rows a table had when its indexes were made."""
        if table not in self._stored:
            [rows] = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            self._stored[table] = rows - self._counts[table]
        return self._stored[table]

    def _drop(self, table: str) -> None:
        query = """SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql LIKE 'CREATE %'
            ORDER BY rowid"""
        for name, statement in self.connection.execute(query, (table,)).fetchall():
            if statement.startswith("CREATE UNIQUE") and (name in self.needed or not self.hasty):
                continue
            self.connection.execute(f"DROP INDEX {name}")
            self._dropped[name] = statement
