"""Indexes that are made when many new rows are in, which costs less than keeping them with each row.

They are dropped and made again within the transaction, so that nobody else ever misses them. Where an index holds that
values are unique, that they are not is found only when it is made: then the work has to begin again without that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

LEAST = 20_000
"""Fewer rows are not worth it."""
SORTING = 16 * 1024
"""The page cache in KiB while an index is made: what is sorted in memory is as much as that."""


class RepeatedError(Exception):
    """What is to be unique stands twice, and nobody has looked: the work begins again, in another transaction."""


class LateIndexes:
    """The indexes of some tables while rows are only added to these, each about as often as `added` says.

    Those that hold that values are unique stay unless `hasty`: then nobody looks for a row by them, and whoever has
    them made is ready for `RepeatedError`.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[str], *, hasty: bool) -> None:
        self.connection = connection
        self.hasty = hasty
        self._counts = dict.fromkeys(tables, 0)
        self._stored: dict[str, int] = {}
        self._dropped: dict[str, str] = {}
        self._needed = False

    def added(self, count: int) -> None:
        """So many more rows are in each table: where there are more new ones than others, the indexes can go."""
        if self._needed:
            return
        for table in self._counts:
            self._counts[table] += count
            if self._counts[table] >= max(LEAST, self._rows_before(table)):
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
        self._counts = dict.fromkeys(self._counts, 0)
        self._stored.clear()

    def keep(self) -> None:
        """Have the indexes for good."""
        self.make()
        self._needed = True

    def _rows_before(self, table: str) -> int:
        """How many rows a table had when its indexes were made."""
        if table not in self._stored and self._counts[table] >= LEAST:
            [rows] = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            self._stored[table] = rows - self._counts[table]
        return self._stored.get(table, LEAST)

    def _drop(self, table: str) -> None:
        query = """SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql LIKE 'CREATE %'
            AND (? OR sql NOT LIKE 'CREATE UNIQUE %') ORDER BY rowid"""
        for name, statement in self.connection.execute(query, (table, self.hasty)).fetchall():
            self.connection.execute(f"DROP INDEX {name}")
            self._dropped[name] = statement
