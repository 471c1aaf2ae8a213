"""Rows from a file: CSV, TSV, JSON Lines or JSON, as fast as the csv module reads them, in bounded memory.

Whatever is wrong with a file is told with its line (exit 4). A record that is none of the sheet's rows, because it
has too few or too many cells or is no JSON object, can be refused alone: the others are read.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, cast, get_args

from custctl.decoding import SURROGATE
from custctl.errors import CustctlError, Place, Problem, invalid, number_of, usage
from custctl.resources import NOUNS, fold, trimmed
from custctl.store.sheets import Format, Row, Sheet
from custctl.store.sheets.text import LINE_LIMIT, RECORD_LIMIT, Opened, Text, lines_of, opened, too_long
from custctl.syntax import json_mistake

ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
DELIMITERS: Final = ",;\t|"
"""The delimiters that are looked for in the line of the headings; of equals the first."""

_KNOWN_ENDINGS = "a sheet ends in .csv, .tsv, .jsonl, .ndjson or .json; --format says it of another name"
_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_TABLES = frozenset(noun.document for noun in NOUNS.values() if noun.document not in ("addresses", "settings"))
_DOCUMENT = re.compile(rf'\s*\{{\s*"(?:(?:apiVersion|manager)"\s*:|(?:{"|".join(sorted(_TABLES))})"\s*:\s*\[\s*[{{\]])')
_DIGITS_LIMIT = 400


@contextmanager
def open_sheet(
    path: str,
    *,
    format: Format | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Sheet]:
    """The sheet in a file, a pipe or with `-` on standard input, closed at the end; rows are read as they are used.

    The ending of the name tells the format, for a pipe what is written; the line of the headings tells the
    delimiter; a mark tells UTF-8, UTF-16 and UTF-32, and without one a file is UTF-8. Raises exit 4, also from
    the rows, and exit 2 for a delimiter of JSON.
    """
    with opened(path, stdin) as file:
        named = format or _format_of(file)
        text = Text(file, encoding)
        kind = named or _sniffed(text.peek())
        if kind in ("csv", "tsv"):
            yield _csv_sheet(text, kind, delimiter_of(delimiter))
            return
        if delimiter is not None:
            raise usage("--delimiter goes with CSV", "JSON has no delimiter")
        yield _jsonl_sheet(text) if kind == "jsonl" else _json_sheet(text)


def _format_of(file: Opened) -> Format | None:
    """The format that the name tells; None for what has no name to tell it by."""
    found = ENDINGS.get(Path(file.name).suffix.casefold())
    if found is None and file.regular:
        document = Path(file.name).suffix.casefold() in (".toml", ".yaml", ".yml")
        hint = "that is a document: custctl apply -f FILE" if document else _KNOWN_ENDINGS
        message = "the ending of the name does not tell the format"
        raise invalid(message, code="format", hint=hint, place=Place(file.name))
    return found


def _sniffed(head: str) -> Format:
    start = head.lstrip()
    if start.startswith("["):
        return "json"
    if not start.startswith("{"):
        return "csv"
    first = start.partition("\n")[0].rstrip()
    is_open = "\n" in start and not first.endswith("}")
    return "json" if is_open or _DOCUMENT.match(head) else "jsonl"


def delimiter_of(stated: str | None) -> str | None:
    """The character that a person means by `;` or `tab`; raises exit 4 for what cannot stand between cells."""
    if stated is None:
        return None
    delimiter = _WORDS.get(stated.casefold(), stated)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        message = "the delimiter must be one character, like ; or tab"
        raise invalid(
            message, code="delimiter", value=stated, hint="the quote and ends of lines have their own meaning"
        )
    return delimiter


# -- CSV -----------------------------------------------------------------------------------------------------------


class _Batch(NamedTuple):
    """Records that were read together, with the line of each, and the text of the lines."""

    lines: Sequence[int]
    records: list[list[str]]
    text: list[str]


def _csv_sheet(text: Text, kind: Format, delimiter: str | None) -> Sheet:
    delimiter = delimiter or ("\t" if kind == "tsv" else _sniffed_delimiter(text.peek()))
    batches = _batches(text, delimiter)
    for batch in batches:
        for at, record in enumerate(batch.records):
            if any(cell.strip() for cell in record):
                headings, places = _headings(text.source, record, _cells(batch, at, delimiter))
                rest = _Batch(batch.lines[at + 1 :], batch.records[at + 1 :], [])
                rows = _Rows(text.source, len(headings))
                found = chain.from_iterable(rows.of(batch) for batch in chain((rest,), batches))
                return Sheet(
                    text.source,
                    kind,
                    headings,
                    found,
                    places=places,
                    delimiter=delimiter,
                    encoding=text.encoding,
                    marked=text.marked,
                    share=text.share,
                )
    hint = "the first line of a sheet names its columns"
    raise invalid("the file is empty", code="headings", hint=hint, place=Place(text.source, 1))


def _sniffed_delimiter(head: str) -> str:
    """The delimiter that the first line has most of, outside quotes."""
    line = re.sub('"[^"]*("|$)', "", head.lstrip("\r\n")).partition("\n")[0].partition("\r")[0]
    return max(DELIMITERS, key=line.count)


def _headings(source: str, record: list[str], cells: list[_Cell]) -> tuple[tuple[str, ...], tuple[Place, ...]]:
    """The headings and where each stands; none is blank, but for trailing ones, and none is there twice."""
    headings = [trimmed(heading) for heading in record]
    while not headings[-1]:
        headings.pop()
    places = tuple(Place(source, cell.line, cell.column) for cell in cells[: len(headings)])
    seen: dict[str, int] = {}
    for at, heading in enumerate(headings):
        if not heading:
            raise invalid(f"column {at + 1} has no heading", code="headings", place=places[at])
        first = seen.setdefault(" ".join(fold(heading).split()), at)
        if first != at:
            message = f"the heading {heading!r} is there twice, in columns {first + 1} and {at + 1}"
            raise invalid(message, code="headings", value=heading, place=places[at])
    return tuple(headings), places


def _batches(text: Text, delimiter: str) -> Iterator[_Batch]:
    """The records, in batches as they are read; one that is not at its end is read on with what follows."""
    begun: list[str] = []
    first, size, wanted = 1, 0, 0
    for lines in lines_of(text):
        begun += lines
        if wanted:
            size += sum(map(len, lines))
            if size < wanted:
                continue
        batch, used = _batch(text.source, begun, first, delimiter, final=False)
        yield batch
        begun = begun[used:]
        first += used
        size = sum(map(len, begun))
        if size > RECORD_LIMIT and len(begun) > 1:
            raise too_long(text.source, first, RECORD_LIMIT)
        wanted = min(2 * size, RECORD_LIMIT + 1)
    if begun:
        yield _batch(text.source, begun, first, delimiter, final=True)[0]


def _batch(source: str, lines: list[str], first: int, delimiter: str, *, final: bool) -> tuple[_Batch, int]:
    """The records on these lines, and how many lines they take; the last may be cut unless this is the end."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        records = list(reader)
        if len(records) == len(lines):
            return _Batch(range(first, first + len(records)), records, lines), len(lines)
    except csv.Error:
        pass  # where it stands is found out below
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    starts: list[int] = []
    records, used = [], 0
    try:
        for record in reader:
            starts.append(first + used)
            records.append(record)
            used = reader.line_num
    except csv.Error as error:
        cut = str(error) == _CUT
        if final or not cut:
            raise _broken(source, "".join(lines[used:]), first + used, delimiter, cut=cut) from error
    return _Batch(starts, records, lines), used


_CUT = "unexpected end of data"
_TWICE = "a quote inside a quoted cell is written twice"


class _Cell(NamedTuple):
    """A cell as it is written: where it begins, and how it ends."""

    line: int
    column: int
    text: str
    closed: bool
    """Whether what follows is a delimiter, the end of the line or of the text."""


def _cells(batch: _Batch, at: int, delimiter: str) -> list[_Cell]:
    """The cells of one record of a batch as they are written."""
    start = batch.lines[at] - batch.lines[0]
    return list(_written("".join(batch.text[start:]), batch.lines[at], delimiter))


def _written(text: str, line: int, delimiter: str) -> Iterator[_Cell]:
    """The cells of the record that begins with the text."""
    cell = re.compile(f'"(?:[^"]+|"")*"?|[^{re.escape(delimiter)}\r\n]*')
    at, line_start = 0, 0
    while (match := cell.match(text, at)) is not None:
        end = match.end()
        closed = end == len(text) or text[end] in (delimiter, "\r", "\n")
        yield _Cell(line, at - line_start + 1, match[0], closed)
        if not closed or end == len(text) or text[end] in "\r\n":
            return
        for ending in re.finditer("\r\n|\r|\n", match[0]):
            line, line_start = line + 1, at + ending.end()
        at = end + 1


def _broken(source: str, record: str, line: int, delimiter: str, *, cut: bool) -> CustctlError:
    """What the csv module could not read, told where it begins (exit 4)."""
    limit = csv.field_size_limit()
    *_, last = _written(record, line, delimiter)
    place = Place(source, last.line, last.column)
    if cut:
        return invalid("a quote is opened here and never closed", code="syntax", hint=_TWICE, place=place)
    long = next((cell for cell in _written(record, line, delimiter) if len(cell.text) > limit), None)
    if long is not None:
        hint = "is its quote meant, and closed?" if long.text.startswith('"') else None
        message = f"a cell has more than {limit:,} characters"
        return invalid(message, code="limit", hint=hint, place=Place(source, long.line, long.column))
    return invalid("text follows the closing quote of a cell", code="syntax", hint=_TWICE, place=place)


class _Rows:
    """Makes rows of records: each has as many cells as there are headings, and those with nothing in them are none."""

    def __init__(self, source: str, width: int) -> None:
        self._source = source
        self._width = width

    def of(self, batch: _Batch) -> Iterator[Row]:
        # Nearly always every record is as it should be, and then no line of Python runs for each.
        records = batch.records
        if {*map(len, records)} == {self._width} and (all(map(_FIRST, records)) or all(map(any, records))):
            return map(_ROW, zip(batch.lines, records, repeat(None), strict=False))
        return self._fitting(batch)

    def _fitting(self, batch: _Batch) -> Iterator[Row]:
        for line, record in zip(batch.lines, batch.records, strict=True):
            if not any(record):
                continue
            cells = record[: self._width] if not any(record[self._width :]) else record
            yield Row(line, cells, None if len(cells) == self._width else self._ragged(line, len(cells)))

    def _ragged(self, line: int, found: int) -> Problem:
        count, of = number_of(found, "cell"), number_of(self._width, "heading")
        hint = "is a quote or a delimiter missing, or is one too many?"
        message = f"the row has {count} for {of}"
        return invalid(message, code="cells", hint=hint, place=Place(self._source, line)).problem


_FIRST = itemgetter(0)
_ROW = cast("Callable[[tuple[int, Any, None]], Row]", partial(tuple.__new__, Row))


# -- JSON ----------------------------------------------------------------------------------------------------------


class _UnkeptError(Exception):
    """JSON that can be read and not kept: in words."""


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _UnkeptError(f"{twice[:60]!r} is given twice")
    return table


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if number.is_finite() and abs(number.adjusted()) <= _DIGITS_LIMIT:
        return number
    raise _UnkeptError(f"{text[:60]} is not a number that can be kept exactly")


def _integer(text: str) -> int:
    if len(text) > _DIGITS_LIMIT:
        raise _UnkeptError(f"a number of {len(text)} digits cannot be kept")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_table, parse_float=_decimal, parse_int=_integer, parse_constant=_decimal, strict=True
)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at an offset, and where it ends; raises _UnkeptError or JSONDecodeError."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError:
        raise _UnkeptError("values are nested too deep") from None
    if text.find("\\u", at, end) >= 0 and _has_half(value):
        raise _UnkeptError("the text has half a surrogate pair, which is not a character")
    return value, end


def _whole_value(text: str) -> Any:
    value, end = _value(text, 0)
    if end < len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def _has_half(value: Any) -> bool:
    """Whether a text in a value is one that no file can hold."""
    if isinstance(value, dict):
        return any(_has_half(key) or _has_half(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_has_half, value))
    return isinstance(value, str) and SURROGATE.search(value) is not None


def _jsonl_sheet(text: Text) -> Sheet:
    rows = _jsonl_rows(text)
    return Sheet(text.source, "jsonl", (), rows, encoding=text.encoding, marked=text.marked, share=text.share)


def _jsonl_rows(text: Text) -> Iterator[Row]:
    for number, line in enumerate(chain.from_iterable(lines_of(text)), 1):
        written = line.strip(" \t\r\n")
        if not written:
            continue
        indent = line.index(written)
        try:
            value = _whole_value(written)
        except _UnkeptError as error:
            place = Place(text.source, number, indent + 1)
            yield Row(number, {"": written}, invalid(str(error), code="value", place=place).problem)
            continue
        except json.JSONDecodeError as error:
            words, offset = json_mistake(error)
            place = Place(text.source, number, indent + offset + 1)
            hint = "each line is one JSON object"
            broken = invalid(f"not valid JSON: {words}", code="syntax", hint=hint, place=place)
            yield Row(number, {"": written}, broken.problem)
            continue
        if isinstance(value, dict):
            yield Row(number, value)
        else:
            place = Place(text.source, number, indent + 1)
            yield Row(number, {"": value}, _no_object(place).problem)


def _no_object(place: Place) -> CustctlError:
    return invalid("a row is a JSON object", code="syntax", hint='like {"name": "Acme"}', place=place)


def _json_sheet(text: Text) -> Sheet:
    reader = _Json(text)
    table = reader.to_first_row()
    return Sheet(
        text.source,
        "json",
        (),
        reader.rows(in_document=bool(table)),
        encoding=text.encoding,
        marked=text.marked,
        share=text.share,
        table=table,
    )


class _Json:
    """Reads one array of objects value by value, so that it need not fit into memory."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._line, self._column = 1, 1
        self._ended = False

    def to_first_row(self) -> str:
        """Read on to within the array; the name of its table, where it stands in a document."""
        self._skip()
        if self._next("["):
            return ""
        if not self._next("{"):
            raise self._error("a sheet of JSON is an array of objects", hint="JSON Lines end in .jsonl")
        while True:
            name = self._name()
            if self._next("["):
                if name not in _TABLES:
                    raise self._error(f"{name[:60]!r} is not a table of records", hint=_NO_ROW)
                return name
            self._label(name)
            if not self._next(","):
                raise self._error("the document has no table of records", hint=_NO_ROW)

    def rows(self, *, in_document: bool) -> Iterator[Row]:
        """The objects of the array; what follows it may only be labels of the document."""
        if not self._next("]"):
            while True:
                line, column = self._line, self._column
                row = self._read()
                if not isinstance(row, dict):
                    raise _no_object(Place(self._text.source, line, column))
                yield Row(line, row)
                if self._next("]"):
                    break
                self._expect(",")
        while in_document and not self._next("}"):
            self._expect(",")
            self._label(self._name())
        if self._peek():
            raise self._error("not valid JSON: nothing may follow the value")

    def _name(self) -> str:
        name = self._read() if self._peek() == '"' else None
        if not isinstance(name, str):
            raise self._error("not valid JSON: expecting a name in double quotes")
        self._expect(":")
        return name

    def _label(self, name: str) -> None:
        line, column = self._line, self._column
        if name not in ("apiVersion", "manager") or self._peek() != '"':
            message = f"{name[:60]!r} does not belong in a sheet of one table"
            raise self._error(message, hint="documents of several tables are applied: custctl apply -f FILE")
        if (value := self._read()) != "custctl/v1" and name == "apiVersion":
            message = f"apiVersion {value!r} is not known"
            hint = 'this program reads "custctl/v1"'
            raise invalid(message, field=name, value=value, hint=hint, place=Place(self._text.source, line, column))

    def _expect(self, mark: str) -> None:
        if not self._next(mark):
            raise self._error(f"not valid JSON: expecting {mark!r}")

    def _next(self, mark: str) -> bool:
        """Whether this mark comes next; if so, go to what follows it."""
        if self._peek() != mark:
            return False
        self._move(self._at + 1)
        self._skip()
        return True

    def _peek(self) -> str:
        return self._buffer[self._at : self._at + 1]

    def _read(self) -> Any:
        """The value that comes next; go to what follows it."""
        while True:
            try:
                value, end = _value(self._buffer, self._at)
            except _UnkeptError as error:
                raise self._error(str(error), code="value") from error
            except json.JSONDecodeError as error:
                # What is wrong at the end of the buffer, or not closed in it, may only be cut there.
                is_cut = error.msg.startswith("Unterminated") or error.pos > len(self._buffer) - 16
                if not is_cut or not self._fill():
                    words, offset = json_mistake(error)
                    self._move(offset)
                    raise self._error(f"not valid JSON: {words}") from error
                continue
            if end < len(self._buffer) or not self._fill():
                self._move(end)
                self._skip()
                return value

    def _fill(self) -> bool:
        """Read on, twice as much as what is begun; whether there was more."""
        kept = self._buffer[self._at :]
        if len(kept) > LINE_LIMIT:
            raise too_long(self._text.source, self._line)
        pieces = [kept]
        wanted = 2 * len(kept) + 1
        size = len(kept)
        while size < wanted and (piece := self._text.piece()):
            pieces.append(piece)
            size += len(piece)
        if len(pieces) == 1:
            return False
        self._buffer, self._at = "".join(pieces), 0
        return True

    def _skip(self) -> None:
        """Go on over white space."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            assert match is not None
            self._move(match.end())
            if self._at < len(self._buffer) or not self._fill():
                return

    def _move(self, to: int) -> None:
        passed = self._buffer[self._at : to]
        self._at = to
        if (lines := passed.count("\n")) > 0:
            self._line += lines
            self._column = len(passed) - passed.rfind("\n")
        else:
            self._column += len(passed)

    def _error(self, message: str, *, code: str = "syntax", hint: str | None = None) -> CustctlError:
        return invalid(message, code=code, hint=hint, place=Place(self._text.source, self._line, self._column))


_SPACE = re.compile("[ \t\r\n]*")
_NO_ROW = 'a sheet of JSON is an array of objects, or a document like {"customers": [...]}'

assert set(ENDINGS.values()) == set(get_args(Format))
