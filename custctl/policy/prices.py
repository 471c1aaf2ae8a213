"""Which price counts: the price lists of a customer, its group and the shop in their order, and how they combine.

Sources: oroinc/orocommerce PricingBundle/PricingStrategy/MinimalPricesCombiningStrategy.php and
MergePricesCombiningStrategy.php; PricingBundle/Provider/PriceListCollectionProvider.php for the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Strategy = Literal["minimal_prices", "merge_by_priority"]


@dataclass(frozen=True, slots=True)
class Owner:
    """One level that has price lists: its lists in order, those not merged, and whether nothing comes behind them."""

    name: str
    lists: tuple[str, ...] = ()
    unmerged: frozenset[str] = frozenset()
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A price list in the chain: whose it is, and whether its prices are merged with those of others."""

    price_list: str
    owner: str
    merged: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A price in a list: so much for each, from a quantity on; amounts are whole ten-thousandths."""

    price_list: str
    currency: str | None
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Price:
    """A price that counts, and the list in the chain it comes from."""

    offer: Offer
    link: Link


Prices = Mapping[tuple[str | None, int], Price]
"""The prices of one product that count, by currency and quantity."""


def chain(owners: Iterable[Owner], active: frozenset[str]) -> list[Link]:
    """The active lists of the levels, nearest first, up to the level that nothing comes behind (feature P-04).

    A list that stands there twice counts where it stands first.
    """
    links: dict[str, Link] = {}
    for owner in owners:
        for name in owner.lists:
            if name in active:
                links.setdefault(name, Link(name, owner.name, name not in owner.unmerged))
        if owner.ends:
            break
    return list(links.values())


def combined(links: Sequence[Link], offers: Iterable[Offer], strategy: Strategy) -> Prices:
    """The prices of one product that count, of all that are offered (feature P-05)."""
    of_list: dict[str, list[Offer]] = {}
    for offer in offers:
        of_list.setdefault(offer.price_list, []).append(offer)
    offered = [(link, of_list[link.price_list]) for link in links if link.price_list in of_list]
    return _lowest(offered) if strategy == "minimal_prices" else _first(offered)


def at(prices: Prices, quantity: int, currency: str | None) -> Price | None:
    """The price of so many pieces: that of the largest quantity which is not more."""
    reached = [held for known, held in prices if known == currency and held <= quantity]
    return prices[currency, max(reached)] if reached else None


def _lowest(offered: Sequence[tuple[Link, Sequence[Offer]]]) -> Prices:
    """The lowest price of each quantity; of equal ones that of the first list."""
    found: dict[tuple[str | None, int], Price] = {}
    for link, offers in offered:
        for offer in offers:
            key = (offer.currency, offer.quantity)
            if key not in found or offer.amount < found[key].offer.amount:
                found[key] = Price(offer, link)
    return found


def _first(offered: Sequence[tuple[Link, Sequence[Offer]]]) -> Prices:
    """The price of the first list that has one for the quantity.

    A list that is not merged stands for the product alone: it counts where no list before it has any price, and then
    no list behind it does.
    """
    found: dict[tuple[str | None, int], Price] = {}
    for link, offers in offered:
        if found and not link.merged:
            continue
        for offer in offers:
            found.setdefault((offer.currency, offer.quantity), Price(offer, link))
        if not link.merged:
            break
    return found
