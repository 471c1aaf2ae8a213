"""The three standard streams: closed, broken and full ones do no harm, and never look like an answer."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from custctl.errors import Exit


def prepare() -> None:
    """Make all three streams safe to use.

    A closed descriptor is occupied, so that no file of ours is opened in its place and printed into. Writing to a
    closed standard output fails as to a full disk. A character that an encoding lacks is printed as an escape.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - it lives as long as the process
    if isinstance(sys.stdout.buffer, io.RawIOBase):  # PYTHONUNBUFFERED, which would cost a call for every word
        encoding, terminal = sys.stdout.encoding, sys.stdout.isatty()
        # The first wrapper stays whole: the width of the terminal is asked of it.
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(sys.stdout.buffer), encoding, line_buffering=terminal)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # they are text streams


def say(text: str) -> None:
    """Write to standard error; there is nowhere to tell that this failed."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)


def answer(text: str) -> int:
    """Print a whole answer; the exit code."""
    try:
        sys.stdout.write(text)
        return flushed(Exit.OK)
    except OSError as error:
        return told(error)


def flushed(code: int) -> int:
    """Flush both streams; the exit code then, for an answer that could not be flushed was not given."""
    try:
        sys.stdout.flush()
    except OSError as error:
        code = told(error) or code
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    return code


def lost(error: OSError) -> int:
    """The exit code of an answer that could not be printed; a reader who has seen enough is no error."""
    discard()
    return Exit.OK if isinstance(error, ConnectionError) else Exit.OUTPUT


def discard() -> None:
    """Point standard output at nothing, so that what is still in its buffer fails no more."""
    with contextlib.suppress(OSError):  # a stream in memory has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unwritten(error: OSError) -> str:
    """What to say of an answer that could not be printed."""
    return f"the answer could not be written: {error.strerror or error}"


def told(error: OSError) -> int:
    """As `lost`, and say so."""
    code = lost(error)
    if code:
        say(f"error: {unwritten(error)}\n")
    return code
