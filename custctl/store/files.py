"""Files of the user: new ones written for their owner alone, and those that are read line by line."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from custctl.errors import CustctlError, Exit, Problem, conflict, invalid


def write_new(name: str, text: str, *, dry_run: bool = False) -> None:
    """Write a file that does not exist yet, whole or not at all, 0600; a dry run leaves none behind.

    Raises exit 5 when something of that name exists, 74 when it cannot be written.
    """
    write_pieces(name, (text,), dry_run=dry_run)


def write_pieces(name: str, pieces: Iterable[str], *, dry_run: bool = False) -> None:
    """As `write_new`, for a text that is made while it is written."""
    path = Path(name)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise taken(name) from None
    except OSError as error:
        raise unwritable(name, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        if dry_run:
            path.unlink()
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(name, error) from error
        raise


def taken(name: str) -> CustctlError:
    """A new file cannot have the name of one that exists (exit 5)."""
    return conflict(f"{name} exists already", code="exists", hint="choose another name, or remove it first")


def unwritable(name: str, error: OSError) -> CustctlError:
    """A file that was asked for cannot be written (exit 74)."""
    return CustctlError(Problem("output", Exit.OUTPUT, f"{name} cannot be written: {error.strerror}"))


def matching(names: Sequence[str]) -> list[str]:
    """The files that names and globs mean; a glob that matches nothing is an error (exit 4), not no tests."""
    found: list[str] = []
    for name in names:
        if not glob.has_magic(name) or Path(name).exists():
            found.append(name)
            continue
        matched = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - it takes absolute patterns too
        if not matched:
            raise invalid(f"{name} matches no file", code="unreadable", value=name)
        found += matched
    return found


def lines(name: str, closing: ExitStack) -> Iterable[bytes]:
    """The lines of a regular file, or with `-` of standard input; the file is closed with `closing`.

    Raises exit 4 when it cannot be read.
    """
    if name == "-":
        if sys.stdin is None:
            raise invalid("standard input is closed", code="unreadable", value=name)
        return sys.stdin.buffer
    return closing.enter_context(os.fdopen(_opened(name), "rb"))


def require_file(name: str) -> None:
    """Raise exit 4 unless there is a regular file of that name, which can be read."""
    os.close(_opened(name))


def _opened(name: str) -> int:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise invalid(f"{name} cannot be read: {error.strerror}", code="unreadable", value=name) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise invalid(f"{name} is not a file", code="unreadable", value=name)
    return handle
