"""What hangs on a company, in a fixed number of questions however much that is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from custctl.resources import ACCOUNT, SALES
from custctl.store import lifetime, timeline
from custctl.store.codec import money_text

Row = dict[str, Any]

_CUSTOMERS = "(SELECT c.id FROM customer c WHERE c.account_id = :account)"
_BUSINESSES = "(SELECT b.id FROM business_customer b WHERE b.account_id = :account)"
_LEADS = f"""(SELECT id FROM lead WHERE account_id = :account
    UNION SELECT id FROM lead WHERE customer_id IN {_CUSTOMERS}
    UNION SELECT id FROM lead WHERE business_customer_id IN {_BUSINESSES})"""
_COUNTED: Mapping[str, str] = {
    "contacts": "account_contact l WHERE l.account_id = :account",
    "customers": "customer c WHERE c.account_id = :account",
    "users": f"customer_user u WHERE u.customer_id IN {_CUSTOMERS}",
    "business_customers": "business_customer b WHERE b.account_id = :account",
    "leads": f"lead d WHERE d.id IN {_LEADS}",
    "opportunities": "opportunity o WHERE o.account_id = :account",
}
"""What an account has of each kind."""

_PARTS: Mapping[str, str] = {
    "channels": """SELECT h.key, h.name, h.type, h.active,
            (SELECT count(*) FROM customer c WHERE c.account_id = :account AND c.channel_id = h.id) AS customers,
            (SELECT count(*) FROM business_customer b WHERE b.account_id = :account AND b.channel_id = h.id)
                AS business_customers
        FROM channel h WHERE h.id IN (SELECT c.channel_id FROM customer c WHERE c.account_id = :account
            UNION SELECT b.channel_id FROM business_customer b WHERE b.account_id = :account)
        ORDER BY h.name_folded, h.key""",
    "customers": """SELECT c.key, c.name, (SELECT p.key FROM customer p WHERE p.id = c.parent_id) AS parent,
            (SELECT h.key FROM channel h WHERE h.id = c.channel_id) AS channel
        FROM customer c WHERE c.account_id = :account ORDER BY c.parent_id IS NOT NULL, c.name_folded, c.key""",
    "users": f"""SELECT u.key, u.first_name || ' ' || u.last_name AS name,
            (SELECT c.key FROM customer c WHERE c.id = u.customer_id) AS customer, u.enabled
        FROM customer_user u WHERE u.customer_id IN {_CUSTOMERS} ORDER BY u.enabled DESC, u.name_folded, u.key""",
    "business_customers": """SELECT b.key, b.name, (SELECT h.key FROM channel h WHERE h.id = b.channel_id) AS channel,
            (SELECT count(*) FROM lead d WHERE d.business_customer_id = b.id) AS leads,
            (SELECT count(*) FROM opportunity o WHERE o.business_customer_id = b.id) AS opportunities
        FROM business_customer b WHERE b.account_id = :account ORDER BY b.name_folded, b.key""",
    "leads": f"""SELECT d.key, d.name, d.status, d.company_name, d.owner, d.created_at AS created
        FROM lead d WHERE d.id IN {_LEADS} ORDER BY d.created_at DESC, d.id DESC""",
    "opportunities": """SELECT o.key, o.name, o.status, o.probability, o.budget, o.currency, o.close_date, o.owner
        FROM opportunity o WHERE o.account_id = :account
        ORDER BY o.status IN ('won', 'lost'), o.close_date DESC NULLS LAST, o.id DESC""",
}
"""The parts of an account's page that are rows, in the order in which they are shown."""
_MONEY = frozenset({"budget", "subtotal"})
_SWITCHES = frozenset({"active", "enabled"})

_DOCUMENTS = f"""SELECT entity, count, number, customer, status, subtotal, currency, payment_status, placed_at FROM (
        SELECT d.entity, count(*) OVER (PARTITION BY d.entity) AS count, d.number,
            (SELECT c.key FROM customer c WHERE c.id = d.customer_id) AS customer,
            d.status, d.subtotal, d.currency, d.payment_status, d.placed_at,
            row_number() OVER (PARTITION BY d.entity ORDER BY d.placed_at DESC NULLS LAST, d.id DESC) AS place
        FROM sales_document d WHERE d.customer_id IN {_CUSTOMERS}
    ) WHERE place <= max(:most, 1) ORDER BY entity, place"""


def of_account(connection: sqlite3.Connection, account_id: int, most: int) -> Row:
    """The whole company: what an account has of everything, counted, and the first or latest `most` (A-05 to A-07).

    Sources: oroinc/crm AccountBundle and orocommerce-orocrm Bridge/CustomerAccount, views Account and Customer.
    """
    asked = {"account": account_id, "most": min(most, 2**63 - 1)}
    counts = ", ".join(f"(SELECT count(*) FROM {of}) AS {name}" for name, of in _COUNTED.items())
    found: Row = {"counts": next(_rows(connection, f"SELECT {counts}", asked))}
    found |= {name: list(_rows(connection, f"{query} LIMIT :most", asked)) for name, query in _PARTS.items()}
    worth = lifetime.of_account(connection, account_id)
    _tell_worth(found["channels"], worth.pop("channels"))
    told = timeline.latest(connection, ACCOUNT, account_id, most)
    return {**worth, **found, "documents": _documents(connection, asked), **told}


def _tell_worth(channels: Iterable[Row], worth: Iterable[Row]) -> None:
    """Say of each channel what the account is worth in it (feature L-04)."""
    by_channel = {row["channel"]: row for row in worth}
    for row in channels:
        row |= {name: by_channel[row["key"]][name] for name in ("lifetime", "unconverted")}


def _documents(connection: sqlite3.Connection, asked: Mapping[str, int]) -> Row:
    """The sales documents of the account's customers by kind: how many, and the latest."""
    found: Row = {noun.document: {"count": 0, "latest": []} for noun in SALES}
    tables = {noun.name: noun.document for noun in SALES}
    for row in _rows(connection, _DOCUMENTS, asked):
        part = found[tables[row.pop("entity")]]
        part["count"] = row.pop("count")
        if len(part["latest"]) < asked["most"]:
            part["latest"].append(row)
    return found


def _rows(connection: sqlite3.Connection, query: str, asked: Mapping[str, Any]) -> Iterator[Row]:
    cursor = connection.execute(query, asked)
    names = [column[0] for column in cursor.description]
    for values in cursor:
        yield {name: _value(name, value) for name, value in zip(names, values, strict=True)}


def _value(name: str, value: Any) -> Any:
    if name in _MONEY and value is not None:
        return money_text(value)
    return bool(value) if name in _SWITCHES else value


def sales_of_business(connection: sqlite3.Connection, business_id: int) -> dict[str, int]:
    """How many leads and opportunities a business customer has (feature B-05)."""
    query = "SELECT count(*) FROM {} WHERE business_customer_id = ?"
    return {
        name: int(connection.execute(query.format(table), (business_id,)).fetchone()[0])
        for name, table in (("leads", "lead"), ("opportunities", "opportunity"))
    }
