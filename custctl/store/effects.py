"""What a write does to access: levels that count before and after it, reach, and who becomes able to sign in.

It is worked out inside the transaction, when the rows are written: the state after is what the database holds, the
state before are the images that the drafts of the unit were read as. Users are counted by the set of their roles and
by their customer, never one by one. Levels are those of the matrix: whether a user can sign in is told apart.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from custctl.policy.catalogue import (
    CAPABILITIES,
    ENTITIES,
    FIELD_ACTIONS,
    FIELD_ONLY,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    own_entity,
)
from custctl.policy.decide import feature_of, role_verdict, sign_in
from custctl.policy.model import LEVELS, Entity, Kind, Level, Resource, Role, RoleVerdict, Source, Subject, Target
from custctl.resources import CUSTOMER, ENTITY, RECORD, ROLE, SALES, SETTING, USER, VISITOR, fold
from custctl.store.facts import Asker
from custctl.store.reach import ABLE, Reach
from custctl.store.settings import FEATURES, SETTINGS
from custctl.store.unit import Draft, Effects, Unit

Side = Literal["before", "after"]
Held = frozenset[str]
"""The keys of the roles that somebody holds; a role that is renamed has its new key on both sides."""

MOST_ROLES = 10
"""So many roles that come or go are told level by level; of more, which nobody who was there holds, none is."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One permission of one thing that roles speak about; the resource as it is on either side, None where it is not.

    An entity of one's own may come, go or get other permissions in the same write.
    """

    target: Target
    action: str
    before: Resource | None
    after: Resource | None

    def on(self, side: Side) -> Resource | None:
        return self.before if side == "before" else self.after


class Row(NamedTuple):
    """A level that counts and changes, for a role or for somebody; `subject` is its reference."""

    subject: str
    cell: Cell
    before: Level
    after: Level
    origin: Source


class Count(NamedTuple):
    """Whose own level changes with a row: stored users who can sign in, others, and visitors.

    `visitors` is None where those who have not signed in are not concerned.
    """

    users: int = 0
    unable: int = 0
    visitors: int | None = None

    def plus(self, number: int, *, able: bool) -> Count:
        return self._replace(users=self.users + number) if able else self._replace(unable=self.unable + number)


_NOTHING = RoleVerdict("", "nothing", Level.NONE)


def effects(unit: Unit) -> Effects:
    """What the unit has done to access; call it after `flush`, before the commit."""
    drafts = [draft for draft in unit.drafts.values() if draft is not None and draft.before != draft.after]
    return _Change(unit, drafts).told()


def levels_changed(connection: sqlite3.Connection, before: Mapping[str, Any], after: Mapping[str, Any]) -> Effects:
    """The levels in which two images of one role differ; nobody is counted, as holders change with time."""
    sides = (role_of(before), role_of(after))
    entities = Asker(connection).entities()
    found = Effects()
    for row in _differing(f"role:{after['key']}", *sides, _cells(entities, entities, _fields_of(sides))):
        _tell(found, row, None)
    return found


def role_of(image: Mapping[str, Any]) -> Role:
    """A role as the policy knows it, from its image."""
    entries: dict[Target, dict[str, Level]] = {}
    for name, on in (image.get("capabilities") or {}).items():
        entries["capability", name] = {"use": Level.FULL if on else Level.NONE}
    for kind, table in _TABLES:
        for name, row in (image.get(table) or {}).items():
            entries[kind, name] = {action: LEVELS[level] for action, level in row.items()}
    on = image.get("capability_default")
    return Role(
        image["key"],
        entries,
        LEVELS.get(image.get("default") or ""),
        None if on is None else Level.FULL if on else Level.NONE,
        LEVELS.get(image.get("workflow_default") or ""),
    )


_TABLES: tuple[tuple[Literal["entity", "workflow", "field"], str], ...] = (
    ("entity", "permissions"),
    ("workflow", "workflows"),
    ("field", "fields"),
)


def _cells(before: Mapping[str, Entity], after: Mapping[str, Entity], fields: Iterable[str]) -> list[Cell]:
    """Every permission there is; of fields those that are named."""
    cells = []
    for name in {**after, **before}:
        old, new = before.get(name), after.get(name)
        sides = _resources("entity", name, old, new)
        actions = dict.fromkeys(action for entity in (new, old) if entity is not None for action in entity.permissions)
        cells += [Cell(("entity", name), action, *sides) for action in actions]
    for name in CAPABILITIES:
        resource = Resource("capability", name)
        cells.append(Cell(resource.target, "use", resource, resource))
    for name, entity in WORKFLOWS.items():
        resource = Resource("workflow", name, after[entity])
        cells += [Cell(resource.target, action, resource, resource) for action in WORKFLOW_ACTIONS]
    for name in sorted(fields):
        entity_name = name.partition(".")[0]
        known = FIELD_ONLY.get(entity_name) or ENTITIES.get(entity_name)
        sides = _resources("field", name, known or before.get(entity_name), known or after.get(entity_name))
        cells += [Cell(("field", name), action, *sides) for action in FIELD_ACTIONS]
    return cells


def _resources(
    kind: Kind, name: str, before: Entity | None, after: Entity | None
) -> tuple[Resource | None, Resource | None]:
    """A thing on both sides: one and the same where its entity is."""
    was = None if before is None else Resource(kind, name, before)
    return was, was if before == after else None if after is None else Resource(kind, name, after)


def _fields_of(roles: Iterable[Role | None]) -> set[str]:
    return {name for role in roles if role is not None for kind, name in role.entries if kind == "field"}


def _verdict(role: Role | None, cell: Cell, side: Side) -> RoleVerdict:
    """What a role says on one side; one that is not there says nothing."""
    resource = cell.on(side)
    return _NOTHING if role is None or resource is None else role_verdict(role, cell.action, resource)


def _differing(subject: str, before: Role | None, after: Role | None, cells: Iterable[Cell]) -> Iterator[Row]:
    """The rows of one role. A role that comes or goes is not told to open the fields that everybody may see."""
    for cell in cells:
        old, new = _verdict(before, cell, "before"), _verdict(after, cell, "after")
        open_field = cell.target[0] == "field" and Level.FULL in (old.level, new.level)
        if old.level != new.level and not (open_field and (before is None or after is None)):
            yield Row(subject, cell, old.level, new.level, new.source)


def _tell(found: Effects, row: Row, count: Count | None) -> None:
    kind, subject = ("role" if row.subject.startswith("role:") else "user"), row.subject
    told: dict[str, Any] = {kind: subject, "kind": row.cell.target[0], "name": row.cell.target[1]}
    told |= {"permission": row.cell.action, "before": row.before.word, "after": row.after.word, "origin": row.origin}
    if count is not None:
        told["users"] = count.users
        if count.unable:
            told["cannot_sign_in"] = count.unable
        if count.visitors is not None:
            told["visitors"] = count.visitors
    (found.wider if row.after > row.before else found.narrower).append(told)


@dataclass(slots=True)
class _World:
    """Roles, entities and settings on both sides of a write."""

    unit: Unit
    drafts: list[Draft]
    asker: Asker
    roles: dict[str, Draft] = field(default_factory=dict)
    """The roles that change, come or go, by key."""
    _known: dict[tuple[str, Side], Role | None] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)
    _levels: dict[tuple[Side, Held, Cell], Level] = field(default_factory=dict)
    _verdicts: dict[tuple[str, Side, Cell], Level] = field(default_factory=dict)
    _cells: dict[tuple[Target, str], Cell] = field(default_factory=dict)
    """Each permission once: cells are compared by identity, which takes no time."""

    def role(self, key: str, side: Side) -> Role | None:
        """A role as it is on one side."""
        if (key, side) not in self._known:
            self._known[key, side] = self._read(key, side)
        return self._known[key, side]

    def _read(self, key: str, side: Side) -> Role | None:
        draft = self.roles.get(key)
        if draft is not None:
            image = draft.before if side == "before" else draft.after
            return None if image is None else role_of({**image, "key": key})
        row_id = self.unit.id_of(ROLE, key)
        return None if row_id is None else self.asker.roles([row_id], None)[0]

    def key_of(self, role_id: int) -> str:
        """The key of a stored role."""
        if role_id not in self._keys:
            row = self.unit.connection.execute("SELECT key FROM role WHERE id = ?", (role_id,)).fetchone()
            self._keys[role_id] = row[0]
        return self._keys[role_id]

    def held(self, ids: str | None) -> Held:
        """The roles of a list of ids, as SQL gives it."""
        return frozenset(self.key_of(int(role_id)) for role_id in (ids or "").split(",") if role_id)

    def level(self, held: Held, cell: Cell, side: Side) -> Level:
        """The widest level that roles give together."""
        known = (side, held, cell)
        if known not in self._levels:
            self._levels[known] = max((self._said(key, cell, side) for key in held), default=Level.NONE)
        return self._levels[known]

    def _said(self, key: str, cell: Cell, side: Side) -> Level:
        """The level that one role gives; one that stays as it is gives the same on both sides."""
        if key not in self.roles and cell.before is cell.after:
            side = "after"
        known = (key, side, cell)
        if known not in self._verdicts:
            self._verdicts[known] = _verdict(self.role(key, side), cell, side).level
        return self._verdicts[known]

    def giver(self, held: Held, cell: Cell, side: Side) -> RoleVerdict:
        """What the first role that gives the widest level says; an entry counts before a default that gives as much."""
        verdicts = [_verdict(self.role(key, side), cell, side) for key in sorted(held)]
        order: dict[Source, int] = {"entry": 0, "default": 1, "nothing": 2}
        return min(verdicts, key=lambda verdict: (-verdict.level, order[verdict.source]), default=_NOTHING)

    def cells(self, roles: Iterable[str], fields: Iterable[str] = ()) -> list[Cell]:
        """Every permission there is on either side, with these fields and those that the roles name."""
        named = _fields_of(self.role(key, side) for key in roles for side in _SIDES)
        made = _cells(self.entities("before"), self.entities("after"), named.union(fields))
        return [self._cells.setdefault((cell.target, cell.action), cell) for cell in made]

    @property
    def fields(self) -> set[str]:
        """The fields that any role names, on either side."""
        query = "SELECT DISTINCT name FROM role_entry WHERE kind = 'field'"
        stored = {str(row[0]) for row in self.unit.connection.execute(query)}
        return stored | _fields_of(self.role(key, "before") for key in self.roles)

    def entities(self, side: Side) -> dict[str, Entity]:
        """Every protected entity on one side."""
        found = self.asker.entities()
        for draft in self.drafts if side == "before" else ():
            if draft.noun is ENTITY:
                found.pop(draft.key, None)
                if draft.before is not None:
                    image = draft.before
                    found[draft.key] = own_entity(image["name"], image["ownership"], image["permissions"])
        return found

    def setting(self, name: str, side: Side) -> Any:
        """What a setting of the whole shop is on one side."""
        draft = self.unit.find(SETTING, name)
        image = None if draft is None else draft.before if side == "before" else draft.after
        return SETTINGS[name].default if image is None or image["value"] is None else image["value"]


@dataclass(frozen=True)
class _Change:
    """The effects of one write, part by part."""

    unit: Unit
    drafts: list[Draft]

    def told(self) -> Effects:
        found = Effects()
        rows: dict[Row, Count] = {}
        for part in (self._role_rows(), self._person_rows()):
            for row, count in part:
                known = rows.get(row, Count())
                rows[row] = Count(known.users + count.users, known.unable + count.unable)
        self._guests(rows)
        for row, count in rows.items():
            _tell(found, row, count)
        if reach := self._reach():
            found.reach, found.unlisted, found.latent = reach.told(), reach.unlisted, reach.latent
        found.sign_in = [*self._sign_in(), *self._guest_access()]
        for draft in self._of(USER, VISITOR):
            reference = f"{'user' if draft.noun is USER else 'visitor'}:{draft.key}"
            if draft.before is None:
                found.new.append(reference)
            elif draft.after is None:
                found.gone.append(reference)
        found.shown = list(self._shown())
        found.crowd = self._crowd
        return found if self.unit.acting is None else self._seen(found)

    def _seen(self, found: Effects) -> Effects:
        """What is told under --as: of roles and users that the user may see; guests are the back office's."""
        found.wider, found.narrower, found.reach, found.sign_in, found.shown = (
            [row for row in rows if self._tells(row)]
            for rows in (found.wider, found.narrower, found.reach, found.sign_in, found.shown)
        )
        for row in (*found.wider, *found.narrower):
            row.pop("visitors", None)
        found.new = [name for name in found.new if self._tells({"user": name})]
        found.gone = [name for name in found.gone if self._tells({"user": name})]
        found.unlisted, found.crowd = 0, False
        return found

    def _tells(self, row: Mapping[str, Any]) -> bool:
        """Whether a message may name the role or user of a row."""
        kind, _, key = str(row.get("role") or row.get("user") or row.get("record")).partition(":")
        noun = {"role": ROLE, "user": USER}.get(kind)
        return noun is not None and self.unit.tells(noun, key)

    def _of(self, *nouns: Any) -> Iterator[Draft]:
        return (draft for draft in self.drafts if draft.noun in nouns)

    @cached_property
    def _world(self) -> _World:
        roles = {draft.key: draft for draft in self._of(ROLE)}
        return _World(self.unit, self.drafts, Asker(self.unit.connection), roles)

    @cached_property
    def _moved_roles(self) -> list[Draft]:
        """The users whose roles change, those who come and go among them."""
        return [
            draft
            for draft in self._of(USER)
            if draft.before is None or draft.after is None or _held(draft, "before") != _held(draft, "after")
        ]

    @cached_property
    def _crowd(self) -> bool:
        """Whether anybody was stored before, so that a guest who gains something is somebody."""
        new = sum(draft.before is None for draft in self._of(USER, VISITOR))
        gone = sum(draft.before is not None and draft.after is None for draft in self._of(USER, VISITOR))
        query = "SELECT (SELECT count(*) FROM customer_user) + (SELECT count(*) FROM visitor)"
        return bool(self.unit.connection.execute(query).fetchone()[0] - new + gone)

    # -- roles ---------------------------------------------------------------------------------------------

    def _role_rows(self) -> Iterator[tuple[Row, Count]]:
        """The levels of roles that change, each with the users who hold the role as before and change with it."""
        world = self._world
        rows = {key: rows for key in self._concerned() if (rows := self._of_role(key))}
        if not rows:
            return
        counts: dict[Row, Count] = defaultdict(Count)
        for held, able, number in self._groups(list(rows)):
            for key in held & rows.keys():
                for row in rows[key]:
                    change = world.level(held, row.cell, "after") - world.level(held, row.cell, "before")
                    if change and (change > 0) is (row.after > row.before):
                        counts[row] = counts[row].plus(number, able=able)
        come_or_go = [key for key in rows if world.role(key, "before") is None or world.role(key, "after") is None]
        folded = come_or_go if len(come_or_go) > MOST_ROLES else []
        for key, changed in rows.items():
            yield from ((row, counts[row]) for row in changed if key not in folded)

    def _concerned(self) -> list[str]:
        """The roles that may say something else than before: all of them, where an entity is another."""
        if next(self._of(ENTITY), None) is None:
            return list(self._world.roles)
        stored = [row[0] for row in self.unit.connection.execute("SELECT key FROM role ORDER BY key")]
        return list(dict.fromkeys([*self._world.roles, *stored]))

    def _of_role(self, key: str) -> list[Row]:
        world = self._world
        sides = world.role(key, "before"), world.role(key, "after")
        return list(_differing(f"role:{key}", *sides, world.cells([key])))

    def _groups(self, roles: list[str]) -> Iterator[tuple[Held, bool, int]]:
        """The sets of roles with one of these in them, and how many stored users hold just that, now and before.

        Those who can sign in are counted apart from the others; under --as only those whom the user may see.
        """
        ids = [self.unit.id_of(ROLE, key) for key in roles]
        seen, parameters = "", dict[str, Any]()
        if self.unit.acting is not None:
            (within, parameters), _ = self.unit.acting.visible(USER)
            seen = f"AND ur.user_id IN (SELECT t.id FROM {USER.table} t WHERE {within})"
        rows = self.unit.connection.execute(
            f"""SELECT held, able, count(*) FROM (
                SELECT (SELECT {ABLE} FROM customer_user u WHERE u.id = ur.user_id) AS able,
                    group_concat(ur.role_id) AS held
                FROM user_role ur
                WHERE ur.user_id IN
                    (SELECT h.user_id FROM user_role h WHERE h.role_id IN (SELECT value FROM json_each(:roles)))
                    AND ur.user_id NOT IN (SELECT value FROM json_each(:apart)) {seen}
                GROUP BY ur.user_id
            ) GROUP BY held, able""",
            {"roles": json.dumps(ids), "apart": json.dumps([draft.id for draft in self._moved_roles]), **parameters},
        )
        yield from ((self._world.held(held), bool(able), number) for held, able, number in rows.fetchall())

    # -- people whose roles change -------------------------------------------------------------------------

    def _person_rows(self) -> Iterator[tuple[Row, Count]]:
        """The levels of users who get or lose roles: by user where one does so, else by the role that gives them."""
        groups: dict[tuple[Held, Held], list[Draft]] = defaultdict(list)
        for draft in self._moved_roles:
            if draft.before is not None and draft.after is not None and self.unit.tells(USER, draft.key):
                groups[_held(draft, "before"), _held(draft, "after")].append(draft)
        for (before, after), users in groups.items():
            able = sum(_refusal(draft.key, draft.image) is None for draft in users)
            fields = () if before and after else self._world.fields  # a first role opens what none of them closes
            for cell in self._world.cells(before | after, fields):
                old, new = self._world.level(before, cell, "before"), self._world.level(after, cell, "after")
                if old != new:
                    source = self._world.giver(after, cell, "after")
                    side: Side = "after" if new > old else "before"
                    giver = self._world.giver(after if new > old else before, cell, side)
                    subject = f"user:{users[0].key}" if len(users) == 1 else f"role:{giver.role}"
                    yield Row(subject, cell, old, new, source.source), Count(able, len(users) - able)

    # -- guests --------------------------------------------------------------------------------------------

    def _guests(self, rows: dict[Row, Count]) -> None:
        """What changes for those who have not signed in: by the role of guests, which one that is, and the features."""
        world = self._world
        if next(self._of(ROLE, SETTING, ENTITY), None) is None:
            return
        roles = {side: fold(str(world.setting("customer.guest_role", side))) for side in ("before", "after")}
        features = {side: {name for name in FEATURES if world.setting(name, side)} for side in ("before", "after")}
        same = roles["before"] == roles["after"] and features["before"] == features["after"]
        if same and not any(row.subject == f"role:{roles['after']}" for row in rows):
            return
        stored = self.unit.connection.execute("SELECT count(*) FROM visitor").fetchone()[0]
        visitors = stored - sum(draft.before is None for draft in self._of(VISITOR))
        of_role = {row.cell: row for row in rows if row.subject == f"role:{roles['after']}"}
        for cell in world.cells(set(roles.values())):
            old, new = (self._guest_level(cell, roles[side], features[side], side) for side in _SIDES)
            if old == new:
                continue
            known = of_role.get(cell)
            if known is not None and (known.before, known.after) == (old, new):
                rows[known] = rows[known]._replace(visitors=visitors)
            else:
                origin = _verdict(world.role(roles["after"], "after"), cell, "after").source
                rows[Row("guest", cell, old, new, origin)] = Count(visitors=visitors)

    def _guest_level(self, cell: Cell, role: str, features: set[str], side: Side) -> Level:
        """The level of a guest: that of the role, while the feature it belongs to is switched on (AM 9.3)."""
        resource = cell.on(side)
        feature = None if resource is None else feature_of(resource)
        if feature is not None and feature not in features:
            return Level.NONE
        return self._world.level(frozenset({role}), cell, side)

    def _guest_access(self) -> Iterator[dict[str, Any]]:
        """Whether guests come to the pages of the shop at all (AM 9.4)."""
        if next(self._of(SETTING), None) is None:
            return
        open_to = {side: bool(self._world.setting("guest.access", side)) for side in _SIDES}
        if open_to["before"] is not open_to["after"]:
            reasons = [None if open_to[side] else "feature-off" for side in _SIDES]
            yield {"user": "guest", "before": reasons[0], "after": reasons[1]}

    # -- signing in ----------------------------------------------------------------------------------------

    def _sign_in(self) -> Iterator[dict[str, Any]]:
        """The stored users who become able to sign in, or unable, each with the reason."""
        for draft in self._of(USER):
            if draft.before is not None and draft.after is not None:
                before, after = (_refusal(draft.key, image) for image in (draft.before, draft.after))
                if (before is None) is not (after is None):
                    yield {"user": f"user:{draft.key}", "before": before, "after": after}

    # -- reach ---------------------------------------------------------------------------------------------

    def _reach(self) -> Reach | None:
        """Who reaches other customers than before, where customers or users move, or records get other owners."""
        moved = [draft for draft in self._of(CUSTOMER, *SALES, RECORD, USER) if draft.before and draft.after]
        return Reach(self.unit, self.drafts, self._levels_of) if any(map(_moves, moved)) else None

    def _levels_of(self, before: Held, after: Held) -> list[tuple[Target, str, Level, Level]]:
        """Every level of one who holds these roles before and after."""
        world = self._world
        return [
            (cell.target, cell.action, world.level(before, cell, "before"), world.level(after, cell, "after"))
            for cell in world.cells(before | after)
            if cell.target[0] != "capability"
        ]

    # -- roles as records ----------------------------------------------------------------------------------

    def _shown(self) -> Iterator[dict[str, Any]]:
        """The roles that storefront administrators see from now on, or no longer (AM 5.9, 6.2)."""
        for draft in self._of(ROLE):
            if draft.before is not None and draft.after is not None:
                before, after = (image["self_managed"] and image["public"] for image in (draft.before, draft.after))
                if bool(before) is not bool(after):
                    yield {"record": f"role:{draft.key}", "before": bool(before), "after": bool(after)}


_SIDES: tuple[Side, Side] = ("before", "after")


def _held(draft: Draft, side: Side) -> Held:
    image = draft.before if side == "before" else draft.after
    return frozenset((image or {}).get("roles") or ())


def _moves(draft: Draft) -> bool:
    """Whether a record hangs on another customer or user than before."""
    names = ("parent",) if draft.noun is CUSTOMER else ("customer", "user", "visitor")
    return any(draft.changed(name) for name in names)


def _refusal(key: str, image: Mapping[str, Any]) -> str | None:
    """Why a user of this image cannot sign in, None if it can."""
    subject = Subject(
        "user",
        key,
        customer=image["customer"],
        guest=bool(image["guest"]),
        reset=image["auth_status"] == "reset",
        enabled=bool(image["enabled"]),
        confirmed=bool(image["confirmed"]),
    )
    refused = sign_in(subject)
    return None if refused is None else refused.value
