"""What output prints can be typed back, what documents may say, and what a dry run leaves alone."""

from __future__ import annotations

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"


@pytest.mark.parametrize(
    "words",
    [
        ("user", "show", f"user:{BOB}"),
        ("user", "show", f"customer-user:{BOB}"),
        ("customer", "show", "customer:company-a"),
        ("role", "show", "role:company-a/approver"),
        ("group", "show", "customer-group:partners"),
        ("order", "show", "order:SO-1001"),
        ("order", "show", "id:1"),
        ("customer", "address", "show", "customer-address:company-a/hq"),
        ("order", "list", "--as", f"user:{BOB}"),
        (
            "access",
            "can",
            BOB,
            "view",
            "order",
            "--customer",
            "customer:company-a",
            "--with-role",
            "role:administrator",
        ),
        ("access", "can", BOB, "view", "order:id:1"),
    ],
)
def test_a_reference_as_output_prints_it_can_be_typed(demo: Runner, words: tuple[str, ...]) -> None:
    assert demo(*words).exit == 0


@pytest.mark.parametrize(
    "field", ['subject = "id:2"', 'subject = "Bob Reyes"', f'subject = "{BOB}"\nowner = "Bob Reyes"']
)
def test_a_document_names_records_by_key_only(demo: Runner, field: str) -> None:
    document = demo.file(f'[[tests]]\n{field}\naction = "view"\nresource = "order"\nallowed = true\n')
    assert demo("access", "test", document).exit == 4
    assert demo("apply", "-f", document, "--yes").exit == 4


@pytest.mark.parametrize(
    "name", ["role", "user", "capability", "workflow", "visitor", "guest", "setting", "opportunity"]
)
def test_an_entity_of_ones_own_cannot_be_called_like_a_type(demo: Runner, name: str) -> None:
    document = demo.file(f'[[entities]]\nname = "{name}"\nownership = "user"\n')
    assert demo("apply", "-f", document, "--yes").exit == 4


def test_a_field_of_a_back_office_entity_can_be_asked_about_and_closed(demo: Runner) -> None:
    question = ("access", "can", BOB, "view", "opportunity.budget")
    assert demo(*question).exit == 0
    assert demo("role", "grant", "buyer", "opportunity.budget", "view=none").exit == 0
    assert demo(*question, "-o", "json").json["reason"] == "field-closed"
    assert demo("access", "can", BOB, "view", "opportunity").exit == 4


def test_am_5_8_the_group_of_visitors_is_never_deleted_another_may_be(demo: Runner) -> None:
    kept = ("access", "explain", AMANDA, "delete", "customer-group:non-authenticated-visitors", "-o", "json")
    answer = demo(*kept)
    assert (answer.exit, answer.json["reason"]) == (1, "protected-role")
    assert answer.json["remedy"] is None
    assert demo("access", "can", AMANDA, "delete", "customer-group:partners").exit == 0


def test_a_dry_run_writes_no_setting_and_no_file(demo: Runner) -> None:
    target = demo.database.parent / "out.toml"
    assert demo("export", "--out", str(target), "--dry-run").exit == 0
    assert not target.exists()
    assert demo("config", "set", "color", "never", "--dry-run").exit == 0
    assert demo("config", "show", "--origin", "-o", "json").json[2]["origin"] == "default"


def test_a_profile_given_as_the_option_is_the_one_that_is_set(demo: Runner) -> None:
    assert demo("config", "set", "output", "jsonl", "--profile", "p1").exit == 0
    assert demo("config", "get", "output", "-o", "json").json["value"] == "json"
    assert demo("config", "get", "output", "--profile", "p1").json == {
        "name": "output",
        "value": "jsonl",
        "origin": f"profile p1 in {demo('config', 'path').out.strip()}",
    }


def test_fields_and_limits_hold_for_answers_too(demo: Runner) -> None:
    rows = demo("access", "who", "view", "order", "--fields", "level", "--limit", "2", "-o", "json").json
    assert [set(row) for row in rows] == [{"subject", "level"}] * 2
    assert set(demo("access", "can", BOB, "view", "order", "--fields", "reason", "-o", "json").json) == {"reason"}
    for words in (("can", BOB, "view", "order"), ("who", "view", "order"), ("records", BOB, "order")):
        assert demo("access", *words, "--fields", "nope").exit == 4
    assert demo("access", "matrix", BOB, "--fields", "nope").exit == 2
    assert len(demo("access", "records", AMANDA, "order", "--limit", "3", "-o", "name").lines) == 3
    assert len(demo("group", "member", "list", "partners", "--limit", "1", "-o", "name").lines) == 1


def test_csv_guards_against_formulas_and_leaves_numbers_alone(demo: Runner) -> None:
    assert demo("customer", "add", "=1+1", "--key", "formula").exit == 0
    assert demo("customer", "add", "--key", "number", "--", "-12.5").exit == 0
    table = demo("customer", "list", "--fields", "key,name", "--sort", "key", "-o", "csv").lines
    assert table[0] == "key,name"
    assert "formula,'=1+1" in table
    assert "number,-12.5" in table
    cells = demo("access", "matrix", "role:buyer", "-o", "csv").lines
    assert cells[:2] == ["subject,kind,name,permission,level,roles", "role:buyer,entity,customer,view,department,buyer"]
    assert demo("customer", "tree", "company-a", "-o", "csv").lines[1] == "company-a,Company A"


@pytest.mark.parametrize(
    "words",
    ["customer list", "history", "search company", "tag member list key-account", "access who view order"],
)
def test_a_limit_beyond_every_number_is_no_limit(demo: Runner, words: str) -> None:
    answer = demo(*words.split(), "--limit", "9" * 30)
    assert (answer.exit, answer.out) == (0, demo(*words.split()).out)


def test_an_id_is_written_in_ascii_digits_alone(demo: Runner) -> None:
    assert demo("user", "show", "id:1").exit == 0
    assert demo.refusal("user", "show", "id:\u0661") == (3, "not-found", "customer user 'id:\u0661' not found")
