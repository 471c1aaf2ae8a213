"""The life of a role, as the back office and a storefront administrator live it; names begin with the rule they hold.

Sections are those of the access model (6.1 to 6.7), rows those of the list of features.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.commands.test_acting import (
    AMANDA,
    BOB,
    CARLOS,
    DANA,
    ERIN,
    FRANK,
    GRACE,
    LUIS,
    NINA,
    OLIVIA,
    PETER,
    WANDA,
    denied,
    keys,
)
from tests.runner import Runner

PAULA, SAM = "paula.reed@company-a.example", "sam.price@company-a.example"
BUYERS = {BOB, DANA, CARLOS, LUIS, ERIN, FRANK, PAULA, SAM, "guest-jo-miller", "rosa.marin@partner-c.example"}
"""Who is a buyer in the demo world."""


def role(runner: Runner, key: str) -> Any:
    return runner.json("role", "show", key)


def holders(runner: Runner, key: str) -> set[str]:
    query = "SELECT u.key FROM customer_user u JOIN user_role ur ON ur.user_id = u.id JOIN role r ON r.id = ur.role_id"
    return {row[0] for row in runner.sql(f"{query} WHERE r.key = ?", key)}


def entries(runner: Runner, key: str) -> dict[str, Any]:
    """What a role gives: its defaults and its entries."""
    tables = ("permissions", "capabilities", "workflows", "fields")
    shown = role(runner, key)
    return {name: shown[name] for name in ("default", "capability_default", "workflow_default", *tables)}


# -- 6.1 the record --------------------------------------------------------------------------------------------


def test_am_6_1_a_role_without_a_customer_is_predefined_and_one_with_it_customizable(demo: Runner) -> None:
    demo.json("role", "add", "Walk-in")
    demo.json("role", "add", "Walk-in", "--customer", "company-a")
    assert (role(demo, "walk-in")["type"], role(demo, "walk-in")["customer"]) == ("predefined", None)
    own = role(demo, "company-a/walk-in")
    assert (own["type"], own["customer"]) == ("customizable", "company-a")
    assert keys(demo, "role", "list", "--where", "type=predefined") == [
        "administrator",
        "buyer",
        "visitors",
        "walk-in",
    ]


def test_am_6_1_a_role_is_neither_self_managed_nor_hidden_unless_told(custctl: Runner) -> None:
    custctl.json("role", "add", "Walk-in")
    shown = role(custctl, "walk-in")
    assert (shown["self_managed"], shown["public"], shown["code"]) == (False, True, "ROLE_FRONTEND_WALK_IN")
    assert entries(custctl, "walk-in") == {
        "default": None,
        "capability_default": None,
        "workflow_default": None,
        "permissions": {},
        "capabilities": {},
        "workflows": {},
        "fields": {},
    }


@pytest.mark.parametrize("label", ["Abc", "x" * 255])
def test_am_6_1_a_label_has_3_to_255_characters(custctl: Runner, label: str) -> None:
    assert custctl("role", "add", label).exit == 0


@pytest.mark.parametrize(("label", "length"), [("Ab", 2), ("x" * 256, 256)])
@pytest.mark.parametrize("who", [(), ("--as", AMANDA)], ids=["back office", "storefront"])
def test_am_6_1_a_shorter_or_longer_label_is_refused(
    demo: Runner, label: str, length: int, who: tuple[str, ...]
) -> None:
    problem = f"label must have 3 to 255 characters, this has {length}"
    for words in (("add", label), ("edit", "company-a/approver", "--label", label)):
        exit_code, code, message = demo.refusal("role", *words, *who)
        assert (exit_code, code) == (4, "invalid")
        assert message.endswith(problem)


@pytest.mark.parametrize("label", ["Order approver", "ORDER APPROVER"])
def test_am_6_1_a_label_is_unique_per_customer_and_the_same_is_legal_for_another(demo: Runner, label: str) -> None:
    taken = f"a role with the label {label!r} already exists: role:company-a/approver"
    add = ("role", "add", label, "--key", "second")
    assert demo.refusal(*add, "--customer", "company-a") == (5, "taken", f"role:company-a/second: {taken}")
    assert demo.refusal("role", "edit", "company-a/bookkeeper", "--label", label) == (
        5,
        "taken",
        f"role:company-a/bookkeeper: {taken}",
    )
    assert demo.changes(*add, "--customer", "company-a-west") == [("add", "role:company-a-west/second")]
    assert demo.changes(*add) == [("add", "role:second")]
    assert demo.refusal("role", "add", label, "--key", "third")[:2] == (5, "taken")


def test_am_6_1_the_key_of_a_new_role_is_compared_without_regard_to_case(demo: Runner) -> None:
    refused = (5, "taken", "role:buyer exists already")
    assert demo.refusal("role", "add", "Another", "--key", "Buyer") == refused


# -- 6.2 who sees which role ---------------------------------------------------------------------------------------

PLACES = {"predefined": "", "own": "company-a-west", "below": "company-a-la", "elsewhere": "wholesaler-b"}
COMBINATIONS = list(product(PLACES, (True, False), (True, False)))
"""Where a role belongs as Wanda of West sees it, whether it is self-managed, whether it is public."""


def key_of(place: str, managed: bool, public: bool) -> str:
    plain = f"r-{'managed' if managed else 'kept'}-{'public' if public else 'hidden'}"
    return f"{PLACES[place]}/{plain}".lstrip("/")


@pytest.fixture
def sixteen(demo: Runner) -> Runner:
    """The demo world with a role of each combination, which nobody has."""
    roles = "".join(
        f'[[roles]]\nkey = "{key_of(*combination)}"\nlabel = "Role {number}"\n'
        f"self_managed = {str(combination[1]).lower()}\npublic = {str(combination[2]).lower()}\n"
        for number, combination in enumerate(COMBINATIONS)
    )
    demo.apply(f'apiVersion = "custctl/v1"\n{roles}')
    return demo


def reached(places: set[str]) -> set[str]:
    return {key_of(place, managed=True, public=True) for place in places}


@pytest.mark.parametrize(
    ("level", "places"),
    [
        ("corporate", {"predefined", "own", "below"}),
        ("department", {"predefined", "own"}),
        ("none", set[str]()),
    ],
)
def test_am_6_2_a_list_shows_the_self_managed_and_public_roles_that_the_level_reaches(
    sixteen: Runner, level: str, places: set[str]
) -> None:
    sixteen.json("role", "grant", "administrator", "customer-user-role", f"view={level}")
    every = {key_of(*combination) for combination in COMBINATIONS}
    listed = set(keys(sixteen, "role", "list", "--as", WANDA))
    assert listed & every == reached(places)
    assert listed - every == ({"administrator", "buyer"} if places else set())


def outcome(runner: Runner, *words: str) -> str:
    """`done`, or the reason of a refusal; nothing is written."""
    answer = runner("role", *words, "--as", WANDA, "--dry-run", "-o", "json")
    assert answer.exit in (0, 1), answer
    return str(answer.json["reason"]) if answer.exit == 1 else "done"


@pytest.mark.parametrize(("place", "managed", "public"), COMBINATIONS)
def test_am_6_2_a_role_is_shown_changed_and_deleted_where_its_page_is_on_the_storefront(
    sixteen: Runner, place: str, managed: bool, public: bool
) -> None:
    key = key_of(place, managed, public)
    shown = {
        "predefined": "done" if managed and public else "out-of-reach",
        "elsewhere": "out-of-reach",
    }.get(place, "done" if managed and public else "out-of-reach")
    changed = shown
    assert outcome(sixteen, "show", key) == shown
    assert outcome(sixteen, "edit", key, "--label", "Another") == changed
    assert outcome(sixteen, "grant", key, "order", "view=user") == changed
    assert outcome(sixteen, "revoke", key, "order") == changed
    assert outcome(sixteen, "add", "Another", "--like", key) == shown
    assert outcome(sixteen, "delete", key) == ("out-of-reach" if place == "predefined" else shown)


def test_am_6_2_a_role_of_a_customer_one_may_not_see_is_not_shown(demo: Runner) -> None:
    demo.json("role", "grant", "company-a/assistant", "customer-user-role", "view=department")
    demo.json("role", "grant", "company-a/assistant", "customer", "view=none")
    assert denied(demo, "role", "show", "company-a/approver", "--as", NINA) == (
        "view",
        "role:company-a/approver",
        "department",
        "customer-not-visible",
    )
    assert demo.json("role", "show", "buyer", "--as", NINA)["label"] == "Buyer"


def test_am_6_2_a_predefined_role_is_seen_by_who_may_view_roles_at_all(demo: Runner) -> None:
    assert demo.json("role", "show", "buyer", "--as", WANDA)["type"] == "predefined"
    refused = ("view", "customer-user-role", "none", "explicit-none")
    assert denied(demo, "role", "show", "buyer", "--as", BOB) == refused


def test_am_6_2_the_back_office_sees_every_role(sixteen: Runner) -> None:
    assert len(keys(sixteen, "role", "list")) == 16 + 9


def test_r_10_the_list_of_an_administrator_excludes_the_visitors_role(demo: Runner) -> None:
    assert keys(demo, "role", "list", "--as", AMANDA) == [
        "administrator",
        "company-a/bookkeeper",
        "buyer",
        "company-a/approver",
    ]
    demo.json("role", "edit", "company-a/assistant", "--self-managed")
    assert "company-a/assistant" in keys(demo, "role", "list", "--as", AMANDA)
    demo.json("role", "edit", "company-a/assistant", "--not-public")
    assert "company-a/assistant" not in keys(demo, "role", "list", "--as", AMANDA)


# -- 6.3 which roles may be given ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["visitors", "administrator", "company-a/assistant", "company-a/approver"])
def test_am_6_3_the_back_office_gives_predefined_roles_and_the_users_own_whatever_their_flags(
    demo: Runner, key: str
) -> None:
    assert demo.fields("user", "role", "add", BOB, key) == {
        f"user:{BOB}": {"roles": [["buyer"], sorted(["buyer", key])]}
    }


@pytest.mark.parametrize("customer", ["company-a", "company-a-la", "company-a-east", "wholesaler-b"])
def test_am_6_3_nobody_gets_a_role_of_the_parent_a_child_or_another_customer(demo: Runner, customer: str) -> None:
    demo.json("role", "add", "Helper", "--customer", customer, "--self-managed")
    key = f"{customer}/helper"
    refusal = (4, "invalid", f"user:{CARLOS}: role {key} belongs to customer {customer}, the user to company-a-west")
    assert demo.refusal("user", "role", "add", CARLOS, key) == refusal
    assert demo.refusal("user", "edit", CARLOS, "--role", key) == refusal


def test_am_6_3_a_storefront_administrator_gives_the_roles_of_her_list(demo: Runner) -> None:
    words = ("user", "edit", BOB, "--as", AMANDA)
    assert demo.fields(*words, "--role", "buyer", "--role", "company-a/bookkeeper") == {
        f"user:{BOB}": {"roles": [["buyer"], ["buyer", "company-a/bookkeeper"]]}
    }
    for key in ("visitors", "company-a/assistant", "wholesaler-b/approver"):
        refused = ("view", f"role:{key}", "corporate", "out-of-reach")
        assert denied(demo, *words, "--role", "buyer", "--role", key) == refused
    name = ("--first-name", "N", "--last-name", "O")
    assert denied(demo, "user", "add", "n@x.example", *name, "--role", "visitors", "--as", AMANDA)[1] == "role:visitors"


def test_am_6_3_a_role_that_is_seen_but_of_a_child_does_not_fit_a_user_above_it(demo: Runner) -> None:
    demo.json("role", "add", "Helper", "--customer", "company-a-west", "--self-managed")
    demo.json("role", "show", "company-a-west/helper", "--as", AMANDA)
    exit_code, code, message = demo.refusal("user", "edit", BOB, "--role", "company-a-west/helper", "--as", AMANDA)
    assert (exit_code, code) == (4, "invalid")
    assert message.endswith("role company-a-west/helper belongs to customer company-a-west, the user to company-a")
    assert demo("user", "edit", CARLOS, "--role", "company-a-west/helper", "--as", AMANDA).exit == 0


def test_am_6_3_a_role_that_is_not_seen_stays_with_who_has_it(demo: Runner) -> None:
    words = ("user", "edit", NINA, "--role", "buyer", "--as", AMANDA)
    assert demo.fields(*words) == {f"user:{NINA}": {"roles": [[], ["buyer"]]}}, "who does not see it is not told of it"
    assert demo.json("user", "show", NINA)["roles"] == ["buyer", "company-a/assistant"]
    refused = ("view", "role:company-a/assistant", "corporate", "out-of-reach")
    assert denied(demo, "user", "edit", NINA, "--role", "company-a/assistant", "--as", AMANDA) == refused


def test_am_6_3_who_may_not_view_roles_gives_none(demo: Runner) -> None:
    demo.json("role", "grant", "company-a/approver", "customer-user", "edit=department", "create=department")
    refused = ("view", "customer-user-role", "none", "explicit-none")
    assert denied(demo, "user", "edit", BOB, "--role", "administrator", "--as", DANA) == refused
    assert demo("user", "edit", BOB, "--first-name", "Rob", "--as", DANA).exit == 0


# -- 6.4 a predefined role that is changed on the storefront becomes a copy ------------------------------------------


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("edit buyer --label Purchaser", None),
        ("edit buyer --customer company-a", None),
        ("grant buyer order view=department", ("order", {"create": "user", "edit": "user", "view": "department"})),
        ("revoke buyer order edit", ("order", {"create": "user", "view": "user"})),
        ("revoke buyer order", ("order", None)),
        (
            "grant buyer grid-view view=user",
            ("grid-view", dict.fromkeys(("create", "edit", "delete", "assign"), "corporate") | {"view": "user"}),
        ),
        ("grant buyer capability:oro_quick_add_form use=off", None),
        ("grant buyer workflow:b2b_flow_checkout perform=department", None),
        ("grant buyer order.subtotal view=none", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_am_6_4_a_change_of_a_predefined_role_makes_a_copy_and_leaves_the_role(
    demo: Runner, words: str, changed: tuple[str, dict[str, str] | None] | None
) -> None:
    before, first = entries(demo, "buyer"), role(demo, "buyer")
    told = demo.json("role", *words.split(), "--as", AMANDA, "--yes")
    assert told["warnings"] == ["role:buyer is for everyone and stays as it is: role:company-a/buyer is made of it"]
    assert [(change["op"], change["record"]) for change in told["changes"]] == [
        ("add", "role:company-a/buyer"),
        ("change", f"user:{BOB}"),
        ("change", f"user:{DANA}"),
    ]
    stored = ("key", "label", "code", "type", "self_managed", "public", "updated")
    assert {name: role(demo, "buyer")[name] for name in stored} == {name: first[name] for name in stored}
    assert entries(demo, "buyer") == before
    copy = role(demo, "company-a/buyer")
    assert (copy["customer"], copy["type"], copy["code"]) == (
        "company-a",
        "customizable",
        "ROLE_FRONTEND_COMPANY_A_BUYER",
    )
    assert (copy["self_managed"], copy["public"], copy["users"]) == (True, True, 2)
    if changed is not None:
        entity, row = changed
        table = {name: entry for name, entry in before["permissions"].items() if name != entity}
        assert copy["permissions"] == (table if row is None else table | {entity: row})


def test_am_6_4_privileges_are_copied_with_what_the_editor_cannot_see_and_overwritten(demo: Runner) -> None:
    demo.json("role", "grant", "buyer", "customer-group", "view=full")
    demo.json("role", "grant", "buyer", "quote.subtotal", "view=none")
    before = entries(demo, "buyer")
    demo.json("role", "grant", "buyer", "order", "view=corporate", "--as", AMANDA)
    after = entries(demo, "company-a/buyer")
    assert after["permissions"].pop("order") == {"create": "user", "edit": "user", "view": "corporate"}
    assert before["permissions"].pop("order") == {"create": "user", "edit": "user", "view": "user"}
    assert after == before
    assert demo.json("access", "matrix", "role:buyer")["capabilities"] == [
        {**cell, "roles": ["buyer"]} for cell in demo.json("access", "matrix", "role:company-a/buyer")["capabilities"]
    ]


def test_r_08_the_customers_users_get_the_copy_and_lose_the_predefined_role(demo: Runner) -> None:
    assert holders(demo, "buyer") == BUYERS
    demo.json("role", "grant", "buyer", "order", "view=department", "--as", AMANDA)
    assert holders(demo, "company-a/buyer") == {BOB, DANA}
    assert holders(demo, "buyer") == BUYERS - {BOB, DANA}
    assert demo.json("user", "show", DANA)["roles"] == ["company-a/approver", "company-a/buyer"]
    assert keys(demo, "order", "list", "--as", BOB) == ["SO-1001", "SO-1002"]
    assert keys(demo, "order", "list", "--as", CARLOS) == ["SO-1101", "SO-1102"]


def test_am_6_4_a_disabled_user_of_the_customer_moves_along(demo: Runner) -> None:
    demo.json("role", "edit", "buyer", "--label", "Purchaser", "--as", WANDA)
    assert holders(demo, "company-a-west/buyer") == {CARLOS, PAULA}


def test_r_09_one_role_comes_to_differ_from_customer_to_customer(demo: Runner) -> None:
    demo.json("user", "role", "add", PETER, "buyer")
    demo.json("role", "grant", "buyer", "order", "view=department", "--as", AMANDA)
    demo.json("role", "grant", "buyer", "order", "view=none", "--as", OLIVIA)
    levels = {
        key: entries(demo, key)["permissions"]["order"].get("view")
        for key in ("buyer", "company-a/buyer", "wholesaler-b/buyer")
    }
    assert levels == {"buyer": "user", "company-a/buyer": "department", "wholesaler-b/buyer": None}
    labels = {key: role(demo, key)["label"] for key in levels}
    assert set(labels.values()) == {"Buyer"}
    assert demo.json("access", "can", BOB, "view", "order:SO-1002")["allowed"] is True
    assert demo("access", "can", PETER, "view", "order:SO-2001").exit == 1


def test_am_6_4_the_copy_is_for_the_customer_that_was_chosen(demo: Runner) -> None:
    assert demo.changes("role", "edit", "buyer", "--customer", "company-a-west", "--as", AMANDA) == [
        ("add", "role:company-a-west/buyer"),
        ("change", f"user:{CARLOS}"),
        ("change", f"user:{PAULA}"),
    ]
    assert demo.changes("role", "edit", "buyer", "--customer", "", "--label", "Ours", "--as", AMANDA)[0] == (
        "add",
        "role:company-a/buyer",
    )
    refused = ("create", "customer-user-role", "corporate", "out-of-reach")
    assert denied(demo, "role", "edit", "buyer", "--customer", "wholesaler-b", "--as", AMANDA) == refused
    assert denied(demo, "role", "edit", "buyer", "--customer", "company-a", "--as", WANDA) == refused


def test_am_6_4_a_copy_needs_create_and_neither_edit_nor_view(demo: Runner) -> None:
    demo.json("role", "grant", "company-a/approver", "customer-user-role", "create=department")
    assert demo("role", "grant", "buyer", "order", "view=none", "--as", DANA, "--dry-run").exit == 0
    demo.json("role", "grant", "company-a/approver", "customer-user-role", "create=none", "edit=corporate")
    refused = ("create", "customer-user-role", "none", "explicit-none")
    assert denied(demo, "role", "grant", "buyer", "order", "view=none", "--as", DANA) == refused
    assert demo("role", "grant", "company-a/bookkeeper", "order", "view=none", "--as", DANA, "--dry-run").exit == 0


def test_am_6_4_no_copy_is_made_of_a_role_without_a_page_on_the_storefront(demo: Runner) -> None:
    refused = ("edit", "role:visitors", "corporate", "out-of-reach")
    for words in ("edit visitors --label New", "grant visitors order view=user", "revoke visitors order"):
        assert denied(demo, "role", *words.split(), "--as", AMANDA) == refused


@pytest.mark.parametrize(
    "words", ["grant buyer order view=none", "edit buyer --customer company-a", "edit buyer --label Buyer"]
)
def test_am_6_4_a_second_copy_with_the_same_label_is_refused_with_a_hint(demo: Runner, words: str) -> None:
    demo.json("role", "grant", "buyer", "order", "view=department", "--as", AMANDA)
    answer = demo("role", *words.split(), "--as", AMANDA)
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        "error: company-a has a role with the label 'Buyer' already: role:company-a/buyer\n"
        '  --> field "label"\n'
        "  hint: change company-a/buyer instead, or make another copy: custctl role edit buyer --label LABEL\n"
    )


def test_am_6_4_a_second_copy_with_another_label_moves_who_holds_the_predefined_role_since(demo: Runner) -> None:
    demo.json("role", "grant", "buyer", "order", "view=department", "--as", AMANDA)
    demo.json("user", "role", "add", GRACE, "buyer")
    assert demo.changes("role", "edit", "buyer", "--label", "Junior buyer", "--as", AMANDA) == [
        ("add", "role:company-a/buyer-2"),
        ("change", f"user:{GRACE}"),
    ]
    assert role(demo, "company-a/buyer-2")["code"] == "ROLE_FRONTEND_COMPANY_A_BUYER_2"
    assert holders(demo, "company-a/buyer") == {BOB, DANA}


def test_am_6_4_a_customizable_role_is_changed_in_place(demo: Runner) -> None:
    assert demo.changes("role", "grant", "company-a/approver", "order", "view=department", "--as", AMANDA) == [
        ("change", "role:company-a/approver")
    ]


def test_am_6_4_the_back_office_changes_a_predefined_role_in_place(demo: Runner) -> None:
    assert demo.changes("role", "grant", "buyer", "order", "view=department") == [("change", "role:buyer")]


@pytest.mark.parametrize(
    "words", ["add Clerk", "edit buyer", "edit company-a/approver --label Approver", "edit company-a/approver"]
)
@pytest.mark.parametrize("switch", ["--self-managed", "--not-self-managed", "--public", "--not-public"])
def test_am_6_4_the_switches_of_a_role_are_the_back_offices(demo: Runner, words: str, switch: str) -> None:
    field = "public" if switch.endswith("public") else "self_managed"
    action = "edit" if "approver" in words else "create"
    refused = (action, f"customer-user-role.{field}", "none", "field-closed")
    assert denied(demo, "role", *words.split(), switch, "--as", AMANDA) == refused


DEFAULTS = {
    "grant {} default=user": "default",
    "grant {} capability-default=on": "capability_default",
    "revoke {} workflow-default": "workflow_default",
}


@pytest.mark.parametrize("words", DEFAULTS)
def test_am_6_4_the_defaults_of_a_role_are_the_back_offices(demo: Runner, words: str) -> None:
    for key, action in {"buyer": "create", "company-a/approver": "edit"}.items():
        refused = (action, f"customer-user-role.{DEFAULTS[words]}", "none", "field-closed")
        assert denied(demo, "role", *words.format(key).split(), "--as", AMANDA) == refused


@pytest.mark.parametrize("words", ["add {}", "edit company-a/approver --label {}", "edit buyer --label {}"])
def test_am_6_1_a_label_on_the_storefront_has_at_most_32_characters(demo: Runner, words: str) -> None:
    assert demo("role", *words.format("x" * 32).split(), "--as", AMANDA, "--dry-run").exit == 0
    exit_code, code, message = demo.refusal("role", *words.format("x" * 33).split(), "--as", AMANDA)
    assert (exit_code, code) == (4, "invalid")
    assert message == "the label of a role has at most 32 characters on the storefront, this has 33"


def test_am_6_4_a_new_role_of_the_storefront_belongs_to_the_editors_customer_and_is_self_managed(demo: Runner) -> None:
    demo.json("role", "add", "Clerk", "--like", "buyer", "--as", AMANDA)
    made = role(demo, "company-a/clerk")
    assert (made["customer"], made["self_managed"], made["users"]) == ("company-a", True, 0)
    assert entries(demo, "company-a/clerk") == entries(demo, "buyer")


def test_am_6_4_an_administrator_who_changes_her_own_role_gets_the_copy_too(demo: Runner) -> None:
    demo.json("role", "grant", "administrator", "order", "delete=corporate", "--as", AMANDA)
    assert demo.json("user", "show", AMANDA)["roles"] == ["company-a/administrator"]
    assert demo.json("user", "show", WANDA)["roles"] == ["administrator"]
    assert demo.changes("order", "delete", "SO-1001", "--as", AMANDA) == [("remove", "order:SO-1001")]


def test_am_6_4_a_world_with_a_copy_is_exported_and_read_again(demo: Runner) -> None:
    demo.json("role", "edit", "buyer", "--customer", "company-a-west", "--label", "Purchaser", "--as", AMANDA)
    text = demo.export()
    other = Runner(demo.database.with_name("other.db"))
    other.apply(text)
    assert other.export() == text


# -- 6.5 another customer of a role ------------------------------------------------------------------------------------


@pytest.fixture
def shared(demo: Runner) -> Runner:
    """The demo world with a predefined role that Bob of Company A, Carlos of West and Peter of Wholesaler B have."""
    demo.json("role", "add", "Reader")
    for person in (BOB, CARLOS, PETER):
        demo.json("user", "role", "add", person, "reader")
    return demo


def test_r_12_a_role_that_gets_a_customer_is_taken_from_users_of_others_and_the_count_is_told(shared: Runner) -> None:
    answer = shared("role", "edit", "reader", "--customer", "company-a", "-o", "json")
    assert answer.exit == 0
    assert answer.err == "warning: role:company-a/reader is taken from 2 users of other customers\n"
    assert [(change["op"], change["record"]) for change in answer.json["changes"]] == [
        ("rename", "role:company-a/reader"),
        ("change", f"user:{CARLOS}"),
        ("change", f"user:{PETER}"),
    ]
    assert holders(shared, "company-a/reader") == {BOB}
    assert shared.json("user", "show", CARLOS)["roles"] == ["buyer"]


def test_am_6_5_a_role_that_gets_another_customer_leaves_the_users_of_the_first(shared: Runner) -> None:
    shared.json("role", "edit", "reader", "--customer", "company-a")
    shared.json("role", "edit", "company-a/reader", "--customer", "company-a-west")
    assert holders(shared, "company-a-west/reader") == set()
    assert keys(shared, "role", "list", "--where", "label=Reader") == ["company-a-west/reader"]


def test_am_6_5_a_role_that_loses_its_customer_stays_with_everybody(shared: Runner) -> None:
    shared.json("role", "edit", "reader", "--customer", "company-a")
    told = shared.json("role", "edit", "company-a/reader", "--customer", "")
    assert [(change["op"], change["record"]) for change in told["changes"]] == [("rename", "role:reader")]
    assert (told["warnings"], role(shared, "reader")["type"]) == ([], "predefined")
    assert holders(shared, "reader") == {BOB}


def test_am_6_5_users_of_other_customers_cannot_be_added_afterwards(shared: Runner) -> None:
    shared.json("role", "edit", "reader", "--customer", "company-a")
    assert shared.refusal("user", "role", "add", CARLOS, "company-a/reader")[:2] == (4, "invalid")


def test_am_6_5_a_role_cannot_take_the_label_or_the_key_of_another_of_its_new_customer(shared: Runner) -> None:
    shared.json("role", "add", "Reader", "--customer", "company-a", "--key", "other")
    assert shared.refusal("role", "edit", "reader", "--customer", "company-a") == (
        5,
        "taken",
        "role:company-a/reader: a role with the label 'Reader' already exists: role:company-a/other",
    )
    assert shared.refusal("role", "edit", "company-a/approver", "--customer", "wholesaler-b") == (
        5,
        "taken",
        "role:wholesaler-b/approver exists already",
    )


@pytest.mark.parametrize("key", ["administrator", "buyer", "visitors"])
def test_am_6_5_the_three_roles_of_every_shop_get_no_customer(demo: Runner, key: str) -> None:
    refusal = (5, "protected", f"role:{key} is for everyone, like in every shop")
    assert demo.refusal("role", "edit", key, "--customer", "company-a") == refusal


@pytest.mark.parametrize("name", ["customer.default_role", "customer.guest_role"])
def test_am_6_5_the_websites_roles_get_no_customer(shared: Runner, name: str) -> None:
    shared.apply(f'apiVersion = "custctl/v1"\n[settings]\n"{name}" = "reader"\n')
    assert shared.refusal("role", "edit", "reader", "--customer", "company-a") == (
        5,
        "protected",
        "role:reader is the website's default or guest role, which is for everyone",
    )


def test_am_6_5_on_the_storefront_it_needs_assign_and_a_customer_within_reach(shared: Runner) -> None:
    shared.json("role", "add", "Own", "--customer", "company-a", "--self-managed")
    words = ("role", "edit", "company-a/own", "--customer")
    refused = ("assign", "customer-user-role", "corporate", "out-of-reach")
    assert denied(shared, *words, "wholesaler-b", "--as", AMANDA) == refused
    assert denied(shared, *words, "", "--as", AMANDA) == refused, "nobody makes a role for everyone there"
    assert shared.changes(*words, "company-a-west", "--as", AMANDA) == [("rename", "role:company-a-west/own")]
    shared.json("role", "grant", "administrator", "customer-user-role", "assign=none")
    assert denied(shared, "role", "edit", "company-a-west/own", "--customer", "company-a-la", "--as", WANDA) == (
        "assign",
        "customer-user-role",
        "none",
        "explicit-none",
    )


# -- 6.6 deletion ----------------------------------------------------------------------------------------------------


def test_r_11_the_back_office_deletes_no_default_guest_or_used_role_and_none_of_every_shop(demo: Runner) -> None:
    for label in ("Starter", "Walk-in"):
        demo.json("role", "add", label)
    demo.apply(
        """
        apiVersion = "custctl/v1"
        [settings]
        "customer.default_role" = "starter"
        "customer.guest_role" = "walk-in"
        """
    )
    website = "the website's default or guest role"
    assert demo.refusal("role", "delete", "starter") == (5, "protected", f"role:starter is {website}")
    assert demo.refusal("role", "delete", "walk-in") == (5, "protected", f"role:walk-in is {website}")
    for key in ("administrator", "buyer", "visitors"):
        refusal = (5, "protected", f"role:{key} is a role that every shop has")
        assert demo.refusal("role", "delete", key) == refusal
    answer = demo("role", "delete", "company-a/approver")
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        "error: role:company-a/approver is held by 1 user\n"
        "  hint: give them another role first: custctl user list --where roles=company-a/approver\n"
    )


def test_am_6_6_the_back_office_deletes_a_predefined_role_that_nobody_has(demo: Runner) -> None:
    demo.json("role", "add", "Walk-in")
    assert demo.changes("role", "delete", "walk-in") == [("remove", "role:walk-in")]


def test_am_6_6_the_back_office_deletes_a_role_of_a_customer_that_nobody_has(demo: Runner) -> None:
    demo.json("user", "edit", GRACE, "--role", "buyer")
    assert demo.changes("role", "delete", "company-a/bookkeeper") == [("remove", "role:company-a/bookkeeper")]


def test_am_6_6_the_storefront_never_deletes_a_predefined_role(demo: Runner) -> None:
    demo.json("role", "add", "Walk-in", "--self-managed")
    demo.json("role", "show", "walk-in", "--as", AMANDA)
    assert denied(demo, "role", "delete", "walk-in", "--as", AMANDA)[:2] == ("delete", "role:walk-in")
    assert denied(demo, "role", "delete", "buyer", "--as", AMANDA)[:2] == ("delete", "role:buyer")


def test_am_6_6_the_storefront_deletes_an_own_role_that_nobody_has(demo: Runner) -> None:
    assert denied(demo, "role", "delete", "company-a/bookkeeper", "--as", AMANDA) == (
        "delete",
        "role:company-a/bookkeeper",
        "corporate",
        "role-in-use",
    )
    demo.json("user", "edit", GRACE, "--role", "buyer", "--as", AMANDA)
    assert demo.changes("role", "delete", "company-a/bookkeeper", "--as", AMANDA) == [
        ("remove", "role:company-a/bookkeeper")
    ]


def test_am_6_6_without_delete_not_even_an_unused_role_goes(demo: Runner) -> None:
    demo.json("role", "add", "Spare", "--customer", "company-a", "--self-managed")
    demo.json("role", "revoke", "administrator", "customer-user-role", "delete")
    refused = ("delete", "customer-user-role", "none", "explicit-none")
    assert denied(demo, "role", "delete", "company-a/spare", "--as", AMANDA) == refused


# -- 6.7 at least one role -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [(), ("--as", AMANDA)], ids=["back office", "storefront"])
def test_am_6_7_the_last_role_of_an_enabled_user_is_not_taken_from_the_user(demo: Runner, who: tuple[str, ...]) -> None:
    refusal = (5, "last-role", f"user:{BOB}: an enabled user needs at least one role")
    assert demo.refusal("user", "edit", BOB, "--role", "", *who) == refusal
    assert demo.refusal("user", "role", "remove", BOB, "buyer") == refusal


def test_am_6_7_nor_from_the_side_of_the_role(demo: Runner) -> None:
    demo.json("role", "add", "Reader")
    demo.json("user", "edit", PETER, "--role", "reader")
    refusal = (5, "last-role", f"user:{PETER}: an enabled user needs at least one role")
    assert demo.refusal("role", "edit", "reader", "--customer", "company-a") == refusal
    demo.json("user", "disable", PETER)
    assert demo.fields("role", "edit", "reader", "--customer", "company-a")[f"user:{PETER}"] == {
        "roles": [["company-a/reader"], []]
    }


def test_am_6_7_a_disabled_user_may_lose_the_last_role_and_is_not_enabled_without_one(demo: Runner) -> None:
    demo.json("user", "disable", BOB, "--as", AMANDA)
    assert demo.fields("user", "edit", BOB, "--role", "", "--as", AMANDA) == {f"user:{BOB}": {"roles": [["buyer"], []]}}
    refusal = (5, "last-role", f"user:{BOB}: an enabled user needs at least one role")
    assert demo.refusal("user", "enable", BOB, "--as", AMANDA) == refusal
    assert demo.refusal("user", "enable", BOB) == refusal


# -- the website's roles -----------------------------------------------------------------------------------------------


def test_r_15_visitors_have_the_role_that_the_setting_names(demo: Runner) -> None:
    demo.json("role", "add", "Walk-in")
    demo.json("role", "grant", "walk-in", "request", "create=user")
    setting = 'apiVersion = "custctl/v1"\n[settings]\n"customer.guest_role" = "walk-in"\n'
    question = ("access", "explain", "guest", "create", "request", "--ignore-status")
    assert [held["role"] for held in demo.json(*question)["roles"]] == ["visitors"]
    demo.apply(setting)
    asked = demo.json(*question)
    assert (asked["allowed"], [held["role"] for held in asked["roles"]]) == (True, ["walk-in"])
    assert demo("access", "can", "visitor:visitor-1", "view", "shopping-list:SL-9001").exit == 1


@pytest.mark.parametrize("name", ["customer.default_role", "customer.guest_role"])
def test_r_15_the_websites_roles_are_predefined_ones_that_are_stored(demo: Runner, name: str) -> None:
    document = 'apiVersion = "custctl/v1"\n[settings]\n"{}" = "{}"\n'
    message = "the website's roles are predefined ones, without a customer"
    assert demo.unapplied(document.format(name, "company-a/approver")) == [
        ("3:1", 4, "invalid", f"setting:{name}: {message}")
    ]
    assert demo.unapplied(document.format(name, "nothing")) == [("3:1", 4, "not-found", "role 'nothing' not found")]


def test_r_15_another_role_of_the_website_frees_the_first_one(demo: Runner) -> None:
    demo.json("role", "add", "Starter")
    setting = 'apiVersion = "custctl/v1"\n[settings]\n"customer.default_role" = "{}"\n'
    demo.apply(setting.format("starter"))
    assert demo.refusal("role", "delete", "starter")[1] == "protected"
    demo.apply(setting.format("buyer"))
    assert demo.changes("role", "delete", "starter") == [("remove", "role:starter")]


# -- what roles let people see ----------------------------------------------------------------------------------


def test_d_08_a_buyer_cannot_edit_a_company_address(demo: Runner) -> None:
    words = ("customer", "address", "edit", "company-a/hq", "--city", "Tampa")
    assert denied(demo, *words, "--as", BOB) == ("edit", "customer-address", "none", "explicit-none")
    assert demo.json("customer", "address", "show", "company-a/hq", "--as", BOB)["city"] == "Haines City"
    assert demo.json("access", "can", GRACE, "edit", "customer-address:company-a/hq")["allowed"] is True
    assert demo.fields(*words, "--as", GRACE) == {"customer-address:company-a/hq": {"city": ["Haines City", "Tampa"]}}


def test_l_09_the_history_of_orders_goes_by_the_access_level(demo: Runner) -> None:
    assert keys(demo, "order", "list", "--as", BOB) == ["SO-1001"]
    assert keys(demo, "order", "list", "--as", GRACE) == ["SO-1001", "SO-1002"]
    tree = ["SO-1001", "SO-1002", "SO-1101", "SO-1102", "SO-1201", "SO-1202", "SO-1301", "SO-1302"]
    assert keys(demo, "order", "list", "--as", AMANDA) == tree
    assert keys(demo, "order", "list", "--as", OLIVIA) == ["SO-2001", "SO-2002"]
    assert keys(demo, "order", "list", "--as", NINA) == []


def test_v_04_a_guest_views_products_and_no_orders(demo: Runner) -> None:
    product = demo.json("access", "can", "guest", "view", "product")
    assert (product["allowed"], product["reason"]) == (True, "unprotected")
    order = demo("access", "can", "guest", "view", "order", "-o", "json")
    assert (order.exit, order.json["reason"], order.json["level"]) == (1, "no-entry", "none")


OBSTACLES = {
    "guest-record": ("guest", "true", "false"),
    "reset": ("auth_status", '"reset"', '"active"'),
    "disabled": ("enabled", "false", "true"),
    "unconfirmed": ("confirmed", "false", "true"),
    "no-customer": ("customer", '""', '"company-a"'),
}
"""What keeps a user from signing in, in the order in which it is asked: a field, the value that does, and another."""


@pytest.mark.parametrize("count", range(len(OBSTACLES) + 1))
def test_u_12_of_all_that_keeps_a_user_from_signing_in_the_first_is_told(demo: Runner, count: int) -> None:
    key = "una@x.example" if count else "una"
    values = [(field, good if number < count else bad) for number, (field, bad, good) in enumerate(OBSTACLES.values())]
    lines = "".join(f"{field} = {value}\n" for field, value in values)
    person = 'email = "una@x.example"\nfirst_name = "Una"\nlast_name = "Noble"\nroles = ["administrator"]\n'
    demo.apply(f'apiVersion = "custctl/v1"\n[[users]]\nkey = "{key}"\n{person}{lines}')
    reason = [*OBSTACLES, None][count]
    assert demo.json("user", "show", key)["sign_in"] == {"allowed": reason is None, "reason": reason}
    if reason is None:
        assert demo.json("customer", "show", "company-a", "--as", key)["name"] == "Company A"
    else:
        assert denied(demo, "customer", "show", "company-a", "--as", key)[3] == reason


def test_r_16_an_explanation_names_the_role_the_level_and_the_records_owner(demo: Runner) -> None:
    told = demo.json("access", "explain", WANDA, "view", "order:SO-1201")
    assert told["roles"] == [{"role": "administrator", "assumed": False, "source": "entry", "level": "corporate"}]
    assert (told["level"], told["reason"]) == ("corporate", "granted")
    assert told["match"] == {"rule": "owner-customer", "path": ["company-a-la", "company-a-west"]}
    lines = demo("access", "explain", WANDA, "view", "order:SO-1201").lines
    assert any("administrator  corporate" in line for line in lines)
    assert any("company-a-la → company-a-west" in line for line in lines)


def test_r_16_a_refusal_under_as_is_explained_by_the_same_question(demo: Runner) -> None:
    refused = demo("order", "edit", "SO-1102", "--status", "open", "--as", CARLOS, "-o", "json").json
    asked = demo("access", "explain", CARLOS, "edit", "order:SO-1102", "-o", "json").json
    assert {name: asked[name] for name in refused} == refused
    assert asked["vetoes"] == [{"reason": "order-closed", "record": "order:SO-1102"}]
