"""Fields in questions about access and in roles: one spelling, and no field that nobody knows."""

from __future__ import annotations

import json

import pytest

from custctl.policy.catalogue import ENTITIES, FIELD_ONLY
from custctl.resources import NOUNS
from custctl.store.field_names import _folded
from tests.runner import Runner

NINA = "nina.park@company-a.example"
KNOWN = "did you mean quote.subtotal?"


@pytest.mark.parametrize("field", ["subtotal", "Subtotal", "SUBTOTAL", "sub-total", "sub_total", "SubTotal"])
def test_a_closed_field_is_closed_in_every_spelling(demo: Runner, field: str) -> None:
    assert demo("access", "can", NINA, "view", f"quote.{field}").exit == 1
    told = demo("access", "explain", NINA, "view", f"quote.{field}", "-o", "json").json
    assert (told["resource"], told["reason"]) == ("quote.subtotal", "field-closed")
    held = demo.json("access", "who", "view", f"quote.{field}")
    assert f"user:{NINA}" not in [row["subject"] for row in held]


@pytest.mark.parametrize(
    "words",
    [
        ["access", "can", NINA, "view", "quote.subtotl"],
        ["access", "explain", NINA, "view", "quote.subtotl"],
        ["access", "who", "view", "quote.subtotl"],
        ["role", "grant", "company-a/assistant", "quote.subtotl", "view=none"],
        ["role", "revoke", "company-a/assistant", "quote.subtotl"],
        ["role", "revoke", "company-a/assistant", "quote.subtotl", "view"],
    ],
)
def test_a_field_that_nobody_knows_is_refused_with_near_ones(demo: Runner, words: list[str]) -> None:
    (problem,) = demo(*words, "-o", "json").problems
    assert (problem["exit"], problem["code"], problem["hint"]) == (4, "unknown-field", KNOWN)
    assert problem["message"] == "unknown field 'quote.subtotl'"


def test_an_unknown_field_in_a_batch_is_told_in_its_line(demo: Runner) -> None:
    lines = "".join(
        json.dumps({"subject": NINA, "action": "view", "resource": f"quote.{name}"}) + "\n"
        for name in ("subtotl", "Subtotal", "status")
    )
    answer = demo("access", "can", "--batch", "-", stdin=lines)
    first, second, third = map(json.loads, answer.lines)
    assert answer.exit == 4
    assert "unknown field" in json.dumps(first["error"])
    assert (second["allowed"], third["allowed"]) == (False, True)


def test_an_unknown_field_in_a_test_is_an_error(demo: Runner) -> None:
    path = demo.file(f'[[tests]]\nsubject = "{NINA}"\naction = "view"\nresource = "quote.subtotl"\nallowed = false\n')
    assert demo("access", "test", path).exit == 4


def test_a_document_names_only_fields_that_are_known_and_is_kept_in_one_spelling(demo: Runner) -> None:
    assert demo.unapplied('[[roles]]\nkey = "company-a/assistant"\n[roles.fields."quote.totl"]\nview = "none"\n') == [
        ("3:1", 4, "invalid", "role:company-a/assistant: unknown field 'quote.totl'")
    ]
    text = '[[roles]]\nkey = "company-a/assistant"\n[roles.fields."quote.SubTotal"]\nview = "none"\nedit = "none"\n'
    assert demo.apply(text)["changes"] == []
    assert demo.json("role", "show", "company-a/assistant")["fields"] == {
        "quote.subtotal": {"edit": "none", "view": "none"}
    }


def test_grant_and_revoke_take_every_spelling_of_a_field(demo: Runner) -> None:
    demo("role", "grant", "company-a/assistant", "user.First-Name", "view=none", "-q")
    assert demo.json("role", "show", "company-a/assistant")["fields"]["customer-user.first_name"] == {"view": "none"}
    assert demo("role", "revoke", "company-a/assistant", "customer-user.FIRSTNAME", "-q", "--yes").exit == 0
    assert "customer-user.first_name" not in demo.json("role", "show", "company-a/assistant")["fields"]


def test_a_field_of_plain_records_is_known_once_a_role_names_it(demo: Runner) -> None:
    assert demo("access", "can", NINA, "view", "coupon.amount").exit == 4
    assert demo("role", "grant", "company-a/assistant", "coupon.amount", "view=none", "-q").exit == 0
    assert demo("access", "can", NINA, "view", "coupon.Amount").exit == 1


@pytest.mark.parametrize("entity", [*ENTITIES, *FIELD_ONLY])
def test_no_two_fields_of_an_entity_have_one_folded_name(entity: str) -> None:
    names = [field.name for field in NOUNS[entity].fields] if entity in NOUNS else []
    assert len(set(map(_folded, names))) == len(names)
