"""From what a person types to a record: a key, `id:17`, or a name that only one record has."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from custctl.errors import CustctlError, Exit, Problem, near, not_found
from custctl.resources import (
    ADDRESS_OF,
    ADDRESSES,
    CONTACT,
    SHORT_TYPES,
    Noun,
    fold,
    trimmed,
)

NAMES = ("name_folded", "label_folded")
"""The columns by which records are found that have a name."""
_MOST_MISSING = 20
"""So many names that lead nowhere are told at once."""
_ID = re.compile(r"id:([0-9]{1,18})\Z")


def find(connection: sqlite3.Connection, noun: Noun, text: str, *, typed: bool = True) -> tuple[int, str] | None:
    """The id and key of the record that `text` means, or None.

    What is `typed` may also be a reference as output shows it, `id:17`, or a name. Raises exit 4 when it is a
    name that several records have; the candidates are told.
    """
    if not typed:
        return _one(connection, noun, "key = ?", fold(text))
    text = without_type(noun, text)
    by_id = id_in(text)
    if by_id is not None:
        return _one(connection, noun, "id = ?", by_id)
    found = _one(connection, noun, "key = ?", fold(text))
    if found is not None or not text or not any(column in noun.folded for column in NAMES):
        return found
    rows = _named(connection, noun, text)
    if len(rows) > 1:
        keys = tuple(row[1] for row in rows[:5])
        more = " and more" if len(rows) > len(keys) else ""
        hint = f"name one by its key: {', '.join(keys)}{more}"
        problem = Problem("ambiguous", Exit.INVALID, f"several {noun.plural} are called {text!r}", hint)
        raise CustctlError(Problem(problem.code, problem.exit, problem.message, hint, value=text, candidates=keys))
    return rows[0] if rows else None


def _named(connection: sqlite3.Connection, noun: Noun, text: str) -> list[tuple[int, str]]:
    """The records of that name, at most six; a contact is also found by any of its e-mail addresses (design 3)."""
    condition = f"{next(column for column in NAMES if column in noun.folded)} = :text"
    if noun is CONTACT and "@" in text:
        condition = "EXISTS (SELECT 1 FROM json_each(emails) WHERE lower(value) = lower(:typed))"
    query = f"SELECT id, key FROM {noun.table} WHERE {condition} ORDER BY key LIMIT 6"
    return connection.execute(query, {"text": fold(text), "typed": text}).fetchall()


def without_type(noun: Noun, text: str) -> str:
    """The key of a reference of this noun: `user:anna@acme.example` and `customer-user:…` are the same."""
    text = trimmed(text)
    kind, colon, key = text.partition(":")
    return key if colon and SHORT_TYPES.get(kind, kind) == noun.name else text


def id_in(text: str) -> int | None:
    """The number of `id:17`, None when it is none."""
    found = _ID.match(text)
    return int(found[1]) if found else None


def require(connection: sqlite3.Connection, noun: Noun, text: str, *, typed: bool = True) -> tuple[int, str]:
    """The id and key of the record that `text` means; exit 3 with near keys when there is none."""
    found = find(connection, noun, text, typed=typed)
    if found is None:
        raise not_found(noun.title, text, near_keys(connection, noun.table, "key", fold(text)))
    return found


def require_all(connection: sqlite3.Connection, noun: Noun, texts: Sequence[str]) -> list[str]:
    """The keys of the records that texts mean, those that are keys found together; exit 3 for those that mean none."""
    owned = noun.table == "sales_document"
    keys = [fold(trimmed(text).removeprefix(f"{noun.name}:") if owned else without_type(noun, text)) for text in texts]
    column, own = ("number_folded", " AND entity = :entity") if owned else ("key", "")
    query = f"SELECT {column} FROM {noun.table} WHERE {column} IN (SELECT value FROM json_each(:keys)){own}"
    found = connection.execute(query, {"keys": json.dumps(keys), "entity": noun.name})
    stored = {row[0] for row in found}
    meant, problems = dict[str, str](), list[Problem]()
    for key, text in zip(keys, texts, strict=True):
        if key not in stored and text not in meant and len(problems) < _MOST_MISSING:
            try:
                row = require_owned(connection, noun.name, text) if owned else require(connection, noun, text)
                meant[text] = row[1]
            except CustctlError as error:
                problems += error.problems
    if problems:
        raise CustctlError(*problems)
    return [key if key in stored else meant[text] for key, text in zip(keys, texts, strict=True)]


def require_owned(connection: sqlite3.Connection, entity: str, text: str) -> tuple[int, str]:
    """The id and key of the sales document or plain record that was typed; exit 3 when there is none."""
    text = trimmed(text).removeprefix(f"{entity}:")
    by_id = id_in(text)
    for table, column in (("sales_document", "number"), ("record", "key")):
        condition = f"{column}_folded = ?" if by_id is None else "id = ?"
        query = f"SELECT id, {column} FROM {table} WHERE entity = ? AND {condition}"
        row = connection.execute(query, (entity, fold(text) if by_id is None else by_id)).fetchone()
        if row is not None:
            return int(row[0]), str(row[1])
    close = near_keys(connection, "sales_document", "number", fold(text), entity)
    raise not_found(entity, text, close or near_keys(connection, "record", "key", fold(text), entity))


def require_address(connection: sqlite3.Connection, owner_noun: Noun, owner_id: int, owner: str, address: str) -> int:
    """The id of an address within its owner; exit 3 with the owner's addresses when there is none."""
    column = ADDRESSES[ADDRESS_OF[owner_noun.name].name][1]
    rows = connection.execute(f"SELECT key, id FROM address WHERE {column} = ? ORDER BY key", (owner_id,)).fetchall()
    found = dict(rows).get(fold(trimmed(address)))
    if found is None:
        raise not_found("address", f"{owner}/{address}", [f"{owner}/{key}" for key, _ in rows][:5])
    return int(found)


def _one(connection: sqlite3.Connection, noun: Noun, condition: str, value: Any) -> tuple[int, str] | None:
    query = f"SELECT id, key FROM {noun.table} WHERE {condition}"
    row = connection.execute(query, (value,)).fetchone()
    return (row[0], row[1]) if row else None


def near_keys(
    connection: sqlite3.Connection, table: str, column: str, text: str, entity: str | None = None
) -> list[str]:
    """Keys near to one that is not stored, among those that begin alike."""
    if not text:
        return []
    condition = "" if entity is None else " AND entity = :entity"
    folded = column if column == "key" and entity is None else f"{column}_folded"
    rows = connection.execute(
        f"SELECT {column}, {folded} FROM {table} WHERE {folded} >= :start AND {folded} < :start || '{{'{condition}"
        f" LIMIT 2000",
        {"start": text[:2], "entity": entity},
    ).fetchall()
    shown = {row[1]: row[0] for row in rows}
    return [shown[key] for key in near(text, shown)]
