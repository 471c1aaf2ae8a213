"""What customers, business customers and accounts are worth; the names of tests begin with the feature they hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from custctl.store.lifetime import prepare
from custctl.store.select import selection
from tests.runner import Runner

SHOP = """
[settings]
"currency.rates" = { EUR = "1.10" }
[[channels]]
key = "web"
name = "Web shop"
type = "commerce"
active = true
[[channels]]
key = "sales"
name = "Direct sales"
type = "b2b"
active = true
[[accounts]]
key = "acme"
name = "Acme"
[[accounts]]
key = "other"
name = "Other"
[[customers]]
key = "acme"
name = "Acme"
account = "acme"
channel = "web"
[[customers]]
key = "west"
name = "West"
parent = "acme"
account = "acme"
channel = "web"
[[customers]]
key = "la"
name = "LA"
parent = "west"
account = "other"
channel = ""
[[business_customers]]
key = "plant"
name = "Acme Plant"
account = "acme"
channel = "sales"
[[orders]]
number = "1"
customer = "acme"
subtotal = "100.00"
currency = "USD"
payment_status = "full"
placed_at = "2025-03-01T10:00:00Z"
[[orders]]
number = "2"
customer = "acme"
subtotal = "10.05"
currency = "EUR"
payment_status = "full"
placed_at = "2025-12-31T23:59:59Z"
[[orders]]
number = "3"
customer = "acme"
subtotal = "1000.00"
currency = "USD"
payment_status = "pending"
placed_at = "2025-04-01T10:00:00Z"
[[orders]]
number = "4"
customer = "west"
subtotal = "7.00"
payment_status = "full"
placed_at = "2026-01-01T00:00:00Z"
[[orders]]
number = "5"
customer = "la"
subtotal = "0.50"
currency = "USD"
payment_status = "full"
[[quotes]]
number = "1"
customer = "acme"
subtotal = "5000.00"
payment_status = "full"
[[opportunities]]
key = "press"
name = "Press"
account = "acme"
business_customer = "plant"
status = "won"
close_date = "2025-06-30"
close_reason = "won"
close_revenue = "300.00"
currency = "USD"
[[opportunities]]
key = "lathe"
name = "Lathe"
account = "acme"
business_customer = "plant"
status = "negotiation"
budget = "900.00"
currency = "USD"
"""


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(SHOP)
    return custctl


def worth(runner: Runner, noun: str, key: str, *options: str) -> Any:
    return runner.json(noun, "lifetime", key, *options)


def test_l_01_a_customer_is_worth_the_subtotals_of_its_own_orders_that_are_paid_in_full(shop: Runner) -> None:
    assert worth(shop, "customer", "acme") == {
        "key": "acme",
        "currency": "USD",
        "lifetime": "111.055",
        "unconverted": [],
    }
    assert worth(shop, "customer", "west")["lifetime"] == "7.00"
    answer = shop("customer", "lifetime", "acme")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[2] == "lifetime     111.055"


def test_l_01_an_unknown_customer_is_not_worth_nothing(shop: Runner) -> None:
    assert shop.refusal("customer", "lifetime", "acne") == (3, "not-found", "customer 'acne' not found")
    assert shop.refusal("account", "lifetime", "nope") == (3, "not-found", "account 'nope' not found")


def test_l_01_what_has_no_rate_is_told_apart_and_never_added(shop: Runner) -> None:
    shop.json("order", "edit", "2", "--currency", "JPY")
    found = worth(shop, "customer", "acme")
    assert (found["lifetime"], found["unconverted"]) == ("100.00", [{"currency": "JPY", "amount": "10.05"}])
    assert shop("customer", "lifetime", "acme").err == (
        "left out, because there is no rate: 10.05 JPY; custctl setting get currency.rates\n"
    )
    shop.json("setting", "set", "currency.rates", "JPY=0.01", "EUR=1.10")
    assert worth(shop, "customer", "acme")["lifetime"] == "100.1005"


@pytest.mark.parametrize(
    ("words", "lifetime"),
    [
        (("order", "edit", "1", "--payment-status", "refunded"), "11.055"),
        (("order", "edit", "3", "--payment-status", "full"), "1111.055"),
        (("order", "edit", "1", "--subtotal", "99.00"), "110.055"),
        (("order", "edit", "1", "--customer", "west"), "11.055"),
        (("order", "edit", "4", "--customer", "acme"), "118.055"),
        (("order", "delete", "1"), "11.055"),
        (("order", "edit", "2", "--currency", "USD"), "110.05"),
        (("setting", "set", "currency.rates", "EUR=2"), "120.10"),
    ],
)
def test_l_02_l_06_every_event_moves_it_at_once_and_undo_moves_it_back(
    shop: Runner, words: tuple[str, ...], lifetime: str
) -> None:
    shop.json(*words)
    assert worth(shop, "customer", "acme")["lifetime"] == lifetime
    shop.json("undo", "--last", "--yes")
    assert worth(shop, "customer", "acme")["lifetime"] == "111.055"


def test_l_03_a_business_customer_is_worth_the_revenue_of_what_was_won(shop: Runner) -> None:
    def lifetimes() -> Any:
        return [row["lifetime"] for row in shop.json("account", "lifetime", "acme")["channels"]]

    assert lifetimes() == ["300.00", "118.055"]
    assert worth(shop, "business", "plant", "--details") == {
        "key": "plant",
        "currency": "USD",
        "lifetime": "300.00",
        "unconverted": [],
        "won_opportunities": 1,
        "first_won": "2025-06-30",
        "last_won": "2025-06-30",
    }
    assert worth(shop, "business", "plant", "--as-of", "2025-05")["lifetime"] == "0.00"
    shop.apply(
        '[[opportunities]]\nkey = "press"\nstatus = "open"\nclose_revenue = ""\nclose_date = ""\nclose_reason = ""\n'
    )
    assert lifetimes() == ["0.00", "118.055"]
    assert worth(shop, "business", "plant")["lifetime"] == "0.00"
    assert shop.refusal("business", "lifetime", "nope") == (3, "not-found", "business customer 'nope' not found")


def test_l_04_an_account_is_worth_its_customers_in_each_channel_and_together(shop: Runner) -> None:
    found = worth(shop, "account", "acme")
    assert (found["lifetime"], found["currency"]) == ("418.055", "USD")
    assert found["channels"] == [
        {
            "channel": "sales",
            "name": "Direct sales",
            "customers": 0,
            "business_customers": 1,
            "lifetime": "300.00",
            "unconverted": [],
        },
        {
            "channel": "web",
            "name": "Web shop",
            "customers": 2,
            "business_customers": 0,
            "lifetime": "118.055",
            "unconverted": [],
        },
    ]
    assert [(row["channel"], row["lifetime"]) for row in worth(shop, "account", "other")["channels"]] == [
        (None, "0.50")
    ]


def test_l_04_an_account_has_a_history_by_channel_with_one_row_that_is_current(shop: Runner) -> None:
    def told() -> list[tuple[Any, ...]]:
        rows = shop.json("account", "lifetime", "acme", "--history")
        return [(row["channel"], row["month"], row["lifetime"], row["current"]) for row in rows]

    history = [
        ("sales", "2025-06", "300.00", True),
        ("web", "2025-03", "100.00", False),
        ("web", "2025-12", "111.055", False),
        ("web", "2026-01", "118.055", True),
    ]
    assert told() == history
    now = {row["channel"]: row["lifetime"] for row in worth(shop, "account", "acme")["channels"]}
    assert now == {channel: lifetime for channel, _, lifetime, current in history if current}
    shop.json("order", "edit", "1", "--payment-status", "refunded")
    shop.json("order", "edit", "2", "--currency", "JPY")
    shop.json("order", "edit", "4", "--placed-at", "")
    assert told()[1:] == [("web", None, "7.00", False), ("web", "2025-12", "7.00", True)]
    answer = shop("account", "lifetime", "acme", "--history")
    assert answer.lines[0].split() == ["CHANNEL", "MONTH", "LIFETIME", "CURRENT", "UNCONVERTED"]
    assert answer.err == "left out, because there is no rate: 10.05 JPY; custctl setting get currency.rates\n"


def test_l_04_a_history_says_that_there_is_none_and_takes_no_day(shop: Runner) -> None:
    shop.json("account", "add", "Bare")
    answer = shop("account", "lifetime", "bare", "--history")
    assert (answer.exit, answer.out, answer.err) == (0, "", "nothing was paid or won\n")
    words = ("account", "lifetime", "acme", "--history", "--as-of", "2025")
    assert shop.refusal(*words) == (2, "usage", "--history goes without --details and --as-of")
    assert shop.refusal("account", "lifetime", "nope", "--history")[:2] == (3, "not-found")


def test_l_07_a_tree_is_worth_its_customers_together(shop: Runner) -> None:
    found = worth(shop, "customer", "acme", "--with-children")
    assert (found["lifetime"], found["own"], found["customers"]) == ("118.555", "111.055", 3)
    assert worth(shop, "customer", "la", "--with-children")["lifetime"] == "0.50"


def test_l_08_details_are_orders_first_and_last_purchase_and_refunds(shop: Runner) -> None:
    shop.json("order", "edit", "3", "--payment-status", "refunded")
    found = worth(shop, "customer", "acme", "--details")
    del found["key"], found["currency"], found["unconverted"]
    assert found == {
        "lifetime": "111.055",
        "orders": 3,
        "paid_orders": 2,
        "first_purchase": "2025-03-01T10:00:00Z",
        "last_purchase": "2025-12-31T23:59:59Z",
        "refunds": 1,
        "refunded": "1000.00",
        "refunded_unconverted": [],
    }
    account = worth(shop, "account", "acme", "--details")
    assert (account["orders"], account["won_opportunities"], account["first_won"]) == (4, 1, "2025-06-30")


def test_as_of_a_day_counts_what_was_ordered_by_its_end(shop: Runner) -> None:
    assert worth(shop, "customer", "acme", "--as-of", "2025-12-30")["lifetime"] == "100.00"
    for day in ("2025-12-31", "2025-12", "2025"):
        assert worth(shop, "customer", "acme", "--as-of", day)["lifetime"] == "111.055"
        assert worth(shop, "account", "acme", "--as-of", day)["lifetime"] == "411.055"
    early = worth(shop, "account", "acme", "--as-of", "2025-06-29", "--details")
    assert (early["lifetime"], early["won_opportunities"], early["paid_orders"]) == ("100.00", 0, 1)
    assert shop.refusal("customer", "lifetime", "acme", "--as-of", "soon") == (
        4,
        "invalid",
        "--as-of 'soon' is no day",
    )


def test_as_of_a_day_what_has_no_date_is_left_out_with_a_remark(shop: Runner) -> None:
    found = worth(shop, "customer", "la", "--as-of", "2025")
    assert (found["lifetime"], found["undated"]) == ("0.00", 1)
    assert shop("customer", "lifetime", "la", "--as-of", "2025").err == "left out, because they have no date: 1\n"


# The field


def test_a_list_by_lifetime_finds_paid_orders_by_their_index_whatever_is_known_of_the_tables(shop: Runner) -> None:
    with closing(sqlite3.connect(shop.database)) as connection:
        prepare(connection)
        for noun in ("customer", "account"):
            query = f"EXPLAIN QUERY PLAN SELECT {selection(noun).expression('lifetime')} FROM {noun} t"
            steps = [step for *_, step in connection.execute(query)]
            assert [step for step in steps if step.startswith("SCAN")] == [steps[0]]
            assert any("COVERING INDEX sales_document_paid (customer_id=?" in step for step in steps)


def test_c_05_lists_are_sorted_and_narrowed_by_lifetime_and_show_it_when_asked(shop: Runner) -> None:
    rows = shop.json("customer", "list", "--sort", "-lifetime", "--fields", "lifetime")
    assert [(row["key"], row["lifetime"]) for row in rows] == [("acme", "111.055"), ("west", "7.00"), ("la", "0.50")]
    assert shop("customer", "list", "--where", "lifetime>5", "-o", "name").lines == ["customer:acme", "customer:west"]
    assert shop("customer", "list", "--where", "lifetime<1", "--count", "-o", "json").json == {"count": 1}
    accounts = shop.json("account", "list", "--where", "lifetime>=418.055", "--fields", "lifetime")
    assert accounts == [{"key": "acme", "lifetime": "418.055"}]
    assert shop.json("account", "list", "--sort", "-lifetime", "--after", "acme")[0]["key"] == "other"
    assert shop.json("customer", "show", "acme")["lifetime"] == "111.055"
    assert shop.json("account", "show", "acme")["lifetime"] == "418.055"
    assert "lifetime" not in shop.json("customer", "list")[0]
    assert shop.refusal("customer", "list", "--where", "lifetime>much")[0] == 4


def test_b_04_lifetime_is_computed_and_cannot_be_given(shop: Runner) -> None:
    words = "customer 'acme': lifetime is computed, and cannot be given"
    assert shop.unapplied('[[customers]]\nkey = "acme"\nlifetime = "5.00"\n') == [("3:1", 4, "unknown-field", words)]
    sheet = shop.file("key,lifetime\nacme,5.00\n", "customers.csv")
    assert shop.refusal("customer", "import", sheet) == (4, "headings", "lifetime of a customer is computed")
    assert shop("customer", "edit", "acme", "--lifetime", "5").exit == 2
    assert "lifetime" not in shop.export()


def test_the_value_of_a_customer_is_not_told_to_its_users(demo: Runner) -> None:
    amanda = ("--as", "amanda.smith@company-a.example")
    assert "lifetime" not in demo.json("customer", "show", "company-a", *amanda)
    for words in (("--sort", "lifetime"), ("--where", "lifetime>1")):
        answer = demo("customer", "list", *words, *amanda, "-o", "json")
        assert (answer.exit, answer.json["resource"], answer.json["reason"]) == (1, "customer.lifetime", "field-closed")
    assert demo.refusal("customer", "lifetime", "company-a", *amanda)[0] == 2


def test_a_customer_edit_of_many_may_choose_by_lifetime(shop: Runner) -> None:
    changes = shop.changes("customer", "edit", "--where", "lifetime>100", "--rating", "5_of_5", "--yes")
    assert changes == [("change", "customer:acme")]


def test_a_sum_that_is_too_large_is_refused_and_not_wrong(custctl: Runner) -> None:
    custctl.json("customer", "add", "Rich")
    for number in ("1", "2"):
        custctl.json(
            "order", "add", number, "--customer", "rich", "--subtotal", "900000000000000", "--payment-status", "full"
        )
    words = "amounts that are stored add up to more than can be told"
    assert custctl.refusal("customer", "lifetime", "rich") == (5, "too-large", words)
    assert custctl.refusal("customer", "list", "--fields", "lifetime") == (5, "too-large", words)
