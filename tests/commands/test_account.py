"""Accounts and their contacts, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from custctl.resources import ACCOUNT
from custctl.store import overview
from custctl.store.inputs import AccountInput
from tests.runner import Refusal, Runner

HELEN = "helen.ortiz@company-a.example"


def shown(runner: Runner, account: str) -> dict[str, Any]:
    found: dict[str, Any] = runner.json("account", "show", account)
    return found


def keys(runner: Runner, *words: str) -> list[str]:
    return [row["key"] for row in runner.json(*words)]


# accounts


def test_a_01_an_account_is_added_with_everything_it_has(demo: Runner) -> None:
    words = (
        *("--key", "acme", "--description", "Makes anvils.", "--owner", "Sam", "--referred-by", "Partner C"),
        *("--contact", "walt-doyle", "--contact", HELEN, "--default-contact", HELEN, "--external-id", "E-1"),
        *("--tag", "VIP", "--tag", "New one"),
    )
    fields = demo.fields("account", "add", "Acme Inc.", *words)
    assert {name: new for name, (_, new) in fields["account:acme"].items()} == {
        "key": "acme",
        "name": "Acme Inc.",
        "description": "Makes anvils.",
        "owner": "Sam",
        "referred_by": "partner-c",
        "contacts": ["helen-ortiz", "walt-doyle"],
        "default_contact": "helen-ortiz",
        "external_id": "E-1",
        "tags": ["new-one", "vip"],
    }
    assert set(fields) == {"account:acme", "tag:new-one", "tag:vip"}


def test_a_01_a_name_makes_the_key_and_equal_names_get_numbers(custctl: Runner) -> None:
    made = [custctl.changes("account", "add", "Acme & Co.") for _ in range(2)]
    assert made == [[("add", "account:acme-co")], [("add", "account:acme-co-2")]]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("add", ""), (4, "invalid", "account 'account': name must not be blank")),
        (("add", " \t"), (4, "invalid", "account 'account': name must not be blank")),
        (
            ("add", "x" * 256, "--key", "x"),
            (4, "invalid", "account 'x': name must have at most 255 characters, this has 256"),
        ),
        (("add", "Other", "--key", "partner-c"), (5, "taken", "account:partner-c exists already")),
        (
            ("add", "Other", "--external-id", "CRM-A-01"),
            (5, "taken", "account:other: external id 'CRM-A-01' is already that of account:company-a"),
        ),
        (("add", "Other", "--contact", "helen"), (3, "not-found", "contact 'helen' not found")),
        (("add", "Other", "--default-contact", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("add", "Other", "--referred-by", "companya"), (3, "not-found", "account 'companya' not found")),
        (("edit", "company-a"), (2, "usage", "say what to change")),
        (("edit", "company-a", "--name", ""), (4, "invalid", "account 'company-a': name must not be blank")),
        (("edit", "nope", "--name", "X"), (3, "not-found", "account 'nope' not found")),
        (
            ("edit", "partner-c", "--referred-by", "partner-c"),
            (4, "cycle", "account:partner-c: referred_by leads back to it (partner-c → partner-c)"),
        ),
        (
            ("edit", "company-a", "--key", "partner-c"),
            (5, "taken", "account:company-a cannot become partner-c: that key is taken"),
        ),
        (("show", "nope"), (3, "not-found", "account 'nope' not found")),
        (("delete", "nope"), (3, "not-found", "account 'nope' not found")),
        (("list", "--where", "nme=x"), (4, "unknown-field", "unknown field 'nme'")),
        (("list", "--as", "amanda.smith@company-a.example"), (2, "usage", "custctl account list does not take --as")),
    ],
)
def test_a_01_what_is_wrong_with_an_account_is_told(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("account", *words) == refusal


def test_a_01_a_reference_that_nearly_fits_is_offered(demo: Runner) -> None:
    answer = demo("account", "show", "wholsaler-b")
    assert (answer.exit, answer.out) == (3, "")
    assert answer.err == "error: account 'wholsaler-b' not found\n  hint: did you mean wholesaler-b?\n"


def test_a_01_a_key_that_is_taken_names_the_command_that_changes_it(demo: Runner) -> None:
    answer = demo("account", "add", "Other", "--key", "partner-c")
    assert answer.err.endswith("  hint: to change it: custctl account edit partner-c\n")


def test_a_01_an_edit_changes_what_was_given_and_clears_what_is_empty(demo: Runner) -> None:
    words = ("--name", "Company Alpha", "--description", "", "--tag", "", "--external-id", "", "--owner", "Kim")
    assert demo.fields("account", "edit", "Company A", *words) == {
        "account:company-a": {
            "name": ["Company A", "Company Alpha"],
            "description": ["Grows citrus in three states.", None],
            "owner": ["Sam Delgado", "Kim"],
            "external_id": ["CRM-A-01", None],
            "tags": [["key-account"], []],
        }
    }


def test_a_01_a_new_key_is_followed_by_what_names_the_account(demo: Runner) -> None:
    assert demo.changes("account", "edit", "company-a", "--key", "alpha") == [("rename", "account:alpha")]
    assert shown(demo, "greenleaf")["referred_by"] == "alpha"
    assert demo.json("contact", "show", "helen-ortiz")["accounts"] == ["alpha"]


def test_a_01_an_account_is_deleted_and_its_contacts_stay(demo: Runner) -> None:
    before = demo.json("contact", "list", "--fields", "key,email,phone,tags")
    refused = (5, "has-dependents", "account:company-a is still used by 4 customers")
    assert demo.refusal("account", "delete", "company-a", "--yes") == refused
    moved = ("customer", "edit", "--where", "account=company-a", "--account", "greenleaf", "--yes")
    assert len(demo.changes(*moved)) == 4
    assert demo.changes("account", "delete", "company-a", "--yes") == [
        ("remove", "account:company-a"),
        ("remove", "business-customer:company-a-packing"),
        ("remove", "business-customer-address:company-a-packing/plant"),
        ("change", "account:greenleaf"),
        ("change", "activity:price-talk"),
        ("change", "activity:price-answer"),
    ]
    assert shown(demo, "greenleaf")["referred_by"] is None
    assert demo.json("contact", "list", "--fields", "key,email,phone,tags") == before
    assert demo.json("contact", "show", "gail-fraser")["accounts"] == ["partner-c"]


def test_a_01_accounts_are_listed_by_name_whatever_the_letter_case(demo: Runner) -> None:
    demo("account", "add", "comic books")
    answer = demo("account", "list")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[0].split() == ["KEY", "NAME", "DEFAULT_CONTACT", "EMAIL", "PHONE"]
    assert keys(demo, "account", "list") == [
        "comic-books",
        "company-a",
        "greenleaf",
        "jo-miller",
        "partner-c",
        "wholesaler-b",
    ]
    assert keys(demo, "account", "list", "--sort", "-email", "--limit", "2") == ["wholesaler-b", "company-a"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name~b", ["wholesaler-b"]),
        ("email=HELEN.ortiz@company-a.example", ["company-a"]),
        ("contacts=gail-fraser", ["company-a", "partner-c"]),
        ("contacts!=gail-fraser", ["greenleaf", "jo-miller", "wholesaler-b"]),
        ("default_contact=", ["greenleaf", "jo-miller"]),
        ("referred_by=company-a", ["greenleaf"]),
        ("tags=Key account", ["company-a"]),
        ("phone~555 0170", ["wholesaler-b"]),
    ],
)
def test_a_01_accounts_can_be_filtered(demo: Runner, condition: str, found: list[str]) -> None:
    assert keys(demo, "account", "list", "--where", condition) == found


@pytest.mark.parametrize("field", [field.name for field in ACCOUNT.fields])
def test_a_01_every_field_of_an_account_filters_and_sorts(demo: Runner, field: str) -> None:
    everyone = keys(demo, "account", "list")
    with_it = keys(demo, "account", "list", "--where", f"{field}!=")
    without = keys(demo, "account", "list", "--where", f"{field}=")
    assert sorted([*with_it, *without]) == sorted(everyone)
    assert sorted(keys(demo, "account", "list", "--sort", f"-{field}")) == sorted(everyone)


# contacts, and the default one among them


def test_a_02_an_account_tells_its_contacts_and_which_is_the_default(demo: Runner) -> None:
    account = shown(demo, "partner-c")
    assert account["contacts"] == ["gail-fraser"]
    assert account["contact_details"] == [
        {
            "key": "gail-fraser",
            "name": "Gail Fraser",
            "job_title": "Consultant",
            "email": "gail@fraser-advice.example",
            "phone": None,
            "default": True,
        }
    ]
    people = shown(demo, "company-a")["contact_details"]
    assert [(person["name"], person["default"]) for person in people] == [
        ("Ben Carter", False),
        ("Gail Fraser", False),
        ("Helen Ortiz", True),
    ]


def test_a_02_a_default_contact_is_put_among_the_contacts(demo: Runner) -> None:
    assert demo.fields("account", "edit", "greenleaf", "--default-contact", "walt-doyle") == {
        "account:greenleaf": {
            "contacts": [["office-greenleaf-example"], ["office-greenleaf-example", "walt-doyle"]],
            "default_contact": [None, "walt-doyle"],
        }
    }


def test_a_02_a_contact_is_added_as_the_default_one(demo: Runner) -> None:
    assert demo.fields("account", "contact", "add", "company-a", "walt-doyle", "--default") == {
        "account:company-a": {
            "contacts": [
                ["ben-carter", "gail-fraser", "helen-ortiz"],
                ["ben-carter", "gail-fraser", "helen-ortiz", "walt-doyle"],
            ],
            "default_contact": ["helen-ortiz", "walt-doyle"],
        }
    }
    assert demo.fields("account", "contact", "add", "company-a", "ben-carter", "--default") == {
        "account:company-a": {"default_contact": ["walt-doyle", "ben-carter"]}
    }


def test_a_02_an_account_without_its_default_contact_has_none(demo: Runner) -> None:
    assert demo.fields("account", "contact", "remove", "company-a", HELEN, "ben-carter") == {
        "account:company-a": {
            "contacts": [["ben-carter", "gail-fraser", "helen-ortiz"], ["gail-fraser"]],
            "default_contact": ["helen-ortiz", None],
        }
    }
    assert (shown(demo, "company-a")["email"], shown(demo, "company-a")["phone"]) == (None, None)


def test_a_02_the_whole_list_of_contacts_may_be_given_at_once(demo: Runner) -> None:
    assert demo.fields("account", "edit", "company-a", "--contact", "walt-doyle") == {
        "account:company-a": {
            "contacts": [["ben-carter", "gail-fraser", "helen-ortiz"], ["walt-doyle"]],
            "default_contact": ["helen-ortiz", None],
        }
    }
    assert demo.fields("account", "edit", "company-a", "--contact", "") == {
        "account:company-a": {"contacts": [["walt-doyle"], []]}
    }


def test_a_02_members_are_added_and_one_who_is_there_makes_no_difference(demo: Runner) -> None:
    words = ("account", "contact", "add", "partner-c", "gail-fraser", "irene@wholesaler-b.example")
    assert demo.fields(*words) == {"account:partner-c": {"contacts": [["gail-fraser"], ["gail-fraser", "irene-novak"]]}}
    assert demo(*words).out == "nothing to change\n"


def test_a_02_removing_one_who_is_not_there_changes_nothing_and_says_so(demo: Runner) -> None:
    answer = demo("account", "contact", "remove", "partner-c", "walt-doyle")
    assert (answer.exit, answer.out) == (0, "nothing to change\n")
    assert answer.err == "warning: account:partner-c: walt-doyle is not among its contacts\n"


def test_a_02_the_contacts_of_an_account_are_listed_like_contacts(demo: Runner) -> None:
    assert keys(demo, "account", "contact", "list", "company-a") == ["ben-carter", "gail-fraser", "helen-ortiz"]
    words = ("account", "contact", "list", "company-a", "--where", "phone!=", "--sort", "-last_name", "-o", "name")
    assert demo(*words).out == "contact:helen-ortiz\ncontact:ben-carter\n"
    demo("account", "edit", "company-a", "--contact", "")
    answer = demo("account", "contact", "list", "company-a")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no contacts\n")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("list", "nope"), (3, "not-found", "account 'nope' not found")),
        (("add", "partner-c", "walt-doyle", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("add", "partner-c", ""), (3, "not-found", "contact '' not found")),
        (("add", "nope", "walt-doyle"), (3, "not-found", "account 'nope' not found")),
        (("add", "partner-c"), (2, "usage", "Missing argument 'CONTACT...'")),
        (("add", "partner-c", "walt-doyle", HELEN, "--default"), (2, "usage", "--default takes one contact")),
        (("remove", "partner-c", "gail-fraser", "nobody"), (3, "not-found", "contact 'nobody' not found")),
    ],
)
def test_a_02_one_unknown_contact_keeps_all_members_as_they_were(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("account", "contact", *words) == refusal


def test_a_02_a_document_that_names_the_default_contact_apart_says_the_same_each_time(custctl: Runner) -> None:
    document = """
    [[contacts]]
    key = "ann"
    first_name = "Ann"
    [[contacts]]
    key = "bob"
    first_name = "Bob"
    [[accounts]]
    key = "acme"
    name = "Acme"
    contacts = ["ann"]
    default_contact = "bob"
    """
    custctl.apply(document)
    assert (shown(custctl, "acme")["contacts"], shown(custctl, "acme")["default_contact"]) == (["ann", "bob"], "bob")
    assert custctl.apply(document)["changes"] == []


def test_a_03_the_shown_e_mail_and_phone_follow_the_default_contact(demo: Runner) -> None:
    def told() -> tuple[str | None, str | None]:
        [row] = demo.json("account", "list", "--where", "name=company a")
        assert (row["email"], row["phone"]) == tuple(shown(demo, "company-a")[name] for name in ("email", "phone"))
        return row["email"], row["phone"]

    assert told() == (HELEN, "+1 863 555 0150")
    demo("contact", "email", "add", "helen-ortiz", "helen@company-a.example", "--primary")
    assert told() == ("helen@company-a.example", "+1 863 555 0150")
    demo("contact", "edit", "helen-ortiz", "--phone", "")
    assert told() == ("helen@company-a.example", None)
    demo("account", "edit", "company-a", "--default-contact", "ben-carter")
    assert told() == ("ben.carter@company-a.example", "+1 863 555 0151")
    demo("account", "edit", "company-a", "--default-contact", "")
    assert told() == (None, None)


# duplicates


def test_a_04_accounts_of_the_same_name_are_duplicates(demo: Runner) -> None:
    for name, key in (("PARTNER c", "p2"), ("company a", "c2"), ("Company  A", "other"), ("Company AB", "ab")):
        assert demo("account", "add", name, "--key", key).exit == 0
    assert keys(demo, "account", "duplicates") == ["c2", "company-a", "p2", "partner-c"]
    assert keys(demo, "account", "duplicates", "--where", "owner=tester", "--sort", "-key") == ["p2", "c2"]


def test_a_04_without_duplicates_the_list_is_empty_and_says_so(demo: Runner) -> None:
    answer = demo("account", "duplicates")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no accounts\n")


# Documents, history


WORLD = """
[[contacts]]
key = "ann"
first_name = "Ann"

[[accounts]]
key = "globex"
name = "Globex"

[[accounts]]
key = "acme"
name = "Acme"
description = "One\\nTwo"
owner = "Sam"
referred_by = "globex"
contacts = ["ann"]
default_contact = "ann"
external_id = "E-1"
tags = ["vip"]
"""


def test_an_export_with_every_field_of_an_account_makes_the_same_account(custctl: Runner, tmp_path: Any) -> None:
    custctl.apply(WORLD)
    assert [name for name in AccountInput.model_fields if name != "was" and f"\n{name} = " not in WORLD] == []
    exported = custctl.export()
    second = Runner(tmp_path / "second.db")
    second.apply(exported)
    assert second.export() == exported
    assert {k: v for k, v in shown(second, "acme").items() if k in AccountInput.model_fields} == {
        "key": "acme",
        "name": "Acme",
        "description": "One\nTwo",
        "owner": "Sam",
        "referred_by": "globex",
        "contacts": ["ann"],
        "default_contact": "ann",
        "external_id": "E-1",
        "tags": ["vip"],
    }


def test_every_change_of_an_account_is_told_and_taken_back(demo: Runner) -> None:
    steps = (
        ("account", "contact", "remove", "company-a", "helen-ortiz"),
        ("account", "edit", "company-a", "--key", "alpha", "--name", "Alpha", "--tag", "new"),
        ("customer", "edit", "--where", "account=alpha", "--account", "partner-c", "--yes"),
        ("account", "delete", "alpha", "--yes"),
    )
    exports = [demo.export()]
    for step in steps:
        assert demo(*step).exit == 0, step
        exports.append(demo.export())
    told = demo.json("history", "account:alpha")
    assert [row["op"] for row in told] == ["remove", "rename", "change", "add"]
    for number, before in zip((5, 4, 3, 2), reversed(exports[:-1]), strict=True):
        assert demo("undo", str(number), "--yes").exit == 0
        assert demo.export() == before


# the company in one place


def test_a_05_the_whole_company_is_shown_on_one_screen(demo: Runner) -> None:
    answer = demo("account", "show", "company-a")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "key                  company-a",
        "name                 Company A",
        "description          Grows citrus in three states.",
        "owner                Sam Delgado",
        "default_contact      helen-ortiz",
        "email                helen.ortiz@company-a.example",
        "phone                +1 863 555 0150",
        "external_id          CRM-A-01",
        "lifetime             3639.99",
        "tags                 key-account",
        "times_contacted      2",
        "times_contacted_in   1",
        "times_contacted_out  1",
        "last_contacted       2026-09-09T08:30:00Z",
        "last_contacted_in    2026-09-07T14:05:00Z",
        "last_contacted_out   2026-09-09T08:30:00Z",
        "manager              demo",
        "currency             USD",
        "contacts (3)",
        "  helen-ortiz  Helen Ortiz  helen.ortiz@company-a.example  +1 863 555 0150  default",
        "  ben-carter   Ben Carter   ben.carter@company-a.example   +1 863 555 0151",
        "  gail-fraser  Gail Fraser  gail@fraser-advice.example",
        "channels",
        "  field-sales  Field sales  b2b       active  customers 0  business customers 1  lifetime 0.00",
        "  web-shop     Web shop     commerce  active  customers 4  business customers 0  lifetime 3639.99",
        "customers (4, 3 shown)",
        "  company-a       Company A                         web-shop",
        "  company-a-east  Company A - East  company-a       web-shop",
        "  company-a-la    Company A - LA    company-a-west  web-shop",
        "users (12, 3 shown)",
        "  amanda.smith@company-a.example  Amanda Smith  company-a       enabled",
        "  bob.reyes@company-a.example     Bob Reyes     company-a       enabled",
        "  carlos.vega@company-a.example   Carlos Vega   company-a-west  enabled",
        "business_customers (1)",
        "  company-a-packing  Company A Packing  field-sales  leads 0  opportunities 0",
        "documents",
        "  orders          8  SO-1202   open       75.25 USD   2025-03-19",
        "  quotes          4  Q-1301    expired    310.00 USD",
        "  requests        4  RFQ-1302  cancelled",
        "  shopping_lists  3  SL-1201              19.95 USD",
        "  checkouts       2  CO-1201              19.95 USD",
        "activities",
        "  2026-10-03  event  Harvest fair               contact:gail-fraser, contact:irene-novak",
        "  2026-09-14  task   Send samples               contact:ben-carter",
        "  2026-09-09  email  Re: Prices for the autumn  account:company-a, contact:ben-carter, contact:helen-ortiz",
        "marketing",
        "  2026-09-02  autumn-2026  unsubscribe  user:amanda.smith@company-a.example",
        "  2026-09-01  autumn-2026  click        contact:helen-ortiz",
        "  2026-09-01  autumn-2026  open         contact:helen-ortiz",
    ]


def test_a_05_the_whole_company_is_one_object_too(demo: Runner) -> None:
    found = demo.json("account", "show", "company-a", "--most", "1")
    assert found["counts"] == {
        "contacts": 3,
        "customers": 4,
        "users": 12,
        "business_customers": 1,
        "leads": 0,
        "opportunities": 0,
    }
    assert found["customers"] == [
        {"key": "company-a", "name": "Company A", "parent": None, "channel": "web-shop"},
    ]
    assert {name: part["count"] for name, part in found["documents"].items()} == {
        "orders": 8,
        "quotes": 4,
        "requests": 4,
        "shopping_lists": 3,
        "checkouts": 2,
    }
    assert found["documents"]["orders"]["latest"] == [
        {
            "number": "SO-1202",
            "customer": "company-a-la",
            "status": "open",
            "subtotal": "75.25",
            "currency": "USD",
            "payment_status": "pending",
            "placed_at": "2025-03-19T10:00:00Z",
        }
    ]


def test_a_05_leads_and_opportunities_are_on_the_page_open_ones_first(demo: Runner) -> None:
    demo.json("lead", "add", "More crates", "--account", "partner-c", "--owner", "Lena Vogt")
    lines = demo("account", "show", "partner-c", "--most", "1").lines
    assert lines[lines.index("leads (1)") : lines.index("documents")] == [
        "leads (1)",
        "  more-crates  More crates  new  Lena Vogt",
        "opportunities (3, 1 shown)",
        "  organic-range  An organic range  solution_development  65%  31000.00  EUR  2026-09-30  Lena Vogt",
    ]
    assert demo.json("account", "show", "partner-c", "--most", "1")["opportunities"] == [
        {
            "key": "organic-range",
            "name": "An organic range",
            "status": "solution_development",
            "probability": 65,
            "budget": "31000.00",
            "currency": "EUR",
            "close_date": "2026-09-30",
            "owner": "Lena Vogt",
        }
    ]


def test_a_06_an_account_with_nothing_on_it_is_shown_as_that(custctl: Runner) -> None:
    custctl("account", "add", "Acme")
    found = custctl.json("account", "show", "acme", "--most", "0")
    assert set(found["counts"].values()) == {0}
    assert (found["channels"], found["customers"], found["business_customers"]) == ([], [], [])
    assert custctl("account", "show", "acme").lines == [
        "key                  acme",
        "name                 Acme",
        "owner                tester",
        "lifetime             0.00",
        "times_contacted      0",
        "times_contacted_in   0",
        "times_contacted_out  0",
        "currency             USD",
    ]
    assert custctl.refusal("account", "show", "acne")[:2] == (3, "not-found")


def test_a_06_commerce_and_business_customers_are_both_attached(demo: Runner) -> None:
    found = demo.json("account", "show", "company-a", "--most", "9")
    assert [row["key"] for row in found["customers"]] == [
        "company-a",
        "company-a-east",
        "company-a-la",
        "company-a-west",
    ]
    assert [row["key"] for row in found["business_customers"]] == ["company-a-packing"]
    assert [(row["key"], row["customers"], row["business_customers"]) for row in found["channels"]] == [
        ("field-sales", 0, 1),
        ("web-shop", 4, 0),
    ]


def test_a_05_showing_a_company_asks_as_often_however_much_hangs_on_it(demo: Runner) -> None:
    def asked(account: str) -> int:
        queries: list[str] = []
        with contextlib.closing(sqlite3.connect(demo.database)) as connection:
            (row_id,) = connection.execute("SELECT id FROM account WHERE key = ?", (account,)).fetchone()
            connection.set_trace_callback(queries.append)
            overview.of_account(connection, row_id, 1000)
        return len(queries)

    assert asked("company-a") == asked("jo-miller") == 21
