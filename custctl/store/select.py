"""SELECTs made from the noun table: the same expressions serve show, list, filters, export and the images of history.

Only names from the noun table enter the SQL text; every value is a parameter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from custctl.resources import ABOUT, ADDRESSES, CONTACTED, MARKETING_EVENT, NOUNS, Field, Link, Noun
from custctl.store.codec import decoder

Image = dict[str, Any]
"""A record as documents write it: every field, references as keys, absent values None."""

PAID = "w.payment_status = 'full'"
"""What makes an order count for the lifetime of its customer (feature L-01)."""
WON = "o.status = 'won'"
"""What makes an opportunity count for the lifetime of its business customer (feature L-03)."""


def _contacted(noun: Noun, value: str, direction: str) -> str:
    """Something about the calls and e-mails that are about a record itself, in one direction or any (feature M-06)."""
    which = f" AND a.direction = '{direction}'" if direction else ""
    return (
        f"(SELECT {value} FROM activity_{noun.name.replace('-', '_')} l JOIN activity a ON a.id = l.activity_id"
        f" WHERE l.record_id = t.id AND a.kind IN ('call', 'email'){which})"
    )


_DIRECTIONS = {"": "", "_in": "incoming", "_out": "outgoing"}


def _of_any(targets: Mapping[str, str], table: str, condition: str) -> str:
    """The references to the records of several nouns that one row names, a SELECT a noun; `{}` stands for its place."""
    ways = []
    for name, place in targets.items():
        noun = NOUNS[name]
        rows = (
            f"FROM {table.format(place)}JOIN {noun.table} o ON o.id = "
            if table
            else f"FROM {noun.table} o WHERE o.id = "
        )
        ways.append(f"SELECT '{noun.reference}:' || o.{noun.key} AS k {rows}{condition.format(place)}")
    return " UNION ALL ".join(ways)


_ABOUT = _of_any(
    {name: name.replace("-", "_") for name in ABOUT}, "activity_{} l ", "l.record_id WHERE l.activity_id = t.id"
)
_TO = _of_any({field.to: field.holder for field in MARKETING_EVENT.fields if field.to}, "", "t.{}")

_SPECIAL: Mapping[tuple[str, str], str] = {
    ("customer-group", "customers"): "(SELECT count(*) FROM customer m WHERE m.group_id = t.id)",
    ("customer-user-role", "type"): "CASE WHEN t.customer_id IS NULL THEN 'predefined' ELSE 'customizable' END",
    ("customer-user-role", "users"): "(SELECT count(*) FROM user_role ur WHERE ur.role_id = t.id)",
    ("taxonomy", "tags"): "(SELECT count(*) FROM tag m WHERE m.taxonomy_id = t.id)",
    ("tag", "uses"): "(SELECT count(*) FROM tagging l WHERE l.tag_id = t.id)",
    ("content", "variants"): "(SELECT count(*) FROM content_variant m WHERE m.content_id = t.id)",
    ("contact-group", "contacts"): "(SELECT count(*) FROM contact_in_group l WHERE l.group_id = t.id)",
    ("contact", "name"): "nullif(trim(coalesce(t.first_name, '') || ' ' || coalesce(t.last_name, '')), '')",
    ("contact", "email"): "(t.emails ->> '$[0]')",
    ("contact", "phone"): "(t.phones ->> '$[0]')",
    ("account", "email"): "(SELECT c.emails ->> '$[0]' FROM contact c WHERE c.id = t.default_contact_id)",
    ("account", "phone"): "(SELECT c.phones ->> '$[0]' FROM contact c WHERE c.id = t.default_contact_id)",
    ("channel", "customers"): "(SELECT count(*) FROM customer m WHERE m.channel_id = t.id)",
    ("channel", "business_customers"): "(SELECT count(*) FROM business_customer m WHERE m.channel_id = t.id)",
    **{
        (noun, name): f"(t.{name}s ->> '$[0]')" for noun in ("business-customer", "lead") for name in ("email", "phone")
    },
    **{
        (name, "owner"): f"(SELECT o.key FROM {owner.table} o WHERE o.id = t.{column})"
        for name, (owner, column) in ADDRESSES.items()
    },
    ("lead", "opportunities"): "(SELECT count(*) FROM opportunity m WHERE m.lead_id = t.id)",
    # The views are those of `lifetime.prepare`.
    ("customer", "lifetime"): f"""(SELECT coalesce(sum(w.value), 0) FROM temp.worth_of_order w
        WHERE w.customer_id = t.id AND {PAID})""",
    ("business-customer", "lifetime"): f"""(SELECT coalesce(sum(o.value), 0) FROM temp.worth_of_opportunity o
        WHERE o.business_customer_id = t.id AND {WON})""",
    ("account", "lifetime"): f"""((SELECT coalesce(sum(w.value), 0) FROM temp.worth_of_order w
        WHERE w.customer_id IN (SELECT c.id FROM customer c WHERE c.account_id = t.id) AND {PAID})
        + (SELECT coalesce(sum(o.value), 0) FROM temp.worth_of_opportunity o
        WHERE o.business_customer_id IN (SELECT b.id FROM business_customer b WHERE b.account_id = t.id) AND {WON}))""",
    **{
        (noun.name, f"{name}{way}"): _contacted(noun, value, direction)
        for noun in CONTACTED
        for name, value in (("times_contacted", "count(*)"), ("last_contacted", "max(a.at)"))
        for way, direction in _DIRECTIONS.items()
    },
    ("activity", "about"): f"(SELECT json_group_array(k) FROM (SELECT k FROM ({_ABOUT}) ORDER BY k))",
    ("marketing-event", "to"): f"(SELECT k FROM ({_TO}) LIMIT 1)",
    ("price-list", "prices"): "(SELECT count(*) FROM price m WHERE m.price_list_id = t.id)",
    ("price", "currency"): "(SELECT o.currency FROM price_list o WHERE o.id = t.price_list_id)",
    ("category", "products"): "(SELECT count(*) FROM product m WHERE m.category_id = t.id)",
    ("record", "parent"): """CASE WHEN t.parent_document_id IS NOT NULL
        THEN (SELECT d.entity || ':' || d.number FROM sales_document d WHERE d.id = t.parent_document_id)
        ELSE (SELECT p.entity || ':' || p.key FROM record p WHERE p.id = t.parent_record_id) END""",
}


class Selection(NamedTuple):
    """The parts of a SELECT of one noun; `t` is its table."""

    noun: Noun
    fields: tuple[Field, ...]
    columns: str
    source: str
    restriction: str
    instead: Mapping[str, str] = {}
    """The SQL of fields that somebody sees otherwise than the back office."""

    def seen_as(self, instead: Mapping[str, str]) -> Selection:
        """The same SELECT with other SQL for some of its fields."""
        if not instead:
            return self
        columns = (instead.get(field.name) or _expression(self.noun, field) for field in self.fields)
        return self._replace(columns=", ".join(columns), instead=instead)

    def rows(
        self, connection: sqlite3.Connection, tail: str = "", parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[int, Image]]:
        """The ids and images of the records that `tail` (conditions, order, limit) leaves, streamed."""
        where = f"WHERE {self.restriction} {tail}"
        cursor = connection.execute(f"SELECT t.id, {self.columns} {self.source} {where}", parameters or {})
        names = [field.name for field in self.fields]
        decoders = [(place, read) for place, field in enumerate(self.fields) if (read := decoder(field))]
        if not decoders:
            yield from ((row[0], dict(zip(names, row[1:], strict=True))) for row in cursor)
            return
        for row_id, *values in cursor:
            for place, read in decoders:
                if values[place] is not None:
                    values[place] = read(values[place])
            yield row_id, dict(zip(names, values, strict=True))

    def expression(self, name: str) -> str:
        """The SQL of a field, for a filter or an order."""
        field = self.noun.field(name)
        assert field is not None, f"{self.noun.name} has no {name}"
        return self.instead.get(name) or _expression(self.noun, field)

    def order(self, name: str) -> str:
        """The SQL a list is ordered by: names as people read them, without regard to case."""
        column = next((column for column, fields in self.noun.folded.items() if fields == (name,)), None)
        if column:
            return f"t.{column}"
        expression = self.expression(name)
        return f"lower({expression})" if (self.noun.name, name) in _OF_LISTS else expression


_OF_LISTS = frozenset((noun, "email") for noun in ("contact", "account", "business-customer", "lead"))
"""The e-mail addresses that are read out of lists, where they stand as they were typed."""


def keys_in(value: Any) -> list[str]:
    """The keys of the records that the value of a reference, of links or of choices names."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | dict) else [value]


def with_keys(field: Field | None, value: Any, new: Mapping[str, str]) -> Any:
    """The value of a field that names other records, with new keys in the place of old ones."""
    if isinstance(value, dict):
        return {key: value[old] for key, old in sorted((new.get(old, old), old) for old in value)}
    if isinstance(value, list):
        keys = [new.get(key, key) for key in value]
        return keys if field is not None and field.via is not None and field.via.place else sorted(keys)
    return new.get(value, value)


def without_keys(value: Any, gone: Container[str]) -> Any:
    """The value of links or choices without those to some records."""
    if isinstance(value, dict):
        return {key: word for key, word in value.items() if key not in gone}
    return [key for key in value if key not in gone]


def told(image: Image) -> Image:
    """An image as history keeps it: without the fields that hold nothing."""
    return {name: value for name, value in image.items() if value is not None}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields in which two images differ, old and new."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: [before.get(name), after.get(name)] for name in names}


@cache
def selection(noun_name: str, names: tuple[str, ...] | None = None) -> Selection:
    """The SELECT of a noun with the fields named; entries of roles are read apart.

    By default it has all but those that are added up, which `lifetime.prepare` is needed for.
    """
    noun = NOUNS[noun_name]
    fields = tuple(
        field
        for field in noun.fields
        if field.kind != "entries" and (not field.added_up if names is None else field.name in names)
    )
    columns = ", ".join(_expression(noun, field) for field in fields)
    return Selection(noun, fields, columns, _source(noun), _restriction(noun))


def _expression(noun: Noun, field: Field) -> str:
    special = _SPECIAL.get((noun.name, field.name))
    if special is not None:
        return special
    if field.via is not None:
        return _links(noun, field.via, NOUNS[field.to])
    if field.kind == "reference":
        return f"f_{field.name}.{NOUNS[field.to].key}"
    return f"t.{field.holder}"


def links_among(noun: Noun, via: Link, target: Noun, among: str) -> str:
    """The keys of those linked records whose ids a subquery gives, as a JSON array."""
    return _links(noun, via, target, f" AND o.id IN ({among})")


def _links(noun: Noun, via: Link, target: Noun, among: str = "") -> str:
    """The keys of the records that one is linked to, as a JSON array in order, or an object with a word about each."""
    of_noun = f" AND l.noun = '{noun.name}'" if via.shared else ""
    word = f", l.{via.word} AS w" if via.word else ""
    keys = (
        f"SELECT o.{target.named_by} AS k{word} FROM {via.table} l JOIN {target.table} o ON o.id = l.{via.other}"
        f" WHERE l.{via.own} = t.id{of_noun}{among} ORDER BY {f'l.{via.place}' if via.place else 'k'}"
    )
    return f"(SELECT {'json_group_object(k, w)' if word else 'json_group_array(k)'} FROM ({keys}))"


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
    if noun.name in ADDRESSES:
        return f"t.{ADDRESSES[noun.name][1]} IS NOT NULL"
    return "1"


ENTRY_FIELDS = {"entity": "permissions", "capability": "capabilities", "workflow": "workflows", "field": "fields"}
"""The field of a role that holds its entries of each kind."""


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
        tables = found.setdefault(role_id, {field: {} for field in ENTRY_FIELDS.values()})
        table = tables[ENTRY_FIELDS[kind]]
        if kind == "capability":
            table[name] = level == "full"
            continue
        entry = table.setdefault(name, {})
        if kind == "field" or level != "none":
            entry[permission] = level
    return found
