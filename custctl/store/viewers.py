"""Who looks at products: the customer and the group whose visibility and prices count."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from custctl.resources import GROUP, USER, Noun, reference
from custctl.store import lookup
from custctl.store.settings import value_of

if TYPE_CHECKING:
    from custctl.policy.visibility import Level


class Viewer(NamedTuple):
    """Who looks: the name, the customer and the group that count for it, as ids and keys."""

    name: str
    customer: tuple[int, str] | None = None
    group: tuple[int, str] | None = None

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels of the score that apply."""
        group: tuple[Level, ...] = ("group",) if self.group else ()
        customer: tuple[Level, ...] = ("customer",) if self.customer else ()
        return ("product", *group, *customer)


def viewer(connection: sqlite3.Connection, noun: Noun | None, text: str) -> Viewer:
    """Who looks: a customer with its group, a customer user with its customer, or, without a noun, a visitor.

    A user without a customer sees what everybody sees; for a visitor the group of visitors counts, and no customer
    (feature V-11). Raises exit 3 for one that is not stored.
    """
    if noun is None:
        return Viewer(
            "guest", None, lookup.require(connection, GROUP, value_of(connection, "guest.group"), typed=False)
        )
    row_id, key = lookup.require(connection, noun, text)
    customer = row_id
    if noun is USER:
        query = "SELECT customer_id FROM customer_user WHERE id = ?"
        customer = connection.execute(query, (row_id,)).fetchone()[0]
    return with_customer(connection, reference(noun, key), customer)


def with_customer(connection: sqlite3.Connection, name: str, customer: int | None) -> Viewer:
    """Who looks for a customer of this id, or for none."""
    query = """SELECT c.key, g.id, g.key FROM customer c LEFT JOIN customer_group g ON g.id = c.group_id
        WHERE c.id = ?"""
    row = connection.execute(query, (customer,)).fetchone()
    if row is None:
        return Viewer(name)
    return Viewer(name, (customer or 0, row[0]), None if row[1] is None else (row[1], row[2]))
