"""What schema 7 adds to the history of an older database: whose rows they are, found by walking through the renames.

Part of a migration, so it never changes once it is released, and imports no model.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from custctl.resources import fold

MIGRATION = ("custctl", "custctl db migrate")
"""Actor and command of a revision that a migration makes."""
START = ("custctl", "new database")
"""Actor and command of revision 0, which holds what a database has before anybody changes it."""

_TABLES = {
    "account": "account",
    "activity": "activity",
    "business-customer": "business_customer",
    "category": "category",
    "channel": "channel",
    "contact": "contact",
    "contact-group": "contact_group",
    "content": "content",
    "content-variant": "content_variant",
    "customer": "customer",
    "customer-group": "customer_group",
    "entity": "entity",
    "lead": "lead",
    "marketing-event": "marketing_event",
    "opportunity": "opportunity",
    "price": "price",
    "price-list": "price_list",
    "product": "product",
    "role": "role",
    "setting": "setting",
    "tag": "tag",
    "taxonomy": "taxonomy",
    "user": "customer_user",
    "visitor": "visitor",
}
_SALES = ("order", "quote", "request", "shopping-list", "checkout")
_OWNERS = {
    "customer-address": ("customer", "customer_id"),
    "customer-user-address": ("user", "user_id"),
    "contact-address": ("contact", "contact_id"),
    "business-customer-address": ("business-customer", "business_customer_id"),
    "lead-address": ("lead", "lead_id"),
}
"""The types of addresses: the type of their owners in references, and the column with the owner's id."""
_SCOPES = {"group": "customer-group", "customer": "customer"}
"""The first part of the key of a setting that is not the whole shop's, and the type of its owner."""

Life = int
"""The place of a record among all that history knows, also of those that are gone."""


def fill(connection: sqlite3.Connection, now: str) -> None:
    """Give every row of history the id of its record and what its image leaves out; add what history never told.

    Rows of records that are gone get new ids, because theirs are not known any more.
    """
    at = dict(connection.execute("SELECT id, at FROM revision"))
    undone = _undone(connection)
    connection.executemany("UPDATE revision SET undoes = ? WHERE id = ?", [(of, by) for by, of in undone.items()])
    walk = _Walk(undone)
    walk.through(connection)
    ids, managers, born = _ids(connection, walk)
    _tell_start(connection, walk, ids, at, now)
    _write(connection, walk, ids, managers, born, at)
    _fill_roles(connection)


def _undone(connection: sqlite3.Connection) -> dict[int, int]:
    """The revisions that took another one back, as far as their commands tell, and which that is."""
    query = "SELECT id, command FROM revision WHERE instr(command, ' undo ') ORDER BY id"
    found = {number: _undoes(command, number) for number, command in connection.execute(query)}
    return {number: of for number, of in found.items() if of is not None and 0 < of < number}


_WITH_VALUE = ("--db", "--profile", "--output", "-o", "--as", "--fields", "--color")


def _undoes(command: str, number: int) -> int | None:
    """The revision that a command line takes back, None when it is no undo."""
    words = command.split()[1:]  # a number, and --last, are never quoted
    plain: list[str] = []
    skipped = False
    for word in words:
        if not skipped and (word == "--last" or not word.startswith("-")):
            plain.append(word)
        skipped = word in _WITH_VALUE
    match plain:
        case ["undo", "--last"] | ["--last", "undo"]:
            return number - 1
        case ["undo", text] if text.isascii() and text.isdigit():
            return int(text[:19])
    return None


class _Walk:
    """Walks through the history from its beginning, and knows at each revision which record has which name."""

    def __init__(self, undone: Mapping[int, int]) -> None:
        self.undone = undone
        self.names: dict[str, Life] = {}
        """The records that are there, by name; an address is called by its owner's place and its own key."""
        self.kinds: list[str] = []
        """The type of each record."""
        self.of_row = array("q")
        """Of each row of history: its record."""
        self.owner_of_row: dict[int, Life] = {}
        """Of rows of addresses and of settings of a group or customer: the owner."""
        self.former: dict[int, str] = {}
        """Of rows by which a record loses its name: that name."""
        self.row_ids = array("q")
        self.revisions = array("q")
        self.born_in = array("q")
        """Of each row: the revision that made the record; 0 for one that was there before history."""
        self._born: dict[Life, int] = {}
        self._gone_in: dict[tuple[int, str], Life] = {}
        self.before: dict[Life, str] = {}
        """Of records that were there before history tells of them: what they were before their first change."""
        self.removed_by: dict[Life, int] = {}
        """Of records that are gone: the row that tells."""

    def through(self, connection: sqlite3.Connection) -> None:
        query = """SELECT id, revision_id, op, record, CASE WHEN op = 'rename' THEN before END FROM history
            ORDER BY revision_id, id"""
        for revision, rows in groupby(connection.execute(query), lambda row: int(row[1])):
            self._revision(connection, revision, list(rows))

    def _revision(self, connection: sqlite3.Connection, revision: int, rows: Sequence[Any]) -> None:
        """All that a revision gives up is given up before any of it is taken: names may have been exchanged."""
        own = [row for row in rows if row[3].partition(":")[0] not in _OWNERS]
        addresses = [row for row in rows if row[3].partition(":")[0] in _OWNERS] if len(own) < len(rows) else []
        gone: dict[str, Life] = {}
        owners = ChainMap(self.names, gone)

        def of_owner(row: Any) -> tuple[str, str]:
            return _address_names(row, owners)

        found = self._resolve(connection, revision, own, gone, _plain_names)
        found |= self._resolve(connection, revision, addresses, gone, of_owner)
        for row_id, _, _, record, _ in rows:
            life = found[row_id]
            self.row_ids.append(row_id)
            self.revisions.append(revision)
            self.of_row.append(life)
            self.born_in.append(self._born[life])
            owner = _owner(record, owners)
            if owner is not None:
                self.owner_of_row[row_id] = owner

    def _resolve(
        self,
        connection: sqlite3.Connection,
        revision: int,
        rows: Iterable[Any],
        gone: dict[str, Life],
        named: Callable[[Any], tuple[str, str]],
    ) -> dict[int, Life]:
        found: dict[int, Life] = {}
        taken: list[tuple[int, str, str]] = []
        for row in rows:
            row_id, _, op, record, _ = row
            before, after = named(row)
            if op == "add":
                taken.append((row_id, op, after))
                continue
            if before not in self.names:
                before = self._seek(connection, row, before)
            life = found[row_id] = self.names[before]
            if op == "rename":
                del self.names[before]
                self.former[row_id] = _shown(record, before, row[4])
                gone[before] = life
                taken.append((row_id, op, after))
            elif op == "remove":
                del self.names[before]
                self.former[row_id] = _folded(record)
                gone[before] = life
                self._gone_in[revision, before] = life
                self.removed_by[life] = row_id
        for row_id, op, name in taken:
            if op == "add":
                found[row_id] = self._added(revision, name)
            self.names[name] = found[row_id]
        return found

    def _added(self, revision: int, name: str) -> Life:
        """A new record, or one that comes back because its removal is taken back."""
        life = self._gone_in.get((self.undone[revision], name)) if revision in self.undone else None
        if life is None:
            life = self._new(name)
        self._born[life] = revision
        self.removed_by.pop(life, None)
        return life

    def _new(self, name: str) -> Life:
        self.kinds.append(name.partition(":")[0])
        return len(self.kinds) - 1

    def _seek(self, connection: sqlite3.Connection, row: Any, name: str) -> str:
        """The name of a record that is not known by this one: it has lost its owner's or was there from the start."""
        row_id, _, op, record, _ = row
        [image] = connection.execute("SELECT before FROM history WHERE id = ?", (row_id,)).fetchone()
        if op == "remove" and image is not None:
            earlier = _named(record.partition(":")[0], json.loads(image))
            if earlier in self.names:
                return earlier
        life = self._new(name)
        self._born[life] = 0
        self.names[name] = life
        if image is not None:
            self.before[life] = image
        return name


def _owner(record: str, owners: Mapping[str, Life]) -> Life | None:
    """Whose address a row of history is about, or the group or customer that its setting is set for."""
    kind, _, key = record.partition(":")
    if kind in _OWNERS:
        return owners.get(f"{_OWNERS[kind][0]}:{key.rpartition('/')[0]}")
    if kind == "setting" and "/" in key:
        scope, _, rest = key.partition("/")
        return owners.get(f"{_SCOPES.get(scope)}:{rest.rpartition('/')[0]}")
    return None


def _named(kind: str, image: Mapping[str, Any]) -> str:
    return _folded(f"{kind}:{image.get('number') or image.get('key') or image.get('name')}")


def _folded(record: str) -> str:
    """A reference with its key folded, where history writes it as it was typed."""
    kind, colon, key = record.partition(":")
    return record if kind in _TABLES or kind in _OWNERS else f"{kind}{colon}{fold(key)}"


def _plain_names(row: Any) -> tuple[str, str]:
    """What a record was called before and after a change, its key folded."""
    _, _, op, record, before = row
    after = _folded(record)
    if op != "rename":
        return after, after
    return _named(record.partition(":")[0], json.loads(before)), after


def _address_names(row: Any, owners: Mapping[str, Life]) -> tuple[str, str]:
    """The same of an address, by its owner's place: it keeps its name when its owner gets another one."""
    _, _, op, record, before = row
    kind, _, key = record.partition(":")

    def name(key: str) -> str:
        owner, _, own = key.rpartition("/")
        return f"{kind}:{owners.get(f'{_OWNERS[kind][0]}:{owner}', owner)}/{own}"

    if op != "rename":
        return name(key), name(key)
    image = json.loads(before)
    return name(f"{image['owner']}/{image['key']}"), name(key)


def _shown(record: str, before: str, image: str) -> str:
    """The name that a renamed record gives up, as references have it."""
    kind = record.partition(":")[0]
    if kind not in _OWNERS:
        return before
    told = json.loads(image)
    return f"{kind}:{told['owner']}/{told['key']}"


def _ids(
    connection: sqlite3.Connection, walk: _Walk
) -> tuple[dict[Life, int], dict[Life, str | None], dict[Life, str]]:
    """The id of every record, and of those that are there by whose document they were made, and when."""
    ids: dict[Life, int] = {}
    managers: dict[Life, str | None] = {}
    born: dict[Life, str] = {}
    later: dict[str, list[tuple[str, int, str | None, str]]] = {}
    for name, row_id, manager, created in _stored(connection):
        kind = name.partition(":")[0]
        if kind in _OWNERS:
            later.setdefault(kind, []).append((name, row_id, manager, created))
        elif (life := walk.names.get(name)) is not None:
            ids[life], managers[life], born[life] = row_id, manager, created
    places = {(walk.kinds[life], row_id): life for life, row_id in ids.items()}
    for kind, rows in later.items():
        for name, row_id, manager, created in rows:
            owner, _, own = name.partition(":")[2].partition("/")
            life = walk.names.get(f"{kind}:{places.get((_OWNERS[kind][0], int(owner)), owner)}/{own}")
            if life is not None:
                ids[life], managers[life], born[life] = row_id, manager, created
    _number_the_gone(connection, walk, ids)
    for life, row_id in walk.removed_by.items():
        query = "SELECT manager FROM history WHERE id = ?"
        managers[life] = connection.execute(query, (row_id,)).fetchone()[0]
    return ids, managers, born


def _stored(connection: sqlite3.Connection) -> Iterator[tuple[str, int, str | None, str]]:
    """What is in the tables: name, id, manager and time of creation; an address by its owner's id."""
    for kind, table in _TABLES.items():
        key = "name" if kind == "entity" else "key"
        yield from connection.execute(f"SELECT '{kind}:' || {key}, id, manager, created_at FROM {table}")
    for table, key in (("sales_document", "number_folded"), ("record", "key_folded")):
        yield from connection.execute(f"SELECT entity || ':' || {key}, id, manager, created_at FROM {table}")
    for kind, (_, column) in _OWNERS.items():
        yield from connection.execute(
            f"SELECT '{kind}:' || {column} || '/' || key, id, manager, created_at FROM address"
            f" WHERE {column} IS NOT NULL"
        )


def _number_the_gone(connection: sqlite3.Connection, walk: _Walk, ids: dict[Life, int]) -> None:
    """Give the records that are gone ids that no record ever had or will have."""
    gone: dict[str, list[Life]] = {}
    for life, kind in enumerate(walk.kinds):
        if life not in ids:
            table = "sales_document" if kind in _SALES else "address" if kind in _OWNERS else _TABLES.get(kind)
            gone.setdefault(table or "record", []).append(life)
    for table, lives in gone.items():
        query = f"""SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0),
            coalesce((SELECT max(id) FROM {table}), 0))"""
        [last] = connection.execute(query, (table,)).fetchone()
        ids |= {life: last + number for number, life in enumerate(lives, 1)}
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last + len(lives)))


def _write(
    connection: sqlite3.Connection,
    walk: _Walk,
    ids: Mapping[Life, int],
    managers: Mapping[Life, str | None],
    born: Mapping[Life, str],
    at: Mapping[int, str],
) -> None:
    start = at.get(0, "")

    def rows() -> Iterator[tuple[Any, ...]]:
        former, owners = walk.former.get, walk.owner_of_row
        for row_id, revision, life, made in zip(walk.row_ids, walk.revisions, walk.of_row, walk.born_in, strict=True):
            created = at[made] if made else born.get(life, start)
            owner = ids[owners[row_id]] if row_id in owners else None
            yield ids[life], owner, former(row_id), created, at[revision], managers.get(life), row_id

    connection.executemany(
        "UPDATE history SET record_id = ?, owner_id = ?, former = ?, created_at = ?, updated_at = ?, manager = ?"
        " WHERE id = ?",
        rows(),
    )


# -- what history never told ---------------------------------------------------------------------------------------


def _tell_start(
    connection: sqlite3.Connection, walk: _Walk, ids: Mapping[Life, int], at: dict[int, str], now: str
) -> None:
    """Tell what was there before history began in revision 0, and what later migrations made in one of its own."""
    first = min(at.values(), default=None)
    known = {(walk.kinds[life], row_id) for life, row_id in ids.items()}
    made = _never_told(connection)
    untold = [row for row in made if row[:2] not in known]
    made_later = [row for row in untold if first is not None and row[3] > first]
    [start] = connection.execute("SELECT coalesce(min(created_at), ?) FROM role", (now,)).fetchone()
    at[0] = min(start, first or start)
    _revision(connection, 0, at[0], START)
    rows = [(0, *row) for row in untold if first is None or row[3] <= first]
    stored = {row[:2]: row[3:5] for row in made}
    for life, image in walk.before.items():
        kind, row_id = walk.kinds[life], ids[life]
        created, manager = stored.get((kind, row_id), (at[0], None))
        rows.append((0, kind, row_id, _named(kind, json.loads(image)), created, manager, image))
    if made_later:
        number = max(at) + 1
        at[number] = now
        _revision(connection, number, now, MIGRATION)
        rows += [(number, *row) for row in made_later]
    [last] = connection.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()
    first_id = 1 - sum(row[0] == 0 for row in rows)
    ids_of_rows = [*range(first_id, 1), *range(last + 1, last + 1 + len(made_later))]
    connection.executemany(
        "INSERT INTO history (id, revision_id, op, record, record_id, after, created_at, updated_at, manager)"
        " VALUES (?, ?, 'add', ?, ?, ?, ?, ?, ?)",
        [
            (own, revision, name, row_id, image, created, created, manager)
            for own, (revision, _, row_id, name, created, manager, image) in zip(ids_of_rows, rows, strict=True)
        ],
    )


def _revision(connection: sqlite3.Connection, number: int, at: str, signature: tuple[str, str]) -> None:
    query = "INSERT INTO revision (id, at, actor, command, migration) VALUES (?, ?, ?, ?, TRUE)"
    connection.execute(query, (number, at, *signature))


def _never_told(connection: sqlite3.Connection) -> list[tuple[str, int, str, str, str | None, str]]:
    """What migrations have put into the database: type, id, name, time of creation, manager and image."""
    found: list[tuple[str, int, str, str, str | None, str]] = []
    for kind, fields in _MADE.items():
        columns = ", ".join(fields.values())
        query = f"SELECT t.id, t.created_at, t.manager, {columns} FROM {_TABLES[kind]} t ORDER BY t.id"
        for row_id, created, manager, *values in connection.execute(query):
            image = {name: value for name, value in zip(fields, values, strict=True) if value is not None}
            image = {name: _READ[name](value) if name in _READ else value for name, value in image.items()}
            if kind == "role":
                image |= _entries(connection, row_id)
            found.append((kind, row_id, f"{kind}:{image['key']}", created, manager, _dump(image)))
    return found


_LISTS = """(SELECT json_group_array(key) FROM (SELECT p.key FROM {} l JOIN price_list p ON p.id = l.price_list_id
    WHERE l.noun = 'customer-group' AND l.record_id = t.id ORDER BY {}))"""
_TAGS = """(SELECT json_group_array(key) FROM (SELECT o.key FROM tagging l JOIN tag o ON o.id = l.tag_id
    WHERE l.noun = '{}' AND l.record_id = t.id ORDER BY o.key))"""
_MADE: Mapping[str, Mapping[str, str]] = {
    "customer-group": {
        **{name: f"t.{name}" for name in ("key", "name", "owner", "payment_term", "tax_code", "price_fallback")},
        "price_lists": _LISTS.format("price_list_of", "l.place"),
        "unmerged_price_lists": _LISTS.format("price_list_unmerged", "p.key"),
        "tags": _TAGS.format("customer-group"),
    },
    "role": {
        "key": "t.key",
        "label": "t.label",
        "customer": "(SELECT c.key FROM customer c WHERE c.id = t.customer_id)",
        "self_managed": "t.self_managed",
        "public": "t.public",
        "default": "t.default_level",
        "capability_default": "t.capability_default",
        "workflow_default": "t.workflow_default",
        "tags": _TAGS.format("customer-user-role"),
    },
    "contact-group": {name: f"t.{name}" for name in ("key", "label", "owner")},
    "price-list": {name: f"t.{name}" for name in ("key", "name", "active", "currency")},
}
_READ: Mapping[str, Any] = {
    **dict.fromkeys(("price_lists", "unmerged_price_lists", "tags"), json.loads),
    **dict.fromkeys(("self_managed", "public", "active"), bool),
    "capability_default": lambda level: level == "full",
}
_FIELDS = {"entity": "permissions", "capability": "capabilities", "workflow": "workflows", "field": "fields"}


def _entries(connection: sqlite3.Connection, role_id: int) -> dict[str, Any]:
    """The entries of a role in the shape of its image: what is none is left out, but for fields."""
    image: dict[str, Any] = {name: {} for name in _FIELDS.values()}
    query = "SELECT kind, name, permission, level FROM role_entry WHERE role_id = ? ORDER BY kind, name, permission"
    for kind, name, permission, level in connection.execute(query, (role_id,)):
        if kind == "capability":
            image["capabilities"][name] = level == "full"
            continue
        entry = image[_FIELDS[kind]].setdefault(name, {})
        if kind == "field" or level != "none":
            entry[permission] = level
    return image


# -- what images of roles leave out --------------------------------------------------------------------------------


def _fill_roles(connection: sqlite3.Connection) -> None:
    """The code of roles and their entries that are none: those of today for the last image, else what it implies."""
    known = _permissions(connection)
    codes = dict(connection.execute("SELECT id, code FROM role"))
    query = """SELECT id, record_id, after FROM history WHERE record >= 'role:' AND record < 'role;'
        AND after IS NOT NULL ORDER BY revision_id, id"""
    rows = connection.execute(query).fetchall()
    last = {role_id: row_id for row_id, role_id, _ in rows}
    for row_id, role_id, after in rows:
        if role_id in codes and last[role_id] == row_id:
            none = connection.execute(
                "SELECT kind, name, permission FROM role_entry"
                " WHERE role_id = ? AND level = 'none' AND kind IN ('entity', 'workflow') ORDER BY 1, 2, 3",
                (role_id,),
            ).fetchall()
        else:
            none = list(_implied(json.loads(after), known))
        rest = {"none": none} if role_id not in codes else {"code": codes[role_id], "none": none}
        connection.execute("UPDATE history SET not_in_image = ? WHERE id = ?", (_dump(rest), row_id))


def _permissions(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The permissions of every entity that roles have entries of."""
    known: dict[str, set[str]] = {}
    for name, permission in connection.execute(
        "SELECT DISTINCT name, permission FROM role_entry WHERE kind = 'entity'"
    ):
        known.setdefault(name, set()).add(permission)
    return known


def _implied(image: Mapping[str, Any], known: Mapping[str, set[str]]) -> Iterator[tuple[str, str, str]]:
    for name, row in sorted(image.get("permissions", {}).items()):
        for permission in sorted(known.get(name, {"view"}) - set(row)):
            yield "entity", name, permission
    for name, row in sorted(image.get("workflows", {}).items()):
        for permission in sorted({"view", "perform"} - set(row)):
            yield "workflow", name, permission


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- users whose key is their address in lower case -----------------------------------------------------------------


def name_users_by_mailbox(connection: sqlite3.Connection, now: str) -> None:
    """Give users whose address has letters that case folding replaces (ß, ς) the key that it has in lower case.

    Each is a rename in a revision of the migration's own, as `user edit` would have written it.
    """
    query = "SELECT id, key, email, manager, created_at, updated_at FROM customer_user WHERE NOT guest ORDER BY id"
    rows = connection.execute(query)
    renamed = [(*row[:2], fold(row[2]), *row[3:]) for row in rows if not row[2].isascii() and fold(row[2]) != row[1]]
    if not renamed:
        return
    [number] = connection.execute("SELECT max(id) + 1 FROM revision").fetchone()
    _revision(connection, number, now, MIGRATION)
    for row_id, former, key, *made in renamed:  # made: manager, created_at, updated_at
        query = """SELECT after, owner_id, not_in_image FROM history
            WHERE record_id = ? AND record >= 'user:' AND record < 'user;' ORDER BY id DESC LIMIT 1"""
        before, owner_id, beside = connection.execute(query, (row_id,)).fetchone()
        after = _dump(json.loads(before) | {"key": key})
        connection.execute(
            "INSERT INTO history (revision_id, op, record, before, after, record_id, owner_id, not_in_image, former,"
            " manager, created_at, updated_at) VALUES (?, 'rename', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, f"user:{key}", before, after, row_id, owner_id, beside, f"user:{former}", *made),
        )
        connection.execute("UPDATE customer_user SET key = ? WHERE id = ?", (key, row_id))
