"""The rows that wait for the end of the file, because what they refer to comes later (feature I-06).

They lie in temporary tables, so that memory does not grow with them. At the end they come out in an order in which
each follows what it waits for; rows that wait for each other come last.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator

from custctl.store.sheets import Row

_TABLES = (
    "CREATE TEMP TABLE waiting (seq INTEGER PRIMARY KEY, line INTEGER, cells TEXT, wanted TEXT, level INTEGER)",
    "CREATE INDEX temp.waiting_wanted ON waiting (wanted)",
    "CREATE INDEX temp.waiting_level ON waiting (level)",
    "CREATE TEMP TABLE offered (token TEXT, seq INTEGER)",
    "CREATE INDEX temp.offered_token ON offered (token)",
    "CREATE INDEX temp.offered_seq ON offered (seq)",
)
_FIRST = """UPDATE waiting SET level = 0
    WHERE NOT EXISTS (SELECT 1 FROM offered WHERE token = waiting.wanted AND seq <> waiting.seq)"""
_NEXT = """UPDATE waiting SET level = :level WHERE level IS NULL AND wanted IN (
    SELECT o.token FROM waiting w JOIN offered o ON o.seq = w.seq WHERE w.level = :level - 1)"""


class Waiting:
    """Rows put aside. `wanted` is a token of what a row waits for, its tokens are what others may wait for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.count = 0

    def put(self, row: Row, wanted: str, tokens: Iterable[str]) -> None:
        if not self.count:
            for statement in _TABLES:
                self.connection.execute(statement)
        self.count += 1
        values = (self.count, row.line, json.dumps(row.cells, default=str), wanted)
        self.connection.execute("INSERT INTO waiting (seq, line, cells, wanted) VALUES (?, ?, ?, ?)", values)
        pairs = [(token, self.count) for token in tokens]
        self.connection.executemany("INSERT INTO offered (token, seq) VALUES (?, ?)", pairs)

    def offering(self, tokens: Iterable[str]) -> set[str]:
        """Those of the tokens that are of rows that wait."""
        if not self.count:
            return set()
        query = "SELECT token FROM offered WHERE token IN (SELECT value FROM json_each(?))"
        return {token for (token,) in self.connection.execute(query, (json.dumps(list(tokens)),))}

    def rows(self) -> Iterator[Row]:
        """All of them, each behind what it waits for."""
        if not self.count:
            return
        changed, level = self.connection.execute(_FIRST).rowcount, 0
        while changed:
            level += 1
            changed = self.connection.execute(_NEXT, {"level": level}).rowcount
        query = "SELECT line, cells FROM waiting ORDER BY level IS NULL, level, seq"
        for line, cells in self.connection.execute(query):
            yield Row(line, json.loads(cells))
