"""Lists and single records by plain SQL: filters, order, limit, and the tree of customers."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from custctl import shell
from custctl.errors import did_you_mean, invalid, near, usage
from custctl.resources import (
    ADDRESS_OF,
    ADDRESSES,
    CONTACT,
    CUSTOMER,
    NOUNS,
    ROLE,
    SALES,
    Field,
    Link,
    Noun,
    fold,
    fold_letters,
    trimmed,
)
from custctl.store import lookup
from custctl.store.ancestry import chain
from custctl.store.codec import money_from, switch_of
from custctl.store.select import Image, Selection, role_entries, selection

if TYPE_CHECKING:
    from custctl.store.meant import Find, Reader
    from custctl.store.periods import Period
    from custctl.store.scopes import Condition

_LARGEST, _DIGITS = 2**63 - 1, 20
"""The largest number that SQLite knows; nothing is counted as far, nor in so many digits."""

_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~")
_CONDITION = re.compile(r"\s*([\w.-]+?)\s*([=!<>~]+)\s*(.*?)\s*\Z", re.DOTALL)
_WITH_SIGN = re.compile(r"(<=|>=|!=|=|<|>|~)(.+)", re.DOTALL)


class View(NamedTuple):
    """How a user in whose name it is asked sees the fields of a noun; the values are parameters.

    `instead` is the SQL of fields that show less than all, `links` a subquery with the ids of those linked records
    that may be seen.
    """

    instead: Mapping[str, str]
    links: Mapping[str, str]
    parameters: Mapping[str, Any]


class Listing(NamedTuple):
    """Which records of a noun a list shows, and in what order."""

    where: Sequence[str] = ()
    sort: str | None = None
    limit: int | None = None
    after: str | None = None
    """Only what stands behind this record in the list's order, as a person names it."""
    among: Condition | None = None
    """What the command asks of every record besides."""
    within: Condition | None = None
    """What a user in whose name it is asked may see of them."""
    find: Find | None = None
    """How that user finds the records that conditions name."""
    view: View | None = None
    """How that user sees their fields."""

    def selection(self, noun: Noun, names: tuple[str, ...] | None = None) -> Selection:
        """The SELECT of the noun as it is seen; raises nothing."""
        found = selection(noun.name, names)
        return found if self.view is None else found.seen_as(self.view.instead)


def rows(connection: sqlite3.Connection, noun: Noun, listing: Listing, names: Sequence[str]) -> Iterator[Image]:
    """The records of a list, streamed, with the fields named.

    Raises exit 4 for an unknown field or a value that does not fit it, 3 for an unknown record to begin after, 2 for
    an unreadable condition.
    """
    tail, parameters = tail_of(connection, noun, listing)
    _prepare(connection, noun, names)
    chosen = listing.selection(noun, tuple(names))
    images = (image for _, image in chosen.rows(connection, tail, parameters))
    return images if noun.key == "key" else ({"key": image[noun.key], **image} for image in images)


def count(connection: sqlite3.Connection, noun: Noun, listing: Listing) -> int:
    """How many records meet the conditions of a list; raises what `rows` does."""
    conditions, parameters = conditions_of(connection, noun, listing)
    every = selection(noun.name)
    where = " AND ".join((every.restriction, *conditions))
    return int(connection.execute(f"SELECT count(*) {every.source} WHERE {where}", parameters).fetchone()[0])


def ids(connection: sqlite3.Connection, noun: Noun, listing: Listing) -> list[int]:
    """The ids of the records of a list, in its order; raises what `rows` does."""
    tail, parameters = tail_of(connection, noun, listing)
    every = selection(noun.name)
    query = f"SELECT t.id {every.source} WHERE {every.restriction} {tail}"
    return [row[0] for row in connection.execute(query, parameters)]


def tail_of(connection: sqlite3.Connection, noun: Noun, listing: Listing) -> tuple[str, dict[str, Any]]:
    """The conditions, order and end of a list as the tail of a SELECT, and the parameters."""
    conditions, parameters = conditions_of(connection, noun, listing)
    order = list(_order(listing.selection(noun), noun.sort if listing.sort is None else listing.sort))
    if listing.after is not None:
        conditions.append(_behind(connection, noun, order, listing.after, parameters))
    told = ", ".join(f"{term} {'DESC' if down else 'ASC'}" for term, down in order)
    tail = " ".join(f"AND {condition}" for condition in conditions) + f" ORDER BY {told}"
    return tail + limit_of(listing, parameters), parameters


def limit_of(listing: Listing, parameters: dict[str, Any]) -> str:
    """The end of a SELECT that stops at the limit of a list; its parameter goes to the others."""
    if listing.limit is None:
        return ""
    parameters["limit"] = min(listing.limit, _LARGEST)
    return " LIMIT :limit"


def conditions_of(connection: sqlite3.Connection, noun: Noun, listing: Listing) -> tuple[list[str], dict[str, Any]]:
    """The conditions of a list as SQL, and their parameters; `fold` and `fold_letters` are made for them."""
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("fold_letters", 1, _fold_letters, deterministic=True)
    _prepare(connection, noun, searched(listing))
    parameters: dict[str, Any] = {} if listing.view is None else dict(listing.view.parameters)
    conditions = list(_asked(connection, noun, listing, parameters)) if listing.where else []
    for further in (listing.among, listing.within):
        if further is not None:
            conditions.append(f"({further[0]})")
            parameters |= further[1]
    return conditions, parameters


def _asked(connection: sqlite3.Connection, noun: Noun, listing: Listing, parameters: dict[str, Any]) -> Iterator[str]:
    """The conditions that were typed, as SQL."""
    from custctl.store.meant import Reader  # most lists are not narrowed

    reader = Reader(connection, listing.find, listing.within)
    links = {} if listing.view is None else listing.view.links
    for text in listing.where:
        yield _condition(listing.selection(noun), text, parameters, reader, links)


def _prepare(connection: sqlite3.Connection, noun: Noun, names: Iterable[str]) -> None:
    """Make ready what the fields that are added up are read from, where one of them is asked for."""
    if any(field.added_up for field in noun.fields if field.name in names):
        from custctl.store import lifetime  # most lists show no amounts

        lifetime.prepare(connection)


def limited(rows: Iterable[Image], limit: int | None) -> Iterator[Image]:
    """At most so many rows of a set that is not one SELECT; None is all of them, however large a number too."""
    return islice(rows, None if limit is None else min(limit, _LARGEST))


def record(connection: sqlite3.Connection, noun: Noun, text: str) -> Image:
    """One record with every field, its addresses and entries included; exit 3 when it is not stored."""
    row_id, _ = lookup.require(connection, noun, text)
    return by_id(connection, noun, row_id)


def by_id(connection: sqlite3.Connection, noun: Noun, row_id: int) -> Image:
    """One stored record with every field."""
    names = all_field_names(noun)
    _prepare(connection, noun, names)
    _, image = next(selection(noun.name, names).rows(connection, "AND t.id = :id", {"id": row_id}))
    shown = {"id": row_id, "key": image[noun.key], **image}
    if noun is ROLE:
        shown |= {field.name: {} for field in noun.fields if field.kind == "entries"}
        shown |= role_entries(connection, "role_id = :id", {"id": row_id}).get(row_id, {})
    if noun.name in ADDRESS_OF:
        shown["addresses"] = list(addresses(connection, noun, row_id))
    return shown


def addresses(
    connection: sqlite3.Connection,
    owner: Noun,
    owner_id: int,
    within: Condition | None = None,
) -> Iterator[Image]:
    """The addresses of a record that are within a condition, the primary one first."""
    noun = ADDRESS_OF[owner.name]
    _, column = ADDRESSES[noun.name]
    condition, parameters = within or ("1", {})
    tail = f"AND t.{column} = :id AND ({condition}) ORDER BY t.is_primary DESC, t.key"
    for _, image in selection(noun.name).rows(connection, tail, {"id": owner_id, **parameters}):
        yield {name: value for name, value in image.items() if name != "owner"}


def linked(noun: Noun, name: str, row_id: int) -> Condition:
    """Which records of the noun a field links to one record of another: the contacts of an account."""
    field = _field(noun, name)
    assert field.via is not None, "only links lead to several"
    via = field.via
    return f"t.id IN (SELECT l.{via.own} FROM {via.table} l WHERE l.{via.other} = :linked)", {"linked": row_id}


def alike(noun: Noun, name: str) -> Condition:
    """Which records of the noun have the same in a field as another one, as people read it.

    Source: oroinc/platform FilterBundle/Filter/DuplicateFilter.php.
    """
    every = selection(noun.name)
    value = every.order(name)
    if value == every.expression(name):  # it is not kept folded
        value = f"fold({value})"
    return (
        f"{value} IN (SELECT {value} FROM {noun.table} t WHERE {every.restriction} GROUP BY 1 HAVING count(*) > 1)",
        {},
    )


def account_contacts(connection: sqlite3.Connection, account: Image) -> list[Image]:
    """The contacts of an account as its page tells them, by last and first name (feature A-02)."""
    among = linked(CONTACT, "accounts", account["id"])
    told = rows(connection, CONTACT, Listing(among=among), ("key", "name", "email", "phone", "job_title"))
    return [{**contact, "default": contact["key"] == account["default_contact"]} for contact in told]


def children(connection: sqlite3.Connection, customer_id: int) -> list[tuple[str, str]]:
    """The keys and names of the subsidiaries directly below a customer, by name."""
    return [(key, name) for _, key, name in connection.execute(_children(CUSTOMER), (customer_id,))]


def belongings(connection: sqlite3.Connection, customer_id: int) -> dict[str, int]:
    """How many users, own roles, opportunities and sales documents of each kind a customer has (feature C-18)."""
    counts = {}
    for name, table in (("users", "customer_user"), ("roles", "role"), ("opportunities", "opportunity")):
        query = f"SELECT count(*) FROM {table} WHERE customer_id = ?"
        counts[name] = int(connection.execute(query, (customer_id,)).fetchone()[0])
    query = "SELECT entity, count(*) FROM sales_document WHERE customer_id = ? GROUP BY entity"
    found = dict(connection.execute(query, (customer_id,)).fetchall())
    return counts | {noun.document: found.get(noun.name, 0) for noun in SALES}


# -- trees of customers and of categories -------------------------------------------------------------------------

_SIBLINGS = 100


def _children(noun: Noun, condition: str = "= ?") -> str:
    return f"SELECT id, key, name FROM {noun.table} WHERE parent_id {condition} ORDER BY name_folded, key"


def tree(connection: sqlite3.Connection, root: int | None, noun: Noun = CUSTOMER) -> Iterator[Image]:
    """The trees of customers as `{"key", "name", "children"}`; children are read when they are asked for.

    One that is its own ancestor, which no command makes, has no descendants (AM 8), so a walk down ends.
    """
    if root is None:
        yield from _nodes(connection, connection.execute(_children(noun, "IS NULL")), _children(noun))
        return
    row_id, key, name = connection.execute(f"SELECT id, key, name FROM {noun.table} WHERE id = ?", (root,)).fetchone()
    children = iter(()) if is_in_cycle(connection, row_id, noun) else _below(connection, _children(noun), row_id)
    yield {"key": key, "name": name, "children": children}


def _below(connection: sqlite3.Connection, query: str, parent: int) -> Iterator[Image]:
    yield from _nodes(connection, connection.execute(query, (parent,)), query)


def _nodes(connection: sqlite3.Connection, cursor: sqlite3.Cursor, query: str) -> Iterator[Image]:
    """The nodes of a cursor; those below each are found by `query`, which is another one than that of the top.

    A cursor keeps its statement until it is read to its end, and the same words would have to be planned again
    meanwhile: for each customer while the top is read, which is wide.
    """
    while some := cursor.fetchmany(_SIBLINGS):
        for row_id, key, name in some:
            yield {"key": key, "name": name, "children": _below(connection, query, row_id)}


def is_in_cycle(connection: sqlite3.Connection, row_id: int, noun: Noun = CUSTOMER) -> bool:
    """Whether a customer, or a category, is among its own ancestors."""
    query = f"""
    WITH RECURSIVE up (id) AS (
        SELECT parent_id FROM {noun.table} WHERE id = :id
        UNION
        SELECT (SELECT c.parent_id FROM {noun.table} c WHERE c.id = up.id) FROM up WHERE up.id IS NOT NULL
    )
    SELECT EXISTS (SELECT 1 FROM up WHERE id = :id)
    """
    return bool(connection.execute(query, {"id": row_id}).fetchone()[0])


def ancestors(connection: sqlite3.Connection, key: str) -> list[str]:
    """The parents above a customer, the root first."""
    return list(reversed(chain(connection, key)[1:]))


def searched(listing: Listing) -> list[str]:
    """The fields that a list was asked to be searched or sorted by."""
    found = [match[1] for text in listing.where if (match := _CONDITION.match(text))]
    return [*found, *(name.strip().removeprefix("-") for name in (listing.sort or "").split(","))]


# -- filters and order -------------------------------------------------------------------------------------------


def parts_of(text: str) -> tuple[str, str, str]:
    """The field, operator and value of a condition; exit 2 for a text that is none."""
    match = _CONDITION.match(text)
    if match is None:
        raise usage(f"--where {text!r} is not FIELD OP VALUE", f"like 'group=partners'; {_OP_IS}")
    if match[2] not in _OPERATORS:
        raise usage(f"--where {text!r}: {match[2]} is no operator", _operator_hint(match))
    return match[1], match[2], trimmed(match[3])


_OP_IS = f"OP is one of {' '.join(_OPERATORS)}"


def _operator_hint(match: re.Match[str]) -> str:
    """What is meant by signs that are no operator: one that is, or one in front of a value that begins with signs."""
    within = _WITH_SIGN.fullmatch(match[2])
    if within is None:
        return _OP_IS
    plain, signed = f"{match[1]}{within[1]}{match[3]}", f"{match[1]}{within[1]} {within[2]}{match[3]}"
    return f"did you mean {plain!r}? A value that begins with {within[2]} stands behind a blank: {signed!r}"


def _condition(
    every: Selection, text: str, parameters: dict[str, Any], reader: Reader, links: Mapping[str, str]
) -> str:
    """One `FIELD OP VALUE` as SQL; the value becomes a parameter."""
    name, operator, value = parts_of(text)
    field = _field(every.noun, name)
    name = field.name
    expression = every.expression(name)
    place = f"where{len(parameters)}"
    if field.kind in ("links", "list") and operator not in ("=", "!=", "~"):
        raise usage(f"{operator} does not apply to a list", "use = != or ~")
    if field.via is not None:
        return _linked(every.noun, field, field.via, operator, value, parameters, place, reader, links.get(name))
    if value != "" and operator != "~" and field.kind in ("text", "list"):
        reader.check(every.noun, field, value)
        from custctl.choices import is_unsaid  # most lists are asked without a condition on a text

        if operator in ("=", "!=") and is_unsaid(every.noun, field, value):
            value = ""
    if field.kind == "list":
        return _listed(expression, operator, value, parameters, place)
    if value == "" and operator in ("=", "!="):
        return f"coalesce({expression}, '') {operator} ''"
    if operator == "~":
        parameters[place] = fold_letters(value)
        return f"instr(fold_letters({expression}), :{place}) > 0"
    if field.kind == "reference" and operator in ("=", "!="):
        (parameters[place],) = reader.records(field, [value])
        return f"t.{field.holder} {'IS' if operator == '=' else 'IS NOT'} :{place}"
    return _compared(every, field, operator, value, parameters, place)


def _compared(every: Selection, field: Field, operator: str, value: str, parameters: dict[str, Any], place: str) -> str:
    """A field of one value against one, by its kind."""
    expression = every.expression(field.name)
    if field.kind in ("time", "day"):
        return _timed(field, expression, operator, value, parameters, place)
    parameters[place] = _value(field, value)
    if isinstance(parameters[place], str):
        folded = every.order(field.name) if every.order(field.name) != expression else f"fold({expression})"
        if field.name == "key" or field.kind == "reference":
            folded = expression
        parameters[place] = fold(parameters[place])
        return f"{folded} IS NOT :{place}" if operator == "!=" else f"{folded} {operator} :{place}"
    return f"{expression} {operator} :{place}"


def _timed(field: Field, expression: str, operator: str, value: str, parameters: dict[str, Any], place: str) -> str:
    """A time against a period: `=` lies within it, `>` behind it, `>=` not before it, and so on."""
    found = _period(field, value)
    first, behind = found.days if field.kind == "day" else found
    parameters |= {place: first, f"{place}_end": behind}
    if operator in ("=", "!="):
        within = f"({expression} >= :{place} AND {expression} < :{place}_end)"
        return within if operator == "=" else f"{within} IS NOT TRUE"
    end = f":{place}_end" if operator in (">", "<=") else f":{place}"
    return f"{expression} {'>=' if operator in ('>', '>=') else '<'} {end}"


def _period(field: Field, value: str) -> Period:
    """The period that a value means; exit 4 for one that is none, or for an hour where only days are kept."""
    from custctl.store.periods import DAYS_LIKE, LIKE, period  # most lists are not narrowed by time

    try:
        if field.kind == "time" or len(value) <= len("2026-01-31"):
            return period(value)
    except ValueError:
        pass
    what, like = ("day or time", LIKE) if field.kind == "time" else ("day", DAYS_LIKE)
    raise invalid(f"{field.name}: {value!r} is no {what}", field=field.name, value=value, hint=like)


def _listed(expression: str, operator: str, value: str, parameters: dict[str, Any], place: str) -> str:
    """Membership in a list of texts: `=TEXT` has it, `!=TEXT` has it not, `=` has none, `!=` has some, `~TEXT` like."""
    if value == "":
        return f"{expression} {'=' if operator == '=' else '<>'} '[]'"
    parameters[place] = fold_letters(value) if operator == "~" else fold(value)
    compare = f"instr(fold_letters(value), :{place}) > 0" if operator == "~" else f"fold(value) = :{place}"
    negation = "NOT " if operator == "!=" else ""
    return f"{negation}EXISTS (SELECT 1 FROM json_each({expression}) WHERE {compare})"


def _linked(
    noun: Noun,
    field: Field,
    via: Link,
    operator: str,
    value: str,
    parameters: dict[str, Any],
    place: str,
    reader: Reader,
    among: str | None,
) -> str:
    """Links: `roles=a,b` has any of them, `roles!=a,b` none of them, `roles=` no role, `roles!=` some (feature T-07).

    The linked records are found once, by the indexes of the links, not looked for beside every row.
    """
    conditions = [f"l.noun = '{noun.name}'"] if via.shared else []
    if among is not None:
        conditions.append(f"l.{via.other} IN ({among})")
    if value and operator == "~":
        target = NOUNS[field.to]
        like = f"SELECT o.id FROM {target.table} o WHERE instr(fold_letters(o.{target.named_by}), :{place}) > 0"
        conditions.append(f"l.{via.other} IN ({like})")
        parameters[place] = fold_letters(value)
    elif value:
        conditions.append(f"l.{via.other} IN (SELECT value FROM json_each(:{place}))")
        parameters[place] = json.dumps(reader.records(field, _words(value)))
    linked = f"SELECT l.{via.own} FROM {via.table} l WHERE {' AND '.join(conditions) or '1'}"
    wanted = operator != "!=" if value else operator != "="
    return f"t.id {'IN' if wanted else 'NOT IN'} ({linked})"


def _words(value: str) -> list[str]:
    """The parts of a value between commas."""
    return [word for part in value.split(",") if (word := part.strip())]


def _value(field: Field, value: str) -> Any:
    """The value as the column has it; raises exit 4 when it does not fit the field."""
    if field.kind == "bool":
        if (on := switch_of(value)) is None:
            raise invalid(f"{field.name} is yes or no, not {value!r}", field=field.name, value=value)
        return int(on)
    if field.kind == "switch":
        if (on := switch_of(value)) is None:
            raise invalid(f"{field.name} is on or off, not {value!r}", field=field.name, value=value)
        return "full" if on else "none"
    if field.kind == "money":
        try:
            return money_from(value)
        except ValueError as error:
            raise invalid(f"{field.name} {error}", field=field.name, value=value) from None
    if field.kind == "count":
        if not (value.isascii() and value.isdecimal()):
            raise invalid(f"{field.name} is a number, not {value!r}", field=field.name, value=value)
        return min(int(value.lstrip("0")[:_DIGITS] or "0"), _LARGEST)
    return value


def sort_names(text: str) -> list[str]:
    """The fields that `--sort` names, `-` before those that go downwards; raises exit 2 when it names none."""
    names = [name.strip() for name in text.split(",") if name.strip().strip("-")]
    if not names:
        raise usage("--sort names no field", "like name or -created")
    return names


def _order(every: Selection, sort: str) -> Iterator[tuple[str, bool]]:
    """The terms of the order `-name,key`, each with whether it goes downwards; the key settles ties."""
    names = sort_names(sort)
    for name in names:
        field = _field(every.noun, name.removeprefix("-"))
        yield every.order(field.name), name.startswith("-")
    if every.noun.key not in (name.removeprefix("-") for name in names):
        yield every.order(every.noun.key), False


def _behind(
    connection: sqlite3.Connection, noun: Noun, order: Sequence[tuple[str, bool]], text: str, parameters: dict[str, Any]
) -> str:
    """The condition that leaves what stands behind a record in this order.

    Rows are found by where they stand, not counted, so that the next rows are the next ones whatever was added or
    deleted before them; a range of the first term lets an index begin there.
    """
    owned = noun.table == "sales_document"
    row_id, _ = lookup.require_owned(connection, noun.name, text) if owned else lookup.require(connection, noun, text)
    terms = ", ".join(term for term, _ in order)
    parameters["after_id"] = row_id
    query = f"SELECT {terms} {selection(noun.name).source} WHERE t.id = :after_id"
    found = connection.execute(query, parameters).fetchone()
    ways, equal = [], list[str]()
    for number, ((term, down), value) in enumerate(zip(order, found, strict=True)):
        place = f":after{number}"
        parameters[place[1:]] = value
        ways.append(" AND ".join((*equal, _beyond(term, place, value, down=down))))
        equal.append(f"{term} IS {place}")
    (first, down), value = order[0], found[0]
    begin = "1" if value is None else _from(selection(noun.name), first, down=down)
    return f"{begin} AND ({' OR '.join(f'({way})' for way in ways)})"


def _from(every: Selection, first: str, *, down: bool) -> str:
    """A range of the first term of an order, in which an index begins; where it may be empty downwards, none."""
    filled = (every.order(every.noun.key), *(f"t.{column}" for column in every.noun.folded))
    if down:
        return f"{first} <= :after0" if first in filled else "1"
    return f"{first} >= :after0"


def _beyond(term: str, place: str, value: Any, *, down: bool) -> str:
    """What a term must be to come behind a value; nothing at all comes first, as SQLite sorts it."""
    if value is None:
        return "0" if down else f"{term} IS NOT NULL"
    return f"({term} < {place} OR {term} IS NULL)" if down else f"{term} > {place}"


def _field(noun: Noun, name: str) -> Field:
    """A field that a list can show, by name; `key` is that which names a record, whatever it is called (exit 4)."""
    field = noun.field(name) or (noun.field(noun.key) if name == "key" else None)
    if field is None or field.kind == "entries":
        known = all_field_names(noun)
        hint = _elsewhere(noun, name) or did_you_mean(near(name, known)) or f"the fields are {', '.join(known)}"
        raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
    return field


def _elsewhere(noun: Noun, name: str) -> str | None:
    """Why a list does not know a field that `show` has."""
    if name == "addresses" and noun.name in ADDRESS_OF:
        return f"addresses are records of their own: {shell.command(f'{ADDRESS_OF[noun.name].group} list', 'OWNER')}"
    if name == "id" or noun.field(name) is not None:
        return f"{name} is told of one record: {shell.command(f'{noun.group} show', 'KEY')}"
    return None


def _fold(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def _fold_letters(value: Any) -> Any:
    return fold_letters(value) if isinstance(value, str) else value


def all_field_names(noun: Noun) -> tuple[str, ...]:
    """Every field that a list can show: all but the entries of roles."""
    return tuple(field.name for field in noun.fields if field.kind != "entries")


def field_names(noun: Noun, asked: str | None) -> tuple[str, ...]:
    """The fields `--fields a,b` asks for, else the columns of the noun; exit 4 names an unknown one."""
    if asked is None:
        return noun.columns
    names = tuple(_field(noun, name.strip()).name for name in asked.split(",") if name.strip())
    if not names:
        raise usage("--fields names no field", f"like --fields {','.join(noun.columns[:2])}")
    return names
