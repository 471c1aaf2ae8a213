"""A generated world as files: documents to apply, or sheets to import; written while it is made."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from custctl.errors import usage
from custctl.resources import ADDRESS_OF, NOUNS, ROLE, USER, Noun
from custctl.store.documents.source import ENDINGS
from custctl.store.documents.writing import document_pieces, not_empty
from custctl.store.files import new_folder, write_pieces
from custctl.store.worlds.records import Row
from custctl.store.worlds.world import World

Format = Literal["toml", "yaml", "json", "csv", "jsonl"]

PART = 10_000
"""The records of so many customers stand in one document, so that none becomes too large to be read."""

_NOUNS = {noun.document: noun for noun in NOUNS.values() if noun.document not in ("addresses", "settings")}
"""The nouns by their tables, in the order of documents."""


def write(world: World, out: str, format: Format | None, *, dry_run: bool) -> dict[str, int]:
    """Write a world into one document, or into a new folder of documents or sheets; how many records of each table.

    A name with the ending of a document is one document, any other a folder. Raises exit 2 for a name that contradicts
    the format or is that of a single sheet, 5 when something of that name exists, 74 when it cannot be written.
    """
    counts: Counter[str] = Counter()
    sheet = Path(out).suffix.casefold().removeprefix(".")
    if sheet in ("csv", "jsonl"):
        raise usage(
            f"sheets are written into a folder, and {out} is the name of one sheet", f"name a folder: --format {sheet}"
        )
    ending = ENDINGS.get(Path(out).suffix.casefold())
    if ending is None:
        _write_folder(out, _files(world, format or "toml", counts), dry_run=dry_run)
    elif format in (None, ending):
        write_pieces(out, document_pieces(_tables(world, counts), ending), dry_run=dry_run)
    else:
        hint = "leave --format out, or name a folder"
        raise usage(f"--format {format} and the name {out} do not go together", hint)
    return {table: counts[table] for table in (*_NOUNS, "settings") if counts[table]}


def _write_folder(name: str, files: Iterable[tuple[str, Iterable[str]]], *, dry_run: bool) -> None:
    """A folder that does not exist yet, whole or not at all, 0700; a dry run leaves none behind."""
    with new_folder(name, dry_run=dry_run) as write:
        for file, pieces in files:
            write(file, pieces)


def _files(world: World, format: Format, counts: Counter[str]) -> Iterator[tuple[str, Iterable[str]]]:
    """The files of a folder by name, each with its text; one that would be empty is left out."""
    if format == "csv" or format == "jsonl":  # noqa: PLR1714 - mypy does not learn from `in`
        yield from _sheets(world, format, counts)
        return
    parts = list(world.pieces(PART))
    for place, table in enumerate((*_NOUNS, "settings"), 1):
        for number, customers in enumerate(parts, 1):
            tables = list(not_empty([_table(world, table, counts, customers)]))
            part = f"-{number:03}" if len(parts) > 1 else ""
            if tables:
                yield f"{place:02}-{table}{part}.{format}", document_pieces(tables, format)


def _tables(world: World, counts: Counter[str]) -> Iterator[tuple[str, Any]]:
    for table in (*_NOUNS, "settings"):
        yield _table(world, table, counts)


def _table(world: World, table: str, counts: Counter[str], customers: range | None = None) -> tuple[str, Any]:
    """A table and what it holds, which is counted while it is read."""
    if table == "settings":
        settings = world.settings(customers)
        counts[table] += sum(1 for _ in _leaves(settings))
        return table, settings
    return table, _counted(world.rows(table, customers), table, counts)


def _leaves(table: Row) -> Iterator[Any]:
    for value in table.values():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield value


def _counted(rows: Iterable[Row], table: str, counts: Counter[str]) -> Iterator[Row]:
    for row in rows:
        counts[table] += 1
        yield row


# -- sheets --------------------------------------------------------------------------------------------------------


def _sheets(world: World, format: Format, counts: Counter[str]) -> Iterator[tuple[str, Iterable[str]]]:
    """A file for each table, the addresses in files of their own; what has no rows or columns is a document."""
    lines = _csv if format == "csv" else _json_lines
    for table, noun in _NOUNS.items():
        name, rows = _table(world, table, counts)
        if noun is ROLE:
            yield f"{table}.toml", document_pieces([(name, rows)], "toml")
            continue
        for _, some in not_empty([(name, rows)]):
            yield f"{table}.{format}", lines(noun, (_without_addresses(row) for row in some))
        kind = ADDRESS_OF.get(noun.name)
        for _, some in not_empty([("", _addresses(noun, world.rows(table)))] if kind else []):
            assert kind is not None
            yield f"{kind.called.replace(' ', '_')}es.{format}", lines(kind, some)
    yield "settings.toml", document_pieces([_table(world, "settings", counts)], "toml")


def _without_addresses(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "addresses"}


def _addresses(noun: Noun, rows: Iterable[Row]) -> Iterator[Row]:
    """The addresses of records, each with its owner's key."""
    for row in rows:
        owner = row["email"] if noun is USER and not row.get("guest") else row["key"]
        yield from ({"owner": owner, **address} for address in row.get("addresses", ()))


def _json_lines(_noun: Noun, rows: Iterable[Row]) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(noun: Noun, rows: Iterable[Row]) -> Iterator[str]:
    """A heading for each field of the noun, then a line a record; `owner` comes first where it names the record."""
    names = [field.name for field in noun.fields if not field.computed]
    names = ["owner", *(name for name in names if name != "owner")] if noun in ADDRESS_OF.values() else names
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for cells in chain((names,), ([_cell(row.get(name)) for name in names] for row in rows)):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return ", ".join(value) if isinstance(value, list) else str(value)
