"""What an order may come to, and whether one does (feature P-15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from custctl.policy.amounts import Limits, compare
from custctl.resources import Noun
from custctl.store import onlookers, reads
from custctl.store.onlookers import Counting, Origin, Person
from custctl.store.settings import SYSTEM

ENDS: Mapping[str, str] = {"minimum": "order.minimum", "maximum": "order.maximum"}


def limits(found: Counting, currency: str | None) -> dict[str, Origin]:
    """The least and the most that an order in a currency comes to, each with where it is set."""
    told = {}
    for end, name in ENDS.items():
        amount = found[name]["value"].get(currency)
        told[end] = {"value": amount, "origin": None if amount is None else found[name]["origin"]}
    return told


def check(connection: sqlite3.Connection, noun: Noun, row_id: int) -> dict[str, Any]:
    """Whether the amount of a stored order lies within the limits of its customer, or of its visitor's group.

    `verdict` is within, below-minimum or above-maximum; unknown without a subtotal or a currency.
    """
    image = reads.by_id(connection, noun, row_id)
    found = limits(onlookers.counting(connection, _whose(connection, image)), image["currency"])
    if image["subtotal"] is None or image["currency"] is None:
        verdict = "unknown"
    else:
        bounds = Limits(found["minimum"]["value"], found["maximum"]["value"])
        verdict = compare(image["subtotal"], bounds) or "within"
    told = {name: image[name] for name in ("subtotal", "currency")}
    return {"record": f"{noun.reference}:{image['number']}", **told, "verdict": verdict, "limits": found}


def _whose(connection: sqlite3.Connection, image: Mapping[str, Any]) -> Person:
    if image["customer"] is not None:
        return onlookers.customer(connection, image["customer"])
    if image["visitor"] is not None:
        return onlookers.visitor(connection, image["visitor"])
    return Person("system", "system", "", SYSTEM)
