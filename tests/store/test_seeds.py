"""What a new database has, read back through the matrix, is what the shop's own seed files say."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custctl.policy.catalogue import PREDEFINED_ROLES, PROTECTED
from custctl.store.answers import matrix
from tests.store.memory import empty

FACTS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "facts" / "roles.json").read_text())
ROLES = {role["code"]: role for role in FACTS["roles"]}
KEYS = {role.code: role.key for role in PREDEFINED_ROLES}
ACTIONS = {
    "duplicate_shopping_list": "duplicate",
    "rename_shopping_list": "rename",
    "set_as_default_shopping_list": "set-as-default",
    "view_workflow": "view",
    "perform_transitions": "perform",
}


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def stored(code: str) -> dict[str, Any]:
    with closing(empty()) as connection:
        return matrix(connection, f"role:{KEYS[code]}")


def by_default(role: dict[str, Any], entity: dict[str, Any], action: str) -> str:
    """The default of a role for an entity it does not list: full or nothing where nobody owns the records."""
    default = role["defaults"]["entity"]
    if default is None or (entity["ownership"] == "none" and action == "assign"):
        return "none"
    return "full" if entity["ownership"] == "none" else str(default)


@pytest.mark.parametrize("code", ROLES)
def test_every_level_of_a_predefined_role_is_that_of_the_seed(code: str) -> None:
    role = ROLES[code]
    expected = {}
    for entity in FACTS["entities"]:
        row = role["entities"].get(entity["entity"])
        for permission in entity["permissions"]:
            name = permission.lower()
            action = ACTIONS.get(name, name)
            level = row.get(name, "none") if row is not None else by_default(role, entity, action)
            expected[kebab(entity["entity"]), action] = level
    found = {
        (row["entity"], action): cell["level"]
        for row in stored(code)["entities"]
        for action, cell in row["permissions"].items()
    }
    assert found == expected
    assert {entity for entity, _ in found} == set(PROTECTED)


@pytest.mark.parametrize("code", ROLES)
def test_capabilities_and_workflows_of_a_predefined_role_are_those_of_the_seed(code: str) -> None:
    role, found = ROLES[code], stored(code)
    on = {row["name"]: row["allowed"] for row in found["capabilities"]}
    default = bool(role["defaults"]["capability"])
    names = [row["capability"] for row in FACTS["capabilities"]]
    assert on == {name: role["capabilities"].get(name, default) for name in names}
    levels = {
        (row["workflow"], action): cell["level"]
        for row in found["workflows"]
        for action, cell in row["permissions"].items()
    }
    workflow_default = role["defaults"]["workflow"] or "none"
    expected = {
        (row["workflow"], ACTIONS[action]): role["workflows"].get(row["workflow"], {}).get(action, workflow_default)
        for row in FACTS["workflows"]
        for action in ("view_workflow", "perform_transitions")
    }
    assert levels == expected
