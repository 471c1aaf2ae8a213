"""Where the values of a text stand: worked out only when an error has to say so.

The parsers of TOML and JSON give values without positions. The text is scanned a second time here, for keys
and elements alone. It has been read without error by then, or up to the error, so the scan need not judge it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from custctl.errors import Place
from custctl.store.documents.source import DEPTH_LIMIT, Source

Path = tuple[str | int, ...]
Spot = tuple[Path, int]
"""A key or an element, and the offset of its first character."""

_BASIC = r'"(?:[^"\\\n]++|\\.)*+"'
_LITERAL = r"'[^'\n]*+'"
_PART = rf"(?:[A-Za-z0-9_-]++|{_BASIC}|{_LITERAL})"
_DOTTED = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_LONG_BASIC = r'"""(?:[^"\\]++|\\(?s:.)|"{1,2}+(?!"))*+"{3,5}+'
_LONG_LITERAL = r"'''(?:[^']++|'{1,2}+(?!'))*+'{3,5}+"
_BLANKS = r"(?:\s++|#[^\n]*+)*+"

_BLANK = re.compile(_BLANKS)
_EACH_PART = re.compile(_PART)
_HEADER = re.compile(rf"(\[\[?)[ \t]*+({_DOTTED})")
_KEY = re.compile(rf"({_DOTTED})\s*+[=:]")
# Three quotes that are never closed are no token, where the scan ends: else each of them is followed to the end.
_TEXT = rf"""{_LONG_BASIC}|{_LONG_LITERAL}|(?!\"{{3}}|'{{3}})(?:{_BASIC}|{_LITERAL})"""
_TOKEN = re.compile(rf"""{_BLANKS}({_TEXT}|[][{{}},]|[^][{{}},\s"'#]++)""")


class TextPlaces:
    """The places of the values of one text by their paths."""

    def __init__(self, source: Source, spots: Callable[[str], Iterable[Spot]]) -> None:
        self._source = source
        self._spots = spots

    def __call__(self, path: Path) -> Place:
        """The place of the value at `path`, or of the nearest thing around it that the text has."""
        around = (self._offsets.get(path[:length]) for length in range(len(path), -1, -1))
        return self._source.place(next((offset for offset in around if offset is not None), None))

    def below(self, *top: str | int) -> Callable[[Path], Place]:
        """The same for paths that begin below `top`, the number of a document in a text of several."""
        return lambda path: self((*top, *path))

    @cached_property
    def _offsets(self) -> dict[Path, int]:
        offsets: dict[Path, int] = {}
        for path, offset in self._spots(self._source.text):
            offsets.setdefault(path, offset)
        return offsets


def toml_spots(text: str) -> Iterator[Spot]:
    """The headers, keys and elements of a TOML text, in its order; a dotted key gives every table it opens.

    Each statement gives the path of the whole document first.
    """
    at, section = 0, Path()
    lengths: dict[Path, int] = {}
    while at < len(text):
        at = _end(_BLANK.match(text, at), at)
        yield (), at
        if header := _HEADER.match(text, at):
            section = _opened(_parts(header[2]), header[1] == "[[", lengths)
            yield from _steps(section, 0, at)
            at = header.end()
        elif key := _KEY.match(text, at):
            path = section + _parts(key[1])
            yield from _steps(path, len(section), at)
            at = yield from _inside(text, key.end(), path)
        at = _line_end(text, at)


def json_spots(text: str) -> Iterator[Spot]:
    """The keys and elements of a JSON text, in its order, after the value at the top."""
    yield (), _end(_BLANK.match(text), 0)
    yield from _inside(text, 0, ())


def first_repeated(spots: Iterable[Spot]) -> Spot | None:
    """The first key that was there before."""
    seen: set[Path] = set()
    for path, offset in spots:
        if path in seen:
            return path, offset
        seen.add(path)
    return None


def last_repeated(spots: Iterable[Spot]) -> Spot | None:
    """The key that a parser stopped at because it was there before, in a TOML text up to there.

    What the key holds may be there again as well, and the tables around it may be named again by right. So it is the
    outermost, among the last repeat and what is around it, that the last statement names, and names only after the
    first time of the last repeat.
    """
    first: dict[Path, int] = {}
    last: dict[Path, int] = {}
    statement, repeat = 0, Path()
    for path, offset in spots:
        if not path:
            statement = offset
        elif path in first:
            repeat = path
        first.setdefault(path, offset)
        last[path] = offset
    earliest = max(statement, first.get(repeat, 0) + 1)
    outward = (repeat[:length] for length in range(len(repeat), 0, -1))
    again = [(path, last[path]) for path in outward if last.get(path, -1) >= earliest]
    return min(again, key=lambda spot: spot[1], default=None)


def first_too_deep(spots: Iterable[Spot]) -> int | None:
    """The offset of the first key or element below the limit."""
    return next((offset for path, offset in spots if len(path) > DEPTH_LIMIT), None)


def depth(value: Any) -> int:
    """How many tables and arrays stand inside each other; without recursion, for hostile ones."""
    levels, level = 0, [value] if isinstance(value, (dict, list)) else []
    while level:
        levels += 1
        items = (item for table in level for item in (table.values() if isinstance(table, dict) else table))
        level = [item for item in items if isinstance(item, (dict, list))]
    return levels


def first_path(value: Any, is_wanted: Callable[[Any], bool], path: Path = ()) -> Path | None:
    """The path of the first wanted value inside a value that is not too deep; keys count as values."""
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if is_wanted(step):
                return (*path, step)
            if (found := first_path(item, is_wanted, (*path, step))) is not None:
                return found
        return None
    return path if is_wanted(value) else None


@dataclass(slots=True)
class _Container:
    """An array (with the index of its current element) or a table that the scan is inside of."""

    path: Path
    index: int | None
    awaits: bool = True
    """Whether an element or a key comes next, rather than the rest of one."""


def _inside(text: str, at: int, path: Path) -> Generator[Spot, None, int]:
    """The spots within the value that starts at `at`; returns the offset behind the value."""
    around: list[_Container] = []
    while token := _TOKEN.match(text, at):
        start, at, word = token.start(1), token.end(), token[1]
        within = around[-1] if around else None
        if word in {"]", "}"} and around:
            around.pop()
        elif word == "," and within:
            within.awaits = True
            within.index = None if within.index is None else within.index + 1
        elif within and within.awaits and within.index is None:
            if not (key := _KEY.match(text, start)):
                return at
            path, at, within.awaits = within.path + _parts(key[1]), key.end(), False
            yield from _steps(path, len(within.path), start)
        else:
            if within and within.awaits and within.index is not None:
                path, within.awaits = (*within.path, within.index), False
                yield path, start
            if word in {"[", "{"}:
                around.append(_Container(path, 0 if word == "[" else None))
        if not around:
            return at
    return len(text)


def _opened(key: Path, is_element: bool, lengths: dict[Path, int]) -> Path:
    """The path of the table that a header opens; `lengths` counts the elements of the arrays of tables so far."""
    path: Path = ()
    for part in key[:-1]:
        path = (*path, part)
        if path in lengths:
            path = (*path, lengths[path] - 1)
    path = (*path, key[-1])
    if is_element:
        lengths[path] = lengths.get(path, 0) + 1
        path = (*path, lengths[path] - 1)
    return path


def _steps(path: Path, known: int, offset: int) -> Iterator[Spot]:
    return ((path[:length], offset) for length in range(known + 1, len(path) + 1))


def _parts(dotted: str) -> Path:
    """The parts of a dotted key; no more of them than are needed to see that it is too deep."""
    return tuple(_unquoted(part[0]) for part in islice(_EACH_PART.finditer(dotted), DEPTH_LIMIT + 1))


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:
        return part[1:-1]
    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except ValueError:  # the escapes \/ and \ud83d\ude00 are JSON's alone
        return _unquoted_json(part)


def _unquoted_json(part: str) -> str:
    try:
        return str(json.loads(part))
    except ValueError:  # the scan may run a little beyond the error it is to explain
        return part


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise
