"""What a customer buys at: its own terms, else its group's, else none (features G-08, P-01, P-02)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner import Runner

TERMS = {"payment_term": "--payment-term", "tax_code": "--tax-code"}


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A group with two members and a customer in no group."""
    custctl.json("group", "add", "Partners")
    for name in ("Acme", "Globex"):
        custctl.json("customer", "add", name, "--group", "partners")
    custctl.json("customer", "add", "Loner")
    for name in ("dealer", "sale", "a", "b", "c"):
        custctl.json("price-list", "add", name)
    return custctl


def terms(runner: Runner, customer: str) -> dict[str, tuple[Any, str | None]]:
    shown = runner.json("customer", "show", customer)["terms"]
    return {name: (term["value"], term["origin"]) for name, term in shown.items()}


@pytest.mark.parametrize("name", TERMS, ids=["p01-payment-term", "p02-tax-code"])
def test_p_01_p_02_a_term_is_the_customers_else_the_groups_else_none(shop: Runner, name: str) -> None:
    assert terms(shop, "acme")[name] == (None, None)
    shop.json("group", "edit", "partners", TERMS[name], "GROUP-1")
    assert terms(shop, "acme")[name] == ("GROUP-1", "customer-group:partners")
    shop.json("customer", "edit", "acme", TERMS[name], "OWN-1")
    assert terms(shop, "acme")[name] == ("OWN-1", "customer:acme")
    assert terms(shop, "globex")[name] == ("GROUP-1", "customer-group:partners")
    assert terms(shop, "loner")[name] == (None, None)


@pytest.mark.parametrize("name", TERMS, ids=["p01-payment-term", "p02-tax-code"])
def test_p_01_p_02_a_term_that_is_cleared_is_the_groups_again_and_none_outside_it(shop: Runner, name: str) -> None:
    shop.json("group", "edit", "partners", TERMS[name], "GROUP-1")
    shop.json("customer", "edit", "acme", TERMS[name], "OWN-1")
    shop.json("customer", "edit", "acme", TERMS[name], "")
    assert terms(shop, "acme")[name] == ("GROUP-1", "customer-group:partners")
    shop.json("group", "member", "remove", "partners", "acme")
    assert terms(shop, "acme")[name] == (None, None)


def test_p_01_a_parent_in_a_group_gives_its_subsidiary_nothing(shop: Runner) -> None:
    shop.json("group", "edit", "partners", "--payment-term", "net 30")
    shop.json("customer", "add", "Acme West", "--parent", "acme")
    assert terms(shop, "acme-west")["payment_term"] == (None, None)


def test_g_08_what_is_set_on_a_group_is_seen_by_its_members(shop: Runner) -> None:
    words = ("--payment-term", "net 30", "--tax-code", "T-1", "--price-list", "dealer", "--price-list", "sale")
    shop.json("group", "edit", "partners", *words)
    shop.json("setting", "set", "product.export", "on", "--for", "group:partners")
    group = "customer-group:partners"
    for member in ("acme", "globex"):
        assert terms(shop, member) == {
            "payment_term": ("net 30", group),
            "tax_code": ("T-1", group),
            "price_lists": (["dealer", "sale"], group),
        }
        shown = shop.json("setting", "get", "product.export", "--for", f"customer:{member}")
        assert (shown["value"], shown["origin"]) == (True, group)
    assert terms(shop, "loner")["price_lists"] == ([], None)
    shop.json("group", "member", "add", "partners", "loner")
    assert terms(shop, "loner")["price_lists"] == (["dealer", "sale"], group)


def test_g_08_a_customer_has_price_lists_of_its_own_in_their_order(shop: Runner) -> None:
    shop.json("group", "edit", "partners", "--price-list", "dealer")
    shop.json("customer", "add", "New", "--group", "partners", "--price-list", "b", "--price-list", "a")
    both = "customer:new, customer-group:partners"
    assert terms(shop, "new")["price_lists"] == (["b", "a", "dealer"], both)
    assert shop.fields("customer", "edit", "new", "--price-list", "c") == {
        "customer:new": {"price_lists": [["b", "a"], ["c"]]},
    }
    shop.json("customer", "edit", "new", "--price-list", "")
    assert terms(shop, "new")["price_lists"] == (["dealer"], "customer-group:partners")


def test_p_03_show_and_context_name_the_same_price_lists(demo: Runner) -> None:
    for customer in (row["key"] for row in demo.json("customer", "list")):
        shown = demo.json("customer", "show", customer, "--fields", "terms")["terms"]["price_lists"]
        counting = demo.json("customer", "context", customer, "--fields", "price_lists")["price_lists"]
        assert shown["value"] == [row["price_list"] for row in counting]
        assert shown["origin"] == (", ".join(dict.fromkeys(row["origin"] for row in counting)) or None)


def test_terms_are_shown_to_people_with_their_origin(shop: Runner) -> None:
    shop.json("group", "edit", "partners", "--payment-term", "net 30")
    answer = shop("customer", "show", "acme")
    assert answer.exit == 0
    assert "  payment_term  net 30 (customer-group:partners)" in answer.lines
