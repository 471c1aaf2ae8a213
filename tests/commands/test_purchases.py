"""What customers, users and accounts bought; the names of tests begin with the feature they hold."""

from __future__ import annotations

import json

import pytest

from tests.runner import Runner

AMANDA, CARLOS = "amanda.smith@company-a.example", "carlos.vega@company-a.example"
ORDERS = """
[[accounts]]
key = "group"
name = "The group"
[[customers]]
key = "company-a"
account = "group"
[[customers]]
key = "company-a-west"
account = "group"
[[orders]]
number = "N-1"
customer = "company-a-west"
user = "carlos.vega@company-a.example"
status = "open"
subtotal = "10.00"
currency = "USD"
placed_at = "2026-03-31T23:59:59Z"
products = ["A-1", "B-2"]
[[orders]]
number = "N-2"
customer = "company-a-west"
status = "closed"
subtotal = "5.00"
currency = "SEK"
placed_at = "2026-01-01T00:00:00Z"
products = ["A-1", "C-3"]
[[orders]]
number = "N-3"
customer = "company-a-west"
status = "cancelled"
subtotal = "1000.00"
currency = "USD"
placed_at = "2026-03-01T00:00:00Z"
products = ["D-4"]
"""


@pytest.fixture
def shop(demo: Runner) -> Runner:
    demo.apply(ORDERS)
    return demo


def test_l_09_orders_are_listed_the_newest_first(shop: Runner) -> None:
    def numbers(*words: str) -> list[str]:
        return [row["key"] for row in shop.json(*words)]

    assert numbers("customer", "orders", "company-a-west") == ["N-1", "N-3", "N-2", "SO-1101", "SO-1102"]
    assert numbers("user", "orders", CARLOS) == ["N-1", "SO-1101", "SO-1102"]
    assert numbers("account", "orders", "group", "--limit", "5") == ["N-1", "N-3", "N-2", "SO-1101", "SO-1002"]
    assert numbers("customer", "orders", "company-a-west", "--sort", "number", "--limit", "1") == ["N-1"]
    assert numbers("customer", "orders", "company-a-west", "--where", "status=closed") == ["N-2", "SO-1102"]
    assert shop.json("customer", "orders", "company-a-west", "--count") == {"count": 5}
    assert shop.refusal("customer", "orders", "nope")[0] == 3


def test_l_09_a_buyer_sees_his_own_orders_and_an_administrator_the_tree(shop: Runner) -> None:
    def numbers(*words: str) -> list[str]:
        return [row["key"] for row in shop.json(*words)]

    own = ["N-1", "SO-1101", "SO-1102"]
    assert numbers("customer", "orders", "company-a-west", "--as", CARLOS) == own
    assert numbers("user", "orders", CARLOS, "--as", CARLOS) == own
    refused = shop("user", "orders", "bob.reyes@company-a.example", "--as", CARLOS, "-o", "json")
    assert (refused.exit, refused.json["resource"]) == (1, "user:bob.reyes@company-a.example")
    assert numbers("customer", "orders", "company-a-west", "--as", AMANDA) == [
        "N-1",
        "N-3",
        "N-2",
        "SO-1101",
        "SO-1102",
    ]
    refused = shop("customer", "orders", "wholesaler-b", "--as", AMANDA, "-o", "json")
    absent = shop("customer", "orders", "nowhere-b", "--as", AMANDA, "-o", "json")
    assert (refused.exit, refused.json["resource"], refused.err) == (1, "customer:wholesaler-b", "")
    assert absent.out == refused.out.replace("wholesaler-b", "nowhere-b")


@pytest.mark.parametrize(
    "line",
    ["account orders group", "customer volume company-a", "customer purchased company-a", f"user volume {CARLOS}"],
)
def test_what_only_the_back_office_asks_refuses_to_act_for_a_user(shop: Runner, line: str) -> None:
    assert shop.refusal(*line.split(), "--as", AMANDA)[0] == 2


def test_l_11_the_volume_of_twelve_months_has_those_without_orders_too(shop: Runner) -> None:
    rows = shop.json("customer", "volume", "company-a-west", "--until", "2026-03-31")
    assert [row["month"] for row in rows] == [f"2025-{n:02}" for n in range(4, 13)] + ["2026-01", "2026-02", "2026-03"]
    assert [(row["month"], row["orders"], row["volume"]) for row in rows if row["orders"]] == [
        ("2026-01", 1, "0.00"),
        ("2026-03", 1, "10.00"),
    ]
    assert rows[-3]["unconverted"] == [{"currency": "SEK", "amount": "5.00"}]
    assert rows[0] == {"month": "2025-04", "orders": 0, "volume": "0.00", "unconverted": []}
    shop.json("setting", "set", "currency.rates", "SEK=1.5")
    january = shop.json("account", "volume", "group", "--until", "2026-03-31")[-3]
    assert (january["volume"], january["unconverted"]) == ("7.50", [])
    assert [row["orders"] for row in shop.json("user", "volume", CARLOS, "--until", "2026-02-28")] == [1] + [0] * 11
    assert shop.refusal("customer", "volume", "company-a", "--until", "soon") == (
        4,
        "invalid",
        "--until 'soon' is no day",
    )


def test_l_11_orders_of_which_nobody_said_when_they_were_placed_are_told(shop: Runner) -> None:
    def told(customer: str) -> str:
        return shop("customer", "volume", customer, "--until", "2024-12-31").err

    assert told("company-a-west") == ""
    undated = [{"number": f"U-{n}", "customer": "company-a-west", "status": "open"} for n in (1, 2)]
    undated.append({"number": "U-3", "customer": "company-a-west", "status": "cancelled"})
    shop.apply(json.dumps({"orders": undated}), "undated.json")
    assert told("company-a-west") == "2 orders are in no month: order edit --placed-at says when it was placed\n"
    assert told("company-a") == ""


def test_l_10_products_bought_before_are_not_listed_unless_switched_on(shop: Runner) -> None:
    answer = shop("customer", "purchased", "company-a-west")
    assert (answer.exit, answer.out) == (0, "")
    assert answer.err == (
        "products that were bought before are not listed: custctl setting set order.purchase_history on\n"
    )


def test_l_10_products_are_those_of_open_and_closed_orders_of_the_period_the_latest_first(shop: Runner) -> None:
    shop.json("setting", "set", "order.purchase_history", "on")
    until = ("--until", "2026-03-31")
    assert shop.json("customer", "purchased", "company-a-west", *until) == [
        {
            "product": "A-1",
            "orders": 2,
            "first_purchase": "2026-01-01T00:00:00Z",
            "last_purchase": "2026-03-31T23:59:59Z",
        },
        {
            "product": "B-2",
            "orders": 1,
            "first_purchase": "2026-03-31T23:59:59Z",
            "last_purchase": "2026-03-31T23:59:59Z",
        },
        {
            "product": "C-3",
            "orders": 1,
            "first_purchase": "2026-01-01T00:00:00Z",
            "last_purchase": "2026-01-01T00:00:00Z",
        },
    ]
    names = [row["product"] for row in shop.json("user", "purchased", CARLOS, *until)]
    assert names == ["A-1", "B-2"]
    shop.json("setting", "set", "order.purchase_history_days", "88", "--for", "customer:company-a-west")
    assert [row["product"] for row in shop.json("customer", "purchased", "company-a-west", *until)] == ["A-1", "B-2"]
    assert len(shop.json("account", "purchased", "group", *until)) == 3
    shop.json("setting", "set", "order.purchase_history", "off", "--for", "customer:company-a-west")
    assert shop.json("user", "purchased", CARLOS, *until) == []
    assert shop("customer", "purchased", "partner-c").err == "no products in the last 90 days\n"


# What an order says


def test_l_10_the_demo_world_lists_what_its_wholesaler_bought_and_names_stored_products(demo: Runner) -> None:
    bought = demo.json("customer", "purchased", "wholesaler-b", "--until", "2025-03-31")
    assert [(row["product"], row["orders"]) for row in bought] == [("LMP-100", 2), ("SAF-2", 1), ("FLD-10", 1)]
    stored = {row["sku"] for row in demo.json("product", "list")}
    named = {sku for row in demo.json("order", "list", "--fields", "products") for sku in row["products"]}
    assert named <= stored


def test_an_order_names_its_products_and_a_request_whether_a_workflow_is_at_work(demo: Runner) -> None:
    demo.json("order", "add", "P-1", "--customer", "company-a", "--product", "A-1", "--product", "B-2")
    assert demo.json("order", "show", "P-1")["products"] == ["A-1", "B-2"]
    assert demo.fields("order", "edit", "P-1", "--product", "C-3") == {
        "order:P-1": {"products": [["A-1", "B-2"], ["C-3"]]}
    }
    demo.json("order", "edit", "P-1", "--product", "")
    assert demo.json("order", "show", "P-1")["products"] == []
    demo.json("request", "edit", "RFQ-1101", "--no-workflow-active")
    assert demo.json("request", "show", "RFQ-1101")["workflow_active"] is False
    demo.json("request", "add", "R-9", "--customer", "company-a", "--workflow-active")
    assert demo.json("request", "show", "R-9")["workflow_active"] is True
    assert demo("order", "edit", "P-1", "--workflow-active").exit == 2


def test_the_products_of_orders_are_imported(demo: Runner) -> None:
    sheet = demo.file('number,customer,products\nI-1,company-a,"A-1, B-2"\n', "orders.csv")
    demo.json("order", "import", sheet)
    assert demo.json("order", "show", "I-1")["products"] == ["A-1", "B-2"]
