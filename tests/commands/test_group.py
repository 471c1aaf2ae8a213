"""Customer groups and their members, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import pytest

from tests.runner import Refusal, Runner

VISITORS = "non-authenticated-visitors"


def group_of(runner: Runner, customer: str) -> str | None:
    group: str | None = runner.json("customer", "show", customer)["group"]
    return group


# G-01: groups


def test_g_01_the_four_groups_of_the_demo_world_are_listed_by_name(demo: Runner) -> None:
    answer = demo("group", "list")
    assert (answer.exit, answer.err) == (0, "")
    assert [line.split()[0] for line in answer.lines] == [
        "KEY",
        "all-customers",
        VISITORS,
        "partners",
        "wholesale-accounts",
    ]


def test_g_01_a_group_is_shown_with_the_number_of_its_customers(demo: Runner) -> None:
    shown = demo.json("group", "show", "Wholesale Accounts")
    assert shown.pop("created") == shown.pop("updated")
    assert shown.pop("manager") == "demo"
    assert shown == {
        "id": 3,
        "key": "wholesale-accounts",
        "name": "Wholesale Accounts",
        "owner": None,
        "payment_term": "net 60",
        "tax_code": "RESALE",
        "price_lists": ["wholesale"],
        "unmerged_price_lists": [],
        "price_fallback": None,
        "tags": [],
        "customers": 1,
    }


def test_g_01_a_group_is_added_with_its_terms(custctl: Runner) -> None:
    for name in ("a", "b"):
        assert custctl("price-list", "add", name).exit == 0
    words = ["--owner", "Sam", "--payment-term", "net30", "--tax-code", "T", "--price-list", "b", "--price-list", "a"]
    assert custctl.fields("group", "add", "Key accounts", *words) == {
        "customer-group:key-accounts": {
            "key": [None, "key-accounts"],
            "name": [None, "Key accounts"],
            "owner": [None, "Sam"],
            "payment_term": [None, "net30"],
            "tax_code": [None, "T"],
            "price_lists": [None, ["b", "a"]],
        },
    }


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("add", ""), (4, "invalid", "customer group 'customer-group': name must not be blank")),
        (("add", "\n"), (4, "invalid", "customer group 'customer-group': name must not be blank")),
        (
            ("add", "x" * 256, "--key", "x"),
            (4, "invalid", "customer group 'x': name must have at most 255 characters, this has 256"),
        ),
        (("add", "Others", "--key", "partners"), (5, "taken", "customer-group:partners exists already")),
        (("edit", "partners", "--name", ""), (4, "invalid", "customer group 'partners': name must not be blank")),
        (("edit", "partners"), (2, "usage", "say what to change")),
        (("edit", "nope", "--name", "X"), (3, "not-found", "customer group 'nope' not found")),
        (("show", "nope"), (3, "not-found", "customer group 'nope' not found")),
    ],
)
def test_g_01_a_group_needs_a_name_and_a_free_key(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("group", *words) == refusal


def test_g_01_a_group_is_renamed_and_its_members_follow_a_new_key(demo: Runner) -> None:
    assert demo.fields("group", "edit", "partners", "--name", "Resellers", "--key", "resellers") == {
        "customer-group:resellers": {"key": ["partners", "resellers"], "name": ["Partners", "Resellers"]},
        "setting:group/resellers/currency.default": {
            "key": ["group/partners/currency.default", "group/resellers/currency.default"]
        },
    }
    assert group_of(demo, "partner-c-north") == "resellers"


def test_g_01_a_setting_that_names_a_group_follows_its_new_key(demo: Runner) -> None:
    demo.apply('[settings]\n"guest.group" = "partners"')
    assert demo.changes("group", "edit", "partners", "--key", "resellers") == [
        ("rename", "customer-group:resellers"),
        ("change", "setting:guest.group"),
        ("rename", "setting:group/resellers/currency.default"),
    ]
    assert demo.refusal("group", "delete", "resellers")[:2] == (5, "protected")


def test_g_01_the_group_of_visitors_keeps_its_key(demo: Runner) -> None:
    message = f"customer-group:{VISITORS} keeps its key, because every shop has it"
    assert demo.refusal("group", "edit", VISITORS, "--key", "guests") == (5, "protected", message)
    assert demo.fields("group", "edit", VISITORS, "--name", "Guests") == {
        f"customer-group:{VISITORS}": {"name": ["Non-Authenticated Visitors", "Guests"]}
    }


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name~accounts", ["wholesale-accounts"]),
        ("payment_term=net 30", ["all-customers"]),
        ("tax_code=", ["all-customers", VISITORS]),
        ("customers>1", ["all-customers", "partners"]),
        ("price_lists=", ["all-customers", VISITORS, "partners"]),
        ("price_lists=wholesale,retail", ["wholesale-accounts"]),
    ],
)
def test_g_01_groups_can_be_filtered(demo: Runner, condition: str, found: list[str]) -> None:
    assert [row["key"] for row in demo.json("group", "list", "--where", condition)] == found


# G-02 to G-04: members


def test_g_02_a_customer_is_in_one_group_at_most(demo: Runner) -> None:
    assert demo.fields("customer", "edit", "company-a", "--group", "partners") == {
        "customer:company-a": {"group": ["all-customers", "partners"]}
    }
    assert group_of(demo, "company-a") == "partners"
    members = demo.json("group", "member", "list", "all-customers")
    assert [row["key"] for row in members] == ["company-a-east", "company-a-west"]


def test_g_03_members_are_added_from_the_side_of_the_group_and_move_there(demo: Runner) -> None:
    assert demo.fields("group", "member", "add", "partners", "company-a-la", "Company A", "partner-c") == {
        "customer:company-a-la": {"group": [None, "partners"]},
        "customer:company-a": {"group": ["all-customers", "partners"]},
    }
    members = demo.json("group", "member", "list", "Partners")
    assert [row["key"] for row in members] == ["company-a", "company-a-la", "partner-c", "partner-c-north"]


def test_g_03_members_are_removed_from_the_side_of_the_group(demo: Runner) -> None:
    assert demo.fields("group", "member", "remove", "partners", "partner-c", "partner-c-north") == {
        "customer:partner-c": {"group": ["partners", None]},
        "customer:partner-c-north": {"group": ["partners", None]},
    }
    answer = demo("group", "member", "list", "partners")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no customers\n")


@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("partners", "company-a", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("nope", "company-a"), (3, "not-found", "customer group 'nope' not found")),
        (("partners",), (2, "usage", "Missing argument 'CUSTOMER...'")),
    ],
)
def test_g_03_one_unknown_customer_keeps_all_members_as_they_were(
    demo: Runner, verb: str, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("group", "member", verb, *words) == refusal


def test_g_04_removing_one_who_is_in_another_group_changes_nothing(demo: Runner) -> None:
    before = demo.contents()
    answer = demo("group", "member", "remove", "partners", "company-a")
    assert (answer.exit, answer.out) == (0, "nothing to change\n")
    assert answer.err == "warning: customer:company-a is not in partners\n"
    assert demo.contents() == before


# G-05, G-06: deleting


def test_g_05_the_members_of_a_deleted_group_have_none(demo: Runner) -> None:
    assert demo.changes("group", "delete", "partners", "--yes") == [
        ("remove", "customer-group:partners"),
        ("remove", "setting:group/partners/currency.default"),
        ("remove", "content-variant:home-banner-partners"),
        ("change", "customer:partner-c"),
        ("change", "customer:partner-c-north"),
    ]
    assert group_of(demo, "partner-c") is None
    assert demo.refusal("group", "delete", "partners") == (3, "not-found", "customer group 'partners' not found")


def test_g_06_the_group_of_visitors_cannot_be_deleted(demo: Runner) -> None:
    message = f"customer-group:{VISITORS} is a group that every shop has"
    assert demo.refusal("group", "delete", VISITORS, "--yes") == (5, "protected", message)


def test_g_06_a_group_that_the_settings_make_that_of_visitors_cannot_be_deleted_either(demo: Runner) -> None:
    demo.apply('[settings]\n"guest.group" = "partners"')
    answer = demo("group", "delete", "partners")
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        "error: customer-group:partners is the group of visitors\n  hint: set guest.group to another group first\n"
    )
    demo.apply('[settings]\n"guest.group" = ""')
    assert demo("group", "delete", "partners", "--yes").exit == 0
