"""E-mail addresses that are taken for others: told of when they are new, and found by db check."""

from __future__ import annotations

import pytest

from custctl.store.lookalikes import is_mixed, skeleton
from tests.runner import Runner

PLAIN = "amanda@x.example"
CYRILLIC = "\u0430manda@x.example"


@pytest.mark.parametrize("address", [CYRILLIC, "am\u0430nd\u0430@x.example", "amand\u00e1@x.example"])
def test_a_new_address_that_looks_like_a_stored_one_earns_a_warning(custctl: Runner, address: str) -> None:
    custctl("user", "add", PLAIN, "--role", "buyer", "--first-name", "Amanda", "--last-name", "A", "-q")
    answer = custctl("user", "add", address, "--role", "buyer", "--first-name", "Amanda", "--last-name", "B")
    assert answer.exit == 0
    assert f"looks like user:{PLAIN}, and is another address" in answer.err
    check = custctl("db", "check")
    assert (check.exit, f"looks like user:{PLAIN}" in check.out) == (1, True)


def test_a_plain_address_that_looks_like_a_stored_one_of_another_script_earns_a_warning(custctl: Runner) -> None:
    custctl("user", "add", CYRILLIC, "--role", "buyer", "--first-name", "Amanda", "--last-name", "B", "-q")
    assert (
        "looks like"
        in custctl("user", "add", PLAIN, "--role", "buyer", "--first-name", "Amanda", "--last-name", "A").err
    )


def test_letters_of_several_scripts_in_one_word_earn_a_warning(custctl: Runner) -> None:
    answer = custctl(
        "user", "add", "b\u043eris@x.example", "--role", "buyer", "--first-name", "Boris", "--last-name", "B"
    )
    assert "a word of the address has letters of several scripts" in answer.err
    assert (
        custctl(
            "user",
            "add",
            "\u0431\u043e\u0440\u0438\u0441@x.example",
            "--role",
            "buyer",
            "--first-name",
            "Boris",
            "--last-name",
            "C",
        ).err.count("scripts")
        == 0
    )
    assert custctl("db", "check").exit == 0


def test_an_import_tells_of_addresses_that_look_alike(custctl: Runner) -> None:
    text = f"email,first_name,last_name\n{PLAIN},Amanda,A\n{CYRILLIC},Amanda,B\n"
    answer = custctl("user", "import", custctl.file(text, "rows.csv"))
    assert answer.exit == 0
    assert custctl("db", "check").exit == 1


def test_two_addresses_with_one_skeleton_look_alike() -> None:
    assert skeleton("\uff41manda@x.example") == skeleton(CYRILLIC) == PLAIN
    assert skeleton("stra\u00dfe@x.example") == "strasse@x.example"
    assert not is_mixed("anna@\u043f\u043e\u0447\u0442\u0430.example")


def test_a_mailbox_that_is_not_stored_is_not_answered_as_one_that_folds_alike(custctl: Runner) -> None:
    role = ("--role", "buyer", "--first-name", "A", "--last-name", "B")
    custctl("user", "add", "stra\u00dfe@x.example", *role, "-q")
    question = ("strasse@x.example", "view", "order")
    assert custctl.refusal("access", "can", *question)[:2] == (3, "not-found")
    assert custctl.refusal("user", "show", "strasse@x.example")[:2] == (3, "not-found")
    custctl("user", "add", "STRASSE@x.example", *role, "-q")
    both = ["strasse@x.example", "stra\u00dfe@x.example"]
    assert [row["key"] for row in custctl.json("user", "list")] == both
    for typed, key in {
        "STRA\u00dfE@X.example": "stra\u00dfe@x.example",
        "Strasse@x.example": "strasse@x.example",
    }.items():
        assert custctl.json("user", "show", typed)["key"] == key
        assert [row["key"] for row in custctl.json("user", "list", "--where", f"key={typed}")] == [key]
    text = "email,last_name\nSTRA\u00dfE@x.example,New\n"
    assert custctl("user", "import", custctl.file(text, "rows.csv")).exit == 0
    assert custctl.sql("SELECT key, last_name FROM customer_user ORDER BY key") == [
        ("strasse@x.example", "B"),
        ("stra\u00dfe@x.example", "New"),
    ]


@pytest.mark.parametrize("sought", ["strass", "STRA\u00df"])
def test_a_part_of_an_address_is_searched_for_whatever_its_letters_fold_to(custctl: Runner, sought: str) -> None:
    for address in ("stra\u00dfe@x.example", "strasse@x.example"):
        custctl("user", "add", address, "--role", "buyer", "--first-name", "A", "--last-name", "B", "-q")
    both = ["strasse@x.example", "stra\u00dfe@x.example"]
    assert [row["key"] for row in custctl.json("user", "list", "--where", f"email~{sought}", "--fields", "key")] == both
    assert [row["key"] for row in custctl.json("search", sought)] == both
