"""The unit of work: records as images, before and after, and the rows and history that follow from them.

Every change of custctl goes through here, whatever asked for it: a command, a document, an undo. Callers work
on images in the shape of documents; ids, columns and history are this module's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.errors import CustctlError, Exit, Place, Problem, did_you_mean, near
from custctl.policy.catalogue import ENTITIES, own_entity
from custctl.policy.model import Entity
from custctl.resources import ADDRESSES, CUSTOMER, GROUP, NOUNS, PRICE_LIST, Link, Noun, fold, numbered, reference
from custctl.store.codec import dump
from custctl.store.database import now
from custctl.store.lookup import near_keys
from custctl.store.rows import Transaction
from custctl.store.select import Image, differences, keys_in, role_entries, selection, told, with_keys
from custctl.store.settings import SETTINGS, owner_of
from custctl.store.shapes import Column, shape

if TYPE_CHECKING:
    from custctl.store.acting import Actor

Key = tuple[str, str]
"""A noun and the key of one of its records, folded; the identity of a draft."""

_UNIQUE = {
    "customer": ("external_id", "external_id"),
    "customer-user": ("external_id", "external_id"),
    "customer-user-role": ("label", "label_folded"),
    "taxonomy": ("name", "name_folded"),
    "tag": ("name", "name_folded"),
    "contact-group": ("label", "label_folded"),
    "contact": ("external_id", "external_id"),
    "account": ("external_id", "external_id"),
    "business-customer": ("external_id", "external_id"),
    "lead": ("external_id", "external_id"),
    "opportunity": ("external_id", "external_id"),
}
"""The fields besides keys that must be unique, and their columns."""

MOST_GUESSES = 20
"""For so many references that lead nowhere near keys are looked for; more problems are not shown anyway."""


@dataclass(slots=True)
class Draft:
    """One record while it is worked on; `before` is None for a new one, `after` for a removed one."""

    noun: Noun
    key: str
    id: int
    before: Image | None
    after: Image | None
    locate: Callable[..., Place | None] = lambda *_: None
    given: frozenset[str] = frozenset()
    manager: str | None = None
    """Whose document asks for the record; of a new one, whose it is."""
    created: str | None = None
    """When a record was made that comes back; None for any other."""
    adopted: tuple[str | None, str | None] | None = None
    """Whose a stored record was and whose it becomes; None where that stays as it is."""

    @property
    def image(self) -> Image:
        """What the record is to become; only asked of one that stays."""
        assert self.after is not None
        return self.after

    @property
    def reference(self) -> str:
        return record_reference(self.noun, self.after or self.before or {}, self.key)

    @property
    def differs(self) -> bool:
        """Whether anything about the record is to change."""
        return self.before != self.after or (self.adopted is not None and self.after is not None)

    def changed(self, name: str) -> bool:
        """Whether a field of a record that stays gets another value, or its first one."""
        return self.after is not None and (self.before is None or self.before.get(name) != self.after.get(name))


@dataclass(frozen=True, slots=True)
class Change:
    """One record changed: what happened, and the images of both sides."""

    op: str
    record: str
    before: Image | None
    after: Image | None
    noun: Noun

    def as_json(self) -> dict[str, Any]:
        """The change as the write contract shows it: the fields that differ, old and new."""
        shown = differences(self.before or {}, self.after or {})
        return {"op": self.op, "record": self.record, "fields": {k: v for k, v in shown.items() if any(_told(v))}}


@dataclass(slots=True)
class Effects:
    """What a write does to access, as rows of the contract (design 4.1); made by `store/effects.py`.

    `unlisted` is the number of users in reach who are not named, `new` and `gone` are users and visitors that the
    write makes or removes, `shown` are roles that storefront administrators see from now on or no longer, and
    `crowd` says whether any user or visitor was stored before.
    """

    wider: list[dict[str, Any]] = field(default_factory=list)
    narrower: list[dict[str, Any]] = field(default_factory=list)
    reach: list[dict[str, Any]] = field(default_factory=list)
    unlisted: int = 0
    sign_in: list[dict[str, Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    latent: bool = False
    """Whether a user who cannot sign in would reach more, could he."""
    crowd: bool = False

    def as_json(self) -> dict[str, Any]:
        told = {"wider": self.wider, "narrower": self.narrower, "reach": self.reach}
        more = {"more": self.unlisted} if self.unlisted else {}
        return {**told, **more, "sign_in": self.sign_in, "shown": self.shown, "new": self.new, "gone": self.gone}

    def with_also(self, other: Effects) -> Effects:
        """These effects and others."""
        return Effects(
            self.wider + other.wider,
            self.narrower + other.narrower,
            self.reach + other.reach,
            self.unlisted + other.unlisted,
            self.sign_in + other.sign_in,
            self.shown + other.shown,
            self.new + other.new,
            self.gone + other.gone,
        )

    @property
    def risen(self) -> list[dict[str, Any]]:
        """The levels that rise for somebody who was stored before, or for guests of a shop that had anybody."""
        return [
            row for row in self.wider if row["users"] or row.get("cannot_sign_in") or ("visitors" in row and self.crowd)
        ]

    @property
    def widens(self) -> bool:
        """Whether a user or visitor who was stored before gains anything."""
        return bool(
            self.risen
            or self.latent
            or self.unlisted
            or any(row["gained"] for row in self.reach)
            or any(row["after"] is None for row in self.sign_in if row["user"] != "guest" or self.crowd)
            or any(row["after"] and self.crowd for row in self.shown)
        )


@dataclass(slots=True)
class Report:
    """What a unit did: the revision it made, None when nothing changed or it was only tried.

    `base` is the latest revision before it, 0 when there was none.
    """

    revision: int | None = None
    base: int = 0
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    access: Effects = field(default_factory=Effects)


class Unit:
    """The records that one transaction touches."""

    def __init__(self, connection: sqlite3.Connection, *, bulk: bool = False) -> None:
        self.connection = connection
        self.transaction = Transaction(connection, bulk=bulk)
        self.moment = now()
        self.drafts: dict[Key, Draft | None] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.acting: Actor | None = None
        self.revision: int | None = None
        """The revision that this transaction has made so far; whatever is flushed later belongs to it too."""
        self.renamed: dict[Key, str] = {}
        """The keys that records were renamed to, by those that they had."""
        self.strays: dict[Key, str] = {}
        """The keys that records were to be renamed from, but which are not stored, by the keys that they have."""
        self.undoes: int | None = None
        """The revision that this one takes back."""
        self._ids: dict[Key, int | None] = {}
        self._rows: dict[tuple[str, int], Draft] = {}
        self._referring: dict[Key, list[tuple[Draft, str]]] = {}
        self._next: dict[str, int] = {}
        self._codes: set[str] = set()
        self._gone: dict[Key, int] = {}
        """The ids of records that this revision has taken away: they have them again if they come back."""

    # -- reading -------------------------------------------------------------------------------------------

    def load(self, noun: Noun, keys: Iterable[str]) -> None:
        """Fetch the records of these keys in one query, those already at hand apart."""
        missing = [key for key in dict.fromkeys(keys) if (noun.name, key) not in self.drafts]
        if not missing:
            return
        self.drafts.update(dict.fromkeys((noun.name, key) for key in missing))
        if noun.name in ADDRESSES:  # named within their owners, and read with them
            kind, _ = ADDRESSES[noun.name]
            owners = (self.find(kind, key) for key in dict.fromkeys(key.rpartition("/")[0] for key in missing))
            self.addresses(noun, [owner for owner in owners if owner is not None])
            return
        condition, value = _by_keys(noun, missing)
        self._take(noun, f"AND {condition}", {"keys": json.dumps(value)})

    def find(self, noun: Noun, key: str) -> Draft | None:
        """The record of this key, removed ones included, or None."""
        if (noun.name, key) not in self.drafts:
            self.load(noun, [key])
        return self.drafts[(noun.name, key)]

    def get(self, noun: Noun, key: str) -> Draft:
        """The record of this key, which the caller knows to be there."""
        draft = self.find(noun, key)
        assert draft is not None, f"{noun.name}:{key} is not stored"
        return draft

    def select(self, noun: Noun, condition: str, **parameters: Any) -> list[Draft]:
        """The records that meet an SQL condition on the stored rows, as drafts, in order of id."""
        return self._take(noun, f"AND {condition} ORDER BY t.id", parameters)

    def addresses(self, noun: Noun, owners: Iterable[Draft]) -> dict[str, list[Draft]]:
        """The stored and new addresses of these owners, by the owner's key."""
        _, column = ADDRESSES[noun.name]
        found: dict[str, list[Draft]] = {owner.key: [] for owner in owners}
        tail = f"AND t.{column} IN (SELECT value FROM json_each(:ids)) ORDER BY t.id"
        self._take(noun, tail, {"ids": ids_of(owners)})
        for draft in self.of(noun):
            if draft.image["owner"] in found:
                found[draft.image["owner"]].append(draft)
        return found

    def of_row(self, table: str, row_id: int) -> Draft | None:
        """The draft of a stored row, None where it is not at hand: then the row stays as it is stored."""
        return self._rows.get((table, row_id))

    def latest(self) -> int:
        """The number of the last revision, 0 when nothing was changed yet."""
        return int(self.connection.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()[0])

    def managers(self, table: str, ids: Iterable[int]) -> Iterator[tuple[int, str | None]]:
        """Whose documents created these stored records, by id."""
        query = f"SELECT id, manager FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
        return self.connection.execute(query, (json.dumps(list(ids)),))

    def of(self, noun: Noun) -> list[Draft]:
        """The drafts of a noun that stay."""
        return [
            draft for (name, _), draft in self.drafts.items() if name == noun.name and draft and draft.after is not None
        ]

    def id_of(self, noun: Noun, key: str) -> int | None:
        """The id a reference leads to; None when there is no such record, or it is removed."""
        which = (noun.name, key)
        draft = self.drafts.get(which)
        if draft is not None:
            return draft.id if draft.after is not None else None
        found = self._ids.get(which, -1)
        if found == -1:
            condition, value = _by_keys(noun, [key])
            row = self.connection.execute(
                f"SELECT t.id FROM {noun.table} t WHERE {condition}", {"keys": json.dumps(value)}
            ).fetchone()
            found = self._ids[which] = row[0] if row else None
        return found

    def free_key(self, noun: Noun, first: str, prefix: str = "", least: int = 1) -> str:
        """The first of key, key-2, key-3 that nothing has; with `least` the counting begins there."""
        keys = (f"{prefix}{numbered(first, number)}" for number in count(least))
        return next(key for key in keys if self.id_of(noun, key) is None)

    def entity(self, name: str) -> Entity | None:
        """An entity of the shop or of one's own, as the policy knows it."""
        own = None if name in ENTITIES else self.find(NOUNS["entity"], name)
        if own is None or own.after is None:
            return ENTITIES.get(name)
        return own_entity(own.after["name"], own.after["ownership"], own.after["permissions"])

    def setting(self, name: str) -> Any:
        """What a setting is for the whole shop when the unit is done."""
        draft = self.find(NOUNS["setting"], name)
        return SETTINGS[name].default if draft is None or draft.after is None else draft.after["value"]

    # -- changing ------------------------------------------------------------------------------------------

    def create(self, noun: Noun, key: str, given: Mapping[str, Any], row_id: int | None = None) -> Draft:
        """A new record: the noun's defaults, and what was given. One that comes back has the id that it had."""
        image = shape(noun).fresh()
        image.update(given)
        if row_id is None:
            row_id = self._gone.pop((noun.name, key), None) or self._new_id(noun)
        draft = Draft(noun, key, row_id, None, image)
        self.drafts[(noun.name, key)] = draft
        return draft

    def rename(self, renames: Sequence[tuple[Draft, str]]) -> None:
        """Give records of one noun other keys at once, so that everything read after this sees the new ones.

        A key that one of them has until now is free for another: rows give their keys up before they take new ones.
        """
        renames = [(draft, key) for draft, key in renames if draft.key != key]
        if not renames:
            return
        noun = renames[0][0].noun
        new = {draft.key: key for draft, key in renames}
        field_name = noun.key if noun.name != "customer-user" else "key"
        for old in new:
            self.drafts.pop((noun.name, old), None)
        taken = set(new.values())
        for draft, _ in renames:
            if draft.key in taken:
                self.transaction.update(noun.table, draft.id, dict.fromkeys(_key_columns(draft), f"\0{draft.id}"))
        for draft, key in renames:
            draft.key, draft.after = key, {**draft.image, field_name: key}
            self.drafts[(noun.name, key)] = draft
            self.transaction.update(noun.table, draft.id, _key_columns(draft))
        self.renamed |= {(noun.name, old): key for old, key in new.items()}
        self._ids.clear()
        self._follow(noun, new)

    def _follow(self, noun: Noun, new: Mapping[str, str]) -> None:
        """Let the drafts at hand name renamed records by their new keys; their rows hold the ids, which stay."""
        holding = {key: self._referring.pop((noun.name, old), []) for old, key in new.items()}
        fields = {(id(draft), name): (draft, name) for found in holding.values() for draft, name in found}.values()
        for draft, name in fields:
            for image in (draft.before, draft.after):
                if image is not None:
                    image[name] = with_keys(draft.noun.field(name), image.get(name), new)
        for key, found in holding.items():
            self._referring.setdefault((noun.name, key), []).extend(found)
        self._move_addresses([draft for draft, _ in fields if draft.noun.name in ADDRESSES], new)

    def _move_addresses(self, addresses: Sequence[Draft], new: Mapping[str, str]) -> None:
        """Know addresses, which are named within their owners, by their owners' new keys."""
        for draft in addresses:
            self.drafts.pop((draft.noun.name, draft.key), None)
        for draft in addresses:
            owner, _, own = draft.key.rpartition("/")
            draft.key = f"{new[owner]}/{own}"
            self.drafts[(draft.noun.name, draft.key)] = draft

    def adopt(self, draft: Draft, manager: str | None) -> bool:
        """Let a stored record be of another manager, None for nobody's; whether that changes anything."""
        [(_, held)] = self.managers(draft.noun.table, [draft.id])
        draft.adopted = None if held == manager else (held, manager)
        return draft.adopted is not None

    def remove(self, draft: Draft) -> None:
        draft.after = None

    def problem(self, problem: Problem) -> None:
        """Note something wrong; `stop_if_wrong` ends the unit with everything that was."""
        self.problems.append(problem)

    def missing(self, noun: Noun, key: str, place: Place | None, field_name: str, what: str = "") -> None:
        """Note a reference that leads nowhere: exit 3 when it was typed, 4 when it stands in a file."""
        exit_code = Exit.NOT_FOUND if place is None else Exit.INVALID
        close: list[str] = []
        if (noun.name, key) in self.renamed:
            close = [self.renamed[(noun.name, key)]]
        elif len(self.problems) < MOST_GUESSES and noun.key == "key" and noun.table != "record":
            stored = near_keys(self.connection, noun.table, "key", fold(key))
            close = stored or near(fold(key), [draft.key for draft in self.of(noun)])
        words = f"{what or noun.title} {key!r} not found"
        hint = did_you_mean(close)
        if hint is None and noun is PRICE_LIST:  # which was made by naming it once
            hint = f"to make it first: {shell.command('price-list add', key)}"
        self.problem(Problem("not-found", exit_code, words, hint, place, field_name, key, tuple(close)))

    def tells(self, noun: Noun, key: str) -> bool:
        """Whether a message may name a record: under --as only one that the user may see."""
        return self.acting is None or self.acting.sees(noun, key)

    def stop_if_wrong(self) -> None:
        if self.problems:
            raise CustctlError(*self.problems)

    # -- writing -------------------------------------------------------------------------------------------

    def flush(self, command: str, actor: str) -> Report:
        """Write what changed, with its history, as one revision; commits nothing.

        A unit that was flushed before and has forgotten its records goes on in the same revision.
        """
        self.stop_if_wrong()
        changed = [draft for draft in self.drafts.values() if draft is not None and draft.differs]
        changes = [_change(draft) for draft in changed]
        earlier = self.revision
        report = Report(earlier, self.latest() if earlier is None else earlier - 1, changes, self.warnings)
        if not changes:
            return report
        report.revision = self.begin(command, actor)
        told = self._history(changed, changes)
        self._write_rows(changed)
        self._keep_last_ids()
        self._gone |= {(draft.noun.name, draft.key): draft.id for draft in changed if draft.after is None}
        self._tell_of_roles(changed, told)
        self.transaction.insert("history", told if earlier is None else list(self._without_amended(told)))
        return report

    def put_away(self, command: str, actor: str) -> None:
        """Write what changed so far and let go of it: for work that does not fit into memory.

        What is written later is of the same revision. The report of `flush` no longer shows what was put away.
        """
        self.flush(command, actor)
        self.forget()

    def begin(self, command: str, actor: str) -> int:
        """The revision of this transaction, made when the first change needs it."""
        if self.revision is None:
            self.revision = self.latest() + 1
            row = {"id": self.revision, "at": self.moment, "actor": actor, "command": command, "undoes": self.undoes}
            self.transaction.insert("revision", [row])
        return self.revision

    def _history(self, changed: Sequence[Draft], changes: Sequence[Change]) -> list[dict[str, Any]]:
        """A row of history for each change: all that is needed to make the record's own row anew."""
        kept = self._managers_and_times([draft for draft in changed if draft.before is not None])
        rows = []
        for draft, change in zip(changed, changes, strict=True):
            made = (draft.manager, draft.created or self.moment)
            manager, created = kept[draft.noun.table, draft.id] if draft.before is not None else made
            if draft.adopted is not None:
                manager = draft.adopted[1]
            rows.append(
                {
                    "revision_id": self.revision,
                    "op": change.op,
                    "record": change.record,
                    "before": _json(change.before),
                    "after": _json(change.after),
                    "manager": manager,
                    "record_id": draft.id,
                    "owner_id": self._owner_id(draft),
                    "former": _former(change),
                    "created_at": created,
                    "updated_at": self.moment,
                    "not_in_image": None,
                }
            )
        return rows

    def _managers_and_times(self, stored: Iterable[Draft]) -> dict[tuple[str, int], tuple[str | None, str]]:
        """Whose documents made these records, and when: no image holds that."""
        tables: dict[str, list[int]] = {}
        for draft in stored:
            tables.setdefault(draft.noun.table, []).append(draft.id)
        found: dict[tuple[str, int], tuple[str | None, str]] = {}
        for table, ids in tables.items():
            query = f"SELECT id, manager, created_at FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
            rows = self.connection.execute(query, (json.dumps(ids),))
            found |= {(table, row_id): (manager, created) for row_id, manager, created in rows}
        return found

    def _owner_id(self, draft: Draft) -> int | None:
        """The id of the owner of an address, or of the group or customer that a setting is for."""
        image = draft.after or draft.before or {}
        if draft.noun.name in ADDRESSES:
            noun, key = ADDRESSES[draft.noun.name][0], image["owner"]
        elif draft.noun.name == "setting":
            found, key = owner_of(image["key"])
            if found is None:
                return None
            noun = found
        else:
            return None
        owner = self.drafts.get((noun.name, key))  # one that goes along has its id still
        return owner.id if owner is not None else self.id_of(noun, key)

    def _tell_of_roles(self, changed: Sequence[Draft], told: Sequence[dict[str, Any]]) -> None:
        """Add to the history of roles what their rows hold and their images do not: codes, and levels that are none."""
        rows = {
            draft.id: row
            for draft, row in zip(changed, told, strict=True)
            if draft.noun.name == "customer-user-role" and draft.after is not None
        }
        if not rows:
            return
        parameters = (json.dumps(list(rows)),)
        none: dict[int, list[tuple[str, str, str]]] = {}
        query = """SELECT role_id, kind, name, permission FROM role_entry WHERE level = 'none'
            AND kind IN ('entity', 'workflow') AND role_id IN (SELECT value FROM json_each(?)) ORDER BY 1, 2, 3, 4"""
        for role_id, *entry in self.connection.execute(query, parameters):
            none.setdefault(role_id, []).append(tuple(entry))
        query = "SELECT id, code FROM role WHERE id IN (SELECT value FROM json_each(?))"
        for role_id, code in self.connection.execute(query, parameters):
            rows[role_id]["not_in_image"] = dump({"code": code, "none": none.get(role_id, [])})

    def _without_amended(self, told: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Let a record that this very revision has changed before keep one row of history; the rows that remain."""
        query = """SELECT h.record_id, h.record, h.id, h.op, h.before, h.former FROM history h
            WHERE h.record_id IN (SELECT value FROM json_each(?)) AND +h.revision_id = ?"""  # not all of the revision
        ids = json.dumps([row["record_id"] for row in told])
        found = self.connection.execute(query, (ids, self.revision))
        known = {(_type(record), record_id): rest for record_id, record, *rest in found}
        for row in told:
            earlier = known.get((_type(row["record"]), row["record_id"]))
            if earlier is None:
                yield row
                continue
            row_id, op, before, former = earlier
            row |= {"id": row_id, "before": before, "op": _op_of_both(op, row), "former": former or row["former"]}
            if row["op"] not in ("rename", "remove"):
                row["former"] = None
            # The row of a transaction that is not over is replaced; history of one that is cannot be.
            columns = ", ".join(row)
            places = ", ".join(f":{column}" for column in row)
            self.connection.execute(f"INSERT OR REPLACE INTO history ({columns}) VALUES ({places})", row)

    def forget(self) -> None:
        """Let go of every record: those written are read anew when asked for, those not written are lost."""
        for held in (self.drafts, self.problems, self.renamed, self.strays):
            held.clear()
        for known in (self._ids, self._rows, self._referring, self._next, self._codes):
            known.clear()
        self.warnings = []

    def _write_rows(self, changed: Sequence[Draft]) -> None:
        new: dict[Noun, list[Draft]] = {}
        updates: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
        links: dict[str, list[dict[str, Any]]] = {}
        self._delete(changed)
        for draft in changed:
            if draft.after is None:
                continue
            if draft.before is None:
                new.setdefault(draft.noun, []).append(draft)
            else:
                row = self._row(draft)
                updates.setdefault((draft.noun.table, tuple(row)), []).append({"id": draft.id, **row})
            for table, rows in self._links(draft).items():
                links.setdefault(table, []).extend(rows)
        self._vacate(changed)
        for noun, drafts in new.items():
            self.transaction.insert_columns(noun.table, self._columns(noun, drafts))
        for (table, columns), rows in updates.items():
            stamped = [{**row, "updated_at": self.moment} for row in rows]
            self.transaction.update_many(table, (*columns, "updated_at"), stamped)
        for table, rows in links.items():
            self.transaction.insert(table, rows)

    def _vacate(self, changed: Iterable[Draft]) -> None:
        """Give up every value that must be unique before one is taken, so that records may exchange them."""
        given_up: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for draft in changed:
            name, column = _UNIQUE.get(draft.noun.name, ("", ""))
            if name and draft.before is not None and draft.before[name] is not None and draft.changed(name):
                value = None if name == column else f"\0{draft.id}"  # no text that is given holds a NUL
                given_up.setdefault((draft.noun.table, column), []).append({"id": draft.id, column: value})
        for (table, column), rows in given_up.items():
            self.transaction.update_many(table, (column,), rows)

    def _columns(self, noun: Noun, drafts: Sequence[Draft]) -> dict[str, Sequence[Any]]:
        """The rows of new records of a noun, a column at a time: what a column takes is looked up once for all."""
        images = [draft.image for draft in drafts]
        rows: dict[str, Sequence[Any]] = {"id": [draft.id for draft in drafts]}
        for column in shape(noun).columns:
            rows[column.name] = self._stored(column, list(map(itemgetter(column.field), images)))
        for folded, names in noun.folded.items():
            rows[folded] = [_folded(image, names) for image in images]
        extra = [self._extra_columns(draft) for draft in drafts]
        rows |= {name: [row[name] for row in extra] for name in extra[0]}
        rows["manager"] = [draft.manager for draft in drafts]
        rows["created_at"] = [draft.created or self.moment for draft in drafts]
        rows["updated_at"] = [self.moment] * len(drafts)
        return rows

    def _stored(self, column: Column, values: Sequence[Any]) -> Sequence[Any]:
        """What a column holds for values of its field."""
        target, encode = column.target, column.encode
        if target is not None:
            ids = {key: self.id_of(target, key) for key in {*values} if key is not None}
            return [ids.get(key) for key in values]
        return values if encode is None else [None if value is None else encode(value) for value in values]

    def _row(self, draft: Draft) -> dict[str, Any]:
        """The columns of a stored record whose fields have changed."""
        changed = [column for column in shape(draft.noun).columns if draft.changed(column.field)]
        row = {column.name: self._stored(column, [draft.image.get(column.field)])[0] for column in changed}
        for column, names in draft.noun.folded.items():
            if any(draft.changed(name) for name in names):
                row[column] = _folded(draft.image, names)
        if draft.adopted is not None:
            row["manager"] = draft.adopted[1]
        return row | self._extra_columns(draft)

    def _extra_columns(self, draft: Draft) -> dict[str, Any]:
        """Columns that follow from more than the value of a field, or that no document shows."""
        noun, image = draft.noun, draft.image
        row: dict[str, Any] = {}
        if noun.name == "customer-user-role":
            row |= self._role_columns(draft)
        if draft.before is None and noun.name in ADDRESSES:
            owner, column = ADDRESSES[noun.name]
            row |= {other: None for _, other in ADDRESSES.values()}
            row[column] = self.id_of(owner, image["owner"])
        if noun.table == "sales_document" and draft.before is None:
            row |= {"entity": noun.name, "workflow_active": int(bool(image.get("workflow_active")))}
        if noun.name == "record":
            row |= self._record_columns(draft)
        if noun.name == "setting" and draft.before is None:
            row |= self._setting_columns(image["key"])
        return row

    def _role_columns(self, draft: Draft) -> dict[str, Any]:
        row: dict[str, Any] = {}
        if draft.changed("customer"):
            customer = draft.image.get("customer")
            row["customer_id"] = None if customer is None else self.id_of(NOUNS["customer"], customer)
        if draft.before is None:
            row["code"] = self._code(draft.key)
        return row

    def _code(self, key: str) -> str:
        """A role's code, unique: ROLE_FRONTEND_ and the key in capitals (oroinc/customer-portal CustomerUserRole)."""
        words = "".join(letter if letter.isalnum() else "_" for letter in key.upper())
        code, count = f"ROLE_FRONTEND_{words}", 1
        while code in self._codes or self.connection.execute("SELECT 1 FROM role WHERE code = ?", (code,)).fetchone():
            count += 1
            code = f"ROLE_FRONTEND_{words}_{count}"
        self._codes.add(code)
        return code

    def _record_columns(self, draft: Draft) -> dict[str, Any]:
        row: dict[str, Any] = {}
        if draft.changed("parent"):
            document, record = self.parent_ids(draft.image.get("parent"))
            row |= {"parent_document_id": document, "parent_record_id": record}
        return row

    def parent_ids(self, parent: str | None) -> tuple[int | None, int | None]:
        """The ids of a parent: of a sales document, or of another record; both None when it is not stored."""
        if parent is None:
            return None, None
        kind, _, key = parent.partition(":")
        if kind in NOUNS and NOUNS[kind].table == "sales_document":
            return self.id_of(NOUNS[kind], fold(key)), None
        return None, self.id_of(NOUNS["record"], f"{kind}:{fold(key)}")

    def _setting_columns(self, key: str) -> dict[str, Any]:
        noun, owner = owner_of(key)
        owner_id = None if noun is None else self.id_of(noun, owner)
        return {
            "name": key.rpartition("/")[2],
            "group_id": owner_id if noun is GROUP else None,
            "customer_id": owner_id if noun is CUSTOMER else None,
        }

    def _links(self, draft: Draft) -> dict[str, list[dict[str, Any]]]:
        """The rows beside the record's own: its links, the entries of a role."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for name, target, via in shape(draft.noun).links:
            if draft.image[name] and draft.changed(name):
                rows[via.table] = list(self._linked(draft, via, target, draft.image[name]))
        if _entries_change(draft) and draft.after is not None:
            rows["role_entry"] = [{"role_id": draft.id, **entry} for entry in self._entries(draft.image)]
        return rows

    def _linked(
        self, draft: Draft, via: Link, target: Noun, value: Sequence[str] | Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        own = _own_columns(draft, via)
        for place, key in enumerate(value):
            row = {**own, via.other: self.id_of(target, key)}
            if via.place:
                row[via.place] = place
            if via.word:
                assert isinstance(value, Mapping), "choices say a word about each"
                row[via.word] = value[key]
            yield row

    def _entries(self, image: Image) -> Iterable[dict[str, str]]:
        """The rows of a role's entries; a listed entity or workflow gets one for every permission, none included."""
        for name, row in image["permissions"].items():
            entity = self.entity(name)
            for action in entity.permissions if entity is not None else row:
                yield _entry("entity", name, action, row.get(action, "none"))
        for name, on in image["capabilities"].items():
            yield _entry("capability", name, "use", "full" if on else "none")
        for name, row in image["workflows"].items():
            for action in ("view", "perform"):
                yield _entry("workflow", name, action, row.get(action, "none"))
        for name, row in image["fields"].items():
            for action, level in row.items():
                yield _entry("field", name, action, level)

    def _delete(self, changed: Iterable[Draft]) -> None:
        """The rows of the records that go, and those links and entries of the others that will be written anew."""
        gone: dict[str, list[dict[str, Any]]] = {}
        for draft in changed:
            if draft.before is None:
                continue
            for name, _, via in shape(draft.noun).links:
                if draft.after is None or draft.changed(name):
                    gone.setdefault(via.table, []).append(_own_columns(draft, via))
            if _entries_change(draft):
                gone.setdefault("role_entry", []).append({"role_id": draft.id})
            if draft.after is None:
                gone.setdefault(draft.noun.table, []).append({"id": draft.id})
        for table, rows in gone.items():
            self.transaction.delete_many(table, rows)

    def _take(self, noun: Noun, tail: str, parameters: Mapping[str, Any]) -> list[Draft]:
        """Read rows into drafts; a record already at hand keeps its draft."""
        taken = []
        rows = list(selection(noun.name, shape(noun).stored).rows(self.connection, tail, parameters))
        if noun.name == "customer-user-role" and rows:
            ids = json.dumps([row_id for row_id, _ in rows])
            entries = role_entries(self.connection, "role_id IN (SELECT value FROM json_each(:ids))", {"ids": ids})
            for row_id, image in rows:
                image.update(entries.get(row_id) or {name: {} for name in ENTRY_FIELDS})
        for row_id, image in rows:
            key = identity(noun, image)
            draft = self.drafts.get((noun.name, key))
            if draft is None:
                draft = Draft(noun, key, row_id, image, {**image})
                self.drafts[(noun.name, key)] = self._rows[(noun.table, row_id)] = draft
                if noun.name in ADDRESSES:
                    owner, _ = ADDRESSES[noun.name]
                    self._referring.setdefault((owner.name, image["owner"]), []).append((draft, "owner"))
                for entry in noun.fields:
                    for key in keys_in(image.get(entry.name)) if entry.to else ():
                        self._referring.setdefault((entry.to, key), []).append((draft, entry.name))
            taken.append(draft)
        return [draft for draft in taken if draft.after is not None]

    def reserve(self, noun: Noun, count: int) -> range:
        """The ids of so many new records, which the caller writes."""
        first = self._new_id(noun)
        self._next[noun.table] += count - 1
        self._keep_last_ids()
        return range(first, first + count)

    def give_back(self, noun: Noun, ids: range) -> None:
        """Take the rows of ids away that were reserved last, as if they had never been."""
        self.connection.execute(f"DELETE FROM {noun.table} WHERE id >= ?", (ids.start,))
        self._next[noun.table] = ids.start - 1
        self._keep_last_ids()

    def _new_id(self, noun: Noun) -> int:
        """The next id of a table; ids are never used twice."""
        if noun.table not in self._next:
            query = f"""SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0),
                coalesce((SELECT max(id) FROM {noun.table}), 0))"""
            [self._next[noun.table]] = self.connection.execute(query, (noun.table,)).fetchone()
        self._next[noun.table] += 1
        return self._next[noun.table]

    def _keep_last_ids(self) -> None:
        """Remember the last ids of the tables, also for when the rows that have them are gone."""
        for table, last in self._next.items():
            query = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
            if not self.connection.execute(query, (last, table)).rowcount:
                self.connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))


def ids_of(drafts: Iterable[Draft]) -> str:
    """The ids of drafts as the value of a parameter that `json_each` takes apart."""
    return json.dumps([draft.id for draft in drafts])


def wrong(
    unit: Unit,
    draft: Draft,
    field: str,
    message: str,
    *,
    code: str = "invalid",
    exit_code: Exit = Exit.INVALID,
    hint: str | None = None,
    path: Sequence[str] = (),
    value: str | None = None,
) -> None:
    """Note a problem of one field of a draft, where the document has it."""
    words = f"{draft.reference}: {message}"
    place = draft.locate(*(path or (field,)))
    unit.problem(Problem(code, exit_code, words, hint, place, field, value))


ENTRY_FIELDS = ("permissions", "capabilities", "workflows", "fields")


def identity(noun: Noun, image: Image) -> str:
    """The folded key by which a unit knows a record."""
    if noun.name in ADDRESSES:
        return f"{image['owner']}/{image['key']}"
    if noun.name == "record":
        return f"{image['entity']}:{fold(image['key'])}"
    if noun.table == "sales_document":
        return fold(image["number"])
    return str(image["name"] if noun.name == "entity" else image["key"])


def record_reference(noun: Noun, image: Image, key: str) -> str:
    """`type:key` of a record, the key as it was given."""
    if noun.name == "record":
        return f"{image['entity']}:{image['key']}"
    if noun.table == "sales_document":
        return reference(noun, image["number"])
    return reference(noun, key)


def _by_keys(noun: Noun, keys: Sequence[str]) -> tuple[str, list[Any]]:
    """The condition that finds records by key, and the JSON value of its parameter `:keys`."""
    if noun.name == "record":
        pairs = [key.partition(":")[::2] for key in keys]
        values = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:keys)"
        return f"(t.entity, t.key_folded) IN ({values})", pairs
    if noun.table == "sales_document":
        return f"t.entity = '{noun.name}' AND t.number_folded IN (SELECT value FROM json_each(:keys))", list(keys)
    column = "name" if noun.name == "entity" else "key"
    return f"t.{column} IN (SELECT value FROM json_each(:keys))", list(keys)


def _entries_change(draft: Draft) -> bool:
    """Whether a role gets other entries than it had, or none because it goes."""
    of_role = draft.noun.name == "customer-user-role"
    return of_role and (draft.after is None or any(draft.changed(name) for name in ENTRY_FIELDS))


def _own_columns(draft: Draft, via: Link) -> dict[str, Any]:
    """What the rows of a record's links have in common."""
    return {via.own: draft.id, **({"noun": draft.noun.name} if via.shared else {})}


def _key_columns(draft: Draft) -> dict[str, Any]:
    if draft.noun.table == "sales_document":
        return {"number": draft.image["number"], "number_folded": draft.key}
    if draft.noun.name in ADDRESSES:
        return {"key": draft.image["key"]}
    return {"key": draft.key}


def _folded(image: Image, names: Iterable[str]) -> str:
    """The text by which fields are looked up together."""
    return fold(" ".join(image[name] for name in names if image[name]))


def _change(draft: Draft) -> Change:
    before, after = draft.before, draft.after
    if before is None:
        return Change("add", draft.reference, None, after, draft.noun)
    if after is None:
        return Change("remove", draft.reference, before, None, draft.noun)
    renamed = record_reference(draft.noun, before, identity(draft.noun, before)) != draft.reference
    if draft.adopted is not None:  # no image holds it otherwise, for documents say it once for all of their records
        before, after = before | {"manager": draft.adopted[0]}, after | {"manager": draft.adopted[1]}
    return Change("rename" if renamed else "change", draft.reference, before, after, draft.noun)


def _former(change: Change) -> str | None:
    """The name that a renamed or removed record gives up, its key folded."""
    if change.before is None or change.op not in ("rename", "remove"):
        return None
    key = identity(change.noun, change.before)
    return key if change.noun.name == "record" else reference(change.noun, key)


def _type(record: str) -> str:
    return record.partition(":")[0]


def _op_of_both(earlier: str, row: Mapping[str, Any]) -> str:
    """What two changes of one record are together."""
    if earlier == "remove":
        return "change"
    return earlier if row["op"] == "change" or earlier == "add" else str(row["op"])


def _json(image: Image | None) -> str | None:
    if image is None:
        return None
    return dump(told(image))


def _told(pair: Sequence[Any]) -> Iterable[bool]:
    """Whether either side says something: an empty list against nothing is no news."""
    return (value not in (None, [], {}) for value in pair)


def _entry(kind: str, name: str, permission: str, level: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "permission": permission, "level": level}
