"""Imports: every row ends as added, updated, unchanged, deleted or rejected, and all of them are written or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Process
from tests.runner import Runner

Fields = dict[str, Any]


def counts(answer: Fields) -> tuple[int, int, int, int, int]:
    return tuple(answer[word] for word in ("added", "updated", "unchanged", "deleted", "rejected"))


def imported(shop: Runner, noun: str, text: str, *words: str, name: str = "rows.csv") -> Fields:
    """The answer of an import that may leave rows out, as JSON."""
    answer = shop(*noun.split(), "import", shop.file(text, name), *words, "-o", "json")
    assert answer.exit in (0, 6), answer
    assert answer.exit == (6 if answer.json["rejected"] else 0)
    return answer.json  # type: ignore[no-any-return]  # an object


def faults(shop: Runner, noun: str, text: str, *words: str, name: str = "rows.csv") -> list[tuple[Any, ...]]:
    """Line, column and message of each problem of an import that is refused, the first that counts them apart."""
    answer = shop(*noun.split(), "import", shop.file(text, name), *words, "-o", "json")
    assert answer.exit == 4, answer
    first, *rest = answer.problems
    assert first["code"] == "rejected"
    return [(problem["line"], problem.get("field"), problem["message"]) for problem in rest]


USERS = "email,first_name,last_name,customer,roles\n"


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A shop with a customer and a group."""
    custctl("group", "add", "Partners")
    custctl("customer", "add", "Acme", "--external-id", "1")
    return custctl


# -- verdicts and counts -------------------------------------------------------------------------------------------


def test_i_03_the_counts_are_told_on_standard_error_and_in_the_answer(shop: Runner) -> None:
    text = "key,name,vat_id\nacme,Acme,\nnew,New,\nacme,Acme,DE1\n"
    answer = shop("customer", "import", shop.file(text, "rows.csv"))
    assert answer.exit == 0
    assert answer.err == "added 1, updated 1, unchanged 1, deleted 0, rejected 0\n"
    assert answer.lines[:3] == ["revision   3", "added      1", "updated    1"]
    assert imported(shop, "customer", text)["revision"] is None


def test_i_02_a_dry_run_counts_and_exits_alike_and_keeps_nothing(shop: Runner) -> None:
    good, bad = "name\nNew\n", "name,internal_rating\nNew,9\nFine,\n"
    assert counts(imported(shop, "customer", good, "--dry-run")) == (1, 0, 0, 0, 0)
    assert shop("customer", "import", shop.file(bad, "rows.csv"), "--dry-run").exit == 4
    assert imported(shop, "customer", bad, "--dry-run", "--continue-on-error")["revision"] is None
    assert shop.sql("SELECT count(*) FROM customer") == [(1,)]


def test_i_11_a_second_row_of_a_record_fills_what_the_first_left_blank(shop: Runner) -> None:
    text = "email,first_name,last_name,customer,suffix\na@x.example,Anna,Old,acme,\nA@X.example,ANNA,Old,acme,MD\n"
    assert counts(imported(shop, "user", text)) == (1, 1, 0, 0, 0)
    assert shop.sql("SELECT first_name, suffix FROM customer_user") == [("Anna", "MD")]
    assert imported(shop, "user", text)["revision"] is None


def test_an_import_is_one_revision_with_history_and_is_undone_as_one(shop: Runner) -> None:
    imported(shop, "customer", "name,tags\nOne,big\nTwo,\n")
    [revision] = shop.sql("SELECT max(id) FROM revision")
    records = shop.sql("SELECT op, record FROM history WHERE revision_id = ? ORDER BY record", *revision)
    assert records == [
        ("add", "account:one"),
        ("add", "account:two"),
        ("add", "customer:one"),
        ("add", "customer:two"),
        ("add", "tag:big"),
    ]
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.sql("SELECT key FROM customer") == [("acme",)]


def test_nothing_to_change_makes_no_revision(shop: Runner) -> None:
    assert imported(shop, "customer", "key,name\nacme,Acme\n")["revision"] is None


# -- finding records -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("key,name,vat_id\nacme,Acme,5\n", "Acme"),
        ("Id,Name,VAT Id\n1,Renamed,5\n", "Renamed"),
        ("Name,VAT Id\nacme,5\n", "acme"),
        ("Id,Name,VAT Id\n,ACME,5\n", "ACME"),
    ],
    ids=["key", "external id", "name", "name, id empty"],
)
def test_i_05_a_record_is_found_by_key_else_by_id_else_by_name(shop: Runner, text: str, name: str) -> None:
    assert counts(imported(shop, "customer", text)) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT key, name, vat_id, external_id FROM customer") == [("acme", name, "5", "1")]


def test_i_05_a_name_with_another_id_is_another_record_and_gets_a_key_of_its_own(shop: Runner) -> None:
    assert counts(imported(shop, "customer", "Id,Name\n2,Acme\n3,Acme\n")) == (2, 0, 0, 0, 0)
    assert shop.sql("SELECT key, external_id FROM customer ORDER BY id") == [
        ("acme", "1"),
        ("acme-2", "2"),
        ("acme-3", "3"),
    ]
    [problem] = imported(shop, "customer", "name,vat_id\nAcme,5\n", "--continue-on-error")["errors"]
    assert (problem["code"], problem["line"], problem["message"]) == (
        "ambiguous",
        2,
        "several customers are called 'Acme'",
    )
    assert problem["candidates"] == ["acme", "acme-2", "acme-3"]


def test_an_id_of_the_file_is_never_an_id_of_the_database(shop: Runner) -> None:
    shop("customer", "add", "Second")
    assert counts(imported(shop, "customer", "Id,Name\n2,Third\n")) == (1, 0, 0, 0, 0)


def test_a_user_found_by_id_gets_the_address_of_the_row_unless_another_has_it(shop: Runner) -> None:
    imported(shop, "user", "ID," + USERS + "7,a@x.example,A,B,acme,buyer\n8,b@x.example,A,B,acme,buyer\n")
    assert counts(imported(shop, "user", "ID,Email Address\n7,new@x.example\n")) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT key, email FROM customer_user WHERE external_id = '7'") == [("new@x.example",) * 2]
    [(line, _, message)] = faults(shop, "user", "ID,Email Address\n7,b@x.example\n")
    assert (line, message) == (2, "user:new@x.example cannot become b@x.example: that key is taken")


def test_guests_are_never_found_by_address(shop: Runner) -> None:
    shop.apply('[[users]]\nkey="guest-a"\nemail="a@x.example"\nfirst_name="G"\nlast_name="U"\nguest=true\n')
    text = USERS + "a@x.example,Anna,Smith,acme,buyer\n"
    assert counts(imported(shop, "user", text)) == (1, 0, 0, 0, 0)
    assert shop.sql("SELECT count(*) FROM customer_user WHERE email = 'a@x.example'") == [(2,)]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("upsert", (1, 1, 0, 0, 0)),
        ("add", (1, 0, 0, 0, 1)),
        ("update", (0, 1, 0, 0, 1)),
        ("skip", (1, 0, 1, 0, 0)),
    ],
)
def test_the_mode_says_what_happens_to_records_that_exist_or_do_not(
    shop: Runner, mode: str, expected: tuple[int, ...]
) -> None:
    text = "key,name\nacme,Changed\nother,Other\n"
    assert counts(imported(shop, "customer", text, "--mode", mode, "--continue-on-error")) == expected


def test_an_empty_cell_keeps_a_value_or_clears_it(shop: Runner) -> None:
    """I-08."""
    imported(shop, "customer", "key,vat_id,owner\nacme,DE1,jo\n")
    assert counts(imported(shop, "customer", "key,vat_id\nacme,\n")) == (0, 0, 1, 0, 0)
    assert counts(imported(shop, "customer", "key,vat_id\nacme,\n", "--empty", "clear")) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT vat_id, owner FROM customer") == [(None, "jo")]


# -- references ----------------------------------------------------------------------------------------------------


def test_i_06_a_parent_further_down_the_file_is_found_by_key_id_and_name(shop: Runner) -> None:
    text = "Id,Name,Parent Id,Parent Name\n10,A,30,\n20,B,,Late Parent\n40,D,10,\n30,Root,,\n50,Late Parent,30,\n"
    assert counts(imported(shop, "customer", text)) == (5, 0, 0, 0, 0)
    rows = shop.sql("SELECT c.key, p.key FROM customer c JOIN customer p ON p.id = c.parent_id ORDER BY 1")
    assert rows == [("a", "root"), ("b", "late-parent"), ("d", "a"), ("late-parent", "root")]


def test_i_06_a_parent_that_never_comes_is_named_with_near_ones(shop: Runner) -> None:
    problems = faults(shop, "customer", "Name,Parent Name\nFine,\nLost,Acne\nBelow,Lost\n")
    assert problems == [
        (3, "Parent Name", "customer called 'Acne' not found"),
        (4, "Parent Name", "customer called 'Lost' not found"),
    ]
    [first, *_] = imported(shop, "customer", "Name,Parent Name\nLost,Acne\n", "--continue-on-error")["errors"]
    assert (first["hint"], first["candidates"], first["value"]) == ("did you mean acme?", ["acme"], "Acne")


def test_i_07_a_circle_in_the_file_rejects_one_row_and_the_other_goes_in(shop: Runner) -> None:
    shop("customer", "add", "Bolt")
    answer = imported(shop, "customer", "key,parent\nacme,bolt\nbolt,acme\n", "--continue-on-error")
    assert counts(answer) == (0, 1, 0, 0, 1)
    [problem] = answer["errors"]
    assert (problem["code"], problem["field"]) == ("cycle", "parent")
    assert shop.sql("SELECT count(*) FROM customer WHERE parent_id IS NOT NULL") == [(1,)]


CIRCLE = "key,name,parent\nroot,R,\na,A,b\nb,B,c\nc,C,a\nbelow-a,D,a\nself,S,self\n"


def test_i_07_a_circle_of_new_rows_is_one_error_and_the_others_of_it_go_in(shop: Runner) -> None:
    path = shop.file(CIRCLE, "rows.csv")
    answer = shop("customer", "import", path, "--continue-on-error")
    assert answer.exit == 6
    assert answer.err.splitlines() == [
        "warning: line 3 goes in without its parent: lines 3, 4, 5 make a circle",
        "added 4, updated 0, unchanged 0, deleted 0, rejected 2",
    ]
    errors = [line for line in answer.out.splitlines() if line.startswith("error")]
    assert errors == [
        "error: the parent leads back to the row: lines 3, 4, 5 make a circle",
        "error: customer:self: a customer cannot be its own parent",
    ]
    rows = shop.sql("SELECT c.key, p.key FROM customer c LEFT JOIN customer p ON p.id = c.parent_id ORDER BY 1")
    assert rows == [("a", None), ("acme", None), ("below-a", "a"), ("c", "a"), ("root", None)]
    assert shop("db", "check").exit == 0


def test_i_07_without_continue_on_error_a_circle_keeps_everything_from_being_written(shop: Runner) -> None:
    assert faults(shop, "customer", CIRCLE) == [
        (4, "parent", "the parent leads back to the row: lines 3, 4, 5 make a circle"),
        (7, "parent", "customer:self: a customer cannot be its own parent"),
    ]


def test_i_07_a_circle_with_a_stored_customer_is_opened_there(shop: Runner) -> None:
    answer = imported(shop, "customer", "key,name,parent\nnew,N,acme\nacme,,new\n", "--continue-on-error")
    assert counts(answer) == (1, 0, 0, 0, 1)
    [problem] = answer["errors"]
    assert (problem["code"], problem["line"]) == ("cycle", 3)
    assert shop.sql("SELECT c.key, p.key FROM customer c JOIN customer p ON p.id = c.parent_id") == [("new", "acme")]


def test_rows_that_wait_behind_one_that_is_rejected_at_the_end_are_still_told(shop: Runner) -> None:
    text = "Name,parent\nalpha,alpha\nOne,beta\nOne,zz\nTwo,alpha\n"
    answer = imported(shop, "customer", text, "--continue-on-error")
    assert counts(answer) == (0, 0, 0, 0, 4)
    assert [(problem["line"], problem["field"]) for problem in answer["errors"]] == [
        (at, "parent") for at in (2, 3, 4, 5)
    ]


def test_parent_and_child_may_change_places(shop: Runner) -> None:
    shop("customer", "add", "Bolt", "--parent", "acme")
    assert counts(imported(shop, "customer", "key,parent\nacme,bolt\nbolt,\n", "--empty", "clear")) == (0, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("noun", "text", "problem"),
    [
        ("user", USERS + "a@x.example,A,B,acme,bayer\n", (2, "roles", "role 'bayer' not found")),
        ("user", USERS + "a@x.example,A,B,nobody,buyer\n", (2, "customer", "customer 'nobody' not found")),
        (
            "user",
            "Email Address,First Name,Last Name,Customer Id,Roles 1 Role\na@x.example,A,B,99,ROLE_FRONTEND_BUYER\n",
            (2, "Customer Id", "customer with the external id '99' not found"),
        ),
        ("contact", "first_name,reports_to\nA,nobody\n", (2, "reports_to", "contact 'nobody' not found")),
        ("order", "number,customer\nSO-1,nobody\n", (2, "customer", "customer 'nobody' not found")),
    ],
)
def test_a_reference_that_leads_nowhere_rejects_its_row(
    shop: Runner, noun: str, text: str, problem: tuple[Any, ...]
) -> None:
    assert faults(shop, noun, text) == [problem]


def test_a_user_without_roles_gets_the_one_of_the_website(shop: Runner) -> None:
    shop("setting", "set", "customer.default_role", "administrator")
    text = "email,first_name,last_name,customer,enabled\na@x.example,A,B,acme,\nb@x.example,A,B,acme,no\n"
    assert counts(imported(shop, "user", text)) == (2, 0, 0, 0, 0)
    roles = "SELECT group_concat(r.key) FROM user_role l JOIN role r ON r.id = l.role_id WHERE l.user_id = u.id"
    found = shop.sql(f"SELECT u.key, ({roles}) FROM customer_user u ORDER BY u.id")
    assert found == [("a@x.example", "administrator"), ("b@x.example", None)]


def test_contacts_are_put_into_the_accounts_that_they_name(shop: Runner) -> None:
    shop("account", "add", "Big")
    text = "First name,Last name,Emails 1 Email,Accounts 1 Account name\nA,B,a@x.example,Big\nC,D,,big\n"
    assert counts(imported(shop, "contact", text)) == (2, 0, 0, 0, 0)
    assert counts(imported(shop, "contact", text)) == (0, 0, 2, 0, 0)
    assert shop.json("account", "show", "big")["contacts"] == ["a-b", "c-d"]


PEOPLE = """First name,Last name,Gender,Emails 1 Email,Emails 2 Email
Ann,Lee,f,,a@x.example
Bob,Ray,M,b@x.example,c@x.example
"""


def test_i_12_contacts_are_added_and_replaced_or_always_added_anew(shop: Runner) -> None:
    assert counts(imported(shop, "contact", PEOPLE)) == (2, 0, 0, 0, 0)
    assert counts(imported(shop, "contact", PEOPLE.replace("c@x", "d@x"))) == (0, 1, 1, 0, 0)
    assert counts(imported(shop, "contact", PEOPLE, "--mode", "add")) == (2, 0, 0, 0, 0)
    keys = [("ann-lee",), ("ann-lee-2",), ("bob-ray",), ("bob-ray-2",)]
    assert shop.sql("SELECT key FROM contact ORDER BY key") == keys


def test_i_12_a_contact_is_not_added_anew_under_a_key_or_an_id_that_is_taken(shop: Runner) -> None:
    imported(shop, "contact", "key,Id,First name\nann,7,Ann\n")
    for text in ("key,first_name\nann,Ann\n", "Id,First name\n7,Ann\n"):
        [(line, _, message)] = faults(shop, "contact", text, "--mode", "add")
        assert (line, message) == (2, "contact 'ann' exists already")


def test_i_12_the_first_of_a_list_is_primary_and_m_and_f_are_genders(shop: Runner) -> None:
    imported(shop, "contact", PEOPLE)
    told = [(row["email"], row["emails"], row["gender"]) for row in map(shop_show(shop), ("ann-lee", "bob-ray"))]
    assert told == [
        ("a@x.example", ["a@x.example"], "female"),
        ("b@x.example", ["b@x.example", "c@x.example"], "male"),
    ]


def test_i_12_groups_and_accounts_that_are_unknown_are_dropped_with_a_warning(shop: Runner) -> None:
    shop("account", "add", "Big")
    head = "First name,Last name,Groups 1 Label,Groups 2 Label,Accounts 1 Account name,Accounts 2 Account name\n"
    path = shop.file(head + "Ann,Lee,Nope,Sales Group,Big,None\n", "rows.csv")
    answer = shop("contact", "import", path)
    assert answer.exit == 0
    assert answer.err.splitlines() == [
        f"warning: {path}:2: Accounts 2 Account name: account called 'None' not found; the row goes in without",
        f"warning: {path}:2: Groups 1 Label: contact group called 'Nope' not found; the row goes in without",
        "added 1, updated 0, unchanged 0, deleted 0, rejected 0",
    ]
    assert shop.json("contact", "show", "ann-lee")["groups"] == ["sales-group"]
    assert shop.json("account", "show", "big")["contacts"] == ["ann-lee"]
    assert counts(imported(shop, "contact", "key,groups\nann-lee,nope\n")) == (0, 0, 1, 0, 0)
    assert shop.json("contact", "show", "ann-lee")["groups"] == ["sales-group"]


def test_i_08_a_file_with_one_of_the_names_changes_the_contact_that_has_it(shop: Runner) -> None:
    imported(shop, "contact", PEOPLE)
    assert counts(imported(shop, "contact", "First name,Name prefix\nANN,Ms.\n")) == (0, 1, 0, 0, 0)
    assert counts(imported(shop, "contact", "Last name,Name prefix\nRay,Mr.\nNew,Mr.\n")) == (1, 1, 0, 0, 0)
    assert counts(imported(shop, "contact", "First name,Last name\nAnn,\n")) == (1, 0, 0, 0, 0), "she has no other"
    found = shop.sql("SELECT key, prefix, first_name, last_name FROM contact ORDER BY key")
    assert found == [
        ("ann", None, "Ann", None),
        ("ann-lee", "Ms.", "ANN", "Lee"),
        ("bob-ray", "Mr.", "Bob", "Ray"),
        ("new", "Mr.", None, "New"),
    ]
    [(_, field, message)] = faults(shop, "contact", "First name,Name prefix\nAnn,Dr.\n")
    assert (field, message) == ("First name", "several contacts are called 'Ann'")
    rows = [{"first_name": "Zoe", "last_name": "Day"}, {"first_name": "Zoe", "prefix": "Ms."}]
    assert counts(imported(shop, "contact", json.dumps(rows), name="rows.json")) == (1, 1, 0, 0, 0)


def test_i_08_columns_that_are_left_out_and_cells_that_are_empty_change_nothing(shop: Runner) -> None:
    imported(shop, "customer", "key,vat_id,owner\nacme,5,jo\n")
    assert counts(imported(shop, "customer", "key,vat_id,tax_code\nacme,,A\n")) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT name, vat_id, owner, tax_code FROM customer") == [("Acme", "5", "jo", "A")]
    assert counts(imported(shop, "customer", "key,vat_id\nacme,\n", "--empty", "clear")) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT name, vat_id, owner, tax_code FROM customer") == [("Acme", None, "jo", "A")]


def shop_show(shop: Runner) -> Callable[[str], Fields]:
    return lambda key: shop.json("contact", "show", key)


# -- other nouns ---------------------------------------------------------------------------------------------------


def test_i_10_addresses_are_found_by_what_they_say_and_deleted_by_a_column(shop: Runner) -> None:
    head = "Customer Id,Street,City,Zip/Postal Code,Country ISO2 code,State Combined code,Organization,Label,Delete\n"
    rows = "1,A 1,Rome,00100,IT,IT-RM,Acme,HQ,\n1,B 2,Rome,00100,IT,IT-RM,Acme,,\n1,C 3,Rome,00100,IT,IT-RM,Acme,,\n"
    assert counts(imported(shop, "customer address", head + rows)) == (3, 0, 0, 0, 0)
    again = "1,a 1,ROME,00100,it,IT-RM,Acme Ltd,HQ,\n1,B 2,Rome,00100,IT,IT-RM,,,1\n1,X,Rome,1,IT,IT-RM,,,yes\n"
    assert counts(imported(shop, "customer address", head + again)) == (0, 1, 1, 1, 0)
    assert shop.sql("SELECT key, organization FROM address ORDER BY id") == [("hq", "Acme Ltd"), ("address-2", "Acme")]
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.sql("SELECT count(*) FROM address") == [(3,)]


def test_the_primary_address_is_not_deleted_while_there_are_others(shop: Runner) -> None:
    head = "owner,key,street,city,postal_code,country,region,organization,delete\n"
    imported(shop, "customer address", head + "acme,one,A,Rome,1,IT,IT-RM,O,\nacme,two,B,Rome,1,IT,IT-RM,O,\n")
    problems = faults(shop, "customer address", head + "acme,one,,,,,,,yes\n")
    assert problems == [(2, None, "customer-address:acme/one is the primary address")]
    added_and_gone = head + "acme,new,N,Rome,1,IT,IT-RM,O,\nacme,new,,,,,,,1\n"
    [(line, _, message)] = faults(shop, "customer address", added_and_gone)
    assert (line, message) == (3, "customer-address:acme/new was added by an earlier row")


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_rejected_rows_stand_in_the_order_of_their_file_though_some_have_waited(shop: Runner, form: str) -> None:
    rows = [
        {"key": "late", "name": "Late", "parent": "nowhere"},
        {"key": "bad", "name": "Bad", "internal_rating": "9_of_5"},
        {"key": "good", "name": "Good"},
        {"key": "lost", "name": "Lost", "parent": "late"},
        {"key": "worse", "name": "", "vat_id": "D"},
    ]
    if form == "csv":
        names = ("key", "name", "parent", "internal_rating", "vat_id")
        text = "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)])
    else:
        lines = [json.dumps(row) for row in rows]
        text = "\n".join(lines) if form == "jsonl" else "[" + ",\n".join(lines) + "]"
    target = shop.database.parent / f"rejected.{form}"
    words = ("--continue-on-error", "--rejects", str(target))
    assert counts(imported(shop, "customer", text, *words, name=f"rows.{form}")) == (1, 0, 0, 0, 4)
    written = target.read_text()
    places = [written.index(key) for key in ("late", "bad", "lost", "worse")]
    assert places == sorted(places)
    lines = written.splitlines()
    if form == "csv":
        assert [line.split(",")[0] for line in lines] == ["key", "late", "bad", "lost", "worse"]
    else:
        found = json.loads(written) if form == "json" else [json.loads(line) for line in lines]
        assert [row["key"] for row in found] == ["late", "bad", "lost", "worse"]


def test_a_row_without_key_and_name_is_told_of_without_a_key_that_nobody_gave(shop: Runner) -> None:
    text = "name,external_id,vat_id\n,E1,D1\n,,D2\nNew,,\n"
    assert faults(shop, "customer", text) == [
        (2, "name", "name is required for a new customer"),
        (3, "name", "name is required for a new customer"),
    ]
    assert faults(shop, "customer", "key,name\nnew,\n") == [
        (2, "name", "customer:new: name is required for a new customer")
    ]


def test_addresses_within_rows_of_their_owners_are_found_again(shop: Runner) -> None:
    text = (
        "Name,Addresses 1 Street,Addresses 1 City,Addresses 1 Zip/Postal Code,Addresses 1 Country ISO2 code,"
        "Addresses 1 State Combined code,Addresses 1 Organization\nAcme,A 1,Rome,1,IT,IT-RM,{}\n"
    )
    assert counts(imported(shop, "customer", text.format("Acme"))) == (0, 1, 0, 0, 0)
    assert counts(imported(shop, "customer", text.format("Acme"))) == (0, 0, 1, 0, 0)
    assert counts(imported(shop, "customer", text.format("Acme Ltd"))) == (0, 1, 0, 0, 0)
    assert shop.sql("SELECT key, organization FROM address") == [("address", "Acme Ltd")]


@pytest.mark.parametrize(
    ("noun", "text", "key"),
    [
        ("group", "name,payment_term\nGold,net 30\n", "gold"),
        ("role", 'label,default,permissions\nClerk,user,"{""order"": {""view"": ""user""}}"\n', "clerk"),
        ("role", "label,customer\nClerk,acme\n", "acme/clerk"),
        ("account", "Account name,Description\nBig,x\n", "big"),
        ("contact", "First name,Last name,Gender,Birthday\nA,B,m,12/31/1990\n", "a-b"),
        ("tag", "name,owner\nBig One,jo\n", "big-one"),
        ("order", "number,customer,subtotal,placed_at\nSO-1,acme,10.5,2026-01-31\n", "SO-1"),
        ("quote", "number,customer\nQ-1,acme\n", "Q-1"),
        ("request", "number,customer,workflow_active\nR-1,acme,yes\n", "R-1"),
        ("shopping-list", "number,customer\nL-1,acme\n", "L-1"),
        ("checkout", "number,customer\nC-1,acme\n", "C-1"),
    ],
)
def test_every_noun_is_imported_once_and_again_without_a_change(shop: Runner, noun: str, text: str, key: str) -> None:
    assert counts(imported(shop, noun, text)) == (1, 0, 0, 0, 0)
    assert shop(noun, "show", key).exit == 0
    assert counts(imported(shop, noun, text)) == (0, 0, 1, 0, 0)
    assert shop("db", "check").exit == 0


def test_i_15_words_in_a_column_of_tags_become_tags(shop: Runner) -> None:
    imported(shop, "customer", 'key,tags\nacme,"big, New One"\n')
    assert shop.json("customer", "show", "acme")["tags"] == ["big", "new-one"]


# -- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.jsonl", '{"name": "One", "parent": {"x": 1}}\n'),
        ("rows.csv", "name,nonsense\nOne,1\n"),
        ("rows.csv", 'name\n"One\n'),
    ],
    ids=["table for a text", "unknown heading", "open quote"],
)
def test_what_cannot_be_read_is_4_and_writes_nothing(shop: Runner, name: str, text: str) -> None:
    assert shop("customer", "import", shop.file(text, name)).exit == 4


def test_the_same_rows_are_read_from_every_format_and_from_standard_input(shop: Runner) -> None:
    assert counts(imported(shop, "customer", "name;vat_id\nOne;1\n")) == (1, 0, 0, 0, 0)
    assert counts(imported(shop, "customer", "name\tvat_id\nOne\t1\n", name="r.tsv")) == (0, 0, 1, 0, 0)
    assert counts(imported(shop, "customer", '{"name": "One", "vat_id": "1"}\n', name="r.jsonl")) == (0, 0, 1, 0, 0)
    assert counts(imported(shop, "customer", '[{"name": "One", "vat_id": "1"}]', name="r.json")) == (0, 0, 1, 0, 0)
    answer = shop("customer", "import", "-", "--format", "csv", "-o", "json", stdin="name,vat_id\nOne,1\n")
    assert counts(answer.json) == (0, 0, 1, 0, 0)


def test_columns_are_given_their_meaning_and_dates_their_form(shop: Runner) -> None:
    text = "E-Mail,first_name,last_name,customer,birthday,Shoe\na@x.example,A,B,acme,31.12.1990,44\n"
    words = ("--map", "E-Mail=email", "--map", "Shoe=", "--date-format", "%d.%m.%Y")
    assert counts(imported(shop, "user", text, *words)) == (1, 0, 0, 0, 0)
    assert shop.sql("SELECT key, birthday FROM customer_user") == [("a@x.example", "1990-12-31")]


def test_a_column_that_is_not_kept_is_named_once(shop: Runner) -> None:
    answer = shop("customer", "import", shop.file("Name,Organization Name\nOne,Oro\nTwo,Oro\n", "r.csv"))
    assert answer.err.splitlines()[0] == "warning: custctl keeps nothing of these columns: Organization Name"


def test_a_name_of_json_that_is_not_kept_is_named_once_too(shop: Runner) -> None:
    text = '[{"Name": "One", "Owner Id": 3}, {"Name": "Two", "Owner Id": 4}]'
    answer = shop("customer", "import", shop.file(text, "r.json"))
    assert answer.err.splitlines()[0] == "warning: custctl keeps nothing of these columns: Owner Id"


# -- what is wrong -------------------------------------------------------------------------------------------------

BAD = 'name,internal_rating,vat_id\nOne,,\n"Two\nlines",9,\nThree,,"a\nb"\n,,5\nFive,,\n'


def test_one_wrong_row_keeps_everything_from_being_written_and_each_is_told(shop: Runner) -> None:
    answer = shop("customer", "import", shop.file(BAD, "rows.csv"))
    assert (answer.exit, answer.out) == (4, "")
    path = shop.database.parent / "rows.csv"
    assert answer.err.splitlines() == [
        "error: 2 of 5 rows are rejected; nothing was written",
        "  hint: mend them, or write the others with --continue-on-error",
        "error: customer 'two-lines': internal_rating must be one of 1_of_5, 2_of_5, 3_of_5, 4_of_5, 5_of_5",
        f'  --> {path}:3, field "internal_rating"',
        "error: name is required for a new customer",
        f'  --> {path}:7, field "name"',
    ]


def test_i_16_the_good_rows_are_written_and_the_others_are_told_with_line_and_field(shop: Runner) -> None:
    answer = imported(shop, "customer", BAD, "--continue-on-error")
    assert counts(answer) == (3, 0, 0, 0, 2)
    assert [(problem["line"], problem["field"]) for problem in answer["errors"]] == [
        (3, "internal_rating"),
        (7, "name"),
    ]
    assert shop.sql("SELECT count(*) FROM customer") == [(4,)]


@pytest.mark.parametrize(
    ("noun", "text", "heading"),
    [
        ("customer", "Name,Parent Id,Parent Name\nA,77,\n", "Parent Id"),
        ("customer", "Name,Parent Id,Parent Name\nA,,Nobody\n", "Parent Name"),
        (
            "user",
            "Email Address,Customer Name,Roles 1 Role,Roles 2 Role\na@x.example,Acme,BUYER,NOPE\n",
            "Roles 2 Role",
        ),
        ("user", "Email Address,First Name,Last Name,Birthday\na@x.example,A,B,31/31/1990\n", "Birthday"),
        (
            "customer address",
            "Street,City,Zip/Postal Code,Country ISO2 code,State Combined code,Customer Name\nA,X,1,US,US-ZZ,Acme\n",
            "State Combined code",
        ),
    ],
    ids=["id", "name", "the second of a list", "date", "address"],
)
def test_i_16_a_problem_names_the_column_that_has_what_is_wrong(
    shop: Runner, noun: str, text: str, heading: str
) -> None:
    assert heading in {field for _, field, _ in faults(shop, noun, text)}


def test_a_row_of_json_lines_that_could_not_be_read_says_so_again_until_it_is_mended(shop: Runner) -> None:
    rejects = shop.database.parent / "rejects.jsonl"
    text = '{"name": "One"\n{"name": "Two"}\n'
    words = ("--continue-on-error", "--rejects", str(rejects))
    assert counts(imported(shop, "customer", text, *words, name="rows.jsonl")) == (1, 0, 0, 0, 1)
    again = faults(shop, "customer", rejects.read_text(), name="again.jsonl")
    assert again == [(1, None, "the row has a name that is empty")]


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.json"])
def test_i_16_rejected_rows_are_written_in_the_form_of_the_file_and_load_once_mended(shop: Runner, name: str) -> None:
    rows = [{"name": "One, Two"}, {"name": "Three", "tax_code": "not a code"}, {"name": 'Fo"ur', "tax_code": "?"}]
    text = {
        "rows.csv": 'name,tax_code\n"One, Two",\nThree,not a code\n"Fo""ur",?\n',
        "rows.tsv": 'name\ttax_code\nOne, Two\t\nThree\tnot a code\n"Fo""ur"\t?\n',
        "rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "rows.json": json.dumps(rows, indent=1),
    }[name]
    rejects = shop.database.parent / f"rejects-{name}"
    answer = imported(shop, "customer", text, "--continue-on-error", "--rejects", str(rejects), name=name)
    assert counts(answer) == (1, 0, 0, 0, 2)
    assert rejects.stat().st_mode & 0o777 == 0o600
    written = rejects.read_text()
    assert "_line" in written
    assert "must be letters, digits, - and _" in written
    mended = written.replace("not a code", "A").replace("?", "B")
    assert counts(imported(shop, "customer", mended, name=name)) == (2, 0, 0, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_i_16_rejected_rows_have_the_mark_of_the_file_and_load_once_mended(shop: Runner, encoding: str) -> None:
    source, target = shop.database.parent / "rows.csv", shop.database.parent / "rejects.csv"
    source.write_bytes("name,group\nMüller,nope\nFine,\n".encode(encoding))
    words = ("customer", "import", str(source), "--continue-on-error", "--rejects", str(target))
    assert shop(*words).exit == 6
    assert target.read_bytes()[:2] == source.read_bytes()[:2]
    target.write_bytes(target.read_bytes().decode(encoding).replace("nope", "partners", 1).encode(encoding))
    assert shop("customer", "import", str(target)).exit == 0
    assert shop.sql("SELECT name FROM customer ORDER BY name") == [("Acme",), ("Fine",), ("Müller",)]


def test_a_rejected_row_with_too_many_or_too_few_cells_loses_none_of_them(shop: Runner, tmp_path: Path) -> None:
    target = tmp_path / "rejects.csv"
    text = "name,vat_id,owner\nA,1,jo,surplus,more\nB\nFine,2,jo\n"
    words = ("--continue-on-error", "--rejects", str(target))
    assert counts(imported(shop, "customer", text, *words)) == (1, 0, 0, 0, 2)
    lines = target.read_text().splitlines()
    assert lines[0] == "name,vat_id,owner,_line,_error"
    assert lines[1].startswith("A,1,jo,2,")
    assert "beyond the headings: surplus,more" in lines[1]
    assert lines[2].startswith("B,,,3,")
    assert counts(imported(shop, "customer", target.read_text())) == (2, 0, 0, 0, 0)


def test_a_file_of_rejected_rows_is_new_and_only_there_when_something_was_written(shop: Runner, tmp_path: Path) -> None:
    target = tmp_path / "rejects.csv"
    words = ("customer", "import", shop.file(BAD, "rows.csv"), "--continue-on-error", "--rejects", str(target))
    assert shop(*words, "--max-errors", "1").exit == 4
    assert not target.exists()
    assert shop(*words, "--dry-run").exit == 6
    assert not target.exists()
    assert shop("customer", "import", shop.file("name\nFine\n", "good.csv"), *words[3:]).exit == 0
    assert not target.exists()
    assert shop(*words).exit == 6
    assert shop.refusal(*words)[:2] == (5, "exists")
    without = shop("customer", "import", shop.file(BAD, "rows.csv"), "--rejects", str(tmp_path / "other.csv"))
    assert without.exit == 2


def test_max_errors_is_how_many_are_told_and_then_how_many_may_be(shop: Runner) -> None:
    text = "name,tax_code\n" + "".join(f"C {number},?\n" for number in range(30))
    assert len(faults(shop, "customer", text)) == 20
    assert len(faults(shop, "customer", text, "--max-errors", "25")) == 25
    assert counts(imported(shop, "customer", text, "--continue-on-error")) == (0, 0, 0, 0, 30)
    assert counts(imported(shop, "customer", text, "--continue-on-error", "--max-errors", "30")) == (0, 0, 0, 0, 30)
    message = shop.refusals("customer", "import", shop.file(text, "r.csv"), "--continue-on-error", "--max-errors", "9")[
        0
    ]
    assert message == (4, "rejected", "more than 9 rows rejected")


@pytest.mark.parametrize("words", [("--mode", "replace"), ("--empty", "x"), ("--map", "x"), ("--format", "xlsx")])
def test_a_word_that_an_option_does_not_know_is_2(shop: Runner, words: tuple[str, ...]) -> None:
    assert shop("customer", "import", shop.file("name\nA\n", "r.csv"), *words).exit == 2


def test_i_13_nobody_imports_with_the_rights_of_a_customer_user(demo: Runner) -> None:
    path = demo.file("name\nA\n", "rows.csv")
    for noun in ("customer", "user", "role", "order"):
        answer = demo(noun, "import", path, "--as", "amanda.smith@company-a.example")
        assert (answer.exit, answer.out) == (2, "")
        assert answer.err.startswith(f"error: custctl {noun} import does not take --as"), answer.err


# -- a database that is not there yet ------------------------------------------------------------------------------


def test_an_import_makes_a_database_that_is_missing_only_when_it_succeeds(process: Process, tmp_path: Path) -> None:
    bad = process("customer", "import", "-", "--format", "csv", stdin="name,tax_code\nA,?\n")
    assert bad.exit == 4
    assert [path.name for path in tmp_path.iterdir()] == []
    good = process("customer", "import", "-", "--format", "csv", "-o", "json", stdin="name\nA\n")
    assert (good.exit, good.json["added"]) == (0, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]
    assert process("customer", "list", "-o", "name").out == "customer:a\n"
