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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

from custctl import shell
from custctl.errors import CustctlError, Exit, Problem, conflict, reason, unusable
from custctl.store import migrations

SQLITE_VERSION = sqlite3.sqlite_version
BUSY_SECONDS = 5.0
"""How long a writer waits for another before it gives up with exit 75."""


def now() -> str:
    """The time, as the database and every output have it: RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def revision_of(connection: sqlite3.Connection) -> int:
    """The number of the last revision, 0 when nothing was changed yet."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()[0])


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
        try:
            _require_current(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _require_current(connection: sqlite3.Connection, path: Path) -> None:
    found = migrations.version(connection)
    if not found:
        raise unusable(f"{path} is empty", _how_to_make(path), "no-database")
    if found < migrations.SCHEMA_VERSION:
        raise unusable(
            f"{path} has schema {found}, this custctl reads {migrations.SCHEMA_VERSION}",
            f"to bring it up to date, after a back-up: {shell.command('db migrate', db=str(path))}",
            "old-database",
        )


def open_for_looking(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A read-only connection to a database of ours, whatever its schema, with one snapshot of it.

    In a folder where the files beside a WAL database cannot be made, it is read as one that nobody changes, unless
    commits lie in its log, which such a read would miss. A write that a crash has cut off, where SQLite keeps no log,
    is taken back first.
    """
    if not is_there(path):
        raise unusable(f"there is no database at {path}", _how_to_make(path), "no-database")
    try:
        return _looking(path, "ro", patience)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK":
            _take_back(path, patience)
            return _looking(path, "ro", patience)
        if os.access(path.parent, os.W_OK) or _has_log(path):
            raise
        return _looking(path, "ro&immutable=1", patience)


def _looking(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    connection = connect(path, mode, patience)
    try:
        connection.execute("BEGIN")
        _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _take_back(path: Path, patience: float) -> None:
    """Have SQLite undo what its journal says was begun and not committed, which a read-only connection cannot.

    Only in a database of ours, or in one that was new: there the journal begins with no pages.
    """
    with path.open("rb") as file, path.with_name(f"{path.name}-journal").open("rb") as journal:
        header, begun = file.read(100), journal.read(20)
    if header[68:72] != migrations.APPLICATION_ID.to_bytes(4, "big") and begun[16:20] != bytes(4):
        raise _foreign(path)
    try:
        with closing(connect(path, "rw", patience)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise
        hint = "run a command as somebody who may write to the file and its folder: that takes it back"
        raise unusable(f"{path} holds a write that was cut off, and cannot be changed", hint, "unusable") from error


class Writing(sqlite3.Connection):
    """A connection to write by; `migrated_from` is the schema that was stored, 0 where it was the current one."""

    migrated_from = 0


def open_for_writing(path: Path, told: Path | None = None) -> Writing:
    """A connection that holds the write lock, on a database of the current schema; creates the file if missing.

    The caller commits by `commit` or rolls back, migrations included. A new file is 0600 in folders of 0700. Where the
    file is made for another one, that is the one `told` in errors.
    """
    told = told or path
    with database_errors(told):
        create(path)
        connection = _connected(path, "rw", BUSY_SECONDS, Writing)
        try:
            connection.execute("BEGIN")
            _check(connection, told)
            connection.execute("COMMIT")
            make_durable(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            _patiently(connection, "BEGIN IMMEDIATE")
            connection.execute("PRAGMA defer_foreign_keys = ON")
            _check(connection, told)  # again: another process may have written since
            before = migrations.version(connection)
            if before != migrations.SCHEMA_VERSION:
                migrations.run(connection, now())
                connection.migrated_from = before
        except BaseException:
            connection.close()
            raise
        return connection


def commit(connection: sqlite3.Connection, path: Path, act: Callable[[], object]) -> Path | None:
    """Commit a write, which `act` does, while signals wait. A migration first leaves a back-up: its file, else None.

    Without the commit there is no back-up. Raises exit 8 when it cannot be made.
    """
    before = connection.migrated_from if isinstance(connection, Writing) else 0
    with ExitStack() as closing_:
        made = closing_.enter_context(_backed_up(path)) if before else None
        with undisturbed():
            kept = None if made is None else _placed(made, path, f"v{before}")
            try:
                act()
            except BaseException:
                if kept is not None:
                    kept.unlink(missing_ok=True)
                raise
    return kept


@contextmanager
def _backed_up(path: Path) -> Iterator[Path]:
    """A copy of the database as it was last committed, 0600 and checked, in a part of its own."""
    from custctl.parts import part

    with ExitStack() as closing_:
        try:
            made = closing_.enter_context(part(path))
            with closing(connect(path, "ro")) as source:
                copy(source, made)
        except OSError as error:
            raise unusable(f"the back-up of {path} cannot be made: {error.strerror}", "nothing was changed") from error
        require_sound(path, made)
        yield made


def _placed(made: Path, path: Path, label: str) -> Path:
    try:
        return put_numbered(made, path, label)
    except OSError as error:
        raise unusable(f"the back-up of {path} cannot be made: {error.strerror}", "nothing was changed") from error


def put_numbered(made: Path, path: Path, label: str) -> Path:
    """Put a back-up beside its database under the first of `numbered` that is free; what lies there stays."""
    from custctl.parts import put_new

    for target in numbered(path, label):
        with suppress(FileExistsError):
            put_new(made, target)
            return target
    raise AssertionError("unreachable")


def numbered(path: Path, label: str) -> Iterator[Path]:
    """Names for back-ups of a database: shop.db.v5.backup, shop.db.v5-2.backup, shop.db.v5-3.backup and so on."""
    for number in count(1):
        yield path.with_name(f"{path.name}.{label}{'' if number == 1 else f'-{number}'}.backup")


@contextmanager
def made_new(path: Path, done: Callable[[], object]) -> Iterator[Path]:
    """A file to make a database in that is missing; it is put in its place when it is whole, and `done` is called.

    What fails, or is killed, leaves no database and no folder behind. Raises FileExistsError when another process has
    made one in the meantime, exit 8 when none can be made there.
    """
    from custctl.parts import part, put_new

    folders = [folder for folder in path.parents if not folder.exists()]
    try:
        with ExitStack() as closing_:
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                file = closing_.enter_context(part(path))
            except OSError as error:
                raise _unmakeable(path, error) from error
            yield file
            _complete(file, path)
            with undisturbed():
                try:
                    put_new(file, path)
                except FileExistsError:
                    raise
                except OSError as error:
                    raise _unmakeable(path, error) from error
                done()
    finally:
        for folder in folders:
            with suppress(OSError):  # it is not empty: the database is in it
                folder.rmdir()


def _complete(file: Path, path: Path) -> None:
    """Have all that was committed in the file itself, which alone is put in place.

    What lies in its log goes there when the connection is closed, and SQLite does not say when there is no room.
    """
    with database_errors(path), closing(connect(file, "rw", 0)) as connection:
        [blocked, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if blocked:
        raise busy(path)


def _unmakeable(path: Path, error: OSError) -> CustctlError:
    return unusable(f"{path} cannot be made: {error.strerror}", _NAME_ANOTHER, "unusable")


def open_in_memory() -> sqlite3.Connection:
    """An empty database of the current schema that is never stored, in a transaction: for a plan without a file.

    SQLite keeps it in memory while it is small, else in a file of its own that nobody else sees.
    """
    connection = sqlite3.connect("", isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        migrations.run(connection, now())
        connection.execute("PRAGMA defer_foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """Let readers go on while this connection writes, and a commit return when it is on disk."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def copy(source: sqlite3.Connection, part: Path) -> None:
    """The database of a connection as a new file, 0600.

    A copy is not in WAL mode, so that it can be read where no files can be made beside it.
    """
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
    """Turn what SQLite reports into an error with the right exit code; a mistake of ours stays what it is (70)."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if (told := known(error, path)) is None:
            raise
        raise told from error


_NOT_UTF_8 = "Could not decode"
"""How sqlite3, which goes on with the text, tells of one that is not UTF-8."""


def translate(error: sqlite3.Error, path: Path) -> CustctlError | None:
    """The custctl error for an error of SQLite: busy is 75, everything else about the file 8.

    None for a mistake of ours: a statement that SQLite cannot run on a file which is as custctl made it.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    if str(error).startswith(_NOT_UTF_8):
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
            f"{path} {what}",
            f"name another file, or put a back-up back: {shell.command('db restore', 'FILE', db=str(path))}",
            "corrupt",
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR", "SQLITE_AUTH")):
        return unusable(f"{path} cannot be used: {error}", "check the file and its folder", "unusable")
    if isinstance(error, _MISTAKES) or (name == "SQLITE_ERROR" and not _is_altered(path)):
        return None
    return unusable(f"{path}: {error}")


_MISTAKES = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError)


def _is_altered(path: Path) -> bool:
    """Whether something else than custctl has changed the tables, or has written text that is none."""
    from custctl.store.checks import damage

    try:
        with closing(connect(path, "ro")) as connection:
            return bool(damage(connection))
    except (sqlite3.Error, OSError):
        return True


def busy(path: Path) -> CustctlError:
    """Another process holds the database, for longer than one waits (exit 75)."""
    words = f"{path} is in use by another process (waited {BUSY_SECONDS:g} s)"
    return CustctlError(Problem("busy", Exit.BUSY, words, "nothing was changed; try again"))


def known(error: BaseException, path: Path) -> CustctlError | None:
    """What an error that came up while an answer was read means; None when it is a mistake in custctl."""
    if isinstance(error, UnicodeDecodeError):  # sqlite3 raises it for text of a damaged file
        error = sqlite3.OperationalError(_NOT_UTF_8)
    return translate(error, path) if isinstance(error, sqlite3.Error) else None


def is_there(path: Path) -> bool:
    """Whether there is a file at the path. Raises exit 8 when what is there is none, or cannot be looked at.

    A link to a file that is missing is refused: nothing could be made in its place without replacing the link.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():
            raise unusable(f"{path} is a link to a file that is missing", _NAME_ANOTHER, "unusable") from error
        return False
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        raise unusable(f"{path} cannot be used: {reason(error)}", _NAME_ANOTHER, "unusable") from error
    if not stat.S_ISREG(mode):  # a pipe would be waited for
        raise unusable(f"{path} is not a file", _NAME_ANOTHER, "unusable")
    return True


def _how_to_make(path: Path) -> str:
    """What makes the database; it is named, for another one could be filled by mistake."""
    small, empty = shell.command("demo", db=str(path)), shell.command("db migrate", db=str(path))
    return f"for a small world: {small} or for an empty one: {empty}"


_NAME_ANOTHER = "name another file with --db"


def _has_log(path: Path) -> bool:
    logs = (path.with_name(f"{path.name}-{kind}") for kind in ("wal", "journal"))
    return any(log.exists() and log.stat().st_size > 0 for log in logs)


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
    return _connected(path, mode, patience, sqlite3.Connection)


_Connection = TypeVar("_Connection", bound=sqlite3.Connection)


def _connected(path: Path, mode: str, patience: float, kind: type[_Connection]) -> _Connection:
    # With an empty authority, or the first word of //tmp/shop.db would be taken for one.
    uri = f"file://{_quoted(path)}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=patience, factory=kind)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours or that a newer custctl has written; needs one snapshot, while others write."""
    number = connection.execute("PRAGMA application_id").fetchone()[0]
    found = migrations.version(connection)
    if number != migrations.APPLICATION_ID:
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if number or found or not empty:
            raise _foreign(path)
    if found > migrations.SCHEMA_VERSION:
        raise unusable(
            f"{path} has schema {found}, newer than this custctl ({migrations.SCHEMA_VERSION})",
            "update custctl, or name another file with --db",
            "newer-database",
        )


_PLAIN = frozenset(b"/-_.~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _quoted(path: Path) -> str:
    """The path for a URI; by hand, because what the standard library has for it takes long to import."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in os.fsencode(path.absolute()))


def _foreign(path: Path) -> CustctlError:
    return unusable(f"{path} is not a custctl database", _NAME_ANOTHER, "foreign-database")


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
        raise _unmakeable(path, error) from error
