"""SELECTs made from the noun table: the same expressions serve show, list, filters, export and the images of history.

Only names from the noun table enter the SQL text; every value is a parameter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from custctl.resources import NOUNS, SALES, Field, Noun
from custctl.store.codec import decoder

Image = dict[str, Any]
"""A record as documents write it: every field, references as keys, absent values None."""

_USER_ROLES = """(SELECT json_group_array(k) FROM (SELECT r.key AS k FROM user_role ur
    JOIN role r ON r.id = ur.role_id WHERE ur.user_id = t.id ORDER BY r.key))"""

_SPECIAL: Mapping[tuple[str, str], str] = {
    ("customer-group", "customers"): "(SELECT count(*) FROM customer m WHERE m.group_id = t.id)",
    ("customer-user", "roles"): _USER_ROLES,
    ("customer-user-role", "type"): "CASE WHEN t.customer_id IS NULL THEN 'predefined' ELSE 'customizable' END",
    ("customer-user-role", "users"): "(SELECT count(*) FROM user_role ur WHERE ur.role_id = t.id)",
    ("customer-address", "owner"): "(SELECT o.key FROM customer o WHERE o.id = t.customer_id)",
    ("customer-user-address", "owner"): "(SELECT o.key FROM customer_user o WHERE o.id = t.user_id)",
    ("record", "parent"): """CASE WHEN t.parent_document_id IS NOT NULL
        THEN (SELECT d.entity || ':' || d.number FROM sales_document d WHERE d.id = t.parent_document_id)
        ELSE (SELECT p.entity || ':' || p.key FROM record p WHERE p.id = t.parent_record_id) END""",
}

_FOLDED: Mapping[tuple[str, str], str] = {
    ("customer-group", "name"): "t.name_folded",
    ("customer", "name"): "t.name_folded",
    ("customer-user-role", "label"): "t.label_folded",
    **{(noun.name, "number"): "t.number_folded" for noun in SALES},
}
"""Columns that sort and search as people read, beside the one that is shown."""


class Selection(NamedTuple):
    """The parts of a SELECT of one noun; `t` is its table."""

    noun: Noun
    fields: tuple[Field, ...]
    columns: str
    source: str
    restriction: str

    def rows(
        self, connection: sqlite3.Connection, tail: str = "", parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[int, Image]]:
        """The ids and images of the records that `tail` (conditions, order, limit) leaves, streamed."""
        where = f"WHERE {self.restriction} {tail}"
        cursor = connection.execute(f"SELECT t.id, {self.columns} {self.source} {where}", parameters or {})
        names = [field.name for field in self.fields]
        decoders = [(place, read) for place, field in enumerate(self.fields) if (read := decoder(field))]
        for row_id, *values in cursor:
            for place, read in decoders:
                if values[place] is not None:
                    values[place] = read(values[place])
            yield row_id, dict(zip(names, values, strict=True))

    def expression(self, name: str) -> str:
        """The SQL of a field, for a filter or an order."""
        field = next(field for field in self.fields if field.name == name)
        return _expression(self.noun, field)

    def order(self, name: str) -> str:
        """The SQL a list is ordered by: names as people read them, without regard to case."""
        return _FOLDED.get((self.noun.name, name)) or self.expression(name)


def told(image: Image) -> Image:
    """An image as history keeps it: without the fields that hold nothing."""
    return {name: value for name, value in image.items() if value is not None}


@cache
def selection(noun_name: str, names: tuple[str, ...] | None = None) -> Selection:
    """The SELECT of a noun with the fields named, by default all; entries of roles are read apart."""
    noun = NOUNS[noun_name]
    fields = tuple(field for field in noun.fields if field.kind != "entries" and (names is None or field.name in names))
    columns = ", ".join(_expression(noun, field) for field in fields)
    return Selection(noun, fields, columns, _source(noun), _restriction(noun))


def _expression(noun: Noun, field: Field) -> str:
    special = _SPECIAL.get((noun.name, field.name))
    if special is not None:
        return special
    if field.kind == "reference":
        return f"f_{field.name}.{NOUNS[field.to].key}"
    return f"t.{field.holder}"


def _source(noun: Noun) -> str:
    joins = [
        f"LEFT JOIN {NOUNS[field.to].table} f_{field.name} ON f_{field.name}.id = t.{field.holder}"
        for field in noun.fields
        if field.kind == "reference"
    ]
    return " ".join([f"FROM {noun.table} t", *joins])


def _restriction(noun: Noun) -> str:
    """Which rows of a shared table are of this noun."""
    if noun.table == "sales_document":
        return f"t.entity = '{noun.name}'"
    if noun.name == "customer-address":
        return "t.customer_id IS NOT NULL"
    if noun.name == "customer-user-address":
        return "t.user_id IS NOT NULL"
    return "1"


_ENTRY_FIELDS = {"entity": "permissions", "capability": "capabilities", "workflow": "workflows", "field": "fields"}


def role_entries(
    connection: sqlite3.Connection, condition: str = "1", parameters: Mapping[str, Any] | None = None
) -> dict[int, dict[str, dict[str, Any]]]:
    """The entries of roles by role id, in the shape documents have.

    A permission that is none is left out of a listed entity or workflow; an empty table is a listed one whose
    permissions are all none. A capability is true or false; a field keeps its nones.
    """
    found: dict[int, dict[str, dict[str, Any]]] = {}
    rows = connection.execute(
        f"SELECT role_id, kind, name, permission, level FROM role_entry WHERE {condition}"
        " ORDER BY role_id, kind, name, permission",
        parameters or {},
    )
    for role_id, kind, name, permission, level in rows:
        tables = found.setdefault(role_id, {field: {} for field in _ENTRY_FIELDS.values()})
        table = tables[_ENTRY_FIELDS[kind]]
        if kind == "capability":
            table[name] = level == "full"
            continue
        entry = table.setdefault(name, {})
        if kind == "field" or level != "none":
            entry[permission] = level
    return found
