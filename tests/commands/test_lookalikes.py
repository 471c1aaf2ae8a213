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
