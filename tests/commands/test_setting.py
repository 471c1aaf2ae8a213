"""The settings of the shop, of groups and of customers; the names of tests begin with the feature they hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from custctl.store import settings
from custctl.store.settings import SETTINGS
from tests.runner import Refusal, Runner

EXPORT = "product.export"
CUSTOMER = ("--for", "customer:wholesaler-b")
GROUP = ("--for", "group:wholesale-accounts")


def explained(runner: Runner, name: str, *where: str) -> list[tuple[str, Any, bool]]:
    rows = runner.json("setting", "get", name, "--explain", *where)
    assert all(row["stored"] or row["value"] is None for row in rows)
    return [(row["level"], row["value"], row["counts"]) for row in rows]


def value(runner: Runner, name: str, *where: str) -> tuple[Any, str]:
    told = runner.json("setting", "get", name, *where)
    return told["value"], told["origin"]


# Looking


def test_p_06_every_setting_is_listed_with_its_origin_and_default(custctl: Runner) -> None:
    rows = custctl.json("setting", "list")
    assert [row["name"] for row in rows] == sorted(SETTINGS)
    assert {row["origin"] for row in rows} == {"default"}
    assert all(row["value"] == row["default"] == SETTINGS[row["name"]].default and row["about"] for row in rows)
    answer = custctl("setting", "list")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[0].split() == ["NAME", "VALUE", "ORIGIN", "DEFAULT", "EFFECT"]
    assert [line.split() for line in answer.lines if line.startswith("guest.visitor")] == [
        ["guest.visitor_lifetime_days", "30", "default", "30", "used"]
    ]


def test_p_06_a_customer_is_shown_what_counts_for_it_and_where_that_comes_from(demo: Runner) -> None:
    rows = {row["name"]: (row["key"], row["value"], row["origin"]) for row in demo.json("setting", "list", *CUSTOMER)}
    assert rows == {
        "currency.default": ("customer/wholesaler-b/currency.default", "USD", "default"),
        "currency.enabled": ("customer/wholesaler-b/currency.enabled", ["USD", "CAD"], "system"),
        "language.default": ("customer/wholesaler-b/language.default", "en", "default"),
        "language.enabled": ("customer/wholesaler-b/language.enabled", ["en", "fr"], "system"),
        "order.purchase_history": (
            "customer/wholesaler-b/order.purchase_history",
            True,
            "customer-group:wholesale-accounts",
        ),
        "order.purchase_history_days": ("customer/wholesaler-b/order.purchase_history_days", 90, "default"),
        "order.maximum": ("customer/wholesaler-b/order.maximum", {}, "default"),
        "order.minimum": (
            "customer/wholesaler-b/order.minimum",
            {"USD": "250.00"},
            "customer-group:wholesale-accounts",
        ),
        "customer.invitations": ("customer/wholesaler-b/customer.invitations", True, "default"),
        "menu.main": ("customer/wholesaler-b/menu.main", "commerce_main_menu", "default"),
        EXPORT: ("customer/wholesaler-b/product.export", True, "customer-group:wholesale-accounts"),
        "product.export_price_tiers": ("customer/wholesaler-b/product.export_price_tiers", False, "default"),
        "product.export_prices": ("customer/wholesaler-b/product.export_prices", False, "default"),
        "search.history_collection": ("customer/wholesaler-b/search.history_collection", True, "default"),
    }


def test_p_06_the_nearest_level_that_has_a_value_counts(demo: Runner) -> None:
    group = ("customer-group:wholesale-accounts", True, True)
    silent = ("customer:wholesaler-b", None, False)
    assert explained(demo, EXPORT, *CUSTOMER) == [silent, group, ("system", None, False), ("default", False, False)]
    demo.json("setting", "set", EXPORT, "no", *CUSTOMER)
    assert explained(demo, EXPORT, *CUSTOMER)[:2] == [
        ("customer:wholesaler-b", False, True),
        ("customer-group:wholesale-accounts", True, False),
    ]
    demo.json("setting", "unset", EXPORT, *CUSTOMER)
    demo.json("setting", "unset", EXPORT, *GROUP)
    demo.json("setting", "set", EXPORT, "on")
    assert [counts for _, _, counts in explained(demo, EXPORT, *CUSTOMER)] == [False, False, True, False]
    demo.json("setting", "unset", EXPORT)
    assert value(demo, EXPORT, *CUSTOMER) == (False, "default")


def test_p_06_without_a_group_the_shop_comes_next(demo: Runner) -> None:
    demo.json("customer", "edit", "wholesaler-b", "--group", "")
    levels = [level for level, _, _ in explained(demo, EXPORT, *CUSTOMER)]
    assert levels == ["customer:wholesaler-b", "system", "default"]
    assert [level for level, _, _ in explained(demo, EXPORT, *GROUP)] == [
        "customer-group:wholesale-accounts",
        "system",
        "default",
    ]


def test_p_06_an_explanation_is_a_table_with_a_dash_for_no_value(demo: Runner) -> None:
    answer = demo("setting", "get", EXPORT, "--explain", *CUSTOMER)
    assert (answer.exit, answer.err) == (0, "")
    assert answer.out == (
        "LEVEL                              VALUE  COUNTS\n"
        "customer:wholesaler-b              -      no\n"
        "customer-group:wholesale-accounts  yes    yes\n"
        "system                             -      no\n"
        "default                            no     no\n"
    )


def test_a_setting_is_named_as_output_names_it(demo: Runner) -> None:
    assert demo("setting", "list", "-o", "name", "--fields", "name").lines[0] == "setting:account.strategy"
    assert demo.json("setting", "get", "setting:account.strategy", "--fields", "value,scopes") == {
        "value": "each",
        "scopes": ["system"],
    }
    assert value(demo, EXPORT, "--for", "customer-group:wholesale-accounts") == (
        True,
        "customer-group:wholesale-accounts",
    )
    assert value(demo, EXPORT, "--for", "group:Wholesale Accounts") == (True, "customer-group:wholesale-accounts")
    assert value(demo, EXPORT, "--for", "customer:id:1")[1] == "default"


# Setting


@pytest.mark.parametrize(
    ("words", "stored"),
    [
        *((("guest.access", word), False) for word in ("off", "false", "no", "OFF")),
        *((("guest.checkout", word), True) for word in ("on", "true", "yes", "Yes")),
        (("guest.visitor_lifetime_days", "1"), 1),
        (("guest.visitor_lifetime_days", "090"), 90),
        (("guest.allowed_pages", "/a, b", '/"c"', "-"), ["/a, b", '/"c"', "-"]),
        (("account.strategy", "root"), "root"),
        (("guest.group", "partners"), "partners"),
        (("guest.group", "Partners"), "partners"),
        (("guest.group", "customer-group:partners"), "partners"),
        (("customer.default_role", "administrator"), "administrator"),
        (("menu.main", "Größer, schöner"), "Größer, schöner"),
    ],
)
def test_a_typed_value_is_read_by_the_kind_of_the_setting(demo: Runner, words: tuple[str, ...], stored: Any) -> None:
    assert demo.changes("setting", "set", *words) == [("add", f"setting:{words[0]}")]
    assert value(demo, words[0]) == (stored, "system")
    assert demo.changes("setting", "set", *words) == []


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("guest.acces", "on"), (4, "unknown-setting", "unknown setting 'guest.acces'")),
        (("guest.access", "maybe"), (4, "invalid", "setting guest.access is on or off, not 'maybe'")),
        (("guest.access", ""), (4, "invalid", "setting guest.access is on or off, not ''")),
        (("guest.access", "on", "off"), (2, "usage", "guest.access takes one value, not 2")),
        (("guest.access",), (2, "usage", "Missing argument 'VALUE...'")),
        (("account.strategy", "all"), (4, "invalid", "setting account.strategy must be one of each, root, none")),
        (("menu.main", " "), (4, "invalid", "setting menu.main must be text")),
        (("menu.main", ""), (4, "invalid", "setting menu.main cannot be nothing")),
        (("guest.group", "nope"), (3, "not-found", "customer group 'nope' not found")),
        (("customer.guest_role", "id:99"), (3, "not-found", "role 'id:99' not found")),
        (
            ("customer.default_role", "company-a/approver"),
            (
                4,
                "invalid",
                "setting:customer.default_role: the website's roles are predefined ones, without a customer",
            ),
        ),
        (("guest.access", "on", *GROUP), (4, "invalid", "guest.access is set for system, not for a group")),
        (("guest.access", "on", *CUSTOMER), (4, "invalid", "guest.access is set for system, not for a customer")),
        ((EXPORT, "on", "--for", "customer:nope"), (3, "not-found", "customer 'nope' not found")),
        ((EXPORT, "on", "--for", "group:"), (4, "invalid", "settings are for a group or a customer, not for 'group:'")),
        (
            (EXPORT, "on", "--for", "user:x@y.example"),
            (4, "invalid", "settings are for a group or a customer, not for 'user:x@y.example'"),
        ),
        ((EXPORT, "on", "--for", ""), (4, "invalid", "settings are for a group or a customer, not for ''")),
    ],
)
def test_a_value_that_does_not_fit_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("setting", "set", *words) == refusal


@pytest.mark.parametrize("days", ["0", "1.5", "36501", "9" * 5_000, "", "thirty", "٣"])
def test_v_01_a_session_lives_for_a_day_at_least(demo: Runner, days: str) -> None:
    refusal = demo.refusal("setting", "set", "guest.visitor_lifetime_days", days)
    words = "cannot be nothing" if not days else "must be a whole number from 1 to 36500"
    assert refusal == (4, "invalid", f"setting guest.visitor_lifetime_days {words}")


@pytest.mark.parametrize("days", ["0", "true", '"0"', "1.5"])
def test_v_01_a_document_gives_a_session_a_day_at_least_too(demo: Runner, days: str) -> None:
    words = "setting guest.visitor_lifetime_days must be a whole number from 1 to 36500"
    document = f'[settings]\n"guest.visitor_lifetime_days" = {days}\n'
    assert demo.unapplied(document) == [("2:1", 4, "invalid", words)]


@pytest.mark.parametrize("format", ["toml", "yaml", "json"])
def test_a_number_comes_back_from_an_export_of_every_format(demo: Runner, custctl: Runner, format: str) -> None:
    demo.json("setting", "set", "guest.visitor_lifetime_days", "7")
    document = custctl.file(demo.export(format), f"world.{format}")
    custctl.json("apply", "-f", document, "--yes")
    assert value(custctl, "guest.visitor_lifetime_days") == (7, "system")
    assert custctl.export(format) == demo.export(format)


def test_a_near_name_is_offered(demo: Runner) -> None:
    answer = demo("setting", "get", "guest.acces")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err.startswith("error: unknown setting 'guest.acces'\n")
    assert "hint: did you mean guest.access" in answer.err
    assert "hint: to see them all: custctl setting list" in demo("setting", "unset", "zzz").err
    assert demo.refusal("setting", "list", "--for", "customer:nope") == (3, "not-found", "customer 'nope' not found")
    assert demo.refusal("setting", "list", "--fields", "nam") == (4, "unknown-field", "unknown field 'nam'")
    assert demo.refusal("setting", "get", "guest.access", *CUSTOMER)[0] == 4


def test_what_is_not_set_is_not_unset(demo: Runner) -> None:
    answer = demo("setting", "unset", "guest.access")
    assert (answer.exit, answer.err) == (0, "warning: guest.access is not set for system\n")
    assert demo.sql("SELECT max(id) FROM revision") == [(1,)]
    assert demo.json("setting", "unset", EXPORT, *CUSTOMER)["warnings"] == [
        "product.export is not set for customer:wholesaler-b"
    ]


@pytest.mark.parametrize(
    ("name", "chosen", "default"),
    [
        ("guest.group", "partners", "non-authenticated-visitors"),
        ("customer.guest_role", "buyer", "visitors"),
        ("customer.default_role", "administrator", "buyer"),
    ],
)
def test_v_05_the_visitors_group_and_the_roles_always_lead_somewhere(
    demo: Runner, name: str, chosen: str, default: str
) -> None:
    demo.json("setting", "set", name, chosen)
    assert demo.refusal("setting", "set", name, "") == (4, "invalid", f"setting {name} cannot be nothing")
    assert value(demo, name) == (chosen, "system")
    demo.json("setting", "unset", name)
    assert value(demo, name) == (default, "default")
    noun = "group" if name == "guest.group" else "role"
    assert demo.refusal(noun, "delete", default)[:2] == (5, "protected")


# History, undo, dry run


def test_h_05_a_change_of_a_setting_is_in_history_under_its_name(demo: Runner) -> None:
    demo.json("setting", "set", "guest.access", "off")
    demo.json("setting", "set", "guest.access", "on")
    rows = demo.json("history", "setting:guest.access")
    assert [(row["op"], row["version"], row["actor"], row["fields"]["value"]) for row in rows] == [
        ("change", 2, "tester", [False, True]),
        ("add", 1, "tester", [None, False]),
    ]
    assert rows[0]["command"].startswith("custctl setting set guest.access on")


def test_h_05_a_setting_of_a_customer_is_in_its_history_and_in_its_own(demo: Runner) -> None:
    demo.json("setting", "set", EXPORT, "off", *CUSTOMER)
    record = f"setting:customer/wholesaler-b/{EXPORT}"
    assert [row["record"] for row in demo.json("history", "customer:wholesaler-b", "--limit", "1")] == [record]
    assert [row["op"] for row in demo.json("history", record)] == ["add"]
    assert [row["record"] for row in demo.json("history", "customer-group:wholesale-accounts", "--value", "true")] == [
        "setting:group/wholesale-accounts/order.purchase_history",
        f"setting:group/wholesale-accounts/{EXPORT}",
    ]


def test_h_05_a_setting_that_was_never_set_has_no_history(demo: Runner) -> None:
    answer = demo("history", "setting:guest.access")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no changes\n")
    assert demo.refusal("history", "setting:guest.acces")[0] == 3


def test_setting_is_tried_and_undone_like_any_other_change(demo: Runner) -> None:
    before = demo.export()
    tried = demo.json("setting", "set", EXPORT, "off", *GROUP, "--dry-run")
    assert (tried["revision"], [change["op"] for change in tried["changes"]]) == (None, ["change"])
    demo.json("setting", "set", EXPORT, "off", *GROUP)
    demo.json("setting", "unset", "guest.shopping_list")
    demo.json("undo", "--last", "--yes")
    demo.json("undo", "2", "--yes")
    assert demo.export() == before


def test_a_command_and_a_document_write_the_same(demo: Runner) -> None:
    demo.json("setting", "set", EXPORT, "off", *CUSTOMER)
    assert demo.apply(f'[settings.customer.wholesaler-b]\n"{EXPORT}" = false\n')["changes"] == []
    demo.apply(f'[settings.customer.wholesaler-b]\n"{EXPORT}" = ""\n')
    assert value(demo, EXPORT, *CUSTOMER) == (True, "customer-group:wholesale-accounts")


def test_a_document_cannot_set_for_nobody(demo: Runner) -> None:
    document = f'[settings.group.""]\n"{EXPORT}" = true\n'
    assert demo.unapplied(document) == [("2:1", 4, "not-found", "customer group '' not found")]


# What settings belong to


def test_a_renamed_customer_or_group_keeps_its_settings_also_back(demo: Runner) -> None:
    demo.json("setting", "set", EXPORT, "off", *CUSTOMER)
    before = demo.export()
    for noun, key, new in (("customer", "wholesaler-b", "c"), ("group", "wholesale-accounts", "grösser")):
        changes = demo.changes(noun, "edit", key, "--key", new)
        assert ("rename", f"setting:{noun}/{new}/{EXPORT}") in changes
        assert value(demo, EXPORT, "--for", f"{noun}:{new}")[1].endswith(f":{new}")
        assert len(demo.json("history", f"setting:{noun}/{new}/{EXPORT}")) == 2
        demo.json("undo", "--last", "--yes")
        assert demo.export() == before


def test_a_setting_that_leads_to_a_renamed_group_follows_whatever_its_letters(demo: Runner) -> None:
    demo.json("group", "add", "Größer")
    demo.json("setting", "set", "guest.group", "grösser")
    assert ("change", "setting:guest.group") in demo.changes("group", "edit", "grösser", "--key", "grösster")
    assert value(demo, "guest.group") == ("grösster", "system")
    demo.json("undo", "--last", "--yes")
    assert value(demo, "guest.group") == ("grösser", "system")


def test_settings_go_with_the_group_or_customer_they_are_of_and_come_back_by_undo(demo: Runner) -> None:
    demo.json("customer", "add", "Lonely")
    demo.json("setting", "set", EXPORT, "on", "--for", "customer:lonely")
    before = demo.export()
    removed = demo.changes("customer", "delete", "lonely", "--yes")
    gone = ("customer:lonely", f"setting:customer/lonely/{EXPORT}", "account:lonely")
    assert removed == [("remove", record) for record in gone]
    assert demo.refusal("setting", "get", EXPORT, "--for", "customer:lonely")[0] == 3
    demo.json("undo", "--last", "--yes")
    assert demo.export() == before
    refused = demo.refusal("group", "delete", "wholesale-accounts")
    assert refused[0] == 2
    assert ("remove", f"setting:group/wholesale-accounts/{EXPORT}") in demo.changes(
        "group", "delete", "wholesale-accounts", "--yes"
    )
    demo.json("undo", "--last", "--yes")
    assert demo.export() == before


def test_the_list_is_narrowed_ordered_and_cut_like_every_list(demo: Runner) -> None:
    names = [row["name"] for row in demo.json("setting", "list", "--where", "name~guest", "--sort", "-name")]
    assert names == sorted(names, reverse=True)
    assert all("guest" in name for name in names)
    assert len(names) >= 5
    cut = demo.json("setting", "list", "--where", "name~guest", "--sort", "-name", "--limit", "2")
    assert [row["name"] for row in cut] == names[:2]
    origins = {row["origin"] for row in demo.json("setting", "list", "--where", "origin!=default")}
    assert origins
    assert "default" not in origins
    answer = demo("setting", "list", "--where", "name~nothing")
    assert (answer.exit, answer.err) == (0, "no settings\n")
    assert demo.refusal("setting", "list", "--where", "name=guest.acces")[:2] == (4, "unknown-value")
    assert demo.refusal("setting", "list", "--where", "nme=x")[:2] == (4, "unknown-field")
    assert demo.refusal("setting", "list", "--sort", "nme")[:2] == (4, "unknown-field")


def _patterns() -> list[str]:
    """Every text of the code that may be the name of a setting, with anything in the places of what is put in."""
    found = []
    for path in Path(settings.__file__).parents[1].rglob("*.py"):
        if path.name in ("settings.py", "context.py", "_topics.py") or "worlds" in path.parts:
            continue  # where settings are listed, told of and drawn
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                if any(part and re.search(r"\w{3}", str(part)) for part in parts):
                    found.append("".join(r"\w+" if part is None else re.escape(str(part)) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.escape(node.value))
    return found


def test_c_12_a_setting_is_kept_only_when_nothing_in_the_code_reads_it() -> None:
    patterns = re.compile(
        "|".join(f"(?:{pattern})" for pattern in _patterns() if "." in pattern and " " not in pattern)
    )
    unread = {name for name in settings.SETTINGS if patterns.fullmatch(name) is None}
    assert unread == settings.KEPT_ONLY


def test_a_setting_that_is_kept_only_says_so_in_list_and_get(demo: Runner) -> None:
    kept = {row["name"] for row in demo.json("setting", "list", "--where", "effect=kept only")}
    assert kept == settings.KEPT_ONLY
    assert "kept only" in demo("setting", "get", "product.export").out
    assert demo.json("setting", "get", "guest.access")["effect"] == "used"
