"""What a customer buys at: how it pays and is taxed, and the price lists that count for it."""

from __future__ import annotations

import sqlite3
from typing import Any

from custctl.resources import CUSTOMER, GROUP
from custctl.store import prices, viewers
from custctl.store.select import Image, selection

Origin = dict[str, Any]
"""A value with where it comes from: `{"value", "origin"}`."""


def paying(connection: sqlite3.Connection, customer: Image) -> dict[str, Origin]:
    """How a customer pays and is taxed, its own or else its group's: `{"payment_term": {"value", "origin"}, ...}`.

    The origin is the record the value stands at, None for a term that neither has (features P-01, P-02, G-08).
    Sources: oroinc/orocommerce PaymentTermBundle/Provider/PaymentTermProvider.php and
    TaxBundle/Provider/TaxationAddressProvider.php.
    """
    nothing: Image = {"payment_term": None, "tax_code": None}
    groups = selection(GROUP.name, tuple(nothing)).rows(connection, "AND t.key = :key", {"key": customer["group"]})
    _, shared = next(groups, (0, nothing))
    found = {}
    for name, of_group in shared.items():
        value, origin = customer[name], f"customer:{customer['key']}"
        if not value:
            value, origin = of_group, f"{GROUP.name}:{customer['group']}"
        found[name] = {"value": value, "origin": origin if value else None}
    return found


def terms(connection: sqlite3.Connection, customer: Image) -> dict[str, Origin]:
    """What a customer buys at: payment term, tax code, and the price lists that count, in their order.

    Price lists of several levels follow each other (features P-03, P-04), so that each of their origins is told, the
    nearest first.
    """
    lists = prices.lists_of(connection, viewers.viewer(connection, CUSTOMER, customer["key"]))
    origins = list(dict.fromkeys(row["origin"] for row in lists))
    told = {"value": [row["price_list"] for row in lists], "origin": ", ".join(origins) or None}
    return {**paying(connection, customer), "price_lists": told}
