"""The state of the database file, and bringing it up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from custctl.resources import NOUNS
from custctl.store import migrations
from custctl.store.database import database_errors, is_there, open_for_looking, open_for_writing


def status(path: Path) -> dict[str, Any]:
    """Schema, revision, size and the number of records of each kind; also of a database that is not up to date.

    Raises exit 8 when there is none, or when it is not ours.
    """
    with database_errors(path), closing(open_for_looking(path)) as connection:
        schema = migrations.version(connection)
        known = {
            "path": str(path),
            "schema": schema,
            "current": schema == migrations.SCHEMA_VERSION,
            "size": path.stat().st_size,
        }
        return known | (_content(connection) if schema == migrations.SCHEMA_VERSION else {})


def migrate(path: Path, *, dry_run: bool) -> dict[str, Any]:
    """Run the migrations that are missing; which ones ran, or under a dry run would."""
    before = 0
    if is_there(path):
        with database_errors(path), closing(open_for_looking(path)) as connection:
            before = migrations.version(connection)
    steps = [step.__name__ for step in migrations.MIGRATIONS[before:]]
    if not dry_run:
        connection = open_for_writing(path)
        connection.execute("COMMIT")
        connection.close()
    return {"path": str(path), "schema": migrations.SCHEMA_VERSION, "migrated": steps, "dry_run": dry_run}


def _content(connection: sqlite3.Connection) -> dict[str, Any]:
    revision, at = connection.execute("SELECT max(id), max(at) FROM revision").fetchone()
    tables = {noun.table: noun.table for noun in NOUNS.values()}
    counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    return {"revision": revision or 0, "changed": at, "records": counts}
