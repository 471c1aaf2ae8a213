"""Channels, through the commands: their types, what they take, what goes with them (feature B-06 to B-08)."""

from __future__ import annotations

import pytest

from tests.runner import Refusal, Runner


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A shop that is open, and a sales team that is not yet."""
    custctl.json("channel", "add", "Web shop", "--type", "commerce", "--active")
    custctl.json("channel", "add", "Field sales", "--type", "b2b")
    return custctl


def test_b_06_the_type_of_a_channel_says_who_is_a_customer_in_it(custctl: Runner) -> None:
    answer = custctl("channel", "add", "Field sales", "--type", "b2b")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "+ channel:field-sales",
        "    key: field-sales",
        "    name: Field sales",
        "    type: b2b",
        "    active: no",
        "    identity: business-customer",
        "    entities: business-customer, lead, opportunity",
        "    owner: tester",
        "1 added, 0 changed, 0 removed",
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("--type", "b2b", "--identity", "customer"),
            "channel:x: the customers of a b2b channel are business-customer records, not customer ones",
        ),
        (
            ("--type", "commerce", "--entity", "order"),
            "channel:x: entities must have customer, which is who a customer is in it",
        ),
        (
            ("--type", "custom", "--entity", "customer-identity", "--entity", "ordre"),
            "channel:x: unknown entity 'ordre'",
        ),
        (("--type", "shop"), "channel 'x': type must be one of b2b, commerce, custom"),
    ],
)
def test_b_06_a_wrong_identity_entity_or_type_is_refused(custctl: Runner, words: tuple[str, ...], problem: str) -> None:
    assert custctl.refusal("channel", "add", "X", *words) == (4, "invalid", problem)


def test_b_06_a_name_has_at_most_250_characters(custctl: Runner) -> None:
    refusal = custctl.refusal("channel", "add", "x" * 251, "--key", "x", "--type", "b2b")
    assert refusal == (4, "invalid", "channel 'x': name must have at most 250 characters, this has 251")


def test_b_06_the_type_changes_only_while_nothing_is_in_a_channel(shop: Runner) -> None:
    changed = shop.fields("channel", "edit", "field-sales", "--type", "custom")["channel:field-sales"]
    assert changed["identity"] == ["business-customer", "customer-identity"]
    assert changed["entities"][1] == ["customer-identity"]
    shop.json("customer", "add", "Acme")
    problem = "channel:web-shop: it holds 1 record, so it stays of its type"
    assert shop.refusal("channel", "edit", "web-shop", "--type", "b2b") == (5, "has-dependents", problem)


def test_b_06_a_channel_is_enabled_and_disabled_once(shop: Runner) -> None:
    assert shop.fields("channel", "enable", "field-sales") == {"channel:field-sales": {"active": [False, True]}}
    assert shop.refusal("channel", "enable", "field-sales") == (
        5,
        "unchanged",
        "channel:field-sales is already enabled",
    )
    answer = shop("channel", "disable", "--where", "type=b2b", "--yes")
    assert (answer.exit, answer.err) == (0, "1 disabled\n")
    assert shop.refusal("channel", "disable", "nope")[0] == 3


def test_b_06_customers_join_a_channel_only_while_it_is_active(shop: Runner) -> None:
    shop.json("channel", "disable", "web-shop")
    answer = shop("customer", "add", "Acme", "--channel", "web-shop")
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        "error: customer:acme: channel:web-shop is not active\n"
        '  --> field "channel"\n'
        "  hint: custctl channel enable web-shop\n"
    )


def test_b_06_customers_of_the_shop_do_not_join_a_b2b_channel(shop: Runner) -> None:
    problem = "customer:acme: channel:field-sales is of type b2b, and customers are in commerce ones"
    assert shop.refusal("customer", "add", "Acme", "--channel", "field-sales") == (4, "invalid", problem)


def test_b_06_channels_are_listed_with_their_customers(shop: Runner) -> None:
    shop.json("customer", "add", "Acme")
    answer = shop("channel", "list")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "KEY          NAME         TYPE      ACTIVE  CUSTOMERS  BUSINESS_CUSTOMERS",
        "field-sales  Field sales  b2b       no      0          0",
        "web-shop     Web shop     commerce  yes     1          0",
    ]
    assert [row["key"] for row in shop.json("channel", "list", "--where", "active=no")] == ["field-sales"]


def test_b_06_channels_are_imported(custctl: Runner) -> None:
    sheet = custctl.file("name,type,active\nWeb shop,commerce,yes\nField sales,b2b,no\n", "channels.csv")
    assert custctl.json("channel", "import", sheet)["added"] == 2
    assert custctl.json("channel", "show", "web-shop")["identity"] == "customer"


def test_b_07_a_new_customer_joins_the_only_active_commerce_channel(shop: Runner) -> None:
    assert shop.fields("customer", "add", "Acme")["customer:acme"]["channel"] == [None, "web-shop"]
    shop.json("channel", "add", "Outlet", "--type", "commerce")
    assert shop.fields("customer", "add", "Bolt")["customer:bolt"]["channel"] == [None, "web-shop"]
    shop.json("channel", "enable", "outlet")
    assert "channel" not in shop.fields("customer", "add", "Cord")["customer:cord"]
    assert shop.fields("customer", "add", "Dyne", "--channel", "outlet")["customer:dyne"]["channel"] == [None, "outlet"]


def test_b_07_it_joins_on_all_roads(shop: Runner) -> None:
    sheet = shop.file("key,name,parent\nacme,Acme,\nwest,West,acme\n", "customers.csv")
    shop.json("customer", "import", sheet)
    shop.apply('customers = [{key = "bolt", name = "Bolt"}, {key = "cord", name = "Cord", channel = ""}]')
    rows = shop.json("customer", "list", "--fields", "channel")
    assert {row["key"]: row["channel"] for row in rows} == {
        "acme": "web-shop",
        "bolt": "web-shop",
        "cord": None,
        "west": "web-shop",
    }


def test_b_08_deleting_a_channel_counts_what_goes_and_needs_yes(shop: Runner) -> None:
    shop.json("channel", "enable", "field-sales")
    shop.json("business", "add", "Initech", "--channel", "field-sales")
    message = "deleting channel:field-sales together with 1 other record (1 business customer) needs --yes"
    assert shop.refusal("channel", "delete", "field-sales") == (2, "usage", message)
    assert shop.changes("channel", "delete", "field-sales", "--yes") == [
        ("remove", "channel:field-sales"),
        ("remove", "business-customer:initech"),
    ]


def test_b_08_customers_of_the_shop_stay_without_a_channel_once_that_is_agreed_to(shop: Runner) -> None:
    shop.json("customer", "add", "Acme")
    message = "deleting channel:web-shop and taking it from 1 record needs --yes"
    assert shop.refusal("channel", "delete", "web-shop") == (2, "usage", message)
    changed = shop.fields("channel", "delete", "web-shop", "--yes")
    assert changed["customer:acme"] == {"channel": ["web-shop", None]}
    shop.json("undo", "--last", "--yes")
    assert shop.json("customer", "show", "acme")["channel"] == "web-shop"


REFUSED: dict[tuple[str, ...], Refusal] = {
    ("channel", "show", "nope"): (3, "not-found", "channel 'nope' not found"),
    ("channel", "edit", "nope", "--name", "X"): (3, "not-found", "channel 'nope' not found"),
    ("channel", "delete", "nope"): (3, "not-found", "channel 'nope' not found"),
    ("channel", "add", "Web shop", "--type", "b2b", "--key", "web-shop"): (
        5,
        "taken",
        "channel:web-shop exists already",
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_b_06_what_is_not_there_or_taken_is_refused(shop: Runner, words: tuple[str, ...]) -> None:
    assert shop.refusal(*words) == REFUSED[words]


def test_b_06_a_document_with_a_channel_that_was_switched_off_makes_the_same_shop(shop: Runner) -> None:
    shop.json("channel", "enable", "field-sales")
    shop.json("business", "add", "Initech", "--channel", "field-sales")
    shop.json("customer", "add", "Acme")
    shop.json("channel", "disable", "field-sales", "web-shop")
    exported = shop.export()
    other = Runner(shop.database.with_name("other.db"))
    warnings = other.apply(exported)["warnings"]
    assert warnings == [
        "customer:acme: channel:web-shop is not active",
        "business-customer:initech: channel:field-sales is not active",
    ]
    assert other.export() == exported
