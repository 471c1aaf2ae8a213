"""Every numbered statement of the access model, and the tests that hold it.

The numbers are those of docs/explanation/access-model.md; 0.1 to 0.10 are its sentences in one breath, Q1 to Q8 the
quirks of the model. A test that belongs to one statement names it: `test_am_5_4_…`. At the end stand the statements
that no other file has a place for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from custctl.policy.model import LEVELS, Level
from custctl.store.settings import SETTINGS
from tests.policy.test_rules import ANNA, BOB, OWNED_LEVELS, ask, row, user
from tests.policy.test_rules import role as role_of
from tests.runner import Runner

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/access-model.md"

RULES = "policy/test_rules.py"
CATALOGUE = "policy/test_catalogue.py"
ORACLE = "policy/test_oracle.py"
PROPERTIES = "policy/test_properties.py"
HERE = "policy/test_statements.py"
WORLDS = "store/test_world_answers.py"
ACCESS = "commands/test_access.py"
ACTING = "commands/test_acting.py"
CUSTOMER = "commands/test_customer.py"
DOCUMENTS = "commands/test_documents.py"
GROUP = "commands/test_group.py"
ROLE = "commands/test_role.py"
ROLE_LIFE = "commands/test_role_life.py"
SETS = "commands/test_access_sets.py"
USER = "commands/test_user.py"

STATEMENTS: Mapping[str, Sequence[str]] = {
    # In one breath
    "0.1": [
        f"{HERE}::test_am_0_1_a_user_belongs_to_one_customer_and_has_any_number_of_roles",
        f"{CUSTOMER}::test_c_06_a_parent_is_set_and_the_tree_follows",
    ],
    "0.2": [
        f"{RULES}::test_am_4_an_entry_replaces_the_default_as_a_whole",
        f"{RULES}::test_am_3_2_a_capability_goes_by_its_entry_else_by_its_default",
        f"{RULES}::test_am_3_3_the_default_of_workflows_is_not_that_of_entities",
        f"{RULES}::test_am_3_4_a_field_without_entry_is_open_to_every_role",
    ],
    "0.3": [f"{CATALOGUE}::test_an_entity_has_the_ownership_of_the_facts"],
    "0.4": [f"{RULES}::test_am_5_1_the_widest_level_of_the_roles_counts"],
    "0.5": [f"{PROPERTIES}::test_an_entry_replaces_the_default"],
    "0.6": [f"{HERE}::test_am_1_1_a_level_is_wider_than_those_before_it"],
    "0.7": [f"{HERE}::test_am_0_7_what_each_level_reaches", f"{RULES}::test_am_5_5_the_worked_table"],
    "0.8": [f"{PROPERTIES}::test_nothing_reaches_upward_or_sideways"],
    "0.9": [f"{PROPERTIES}::test_a_veto_always_means_no_and_gives_the_reason"],
    "0.10": [
        f"{RULES}::test_am_9_2_to_a_visitor_every_level_means_the_same_visitor",
        f"{HERE}::test_am_9_1_who_has_not_signed_in_has_the_guest_role_and_no_customer",
    ],
    # Levels and ownership
    "1.1": [
        f"{HERE}::test_am_1_1_a_level_is_wider_than_those_before_it",
        f"{ACCESS}::test_the_answer_is_the_exit_code_the_level_and_the_reason",
    ],
    "1.2": [
        f"{RULES}::test_am_1_2_the_levels_that_can_be_chosen",
        f"{CATALOGUE}::test_am_1_2_a_predefined_role_holds_only_levels_its_targets_can_hold",
        f"{ROLE}::test_r_05_an_entity_holds_only_the_levels_of_its_ownership",
    ],
    "1.3": [
        f"{RULES}::test_am_1_3_a_default_is_adapted_to_the_entity",
        f"{RULES}::test_am_1_3_a_default_of_user_counts_as_adapted",
        f"{ROLE}::test_r_05_a_default_is_adapted_where_an_explicit_level_would_be_refused",
    ],
    "2": [
        f"{RULES}::test_am_2_a_customer_is_compared_by_its_own_key_and_not_by_its_parent",
        f"{RULES}::test_am_2_a_user_always_reaches_its_own_user_record",
        f"{RULES}::test_am_2_no_role_speaks_about_what_is_unprotected",
        f"{SETS}::test_am_2_the_owner_of_a_customer_is_its_parent",
    ],
    # What can be asked
    "3.1": [
        f"{RULES}::test_am_3_1_permissions_are_independent",
        f"{RULES}::test_am_3_1_a_permission_the_entity_does_not_have_is_denied",
        f"{RULES}::test_am_3_1_a_shopping_list_has_permissions_of_its_own",
        f"{CATALOGUE}::test_am_3_1_an_ownerless_entity_cannot_be_assigned",
    ],
    "3.2": [
        f"{RULES}::test_am_3_2_a_capability_is_on_when_one_role_says_so",
        f"{RULES}::test_am_3_2_the_profile_and_the_user_record_are_separate_doors",
    ],
    "3.3": [f"{RULES}::test_am_3_3_a_workflow_goes_by_the_ownership_of_its_record"],
    "3.4": [
        f"{RULES}::test_am_3_4_a_field_closes_only_when_every_role_closes_it",
        f"{RULES}::test_am_3_4_a_field_is_answered_alone_whatever_its_entity",
        f"{ACTING}::test_a_closed_field_is_not_written",
    ],
    "3.5": [
        f"{HERE}::test_am_3_5_what_the_storefronts_editor_hides_counts_all_the_same",
        f"{ROLE_LIFE}::test_am_6_4_privileges_are_copied_with_what_the_editor_cannot_see_and_overwritten",
    ],
    # What a role stores
    "4": [
        f"{RULES}::test_am_4_an_entry_replaces_the_default_as_a_whole",
        f"{RULES}::test_am_4_an_entry_that_leaves_out_an_own_permission_denies_it",
        f"{RULES}::test_am_4_a_refusal_tells_an_explicit_none_from_silence",
        f"{DOCUMENTS}::test_a_listed_entity_is_explicit_and_an_unlisted_one_follows_the_default",
        f"{ROLE}::test_r_04_the_first_grant_on_an_unlisted_entity_keeps_what_the_default_gave",
    ],
    # The decision
    "5.1": [
        f"{RULES}::test_am_5_1_the_widest_level_of_the_roles_counts",
        f"{RULES}::test_am_5_1_no_role_takes_away_what_another_gives",
        f"{RULES}::test_am_5_1_who_has_no_role_has_nothing",
        f"{WORLDS}::test_a_matrix_holds_the_levels_of_the_policy_and_the_roles_that_give_them",
    ],
    "5.2": [
        f"{RULES}::test_am_5_2_the_class_question_is_yes_at_any_level",
        f"{RULES}::test_am_5_2_the_class_question_is_no_at_none",
    ],
    "5.3": [
        f"{RULES}::test_am_5_3_a_yes_names_the_rule_and_the_customers_walked",
        f"{RULES}::test_am_5_3_a_record_that_nobody_owns_opens_at_no_level",
        f"{ORACLE}::test_every_decision_is_the_oracles",
        f"{WORLDS}::test_every_answer_is_the_oracles",
    ],
    "5.4": [
        f"{RULES}::test_am_5_4_what_a_list_goes_by",
        f"{RULES}::test_am_5_4_a_colleagues_record_with_a_foreign_customer_opens_but_is_not_listed",
        f"{ORACLE}::test_every_list_shows_what_the_oracle_shows",
        f"{WORLDS}::test_every_list_of_records_is_the_oracles",
    ],
    "5.5": [f"{RULES}::test_am_5_5_the_worked_table"],
    "5.6": [
        f"{WORLDS}::test_am_5_6_owners_are_those_the_level_of_create_or_assign_reaches",
        f"{SETS}::test_am_5_6_owners_are_the_users_that_the_level_reaches",
        f"{ACTING}::test_another_owner_needs_assign_whatever_the_level_of_edit",
    ],
    "5.7": [
        f"{HERE}::test_am_5_7_an_owner_of_another_customer_is_kept_with_a_warning",
        f"{DOCUMENTS}::test_a_user_of_another_customer_than_the_record_s_is_kept_with_a_warning",
    ],
    "5.8": [
        f"{RULES}::test_am_5_8_the_state_of_a_document_forbids",
        f"{RULES}::test_am_5_8_a_line_is_guarded_by_its_parent",
        f"{RULES}::test_am_5_8_a_role_of_a_customer_needs_sight_of_that_customer",
        f"{RULES}::test_am_5_8_a_role_of_the_website_or_with_users_is_not_deleted",
    ],
    "5.9": [f"{RULES}::test_am_5_9_a_signed_in_user_may_view_a_predefined_self_managed_public_role"],
    # Roles as records
    "6.1": [
        f"{ROLE_LIFE}::test_am_6_1_a_role_without_a_customer_is_predefined_and_one_with_it_customizable",
        f"{ROLE_LIFE}::test_am_6_1_a_label_is_unique_per_customer_and_the_same_is_legal_for_another",
    ],
    "6.2": [
        f"{RULES}::test_am_6_2_a_list_of_roles_is_the_storefronts",
        f"{SETS}::test_am_6_2_records_of_roles_are_the_storefronts",
        f"{ROLE_LIFE}::test_am_6_2_a_list_shows_the_self_managed_and_public_roles_that_the_level_reaches",
        f"{ROLE_LIFE}::test_am_6_2_a_role_is_shown_changed_and_deleted_where_its_page_is_on_the_storefront",
    ],
    "6.3": [
        f"{ROLE_LIFE}::test_am_6_3_nobody_gets_a_role_of_the_parent_a_child_or_another_customer",
        f"{ROLE_LIFE}::test_am_6_3_a_storefront_administrator_gives_the_roles_of_her_list",
    ],
    "6.4": [
        f"{ROLE_LIFE}::test_am_6_4_a_change_of_a_predefined_role_makes_a_copy_and_leaves_the_role",
        f"{ROLE_LIFE}::test_r_08_the_customers_users_get_the_copy_and_lose_the_predefined_role",
    ],
    "6.5": [
        f"{ROLE_LIFE}::test_am_6_5_a_role_that_gets_another_customer_leaves_the_users_of_the_first",
        f"{ROLE_LIFE}::test_am_6_5_a_role_that_loses_its_customer_stays_with_everybody",
    ],
    "6.6": [
        f"{ROLE_LIFE}::test_am_6_6_the_storefront_never_deletes_a_predefined_role",
        f"{ROLE_LIFE}::test_am_6_6_the_back_office_deletes_a_predefined_role_that_nobody_has",
        f"{ROLE_LIFE}::test_r_11_the_back_office_deletes_no_default_guest_or_used_role_and_none_of_every_shop",
    ],
    "6.7": [
        f"{ROLE_LIFE}::test_am_6_7_the_last_role_of_an_enabled_user_is_not_taken_from_the_user",
        f"{ROLE_LIFE}::test_am_6_7_nor_from_the_side_of_the_role",
        f"{ROLE_LIFE}::test_am_6_7_a_disabled_user_may_lose_the_last_role_and_is_not_enabled_without_one",
    ],
    "7": [
        f"{CATALOGUE}::test_a_predefined_role_has_exactly_the_entries_of_the_facts",
        f"{ROLE}::test_r_14_the_three_roles_grant_what_the_shop_s_own_do",
    ],
    # The tree, visitors, signing in
    "8": [
        f"{RULES}::test_am_8_members_of_a_cycle_have_neither_ancestors_nor_descendants",
        f"{WORLDS}::test_am_8_with_a_circle_of_parents_every_answer_is_still_the_oracles",
        f"{CUSTOMER}::test_c_08_a_descendant_cannot_become_the_parent",
        f"{ROLE}::test_r_07_the_reach_follows_when_a_customer_moves",
    ],
    "9.1": [
        f"{HERE}::test_am_9_1_who_has_not_signed_in_has_the_guest_role_and_no_customer",
        f"{ROLE_LIFE}::test_r_15_visitors_have_the_role_that_the_setting_names",
    ],
    "9.2": [
        f"{RULES}::test_am_9_2_to_a_visitor_every_level_means_the_same_visitor",
        f"{RULES}::test_am_9_2_the_lines_of_a_visitors_list_are_its_own",
    ],
    "9.3": [
        f"{RULES}::test_am_9_3_both_gates_must_be_open",
        f"{CATALOGUE}::test_am_9_3_a_guest_feature_covers_a_document_and_its_lines",
    ],
    "9.4": [f"{HERE}::test_am_9_4_a_new_shop_is_open_to_visitors"],
    "9.5": [
        f"{HERE}::test_am_9_5_a_guest_user_cannot_sign_in_and_shares_an_address_with_others",
        f"{GROUP}::test_g_06_the_group_of_visitors_cannot_be_deleted",
        f"{USER}::test_u_02_guests_may_share_an_address",
    ],
    "10": [
        f"{RULES}::test_am_10_the_first_obstacle_in_order_is_the_reason",
        f"{RULES}::test_am_10_the_status_does_not_change_what_the_roles_grant",
        f"{ROLE_LIFE}::test_u_12_of_all_that_keeps_a_user_from_signing_in_the_first_is_told",
    ],
    # Quirks: kept, made regular, or left out
    "Q1": [f"{RULES}::test_am_5_4_a_colleagues_record_without_customer_opens_but_is_not_listed"],
    "Q2": [f"{RULES}::test_am_1_3_a_default_of_user_counts_as_adapted"],
    "Q3": [f"{RULES}::test_am_2_a_customer_is_compared_by_its_own_key_and_not_by_its_parent"],
    "Q4": [f"{PROPERTIES}::test_the_order_of_roles_does_not_matter"],
    "Q5": [f"{RULES}::test_am_5_9_a_signed_in_user_may_view_a_predefined_self_managed_public_role"],
    "Q6": [f"{ROLE_LIFE}::test_am_6_4_an_administrator_who_changes_her_own_role_gets_the_copy_too"],
    "Q7": [f"{RULES}::test_am_5_8_a_parent_out_of_reach_closes_its_lines"],
    "Q8": [f"{CATALOGUE}::test_am_1_2_a_predefined_role_holds_only_levels_its_targets_can_hold"],
}

NUMBERED = (
    *(f"0.{number}" for number in range(1, 11)),
    *("1.1", "1.2", "1.3", "2", "3.1", "3.2", "3.3", "3.4", "3.5", "4"),
    *(f"5.{number}" for number in range(1, 10)),
    *(f"6.{number}" for number in range(1, 8)),
    *("7", "8", "9.1", "9.2", "9.3", "9.4", "9.5", "10"),
    *(f"Q{number}" for number in range(1, 9)),
)


@pytest.mark.parametrize("statement", NUMBERED)
def test_every_statement_has_a_test(statement: str) -> None:
    assert STATEMENTS[statement]
    assert set(STATEMENTS) == set(NUMBERED)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_tests_of_a_statement_exist(statement: str) -> None:
    for node in STATEMENTS[statement]:
        file, _, name = node.partition("::")
        assert name in names_in(ROOT / "tests" / file), node


def test_every_number_of_the_page_is_a_statement() -> None:
    numbers = re.findall(r"^(?:#+ |\*\*)(\d+(?:\.\d+)?)\b", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    sections = {number for number in numbers if any(known.startswith(f"{number}.") for known in NUMBERED)}
    about_the_tool = {number for number in numbers if int(number.partition(".")[0]) > 10}
    assert set(numbers) - sections - about_the_tool <= set(NUMBERED)


def test_every_rule_is_named_by_a_test_and_every_name_is_a_rule() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    found = (re.match(r"test_am_(\d+)(?:_(\d+))?_", name) for file in files for name in names_in(file))
    named = {".".join(part for part in match.groups() if part) for match in found if match}
    assert named <= set(NUMBERED)
    assert {number for number in NUMBERED if number[0] not in "0Q"} - named == {"7"}, "the rows of 7 are named by role"


@cache
def names_in(file: Path) -> frozenset[str]:
    """The names of the tests in a file, read and not imported."""
    return frozenset(_names(ast.parse(file.read_text(encoding="utf-8"))))


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


# Statements without a place elsewhere ---------------------------------------------------------------------------


def test_am_0_1_a_user_belongs_to_one_customer_and_has_any_number_of_roles(demo: Runner) -> None:
    shown = demo.json("user", "show", "dana.lee@company-a.example")
    assert (shown["customer"], shown["roles"]) == ("company-a", ["buyer", "company-a/approver"])
    assert demo.sql("SELECT count(*) FROM pragma_table_info('customer_user') WHERE name = 'customer_id'") == [(1,)]
    assert demo.sql("SELECT max(n) FROM (SELECT count(*) AS n FROM user_role GROUP BY user_id)") == [(2,)]


def test_am_0_7_what_each_level_reaches() -> None:
    records = {
        "own": row("order", ANNA, "l1-1", "l1-1"),
        "of the customer": row("order", BOB, "l1-1", "l1-1"),
        "two below": row("order", "luis@l1-1-1.example", "l1-1-1", "l1-1-1"),
        "above": row("order", "nora@l1.example", "l1", "l1"),
        "beside": row("order", "erin@l1-2.example", "l1-2", "l1-2"),
    }
    reached = {
        level: [
            name
            for name, record in records.items()
            if ask(user(role_of(order=f"view={level}")), "view", record).allowed
        ]
        for level in OWNED_LEVELS
    }
    assert reached == {
        "user": ["own"],
        "department": ["own", "of the customer"],
        "corporate": ["own", "of the customer", "two below"],
    }


def test_am_1_1_a_level_is_wider_than_those_before_it() -> None:
    assert list(LEVELS) == ["none", "user", "department", "corporate", "full"]
    assert sorted(LEVELS.values()) == list(LEVELS.values()) == list(Level)


def test_am_3_5_what_the_storefronts_editor_hides_counts_all_the_same() -> None:
    """Nobody sees the lines of orders in that editor, because nobody owns them."""
    assert ask(user(role_of(order_line_item="view=full")), "view", row("order-line-item")).allowed
    assert not ask(
        user(role_of(default="corporate", order_line_item="view=none")), "view", row("order-line-item")
    ).allowed


def test_am_5_7_an_owner_of_another_customer_is_kept_with_a_warning(demo: Runner) -> None:
    bob = "bob.reyes@company-a.example"
    answer = demo.json("order", "edit", "SO-2001", "--user", bob)
    assert answer["warnings"] == [f"order:SO-2001: its user {bob} belongs to customer company-a, not to wholesaler-b"]
    assert demo("access", "can", bob, "view", "order:SO-2001").exit == 0
    assert "order:SO-2001" not in demo("access", "records", "grace.kim@company-a.example", "order", "-o", "name").lines


def test_am_9_1_who_has_not_signed_in_has_the_guest_role_and_no_customer(demo: Runner) -> None:
    assert SETTINGS["customer.guest_role"].default == "visitors"
    for subject in ("guest", "visitor:visitor-1"):
        explained = demo("access", "explain", subject, "view", "order", "-o", "json").json
        assert [verdict["role"] for verdict in explained["roles"]] == ["visitors"]
        assert demo.json("access", "matrix", subject)["sign_in"] == {"allowed": True, "reason": None}
    found = demo.json("access", "who", "view", "shopping-list:SL-9001")
    assert [(row["subject"], row["customer"]) for row in found] == [("visitor:visitor-1", None)]


def test_am_9_4_a_new_shop_is_open_to_visitors() -> None:
    """Which pages are shown while it is closed is in test_website.py."""
    assert SETTINGS["guest.access"].default is True
    assert SETTINGS["guest.allowed_pages"].default == []


def test_am_9_5_a_guest_user_cannot_sign_in_and_shares_an_address_with_others(demo: Runner) -> None:
    add = ("user", "add", "jo.miller@mail.example", "--guest", "--first-name", "Jo", "--last-name", "Miller")
    key = demo.changes(*add, "--customer", "jo-miller", "--role", "buyer")[0][1]
    shown = demo.json("user", "show", key.removeprefix("user:"))
    assert (shown["email"], shown["enabled"], shown["confirmed"]) == ("jo.miller@mail.example", False, False)
    assert shown["sign_in"] == {"allowed": False, "reason": "guest-record"}
    assert len(demo.json("user", "list", "--where", "email=jo.miller@mail.example")) == 2
