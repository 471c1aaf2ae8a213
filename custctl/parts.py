"""Files that are made beside their place and put there when they are whole, and what is left of those that never were.

What is being made stands in a folder of its own, `.custctl-PID-NUMBER.part`, beside the place that it is meant for: a
file takes its place there in one step, and what SQLite writes beside a database is in the folder too. The process that
makes it holds a lock on the folder. The system ends the lock with the process, however that ends; so a part that can be
locked is left over, whichever process has its number by now.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

_FILE = "new"
_PART = re.compile(r"\.custctl-\d+-\d+\.part")
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@contextmanager
def part(target: Path) -> Iterator[Path]:
    """Where a file or folder can be made that is meant for `target`; afterwards the part is removed.

    First what is left over in the folder is removed. Raises OSError when no part can be made there.
    """
    remove_left_over(target)
    folder, lock = _made(target.parent)
    try:
        yield folder / _FILE
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def put_new(made: Path, target: Path) -> None:
    """Give what was made its name, in one step, and have the name on disk.

    Raises FileExistsError when something has that name by now, OSError when it cannot be given.
    """
    if made.is_dir():
        _put_folder(made, target)
    else:
        _put_file(made, target)
    _sync(target.parent)


def put_over(made: Path, target: Path) -> None:
    """As `put_new`, in the place of a file that has the name."""
    made.replace(target)
    _sync(target.parent)


def _put_file(made: Path, target: Path) -> None:
    try:
        os.link(made, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links: the name is taken first, so that nothing is overwritten.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        made.replace(target)


def _put_folder(made: Path, target: Path) -> None:
    _sync(made)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        made.rename(target)  # which replaces an empty folder at most
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        raise


def _made(folder: Path) -> tuple[Path, int]:
    """A new part, and the descriptor that holds its lock."""
    for number in count(1):
        made = folder / f".custctl-{os.getpid()}-{number}.part"
        try:
            made.mkdir(mode=0o700)
        except FileExistsError:  # of an earlier process with this number
            continue
        try:
            lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # before it was locked, another process has taken it for left over
            continue
        with suppress(OSError):  # a file system without locks: no process removes the parts of others there
            fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_same(made, lock):
            return made, lock
        os.close(lock)
    raise AssertionError("unreachable")


def _is_same(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- what is left over ---------------------------------------------------------------------------------------------


def left_over(target: Path) -> list[Path]:
    """The parts beside a file whose processes have ended before they could put them in their place, by name.

    Beside a database or the config file also those that versions before 0.1 made for it. Only what belongs to this user
    counts.
    """
    return [path for path in _candidates(target) if _is_left(path)]


def remove_left_over(target: Path) -> None:
    """Remove what `left_over` finds; what cannot be removed stays."""
    for path in _candidates(target):
        if not _PART.fullmatch(path.name):
            if _is_left(path):
                path.unlink(missing_ok=True)
            continue
        lock = _locked(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _candidates(target: Path) -> list[Path]:
    """What is called like a part, whether its process lives or not; nothing where the folder cannot be read."""
    older = _older(target)
    try:
        names = [name for name in os.listdir(target.parent) if name.startswith(".")]  # noqa: PTH208 - names suffice
    except OSError:
        return []
    found = (target.with_name(name) for name in sorted(names) if _PART.fullmatch(name) or older.fullmatch(name))
    return [path for path in found if _is_mine(path)]


def _is_mine(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    is_kind = stat.S_ISDIR if _PART.fullmatch(path.name) else stat.S_ISREG
    return is_kind(found.st_mode) and found.st_uid == os.geteuid()


def _is_left(path: Path) -> bool:
    if not _PART.fullmatch(path.name):
        process = re.search(r"[.-](\d+)\.part", path.name)
        return process is None or _has_ended(int(process[1]), path)
    lock = _locked(path)
    if lock is None:
        return False
    os.close(lock)
    return True


def _locked(path: Path) -> int | None:
    """The descriptor that holds the lock of a part that was left over; None while its process lives."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


# Before 0.1 parts were files without a lock, and only the number of the process tells whether it has ended.


def _older(target: Path) -> re.Pattern[str]:
    beside = "(?:-wal|-shm|-journal)?"
    name = re.escape(target.name)
    words = [rf"\.custctl-\d+\.part{beside}", rf"\.{name}\.\d+\.part{beside}", rf"\.{name}\.v\d+\.backup\.part{beside}"]
    if target.name == "config.toml" and target.parent.name == "custctl":
        words.append(r"\.config\.[a-z0-9_]{8}")
    return re.compile("|".join(words))


def _has_ended(process: int, path: Path) -> bool:
    """Whether the process has ended, also where another one has its number: one that began after the last change."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # somebody else's
        return False
    try:
        return path.stat().st_mtime + 1 < _began(process)
    except (OSError, ValueError, IndexError):  # it has ended in the meantime, or there is no /proc: it may live
        return False


def _began(process: int) -> float:
    """When a process began, in seconds of the epoch, as Linux tells it."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return time.time() - uptime + int(words[19]) / os.sysconf("SC_CLK_TCK")
