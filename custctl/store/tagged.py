"""What is tagged: records of all nouns by their tags, and taxonomies with the tags below them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from custctl.resources import NOUNS, TAG, TAXONOMY, Noun, reference
from custctl.store.reads import Listing, rows
from custctl.store.select import Image


def records(connection: sqlite3.Connection, nouns: Sequence[Noun], condition: str) -> Iterator[dict[str, Any]]:
    """The records of several nouns whose tags meet a condition like `tags=vip,gold`, streamed (feature T-08).

    In the order of the nouns, within each as its own list has them.
    """
    for noun in nouns:
        called = _called(noun)
        for image in rows(connection, noun, Listing((condition,)), (noun.key, *called, "tags")):
            name = " ".join(image[field] for field in called if image[field])
            yield {
                "record": reference(noun, image["key"]),
                "type": noun.reference,
                "key": image["key"],
                "name": name or None,
                "tags": image["tags"],
            }


def _called(noun: Noun) -> tuple[str, ...]:
    """The fields that say what a record is called; a sales document has none."""
    return noun.folded.get("name_folded") or noun.folded.get("label_folded") or ()


def counts(connection: sqlite3.Connection, tag_id: int) -> dict[str, int]:
    """How many records of each noun have a tag, by the name of the noun's table in a document."""
    query = "SELECT noun, count(*) FROM tagging WHERE tag_id = ? GROUP BY noun"
    found = dict(connection.execute(query, (tag_id,)).fetchall())
    return {noun.document: found[name] for name, noun in NOUNS.items() if name in found}


# -- the tree of taxonomies --------------------------------------------------------------------------------------

_TAGS = "SELECT key, name FROM tag WHERE taxonomy_id IS ? ORDER BY name_folded, key"


def tree(connection: sqlite3.Connection, root: int | None) -> Iterator[Image]:
    """Taxonomies with their tags as children, and last the tags without one; or one taxonomy (feature T-03).

    Nodes are those of the tree of customers, with a `record` that tells taxonomies and tags apart.
    """
    chosen = "" if root is None else "WHERE id = :root"
    query = f"SELECT id, key, name FROM taxonomy {chosen} ORDER BY name_folded, key"
    for row_id, key, name in connection.execute(query, {"root": root}):
        yield _node(TAXONOMY, key, name, _leaves(connection, row_id))
    if root is None:
        yield from _leaves(connection, None)


def _leaves(connection: sqlite3.Connection, taxonomy: int | None) -> Iterator[Image]:
    for key, name in connection.execute(_TAGS, (taxonomy,)):
        yield _node(TAG, key, name, iter(()))


def _node(noun: Noun, key: str, name: str, children: Iterator[Image]) -> Image:
    return {"key": key, "name": name, "record": reference(noun, key), "children": children}
