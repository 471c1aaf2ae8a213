"""One write from beginning to end: the lock, the work, the history, the commit; or nothing at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from custctl.errors import unusable
from custctl.store.acting import Actor
from custctl.store.database import (
    busy,
    connect,
    create,
    database_errors,
    is_there,
    open_for_writing,
    open_in_memory,
    translate,
    undisturbed,
)
from custctl.store.unit import Report, Unit


@dataclass(frozen=True, slots=True)
class Writer:
    """Where a command writes, in whose name, whether it only tries, and who wants to know that it is done."""

    path: Path
    command: str
    actor: str
    dry_run: bool = False
    done: Callable[[], object] = lambda: None
    as_user: str | None = None

    def run(
        self,
        work: Callable[[Unit], object],
        check: Callable[[Unit, Report], object] | None = None,
        *,
        dry_run: bool | None = None,
        bulk: bool = False,
    ) -> Report:
        """Do the work in one transaction and commit it; a try does all of it and rolls back.

        `check` sees the outcome before it is committed and may raise. Whatever is raised, nothing was written.
        A try without a database works on an empty one in memory.
        With `bulk` few rows are written as many are.
        """
        # What every write needs takes long to import: not while others wait for the lock.
        from custctl.store import apply  # noqa: F401 - see above

        if not bulk:
            from custctl.store import models  # noqa: F401 - see above

        trying = self.dry_run if dry_run is None else dry_run
        missing = not is_there(self.path)
        if missing and not trying:
            self.run(work, check, dry_run=True, bulk=bulk)  # what fails must not leave an empty database behind
        connection = open_in_memory() if missing and trying else open_for_writing(self.path)
        unit = Unit(connection, bulk=bulk)
        done = False
        try:
            with database_errors(self.path), _driver_errors(self.path):
                if self.as_user is not None:
                    unit.acting = Actor(connection, self.as_user)
                work(unit)
                report = unit.flush(self.command, self.actor)
                if check is not None:
                    check(unit, report)
                if trying:
                    report.revision = None
                else:
                    with undisturbed():
                        unit.transaction.commit()
                        done = True
                        if report.revision is not None:
                            self.done()
            return report
        finally:
            if not done:
                unit.transaction.rollback()
            connection.close()

    def run_once(self, work: Callable[[Unit], object]) -> Report:
        """Like `run`, for work that cannot be done twice, or takes long.

        A database that is missing is made beside its place and put there when it is whole, so that what fails leaves
        none behind. Raises exit 75 when another process has made one in the meantime.
        """
        if self.dry_run or is_there(self.path):
            return self.run(work, bulk=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        made = [folder for folder in self.path.parents if not folder.exists()]
        try:
            create(part)
            report = replace(self, path=part, done=lambda: None).run(work, bulk=True)
            self._complete(part)
            with undisturbed():
                self._put(part)
                self.done()
        finally:
            for name in (part.name, f"{part.name}-wal", f"{part.name}-shm"):
                part.with_name(name).unlink(missing_ok=True)
            for folder in made:
                with suppress(OSError):  # it is not empty: the database is in it
                    folder.rmdir()
        return report

    def _complete(self, part: Path) -> None:
        """Have all that was committed in the file itself, which alone is put in place.

        What lies in its log goes there when the connection is closed, and SQLite does not say when there is no room.
        """
        with database_errors(self.path), closing(connect(part, "rw", 0)) as connection:
            [blocked, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if blocked:
            raise busy(self.path)

    def _put(self, part: Path) -> None:
        """Give a new database its name, unless something has that name by now."""
        try:
            os.link(part, self.path)
        except FileExistsError:
            raise busy(self.path) from None
        except OSError as error:
            raise unusable(f"{self.path} cannot be made: {error.strerror}", "nothing was written") from error
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class _driver_errors:  # noqa: N801 - a context manager, used like a function
    """Let an error of SQLAlchemy count as the error of SQLite that it wraps."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        original = getattr(error, "orig", None)
        if isinstance(original, sqlite3.Error):
            raise translate(original, self.path) from error
