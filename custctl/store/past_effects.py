"""What a revision did to access, worked out from history: for one that is over, and for the one of an import.

It is what `effects` tells of a write. The state after is that of the tables when the revision was done: those of today
while nothing that counts has changed since, else tables that are made from history.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing

from custctl.resources import CUSTOMER, ENTITY, RECORD, ROLE, SALES, SETTING, USER, VISITOR, noun_of
from custctl.store import migrations
from custctl.store.concerns import concerns_access
from custctl.store.effects import effects
from custctl.store.identity import of_kinds
from custctl.store.past import each_row_at, whole
from custctl.store.unit import Change, Draft, Effects, Unit, identity

CONCERNED = (ROLE, USER, CUSTOMER, VISITOR, ENTITY, SETTING)
"""The nouns whose records say what somebody may do; of documents and plain records only those that change count."""
MOST_CHANGES = 200_000
"""Of a history with more changes of these nouns no tables are made: that takes too long for one answer."""
PARTS = (("wider", "role"), ("narrower", "role"), ("reach", "user"), ("sign_in", "user"), ("shown", "record"))


def effects_of(connection: sqlite3.Connection, revision: int) -> Effects | None:
    """What a revision did to access; None where it would take too long to find out."""
    drafts, changes = _drafts(connection, revision)
    if not any(map(concerns_access, changes)):
        return Effects()
    if not _has_changed_since(connection, revision):
        return _of(connection, drafts)
    conditions, values = of_kinds(CONCERNED)
    query = f"SELECT count(*) FROM (SELECT 1 FROM history h WHERE {conditions} LIMIT {MOST_CHANGES + 1})"
    if connection.execute(query, values).fetchone()[0] > MOST_CHANGES:
        return None
    with closing(_tables_at(connection, revision)) as then:
        return _of(then, drafts)


def by_record(found: Effects, records: Iterable[str]) -> tuple[dict[str, Effects], Effects]:
    """The effects by the record whose they are, for each of these records, and what is of none of them."""
    parts = {record: Effects() for record in records}
    rest = Effects(unlisted=found.unlisted)
    for name, whose in PARTS:
        for row in getattr(found, name):
            getattr(parts.get(str(row.get(whose) or row.get("user")), rest), name).append(row)
    for name in ("new", "gone"):
        for reference in getattr(found, name):
            getattr(parts.get(reference, rest), name).append(reference)
    return parts, rest


def _of(connection: sqlite3.Connection, drafts: Mapping[tuple[str, str], Draft]) -> Effects:
    unit = Unit(connection)
    unit.drafts.update(sorted(drafts.items()))  # rows of history come in the order in which an import wrote them
    return effects(unit)


def _drafts(connection: sqlite3.Connection, revision: int) -> tuple[dict[tuple[str, str], Draft], list[Change]]:
    """The records on which access hangs that a revision changed, as the unit of work had them."""
    drafts, changes = dict[tuple[str, str], Draft](), list[Change]()
    query = "SELECT op, record, record_id, before, after FROM history WHERE revision_id = ? ORDER BY id"
    for op, record, row_id, *sides in connection.execute(query, (revision,)):
        noun = noun_of(record.partition(":")[0]) or RECORD
        if noun not in (*CONCERNED, *SALES, RECORD):
            continue
        before, after = (None if side is None else whole(noun, json.loads(side)) for side in sides)
        key = identity(noun, after or before or {})
        drafts[noun.name, key] = Draft(noun, key, row_id, before, after)
        changes.append(Change(op, record, before, after, noun))
    return drafts, changes


def _has_changed_since(connection: sqlite3.Connection, revision: int) -> bool:
    conditions, values = of_kinds(CONCERNED)
    query = f"SELECT 1 FROM history h WHERE h.revision_id > :revision AND ({conditions}) LIMIT 1"
    return connection.execute(query, values | {"revision": revision}).fetchone() is not None


def _tables_at(connection: sqlite3.Connection, revision: int) -> sqlite3.Connection:
    """A database of its own with the rows that count, as they were when a revision was done."""
    # Without foreign keys: groups, accounts and the like are not there.
    made = sqlite3.connect("", isolation_level=None)
    try:
        made.execute("BEGIN")
        migrations.run(made, "")
        tables = {"role_entry", "user_role", *(noun.table for noun in CONCERNED)}
        for table in tables:
            made.execute(f"DELETE FROM {table}")
        for table, row in each_row_at(connection, revision, CONCERNED):
            if table in tables:
                columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
                made.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)
    except BaseException:
        made.close()
        raise
    return made
