"""A generated world into a database: piece by piece, by the road that documents take, all in one transaction."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from custctl.errors import conflict, unusable
from custctl.store.apply import NOUN_OF_TABLE, Item, Request, item_of, merge, setting_item
from custctl.store.database import is_there, undisturbed
from custctl.store.demo import require_empty
from custctl.store.settings import Place
from custctl.store.status import migrate
from custctl.store.unit import Unit
from custctl.store.worlds.world import World
from custctl.store.writing import Writer


@dataclass(frozen=True, slots=True)
class Filled:
    """What a database was filled with: the revision, None when it was only tried, and how much of each table."""

    revision: int | None
    counts: dict[str, int]


def fill(writer: Writer, world: World) -> Filled:
    """Write a world into a database that has no customers (exit 5); when that is not there yet, it is made with it."""
    if is_there(writer.path):
        return _filled(writer, world)
    with _made_aside(writer.path) as aside:
        migrate(aside, dry_run=False)
        filled = _filled(replace(writer, path=aside, done=_not_yet), world)
        if not writer.dry_run:
            with undisturbed():
                _put_in_place(aside, writer.path)
                writer.done()
    return filled


def _not_yet() -> None:
    """What is committed aside is not yet what was asked for."""


def _filled(writer: Writer, world: World) -> Filled:
    counts: Counter[str] = Counter()

    def work(unit: Unit) -> None:
        require_empty(unit, writer.path)
        for customers in world.pieces():
            items = list(_items(world, customers))
            counts.update(item.noun.document for item in items)
            merge(unit, Request(items))
            unit.put_away(writer.command, writer.actor)

    report = writer.run(work)
    return Filled(report.revision, {table: counts[table] for table in (*NOUN_OF_TABLE, "settings") if counts[table]})


def _items(world: World, customers: range) -> Iterator[Item]:
    for table, noun in NOUN_OF_TABLE.items():
        for row in world.rows(table, customers):
            yield item_of(noun, row)
    yield from _settings(world.settings(customers))


def _settings(table: dict[str, Any]) -> Iterator[Item]:
    for scope in ("group", "customer"):
        for owner, values in table.pop(scope, {}).items():
            place = Place("group" if scope == "group" else "customer", owner)
            yield from (setting_item(place, name, value) for name, value in values.items())
    yield from (setting_item(Place(), name, value) for name, value in table.items())


# -- a database that is not there yet ------------------------------------------------------------------------------


@contextmanager
def _made_aside(path: Path) -> Iterator[Path]:
    """A name beside a database for one that is being made; whatever is left of it in the end goes.

    Otherwise a try would need the memory for all of it, and an error leave an empty database behind.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        yield aside
    finally:
        for left in (aside, aside.with_name(f"{aside.name}-wal"), aside.with_name(f"{aside.name}-shm")):
            left.unlink(missing_ok=True)
        for folder in made:
            with suppress(OSError):  # it is not empty: the database is in it
                folder.rmdir()


def _put_in_place(aside: Path, path: Path) -> None:
    """Give a finished database its name, unless another has taken that in the meantime (exit 5)."""
    try:
        os.link(aside, path)
    except FileExistsError:
        raise conflict(f"{path} was made in the meantime", code="exists", hint="name another file with --db") from None
    except OSError as error:
        raise unusable(f"{path} cannot be made: {error.strerror}", "name another file with --db", "unusable") from error
