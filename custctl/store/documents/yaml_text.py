"""YAML as text: every scalar is what is written, but for plain true, false and null.

The values are built from the parser's events, not its nodes: only so can repeated keys, deep nesting and aliases that
multiply be refused before they cost anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from custctl.decoding import SURROGATE
from custctl.errors import CustctlError
from custctl.store.documents.places import Path, Spot, depth
from custctl.store.documents.source import DEPTH_LIMIT, Source, shown

ALIAS_LIMIT = 1_000
"""Aliases of one document, those inside what an alias repeats counted each time."""

COPY_LIMIT = 100_000
"""Values that the aliases of one document may repeat."""

_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT_TAG = "tag:yaml.org,2002:str"
# What YAML does not take as it is, and escapes beyond Unicode: the parser does not say where they are.
_UNPRINTABLE = "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NO_CHARACTER = re.compile(rf"{_UNPRINTABLE}|\\U(?!000|0010)[0-9A-Fa-f]{{8}}")

# What the parser says of two mistakes that everybody makes, and what is meant.
_HINTS = {
    "cannot start any token": "YAML is indented with spaces, not tabs; a value that begins with a sign needs quotes",
    "mapping values are not allowed": "put a value that holds a colon and a space in quotes, and check the indentation",
}

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def values(source: Source) -> Iterator[Any]:
    """The value of each document of a stream, one of None when there is nothing at all."""
    events = yaml.parse(source.text, Loader=_LOADER)
    empty = True
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield _Builder(source, events).value(next(events), 0)
                empty = False
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two where the C parser is not installed
        raise _syntax_error(source, error) from error
    if empty:
        yield None


def spots(text: str) -> Iterator[Spot]:
    """The keys and elements of a stream that has been read without error; paths begin with the document's number."""
    events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
    starts = (event for event in events if isinstance(event, yaml.DocumentStartEvent))
    for number, _ in enumerate(starts):
        root = next(events)
        yield (number,), root.start_mark.index
        yield from _inside(events, root, (number,))


def _inside(events: Iterator[Any], start: Any, path: Path) -> Iterator[Spot]:
    """The spots within the value that begins with `start`; one that an alias repeats has none of its own."""
    if isinstance(start, yaml.MappingStartEvent):
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            yield (*path, key.value), key.start_mark.index
            yield from _inside(events, next(events), (*path, key.value))
    elif isinstance(start, yaml.SequenceStartEvent):
        index = 0
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            yield (*path, index), item.start_mark.index
            yield from _inside(events, item, (*path, index))
            index += 1


class _Builder:
    """Builds the value of one document; `self._made` and `self._aliases` count what it holds, with all repeats."""

    def __init__(self, source: Source, events: Iterator[Any]) -> None:
        self._source = source
        self._events = events
        self._made = self._copied = self._aliases = 0
        self._anchors: dict[str, tuple[Any, int, int]] = {}

    def value(self, event: Any, level: int) -> Any:
        """The value that begins with `event`, `level` steps below the top."""
        if level > DEPTH_LIMIT:
            raise self._source.too_deep(event.start_mark.index)
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event, level)
        made, aliases = self._made, self._aliases
        self._made += 1
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        else:
            self._refuse_tag(event)
            value = self._list(level) if isinstance(event, yaml.SequenceStartEvent) else self._table(level)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._made - made, self._aliases - aliases
        return value

    def _scalar(self, event: Any) -> Any:
        self._refuse_tag(event, _TEXT_TAG)
        if event.style == '"' and not event.value.isascii() and SURROGATE.search(event.value):
            raise self._error(event, "the text has half a surrogate pair, which is not a character", code="encoding")
        is_plain = not event.style and event.tag is None
        return _PLAIN[event.value] if is_plain and event.value in _PLAIN else event.value

    def _list(self, level: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self.value(event, level + 1))
        return items

    def _table(self, level: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in table:
                raise self._source.twice(key, event.start_mark.index)
            table[key] = self.value(next(self._events), level + 1)
        return table

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key must be plain or quoted text")
        if event.value == "<<" and not event.style:
            hint = "write the fields out, or quote the key if it is one"
            raise self._error(event, "merge keys (<<) are not supported", hint=hint)
        self._scalar(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = event.value, 1, 0
        return str(event.value)

    def _repeated(self, event: Any, level: int) -> Any:
        """A copy of what the alias stands for, so that a document is a tree and every value counts."""
        if event.anchor not in self._anchors:
            problem = f"there is no anchor {shown(event.anchor)} before this alias"
            raise self._source.syntax("YAML", problem, event.start_mark.index)
        value, made, aliases = self._anchors[event.anchor]
        self._aliases += 1 + aliases
        self._made += made
        self._copied += made
        if self._aliases > ALIAS_LIMIT:
            raise self._error(event, f"more than {ALIAS_LIMIT:,} aliases, with those that aliases repeat", code="limit")
        if self._copied > COPY_LIMIT:
            raise self._error(event, f"the aliases repeat more than {COPY_LIMIT:,} values", code="limit")
        if level + depth(value) > DEPTH_LIMIT:
            raise self._source.too_deep(event.start_mark.index)
        return _copy(value)

    def _refuse_tag(self, event: Any, allowed: str | None = None) -> None:
        if event.tag not in (None, allowed):
            hint = "leave the tag out; quotes make a value text"
            raise self._error(event, f"the tag {shown(event.tag)} is not supported", hint=hint)

    def _error(self, event: Any, message: str, code: str = "unsupported", hint: str | None = None) -> CustctlError:
        return self._source.error(message, event.start_mark.index, code=code, hint=hint)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _syntax_error(source: Source, error: Exception) -> CustctlError:
    """The parser's problem in our form, without its excerpt of the text."""
    if not isinstance(error, yaml.MarkedYAMLError):
        bad = _NO_CHARACTER.search(source.text)
        what = shown(bad[0]) if bad else "a character"
        return source.syntax("YAML", f"{what} is not allowed", bad.start() if bad else None)
    problem = error.problem or error.context or "cannot be read"
    mark = error.problem_mark or error.context_mark
    hint = next((hint for words, hint in _HINTS.items() if words in problem), None)
    return source.syntax("YAML", problem, mark.index if mark else None, hint)
