"""Whom a write brings nearer to which customers: moves of customers and users, and new owners of records.

A user reaches a customer by a permission whose level is department (the own customer) or corporate (those below it
too), and a single record also as its owner (AM 5.3). `gained` counts the customers that come into reach and those
that a record comes from; `lost` counts those that go out of reach and those that a record goes to. Customers that are
new or gone in the same write are in nobody's reach before or after it, and do not count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from custctl.policy.model import Entity, Level, Target
from custctl.resources import CUSTOMER, RECORD, ROLE, SALES, USER, VISITOR, Noun
from custctl.store.unit import Draft, Unit

Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")
Held = frozenset[str]
Customer = int | None
Levels = Callable[[Held, Held], list[tuple[Target, str, Level, Level]]]

MOST_TOLD = 1_000
"""So many users are named; of more only the number is told."""


class Place(NamedTuple):
    """Where a user stands on one side: the customer and the roles."""

    customer: Customer
    held: Held


class Owners(NamedTuple):
    """Whose a record is on one side; `above` is the customer of its user."""

    user: int | None
    above: Customer
    customer: Customer


class Handover(NamedTuple):
    """Records of one entity that get other owners."""

    entity: str
    before: Owners
    after: Owners


class Gone(NamedTuple):
    """What one user gains and loses."""

    gained: frozenset[Customer]
    lost: frozenset[Customer]


@dataclass
class Reach:
    """The reach of everybody whom a write concerns."""

    unit: Unit
    drafts: list[Draft]
    levels: Levels
    unlisted: int = 0
    """How many more users gain or lose customers than are told."""
    latent: bool = False
    _below: dict[tuple[int, Side], frozenset[Customer]] = field(default_factory=dict)
    _pairs: dict[tuple[Held, Held], set[tuple[Level, Level]]] = field(default_factory=dict)
    _known: dict[tuple[Held, Held], list[tuple[Target, str, Level, Level]]] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)

    def told(self) -> list[dict[str, Any]]:
        """The users and visitors with what they gain and lose, by reference.

        Those who cannot sign in reach nothing: they are not told, but `latent` says whether one would gain.
        """
        rows = [*self._apart(), *self._visitors()]
        for (before, after), able, number in self._groups():
            found = self._of(before, after, None)
            if not (found.gained or found.lost):
                continue
            if not able:
                self.latent |= bool(found.gained)
                continue
            keys = list(self._members(after, MOST_TOLD - len(rows)))
            rows += [_row(f"user:{key}", found) for key in keys]
            self.unlisted += number - len(keys)
        return sorted(rows, key=lambda row: str(row["user"]))

    # -- one user ------------------------------------------------------------------------------------------

    def _of(self, before: Place, after: Place, me: int | None) -> Gone:
        """What somebody gains and loses; `me` is given where records may be the user's own."""
        gained, lost = set[Customer](), set[Customer]()
        for old, new in self._changes(before.held, after.held) if self._stands_elsewhere(before, after) else ():
            had, has = self._customers(before.customer, old, "before"), self._customers(after.customer, new, "after")
            gained |= has - had
            lost |= had - has
        gained -= self._fleeting
        lost -= self._fleeting
        for handover in self._handovers_for(me):
            reached = self._handed(handover, before, after, me)
            if (False, True) in reached:
                gained.add(handover.before.customer or handover.before.above)
            if (True, False) in reached:
                lost.add(handover.after.customer or handover.after.above)
        return Gone(frozenset(gained), frozenset(lost))

    def _stands_elsewhere(self, before: Place, after: Place) -> bool:
        """Whether a user moves, or the tree below the customer changes; levels alone are told as levels."""
        if before.customer != after.customer or before.customer is None:
            return before.customer != after.customer
        sides = [self.below(before.customer, side) - self._fleeting for side in SIDES]
        return bool(self._trees) and sides[0] != sides[1]

    def _changes(self, before: Held, after: Held) -> set[tuple[Level, Level]]:
        """The pairs of levels, before and after, by which customers are reached."""
        if (before, after) not in self._pairs:
            pairs = {(old, new) for _, _, old, new in self._levels(before, after)}
            self._pairs[before, after] = {pair for pair in pairs if Level.FULL not in pair}
        return self._pairs[before, after]

    def _levels(self, before: Held, after: Held) -> list[tuple[Target, str, Level, Level]]:
        if (before, after) not in self._known:
            self._known[before, after] = self.levels(before, after)
        return self._known[before, after]

    def _customers(self, customer: Customer, level: Level, side: Side) -> frozenset[Customer]:
        if customer is None or level < Level.DEPARTMENT:
            return frozenset()
        return frozenset({customer}) if level is Level.DEPARTMENT else self.below(customer, side)

    def _handed(self, handover: Handover, before: Place, after: Place, me: int | None) -> set[tuple[bool, bool]]:
        """For each permission of the entity whether it reached the records before, and reaches them after."""
        entity = self.unit.entity(handover.entity)
        if entity is None:
            return set()
        was, is_now = _that_count(handover.before, entity), _that_count(handover.after, entity)
        return {
            (
                self._covers(old, before.customer, was, me, "before"),
                self._covers(new, after.customer, is_now, me, "after"),
            )
            for target, _, old, new in self._levels(before.held, after.held)
            if target == ("entity", handover.entity)
        }

    def _covers(self, level: Level, customer: Customer, owners: Owners, me: int | None, side: Side) -> bool:
        """Whether a level reaches records of these owners (AM 5.3)."""
        if level is Level.NONE or level is Level.FULL:
            return level is Level.FULL
        if me is not None and owners.user == me:
            return True
        reached = self._customers(customer, level, side)
        return any(place is not None and place in reached for place in (owners.above, owners.customer))

    # -- customers -----------------------------------------------------------------------------------------

    @cached_property
    def _trees(self) -> dict[int, Draft]:
        """The customers that are new, gone or below another one than before, by id."""
        return {draft.id: draft for draft in self.drafts if draft.noun is CUSTOMER and _is_elsewhere(draft)}

    @cached_property
    def _fleeting(self) -> set[Customer]:
        """The customers that are not there on both sides."""
        return {row_id for row_id, draft in self._trees.items() if draft.before is None or draft.after is None}

    def parent(self, customer: int, side: Side) -> Customer:
        """The customer above one, on one side."""
        draft = self._trees.get(customer)
        if draft is not None:
            image = draft.before if side == "before" else draft.after
            return None if image is None else self._id(CUSTOMER, image["parent"])
        row = self.unit.connection.execute("SELECT parent_id FROM customer WHERE id = ?", (customer,)).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def below(self, customer: int, side: Side) -> frozenset[Customer]:
        """A customer and all below it on one side; a member of a cycle has nobody below it (AM 8)."""
        if (customer, side) not in self._below:
            links = []
            if side == "before":
                links = [[row_id, self.parent(row_id, side)] for row_id in self._trees]
            rows = self.unit.connection.execute(_BELOW, {"top": customer, "links": json.dumps(links)})
            found = frozenset(row[0] for row in rows)
            cyclic = self.parent(customer, side) in found
            self._below[customer, side] = frozenset({customer}) if cyclic else found
        return self._below[customer, side]

    def above(self, customer: Customer, side: Side) -> list[int]:
        """A customer and those above it, as far as they lead."""
        chain: dict[int, None] = {}
        while customer is not None and customer not in chain:
            chain[customer] = None
            customer = self.parent(customer, side)
        return list(chain)

    # -- records that change hands -------------------------------------------------------------------------

    @cached_property
    def _handovers(self) -> list[Handover]:
        found = []
        for draft in self.drafts:
            if draft.noun in (*SALES, RECORD) and draft.before is not None and draft.after is not None:
                entity = str(draft.after["entity"]) if draft.noun is RECORD else draft.noun.name
                before, after = self._owners(draft.before, "before"), self._owners(draft.after, "after")
                changed = any(draft.changed(name) for name in ("user", "customer"))
                if changed:
                    found.append(Handover(entity, before, after))
        return found

    def _owners(self, image: dict[str, Any], side: Side) -> Owners:
        user = self._id(USER, image["user"])
        above = None if user is None else self._place(user, side).customer
        return Owners(user, above, self._id(CUSTOMER, image["customer"]))

    def _handovers_for(self, me: int | None) -> Iterable[Handover]:
        """The hand-overs that differ for somebody; whose records they are counts for their users only."""
        return dict.fromkeys(
            Handover(
                entity,
                before._replace(user=before.user if before.user == me else None),
                after._replace(user=after.user if after.user == me else None),
            )
            for entity, before, after in self._handovers
        )

    def _visitors(self) -> Iterator[dict[str, Any]]:
        """The stored visitors who get or lose records; all that is of a session is in its reach (AM 9.2)."""
        changes: dict[str, list[set[Customer]]] = {}
        for draft in self.drafts:
            if draft.noun in (*SALES, RECORD) and draft.before and draft.after and draft.changed("visitor"):
                for place, image in ((1, draft.before), (0, draft.after)):
                    if image["visitor"] is not None and self._id(VISITOR, image["visitor"]) is not None:
                        changes.setdefault(image["visitor"], [set(), set()])[place].add(None)
        for key, (gained, lost) in changes.items():
            yield _row(f"visitor:{key}", Gone(frozenset(gained), frozenset(lost)))

    # -- people --------------------------------------------------------------------------------------------

    @cached_property
    def _people(self) -> dict[int, Draft]:
        """The users whom the write changes, by id."""
        return {draft.id: draft for draft in self.drafts if draft.noun is USER}

    @cached_property
    def _alone(self) -> list[int]:
        """The stored users who are looked at one by one: those who move, and the owners of what changes hands."""
        owners = (owner.user for handover in self._handovers for owner in (handover.before, handover.after))
        found = dict.fromkeys([*self._people, *(user for user in owners if user is not None)])
        return [user for user in found if user not in self._people or self._stays(self._people[user])]

    @staticmethod
    def _stays(draft: Draft) -> bool:
        return draft.before is not None and draft.after is not None

    def _apart(self) -> Iterator[dict[str, Any]]:
        for user in self._alone:
            found = self._of(self._place(user, "before"), self._place(user, "after"), user)
            if found.gained or found.lost:
                if self._is_able(user):
                    yield _row(f"user:{self._key(user)}", found)
                else:
                    self.latent |= bool(found.gained)

    def _is_able(self, user: int) -> bool:
        query = f"SELECT {ABLE} FROM customer_user u WHERE u.id = ?"
        return bool(self.unit.connection.execute(query, (user,)).fetchone()[0])

    def _place(self, user: int, side: Side) -> Place:
        draft = self._people.get(user)
        image = None if draft is None else draft.before if side == "before" else draft.after
        if draft is not None and image is None:
            return Place(None, frozenset())
        if image is not None:
            return Place(self._id(CUSTOMER, image["customer"]), frozenset(image["roles"]))
        query = f"SELECT u.customer_id, {_HELD} FROM customer_user u WHERE u.id = ?"
        row = self.unit.connection.execute(query, (user,)).fetchone()
        return Place(None, frozenset()) if row is None else Place(row[0], self._held(row[1]))

    @cached_property
    def _around(self) -> set[int]:
        """The customers whose users may reach something else: those above what moves, on both sides."""
        found = set[int]()
        for row_id, draft in self._trees.items():
            if draft.before is not None and draft.after is not None:
                chains = [set(self.above(self.parent(row_id, side), side)) for side in SIDES]
                found |= chains[0] ^ chains[1]
        for handover in self._handovers:
            for side, owners in zip(SIDES, (handover.before, handover.after), strict=True):
                for customer in (owners.above, owners.customer):
                    found |= set(self.above(customer, side))
        return {customer for customer in found if customer not in self._fleeting}

    def _groups(self) -> Iterator[tuple[tuple[Place, Place], bool, int]]:
        """The places around, with how many users stand there whom the write itself leaves as they are.

        Those who can sign in are counted apart from the others.
        """
        rows = self.unit.connection.execute(
            f"""SELECT customer_id, held, able, count(*) FROM (
                SELECT u.customer_id, {_HELD} AS held, {ABLE} AS able FROM customer_user u WHERE {_AROUND}
            ) GROUP BY customer_id, held, able""",
            {"around": json.dumps(sorted(self._around)), "alone": json.dumps(self._all_alone)},
        )
        for customer, held, able, number in rows.fetchall():
            place = Place(customer, self._held(held))
            yield (place, place), bool(able), number

    @cached_property
    def _all_alone(self) -> list[int]:
        return sorted({*self._alone, *self._people})

    def _members(self, place: Place, most: int) -> Iterator[str]:
        """The keys of the users of one group."""
        ids = ",".join(str(self.unit.id_of(ROLE, key)) for key in place.held)
        rows = self.unit.connection.execute(
            f"SELECT u.key, {_HELD} FROM customer_user u WHERE {_AROUND} AND {ABLE} ORDER BY u.key",
            {"around": json.dumps([place.customer]), "alone": json.dumps(self._all_alone)},
        )
        wanted = set(ids.split(","))
        for key, held in rows:
            if most <= 0:
                return
            if set((held or "").split(",")) == wanted:
                most -= 1
                yield key

    # -- names ---------------------------------------------------------------------------------------------

    def _id(self, noun: Noun, key: str | None) -> int | None:
        """The id of a record of this key, of one that goes too."""
        if key is None:
            return None
        draft = self.unit.drafts.get((noun.name, key))
        return self.unit.id_of(noun, key) if draft is None else draft.id

    def _key(self, user: int) -> str:
        if user in self._people:
            return self._people[user].key
        row = self.unit.connection.execute("SELECT key FROM customer_user WHERE id = ?", (user,)).fetchone()
        return str(row[0])

    def _held(self, ids: str | None) -> Held:
        return frozenset(self._role_key(int(role_id)) for role_id in (ids or "").split(",") if role_id)

    def _role_key(self, role_id: int) -> str:
        if role_id not in self._keys:
            row = self.unit.connection.execute("SELECT key FROM role WHERE id = ?", (role_id,)).fetchone()
            self._keys[role_id] = str(row[0])
        return self._keys[role_id]


def _that_count(owners: Owners, entity: Entity) -> Owners:
    """The owners that count for an entity; others are kept, but nothing follows from them."""
    of_user, of_customer = entity.ownership == "user", entity.ownership == "customer" or entity.has_customer
    return Owners(
        owners.user if of_user else None, owners.above if of_user else None, owners.customer if of_customer else None
    )


def _is_elsewhere(draft: Draft) -> bool:
    """Whether a customer is not below the same one on both sides."""
    return draft.before is None or draft.after is None or draft.changed("parent")


def _row(reference: str, found: Gone) -> dict[str, Any]:
    return {"user": reference, "gained": len(found.gained), "lost": len(found.lost)}


ABLE = """(u.enabled AND u.confirmed AND NOT u.guest AND u.auth_status <> 'reset' AND u.customer_id IS NOT NULL)"""
"""The SQL of whether the user `u` can sign in (AM 10)."""
_HELD = "(SELECT group_concat(ur.role_id) FROM user_role ur WHERE ur.user_id = u.id)"
_AROUND = """u.customer_id IN (SELECT value FROM json_each(:around))
    AND u.id NOT IN (SELECT value FROM json_each(:alone))"""
_BELOW = """WITH RECURSIVE link (id, parent) AS (
    SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:links)
), below (id) AS (
    SELECT :top
    UNION SELECT c.id FROM below JOIN customer c ON c.parent_id = below.id WHERE c.id NOT IN (SELECT id FROM link)
    UNION SELECT link.id FROM below JOIN link ON link.parent = below.id
) SELECT id FROM below"""
"""A customer and all below it, where some hang elsewhere than they are stored; a new one hangs nowhere."""
