"""From plain tables to a text that reads back as the same tables, the same text every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from custctl.store.documents.source import API_VERSION, Format
from custctl.yaml_writing import pieces as yaml_pieces

# Controls, line ends that only some know, invisible and bidirectional characters.
_HIDDEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff]"
)


def write_document(tables: Mapping[str, Any], format: Format) -> str:
    """The document with these tables: `apiVersion` first, then as given; texts, booleans, ints, lists and dicts.

    `read` gives the same tables again. In YAML, where all is read as text, an int comes back as its digits.
    """
    document = {"apiVersion": API_VERSION, **{name: table for name, table in tables.items() if name != "apiVersion"}}
    if format == "json":
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return _HIDDEN.sub(_escape_in_json, text)
    return _HIDDEN.sub(_escape, _toml(document)) if format == "toml" else "".join(yaml_pieces(document))


def document_pieces(tables: Iterable[tuple[str, Any]], format: Format) -> Iterator[str]:
    """The text of `write_document` piece by piece, for tables that are made while they are written.

    A table is a dict, or records that are read once; one without records is left out.
    """
    some = dict(not_empty(tables))
    if format == "yaml":
        yield from yaml_pieces({"apiVersion": API_VERSION, **some})
    elif format == "json":
        yield from _json_pieces(some)
    else:
        yield write_document({}, "toml")
        for name, table in some.items():
            if isinstance(table, Mapping):
                yield f"\n{write_table((name,), table)}"
            else:
                yield from (f"\n{write_record((name,), record)}" for record in table)


def not_empty(tables: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The tables that are not empty; of one that is made while it is read, the first record is made for that."""
    for name, table in tables:
        if isinstance(table, Mapping):
            if table:
                yield name, table
            continue
        rest = iter(table)
        for first in rest:
            yield name, chain((first,), rest)
            break


def _json_pieces(tables: Mapping[str, Any]) -> Iterator[str]:
    yield f'{{\n  "apiVersion": {json.dumps(API_VERSION)}'
    for name, table in tables.items():
        lead = f",\n  {json.dumps(name)}: "
        if isinstance(table, Mapping):
            yield lead + _indented(table, "  ")
            continue
        for number, record in enumerate(table):
            yield (f"{lead}[" if number == 0 else ",") + "\n    " + _indented(record, "    ")
        yield "\n  ]"
    yield "\n}\n"


def _indented(value: Any, margin: str) -> str:
    """A value as JSON, its further lines behind a margin: no text in it has a line end of its own."""
    text = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", f"\n{margin}")
    return _HIDDEN.sub(_escape_in_json, text)


def _escape_in_json(hidden: re.Match[str]) -> str:
    return json.dumps(hidden[0])[1:-1]


def write_table(path: Sequence[str], table: Mapping[str, Any]) -> str:
    """The TOML text of one table, like [settings]."""
    import tomli_w

    for name in reversed(path):
        table = {name: table}
    return _HIDDEN.sub(_escape, tomli_w.dumps(table))


def write_record(path: Sequence[str], record: Mapping[str, Any]) -> str:
    """The TOML text of one element of an array of tables, like [[customers.addresses]]."""
    return _toml_record(f"[{'.'.join(path)}]", write_table(path, record))


def _toml(document: Mapping[str, Any]) -> str:
    import tomli_w

    fields = {name: value for name, value in document.items() if not isinstance(value, dict) and not _is_records(value)}
    sections = [tomli_w.dumps(fields)]
    for name, value in document.items():
        if isinstance(value, dict):
            sections.append(tomli_w.dumps({name: value}))
        elif _is_records(value):
            header = tomli_w.dumps({name: {}}).rstrip("\n")
            sections += [_toml_record(header, tomli_w.dumps({name: record})) for record in value]
    return "\n".join(sections)


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _toml_record(header: str, table: str) -> str:
    """The table as an element of an array of tables. Left to itself, tomli-w puts short records into one array."""
    own_fields = table.startswith(f"{header}\n")
    return f"[{table.replace(header, f'{header}]', 1)}" if own_fields else f"[{header}]\n\n{table}"


def _escape(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
