"""What a product costs somebody: the price lists that count, in their order, and the price they come to."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from custctl.policy.prices import Link, Offer, Owner, at, chain, combined
from custctl.resources import CUSTOMER, GROUP, PRODUCT, Noun, reference
from custctl.store import lookup
from custctl.store.codec import money_text
from custctl.store.settings import value_of
from custctl.store.viewers import Viewer

Row = dict[str, Any]


def price(
    connection: sqlite3.Connection,
    viewer: Viewer,
    sku: str,
    quantity: int = 1,
    *,
    currency: str | None = None,
    seen: str | None = None,
) -> Row:
    """What one piece costs somebody who takes so many, the list that says so, and all lists of the chain.

    Unless a currency is asked for, it is the one that is `seen` on the website (features P-14, U-23); where no list of
    the chain has a price in it, that of the first which has one (features P-03 to P-05, V-10).

    Raises exit 3 for a product that is not stored.
    """
    from custctl.store.visibility import decide  # the lists alone need no rule of visibility

    row_id, key = lookup.require(connection, PRODUCT, sku)
    links, inactive = _chain(connection, viewer)
    offers = _offers(connection, row_id, [link.price_list for link in links])
    strategy = value_of(connection, "price.strategy")
    currency = currency or _currency(links, offers, seen)
    found = at(combined(links, offers, strategy), quantity, currency)
    return {
        "subject": viewer.name,
        "product": key,
        "quantity": quantity,
        "amount": None if found is None else money_text(found.offer.amount),
        "currency": currency,
        "price_list": found and found.link.price_list,
        "origin": found and found.link.owner,
        "from_quantity": found and found.offer.quantity,
        "strategy": strategy,
        "visible": decide(connection, viewer, row_id).visible,
        "chain": [_told(link, offers, None if found is None else found.offer) for link in links],
        "inactive": inactive,
    }


def _currency(links: list[Link], offers: list[Offer], seen: str | None) -> str | None:
    """The currency that is seen, while a list of the chain has a price in it, else that of the first with a price."""
    by_list = {offer.price_list: offer.currency for offer in offers}
    offered = [by_list[link.price_list] for link in links if link.price_list in by_list]
    return seen if seen in offered else next(iter(offered), None)


def lists_of(connection: sqlite3.Connection, viewer: Viewer) -> list[Row]:
    """The price lists that count for somebody in their order, each with whose it is (features P-03, P-04)."""
    links, _ = _chain(connection, viewer)
    return [{"price_list": link.price_list, "origin": link.owner, "merged": link.merged} for link in links]


def _chain(connection: sqlite3.Connection, viewer: Viewer) -> tuple[list[Link], list[str]]:
    """The price lists that count for somebody, and those of his that are inactive."""
    owners = _owners(connection, viewer)
    stored = _lists(connection, {name for owner in owners for name in owner.lists})
    links = chain(owners, frozenset(name for name, active in stored.items() if active))
    return links, sorted(name for name, active in stored.items() if not active)


def _owners(connection: sqlite3.Connection, viewer: Viewer) -> list[Owner]:
    """The levels that have price lists, nearest first: customer, group, website, configuration."""
    levels = [(CUSTOMER, viewer.customer), (GROUP, viewer.group)]
    owners = [_owner(connection, noun, *who) for noun, who in levels if who is not None]
    website = value_of(connection, "price.website_fallback") == "this_website_only"
    return [*owners, _of_shop(connection, "website", ends=website), _of_shop(connection, "default", ends=True)]


def _owner(connection: sqlite3.Connection, noun: Noun, row_id: int, key: str) -> Owner:
    query = f"""SELECT t.price_fallback,
        (SELECT json_group_array(k) FROM (SELECT p.key AS k FROM price_list_of l JOIN price_list p
            ON p.id = l.price_list_id WHERE l.noun = :noun AND l.record_id = t.id ORDER BY l.place)),
        (SELECT json_group_array(p.key) FROM price_list_unmerged l JOIN price_list p
            ON p.id = l.price_list_id WHERE l.noun = :noun AND l.record_id = t.id)
        FROM {noun.table} t WHERE t.id = :id"""
    fallback, lists, unmerged = connection.execute(query, {"noun": noun.name, "id": row_id}).fetchone()
    return Owner(reference(noun, key), tuple(json.loads(lists)), frozenset(json.loads(unmerged)), fallback is not None)


def _of_shop(connection: sqlite3.Connection, level: str, *, ends: bool) -> Owner:
    lists = value_of(connection, f"price.{level}_lists")
    unmerged = value_of(connection, f"price.{level}_unmerged_lists")
    return Owner(f"setting:price.{level}_lists", tuple(lists), frozenset(unmerged), ends)


def _lists(connection: sqlite3.Connection, names: set[str]) -> dict[str, bool]:
    """Which of these price lists are stored, and whether each is active."""
    query = "SELECT key, active FROM price_list WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key"
    return {key: bool(active) for key, active in connection.execute(query, (json.dumps(sorted(names)),))}


def _offers(connection: sqlite3.Connection, product_id: int, lists: list[str]) -> list[Offer]:
    query = """SELECT p.key, p.currency, o.quantity, o.amount FROM price o JOIN price_list p ON p.id = o.price_list_id
        WHERE o.product_id = ? AND p.key IN (SELECT value FROM json_each(?)) ORDER BY p.key, o.quantity"""
    return [Offer(*row) for row in connection.execute(query, (product_id, json.dumps(lists)))]


def _told(link: Link, offers: list[Offer], counts: Offer | None) -> Row:
    """One list of the chain, with its prices of the product."""
    own = [offer for offer in offers if offer.price_list == link.price_list]
    return {
        "price_list": link.price_list,
        "origin": link.owner,
        "merged": link.merged,
        "currency": own[0].currency if own else None,
        "prices": {str(offer.quantity): money_text(offer.amount) for offer in own},
        "counts": counts is not None and counts.price_list == link.price_list,
    }
