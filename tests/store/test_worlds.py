"""Generated worlds: always the same, of the size that was asked for, uneven, and made in any parts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custctl.resources import NOUNS, PRICE, slug
from custctl.store.apply import NOUN_OF_TABLE, item_of, known_item
from custctl.store.documents import document_pieces, write_document
from custctl.store.worlds import Size, World
from custctl.store.worlds.skeleton import DEEPEST

TABLES = [noun.document for noun in NOUNS.values() if noun.document not in ("addresses", "settings")]
SALES = ("orders", "quotes", "requests", "shopping_lists", "checkouts")


def tables(world: World) -> dict[str, Any]:
    return {**{table: list(world.rows(table)) for table in TABLES}, "settings": world.settings()}


def text(world: World, format: Literal["toml", "yaml", "json"] = "json") -> str:
    streamed = [*((table, world.rows(table)) for table in TABLES), ("settings", world.settings())]
    return "".join(document_pieces(streamed, format))


def depths(world: World) -> Iterator[int]:
    """How deep each customer lies; a parent comes before those below it."""
    found: dict[str | None, int] = {None: 0}
    for row in world.rows("customers"):
        found[row["key"]] = found[row.get("parent")] + 1
        yield found[row["key"]]


def test_a_world_is_the_same_on_every_platform_and_python() -> None:
    """The digest changes when a name or a rule of the worlds does, and then for everybody: that is worth a line."""
    digest = hashlib.sha256(text(World(Size(60), 7)).encode()).hexdigest()
    assert digest == "6224d7a90217033bd229ac777c4587a0e5f274a2b4bdfc02fe8f02091dabe2f8"


@given(st.integers(1, 80), st.integers(0, 2**70))
@settings(max_examples=10, deadline=None)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(customers: int, seed: int) -> None:
    made = text(World(Size(customers), seed))
    assert made == text(World(Size(customers), seed))
    assert made != text(World(Size(customers), seed + 1))


@given(st.integers(1, 300), st.integers(0, 5), st.integers(0, 5), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_a_world_has_exactly_what_was_asked_for(customers: int, users: int, documents: int, seed: int) -> None:
    world = tables(World(Size(customers, users, documents), seed))
    assert len(world["customers"]) == len({row["key"] for row in world["customers"]}) == customers
    keys = [row.get("key", row["email"]) for row in world["users"]]
    assert len(keys) == len(set(keys)) == customers * users
    assert sum(len(world[table]) for table in SALES) == customers * documents
    assert all(row["key"] == slug(row["key"], "") for row in world["customers"])


@given(st.integers(1, 120), st.integers(1, 50), st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_a_world_is_made_in_parts_that_name_only_what_came_before(customers: int, step: int, seed: int) -> None:
    world = World(Size(customers), seed)
    parts = list(world.pieces(step))
    assert [number for part in parts for number in part] == list(range(1, customers + 1))
    for table in TABLES:
        assert [row for part in parts for row in world.rows(table, part)] == list(world.rows(table))
    known: set[str] = set()
    for part in parts:
        known |= {row["key"] for row in world.rows("customers", part)}
        for table in ("customers", "users", "orders"):
            named = {row.get(name) for row in world.rows(table, part) for name in ("parent", "customer")}
            assert named - {None} <= known


@given(st.integers(1, 60), st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_a_record_is_what_its_input_model_makes_of_it(customers: int, seed: int) -> None:
    """So a database may be filled without the models; only prices name their products in capitals."""
    world = World(Size(customers), seed)
    for table, noun in NOUN_OF_TABLE.items():
        for row in world.rows(table) if noun is not PRICE else ():
            read, known = item_of(noun, row), known_item(noun, row)
            assert (read.key, read.given, read.addresses or ()) == (known.key, known.given, known.addresses)


@pytest.mark.parametrize("format", ["toml", "yaml", "json"])
def test_a_document_that_is_streamed_is_the_one_that_is_written_at_once(
    format: Literal["toml", "yaml", "json"],
) -> None:
    world = World(Size(30), 3)
    whole = {name: table for name, table in tables(world).items() if table}
    assert text(world, format) == write_document(whole, format)


def test_trees_of_customers_are_uneven_in_depth_and_breadth() -> None:
    world = World(Size(3_000), 11)
    rows = list(world.rows("customers"))
    found = Counter(depths(world))
    assert set(found) == set(range(1, DEEPEST + 1))
    children = Counter(row["parent"] for row in rows if "parent" in row)
    roots = [row["key"] for row in rows if "parent" not in row]
    singles = [key for key in roots if key not in children]
    assert len(singles) > 0.4 * len(roots), "most trees are one customer"
    assert max(children.values()) > 20
    assert min(children.values()) == 1


def test_a_few_customers_have_many_users_and_many_have_few() -> None:
    rows = list(World(Size(3_000), 11).rows("users"))
    counts = sorted(Counter(row.get("customer") for row in rows).values(), reverse=True)
    assert sum(counts[:30]) > len(rows) / 4, "one customer in a hundred has more than a quarter of all users"
    assert 3_000 - len(counts) > 300, "some have none"
    assert sum(count <= 2 for count in counts) > 1_000


def test_people_and_companies_are_of_many_lands_and_in_every_state() -> None:
    world = tables(World(Size(2_000), 5))
    names = "".join(row["name"] for row in world["customers"])
    assert all(letter in names for letter in "üéñłİ株شה")
    assert max(len(row["name"]) for row in world["customers"]) > 100
    users = world["users"]
    for said in ({"enabled": False}, {"confirmed": False}, {"auth_status": "reset"}, {"guest": True}):
        assert any(said.items() <= row.items() for row in users), said
    held = Counter(role.rpartition("/")[0] != "" for row in users for role in row.get("roles", ()))
    assert held[True] > 50 < held[False], "own roles of customers are held beside those for everyone"
    assert {len(row.get("emails", ())) for row in world["contacts"]} == {0, 1, 2, 3, 4}
    assert all(row["email"].endswith(".example") for row in users)


def test_sales_documents_are_of_the_last_years_in_many_states_and_currencies() -> None:
    orders = list(World(Size(1_000), 5).rows("orders"))
    assert {row["placed_at"][:4] for row in orders} == {"2021", "2022", "2023", "2024", "2025"}
    assert len({row["status"] for row in orders}) == 7
    assert len({row["payment_status"] for row in orders}) == 7
    assert len({row["currency"] for row in orders}) > 5
    amounts = sorted(float(row["subtotal"]) for row in orders)
    assert amounts[-1] > 100 * amounts[len(amounts) // 2]
