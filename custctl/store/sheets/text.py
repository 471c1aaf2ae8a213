"""The text of a sheet: from a file, a pipe or standard input, decoded in pieces, bounded in memory.

Whatever the encoding, what cannot be read is told with its line and column. A line ends in LF, CR LF or CR.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from encodings.aliases import aliases
from typing import BinaryIO, Final, NamedTuple

from custctl.errors import CustctlError, Place, invalid, near, reason
from custctl.store.documents.source import STDIN

LINE_LIMIT: Final = 16 * 1024 * 1024
"""Characters of one line, and of one object of JSON."""
RECORD_LIMIT: Final = 4 * 1024 * 1024
"""Characters of a record of several lines: short lines take many times as much memory as they are long."""
PATIENCE: Final = 5.0
"""Seconds that a named pipe may wait for somebody to open it for writing."""
CHUNK: Final = 32 * 1024
"""Bytes that are read at once: few enough that what is made of them stays in the processor's cache."""

_HEAD = 4096
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8", ("utf-8", "utf-8-sig")),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le", ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, "utf-32-be", ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF16_LE, "utf-16-le", ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, "utf-16-be", ("utf-16", "utf-16-be")),
)
_WITHOUT_MARK = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_OF_NO_FILE = frozenset({"idna", "punycode", "undefined", "unicode-escape", "unicode_escape", "raw-unicode-escape"})
_KINDS = {stat.S_IFDIR: "a directory", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class Text:
    """The text of one sheet, piece by piece; no piece ends between CR and LF."""

    def __init__(self, file: Opened, encoding: str | None) -> None:
        self.source = file.name
        self._stream = file.stream
        self._size = file.size if file.regular else 0
        self._taken = 0
        head = self._head(file.begun, 4)
        self.encoding, mark = _encoding(self.source, head, encoding)
        self.marked = mark > 0
        self._bytes = head[mark:]
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        self._held = ""
        self._ended = False
        self.line = 1
        """The line to which the text has been read."""
        self._column = 1
        self._kept = ""

    def share(self) -> float | None:
        """How much of the file has been read, from 0 to 1; None where its size is not known."""
        return min(self._taken / self._size, 1.0) if self._size else None

    def peek(self) -> str:
        """How the text begins: its first line that has something on it, or a little more than a page of it."""
        while len(self._kept) < _HEAD and "\n" not in self._kept.lstrip() and (piece := self._next()):
            self._kept += piece
        return self._kept

    def piece(self) -> str:
        """The next piece; the empty text at the end.

        Raises exit 4 for bytes that are not the encoding, for NUL, and when reading fails.
        """
        piece, self._kept = self._kept, ""
        return piece or self._next()

    def _next(self) -> str:
        while not self._ended:
            data = self._bytes or self._read(CHUNK)
            self._bytes = b""
            self._ended = not data
            text = self._held + self._decoded(data)
            self._held = "\r" if text.endswith("\r") and not self._ended else ""
            text = text.removesuffix(self._held)
            if (nul := text.find("\0")) >= 0:
                raise self._nul(text[:nul])
            if text:
                self.line, self._column = self._behind(text)
                return text
        return ""

    def _head(self, head: bytes, size: int) -> bytes:
        while len(head) < size and (data := self._read(CHUNK)):
            head += data
        return head

    def _read(self, size: int) -> bytes:
        try:
            data = self._stream.read1(size) if isinstance(self._stream, io.BufferedIOBase) else self._stream.read(size)
        except OSError as error:
            raise unreadable(self.source, reason(error)) from error
        except ValueError as error:  # Python has closed it
            raise unreadable(self.source, "it is closed") from error
        self._taken += len(data)
        return data

    def _decoded(self, data: bytes) -> str:
        try:
            return self._decoder.decode(data, self._ended)
        except UnicodeDecodeError as error:
            before = self._held + error.object[: error.start].decode(self.encoding, "replace")
            cut = error.reason == "unexpected end of data"
            bad = f"byte 0x{error.object[error.start]:02x} is not {self.encoding.upper()}"
            raise invalid(
                "the file ends within a character" if cut else bad,
                code="encoding",
                hint=f"say how it is written, like --encoding {'windows-1252' if self._is_utf8 else 'utf-8'}",
                place=self._place(before),
            ) from error

    def _nul(self, before: str) -> CustctlError:
        hint = "if the file is UTF-16 without a mark: --encoding utf-16-le" if self._is_utf8 else None
        message = "a NUL character does not belong in a sheet"
        return invalid(message, code="encoding", hint=hint, place=self._place(before))

    @property
    def _is_utf8(self) -> bool:
        return self.encoding == "utf-8"

    def _place(self, before: str) -> Place:
        """The place behind a text that begins where the next piece does."""
        return Place(self.source, *self._behind(before))

    def _behind(self, text: str) -> tuple[int, int]:
        if count := breaks(text):
            return self.line + count, len(text) - max(text.rfind("\n"), text.rfind("\r"))
        return self.line, self._column + len(text)


def breaks(text: str) -> int:
    """How many lines end in a text that is not cut between CR and LF."""
    ends = text.count("\n")
    return ends + text.count("\r") - text.count("\r\n") if "\r" in text else ends


def lines_of(text: Text) -> Iterator[list[str]]:
    """The lines with their ends, in lists as they are read; only the very last line may have no end.

    Raises exit 4 for a line that is too long.
    """
    begun, number = "", 1
    while piece := text.piece():
        begun += piece
        if not (count := text.line - number):
            if len(begun) > LINE_LIMIT:
                raise too_long(text.source, number)
            continue
        lines = _split(begun, count)
        begun = "" if lines[-1].endswith(("\n", "\r")) else lines.pop()
        if len(lines[0]) > LINE_LIMIT:
            raise too_long(text.source, number)
        yield lines
        number += count
    if begun:
        yield [begun]


def too_long(source: str, line: int, limit: int = LINE_LIMIT) -> CustctlError:
    """A line or record is longer than any that is meant (exit 4)."""
    message = f"what begins here is longer than {limit // 1024 // 1024} MiB"
    return invalid(message, code="limit", hint="is this a sheet of rows?", place=Place(source, line, 1))


def unreadable(source: str, why: str, hint: str | None = None) -> CustctlError:
    """A file cannot be read (exit 4)."""
    return invalid(f"cannot be read: {why}", code="unreadable", hint=hint, place=Place(source))


def _split(text: str, count: int) -> list[str]:
    """The lines of a text with `count` ends of lines; splitlines is fastest, but knows other ends too."""
    lines = text.splitlines(keepends=True)
    if len(lines) == count + (not text.endswith(("\n", "\r"))):
        return lines
    return list(io.StringIO(text, newline=""))


# -- encodings -----------------------------------------------------------------------------------------------------


def _encoding(source: str, head: bytes, stated: str | None) -> tuple[str, int]:
    """The encoding of a file that begins so, and how long its mark is; raises exit 4."""
    name = None if stated is None else _known_encoding(stated)
    for mark, marked, names in _MARKS:
        if head.startswith(mark):
            if name in (None, *names):
                return marked, len(mark)
            if name is not None and mark == codecs.BOM_UTF32_LE:
                continue  # UTF-16 of a text that begins with NUL, which is told then
            message = f"the file begins with the mark of {marked[:6].rstrip('-').upper()}, it is not {stated}"
            raise invalid(
                message, code="encoding", value=stated, hint="leave --encoding out", place=Place(source, 1, 1)
            )
    return _WITHOUT_MARK.get(name or "", name or "utf-8"), 0


def _known_encoding(stated: str) -> str:
    try:
        "".encode(stated)  # which refuses those codecs that are none of texts
        name = codecs.lookup(stated).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        name = ""
    if not name or name in _OF_NO_FILE:
        known = {alias.replace("_", "-") for alias in (*aliases, *aliases.values())}
        hint = None if near(stated, known) else "names are like utf-8, iso-8859-1, windows-1252, utf-16"
        raise invalid(
            f"unknown encoding {stated!r}", code="encoding", value=stated, hint=hint, candidates=near(stated, known)
        )
    return name


# -- files ---------------------------------------------------------------------------------------------------------


class Opened(NamedTuple):
    """A file that is being read: what to call it, what was read of it already, and what is still to be read."""

    name: str
    begun: bytes
    stream: BinaryIO
    regular: bool
    size: int = 0
    """How many bytes a regular file has."""


@contextmanager
def opened(path: str, stdin: BinaryIO | None = None) -> Iterator[Opened]:
    """A file, a named pipe that somebody writes to, or with `-` standard input.

    Raises exit 4 when it cannot be read.
    """
    if path == "-":
        stream: BinaryIO | None = stdin or getattr(sys.stdin, "buffer", None)
        if stream is None:
            raise unreadable(STDIN, "standard input is closed")
        yield Opened(STDIN, b"", stream, regular=False)
        return
    with os.fdopen(_handle(path), "rb") as file:
        state = os.fstat(file.fileno())
        mode = state.st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
            raise unreadable(path, f"it is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, not a file")
        begun = _written_first(path, file.fileno()) if stat.S_ISFIFO(mode) else b""
        os.set_blocking(file.fileno(), True)
        yield Opened(path, begun, file, stat.S_ISREG(mode), state.st_size)


def _handle(path: str) -> int:
    """An open descriptor; the open itself never waits for a writer."""
    if not path:  # which would mean the current directory
        raise invalid("the name of a sheet is empty", code="unreadable")
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a name may hold what a Path would drop
        if stat.S_ISDIR(mode):  # which os.fdopen refuses in words of its own
            raise unreadable(path, "it is a directory, not a file")
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise unreadable(path, reason(error)) from error


def _written_first(path: str, handle: int) -> bytes:
    """What a named pipe has to be read, once it has a writer; a silent writer is waited for by whoever reads on.

    Only reading tells a pipe that nobody has opened (it ends) from one whose writer is silent (it would block).
    """
    poll = select.poll()
    poll.register(handle, select.POLLIN | select.POLLHUP)
    ready = poll.poll(PATIENCE * 1000)
    try:
        begun = os.read(handle, CHUNK)
    except BlockingIOError:
        return b""
    if not begun and not ready:
        hint = "start what writes to it, or write `-` and redirect into it"
        raise unreadable(path, f"nobody has opened the pipe for writing within {PATIENCE:.0f} s", hint)
    return begun
