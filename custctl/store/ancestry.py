"""The customers above a customer: a module of its own, because lists and records need it without the policy."""

from __future__ import annotations

import sqlite3


def chain(connection: sqlite3.Connection, key: str) -> tuple[str, ...]:
    """A customer and its ancestors, nearest first; no member of a cycle of parents is anybody's ancestor (AM 8).

    The walk goes by a scalar subquery: SQLite 3.40 turns a plain join here into a full scan with a bloom filter.
    """
    rows = connection.execute(_CHAIN, (key,)).fetchall()
    keys = [row[1] for row in rows]
    last_parent = rows[-1][2] if rows else None
    if last_parent is None:
        return tuple(keys)
    ids = [row[0] for row in rows]
    start = ids.index(last_parent)
    return tuple(keys[:start]) or (key,)


_CHAIN = """
WITH RECURSIVE up (id) AS (
    SELECT id FROM customer WHERE key = ?
    UNION
    SELECT (SELECT c.parent_id FROM customer c WHERE c.id = up.id) FROM up WHERE up.id IS NOT NULL
)
SELECT up.id, (SELECT c.key FROM customer c WHERE c.id = up.id), (SELECT c.parent_id FROM customer c WHERE c.id = up.id)
FROM up WHERE up.id IS NOT NULL
"""
