"""The state of the database file, and bringing it up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from custctl.parts import remove_left_over
from custctl.resources import NOUNS
from custctl.store import migrations
from custctl.store.database import (
    commit,
    database_errors,
    is_there,
    made_new,
    open_for_looking,
    open_for_writing,
)


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


def migrate(path: Path, done: Callable[[], object], *, dry_run: bool) -> dict[str, Any]:
    """Run the migrations that are missing, and call `done`; which ones ran, or under a dry run would."""
    before = 0
    if is_there(path):
        with database_errors(path), closing(open_for_looking(path)) as connection:
            before = migrations.version(connection)
    steps = [step.__name__ for step in migrations.MIGRATIONS[before:]]
    kept = None if dry_run else _migrate(path, done)
    found = {"path": str(path), "schema": migrations.SCHEMA_VERSION, "migrated": steps, "dry_run": dry_run}
    return found | {"kept": kept and str(kept)}


def _migrate(path: Path, done: Callable[[], object]) -> Path | None:
    """Make the database, unless another process does at the same time, or bring it up to date; the back-up of it."""
    if not is_there(path):
        with suppress(FileExistsError), made_new(path, done) as file:
            with closing(open_for_writing(file, path)) as connection:
                connection.execute("COMMIT")
            return None
    remove_left_over(path)

    def act() -> None:
        connection.execute("COMMIT")
        done()

    with database_errors(path), closing(open_for_writing(path)) as connection:
        return commit(connection, path, act)


def _content(connection: sqlite3.Connection) -> dict[str, Any]:
    revision, at = connection.execute("SELECT max(id), max(at) FROM revision WHERE id > 0").fetchone()
    tables = {noun.table: noun.table for noun in NOUNS.values()}
    counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    return {"revision": revision or 0, "changed": at, "records": counts}
