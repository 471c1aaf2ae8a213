"""Accounts and their contacts, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

from typing import Any

import pytest

from custctl.resources import ACCOUNT
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
    assert answer.err.endswith("  hint: custctl account edit partner-c changes it\n")


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
    assert demo.changes("account", "delete", "company-a") == [
        ("remove", "account:company-a"),
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
    assert keys(demo, "account", "list") == ["comic-books", "company-a", "greenleaf", "partner-c", "wholesaler-b"]
    assert keys(demo, "account", "list", "--sort", "-email", "--limit", "2") == ["wholesaler-b", "company-a"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name~b", ["wholesaler-b"]),
        ("email=HELEN.ortiz@company-a.example", ["company-a"]),
        ("contacts=gail-fraser", ["company-a", "partner-c"]),
        ("contacts!=gail-fraser", ["greenleaf", "wholesaler-b"]),
        ("default_contact=", ["greenleaf"]),
        ("referred_by=company-a", ["greenleaf"]),
        ("tags=vip,Key account", ["company-a"]),
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
        ("account", "delete", "alpha"),
    )
    exports = [demo.export()]
    for step in steps:
        assert demo(*step).exit == 0, step
        exports.append(demo.export())
    told = demo.json("history", "account:alpha")
    assert [row["op"] for row in told] == ["remove", "rename", "change", "add"]
    for number, before in zip((4, 3, 2), reversed(exports[:-1]), strict=True):
        assert demo("undo", str(number), "--yes").exit == 0
        assert demo.export() == before
