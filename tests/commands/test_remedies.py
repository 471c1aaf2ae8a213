"""The nearest remedy by example: what comes first among the changes that would make an answer yes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner import Runner

WORLD = """
    apiVersion = "custctl/v1"

    [[entities]]
    name = "memo"
    ownership = "user"

    [[customers]]
    key = "acme"
    name = "Acme"
    [[customers]]
    key = "north"
    name = "Acme North"
    parent = "acme"
    [[customers]]
    key = "globex"
    name = "Globex"

    [[roles]]
    key = "clerk"
    label = "Clerk, for everyone"
    permissions.order = { view = "user" }
    [[roles]]
    key = "acme/desk"
    label = "Desk"
    permissions.request-product = { view = "full" }
    permissions.request-product-item = { view = "full" }
    [[roles]]
    key = "acme/viewer"
    label = "Viewer"
    permissions.order = { view = "department" }
    [[roles]]
    key = "acme/chief"
    label = "Chief"
    permissions.order = { view = "corporate" }

    [[users]]
    email = "ann@acme.example"
    first_name = "Ann"
    last_name = "Ames"
    customer = "acme"
    roles = ["clerk", "acme/desk"]
    [[users]]
    email = "bea@acme.example"
    first_name = "Bea"
    last_name = "Bell"
    customer = "acme"
    roles = ["clerk", "acme/desk"]
    [[users]]
    email = "gus@globex.example"
    first_name = "Gus"
    last_name = "Gill"
    customer = "globex"
    roles = ["clerk"]

    [[orders]]
    number = "SO-1"
    user = "bea@acme.example"
    customer = "acme"
    [[orders]]
    number = "SO-2"
    customer = "north"
    [[requests]]
    number = "RFQ-1"
    user = "bea@acme.example"
    customer = "acme"
    [[records]]
    entity = "request-product"
    key = "p-1"
    parent = "request:RFQ-1"
    [[records]]
    entity = "request-product-item"
    key = "i-1"
    parent = "request-product:p-1"
"""
ANN, BEA, GUS = "ann@acme.example", "bea@acme.example", "gus@globex.example"


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(WORLD)
    return custctl


def remedy(shop: Runner, question: str) -> Any:
    answer = shop("access", "explain", *question.split(), "-o", "json")
    assert answer.exit == 1, answer
    return answer.json["remedy"]


def told(shop: Runner, question: str) -> tuple[list[str], int, int] | None:
    """The commands without the program's name, and how many users of how many customers gain as well."""
    found = remedy(shop, question)
    if found is None:
        return None
    commands = [command.removeprefix("custctl ") for command in found["commands"]]
    return commands, found["also_affects"]["users"], found["also_affects"]["customers"]


def add_memo(shop: Runner, *lines: str) -> None:
    rows = "\n".join(f'[[records]]\nentity = "memo"\nkey = "m-{place}"\n{line}' for place, line in enumerate(lines, 1))
    shop.apply(f'apiVersion = "custctl/v1"\n{rows}', "memos.toml")


# The order of preference


def test_fewest_commands_come_first_however_much_they_open(shop: Runner) -> None:
    """Two grants would open less; the administrator's role opens the line and its order at once."""
    shop.json("role", "revoke", "acme/desk", "request-product")
    assert told(shop, f"{ANN} view request-product:p-1") == ([f"user role add {ANN} administrator"], 0, 0)


def test_of_one_command_each_the_one_that_opens_fewest_records_is_told(shop: Runner) -> None:
    """The chief would see the order of North too, the administrator everything."""
    assert told(shop, f"{ANN} view order:SO-1") == ([f"user role add {ANN} acme/viewer"], 0, 0)


def test_what_opens_to_colleagues_counts_too(shop: Runner) -> None:
    """To raise the desk opens SO-1 to Ann alone, because it is Bea's own; each further order it opens to both."""
    question = f"{ANN} view order:SO-1 --without-role acme/viewer"
    assert told(shop, question) == (["role grant acme/desk order view=department"], 1, 1)
    shop.json("order", "add", "SO-3", "--customer", "acme")
    shop.json("order", "add", "SO-4", "--customer", "acme")
    assert told(shop, question) == ([f"user role add {ANN} acme/chief"], 0, 0)


def test_where_equally_much_opens_the_smaller_rise_is_told(shop: Runner) -> None:
    """There are no memos: nothing opens, whether Ann gets them at corporate or the desk at user."""
    shop.apply(
        """
        apiVersion = "custctl/v1"
        [[roles]]
        key = "acme/reader"
        label = "Reader"
        permissions.memo = { view = "corporate" }
        """,
        "reader.toml",
    )
    assert told(shop, f"{ANN} view memo") == (["role grant acme/desk memo view=user"], 1, 1)


def test_a_role_is_raised_no_further_than_the_record_needs(shop: Runner) -> None:
    add_memo(shop, f'user = "{ANN}"', f'user = "{BEA}"', 'customer = "north"')
    levels = {"m-1": "user", "m-2": "department", "m-3": "corporate"}
    for key, level in levels.items():
        assert told(shop, f"{ANN} view memo:{key}") == ([f"role grant acme/desk memo view={level}"], 1, 1)


# Roles that other customers use


def test_an_own_role_is_raised_rather_than_one_that_other_customers_use(shop: Runner) -> None:
    assert told(shop, f"{ANN} delete order") == (["role grant acme/desk order delete=user"], 1, 1)


def test_an_assignable_role_is_given_rather_than_one_raised_that_other_customers_use(shop: Runner) -> None:
    shop.json("user", "role", "remove", ANN, "acme/desk")
    assert told(shop, f"{ANN} view order:SO-2") == ([f"user role add {ANN} acme/chief"], 0, 0)


def test_two_roles_are_given_rather_than_two_raised_that_other_customers_use(shop: Runner) -> None:
    shop.json("user", "edit", ANN, "--role", "clerk")
    shop.json("role", "add", "Products", "--customer", "acme", "--key", "products")
    shop.json("role", "grant", "acme/products", "request-product", "view=full")
    shop.json("role", "add", "Requests", "--customer", "acme", "--key", "requests")
    shop.json("role", "grant", "acme/requests", "request", "view=department")
    shop.json("user", "role", "add", BEA, "acme/products")
    question = f"{ANN} view request-product:p-1 --without-role administrator"
    assert told(shop, question) == ([f"user role add {ANN} acme/products", f"user role add {ANN} acme/requests"], 0, 0)


def test_where_nothing_else_would_do_the_shared_role_is_raised_and_the_others_are_counted(shop: Runner) -> None:
    assert told(shop, f"{GUS} delete order") == (["role grant clerk order delete=user"], 2, 1)


def test_a_role_of_colleagues_alone_and_of_nobodys_user_is_not_shared(shop: Runner) -> None:
    """Who belongs to no customer is no user of another one."""
    shop.apply(
        """
        apiVersion = "custctl/v1"
        [[roles]]
        key = "lonely"
        label = "Lonely"
        [[users]]
        email = "nobody@nowhere.example"
        first_name = "No"
        last_name = "Body"
        roles = ["lonely"]
        """,
        "lonely.toml",
    )
    shop.json("user", "edit", ANN, "--role", "clerk", "--role", "lonely")
    assert told(shop, f"{ANN} delete order") == (["role grant lonely order delete=user"], 1, 0)


# Records that depend on others


def test_what_denies_a_row_is_opened_however_far_above_it(shop: Runner) -> None:
    assert told(shop, f"{ANN} view request-product-item:i-1") == (
        ["role grant acme/desk request view=department"],
        1,
        1,
    )


def test_two_permissions_of_one_entity_are_one_command(shop: Runner) -> None:
    add_memo(shop, f'user = "{BEA}"', f'user = "{BEA}"\nparent = "memo:m-1"')
    commands, *_ = told(shop, f"{ANN} delete memo:m-2") or ([],)
    assert commands == ["role grant acme/desk memo delete=department edit=department"]


def test_a_role_of_a_customer_below_needs_sight_of_that_customer(shop: Runner) -> None:
    shop.json("role", "add", "Night shift", "--customer", "north", "--key", "night", "--self-managed")
    shop.json("role", "grant", "acme/desk", "role", "view=corporate")
    assert told(shop, f"{ANN} view role:north/night") == (["role grant acme/desk customer view=corporate"], 1, 1)


def test_a_predefined_role_is_opened_by_any_level_of_viewing_roles(shop: Runner) -> None:
    assert told(shop, f"{ANN} view role:buyer") == (
        ["role grant acme/desk customer-user-role view=department"],
        1,
        1,
    )


def test_a_role_that_is_to_be_deleted_is_not_given_for_that(shop: Runner) -> None:
    shop.json("role", "add", "Spare", "--customer", "acme", "--key", "spare", "--self-managed")
    shop.json("role", "grant", "acme/spare", "role", "delete=department")
    shop.json("role", "grant", "acme/spare", "customer", "view=department")
    shop.json("role", "grant", "acme/desk", "customer", "view=department")
    assert told(shop, f"{ANN} delete role:acme/spare") == (
        ["role grant acme/desk customer-user-role delete=department"],
        1,
        1,
    )


# Signing in


def test_a_user_without_a_role_gets_one_before_being_enabled(shop: Runner) -> None:
    shop.json("user", "disable", ANN)
    shop.json("user", "role", "remove", ANN, "clerk", "acme/desk")
    commands = [f"user role add {ANN} acme/viewer", f"user enable {ANN}"]
    assert told(shop, f"{ANN} view order:SO-1") == (commands, 0, 0)
    assert told(shop, f"{ANN} view product") == ([f"user role add {ANN} clerk", f"user enable {ANN}"], 0, 0)


def test_ending_a_reset_and_confirming_are_one_command(shop: Runner) -> None:
    shop.json("user", "edit", ANN, "--unconfirmed", "--auth-status", "reset")
    assert told(shop, f"{ANN} view order") == ([f"user edit {ANN} --auth-status active --confirmed"], 0, 0)
    assert told(shop, f"{ANN} delete order --ignore-status") == (["role grant acme/desk order delete=user"], 1, 1)


# Roles that are supposed


def test_a_role_that_is_supposed_away_is_not_given_again(shop: Runner) -> None:
    shop.json("user", "role", "add", ANN, "acme/chief")
    question = f"{ANN} view order:SO-2 --without-role acme/chief"
    assert told(shop, question) == (["role grant acme/desk order view=corporate"], 1, 1)


def test_a_role_that_is_supposed_can_be_raised_like_one_that_is_held(shop: Runner) -> None:
    shop.json("role", "add", "Extra", "--customer", "acme", "--key", "extra")
    question = f"{GUS} delete order --with-role acme/extra"
    assert told(shop, question) == (["role grant acme/extra order delete=user"], 0, 0)


# Nobody else's business


def test_a_role_alone_and_visitors_are_helped_by_raising_their_role(shop: Runner) -> None:
    assert told(shop, "role:acme/desk view memo") == (["role grant acme/desk memo view=user"], 2, 1)
    assert told(shop, "guest view coupon") == (["role grant visitors coupon view=full"], 0, 0)


def test_what_no_role_can_change_has_no_remedy(shop: Runner) -> None:
    shop.json("order", "add", "SO-9", "--user", ANN, "--customer", "acme", "--status", "closed")
    assert told(shop, f"{ANN} edit order:SO-9") is None
    assert told(shop, f"{GUS} view order:SO-1") is None
    assert told(shop, f"{ANN} assign coupon") is None
    assert told(shop, "guest view shopping-list") is None
