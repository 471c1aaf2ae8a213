"""From the cells of a row to a record as documents have it, and back.

What reads a row is put together once a sheet, because it runs for every one of a million rows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from custctl.errors import Exit, Problem
from custctl.resources import ADDRESS_OF, USER, Field, Noun
from custctl.store.codec import switch_of
from custctl.store.sheets import By, Column, Named
from custctl.store.sheets.headings import columns_of, normal

Record = dict[str, Any]
Assemble = Callable[[Sequence[str]], Record]
Empty = Literal["keep", "clear"]

_Read = Callable[[Sequence[str]], Any]
_ABSENT = object()
_ORDER: tuple[By, ...] = ("external_id", "key", "email", "code", "label", "name", "names")
"""The ways to name a record, the first tried first (feature I-05)."""
SPELLINGS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("contact", "gender"): {"m": "male", "f": "female", "male": "male", "female": "female"},
    ("opportunity", "status"): {"in_progress": "open"},
}
"""What OroCommerce writes otherwise, by noun and field."""


class CellError(ValueError):
    """A cell cannot be what its column means: what is wrong, for the row that has it."""

    def __init__(self, column: Column, value: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.problem = Problem("value", Exit.INVALID, message, field=column.heading, value=value)


class Numbered(list[Any]):
    """The items of a list that stand in numbered columns: each speaks of its place alone, counted from 0."""

    def __init__(self, items: Iterable[Any], places: Sequence[int]) -> None:
        super().__init__(items)
        self.places = places

    def within(self, stored: Sequence[Any]) -> list[Any]:
        """The whole list, where a stored one has other places too; what gives way to an item takes the place it had."""
        whole = list(stored)
        for place, item in zip(self.places, self, strict=True):
            if item in whole and place < len(whole):
                at = whole.index(item)
                whole[at], whole[place] = whole[place], item
            elif place < len(whole):
                whole[place] = item
            elif item not in whole:
                whole.append(item)
        return whole


class _Place(NamedTuple):
    """A column and where its cell stands; `rest` is what of its path is still to be gone."""

    at: int
    column: Column
    rest: tuple[str | int, ...]


def assembler(noun: Noun, columns: Sequence[Column | None], *, empty: Empty = "keep") -> Assemble:
    """What makes a record of the cells of a row.

    Empty cells are left out; with `clear` they are None and empty lists, but for what names the record itself and for
    yes and no. Dates and amounts stay text, another record that is not named by its key is a `Named`. The function
    raises CellError for a cell that must be yes or no and is neither.
    """
    places = [_Place(at, column, column.path) for at, column in enumerate(columns) if column is not None]
    return _record_of(noun, places, empty)


def object_assembler(
    noun: Noun,
    maps: Mapping[str, str] | None = None,
    *,
    empty: Empty = "keep",
    not_kept: Callable[[Sequence[str]], object] = lambda _: None,
) -> Callable[[Mapping[str, Any]], Record]:
    """The same for JSON rows, whose keys are the headings; a list or table stands as documents have it.

    `not_kept` is told of the headings that custctl keeps nothing of. The function also raises exit 4 for an unknown
    heading.
    """

    @lru_cache(maxsize=256)
    def of_shape(shape: tuple[tuple[str, bool], ...]) -> tuple[Assemble, tuple[Column | None, ...]]:
        there = {normal(name) for name, _ in shape}
        mapped = {name: meaning for name, meaning in (maps or {}).items() if normal(name) in there}
        columns, ignored = columns_of(noun, [name for name, _ in shape], mapped)
        not_kept(ignored)
        texts = [None if whole else column for column, (_, whole) in zip(columns, shape, strict=True)]
        return assembler(noun, texts, empty=empty), columns

    def assemble(row: Mapping[str, Any]) -> Record:
        shape = tuple((name, isinstance(value, dict | list | bool)) for name, value in row.items())
        read, columns = of_shape(shape)
        record = read(["" if value is None else value if type(value) is str else str(value) for value in row.values()])
        for column, (_, whole), value in zip(columns, shape, row.values(), strict=True):
            if whole and column is not None:
                if len(column.path) > 1 or column.by not in ("value", "key"):
                    raise CellError(column, json.dumps(value, default=str), "must be text")
                record[str(column.path[0])] = value
        return record

    return assemble


# -- reading -------------------------------------------------------------------------------------------------------


def _record_of(noun: Noun, places: Sequence[_Place], empty: Empty) -> Assemble:
    groups: dict[str, list[_Place]] = {}
    for place in places:
        groups.setdefault(str(place.rest[0]), []).append(place._replace(rest=place.rest[1:]))
    plain = {name for name, group in groups.items() if empty == "keep" and _is_plain(noun, name, group)}
    texts = [(group[0].at, name) for name, group in groups.items() if name in plain]
    readers = [
        (name, _reader(noun, name, group, empty), _cleared(noun, name) if empty == "clear" else _ABSENT)
        for name, group in groups.items()
        if name not in plain
    ]

    def assemble(cells: Sequence[str]) -> Record:
        record: Record = {}
        for index, name in texts:
            if cell := cells[index]:
                record[name] = cell
        for name, read, cleared in readers:
            value = read(cells)
            if value is not _ABSENT:
                record[name] = value
            elif cleared is not _ABSENT:
                record[name] = [] if cleared == [] else cleared  # a list of its own for each record
        return record

    is_default = any(_is_flag(place) and place.rest == ("default",) for place in places)
    return _with_types_of_default(assemble) if is_default else assemble


def _with_types_of_default(assemble: Assemble) -> Assemble:
    """An address that is a default of a type is of that type (feature I-10)."""

    def widened(cells: Sequence[str]) -> Record:
        record = assemble(cells)
        if record.get("default"):
            record["types"] = list(dict.fromkeys((*(record.get("types") or ()), *record["default"])))
        return record

    return widened


def _is_plain(noun: Noun, name: str, group: Sequence[_Place]) -> bool:
    """Whether a field is the text of one cell."""
    field = noun.field(name)
    if field is None or len(group) > 1 or group[0].rest or group[0].column.flag or (noun.name, name) in SPELLINGS:
        return False
    return group[0].column.by in ("value", "key") and field.kind in ("text", "money", "reference")


def _cleared(noun: Noun, name: str) -> Any:
    """What an empty cell makes of a field that is to be cleared; what names the record is never cleared."""
    field = noun.field(name)
    if name in (noun.key, "external_id", "delete", "addresses") or (noun is USER and name == "email") or field is None:
        return _ABSENT
    if field.kind in ("bool", "switch", "choices", "entries"):
        return _ABSENT
    return [] if field.kind in ("list", "links") else None


def _reader(noun: Noun, name: str, group: Sequence[_Place], empty: Empty) -> _Read:
    field = noun.field(name)
    if field is None and name == "delete":
        return _yes_or_no(group[0])
    if field is None and not group[0].rest:
        return _json(group[0])
    if field is None or any(place.rest or _is_flag(place) for place in group) or field.kind in ("list", "links"):
        return _list_reader(noun, group, empty)
    if len(group) > 1 or group[0].column.by not in ("value", "key"):
        return _named(group)
    return _cell_reader(field, group[0], SPELLINGS.get((noun.name, name)))


def _is_flag(place: _Place) -> bool:
    return bool(place.column.flag) and place.column.by != "names"


def _cell_reader(field: Field, place: _Place, spellings: Mapping[str, str] | None) -> _Read:
    if field.kind in ("bool", "switch"):
        return _yes_or_no(place)
    if field.kind in ("choices", "entries", "json"):
        return _json(place)
    index = place.at
    if spellings is not None:
        return lambda cells: spellings.get(cells[index].casefold(), cells[index]) or _ABSENT
    return lambda cells: cells[index] or _ABSENT


_YES_OR_NO = {"1": True, "0": False, "yes": True, "no": False, "true": True, "false": False, "": _ABSENT}


def _yes_or_no(place: _Place) -> _Read:
    index, column = place.at, place.column

    def read(cells: Sequence[str]) -> Any:
        found = _YES_OR_NO.get(cells[index])
        if found is None:
            found = switch_of(cells[index].strip())
        if found is None:
            raise CellError(column, cells[index], f"{cells[index]!r} is neither yes nor no")
        return found

    return read


def _json(place: _Place) -> _Read:
    """What has no columns of its own, like the entries of a role, as JSON in one cell."""
    index, column = place.at, place.column

    def read(cells: Sequence[str]) -> Any:
        if not cells[index]:
            return _ABSENT
        try:
            return json.loads(cells[index])
        except (ValueError, RecursionError):
            raise CellError(column, cells[index], "must be JSON, as documents have it") from None

    return read


def _named(group: Sequence[_Place]) -> _Read:
    """Another record, named by one column or several."""
    ways: list[tuple[By, tuple[int, ...]]] = []
    for by in _ORDER:
        found = sorted((place.column.flag, place.at) for place in group if place.column.by == by)  # first, last
        if found:
            ways.append((by, tuple(index for _, index in found)))
    if len(ways) == 1 and len(ways[0][1]) == 1:
        by, (index,) = ways[0]
        return lambda cells: Named(((by, text),)) if (text := cells[index].strip()) else _ABSENT

    def read(cells: Sequence[str]) -> Any:
        found: list[tuple[By, str]] = []
        for by, indexes in ways:
            if text := " ".join(filter(None, (cells[index].strip() for index in indexes))):
                found.append((by, text))
        return Named(tuple(found)) if found else _ABSENT

    return read


def _list_reader(noun: Noun, group: Sequence[_Place], empty: Empty) -> _Read:
    """A list: whole in one cell, its items in cells of their own, and words by flags."""
    readers = [_split_cell(place.at) for place in group if not place.rest and not _is_flag(place)]
    numbered: dict[int, list[_Place]] = {}
    for place in group:
        if place.rest:
            numbered.setdefault(int(place.rest[0]), []).append(place._replace(rest=place.rest[1:]))
    readers += [_item(_item_reader(noun, numbered[number], empty)) for number in sorted(numbered)]
    readers += [_flag(place) for place in group if _is_flag(place) and not place.rest]
    if len(numbered) == len(readers) and group[0].column.path[0] != "addresses" and empty == "keep":
        return _numbered(readers, sorted(numbered))

    def read(cells: Sequence[str]) -> Any:
        items: Any = _ABSENT
        for reader in readers:
            found = reader(cells)
            if found is not None:
                items = found if items is _ABSENT else items + found
        return items

    return read


_ReadItems = Callable[[Sequence[str]], list[Any] | None]
"""Items of a list, None where its cells say nothing."""


def _numbered(readers: Sequence[_ReadItems], places: Sequence[int]) -> _Read:
    def read(cells: Sequence[str]) -> Any:
        found = [(place, items) for place, reader in zip(places, readers, strict=True) if (items := reader(cells))]
        return Numbered([items[0] for _, items in found], [place for place, _ in found]) if found else _ABSENT

    return read


def _item_reader(noun: Noun, group: Sequence[_Place], empty: Empty) -> _Read:
    if any(place.rest for place in group):
        assemble = _record_of(ADDRESS_OF[noun.name], group, empty)
        indexes = [place.at for place in group]
        return lambda cells: assemble(cells) if any(cells[index] for index in indexes) else _ABSENT
    if len(group) > 1 or group[0].column.by not in ("value", "key"):
        return _named(group)
    index = group[0].at
    return lambda cells: cells[index] or _ABSENT


def _item(read: _Read) -> _ReadItems:
    def read_items(cells: Sequence[str]) -> list[Any] | None:
        value = read(cells)
        return None if value is _ABSENT else [value]

    return read_items


def _flag(place: _Place) -> _ReadItems:
    read, word = _yes_or_no(place), place.column.flag

    def read_items(cells: Sequence[str]) -> list[Any] | None:
        value = read(cells)
        return None if value is _ABSENT else [word] if value else []

    return read_items


def _split_cell(index: int) -> _ReadItems:
    return lambda cells: split(cells[index]) or None


def split(cell: str) -> list[str]:
    """The items of a list in one cell: between commas, one with a comma or a quote in quotes (feature I-15)."""
    if '"' in cell:
        parts = next(csv.reader([cell.replace("\r", " ").replace("\n", " ")], skipinitialspace=True), [])
    else:
        parts = cell.split(",")
    return [item for part in parts if (item := part.strip())]


def joined(items: Iterable[str]) -> str:
    """The cell that is split into these items."""
    return ", ".join(_quoted(item) for item in items)


def _quoted(item: str) -> str:
    if "," not in item and '"' not in item:
        return item
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([item])
    return out.getvalue()
