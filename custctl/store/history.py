"""What was changed, by whom and when: reading the history, and turning one revision back.

History is written by the unit of work, in the transaction of the change itself; nothing here writes it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.errors import CustctlError, Exit, Problem, did_you_mean, invalid, near, not_found
from custctl.resources import (
    ADDRESS_OF,
    ADDRESSES,
    CUSTOMER,
    NOUNS,
    PRICE,
    PRICE_LIST,
    PRODUCT,
    RECORD,
    ROLE,
    SETTING,
    SHORT_TYPES,
    USER,
    Noun,
    changing_fields,
    fold,
    noun_of,
    reference,
    slug,
)
from custctl.store import lookup
from custctl.store.periods import LIKE, Period, period
from custctl.store.pointers import pointers
from custctl.store.reads import limited
from custctl.store.select import differences, keys_in, told, with_keys
from custctl.store.settings import SCOPES, SETTINGS

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

Row = dict[str, Any]

_CHANGES = """SELECT h.id, h.revision_id, r.at, r.actor, r.command, h.op, h.record, h.before, h.after
    FROM history h JOIN revision r ON r.id = h.revision_id"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes to show; None and "" leave a filter out."""

    record: str | None = None
    since: str | None = None
    until: str | None = None
    actor: str | None = None
    op: str | None = None
    fields: tuple[str, ...] = ()
    value: str | None = None
    limit: int | None = None


def changes(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    """The changes asked for, the latest first, streamed; each with its version of the record and what differs.

    Where fields are asked for, only what differs in them is told.

    A record is followed through its renames, and changes of its addresses and settings stand under it too; a type
    alone means all records of that type (features H-01, H-03).
    Raises exit 3 for a record that history does not know, 4 for a type, a field or a time that is none.
    """
    _refuse_unknown(wanted.fields)
    conditions, parameters = ["1"], dict[str, Any]()
    if wanted.since:
        conditions.append("r.at >= :since")
        parameters["since"] = _period(wanted.since).start
    if wanted.until:
        conditions.append("r.at < :until")
        parameters["until"] = _period(wanted.until).end
    if wanted.actor:
        conditions.append("r.actor = :actor")
        parameters["actor"] = wanted.actor
    if wanted.op:
        conditions.append("h.op = :op")
        parameters["op"] = wanted.op
    kind = None if wanted.record is None else _type(connection, wanted.record)
    if kind is not None:
        conditions.append("h.record >= :kind || ':' AND h.record < :kind || ';'")
        parameters["kind"] = kind
    elif wanted.record:
        conditions.append(_OF_RECORDS)
        names = _trail(connection, wanted.record)
        parameters["records"], parameters["parts"] = json.dumps(names), json.dumps(list(_parts(names)))
    query = f"{_CHANGES} WHERE {' AND '.join(conditions)} ORDER BY h.id DESC"
    return limited(_rows(connection, connection.execute(query, parameters), wanted), wanted.limit)


def _refuse_unknown(fields: Iterable[str]) -> None:
    """A field that no noun has is a slip of the pen; that it never changed would be the wrong answer (exit 4)."""
    known = changing_fields()
    for name in fields:
        if name not in known:
            hint = did_you_mean(near(name, known))
            raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)


_OF_RECORDS = """(h.record IN (SELECT value FROM json_each(:records)) OR EXISTS (
    SELECT 1 FROM json_each(:parts) WHERE h.record >= value || '/' AND h.record < value || '0'))"""
"""A record and its parts. `0` is the character after `/`: a range finds what is named below an owner."""


def _parts(names: Iterable[str]) -> Iterator[str]:
    """What the addresses and settings of records of these names are named below."""
    for name in names:
        kind, _, key = name.partition(":")
        noun = noun_of(kind)
        if noun is not None and noun.name in ADDRESS_OF:
            yield f"{ADDRESS_OF[noun.name].reference}:{key}"
        yield from (f"setting:{scope}/{key}" for scope, owner in SCOPES.items() if owner is noun)


def _rows(connection: sqlite3.Connection, found: Iterable[Any], wanted: Wanted) -> Iterator[Row]:
    for row_id, revision, at, actor, command, op, record, before, after in found:
        images = json.loads(before or "{}"), json.loads(after or "{}")
        fields = differences(*images)
        if wanted.fields:
            fields = {name: pair for name, pair in fields.items() if name in wanted.fields}
        if _is_wanted(fields, wanted):
            yield {
                "revision": revision,
                "at": at,
                "actor": actor,
                "command": command,
                "op": op,
                "record": record,
                "version": _version(connection, record, row_id),
                "fields": fields,
                **_levels(connection, record, *images),
            }


def _levels(connection: sqlite3.Connection, record: str, before: Row, after: Row) -> dict[str, Any]:
    """What a change of a role did to the levels that count."""
    if not (record.startswith("role:") and before and after):
        return {}
    from custctl.store.effects import levels_changed

    told = levels_changed(connection, before, after)
    return {"access": {"wider": told.wider, "narrower": told.narrower}}


def _type(connection: sqlite3.Connection, text: str) -> str | None:
    """The type that a word without a key means, as references in history begin with it; None for a reference.

    Raises exit 4 for a word that is no type.
    """
    if ":" in text:
        return None
    own = [row[0] for row in connection.execute("SELECT DISTINCT entity FROM record")]
    known = {name: noun.reference for name, noun in NOUNS.items() if noun is not RECORD}
    known |= {short: short for short in SHORT_TYPES} | {name: name for name in own}
    if text not in known:
        hint = did_you_mean(near(text, known)) or "like customer, customer:acme or user:anna@acme.example"
        raise invalid(f"{text!r} is neither a type nor TYPE:KEY", value=text, hint=hint)
    return known[text]


def _is_wanted(fields: Mapping[str, list[Any]], wanted: Wanted) -> bool:
    if wanted.value:
        sought = fold(wanted.value)
        fields = {name: pair for name, pair in fields.items() if any(sought in fold(_text(side)) for side in pair)}
    return bool(fields) or not (wanted.fields or wanted.value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _version(connection: sqlite3.Connection, record: str, row_id: int) -> int:
    """How many changes a record has had up to this one, under this name and those before."""
    query = "SELECT count(*), min(id) FROM history WHERE record = ? AND id <= ?"
    count, first = connection.execute(query, (record, row_id)).fetchone()
    earlier = _renamed_from(connection, record, first)
    return int(count) + (0 if earlier is None else _version(connection, earlier, first - 1))


def _renamed_from(connection: sqlite3.Connection, record: str, row_id: int) -> str | None:
    """The name a record had before the change with this id, if that was its rename."""
    row = connection.execute("SELECT op, before FROM history WHERE id = ?", (row_id,)).fetchone()
    if row is None or row[0] != "rename":
        return None
    return _named(record.partition(":")[0], json.loads(row[1]))


def _named(kind: str, image: Mapping[str, Any]) -> str:
    """The reference of an image of this type."""
    key = image.get("number") or image.get("key") or image.get("name")
    return f"{kind}:{image['owner']}/{key}" if "owner" in image and kind.endswith("-address") else f"{kind}:{key}"


def _trail(connection: sqlite3.Connection, text: str) -> list[str]:
    """Every name that a record has had; exit 3 when history knows none of it."""
    names = [canonical(connection, text)]
    rename = "SELECT id FROM history WHERE record = ? AND op = 'rename' ORDER BY id LIMIT 1"
    while True:
        row = connection.execute(rename, (names[-1],)).fetchone()
        earlier = None if row is None else _renamed_from(connection, names[-1], row[0])
        if earlier is None or earlier in names:
            break
        names.append(earlier)
    marks = ", ".join("?" * len(names))
    known = f"SELECT EXISTS (SELECT 1 FROM history WHERE record IN ({marks}))"
    if not connection.execute(known, names).fetchone()[0] and not _is_stored(connection, names[0]):
        raise not_found("history of", text)
    return names


def canonical(connection: sqlite3.Connection, text: str) -> str:
    """A reference as history writes it: short types, folded keys; a name that only one record has works too."""
    kind, colon, key = text.partition(":")
    if not colon:
        raise invalid(f"{text!r} is not TYPE:KEY", value=text, hint="like customer:acme or user:anna@acme.example")
    noun = noun_of(kind)
    if noun is None or noun.table in ("sales_document", "record", "setting", "entity", "address"):
        return f"{noun.reference if noun else kind}:{key}"
    found = lookup.find(connection, noun, key)
    return reference(noun, fold(key) if found is None else found[1])


def _is_stored(connection: sqlite3.Connection, name: str) -> bool:
    kind, _, key = name.partition(":")
    noun = noun_of(kind)
    if noun is None or noun.key != "key" or noun.table in ("record", "address"):
        return False
    if noun is SETTING and key in SETTINGS:  # one that nobody has set stands at its default
        return True
    return lookup.find(connection, noun, key) is not None


def _period(text: str) -> Period:
    """A time as the database has it; raises exit 4 for what is none."""
    try:
        return period(text)
    except ValueError:
        raise invalid(f"{text!r} is not a time", value=text, hint=LIKE) from None


# -- taking back ---------------------------------------------------------------------------------------------------


def latest(connection: sqlite3.Connection) -> int:
    """The number of the last revision; exit 5 when nothing was changed yet."""
    row = connection.execute("SELECT max(id) FROM revision WHERE id > 0").fetchone()
    if row[0] is None:
        raise CustctlError(Problem("nothing", Exit.CONFLICT, "nothing was changed yet"))
    return int(row[0])


def revert(unit: Unit, wanted: int | None) -> list[Draft]:
    """Work every record of a revision back to what it was before; a revision of its own, which can be undone too.

    None is the latest. Raises exit 3 for an unknown revision, 5 when one of its records is not as the revision
    left it; a later change that was itself taken back does not count.
    """
    from custctl.store import rules

    revision = latest(unit.connection) if wanted is None else wanted
    query = """SELECT op, record, manager, before, after FROM history
        WHERE revision_id = ? ORDER BY op <> 'rename', id"""
    steps = [_step(row) for row in unit.connection.execute(query, (min(revision, 2**63 - 1),))]
    if not steps:
        raise not_found("revision", str(revision))
    found = [_as_left(unit, revision, step) for step in steps]
    renamed = _rename_back(unit, steps, found)
    drafts = [_reverse(unit, step, draft, renamed) for step, draft in zip(steps, found, strict=True)]
    rules.check(unit, drafts)
    removed = [draft for draft in drafts if draft.after is None]
    _refuse_dangling(unit, removed)
    _refuse_no_primary(unit, removed)
    _refuse_rehomed(unit, [draft for draft in drafts if draft.noun is ROLE and draft.after is not None])
    unit.stop_if_wrong()
    return drafts


def _rename_back(unit: Unit, steps: Sequence[Step], found: Sequence[Draft | None]) -> dict[tuple[str, str], str]:
    """Give records the keys back that a revision took from them, all at once; exit 5 when one is taken by now.

    What is named after a customer or a group follows it, whether the revision knew it or not.
    """
    from custctl.store.renaming import rename

    renamed: dict[tuple[str, str], str] = {}
    pairs: dict[Noun, list[tuple[Draft, str]]] = {}
    for step, draft in zip(steps, found, strict=True):
        if step.op == "rename" and draft is not None:
            earlier = renamed[(step.noun.name, step.key)] = _earlier(step)
            pairs.setdefault(step.noun, []).append((draft, earlier))
    for noun in sorted(pairs, key=lambda noun: noun not in _NAMED_AFTER):
        moving = [(draft, earlier) for draft, earlier in pairs[noun] if draft.key != earlier]
        leaving = {draft.key for draft, _ in moving}
        for draft, earlier in moving:
            if earlier not in leaving and unit.id_of(noun, earlier) is not None:
                words = f"{draft.reference} cannot be {earlier} again: that key is taken"
                unit.problem(Problem("taken", Exit.CONFLICT, words, None, None, noun.key, earlier))
        unit.stop_if_wrong()
        if moving:
            rename(unit, noun, moving)
    return renamed


_NAMED_AFTER = (*SCOPES.values(), PRICE_LIST, PRODUCT)
"""The nouns that other records are named after."""


def _refuse_dangling(unit: Unit, removed: Iterable[Draft]) -> None:
    """What a revision added can only be taken back while nothing that stays names it (exit 5)."""
    gone: dict[str, dict[int, Draft]] = {}
    for draft in removed:
        gone.setdefault(draft.noun.name, {})[draft.id] = draft
    for noun in NOUNS.values():
        for _, name, target, condition in pointers(noun):
            if target in gone:
                keys = {draft.key for draft in gone[target].values()}
                for other in unit.select(noun, condition, ids=json.dumps(list(gone[target]))):
                    value = other.image.get(name)
                    if keys.intersection(keys_in(value)):
                        _name_dangling(unit, other, name, value)
    _refuse_dangling_settings(unit, gone)


def _refuse_dangling_settings(unit: Unit, gone: Mapping[str, Mapping[int, Draft]]) -> None:
    """The same for settings: those of a group or customer, and those whose value is a key."""
    for scope, owner in SCOPES.items():
        ids = json.dumps(list(gone.get(owner.name, ())))
        for own in unit.select(SETTING, f"t.{scope}_id IN (SELECT value FROM json_each(:ids))", ids=ids):
            _name_dangling(unit, own, "key", own.key)
    for name, target in ((name, setting.to) for name, setting in SETTINGS.items() if setting.to in gone):
        keys = {draft.key for draft in gone[target].values()}
        for other in unit.select(SETTING, "t.name = :name", name=name):
            if keys.intersection(keys_in(other.image["value"])):
                _name_dangling(unit, other, "value", other.image["value"])


def _refuse_no_primary(unit: Unit, removed: Iterable[Draft]) -> None:
    """The primary address that a revision added stays while there are others, for one must be that (exit 5)."""
    for draft in removed:
        if draft.noun.name in ADDRESSES:
            noun, _ = ADDRESSES[draft.noun.name]
            owner = unit.find(noun, draft.key.rpartition("/")[0])
            rest = [] if owner is None else unit.addresses(draft.noun, [owner])[owner.key]
            if rest and not any(other.image["primary"] for other in rest):
                words = f"{draft.reference} is the primary address"
                unit.problem(Problem("protected", Exit.CONFLICT, words, "make another one that first"))


def _refuse_rehomed(unit: Unit, roles: Iterable[Draft]) -> None:
    """A role goes back to a customer only while nobody else has it, neither users nor the website (exit 5)."""
    for role in roles:
        customer = role.image["customer"]
        if customer is None or not role.changed("customer"):
            continue
        holders = "t.id IN (SELECT l.user_id FROM user_role l WHERE l.role_id = :role)"
        others = [user for user in unit.select(USER, holders, role=role.id) if user.image["customer"] != customer]
        names = [name for name, setting in SETTINGS.items() if setting.to == ROLE.name]
        others += [setting for name in names for setting in unit.select(SETTING, "t.key = :key", key=name)]
        for other in others:
            if role.key in (other.image.get("value"), *other.image.get("roles", ())):
                words = f"{role.reference} cannot go back to customer {customer}: {other.reference} has it"
                hint = "undo that first, or give it another role"
                unit.problem(Problem("has-dependents", Exit.CONFLICT, words, hint))


def _name_dangling(unit: Unit, other: Draft, name: str, value: Any) -> None:
    shown = ", ".join(keys_in(value))
    words = f"{other.reference} was made later and names it: {name} = {shown}"
    hint = "undo that first, or change it"
    unit.problem(Problem("has-dependents", Exit.CONFLICT, words, hint, None, name, shown))


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a revision: what happened to it, and what it was on both sides."""

    op: str
    record: str
    noun: Noun
    key: str
    manager: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def _step(row: Any) -> Step:
    op, record, manager, *sides = row
    before, after = (None if side is None else _as_today(json.loads(side)) for side in sides)
    return Step(op, record, *_address_of(record), manager, before, after)


def _as_today(image: dict[str, Any]) -> dict[str, Any]:
    """An image of any age: price lists were names, which are the keys of lists now."""
    if "price_lists" in image:
        image["price_lists"] = list(dict.fromkeys(slug(name, PRICE_LIST.name) for name in image["price_lists"]))
    return image


def _as_left(unit: Unit, revision: int, step: Step) -> Draft | None:
    """The record as it stands, None where the revision removed it; exit 5 when it is not as the revision left it."""
    draft = unit.find(step.noun, step.key)
    now = None if draft is None or draft.after is None else told(draft.after)
    if _said(now) == _said(step.after):
        return draft
    query = "SELECT max(revision_id) FROM history WHERE record = ? AND revision_id > ?"
    later = unit.connection.execute(query, (step.record, revision)).fetchone()[0]
    words = f"{step.record} has changed since" + ("" if later is None else f", in revision {later}")
    hint = None if later is None else f"take that back first: {shell.command('undo', str(later))}"
    raise CustctlError(Problem("changed-since", Exit.CONFLICT, words, hint))


def _said(image: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """An image without the fields that hold nothing: history of an older schema lacks those that came later."""
    return image and {name: value for name, value in image.items() if value not in (None, [], {})}


def _earlier(step: Step) -> str:
    """The key that a renamed record had before."""
    assert step.before is not None, "what is renamed was there"
    return _address_of(_named(step.record.partition(":")[0], step.before))[1]


def _reverse(unit: Unit, step: Step, draft: Draft | None, renamed: Mapping[tuple[str, str], str]) -> Draft:
    if draft is None or step.after is None:
        assert step.before is not None, "what is removed was there"
        image = _whole(step.noun, step.before, renamed)
        draft = unit.create(step.noun, _named_after(step.noun, step.key, renamed), image)
        draft.manager, draft.given = step.manager, frozenset(image)
        return draft
    if step.before is None:
        unit.remove(draft)
        return draft
    draft.after = _whole(step.noun, step.before, renamed)
    return draft


def _named_after(noun: Noun, key: str, renamed: Mapping[tuple[str, str], str]) -> str:
    """The key of a record that is named after another one, once that has its key back."""
    if noun is PRICE:
        price_list, _, rest = key.partition("/")
        product, slash, quantity = rest.partition("/")
        price_list = renamed.get((PRICE_LIST.name, price_list), price_list)
        return f"{price_list}/{renamed.get((PRODUCT.name, product), product)}{slash}{quantity}"
    head, slash, own = key.rpartition("/")
    scope, _, owner = head.rpartition("/")
    kind = ADDRESSES[noun.name][0] if noun.name in ADDRESSES else CUSTOMER if noun is ROLE else SCOPES.get(scope)
    if kind is None or not slash:
        return key
    earlier = renamed.get((kind.name, owner), owner)
    return f"{scope}/{earlier}/{own}" if noun is SETTING else f"{earlier}/{own}"


def _address_of(record: str) -> tuple[Noun, str]:
    """The noun and the folded key of a reference."""
    kind, _, key = record.partition(":")
    noun = noun_of(kind)
    if noun is None:
        return RECORD, f"{kind}:{fold(key)}"
    return noun, fold(key) if noun.table == "sales_document" or noun is USER else key


def _whole(noun: Noun, image: dict[str, Any], renamed: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """An image with the fields that history leaves out because they were empty.

    History names records as they were called at the end of the revision; those it renamed get their names back.
    """
    from custctl.store.shapes import shape

    empty = {field.name: type(field.default)() for field in noun.fields if isinstance(field.default, list | dict)}
    whole = {**dict.fromkeys(shape(noun).stored), **empty, **image}
    for field in noun.fields:
        if field.to and not field.computed:
            new = {key: earlier for (noun_name, key), earlier in renamed.items() if noun_name == field.to}
            whole[field.name] = with_keys(field, whole.get(field.name), new)
    if noun.name in ADDRESSES:
        whole["owner"] = renamed.get((ADDRESSES[noun.name][0].name, whole["owner"]), whole["owner"])
    elif noun in (ROLE, SETTING, PRICE):
        whole["key"] = _named_after(noun, whole["key"], renamed)
    return whole
