"""What a change of roles would open: how many pairs of user and record, and for how many other people.

Records are counted by rank, the lowest level that reaches them for one user: own, of the own customer, of a
descendant. Vetoes are not counted: they guard single records in passing states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from custctl.policy.catalogue import SALES_DOCUMENTS
from custctl.policy.decide import role_verdict
from custctl.policy.model import Entity, Level, Resource, Role, Subject
from custctl.store.reads import is_in_cycle

if TYPE_CHECKING:
    from custctl.store.facts import Asker
    from custctl.store.remedy import Step

MOST_HOLDERS = 2_000
"""A role that more people hold opens too much to count; it loses against everything that can be counted."""

_BELOW = """
WITH RECURSIVE below (id) AS (
    SELECT :customer UNION SELECT c.id FROM below JOIN customer c ON c.parent_id = below.id
)
SELECT id FROM below WHERE id IS NOT NULL
"""

Ranks = Mapping[Level, int]


def is_shared(asker: Asker, role: str, subject: Subject) -> bool:
    """Whether users of other customers hold the role too."""
    row = asker.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM role r JOIN user_role ur ON ur.role_id = r.id"
        " JOIN customer_user u ON u.id = ur.user_id LEFT JOIN customer c ON c.id = u.customer_id"
        " WHERE r.key = ? AND u.key <> ? AND coalesce(c.key, '') <> ?)",
        (role, subject.key, subject.customer or ""),
    ).fetchone()
    return subject.kind == "user" and bool(row[0])


def gaining(asker: Asker, subject: Subject, steps: Sequence[Step]) -> tuple[int, int]:
    """How many other users, of how many customers, the steps would give more than they have."""
    users: set[int] = set()
    customers: set[int] = set()
    for step in steps:
        for user, customer, _ in _gainers(asker, subject, step):
            users.add(user)
            customers.add(customer)
    return len(users), len(customers - {0})


def opened(asker: Asker, subject: Subject, steps: Sequence[Step]) -> float:
    """How many pairs of user and record the steps open, infinity when the holders are too many to count."""
    return sum(_opened_by(asker, subject, step) for step in steps)


def _opened_by(asker: Asker, subject: Subject, step: Step) -> float:
    own = _user_id(asker, subject)
    if step.resource is None:
        return _opened_by_role(asker, subject, own, step.role)
    if step.resource.entity is None:
        return 1 + len(list(_gainers(asker, subject, step)))
    before = _level(subject.roles, step.action, step.resource)
    holders = [(own, _customer_id(asker, subject), before), *_gainers(asker, subject, step)]
    if len(holders) > MOST_HOLDERS:
        return math.inf
    entity = step.resource.entity
    return sum(
        _newly(_ranks(asker, entity, user, customer), [(level, step.level)]) for user, customer, level in holders
    )


def _opened_by_role(asker: Asker, subject: Subject, user: int, key: str) -> float:
    """What one more role opens for the subject, over all entities."""
    full = asker.subject(f"user:{subject.key}", None)
    added = asker.subject(f"role:{key}", None).roles
    customer, total = _customer_id(asker, subject), 0
    for name, entity in asker.entities().items():
        resource = Resource("entity", name, entity)
        rises = [
            (_level(full.roles, action, resource), _level(added, action, resource)) for action in entity.permissions
        ]
        if any(before < after for before, after in rises):
            total += _newly(_ranks(asker, entity, user, customer), rises)
    return total


def _newly(ranks: Ranks, rises: Sequence[tuple[Level, Level]]) -> int:
    """The records that one of the rises reaches for the first time."""
    return sum(count for rank, count in ranks.items() if any(before < rank <= after for before, after in rises))


def _level(roles: Sequence[Role], action: str, resource: Resource) -> Level:
    return max((role_verdict(role, action, resource).level for role in roles), default=Level.NONE)


def _gainers(asker: Asker, subject: Subject, step: Step) -> Iterator[tuple[int, int, Level]]:
    """The other holders of a raised role who have less than the new level: id, customer's id or 0, level now."""
    if step.resource is None:
        return
    rows = asker.connection.execute(
        "SELECT u.id, coalesce(u.customer_id, 0), (SELECT json_group_array(o.role_id) FROM user_role o"
        " WHERE o.user_id = u.id) FROM role r JOIN user_role ur ON ur.role_id = r.id"
        " JOIN customer_user u ON u.id = ur.user_id WHERE r.key = ? AND u.key <> ?",
        (step.role, subject.key),
    )
    for user, customer, held in rows:
        roles = asker.roles(json.loads(held), [step.resource.target])
        level = _level(roles, step.action, step.resource)
        if level < step.level:
            yield user, customer, level


def _user_id(asker: Asker, subject: Subject) -> int:
    row = asker.connection.execute("SELECT id FROM customer_user WHERE key = ?", (subject.key,)).fetchone()
    return int(row[0]) if row and subject.kind == "user" else 0


def _customer_id(asker: Asker, subject: Subject) -> int:
    row = asker.connection.execute("SELECT id FROM customer WHERE key = ?", (subject.customer,)).fetchone()
    return int(row[0]) if row else 0


def _ranks(asker: Asker, entity: Entity, user: int, customer: int) -> Ranks:
    """How many records of an entity each level reaches for a user that the level below does not."""
    table, restriction = _table(entity)
    if entity.ownership == "none":
        query = f"SELECT count(*) FROM {table} t WHERE {restriction}"
        return {Level.FULL: asker.connection.execute(query, {"entity": entity.name}).fetchone()[0]}
    own, of_customer = _conditions(entity)
    below = _below(asker, customer)
    query = f"""
        WITH near AS (SELECT value AS id FROM json_each(:below))
        SELECT count(*) FILTER (WHERE {own}),
            count(*) FILTER (WHERE NOT {own} AND ({of_customer.format("= :customer")})),
            count(*) FILTER (WHERE NOT {own} AND NOT ({of_customer.format("= :customer")}))
        FROM {table} t LEFT JOIN customer_user u ON u.id = {_owner(table)}
        WHERE {restriction} AND ({own} OR {of_customer.format("IN near")})
    """
    parameters = {"entity": entity.name, "user": user, "customer": customer, "below": json.dumps(below)}
    counts = asker.connection.execute(query, parameters).fetchone()
    return dict(zip((Level.USER, Level.DEPARTMENT, Level.CORPORATE), counts, strict=True))


def _table(entity: Entity) -> tuple[str, str]:
    """The table of an entity's records, and which of its rows they are."""
    tables = {
        "customer": ("customer", "1"),
        "customer-user": ("customer_user", "1"),
        "customer-user-role": ("role", "1"),
        "customer-address": ("address", "t.customer_id IS NOT NULL"),
        "customer-user-address": ("address", "t.user_id IS NOT NULL"),
        "customer-group": ("customer_group", "1"),
    }
    if entity.name in tables:
        return tables[entity.name]
    return ("sales_document" if entity.name in SALES_DOCUMENTS else "record", "t.entity = :entity")


def _owner(table: str) -> str:
    """The column with the owning user, where the table has one."""
    return "t.user_id" if table in ("sales_document", "record", "address") else "NULL"


def _conditions(entity: Entity) -> tuple[str, str]:
    """When a record is the user's own, and when it is of a customer; `{0}` is compared with the customer's id."""
    if entity.identity == "customer":
        return "0", "t.id {0}"
    if entity.identity == "user":
        return "t.id = :user", "t.customer_id {0}"
    if entity.ownership == "customer":
        return "0", "coalesce(t.customer_id, 0) {0}"
    if entity.has_customer:
        return "coalesce(t.user_id, 0) = :user", "(coalesce(u.customer_id, 0) {0} OR coalesce(t.customer_id, 0) {0})"
    return "coalesce(t.user_id, 0) = :user", "coalesce(u.customer_id, 0) {0}"


def _below(asker: Asker, customer: int) -> list[int]:
    """A customer and its descendants; a member of a cycle has none."""
    if not customer or is_in_cycle(asker.connection, customer):
        return [customer] if customer else []
    return [row[0] for row in asker.connection.execute(_BELOW, {"customer": customer})]
