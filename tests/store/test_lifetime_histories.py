"""Lifetime against a sum by hand, on generated histories of payments, refunds, moves and deletions.

Every step goes through the unit of work, as commands do, on a real file. What it should come to is kept apart, in
plain dictionaries and fractions.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import pytest

from custctl.choices import PAYMENT_STATUSES
from custctl.resources import ACCOUNT, BUSINESS, CHANNEL, CLOSED, CUSTOMER, NOUNS, OPPORTUNITY, Noun
from custctl.store import apply, lifetime, reads, removal, settings
from custctl.store.codec import money_from, money_text
from custctl.store.database import open_for_writing
from custctl.store.unit import Unit

HISTORIES = int(os.environ.get("CUSTCTL_HISTORIES", "500"))
BLOCKS = 10
STEPS = 12
ORDER = NOUNS["order"]
CURRENCIES = ("USD", "EUR", "JPY", None)
CUSTOMERS = ("a", "b", "c", "d")
ACCOUNTS = ("x", "y")
BUSINESSES = ("p", "q")
CHANNELS = ("m", "n", None)
STATUSES = ("open", "won", "lost")


@dataclass
class World:
    """What the shop should hold."""

    rates: dict[str, str] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, dict[str, Any]] = field(default_factory=lambda: {key: {} for key in CUSTOMERS})
    businesses: dict[str, dict[str, Any]] = field(default_factory=lambda: {key: {} for key in BUSINESSES})

    def worth(self, parts: Iterator[tuple[str, str | None]]) -> dict[str, Any]:
        """Amounts with their currencies as a lifetime is told: each one rounded by itself."""
        sum_, lost = 0, dict[str, int]()
        for amount, currency in parts:
            units = money_from(amount)
            if currency in (None, "USD"):
                sum_ += units
            elif currency in self.rates:
                sum_ += round(units * Fraction(self.rates[str(currency)]))
            else:
                lost[str(currency)] = lost.get(str(currency), 0) + units
        apart = [{"currency": code, "amount": money_text(units)} for code, units in sorted(lost.items())]
        return {"currency": "USD", "lifetime": money_text(sum_), "unconverted": apart}

    def paid(self, *customers: str) -> Iterator[tuple[str, str | None]]:
        for order in self.orders.values():
            if order["payment_status"] == "full" and order["customer"] in customers and order["subtotal"]:
                yield order["subtotal"], order["currency"]

    def won(self, *businesses: str) -> Iterator[tuple[str, str | None]]:
        for deal in self.deals.values():
            if deal["status"] == "won" and deal["business_customer"] in businesses:
                yield deal["close_revenue"], deal["currency"]

    def below(self, customer: str) -> list[str]:
        found = [customer]
        for key in found:
            found += [child for child, facts in self.customers.items() if facts.get("parent") == key]
        return found

    def of_account(self, account: str) -> list[tuple[str | None, dict[str, Any]]]:
        found = []
        for channel in CHANNELS:
            customers, businesses = (
                [
                    key
                    for key, facts in held.items()
                    if (facts.get("account"), facts.get("channel")) == (account, channel)
                ]
                for held in (self.customers, self.businesses)
            )
            if customers or businesses:
                parts = (*self.paid(*customers), *self.won(*businesses))
                found.append((channel, self.worth(iter(parts))))
        return found


class Shop:
    """The database of a history, changed as commands change it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.unit = Unit(connection)

    def write(self, noun: Noun, **values: Any) -> None:
        self._done(lambda unit: apply.merge(unit, apply.Request([apply.item_of(noun, values)])))

    def set(self, name: str, value: Any) -> None:
        item = apply.setting_item(settings.SYSTEM, name, value)
        self._done(lambda unit: apply.merge(unit, apply.Request([item])))

    def delete(self, noun: Noun, key: str) -> None:
        self._done(lambda unit: removal.remove(unit, noun, [unit.get(noun, key)]))

    def _done(self, work: Any) -> None:
        self.unit.forget()
        self.unit.revision = None  # each step is a revision of its own
        work(self.unit)
        self.unit.flush("custctl test", "tester")


def found(world: World, shop: Shop) -> None:
    """Hold every way of asking against the sum by hand."""
    connection = shop.connection
    ids = {key: row_id for row_id, key in connection.execute("SELECT id, key FROM customer")}
    expected = {key: world.worth(world.paid(key)) for key in CUSTOMERS}
    assert lifetime.of_customers(connection, ids.values()) == {ids[key]: expected[key] for key in CUSTOMERS}
    for key in CUSTOMERS:
        assert lifetime.of_customer(connection, ids[key]) == expected[key]
        tree = lifetime.of_customer(connection, ids[key], lifetime.Question(children=True))
        together = world.worth(world.paid(*world.below(key)))
        assert tree == {**together, "own": expected[key]["lifetime"], "customers": len(world.below(key))}
    for row_id, key in connection.execute("SELECT id, key FROM business_customer").fetchall():
        assert lifetime.of_business(connection, row_id) == world.worth(world.won(key))
    for row_id, key in connection.execute("SELECT id, key FROM account").fetchall():
        rows = lifetime.of_account_by_channel(connection, row_id)
        told = [(row["channel"], {name: row[name] for name in ("lifetime", "unconverted")}) for row in rows]
        parts = world.of_account(key)
        for _, part in parts:
            del part["currency"]
        assert told == parts
        whole = lifetime.of_account(connection, row_id)["lifetime"]
        assert money_from(whole) == sum(money_from(part["lifetime"]) for _, part in parts)
        listed = list(reads.rows(connection, ACCOUNT, reads.Listing((f"key={key}",)), ("lifetime",)))
        assert [row["lifetime"] for row in listed] == [whole]
    order = [row["key"] for row in reads.rows(connection, CUSTOMER, reads.Listing(sort="-lifetime,key"), ("key",))]
    assert order == sorted(CUSTOMERS, key=lambda key: (-money_from(expected[key]["lifetime"]), key))


def amount(draw: Random) -> str:
    return f"{draw.choice((draw.randrange(10), draw.randrange(10**6)))}.{draw.randrange(10**4):04}"


def step(draw: Random, world: World, shop: Shop) -> None:
    """Let something happen, in the shop and in the sum by hand."""
    events = [_order, _order, _pay, _pay, _change, _move, _delete, _deal, _link, _rates]
    draw.choice(events)(draw, world, shop)


def _order(draw: Random, world: World, shop: Shop) -> None:
    number = f"so-{len(world.orders)}-{draw.randrange(10**9)}"
    values = {
        "customer": draw.choice(CUSTOMERS),
        "subtotal": draw.choice((amount(draw), amount(draw), None)),
        "currency": draw.choice(CURRENCIES),
        "payment_status": draw.choice(("full", *PAYMENT_STATUSES)),
    }
    world.orders[number] = values
    shop.write(ORDER, number=number, **values)


def _pay(draw: Random, world: World, shop: Shop) -> None:
    _edit(draw, world, shop, "payment_status", draw.choice(("full", "refunded", "refunded_partially", "pending")))


def _change(draw: Random, world: World, shop: Shop) -> None:
    name = draw.choice(("subtotal", "currency"))
    _edit(draw, world, shop, name, amount(draw) if name == "subtotal" else draw.choice(CURRENCIES))


def _move(draw: Random, world: World, shop: Shop) -> None:
    _edit(draw, world, shop, "customer", draw.choice(CUSTOMERS))


def _edit(draw: Random, world: World, shop: Shop, name: str, value: Any) -> None:
    if world.orders:
        number = draw.choice(sorted(world.orders))
        world.orders[number][name] = value
        shop.write(ORDER, number=number, **{name: value})


def _delete(draw: Random, world: World, shop: Shop) -> None:
    if world.orders:
        number = draw.choice(sorted(world.orders))
        del world.orders[number]
        shop.delete(ORDER, number)


def _deal(draw: Random, world: World, shop: Shop) -> None:
    key = f"deal-{draw.randrange(3)}"
    values = {"business_customer": draw.choice(BUSINESSES), "status": draw.choice(STATUSES), "currency": "USD"}
    account = world.businesses[values["business_customer"]]["account"]
    closing = {"close_date": "2025-01-01", "close_reason": values["status"]} if values["status"] != "open" else {}
    values["close_revenue"] = amount(draw) if values["status"] == "won" else "0.00"
    before = world.deals.get(key, values)["status"]
    if before in CLOSED and values["status"] != before:  # what is decided is opened again first
        shop.write(OPPORTUNITY, key=key, status="open")
    world.deals[key] = values
    shop.write(OPPORTUNITY, key=key, name=key, account=account, **values, **closing)


def _link(draw: Random, world: World, shop: Shop) -> None:
    key, at = draw.choice(CUSTOMERS), draw.randrange(len(CUSTOMERS))
    # Only customers that stand before one are above it, so that no circle comes about.
    above = draw.choice((*CUSTOMERS[: CUSTOMERS.index(key)], None))
    facts = {"account": ACCOUNTS[at % 2], "channel": draw.choice(("m", None)), "parent": above}
    world.customers[key] = facts
    shop.write(CUSTOMER, key=key, **facts)


def _rates(draw: Random, world: World, shop: Shop) -> None:
    codes = draw.choice(((), ("EUR",), ("EUR", "JPY")))
    world.rates = {code: draw.choice(("1.08", "0.0067", "3", "0.33333333")) for code in codes}
    shop.set("currency.rates", world.rates)


def begin(shop: Shop, world: World) -> None:
    shop.set("account.strategy", "none")
    shop.write(CHANNEL, key="m", name="M", type="commerce", active=True)
    shop.write(CHANNEL, key="n", name="N", type="b2b", active=True)
    for key in ACCOUNTS:
        shop.write(ACCOUNT, key=key, name=key)
    for key in CUSTOMERS:
        world.customers[key] = {"account": "x", "channel": "m", "parent": None}
        shop.write(CUSTOMER, key=key, name=key, **world.customers[key])
    for key, account in zip(BUSINESSES, ACCOUNTS, strict=True):
        world.businesses[key] = {"account": account, "channel": "n"}
        shop.write(BUSINESS, key=key, name=key, **world.businesses[key])


@pytest.mark.parametrize("block", range(BLOCKS))
def test_l_02_lifetime_is_the_sum_by_hand_after_any_history(block: int, tmp_path: Path, empty_file: Path) -> None:
    path = Path(copy(empty_file, tmp_path))
    with closing(open_for_writing(path)) as connection:
        shop = Shop(connection)
        begin(shop, World())
        for number in range(HISTORIES // BLOCKS):
            connection.execute("SAVEPOINT history")
            draw, world = Random(f"{block}-{number}"), World()
            begin(shop, world)
            for _ in range(STEPS):
                step(draw, world, shop)
            found(world, shop)
            connection.execute("ROLLBACK TO history")
        shop.unit.transaction.rollback()
