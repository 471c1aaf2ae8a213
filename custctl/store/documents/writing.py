"""From plain tables to a text that reads back as the same tables, the same text every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from custctl.store.documents.source import API_VERSION, Format

# Words that need no quotes: letters first, so no number, date or sign that means something.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _.@/+-]*[A-Za-z0-9_.@/+-])?")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

# Controls, line ends that only some know, invisible and bidirectional characters, and what YAML does not allow.
_HIDDEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff]"
)

# A longer key must be announced with `?`; YAML looks no further than 1,024 characters for the colon.
_LONG_KEY = 1_000


def write_document(tables: Mapping[str, Any], format: Format) -> str:
    """The document with these tables: `apiVersion` first, then as given; texts, booleans, ints, lists and dicts.

    `read` gives the same tables again. In YAML, where all is read as text, an int comes back as its digits.
    """
    document = {"apiVersion": API_VERSION, **{name: table for name, table in tables.items() if name != "apiVersion"}}
    if format == "json":
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return _HIDDEN.sub(lambda hidden: json.dumps(hidden[0])[1:-1], text)
    return _HIDDEN.sub(_escape, _toml(document)) if format == "toml" else "".join(_yaml(document, ""))


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


def _yaml(value: Any, margin: str) -> Iterator[str]:
    """The lines of a value, of which a table or list that is not empty has one or more of its own."""
    inner = f"{margin}  "
    if not isinstance(value, dict | list) or not value:
        yield f"{margin}{_yaml_leaf(value)}\n"
    elif isinstance(value, list):
        for item in value:
            first, *more = _yaml(item, inner)
            yield f"{margin}- {first.removeprefix(inner)}"
            yield from more
    else:
        for key, item in value.items():
            first, *more = _yaml(item, inner)
            is_block = isinstance(item, dict | list) and item
            yield f"{_yaml_head(key, margin)}\n{first}" if is_block else f"{_yaml_head(key, margin)} {first.lstrip()}"
            yield from more


def _yaml_head(key: str, margin: str) -> str:
    word = _yaml_text(key)
    return f"{margin}{word}:" if len(word) <= _LONG_KEY else f"{margin}? {word}\n{margin}:"


def _yaml_leaf(value: Any) -> str:
    if isinstance(value, str):
        return _yaml_text(value)
    return json.dumps(value)  # true, false, null, digits, {} and [] are the same in both


def _yaml_text(text: str) -> str:
    """The text, in quotes unless every reader of YAML, old or new, takes it for text without."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS:
        return text
    return _HIDDEN.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
