"""Answers that are sets: the records somebody may act on, who may, and whom somebody may make an owner."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from custctl.errors import invalid
from custctl.policy.decide import ROLE_RECORD, decide, owners, scope
from custctl.policy.model import Decision, Entity, Facts, Record, Resource, Subject
from custctl.resources import CUSTOMER, ROLE, USER
from custctl.store.facts import Asker, Question, check_action, subject_reference, targets_of
from custctl.store.scopes import condition, root_of, table_of, within
from custctl.store.sight import seen

Row = dict[str, Any]


_RULES = ("own", "owner-customer", "customer", "ownerless", "visitor")


def meanings(connection: sqlite3.Connection) -> dict[str, Callable[[str], str]]:
    """How values of conditions on these answers are read: what names a record must be stored (exit 4)."""
    from custctl.store.meant import Reader, one_of  # most sets are not narrowed

    reader = Reader(connection)

    def somebody(name: str, word: str) -> str:
        return word if word == "guest" else reader.reference(name, word, USER)

    return {
        "record": lambda word: reader.reference("record", word),
        "subject": lambda word: somebody("subject", word),
        "owner": lambda word: somebody("owner", word),
        "user": lambda word: reader.key("user", USER, word),
        "customer": lambda word: reader.key("customer", CUSTOMER, word),
        "roles": lambda word: reader.key("roles", ROLE, word),
        "rule": one_of("rule", _RULES),
    }


# -- records -----------------------------------------------------------------------------------------------------


def records(
    connection: sqlite3.Connection, subject_text: str, entity_name: str, action: str, *, ignore_status: bool
) -> Iterator[Row]:
    """The stored records that a list shows the subject, with why each is there (contract: records).

    Raises exit 3 for an unknown subject, 4 for an unknown entity or action.
    """
    asker = Asker(connection)
    resource = asker.resource(entity_name)
    entity = _whole(resource, entity_name)
    check_action(action, resource)
    subject = asker.subject(subject_text, [resource.target])
    if subject.kind == "role":
        raise invalid("a role alone owns nothing: name a user, guest or visitor:KEY", value=subject_text)
    reached = scope(subject, entity, action, asker.facts(resource, ignore_status))
    if not entity.protected:
        yield from _seen(connection, subject, entity) if reached.kind == "all" else ()
        return
    where, parameters = condition(connection, reached, entity)
    table, restriction = table_of(entity)
    query = f"SELECT {_told(entity, table)} FROM {table} t WHERE {restriction} AND ({where}) ORDER BY t.id"
    rule = {"own": "own", "all": "ownerless", "visitor": "visitor"}.get(
        reached.kind, "owner-customer" if reached.by == "owner" else "customer"
    )
    for key, user, customer in connection.execute(query, parameters | {"entity": entity.name}):
        own = user is not None and user == subject.key and entity.ownership == "user"
        predefined = reached.storefront and customer is None  # shown to everybody (AM 6.2)
        told = None if predefined else "own" if own else rule
        yield {"record": key, "user": user, "customer": customer, "rule": told}


def _seen(connection: sqlite3.Connection, subject: Subject, entity: Entity) -> Iterator[Row]:
    """The products or categories that the subject sees; nobody owns them."""
    where, parameters = seen(connection, subject, entity)
    for row in connection.execute(f"SELECT t.key FROM {entity.name} t WHERE {where} ORDER BY t.id", parameters):
        yield {"record": f"{entity.name}:{row[0]}", "user": None, "customer": None, "rule": "ownerless"}


def _told(entity: Entity, table: str) -> str:
    """The reference, owner and customer of a record, in SQL."""
    user = "(SELECT u.key FROM customer_user u WHERE u.id = t.user_id)"
    customer = "(SELECT c.key FROM customer c WHERE c.id = t.customer_id)"
    if table in ("sales_document", "record"):
        return f"t.entity || ':' || t.{'number' if table == 'sales_document' else 'key'}, {user}, {customer}"
    if table == "address":
        owner = customer if entity.name == "customer-address" else user
        return f"'{entity.name}:' || {owner} || '/' || t.key, {user}, {customer}"
    prefix = {"customer_user": "user", "role": "role"}.get(table, entity.name)
    owned = {"customer": "t.key", "customer_group": "NULL"}.get(table, customer)
    return f"'{prefix}:' || t.key, NULL, {owned}"


def _whole(resource: Resource, text: str) -> Entity:
    """The entity of a set question, which is about all of its records."""
    if resource.kind != "entity" or resource.record is not None or resource.entity is None:
        raise invalid(f"{text!r} is not an entity", value=text, hint="like order or shopping-list")
    return resource.entity


# -- who ---------------------------------------------------------------------------------------------------------


def who(connection: sqlite3.Connection, action: str, resource_text: str, *, ignore_status: bool) -> Iterator[Row]:
    """Everybody who may do it: users by key, then visitors; each with the level, the roles that give it, and the rule.

    Only users whom ownership could let in are looked at; each of them is decided on as `can` does.
    """
    asker = Asker(connection)
    resource = asker.resource(resource_text)
    check_action(action, resource)
    facts = asker.facts(resource, ignore_status)
    known: dict[tuple[Any, ...], Decision] = {}
    for subject, marks in _users(asker, resource, facts):
        if resource.record is not None:
            decision = decide(subject, action, resource, asker.facing(subject, resource, facts))
        elif marks in known:
            decision = known[marks]
        else:
            decision = known[marks] = decide(subject, action, resource, facts)
        if decision.allowed:
            yield _member(subject, decision)
    for text in _anonymous(resource):
        subject = asker.subject(text, targets_of(resource))
        decision = decide(subject, action, resource, asker.facing(subject, resource, facts))
        if decision.allowed:
            yield _member(subject, decision)


def _member(subject: Subject, decision: Decision) -> Row:
    givers = [verdict.role for verdict in decision.roles if verdict.level is decision.level and decision.level]
    match = decision.match
    return {
        "subject": subject_reference(subject),
        "customer": subject.customer,
        "level": decision.level.word,
        "roles": givers,
        "rule": None if match is None else match.rule,
        "path": [] if match is None else list(match.path),
    }


def _users(asker: Asker, resource: Resource, facts: Facts) -> Iterator[tuple[Subject, tuple[Any, ...]]]:
    """The users who could be let in, with what a question without a record depends on."""
    where, parameters = _within_reach(resource, facts)
    rows = asker.connection.execute(
        "SELECT u.key, (SELECT c.key FROM customer c WHERE c.id = u.customer_id), u.guest, u.auth_status, u.enabled,"
        " u.confirmed, (SELECT json_group_array(ur.role_id) FROM user_role ur WHERE ur.user_id = u.id)"
        f" FROM customer_user u WHERE {where} ORDER BY u.key",
        parameters,
    )
    targets = targets_of(resource)
    held: dict[str, Any] = {}
    for key, customer, guest, status, enabled, confirmed, ids in rows:
        if ids not in held:
            held[ids] = asker.roles(json.loads(ids), targets)
        flags = (bool(guest), status == "reset", bool(enabled), bool(confirmed))
        yield Subject("user", key, held[ids], customer, None, *flags), (ids, flags, customer is None)


def _within_reach(resource: Resource, facts: Facts) -> tuple[str, dict[str, Any]]:
    """A condition that no user outside can meet: the record's owner, and users of the customers above it."""
    record, entity = resource.record, resource.entity
    if record is None or entity is None or entity.ownership == "none" or resource.kind == "field":
        return "1", {}
    if record.role is not None and record.role.predefined and entity.name == ROLE_RECORD:
        return "1", {}
    customers = {key for chain in facts.chains.values() for key in chain}
    condition_text = (
        "u.id IN (SELECT o.id FROM customer_user o WHERE o.key = :owner UNION SELECT m.id FROM customer_user m"
        " WHERE m.customer_id IN (SELECT c.id FROM customer c WHERE c.key IN (SELECT value FROM json_each(:above))))"
    )
    return condition_text, {"owner": record.user, "above": json.dumps(sorted(customers))}


def _anonymous(resource: Resource) -> list[str]:
    """Who is not signed in and could be meant: any guest, and the visitors of the record and of what it belongs to."""
    sessions: list[str] = []
    record = resource.record
    while record is not None:
        if record.visitor is not None:
            sessions.append(f"visitor:{record.visitor}")
        record = record.parent
    return ["guest", *dict.fromkeys(sessions)]


# -- owners ------------------------------------------------------------------------------------------------------


def possible_owners(
    connection: sqlite3.Connection, subject_text: str, action: str, resource_text: str, *, ignore_status: bool
) -> Iterator[Row]:
    """Whom the subject may make the owner, and the present owner of a stored record (contract: owners).

    Raises exit 4 for another action than create and assign.
    """
    if action not in ("create", "assign"):
        raise invalid(f"owners are chosen to create or assign, not to {action}", field="action", value=action)
    asker = Asker(connection)
    loaded = asker.load(Question(subject_text, action, resource_text, ignore_status=ignore_status))
    entity, record = loaded.resource.entity, loaded.resource.record
    if entity is None or loaded.resource.kind != "entity":
        raise invalid(f"{resource_text!r} is not an entity or a record of one", value=resource_text)
    of_users = entity.ownership == "user"
    current = None if record is None else _present_owner(connection, record, of_users=of_users)
    found = owners(loaded.subject, entity, action, loaded.facts)
    told = False
    for key in _owner_keys(connection, found, loaded.subject, of_users=of_users):
        told = told or key == current
        yield _owner(key, current, of_users=of_users)
    if current is not None and not told and entity.ownership != "none":
        yield _owner(current, current, of_users=of_users)


def _present_owner(connection: sqlite3.Connection, record: Record, *, of_users: bool) -> str | None:
    """The owner of a stored record; that of a customer is its parent (AM 2)."""
    if record.entity != "customer":
        return record.user if of_users else record.customer
    query = "SELECT (SELECT p.key FROM customer p WHERE p.id = c.parent_id) FROM customer c WHERE c.key = ?"
    found: str | None = connection.execute(query, (record.customer,)).fetchone()[0]
    return found


def _owner(key: str, current: str | None, *, of_users: bool) -> Row:
    return {"owner": f"{'user' if of_users else 'customer'}:{key}", "current": key == current}


def _owner_keys(connection: sqlite3.Connection, found: Any, subject: Subject, *, of_users: bool) -> Iterator[str]:
    """The keys of the owners in a scope, the subject first."""
    if found.kind == "own":
        yield subject.key
    if found.kind == "customers":
        customers = within(connection, found)
        query = (
            f"SELECT u.key FROM customer_user u WHERE u.customer_id IN {customers} ORDER BY u.key <> :me, u.key"
            if of_users
            else f"SELECT c.key FROM customer c WHERE c.id IN {customers} ORDER BY c.key <> :mine, c.key"
        )
        parameters = root_of(found) | {"me": subject.key, "mine": subject.customer}
        for row in connection.execute(query, parameters):
            yield row[0]
