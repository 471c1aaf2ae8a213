"""Databases in memory as a new shop has them, made once and copied."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from custctl.store.database import open_in_memory


def empty() -> sqlite3.Connection:
    """What `open_in_memory` gives, without making every table again: an empty database, in a transaction."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(_made())
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN")
    connection.execute("PRAGMA defer_foreign_keys = ON")
    return connection


@cache
def _made() -> bytes:
    with closing(open_in_memory()) as connection:
        connection.execute("COMMIT")
        return connection.serialize()
