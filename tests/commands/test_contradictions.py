"""Rows of one file that mean one record: they repeat each other or fill blanks, and never contradict."""

from __future__ import annotations

import pytest

from tests.runner import Runner

CONTACTS = "first name,last name,Emails 1 Email,Phones 1 Phone,Job Title\n"


def _errors(shop: Runner, noun: str, text: str, *more: str) -> list[str]:
    answer = shop(*noun.split(), "import", shop.file(text, "rows.csv"), "--continue-on-error", "-o", "json", *more)
    assert answer.exit == 6, answer
    return [problem["message"] for problem in answer.json["errors"]]


CASES = {
    "customer": (
        "name,vat_id\nSchmidt,DE1\nSchmidt,DE2\n",
        "lines 2 and 3 are the same customer, customer:schmidt, and differ in vat_id",
    ),
    "user": (
        "email,first_name,last_name,customer\na@x.example,Eva,Klein,\nA@x.example,Udo,Gross,\n",
        "lines 2 and 3 are the same customer user, user:a@x.example, and differ in first_name, last_name",
    ),
    "contact": (
        CONTACTS + "John,Smith,john@a.example,+1 555 0100,Buyer\nJohn,Smith,j@b.example,+1 555 0200,Owner\n",
        "lines 2 and 3 are the same contact, contact:john-smith, and differ in job_title, emails, phones",
    ),
    "account": (
        "name,description\nAcme,one\nAcme,two\n",
        "lines 2 and 3 are the same account, account:acme, and differ in description",
    ),
    "group": (
        "name,tax_code\nGold,A\ngold,B\n",
        "lines 2 and 3 are the same customer group, customer-group:gold, and differ in tax_code",
    ),
    "order": (
        "number,subtotal\nSO-1,5.00\nSO-1,6\n",
        "lines 2 and 3 are the same order, order:SO-1, and differ in subtotal",
    ),
    "lead": (
        "name,owner\nFair,Ann\nFair,Bob\n",
        "lines 2 and 3 are the same lead, lead:fair, and differ in owner",
    ),
    "product": (
        "sku,name\nL-1,Lamp\nl-1,Light\n",
        "lines 2 and 3 are the same product, product:l-1, and differ in name",
    ),
}


@pytest.mark.parametrize("noun", CASES)
def test_a_later_row_that_contradicts_an_earlier_one_is_rejected_whole_with_both_lines(
    custctl: Runner, noun: str
) -> None:
    text, message = CASES[noun]
    assert custctl(noun, "import", custctl.file(text, "rows.csv")).exit == (4)
    custctl("group", "add", "Other", "-q")
    assert _errors(custctl, noun, text) == [message]
    stored = custctl.contents("revision", "history")
    assert _errors(custctl, noun, text) == [message]
    assert custctl.contents("revision", "history") == stored


def test_rows_that_repeat_each_other_in_another_spelling_change_nothing(custctl: Runner) -> None:
    text = CONTACTS + "John,Smith,john@a.example,+1 555 0100,Buyer\nJOHN,smith,John@A.example,+1 (555) 0100,\n"
    first = custctl.json("contact", "import", custctl.file(text, "rows.csv"))
    assert (first["added"], first["unchanged"], first["rejected"]) == (1, 1, 0)
    assert custctl.json("contact", "show", "john-smith")["emails"] == ["john@a.example"]
    assert custctl.json("contact", "import", custctl.file(text, "rows.csv"))["revision"] is None


def test_what_a_new_record_gets_by_itself_is_filled_by_a_later_row(custctl: Runner) -> None:
    text = "name,owner,account\nAcme,,\nBolt,,\nAcme,Ann,\n"
    counts = custctl.json("customer", "import", custctl.file(text, "rows.csv"))
    assert (counts["added"], counts["updated"], counts["rejected"]) == (2, 1, 0)
    assert custctl.json("customer", "show", "acme")["owner"] == "Ann"


def test_a_value_from_before_the_file_may_be_changed_once(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "--vat-id", "DE1", "-q")
    text = "name,vat_id\nAcme,\nAcme,DE2\nAcme,DE3\n"
    assert _errors(custctl, "customer", text) == [
        "lines 3 and 4 are the same customer, customer:acme, and differ in vat_id"
    ]
    assert custctl.json("customer", "show", "acme")["vat_id"] == "DE2"


def test_addresses_of_one_label_contradict_and_others_are_added(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "-q")
    head = "owner,key,street,city,postal_code,country,region,organization\n"
    rest = "Bonn,53111,DE,DE-NW,Acme"
    text = f"{head}acme,hq,1 A St,{rest}\nacme,hq,2 B St,{rest}\nacme,dock,3 C,{rest}\n"
    told = _errors(custctl, "customer address", text)
    assert told == ["lines 2 and 3 are the same address, customer-address:acme/hq, and differ in street"]
    assert len(custctl.json("customer", "address", "list", "acme")) == 2


def test_two_rows_do_not_name_two_default_contacts_of_one_account(custctl: Runner) -> None:
    custctl("account", "add", "Acme", "-q")
    head = "First name,Last name,Accounts Default Contact 1 Account name\n"
    assert _errors(custctl, "contact", f"{head}Ann,A,Acme\nBob,B,Acme\n") == [
        "lines 2 and 3 name two default contacts of account:acme"
    ]
    assert custctl.json("account", "show", "acme")["default_contact"] == "ann-a"


def test_an_address_that_a_row_has_written_is_not_taken_away_by_a_later_one(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "-q")
    head = "owner,key,street,city,postal_code,country,region,organization,Delete\n"
    text = f"{head}acme,hq,1 A St,Bonn,53111,DE,DE-NW,Acme,\nacme,hq,,,,,,,yes\n"
    answer = custctl("customer", "address", "import", custctl.file(text, "rows.csv"), "-o", "json")
    assert answer.exit == 4
