"""Price lists and prices as they are written: from words to the keys of lists, and how a price is named."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import PRICE_LIST, slug
from custctl.store.tagging import meant
from custctl.store.unit import Draft, Unit


def price_key(price_list: str, product: str, quantity: int = 1) -> str:
    """The key of a price: `dealer/5gn27`, and `dealer/5gn27/10` for one that counts from ten pieces on."""
    return f"{price_list}/{product}" + (f"/{quantity}" if quantity > 1 else "")


def lists_of(unit: Unit, words: Sequence[str]) -> tuple[list[str], list[Draft]]:
    """The keys of the price lists that words mean, in their order, and the lists made because there was none.

    A word means the list whose key it is or whose key is its slug, else the one of that name.
    """
    keys: dict[str, None] = {}
    made: list[Draft] = []
    for word in words:
        key = meant(unit, word, PRICE_LIST)
        if key is None:
            key = slug(word, PRICE_LIST.name)
            made.append(unit.create(PRICE_LIST, key, {"key": key, "name": word}))
            unit.warnings.append(f"{made[-1].reference} is new: it has no prices yet")
        keys[key] = None
    return list(keys), made
