"""Visitors and what the shop allows them; the names of tests begin with the feature they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.runner import Refusal, Runner

FEATURES = ("shopping-list", "checkout", "request", "quote", "quick-order")
SETTINGS = tuple(f"guest.{feature.replace('-', '_')}" for feature in FEATURES)
EARLIER = "2026-01-31T12:00:00Z"


def day(days: int) -> str:
    """A time so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def status(runner: Runner) -> dict[str, dict[str, Any]]:
    return {row.pop("name"): row for row in runner.json("guest", "status")}


def page(runner: Runner, url: str) -> tuple[int, str, str | None]:
    """The exit code, the reason and the rule of an answer about a page."""
    answer = runner("guest", "access", url, "-o", "json")
    assert answer.json["url"] == url
    assert answer.json["allowed"] is (answer.exit == 0)
    return answer.exit, answer.json["reason"], answer.json["rule"]


@pytest.fixture
def closed(demo: Runner) -> Runner:
    """The demo world, its website closed to visitors."""
    demo.json("guest", "disable", "access")
    return demo


# Visitors


def test_v_01_the_visitors_are_listed_by_key(demo: Runner) -> None:
    assert demo("guest", "list", "-o", "name").out == "visitor:visitor-1\nvisitor:visitor-2\n"
    assert demo("guest", "list", "--where", "user=guest-jo-miller", "-o", "name").out == "visitor:visitor-1\n"


def test_v_01_a_visitor_is_added_changed_renamed_and_deleted(demo: Runner) -> None:
    words = ("--user", "guest-jo-miller", "--last-visit", "2026-01-31T13:00:00+01:00")
    assert demo.fields("guest", "add", "s-17", *words) == {
        "visitor:s-17": {
            "key": [None, "s-17"],
            "user": [None, "guest-jo-miller"],
            "last_visit": [None, EARLIER],
        }
    }
    assert demo.fields("guest", "edit", "visitor:s-17", "--user", "", "--key", "s-18") == {
        "visitor:s-18": {"key": ["s-17", "s-18"], "user": ["guest-jo-miller", None]}
    }
    assert demo.changes("guest", "delete", "s-18") == [("remove", "visitor:s-18")]
    demo.json("undo", "--last", "--yes")
    assert demo.json("guest", "show", "s-18")["last_visit"] == EARLIER


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("show", "nope"), (3, "not-found", "visitor 'nope' not found")),
        (("add", "visitor-1"), (5, "taken", "visitor:visitor-1 exists already")),
        (("add", "new", "--user", "nope@x.example"), (3, "not-found", "customer user 'nope@x.example' not found")),
        (
            ("add", "new", "--last-visit", "today"),
            (4, "invalid", "visitor 'new': last_visit must be a time like 2026-01-31T12:00:00Z"),
        ),
        (("edit", "visitor-2"), (2, "usage", "say what to change")),
        (("edit", "nope", "--user", ""), (3, "not-found", "visitor 'nope' not found")),
        (
            ("edit", "visitor-2", "--key", "visitor-1"),
            (5, "taken", "visitor:visitor-2 cannot become visitor-1: that key is taken"),
        ),
        (("delete", "visitor-1"), (5, "has-dependents", "visitor:visitor-1 still owns 1 shopping-list")),
        (("delete", "nope"), (3, "not-found", "visitor 'nope' not found")),
    ],
)
def test_v_01_what_is_wrong_with_a_visitor_is_said(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("guest", *words) == refusal


def test_v_01_a_taken_key_tells_the_command_that_changes_it(demo: Runner) -> None:
    assert "hint: to change it: custctl guest edit visitor-1" in demo("guest", "add", "visitor-1").err
    assert demo.refusal("guest", "add", "S 17")[:2] == (4, "invalid")


def test_v_01_a_session_expires_so_many_days_after_the_last_visit(demo: Runner) -> None:
    demo.json("guest", "edit", "visitor-1", "--last-visit", EARLIER)
    shown = demo.json("guest", "show", "visitor-1")
    assert (shown["expires"], shown["expired"]) == ("2026-03-02T12:00:00Z", True)
    demo.json("setting", "set", "guest.visitor_lifetime_days", "1")
    assert demo.json("guest", "show", "visitor-1")["expires"] == "2026-02-01T12:00:00Z"


def test_v_01_whether_a_session_has_expired_follows_the_lifetime(demo: Runner) -> None:
    demo.json("guest", "edit", "visitor-2", "--last-visit", day(-20))
    assert demo.json("guest", "show", "visitor-2")["expired"] is False
    demo.json("setting", "set", "guest.visitor_lifetime_days", "19")
    assert demo.json("guest", "show", "visitor-2")["expired"] is True


def test_v_01_a_session_without_a_visit_has_no_end_and_one_of_the_future_is_none(demo: Runner) -> None:
    shown = demo.json("guest", "show", "visitor-2")
    assert (shown["last_visit"], shown["expires"], shown["expired"]) == (None, None, None)
    assert demo.refusal("guest", "edit", "visitor-2", "--last-visit", "9999-12-30") == (
        4,
        "invalid",
        "visitor 'visitor-2': last_visit must not be in the future",
    )


# Guest users


def test_v_03_guests_may_share_an_address_and_a_document_never_takes_one_for_somebody_else(custctl: Runner) -> None:
    jo = 'email = "jo@mail.example"\nfirst_name = "Jo"\nlast_name = "Miller"\n'
    guest = f"guest = true\n{jo}"
    custctl.apply(f'[[users]]\nkey = "guest-jo"\n{guest}[[users]]\nkey = "guest-jo-2"\n{guest}')
    assert custctl("user", "list", "--where", "guest=yes", "-o", "name").out == "user:guest-jo\nuser:guest-jo-2\n"
    registered = custctl.apply(
        f'[[customers]]\nkey = "acme"\nname = "Acme"\n[[users]]\n{jo}customer = "acme"\nroles = ["buyer"]\n'
    )
    assert [(change["op"], change["record"]) for change in registered["changes"]] == [
        ("add", "customer:acme"),
        ("add", "user:jo@mail.example"),
        ("add", "account:acme"),
    ]
    assert custctl.json("user", "show", "guest-jo")["guest"] is True
    assert custctl.json("user", "show", "jo@mail.example")["guest"] is False
    assert len(custctl.json("user", "list", "--where", "email=jo@mail.example")) == 3
    changed = custctl.apply('[[users]]\nkey = "guest-jo-2"\nguest = true\nemail = "joe@mail.example"\n')
    assert [change["record"] for change in changed["changes"]] == ["user:guest-jo-2"]


def test_v_03_a_guest_of_a_document_is_named_by_a_key_and_not_by_the_address(custctl: Runner) -> None:
    document = '[[users]]\nemail = "jo@mail.example"\nguest = true\nfirst_name = "Jo"\nlast_name = "Miller"\n'
    words = "guest jo@mail.example needs a key, because guests may share an e-mail address"
    assert custctl.unapplied(document) == [("2:1", 4, "invalid", words)]


# What the shop allows


def test_v_07_every_feature_is_off_in_a_new_shop_and_the_website_is_open(custctl: Runner) -> None:
    shown = status(custctl)
    off = {"value": False, "origin": "default", "open": False}
    assert {name: {key: shown[name][key] for key in off} for name in FEATURES} == dict.fromkeys(FEATURES, off)
    assert (shown["access"]["value"], shown["access"]["open"]) == (True, True)
    assert {name: row["value"] for name, row in shown.items() if row["open"] is None} == {
        "guest.allowed_pages": [],
        "guest.group": "non-authenticated-visitors",
        "guest.visitor_lifetime_days": 30,
        "customer.guest_role": "visitors",
        "customer.registration": True,
    }


@pytest.mark.parametrize(("feature", "setting"), list(zip(FEATURES, SETTINGS, strict=True)))
def test_v_07_each_feature_is_switched_on_and_off(custctl: Runner, feature: str, setting: str) -> None:
    assert custctl.fields("guest", "enable", feature)[f"setting:{setting}"]["value"] == [None, True]
    shown = status(custctl)
    assert (shown[feature]["setting"], shown[feature]["origin"], shown[feature]["open"]) == (setting, "system", True)
    assert [name for name in FEATURES if shown[name]["value"]] == [feature]
    again = custctl.json("guest", "enable", feature)
    assert (again["revision"], again["changes"], again["warnings"]) == (None, [], [f"{feature} is on already"])
    assert custctl.fields("guest", "disable", feature)[f"setting:{setting}"]["value"] == [True, False]
    answer = custctl("guest", "disable", feature)
    assert (answer.exit, answer.err) == (0, f"warning: {feature} is off already\n")
    assert custctl.sql("SELECT max(id) FROM revision") == [(2,)]


def test_v_07_a_feature_needs_its_switch_and_a_permission_of_the_guest_role(custctl: Runner) -> None:
    custctl.json("guest", "enable", *FEATURES)
    gates = {name: (row["needs"], row["level"], row["open"]) for name, row in status(custctl).items()}
    assert {name: gates[name] for name in FEATURES} == {
        "shopping-list": ("edit shopping-list", "user", True),
        "checkout": ("create checkout", "user", True),
        "request": ("create request", "user", True),
        "quote": (None, None, True),
        "quick-order": ("use capability:oro_quick_add_form", "full", True),
    }
    custctl.json("role", "grant", "visitors", "checkout", "create=none")
    custctl.json("role", "grant", "visitors", "capability:oro_quick_add_form", "use=off")
    shown = status(custctl)
    assert [name for name in FEATURES if not shown[name]["open"]] == ["checkout", "quick-order"]
    assert shown["checkout"]["value"] is True


def test_v_07_an_unknown_feature_is_refused_with_a_near_one_and_nothing_is_written(demo: Runner) -> None:
    answer = demo("guest", "enable", "checkout", "shoping-list")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == "error: unknown feature 'shoping-list'\n  hint: did you mean shopping-list?\n"
    assert demo("guest", "disable").exit == 2
    assert "hint: the features are access, shopping-list" in demo("guest", "enable", "zzz").err


def test_the_status_is_a_table_that_says_how_to_change_it(demo: Runner) -> None:
    answer = demo("guest", "status")
    assert answer.exit == 0
    assert answer.err == "guest enable and guest disable switch the first six, setting set changes the others\n"
    assert [line.split() for line in answer.lines[:3]] == [
        ["NAME", "VALUE", "ORIGIN", "NEEDS", "LEVEL", "OPEN"],
        ["access", "yes", "default", "-", "-", "yes"],
        ["shopping-list", "yes", "system", "edit", "shopping-list", "user", "yes"],
    ]
    assert demo.json("guest", "status", "--fields", "open")[0] == {"name": "access", "open": True}


# Pages


def test_v_06_an_open_website_shows_every_page(demo: Runner) -> None:
    assert page(demo, "/catalog") == (0, "website-open", None)
    demo.json("setting", "set", "customer.registration", "off")
    assert page(demo, "/register") == (0, "website-open", None)


def test_v_06_a_closed_website_shows_the_login_page_and_not_the_catalog(closed: Runner) -> None:
    answer = closed("guest", "access", "/catalog")
    assert answer.exit == 1
    assert answer.lines == [
        "url       /catalog",
        "path      /catalog",
        "allowed   no",
        "reason    closed",
        "rule      -",
        "response  login",
    ]
    assert answer.err == (
        "the website is closed to visitors, and this page is none of those that stay open\n"
        "visitors are sent to the login page\n"
    )
    assert page(closed, "/login") == (0, "always-open", "login")
    assert page(closed, "/customer/user/login") == (0, "always-open", "login")


def test_v_06_the_api_answers_401(closed: Runner) -> None:
    answer = closed("guest", "access", "/api/products", "-o", "json")
    assert answer.exit == 1
    assert answer.json == {
        "url": "/api/products",
        "path": "/api/products",
        "allowed": False,
        "reason": "closed",
        "rule": None,
        "response": "401",
    }
    assert answer.err.endswith("a program that asks is answered 401\n")
    assert closed("guest", "access", "/x", "--fields", "reason,response", "-o", "json").json == {
        "reason": "closed",
        "response": "login",
    }


def test_v_06_registration_stays_open_where_people_may_register(closed: Runner) -> None:
    for url in ("/register", "/customer/user/registration"):
        assert page(closed, url) == (0, "always-open", "registration")
    closed.json("setting", "set", "customer.registration", "off")
    for url in ("/register", "/customer/user/registration"):
        assert page(closed, url) == (1, "registration-off", None)


def test_v_06_pages_are_chosen_one_by_one(closed: Runner) -> None:
    closed.json("guest", "page", "add", "/about/", "https://shop.example/terms?x=1", "faq", "/About")
    assert closed.json("guest", "page", "list") == [{"key": p} for p in ("/about", "/terms", "/faq", "/About")]
    assert page(closed, "/about") == (0, "allowed-page", "/about")
    assert page(closed, "/about/us") == (1, "closed", None)
    assert closed("guest", "page", "add", "/about").err == "warning: /about is among them already\n"
    closed.json("guest", "page", "remove", "/about/", "/terms", "/About")
    assert page(closed, "/about")[0] == 1
    assert closed("guest", "page", "remove", "/about").err == "warning: /about is not among them\n"
    closed.json("guest", "page", "remove", "/faq")
    answer = closed("guest", "page", "list")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no pages\n")
    assert closed.json("setting", "get", "guest.allowed_pages")["origin"] == "default"


def test_v_06_a_page_of_a_document_is_meant_however_it_is_written(closed: Runner) -> None:
    closed.apply('[settings]\n"guest.allowed_pages" = ["about/", "", "mailto:x@y.example", "/caf%C3%A9"]\n')
    assert page(closed, "/about") == (0, "allowed-page", "/about")
    assert page(closed, "/café") == (0, "allowed-page", "/café")
    assert page(closed, "/")[0] == 1
    closed.json("guest", "page", "remove", "about/")
    assert page(closed, "/about")[0] == 1


@pytest.mark.parametrize("url", ["", " ", "http://[", "mailto:x@y.example", "javascript:alert(1)", "/%" + "25" * 20])
@pytest.mark.parametrize("words", [("access",), ("page", "add"), ("page", "remove")])
def test_v_06_what_is_no_address_of_a_page_is_refused(demo: Runner, words: tuple[str, ...], url: str) -> None:
    assert demo.refusal("guest", *words, url)[:2] == (4, "invalid")


# The same policy


QUESTIONS: dict[tuple[str, ...], tuple[bool, str]] = {
    ("view", "product"): (True, "unprotected"),
    ("view", "order"): (False, "no-entry"),
    ("view", "shopping-list"): (True, "granted"),
    ("create", "checkout"): (False, "feature-off"),
    ("create", "checkout", "--ignore-status"): (True, "granted"),
    ("view", "shopping-list:SL-9001"): (False, "out-of-reach"),
    ("view", "shopping-list:SL-9001", "--visitor", "visitor-1"): (True, "granted"),
    ("view", "shopping-list:SL-9001", "--visitor", "visitor:visitor-2"): (False, "out-of-reach"),
    ("view", "shopping-list:SL-9001", "--visitor", "id:1"): (True, "granted"),
}


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_v_04_what_a_visitor_may_do_is_what_the_guest_role_says(demo: Runner, words: tuple[str, ...]) -> None:
    answer = demo("guest", "can", *words, "-o", "json")
    assert (answer.json["allowed"], answer.json["reason"]) == QUESTIONS[words]
    assert answer.exit == (0 if answer.json["allowed"] else 1)
    explained = demo("guest", "explain", *words, "-o", "json")
    assert (explained.exit, explained.json["reason"]) == (answer.exit, answer.json["reason"])
    assert [role["role"] for role in explained.json["roles"]] == ["visitors"]


def test_v_04_the_answers_are_those_of_access(demo: Runner) -> None:
    questions: dict[str, tuple[str, ...]] = {"can": ("view", "order"), "explain": ("create", "request"), "matrix": ()}
    for verb, words in questions.items():
        assert demo("guest", verb, *words, "-o", "json") == demo("access", verb, "guest", *words, "-o", "json")
        assert demo("guest", verb, *words) == demo("access", verb, "guest", *words)
    list_of = ("shopping-list", "--action", "edit", "-o", "json")
    of_session = demo("guest", "records", *list_of, "--visitor", "visitor-1")
    assert of_session == demo("access", "records", "visitor:visitor-1", *list_of)
    assert [row["record"] for row in of_session.json] == ["shopping-list:SL-9001"]


def test_v_04_another_guest_role_counts_at_once(demo: Runner) -> None:
    demo.json("setting", "set", "customer.guest_role", "buyer")
    assert demo("guest", "can", "view", "order").exit == 0
    assert demo.json("guest", "explain", "view", "order")["roles"][0]["role"] == "buyer"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("view", "ordr"), (4, "unknown-entity", "unknown entity 'ordr'")),
        (("vieuw", "order"), (4, "unknown-action", "unknown action 'vieuw'")),
        (("view", "order", "--visitor", "nope"), (3, "not-found", "visitor 'nope' not found")),
    ],
)
def test_v_04_a_question_that_cannot_be_answered_is_an_error(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("guest", "can", *words)[::2] == refusal[::2]
