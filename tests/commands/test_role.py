"""Customer user roles and what they grant; the names of tests begin with the feature they hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner import Refusal, Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
ERIN = "erin.cole@company-a.example"
APPROVER = "company-a/approver"
ASSISTANT = "company-a/assistant"
BUILT_IN = ("administrator", "buyer", "visitors")

ALL = ("view", "create", "edit", "delete", "assign")


def permissions(runner: Runner, role: str) -> dict[str, dict[str, str]]:
    """The entries of a role for entities."""
    table: dict[str, dict[str, str]] = runner.json("role", "show", role)["permissions"]
    return table


def levels(runner: Runner, subject: str, resource: str) -> dict[str, str]:
    """The levels of the permissions of one entity, as the matrix has them."""
    (row,) = [row for row in runner.json("access", "matrix", subject)["entities"] if row["entity"] == resource]
    return {permission: cell["level"] for permission, cell in row["permissions"].items()}


# label and code


def test_r_01_a_role_needs_a_label_and_gets_key_and_code_of_it(custctl: Runner) -> None:
    assert custctl.fields("role", "add", "Order approver (2)") == {
        "role:order-approver-2": {
            "key": [None, "order-approver-2"],
            "label": [None, "Order approver (2)"],
            "self_managed": [None, False],
            "public": [None, True],
        }
    }
    assert custctl.json("role", "show", "order-approver-2")["code"] == "ROLE_FRONTEND_ORDER_APPROVER_2"


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("Ab", "label must have 3 to 255 characters, this has 2"),
        ("x" * 256, "label must have 3 to 255 characters, this has 256"),
        ("", "label must not be blank"),
    ],
)
def test_r_01_a_label_has_3_to_255_characters(demo: Runner, label: str, problem: str) -> None:
    assert demo.refusal("role", "add", label, "--key", "abc") == (4, "invalid", f"role 'abc': {problem}")
    assert demo.refusal("role", "edit", APPROVER, "--label", label) == (4, "invalid", f"role '{APPROVER}': {problem}")


def test_r_01_labels_of_3_and_of_255_characters_pass(custctl: Runner) -> None:
    assert custctl.changes("role", "add", "Abc") == [("add", "role:abc")]
    assert custctl.changes("role", "add", "x" * 255) == [("add", f"role:{'x' * 64}")]


def test_r_01_equal_codes_get_numbers(custctl: Runner) -> None:
    custctl("customer", "add", "A B")
    custctl("role", "add", "A B/Clerk", "--key", "a-b-clerk")
    custctl("role", "add", "Clerk", "--customer", "a-b")
    assert custctl.json("role", "show", "a-b-clerk")["code"] == "ROLE_FRONTEND_A_B_CLERK"
    assert custctl.json("role", "show", "a-b/clerk")["code"] == "ROLE_FRONTEND_A_B_CLERK_2"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("Clerk", "--key", "No Key"), (4, "invalid", "role:no key: 'no key' is not a key")),
        (("Clerk", "--key", "buyer"), (5, "taken", "role:buyer exists already")),
        (("Clerk", "--customer", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("Clerk", "--key", "nope/clerk"), (3, "not-found", "customer 'nope' not found")),
        (("Clerk", "--like", "nope"), (3, "not-found", "role 'nope' not found")),
    ],
)
def test_r_01_a_role_that_cannot_be_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("role", "add", *words) == refusal


# labels are unique per customer


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Buyer",), "role:buyer-2: a role with the label 'Buyer' already exists: role:buyer"),
        (
            ("order APPROVER", "--customer", "company-a", "--key", "second"),
            "role:company-a/second: a role with the label 'order APPROVER' already exists: role:company-a/approver",
        ),
    ],
)
def test_r_02_a_label_is_taken_once_per_customer(demo: Runner, words: tuple[str, ...], message: str) -> None:
    assert demo.refusal("role", "add", *words) == (5, "taken", message)


def test_r_02_another_customer_may_have_a_role_of_that_label(demo: Runner) -> None:
    assert demo.changes("role", "add", "Order approver", "--customer", "partner-c") == [
        ("add", "role:partner-c/order-approver")
    ]
    assert demo.changes("role", "add", "Order approver") == [("add", "role:order-approver")]
    assert demo.changes("role", "add", "Buyer", "--customer", "partner-c") == [("add", "role:partner-c/buyer")]


def test_r_02_an_edit_cannot_take_a_label_either(demo: Runner) -> None:
    message = f"role:{APPROVER}: a role with the label 'bookkeeper' already exists: role:company-a/bookkeeper"
    assert demo.refusal("role", "edit", APPROVER, "--label", "bookkeeper") == (5, "taken", message)


def test_r_02_two_roles_may_exchange_their_labels_in_one_document(demo: Runner) -> None:
    demo.apply(
        f"""
        [[roles]]
        key = "{APPROVER}"
        label = "Bookkeeper"
        [[roles]]
        key = "company-a/bookkeeper"
        label = "Order approver"
        """
    )
    assert demo.json("role", "show", APPROVER)["label"] == "Bookkeeper"


# predefined and own roles


def test_r_03_roles_are_predefined_or_belong_to_a_customer(demo: Runner) -> None:
    rows = demo.json("role", "list", "--sort", "key")
    assert [(row["key"], row["type"], row["customer"], row["users"]) for row in rows] == [
        ("administrator", "predefined", None, 4),
        ("buyer", "predefined", None, 10),
        ("company-a/approver", "customizable", "company-a", 1),
        ("company-a/assistant", "customizable", "company-a", 1),
        ("company-a/bookkeeper", "customizable", "company-a", 1),
        ("partner-c/service-desk", "customizable", "partner-c", 1),
        ("visitors", "predefined", None, 0),
        ("wholesaler-b/approver", "customizable", "wholesaler-b", 1),
        ("wholesaler-b/clerk", "customizable", "wholesaler-b", 1),
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("type=predefined", ["administrator", "buyer", "visitors"]),
        ("customer=wholesaler-b", ["wholesaler-b/clerk", "wholesaler-b/approver"]),
        ("self_managed=no", ["wholesaler-b/clerk", "visitors", "company-a/assistant"]),
        ("public=no", ["visitors"]),
        ("label~approver", ["company-a/approver", "wholesaler-b/approver"]),
        ("users>1", ["administrator", "buyer"]),
        ("capability_default=on", ["administrator", "buyer"]),
        ("default=user", ["partner-c/service-desk"]),
    ],
)
def test_r_03_roles_are_listed_by_label_and_can_be_filtered(demo: Runner, condition: str, found: list[str]) -> None:
    assert [row["key"] for row in demo.json("role", "list", "--where", condition)] == found


def test_r_03_the_plain_name_is_always_the_predefined_role(demo: Runner) -> None:
    demo("role", "add", "Buyer", "--customer", "company-a")
    assert demo.json("role", "show", "buyer")["type"] == "predefined"
    assert demo.json("role", "show", "company-a/buyer")["customer"] == "company-a"


def test_r_03_a_role_is_shown_with_all_its_tables_even_when_they_are_empty(custctl: Runner) -> None:
    custctl("role", "add", "Clerk")
    shown = custctl.json("role", "show", "clerk")
    assert shown.pop("created") == shown.pop("updated")
    assert shown.pop("manager") is None
    assert shown == {
        "id": 4,
        "key": "clerk",
        "label": "Clerk",
        "code": "ROLE_FRONTEND_CLERK",
        "customer": None,
        "type": "predefined",
        "self_managed": False,
        "public": True,
        "default": None,
        "capability_default": None,
        "workflow_default": None,
        "tags": [],
        "users": 0,
        "permissions": {},
        "capabilities": {},
        "workflows": {},
        "fields": {},
    }


def test_r_03_label_and_flags_of_a_role_change(demo: Runner) -> None:
    assert demo.fields("role", "edit", APPROVER, "--label", "Chief", "--not-self-managed", "--not-public") == {
        f"role:{APPROVER}": {
            "label": ["Order approver", "Chief"],
            "self_managed": [True, False],
            "public": [True, False],
        }
    }
    assert demo.refusal("role", "edit", APPROVER) == (2, "usage", "say what to change")


# permissions and levels


def test_r_04_a_grant_sets_levels_and_leaves_the_rest_of_the_role(demo: Runner) -> None:
    before = permissions(demo, APPROVER)
    assert before["order"] == {"edit": "department", "view": "corporate"}
    demo("role", "grant", APPROVER, "order", "view=user", "create=department")
    row = {"create": "department", "edit": "department", "view": "user"}
    assert permissions(demo, APPROVER) == before | {"order": row}


def test_r_04_the_first_grant_on_an_unlisted_entity_keeps_what_the_default_gave(demo: Runner) -> None:
    before = levels(demo, f"role:{ASSISTANT}", "shopping-list")
    assert before == dict.fromkeys([*ALL, "duplicate", "rename", "set-as-default"], "department")
    demo("role", "grant", ASSISTANT, "shopping-list", "delete=user")
    assert levels(demo, f"role:{ASSISTANT}", "shopping-list") == before | {"delete": "user"}
    assert permissions(demo, ASSISTANT)["shopping-list"]["delete"] == "user"


def test_r_04_a_revoked_permission_is_none_and_a_revoked_entity_follows_the_default(demo: Runner) -> None:
    demo("role", "revoke", ASSISTANT, "quote", "view")
    assert permissions(demo, ASSISTANT)["quote"] == {}
    assert levels(demo, f"role:{ASSISTANT}", "quote") == dict.fromkeys(ALL, "none")
    demo("role", "revoke", ASSISTANT, "quote", "--yes")
    assert "quote" not in permissions(demo, ASSISTANT)
    assert levels(demo, f"role:{ASSISTANT}", "quote") == dict.fromkeys(ALL, "department")


def test_r_04_revoking_what_is_not_listed_says_so_and_changes_nothing(demo: Runner) -> None:
    answer = demo("role", "revoke", APPROVER, "coupon")
    assert (answer.exit, answer.out) == (0, "nothing to change\n")
    assert answer.err == f"warning: role:{APPROVER} does not list coupon\n"


@pytest.mark.parametrize(
    ("grant", "field", "value"),
    [
        (("default=corporate",), "default", "corporate"),
        (("default", "corporate"), "default", "corporate"),
        (("capability-default=on",), "capability_default", True),
        (("workflow-default=user",), "workflow_default", "user"),
    ],
)
def test_r_04_defaults_are_granted_and_revoked(demo: Runner, grant: tuple[str, ...], field: str, value: Any) -> None:
    assert demo.fields("role", "grant", APPROVER, *grant, "--yes") == {f"role:{APPROVER}": {field: [None, value]}}
    name = grant[0].partition("=")[0]
    assert demo.fields("role", "revoke", APPROVER, name) == {f"role:{APPROVER}": {field: [value, None]}}


def test_r_04_workflows_and_fields_are_granted_and_revoked(demo: Runner) -> None:
    demo("role", "grant", APPROVER, "workflow:b2b_rfq_frontoffice_default", "view=user")
    demo("role", "grant", APPROVER, "quote.subtotal", "view=none", "edit=none")
    shown = demo.json("role", "show", APPROVER)
    assert shown["workflows"]["b2b_rfq_frontoffice_default"] == {"view": "user"}
    assert shown["fields"] == {"quote.subtotal": {"edit": "none", "view": "none"}}
    demo("role", "revoke", APPROVER, "workflow:b2b_rfq_frontoffice_default")
    demo("role", "revoke", APPROVER, "quote.subtotal")
    shown = demo.json("role", "show", APPROVER)
    assert (list(shown["workflows"]), shown["fields"]) == (["b2b_flow_checkout"], {})


def test_r_04_a_new_role_copies_the_entries_of_another(demo: Runner) -> None:
    demo("role", "add", "Clone", "--customer", "partner-c", "--key", "clone", "--like", ASSISTANT, "--self-managed")
    made, model = demo.json("role", "show", "partner-c/clone"), demo.json("role", "show", ASSISTANT)
    copied = ("default", "capability_default", "workflow_default", "permissions", "capabilities", "workflows", "fields")
    assert [made[name] for name in copied] == [model[name] for name in copied]
    assert (made["customer"], made["self_managed"], made["users"]) == ("partner-c", True, 0)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("order",), (2, "usage", "say what to grant on order: ACTION=LEVEL")),
        (("order", "view"), (2, "usage", "'view' is not ACTION=LEVEL")),
        (("order", "=user"), (2, "usage", "'=user' is not ACTION=LEVEL")),
        (("ordr", "view=user"), (4, "unknown-entity", "unknown entity 'ordr'")),
        (
            ("order", "veiw=user"),
            (
                4,
                "invalid",
                f"role:{APPROVER}: veiw is not a permission of order: it has view, create, edit, delete, assign",
            ),
        ),
        (
            ("order", "view=usr"),
            (
                4,
                "invalid",
                f"role '{APPROVER}': permissions.order.view must be one of none, user, department, corporate, full",
            ),
        ),
        (
            ("order:SO-1001", "view=user"),
            (4, "invalid", "a role speaks of entities, not of one record: 'order:SO-1001'"),
        ),
        (("workflow:nope", "view=user"), (4, "unknown-workflow", "unknown workflow 'nope'")),
        (("nope.budget", "view=none"), (4, "unknown-entity", "unknown entity 'nope'")),
        (
            ("default=full",),
            (4, "invalid", f"role '{APPROVER}': default must be one of none, user, department, corporate"),
        ),
        (("capability-default=maybe",), (4, "invalid", "capability-default is on or off, not 'maybe'")),
    ],
)
def test_r_04_a_grant_with_an_unknown_word_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("role", "grant", APPROVER, *words) == refusal


def test_r_04_a_near_word_is_offered(demo: Runner) -> None:
    answer = demo("role", "grant", APPROVER, "order", "veiw=user")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        f"error: role:{APPROVER}: veiw is not a permission of order: it has view, create, edit, delete, assign\n"
        '  --> field "permissions"\n'
        "  hint: did you mean view?\n"
    )


@pytest.mark.parametrize(("verb", "word"), [("grant", "view=user"), ("revoke", "view")])
def test_r_04_a_role_that_is_not_stored_is_exit_3(demo: Runner, verb: str, word: str) -> None:
    refusal = (3, "not-found", "role 'company-a/aprover' not found")
    assert demo.refusal("role", verb, "company-a/aprover", "order", word) == refusal


# the levels an entity can hold


@pytest.mark.parametrize(
    ("resource", "grant", "allowed"),
    [
        ("customer", "view=user", "none, department, corporate"),
        ("customer-user-role", "edit=user", "none, department, corporate"),
        ("customer-address", "view=full", "none, department, corporate"),
        ("order", "view=full", "none, user, department, corporate"),
        ("coupon", "view=corporate", "none, full"),
        ("sales-report", "view=user", "none, department, corporate"),
    ],
)
def test_r_05_an_entity_holds_only_the_levels_of_its_ownership(
    demo: Runner, resource: str, grant: str, allowed: str
) -> None:
    action, _, level = grant.partition("=")
    message = f"role:{APPROVER}: {resource} cannot hold {level} for {action}: it takes {allowed}"
    assert demo.refusal("role", "grant", APPROVER, resource, grant) == (4, "invalid", message)


@pytest.mark.parametrize(
    ("resource", "held"),
    [
        ("customer", ["none", "department", "corporate"]),
        ("order", ["none", "user", "department", "corporate"]),
        ("coupon", ["none", "full"]),
    ],
)
def test_r_05_every_level_of_the_ownership_can_be_granted(demo: Runner, resource: str, held: list[str]) -> None:
    for level in held:
        assert demo("role", "grant", APPROVER, resource, f"view={level}").exit == 0
        assert levels(demo, f"role:{APPROVER}", resource)["view"] == level


def test_r_05_a_default_is_adapted_where_an_explicit_level_would_be_refused(demo: Runner) -> None:
    found = {
        name: levels(demo, "role:partner-c/service-desk", name)["view"] for name in ("order", "customer", "coupon")
    }
    assert found == {"order": "user", "customer": "department", "coupon": "full"}


# corporate reaches down only


@pytest.mark.parametrize(
    ("customer", "answer"),
    [("company-a-west", 0), ("company-a-la", 0), ("company-a", 1), ("company-a-east", 1), ("partner-c", 1)],
)
def test_r_07_corporate_reaches_one_s_own_customer_and_those_below_it(demo: Runner, customer: str, answer: int) -> None:
    question = ("access", "can", "wanda.hill@company-a.example", "view")
    assert demo(*question, f"customer:{customer}").exit == answer
    assert demo(*question, "order", "--customer", customer).exit == answer


def test_r_07_the_reach_follows_when_a_customer_moves(demo: Runner) -> None:
    question = ("access", "can", "wanda.hill@company-a.example", "view", "order:SO-1201")
    assert demo(*question).exit == 0
    demo("customer", "move", "company-a-la", "--to", "company-a-east")
    assert demo(*question).exit == 1


# deleting and capabilities


@pytest.mark.parametrize("role", BUILT_IN)
def test_r_11_a_role_that_every_shop_has_stays_and_keeps_its_key(demo: Runner, role: str) -> None:
    message = f"role:{role} is a role that every shop has"
    assert demo.refusal("role", "delete", role) == (5, "protected", message)
    path = demo.file(f'[[roles]]\nkey = "other"\nwas = "{role}"\n')
    message = f"role:{role} keeps its key, because every shop has it"
    assert demo.refusal("apply", "-f", path, "--yes") == (5, "protected", message)


def test_r_11_a_role_that_somebody_has_stays(demo: Runner) -> None:
    message = f"role:{APPROVER} is held by 1 user"
    assert demo.refusal("role", "delete", APPROVER) == (5, "has-dependents", message)
    demo("user", "role", "remove", "dana.lee@company-a.example", APPROVER)
    assert demo.changes("role", "delete", APPROVER) == [("remove", f"role:{APPROVER}")]
    assert demo.sql("SELECT count(*) FROM role_entry LEFT JOIN role ON id = role_id WHERE id IS NULL") == [(0,)]


def test_r_11_the_default_role_of_the_website_stays(demo: Runner) -> None:
    demo("role", "add", "Newcomer")
    demo.apply('[settings]\n"customer.default_role" = "newcomer"')
    message = "role:newcomer is the website's default or guest role"
    assert demo.refusal("role", "delete", "newcomer") == (5, "protected", message)


def test_r_13_a_capability_that_is_switched_off_is_denied(demo: Runner) -> None:
    capability = "capability:oro_customer_frontend_update_own_profile"
    assert demo("access", "can", BOB, "use", capability).exit == 0
    assert demo.fields("role", "grant", "buyer", capability, "use=off")["role:buyer"]["capabilities"][1] == {
        "oro_customer_frontend_update_own_profile": False,
        "oro_quick_add_form": True,
    }
    answer = demo("access", "can", BOB, "use", capability)
    assert (answer.exit, answer.err) == (1, "")
    why = "every role that mentions it says none (explicit-none)"
    assert answer.out == f"no   user:{BOB} may not use {capability}: {why}\n"
    demo("role", "revoke", "buyer", capability, "--yes")
    assert demo("access", "can", BOB, "use", capability).exit == 0


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("capability:nope", "use=on"), (4, "invalid", f"role:{APPROVER}: unknown capability 'nope'")),
        (
            ("capability:oro_quick_add_form", "use=maybe"),
            (4, "invalid", "a capability is granted by use=on or use=off"),
        ),
        (
            ("capability:oro_quick_add_form", "view=on"),
            (4, "invalid", "a capability is granted by use=on or use=off"),
        ),
    ],
)
def test_r_13_a_capability_is_on_or_off(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("role", "grant", APPROVER, *words) == refusal


# the roles of a new shop


def test_r_14_a_new_shop_has_three_roles(custctl: Runner) -> None:
    rows = custctl.json("role", "list", "--sort", "key")
    assert [(row["key"], row["label"], row["self_managed"], row["public"]) for row in rows] == [
        ("administrator", "Administrator", True, True),
        ("buyer", "Buyer", True, True),
        ("visitors", "Non-Authenticated Visitors", False, False),
    ]


C, D, U, NONE = "corporate", "department", "user", "none"
NOTHING = (NONE,) * 5
SEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "administrator": {
        "customer": (C, C, C, C, C),
        "customer-address": (C, C, C, C, C),
        "customer-user": (C, C, C, C, C),
        "customer-user-address": (C, C, C, C, C),
        "customer-user-role": (C, C, C, C, C),
        "checkout": (C, C, C, C, C),
        "order": (C, C, C, NONE, C),
        "request": (C, C, C, NONE, C),
        "quote": (C, C, NONE, NONE, C),
        "shopping-list": (C, C, C, C, C, C, C, C),
    },
    "buyer": {
        "customer": (D, NONE, NONE, NONE, NONE),
        "customer-address": (D, NONE, NONE, NONE, NONE),
        "customer-user": (D, NONE, NONE, NONE, NONE),
        "customer-user-address": (U, NONE, NONE, NONE, NONE),
        "customer-user-role": NOTHING,
        "checkout": (U, U, U, U, NONE),
        "order": (U, U, U, NONE, NONE),
        "request": (U, U, U, NONE, NONE),
        "quote": (U, NONE, NONE, NONE, NONE),
        "shopping-list": (U, U, U, U, NONE, U, U, U),
    },
    "visitors": {
        "customer": NOTHING,
        "customer-address": NOTHING,
        "customer-user": NOTHING,
        "customer-user-address": NOTHING,
        "customer-user-role": NOTHING,
        "checkout": (U, U, U, U, NONE),
        "order": NOTHING,
        "request": (NONE, U, NONE, NONE, NONE),
        "quote": NOTHING,
        "shopping-list": (U, NONE, U, NONE, NONE, NONE, NONE, NONE),
        "shopping-list-line-item": (U, NONE, U, U, NONE),
    },
}
"""View, create, edit, delete, assign and an entity's own permissions, as the shop's own roles have them."""


@pytest.mark.parametrize("role", SEEDED)
def test_r_14_the_three_roles_grant_what_the_shop_s_own_do(custctl: Runner, role: str) -> None:
    matrix = custctl.json("access", "matrix", f"role:{role}")
    rows = {row["entity"]: row["permissions"] for row in matrix["entities"]}
    found = {name: tuple(cell["level"] for cell in rows[name].values()) for name in SEEDED[role]}
    assert found == SEEDED[role]
    assert {row["name"]: row["allowed"] for row in matrix["capabilities"]}["oro_quick_add_form"] is True


def test_r_14_buyers_see_their_own_orders_and_administrators_those_of_the_tree(demo: Runner) -> None:
    seen = {subject: demo("access", "can", subject, "view", "order:SO-1301").exit for subject in (AMANDA, BOB, ERIN)}
    assert seen == {AMANDA: 0, BOB: 1, ERIN: 0}
