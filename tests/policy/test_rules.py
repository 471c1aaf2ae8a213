"""The rules one by one, each under the number of the statement (AM) it comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from custctl.policy.catalogue import ENTITIES, PREDEFINED_ROLES, WORKFLOWS, standard_permissions
from custctl.policy.decide import decide, role_verdict, scope, sign_in
from custctl.policy.model import (
    LEVELS,
    Decision,
    Entity,
    Facts,
    Kind,
    Level,
    Match,
    Ownership,
    Reason,
    Record,
    Resource,
    Role,
    RoleFacts,
    Scope,
    Subject,
    Veto,
)
from tests.policy.worlds import chains

TREE = {"l1": None, "l1-1": "l1", "l1-1-1": "l1-1", "l1-1-2": "l1-1", "l1-2": "l1"}
FEATURES = frozenset({"guest.shopping_list", "guest.checkout", "guest.request", "guest.quote", "guest.quick_order"})
FACTS = Facts(chains(TREE), FEATURES, ENTITIES)
REGARDLESS = replace(FACTS, ignore_status=True)
ANNA, BOB = "anna@l1-1.example", "bob@l1-1.example"
OWNED_LEVELS = ("user", "department", "corporate")
PROFILE = "oro_customer_frontend_update_own_profile"


def role(key: str = "clerk", default: str | None = None, **entries: str) -> Role:
    """A role from lines as `role grant` takes them: `order="view=user edit=none"`; `_` stands for `-`."""
    return Role(
        key,
        {("entity", name.replace("_", "-")): levels(line) for name, line in entries.items()},
        LEVELS[default] if default is not None else None,
    )


def role_with(kind: Kind, name: str, line: str, key: str = "clerk") -> Role:
    return Role(key, {(kind, name): levels(line)})


def levels(line: str) -> dict[str, Level]:
    return {action: LEVELS[word] for action, word in (pair.split("=") for pair in line.split())}


def user(*roles: Role, customer: str | None = "l1-1", **status: Any) -> Subject:
    return Subject("user", ANNA, roles, customer, **status)


def visitor(*roles: Role, key: str = "v1") -> Subject:
    return Subject("visitor", key, roles, visitor=key)


def guest(*roles: Role) -> Subject:
    return Subject("guest", "guest", roles)


def row(
    entity: str, owner: str | None = None, of: str | None = None, customer: str | None = None, **more: Any
) -> Record:
    """A record of an entity; `of` is the customer of its owner."""
    return Record(f"{entity}:1", entity, owner, of, customer, **more)


def ask(subject: Subject, action: str, about: str | Record, facts: Facts = FACTS) -> Decision:
    """A question about an entity or about one record."""
    name, record = (about, None) if isinstance(about, str) else (about.entity, about)
    return decide(subject, action, Resource("entity", name, ENTITIES[name], record), facts)


def ask_of(subject: Subject, action: str, kind: Kind, name: str, record: Record | None = None) -> Decision:
    """A question about a capability, a workflow or a field."""
    entity = {"workflow": WORKFLOWS.get(name), "field": name.partition(".")[0]}.get(kind)
    return decide(subject, action, Resource(kind, name, ENTITIES[entity] if entity else None, record), FACTS)


def lists(subject: Subject, entity: str, facts: Facts = FACTS) -> Scope:
    return scope(subject, ENTITIES[entity], "view", facts)


def says(decision: Decision) -> tuple[bool, str]:
    return decision.allowed, decision.reason.value


YES = (True, "granted")
AFAR = (False, "out-of-reach")


# 1 Levels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ownership", "kind", "permission", "offered"),
    [
        ("user", "entity", "view", "none user department corporate"),
        ("customer", "entity", "view", "none department corporate"),
        ("none", "entity", "view", "none full"),
        ("user", "entity", "create", "none user department corporate"),
        ("user", "field", "create", "none full"),
        ("customer", "field", "create", "none full"),
        ("user", "field", "view", "none user department corporate"),
        ("customer", "field", "edit", "none department corporate"),
        ("user", "workflow", "perform", "none user department corporate"),
    ],
)
def test_am_1_2_the_levels_that_can_be_chosen(ownership: Ownership, kind: Kind, permission: str, offered: str) -> None:
    entity = Entity("thing", ownership, standard_permissions(ownership))
    assert " ".join(level.word for level in entity.levels(permission, kind)) == offered


@pytest.mark.parametrize(
    ("ownership", "default", "permission", "adapted"),
    [
        ("none", "none", "view", "none"),
        ("none", "user", "view", "full"),
        ("none", "department", "edit", "full"),
        ("none", "corporate", "delete", "full"),
        ("none", "corporate", "assign", "none"),
        ("customer", "none", "view", "none"),
        ("customer", "user", "view", "department"),
        ("customer", "department", "view", "department"),
        ("customer", "corporate", "assign", "corporate"),
        ("customer", "full", "view", "corporate"),
        ("user", "none", "view", "none"),
        ("user", "user", "view", "user"),
        ("user", "department", "assign", "department"),
        ("user", "corporate", "view", "corporate"),
        ("user", "full", "view", "corporate"),
    ],
)
def test_am_1_3_a_default_is_adapted_to_the_entity(
    ownership: Ownership, default: str, permission: str, adapted: str
) -> None:
    entity = Entity("thing", ownership, standard_permissions(ownership))
    assert entity.adapt(LEVELS[default], permission).word == adapted


@pytest.mark.parametrize(
    ("entity", "level"), [("order", "user"), ("customer", "department"), ("order-line-item", "full")]
)
def test_am_1_3_a_default_of_user_counts_as_adapted(entity: str, level: str) -> None:
    assert ask(user(role(default="user")), "view", entity).level.word == level


# 2 Entities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "customer", "expected"),
    [
        ("department", "l1-1", YES),
        ("department", "l1-1-1", AFAR),
        ("corporate", "l1-1-1", YES),
        ("corporate", "l1", AFAR),
        ("corporate", "l1-2", AFAR),
    ],
)
def test_am_2_a_customer_is_compared_by_its_own_key_and_not_by_its_parent(
    level: str, customer: str, expected: tuple[bool, str]
) -> None:
    record = row("customer", customer=customer)
    assert says(ask(user(role(customer=f"view={level}")), "view", record)) == expected


@pytest.mark.parametrize("level", ["department", "corporate"])
def test_am_2_a_user_always_reaches_its_own_user_record(level: str) -> None:
    decision = ask(user(role(customer_user=f"edit={level}")), "edit", row("customer-user", ANNA, "l1-1", "l1-1"))
    assert (says(decision), decision.match) == (YES, Match("own"))


def test_am_2_even_without_a_customer_the_own_user_record_is_reached() -> None:
    subject = user(role(customer_user="view=department"), customer=None)
    assert says(ask(subject, "view", row("customer-user", ANNA), REGARDLESS)) == YES
    assert says(ask(subject, "view", row("customer-user", BOB), REGARDLESS)) == AFAR


@pytest.mark.parametrize("entity", ["product", "category"])
@pytest.mark.parametrize("roles", [(), (role(product="view=none", category="view=full edit=full"),)])
def test_am_2_no_role_speaks_about_what_is_unprotected(entity: str, roles: tuple[Role, ...]) -> None:
    assert says(ask(user(*roles), "view", entity)) == (True, "unprotected")
    assert says(ask(user(*roles), "edit", entity)) == (False, "not-applicable")
    assert ask(user(*roles), "view", entity).level is Level.NONE
    assert lists(user(*roles), entity) == Scope("all")


@pytest.mark.parametrize("entity", ["product", "category"])
def test_am_5_8_a_product_or_category_that_is_hidden_is_not_viewed(entity: str) -> None:
    hidden = replace(FACTS, hidden=True)
    decision = ask(user(role(product="view=full")), "view", row(entity), hidden)
    assert (says(decision), decision.vetoes) == ((False, "hidden"), (Veto(Reason.HIDDEN, f"{entity}:1"),))
    assert says(ask(user(), "edit", row(entity), hidden)) == (False, "not-applicable")
    assert says(ask(user(enabled=False), "view", row(entity), hidden)) == (False, "disabled")
    assert says(ask(user(), "view", entity, hidden)) == (True, "unprotected"), "the question about none of them"
    assert says(ask(user(role(order="view=corporate")), "view", row("order", ANNA, "l1-1"), hidden)) == YES


# 3 Permissions --------------------------------------------------------------------------------------------------


def test_am_3_1_permissions_are_independent() -> None:
    subject = user(role(order="edit=corporate"))
    assert ask(subject, "edit", "order").allowed
    assert says(ask(subject, "view", "order")) == (False, "explicit-none")


@pytest.mark.parametrize(
    ("entity", "action"),
    [
        ("order-line-item", "assign"),
        ("order", "duplicate"),
        ("shopping-list", "share"),
        ("frontend-import-export-result", "edit"),
        ("order", "use"),
        ("checkout", "perform"),
    ],
)
def test_am_3_1_a_permission_the_entity_does_not_have_is_denied(entity: str, action: str) -> None:
    decision = ask(user(role(default="corporate")), action, entity)
    assert (says(decision), decision.level) == ((False, "not-applicable"), Level.NONE)


@pytest.mark.parametrize("action", ["duplicate", "rename", "set-as-default"])
def test_am_3_1_a_shopping_list_has_permissions_of_its_own(action: str) -> None:
    assert says(ask(user(role(shopping_list=f"{action}=user")), action, row("shopping-list", ANNA, "l1-1"))) == YES
    assert not ask(user(role(shopping_list="view=user edit=user")), action, "shopping-list").allowed


@pytest.mark.parametrize(
    ("entry", "default", "expected"),
    [
        ("use=full", None, YES),
        ("use=full", Level.NONE, YES),
        ("use=none", Level.FULL, (False, "explicit-none")),
        ("", Level.FULL, (False, "explicit-none")),
        (None, Level.FULL, YES),
        (None, Level.NONE, (False, "no-entry")),
        (None, None, (False, "no-entry")),
    ],
)
def test_am_3_2_a_capability_goes_by_its_entry_else_by_its_default(
    entry: str | None, default: Level | None, expected: tuple[bool, str]
) -> None:
    listed = role() if entry is None else role_with("capability", PROFILE, entry)
    holder = replace(listed, default=Level.CORPORATE, capability_default=default)
    assert says(ask_of(user(holder), "use", "capability", PROFILE)) == expected


def test_am_3_2_a_capability_is_on_when_one_role_says_so() -> None:
    off, on = role_with("capability", PROFILE, "use=none"), role_with("capability", PROFILE, "use=full", "boss")
    decision = ask_of(user(off, on), "use", "capability", PROFILE)
    assert (says(decision), decision.level) == (YES, Level.FULL)


def test_am_3_2_a_capability_is_on_or_off_whatever_the_record() -> None:
    holder = role_with("capability", PROFILE, "use=full")
    assert says(ask_of(user(holder), "use", "capability", PROFILE, row("order", BOB))) == YES


def test_am_3_2_a_capability_is_only_used() -> None:
    holder = role_with("capability", PROFILE, "use=full view=full")
    assert says(ask_of(user(holder), "view", "capability", PROFILE)) == (False, "not-applicable")


def test_am_3_2_the_profile_and_the_user_record_are_separate_doors() -> None:
    editor, owner = role(customer_user="edit=corporate"), role_with("capability", PROFILE, "use=full")
    assert not ask_of(user(editor), "use", "capability", PROFILE).allowed
    assert not ask(user(owner), "edit", row("customer-user", ANNA, "l1-1", "l1-1")).allowed


@pytest.mark.parametrize(
    ("level", "owner", "of", "expected"),
    [
        ("user", ANNA, "l1-1", YES),
        ("user", BOB, "l1-1", AFAR),
        ("department", BOB, "l1-1", YES),
        ("department", "eve@l1-1-1.example", "l1-1-1", AFAR),
        ("corporate", "eve@l1-1-1.example", "l1-1-1", YES),
    ],
)
def test_am_3_3_a_workflow_goes_by_the_ownership_of_its_record(
    level: str, owner: str, of: str, expected: tuple[bool, str]
) -> None:
    holder = role_with("workflow", "b2b_flow_checkout", f"perform={level}")
    decision = ask_of(user(holder), "perform", "workflow", "b2b_flow_checkout", row("checkout", owner, of))
    assert says(decision) == expected


def test_am_3_3_the_default_of_workflows_is_not_that_of_entities() -> None:
    entities, workflows = Role("a", {}, default=Level.CORPORATE), Role("b", {}, workflow_default=Level.USER)
    assert says(ask_of(user(entities), "view", "workflow", "b2b_flow_checkout")) == (False, "no-entry")
    assert ask_of(user(workflows), "view", "workflow", "b2b_flow_checkout").level is Level.USER
    assert says(ask(user(workflows), "view", "checkout")) == (False, "no-entry")


def test_am_3_3_a_workflow_is_viewed_and_performed_and_nothing_else() -> None:
    holder = Role("clerk", {}, workflow_default=Level.CORPORATE)
    assert says(ask_of(user(holder), "edit", "workflow", "b2b_flow_checkout")) == (False, "not-applicable")


@pytest.mark.parametrize("action", ["view", "create", "edit"])
def test_am_3_4_a_field_without_entry_is_open_to_every_role(action: str) -> None:
    decision = ask_of(user(role()), action, "field", "order.total")
    assert (says(decision), decision.level) == (YES, Level.FULL)
    of_nobody = ask_of(user(role()), action, "field", "order.total", row("order"))
    assert (says(of_nobody), of_nobody.match) == (YES, Match("ownerless"))


def test_am_3_4_a_field_closes_only_when_every_role_closes_it() -> None:
    closed, closing = (role_with("field", "order.total", "view=none edit=none", key) for key in ("a", "b"))
    assert ask_of(user(closed, role()), "view", "field", "order.total").allowed
    assert says(ask_of(user(closed, closing), "view", "field", "order.total")) == (False, "field-closed")


def test_am_3_4_a_permission_that_a_field_entry_leaves_out_stays_open() -> None:
    assert ask_of(user(role_with("field", "order.total", "view=none")), "edit", "field", "order.total").allowed


def test_am_3_4_a_field_is_answered_alone_whatever_its_entity() -> None:
    assert ask_of(user(role(order="view=none")), "view", "field", "order.total").allowed
    closed = replace(role_with("field", "order.total", "view=none"), default=Level.CORPORATE)
    assert not ask_of(user(closed), "view", "field", "order.total").allowed


def test_am_3_4_the_level_of_a_field_goes_by_the_ownership_of_the_record() -> None:
    holder = role_with("field", "order.total", "view=user create=full")
    assert says(ask_of(user(holder), "view", "field", "order.total", row("order", ANNA, "l1-1"))) == YES
    assert says(ask_of(user(holder), "view", "field", "order.total", row("order", BOB, "l1-1"))) == AFAR
    assert says(ask_of(user(holder), "create", "field", "order.total", row("order", BOB, "l1-1"))) == YES


def test_am_3_4_a_field_is_never_deleted_or_assigned() -> None:
    for action in ("delete", "assign"):
        assert says(ask_of(user(role()), action, "field", "order.total")) == (False, "not-applicable")


# 4 How a role holds privileges ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holder", "source", "level"),
    [
        (role(default="corporate", order="view=user"), "entry", "user"),
        (role(default="corporate", order="edit=user"), "entry", "none"),
        (role(default="corporate", order=""), "entry", "none"),
        (role(default="corporate", quote="view=none"), "default", "corporate"),
        (role(default="none"), "default", "none"),
        (role(quote="view=user"), "nothing", "none"),
    ],
)
def test_am_4_an_entry_replaces_the_default_as_a_whole(holder: Role, source: str, level: str) -> None:
    verdict = role_verdict(holder, "view", Resource("entity", "order", ENTITIES["order"]))
    assert (verdict.source, verdict.level.word) == (source, level)


def test_am_4_an_entry_that_leaves_out_an_own_permission_denies_it() -> None:
    assert not ask(user(role(default="corporate", shopping_list="view=user")), "duplicate", "shopping-list").allowed


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ((), "no-role"),
        ((role(),), "no-entry"),
        ((role(default="none"),), "no-entry"),
        ((role(order="view=none"),), "explicit-none"),
        ((role(), role("boss", order="edit=user")), "explicit-none"),
    ],
)
def test_am_4_a_refusal_tells_an_explicit_none_from_silence(roles: tuple[Role, ...], reason: str) -> None:
    assert says(ask(user(*roles), "view", "order")) == (False, reason)


# 5.1 Effective level --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [(0, 1, 2), (2, 1, 0), (1, 2, 0, 0)])
def test_am_5_1_the_widest_level_of_the_roles_counts(places: tuple[int, ...]) -> None:
    held = (role("a", order="view=user"), role("b", order="view=none"), role("c", default="department"))
    decision = ask(user(*(held[place] for place in places)), "view", "order")
    assert decision.level is Level.DEPARTMENT
    assert {verdict.role: verdict.level.word for verdict in decision.roles} == {
        "a": "user",
        "b": "none",
        "c": "department",
    }


def test_am_5_1_no_role_takes_away_what_another_gives() -> None:
    assert ask(user(role("a", default="corporate"), role("b", order="")), "view", "order").level is Level.CORPORATE


@pytest.mark.parametrize("action", ["view", "create", "edit", "delete", "assign"])
def test_am_5_1_who_has_no_role_has_nothing(action: str) -> None:
    assert says(ask(user(), action, "order")) == (False, "no-role")


def test_am_5_1_a_role_that_is_assumed_is_marked() -> None:
    decision = ask(user(role(), replace(role("boss", default="user"), assumed=True)), "view", "order")
    assert [verdict.assumed for verdict in decision.roles] == [False, True]


@pytest.mark.parametrize(
    ("entity", "held", "read"),
    [
        ("order", Level.FULL, Level.CORPORATE),
        ("customer", Level.FULL, Level.CORPORATE),
        ("customer", Level.USER, Level.DEPARTMENT),
        ("order-line-item", Level.USER, Level.FULL),
    ],
)
def test_am_5_1_a_stored_level_the_entity_cannot_hold_is_read_as_one_it_can(
    entity: str, held: Level, read: Level
) -> None:
    assert ask(user(Role("clerk", {("entity", entity): {"view": held}})), "view", entity).level is read


# 5.2 The class question -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", OWNED_LEVELS)
@pytest.mark.parametrize("action", ["view", "create", "assign"])
def test_am_5_2_the_class_question_is_yes_at_any_level(action: str, level: str) -> None:
    decision = ask(user(role(order=f"{action}={level}")), action, "order")
    assert (says(decision), decision.level.word, decision.match) == (YES, level, None)


def test_am_5_2_the_class_question_is_no_at_none() -> None:
    assert not ask(user(role(order="create=none")), "create", "order").allowed


def test_am_5_2_a_role_alone_can_be_asked_the_class_question() -> None:
    clerk = role(order="view=user", order_line_item="view=full")
    assert says(ask(Subject("role", "clerk", (clerk,)), "view", "order")) == YES
    assert says(ask(Subject("role", "clerk", (clerk,)), "view", row("order", "clerk"))) == AFAR
    assert says(ask(Subject("role", "clerk", (clerk,)), "view", row("order-line-item"))) == YES


# 5.3 The record question ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", OWNED_LEVELS)
def test_am_5_3_a_record_of_ones_own_opens_at_every_level(level: str) -> None:
    decision = ask(user(role(order=f"view={level}")), "view", row("order", ANNA, "l1-1"))
    assert (says(decision), decision.match) == (YES, Match("own"))


@pytest.mark.parametrize("level", OWNED_LEVELS)
def test_am_5_3_a_record_that_nobody_owns_opens_at_no_level(level: str) -> None:
    assert says(ask(user(role(order=f"view={level}")), "view", row("order"))) == AFAR


@pytest.mark.parametrize(("level", "expected"), [("user", AFAR), ("department", YES), ("corporate", YES)])
def test_am_5_3_a_record_of_the_customer_without_user_opens_from_department_up(
    level: str, expected: tuple[bool, str]
) -> None:
    assert says(ask(user(role(order=f"view={level}")), "view", row("order", customer="l1-1"))) == expected


@pytest.mark.parametrize(
    ("entity", "record", "match"),
    [
        ("order", row("order", BOB, "l1-1"), Match("owner-customer", ("l1-1",))),
        ("order", row("order", BOB, "l1-1-1"), Match("owner-customer", ("l1-1-1", "l1-1"))),
        ("order", row("order", BOB, "l1-2", "l1-1-1"), Match("customer", ("l1-1-1", "l1-1"))),
        ("order", row("order", BOB, "l1-1-1", "l1-2"), Match("owner-customer", ("l1-1-1", "l1-1"))),
        ("grid-view", row("grid-view", BOB, "l1-1"), Match("owner-customer", ("l1-1",))),
        ("customer-address", row("customer-address", customer="l1-1-2"), Match("customer", ("l1-1-2", "l1-1"))),
        ("customer", row("customer", customer="l1-1"), Match("customer", ("l1-1",))),
        ("customer-user", row("customer-user", BOB, "l1-1", "l1-1"), Match("customer", ("l1-1",))),
        ("order-line-item", row("order-line-item"), Match("ownerless")),
    ],
)
def test_am_5_3_a_yes_names_the_rule_and_the_customers_walked(entity: str, record: Record, match: Match) -> None:
    assert ask(user(role(default="corporate")), "view", record).match == match
    assert record.entity == entity


@pytest.mark.parametrize("customer", ["l1-1", "l1-2"])
def test_am_5_3_a_record_whose_user_and_customer_disagree_opens_from_both_sides(customer: str) -> None:
    subject = replace(user(role(order="view=department"), customer=customer), key="eve@nowhere.example")
    assert says(ask(subject, "view", row("order", BOB, "l1-1", "l1-2"))) == YES


def test_am_5_3_the_customer_counts_only_where_the_entity_has_one() -> None:
    subject = user(role(grid_view="view=corporate"))
    assert says(ask(subject, "view", row("grid-view", BOB, "l1-2", "l1-1"))) == AFAR


def test_am_5_3_the_user_of_a_customer_owned_record_does_not_count() -> None:
    subject = user(role(customer_address="view=corporate"))
    assert says(ask(subject, "view", row("customer-address", ANNA, "l1-1", "l1-2"))) == AFAR


def test_am_5_3_without_a_customer_only_ones_own_records_open() -> None:
    subject = user(role(default="corporate"), customer=None)
    assert says(ask(subject, "view", row("order", ANNA), REGARDLESS)) == YES
    assert says(ask(subject, "view", row("order", BOB), REGARDLESS)) == AFAR
    assert says(ask(subject, "view", row("order", customer="l1-1"), REGARDLESS)) == AFAR


# 5.4 Lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "level", "expected"),
    [
        ("order", "none", Scope("nothing")),
        ("order", "user", Scope("own", user=ANNA)),
        ("order", "department", Scope("customers", roots=("l1-1",), by="customer")),
        ("order", "corporate", Scope("customers", roots=("l1-1",), deep=True, by="customer")),
        ("grid-view", "user", Scope("own", user=ANNA)),
        ("grid-view", "department", Scope("customers", roots=("l1-1",), by="owner")),
        ("grid-view", "corporate", Scope("customers", roots=("l1-1",), deep=True, by="owner")),
        ("customer", "department", Scope("customers", roots=("l1-1",), by="customer")),
        ("customer-user", "corporate", Scope("customers", roots=("l1-1",), deep=True, by="customer")),
        ("coupon", "full", Scope("all")),
        ("coupon", "none", Scope("nothing")),
    ],
)
def test_am_5_4_what_a_list_goes_by(entity: str, level: str, expected: Scope) -> None:
    holder = role_with("entity", entity, f"view={level}")
    assert lists(user(holder), entity) == expected


def test_am_5_4_the_list_of_whoever_has_no_role_is_empty() -> None:
    assert lists(user(), "order") == Scope("nothing")


def test_am_5_4_without_a_customer_lists_hold_ones_own_records_at_most() -> None:
    lone = user(role(order="view=corporate", quote="view=user"), customer=None)
    assert lists(lone, "order", REGARDLESS) == Scope("nothing")
    assert lists(lone, "quote", REGARDLESS) == Scope("own", user=ANNA)


def test_am_5_4_a_colleagues_record_with_a_foreign_customer_opens_but_is_not_listed() -> None:
    subject = user(role(order="view=department"))
    record = row("order", BOB, "l1-1", "l1-2")
    seen = lists(subject, "order")
    assert ask(subject, "view", record).allowed
    assert (seen.by, seen.roots) == ("customer", ("l1-1",))
    assert record.customer not in seen.roots


def test_am_5_4_a_colleagues_record_without_customer_opens_but_is_not_listed() -> None:
    subject = user(role(order="view=corporate"))
    record = row("order", BOB, "l1-1")
    assert ask(subject, "view", record).allowed
    assert (lists(subject, "order").by, record.customer) == ("customer", None)


def test_am_5_4_the_list_of_somebody_who_cannot_sign_in_is_empty() -> None:
    assert lists(user(role(default="corporate"), enabled=False), "order") == Scope("nothing")
    assert lists(user(role(default="corporate"), enabled=False), "order", REGARDLESS).kind == "customers"


def test_am_5_4_a_role_alone_lists_nothing_that_is_owned() -> None:
    clerk = Subject("role", "clerk", (role(order="view=user", customer="view=corporate", coupon="view=full"),))
    assert lists(clerk, "order") == lists(clerk, "customer") == Scope("nothing")
    assert lists(clerk, "coupon") == Scope("all")


# 5.5 The worked table -------------------------------------------------------------------------------------------

WORKED = [
    ("l1-1", "own", "l1-1", (YES, YES, YES)),
    ("l1-1", "colleague", "l1-1", (AFAR, YES, YES)),
    ("l1-1", "somebody", "l1-1-1", (AFAR, AFAR, YES)),
    ("l1-1-1", "somebody", "l1-1", (AFAR, AFAR, AFAR)),
    ("l1-1-1", "somebody", "l1-1-2", (AFAR, AFAR, AFAR)),
    ("l1-2", "somebody", "l1-1", (AFAR, AFAR, AFAR)),
    ("l1", "somebody", "l1-1-1", (AFAR, AFAR, YES)),
]


@pytest.mark.parametrize(
    ("actor", "owner", "customer", "level", "expected"),
    [
        (actor, owner, customer, level, answer)
        for actor, owner, customer, answers in WORKED
        for level, answer in zip(OWNED_LEVELS, answers, strict=True)
    ],
)
def test_am_5_5_the_worked_table(actor: str, owner: str, customer: str, level: str, expected: tuple[bool, str]) -> None:
    subject = user(role(order=f"view={level}"), customer=actor)
    record = row("order", ANNA if owner == "own" else BOB, customer, customer)
    assert says(ask(subject, "view", record)) == expected


# 5.8 Vetoes -----------------------------------------------------------------------------------------------------

BOSS = role("boss", default="corporate")


@pytest.mark.parametrize(
    ("entity", "action", "state", "reason"),
    [
        ("order", "edit", {"status": "closed"}, "order-closed"),
        ("order", "edit", {"status": "cancelled"}, "order-closed"),
        ("request", "edit", {"workflow_active": True}, "workflow-active"),
        ("quote", "view", {"status": "draft"}, "quote-unavailable"),
        ("quote", "view", {"status": "deleted"}, "quote-unavailable"),
        ("quote", "view", {"status": "expired"}, "quote-unavailable"),
    ],
)
def test_am_5_8_the_state_of_a_document_forbids(entity: str, action: str, state: dict[str, Any], reason: str) -> None:
    decision = ask(user(BOSS), action, row(entity, ANNA, "l1-1", **state))
    assert says(decision) == (False, reason)
    assert decision.vetoes == (Veto(Reason(reason), f"{entity}:1"),)
    assert (decision.level, decision.match) == (Level.CORPORATE, Match("own"))


@pytest.mark.parametrize(
    ("entity", "action", "state"),
    [
        ("order", "edit", {"status": "open"}),
        ("order", "view", {"status": "closed"}),
        ("order", "delete", {"status": "cancelled"}),
        ("order", "edit", {"status": "draft"}),
        ("checkout", "edit", {"status": "closed"}),
        ("request", "view", {"workflow_active": True}),
        ("request", "edit", {"workflow_active": False}),
        ("checkout", "edit", {"workflow_active": True}),
        ("quote", "edit", {"status": "draft"}),
        ("quote", "view", {"status": "sent"}),
        ("quote", "view", {"status": "closed"}),
    ],
)
def test_am_5_8_any_other_state_or_action_is_free(entity: str, action: str, state: dict[str, Any]) -> None:
    assert says(ask(user(BOSS), action, row(entity, ANNA, "l1-1", **state))) == YES


def test_am_5_8_a_veto_is_not_asked_where_the_roles_say_no() -> None:
    decision = ask(user(role(order="edit=user")), "edit", row("order", BOB, "l1-1", status="closed"))
    assert (says(decision), decision.vetoes) == (AFAR, ())


def test_am_5_8_a_class_question_knows_no_state() -> None:
    assert says(ask(user(BOSS), "edit", "order")) == YES


def role_row(customer: str | None = "l1-1", **facts: bool) -> Record:
    known = {"self_managed": True, "public": True, **facts}
    return row("customer-user-role", customer=customer, role=RoleFacts(predefined=customer is None, **known))


@pytest.mark.parametrize("action", ["view", "edit", "assign", "delete"])
def test_am_5_8_a_role_of_a_customer_needs_sight_of_that_customer(action: str) -> None:
    blind = role(default="corporate", customer="view=none edit=corporate")
    decision = ask(user(blind), action, role_row())
    assert says(decision) == (False, "customer-not-visible")
    assert decision.vetoes == (Veto(Reason.CUSTOMER_NOT_VISIBLE, "customer:l1-1"),)
    assert says(ask(user(BOSS), action, role_row())) == YES


def test_am_5_8_sight_of_the_customer_must_reach_as_far_as_the_role() -> None:
    near = role(default="corporate", customer="view=department")
    assert says(ask(user(near), "view", role_row("l1-1-1"))) == (False, "customer-not-visible")
    assert says(ask(user(near), "view", role_row("l1-1"))) == YES


def test_am_5_8_a_role_that_nobody_stored_needs_sight_of_its_customer_too() -> None:
    supposed = Record("", "customer-user-role", customer="l1-1")
    assert says(ask(user(role(default="corporate", customer="")), "view", supposed)) == (False, "customer-not-visible")


def test_am_5_8_to_create_a_role_no_customer_need_be_seen() -> None:
    assert says(ask(user(role(default="corporate", customer="")), "create", role_row())) == YES


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"website": True}, "protected-role"), ({"in_use": True}, "role-in-use")],
)
def test_am_5_8_a_role_of_the_website_or_with_users_is_not_deleted(facts: dict[str, Any], reason: str) -> None:
    assert says(ask(user(BOSS), "delete", role_row(**facts))) == (False, reason)
    assert says(ask(user(BOSS), "edit", role_row(**facts))) == YES


@pytest.mark.parametrize("action", ["view", "edit", "assign", "delete"])
@pytest.mark.parametrize("facts", [{"self_managed": False}, {"public": False}])
def test_am_6_2_a_role_that_is_not_self_managed_and_public_has_no_page(facts: dict[str, Any], action: str) -> None:
    assert says(ask(user(BOSS), action, role_row(**facts))) == (False, "protected-role")
    assert says(ask(user(BOSS), action, role_row())) == YES


def test_am_5_8_every_veto_is_named_in_a_fixed_order() -> None:
    blind = role(default="corporate", customer="")
    decision = ask(user(blind), "delete", role_row(website=True, in_use=True))
    assert [veto.reason.value for veto in decision.vetoes] == [
        "protected-role",
        "role-in-use",
        "customer-not-visible",
    ]


def line(parent: Record | None) -> Record:
    return row("shopping-list-line-item", ANNA, "l1-1", parent=parent)


FOREIGN_LIST = row("shopping-list", "dan@l1-2.example", "l1-2", "l1-2")
OWN_LIST = row("shopping-list", ANNA, "l1-1", "l1-1")


@pytest.mark.parametrize(
    ("action", "rights", "allowed"),
    [
        ("view", "view=user", True),
        ("view", "edit=user", False),
        *((action, "edit=user", True) for action in ("create", "edit", "delete")),
        *((action, "view=user", False) for action in ("create", "edit", "delete")),
        ("assign", "view=none", True),
    ],
)
def test_am_5_8_a_line_is_guarded_by_its_parent(action: str, rights: str, *, allowed: bool) -> None:
    holder = role(default="corporate", shopping_list=rights)
    decision = ask(user(holder), action, line(OWN_LIST))
    assert says(decision) == (YES if allowed else (False, "parent-denied"))
    assert decision.vetoes == (() if allowed else (Veto(Reason.PARENT_DENIED, "shopping-list:1"),))


def test_am_5_8_a_parent_out_of_reach_closes_its_lines() -> None:
    assert says(ask(user(BOSS), "view", line(FOREIGN_LIST))) == (False, "parent-denied")


def test_am_5_8_a_line_without_parent_is_free() -> None:
    assert says(ask(user(role(default="corporate", shopping_list="")), "view", line(None))) == YES


def test_am_5_8_what_forbids_the_parent_forbids_its_lines() -> None:
    order = row("order", ANNA, "l1-1", status="closed")
    assert says(ask(user(BOSS), "edit", row("order-line-item", parent=order))) == (False, "parent-denied")
    assert says(ask(user(BOSS), "view", row("order-line-item", parent=order))) == YES


def test_am_5_8_a_grandparent_guards_too() -> None:
    order = row("order", "dan@l1-2.example", "l1-2")
    item = row("order-line-item", parent=order)
    decision = ask(user(BOSS), "view", row("order-product-kit-item-line-item", parent=item))
    assert decision.vetoes == (Veto(Reason.PARENT_DENIED, "order-line-item:1"),)


def test_am_5_8_neither_fields_nor_workflows_ask_for_the_state_of_a_record() -> None:
    order = row("order", ANNA, "l1-1", status="closed")
    request = row("request", ANNA, "l1-1", workflow_active=True)
    holder = replace(BOSS, workflow_default=Level.CORPORATE)
    assert ask_of(user(holder), "edit", "field", "order.total", order).allowed
    assert ask_of(user(holder), "perform", "workflow", "b2b_rfq_frontoffice_default", request).allowed


# 5.9 The positive override --------------------------------------------------------------------------------------

VIEWER = role(default="department")


@pytest.mark.parametrize(
    ("subject", "action", "record", "expected"),
    [
        (user(VIEWER), "view", role_row(None), (True, "public-role")),
        (user(VIEWER), "edit", role_row(None), AFAR),
        (user(VIEWER), "assign", role_row(None), AFAR),
        (user(VIEWER), "view", role_row(None, public=False), AFAR),
        (user(VIEWER), "view", role_row(None, self_managed=False), AFAR),
        (user(VIEWER), "view", role_row("l1-2"), AFAR),
        (user(role(customer_user_role="")), "view", role_row(None), (False, "explicit-none")),
        (user(), "view", role_row(None), (False, "no-role")),
        (visitor(VIEWER), "view", role_row(None), AFAR),
        (Subject("role", "viewer", (VIEWER,)), "view", role_row(None), AFAR),
    ],
)
def test_am_5_9_a_signed_in_user_may_view_a_predefined_self_managed_public_role(
    subject: Subject, action: str, record: Record, expected: tuple[bool, str]
) -> None:
    decision = ask(subject, action, record)
    assert (says(decision), decision.match) == (expected, None)


def test_am_5_9_the_field_of_a_public_role_is_no_role() -> None:
    holder = role_with("field", "customer-user-role.label", "view=department")
    assert says(ask_of(user(holder), "view", "field", "customer-user-role.label", role_row(None))) == AFAR


# 6.2 Lists of roles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "deep"), [("department", False), ("corporate", True)])
def test_am_6_2_a_list_of_roles_is_the_storefronts(level: str, *, deep: bool) -> None:
    expected = Scope("customers", roots=("l1-1",), deep=deep, by="customer", storefront=True)
    assert lists(user(role(customer_user_role=f"view={level}")), "customer-user-role") == expected


def test_am_6_2_whoever_has_no_customer_still_sees_the_predefined_roles() -> None:
    lone = user(role(customer_user_role="view=corporate"), customer=None)
    assert lists(lone, "customer-user-role", REGARDLESS) == Scope("customers", deep=True, storefront=True)
    assert says(ask(lone, "view", role_row(None), REGARDLESS)) == (True, "public-role")


def test_am_6_2_a_buyer_sees_no_roles() -> None:
    buyer = next(role for role in PREDEFINED_ROLES if role.key == "buyer")
    held = Role("buyer", {("entity", name): entry for name, entry in buyer.permissions.items()}, buyer.default)
    assert lists(user(held), "customer-user-role") == Scope("nothing")


# 8 The hierarchy ------------------------------------------------------------------------------------------------

LOOP = {"a": "c", "b": "a", "c": "b", "below": "b", "deeper": "below", "apart": None}


@pytest.mark.parametrize(
    ("mine", "customer", "expected"),
    [
        ("a", "a", YES),
        ("a", "b", AFAR),
        ("b", "a", AFAR),
        ("b", "below", AFAR),
        ("c", "deeper", AFAR),
        ("below", "b", AFAR),
        ("below", "deeper", YES),
        ("apart", "a", AFAR),
    ],
)
def test_am_8_members_of_a_cycle_have_neither_ancestors_nor_descendants(
    mine: str, customer: str, expected: tuple[bool, str]
) -> None:
    facts = Facts(chains(LOOP), entities=ENTITIES)
    subject = user(role(order="view=corporate"), customer=mine)
    assert says(ask(subject, "view", row("order", customer=customer), facts)) == expected


def test_am_8_a_walk_upwards_ends_before_a_cycle() -> None:
    assert chains(LOOP) == {
        "a": ("a",),
        "b": ("b",),
        "c": ("c",),
        "below": ("below",),
        "deeper": ("deeper", "below"),
        "apart": ("apart",),
    }


def test_am_8_a_customer_nothing_is_known_about_is_its_own_tree() -> None:
    subject = user(role(order="view=corporate"))
    assert says(ask(subject, "view", row("order", customer="l1-1"), Facts(entities=ENTITIES))) == YES
    assert says(ask(subject, "view", row("order", customer="l1-1-1"), Facts(entities=ENTITIES))) == AFAR


# 9 Visitors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", OWNED_LEVELS)
def test_am_9_2_to_a_visitor_every_level_means_the_same_visitor(level: str) -> None:
    subject = visitor(role(quote=f"view={level}"))
    own, others = row("quote", visitor="v1"), row("quote", ANNA, "l1-1", "l1-1", visitor="v2")
    assert (says(ask(subject, "view", own)), ask(subject, "view", own).match) == (YES, Match("visitor"))
    assert says(ask(subject, "view", others)) == AFAR
    assert says(ask(subject, "view", row("quote"))) == AFAR
    assert lists(subject, "quote") == Scope("visitor", visitor="v1")


def test_am_9_2_the_lines_of_a_visitors_list_are_its_own() -> None:
    subject = visitor(role(shopping_list="view=user", shopping_list_line_item="view=user"))
    mine, theirs = (row("shopping-list", visitor=key) for key in ("v1", "v2"))
    assert says(ask(subject, "view", replace(line(mine), user=None))) == YES
    assert says(ask(subject, "view", replace(line(theirs), user=None))) == AFAR
    assert says(ask(subject, "view", replace(line(mine), visitor="v2"))) == AFAR
    assert says(ask(subject, "view", replace(line(line(mine)), user=None))) == YES


@pytest.mark.parametrize("subject", [guest, visitor])
def test_am_9_2_what_nobody_owns_is_open_to_visitors_too(subject: Any) -> None:
    asker = subject(role(coupon="view=full"))
    assert says(ask(asker, "view", row("coupon"))) == YES
    assert lists(asker, "coupon") == Scope("all")


def test_am_9_2_without_a_session_nothing_is_ones_own() -> None:
    subject = guest(role(quote="view=corporate"))
    assert ask(subject, "view", "quote").allowed
    assert says(ask(subject, "view", row("quote"))) == AFAR
    assert lists(subject, "quote") == Scope("nothing")


def test_am_9_2_at_none_a_visitor_is_refused_its_own() -> None:
    assert says(ask(visitor(role(quote="view=none")), "view", row("quote", visitor="v1"))) == (False, "explicit-none")


def without(feature: str, *, ignore_status: bool = False) -> Facts:
    return Facts(chains(TREE), FEATURES - {feature}, ENTITIES, ignore_status)


@pytest.mark.parametrize("subject", [guest(BOSS), visitor(BOSS)])
@pytest.mark.parametrize(
    ("feature", "entity"),
    [
        ("guest.shopping_list", "shopping-list"),
        ("guest.shopping_list", "shopping-list-line-item"),
        ("guest.checkout", "checkout"),
        ("guest.request", "request"),
        ("guest.request", "request-product"),
        ("guest.quote", "quote"),
        ("guest.quote", "quote-product"),
    ],
)
def test_am_9_3_a_feature_that_is_off_closes_what_the_role_opens(subject: Subject, feature: str, entity: str) -> None:
    decision = ask(subject, "view", entity, without(feature))
    assert says(decision) == (False, "feature-off")
    assert decision.vetoes == (Veto(Reason.FEATURE_OFF),)
    assert lists(subject, entity, without(feature)) == Scope("nothing")
    assert says(ask(subject, "view", entity)) == YES
    assert says(ask(subject, "view", entity, without(feature, ignore_status=True))) == YES
    assert says(ask(user(BOSS), "view", entity, without(feature))) == YES


def test_am_9_3_both_gates_must_be_open() -> None:
    assert says(ask(guest(role()), "view", "shopping-list")) == (False, "no-entry")
    assert says(ask(guest(role()), "view", "shopping-list", without("guest.shopping_list"))) == (False, "no-entry")


@pytest.mark.parametrize(
    ("kind", "name", "action", "feature"),
    [
        ("capability", "oro_quick_add_form", "use", "guest.quick_order"),
        ("workflow", "b2b_flow_checkout", "view", "guest.checkout"),
        ("workflow", "b2b_rfq_frontoffice_default", "perform", "guest.request"),
    ],
)
def test_am_9_3_a_capability_and_a_workflow_have_their_feature_too(
    kind: Kind, name: str, action: str, feature: str
) -> None:
    subject = guest(replace(BOSS, capability_default=Level.FULL, workflow_default=Level.USER))
    entity = ENTITIES[WORKFLOWS[name]] if kind == "workflow" else None
    assert says(decide(subject, action, Resource(kind, name, entity), FACTS)) == YES
    assert says(decide(subject, action, Resource(kind, name, entity), without(feature))) == (False, "feature-off")


def test_am_9_3_what_has_no_feature_needs_none() -> None:
    subject = guest(replace(BOSS, capability_default=Level.FULL))
    nothing_on = Facts(entities=ENTITIES)
    assert says(ask(subject, "view", "order", nothing_on)) == YES
    assert says(decide(subject, "use", Resource("capability", PROFILE), nothing_on)) == YES
    field = Resource("field", "quote.total", ENTITIES["quote"])
    assert says(decide(subject, "view", field, nothing_on)) == YES


# 10 Signing in --------------------------------------------------------------------------------------------------

OBSTACLES: list[tuple[dict[str, Any], str]] = [
    ({"guest": True}, "guest-record"),
    ({"reset": True}, "reset"),
    ({"enabled": False}, "disabled"),
    ({"confirmed": False}, "unconfirmed"),
    ({"customer": None}, "no-customer"),
]


@pytest.mark.parametrize(("obstacle", "reason"), OBSTACLES)
def test_am_10_whoever_cannot_sign_in_may_nothing(obstacle: dict[str, Any], reason: str) -> None:
    decision = ask(user(BOSS, **obstacle), "view", row("order", ANNA))
    assert says(decision) == (False, reason)
    assert decision.vetoes == (Veto(Reason(reason)),)
    assert says(ask(user(BOSS, **obstacle), "view", row("order", ANNA), REGARDLESS)) == YES


@pytest.mark.parametrize("first", range(len(OBSTACLES)))
def test_am_10_the_first_obstacle_in_order_is_the_reason(first: int) -> None:
    standing = {name: value for obstacle, _ in OBSTACLES[first:] for name, value in obstacle.items()}
    assert sign_in(user(**standing)) is Reason(OBSTACLES[first][1])


def test_am_10_nothing_hinders_an_active_user() -> None:
    assert sign_in(user()) is None


def test_am_10_the_status_does_not_change_what_the_roles_grant() -> None:
    order = row("order", ANNA, "l1-1", status="closed")
    blocked, active = (ask(user(BOSS, enabled=enabled), "edit", order) for enabled in (False, True))
    assert (blocked.level, blocked.roles, blocked.match) == (active.level, active.roles, active.match)
    assert [veto.reason.value for veto in blocked.vetoes] == ["disabled", "order-closed"]


@pytest.mark.parametrize("record", [line(OWN_LIST), role_row()])
def test_am_10_the_status_is_told_once_and_not_again_for_what_guards_the_record(record: Record) -> None:
    assert ask(user(BOSS, enabled=False), "view", record).vetoes == (Veto(Reason.DISABLED),)


def test_am_10_the_status_comes_before_a_refusal_of_the_roles() -> None:
    assert says(ask(user(enabled=False), "view", "order")) == (False, "disabled")
    assert says(ask(user(enabled=False), "frown", "order")) == (False, "disabled")
    assert says(ask(user(enabled=False), "view", "product")) == (False, "disabled")


@pytest.mark.parametrize("kind", ["role", "guest", "visitor"])
def test_am_10_only_a_user_signs_in(kind: Any) -> None:
    assert sign_in(Subject(kind, "x", guest=True, reset=True, enabled=False, confirmed=False)) is None
