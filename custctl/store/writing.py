"""One write from beginning to end: the lock, the work, the history, the commit; or nothing at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from custctl.parts import remove_left_over
from custctl.resources import GROUP, SETTING
from custctl.store.acting import Actor
from custctl.store.concerns import concerns_access
from custctl.store.database import (
    busy,
    commit,
    database_errors,
    is_there,
    made_new,
    open_for_writing,
    open_in_memory,
    translate,
)
from custctl.store.telling import Telling
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
        A try without a database works on an empty one in memory. A database that is missing is made beside its place
        and put there when it is whole; when another process has made one in the meantime, the work is done anew, on
        that. With `bulk` few rows are written as many are.
        """
        # What every write needs takes long to import: not while others wait for the lock.
        from custctl.store import apply  # noqa: F401 - see above

        if not bulk:
            from custctl.store import models  # noqa: F401 - see above

        step = _Step(self, work, check, self.dry_run if dry_run is None else dry_run, bulk)
        if not is_there(self.path):
            if step.trying:
                return step.on(open_in_memory(), self.path, lambda: None)
            with suppress(FileExistsError):
                return step.in_a_new_file()
        if not step.trying:
            remove_left_over(self.path)
        return step.on(open_for_writing(self.path), self.path, self.done)

    def run_once(self, work: Callable[[Unit], object]) -> Report:
        """Like `run`, for work that cannot be done twice, or takes long.

        Raises exit 75 when the database was missing, and another process has made one in the meantime.
        """
        if self.dry_run or is_there(self.path):
            return self.run(work, bulk=True)
        from custctl.store import apply  # noqa: F401 - as in `run`

        try:
            return _Step(self, work, None, trying=False, bulk=True).in_a_new_file()
        except FileExistsError:
            raise busy(self.path) from None


@dataclass(frozen=True, slots=True)
class _Step:
    """The work of a writer on one connection, and whether it is kept."""

    writer: Writer
    work: Callable[[Unit], object]
    check: Callable[[Unit, Report], object] | None
    trying: bool
    bulk: bool

    def in_a_new_file(self) -> Report:
        """Do it in a database that is made for it. Raises FileExistsError when another process has made one."""
        path = self.writer.path
        reports: list[Report] = []

        def done() -> None:
            if reports[0].revision is not None:
                self.writer.done()

        with made_new(path, done) as file:
            reports.append(self.on(open_for_writing(file, path), file, lambda: None))
        return reports[0]

    def on(self, connection: sqlite3.Connection, file: Path, told: Callable[[], object]) -> Report:
        """Do it, commit and say so, or roll back; the connection is closed whatever comes."""
        unit = Unit(connection, bulk=self.bulk)
        writer, done = self.writer, False

        def act() -> None:
            nonlocal done
            unit.transaction.commit()
            done = True
            if report.revision is not None:
                told()

        try:
            with database_errors(writer.path), _driver_errors(writer.path):
                if writer.as_user is not None:
                    unit.acting = Actor(connection, writer.as_user)
                self.work(unit)
                telling = None if unit.acting is None else Telling(unit.acting, unit)
                report = unit.flush(writer.command, writer.actor)
                if not self.bulk:  # of many rows neither drafts nor changes are at hand in the end
                    _tell(unit, report)
                if telling is not None:
                    report = telling.report(report)
                if self.check is not None:
                    self.check(unit, report)
                if self.trying:
                    report.revision = None
                else:
                    commit(connection, file, act)
            return report
        finally:
            with closing(connection):
                if not done:
                    unit.transaction.rollback()


def _tell(unit: Unit, report: Report) -> None:
    """Work out what the write does to access, and what it does not change because customers have their own."""
    if any(map(concerns_access, report.changes)):
        from custctl.store.effects import effects

        report.access = effects(unit)
    if any(change.noun in (GROUP, SETTING) for change in report.changes):
        from custctl.store import precedence

        precedence.tell(unit)


class _driver_errors:  # noqa: N801 - a context manager, used like a function
    """Let an error of SQLAlchemy count as the error of SQLite that it wraps."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        original = getattr(error, "orig", None)
        if isinstance(original, sqlite3.Error):
            if (told := translate(original, self.path)) is None:
                raise original from error
            raise told from error
