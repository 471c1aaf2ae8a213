"""An option or a file name without a word in it is refused; it is never taken for what counts without it."""

from __future__ import annotations

import pytest

from tests.runner import Runner

SORTED = """
customer list
setting list
guest records order
lead list --view open
customer orders company-a
access who view order
account duplicates
export customers --format csv
"""


@pytest.mark.parametrize("sort", ["", ",", "-"])
@pytest.mark.parametrize("line", SORTED.strip().splitlines())
def test_an_order_by_no_field_is_refused(demo: Runner, line: str, sort: str) -> None:
    assert demo.refusal(*line.split(), f"--sort={sort}") == (2, "usage", "--sort names no field")


@pytest.mark.parametrize("line", ["db backup", "db restore", "access can --batch", "export --out"])
def test_a_file_without_a_name_is_refused(demo: Runner, line: str) -> None:
    assert demo.refusal(*line.split(), "") == (4, "unreadable", "the name of a file is empty")


@pytest.mark.parametrize("line", ["customer list", "history", "search company", "access who view order"])
def test_a_list_of_none_does_not_say_that_there_are_none(demo: Runner, line: str) -> None:
    ran = demo(*line.split(), "--limit", "0")
    assert (ran.exit, ran.out, ran.err) == (0, "", "")


def test_a_meaning_that_is_no_field_is_told_as_what_map_was_given(demo: Runner) -> None:
    sheet = demo.file("Firm\nAcme\n", "sheet.csv")
    ran = demo("customer", "import", sheet, "--map", "Firm=zzz")
    message, hint = ran.err.splitlines()
    assert (ran.exit, message) == (4, "error: --map Firm=zzz: a sheet of customers has no field 'zzz'")
    assert hint == "  hint: say what it means, like --map Firm=name or leave it out: --map Firm="


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("customer edit company-a", "customer edit"),
        ("customer address edit company-a/x", "customer address edit"),
        ("role edit buyer", "role edit"),
        ("content variant edit x", "content variant edit"),
    ],
)
def test_an_edit_of_nothing_names_the_help_of_its_command(demo: Runner, line: str, verb: str) -> None:
    ran = demo(*line.split())
    assert (ran.exit, ran.err) == (
        2,
        f"error: say what to change\n  hint: what can be changed: custctl {verb} --help\n",
    )


@pytest.mark.parametrize("number", ["-", "id:1"])
@pytest.mark.parametrize("noun", ["order", "quote", "request", "shopping-list", "checkout"])
def test_a_number_that_a_command_line_takes_for_something_else_is_refused(demo: Runner, noun: str, number: str) -> None:
    code, _, message = demo.refusal(noun, "add", number, "--customer", "company-a")
    assert code == 4
    assert message.endswith("number must be neither - nor like id:17, which name something else")
