"""The catalogue against the facts, as they were read from the shop's own configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from custctl.policy.catalogue import (
    CAPABILITIES,
    ENTITIES,
    PREDEFINED_ROLES,
    PROTECTED,
    SALES_DOCUMENTS,
    STORED_ELSEWHERE,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    PredefinedRole,
    standard_permissions,
)
from custctl.policy.model import LEVELS, Entity, Level

FACTS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "facts" / "roles.json").read_text(encoding="utf-8"))

OWNERSHIP = {"customer_user": "user", "customer": "customer", "none": "none"}
ACTIONS = {
    "duplicate_shopping_list": "duplicate",
    "rename_shopping_list": "rename",
    "set_as_default_shopping_list": "set-as-default",
    "view_workflow": "view",
    "perform_transitions": "perform",
}
ENTITY_FACTS = {_fact["entity"]: _fact for _fact in FACTS["entities"]}
ROLE_PAIRS = [(_fact, _role) for _fact in FACTS["roles"] for _role in PREDEFINED_ROLES if _role.code == _fact["code"]]
each_role = pytest.mark.parametrize(("fact", "role"), ROLE_PAIRS, ids=[role.key for _, role in ROLE_PAIRS])
each_entity = pytest.mark.parametrize("name", ENTITY_FACTS)


def kebab(name: str) -> str:
    """The name of an entity on the command line."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def action(name: str) -> str:
    return ACTIONS.get(name.lower(), name.lower())


def entry(facts: dict[str, str]) -> dict[str, Level]:
    return {action(name): LEVELS[word] for name, word in facts.items()}


def entries(facts: dict[str, dict[str, str]]) -> dict[str, dict[str, Level]]:
    return {kebab(name): entry(levels) for name, levels in facts.items()}


def on(fact: bool | None) -> Level | None:
    return None if fact is None else Level.FULL if fact else Level.NONE


def level(fact: str | None) -> Level | None:
    return None if fact is None else LEVELS[fact]


# Entities -------------------------------------------------------------------------------------------------------


def test_the_protected_entities_are_those_of_the_facts_in_their_order() -> None:
    assert list(PROTECTED) == [kebab(name) for name in ENTITY_FACTS]


def test_only_product_and_category_are_known_and_unprotected() -> None:
    assert set(ENTITIES) - set(PROTECTED) == {"product", "category"}
    assert all(ENTITIES[name] == Entity(name, "none", ("view",), protected=False) for name in ("product", "category"))


@each_entity
def test_an_entity_has_the_ownership_of_the_facts(name: str) -> None:
    assert ENTITIES[kebab(name)].ownership == OWNERSHIP[ENTITY_FACTS[name]["ownership"]]


@each_entity
def test_an_entity_has_the_permissions_of_the_facts_in_their_order(name: str) -> None:
    assert ENTITIES[kebab(name)].permissions == tuple(action(name) for name in ENTITY_FACTS[name]["permissions"])


@each_entity
def test_a_user_owned_entity_has_a_customer_exactly_where_the_facts_name_its_field(name: str) -> None:
    fact = ENTITY_FACTS[name]
    expected = fact["ownership"] == "customer_user" and fact["customer_field"] is not None
    assert ENTITIES[kebab(name)].has_customer == expected


def test_only_customers_and_customer_users_are_compared_by_their_own_key() -> None:
    identities = {name: entity.identity for name, entity in ENTITIES.items() if entity.identity is not None}
    assert identities == {"customer": "customer", "customer-user": "user"}


@pytest.mark.parametrize(
    ("feature", "names"),
    [
        ("guest.shopping_list", {"shopping-list", "shopping-list-line-item"}),
        ("guest.checkout", {"checkout"}),
        (
            "guest.request",
            {"request", "request-product", "request-product-item", "request-product-kit-item-line-item"},
        ),
        ("guest.quote", {"quote", "quote-product", "quote-product-request", "quote-product-kit-item-line-item"}),
    ],
)
def test_am_9_3_a_guest_feature_covers_a_document_and_its_lines(feature: str, names: set[str]) -> None:
    assert {name for name, entity in ENTITIES.items() if entity.feature == feature} == names


def test_every_document_and_every_table_of_its_own_is_a_protected_entity() -> None:
    assert set(SALES_DOCUMENTS) < STORED_ELSEWHERE < set(PROTECTED)


def test_am_3_1_an_ownerless_entity_cannot_be_assigned() -> None:
    assert standard_permissions("none") == ("view", "create", "edit", "delete")
    assert standard_permissions("user") == standard_permissions("customer") == (*standard_permissions("none"), "assign")


# Capabilities and workflows -------------------------------------------------------------------------------------


def test_the_capabilities_are_those_of_the_facts_in_their_order() -> None:
    assert list(CAPABILITIES) == [fact["capability"] for fact in FACTS["capabilities"]]
    assert all(CAPABILITIES.values())


def test_the_workflows_and_their_records_are_those_of_the_facts() -> None:
    assert dict(WORKFLOWS) == {fact["workflow"]: kebab(fact["entity"]) for fact in FACTS["workflows"]}


# Roles ----------------------------------------------------------------------------------------------------------


def test_the_predefined_roles_are_those_of_the_facts_in_their_order() -> None:
    assert [role.code for role in PREDEFINED_ROLES] == [fact["code"] for fact in FACTS["roles"]]
    assert [role.key for role in PREDEFINED_ROLES] == ["administrator", "buyer", "visitors"]


@each_role
def test_a_predefined_role_has_the_label_and_flags_of_the_facts(fact: dict[str, Any], role: PredefinedRole) -> None:
    assert (role.label, role.self_managed, role.public) == (fact["label"], fact["self_managed"], fact["public"])


@each_role
def test_a_predefined_role_has_the_defaults_of_the_facts(fact: dict[str, Any], role: PredefinedRole) -> None:
    defaults = fact["defaults"]
    assert role.default is level(defaults["entity"])
    assert role.capability_default is on(defaults["capability"])
    assert role.workflow_default is level(defaults["workflow"])


@each_role
def test_a_predefined_role_has_exactly_the_entries_of_the_facts(fact: dict[str, Any], role: PredefinedRole) -> None:
    assert role.permissions == entries(fact["entities"])


@each_role
def test_a_predefined_role_has_exactly_the_capabilities_of_the_facts(
    fact: dict[str, Any], role: PredefinedRole
) -> None:
    assert role.capabilities == {name: on(given) for name, given in fact["capabilities"].items()}


@each_role
def test_a_predefined_role_has_exactly_the_workflows_of_the_facts(fact: dict[str, Any], role: PredefinedRole) -> None:
    assert role.workflows == {name: entry(levels) for name, levels in fact["workflows"].items()}


@each_role
def test_am_1_2_a_predefined_role_holds_only_levels_its_targets_can_hold(
    fact: dict[str, Any], role: PredefinedRole
) -> None:
    assert fact["code"] == role.code
    for name, held in role.permissions.items():
        assert all(level in ENTITIES[name].levels(action) for action, level in held.items())
    for name, held in role.workflows.items():
        entity = ENTITIES[WORKFLOWS[name]]
        assert set(held) == set(WORKFLOW_ACTIONS)
        assert all(level in entity.levels(action, "workflow") for action, level in held.items())
