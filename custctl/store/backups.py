"""Back-ups of the whole database: making one while others write, and putting one back in a single step."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from custctl.errors import CustctlError, Exit, conflict, invalid, unusable
from custctl.parts import part, put_new
from custctl.store import checks, migrations
from custctl.store.database import (
    BUSY_SECONDS,
    busy,
    connect,
    copy,
    database_errors,
    is_there,
    made_new,
    make_durable,
    now,
    numbered,
    open_for_looking,
    put_numbered,
    require_sound,
    undisturbed,
)
from custctl.store.files import require_file, require_free, taken, unwritable

# -- making one --------------------------------------------------------------------------------------------------


def make(path: Path, name: str, *, dry_run: bool) -> dict[str, Any]:
    """Write the database as it is at this moment to a new file, whole or not at all; a dry run leaves none behind.

    Raises exit 5 when something of that name exists, 74 when it cannot be written, 8 when the database is unsound.
    """
    target = Path(name)
    with database_errors(path), closing(open_for_looking(path)) as source:
        revision = _revision(source, path)
        require_free(name)
        try:
            with part(target) as made:
                with database_errors(target):
                    copy(source, made)
                require_sound(path, made)
                size = made.stat().st_size
                if not dry_run:
                    put_new(made, target)
        except FileExistsError:
            raise taken(name) from None
        except OSError as error:
            raise unwritable(name, error) from error
    return {"file": name, "revision": revision, "bytes": size}


def _revision(connection: sqlite3.Connection, path: Path | str) -> int:
    """The latest revision. Raises exit 8 for a file that nothing has been written to yet."""
    if not migrations.version(connection):
        raise unusable(f"{path} is empty", "there is nothing in it to keep or to restore", "no-database")
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()[0])


# -- putting one back ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Staged:
    """What a back-up holds, checked and brought up to date where nobody else sees it."""

    connection: sqlite3.Connection
    revision: int
    migrated: list[str]


@dataclass(frozen=True, slots=True)
class Present:
    """What a restore would replace; `revision` is None when the file is too damaged to tell."""

    revision: int | None


def stage(path: Path, name: str) -> Staged:
    """Read a back-up into a private place that vanishes with the process; the file itself is never changed.

    Raises exit 4 when the file cannot be read, or is the database itself; 8 when it is not a sound custctl database
    of this version or an older one.
    """
    require_file(name)
    if is_there(path) and path.samefile(name):
        raise invalid(f"{name} is the database itself", value=name, hint="name a back-up of it")
    file = Path(name)
    with ExitStack() as failing, _about_a_backup(), database_errors(file):
        staged = failing.enter_context(closing(sqlite3.connect("", isolation_level=None)))
        with closing(open_for_looking(file)) as source:
            revision = _revision(source, file)
            source.backup(staged)
        migrated = _bring_up_to_date(staged)
        for finding in checks.damage(staged):
            raise unusable(f"{name} is damaged: {finding.message}", code="corrupt")
        failing.pop_all()  # from here on the caller closes it
    return Staged(staged, revision, migrated)


def _bring_up_to_date(staged: sqlite3.Connection) -> list[str]:
    staged.execute("PRAGMA foreign_keys = ON")
    staged.execute("BEGIN")
    staged.execute("PRAGMA defer_foreign_keys = ON")
    ran = migrations.run(staged, now())
    staged.execute("COMMIT")
    return ran


@contextmanager
def _about_a_backup() -> Iterator[None]:
    """Let what is wrong with a database that is a back-up hint at another back-up, not at `--db`."""
    try:
        yield
    except CustctlError as error:
        if error.problem.exit is not Exit.DATABASE or error.problem.code == "full":
            raise
        raise CustctlError(replace(error.problem, hint="name another back-up; nothing was changed")) from error


def present(path: Path) -> Present | None:
    """What is there now; None when nothing is, or an empty file.

    A database that is damaged within can be replaced. Raises exit 8 for a file that is not ours, is newer than this
    program, or is so broken that SQLite does not open it: that is not overwritten.
    """
    if not is_there(path):
        return None
    try:
        with database_errors(path), closing(open_for_looking(path)) as connection:
            if not migrations.version(connection):
                return None
            return Present(_revision_if_readable(connection, path))
    except CustctlError as error:
        if error.problem.code != "corrupt":
            raise
        hint = f"move it away, then restore again: mv {path.name} {path.name}.damaged"
        raise CustctlError(replace(error.problem, hint=hint)) from error


def _revision_if_readable(connection: sqlite3.Connection, path: Path) -> int | None:
    try:
        return _revision(connection, path)
    except sqlite3.DatabaseError:
        return None


def put_back(
    path: Path, staged: Staged, before: Present | None, *, agreed: bool, dry_run: bool, done: Callable[[], object]
) -> Kept | None:
    """Make the database hold what was staged, in one transaction of SQLite; where what it held before is kept.

    Readers keep what they see, other writers wait, and a process that is killed leaves the old or the new. `agreed`
    says that somebody was shown `before`: when that is no longer what is there, nothing is written (exit 5). Raises
    75 when another process does not stop writing, 8 when the file or its folder cannot be written.
    """
    try:
        if is_there(path):
            return _replace(staged.connection, _Step(path, before, agreed, dry_run), done)
        if not dry_run:
            _make_new(path, staged.connection, done)
    except FileExistsError:
        raise conflict(f"{path} has been made in the meantime", code="stale", hint="look at it again") from None
    except OSError as error:
        words = f"{error.filename or path} cannot be written: {error.strerror}"
        raise unusable(words, "nothing was changed", "unusable") from error
    return None


def _make_new(path: Path, staged: sqlite3.Connection, done: Callable[[], object]) -> None:
    with made_new(path, done) as file, database_errors(path):
        copy(staged, file)


def _replace(staged: sqlite3.Connection, step: _Step, done: Callable[[], object]) -> Kept | None:
    """Write the pages of the staged database over those of the live one."""
    with database_errors(step.path), closing(connect(step.path, "rw")) as live, step.calm:
        make_durable(live)
        live.execute("PRAGMA busy_timeout = 0")  # waited for in the step, where Ctrl-C is heard
        _require_same_pages(staged, live, step.path)
        try:
            staged.backup(live, pages=1, progress=step, sleep=0.01)
        except _Tried:
            return step.kept
        except BaseException:
            if step.kept is not None:
                step.kept.file.unlink(missing_ok=True)
            raise
        done()
    return step.kept


def _require_same_pages(staged: sqlite3.Connection, live: sqlite3.Connection, path: Path) -> None:
    """Pages of another size, which custctl never makes, SQLite cannot write while others read."""
    theirs, ours = (found.execute("PRAGMA page_size").fetchone()[0] for found in (staged, live))
    if theirs != ours:
        words = f"the back-up has pages of {theirs} bytes, {path} of {ours}"
        raise unusable(words, f"with SQLite's own tools: PRAGMA page_size = {ours}; VACUUM", "unusable")


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the content that was replaced is, and its revision."""

    file: Path
    revision: int | None


class _Tried(Exception):  # noqa: N818 - the end of a dry run, not an error
    """It would have worked."""


@dataclass(slots=True)
class _Step:
    """What is called after each page: SQLite takes the write lock with the first one and commits with the last.

    So after the first, the present content is kept, while nobody can add to it: no commit is in neither file.
    """

    path: Path
    before: Present | None
    agreed: bool
    dry_run: bool
    kept: Kept | None = None
    locked: bool = False
    calm: ExitStack = field(default_factory=ExitStack)
    last: float = field(default_factory=lambda: time.monotonic() + BUSY_SECONDS)

    def __call__(self, status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if time.monotonic() > self.last:
                raise busy(self.path)
        elif status == sqlite3.SQLITE_OK and not self.locked:
            self.locked = True
            if self.before is not None:
                self._keep(self.before)
            if self.dry_run:
                raise _Tried
            self.calm.enter_context(undisturbed())  # the rest is too short to be interrupted

    def _keep(self, before: Present) -> None:
        """Copy the present database, damaged or not, to a name beside it that is free; a dry run finds the name."""
        with closing(connect(self.path, "ro")) as source:
            source.execute("BEGIN")
            revision = _revision_if_readable(source, self.path)
            if self.agreed and revision != before.revision:
                raise conflict("something was changed in the meantime", code="stale", hint="look at it again")
            label = "damaged" if revision is None else f"r{revision}"
            if self.dry_run:
                target = next(name for name in numbered(self.path, label) if not os.path.lexists(name))
            else:
                with part(self.path) as made:
                    copy(source, made)
                    target = put_numbered(made, self.path, label)
        self.kept = Kept(target, revision)
