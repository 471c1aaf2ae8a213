"""Which record a name means, now or at some revision: history follows records by their ids, whatever they are called.

A type and an id say which record: `kind` is the type as references in history begin with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from custctl.errors import invalid, not_found
from custctl.resources import ADDRESS_OF, ADDRESSES, NOUNS, RECORD, SETTING, Noun, fold, noun_of, reference
from custctl.store import lookup
from custctl.store.settings import SCOPES, SETTINGS


@dataclass(frozen=True, slots=True)
class Known:
    """A record that history knows; its id is None for a setting that nobody has set. `is_there` while it is stored."""

    kind: str
    id: int | None
    is_there: bool


def of_kind(alias: str = "h", name: str = "kind") -> str:
    """The SQL condition that a row of history is about a record of the type in a parameter."""
    return f"{alias}.record >= :{name} || ':' AND {alias}.record < :{name} || ';'"


def of_kinds(nouns: Iterable[Noun]) -> tuple[str, dict[str, str]]:
    """The SQL condition that a row of history, `h`, is about a record of one of these nouns, and its parameters."""
    kinds = {f"kind{place}": noun.reference for place, noun in enumerate(nouns)}
    return " OR ".join(of_kind(name=name) for name in kinds), kinds


def known(connection: sqlite3.Connection, text: str) -> Known:
    """The record that `TYPE:KEY` means: the one that is called so now, else the last one that was.

    `TYPE:id:17` works too, also for a record that is gone. Raises exit 4 for a text without a type, 3 for a name
    that history does not know.
    """
    kind, colon, key = text.partition(":")
    if not colon:
        raise invalid(f"{text!r} is not TYPE:KEY", value=text, hint="like customer:acme or user:anna@acme.example")
    noun = _noun(kind)
    kind = kind if noun is RECORD else noun.reference
    row_id = _stored(connection, noun, kind, key)
    if row_id is not None:
        return Known(kind, row_id, is_there=True)
    if noun is SETTING and key in SETTINGS:  # one that nobody has set stands at its default
        return Known(kind, _gone(connection, noun, kind, key), is_there=True)
    row_id = _gone(connection, noun, kind, key)
    if row_id is None:
        raise not_found("history of", text)
    return Known(kind, row_id, is_there=False)


def others(connection: sqlite3.Connection, text: str, found: Known) -> list[int]:
    """The ids of other records that had this name before, the latest first."""
    kind, _, key = text.partition(":")
    noun = _noun(kind)
    query = f"""SELECT h.record_id FROM history h WHERE h.former = :name AND {of_kind()}
        GROUP BY h.record_id ORDER BY max(h.id) DESC"""
    rows = connection.execute(query, {"name": named(noun, found.kind, key), "kind": found.kind})
    return [row_id for (row_id,) in rows if row_id != found.id]


def _noun(kind: str) -> Noun:
    """The noun of a type, or of a group of commands; an entity of one's own has plain records."""
    return noun_of(kind) or next((noun for noun in NOUNS.values() if noun.group == kind), RECORD)


def named(noun: Noun, kind: str, key: str) -> str:
    """A reference with its key folded, as `history.former` has it."""
    return reference(noun, fold(key)) if noun is not RECORD else f"{kind}:{fold(key)}"


def _stored(connection: sqlite3.Connection, noun: Noun, kind: str, key: str) -> int | None:
    """The id of the record that is called so now."""
    by_id = lookup.id_in(key)
    condition: str
    value: tuple[str | int | None, ...]
    if noun is RECORD or noun.table == "sales_document":
        column = "id" if by_id is not None else "key_folded" if noun is RECORD else "number_folded"
        condition, value = f"entity = ? AND {column} = ?", (kind, fold(key) if by_id is None else by_id)
    elif by_id is not None:
        owned = f"{ADDRESSES[noun.name][1]} IS NOT NULL AND " if noun.name in ADDRESSES else ""
        condition, value = f"{owned}id = ?", (by_id,)
    elif noun.name in ADDRESSES:
        kind_of_owner, column = ADDRESSES[noun.name]
        owner = lookup.find(connection, kind_of_owner, key.rpartition("/")[0])
        condition, value = (
            f"{column} = ? AND key = ?",
            (None if owner is None else owner[0], fold(key.rpartition("/")[2])),
        )
    elif noun is SETTING or noun.key != "key":
        condition, value = f"{noun.key} = ?", (key,)
    else:
        found = lookup.find(connection, noun, key)
        return None if found is None else found[0]
    row = connection.execute(f"SELECT id FROM {noun.table} WHERE {condition}", value).fetchone()
    return None if row is None else int(row[0])


def _gone(connection: sqlite3.Connection, noun: Noun, kind: str, key: str) -> int | None:
    """The id of the last record that was called so and is not any more, by its name or by `id:17`."""
    by_id = lookup.id_in(key)
    if by_id is not None:
        query = f"SELECT 1 FROM history h WHERE h.record_id = :id AND {of_kind()} LIMIT 1"
        return by_id if connection.execute(query, {"id": by_id, "kind": kind}).fetchone() else None
    query = f"SELECT h.record_id FROM history h WHERE h.former = :name AND {of_kind()} ORDER BY h.id DESC LIMIT 1"
    row = connection.execute(query, {"name": named(noun, kind, key), "kind": kind}).fetchone()
    if row is None and noun.name in ADDRESSES:  # its owner had another name when it went
        owner = known(connection, f"{ADDRESSES[noun.name][0].reference}:{key.rpartition('/')[0]}")
        query = f"""SELECT h.record_id FROM history h WHERE h.owner_id = :owner AND {of_kind()}
            AND h.former LIKE '%/' || :own ORDER BY h.id DESC LIMIT 1"""
        values = {"owner": owner.id, "kind": kind, "own": fold(key.rpartition("/")[2])}
        row = connection.execute(query, values).fetchone()
    return None if row is None else int(row[0])


# -- as it was at a revision ---------------------------------------------------------------------------------------


def had(connection: sqlite3.Connection, noun: Noun, key: str, revision: int) -> int | None:
    """The id of the record that had a key when a revision was done, or when that removed it."""
    kind, _, rest = key.partition(":") if noun is RECORD else (noun.reference, "", key)
    name = named(noun, kind, rest)
    latest: tuple[int, int] | None = None
    for row_id in _candidates(connection, noun, kind, rest, name):
        query = f"""SELECT h.id, h.record FROM history h JOIN revision r ON r.id = h.revision_id
            WHERE h.record_id = :id AND {of_kind()} AND h.op IN ('add', 'rename')
            AND (h.revision_id <= :revision OR r.migration) ORDER BY h.id DESC LIMIT 1"""
        row = connection.execute(query, {"id": row_id, "kind": kind, "revision": revision}).fetchone()
        if (
            row is not None
            and named(noun, kind, row[1].partition(":")[2]) == name
            and (latest is None or row[0] > latest[0])
        ):
            latest = (row[0], row_id)
    return None if latest is None else latest[1]


def _candidates(connection: sqlite3.Connection, noun: Noun, kind: str, key: str, name: str) -> Iterator[int]:
    """Whoever has a name now, and whoever gave it up."""
    column = noun.named_by if noun is not RECORD else "key_folded"
    own = " AND entity = :kind" if noun is RECORD or noun.table == "sales_document" else ""
    query = f"SELECT id FROM {noun.table} WHERE {column} = :key{own}"
    yield from (row[0] for row in connection.execute(query, {"key": fold(key), "kind": kind}))
    query = f"SELECT DISTINCT h.record_id FROM history h WHERE h.former = :name AND {of_kind()}"
    yield from (row[0] for row in connection.execute(query, {"name": name, "kind": kind}))


def key_of(connection: sqlite3.Connection, noun: Noun, row_id: int) -> str | None:
    """What images call a stored record now, None for one that is not stored."""
    column = "entity || ':' || key" if noun is RECORD else noun.named_by
    row = connection.execute(f"SELECT {column} FROM {noun.table} WHERE id = ?", (row_id,)).fetchone()
    return None if row is None else str(row[0])


def parts_of(noun: Noun) -> Iterator[tuple[str, str]]:
    """The ranges of names of what belongs to records of a noun: their addresses and settings, by first and last."""
    if noun.name in ADDRESS_OF:
        kind = ADDRESS_OF[noun.name].reference
        yield f"{kind}:", f"{kind};"
    yield from ((f"setting:{scope}/", f"setting:{scope}0") for scope, owner in SCOPES.items() if owner is noun)
