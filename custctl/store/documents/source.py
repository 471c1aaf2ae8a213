"""The text of a document: fetched from a file, a directory or standard input, bounded, and always UTF-8."""

from __future__ import annotations

import os
import stat
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final, Literal

from custctl.decoding import decoded, empty
from custctl.errors import CustctlError, Place, invalid, reason

Format = Literal["toml", "yaml", "json"]

ENDINGS: Final[dict[str, Format]] = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
KNOWN_ENDINGS = "a document ends in .toml, .yaml, .yml or .json"

API_VERSION = "custctl/v1"
"""The one shape of documents that there is so far."""

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of one document."""

DEPTH_LIMIT = 100
"""Steps from the top of a document to a value, in every format."""

STDIN = "<stdin>"

_CHUNK = 1024 * 1024

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Source:
    """The text of one file and the name it was given by."""

    name: str
    text: str

    def place(self, offset: int | None = None) -> Place:
        """Line and column of a character of the text; without one, the file."""
        if offset is None:
            return Place(self.name)
        line = bisect_right(self._line_starts, offset)
        return Place(self.name, line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column that count from 1."""
        return self._line_starts[line - 1] + column - 1

    def error(self, message: str, offset: int | None = None, *, code: str, hint: str | None = None) -> CustctlError:
        """What is wrong with the text at `offset` (exit 4)."""
        return invalid(message, code=code, hint=hint, place=self.place(offset))

    def syntax(self, format: str, problem: str, offset: int | None, hint: str | None = None) -> CustctlError:
        """A parser's complaint in our form (exit 4); where the text ends too early, at its last character."""
        if offset is not None:
            offset = min(offset, len(self.text.rstrip()))
        return self.error(f"not valid {format}: {problem[:1].lower()}{problem[1:]}", offset, code="syntax", hint=hint)

    def too_deep(self, offset: int | None) -> CustctlError:
        """A value lies too deep (exit 4)."""
        return self.error(f"values are nested more than {DEPTH_LIMIT} levels deep", offset, code="limit")

    def twice(self, key: str, offset: int | None) -> CustctlError:
        """A table has the same key twice (exit 4)."""
        return self.error(f"{shown(key)} is given twice", offset, code="duplicate")

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *_after_each_newline(self.text)]


def shown(text: str) -> str:
    """A text from a document as it appears in a message: quoted, escaped, never long."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def named_by(path: str) -> list[tuple[str, Format]]:
    """The files that a path on the command line names, with their formats: itself, or those of the directory."""
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return _in_directory(path)
    _require_regular(path, mode)
    ending = _format(path)
    if ending is None:
        message = "the ending of the name does not tell the format"
        raise invalid(message, code="format", hint=KNOWN_ENDINGS, place=Place(path))
    return [(path, ending)]


def from_file(path: str) -> Source:
    """The text of a regular file; anything else is refused without waiting for it."""
    _require_regular(path, _mode(path))
    # A pipe that has taken the place of the file since must not block the open, hence O_NONBLOCK and a second look.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            _require_regular(path, os.fstat(file.fileno()).st_mode)
            return _source(path, _bounded(file))
    except OSError as error:
        raise _unreadable(path, error) from error


def from_stdin(stdin: BinaryIO | None) -> Source:
    """The text on standard input, to its end."""
    stream: BinaryIO | None = stdin or getattr(sys.stdin, "buffer", None)  # sys.stdin is None where 0 is closed
    if stream is None:
        raise invalid("standard input is closed", code="unreadable", place=Place(STDIN))
    try:
        return _source(STDIN, _bounded(stream))
    except OSError as error:
        raise _unreadable(STDIN, error) from error
    except ValueError as error:  # Python has closed it
        raise invalid("cannot be read: it is closed", code="unreadable", place=Place(STDIN)) from error


def _in_directory(path: str) -> list[tuple[str, Format]]:
    try:
        names = sorted(entry.name for entry in Path(path).iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise _unreadable(path, error) from error
    # Not by pathlib, which would drop the `./` that was typed.
    found = [(os.path.join(path, name), ending) for name in names if (ending := _format(name))]  # noqa: PTH118
    if not found:
        raise invalid("the directory has no documents", code="unreadable", hint=KNOWN_ENDINGS, place=Place(path))
    return found


def _format(path: str) -> Format | None:
    return ENDINGS.get(Path(path).suffix.casefold())


def _mode(path: str) -> int:
    if not path:  # which would mean the current directory
        raise invalid("the name of a document is empty", code="unreadable")
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _require_regular(path: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    hint = None if stat.S_ISDIR(mode) else "to read standard input, write `-` and redirect into it"
    raise invalid(f"cannot be read: it is {kind}, not a file", code="unreadable", hint=hint, place=Place(path))


def _unreadable(path: str, error: OSError | ValueError) -> CustctlError:
    return invalid(f"cannot be read: {reason(error)}", code="unreadable", place=Place(path))


def _bounded(stream: BinaryIO) -> bytes:
    """All that the stream has, or a little more than a document may have."""
    data = bytearray()
    while len(data) <= SIZE_LIMIT and (chunk := stream.read(_CHUNK)):
        data += chunk
    return bytes(data)


def _source(name: str, data: bytes) -> Source:
    if len(data) > SIZE_LIMIT:
        size = f"{SIZE_LIMIT // 1024 // 1024} MiB"
        hint = "split it into several documents in one directory"
        raise invalid(f"the document is larger than {size}", code="limit", hint=hint, place=Place(name))
    if not data:
        raise empty(name)
    # Line ends are made equal here, so that offsets into the text mean the same to every parser.
    return Source(name, decoded(name, data).replace("\r\n", "\n"))


def _after_each_newline(text: str) -> Iterator[int]:
    at = text.find("\n")
    while at >= 0:
        yield at + 1
        at = text.find("\n", at + 1)
