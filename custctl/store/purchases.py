"""What was bought: the volume of the last months, and the products that were bought before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from custctl.resources import ACCOUNT, CUSTOMER, USER, Noun
from custctl.store import settings
from custctl.store.lifetime import Sum, prepare, sums
from custctl.store.periods import months_until
from custctl.store.scopes import Condition

Row = dict[str, Any]

MONTHS = 12

_WHOSE = {
    CUSTOMER.name: "{0}.customer_id = :whose",
    USER.name: "{0}.user_id = :whose",
    ACCOUNT.name: "{0}.customer_id IN (SELECT c.id FROM customer c WHERE c.account_id = :whose)",
}
"""Which orders are those of one record."""
BOUGHT = ("open", "closed")
"""The statuses of orders whose products count as bought before.

Source: oroinc/orocommerce OrderBundle/Provider/PreviouslyPurchasedOrderStatusesProvider.php.
"""


def orders_of(noun: Noun, row_id: int) -> Condition:
    """Which orders a customer, user or account has, as a condition of a list of orders."""
    return _WHOSE[noun.name].format("t"), {"whose": row_id}


def volume(connection: sqlite3.Connection, noun: Noun, row_id: int, day: str) -> list[Row]:
    """What was ordered in each of twelve months, the last one that of the day, cancelled orders apart (L-11).

    A month without orders is there too.
    """
    prepare(connection)
    months = months_until(day, MONTHS)
    source = f"""SELECT substr(w.placed_at, 1, 7), w.value, w.amount, w.currency, w.known FROM temp.worth_of_order w
        WHERE {_WHOSE[noun.name].format("w")} AND w.placed_at >= :first AND w.placed_at < :behind
        AND w.status IS NOT 'cancelled'"""
    behind = f"{months[-1]}~"  # behind every day of the last month
    found = sums(connection, source, {"whose": row_id, "first": months[0], "behind": behind})
    parts = ((month, found.get(month, Sum())) for month in months)
    return [{"month": month, "orders": part.count, **part.told("volume")} for month, part in parts]


def undated(connection: sqlite3.Connection, noun: Noun, row_id: int) -> int:
    """How many orders that count for the volume are in no month, because nobody said when they were placed."""
    query = f"""SELECT count(*) FROM sales_document d WHERE d.entity = 'order' AND d.placed_at IS NULL
        AND d.status IS NOT 'cancelled' AND {_WHOSE[noun.name].format("d")}"""
    number: int = connection.execute(query, {"whose": row_id}).fetchone()[0]
    return number


def is_listed(connection: sqlite3.Connection, noun: Noun, key: str) -> tuple[bool, int]:
    """Whether products that were bought before are listed for a record, and for how many days (L-10).

    A customer has its own settings, its group's or the shop's; a user those of the customer, an account the shop's.
    """
    if noun is USER:
        query = "SELECT c.key FROM customer_user u JOIN customer c ON c.id = u.customer_id WHERE u.key = ?"
        row = connection.execute(query, (key,)).fetchone()
        key = row[0] if row else ""
    place = settings.Place("customer", key) if noun is not ACCOUNT and key else settings.SYSTEM
    names = ("order.purchase_history", "order.purchase_history_days")
    on, days = (settings.effective(connection, settings.SETTINGS[name], place)["value"] for name in names)
    return bool(on), int(days)


def products(connection: sqlite3.Connection, noun: Noun, row_id: int, day: str, days: int) -> Iterator[Row]:
    """The products in orders of the last days until a day, those bought latest first (L-10)."""
    statuses = ", ".join(f"'{status}'" for status in BOUGHT)
    query = f"""SELECT p.value, count(DISTINCT d.id), min(d.placed_at), max(d.placed_at)
        FROM sales_document d, json_each(d.products) p
        WHERE d.entity = 'order' AND d.status IN ({statuses}) AND {_WHOSE[noun.name].format("d")}
        AND d.placed_at >= :first AND d.placed_at < :behind
        GROUP BY p.value ORDER BY max(d.placed_at) DESC, p.value"""
    last = date.fromisoformat(day)
    parameters = {"whose": row_id, "first": str(last - timedelta(days=days)), "behind": str(last + timedelta(days=1))}
    for product, orders, first, latest in connection.execute(query, parameters):
        yield {"product": product, "orders": orders, "first_purchase": first, "last_purchase": latest}
