"""Price lists and prices as they are written: from words to the keys of lists, and how a price is named."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import PRICE_LIST, fold, slug
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
        key = _meant(unit, word)
        if key is None:
            key = slug(word, PRICE_LIST.name)
            made.append(unit.create(PRICE_LIST, key, {"key": key, "name": word}))
            unit.warnings.append(f"{made[-1].reference} is new: it has no prices yet")
        keys[key] = None
    return list(keys), made


def _meant(unit: Unit, word: str) -> str | None:
    key = slug(word, PRICE_LIST.name)
    if unit.id_of(PRICE_LIST, key) is not None:
        return key
    wanted = fold(word)
    for draft in unit.of(PRICE_LIST):
        if fold(draft.image["name"] or "") == wanted:
            return draft.key
    query = "SELECT key FROM price_list WHERE name_folded = ? ORDER BY key"
    for (found,) in unit.connection.execute(query, (wanted,)):
        if unit.id_of(PRICE_LIST, found) is not None:
            return str(found)
    return None
