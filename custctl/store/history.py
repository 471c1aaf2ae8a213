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
    slug,
)
from custctl.store import identity
from custctl.store.periods import LIKE, Period, period
from custctl.store.pointers import pointers
from custctl.store.revisions import Revisions
from custctl.store.select import differences, keys_in, told, with_keys
from custctl.store.settings import SCOPES, SETTINGS

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

Row = dict[str, Any]

_CHANGES = """SELECT h.id, h.revision_id, r.at, r.actor, r.command, h.op, h.record, h.record_id, r.undoes, h.before,
    h.after FROM history h JOIN revision r ON r.id = h.revision_id"""


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
    """At most so many revisions, each with all of its changes that are asked for."""


def changes(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    """The changes asked for, the latest first, streamed; each with its version of the record and what differs.

    Where fields are asked for, only what differs in them is told.

    A record is followed by its id, whatever it was called, and changes of its addresses and settings stand under it
    too; a type alone means all records of that type (features H-01, H-03), a number one revision. What a new database
    held before anybody changed it is no change.
    Raises exit 3 for a record or revision that history does not know, 4 for a type, a field or a time that is none.
    """
    _refuse_unknown(wanted.fields)
    conditions, parameters = ["+h.revision_id > 0"], dict[str, Any]()
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
    if wanted.record is not None:
        condition, values = _about(connection, wanted.record)
        conditions.append(condition)
        parameters |= values
    query = f"{_CHANGES} WHERE {' AND '.join(conditions)} ORDER BY h.id DESC"
    rows = _rows(connection, connection.execute(query, parameters), wanted)
    if "revision" in parameters:
        rows = _with_effects(connection, rows, parameters["revision"])
    return _of_revisions(rows, wanted.limit)


def remarks(connection: sqlite3.Connection, text: str | None) -> list[str]:
    """What to say beside the history of a record: that it is gone, has another name, or that others had its name."""
    if text is None or ":" not in text:
        return []
    found = identity.known(connection, text)
    said = []
    if not found.is_there:
        last = connection.execute(
            f"SELECT h.record, h.op, h.revision_id FROM history h WHERE h.record_id = :id AND {identity.of_kind()}"
            " ORDER BY h.id DESC LIMIT 1",
            {"id": found.id, "kind": found.kind},
        ).fetchone()
        what = f"was removed in revision {last[2]}" if last[1] == "remove" else f"is called {last[0]} now"
        said.append(f"{text} {what}")
    for other in identity.others(connection, text, found):
        shown = shell.command("history", f"{found.kind}:id:{other}")
        said.append(f"another record was called {text} before: {shown}")
    return said


def _about(connection: sqlite3.Connection, text: str) -> tuple[str, dict[str, Any]]:
    """The condition that a change is about what was asked for, and its parameters."""
    if text.isascii() and text.isdigit():
        revision = min(int(text), 2**63 - 1)
        if not connection.execute("SELECT 1 FROM revision WHERE id = ? AND id > 0", (revision,)).fetchone():
            raise not_found("revision", text)
        return "h.revision_id = :revision", {"revision": revision}
    kind = _type(connection, text)
    if kind is not None:
        return identity.of_kind(), {"kind": kind}
    found = identity.known(connection, text)
    parameters: dict[str, Any] = {"record_id": found.id, "kind": found.kind}
    own = f"h.record_id = :record_id AND {identity.of_kind()}"
    noun = noun_of(found.kind)
    parts = [] if noun is None else list(identity.parts_of(noun))
    for place, (first, last) in enumerate(parts):
        own += f" OR h.owner_id = :record_id AND h.record >= :first{place} AND h.record < :last{place}"
        parameters |= {f"first{place}": first, f"last{place}": last}
    return f"({own})", parameters


def _of_revisions(rows: Iterable[Row], limit: int | None) -> Iterator[Row]:
    """The changes of so many revisions: none is cut."""
    seen: set[int] = set()
    for row in rows:
        seen.add(row["revision"])
        if limit is not None and len(seen) > limit:
            return
        yield row


def _refuse_unknown(fields: Iterable[str]) -> None:
    """A field that no noun has is a slip of the pen; that it never changed would be the wrong answer (exit 4)."""
    known = changing_fields()
    for name in fields:
        if name not in known:
            hint = did_you_mean(near(name, known))
            raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)


def _rows(connection: sqlite3.Connection, found: Iterable[Any], wanted: Wanted) -> Iterator[Row]:
    revisions = Revisions(connection)
    for row_id, revision, at, actor, command, op, record, record_id, undoes, before, after in found:
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
                "id": record_id,
                "version": _version(connection, record, record_id, row_id),
                "fields": fields,
                "undoes": undoes,
                "undone_by": revisions.undone_by(revision),
                **_levels(connection, record, *images),
            }


def _levels(connection: sqlite3.Connection, record: str, before: Row, after: Row) -> dict[str, Any]:
    """What a change of a role did to the levels that count."""
    if not (record.startswith("role:") and before and after):
        return {}
    from custctl.store.effects import levels_changed

    told = levels_changed(connection, before, after)
    return {"access": {"wider": told.wider, "narrower": told.narrower}}


def _with_effects(connection: sqlite3.Connection, rows: Iterable[Row], revision: int) -> Iterator[Row]:
    """The changes of one revision, each with what it did to access; the first also with what is of no record of it."""
    from custctl.store.past_effects import by_record, effects_of

    found = effects_of(connection, revision)
    if found is None:
        yield from rows
        return
    query = "SELECT record FROM history WHERE revision_id = ?"
    own, rest = by_record(found, [record for (record,) in connection.execute(query, (revision,))])
    for row in rows:
        told = own[row["record"]].with_also(rest)
        rest = type(rest)()
        yield {**row, "access": told.as_json()}


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


def _version(connection: sqlite3.Connection, record: str, record_id: int, row_id: int) -> int:
    """How many changes a record has had up to this one, whatever it was called."""
    query = f"""SELECT count(*) FROM history h WHERE h.record_id = :record AND {identity.of_kind()}
        AND h.id <= :row AND +h.revision_id > 0"""
    values = {"record": record_id, "kind": record.partition(":")[0], "row": row_id}
    return int(connection.execute(query, values).fetchone()[0])


def _named(kind: str, image: Mapping[str, Any]) -> str:
    """The reference of an image of this type."""
    key = image.get("number") or image.get("key") or image.get("name")
    return f"{kind}:{image['owner']}/{key}" if "owner" in image and kind.endswith("-address") else f"{kind}:{key}"


def _period(text: str) -> Period:
    """A time as the database has it; raises exit 4 for what is none."""
    try:
        return period(text)
    except ValueError:
        raise invalid(f"{text!r} is not a time", value=text, hint=LIKE) from None


# -- taking back ---------------------------------------------------------------------------------------------------


def revert(unit: Unit, wanted: int | None) -> list[Draft]:
    """Work every record of a revision back to what it was before; a revision of its own, which can be redone.

    None is the latest one that is in effect and no undo. Raises exit 3 for an unknown revision, 5 when it is taken
    back already, or when one of its records is not as the revision left it; a later change that was itself taken back
    does not count.
    """
    revisions = Revisions(unit.connection)
    return _take_back(unit, revisions, revisions.to_undo() if wanted is None else revisions.undoable(wanted))


def redo(unit: Unit, wanted: int | None) -> list[Draft]:
    """Take an undo back: the revision is in effect again. Named is that revision, or its undo; None is the latest undo.

    Raises exit 3 for an unknown revision, 5 when it is in effect, or like `revert`.
    """
    revisions = Revisions(unit.connection)
    return _take_back(unit, revisions, revisions.to_redo() if wanted is None else revisions.redoable(wanted))


def _take_back(unit: Unit, revisions: Revisions, revision: int) -> list[Draft]:
    from custctl.store import rules

    unit.undoes = revision
    query = """SELECT op, record, record_id, manager, created_at, before, after FROM history
        WHERE revision_id = ? ORDER BY op <> 'rename', id"""
    then = _Then(unit, revision)
    steps = [_step(row, then) for row in unit.connection.execute(query, (revision,)).fetchall()]
    later = _Later(unit.connection, revisions, revision)
    found = [_as_left(unit, later, step) for step in steps]
    _refuse_gone(later, then, steps)
    renamed = _rename_back(unit, later, steps, found)
    drafts = [_reverse(unit, later, step, draft, renamed) for step, draft in zip(steps, found, strict=True)]
    rules.check(unit, drafts)
    removed = [draft for draft in drafts if draft.after is None]
    _refuse_dangling(unit, later, removed)
    _refuse_no_primary(unit, removed)
    _refuse_rehomed(unit, later, [draft for draft in drafts if draft.noun is ROLE and draft.after is not None])
    unit.stop_if_wrong()
    return drafts


def _rename_back(
    unit: Unit, later: _Later, steps: Sequence[Step], found: Sequence[Draft | None]
) -> dict[tuple[str, str], str]:
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
                other = unit.get(noun, earlier)
                hint = later.hint_about(other)
                unit.problem(Problem("taken", Exit.CONFLICT, words, hint, None, noun.key, earlier))
        unit.stop_if_wrong()
        if moving:
            rename(unit, noun, moving)
    return renamed


_NAMED_AFTER = (*SCOPES.values(), PRICE_LIST, PRODUCT)
"""The nouns that other records are named after."""


def _refuse_dangling(unit: Unit, later: _Later, removed: Iterable[Draft]) -> None:
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
                        _name_dangling(unit, later, other, name, value)
    _refuse_dangling_settings(unit, later, gone)


def _refuse_dangling_settings(unit: Unit, later: _Later, gone: Mapping[str, Mapping[int, Draft]]) -> None:
    """The same for settings: those of a group or customer, and those whose value is a key."""
    for scope, owner in SCOPES.items():
        ids = json.dumps(list(gone.get(owner.name, ())))
        for own in unit.select(SETTING, f"t.{scope}_id IN (SELECT value FROM json_each(:ids))", ids=ids):
            _name_dangling(unit, later, own, "key", own.key)
    for name, target in ((name, setting.to) for name, setting in SETTINGS.items() if setting.to in gone):
        keys = {draft.key for draft in gone[target].values()}
        for other in unit.select(SETTING, "t.name = :name", name=name):
            if keys.intersection(keys_in(other.image["value"])):
                _name_dangling(unit, later, other, "value", other.image["value"])


def _refuse_no_primary(unit: Unit, removed: Iterable[Draft]) -> None:
    """The primary address that a revision added stays while there are others, for one must be that (exit 5)."""
    for draft in removed:
        if draft.noun.name in ADDRESSES:
            noun, _ = ADDRESSES[draft.noun.name]
            owner = unit.find(noun, draft.key.rpartition("/")[0])
            rest = [] if owner is None else unit.addresses(draft.noun, [owner])[owner.key]
            if rest and not any(other.image["primary"] for other in rest):
                words = f"{draft.reference} is the primary address"
                again = shell.command(f"{noun.group} address edit", rest[0].key, primary=True)
                unit.problem(Problem("protected", Exit.CONFLICT, words, f"make another one that first: {again}"))


def _refuse_rehomed(unit: Unit, later: _Later, roles: Iterable[Draft]) -> None:
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
                hint = later.hint_about(other) or "give it another role first"
                unit.problem(Problem("has-dependents", Exit.CONFLICT, words, hint))


def _name_dangling(unit: Unit, later: _Later, other: Draft, name: str, value: Any) -> None:
    shown = ", ".join(keys_in(value))
    words = f"{other.reference} was made later and names it: {name} = {shown}"
    hint = later.hint_about(other) or "change it first"
    unit.problem(Problem("has-dependents", Exit.CONFLICT, words, hint, None, name, shown))


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a revision: what happened to it, and what it was on both sides, in the names of today."""

    op: str
    record: str
    noun: Noun
    key: str
    row_id: int
    manager: str | None
    created: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    adopted: tuple[str | None, str | None] | None = None
    """Whose the record was before and after, where the revision changed that."""


def _step(row: Any, then: _Then) -> Step:
    op, record, row_id, manager, created, *sides = row
    noun, key = _address_of(record)
    before, after = (
        None if side is None else then.image(noun, _as_today(json.loads(side)), is_back=sides[1] is None)
        for side in sides
    )
    adopted = None
    if before is not None and after is not None and "manager" in {*before, *after}:
        adopted = (before.pop("manager", None), after.pop("manager", None))
    return Step(op, record, noun, then.own_key(noun, key), row_id, manager, created, before, after, adopted)


def _as_today(image: dict[str, Any]) -> dict[str, Any]:
    """An image of any age: price lists were names, which are the keys of lists now."""
    if "price_lists" in image:
        image["price_lists"] = list(dict.fromkeys(slug(name, PRICE_LIST.name) for name in image["price_lists"]))
    return image


class _Then:
    """What records are called now that had a name when a revision was done: images name records by keys.

    One that is gone is called by its id behind a NUL, which no key holds.
    """

    def __init__(self, unit: Unit, revision: int) -> None:
        self.connection = unit.connection
        self.revision = revision
        query = "SELECT former FROM history WHERE former IS NOT NULL AND revision_id >= ?"
        self._given_up = {name for (name,) in self.connection.execute(query, (revision,))}
        """The names that any record has given up since: the others mean what they meant."""
        query = "SELECT record, record_id FROM history WHERE revision_id = ? AND op = 'remove'"
        self._back = {
            (_address_of(record)[0], row_id) for record, row_id in self.connection.execute(query, (revision,))
        }
        self._known: dict[tuple[Noun, str], str] = {}
        self.gone: dict[str, tuple[Noun, str, int]] = {}

    def key(self, noun: Noun, key: str) -> str:
        """The key that a record has now."""
        kind, _, rest = key.partition(":") if noun is RECORD else (noun.reference, "", key)
        if identity.named(noun, kind, rest) not in self._given_up:
            return key
        if (noun, key) not in self._known:
            self._known[noun, key] = self._found(noun, key)
        return self._known[noun, key]

    def _found(self, noun: Noun, key: str) -> str:
        row_id = identity.had(self.connection, noun, key, self.revision)
        if row_id is None:
            return key
        now = identity.key_of(self.connection, noun, row_id)
        if now is not None:
            return now
        if (noun, row_id) in self._back:
            return self.own_key(noun, key)
        self.gone[f"\0{row_id}"] = (noun, key, row_id)
        return f"\0{row_id}"

    def own_key(self, noun: Noun, key: str) -> str:
        """The key of a record that comes back: one that is named after others is named after what they are called."""
        if noun is PRICE:
            price_list, _, rest = key.partition("/")
            product, slash, quantity = rest.partition("/")
            return f"{self.key(PRICE_LIST, price_list)}/{self.key(PRODUCT, product)}{slash}{quantity}"
        owner, place, own = _owner_in(noun, key)
        return key if owner is None else f"{place}{self.key(owner, own[0])}/{own[1]}"

    def image(self, noun: Noun, image: dict[str, Any], *, is_back: bool) -> dict[str, Any]:
        """An image with the names of today; the key of one `is_back`, which was removed, is made anew too."""
        for field in noun.fields:
            value = image.get(field.name)
            if field.to and not field.computed and value:
                target = NOUNS[field.to]
                new = {key: self.key(target, key) for key in keys_in(value)}
                if any(key != now for key, now in new.items()):
                    image[field.name] = with_keys(field, value, new)
        if noun is SETTING:
            setting = SETTINGS.get(image["key"].rpartition("/")[2])
            if setting is not None and setting.to:
                keys = [self.key(NOUNS[setting.to], key) for key in keys_in(image["value"])]
                image["value"] = keys if isinstance(image["value"], list) else keys[0]
        if noun.name in ADDRESSES:
            image["owner"] = self.key(ADDRESSES[noun.name][0], image["owner"])
        if noun is RECORD and image.get("parent"):
            parent, key = _address_of(image["parent"])
            now = self.key(parent, key)
            image["parent"] = now if now in self.gone else image["parent"]
        if is_back and noun in (ROLE, SETTING, PRICE):
            image["key"] = self.own_key(noun, image["key"])
        return image


class _Later:
    """What has happened to records since a revision, and which command takes that back."""

    def __init__(self, connection: sqlite3.Connection, revisions: Revisions, revision: int) -> None:
        self.connection = connection
        self.revisions = revisions
        self.revision = revision

    def last(self, kind: str, row_id: int) -> int | None:
        """The latest revision that changed a record since and still counts."""
        query = f"""SELECT h.revision_id FROM history h WHERE h.record_id = :id AND {identity.of_kind()}
            AND h.revision_id > :revision ORDER BY h.id DESC"""
        values = {"id": row_id, "kind": kind, "revision": self.revision}
        return next((number for (number,) in self.connection.execute(query, values) if self._counts(number)), None)

    def _counts(self, number: int) -> bool:
        """Whether a change made since is still there. An undo and what it took back are both no change together."""
        first = self.revisions.first(number)
        if self.revisions.is_undo(number):
            return first < self.revision and self.revisions.undone_by(number) is None
        return first > self.revision and self.revisions.undone_by(first) is None

    def hint_about(self, other: Draft) -> str | None:
        """The command that takes the latest change of another record back."""
        return self.hint(self.last(other.reference.partition(":")[0], other.id))

    def hint(self, number: int | None) -> str | None:
        """The command that goes first."""
        if number is None:
            return None
        verb = "redo" if self.revisions.is_undo(number) else "undo"
        return f"take that back first: {shell.command(verb, str(self.revisions.first(number)))}"


def _as_left(unit: Unit, later: _Later, step: Step) -> Draft | None:
    """The record as it stands, None where the revision removed it; exit 5 when it is not as the revision left it."""
    drafts = unit.select(step.noun, "t.id = :id", id=step.row_id)
    now = None if not drafts else told(drafts[0].image)
    draft = drafts[0] if drafts else None
    if _said(now) == _said(step.after) and _is_whose_it_was_left(unit, step, draft):
        return draft
    last = later.last(step.record.partition(":")[0], step.row_id)
    done = "was removed" if now is None else "has changed"
    words = f"{step.record} {done} since" + ("" if last is None else f", in revision {last}")
    raise CustctlError(Problem("changed-since", Exit.CONFLICT, words, later.hint(last)))


def _refuse_gone(later: _Later, then: _Then, steps: Iterable[Step]) -> None:
    """A record cannot name again what is gone by now (exit 3)."""
    for step in steps:
        named = [key for value in (step.before or {}).values() for key in _texts_in(value) if key in then.gone]
        if named:
            noun, key, row_id = then.gone[named[0]]
            last = later.last(key.partition(":")[0] if noun is RECORD else noun.reference, row_id)
            words = f"{noun.title} {key!r} not found" + ("" if last is None else f": it was removed in revision {last}")
            raise CustctlError(Problem("not-found", Exit.NOT_FOUND, words, later.hint(last), value=key))


def _texts_in(value: Any) -> list[str]:
    return [text for text in keys_in(value) if isinstance(text, str)] if isinstance(value, str | list | dict) else []


def _is_whose_it_was_left(unit: Unit, step: Step, draft: Draft | None) -> bool:
    """Whether a record is still of the manager that the revision gave it."""
    if step.adopted is None or draft is None:
        return True
    [(_, manager)] = unit.managers(draft.noun.table, [draft.id])
    return manager == step.adopted[1]


def _said(image: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """An image without the fields that hold nothing: history of an older schema lacks those that came later."""
    return image and {name: value for name, value in image.items() if value not in (None, [], {})}


def _earlier(step: Step) -> str:
    """The key that a renamed record had before."""
    assert step.before is not None, "what is renamed was there"
    return _address_of(_named(step.record.partition(":")[0], step.before))[1]


def _reverse(
    unit: Unit, later: _Later, step: Step, draft: Draft | None, renamed: Mapping[tuple[str, str], str]
) -> Draft:
    if draft is None or step.after is None:
        assert step.before is not None, "what is removed was there"
        image, key = _whole(step.noun, step.before, renamed), _named_after(step.noun, step.key, renamed)
        _refuse_taken(unit, later, step.noun, key)
        draft = unit.create(step.noun, key, image, step.row_id)
        draft.manager, draft.created, draft.given = step.manager, step.created, frozenset(image)
        return draft
    if step.before is None:
        unit.remove(draft)
        return draft
    draft.after = _whole(step.noun, step.before, renamed)
    if step.op == "rename" and "key" in step.before:
        draft.after["key"] = step.before["key"]  # the earlier key already, which may be another owner's by now
    if step.adopted is not None:
        unit.adopt(draft, step.adopted[0])
    return draft


def _refuse_taken(unit: Unit, later: _Later, noun: Noun, key: str) -> None:
    """A record does not come back while another one has its key (exit 5)."""
    other = unit.find(noun, key)
    if other is not None and other.after is not None:
        kind, _, _ = other.reference.partition(":")
        last = later.last(kind, other.id)
        words = f"{other.reference} is another record since" + ("" if last is None else f" revision {last}")
        raise CustctlError(Problem("changed-since", Exit.CONFLICT, words, later.hint(last)))


def _owner_in(noun: Noun, key: str) -> tuple[Noun | None, str, tuple[str, str]]:
    """Whom a record is named after, what stands before that in its key, and the key of the owner and its own."""
    head, slash, own = key.rpartition("/")
    scope, _, owner = head.rpartition("/")
    kind = ADDRESSES[noun.name][0] if noun.name in ADDRESSES else CUSTOMER if noun is ROLE else SCOPES.get(scope)
    if kind is None or not slash:
        return None, "", ("", key)
    return kind, f"{scope}/" if noun is SETTING else "", (owner, own)


def _named_after(noun: Noun, key: str, renamed: Mapping[tuple[str, str], str]) -> str:
    """The key of a record that is named after another one, once that has its key back."""
    if noun is PRICE:
        price_list, _, rest = key.partition("/")
        product, slash, quantity = rest.partition("/")
        price_list = renamed.get((PRICE_LIST.name, price_list), price_list)
        return f"{price_list}/{renamed.get((PRODUCT.name, product), product)}{slash}{quantity}"
    kind, place, (owner, own) = _owner_in(noun, key)
    return key if kind is None else f"{place}{renamed.get((kind.name, owner), owner)}/{own}"


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
