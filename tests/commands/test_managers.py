"""The manager of records: whose documents they belong to, which pruning goes by, is seen, searched and changed."""

from __future__ import annotations

from typing import Any

import pytest

from custctl.resources import NOUNS
from tests.runner import Runner

WORLD = """
    manager = "ci"
    [[groups]]
    key = "gold"
    name = "Gold"
    [[customers]]
    key = "acme"
    name = "Acme"
    group = "gold"
    addresses = [{ key = "hq", organization = "O", street = "S", city = "C", postal_code = "P", country = "GI" }]
    [[users]]
    email = "ann@x.example"
    first_name = "Ann"
    last_name = "A"
    customer = "acme"
    roles = ["buyer"]
    [[orders]]
    number = "SO-1"
    customer = "acme"
    [settings.customer.acme]
    "menu.main" = "side"
    [settings]
    "guest.access" = false
"""
NOTHING = 'manager = "ci"\n'
REFERENCES = ("customer-group:gold", "customer:acme", "user:ann@x.example", "order:SO-1", "setting:guest.access")


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(WORLD)
    return custctl


def managers(runner: Runner) -> dict[str, str | None]:
    """The manager of each record that has one."""
    found: dict[str, str | None] = {}
    for table in ("customer_group", "customer", "customer_user", "address", "setting"):
        rows = runner.sql(f"SELECT key, manager FROM {table} WHERE manager IS NOT NULL ORDER BY key")
        found |= {f"{table}:{key}": manager for key, manager in rows}
    return found


def test_every_noun_shows_its_manager() -> None:
    assert [noun.name for noun in NOUNS.values() if noun.field("manager") is None] == []


@pytest.mark.parametrize(("noun", "key"), [("group", "gold"), ("customer", "acme"), ("user", "ann@x.example")])
def test_the_manager_is_in_show_and_in_lists_and_can_be_asked_for(shop: Runner, noun: str, key: str) -> None:
    assert shop.json(noun, "show", key)["manager"] == "ci"
    assert any(line.split() == ["manager", "ci"] for line in shop(noun, "show", key, "-o", "wide").lines)
    assert [row["key"] for row in shop.json(noun, "list", "--where", "manager=ci")] == [key]
    told = shop.json(noun, "list", "--where", "manager=ci", "--fields", "manager")
    assert [row["manager"] for row in told] == ["ci"]
    assert key not in [row["key"] for row in shop.json(noun, "list", "--where", "manager=")]
    assert "MANAGER" in shop(noun, "list", "-o", "wide").lines[0]


def test_documents_say_it_once_and_exports_do_not(shop: Runner) -> None:
    assert "manager" not in shop.export()
    refused = shop.unapplied('[[customers]]\nkey = "acme"\nmanager = "other"\n')
    assert refused == [("3:1", 4, "unknown-field", "customer 'acme': manager is computed, and cannot be given")]


def test_records_are_adopted_with_their_parts_and_undo_gives_them_back(shop: Runner) -> None:
    before, contents = managers(shop), shop.contents("history", "revision", "sqlite_sequence")
    answer = shop.json("db", "adopt", "--manager", "shop", *REFERENCES)
    assert {change["record"]: change["fields"] for change in answer["changes"]} == {
        record: {"manager": ["ci", "shop"]}
        for record in (*REFERENCES, "customer-address:acme/hq", "setting:customer/acme/menu.main")
    }
    assert set(managers(shop).values()) == {"shop"}
    assert managers(shop).keys() == before.keys()
    assert shop.json("db", "adopt", "--manager", "shop", *REFERENCES)["changes"] == []
    told = shop.json("history", "customer:acme")[0]
    assert (told["op"], told["fields"]) == ("change", {"manager": ["ci", "shop"]})
    assert shop("undo", "--last", "--yes").exit == 0
    assert managers(shop) == before
    assert shop.contents("history", "revision", "sqlite_sequence").keys() == contents.keys()
    assert shop("db", "check").exit == 0


def test_an_undo_is_refused_while_another_manager_has_adopted_it_since(shop: Runner) -> None:
    first = shop.json("db", "adopt", "--manager", "one", "customer:acme")["revision"]
    shop.json("db", "adopt", "--manager", "two", "customer:acme")
    assert shop.refusal("undo", str(first), "--yes")[:2] == (5, "changed-since")


def test_what_is_given_up_is_not_pruned_and_what_is_adopted_is(shop: Runner) -> None:
    shop.json("db", "adopt", "--manager", "", "customer:acme", "user:ann@x.example", "order:SO-1")
    changes = shop.changes("apply", "-f", shop.file(NOTHING), "--prune", "--yes")
    assert changes == [
        ("remove", "setting:guest.access"),
        ("remove", "customer-group:gold"),
        ("change", "customer:acme"),
    ]
    assert shop.json("customer", "show", "acme")["addresses"][0]["key"] == "hq"
    shop.json("db", "adopt", "--manager", "ci", "user:ann@x.example", "order:SO-1")
    assert shop.changes("apply", "-f", shop.file(NOTHING), "--prune", "--yes") == [
        ("remove", "order:SO-1"),
        ("remove", "user:ann@x.example"),
    ]


def test_a_filter_adopts_many_after_agreement(shop: Runner) -> None:
    shop.json("customer", "add", "Bolt")
    words = ("db", "adopt", "--manager", "shop", "customer", "--where", "manager=")
    assert shop.refusal(*words) == (2, "usage", "adopting 1 customer needs --yes")
    assert shop.changes(*words, "--yes") == [("change", "customer:bolt")]
    assert shop(*words, "--dry-run").out == "nothing to change\n"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--manager", "Not A Name", "customer:acme"), (4, "invalid", "--manager must be a short name like demo")),
        (("--manager", "x", "customer:nope"), (3, "not-found", "customer 'nope' not found")),
        (("--manager", "x", "setting:nope"), (3, "not-found", "setting 'nope' not found")),
        (("--manager", "x", "customer-address:acme/nope"), (3, "not-found", "customer-address 'acme/nope' not found")),
        (("--manager", "x", "acme"), (4, "invalid", "'acme' is not TYPE:KEY")),
        (("--manager", "x", "customer:acme", "--where", "key=a"), (2, "usage", "--where takes one type of records")),
    ],
)
def test_what_cannot_be_adopted_is_refused(shop: Runner, words: tuple[str, ...], refusal: Any) -> None:
    assert shop.refusal("db", "adopt", *words) == refusal
