"""What a change of roles would open: how many pairs of user and record, and for how many other people.

A record counts once for a user, whatever can be done to it. Records are counted by rank, the lowest level that
reaches them for one user: own, of the own customer, of a descendant, any. Neither signing in nor vetoes count:
both pass.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from custctl.policy.decide import ROLE_RECORD, role_verdict
from custctl.policy.model import Entity, Level, Resource, Role, Subject
from custctl.store.facts import Asker, actions_of
from custctl.store.reads import is_in_cycle
from custctl.store.scopes import table_of

MOST_HOLDERS = 2_000
"""Roles that more people hold open too much to count; a plan with them loses against every one that can be counted."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Levels of one role for one resource: what one `role grant` changes."""

    role: str
    resource: Resource
    levels: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class Plan:
    """Roles that the subject gets, and roles that are raised, added ones among them."""

    added: tuple[Role, ...] = ()
    grants: tuple[Grant, ...] = ()

    def roles(self, held: Iterable[Role], added: Iterable[Role] | None = None) -> tuple[Role, ...]:
        """Roles after the plan: the raised ones raised, the added ones with them."""
        more = self.added if added is None else added
        return tuple(self._raised(role) for role in (*held, *more))

    def _raised(self, role: Role) -> Role:
        for grant in self.grants:
            if grant.role == role.key:
                role = _with_levels(role, grant)
        return role


class Rise(NamedTuple):
    """One action of one resource that somebody gets a wider level for."""

    resource: Resource
    action: str
    before: Level
    after: Level


class Person(NamedTuple):
    """A user, the customer (0 for none), and what the plan widens."""

    user: int
    customer: int
    rises: tuple[Rise, ...]


class Rank(NamedTuple):
    """So many records that need this level; roles that are public can be viewed at any (AM 5.9)."""

    level: Level
    records: int
    public: bool = False


def level_of(roles: Iterable[Role], action: str, resource: Resource) -> Level:
    """The widest level that roles give."""
    return max((role_verdict(role, action, resource).level for role in roles), default=Level.NONE)


@dataclass(slots=True)
class Exposure:
    """Counts what plans open, for one subject and everybody else; what was counted is kept."""

    asker: Asker
    subject: Subject
    asked: Resource
    """What was asked about: its actions count beside those of all entities."""
    _near: dict[tuple[int, bool], str] = field(default_factory=dict)
    _counts: dict[tuple[object, ...], int] = field(default_factory=dict)
    _shared: dict[str, bool] = field(default_factory=dict)

    def is_shared(self, role: str) -> bool:
        """Whether users of other customers hold the role too."""
        if self.subject.kind != "user":
            return False
        if role not in self._shared:
            query = """SELECT EXISTS (SELECT 1 FROM role r JOIN user_role ur ON ur.role_id = r.id
                JOIN customer_user u ON u.id = ur.user_id JOIN customer c ON c.id = u.customer_id
                WHERE r.key = ? AND u.key <> ? AND c.key <> ?)"""
            values = (role, self.subject.key, self.subject.customer or "")
            self._shared[role] = bool(self.asker.connection.execute(query, values).fetchone()[0])
        return self._shared[role]

    def gaining(self, plan: Plan) -> tuple[int, int]:
        """How many other users, of how many customers, get more than they have."""
        people = list(self._others(plan))
        return len(people), len({person.customer for person in people} - {0})

    def opened(self, plan: Plan) -> float:
        """How many pairs of user and record the plan opens, infinity when too many people are concerned."""
        people = [*self._oneself(plan), *self._others(plan)]
        return math.inf if len(people) > MOST_HOLDERS else sum(self._newly(person) for person in people)

    # -- people --------------------------------------------------------------------------------------------

    def _oneself(self, plan: Plan) -> Iterator[Person]:
        """The subject, where it is a user; a role that is added speaks about everything."""
        query = "SELECT id, coalesce(customer_id, 0) FROM customer_user WHERE key = ?"
        row = self.asker.connection.execute(query, (self.subject.key,)).fetchone()
        if row is None or self.subject.kind != "user":
            return
        resources = self._everything() if plan.added else [grant.resource for grant in plan.grants]
        held, added = self._full(self.subject.roles), self._full(plan.added)
        yield Person(row[0], row[1], tuple(_rises(held, plan.roles(held, added), resources)))

    def _others(self, plan: Plan) -> Iterator[Person]:
        """The other holders of raised roles who have less than the new levels."""
        rows = self.asker.connection.execute(
            """SELECT u.id, coalesce(u.customer_id, 0),
                (SELECT json_group_array(o.role_id) FROM user_role o WHERE o.user_id = u.id)
            FROM customer_user u WHERE u.key <> :me AND u.id IN (SELECT ur.user_id FROM role r
                JOIN user_role ur ON ur.role_id = r.id WHERE r.key IN (SELECT value FROM json_each(:roles)))""",
            {"me": self._own_key, "roles": json.dumps([grant.role for grant in plan.grants])},
        )
        resources = [grant.resource for grant in plan.grants]
        targets = [resource.target for resource in resources]
        known: dict[str, tuple[Rise, ...]] = {}
        for user, customer, ids in rows:
            if ids not in known:
                held = self.asker.roles(json.loads(ids), targets)
                known[ids] = tuple(_rises(held, plan.roles(held, ()), resources))
            if known[ids]:
                yield Person(user, customer, known[ids])

    @property
    def _own_key(self) -> str:
        return self.subject.key if self.subject.kind == "user" else ""

    def _full(self, roles: Iterable[Role]) -> tuple[Role, ...]:
        """The roles with all their entries."""
        return tuple(self.asker.subject(f"role:{role.key}", None).roles[0] for role in roles)

    def _everything(self) -> list[Resource]:
        resources = {name: Resource("entity", name, entity) for name, entity in self.asker.entities().items()}
        return [*resources.values(), *([self.asked] if self.asked.kind != "entity" else [])]

    # -- records -------------------------------------------------------------------------------------------

    def _newly(self, person: Person) -> int:
        """The records that one of the rises reaches for the first time."""
        by_entity: dict[str, list[Rise]] = {}
        for rise in person.rises:
            if rise.resource.entity is not None and rise.resource.entity.protected:
                by_entity.setdefault(rise.resource.entity.name, []).append(rise)
        return sum(
            rank.records
            for rises in by_entity.values()
            for rank in self._ranks(rises, person)
            if any(rise.before < _needed(rank, rise) <= rise.after for rise in rises)
        )

    def _ranks(self, rises: Sequence[Rise], person: Person) -> list[Rank]:
        """The records of an entity by the level at which this person reaches them, as far as the rises go."""
        entity = rises[0].resource.entity
        assert entity is not None, "only a capability has no entity, and no records"
        total = self._count(entity, "1") if any(rise.after is Level.FULL for rise in rises) else 0
        if entity.ownership == "none":
            return [Rank(Level.FULL, total)]
        own = self._own(entity, person.user)
        department = self._of_customers(entity, person.customer, deep=False) if person.customer else own
        corporate = self._of_customers(entity, person.customer, deep=True) if person.customer else own
        public = self._count(entity, "t.customer_id IS NULL AND t.self_managed AND t.public") if _is_role(entity) else 0
        return [
            Rank(Level.USER, own),
            Rank(Level.DEPARTMENT, department - own),
            Rank(Level.CORPORATE, corporate - department),
            Rank(Level.FULL, max(0, total - corporate - public)),
            Rank(Level.FULL, public, public=True),
        ]

    def _own(self, entity: Entity, user: int) -> int:
        if entity.identity == "user":
            return 1
        return self._count(entity, "t.user_id = :user", user=user) if entity.ownership == "user" else 0

    def _of_customers(self, entity: Entity, customer: int, *, deep: bool) -> int:
        """The records of a customer, `deep` also of those below it; each is counted once."""
        near = self._customers(customer, deep=deep)
        if entity.identity == "customer":
            return self._count(entity, f"t.id IN {_NEAR}", near=near)
        if entity.ownership == "customer":
            return self._count(entity, f"t.customer_id IN {_NEAR}", near=near)
        by_owner = f"t.user_id IN (SELECT u.id FROM customer_user u WHERE u.customer_id IN {_NEAR})"
        if not entity.has_customer:
            return self._count(entity, by_owner, near=near)
        elsewhere = f"(t.customer_id IS NULL OR t.customer_id NOT IN {_NEAR})"
        return self._count(entity, f"t.customer_id IN {_NEAR}", near=near) + self._count(
            entity, f"{by_owner} AND {elsewhere}", near=near
        )

    def _customers(self, customer: int, *, deep: bool) -> str:
        """The ids of a customer and, `deep`, its descendants, as JSON; a member of a cycle has none (AM 8)."""
        if (customer, deep) not in self._near:
            ids = [customer]
            if deep and not is_in_cycle(self.asker.connection, customer):
                ids = [row[0] for row in self.asker.connection.execute(_BELOW, {"customer": customer})]
            self._near[customer, deep] = json.dumps(ids)
        return self._near[customer, deep]

    def _count(self, entity: Entity, condition: str, **parameters: object) -> int:
        key = (entity.name, condition, *parameters.values())
        if key not in self._counts:
            table, restriction = table_of(entity)
            query = f"SELECT count(*) FROM {table} t WHERE {restriction} AND {condition}"
            row = self.asker.connection.execute(query, parameters | {"entity": entity.name}).fetchone()
            self._counts[key] = row[0]
        return self._counts[key]


_NEAR = "(SELECT value FROM json_each(:near))"
_BELOW = """WITH RECURSIVE below (id) AS (
    SELECT :customer UNION SELECT c.id FROM below JOIN customer c ON c.parent_id = below.id
) SELECT id FROM below"""


def _rises(before: Sequence[Role], after: Sequence[Role], resources: Iterable[Resource]) -> Iterator[Rise]:
    for resource in resources:
        for action in actions_of(resource):
            rise = Rise(resource, action, level_of(before, action, resource), level_of(after, action, resource))
            if rise.before < rise.after:
                yield rise


def _needed(rank: Rank, rise: Rise) -> Level:
    """The level at which a rise reaches the records of a rank."""
    viewed = rank.public and rise.action == "view" and rise.resource.kind == "entity"
    return Level.USER if viewed else rank.level


def _is_role(entity: Entity) -> bool:
    return entity.name == ROLE_RECORD


def _with_levels(role: Role, grant: Grant) -> Role:
    """The role after a grant: its entry, or what its default gave, with the actions at their levels."""
    resource = grant.resource
    entry = dict(role.entries.get(resource.target) or {})
    if not entry and resource.kind in ("entity", "workflow"):
        entry = {action: role_verdict(role, action, resource).level for action in actions_of(resource)}
    return replace(role, entries={**role.entries, resource.target: {**entry, **grant.levels}})
