"""Price lists and prices as they are written: from words to keys of lists, none of which is made; names of prices."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import PRICE_LIST, fold
from custctl.store.tagging import meant
from custctl.store.unit import Draft, Unit


def price_key(price_list: str, product: str, quantity: int = 1) -> str:
    """The key of a price: `dealer/5gn27`, and `dealer/5gn27/10` for one that counts from ten pieces on."""
    return f"{price_list}/{product}" + (f"/{quantity}" if quantity > 1 else "")


def lists_of(unit: Unit, words: Sequence[str]) -> tuple[list[str], list[Draft]]:
    """The keys of the price lists that words mean, in their order; none is made.

    A word means the list whose key it is or whose key is its slug, else the one of that name. One that means none stays
    as it is, so that it is told as a reference that leads nowhere.
    """
    return list(dict.fromkeys(meant(unit, word, PRICE_LIST) or fold(word) for word in words)), []
