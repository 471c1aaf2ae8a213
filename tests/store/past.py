"""The tables of a database as they are, and as history says that they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from custctl.store.past import rows_at

Tables = dict[str, list[tuple[tuple[str, Any], ...]]]
NO_ROWS_OF_NOUNS = ("revision", "history", "sqlite_sequence")


def stored(database: Path) -> Tables:
    """Every row of every table but history's own, in an order that two databases share."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            name: _sorted([dict(row) for row in connection.execute(f"SELECT * FROM {name}")])
            for name in names
            if name not in NO_ROWS_OF_NOUNS
        }


def remade(database: Path, revision: int) -> Tables:
    """The same at a revision, made from history alone."""
    with closing(sqlite3.connect(database)) as connection:
        return {name: _sorted(rows) for name, rows in rows_at(connection, revision).items()}


def _sorted(rows: list[dict[str, Any]]) -> list[tuple[tuple[str, Any], ...]]:
    return sorted((tuple(sorted(row.items())) for row in rows), key=repr)
