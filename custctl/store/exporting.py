"""The records of a noun as the rows of a file: CSV and JSON Lines, which `custctl NOUN import` reads back.

Rows are read as they are written, by one statement whatever their number; SQLite itself makes the text of JSON Lines,
which takes half the time of decoding rows to encode them again.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from custctl.formats import guarded
from custctl.resources import ADDRESS_OF, ADDRESSES, CONTACT, NOUNS, RECORD, USER, Field, Noun
from custctl.store import reads
from custctl.store.codec import decoder, money_text
from custctl.store.select import ENTRY_FIELDS, Image, selection
from custctl.store.sheets.headings import Headings, own_fields, target_of
from custctl.store.sheets.writing import Cells, cells_of, told_fields, write_rows

CHUNK = 1_000
"""So many rows are in memory at a time; the first one goes out alone."""


class Piece(NamedTuple):
    """A part of the file, how many records are in it, and how many of them an import would not find again."""

    text: str
    records: int
    nameless: int = 0


class Wanted(NamedTuple):
    """Which records of a noun are written, with which fields (by default all that an import can read), and how."""

    noun: Noun
    listing: reads.Listing = reads.Listing()
    fields: tuple[str, ...] | None = None
    headings: Headings = "custctl"
    delimiter: str = ","
    guard: bool = False


def fields_asked(noun: Noun, asked: str | None) -> tuple[str, ...] | None:
    """The fields `--fields a,b` asks for: those of lists, addresses, and the entries of roles.

    Raises exit 4 for an unknown one, 2 where it names none.
    """
    if asked is None:
        return None
    beyond = {field.name for field in noun.fields if field.kind == "entries"} | {"addresses"} & _parts(noun)
    names = tuple(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip()))
    if not names or not beyond.issuperset(names):
        reads.field_names(noun, ",".join(name for name in names if name not in beyond))
    return names


def _parts(noun: Noun) -> set[str]:
    return {"addresses"} if noun.name in ADDRESS_OF else set()


def json_lines(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Piece]:
    """A JSON object a line, its names those of custctl's fields; what a terminal would obey stands as an escape.

    Raises what `reads.rows` does.
    """
    noun = wanted.noun
    names = told_fields(noun) if wanted.fields is None else wanted.fields
    members = ", ".join(f"'{name}', {_as_json(noun, name)}" for name in names)
    for rows in _chunks(_select(connection, wanted, f"json_object({members})")):
        texts = [text for (text,) in rows]
        if not all(map(str.isprintable, texts)):
            from custctl.escapes import IN_JSON

            texts = [text.translate(IN_JSON) for text in texts]
        yield Piece("\n".join(texts) + "\n", len(texts))


def csv_rows(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Piece]:
    """The headings, then a line a record.

    Raises what `reads.rows` does, and for OroCommerce's headings exit 2 for a noun that it has none of and 4 for a
    field.
    """
    noun = wanted.noun
    names = told_fields(noun, wanted.headings) if wanted.fields is None else wanted.fields
    others = _Others(connection, noun, names)
    reads.tail_of(connection, noun, wanted.listing)  # a condition that is refused leaves no heading behind
    cells_of(noun, wanted.headings, fields=wanted.fields)  # what it has no column for is told before anything is read
    widths = _widths(connection, wanted, names)
    cells = cells_of(noun, wanted.headings, fields=wanted.fields, widths=widths, name_of=others.name)
    return _csv_pieces(connection, wanted, names, cells, others if wanted.headings == "oro" else None)


def _csv_pieces(
    connection: sqlite3.Connection, wanted: Wanted, names: Sequence[str], cells: Cells, others: _Others | None
) -> Iterator[Piece]:
    noun = wanted.noun
    yield Piece(csv_text([cells.headings], wanted.delimiter), 0)
    for records in _chunks(_records(connection, wanted, names)):
        if others is not None:
            others.load(records)
        rows: Iterable[Sequence[str]] = map(cells.of, records)
        if wanted.guard:
            rows = ([guarded(cell) for cell in row] for row in rows)
        nameless = sum(_is_nameless(noun, record) for record in records) if others is not None else 0
        yield Piece(csv_text(rows, wanted.delimiter), len(records), nameless)


def _is_nameless(noun: Noun, record: Image) -> bool:
    """Whether OroCommerce's headings say nothing by which a record is found: they have no keys (feature I-05)."""
    if noun not in (USER, CONTACT) or record.get("external_id"):
        return False
    return bool(record.get("guest")) if noun is USER else not (record.get("first_name") or record.get("last_name"))


def csv_text(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Rows of cells as CSV."""
    out = io.StringIO(newline="")
    write_rows(out, rows, delimiter=delimiter)
    return out.getvalue()


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    size = 1
    while chunk := list(islice(rows, size)):
        yield chunk
        size = CHUNK


# -- what is read ------------------------------------------------------------------------------------------------


def _records(connection: sqlite3.Connection, wanted: Wanted, names: Sequence[str]) -> Iterator[Image]:
    """The records with these fields, as documents have them but with all of them."""
    noun = wanted.noun
    columns = ", ".join(_expression(noun, name) for name in names)
    readers = [(place, read) for place, name in enumerate(names) if (read := _reader(noun, name))]
    for row in _select(connection, wanted, columns):
        values = list(row)
        for place, read in readers:
            if values[place] is not None:
                values[place] = read(values[place])
        yield dict(zip(names, values, strict=True))


def _reader(noun: Noun, name: str) -> Callable[[Any], Any] | None:
    field = noun.field(name)
    return json.loads if field is None or field.kind == "entries" else decoder(field)


def _select(connection: sqlite3.Connection, wanted: Wanted, columns: str) -> sqlite3.Cursor:
    source, tail, parameters = _source(connection, wanted)
    connection.create_function("money_text", 1, _money_text, deterministic=True)
    return connection.execute(f"SELECT {columns} {source} {tail}", parameters)


def _source(connection: sqlite3.Connection, wanted: Wanted) -> tuple[str, str, dict[str, Any]]:
    """Where the rows come from, and which of them in what order: by key, which an index has ready."""
    noun, listing = wanted.noun, wanted.listing
    every = selection(noun.name)
    source = every.source
    if noun.name in ADDRESSES and listing.sort is None:
        conditions, parameters = reads.conditions_of(connection, noun, listing)
        owner, column = ADDRESSES[noun.name]
        source = f"FROM {owner.table} whose CROSS JOIN {noun.table} t ON t.{column} = whose.id"
        order = f"ORDER BY whose.{owner.key}, t.key{reads.limit_of(listing, parameters)}"
        return source, f"WHERE {' AND '.join((every.restriction, *conditions))} {order}", parameters
    by_key = "entity,key" if noun is RECORD else noun.key
    sort = by_key if listing.sort is None else listing.sort
    tail, parameters = reads.tail_of(connection, noun, listing._replace(sort=sort))
    return source, f"WHERE {every.restriction} {tail}", parameters


def _expression(noun: Noun, name: str) -> str:
    """The SQL of a field, also of what lists leave out: addresses and the entries of roles, as JSON."""
    field = noun.field(name)
    if field is None:
        return _addresses(noun)
    return _entries(name) if field.kind == "entries" else selection(noun.name).expression(name)


def _as_json(noun: Noun, name: str) -> str:
    """The SQL of a field as a member of a JSON object."""
    field, expression = noun.field(name), _expression(noun, name)
    return f"json({expression})" if field is None else _in_json(field, expression)


def _in_json(field: Field, expression: str) -> str:
    if field.kind == "bool":
        return f"json(iif({expression}, 'true', 'false'))"
    if field.kind == "switch":
        return f"json(CASE {expression} WHEN 'full' THEN 'true' WHEN 'none' THEN 'false' END)"
    if field.kind == "money":
        return f"money_text({expression})"
    return f"json({expression})" if field.kind in ("list", "json", "links", "entries") else expression


def _money_text(units: int | None) -> str | None:
    return None if units is None else money_text(units)


def _addresses(owner: Noun) -> str:
    """The addresses of a record as a JSON array, by key."""
    noun = ADDRESS_OF[owner.name]
    _, column = ADDRESSES[noun.name]
    inner = [field for field in own_fields(noun) if field.name != "owner"]
    members = ", ".join(f"'{field.name}', {_in_json(field, f'a.{field.holder}')}" for field in inner)
    rows = f"SELECT json_object({members}) AS told FROM address a WHERE a.{column} = t.id ORDER BY a.key"
    return f"(SELECT json_group_array(json(told)) FROM ({rows}))"


def _entries(name: str) -> str:
    """The entries of a role of one kind as a JSON object, in the shape documents have; see `select.role_entries`."""
    kind = next(kind for kind, field in ENTRY_FIELDS.items() if field == name)
    entries = f"FROM role_entry e WHERE e.role_id = t.id AND e.kind = '{kind}' ORDER BY e.name, e.permission"
    if kind == "capability":
        rows = f"SELECT e.name, iif(e.level = 'full', 'true', 'false') AS told {entries}"
    else:
        told = "1" if kind == "field" else "level <> 'none'"
        levels = f"json_group_object(permission, level) FILTER (WHERE {told})"
        rows = f"SELECT name, {levels} AS told FROM (SELECT e.name, e.permission, e.level {entries}) GROUP BY name"
    return f"(SELECT json_group_object(name, json(told)) FROM ({rows}))"


# -- how wide a sheet is -------------------------------------------------------------------------------------------


def _widths(connection: sqlite3.Connection, wanted: Wanted, names: Sequence[str]) -> dict[str, int]:
    """How many items the lists have at most that get columns of their own: one statement, before the first row."""
    counts = {name: count for name in names if (count := _count(wanted.noun, name, wanted.headings))}
    if not counts:
        return {}
    source, tail, parameters = _source(connection, wanted)
    items = ", ".join(f"{count} AS n{place}" for place, count in enumerate(counts.values()))
    most = ", ".join(f"max(n{place})" for place in range(len(counts)))
    found = connection.execute(f"SELECT {most} FROM (SELECT {items} {source} {tail})", parameters)
    return {name: most or 0 for name, most in zip(counts, found.fetchone(), strict=True)}


def _count(noun: Noun, name: str, headings: Headings) -> str | None:
    """The SQL that counts the items of a field; None for one that has a single column."""
    field = noun.field(name)
    if field is None:
        _, column = ADDRESSES[ADDRESS_OF[noun.name].name]
        return f"(SELECT count(*) FROM address a WHERE a.{column} = t.id)"
    if headings == "custctl" or name == "tags":
        return None
    if field.via is not None:
        of_noun = f" AND l.noun = '{noun.name}'" if field.via.shared else ""
        return f"(SELECT count(*) FROM {field.via.table} l WHERE l.{field.via.own} = t.id{of_noun})"
    return f"json_array_length(t.{field.holder})" if field.kind == "list" else None


# -- what OroCommerce's headings say of other records ----------------------------------------------------------------

_TOLD_OF_OTHERS = ("external_id", "name", "label", "code", "email", "first_name", "last_name")


class _Others:
    """The records that those of a chunk refer to, read together."""

    def __init__(self, connection: sqlite3.Connection, noun: Noun, names: Iterable[str]) -> None:
        self.connection = connection
        self.targets = {name: target for name in names if (target := _target(noun, name))}
        self.known: Mapping[tuple[str, str], Mapping[str, str | None]] = {}

    def load(self, records: Iterable[Image]) -> None:
        """Read what is referred to, and forget what was."""
        keys: dict[str, set[str]] = {}
        for record in records:
            for name, target in self.targets.items():
                value = record[name]
                keys.setdefault(target.name, set()).update(value if isinstance(value, list) else [value] * bool(value))
        self.known = {
            (noun, key): told for noun, wanted in keys.items() for key, told in self._told(NOUNS[noun], wanted)
        }

    def _told(self, noun: Noun, keys: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        columns = [name for name in _TOLD_OF_OTHERS if (field := noun.field(name)) and (field.in_row or name == "code")]
        query = f"""SELECT {noun.key}, {", ".join(columns)} FROM {noun.table}
            WHERE {noun.key} IN (SELECT value FROM json_each(?))"""
        for key, *values in self.connection.execute(query, (json.dumps(sorted(keys)),)):
            yield key, dict(zip(columns, values, strict=True))

    def name(self, noun: Noun, key: str, field: str) -> str | None:
        """A field of a record that has been read; None when it has no such field."""
        return self.known.get((noun.name, key), {}).get(field)


def _target(noun: Noun, name: str) -> Noun | None:
    field = noun.field(name)
    return None if field is None else target_of(noun, field)
