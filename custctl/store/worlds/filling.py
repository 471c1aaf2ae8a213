"""A generated world into a database: piece by piece, by the road that documents take, all in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from custctl.resources import PRICE
from custctl.store.apply import NOUN_OF_TABLE, Item, Request, item_of, known_item, merge, setting_item
from custctl.store.demo import require_empty
from custctl.store.settings import Place
from custctl.store.unit import Unit
from custctl.store.worlds.world import World
from custctl.store.writing import Writer

LEAST, MOST = 2 * 1024, 64 * 1024
"""The page cache in KiB, of which each customer gets one: keys come in no order, and find places in many indexes."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a database was filled with: the revision, None when it was only tried, and how much of each table."""

    revision: int | None
    counts: dict[str, int]


def fill(writer: Writer, world: World, progress: Callable[[int], object] = lambda _: None) -> Filled:
    """Write a world into a database that has no customers (exit 5); when that is not there yet, it is made with it.

    `progress` is told how many of the customers are there.
    """
    counts: Counter[str] = Counter()

    def work(unit: Unit) -> None:
        require_empty(unit, writer.path)
        unit.connection.execute(f"PRAGMA cache_size = -{max(LEAST, min(MOST, world.size.customers))}")
        for customers in world.pieces():
            counts.update(_merged(unit, Request(list(_items(world, customers)))))
            unit.put_away(writer.command, writer.actor)
            progress(customers.stop - 1)

    report = writer.run_once(work)
    return Filled(report.revision, {table: counts[table] for table in (*NOUN_OF_TABLE, "settings") if counts[table]})


def _merged(unit: Unit, request: Request) -> list[str]:
    """The tables of the records that were made; the records themselves must not outlive their piece."""
    return [draft.noun.document for draft in merge(unit, request)]


def _items(world: World, customers: range) -> Iterator[Item]:
    for table, noun in NOUN_OF_TABLE.items():
        read = item_of if noun is PRICE else known_item  # a price names its product as people do, in capitals
        yield from (read(noun, row) for row in world.rows(table, customers))
    yield from _settings(world.settings(customers))


def _settings(table: dict[str, Any]) -> Iterator[Item]:
    for scope in ("group", "customer"):
        for owner, values in table.pop(scope, {}).items():
            place = Place("group" if scope == "group" else "customer", owner)
            yield from (setting_item(place, name, value) for name, value in values.items())
    yield from (setting_item(Place(), name, value) for name, value in table.items())
