"""Exit codes that blame the right side: a bug of ours is 70 and never 8, a mistake in the input is neither."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from custctl.store import lookup
from tests.runner import Runner

BOB = "bob.reyes@company-a.example"


@pytest.mark.parametrize("noun", ["order", "quote", "request", "shopping-list", "checkout"])
@pytest.mark.parametrize("count", [1, 3])
def test_rows_of_sales_documents_without_a_number_are_rejected(custctl: Runner, noun: str, count: int) -> None:
    for text in ("status,subtotal\n" + "open,5\n" * count, "number,subtotal\n" + ",5\n" * count):
        answer = custctl(noun, "import", custctl.file(text, "rows.csv"), "-o", "json")
        problems = answer.problems
        assert (answer.exit, len(problems)) == (4, 1 + count)
        assert {problem["message"] for problem in problems[1:]} == {"number is required"}


def test_rows_of_users_by_key_without_an_e_mail_address_are_rejected(custctl: Runner) -> None:
    text = "key,first_name,last_name\na@x.example,A,B\nb@x.example,C,D\n"
    answer = custctl("user", "import", custctl.file(text, "rows.csv"), "-o", "json")
    assert answer.exit == 4
    assert "email is required" in answer.problems[1]["message"]


@pytest.mark.parametrize("resource", ["order:SO-1001", "order:order:SO-1001", "order:so-1001"])
def test_a_reference_within_a_reference_is_that_record(demo: Runner, resource: str) -> None:
    assert demo("access", "can", BOB, "view", resource).exit == 0
    line = f'{{"subject": "{BOB}", "action": "view", "resource": "{resource}"}}\n'
    answer = demo("access", "can", "--batch", "-", stdin=line * 2)
    assert (answer.exit, len(answer.lines)) == (0, 2)
    assert demo("access", "can", BOB, "view", "order:order:SO-999").exit == 3


@pytest.mark.parametrize("noun", ["user", "customer"])
@pytest.mark.parametrize("verb", ["context", "content"])
def test_a_missing_argument_is_a_mistake_of_the_command_line(demo: Runner, noun: str, verb: str) -> None:
    assert demo(noun, verb).exit == 2
    assert demo("guest", verb).exit == 0


def test_a_wrong_statement_is_a_bug_and_no_fault_of_the_database(demo: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(connection: sqlite3.Connection, *_: object, **__: object) -> None:
        connection.execute("SELECT nosuch FROM customer")

    monkeypatch.setattr(lookup, "find", wrong)
    assert demo("customer", "show", "company-a").exit == 70


def test_a_file_without_a_column_of_ours_is_a_fault_of_the_database(demo: Runner) -> None:
    with closing(sqlite3.connect(demo.database)) as connection:
        connection.execute("ALTER TABLE customer RENAME COLUMN vat_id TO other")
        connection.commit()
    assert demo("customer", "show", "company-a").exit == 8


@pytest.mark.parametrize(
    "words", [["list"], ["show", "company-a"], ["list", "--where", "name~x"], ["list", "--sort", "name"]]
)
def test_text_that_is_not_utf_8_is_damage(demo: Runner, words: list[str]) -> None:
    with closing(sqlite3.connect(demo.database)) as connection:
        connection.execute("UPDATE customer SET name = CAST(x'41ff42' AS TEXT) WHERE key = 'company-a'")
        connection.commit()
    assert demo("customer", *words).exit == 8
    assert demo("search", "Company").exit in (0, 8)
    assert demo("export").exit == 8
