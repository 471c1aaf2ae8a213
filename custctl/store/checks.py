"""Looking for damage: in the file, and against the rules of the model that SQLite does not hold by itself.

Each check is a query or two over whole tables, made from the noun table and the schema, so that a new noun is
checked without being named here. Nothing is changed. Whoever only uses custctl never sees a finding: these come
from other programs that wrote into the file, from bad disks, and from mistakes in custctl.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from custctl import parts, shell
from custctl.choices import closed_set
from custctl.errors import number_of
from custctl.policy.catalogue import (
    CAPABILITIES,
    CAPABILITY_ACTIONS,
    ENTITIES,
    FIELD_ACTIONS,
    FIELD_ONLY,
    PREDEFINED_ROLES,
    STORED_ELSEWHERE,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    own_entity,
)
from custctl.policy.model import Entity, Level
from custctl.resources import (
    CONTACT_GROUP,
    CONTACT_GROUPS,
    CUSTOMER,
    GROUP,
    GUEST_GROUP,
    NOUNS,
    OPPORTUNITY,
    PRICE,
    PRODUCT,
    RECORD,
    ROLE,
    SETTING,
    USER,
    WHITE,
    Field,
    Noun,
    fold,
    reference,
    slug,
)
from custctl.store.codec import currency_code, is_web_address, language_code
from custctl.store.database import open_in_memory
from custctl.store.lookalikes import pairs
from custctl.store.select import keys_in, selection
from custctl.store.settings import SETTINGS, value_of


class Finding(NamedTuple):
    """One thing that is wrong: what found it, the record if it is about one, and what to do."""

    check: str
    record: str | None
    message: str
    remedy: str


Found = Iterator[tuple[str | None, str, str]]
"""Record, message and remedy of each finding of one check."""

COLUMNS = Finding._fields
RESTORE = "put a back-up back: custctl db restore FILE"
RESCUE = "save what can be read: custctl export or put a back-up back: custctl db restore FILE"
_REPLACE = f"give it another value; if that fails, {RESTORE}"


def run(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Everything that is wrong; of a file that is damaged only that, because its rows tell nothing reliable."""
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("slug", 2, slug, deterministic=True)
    found = damage(connection)
    yield from found
    if not found:
        for name, check in MODEL.items():
            yield from _run(name, check, connection)


def left_over(*files: Path | None) -> Iterator[Finding]:
    """What processes that were killed have left beside these files, of writes that never took place."""
    remedy = "nothing is missing; the next write into that folder removes it"
    for folder in dict.fromkeys(path for file in files if file is not None for path in parts.left_over(file)):
        yield Finding("left-over", None, f"{folder} was left by a process that was killed", remedy)


def damage(connection: sqlite3.Connection) -> list[Finding]:
    """What is wrong with the file, whatever its records say: the findings of the first check that has some."""
    for name, check in FILE.items():
        found = [*_run(name, check, connection)]
        if found:
            return found
    return []


Check = Callable[[sqlite3.Connection], Found]


def _run(name: str, check: Check, connection: sqlite3.Connection) -> Iterator[Finding]:
    return (Finding(name, *found) for found in check(connection))


# -- the file ----------------------------------------------------------------------------------------------------


def _integrity(connection: sqlite3.Connection) -> Found:
    """What SQLite finds in pages, indexes, constraints and types; damage that it cannot read past is its error."""
    for (verdict,) in connection.execute("PRAGMA integrity_check"):
        if verdict != "ok":
            yield None, verdict, RESCUE


def _schema(connection: sqlite3.Connection) -> Found:
    """The tables, indexes and triggers are those that the migrations make."""
    wanted = _wanted()
    stored = _statements(connection)
    for name in sorted(wanted.keys() | stored.keys()):
        if name not in stored:
            yield None, f"{name} is missing", RESTORE
        elif name not in wanted:
            yield None, f"{name} is not custctl's", f"take it out with the tools of SQLite, or {RESTORE}"
        elif stored[name] != wanted[name]:
            yield None, f"{name} is not as custctl makes it", RESTORE


@cache
def _wanted() -> dict[str, str]:
    with closing(open_in_memory()) as fresh:
        return _statements(fresh)


def _statements(connection: sqlite3.Connection) -> dict[str, str]:
    """The statement that makes each table, index and trigger, its white space apart."""
    query = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return {name: " ".join(sql.split()) for name, sql in connection.execute(query)}


def _text(connection: sqlite3.Connection) -> Found:
    """Text is UTF-8, which SQLite does not look at: all text of a row at once, because there are many rows."""
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        first, *_ = columns = _columns(connection, table)
        texts = [f"coalesce({name}, '')" for name, kind in columns.items() if kind == "TEXT"]
        if not texts:
            continue
        query = f"SELECT {first}, CAST({' || char(10) || '.join(texts)} AS BLOB) FROM {table}"
        for row_id, text in connection.execute(query):
            if not _is_utf8(text):
                yield None, f"{table}, {first} {row_id}: holds text that is not UTF-8", RESTORE


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


# -- every noun ----------------------------------------------------------------------------------------------------


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """The columns of a table and their types."""
    return dict(connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())


def _reference(noun: Noun) -> str:
    """`type:key` of a record, in SQL."""
    if noun is RECORD:
        return "t.entity || ':' || t.key"
    key = f"t.{noun.key}"
    if noun.table == "address":
        key = f"{selection(noun.name).expression('owner')} || '/' || t.key"
    return f"'{noun.reference}:' || {key}"


def _records(
    connection: sqlite3.Connection, noun: Noun, condition: str, *values: str, joins: str = ""
) -> Iterator[tuple[Any, ...]]:
    """The reference, and the values asked for, of each record of a noun that meets a condition."""
    told = ", ".join((_reference(noun), *values))
    restriction = selection(noun.name).restriction
    return connection.execute(f"SELECT {told} FROM {noun.table} t {joins} WHERE {restriction} AND ({condition})")


def _references(connection: sqlite3.Connection) -> Found:
    """Every id leads to a row; the rows of a table without ids, which have no names, are counted."""
    nameless: Counter[str] = Counter()
    for table, row_id, target, number in connection.execute("PRAGMA foreign_key_check").fetchall():
        query = 'SELECT "from" FROM pragma_foreign_key_list(?) WHERE id = ?'
        [column] = connection.execute(query, (table, number)).fetchone()
        record = None if row_id is None else _names(connection, table, [row_id]).get(row_id)
        words = f"{table}.{column} leads to no {target}"
        if record is None:
            nameless[words] += 1
        else:
            yield record, words, _REPLACE
    for words, rows in nameless.items():
        yield None, f"{words} ({rows} row{'s' if rows > 1 else ''})", RESTORE


def _names(connection: sqlite3.Connection, table: str, ids: Iterable[int]) -> dict[int, str]:
    """The references of rows of one table, by id; none of a table that holds no nouns."""
    wanted = f"t.id IN ({', '.join(map(str, ids))})"
    nouns = [noun for noun in NOUNS.values() if noun.table == table]
    return {row_id: name for noun in nouns for name, row_id in _records(connection, noun, wanted, "t.id")}


def _links(connection: sqlite3.Connection) -> Found:
    """In a table of links that several nouns share, every row is of a record that is there."""
    shared = {field.via.table for noun in NOUNS.values() for field in noun.fields if field.via and field.via.shared}
    for table in sorted(shared):
        holders = {noun for noun in NOUNS.values() for field in noun.fields if field.via and field.via.table == table}
        lost = [f"(l.noun = '{noun.name}' AND l.record_id IN (SELECT id FROM {noun.table}))" for noun in holders]
        query = f"SELECT l.noun, count(*) FROM {table} l WHERE NOT ({' OR '.join(lost)}) GROUP BY l.noun"
        for noun, count in connection.execute(query):
            yield None, f"{table} leads to what is not stored: {number_of(count, 'record')} of {noun!r}", RESTORE


def _cycles(connection: sqlite3.Connection) -> Found:
    """Nothing is above itself: whatever refers to its own table is a tree (features C-07, C-08)."""
    links = """SELECT DISTINCT m.name, f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table' AND f."table" = m.name"""
    for table, column in connection.execute(links).fetchall():
        astray = dict(connection.execute(_ASTRAY.format(table=table, column=column)).fetchall())
        for circle in _circles(astray):
            names = _names(connection, table, circle)
            path = [names[row_id] for row_id in (*circle, circle[0])]
            yield path[0], f"is above itself: {' → '.join(path)}", _uproot(path[0])


def _uproot(record: str) -> str:
    kind, _, key = record.partition(":")
    if kind == "customer":
        return shell.command("customer move", key, top=True)
    return f"apply a document in which {record} has another parent"


_ASTRAY = """
WITH RECURSIVE below (id) AS (
    SELECT id FROM {table} WHERE {column} IS NULL OR {column} NOT IN (SELECT id FROM {table})
    UNION ALL
    SELECT t.id FROM below JOIN {table} t ON t.{column} = below.id
)
SELECT id, {column} FROM {table} WHERE id NOT IN (SELECT id FROM below)
"""
"""The rows that no root is above: the members of circles, and what hangs below them."""


def _circles(parents: Mapping[int, int]) -> Iterator[list[int]]:
    """Each circle once, from its smallest member upwards; every one of these rows leads into one."""
    seen: set[int] = set()
    for start in sorted(parents):
        path, at = list[int](), start
        while at not in seen:
            seen.add(at)
            path.append(at)
            at = parents[at]
        if at in path:
            circle = path[path.index(at) :]
            low = circle.index(min(circle))
            yield circle[low:] + circle[:low]


_JOINED = " || ' ' || "


def _folded(connection: sqlite3.Connection) -> Found:
    """What a name is searched and sorted by is that name, folded."""
    for noun in NOUNS.values():
        for column, fields in noun.folded.items():
            name = f"coalesce({_JOINED.join(fields)}, {', '.join(fields)}, '')"  # all of them, else what there is
            wrong = f"t.{column} IS NOT fold({name})"
            for record, value, wanted in _records(connection, noun, wrong, f"t.{column}", f"fold({name})"):
                remedy = f"change what it is called and change it back, or, if that fails, {RESTORE}"
                yield record, f"{column} is {value!r}, not {wanted!r}: it is not found by its name", remedy


def _keys(connection: sqlite3.Connection) -> Found:
    """A key is its own slug; those of users, roles and settings are made otherwise, documents are numbered freely."""
    for noun in NOUNS.values():
        own = _KEYS.get(noun, f"slug(t.key, '{noun.name}')")
        if own is None or noun.key != "key":
            continue
        for record, wanted in _records(connection, noun, f"t.key IS NOT {own}", own):
            yield record, f"its key should be {wanted!r}", f"rename it, or {RESTORE}"


_KEYS: Mapping[Noun, str | None] = {
    USER: """CASE WHEN NOT t.guest THEN fold(t.email) WHEN instr(t.key, '@') THEN fold(t.key)
        ELSE slug(t.key, 'customer-user') END""",
    ROLE: """coalesce((SELECT c.key FROM customer c WHERE c.id = t.customer_id) || '/', '')
        || slug(substr(t.key, instr(t.key, '/') + 1), 'role')""",
    SETTING: """coalesce('group/' || (SELECT g.key FROM customer_group g WHERE g.id = t.group_id) || '/',
        'customer/' || (SELECT c.key FROM customer c WHERE c.id = t.customer_id) || '/', '') || t.name""",
    PRODUCT: "fold(t.sku)",
    PRICE: """(SELECT l.key FROM price_list l WHERE l.id = t.price_list_id) || '/'
        || (SELECT p.key FROM product p WHERE p.id = t.product_id) || iif(t.quantity > 1, '/' || t.quantity, '')""",
    RECORD: None,
}
"""What the key should be, where that is not its slug; None where every text may be one."""


def _json(connection: sqlite3.Connection) -> Found:
    """A column of JSON holds JSON, and a list a list of texts."""
    for noun in NOUNS.values():
        for field in noun.fields:
            if not field.in_row or field.kind not in ("list", "json"):
                continue
            column = f"t.{field.holder}"
            wrong, wanted = f"NOT json_valid({column})", "JSON"
            if field.kind == "list":
                wanted = "a list of texts"
                array = f"CASE WHEN json_valid({column}) THEN json_type({column}) END IS 'array'"
                wrong = f"""{column} <> '[]' AND (NOT ({array}) OR EXISTS (
                    SELECT 1 FROM json_each(CASE WHEN {array} THEN {column} ELSE '[]' END) WHERE type <> 'text'))"""
            for record, value in _records(connection, noun, wrong, column):
                yield record, f"{field.name} is {value!r}, not {wanted}", RESTORE


def _times(connection: sqlite3.Connection) -> Found:
    """Times are RFC 3339 in UTC, days are days of the calendar; also those that no field of the noun shows."""
    for noun in NOUNS.values():
        kinds = {field.holder: field.kind for field in noun.fields if field.kind in _FORMS}
        kinds |= {column: "time" for column in _columns(connection, noun.table) if column.endswith("_at")}
        for column in kinds.keys() & _columns(connection, noun.table).keys():
            form, what = _FORMS[kinds[column]]
            wrong = f"t.{column} <> {_written(form, f't.{column}')}"
            for record, value in _records(connection, noun, wrong, f"t.{column}"):
                yield record, f"{column} is {value!r}, not {what}", _REPLACE


_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FORMS = {"time": (_TIME, "a time like 2026-01-31T12:00:00Z"), "day": ("%Y-%m-%d", "a day like 1990-12-31")}


def _values(connection: sqlite3.Connection) -> Found:
    """Every other field holds what its kind can hold: texts, words of closed sets, addresses, codes and numbers.

    That money and counts are whole numbers, SQLite holds; that ids lead somewhere, `references` says.
    """
    connection.create_function("well_formed", 2, _is_well_formed, deterministic=True)
    for noun in NOUNS.values():
        columns = _columns(connection, noun.table)
        for field in noun.fields:
            if not field.in_row or field.holder not in columns or (noun is ROLE and field.name in _DEFAULTS):
                continue
            for wrong, what in _wrong_values(noun, field, f"t.{field.holder}"):
                for record, value in _records(connection, noun, wrong, f"t.{field.holder}"):
                    yield record, f"{field.name} is {value!r}: {what}", _REPLACE


def _wrong_values(noun: Noun, field: Field, column: str) -> Iterator[tuple[str, str]]:
    """The conditions under which a column holds what its field cannot hold, each with what is wrong then."""
    words = closed_set(noun, field)
    if field.kind == "bool":
        yield f"{column} NOT IN (0, 1)", "it is neither true nor false"
    elif field.kind == "switch":
        yield f"{column} NOT IN ('full', 'none')", "it is neither on nor off"
    elif field.kind == "count":
        yield f"{column} < 0", "it is below nothing"
        most = _MOST.get(field.name)
        if most is not None:
            yield f"{column} > {most}", f"it is above {most}"
    elif field.kind == "money" and (noun.name, field.name) in _NOT_NEGATIVE:
        yield f"{column} < 0", "it is below nothing"
    elif field.kind == "text":
        yield from _wrong_text(field, column, words)
    elif field.kind == "list":
        wrong, what = " OR ".join(condition for condition, _ in _wrong_text(field, "value", words)), "an entry is wrong"
        yield f"EXISTS (SELECT 1 FROM {_each(field.holder)} WHERE type = 'text' AND ({wrong}))", what


_MOST = {"employees": 999_999_999}
"""The greatest numbers that fields take where the schema has no limit."""
_NOT_NEGATIVE = {(OPPORTUNITY.name, name) for name in ("budget", "close_revenue", "base_budget", "base_revenue")}
_NOT_NEGATIVE |= {(PRICE.name, "amount")}


def _wrong_text(field: Field, column: str, words: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    yield f"{column} <> trim({column}, {_quoted(WHITE)}) OR {column} = ''", "it has white space around it, or is empty"
    if words is not None:
        yield f"{column} NOT IN ({', '.join(map(_quoted, words))})", f"it is one of {', '.join(words)}"
    if field.name in _WELL_FORMED:
        yield f"NOT well_formed('{field.name}', {column})", f"it is not {_WELL_FORMED[field.name][1]}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_well_formed(name: str, value: object) -> bool:
    return value is None or (isinstance(value, str) and _WELL_FORMED[name][0](value))


def _is_code(form: Callable[[str], str], text: str) -> bool:
    try:
        return form(text) == text
    except ValueError:
        return False


def _is_email(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    return bool(name and domain) and not any(map(str.isspace, text))


_WELL_FORMED: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "currency": (partial(_is_code, currency_code), "the code of a currency"),
    "language": (partial(_is_code, language_code), "the code of a language"),
    "email": (_is_email, "an e-mail address"),
    "emails": (_is_email, "an e-mail address"),
    "website": (is_web_address, "a web address"),
    "background_color": (lambda text: re.fullmatch("#[0-9A-F]{6}", text) is not None, "a colour like #1A2B3C"),
}
"""The fields whose texts have a form, by their name in every noun: whether a text has it, and what it is then."""


def _written(form: str, column: str) -> str:
    """A time or day as it is written, in SQL; a hyphen for what is none. Adding nothing makes 30 February 2 March."""
    return f"coalesce(strftime('{form}', {column}, '+0 days'), '-')"


# -- users, roles, addresses ---------------------------------------------------------------------------------------


def _without_role(connection: sqlite3.Connection) -> Found:
    """An enabled user has a role (design 5)."""
    none = "t.enabled AND NOT EXISTS (SELECT 1 FROM user_role ur WHERE ur.user_id = t.id)"
    for record, key in _records(connection, USER, none, "t.key"):
        remedy = f"{shell.command('user role add', key, 'ROLE')} or {shell.command('user disable', key)}"
        yield record, "is enabled and has no role", remedy


def _foreign_role(connection: sqlite3.Connection) -> Found:
    """A customer's own role is held by users of that customer."""
    joins = "JOIN user_role ur ON ur.user_id = t.id JOIN role r ON r.id = ur.role_id"
    other = "r.customer_id IS NOT NULL AND r.customer_id IS NOT t.customer_id"
    for record, key, role in _records(connection, USER, other, "t.key", "r.key", joins=joins):
        remedy = f"move the user to that customer, or {shell.command('user role remove', key, role)}"
        yield record, f"holds role:{role} of another customer", remedy


def _primary(connection: sqlite3.Connection) -> Found:
    """Whoever has addresses has one primary among them (features D-04, D-06)."""
    for noun, owner, verb in _address_nouns():
        query = f"""SELECT {selection(noun.name).expression("owner")}, sum(t.is_primary), min(t.key)
            FROM address t WHERE {selection(noun.name).restriction} GROUP BY 1 HAVING sum(t.is_primary) <> 1"""
        for key, count, first in connection.execute(query):
            remedy = shell.command(verb, f"{key}/{first}", primary=True)
            yield reference(owner, str(key)), f"has {count} primary addresses, not one", remedy


def _default_twice(connection: sqlite3.Connection) -> Found:
    """Whoever has addresses has at most one default of each type (feature D-05)."""
    for noun, owner, verb in _address_nouns():
        query = f"""SELECT {selection(noun.name).expression("owner")}, d.value, count(*), max(t.key)
            FROM address t, {_each("default_types")} d
            WHERE {selection(noun.name).restriction} GROUP BY 1, 2 HAVING count(*) > 1"""
        for key, type_, count, last in connection.execute(query):
            remedy = shell.command(verb, f"{key}/{last}", default=str(type_))
            yield reference(owner, str(key)), f"has {count} default {type_} addresses", remedy


def _default_of_no_type(connection: sqlite3.Connection) -> Found:
    """An address is the default for types that it has (feature D-05)."""
    without = f"d.value NOT IN (SELECT value FROM {_each('types')})"
    for noun, _, verb in _address_nouns():
        found = _records(connection, noun, without, "d.value", joins=f", {_each('default_types')} d")
        for record, type_ in found:
            remedy = shell.command(verb, record.partition(":")[2], type=str(type_))
            yield record, f"is the default {type_} address, which it is none of", remedy


def _address_nouns() -> Iterator[tuple[Noun, Noun, str]]:
    """The nouns of addresses, their owners', and the verb that changes one."""
    for noun in NOUNS.values():
        if noun.table == "address":
            owner = NOUNS[noun.name.removesuffix("-address")]
            yield noun, owner, f"{noun.group} edit"


def _each(column: str) -> str:
    """The members of a list, in SQL; of what is no JSON, none."""
    return f"json_each(CASE WHEN json_valid(t.{column}) THEN t.{column} ELSE '[]' END)"


def _entries(connection: sqlite3.Connection) -> Found:
    """A role speaks of things that are known, at levels they can hold (AM 1.2, 3)."""
    wrong = partial(_wrong_entry, _entities(connection))
    distinct = "SELECT DISTINCT kind, name, permission, level FROM role_entry"
    for kind, name, permission, level in connection.execute(distinct).fetchall():
        words = wrong(kind, name, permission, level)
        if words is None:
            continue
        query = """SELECT r.key FROM role_entry e JOIN role r ON r.id = e.role_id
            WHERE (e.kind, e.name, e.permission, e.level) = (?, ?, ?, ?)"""
        for (key,) in connection.execute(query, (kind, name, permission, level)):
            resource = name if kind in ("entity", "field") else f"{kind}:{name}"
            remedy = f"{shell.command('role revoke', key, resource)} or, if that fails, {RESTORE}"
            yield reference(ROLE, key), words, remedy


def _wrong_entry(entities: Mapping[str, Entity], kind: str, name: str, permission: str, level: str) -> str | None:
    """What is wrong with an entry of a role, None when nothing is."""
    entity, actions = _target(entities, kind, name)
    if entity is None:
        return f"speaks of {kind} {name}, which is unknown"
    if permission not in actions:
        return f"speaks of {permission} for {kind} {name}, which has no such permission"
    if level not in [held.word for held in entity.levels(permission, "field" if kind == "field" else "entity")]:
        return f"{kind} {name} cannot hold {level} for {permission}"
    return None


def _target(entities: Mapping[str, Entity], kind: str, name: str) -> tuple[Entity | None, tuple[str, ...]]:
    """The entity whose ownership gives the levels of an entry, and the permissions there are."""
    if kind == "capability":
        return (_SWITCH if name in CAPABILITIES else None), CAPABILITY_ACTIONS
    if kind == "workflow":
        return ENTITIES.get(WORKFLOWS.get(name, "")), WORKFLOW_ACTIONS
    if kind == "field":
        owner, dot, _ = name.partition(".")
        return (FIELD_ONLY.get(owner) or entities.get(owner) if dot else None), FIELD_ACTIONS
    found = entities.get(name)
    return found, found.permissions if found else ()


_SWITCH = Entity("capability", "none", CAPABILITY_ACTIONS)
"""A capability has the levels of what nobody owns: on and off."""


def _entities(connection: sqlite3.Connection) -> dict[str, Entity]:
    """Every entity by name: those of the shop, and one's own."""
    listed = "CASE WHEN json_valid(permissions) THEN json_type(permissions) END = 'array'"
    query = f"SELECT name, ownership, CASE WHEN {listed} THEN permissions ELSE '[]' END FROM entity"
    rows = connection.execute(query)
    own = {name: own_entity(name, ownership, map(str, json.loads(text))) for name, ownership, text in rows}
    return own | dict(ENTITIES)


def _defaults(connection: sqlite3.Connection) -> Found:
    """What a role holds for things it does not list is a level that can be a default (AM 1.3)."""
    for field in ROLE.fields:
        allowed = _DEFAULTS.get(field.name)
        if allowed is None:
            continue
        words = ", ".join(f"'{level.word}'" for level in allowed)
        for record, level in _records(connection, ROLE, f"t.{field.holder} NOT IN ({words})", f"t.{field.holder}"):
            yield record, f"{field.name} is {level!r}", _REPLACE


_LEVELS = (Level.NONE, Level.USER, Level.DEPARTMENT, Level.CORPORATE)
_DEFAULTS = {"default": _LEVELS, "workflow_default": _LEVELS, "capability_default": (Level.NONE, Level.FULL)}


def _plain_records(connection: sqlite3.Connection) -> Found:
    """A plain record is one of an entity that is known, and that has no table of its own."""
    known = {name for name, entity in _entities(connection).items() if entity.protected} - STORED_ELSEWHERE
    for (entity,) in connection.execute("SELECT DISTINCT entity FROM record").fetchall():
        if entity not in known:
            query = "SELECT entity || ':' || key FROM record WHERE entity = ?"
            for (record,) in connection.execute(query, (entity,)):
                yield record, f"{entity} is not an entity of plain records", f"add it under [[entities]], or {RESTORE}"


def _accounts(connection: sqlite3.Connection) -> Found:
    """A customer has an account where the shop makes them (feature A-09)."""
    if value_of(connection, "account.strategy") == "none":
        return
    for record, key in _records(connection, CUSTOMER, "t.account_id IS NULL", "t.key"):
        yield (
            record,
            "has no account, and every customer keeps one",
            shell.command("customer edit", key, account="ACCOUNT"),
        )


# -- the shop ------------------------------------------------------------------------------------------------------


def _look_alikes(connection: sqlite3.Connection) -> Found:
    """E-mail addresses of users that are taken for each other, as one with a Cyrillic letter is."""
    for key, other in pairs(connection):
        words = f"looks like {reference(USER, other)}"
        yield reference(USER, key), words, "ask whose address it is; one of them may be made to deceive"


def _built_in(connection: sqlite3.Connection) -> Found:
    """What every shop has (design 5)."""
    wanted = [
        (GROUP, GUEST_GROUP[0]),
        *((ROLE, role.key) for role in PREDEFINED_ROLES),
        *((CONTACT_GROUP, key) for key, _ in CONTACT_GROUPS),
    ]
    for noun, key in wanted:
        if connection.execute(f"SELECT 1 FROM {noun.table} WHERE key = ?", (key,)).fetchone() is None:
            record = reference(noun, key)
            yield record, "is missing, and every shop has it", f"apply a document with it, or {RESTORE}"


def _settings(connection: sqlite3.Connection) -> Found:
    """Settings are known, set where they may be set, and have a value that they take."""
    query = """SELECT key, name, value,
        CASE WHEN group_id IS NOT NULL THEN 'group' WHEN customer_id IS NOT NULL THEN 'customer' ELSE 'system' END
        FROM setting WHERE json_valid(value) ORDER BY key"""
    for key, name, value, scope in connection.execute(query).fetchall():
        words = _wrong_setting(connection, name, json.loads(value), scope)
        if words is not None:
            yield reference(SETTING, key), words, f'apply a document whose settings say "{name}" anew, or {RESTORE}'


def _wrong_setting(connection: sqlite3.Connection, name: str, value: Any, scope: str) -> str | None:
    setting = SETTINGS.get(name)
    if setting is None:
        return "is not a setting that is known"
    if scope not in setting.scopes:
        return f"is set for {' or '.join(setting.scopes)}, not for a {scope}"
    try:
        setting.check(value)
    except ValueError as error:
        return f"is {value!r}: it {error}"
    if setting.to:
        target = NOUNS[setting.to]
        for key in keys_in(value):
            if connection.execute(f"SELECT 1 FROM {target.table} WHERE key = ?", (key,)).fetchone() is None:
                return f"leads to {reference(target, key)}, which is not stored"
        if target is ROLE and "/" in value:
            return f"leads to {reference(target, value)}, but the website's roles are predefined ones"
    return None


def _history(connection: sqlite3.Connection) -> Found:
    """Every change has the images that its kind has, as JSON, and the id of its record; every revision its time."""
    image = "CASE WHEN json_valid(h.{0}) THEN json_type(h.{0}) END IS NOT 'object'"
    query = f"""SELECT h.record, h.revision_id, h.op FROM history h
        WHERE (h.before IS NOT NULL OR h.op <> 'add') AND (h.op = 'add' OR {image.format("before")})
        OR (h.after IS NOT NULL OR h.op <> 'remove') AND (h.op = 'remove' OR {image.format("after")})"""
    for record, revision, op in connection.execute(query):
        yield record, f"its image in revision {revision} ({op}) cannot be read", f"revision {revision} stays; {RESTORE}"
    for record, revision in connection.execute("SELECT record, revision_id FROM history WHERE record_id IS NULL"):
        words = f"its change in revision {revision} has no id, so its history does not show it"
        yield record, words, f"revision {revision} stays; {RESTORE}"
    query = f"SELECT id, at FROM revision WHERE at <> {_written(_TIME, 'at')}"
    for revision, at in connection.execute(query):
        yield None, f"revision {revision} is of {at!r}, not a time", RESTORE


FILE: Mapping[str, Check] = {
    "integrity": _integrity,
    "schema": _schema,
    "text": _text,
}
MODEL: Mapping[str, Check] = {
    "references": _references,
    "links": _links,
    "cycles": _cycles,
    "names": _folded,
    "keys": _keys,
    "json": _json,
    "times": _times,
    "values": _values,
    "look-alikes": _look_alikes,
    "roles-of-users": _without_role,
    "foreign-roles": _foreign_role,
    "primary-addresses": _primary,
    "default-addresses": _default_twice,
    "address-types": _default_of_no_type,
    "accounts": _accounts,
    "role-entries": _entries,
    "role-defaults": _defaults,
    "records": _plain_records,
    "built-in": _built_in,
    "settings": _settings,
    "history": _history,
}
"""Every check by the name that a finding carries."""
