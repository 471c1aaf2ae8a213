"""Which products somebody sees, as one condition of a list, and why, for one product.

The condition says in SQL what `policy/visibility.py` says of one product; a test holds that they agree. Categories
are resolved once for the whole list, from the top of their trees downwards.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from custctl.policy.visibility import Config, Level, Seen, Term, Words, product
from custctl.resources import CATEGORY, CUSTOMER, GROUP, PRODUCT, Noun, reference
from custctl.store import lookup
from custctl.store.settings import value_of

if TYPE_CHECKING:
    from custctl.store.scopes import Condition
    from custctl.store.viewers import Viewer

Row = dict[str, Any]


# -- all products --------------------------------------------------------------------------------------------------


def visible(connection: sqlite3.Connection, viewer: Viewer) -> Condition:
    """The condition on products that somebody sees; `t` is the table of products (feature P-10)."""
    seen, parameters = _seen(connection, viewer)
    return f"t.status = 'enabled' AND {seen}", parameters


def visible_categories(connection: sqlite3.Connection, viewer: Viewer) -> Condition:
    """The condition on categories that somebody sees; `t` is the table of categories."""
    column = {"product": "everybody", "group": "of_group", "customer": "of_customer"}[viewer.levels[-1]]
    return f"t.id IN ({_CATEGORIES.format(column=column)})", _parameters(connection, viewer)


def customers_told_apart(connection: sqlite3.Connection, noun: Noun, row_id: int) -> set[int]:
    """The customers of which something is said, for a product or category or for a category above it."""
    return {row[0] for row in connection.execute(_TOLD_APART[noun.name], {"id": row_id})}


def counted(connection: sqlite3.Connection, viewer: Viewer) -> dict[str, Row]:
    """How many of the enabled products somebody sees and how many are hidden, with whose words decide about them."""
    seen, parameters = _seen(connection, viewer)
    level = " ".join(f"WHEN {_WORD_FOR[name]} IS NOT NULL THEN '{name}'" for name in reversed(viewer.levels[1:]))
    level = f"CASE {level} ELSE 'product' END" if level else "'product'"
    query = f"SELECT {seen}, {level}, count(*) FROM product t WHERE t.status = 'enabled' GROUP BY 1, 2 ORDER BY 1, 2"
    found: dict[bool, dict[Level, int]] = {True: {}, False: {}}
    for is_seen, decided, number in connection.execute(query, parameters):
        found[bool(is_seen)][decided] = number
    return {
        name: {
            "value": sum(numbers.values()),
            "origin": ", ".join(_of(viewer, of) for of in viewer.levels if of in numbers) or None,
        }
        for name, numbers in (("visible", found[True]), ("hidden", found[False]))
    }


def _seen(connection: sqlite3.Connection, viewer: Viewer) -> Condition:
    """Whether somebody sees an enabled product, 1 or 0.

    Most products are those of which nothing is said for who looks: these are told apart at once by their ids, without
    a search in the tables of what is said.
    """
    of_everybody = seen = _product(_of_category("everybody"))
    if viewer.group is not None:
        seen = _case(_WORD_FOR["group"], {"category": _of_category("of_group")}, seen)
    if viewer.customer is not None:
        own = {"category": _of_category("of_customer"), "current_product": of_everybody}
        seen = _case(_WORD_FOR["customer"], own, seen)
    if said := " UNION ALL ".join(_SAID_FOR[level] for level in viewer.levels[1:]):
        seen = f"CASE WHEN t.id IN ({said}) THEN {seen} ELSE {of_everybody} END"
    return seen, _parameters(connection, viewer)


def _parameters(connection: sqlite3.Connection, viewer: Viewer) -> dict[str, Any]:
    unsaid = config(connection)
    return {
        "config": int(unsaid.products),
        "category_config": int(unsaid.categories),
        "viewer_group": None if viewer.group is None else viewer.group[0],
        "viewer_customer": None if viewer.customer is None else viewer.customer[0],
    }


_WORD_FOR = {
    who: f"(SELECT v.visibility FROM product_for_{who} v WHERE v.product_id = t.id AND v.{who}_id = :viewer_{who})"
    for who in ("group", "customer")
}
"""What is said of a product for who looks."""
_SAID_FOR = {who: f"SELECT v.product_id FROM product_for_{who} v WHERE v.{who}_id = :viewer_{who}" for who in _WORD_FOR}
"""The products of which something is said for who looks."""


def _case(word: str, choices: dict[str, str], otherwise: str) -> str:
    """What a word says: seen, hidden, one of the choices; without one of these what counts otherwise."""
    own = " ".join(f"WHEN '{choice}' THEN {seen}" for choice, seen in choices.items())
    return f"CASE {word} WHEN 'visible' THEN 1 WHEN 'hidden' THEN 0 {own} ELSE {otherwise} END"


def _product(category: str) -> str:
    """What is said of a product for everybody."""
    return _case(
        "t.visibility", {"config": ":config"}, f"CASE WHEN t.category_id IS NULL THEN :config ELSE {category} END"
    )


def _of_category(column: str) -> str:
    """Whether the product's category is seen; what is not correlated is asked once."""
    return f"t.category_id IN ({_CATEGORIES.format(column=column)})"


_EVERYBODY = _case("c.visibility", {"config": ":category_config"}, "{everybody}")
_GROUP = _case(
    "(SELECT v.visibility FROM category_for_group v WHERE v.category_id = c.id AND v.group_id = :viewer_group)",
    {"parent_category": "{of_group}"},
    f"({_EVERYBODY})",
)
_CUSTOMER = _case(
    "(SELECT v.visibility FROM category_for_customer v"
    " WHERE v.category_id = c.id AND v.customer_id = :viewer_customer)",
    {"all": f"({_EVERYBODY})", "parent_category": "{of_customer}"},
    f"({_GROUP})",
)
_TOP = dict.fromkeys(("everybody", "of_group", "of_customer"), ":category_config")
_BELOW = {name: f"seen.{name}" for name in _TOP}


def _columns(above: dict[str, str]) -> str:
    return ", ".join(expression.format(**above) for expression in (_EVERYBODY, _GROUP, _CUSTOMER))


_CATEGORIES = f"""
WITH RECURSIVE seen (id, everybody, of_group, of_customer) AS (
    SELECT c.id, {_columns(_TOP)} FROM category c WHERE c.parent_id IS NULL
    UNION ALL
    SELECT c.id, {_columns(_BELOW)} FROM seen JOIN category c ON c.parent_id = seen.id
)
SELECT id FROM seen WHERE {{column}}"""
"""The categories that are seen by everybody, by the group or by the customer; what nothing is above begins."""


# -- one product ---------------------------------------------------------------------------------------------------


def explain(connection: sqlite3.Connection, viewer: Viewer, sku: str) -> Row:
    """Whether somebody sees a product, and what each level says; exit 3 when it is not stored."""
    row_id, key = lookup.require(connection, PRODUCT, sku)
    seen = decide(connection, viewer, row_id)
    terms = [_told(viewer, term) for term in seen.terms]
    return {
        "subject": viewer.name,
        "product": key,
        "visible": seen.visible,
        "score": seen.score,
        "decided": seen.decided,
        "levels": terms,
    }


def decide(connection: sqlite3.Connection, viewer: Viewer, product_id: int) -> Seen:
    """Whether somebody sees a product, by the policy."""
    words, path, enabled = said(connection, viewer, PRODUCT, product_id)
    return product(words, path, config(connection), enabled=enabled, levels=viewer.levels)


def said(connection: sqlite3.Connection, viewer: Viewer, noun: Noun, row_id: int) -> tuple[Words, list[Words], bool]:
    """What is said of a product or category, of the categories above it, and whether it is on sale at all."""
    parameters = {
        "id": row_id,
        "group": viewer.group and viewer.group[0],
        "customer": viewer.customer and viewer.customer[0],
    }
    key, status, above, *own = connection.execute(_WORDS[noun.name], parameters).fetchone()
    rows = {row[0]: row[1:] for row in connection.execute(_PATH, parameters | {"id": above})}
    path = []
    while above in rows:  # each once, also in a circle
        above, name, *words = rows.pop(above)
        path.append(Words(reference(CATEGORY, name), *words))
    return Words(reference(noun, key), *own), path, status == "enabled"


def config(connection: sqlite3.Connection) -> Config:
    """What counts where nothing is said."""
    return Config(*(value_of(connection, f"{name}.visibility") == "visible" for name in ("product", "category")))


def _levels(noun: Noun) -> str:
    """What is said of a record at each level, in SQL."""
    group, customer = (
        f"(SELECT v.visibility FROM {noun.table}_for_{who} v WHERE v.{noun.table}_id = t.id AND v.{who}_id = :{who})"
        for who in ("group", "customer")
    )
    return f"t.visibility, {group}, {customer}"


_WORDS = {
    PRODUCT.name: f"SELECT t.key, t.status, t.category_id, {_levels(PRODUCT)} FROM product t WHERE t.id = :id",
    CATEGORY.name: f"SELECT t.key, 'enabled', t.parent_id, {_levels(CATEGORY)} FROM category t WHERE t.id = :id",
}
_PATH = f"""
WITH RECURSIVE up (id) AS (
    SELECT :id UNION SELECT (SELECT c.parent_id FROM category c WHERE c.id = up.id) FROM up WHERE up.id IS NOT NULL
)
SELECT t.id, t.parent_id, t.key, {_levels(CATEGORY)} FROM up LEFT JOIN category t ON t.id = up.id
WHERE up.id IS NOT NULL
"""
_ABOVE = """WITH RECURSIVE up (id) AS (
    SELECT {first} UNION SELECT c.parent_id FROM up JOIN category c ON c.id = up.id
) SELECT customer_id FROM category_for_customer WHERE category_id IN (SELECT id FROM up)"""
_TOLD_APART = {
    CATEGORY.name: _ABOVE.format(first=":id"),
    PRODUCT.name: _ABOVE.format(first="(SELECT category_id FROM product WHERE id = :id)")
    + " UNION SELECT customer_id FROM product_for_customer WHERE product_id = :id",
}


def _told(viewer: Viewer, term: Term) -> Row:
    """One level as output shows it: what was chosen there, and which word of which record that leads to."""
    said = None if term.said is None else asdict(term.said)
    return {
        "level": term.level,
        "of": _of(viewer, term.level),
        "choice": term.choice,
        "stored": term.stored,
        "score": term.score,
        "record": said and said["record"],
        "record_level": said and said["level"],
        "word": said and said["word"],
    }


def _of(viewer: Viewer, level: Level) -> str:
    """Whose words those of a level are."""
    if level == "group" and viewer.group is not None:
        return reference(GROUP, viewer.group[1])
    if level == "customer" and viewer.customer is not None:
        return reference(CUSTOMER, viewer.customer[1])
    return "everybody"
