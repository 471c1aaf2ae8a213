"""A world of customers, drawn from a seed: its tables, for all customers or for some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from custctl.store.worlds import records
from custctl.store.worlds.records import Row
from custctl.store.worlds.skeleton import Size, Skeleton

PIECE = 500
"""So many customers, with all that is theirs, are made at a time."""

_MAKERS: Mapping[str, Callable[[Skeleton, int], Iterator[Row]]] = {
    "customers": records.customers_of,
    "roles": records.roles_of,
    "users": records.users_of,
    "visitors": records.visitors_of,
    "contacts": records.contacts_of,
    "accounts": records.accounts_of,
    "orders": partial(records.papers_of, table="orders"),
    "quotes": partial(records.papers_of, table="quotes"),
    "requests": partial(records.papers_of, table="requests"),
    "shopping_lists": partial(records.papers_of, table="shopping_lists"),
    "checkouts": partial(records.papers_of, table="checkouts"),
    "records": records.records_of,
}


class World:
    """All records of a size and seed: the same on every platform, with every Python."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size = size
        self._skeleton = Skeleton(size, seed)
        self._everyone = range(1, size.customers + 1)

    def pieces(self, step: int = PIECE) -> Iterator[range]:
        """The customers, so many at a time; a piece names only what is in it or in an earlier one."""
        for first in self._everyone[::step]:
            yield range(first, min(first + step, self._everyone.stop))

    def rows(self, table: str, customers: range | None = None) -> Iterator[Row]:
        """The records of a table of a document that belong to these customers, by default to all of them.

        What belongs to no customer comes with the first.
        """
        wanted = self._everyone if customers is None else customers
        if 1 in wanted:
            yield from records.shared(self._skeleton, table)
        make = _MAKERS.get(table)
        if make is not None:
            for number in wanted:
                yield from make(self._skeleton, number)

    def settings(self, customers: range | None = None) -> dict[str, Any]:
        """The settings, as a document has them, of these customers; those of the shop come with the first."""
        wanted = self._everyone if customers is None else customers
        found = dict(records.SHOP_SETTINGS) if 1 in wanted else {}
        own = ((number, records.settings_of(self._skeleton, number)) for number in wanted)
        values = {self._skeleton.company(number).key: settings for number, settings in own if settings}
        return found | ({"customer": values} if values else {})
