"""What the tables held when a revision was done, made from history alone.

History names records by their keys as they were at the end of each revision; keys are led to ids by the names that
records had then.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from custctl.errors import not_found
from custctl.resources import ADDRESSES, NOUNS, PRICE_LIST, RECORD, ROLE, SETTING, Link, Noun, fold, noun_of, slug
from custctl.store.identity import of_kinds
from custctl.store.settings import SCOPES, owner_of
from custctl.store.shapes import shape

Row = dict[str, Any]
"""A row of a table: a value a column, as the database has it."""

_ENTRIES = {"permissions": "entity", "capabilities": "capability", "workflows": "workflow", "fields": "field"}
_BEGAN = "(h.revision_id <= :revision OR h.op = 'add' AND r.migration)"
"""What a revision has behind it. Records that a later migration made of what was there are there from the start."""


def rows_at(connection: sqlite3.Connection, revision: int) -> dict[str, list[Row]]:
    """The rows of every noun's table, of the tables of links and of role entries, when a revision was done.

    They come in no order. Revision 0 is what a new database holds.
    A reference to a record that was not stored then leads to none.
    Raises exit 3 for a revision that there is not.
    """
    found: dict[str, list[Row]] = {noun.table: [] for noun in NOUNS.values()}
    found |= {via.table: [] for noun in NOUNS.values() for *_, via in shape(noun).links}
    found["role_entry"] = []
    for table, row in each_row_at(connection, revision):
        found[table].append(row)
    return found


def each_row_at(connection: sqlite3.Connection, revision: int, nouns: Iterable[Noun] = ()) -> Iterator[tuple[str, Row]]:
    """The same rows one after the other, each with its table; where nouns are named, those of their records alone."""
    if connection.execute("SELECT 1 FROM revision WHERE id = ?", (min(revision, 2**63 - 1),)).fetchone() is None:
        raise not_found("revision", str(revision))
    names = Names(connection, revision)
    for noun, since, row_id, image, kept in _images(connection, revision, nouns):
        row = {"id": row_id, **kept}
        unseen = json.loads(row.pop("not_in_image") or "{}")
        lookup = _Lookup(names, since)
        owner_id = row.pop("owner_id")
        yield noun.table, row | _columns(noun, image, lookup, owner_id, unseen)
        for _, target, via in shape(noun).links:
            yield from ((via.table, link) for link in _links(noun, row_id, via, target, image, lookup))
        if noun is ROLE:
            yield from (("role_entry", {"role_id": row_id, **entry}) for entry in _entries(image, unseen))


def _images(
    connection: sqlite3.Connection, revision: int, nouns: Iterable[Noun]
) -> Iterator[tuple[Noun, int, int, dict[str, Any], dict[str, Any]]]:
    """The last image of every record that was there, with the revision that left it so."""
    condition, kinds = of_kinds(nouns)
    query = f"""SELECT h.record, h.record_id, h.revision_id, h.after, h.owner_id, h.created_at, h.updated_at,
        h.manager, h.not_in_image FROM history h JOIN revision r ON r.id = h.revision_id
        WHERE {_BEGAN} AND ({condition or "TRUE"}) ORDER BY h.id DESC"""
    seen: set[tuple[str, int]] = set()
    names = ("owner_id", "created_at", "updated_at", "manager", "not_in_image")
    for record, row_id, since, after, *kept in connection.execute(query, kinds | {"revision": revision}):
        kind = record.partition(":")[0]
        if (kind, row_id) in seen:
            continue
        seen.add((kind, row_id))
        if after is not None:
            noun = noun_of(kind) or RECORD
            yield noun, since, row_id, whole(noun, json.loads(after)), dict(zip(names, kept, strict=True))


def whole(noun: Noun, image: dict[str, Any]) -> dict[str, Any]:
    """An image with the fields that history leaves out because they are empty, or because they came later.

    Price lists were names once, which are the keys of lists now.
    """
    empty = {field.name: field.default for field in noun.fields if isinstance(field.default, list | dict | bool)}
    if "price_lists" in image:
        image["price_lists"] = list(dict.fromkeys(slug(name, PRICE_LIST.name) for name in image["price_lists"]))
    return {**dict.fromkeys(shape(noun).stored), **empty, **image}


class Names:
    """Which record had which name, at every revision up to one."""

    def __init__(self, connection: sqlite3.Connection, revision: int) -> None:
        self._takers: dict[str, tuple[list[int], list[int]]] = {}
        query = f"""SELECT h.record, CASE WHEN r.migration THEN 0 ELSE h.revision_id END, h.record_id
            FROM history h JOIN revision r ON r.id = h.revision_id
            WHERE h.op IN ('add', 'rename') AND {_BEGAN} ORDER BY 2, h.id"""
        for record, since, row_id in connection.execute(query, {"revision": revision}):
            revisions, ids = self._takers.setdefault(folded(record), ([], []))
            revisions.append(since)
            ids.append(row_id)

    def id_of(self, name: str, revision: int) -> int | None:
        """The id of the record that had a name, its key folded, when a revision was done."""
        revisions, ids = self._takers.get(name, ((), ()))
        place = bisect_right(revisions, revision)
        return ids[place - 1] if place else None


def folded(record: str) -> str:
    """A reference with its key folded, where history writes it as it was given."""
    kind, colon, key = record.partition(":")
    noun = noun_of(kind)
    return f"{kind}{colon}{fold(key)}" if noun is None or noun.table == "sales_document" else record


class _Lookup:
    """From keys to ids, when one revision was done."""

    def __init__(self, names: Names, revision: int) -> None:
        self.names = names
        self.revision = revision

    def id_of(self, noun: Noun, key: Any) -> int | None:
        if key is None:
            return None
        return self.names.id_of(folded(f"{noun.reference}:{key}"), self.revision)

    def of_reference(self, record: str) -> int | None:
        return self.names.id_of(folded(record), self.revision)


def _columns(
    noun: Noun, image: Mapping[str, Any], lookup: _Lookup, owner_id: int | None, unseen: Mapping[str, Any]
) -> Row:
    """The columns of a record that follow from its image, as the unit of work writes them."""
    row: Row = {}
    for column in shape(noun).columns:
        value = image[column.field]
        if column.target is not None:
            value = lookup.id_of(column.target, value)
        elif column.encode is not None and value is not None:
            value = column.encode(value)
        row[column.name] = value
    for column_name, fields in noun.folded.items():
        row[column_name] = fold(" ".join(image[name] for name in fields if image[name]))
    if noun.name in ADDRESSES:
        row |= {column: None for _, column in ADDRESSES.values()}
        row[ADDRESSES[noun.name][1]] = owner_id
    elif noun.table == "sales_document":
        row |= {"entity": noun.name, "workflow_active": int(bool(image.get("workflow_active")))}
    elif noun is ROLE:
        row |= {"customer_id": lookup.id_of(NOUNS["customer"], image["customer"]), "code": unseen.get("code")}
    elif noun is SETTING:
        owner, _ = owner_of(image["key"])
        row |= {"name": image["key"].rpartition("/")[2]}
        row |= {f"{scope}_id": owner_id if kind is owner else None for scope, kind in SCOPES.items()}
    elif noun is RECORD:
        row |= _parent(image["parent"], lookup)
    return row


def _parent(parent: str | None, lookup: _Lookup) -> Row:
    found = None if parent is None else lookup.of_reference(parent)
    noun = None if parent is None else noun_of(parent.partition(":")[0])
    is_document = noun is not None and noun.table == "sales_document"
    return {
        "parent_document_id": found if is_document else None,
        "parent_record_id": None if is_document else found,
    }


def _links(
    noun: Noun, row_id: int, via: Link, target: Noun, image: Mapping[str, Any], lookup: _Lookup
) -> Iterator[Row]:
    name = next(field.name for field in noun.fields if field.via is via)
    own = {via.own: row_id, **({"noun": noun.name} if via.shared else {})}
    for place, key in enumerate(image[name]):
        other = lookup.id_of(target, key)
        if other is None:
            continue
        row = {**own, via.other: other}
        if via.place:
            row[via.place] = place
        if via.word:
            row[via.word] = image[name][key]
        yield row


def _entries(image: Mapping[str, Any], unseen: Mapping[str, Any]) -> Iterator[Row]:
    """The entries of a role; those of an entity or workflow that are none stand beside the image."""
    found: list[Iterable[str]] = []
    for field, kind in _ENTRIES.items():
        for name, value in image[field].items():
            if kind == "capability":
                found.append((kind, name, "use", "full" if value else "none"))
            else:
                found += ((kind, name, permission, level) for permission, level in value.items())
    found += ((*entry, "none") for entry in unseen.get("none", ()))
    yield from (dict(zip(("kind", "name", "permission", "level"), entry, strict=True)) for entry in found)
