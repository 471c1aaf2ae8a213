"""From texts to plain tables: what the documents say, with every value as it was written.

Nothing is decided here about customers or roles. A table is a dict, an array a list, a number an int or a Decimal,
a date its text. In YAML every plain scalar but `true`, `false` and null is text, so `NO` and `01234` survive.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from typing import Any, BinaryIO, Final

from custctl.decoding import SURROGATE
from custctl.errors import CustctlError, Place, invalid, usage
from custctl.store.documents import source as sources
from custctl.store.documents.places import (
    Path,
    Spot,
    TextPlaces,
    depth,
    first_path,
    first_repeated,
    first_too_deep,
    json_spots,
    last_repeated,
    toml_spots,
)
from custctl.store.documents.source import API_VERSION, DEPTH_LIMIT, Format, Source, shown
from custctl.syntax import CONTROL, TWICE, VALUE, TomlMistake, json_mistake, toml_mistake

_DIGITS_LIMIT = 400
"""The largest power of ten in a number, either way: far beyond any amount, and 1e999999999 is never written out."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# What every date and every time has in it.
_TIME = re.compile("(?:-[0-9]{2}-|:)[0-9]{2}")


@dataclass(frozen=True)
class Document:
    """One document: its top-level tables and the way back to where each value was written.

    `apiVersion` is not among the tables: it has been checked and says nothing more.
    """

    source: str
    """The file as it was named, or `<stdin>`."""
    tables: dict[str, Any]
    _place: Callable[[Path], Place] | None = field(default=None, repr=False, compare=False)

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value at `path` is written, such as ("customers", 3, "parent"), or the nearest around it."""
        return self._place(tuple(path)) if self._place else Place(self.source)

    def below(self, path: Path, tables: dict[str, Any]) -> Document:
        """A document that stands inside this one; what is wrong with it is wrong here."""
        return Document(self.source, tables, lambda inner: self.place((*path, *inner)))


def read(paths: Sequence[str], stdin: BinaryIO | None = None) -> list[Document]:
    """The documents of files, directories and `-` (standard input), in order; the first mistake is raised (exit 4)."""
    if list(paths).count("-") > 1:
        raise usage("standard input can be read only once", "write `-` a single time")
    return [document for path in paths for document in _read_path(path, stdin)]


def read_json(path: str) -> Document:
    """One JSON file, whatever its name ends in; a mistake is raised (exit 4)."""
    return _json(sources.from_file(path))[0]


def _read_path(path: str, stdin: BinaryIO | None) -> Iterator[Document]:
    if path == "-":
        yield from _sniffed(sources.from_stdin(stdin))
        return
    for name, ending in sources.named_by(path):
        yield from _PARSERS[ending](sources.from_file(name))


def _sniffed(source: Source) -> list[Document]:
    """Standard input has no ending, so what it holds tells the format."""
    if source.text.lstrip().startswith("{"):
        return _json(source)
    try:
        return _toml(source)
    except CustctlError:
        # A broken TOML text can be some YAML, but it was never meant to be: `name = "a: b` has a colon.
        if _looks_like_toml(source.text):
            raise
        return _yaml(source)


def _looks_like_toml(text: str) -> bool:
    lines = (line.strip() for line in text.split("\n"))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith("[") or re.match("[^:]+=", first) is not None


def _yaml(source: Source) -> list[Document]:
    from custctl.store.documents import yaml_text  # 15 ms that only YAML pays

    places = TextPlaces(source, yaml_text.spots)
    values = list(yaml_text.values(source))  # all first: only what has been read without error has places
    return [
        _document(source, {} if value is None else value, places.below(number)) for number, value in enumerate(values)
    ]


def _toml(source: Source) -> list[Document]:
    # The parser takes quadratic time for the parts of one dotted key, so a line that may hold too many is looked at.
    if any(line.count(".") > DEPTH_LIMIT for line in source.text.split("\n")):
        _refuse_depth(source, toml_spots)
    numbers = _Numbers()
    try:
        tables = tomllib.loads(source.text, parse_float=numbers.decimal)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(source, toml_mistake(error)) from error
    except RecursionError as error:
        raise source.too_deep(first_too_deep(toml_spots(source.text))) from error
    except ValueError as error:  # of int(), which has a limit of its own and tells no position
        digits = re.search("[0-9_]{4301,}", source.text)
        raise _not_kept("the integer", source.place(digits.start() if digits else None)) from error
    places = TextPlaces(source, toml_spots)
    if depth(tables) > DEPTH_LIMIT:
        _refuse_depth(source, toml_spots)
    numbers.check(tables, places)
    if _TIME.search(source.text):
        tables = _times_as_text(tables)
    return [_document(source, tables, places)]


def _toml_error(source: Source, mistake: TomlMistake) -> CustctlError:
    """The mistake in our form; that a key is repeated the parser tells behind its value."""
    offset = len(source.text) if mistake.place is None else source.offset(*mistake.place)
    if mistake.words == TWICE:
        spots = takewhile(lambda spot: spot[1] < offset, toml_spots(source.text))
        return _twice(source, last_repeated(spots))
    words = mistake.words
    if words == CONTROL and source.text[offset : offset + 1] == "\n":
        words = "the text is not closed on its line"
    return source.syntax("TOML", words, offset, "text needs quotes" if words == VALUE else None)


def _times_as_text(value: Any) -> Any:
    """The value with its dates and times as ISO 8601 text; a time with an offset is RFC 3339."""
    if isinstance(value, dict):
        return {key: _times_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_times_as_text(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _json(source: Source) -> list[Document]:
    if not source.text.strip():
        return [Document(source.name, {})]
    numbers = _Numbers()
    decoder = json.JSONDecoder(
        object_pairs_hook=_table, parse_float=numbers.decimal, parse_int=numbers.integer, parse_constant=numbers.decimal
    )
    try:
        value = decoder.decode(source.text)
    except json.JSONDecodeError as error:
        raise source.syntax("JSON", *json_mistake(error)) from error
    except RecursionError as error:
        raise source.too_deep(first_too_deep(json_spots(source.text))) from error
    except _RepeatedKeyError as error:
        raise _twice(source, first_repeated(json_spots(source.text))) from error
    places = TextPlaces(source, json_spots)
    if depth(value) > DEPTH_LIMIT:
        _refuse_depth(source, json_spots)
    numbers.check(value, places)
    if _ESCAPED_SURROGATE.search(source.text):
        _refuse_surrogates(value, places)
    return [_document(source, value, places)]


class _RepeatedKeyError(Exception):
    """An object has a key twice; which one is found out in the text."""


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise _RepeatedKeyError
    return table


def _refuse_surrogates(value: Any, place: Callable[[Path], Place]) -> None:
    """JSON can spell halves of characters that no file or database can hold."""
    path = first_path(value, lambda item: isinstance(item, str) and SURROGATE.search(item) is not None)
    if path is not None:
        message = "the text has half a surrogate pair, which is not a character"
        raise invalid(message, code="encoding", place=place(path))


class _Numbers:
    """Reads numbers exactly and remembers one that cannot be kept; the parser does not say where it stands."""

    def __init__(self) -> None:
        self._refused: str | None = None

    def decimal(self, text: str) -> Decimal:
        """The number with all its digits; NaN stands for one that is refused."""
        try:
            number = Decimal(text)
        except InvalidOperation:
            return self._refuse(text)
        is_kept = number.is_finite() and abs(number.adjusted()) <= _DIGITS_LIMIT
        return number if is_kept else self._refuse(text)

    def integer(self, text: str) -> int | Decimal:
        """The same for a number without a point."""
        try:
            return int(text)
        except ValueError:  # more digits than int() takes
            return self._refuse(text)

    def _refuse(self, text: str) -> Decimal:
        self._refused = self._refused or text
        return Decimal("NaN")

    def check(self, value: Any, place: Callable[[Path], Place]) -> None:
        """Refuse the document when one of its numbers was (exit 4)."""
        if self._refused is None:
            return
        path = first_path(value, lambda item: isinstance(item, Decimal) and item.is_nan())
        raise _not_kept(shown(self._refused), place(path or ()))


def _not_kept(what: str, place: Place) -> CustctlError:
    return invalid(f"{what} is not a number that can be kept exactly", place=place)


def _twice(source: Source, spot: Spot | None) -> CustctlError:
    path, offset = spot or ((), None)
    names = [step for step in path if isinstance(step, str)]
    return source.twice(names[-1] if names else "a key", offset)


def _refuse_depth(source: Source, spots: Callable[[str], Iterator[Spot]]) -> None:
    offset = first_too_deep(spots(source.text))
    if offset is not None:
        raise source.too_deep(offset)


def _document(source: Source, value: Any, place: Callable[[Path], Place]) -> Document:
    """The checked document: a table of tables, of a version that is known."""
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else "a single value"
        raise invalid(f"the document is {found}, not a table", place=place(()))
    version = value.pop("apiVersion", API_VERSION)
    if version != API_VERSION:
        raise invalid(
            f"apiVersion {shown(str(version))} is not known",
            field="apiVersion",
            value=str(version),
            hint=f'this program reads "{API_VERSION}"',
            place=place(("apiVersion",)),
        )
    return Document(source.name, value, place)


_PARSERS: Final[dict[Format, Callable[[Source], list[Document]]]] = {"toml": _toml, "yaml": _yaml, "json": _json}
