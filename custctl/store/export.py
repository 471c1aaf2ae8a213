"""The database as a document: sorted, without ids, times, secrets or history.

Applied to an empty database it makes the same world, and that exports the same text. What every shop has from
the start is told too, because it can be changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from custctl import shell
from custctl.errors import did_you_mean, invalid, near
from custctl.policy.catalogue import PREDEFINED_ROLES, standard_permissions
from custctl.resources import (
    ADDRESS_OF,
    ADDRESSES,
    CUSTOMER,
    ENTITY,
    NOUNS,
    PRICE,
    PRODUCT,
    RECORD,
    ROLE,
    USER,
    Field,
    Noun,
    noun_called,
)
from custctl.store.select import Image, role_entries, selection
from custctl.store.settings import value_of
from custctl.store.unit import identity


def tables(connection: sqlite3.Connection, only: str | None = None) -> dict[str, Any]:
    """The tables of a document with everything stored, or with one table.

    Raises exit 4 for a table that there is none of.
    """
    nouns = {noun.document: noun for noun in NOUNS.values() if noun.document not in ("addresses", "settings")}
    called = None if only is None else noun_called(only)
    if called is not None and called.name in ADDRESSES:
        owner, _ = ADDRESSES[called.name]
        alone = shell.command("export", called.name, format="csv")
        hint = f"with their owners: {shell.command('export', owner.document)} or alone: {alone}"
        raise invalid(f"{only} are no table of a document", value=only, hint=hint)
    only = only if called is None else called.document
    if only is not None and only not in (*nouns, "settings"):
        known = (*nouns, "settings")
        hint = did_you_mean(near(only, known)) or f"the tables are {', '.join(known)}"
        raise invalid(f"unknown table {only!r}", value=only, hint=hint)
    found: dict[str, Any] = {}
    for name, noun in nouns.items():
        if only in (None, name):
            found[name] = list(_records(connection, noun))
    if only in (None, "settings"):
        found["settings"] = _settings(connection)
    return {name: rows for name, rows in found.items() if rows}


def _records(connection: sqlite3.Connection, noun: Noun) -> Iterator[Image]:
    """The records of one table as documents have them, by key."""
    entries = role_entries(connection) if noun is ROLE else {}
    addresses = _addresses(connection, noun)
    empty = _told_empty(connection) if noun is CUSTOMER else frozenset[str]()
    rows = [(row_id, image) for row_id, image in selection(noun.name).rows(connection)]
    for row_id, image in sorted(rows, key=lambda row: identity(noun, row[1])):
        record = record_of(noun, {**image, **entries.get(row_id, {})}, empty)
        if str(image.get(noun.key)) in addresses:
            record["addresses"] = addresses[str(image[noun.key])]
        yield record


def _told_empty(connection: sqlite3.Connection) -> frozenset[str]:
    """The fields that a new customer gets filled by itself in a shop like this, so that nothing has to be said there.

    Applied to an empty database, a customer without an account or channel stays without it.
    """
    query = "SELECT count(*) = 1 FROM channel WHERE type = 'commerce' AND active"
    alone = bool(connection.execute(query).fetchone()[0])
    filled = {"account": value_of(connection, "account.strategy") != "none", "channel": alone}
    return frozenset(name for name, is_filled in filled.items() if is_filled)


def record_of(noun: Noun, image: Image, empty: Collection[str] = ()) -> Image:
    """A record as a document says it: without what its absence would say too, `empty` fields apart."""
    record = {
        field.name: _in_order(field, image) if _is_told(noun, field, image) else ""
        for field in noun.fields
        if field.name in empty or _is_told(noun, field, image)
    }
    if noun is ROLE and image["key"] in _SEEDED:
        record |= _given_up(image, _SEEDED[image["key"]])
    return record


def _in_order(field: Field, image: Image) -> Any:
    """The value of a field; the entries of a role by name, in whatever order they were given."""
    if field.kind != "entries":
        return image[field.name]
    rows = sorted(image[field.name].items())
    return {name: dict(sorted(row.items())) if isinstance(row, dict) else row for name, row in rows}


def _is_told(noun: Noun, field: Field, image: Image) -> bool:
    """Whether a field says something that its absence would not."""
    if field.computed or (not field.stored and (noun, field.name) != (RECORD, "parent")):
        return False
    value = image.get(field.name)
    if field.name == "key" and (noun in (PRODUCT, PRICE) or (noun is USER and not image["guest"])):
        return False  # it follows from what else is told
    if noun is USER and field.name in ("enabled", "confirmed"):
        return value is image["guest"]  # a guest is neither unless told, everyone else both
    if noun is ENTITY and field.name == "permissions":
        return tuple(value or ()) != standard_permissions(image["ownership"])
    return value not in (None, field.default, "", {})


_SEEDED: Mapping[str, Image] = {
    role.key: {
        "self_managed": role.self_managed,
        "public": role.public,
        "default": role.default,
        "capability_default": role.capability_default,
        "workflow_default": role.workflow_default,
        "permissions": role.permissions,
        "capabilities": role.capabilities,
        "workflows": role.workflows,
    }
    for role in PREDEFINED_ROLES
}


def _given_up(image: Image, seeded: Image) -> Image:
    """What a role of every shop is no longer: to leave it out would leave it as it is in a new database."""
    differing = {name: image.get(name) for name, value in seeded.items() if bool(image.get(name)) is not bool(value)}
    return {name: "" if value in (None, {}) else value for name, value in differing.items()}


def _addresses(connection: sqlite3.Connection, noun: Noun) -> dict[str, list[Image]]:
    """The addresses of a table's records by owner, in order of key."""
    kind = ADDRESS_OF.get(noun.name)
    if kind is None:
        return {}
    found: dict[str, list[Image]] = {}
    for _, image in selection(kind.name).rows(connection, "ORDER BY t.key"):
        found.setdefault(image["owner"], []).append(record_of(kind, image))
    return found


def _settings(connection: sqlite3.Connection) -> dict[str, Any]:
    return settings_of(image for _, image in selection("setting").rows(connection, "ORDER BY t.key"))


def settings_of(images: Iterable[Image]) -> dict[str, Any]:
    """Settings as a document says them: flat names for the whole shop, tables for groups and customers."""
    found: dict[str, Any] = {}
    for image in images:
        scope, _, rest = image["key"].partition("/")
        if not rest:
            found[image["key"]] = image["value"]
            continue
        owner, _, name = rest.rpartition("/")
        found.setdefault(scope, {}).setdefault(owner, {})[name] = image["value"]
    return found
