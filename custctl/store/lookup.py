"""From what a person types to a record: a key, `id:17`, or a name that only one record has."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from custctl.errors import CustctlError, Exit, Problem, near, not_found
from custctl.resources import CUSTOMER, GROUP, ROLE, USER, Noun, fold

_NAMES = {CUSTOMER.name: "name_folded", GROUP.name: "name_folded", USER.name: "name_folded", ROLE.name: "label_folded"}
_SHOWN = {CUSTOMER.name: "name", GROUP.name: "name", USER.name: "first_name || ' ' || last_name", ROLE.name: "label"}
_ID = re.compile(r"id:(\d{1,18})\Z")


def find(connection: sqlite3.Connection, noun: Noun, text: str) -> tuple[int, str] | None:
    """The id and key of the record that `text` means, or None.

    Raises exit 4 when it is a name that several records have; the candidates are told.
    """
    by_id = _ID.match(text)
    if by_id:
        return _one(connection, noun, "id = ?", int(by_id[1]))
    found = _one(connection, noun, "key = ?", fold(text))
    if found is not None or noun.name not in _NAMES:
        return found
    query = f"SELECT id, key, {_SHOWN[noun.name]} FROM {noun.table} WHERE {_NAMES[noun.name]} = ? ORDER BY key LIMIT 6"
    rows = connection.execute(query, (fold(text),)).fetchall()
    if len(rows) > 1:
        keys = tuple(row[1] for row in rows[:5])
        more = " and more" if len(rows) > len(keys) else ""
        hint = f"name one by its key: {', '.join(keys)}{more}"
        problem = Problem("ambiguous", Exit.INVALID, f"several {noun.plural} are called {text!r}", hint)
        raise CustctlError(Problem(problem.code, problem.exit, problem.message, hint, value=text, candidates=keys))
    return (rows[0][0], rows[0][1]) if rows else None


def require(connection: sqlite3.Connection, noun: Noun, text: str) -> tuple[int, str]:
    """The id and key of the record that `text` means; exit 3 with near keys when there is none."""
    found = find(connection, noun, text)
    if found is None:
        raise not_found(noun.title, text, near_keys(connection, noun.table, "key", fold(text)))
    return found


def require_owned(connection: sqlite3.Connection, entity: str, key: str) -> int:
    """The id of a sales document or a plain record; exit 3 when there is none."""
    for table, column in (("sales_document", "number"), ("record", "key")):
        query = f"SELECT id FROM {table} WHERE entity = ? AND {column}_folded = ?"
        row = connection.execute(query, (entity, fold(key))).fetchone()
        if row is not None:
            return int(row[0])
    close = near_keys(connection, "sales_document", "number", fold(key), entity)
    raise not_found(entity, key, close or near_keys(connection, "record", "key", fold(key), entity))


def require_address(connection: sqlite3.Connection, owner_noun: Noun, owner_id: int, owner: str, address: str) -> int:
    """The id of an address within its owner; exit 3 with the owner's addresses when there is none."""
    column = "customer_id" if owner_noun is CUSTOMER else "user_id"
    rows = connection.execute(f"SELECT key, id FROM address WHERE {column} = ? ORDER BY key", (owner_id,)).fetchall()
    found = dict(rows).get(fold(address))
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
