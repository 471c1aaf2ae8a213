"""The text in bytes that a user hands over: documents, questions, names and the file of settings are all read by this.

It is UTF-8; a byte order mark, which Windows programs write, is skipped. Sheets may be in other encodings, and are read
in pieces: see store/sheets/text.py, which uses the same marks.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from custctl.errors import CustctlError, Place, invalid, reason

MARK = codecs.BOM_UTF8
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character: what an escape, or bytes that are not UTF-8, leave in a text that cannot be written."""

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def decoded(name: str, data: bytes, what: str = "document") -> str:
    """The text of a whole file; `what` says what it is in messages.

    Raises exit 4 with line and column for bytes that are not UTF-8, and for NUL.
    """
    return _text(name, _unmarked(name, data, what), what, 1)


def lines(name: str, stream: Iterable[bytes], what: str) -> Iterator[tuple[int, str | CustctlError]]:
    """The lines of a file, each with its number: its text, or what is wrong with its bytes (exit 4).

    Raises exit 4 when the file is in another encoding, or holds nothing at all.
    """
    number = 0
    for number, line in _numbered(name, stream):
        data = _unmarked(name, line, what) if number == 1 else line
        try:
            yield number, _text(name, data, what, number)
        except CustctlError as error:
            yield number, error
    if not number:
        raise empty(name)


def names(stream: Iterable[bytes], source: str) -> Iterator[str]:
    """The names on the lines of standard input, as they are; none at all are no mistake.

    Raises exit 4 as `decoded` does.
    """
    for number, line in _numbered(source, stream):
        yield _text(source, _unmarked(source, line, "list") if number == 1 else line, "list", number)


def _numbered(name: str, stream: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines as bytes, with their numbers; exit 4 when reading fails, as it does for a folder."""
    try:
        yield from enumerate(stream, 1)
    except OSError as error:
        raise invalid(f"cannot be read: {reason(error)}", code="unreadable", place=Place(name)) from error


def empty(name: str) -> CustctlError:
    """A file that should say something holds nothing (exit 4): most likely what writes it has failed."""
    words = "standard input is empty" if name == "<stdin>" else "the file is empty"
    hint = "has the command that writes it failed?"
    return invalid(words, code="empty", hint=hint, place=Place(name))


def _unmarked(name: str, data: bytes, what: str) -> bytes:
    for mark, encoding in _OTHER_MARKS:
        if data.startswith(mark):
            words = f"the {what} is {encoding}"
            raise invalid(words, code="encoding", hint="save it as UTF-8", place=Place(name, 1, 1))
    return data.removeprefix(MARK)


def _text(name: str, data: bytes, what: str, first: int) -> str:
    """The text of bytes that begin at a line of the file."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        bad = f"byte 0x{data[error.start]:02x} is not UTF-8"
        place = _place_of_byte(name, data, error.start, first)
        raise invalid(bad, code="encoding", hint=f"save the {what} as UTF-8", place=place) from None
    if (nul := data.find(0)) >= 0:
        place = _place_of_byte(name, data, nul, first)
        raise invalid(f"a NUL byte does not belong in a {what}", code="encoding", place=place)
    return text


def _place_of_byte(name: str, data: bytes, index: int, first: int) -> Place:
    """Line and column of a byte; all before it is known to be UTF-8."""
    line_start = data.rfind(b"\n", 0, index) + 1
    return Place(name, data.count(b"\n", 0, index) + first, len(data[line_start:index].decode()) + 1)
