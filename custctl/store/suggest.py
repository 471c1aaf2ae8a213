"""What is stored that begins with what has been typed so far: the values that TAB offers.

Every list is a range of an index and has an end, so that it takes as long in a big shop as in a small one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from custctl.errors import CustctlError
from custctl.resources import ADDRESS_OF, ADDRESSES, RECORD, USER, Noun, fold, fold_address
from custctl.store.database import open_for_reading
from custctl.store.select import selection

if TYPE_CHECKING:
    from custctl.store.acting import Actor
    from custctl.store.scopes import Condition

MOST = 50
"""How many values are offered at most: more than that nobody reads, and every one is typed on to."""
PATIENCE = 0.1
"""How many seconds a locked database is waited for: somebody has pressed TAB and wants to type on."""

UNREADABLE = (CustctlError, sqlite3.Error, UnicodeEncodeError)
"""What having nothing to read looks like: no database, a locked or damaged one, a wrong setting, a word of no text."""

_LONG = 100
"""How many characters of a command that was carried out."""
_LAST = "\U0010ffff"
_TOLD = (
    ("name",),
    ("label",),
    ("title",),
    ("subject",),
    ("first_name", "last_name"),
    ("customer", "status"),
    ("value",),
)
"""What tells a person which record it is, for those nouns that have such fields; the first that is there."""

Candidate = tuple[str, str]
"""A value to offer, and what tells a person which it is."""


class Own(NamedTuple):
    """An entity of the shop's own."""

    name: str
    ownership: str
    permissions: list[str]


def open_database(path: Path) -> sqlite3.Connection:
    """One snapshot of the database; raises one of `UNREADABLE`, soon, when there is none to be had."""
    return open_for_reading(path, PATIENCE)


def keys(connection: sqlite3.Connection, noun: Noun, prefix: str, within: Condition | None = None) -> list[Candidate]:
    """The records of a noun whose key begins so, in order of it; of those within a condition only the keys."""
    column = selection(noun.name).order(noun.key)
    if within is None:
        return _range(connection, noun, column, prefix)
    condition, parameters = within
    return [(key, "") for key, _ in _range(connection, noun, column, prefix, f"AND ({condition})", parameters)]


def records(connection: sqlite3.Connection, entity: str, prefix: str) -> list[Candidate]:
    """The plain records of an entity whose key begins so."""
    return _range(connection, RECORD, "t.key_folded", prefix, "AND t.entity = :entity", {"entity": entity})


def addresses(
    connection: sqlite3.Connection, owner: Noun, text: str, seen: Callable[[Noun], Condition | None] = lambda _: None
) -> list[Candidate]:
    """The addresses OWNER/KEY of one owner; before the stroke, the owners themselves with a stroke behind.

    `seen` is what may be seen of a noun; of those records only the keys are told.
    """
    owner_key, stroke, prefix = text.rpartition("/")
    if not stroke:
        return [(f"{key}/", told) for key, told in keys(connection, owner, text, seen(owner))]
    noun = ADDRESS_OF[owner.name]
    _, column = ADDRESSES[noun.name]
    within = f"AND t.{column} = (SELECT o.id FROM {owner.table} o WHERE o.key = :owner)"
    condition = seen(noun)
    where, parameters = condition or ("1", {})
    values = {"owner": fold(owner_key), **parameters}
    found = _range(connection, noun, "t.key", prefix, f"{within} AND ({where})", values)
    return [(f"{fold(owner_key)}/{key}", told if condition is None else "") for key, told in found]


def _range(
    connection: sqlite3.Connection,
    noun: Noun,
    column: str,
    prefix: str,
    within: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> list[Candidate]:
    told = next((names for names in _TOLD if noun.key not in names and all(map(noun.field, names))), ())
    tail = f"{within} AND {column} >= :start AND {column} < :end ORDER BY {column} LIMIT {MOST}"
    start = fold_address(prefix) if noun is USER else fold(prefix)
    values = {"start": start, "end": start + _LAST, **(parameters or {})}
    rows = selection(noun.name, (noun.key, *told)).rows(connection, tail, values)
    return [(image[noun.key], _words(image[name] for name in told)) for _, image in rows]


def _words(values: Iterable[Any]) -> str:
    return " ".join(str(value) for value in values if value)


def actor(connection: sqlite3.Connection, text: str) -> Actor:
    """The user in whose name a line is typed; raises exit 3, one of `UNREADABLE`, when there is none."""
    from custctl.store.acting import Actor  # most lines are the back office's

    return Actor(connection, text)


def own_entities(connection: sqlite3.Connection) -> list[Own]:
    """The entities of the shop's own, beside those that every shop has."""
    rows = connection.execute("SELECT name, ownership, permissions FROM entity ORDER BY name")
    return [Own(name, ownership, json.loads(permissions)) for name, ownership, permissions in rows]


def revisions(connection: sqlite3.Connection, prefix: str) -> list[Candidate]:
    """Of the latest revisions those whose number begins so, the latest first."""
    rows = connection.execute(
        f"SELECT id, at, substr(command, 1, {_LONG})"
        f" FROM (SELECT id, at, command FROM revision WHERE id > 0 ORDER BY id DESC LIMIT {20 * MOST})"
        f" WHERE (:prefix = '' OR instr(id, :prefix) = 1) ORDER BY id DESC LIMIT {MOST}",
        {"prefix": prefix},
    )
    return [(str(number), f"{at} {command}") for number, at, command in rows]
