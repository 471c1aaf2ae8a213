"""What the fields of a noun come to when its records are written, worked out once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from custctl.resources import NOUNS, Field, Link, Noun
from custctl.store.codec import encoder


@dataclass(frozen=True, slots=True)
class Column:
    """A field that is a column of the noun's table; a reference has a target, other values may be encoded."""

    field: str
    name: str
    target: Noun | None
    encode: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The fields of a noun by what becomes of them.

    `stored` are those of an image: all but those that are computed. `defaults` is what a new record has of each;
    the values of `collections` must not be shared by two records. `references` name other records, `links` are kept
    in tables beside the noun's own.
    """

    stored: tuple[str, ...]
    defaults: dict[str, Any]
    collections: tuple[str, ...]
    references: tuple[tuple[Field, Noun], ...]
    links: tuple[tuple[str, Noun, Link], ...]
    columns: tuple[Column, ...]

    def fresh(self) -> dict[str, Any]:
        """The image of a record of which nothing is known yet."""
        image = self.defaults.copy()
        for name in self.collections:
            image[name] = image[name].copy()
        return image


@cache
def shape(noun: Noun) -> Shape:
    """The shape of a noun."""
    fields = [entry for entry in noun.fields if not entry.computed]
    defaults = {entry.name: entry.default for entry in fields}
    return Shape(
        tuple(defaults),
        defaults,
        tuple(name for name, default in defaults.items() if isinstance(default, list | dict)),
        tuple((entry, NOUNS[entry.to]) for entry in fields if entry.to),
        tuple((entry.name, NOUNS[entry.to], entry.via) for entry in fields if entry.via),
        tuple(_column(entry) for entry in fields if entry.in_row),
    )


def _column(entry: Field) -> Column:
    target = NOUNS[entry.to] if entry.kind == "reference" else None
    return Column(entry.name, entry.holder, target, encoder(entry))
