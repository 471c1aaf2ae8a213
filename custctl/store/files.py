"""Files of the user: new ones written for their owner alone, and those that are read line by line."""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from custctl.errors import CustctlError, Exit, Problem, conflict, invalid
from custctl.parts import part, put_new


def write_new(name: str, text: str, *, dry_run: bool = False) -> None:
    """Write a file that does not exist yet, whole or not at all, 0600; a dry run leaves none behind.

    A pipe or a device is written to as it is. Raises exit 5 when something else of that name exists, 74 when it cannot
    be written.
    """
    write_pieces(name, (text,), dry_run=dry_run)


def write_pieces(name: str, pieces: Iterable[str], *, dry_run: bool = False) -> None:
    """As `write_new`, for a text that is made while it is written."""
    with new_file(name, dry_run=dry_run) as file:
        file.writelines(pieces)


@contextmanager
def new_file(name: str, *, encoding: str = "utf-8", errors: str = "strict", dry_run: bool = False) -> Iterator[TextIO]:
    """A text file as `write_new` makes it, to write to; it is there when the block has ended without an error."""
    try:
        if is_stream(name):
            with os.fdopen(_stream(name, dry_run=dry_run), "w", encoding=encoding, errors=errors, newline="") as file:
                yield file
            return
        require_free(name)
        with part(Path(name)) as made:
            with _durable(made, encoding, errors) as file:
                yield file
            if not dry_run:
                put_new(made, Path(name))
    except FileExistsError:
        raise taken(name) from None
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _DESCRIPTOR.fullmatch(name):
            raise  # as if the answer itself were not read to its end
        raise unwritable(name, error) from error


@contextmanager
def new_folder(name: str, *, dry_run: bool = False) -> Iterator[Callable[[str, Iterable[str]], None]]:
    """A new folder, 0700, by what writes a text into a file of it; it is there when the block has ended well.

    Raises as `write_new`.
    """

    def write(file: str, pieces: Iterable[str]) -> None:
        with _durable(made / file) as stream:
            stream.writelines(pieces)

    require_free(name)
    try:
        with part(Path(name)) as made:
            made.mkdir(mode=0o700)
            yield write
            if not dry_run:
                put_new(made, Path(name))
    except FileExistsError:
        raise taken(name) from None
    except OSError as error:
        raise unwritable(name, error) from error


@contextmanager
def _durable(path: Path, encoding: str = "utf-8", errors: str = "strict") -> Iterator[TextIO]:
    """A text file that is made, 0600, and on disk when it is closed."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding=encoding, errors=errors, newline="") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def require_free(name: str) -> None:
    """Raise exit 5 when a new file cannot have the name because something has it, 74 or 4 when nothing can have it."""
    _require_name(name)
    try:
        os.lstat(name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(name, error) from error
    raise taken(name)


_DESCRIPTOR = re.compile(r"/dev/(?:stdout|stderr|fd/(\d+))")


def is_stream(name: str) -> bool:
    """Whether a name is that of a pipe, a terminal or another device, which takes what is written to it as it comes."""
    if _DESCRIPTOR.fullmatch(name):
        return True
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 - a name may hold what a Path would drop
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _stream(name: str, *, dry_run: bool) -> int:
    """A descriptor to write to; of standard output the one that is open, which may be in the middle of a file."""
    if dry_run:
        return os.open(os.devnull, os.O_WRONLY)
    match = _DESCRIPTOR.fullmatch(name)
    if match:
        return os.dup({"/dev/stdout": 1, "/dev/stderr": 2}.get(name) or int(match[1]))
    return os.open(name, os.O_WRONLY | os.O_NOCTTY)


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


def opened(name: str, closing: ExitStack) -> BinaryIO:
    """A regular file, or with `-` standard input, to be read; the file is closed with `closing`.

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


def _require_name(name: str) -> None:
    if not name:  # which would mean the current folder
        raise invalid("the name of a file is empty", code="unreadable", value=name)


def _opened(name: str) -> int:
    _require_name(name)
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise invalid(f"{name} cannot be read: {error.strerror}", code="unreadable", value=name) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise invalid(f"{name} is not a file", code="unreadable", value=name)
    return handle
