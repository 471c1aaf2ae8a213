"""Contacts and contact groups, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custctl.resources import CONTACT, fold
from custctl.store.inputs import ContactInput
from tests.runner import Refusal, Runner

HELEN = "helen.ortiz@company-a.example"
SEQUENCES = int(os.environ.get("CUSTCTL_WORLDS", "500")) // 20


def keys(runner: Runner, *words: str) -> list[str]:
    return [row["key"] for row in runner.json(*words)]


def shown(runner: Runner, contact: str) -> dict[str, Any]:
    found: dict[str, Any] = runner.json("contact", "show", contact)
    return found


# K-01: contacts, in several accounts


def test_k_01_a_contact_is_added_with_everything_it_has(demo: Runner) -> None:
    words = (
        "--key annie --prefix Dr. --first-name Ann --middle-name M. --last-name Lee --suffix Jr. --job-title Boss"
        " --email ann@x.example --email lee@x.example --phone 555 --phone 556 --fax 557 --skype s --twitter t"
        " --facebook f --google-plus g --linkedin l --gender female --birthday 1980-02-29 --source tv --method mail"
        " --description D --owner O --assigned-to A --external-id E --tag vip --tag New"
        f" --reports-to {HELEN} --group sales-group --group harvest-fair --account partner-c --account greenleaf"
    )
    fields = demo.fields("contact", "add", *words.split())
    assert {name: new for name, (_, new) in fields["contact:annie"].items()} == {
        "key": "annie",
        "prefix": "Dr.",
        "first_name": "Ann",
        "middle_name": "M.",
        "last_name": "Lee",
        "suffix": "Jr.",
        "job_title": "Boss",
        "emails": ["ann@x.example", "lee@x.example"],
        "phones": ["555", "556"],
        "fax": "557",
        "skype": "s",
        "twitter": "t",
        "facebook": "f",
        "google_plus": "g",
        "linkedin": "l",
        "gender": "female",
        "birthday": "1980-02-29",
        "source": "tv",
        "method": "mail",
        "description": "D",
        "owner": "O",
        "assigned_to": "A",
        "reports_to": "helen-ortiz",
        "groups": ["harvest-fair", "sales-group"],
        "external_id": "E",
        "tags": ["new", "vip"],
    }
    assert fields["account:greenleaf"] == {
        "contacts": [["office-greenleaf-example"], ["annie", "office-greenleaf-example"]]
    }
    assert set(fields) == {"contact:annie", "tag:new", "tag:vip", "account:greenleaf", "account:partner-c"}
    annie = shown(demo, "Ann Lee")
    assert (annie["name"], annie["email"], annie["phone"]) == ("Ann Lee", "ann@x.example", "555")
    assert annie["accounts"] == ["greenleaf", "partner-c"]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("--first-name Ann --last-name Lee --email x@y.example", "ann-lee"),
        ("--last-name Lee --phone 555", "lee"),
        ("--email Ann.Lee@x.example --email other@x.example", "ann-lee-x-example"),
        ("--phone 555", "contact"),
        ("--first-name Helen --last-name ORTIZ", "helen-ortiz-2"),
    ],
)
def test_k_01_the_name_makes_the_key_else_the_primary_e_mail_address(demo: Runner, words: str, key: str) -> None:
    assert demo.changes("contact", "add", *words.split()) == [("add", f"contact:{key}")]


def test_k_01_a_contact_is_in_several_accounts_and_edited_out_of_them(demo: Runner) -> None:
    assert shown(demo, "gail-fraser")["accounts"] == ["company-a", "partner-c"]
    words = ("contact", "edit", "gail-fraser", "--account", "Greenleaf Foods", "--account", "company-a")
    assert demo.fields(*words) == {
        "account:greenleaf": {"contacts": [["office-greenleaf-example"], ["gail-fraser", "office-greenleaf-example"]]},
        "account:partner-c": {"contacts": [["gail-fraser"], []], "default_contact": ["gail-fraser", None]},
    }
    assert demo(*words).out == "nothing to change\n"
    demo("contact", "edit", "gail-fraser", "--account", "", "--key", "gail", "--fax", "1")
    assert (shown(demo, "gail")["accounts"], shown(demo, "gail")["fax"]) == ([], "1")


@pytest.mark.parametrize(
    "text", ["helen-ortiz", "HELEN-Ortiz", "contact:helen-ortiz", "id:1", "helen ortiz", HELEN.upper()]
)
def test_k_01_a_contact_is_found_by_key_id_unique_name_or_e_mail(demo: Runner, text: str) -> None:
    assert shown(demo, text)["key"] == "helen-ortiz"


def test_k_01_an_e_mail_address_of_two_contacts_names_both(demo: Runner) -> None:
    demo("contact", "email", "add", "ben-carter", "purchasing@company-a.example")
    answer = demo("contact", "show", "purchasing@company-a.example")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: several contacts are called 'purchasing@company-a.example'\n"
        "  hint: name one by its key: ben-carter, helen-ortiz\n"
    )


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("show", "helen"), (3, "not-found", "contact 'helen' not found")),
        (("show", ""), (3, "not-found", "contact '' not found")),
        (("show", "nobody@x.example"), (3, "not-found", "contact 'nobody@x.example' not found")),
        (("delete", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("edit", "ben-carter"), (2, "usage", "say what to change")),
        (("edit", "nobody", "--account", ""), (3, "not-found", "contact 'nobody' not found")),
        (("edit", "ben-carter", "--account", "nope"), (3, "not-found", "account 'nope' not found")),
        (("edit", "ben-carter", "--group", "nope"), (3, "not-found", "contact group 'nope' not found")),
        (("edit", "ben-carter", "--reports-to", "nope"), (3, "not-found", "contact 'nope' not found")),
        (("add", "--first-name", "X", "--key", "ben-carter"), (5, "taken", "contact:ben-carter exists already")),
        (
            ("add", "--first-name", "X", "--external-id", "CRM-0001"),
            (5, "taken", "contact:x: external id 'CRM-0001' is already that of contact:helen-ortiz"),
        ),
        (("add", "--first-name", "X", "--account", "nope"), (3, "not-found", "account 'nope' not found")),
        (
            ("add", "--first-name", "x" * 101),
            (4, "invalid", f"contact '{'x' * 64}': first_name must have at most 100 characters, this has 101"),
        ),
        (("add", "Ann"), (2, "usage", "Got unexpected extra argument(s) (Ann)")),
        (("list", "--as", "amanda.smith@company-a.example"), (2, "usage", "custctl contact list does not take --as")),
        (
            ("address", "list", "helen-ortiz", "--as", "amanda.smith@company-a.example"),
            (2, "usage", "custctl contact address list does not take --as"),
        ),
    ],
)
def test_k_01_what_is_wrong_with_a_contact_is_told(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("contact", *words) == refusal


# K-02, K-05: something to tell a contact by


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--middle-name", "M", "--job-title", "Boss", "--fax", "1"),
        ("--first-name", "", "--email", ""),
        ("--last-name", " \t"),
    ],
)
def test_k_02_a_contact_needs_a_name_an_e_mail_address_or_a_phone(custctl: Runner, words: tuple[str, ...]) -> None:
    message = "contact:contact: needs a first name, a last name, an e-mail address or a phone number"
    assert custctl.refusal("contact", "add", *words) == (4, "invalid", message)


@pytest.mark.parametrize("datum", ["--first-name Ann", "--last-name Lee", "--email a@x.example", "--phone 5"])
def test_k_02_any_one_of_them_is_enough(custctl: Runner, datum: str) -> None:
    assert custctl("contact", "add", *datum.split()).exit == 0


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ("office-greenleaf-example", "email remove office-greenleaf-example office@greenleaf.example"),
        ("office-greenleaf-example", "edit office-greenleaf-example --email="),
        ("dock", "phone remove dock 555"),
        ("dock", "edit dock --phone="),
        ("ann", "edit ann --first-name="),
    ],
)
def test_k_05_the_last_of_them_cannot_be_removed(demo: Runner, contact: str, words: str) -> None:
    demo("contact", "add", "--phone", "555", "--key", "dock")
    demo("contact", "add", "--first-name", "Ann")
    answer = demo("contact", *words.split())
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        f"error: contact:{contact}: needs a first name, a last name, an e-mail address or a phone number\n"
        '  --> field "first_name"\n'
        "  hint: give it another of these first\n"
    )


def test_k_05_the_primary_e_mail_address_stays_while_there_are_others(demo: Runner) -> None:
    answer = demo("contact", "email", "remove", "helen-ortiz", HELEN)
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        f"error: {HELEN} is the primary e-mail address of contact:helen-ortiz\n"
        "  hint: make another one that first:"
        " custctl contact email add helen-ortiz purchasing@company-a.example --primary\n"
    )
    refusal = demo.refusal("contact", "email", "remove", "helen-ortiz", HELEN)
    assert refusal[:2] == (5, "protected")


def test_k_05_the_hint_of_a_refused_removal_makes_it_possible(demo: Runner) -> None:
    answer = demo("contact", "phone", "remove", "helen-ortiz", "+1 863 555 0150")
    assert answer.err == (
        "error: +1 863 555 0150 is the primary phone number of contact:helen-ortiz\n"
        "  hint: make another one that first: custctl contact phone add helen-ortiz '+1 863 555 0142' --primary\n"
    )
    assert demo("contact", "phone", "add", "helen-ortiz", "+1 863 555 0142", "--primary").exit == 0
    assert demo.fields("contact", "phone", "remove", "helen-ortiz", "+1 863 555 0150") == {
        "contact:helen-ortiz": {"phones": [["+1 863 555 0142", "+1 863 555 0150"], ["+1 863 555 0142"]]}
    }


def test_k_05_the_only_e_mail_address_goes_where_a_name_remains(demo: Runner) -> None:
    assert demo.fields("contact", "email", "remove", "ben-carter", "BEN.carter@company-a.example") == {
        "contact:ben-carter": {"emails": [["ben.carter@company-a.example"], []]}
    }
    answer = demo("contact", "email", "list", "ben-carter")
    assert (answer.exit, answer.out, answer.err) == (0, "", "ben-carter has no emails\n")


# K-03: several e-mail addresses and phones, one of them primary


def test_k_03_entries_are_listed_the_primary_one_first(demo: Runner) -> None:
    assert demo("contact", "email", "list", "helen-ortiz").out == (
        "EMAIL                          PRIMARY\n"
        "helen.ortiz@company-a.example  yes\n"
        "purchasing@company-a.example   no\n"
    )
    assert demo.json("contact", "phone", "list", HELEN) == [
        {"phone": "+1 863 555 0150", "primary": True},
        {"phone": "+1 863 555 0142", "primary": False},
    ]
    assert demo("contact", "email", "list", "helen-ortiz", "-o", "name").out == (
        "helen.ortiz@company-a.example\npurchasing@company-a.example\n"
    )


def test_k_03_the_first_entry_is_the_primary_one_and_others_come_behind(demo: Runner) -> None:
    for address in ("walt@x.example", "dock@x.example", "WALT@x.example"):
        assert demo("contact", "email", "add", "walt-doyle", address).exit == 0
    assert shown(demo, "walt-doyle")["emails"] == ["walt@x.example", "dock@x.example"]
    assert demo("contact", "email", "add", "walt-doyle", "new@x.example", "--primary").exit == 0
    assert demo("contact", "email", "add", "walt-doyle", "Dock@x.example", "--primary").exit == 0
    assert shown(demo, "walt-doyle")["emails"] == ["dock@x.example", "new@x.example", "walt@x.example"]


def test_k_03_documents_may_say_which_entry_is_primary(custctl: Runner) -> None:
    custctl.apply("""
    [[contacts]]
    key = "ann"
    emails = ["a@x.example", { email = "b@x.example", primary = true }, { email = "c@x.example" }]
    phones = [{ phone = "1", primary = false }, "2"]
    """)
    assert (shown(custctl, "ann")["emails"], shown(custctl, "ann")["phones"]) == (
        ["b@x.example", "a@x.example", "c@x.example"],
        ["1", "2"],
    )


@pytest.mark.parametrize(
    ("emails", "message"),
    [
        (
            '[{ email = "a@x.example", primary = true }, { email = "b@x.example", primary = true }]',
            "has 2 primary entries: one is the primary",
        ),
        ('[{ mail = "a@x.example" }]', "holds texts, or tables with email and primary = true or false"),
        (
            '[{ email = "a@x.example", primary = "yes" }]',
            "holds texts, or tables with email and primary = true or false",
        ),
        ('[{ email = "a@x.example" }, ""]', "must not be blank"),
        ('"a@x.example"', "must be a list"),
        (
            '["a@x.example", "b.example"]',
            "holds 'b.example', which is not an e-mail address: An email address must have an @-sign.",
        ),
    ],
)
def test_k_03_two_primary_entries_and_other_nonsense_are_refused(custctl: Runner, emails: str, message: str) -> None:
    [problem] = custctl.unapplied(f'[[contacts]]\nkey = "ann"\nemails = {emails}\n')
    assert problem == ("3:1", 4, "invalid", f"contact 'ann': emails {message}")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("email", "list", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("email", "add", "nobody", "a@x.example"), (3, "not-found", "contact 'nobody' not found")),
        (("email", "add", "ben-carter"), (2, "usage", "Missing argument 'EMAIL'")),
        (("email", "add", "ben-carter", ""), (4, "invalid", "contact 'ben-carter': emails must not be blank")),
        (
            ("email", "add", "ben-carter", "5" * 256),
            (
                4,
                "invalid",
                f"contact 'ben-carter': emails holds '{'5' * 256}', which must have 6 to 255 characters, this has 256",
            ),
        ),
        (
            ("phone", "remove", "ben-carter", "555"),
            (3, "not-found", "phone number of contact:ben-carter '555' not found"),
        ),
    ],
)
def test_k_03_entries_that_are_not_there_or_not_right_are_refused(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("contact", *words) == refusal


def test_k_03_a_near_e_mail_address_is_offered(demo: Runner) -> None:
    answer = demo("contact", "email", "remove", "ben-carter", "ben.carter@company.example")
    assert (answer.exit, answer.out) == (3, "")
    assert answer.err.endswith("  hint: did you mean ben.carter@company-a.example?\n")


addresses = st.sampled_from(["a@x.example", "A@x.example", "b@x.example", "B@X.example", "c@x.example"])
steps = st.one_of(
    st.tuples(st.just("add"), addresses),
    st.tuples(st.just("first"), addresses),
    st.tuples(st.just("remove"), addresses),
    st.tuples(st.just("edit"), st.lists(addresses, max_size=3)),
)


def expected(held: list[str], verb: str, value: Any) -> tuple[int, list[str]]:
    """The exit code of a step, and the addresses afterwards, folded."""
    if verb == "edit":
        return 0, list(dict.fromkeys(map(fold, value)))
    value = fold(value)
    if verb == "add":
        return 0, held if value in held else [*held, value]
    if verb == "first":
        return 0, [value, *(other for other in held if other != value)]
    if value not in held:
        return 3, held
    return (5, held) if value == held[0] and len(held) > 1 else (0, [other for other in held if other != value])


def command(verb: str, value: Any) -> tuple[str, ...]:
    if verb == "edit":
        return "edit", "ann", *(f"--email={address}" for address in value or [""])
    return "email", "remove" if verb == "remove" else "add", "ann", value, *(["--primary"] if verb == "first" else [])


@settings(max_examples=SEQUENCES, deadline=None)
@given(sequence=st.lists(steps, min_size=1, max_size=6))
def test_k_05_whatever_is_done_one_entry_is_primary_and_none_is_lost(
    empty_file: Path, sequence: list[tuple[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        runner = Runner(Path(shutil.copy(empty_file, place)))
        assert runner("contact", "add", "--first-name", "Ann").exit == 0
        held: list[str] = []
        for verb, value in sequence:
            code, held = expected(held, verb, value)
            assert runner("contact", *command(verb, value)).exit == code
            rows = runner.json("contact", "email", "list", "ann")
            assert [fold(row["email"]) for row in rows] == held
            assert [row["primary"] for row in rows] == [place == 0 for place in range(len(held))]


# K-03, K-04: addresses


def test_k_03_an_address_of_a_contact_needs_a_country_only(demo: Runner) -> None:
    assert demo.changes("contact", "address", "add", "walt-doyle", "--country", "gi") == [
        ("add", "contact-address:walt-doyle/address")
    ]
    assert demo.refusal("contact", "address", "add", "walt-doyle", "--city", "Here") == (
        4,
        "invalid",
        "contact-address:walt-doyle/address-2: country is required for a new address",
    )
    assert shown(demo, "walt-doyle")["addresses"][0]["primary"] is True
    assert demo.json("contact", "address", "show", "contact-address:walt-doyle/address")["country"] == "GI"


def test_k_03_one_address_of_a_contact_is_primary(demo: Runner) -> None:
    demo("contact", "address", "add", "helen-ortiz", "--label", "Home", "--country", "GI", "--primary")
    rows = demo.json("contact", "address", "list", "helen-ortiz")
    assert [(row["key"], row["primary"]) for row in rows] == [("helen-ortiz/home", True), ("helen-ortiz/office", False)]
    message = "contact-address:helen-ortiz/home is the primary address"
    assert demo.refusal("contact", "address", "delete", "helen-ortiz/home") == (5, "protected", message)
    assert demo("contact", "address", "delete", "helen-ortiz/office").exit == 0
    assert demo("contact", "address", "delete", "helen-ortiz/home").exit == 0


def test_k_03_two_primary_addresses_in_a_document_are_refused(custctl: Runner) -> None:
    [problem] = custctl.unapplied("""
    [[contacts]]
    key = "ann"
    first_name = "Ann"
    addresses = [{ key = "a", country = "GI", primary = true }, { key = "b", country = "GI", primary = true }]
    """)
    message = "contact-address:ann/b: contact-address:ann/a is given as the primary address already"
    assert problem[1:] == (4, "invalid", message)


@pytest.mark.parametrize("kind", ["billing", "shipping"])
def test_k_04_a_second_address_of_a_type_is_refused(demo: Runner, kind: str) -> None:
    answer = demo("contact", "address", "add", "helen-ortiz", "--country", "GI", "--type", kind)
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        f"error: contact-address:helen-ortiz/address: contact-address:helen-ortiz/office is the {kind} address\n"
        '  --> field "types"\n'
        f"  hint: a contact has one {kind} address\n"
    )
    assert demo("contact", "address", "edit", "helen-ortiz/office", "--type", "", "--default", "").exit == 0
    assert demo("contact", "address", "add", "helen-ortiz", "--country", "GI", "--type", kind).exit == 0


def test_k_04_a_type_passes_from_one_address_to_another_in_one_document(demo: Runner) -> None:
    demo.apply("""
    [[contacts]]
    key = "helen-ortiz"
    addresses = [
        { key = "office", types = ["billing"], default = [] },
        { key = "home", country = "GI", types = ["shipping"] },
    ]
    """)
    types = {row["key"]: row["types"] for row in shown(demo, "helen-ortiz")["addresses"]}
    assert types == {"office": ["billing"], "home": ["shipping"]}


# K-06: contact groups


def test_k_06_two_contact_groups_are_in_every_shop(custctl: Runner) -> None:
    assert custctl("contact", "group", "list").out == (
        "KEY              LABEL            OWNER  CONTACTS\n"
        "marketing-group  Marketing Group  -      0\n"
        "sales-group      Sales Group      -      0\n"
    )


def test_k_06_a_group_is_added_edited_and_deleted(demo: Runner) -> None:
    assert demo.fields("contact", "group", "add", "Trade fair", "--owner", "Sam") == {
        "contact-group:trade-fair": {
            "key": [None, "trade-fair"],
            "label": [None, "Trade fair"],
            "owner": [None, "Sam"],
        }
    }
    assert demo.fields("contact", "group", "edit", "trade fair", "--label", "Fair", "--key", "fair", "--owner", "") == {
        "contact-group:fair": {
            "key": ["trade-fair", "fair"],
            "label": ["Trade fair", "Fair"],
            "owner": ["Sam", None],
        }
    }
    assert demo.changes("contact", "group", "delete", "fair") == [("remove", "contact-group:fair")]


def test_k_06_a_new_key_of_a_group_is_followed_and_a_deleted_group_leaves_its_contacts(demo: Runner) -> None:
    demo("contact", "group", "edit", "harvest-fair", "--key", "fair")
    assert shown(demo, "helen-ortiz")["groups"] == ["fair", "sales-group"]
    assert demo.json("contact", "group", "show", "fair")["contacts"] == 2
    assert demo.changes("contact", "group", "delete", "fair") == [
        ("remove", "contact-group:fair"),
        ("change", "contact:helen-ortiz"),
        ("change", "contact:irene-novak"),
    ]
    assert shown(demo, "helen-ortiz")["groups"] == ["sales-group"]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("add", "ab"), (4, "invalid", "contact group 'ab': label must have 3 to 255 characters, this has 2")),
        (
            ("add", "SALES GROUP"),
            (
                5,
                "taken",
                "contact-group:sales-group-2: the label 'SALES GROUP' is already that of contact-group:sales-group",
            ),
        ),
        (("add", "Other", "--key", "sales-group"), (5, "taken", "contact-group:sales-group exists already")),
        (("edit", "sales-group"), (2, "usage", "say what to change")),
        (
            ("edit", "sales-group", "--key", "s"),
            (5, "protected", "contact-group:sales-group keeps its key, because every shop has it"),
        ),
        (
            ("delete", "marketing-group"),
            (5, "protected", "contact-group:marketing-group is a group that every shop has"),
        ),
        (("show", "sales"), (3, "not-found", "contact group 'sales' not found")),
        (("member", "list", "nope"), (3, "not-found", "contact group 'nope' not found")),
        (("member", "add", "nope", "ben-carter"), (3, "not-found", "contact group 'nope' not found")),
        (("member", "add", "harvest-fair", "ben-carter", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("member", "remove", "sales-group", "ben-carter", "nobody"), (3, "not-found", "contact 'nobody' not found")),
        (("member", "add", "harvest-fair"), (2, "usage", "Missing argument 'CONTACT...'")),
    ],
)
def test_k_06_what_is_wrong_with_a_contact_group_is_told(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("contact", "group", *words) == refusal


def test_k_06_a_taken_key_names_the_command_of_contact_groups(demo: Runner) -> None:
    answer = demo("contact", "group", "add", "Other", "--key", "harvest-fair")
    assert answer.err.endswith("  hint: to change it: custctl contact group edit harvest-fair\n")
    answer = demo("group", "add", "Other", "--key", "partners")
    assert answer.err.endswith("  hint: to change it: custctl group edit partners\n")


def test_k_06_contacts_are_put_into_groups_and_taken_out(demo: Runner) -> None:
    member = ("contact", "group", "member")
    assert demo.fields(*member, "add", "Sales Group", "walt-doyle", HELEN, "gail@fraser-advice.example") == {
        "contact:walt-doyle": {"groups": [[], ["sales-group"]]},
        "contact:gail-fraser": {"groups": [["marketing-group"], ["marketing-group", "sales-group"]]},
    }
    assert keys(demo, *member, "list", "sales-group") == ["ben-carter", "walt-doyle", "gail-fraser", "helen-ortiz"]
    assert keys(demo, *member, "list", "sales-group", "--where", "email=") == ["walt-doyle"]
    answer = demo(*member, "remove", "sales-group", "walt-doyle", "irene-novak", "-o", "name")
    assert (answer.exit, answer.out) == (0, "contact:walt-doyle\n")
    assert answer.err == "warning: contact:irene-novak: sales-group is not among its groups\n"


# K-07: words to choose from


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("source", "call, tv, website, other"),
        ("method", "phone, email, mail"),
        ("gender", "male, female"),
    ],
)
def test_k_07_a_word_that_is_none_of_the_options_is_refused_with_them(demo: Runner, option: str, words: str) -> None:
    message = f"contact 'ben-carter': {option} must be one of {words}"
    for value in ("Call", "none", "mal"):
        assert demo.refusal("contact", "edit", "ben-carter", f"--{option}", value) == (4, "invalid", message)
    for value in (*words.split(", "), ""):
        assert demo("contact", "edit", "ben-carter", f"--{option}", value).exit == 0


def test_k_07_a_birthday_is_a_date_and_not_in_the_future(demo: Runner) -> None:
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    for value, message in ((tomorrow, "must not be in the future"), ("1.2.1990", "must be a date like 1990-12-31")):
        refusal = demo.refusal("contact", "edit", "ben-carter", "--birthday", value)
        assert refusal == (4, "invalid", f"contact 'ben-carter': birthday {message}")


# K-08: who reports to whom


def test_k_08_who_reported_to_a_deleted_contact_reports_to_nobody(demo: Runner) -> None:
    answer = demo("contact", "delete", "helen-ortiz")
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err.startswith(
        "error: deleting contact:helen-ortiz together with 4 other records (1 address, 3 marketing events)"
        " and taking it from 1 contact, 1 account, 2 activities needs --yes\n"
    )
    assert demo.fields("contact", "delete", HELEN, "--yes").keys() == {
        "contact:helen-ortiz",
        "contact-address:helen-ortiz/office",
        "contact:ben-carter",
        "account:company-a",
        "activity:price-answer",
        "activity:price-talk",
        *(f"marketing-event:autumn-{number}" for number in (1, 5, 6)),
    }
    assert shown(demo, "ben-carter")["reports_to"] is None
    account = demo.json("account", "show", "company-a")
    assert (account["contacts"], account["default_contact"], account["email"]) == (
        ["ben-carter", "gail-fraser"],
        None,
        None,
    )


def test_k_08_a_contact_does_not_report_to_itself(demo: Runner) -> None:
    message = "contact:ben-carter: reports_to leads back to it (ben-carter → ben-carter)"
    refusal = demo.refusal("contact", "edit", "ben-carter", "--reports-to", "ben carter")
    assert refusal == (4, "cycle", message)


# K-10: lists


def test_k_10_contacts_are_listed_by_last_then_first_name(demo: Runner) -> None:
    for first, last in (("walt", "CARTER"), ("Zoe", "aaron"), ("Ann", "Carter")):
        demo("contact", "add", "--first-name", first, "--last-name", last)
    demo("contact", "add", "--first-name", "Ada")
    assert keys(demo, "contact", "list") == [
        "office-greenleaf-example",
        "ada",
        "zoe-aaron",
        "ann-carter",
        "ben-carter",
        "walt-carter",
        "walt-doyle",
        "gail-fraser",
        "irene-novak",
        "helen-ortiz",
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("last_name=ORTIZ", ["helen-ortiz"]),
        ("name~en", ["ben-carter", "irene-novak", "helen-ortiz"]),
        ("emails=purchasing@company-a.example", ["helen-ortiz"]),
        ("email=purchasing@company-a.example", []),
        ("emails~company-a", ["ben-carter", "helen-ortiz"]),
        ("emails=", ["walt-doyle"]),
        ("phones~0142", ["helen-ortiz"]),
        ("groups=harvest-fair", ["irene-novak", "helen-ortiz"]),
        ("groups!=sales-group,harvest-fair", ["office-greenleaf-example", "walt-doyle", "gail-fraser"]),
        ("accounts=partner-c", ["gail-fraser"]),
        ("tags=KEY account", ["helen-ortiz"]),
        ("reports_to=helen-ortiz", ["ben-carter"]),
        ("birthday<1980-01-01", ["helen-ortiz"]),
        ("source!=website", ["ben-carter", "walt-doyle", "gail-fraser", "irene-novak"]),
    ],
)
def test_k_10_contacts_can_be_filtered(demo: Runner, condition: str, found: list[str]) -> None:
    assert keys(demo, "contact", "list", "--where", condition) == found


@pytest.mark.parametrize("field", [field.name for field in CONTACT.fields])
def test_k_10_every_field_of_a_contact_filters_and_sorts(demo: Runner, field: str) -> None:
    everyone = keys(demo, "contact", "list")
    with_it = keys(demo, "contact", "list", "--where", f"{field}!=")
    without = keys(demo, "contact", "list", "--where", f"{field}=")
    assert sorted([*with_it, *without]) == sorted(everyone)
    assert sorted(keys(demo, "contact", "list", "--sort", f"-{field}")) == sorted(everyone)


# Documents, history

WORLD = """
[[contacts]]
key = "boss"
emails = ["boss@x.example"]

[[contacts]]
key = "ann"
prefix = "Dr."
first_name = "Ann"
middle_name = "M."
last_name = "Lee"
suffix = "Jr."
job_title = "Buyer"
emails = ["b@x.example", "a@x.example"]
phones = ["2", "1"]
fax = "3"
skype = "s"
twitter = "t"
facebook = "f"
google_plus = "g"
linkedin = "l"
gender = "female"
birthday = "1980-02-29"
source = "call"
method = "phone"
description = "One\\nTwo"
owner = "O"
assigned_to = "A"
reports_to = "boss"
groups = ["sales-group", "fair"]
external_id = "E"
tags = ["vip"]
addresses = [{ key = "home", country = "GI" }, { key = "work", country = "US", region = "US-FL", primary = true }]

[[contact_groups]]
key = "fair"
label = "Fair"
"""


def test_an_export_with_every_field_of_a_contact_makes_the_same_contact(custctl: Runner, tmp_path: Path) -> None:
    custctl.apply(WORLD)
    assert [name for name in ContactInput.model_fields if name != "was" and f"\n{name} = " not in WORLD] == []
    exported = custctl.export()
    second = Runner(tmp_path / "second.db")
    second.apply(exported)
    assert second.export() == exported
    unstamped = [
        {name: value for name, value in shown(shop, "ann").items() if name not in ("id", "created", "updated")}
        for shop in (custctl, second)
    ]
    assert unstamped[0] == unstamped[1]
    assert unstamped[0]["emails"] == ["b@x.example", "a@x.example"]
    assert [address["key"] for address in unstamped[0]["addresses"]] == ["work", "home"]


def test_every_change_of_a_contact_is_told_and_taken_back(demo: Runner) -> None:
    steps = (
        ("contact", "email", "add", "helen-ortiz", "h@x.example", "--primary"),
        ("contact", "address", "add", "helen-ortiz", "--label", "Home", "--country", "GI", "--primary"),
        ("contact", "edit", "helen-ortiz", "--key", "helen", "--group", "", "--account", "greenleaf"),
        ("contact", "group", "delete", "harvest-fair"),
        ("contact", "delete", "helen", "--yes"),
    )
    exports = [demo.export()]
    for step in steps:
        assert demo(*step).exit == 0, step
        exports.append(demo.export())
    assert demo.json("history", "contact:helen", "--field", "emails")[0]["fields"]["emails"] == [
        ["h@x.example", HELEN, "purchasing@company-a.example"],
        None,
    ]
    for number, before in zip((6, 5, 4, 3, 2), reversed(exports[:-1]), strict=True):
        assert demo("undo", str(number), "--yes").exit == 0
        assert demo.export() == before
