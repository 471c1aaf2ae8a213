"""A scope of the policy as SQL: the one condition by which a list shows what a subject may see.

`t` is the table of the entity's records. Every value is a parameter whose name begins with `scope_`.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from custctl.policy.catalogue import SALES_DOCUMENTS
from custctl.policy.model import Entity, Scope
from custctl.store.reads import is_in_cycle

Condition = tuple[str, dict[str, Any]]

_BELOW = """(WITH RECURSIVE below (id) AS (
    SELECT id FROM customer WHERE key = :scope_root
    UNION SELECT c.id FROM below JOIN customer c ON c.parent_id = below.id
) SELECT id FROM below)"""
_ALONE = "(SELECT id FROM customer WHERE key = :scope_root)"
_VISITOR = "(SELECT id FROM visitor WHERE key = :scope_visitor)"
_OF_VISITOR = f"""(WITH RECURSIVE mine (id) AS (
    SELECT r.id FROM record r LEFT JOIN sales_document d ON d.id = r.parent_document_id
    WHERE r.visitor_id = {_VISITOR} OR (r.visitor_id IS NULL AND d.visitor_id = {_VISITOR})
    UNION SELECT r.id FROM mine JOIN record r ON r.parent_record_id = mine.id AND r.visitor_id IS NULL
) SELECT id FROM mine)"""

TABLES = {
    "customer": "customer",
    "customer-user": "customer_user",
    "customer-user-role": "role",
    "customer-address": "address",
    "customer-user-address": "address",
    "customer-group": "customer_group",
    **dict.fromkeys(SALES_DOCUMENTS, "sales_document"),
}


def table_of(entity: Entity) -> tuple[str, str]:
    """The table of an entity's records, and which of its rows they are; `:entity` is the entity's name."""
    table = TABLES.get(entity.name, "record")
    if table == "address":
        return table, f"t.{'customer_id' if entity.name == 'customer-address' else 'user_id'} IS NOT NULL"
    return table, "t.entity = :entity" if table in ("sales_document", "record") else "1"


def condition(connection: sqlite3.Connection, scope: Scope, entity: Entity) -> Condition:
    """The condition that a record is within the scope."""
    table, _ = table_of(entity)
    if scope.kind == "all":
        return "1", {}
    if scope.kind == "own" and table in ("sales_document", "record", "address"):
        return "t.user_id = (SELECT id FROM customer_user WHERE key = :scope_user)", {"scope_user": scope.user}
    if scope.kind == "visitor":
        return _by_visitor(table), {"scope_visitor": scope.visitor}
    if scope.kind == "customers":
        return _by_customer(entity, scope, within(connection, scope)), root_of(scope)
    return "0", {}


def root_of(scope: Scope) -> dict[str, Any]:
    """The parameter of the subquery that `within` makes."""
    return {"scope_root": scope.roots[0] if scope.roots else None}


def within(connection: sqlite3.Connection, scope: Scope) -> str:
    """The subquery with the ids of the customers of a scope; a member of a cycle has no descendants (AM 8).

    Without a root, as for a user without a customer, it finds none.
    """
    if not scope.roots:
        return _ALONE
    row = connection.execute("SELECT id FROM customer WHERE key = ?", scope.roots).fetchone()
    return _BELOW if scope.deep and row is not None and not is_in_cycle(connection, row[0]) else _ALONE


def _by_customer(entity: Entity, scope: Scope, customers: str) -> str:
    if entity.identity == "customer":
        return f"t.id IN {customers}"
    if scope.by == "owner":
        return f"t.user_id IN (SELECT u.id FROM customer_user u WHERE u.customer_id IN {customers})"
    if scope.storefront:
        return f"t.self_managed AND t.public AND (t.customer_id IS NULL OR t.customer_id IN {customers})"
    return f"t.customer_id IN {customers}"


def _by_visitor(table: str) -> str:
    """A visitor's records: those of the session, and the lines of its documents."""
    if table == "sales_document":
        return f"t.visitor_id = {_VISITOR}"
    return f"t.id IN {_OF_VISITOR}" if table == "record" else "0"
