"""Visible products by one condition: it says what the policy says of each, asks little, and walks by indexes."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from custctl.resources import CUSTOMER, PRODUCT, USER
from custctl.store import answers, reads, sets, visibility
from custctl.store.facts import Question
from custctl.store.reads import Listing
from custctl.store.viewers import Viewer
from custctl.store.viewers import viewer as viewer_of
from tests.store.memory import empty

AT = "2026-01-31T12:00:00Z"
CATEGORIES, PRODUCTS, CUSTOMERS, GROUPS = 6, 24, 4, 3
ALL = (None, "hidden", "visible", "config")
WORDS: Mapping[str, Mapping[str, tuple[str | None, ...]]] = {
    "category": {
        "group": (None, None, "parent_category", "hidden", "visible"),
        "customer": (None, None, "all", "parent_category", "hidden", "visible"),
    },
    "product": {
        "group": (None, None, "category", "hidden", "visible"),
        "customer": (None, None, "current_product", "category", "hidden", "visible"),
    },
}


def insert(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    if "key" in values:
        values |= {"created_at": AT, "updated_at": AT}
    places = ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", values)


def fill(connection: sqlite3.Connection, draw: Random, products: int = PRODUCTS) -> None:
    """A shop with something said at random places; choices that a record does not have are not made."""
    add_buyers(connection, draw)
    for number in range(1, CATEGORIES + 1):
        parent, word = draw.choice((None, *range(1, number))), draw.choice(ALL)
        insert(connection, "category", key=f"k{number}", name="K", name_folded="k", parent_id=parent, visibility=word)
        say(connection, draw, "category", number, has_above=parent is not None)
    for number in range(1, products + 1):
        category = draw.choice((None, *range(1, CATEGORIES + 1)))
        row = {"key": f"p{number}", "sku": f"P{number}", "name": "P", "name_folded": "p", "category_id": category}
        status = draw.choice(("enabled",) * 4 + ("disabled",))
        insert(connection, "product", **row, status=status, visibility=draw.choice(ALL))
        say(connection, draw, "product", number, has_above=category is not None)
    for name in ("product.visibility", "category.visibility"):
        insert(connection, "setting", key=name, name=name, value=f'"{draw.choice(("hidden", "visible"))}"')


def add_buyers(connection: sqlite3.Connection, draw: Random) -> None:
    for number in range(2, GROUPS + 1):
        insert(connection, "customer_group", key=f"g{number}", name="G", name_folded="g")
    for number in range(1, CUSTOMERS + 1):
        group = draw.choice((None, *range(1, GROUPS + 1)))
        row = {"key": f"c{number}", "name": "C", "name_folded": "c", "group_id": group, "sales_reps": "[]"}
        insert(connection, "customer", **row)
        user = dict.fromkeys(("key", "email"), f"u{number}@c.example") | {"customer_id": number}
        user |= dict.fromkeys(("first_name", "last_name", "name_folded"), "u")
        user |= dict.fromkeys(("enabled", "confirmed", "guest"), 0)
        insert(connection, "customer_user", **user, auth_status="active", sales_reps="[]")


def say(connection: sqlite3.Connection, draw: Random, table: str, row_id: int, *, has_above: bool) -> None:
    """Say something of a record to some groups and customers."""
    for who, count in (("group", GROUPS), ("customer", CUSTOMERS)):
        for other in range(1, count + 1):
            word = draw.choice(WORDS[table][who])
            if word is not None and (has_above or word not in ("category", "parent_category")):
                ids = {f"{table}_id": row_id, f"{who}_id": other}
                insert(connection, f"{table}_for_{who}", **ids, visibility=word)


def viewers(connection: sqlite3.Connection) -> Iterator[Viewer]:
    yield viewer_of(connection, None, "")
    for number in range(1, CUSTOMERS + 1):
        yield viewer_of(connection, CUSTOMER, f"c{number}")
        yield viewer_of(connection, USER, f"u{number}@c.example")


def listed(connection: sqlite3.Connection, viewer: Viewer) -> set[str]:
    wanted = Listing(among=visibility.visible(connection, viewer))
    return {row["key"] for row in reads.rows(connection, PRODUCT, wanted, ("key",))}


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_p_10_the_list_has_exactly_the_products_that_the_policy_lets_somebody_see(seed: int) -> None:
    with closing(empty()) as connection:
        fill(connection, Random(seed))
        for viewer in viewers(connection):
            every = connection.execute("SELECT id, key FROM product").fetchall()
            wanted = {key for row_id, key in every if visibility.decide(connection, viewer, row_id).visible}
            assert listed(connection, viewer) == wanted, viewer


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_p_10_products_are_counted_as_the_policy_decides_about_each_in_one_statement(seed: int) -> None:
    with closing(empty()) as connection:
        fill(connection, Random(seed))
        enabled = [row[0] for row in connection.execute("SELECT id FROM product WHERE status = 'enabled'")]
        for viewer in viewers(connection):
            decided = [visibility.decide(connection, viewer, row_id) for row_id in enabled]
            names = {"product": "everybody", "group": f"customer-group:{(viewer.group or (0, ''))[1]}"}
            names["customer"] = f"customer:{(viewer.customer or (0, ''))[1]}"
            for word, wanted in (("visible", True), ("hidden", False)):
                levels = {seen.decided for seen in decided if seen.visible is wanted}
                found = visibility.counted(connection, viewer)[word]
                assert found["value"] == sum(seen.visible is wanted for seen in decided)
                assert (found["origin"] or "").split(", ") == [names[of] for of in viewer.levels if of in levels] or [
                    ""
                ]


def test_p_10_random_shops_hide_and_show_products_at_every_level() -> None:
    decided: set[tuple[str, bool]] = set()
    for seed in range(5):
        with closing(empty()) as connection:
            fill(connection, Random(seed))
            for viewer in viewers(connection):
                for row_id in range(1, PRODUCTS + 1):
                    seen = visibility.decide(connection, viewer, row_id)
                    decided.add((seen.decided, seen.visible))
    levels = {(level, visible) for level in ("product", "group", "customer") for visible in (True, False)}
    assert decided == {*levels, ("status", False)}


def allowed(connection: sqlite3.Connection, subject: str, record: str) -> bool:
    return bool(answers.can(connection, Question(subject, "view", record, ignore_status=True))["allowed"])


def run(connection: sqlite3.Connection, command: str) -> None:
    """Do what a remedy says."""
    _, noun, verb, key, option, value = shlex.split(command)
    if (verb, option) == ("edit", "--status"):
        connection.execute("UPDATE product SET status = ? WHERE key = ?", (value, key))
    elif option == "--all":
        connection.execute(f"UPDATE {noun} SET visibility = ? WHERE key = ?", (value, key))
    else:
        who, other = option.removeprefix("--"), value.removesuffix("=visible")
        table = "customer_group" if who == "group" else "customer"
        connection.execute(
            f"INSERT OR REPLACE INTO {noun}_for_{who} ({noun}_id, {who}_id, visibility)"
            f" SELECT r.id, o.id, 'visible' FROM {noun} r, {table} o WHERE r.key = ? AND o.key = ?",
            (key, other),
        )


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_access_says_of_products_and_categories_what_visibility_says(seed: int) -> None:
    with closing(empty()) as connection:
        fill(connection, Random(seed))
        users = [row[0] for row in connection.execute("SELECT key FROM customer_user")]
        for subject in (*users, "guest"):
            viewer = viewer_of(connection, *((None, "") if subject == "guest" else (USER, subject)))
            shown = [row["record"] for row in sets.records(connection, subject, "product", "view", ignore_status=True)]
            assert {record.partition(":")[2] for record in shown} == listed(connection, viewer)
            for noun, count in (("product", PRODUCTS), ("category", CATEGORIES)):
                records = [f"{noun}:{noun[0] if noun == 'product' else 'k'}{number}" for number in range(1, count + 1)]
                found = sets.records(connection, subject, noun, "view", ignore_status=True)
                seen = {row["record"] for row in found}
                assert {record for record in records if allowed(connection, subject, record)} == seen
                for record in records[:6]:
                    if record in seen:
                        continue
                    told = answers.explain(connection, Question(subject, "view", record, ignore_status=True))
                    assert (told["reason"], told["vetoes"]) == ("hidden", [{"reason": "hidden", "record": record}])
                    connection.execute("SAVEPOINT remedy")
                    before = {user for user in users if allowed(connection, user, record)}
                    for command in told["remedy"]["commands"]:
                        assert not allowed(connection, subject, record)
                        run(connection, command)
                    assert allowed(connection, subject, record)
                    after = {user for user in users if allowed(connection, user, record)}
                    others = len(after - before - {subject})
                    assert told["remedy"]["also_affects"] == {"users": others, "customers": others}, told
                    connection.execute("ROLLBACK TO remedy")


def asked(products: int) -> tuple[list[str], list[str]]:
    """What SQLite is asked to list what a user sees among so many products, and the plan of the last statement."""
    with closing(empty()) as connection:
        fill(connection, Random(1), products)
        connection.execute("ANALYZE")
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        listed(connection, viewer_of(connection, USER, "u1@c.example"))
        connection.set_trace_callback(None)
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statements[-1]}")
        return statements, [step for *_, step in plan]


def test_the_list_takes_as_many_statements_for_ten_products_as_for_a_thousand() -> None:
    (few, _), (many, _) = asked(10), asked(1_000)
    assert (len(few), len(many)) == (6, 6), many


def test_the_list_reads_every_product_once_and_what_is_said_of_it_by_index() -> None:
    _, plan = asked(1_000)
    scans = [step for step in plan if step.startswith("SCAN")]
    assert [step for step in scans if step.split()[1] == "t"] == ["SCAN t USING INDEX sqlite_autoindex_product_1"]
    assert {step.split()[1] for step in scans} <= {"t", "seen", "c"}, "categories, of which there are few, at most"
    assert [step for step in plan if "LIST SUBQUERY" in step and "CORRELATED" in step] == []
    assert "SEARCH v USING PRIMARY KEY (product_id=? AND customer_id=?)" in plan
