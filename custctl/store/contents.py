"""What somebody sees of the contents of the website: each with the variant that is shown, and why that one.

Variants for other customers and groups are not read, so that it takes one query, however many there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from custctl.policy.content import Onlooker, Variant, fits, shown
from custctl.resources import CUSTOMER, GROUP, reference

Row = dict[str, Any]

EVERYBODY = "everybody"
_VARIANTS = """SELECT c.key, c.title, c.kind, v.key, v.language, cu.key, g.key, v.text
    FROM content c LEFT JOIN content_variant v ON v.content_id = c.id {among}
    LEFT JOIN customer cu ON cu.id = v.customer_id LEFT JOIN customer_group g ON g.id = v.group_id"""
_FITTING = """
    AND (v.customer_id IS NULL OR v.customer_id = (SELECT id FROM customer WHERE key = :customer))
    AND (v.group_id IS NULL OR v.group_id = (SELECT id FROM customer_group WHERE key = :group))
    AND (v.language IS NULL OR v.language = :language)"""


def title_of_variant(values: Mapping[str, Any]) -> str:
    """The words from which a variant gets its key: its content, and whom it is for."""
    return " ".join(str(values[name]) for name in ("content", "customer", "group", "language") if values.get(name))


def seen(connection: sqlite3.Connection, onlooker: Onlooker) -> Iterator[Row]:
    """Every content by key, with the variant that somebody sees: `{content, title, kind, variant, why, text}`.

    Variant, why and text are None where none is for the person: then the content is hidden.
    """
    asked = {"customer": onlooker.customer, "group": onlooker.group, "language": onlooker.language}
    rows = connection.execute(f"{_VARIANTS.format(among=_FITTING)} ORDER BY c.key, v.key", asked)
    for (key, title, kind), some in groupby(rows, itemgetter(0, 1, 2)):
        texts = {Variant(*row[3:7]): row[7] for row in some if row[3] is not None}
        found = shown(texts, onlooker)
        told: Row = {"variant": None, "why": None, "text": None}
        if found is not None:
            told = {"variant": found.key, "why": why(found), "text": texts[found]}
        yield {"content": key, "title": title, "kind": kind, **told}


def explained(connection: sqlite3.Connection, content_id: int, onlooker: Onlooker) -> list[Row]:
    """Every variant of one content, the one that counts first and those that do not fit last."""
    rows = connection.execute(f"{_VARIANTS.format(among='')} WHERE c.id = ? ORDER BY v.key", (content_id,)).fetchall()
    variants = {Variant(*row[3:7]): row[7] for row in rows if row[3] is not None}
    found = shown(variants, onlooker)
    ordered = sorted(variants, key=lambda variant: (variant is not found, not fits(variant, onlooker), -variant.weight))
    return [
        {
            "variant": variant.key,
            "for": why(variant),
            "weight": variant.weight,
            "fits": fits(variant, onlooker),
            "shown": variant is found,
            "text": variants[variant],
        }
        for variant in ordered
    ]


def why(variant: Variant) -> str:
    """Whom a variant is for: `customer:acme, language:de`."""
    found = [
        *([] if variant.customer is None else [reference(CUSTOMER, variant.customer)]),
        *([] if variant.group is None else [reference(GROUP, variant.group)]),
        *([] if variant.language is None else [f"language:{variant.language}"]),
    ]
    return ", ".join(found) or EVERYBODY
