"""Cells of sheets: white space around them, what spreadsheets make of them, and numbered columns."""

from __future__ import annotations

import pytest

from tests.runner import Runner

SPOILT = ["4.03E+11", "4,03E+11", "#N/A", "#REF!", "####", "NULL", '="0049301234"', "=0049", "49301234.0"]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@pytest.mark.parametrize("cell", SPOILT)
@pytest.mark.parametrize(
    ("noun", "head", "row"),
    [
        ("customer", "external_id,name", "{},Acme"),
        ("customer", "Id,Name", "{},Acme"),
        ("customer", "key,name", "{},Acme"),
        ("order", "number", "{}"),
        ("contact", "Id,First name", "{},Ann"),
        ("account", "external_id,name", "{},Acme"),
        ("product", "sku,name", "{},Lamp"),
        ("customer", "name,Parent Id", "Acme,{}"),
    ],
)
def test_what_a_spreadsheet_has_spoilt_is_no_id(custctl: Runner, noun: str, head: str, row: str, cell: str) -> None:
    text = f"{head}\n{row.format(_quoted(cell))}\n"
    (problem,) = custctl(noun, "import", custctl.file(text, "rows.csv"), "-o", "json").problems[1:]
    assert problem["message"] == f"{cell!r} is what a spreadsheet makes of another value"
    assert problem["code"] == "spoilt"


@pytest.mark.parametrize("cell", SPOILT)
def test_what_a_spreadsheet_has_spoilt_elsewhere_is_told_of(custctl: Runner, cell: str) -> None:
    for noun, head, row in (("contact", "First name,Phones 1 Phone", "Ann,{}"), ("customer", "name,vat_id", "Acme,{}")):
        answer = custctl(noun, "import", custctl.file(f"{head}\n{row.format(_quoted(cell))}\n", "rows.csv"))
        assert answer.exit == 0
        assert f"{cell!r} is what a spreadsheet makes of another value; it is taken as it is" in answer.err


def test_ids_in_json_rows_are_looked_at_too(custctl: Runner) -> None:
    path = custctl.file('{"external_id": 49301234.0, "name": "A"}\n{"external_id": "#N/A", "name": "B"}\n', "r.jsonl")
    answer = custctl("customer", "import", path, "--continue-on-error", "-o", "json")
    assert answer.json["rejected"] == 2


def test_amounts_and_ordinary_texts_are_not_taken_for_spoilt(custctl: Runner) -> None:
    text = "number,subtotal\nSO-1.0,100.0\nSO-E+2,5.0\n"
    answer = custctl("order", "import", custctl.file(text, "rows.csv"))
    assert (answer.exit, answer.err) == (0, "added 2, updated 0, unchanged 0, deleted 0, rejected 0\n")


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u200b", "\ufeff"])
def test_blanks_of_every_kind_belong_to_no_cell_and_no_heading(custctl: Runner, blank: str) -> None:
    plain = "Id,Name\n77,Gamma\n78,Delta\n"
    counts = custctl.json("customer", "import", custctl.file(plain, "rows.csv"))
    assert counts["added"] == 2
    blanks = f"{blank}Id,Name{blank}\n77{blank},{blank}Gamma\n{blank}78,Delta{blank}\n"
    assert custctl.json("customer", "import", custctl.file(blanks, "again.csv"))["revision"] is None
    users = f"Email Address,First Name,Last Name\nann@x.example{blank},Ann,Lee\n{blank}bob@x.example,Bob,Lee\n"
    assert custctl.json("user", "import", custctl.file(users, "users.csv"))["added"] == 2
    assert sorted(row["email"] for row in custctl.json("user", "list")) == ["ann@x.example", "bob@x.example"]


def test_a_numbered_column_speaks_of_its_place_alone(custctl: Runner) -> None:
    def emails(text: str) -> list[str]:
        head = "First name,Last name,"
        assert custctl("contact", "import", custctl.file(head + text, "rows.csv"), "-q").exit == 0
        return list(custctl.json("contact", "show", "ann-lee")["emails"])

    both = "Emails 1 Email,Emails 2 Email\nAnn,Lee,"
    assert emails(f"{both}a@x.example,b@x.example\n") == ["a@x.example", "b@x.example"]
    assert emails("Emails 1 Email\nAnn,Lee,a@x.example\n") == ["a@x.example", "b@x.example"]
    assert emails("Emails 1 Email\nAnn,Lee,c@x.example\n") == ["c@x.example", "b@x.example"]
    assert emails("Emails 2 Email\nAnn,Lee,d@x.example\n") == ["c@x.example", "d@x.example"]
    assert emails(f"{both}e@x.example,\n") == ["e@x.example", "d@x.example"]
    assert emails("Emails 1 Email\nAnn,Lee,d@x.example\n") == ["d@x.example", "e@x.example"]
    assert emails("Emails 3 Email\nAnn,Lee,f@x.example\n") == ["d@x.example", "e@x.example", "f@x.example"]
    assert emails("emails\nAnn,Lee,g@x.example\n") == ["g@x.example"]


def test_a_numbered_column_of_roles_keeps_the_other_roles(demo: Runner) -> None:
    user = "bob.reyes@company-a.example"
    assert demo("user", "role", "add", user, "administrator", "-q").exit == 0
    text = f"Email Address,Roles 1 Role\n{user},ROLE_FRONTEND_BUYER\n"
    assert demo("user", "import", demo.file(text, "rows.csv"), "-q").exit == 0
    assert demo.json("user", "show", user)["roles"] == ["administrator", "buyer"]
