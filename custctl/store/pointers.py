"""Which fields of which nouns name other records: from the noun table, so that a new noun is followed too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from custctl.resources import ADDRESSES, NOUNS, Field, Noun

IDS = "(SELECT value FROM json_each(:ids))"


class Pointer(NamedTuple):
    """A field of a noun that names records of another; `condition` finds the rows that name one of `:ids`."""

    noun: Noun
    field: str
    to: str
    condition: str


def pointers(noun: Noun) -> Iterator[Pointer]:
    """The fields of a noun that name other records; an address names its owner."""
    if noun.name in ADDRESSES:
        owner, column = ADDRESSES[noun.name]
        yield Pointer(noun, "owner", owner.name, f"t.{column} IN {IDS}")
    for field in noun.fields:
        if field.via is not None and not field.computed:
            shared = f" AND l.noun = '{noun.name}'" if field.via.shared else ""
            found = f"SELECT l.{field.via.own} FROM {field.via.table} l WHERE l.{field.via.other} IN {IDS}{shared}"
            yield Pointer(noun, field.name, field.to, f"t.id IN ({found})")
        elif field.kind == "reference":
            yield Pointer(noun, field.name, field.to, f"t.{field.holder} IN {IDS}")


def pointers_to(noun: Noun) -> Iterator[Pointer]:
    """The fields of all nouns that name records of this one."""
    return (pointer for other in NOUNS.values() for pointer in pointers(other) if pointer.to == noun.name)


def kept_by(field: Field) -> tuple[Noun, Field] | None:
    """Of a field that only shows links: the noun that keeps them, and its field; None of any other field."""
    if not field.computed or field.via is None:
        return None
    holder = NOUNS[field.to]
    own = (one for one in holder.fields if one.via is not None and one.via.table == field.via.table)
    return holder, next(own)
