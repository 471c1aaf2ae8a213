"""What visitors do, and what becomes of their records; the names of tests begin with the feature they hold."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.runner import Refusal, Runner

JO = ("--email", "jo@mail.example", "--first-name", "Jo", "--last-name", "Miller")
LONG_AGO = "2026-01-31T12:00:00Z"


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A shop that lets visitors in, with one session."""
    custctl.json("guest", "enable", "checkout", "request", "shopping-list")
    custctl.json("guest", "add", "s-17")
    return custctl


def age(runner: Runner, *tables: str) -> None:
    """Let every row of these tables be one that was last changed long ago."""
    with contextlib.closing(sqlite3.connect(runner.database)) as connection, connection:
        for table in tables:
            connection.execute(f"UPDATE {table} SET created_at = ?, updated_at = ?", (LONG_AGO, LONG_AGO))
            if table == "visitor":
                connection.execute("UPDATE visitor SET last_visit = ?", (LONG_AGO,))


# Checkouts and requests


@pytest.mark.parametrize(("verb", "number"), [("checkout", "CO-1"), ("request", "RFQ-1")])
def test_v_02_a_checkout_or_request_makes_a_guest_user_with_a_customer(shop: Runner, verb: str, number: str) -> None:
    changes = shop.changes("guest", verb, "s-17", number, *JO, "--subtotal", "120")
    assert set(changes) == {
        ("add", "customer:jo-miller"),
        ("add", "account:jo-miller"),
        ("add", f"{verb}:{number}"),
        ("add", "user:guest-jo"),
        ("change", "visitor:s-17"),
    }
    user = shop.json("user", "show", "guest-jo")
    kept = ("email", "customer", "roles", "guest", "enabled", "confirmed", "first_name", "last_name")
    assert {name: user[name] for name in kept} == {
        "email": "jo@mail.example",
        "customer": "jo-miller",
        "roles": ["buyer"],
        "guest": True,
        "enabled": False,
        "confirmed": False,
        "first_name": "Jo",
        "last_name": "Miller",
    }
    customer = shop.json("customer", "show", "jo-miller")
    assert (customer["name"], customer["group"]) == ("Jo Miller", "non-authenticated-visitors")
    assert shop.json("guest", "show", "s-17")["user"] == "guest-jo"
    document = shop.json(verb, "show", number)
    owners = {name: document[name] for name in ("customer", "user", "visitor", "status", "subtotal", "currency")}
    assert owners == {
        "customer": "jo-miller",
        "user": "guest-jo",
        "visitor": "s-17",
        "status": "open",
        "subtotal": "120.00",
        "currency": "USD",
    }


def test_v_02_the_group_and_the_role_are_those_of_the_settings(shop: Runner) -> None:
    shop.json("group", "add", "Walk-ins")
    shop.json("setting", "set", "guest.group", "walk-ins")
    shop.json("role", "add", "Shopper")
    shop.json("setting", "set", "customer.default_role", "shopper")
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    assert shop.json("customer", "show", "jo-miller")["group"] == "walk-ins"
    assert shop.json("user", "show", "guest-jo")["roles"] == ["shopper"]


def test_v_02_another_document_of_the_same_session_is_of_the_same_guest(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    changes = shop.changes("guest", "request", "s-17", "RFQ-1", "--first-name", "Joanna")
    assert (
        {("add", "request:RFQ-1"), ("change", "user:guest-jo")}
        <= set(changes)
        <= {
            ("add", "request:RFQ-1"),
            ("change", "user:guest-jo"),
            ("change", "visitor:s-17"),
        }
    )
    assert shop.json("request", "show", "RFQ-1")["user"] == "guest-jo"
    assert len(shop.json("customer", "list")) == 1


def test_v_02_another_session_with_the_same_address_gets_a_guest_of_its_own(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("guest", "add", "s-18")
    shop.json("guest", "checkout", "s-18", "CO-2", *JO)
    assert [row["key"] for row in shop.json("user", "list")] == ["guest-jo", "guest-jo-2"]
    assert [row["key"] for row in shop.json("customer", "list")] == ["jo-miller", "jo-miller-2"]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("checkout", "nope", "CO-1", *JO), (3, "not-found", "visitor 'nope' not found")),
        (
            ("checkout", "s-17", "CO-1", "--email", "jo@mail.example"),
            (
                2,
                "usage",
                "visitor:s-17 has no guest user yet: say who it is with --first-name --last-name",
            ),
        ),
        (
            ("checkout", "s-17", "CO-1", *JO[:1], "jo", *JO[2:]),
            (4, "invalid", "customer user 'jo': email must have 6 to 255 characters, this has 2"),
        ),
    ],
)
def test_v_02_what_is_wrong_with_a_checkout_is_said(shop: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert shop.refusal("guest", *words) == refusal


def test_v_02_a_number_is_taken_once(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    assert shop.refusal("guest", "checkout", "s-17", "co-1") == (5, "taken", "checkout:co-1 exists already")


@pytest.mark.parametrize("verb", ["checkout", "request", "shopping-list"])
def test_v_02_while_the_feature_is_off_nothing_is_made(custctl: Runner, verb: str) -> None:
    custctl.json("guest", "add", "s-17")
    person = () if verb == "shopping-list" else JO
    refused = custctl("guest", verb, "s-17", "N-1", *person)
    assert (refused.exit, refused.out) == (5, "")
    assert f"guest.{verb.replace('-', '_')} is off" in refused.err
    assert f"hint: custctl guest enable {verb}" in refused.err


def test_v_02_the_role_of_visitors_must_let_them_too(shop: Runner) -> None:
    shop.json("role", "revoke", "visitors", "checkout", "create")
    refused = shop("guest", "checkout", "s-17", "CO-1", *JO)
    assert refused.exit == 5
    assert "role:visitors does not let them create a checkout" in refused.err
    assert "hint: custctl role grant visitors checkout create=user" in refused.err
    shop.json("role", "grant", "visitors", "checkout", "create=user")
    assert shop("guest", "checkout", "s-17", "CO-1", *JO).exit == 0


def test_v_02_what_a_visitor_made_is_taken_back_at_once(shop: Runner) -> None:
    before = shop.export()
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("undo", "--last", "--yes")
    assert shop.export() == before


def test_v_02_a_visitor_has_one_shopping_list(shop: Runner) -> None:
    shop.json("guest", "shopping-list", "s-17", "SL-1", "--product", "A", "--product", "B")
    made = shop.json("shopping-list", "show", "SL-1")
    assert (made["visitor"], made["user"], made["products"]) == ("s-17", None, ["A", "B"])
    words = "visitor:s-17 has a shopping list already: shopping-list:SL-1"
    assert shop.refusal("guest", "shopping-list", "s-17", "SL-2") == (5, "taken", words)


# Owners


def test_v_08_what_visitors_make_has_the_owner_that_the_shop_has_set(shop: Runner) -> None:
    for setting in (
        "customer.default_owner",
        "guest.checkout_owner",
        "guest.request_owner",
        "guest.shopping_list_owner",
    ):
        shop.json("setting", "set", setting, f"{setting} person")
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("guest", "request", "s-17", "RFQ-1")
    shop.json("guest", "shopping-list", "s-17", "SL-1")
    assert shop.json("customer", "show", "jo-miller")["owner"] == "customer.default_owner person"
    assert shop.json("user", "show", "guest-jo")["owner"] == "customer.default_owner person"
    assert shop.json("checkout", "show", "CO-1")["owner"] == "guest.checkout_owner person"
    assert shop.json("request", "show", "RFQ-1")["owner"] == "guest.request_owner person"
    assert shop.json("shopping-list", "show", "SL-1")["owner"] == "guest.shopping_list_owner person"


def test_v_08_without_a_setting_the_owner_is_whoever_runs_the_command(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    assert shop.json("checkout", "show", "CO-1")["owner"] == shop.json("user", "show", "guest-jo")["owner"] == "tester"


# Registering


def test_v_12_the_same_record_becomes_a_registered_user_and_everything_follows(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    before = shop.json("user", "show", "guest-jo")["id"]
    assert shop.fields("guest", "register", "checkout:CO-1") == {
        "user:jo@mail.example": {
            "key": ["guest-jo", "jo@mail.example"],
            "guest": [True, False],
            "enabled": [False, True],
            "confirmed": [False, True],
        }
    }
    shown = shop.json("user", "show", "jo@mail.example")
    assert shown["id"] == before
    assert shown["sign_in"] == {"allowed": True, "reason": None}
    assert shop.json("checkout", "show", "CO-1")["user"] == "jo@mail.example"
    assert shop.json("guest", "show", "s-17")["user"] == "jo@mail.example"
    assert shop.json("access", "can", "jo@mail.example", "view", "checkout:CO-1")["allowed"] is True


@pytest.mark.parametrize("name", ["guest-jo", "user:guest-jo", "visitor:s-17", "checkout:CO-1"])
def test_v_12_a_guest_is_found_by_key_session_or_checkout(shop: Runner, name: str) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    assert shop.changes("guest", "register", name, "--unconfirmed") == [("rename", "user:jo@mail.example")]
    assert shop.json("user", "show", "jo@mail.example")["sign_in"]["reason"] == "unconfirmed"


def test_v_12_other_guests_of_the_address_are_kept_apart(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("guest", "add", "s-18")
    shop.json("guest", "checkout", "s-18", "CO-2", *JO)
    registered = shop("guest", "register", "guest-jo")
    assert registered.exit == 0
    words = "warning: user:guest-jo-2 has the same e-mail address and stays a guest of its own\n"
    assert registered.err == words
    assert shop.json("checkout", "show", "CO-2")["user"] == "guest-jo-2"
    assert shop.json("access", "can", "guest-jo-2", "view", "order", "--ignore-status")["subject"] == "user:guest-jo-2"
    words = "user:jo@mail.example exists already"
    assert shop.refusal("guest", "register", "guest-jo-2") == (5, "taken", words)
    assert shop.changes("guest", "register", "guest-jo-2", "--email", "joe@mail.example") == [
        ("rename", "user:joe@mail.example")
    ]


def test_v_12_a_document_registers_a_guest_too(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.apply("""
        [[users]]
        email = "jo@mail.example"
        was = "guest-jo"
        guest = false
        enabled = true
        confirmed = true
    """)
    assert shop.json("checkout", "show", "CO-1")["user"] == "jo@mail.example"


def test_v_12_nobody_registers_twice_or_where_it_is_not_open(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("setting", "set", "customer.registration", "off")
    words = "people may not register: customer.registration is off"
    assert shop.refusal("guest", "register", "guest-jo") == (5, "feature-off", words)
    shop.json("setting", "unset", "customer.registration")
    shop.json("guest", "register", "guest-jo")
    words = "user:jo@mail.example is registered already"
    assert shop.refusal("guest", "register", "jo@mail.example") == (5, "unchanged", words)
    words = "visitor:s-17 is of user:jo@mail.example, who has registered"
    assert shop.refusal("guest", "checkout", "s-17", "CO-2") == (5, "registered", words)
    hint = "what registered users make is added by custctl {} add"
    for noun in ("checkout", "request"):
        assert shop("guest", noun, "s-17", "N-2").err == f"error: {words}\n  hint: {hint.format(noun)}\n"
    shop.json("guest", "add", "s-18")
    assert shop.refusal("guest", "register", "visitor:s-18") == (5, "no-guest", "visitor:s-18 has no guest user")
    assert shop.refusal("guest", "register", "nope@x.example")[:2] == (3, "not-found")


def test_v_12_a_registration_is_taken_back(shop: Runner) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    before = shop.export()
    shop.json("guest", "register", "guest-jo")
    shop.json("undo", "--last", "--yes")
    assert shop.export() == before


# Signing in


@pytest.fixture
def anna(shop: Runner) -> Runner:
    """A registered user with one shopping list, and a visitor with another one that has a line."""
    shop.apply("""
        [[customers]]
        key = "acme"
        name = "Acme"
        [[users]]
        email = "anna@acme.example"
        first_name = "Anna"
        last_name = "Lee"
        customer = "acme"
        roles = ["buyer"]
        [[shopping_lists]]
        number = "SL-1"
        customer = "acme"
        user = "anna@acme.example"
        subtotal = "10.00"
        currency = "USD"
        products = ["A", "B"]
        [[shopping_lists]]
        number = "SL-9"
        visitor = "s-17"
        subtotal = "2.50"
        currency = "USD"
        products = ["B", "C"]
        [[records]]
        entity = "shopping-list-line-item"
        key = "sl-9-1"
        visitor = "s-17"
        parent = "shopping-list:SL-9"
    """)
    return shop


def line(runner: Runner) -> tuple[Any, ...]:
    query = """SELECT d.number, u.key, v.key FROM record r JOIN sales_document d ON d.id = r.parent_document_id
        LEFT JOIN customer_user u ON u.id = r.user_id LEFT JOIN visitor v ON v.id = r.visitor_id"""
    return runner.sql(query)[0]


def test_v_12_on_login_the_visitors_list_moves_where_the_user_may_have_one_more(anna: Runner) -> None:
    changes = anna.changes("guest", "login", "s-17", "anna@acme.example")
    assert ("change", "shopping-list:SL-9") in changes
    moved = anna.json("shopping-list", "show", "SL-9")
    assert (moved["user"], moved["customer"], moved["visitor"]) == ("anna@acme.example", "acme", None)
    assert line(anna) == ("SL-9", "anna@acme.example", None)
    assert anna.json("guest", "show", "s-17")["last_visit"] is not None


def test_v_12_at_the_limit_the_visitors_list_is_merged_into_the_current_one(anna: Runner) -> None:
    anna.json("setting", "set", "shopping_list.limit", "1")
    answer = anna("guest", "login", "s-17", "anna@acme.example")
    assert answer.exit == 0
    assert answer.err == "warning: shopping-list:SL-9 is merged into shopping-list:SL-1\n"
    merged = anna.json("shopping-list", "show", "SL-1")
    assert (merged["subtotal"], merged["products"]) == ("12.50", ["A", "B", "C"])
    assert anna("shopping-list", "show", "SL-9").exit == 3
    assert line(anna) == ("SL-1", "anna@acme.example", None)
    anna.json("undo", "--last", "--yes")
    assert anna.json("shopping-list", "show", "SL-9")["visitor"] == "s-17"
    assert line(anna) == ("SL-9", None, "s-17")


def test_v_12_a_subtotal_of_another_currency_is_not_added(anna: Runner) -> None:
    anna.json("setting", "set", "shopping_list.limit", "1")
    anna.json("shopping-list", "edit", "SL-9", "--currency", "EUR")
    answer = anna("guest", "login", "s-17", "anna@acme.example")
    assert "shopping-list:SL-1: the subtotal of shopping-list:SL-9 is in EUR and is not added" in answer.err
    assert anna.json("shopping-list", "show", "SL-1")["subtotal"] == "10.00"


def test_v_12_a_user_whose_role_has_no_lists_leaves_the_visitors_where_it_is(anna: Runner) -> None:
    anna.json("role", "revoke", "buyer", "shopping-list", "create")
    anna.json("shopping-list", "delete", "SL-1")
    answer = anna("guest", "login", "s-17", "anna@acme.example")
    assert "shopping-list:SL-9 stays the visitor's: user:anna@acme.example may not have a shopping list" in answer.err
    assert anna.json("shopping-list", "show", "SL-9")["visitor"] == "s-17"


def test_v_12_who_cannot_sign_in_takes_nothing_over(anna: Runner) -> None:
    anna.json("user", "disable", "anna@acme.example")
    words = "user:anna@acme.example cannot sign in"
    assert anna.refusal("guest", "login", "s-17", "anna@acme.example") == (5, "disabled", words)
    assert anna.refusal("guest", "login", "nope", "anna@acme.example")[:2] == (3, "not-found")


def test_v_12_without_a_list_there_is_nothing_to_take_over(anna: Runner) -> None:
    anna.json("guest", "add", "s-18")
    answer = anna("guest", "login", "s-18", "anna@acme.example")
    assert (answer.exit, answer.err) == (0, "warning: visitor:s-18 has no shopping list to take over\n")


# Clean-up


@pytest.fixture
def expired(shop: Runner) -> Runner:
    """Three guests of long ago: one with nothing left, one with a checkout, one with an order of the customer."""
    for number, session in enumerate(("s-17", "s-18", "s-19"), 1):
        if session != "s-17":
            shop.json("guest", "add", session)
        shop.json("guest", "checkout", session, f"CO-{number}", *JO)
    shop.json("checkout", "delete", "CO-1")
    shop.json("checkout", "delete", "CO-3")
    shop.json("order", "add", "SO-3", "--customer", "jo-miller-3")
    age(shop, "customer_user", "visitor", "customer")
    return shop


def test_v_09_a_trial_run_counts_who_would_go_and_tells_who_stays(expired: Runner) -> None:
    answer = expired("guest", "clean", "--dry-run", "-o", "json")
    assert answer.exit == 0
    assert answer.json["deleted"] == {"guest_users": 2, "customers": 1, "visitors": 2}
    assert [(row["record"], row["message"]) for row in answer.json["kept"]] == [
        ("visitor:s-18", "visitor:s-18 still owns 1 checkout"),
        ("user:guest-jo-2", "user:guest-jo-2 still owns 1 checkout, 1 visitor"),
        ("customer:jo-miller-3", "customer:jo-miller-3 is still used by 1 order"),
    ]
    shown = expired("guest", "clean", "--dry-run").err.splitlines()
    assert shown[-2:] == [
        "2 guest users, 1 customer and 2 sessions would be deleted, 3 expired records would be kept",
        "dry run: nothing was written",
    ]


EXPIRED = [
    ("remove", "account:jo-miller"),
    ("remove", "customer:jo-miller"),
    ("remove", "user:guest-jo"),
    ("remove", "user:guest-jo-3"),
    ("remove", "visitor:s-17"),
    ("remove", "visitor:s-19"),
]


def test_v_09_expired_guests_go_with_their_customers_and_those_with_documents_stay(expired: Runner) -> None:
    assert expired.refusal("guest", "clean")[:2] == (2, "usage")
    assert sorted(expired.changes("guest", "clean", "--yes")) == EXPIRED
    assert [row["key"] for row in expired.json("user", "list")] == ["guest-jo-2"]
    assert [row["key"] for row in expired.json("customer", "list")] == ["jo-miller-2", "jo-miller-3"]
    assert expired.json("guest", "clean", "--yes")["deleted"] == {"guest_users": 0, "customers": 0, "visitors": 0}


@pytest.mark.parametrize("kind", ["order", "quote", "request", "checkout", "shopping-list"])
def test_v_09_a_guest_with_a_document_of_any_kind_stays(shop: Runner, kind: str) -> None:
    shop.json("guest", "checkout", "s-17", "CO-1", *JO)
    shop.json("checkout", "delete", "CO-1")
    shop.json(kind, "add", "N-1", "--user", "guest-jo")
    age(shop, "customer_user", "visitor")
    cleaned = shop.json("guest", "clean", "--yes")
    assert cleaned["deleted"]["guest_users"] == 0
    assert cleaned["kept"][-1]["message"] == f"user:guest-jo still owns 1 {kind}"


def test_v_09_the_lifetime_decides_who_has_expired(expired: Runner) -> None:
    days = (datetime.now(UTC) - datetime(2026, 1, 31, 12, tzinfo=UTC)) // timedelta(days=1) + 2
    expired.json("setting", "set", "guest.visitor_lifetime_days", str(days))
    assert expired.json("guest", "clean", "--dry-run")["deleted"] == {"guest_users": 0, "customers": 0, "visitors": 0}


def test_v_09_a_guest_whose_session_is_in_use_stays_and_so_does_a_registered_user(expired: Runner) -> None:
    expired.json("guest", "edit", "s-17", "--last-visit", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    expired.json("guest", "register", "guest-jo-3")
    age(expired, "customer_user")
    assert expired.changes("guest", "clean", "--yes") == [("remove", "visitor:s-19")]


def test_v_09_a_customer_above_others_or_outside_the_visitors_group_stays(expired: Runner) -> None:
    expired.json("group", "add", "Partners")
    expired.json("customer", "edit", "jo-miller", "--group", "partners")
    assert expired.json("guest", "clean", "--dry-run")["deleted"]["customers"] == 0
    expired.json("customer", "edit", "jo-miller", "--group", "non-authenticated-visitors")
    assert expired.json("guest", "clean", "--dry-run")["deleted"]["customers"] == 1
    expired.json("customer", "add", "Below", "--parent", "jo-miller")
    assert expired.json("guest", "clean", "--dry-run")["deleted"]["customers"] == 0


def test_v_09_a_session_that_was_never_used_keeps_no_guest_and_stays_without_one(expired: Runner) -> None:
    expired.json("guest", "add", "s-20")
    for key in ("s-17", "s-18"):
        expired.json("guest", "edit", key, "--last-visit", "")
    with contextlib.closing(sqlite3.connect(expired.database)) as connection, connection:
        connection.execute("UPDATE visitor SET updated_at = ?", (LONG_AGO,))
    assert sorted(expired.changes("guest", "clean", "--yes")) == EXPIRED
    assert [row["key"] for row in expired.json("guest", "list")] == ["s-18", "s-20"]


# The organization's group


def test_g_07_a_new_database_has_its_own_group_of_visitors(custctl: Runner) -> None:
    assert [(row["key"], row["name"]) for row in custctl.json("group", "list")] == [
        ("non-authenticated-visitors", "Non-Authenticated Visitors")
    ]
    assert custctl.json("setting", "get", "guest.group")["value"] == "non-authenticated-visitors"
    refused = custctl("group", "delete", "non-authenticated-visitors")
    assert (refused.exit, refused.out) == (5, "")
    assert "is a group that every shop has" in refused.err


@pytest.mark.parametrize("key", ["jo@mail.example", "Other@mail.example"])
def test_v_03_a_guest_takes_no_e_mail_address_as_a_key_from_who_registers(shop: Runner, key: str) -> None:
    guest = '[[users]]\nkey = "{}"\nemail = "jo@mail.example"\nguest = true\nfirst_name = "A"\nlast_name = "B"\n'
    assert [problem[1:] for problem in shop.unapplied(guest.format(key))] == [
        (4, "invalid", f"user:{key.lower()}: the key of a guest is no e-mail address")
    ]
    shop.apply(guest.format("guest-jo"))
    shop.json("user", "add", "jo@mail.example", "--first-name", "Jo", "--last-name", "Lee", "--role", "buyer")
    assert [row["key"] for row in shop.json("user", "list")] == ["guest-jo", "jo@mail.example"]
