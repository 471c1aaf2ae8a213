"""Languages, currencies, amounts of orders, and everything about one person at once, each with where it comes from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from custctl.store import context, onlookers
from custctl.store.database import open_for_reading
from tests.runner import Refusal, Runner

ROSA = "rosa.marin@partner-c.example"
MONEY = "must be money written as text, nothing or more, like 1234.50"
CARLOS = "carlos.vega@company-a.example"


def choices(runner: Runner, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = runner.json(*words)["choices"]
    return found


def language(runner: Runner, *words: str) -> tuple[str, str]:
    found = choices(runner, *words)["language"]
    return found["value"], found["origin"]


# Language and currency


def test_u_23_a_user_keeps_a_language_and_a_currency_and_context_uses_them(demo: Runner) -> None:
    assert demo.fields("user", "edit", CARLOS, "--language", "FR", "--currency", "CAD") == {
        f"user:{CARLOS}": {"language": [None, "fr"], "currency": [None, "CAD"]}
    }
    found = choices(demo, "user", "context", CARLOS)
    assert (found["language"], found["currency"]) == (
        {"value": "fr", "origin": f"user:{CARLOS}"},
        {"value": "CAD", "origin": f"user:{CARLOS}"},
    )
    demo.json("user", "edit", CARLOS, "--language", "", "--currency", "")
    assert language(demo, "user", "context", CARLOS) == ("en", "default")


def test_p_14_a_language_that_is_no_longer_enabled_falls_to_the_default(demo: Runner) -> None:
    assert language(demo, "user", "context", ROSA) == ("fr", f"user:{ROSA}")
    demo.json("setting", "set", "language.enabled", "en", "de")
    assert language(demo, "user", "context", ROSA) == ("en", "default")
    assert demo.json("user", "context", ROSA)["who"]["chosen_language"] == "fr"
    demo.json("setting", "set", "language.default", "de")
    assert language(demo, "user", "context", ROSA) == ("de", "system")
    demo.json("setting", "set", "language.enabled", "fr", "de", "--for", "customer:partner-c-north")
    assert language(demo, "user", "context", ROSA) == ("fr", f"user:{ROSA}")


def test_p_14_the_default_is_that_of_the_customer_its_group_or_the_shop(demo: Runner) -> None:
    assert choices(demo, "user", "context", ROSA)["currency"] == {"value": "CAD", "origin": "customer-group:partners"}
    demo.json("setting", "set", "currency.default", "USD", "--for", "customer:partner-c-north")
    assert choices(demo, "user", "context", ROSA)["currency"] == {
        "value": "USD",
        "origin": "customer:partner-c-north",
    }
    assert choices(demo, "customer", "context", "partner-c")["currency"]["value"] == "CAD"


def test_p_14_a_default_that_is_enabled_nowhere_near_falls_to_the_first_that_is(demo: Runner) -> None:
    demo.json("setting", "set", "currency.enabled", "USD")
    assert choices(demo, "user", "context", ROSA)["currency"] == {"value": "USD", "origin": "system"}


def test_p_14_a_visitor_chooses_for_the_session(demo: Runner) -> None:
    demo.json("guest", "edit", "visitor-2", "--language", "fr", "--currency", "CAD")
    assert language(demo, "guest", "context", "visitor-2") == ("fr", "visitor:visitor-2")
    assert language(demo, "guest", "context") == ("en", "default")
    demo.json("setting", "set", "language.default", "fr", "--for", "group:non-authenticated-visitors")
    assert language(demo, "guest", "context") == ("fr", "customer-group:non-authenticated-visitors")


def test_p_14_a_choice_that_is_not_open_is_kept_and_told(demo: Runner) -> None:
    answer = demo("user", "edit", CARLOS, "--language", "de")
    words = f"warning: user:{CARLOS}: language de is none of the languages that may be chosen: en, fr (system)\n"
    assert (answer.exit, answer.err) == (0, words)
    answer = demo("guest", "add", "s-17", "--currency", "EUR")
    assert answer.err == (
        "warning: visitor:s-17: currency EUR is none of the currencies that may be chosen: USD, CAD (system)\n"
    )


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (
            ("set", "language.default", "de"),
            (5, "not-enabled", "setting:language.default: the default language de is none of en, fr"),
        ),
        (
            ("set", "currency.enabled", "EUR", "GBP"),
            (5, "not-enabled", "setting:currency.enabled: the default currency USD is none of EUR, GBP"),
        ),
        (
            ("set", "language.default", "de", "--for", "customer:company-a"),
            (
                5,
                "not-enabled",
                "setting:customer/company-a/language.default: the default language de is none of en, fr",
            ),
        ),
        (
            ("set", "language.enabled", "en", "x"),
            (4, "invalid", "setting language.enabled has 'x', which must be a language like en or pt-BR"),
        ),
        (
            ("set", "currency.default", "usd"),
            (4, "invalid", "setting currency.default must be a currency code of three capitals, like USD"),
        ),
    ],
)
def test_p_14_the_default_is_one_of_those_that_may_be_chosen(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("setting", *words) == refusal


def test_p_14_neither_of_the_two_is_unset_so_that_the_default_could_not_be_chosen(demo: Runner) -> None:
    demo.json("setting", "set", "language.default", "fr")
    assert demo("setting", "unset", "language.enabled").err == (
        "error: setting:language.enabled: the default language fr is none of en\n"
        '  --> field "language.enabled"\n'
        "  hint: keep fr among them, or choose another language.default first\n"
    )
    place = ("--for", "group:partners")
    demo.json("setting", "set", "language.default", "en", *place)
    demo.json("setting", "set", "language.enabled", "en", *place)
    refused = demo("setting", "unset", "language.default", *place)
    assert (refused.exit, refused.out) == (5, "")
    hint = "custctl setting set language.enabled en fr --for customer-group:partners"
    assert refused.err.endswith(f"  hint: {hint}\n")
    assert demo("setting", "unset", "language.enabled", *place).exit == 0
    assert demo("setting", "unset", "language.default", *place).exit == 0
    assert demo("group", "delete", "partners", "--yes").exit == 0


@pytest.mark.parametrize("typed", [["en,de"], ["en,", "de"], ["en, de"]])
def test_p_14_languages_with_commas_between_them_are_told_how_they_are_written(demo: Runner, typed: list[str]) -> None:
    answer = demo("setting", "set", "language.enabled", *typed)
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: setting language.enabled has its entries apart, without commas\n"
        '  --> field "language.enabled"\n'
        "  hint: every entry is a word of its own: en de\n"
    )


def test_p_14_a_document_changes_both_together(custctl: Runner) -> None:
    custctl.apply('[settings]\n"language.default" = "de"\n"language.enabled" = ["de", "pt_br", "de"]\n')
    assert custctl.json("setting", "get", "language.enabled")["value"] == ["de", "pt-BR"]
    assert custctl.unapplied('[settings]\n"language.enabled" = []\n') == [
        ("2:1", 4, "invalid", "setting language.enabled must have one entry at least")
    ]


# Amounts of orders


@pytest.fixture
def limited(demo: Runner) -> Runner:
    demo.json("setting", "set", "order.minimum", "USD=100", "CAD=120")
    demo.json("setting", "set", "order.maximum", "USD=5000", "--for", "customer:company-a")
    return demo


@pytest.mark.parametrize("noun", ["order", "checkout"])
def test_p_15_an_order_below_the_minimum_or_above_the_maximum_is_flagged_and_kept(limited: Runner, noun: str) -> None:
    words = (noun, "add", "N-1", "--customer", "company-a", "--currency", "USD")
    below = limited(*words, "--subtotal", "99.99")
    assert (below.exit, below.err) == (
        0,
        f"warning: {noun}:N-1: 99.99 USD is below the minimum of 100.00 USD (system)\n",
    )
    above = limited(noun, "edit", "N-1", "--subtotal", "5000.01")
    assert above.err == f"warning: {noun}:N-1: 5000.01 USD is above the maximum of 5000.00 USD (customer:company-a)\n"
    assert limited(noun, "edit", "N-1", "--subtotal", "5000").err == ""
    assert limited(noun, "edit", "N-1", "--subtotal", "5001", "--customer", "company-a-west").err == ""
    assert limited(noun, "edit", "N-1", "--status", "open", "--customer", "").err == ""


def test_p_15_check_tells_whether_an_order_is_within_its_limits(limited: Runner) -> None:
    limited.json("order", "add", "N-1", "--customer", "partner-c", "--currency", "CAD", "--subtotal", "5")
    checked = limited("order", "check", "N-1", "-o", "json")
    assert (checked.exit, checked.json) == (
        1,
        {
            "record": "order:N-1",
            "subtotal": "5.00",
            "currency": "CAD",
            "verdict": "below-minimum",
            "limits": {"minimum": {"value": "120.00", "origin": "system"}, "maximum": {"value": None, "origin": None}},
        },
    )
    assert limited.json("order", "check", "SO-3001")["verdict"] == "within"
    assert limited("order", "check", "SO-1001", "--fields", "verdict").out == "verdict  within\n"
    limited.json("order", "edit", "N-1", "--subtotal", "")
    assert limited.json("order", "check", "N-1")["verdict"] == "unknown"
    assert limited.refusal("order", "check", "nope") == (3, "not-found", "order 'nope' not found")


def test_p_15_a_visitors_order_goes_by_the_visitors_group(limited: Runner) -> None:
    limited.json("setting", "set", "order.minimum", "USD=500", "--for", "group:non-authenticated-visitors")
    limited.json("guest", "enable", "checkout")
    made = limited("guest", "checkout", "visitor-1", "CO-9", "--subtotal", "400", "-o", "json").json
    assert made["warnings"] == [
        "checkout:CO-9: 400.00 USD is below the minimum of 500.00 USD (customer-group:non-authenticated-visitors)"
    ]
    assert limited("checkout", "check", "CO-9").exit == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("100", "setting order.minimum: '100' is no amount"),
        ("usd=100", "setting order.minimum has usd=100, which must be a currency code of three capitals, like USD"),
        ("USD=-1", f"setting order.minimum has USD=-1, which {MONEY}"),
        ("USD=x", f"setting order.minimum has USD=x, which {MONEY}"),
    ],
)
def test_p_15_an_amount_that_is_none_is_refused(demo: Runner, value: str, message: str) -> None:
    assert demo.refusal("setting", "set", "order.minimum", value) == (4, "invalid", message)


def test_p_15_amounts_stand_in_documents_and_a_nearer_table_counts_as_a_whole(limited: Runner) -> None:
    limited.apply('[settings.customer.partner-c]\n"order.minimum" = { USD = "7" }\n')
    assert limited.json("setting", "get", "order.minimum", "--for", "customer:partner-c")["value"] == {"USD": "7.00"}
    amounts = limited.json("customer", "context", "partner-c")["order_amounts"]
    assert amounts == {"minimum": {"value": None, "origin": None}, "maximum": {"value": None, "origin": None}}


# Everything at once


def test_p_14_the_context_of_a_user_tells_each_value_with_its_origin(demo: Runner) -> None:
    found = demo.json("user", "context", ROSA)
    assert found["subject"] == f"user:{ROSA}"
    assert found["who"] == {
        "name": "Rosa Marin",
        "customer": {"value": "partner-c-north", "origin": f"user:{ROSA}"},
        "above": {"value": ["partner-c"], "origin": "customer:partner-c-north"},
        "group": {"value": "partners", "origin": "customer:partner-c-north"},
        "chosen_language": "fr",
        "chosen_currency": None,
        "roles": {"value": ["buyer"], "origin": f"user:{ROSA}"},
    }
    assert found["sign_in"] == {"allowed": True, "reason": None}
    assert found["terms"]["payment_term"] == {"value": "net 45", "origin": "customer-group:partners"}
    assert found["contents"]["home-banner"] == {"value": "home-banner-partners", "origin": "customer-group:partners"}
    assert found["contents"]["sign-up"] == {"value": None, "origin": None}
    assert found["settings"]["currency.default"] == {"value": "CAD", "origin": "customer-group:partners"}
    assert "product.export" not in found["settings"]
    assert found["may"]["order"] == {"value": {"user": ["view", "create", "edit"]}, "origin": "role:buyer"}
    assert "coupon" in found["may"]["everything"]["value"]


def test_p_14_the_levels_of_a_context_are_those_of_the_matrix(demo: Runner) -> None:
    told = demo.json("user", "context", "dana.lee@company-a.example")["may"]
    for row in demo.json("access", "matrix", "dana.lee@company-a.example")["entities"]:
        given = {action: cell["level"] for action, cell in row["permissions"].items() if cell["level"] != "none"}
        if row["entity"] in told.get("everything", {"value": []})["value"]:
            assert set(given.values()) == {"full"}
            continue
        levels = told.get(row["entity"], {"value": {}})["value"]
        assert {action: level for level, actions in levels.items() for action in actions} == given


def test_v_11_the_context_of_a_visitor_is_that_of_the_visitors_group(demo: Runner) -> None:
    demo.json("group", "edit", "non-authenticated-visitors", "--payment-term", "prepaid")
    found = demo.json("guest", "context", "visitor-1")
    assert found["subject"] == "visitor:visitor-1"
    assert found["who"] == {
        "group": {"value": "non-authenticated-visitors", "origin": "default"},
        "guest_user": "guest-jo-miller",
        "chosen_language": None,
        "chosen_currency": None,
        "roles": {"value": ["visitors"], "origin": "default"},
    }
    assert found["features"]["shopping-list"] == {"value": True, "origin": "system"}
    assert found["features"]["checkout"] == {"value": False, "origin": "default"}
    assert found["terms"]["payment_term"] == {
        "value": "prepaid",
        "origin": "customer-group:non-authenticated-visitors",
    }
    assert found["contents"]["sign-up"]["value"] == "sign-up-visitors"
    assert found["products"]["hidden"] == {
        "value": 3,
        "origin": "everybody, customer-group:non-authenticated-visitors",
    }
    assert [row["price_list"] for row in found["price_lists"]] == ["retail"]
    assert demo.json("guest", "context")["subject"] == "guest"


def test_p_14_the_context_of_a_customer_is_what_its_users_have_in_common(demo: Runner) -> None:
    found = demo.json("customer", "context", "company-a-la")
    assert found["who"] == {
        "name": "Company A - LA",
        "above": {"value": ["company-a", "company-a-west"], "origin": "customer:company-a-la"},
        "group": {"value": None, "origin": None},
    }
    assert found["terms"]["payment_term"] == {"value": "prepaid", "origin": "customer:company-a-la"}
    assert "may" not in found


def test_p_14_a_context_is_read_as_sections_within_eighty_columns(demo: Runner) -> None:
    lines = demo("customer", "context", "wholesaler-b").lines
    assert lines[:6] == [
        "subject  customer:wholesaler-b",
        "who",
        "  name   Wholesaler B",
        "  above  -",
        "  group  wholesale-accounts (customer:wholesaler-b)",
        "choices",
    ]
    assert max(map(len, lines)) <= 90
    chosen = demo("user", "context", ROSA, "--fields", "choices").out
    assert chosen.startswith("choices\n  language   fr (user:rosa.marin@partner-c.example)\n")


def test_p_03_a_context_has_the_price_lists_in_their_order_with_whose_they_are(demo: Runner) -> None:
    demo.json("setting", "set", "price.strategy", "merge_by_priority")
    found = demo.json("customer", "context", "wholesaler-b")
    assert found["price_lists"] == [
        {"price_list": "wholesale", "origin": "customer-group:wholesale-accounts", "merged": True},
        {"price_list": "retail", "origin": "setting:price.website_lists", "merged": True},
    ]
    assert found["terms"]["price_strategy"] == {"value": "merge_by_priority", "origin": "system"}
    only = ("--price-list", "partner-c-contract", "--price-fallback", "this_customer_only")
    demo.json("customer", "edit", "wholesaler-b", *only)
    chain = demo("customer", "price", "wholesaler-b", "SAF-1", "--explain", "-o", "json").json["chain"]
    told = demo.json("customer", "context", "wholesaler-b")["price_lists"]
    assert told == [{"price_list": "partner-c-contract", "origin": "customer:wholesaler-b", "merged": True}]
    assert [row["price_list"] for row in chain] == ["partner-c-contract"]


def test_p_10_a_context_counts_the_products_that_are_seen_and_hidden_and_says_by_whose_words(demo: Runner) -> None:
    assert demo.json("user", "context", ROSA)["products"] == {
        "visible": {"value": 4, "origin": "everybody"},
        "hidden": {"value": 2, "origin": "everybody"},
    }
    demo.json("product", "visibility", "SAF-1", "--group", "partners=hidden")
    demo.json("product", "visibility", "LMP-100", "--customer", "partner-c-north=visible")
    demo.json("product", "edit", "LMP-200", "--status", "disabled")
    assert demo.json("user", "context", ROSA)["products"] == {
        "visible": {"value": 2, "origin": "everybody, customer:partner-c-north"},
        "hidden": {"value": 3, "origin": "everybody, customer-group:partners"},
    }
    assert len(demo.json("user", "products", ROSA)) == 2


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("user", "context", "nope@x.example"), (3, "not-found", "customer user 'nope@x.example' not found")),
        (("customer", "context", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("guest", "context", "nope"), (3, "not-found", "visitor 'nope' not found")),
        (("user", "context", ROSA, "--fields", "nope"), (4, "unknown-field", "unknown field 'nope'")),
        (("guest", "content", "nope"), (3, "not-found", "visitor 'nope' not found")),
        (("customer", "content", "nope"), (3, "not-found", "customer 'nope' not found")),
    ],
)
def test_p_14_nobody_has_no_context(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal(*words) == refusal


def test_p_14_a_user_without_a_customer_has_the_settings_of_the_shop(custctl: Runner) -> None:
    custctl.apply('[[users]]\nemail = "ann@x.example"\nfirst_name = "A"\nlast_name = "B"\nenabled = false\n')
    found = custctl.json("user", "context", "ann@x.example")
    assert found["who"]["customer"] == found["who"]["above"] | {"value": None} == {"value": None, "origin": None}
    nothing = {"value": None, "origin": None}
    assert found["terms"] == {
        "payment_term": nothing,
        "tax_code": nothing,
        "price_strategy": {"value": "minimal_prices", "origin": "default"},
    }
    assert found["choices"]["currency"] == {"value": "USD", "origin": "default"}
    assert (found["price_lists"], found["products"]["visible"]) == ([], {"value": 0, "origin": None})
    assert found["sign_in"]["allowed"] is False


def test_p_14_of_a_user_without_a_customer_the_settings_are_those_that_could_differ(demo: Runner) -> None:
    demo.apply('[[users]]\nemail = "ann@x.example"\nfirst_name = "A"\nlast_name = "B"\nenabled = false\n')
    assert demo.json("user", "context", "ann@x.example")["settings"] == {
        "currency.enabled": {"value": ["USD", "CAD"], "origin": "system"},
        "language.enabled": {"value": ["en", "fr"], "origin": "system"},
    }


@contextmanager
def counted(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """The statements that a piece of work asks of the database."""
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    yield asked
    connection.set_trace_callback(None)


def queries(runner: Runner) -> int:
    with closing(open_for_reading(runner.database)) as connection, counted(connection) as asked:
        context.of(connection, onlookers.user(connection, CARLOS))
    return len(asked)


def test_p_14_a_context_asks_as_many_questions_however_much_is_stored(demo: Runner) -> None:
    before = queries(demo)
    rows = "".join(
        f'[[contents]]\nkey = "c-{number}"\ntitle = "C"\n'
        f'[[content_variants]]\nkey = "v-{number}"\ncontent = "c-{number}"\ncustomer = "company-a-west"\n'
        f'[[customers]]\nkey = "k-{number}"\nname = "K"\nparent = "company-a-west"\n'
        f'[[orders]]\nnumber = "O-{number}"\ncustomer = "company-a-west"\n'
        for number in range(100)
    )
    demo.apply(rows)
    assert queries(demo) == before <= 35
