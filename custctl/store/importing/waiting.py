"""The rows that wait for the end of the file, because what they refer to comes later (feature I-06).

They lie in temporary tables, so that memory does not grow with them. At the end they come out in an order in which
each follows what it waits for. Rows that wait for each other make a circle, which is opened at one of them: that one
is rejected, and the one that names it goes in without it (feature I-07).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from custctl.store.sheets import Row

_TABLES = (
    """CREATE TEMP TABLE waiting (seq INTEGER PRIMARY KEY, line INTEGER, cells TEXT, wanted TEXT, stored INTEGER,
        level INTEGER, circle TEXT, closes INTEGER)""",
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
_WAITED_FOR = """SELECT min(o.seq) FROM waiting w JOIN offered o ON o.token = w.wanted AND o.seq <> w.seq
    JOIN waiting other ON other.seq = o.seq AND other.level IS NULL WHERE w.seq = ?"""
_NEEDED = """SELECT stored,
    (SELECT count(*) FROM offered o JOIN waiting w ON w.wanted = o.token WHERE o.seq = waiting.seq)
    FROM waiting WHERE seq = ?"""
_OPEN = """UPDATE waiting SET level = :level, closes = (seq = :last), circle = (SELECT json_group_array(line) FROM (
    SELECT line FROM waiting WHERE seq IN (SELECT value FROM json_each(:rows)) ORDER BY line))
    WHERE seq IN (:last, :before)"""
_PAGE = 1_000
"""So many rows that have waited are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Waited:
    """A row that has waited; of one at which a circle is opened, the lines of the rows that make it.

    Of these rows one `closes` the circle; the other one is that which waited for it.
    """

    row: Row
    circle: tuple[int, ...] = ()
    closes: bool = False


class Waiting:
    """Rows put aside. `wanted` is a token of what a row waits for, its tokens are what others may wait for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.count = 0

    def put(self, row: Row, wanted: str, tokens: Iterable[str], *, stored: bool) -> None:
        """Put a row aside; `stored` tells whether its record is there already."""
        if not self.count:
            for statement in _TABLES:
                self.connection.execute(statement)
        self.count += 1
        values = (self.count, row.line, json.dumps(row.cells, default=str), wanted, stored)
        self.connection.execute("INSERT INTO waiting (seq, line, cells, wanted, stored) VALUES (?, ?, ?, ?, ?)", values)
        pairs = [(token, self.count) for token in tokens]
        self.connection.executemany("INSERT INTO offered (token, seq) VALUES (?, ?)", pairs)

    def offering(self, tokens: Iterable[str]) -> set[str]:
        """Those of the tokens that are of rows that wait."""
        if not self.count:
            return set()
        query = "SELECT token FROM offered WHERE token IN (SELECT value FROM json_each(?))"
        return {token for (token,) in self.connection.execute(query, (json.dumps(list(tokens)),))}

    def rows(self) -> Iterator[Waited]:
        """All of them, each behind what it waits for."""
        if not self.count:
            return
        self._put_in_order()
        query = """SELECT level, seq, line, cells, circle, closes FROM waiting
            WHERE (level, seq) > (?, ?) ORDER BY level, seq LIMIT ?"""
        last = (-1, 0)
        # Read to its end before a row is taken: that may roll back to a savepoint, which ends statements that run.
        while page := self.connection.execute(query, (*last, _PAGE)).fetchall():
            for level, seq, line, cells, circle, closes in page:
                last = (level, seq)
                yield Waited(Row(line, json.loads(cells)), tuple(json.loads(circle or "[]")), bool(closes))

    def _put_in_order(self) -> None:
        """Give each row a level above that of what it waits for."""
        changed, level = self.connection.execute(_FIRST).rowcount, 0
        while changed or self._open_circle(level):
            level += 1
            changed = self.connection.execute(_NEXT, {"level": level}).rowcount

    def _open_circle(self, level: int) -> bool:
        """Open a circle, so that its rows can follow each other; False when there is none.

        Best at a row whose record is stored: nobody misses it, and the rules reject it when its turn comes. Else at
        the row that the fewest others need, the last of them.
        """

        def cost(seq: int) -> tuple[bool, int, int]:
            stored, needed = self.connection.execute(_NEEDED, (seq,)).fetchone()
            return not stored, needed, -seq

        circle = self._circle()
        if not circle:
            return False
        last = min(circle, key=cost)
        before = circle[circle.index(last) - 1]
        is_new, *_ = cost(last)
        self.connection.execute("UPDATE waiting SET level = ? WHERE seq = ?", (level, before))
        if is_new:
            parts = {"level": level, "rows": json.dumps(circle), "last": last, "before": before}
            self.connection.execute(_OPEN, parts)
        return True

    def _circle(self) -> list[int]:
        """Rows without a level that wait for each other, each for the next one; empty when there are none."""
        [at] = self.connection.execute("SELECT min(seq) FROM waiting WHERE level IS NULL").fetchone()
        path: dict[int, None] = {}
        while at is not None and at not in path:
            path[at] = None
            [at] = self.connection.execute(_WAITED_FOR, (at,)).fetchone()
        walked = list(path)
        return walked[walked.index(at) :] if at is not None else []
