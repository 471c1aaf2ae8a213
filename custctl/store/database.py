"""The database file: opening it for a read or a write, its promises, and what its errors mean.

Reads open the file read-only and never create it. Writers queue on BEGIN IMMEDIATE, so that none works on a
state that another is about to change; a commit is on disk (WAL with synchronous FULL) before it returns.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from custctl.errors import CustctlError, Exit, Problem, conflict, unusable
from custctl.store import migrations

SQLITE_VERSION = sqlite3.sqlite_version
BUSY_SECONDS = 5.0
"""How long a writer waits for another before it gives up with exit 75."""


def now() -> str:
    """The time, as the database and every output have it: RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The day, in UTC: where it counts what is over and what is still to come, it is this one."""
    return now()[: len("2026-01-31")]


def open_for_reading(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A read-only connection with one snapshot for everything the command reads.

    Raises exit 8 when the file is missing, not ours, corrupt, or of another version, 75 when another process has
    locked it for longer than `patience` seconds.
    """
    with database_errors(path):
        connection = open_for_looking(path, patience)
        found = migrations.version(connection)
        if not found:
            raise unusable(f"{path} is empty", _MAKE_ONE, "no-database")
        if found < migrations.SCHEMA_VERSION:
            raise unusable(
                f"{path} has schema {found}, this custctl reads {migrations.SCHEMA_VERSION}",
                "custctl db migrate brings it up to date (a back-up is made first)",
                "old-database",
            )
        return connection


def open_for_looking(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A read-only connection to a database of ours, whatever its schema, with one snapshot of it.

    In a folder where the files beside a WAL database cannot be made, it is read as one that nobody changes, unless
    commits lie in its log, which such a read would miss.
    """
    if not is_there(path):
        raise unusable(f"there is no database at {path}", _MAKE_ONE, "no-database")
    connection = connect(path, "ro", patience)
    try:
        connection.execute("BEGIN")
        _check(connection, path)
    except sqlite3.OperationalError:
        connection.close()
        if os.access(path.parent, os.W_OK) or _has_log(path):
            raise
        connection = connect(path, "ro&immutable=1", patience)
        connection.execute("BEGIN")
        _check(connection, path)
    return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that holds the write lock, on a database of the current schema; creates the file if missing.

    The caller commits or rolls back, migrations included. A new file is 0600 in folders of 0700.
    """
    with database_errors(path):
        create(path)
        connection = connect(path, "rw")
        try:
            connection.execute("BEGIN")
            _check(connection, path)
            connection.execute("COMMIT")
            make_durable(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            _patiently(connection, "BEGIN IMMEDIATE")
            connection.execute("PRAGMA defer_foreign_keys = ON")
            _check(connection, path)  # again: another process may have written since
            _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_in_memory() -> sqlite3.Connection:
    """An empty database of the current schema that is never stored, in a transaction: for a plan without a file.

    SQLite keeps it in memory while it is small, else in a file of its own that nobody else sees.
    """
    connection = sqlite3.connect("", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN")
    migrations.run(connection, now())
    connection.execute("PRAGMA defer_foreign_keys = ON")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date in the caller's transaction, after a back-up if there is anything to lose."""
    before = migrations.version(connection)
    if before == migrations.SCHEMA_VERSION:
        return
    if before:
        back_up(path, path.with_name(f"{path.name}.v{before}.backup"))
    migrations.run(connection, now())


def make_durable(connection: sqlite3.Connection) -> None:
    """Let readers go on while this connection writes, and a commit return when it is on disk."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def back_up(path: Path, target: Path) -> None:
    """A consistent copy of the database, 0600, checked, and put in place only when it is whole."""
    part = target.with_name(f".{target.name}.part")
    try:
        with closing(connect(path, "ro")) as source:
            copy(source, part)
        require_sound(path, part)
        part.replace(target)
    except OSError as error:
        raise unusable(f"the back-up {target} cannot be made: {error.strerror}", "nothing was changed") from error
    finally:
        part.unlink(missing_ok=True)


def copy(source: sqlite3.Connection, part: Path) -> None:
    """The database of a connection as a file, 0600; what lies there is left from a broken run.

    A copy is not in WAL mode, so that it can be read where no files can be made beside it.
    """
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(connect(part, "rw")) as made:
        source.backup(made)
        made.execute("PRAGMA journal_mode = DELETE")


def require_sound(path: Path, part: Path) -> None:
    """Raise exit 8 when the copy of a database is damaged."""
    with closing(connect(part, "ro")) as made:
        verdict = made.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise unusable(f"the back-up of {path} is not sound: {verdict}")


ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""The signals that end a command: Ctrl-C, kill, and a terminal that is closed."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals wait, so that nobody is told that nothing was changed when it was."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite reports into an error with the right exit code."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> CustctlError:
    """The custctl error for an error of SQLite: busy is 75, everything else about the file 8."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if str(error).startswith("Could not decode"):  # sqlite3's own, which goes on with the text
        name, error = "SQLITE_CORRUPT", sqlite3.DatabaseError("text that is not UTF-8")
    if name.startswith("SQLITE_CONSTRAINT"):
        return conflict(f"what is stored forbids it: {error}", code="constraint")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return busy(path)
    if name.startswith("SQLITE_FULL"):
        return unusable(f"no space left to write {path}", "nothing was changed; free some space and try again", "full")
    if str(error) == "integer overflow":
        return conflict("amounts that are stored add up to more than can be told", code="too-large")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        what = "is not a database" if name.startswith("SQLITE_NOTADB") else "is damaged"
        return unusable(
            f"{path} {what}", "custctl db restore FILE puts a back-up back; or name another file with --db", "corrupt"
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR", "SQLITE_AUTH")):
        return unusable(f"{path} cannot be used: {error}", "check the file and its folder", "unusable")
    return unusable(f"{path}: {error}")


def busy(path: Path) -> CustctlError:
    """Another process holds the database, for longer than one waits (exit 75)."""
    words = f"{path} is in use by another process (waited {BUSY_SECONDS:g} s)"
    return CustctlError(Problem("busy", Exit.BUSY, words, "nothing was changed; try again"))


def known(error: BaseException, path: Path) -> CustctlError | None:
    """What an error that came up while an answer was read means; None when it is a mistake in custctl."""
    mistakes = (sqlite3.ProgrammingError, sqlite3.InterfaceError)
    return translate(error, path) if isinstance(error, sqlite3.Error) and not isinstance(error, mistakes) else None


def is_there(path: Path) -> bool:
    """Whether there is a file at the path. Raises exit 8 when what is there is none, or cannot be looked at."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise unusable(f"{path} cannot be used: {reason}", _NAME_ANOTHER, "unusable") from error
    if not stat.S_ISREG(mode):  # a pipe would be waited for
        raise unusable(f"{path} is not a file", _NAME_ANOTHER, "unusable")
    return True


_MAKE_ONE = "custctl demo fills one with a small world, custctl db migrate makes an empty one"
_NAME_ANOTHER = "name another file with --db"


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute a statement that takes a lock, waiting here for it: SQLite would not hear Ctrl-C meanwhile.

    For the lock of `PRAGMA journal_mode` it would not wait at all. Who has waited longer asks more often, or among
    many writers somebody might have no luck until the time is over.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    last = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(statement)
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
        time.sleep(max(0.001, 0.02 * (last - time.monotonic()) / BUSY_SECONDS))
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def connect(path: Path, mode: str, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection to a file that is there, without any look at what it is; `mode` is ro or rw."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=patience)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours or that a newer custctl has written; needs one snapshot, while others write."""
    number = connection.execute("PRAGMA application_id").fetchone()[0]
    found = migrations.version(connection)
    if number != migrations.APPLICATION_ID:
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if number or found or not empty:
            raise unusable(f"{path} is not a custctl database", _NAME_ANOTHER, "foreign-database")
    if found > migrations.SCHEMA_VERSION:
        raise unusable(
            f"{path} has schema {found}, newer than this custctl ({migrations.SCHEMA_VERSION})",
            "update custctl, or name another file with --db",
            "newer-database",
        )


def create(path: Path) -> None:
    """Make the file and its folders, for their owner alone, unless they exist."""
    if is_there(path):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise unusable(f"{path} cannot be made: {error.strerror}", _NAME_ANOTHER, "unusable") from error
