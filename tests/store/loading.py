"""Worlds in a real database: made into the tables of a document, and loaded by the product's own road.

What a world's question becomes when it is put to the store is said here too.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from custctl.store.apply import merge, read_request
from custctl.store.database import open_for_reading
from custctl.store.documents import Document
from custctl.store.facts import Question as Asked
from custctl.store.writing import Writer
from tests.policy.worlds import FEATURES, Question, World, WorldRecord, WorldRole, WorldUser

Tables = dict[str, Any]

SALES = {
    "order": "orders",
    "quote": "quotes",
    "request": "requests",
    "shopping-list": "shopping_lists",
    "checkout": "checkouts",
}
PLACE = {
    "organization": "Acme",
    "street": "Main St 1",
    "city": "Springfield",
    "postal_code": "62701",
    "country": "US",
    "region": "US-IL",
}


def empty(path: Path) -> Path:
    """A database without customers at this path."""
    Writer(path, "test", "tester").run(lambda _: None)
    return path


def load(world: World, path: Path, start: Path | None = None) -> Path:
    """The world in a new database; copied from an empty one, where there is one, which is faster."""
    if start is not None:
        shutil.copy(start, path)
    request = read_request([Document("world", tables(world))])
    Writer(path, "test", "tester").run(lambda unit: merge(unit, request))
    return path


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as a command that reads has it."""
    with contextlib.closing(open_for_reading(path)) as connection:
        yield connection


# Documents ------------------------------------------------------------------------------------------------------


def tables(world: World) -> Tables:
    """The document that says the whole world."""
    rows = world.rows.values()
    return {
        "entities": [
            {"name": entity.name, "ownership": entity.ownership, "permissions": list(entity.permissions)}
            for entity in world.own_entities.values()
        ],
        "groups": [{"key": row.key, "name": row.key} for row in rows if row.entity == "customer-group"],
        "customers": [
            {"key": key, "name": key, "parent": parent, "addresses": _addresses(world, "customer-address", key)}
            for key, parent in world.customers.items()
        ],
        "roles": [_role(role) for role in world.roles.values()],
        "users": [_user(world, user) for user in world.users.values()],
        "visitors": [{"key": key} for key in world.visitors],
        **{table: [_document(row) for row in rows if row.entity == entity] for entity, table in SALES.items()},
        "records": [_record(row) for row in rows if row.entity not in _ELSEWHERE],
        "settings": _settings(world),
    }


_ELSEWHERE = {*SALES, "customer-group", "customer-address", "customer-user-address"}


def _addresses(world: World, entity: str, owner: str) -> list[dict[str, str]]:
    """The addresses of one owner; their keys are OWNER/KEY."""
    keys = [row.key.rpartition("/") for row in world.rows.values() if row.entity == entity]
    return [{**PLACE, "key": key} for of, _, key in keys if of == owner]


def _role(role: WorldRole) -> Tables:
    return {
        "key": role.key,
        "label": f"Role {role.key}",
        "self_managed": role.self_managed,
        "public": role.public,
        "default": role.default,
        "capability_default": role.capability_default,
        "workflow_default": role.workflow_default,
        "permissions": role.permissions,
        "capabilities": role.capabilities,
        "workflows": role.workflows,
        "fields": role.fields,
    }


def _user(world: World, user: WorldUser) -> Tables:
    return {
        **({"key": user.key} if user.guest else {}),
        "email": user.email,
        "first_name": "Uma",
        "last_name": user.key,
        "customer": user.customer,
        "roles": list(user.roles),
        "guest": user.guest,
        "enabled": user.enabled,
        "confirmed": user.confirmed,
        "auth_status": "reset" if user.reset else "active",
        "addresses": _addresses(world, "customer-user-address", user.key),
    }


def _document(row: WorldRecord) -> Tables:
    active = {"workflow_active": row.workflow_active} if row.entity == "request" else {}
    return {"number": row.key, "status": row.status, **_owners(row), **active}


def _record(row: WorldRecord) -> Tables:
    return {"entity": row.entity, "key": row.key, "parent": row.parent, **_owners(row)}


def _owners(row: WorldRecord) -> dict[str, str | None]:
    return {"user": row.user, "customer": row.customer, "visitor": row.visitor}


def _settings(world: World) -> Mapping[str, Any]:
    features = {feature: feature in world.features for feature in FEATURES}
    return {"customer.default_role": world.default_role, "customer.guest_role": world.guest_role, **features}


# Questions ------------------------------------------------------------------------------------------------------


def asked(world: World, question: Question) -> Asked:
    """A question of the world as the store takes it.

    A record that is not stored is supposed, and so is one that a workflow or a field is asked about.
    """
    supposed = question.record is not None and (question.kind != "entity" or question.record not in world.records)
    row = world.record(question.record) if question.record is not None and supposed else None
    return Asked(
        question.subject,
        question.action,
        resource(question, stored=question.record is not None and not supposed),
        row.user if row is not None else None,
        row.customer if row is not None else None,
        supposed,
        session(world, row) if row is not None else None,
        question.ignore_status,
        () if question.with_role is None else (question.with_role,),
        () if question.without_role is None else (question.without_role,),
    )


def resource(question: Question, *, stored: bool) -> str:
    """The word for what a question is about."""
    if stored and question.record is not None:
        return question.record
    return f"{question.kind}:{question.name}" if question.kind in ("capability", "workflow") else question.name


def session(world: World, row: WorldRecord) -> str | None:
    """The session of a record, of a line that of its list."""
    if row.visitor is None and row.parent is not None:
        return session(world, world.record(row.parent))
    return row.visitor


def short(ref: str) -> str:
    """A reference as output has it."""
    kind, _, key = ref.partition(":")
    return f"{ {'customer-user': 'user', 'customer-user-role': 'role'}.get(kind, kind) }:{key}"
