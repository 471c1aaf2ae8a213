"""Headings: custctl's own and OroCommerce's genuine ones mean what they say, and rows become records of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from custctl.errors import CustctlError, Exit, Place, Problem
from custctl.resources import NOUNS
from custctl.store.sheets import Named
from custctl.store.sheets.cells import CellError, assembler, joined, object_assembler, split
from custctl.store.sheets.headings import columns_of, known_headings, read_maps

ADDRESS_PARTS = (
    "Label,Organization,Name prefix,First name,Middle name,Last name,Name suffix,Street,Street 2,Zip/Postal Code,City,"
    "State,State Combined code,Country ISO2 code"
)


def numbered(prefix: str, parts: str) -> str:
    return ",".join(f"{prefix} {part}" for part in parts.split(","))


OF_BUYER = "Customer Account Account name," + numbered(
    "Customer Business Customer",
    "Channel Name,Customer name,Lifetime sales value,"
    + ",".join(numbered(f"{kind} Address", ADDRESS_PARTS) for kind in ("Shipping", "Billing"))
    + ",Account Account name,Contact First name,Contact Last name,Owner Username,Phones 1 Phone,Emails 1 Email,"
    "Employees,Ownership,Rating,Ticker symbol,Website,Tags",
)
"""What sheets of leads and opportunities tell of the account and the business customer."""

GENUINE = [
    ("customer", "ID,Name,Parent ID,Group Name,Owner ID,Tax Code,Account ID,VAT ID,Payment term Label"),
    (
        "customer",
        "Id,Name,Parent Id,Parent Name,Group Name,Tax code,Account Id,Internal rating Id,Payment term Label,Owner ID",
    ),
    ("customer", "Id,Name,Parent Id,Group Name,Owner Id,Tax code,Account Id,Internal rating Id,Payment term Label"),
    (
        "customer",
        "Id,Name,Parent Id,Parent Name,Group Name,Owner Id,Owner Username,Tax code,Account Id,Internal rating Id,"
        "VAT Id,"
        + numbered(
            "Addresses 1",
            f"{ADDRESS_PARTS},Address ID,Phone,Primary,Validated At,Customer Id,Customer Name,Owner Username",
        )
        + ",Payment term Label",
    ),
    (
        "customer-address",
        (
            f"{ADDRESS_PARTS},Address ID,Phone,Primary,Customer Id,Customer Name,Owner Username,Billing,"
            "Default Billing,Shipping,Default Shipping,Delete,Validated At"
        ),
    ),
    (
        "customer-user",
        (
            "ID,Name Prefix,First Name,Middle Name,Last Name,Name Suffix,Birthday,Email Address,"
            "Customer Id,Customer Name,"
            "Roles 1 Role,Enabled,Confirmed,Owner Id,Website Id"
        ),
    ),
    (
        "customer-user",
        (
            "ID,Name Prefix,First Name,Middle Name,Last Name,Name Suffix,Birthday,Email Address,"
            "Customer Id,Customer Name,"
            "Roles 1 Role,Roles 2 Role,Website Id,Enabled,Confirmed,Owner Id,Guest"
        ),
    ),
    (
        "customer-user",
        (
            "ID,Name Prefix,First Name,Middle Name,Last Name,Name Suffix,Birthday,Email Address,"
            "Customer Id,Customer Name,"
            "Roles 1 Role,Roles 2 Role,Guest,Enabled,Confirmed,Owner Username,Website Id,Owner Id"
        ),
    ),
    ("customer-user", numbered("Addresses 1", f"{ADDRESS_PARTS},Address ID,Phone,Primary,Validated At")),
    (
        "customer-user-address",
        (
            f"{ADDRESS_PARTS},Address ID,Phone,Primary,Customer User ID,Email Address,Owner Username,Billing,"
            "Default Billing,Shipping,Default Shipping,Delete,Validated At"
        ),
    ),
    ("account", "ID,Account Name,Owner Username,Default Contact First name,Organization Name"),
    (
        "account",
        (
            "Id,Account name,Default Contact First Name,Default Contact Last Name,Contacts 1 First name,"
            "Contacts 1 Last name,Contacts 2 First name,Contacts 2 Last name,Organization Name"
        ),
    ),
    ("account", "Description,Referred By Account name,Owner Username,Tags"),
    ("contact", "ID,Name prefix,First name,Last name,Gender,Birthday,Owner Username"),
    (
        "contact",
        "Id,Name prefix,First name,Middle name,Last name,Name suffix,Gender,Description,Job Title,Fax,Skype,Twitter,"
        "Facebook,Google+,LinkedIn,Birthday,Source Name,Contact Method Name,Owner Username,Assigned to Username,"
        "Emails 1 Email,Emails 2 Email,Emails 3 Email,Phones 1 Phone,Phones 2 Phone,Phones 3 Phone,Groups 1 Label,"
        "Groups 2 Label,Accounts Default Contact 1 Account name,Accounts 1 Account name,Accounts 2 Account name,"
        + ",".join(numbered(f"Addresses {n}", f"{ADDRESS_PARTS},Types 1 Name,Types 2 Name") for n in (1, 2, 3))
        + ",Organization Name,Picture URI,Picture UUID,Tags",
    ),
    ("contact", "First name,Name prefix"),
    ("contact-group", "Label"),
    (
        "lead",
        (
            "ID,Lead Name,Name prefix,First name,Last Name,Status Id,Company name,Address 1 Label,Twitter,LinkedIn,"
            "Owner Username"
        ),
    ),
    (
        "lead",
        "Lead name,Name prefix,First name,Middle name,Last name,Name suffix,Job title,Status Id,Company name,Website,"
        "Number of employees,Additional comments,Industry,Contact First name,Contact Last name,"
        + ",".join(numbered(f"Address {n}", ADDRESS_PARTS) for n in (1, 2, 3))
        + ",Twitter,LinkedIn,Owner Username,Opportunities 1 Opportunity name,Emails 1 Email,Phones 1 Phone,"
        f"Phones 2 Phone,{OF_BUYER},Source Id,Tags",
    ),
    ("lead", "Id,Lead name,Name prefix,First name,Middle name,Last name,Name suffix,Job title,Status Id"),
    (
        "opportunity",
        (
            "ID,Opportunity Name,Expected Close Date,Probability,Budget Amount,Budget Amount Currency,Close Revenue,"
            "Close Revenue Currency,Status Id,Contact First Name,Contact Last Name"
        ),
    ),
    (
        "opportunity",
        "Id,Opportunity name,Expected close date,Probability,Budget Amount,Budget Amount Currency,"
        "Budget Amount In Base Currency,Customer need,Close revenue,Close revenue Currency,"
        "Close Revenue In Base Currency,Proposed solution,Additional comments,Status Id,Close reason Name,"
        f"Contact First name,Contact Last name,Lead Lead name,Owner Username,Customer Business Customer Id,{OF_BUYER},"
        "Customer Business Customer Organization Name,"
        + numbered(
            "Customer Customer",
            "Id,Name,Parent Id,Group Name,Owner Username,Tax code,Account Id,VAT Id,Internal rating Id,"
            "Payment term Label",
        )
        + ",Organization Name,Tags",
    ),
    ("opportunity", "Customer Account Account name,Opportunity name,Status Id,Probability,Channel Name"),
]
"""The headings of OroCommerce's templates and acceptance files. Source: oroinc/documentation user/back-office import
pages; oroinc/customer-portal CustomerBundle Tests/Behat; oroinc/crm AccountBundle and ContactBundle tests."""

NOT_KEPT = {
    *("Owner ID", "Owner Id", "Website Id", "Organization Name", "Picture URI"),
    *("Picture UUID", "Address ID", "Validated At", "State"),
    *("Close revenue Currency", "Close Revenue Currency", "Channel Name", "Opportunities 1 Opportunity name"),
}
KEPT_OF_BUYERS = {
    *("Customer Business Customer Id", "Customer Business Customer Customer name"),
    *("Customer Customer Id", "Customer Customer Name"),
}
NOT_KEPT_OF_ADDRESSES = {"Name prefix", "Name suffix", "Owner Username"}
NOT_KEPT_WITHIN = {"Customer Id", "Customer Name"}


def record_of(noun: str, headings: str, *cells: str, empty: Any = "keep", maps: Any = None) -> dict[str, Any]:
    columns, _ = columns_of(NOUNS[noun], headings.split(","), maps)
    return assembler(NOUNS[noun], columns, empty=empty)(cells)


def problem_of(noun: str, headings: str, **options: Any) -> Problem:
    with pytest.raises(CustctlError) as caught:
        columns_of(NOUNS[noun], headings.split(","), **options)
    assert caught.value.problem.exit is Exit.INVALID
    return caught.value.problem


# -- headings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("noun", "headings"), GENUINE)
@pytest.mark.parametrize("written", [str, str.upper, str.lower, lambda text: f"  {text.replace(' ', '  ')}\u00a0"])
def test_i_01_every_genuine_heading_is_known_however_it_is_spelled(noun: str, headings: str, written: Any) -> None:
    names = headings.split(",")
    columns, ignored = columns_of(NOUNS[noun], [written(name) for name in names])

    def kept(name: str) -> bool:
        if name.startswith(("Customer Business Customer ", "Customer Customer ")):
            return name in KEPT_OF_BUYERS
        part = re.sub(r"Address(es)? \d ", "", name) if re.match(r"Address(es)? \d ", name) else name
        is_address = part is not name or noun.endswith("-address")
        within = part is not name and part in NOT_KEPT_WITHIN
        return (
            part not in NOT_KEPT
            and not within
            and not (is_address and part.replace("P", "p") in NOT_KEPT_OF_ADDRESSES)
            and not (is_address and part == "Owner Username")
        )

    assert ignored == tuple(written(name) for name in names if not kept(name))
    assert [column is not None for column in columns] == [kept(name) for name in names]


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "setting"])
def test_every_heading_that_is_offered_is_known_and_means_one_thing(noun: str) -> None:
    for heading in known_headings(NOUNS[noun]):
        columns_of(NOUNS[noun], [heading.replace("#", "1")])


@pytest.mark.parametrize("noun", ["customer", "customer-user", "customer-user-role", "tag", "order", "record"])
def test_the_fields_of_a_noun_are_its_own_headings(noun: str) -> None:
    names = [field.name for field in NOUNS[noun].fields if not field.computed]
    columns, ignored = columns_of(NOUNS[noun], [name.replace("_", " ").title() for name in names])

    assert [column and column.path for column in columns] == [(name,) for name in names]
    assert ignored == ()


def test_an_unknown_heading_is_told_with_its_place_and_what_is_near() -> None:
    problem = problem_of("customer", "name,Adresses 1 Street", places=[Place("a.csv", 1, 1), Place("a.csv", 1, 6)])

    assert problem.message == "unknown heading 'Adresses 1 Street' for a sheet of customers"
    assert problem.place == Place("a.csv", 1, 6)
    assert "Addresses # Street" in problem.candidates


@pytest.mark.parametrize("heading", ["Addresses 0 Street", "Addresses 1000 Street", "addresses.0.street", "xyzzy", "#"])
def test_a_heading_that_means_nothing_is_unknown(heading: str) -> None:
    assert problem_of("customer", heading).value == heading


def test_two_columns_of_one_meaning_are_told() -> None:
    assert problem_of("customer", "Id,external_id").message == "'Id' and 'external_id' mean the same"
    assert problem_of("customer", "Addresses 1 Street,addresses.1.street").code == "headings"


def test_two_ways_to_name_one_record_are_no_contradiction() -> None:
    record = record_of("customer", "Parent Id,Parent Name", "111", "Company A")

    assert record == {"parent": Named((("external_id", "111"), ("name", "Company A")))}


def test_a_heading_can_be_given_a_meaning() -> None:
    maps = read_maps(["E-Mail = email", "Firma=Customer Name", "Password="])
    record = record_of("customer-user", "e-mail ,Firma,Password", "a@b.example", "Acme", "secret", maps=maps)

    assert record == {"email": "a@b.example", "customer": Named((("name", "Acme"),))}


def test_a_map_of_a_heading_or_to_a_field_that_there_is_none_of_is_told() -> None:
    there = problem_of("customer-user", "E-Mail", maps={"EMail": "email"})
    known = problem_of("customer-user", "E-Mail", maps={"E-Mail": "e_mail"})

    assert (there.message, there.candidates) == ("--map has the heading 'EMail', and the file does not", ("E-Mail",))
    assert (known.value, "email" in known.candidates) == ("e_mail", True)
    with pytest.raises(CustctlError) as caught:
        read_maps(["E-Mail"])
    assert caught.value.problem.exit is Exit.USAGE


def test_the_columns_of_rejected_rows_are_read_over() -> None:
    columns, ignored = columns_of(NOUNS["customer"], ["name", "_line", "_error"])

    assert [column is None for column in columns] == [False, True, True]
    assert ignored == ()


# -- cells ---------------------------------------------------------------------------------------------------------


def test_a_contact_of_many_columns_becomes_one_record() -> None:
    headings = (
        "First name,Gender,Emails 1 Email,Emails 2 Email,Groups 1 Label,Groups 2 Label,Accounts 1 Account name,"
        "Accounts Default Contact 1 Account name,Addresses 1 Street,Addresses 1 Types 1 Name,Addresses 1 Types 2 Name,"
        "Addresses 2 Street,Addresses 3 Street,Tags"
    )
    cells = (
        "Jerry",
        "M",
        "a@b.example",
        "",
        "",
        "Sales Group",
        "Smith",
        "Smith",
        "1 Road",
        "billing",
        "",
        "",
        "3 Road",
    )

    assert record_of("contact", headings, *cells, "custom tag, second tag") == {
        "first_name": "Jerry",
        "gender": "male",
        "emails": ["a@b.example"],
        "groups": [Named((("label", "Sales Group"),))],
        "accounts": [Named((("name", "Smith"),))],
        "default_contact_of": [Named((("name", "Smith"),))],
        "addresses": [{"street": "1 Road", "types": ["billing"]}, {"street": "3 Road"}],
        "tags": ["custom tag", "second tag"],
    }


def test_an_account_names_its_contacts_by_first_and_last_name() -> None:
    headings = "Contacts 1 Last name,Contacts 1 First name,Contacts 2 First name,Contacts 2 Last name"

    assert record_of("account", headings, "Coleman", "Jerry", "Ann", "") == {
        "contacts": [Named((("names", "Jerry Coleman"),)), Named((("names", "Ann"),))]
    }


def test_i_10_flags_of_an_address_are_its_types_and_a_default_implies_its_type() -> None:
    headings = "Street,Primary,Billing,Default Billing,Shipping,Default Shipping,Delete,Customer Id"

    assert record_of("customer-address", headings, "1 Road", "1", "0", "yes", "TRUE", "0", "1", "7") == {
        "street": "1 Road",
        "primary": True,
        "types": ["shipping", "billing"],
        "default": ["billing"],
        "delete": True,
        "owner": Named((("external_id", "7"),)),
    }
    assert record_of("customer-address", headings, "1 Road", "", "0", "", "0", "", "", "") == {
        "street": "1 Road",
        "types": [],
    }


@pytest.mark.parametrize(
    ("noun", "heading"), [("customer-user", "Enabled"), ("customer-address", "Delete"), ("customer-address", "Billing")]
)
def test_a_cell_that_is_neither_yes_nor_no_is_told_with_its_heading(noun: str, heading: str) -> None:
    with pytest.raises(CellError) as caught:
        record_of(noun, heading, "maybe")

    assert (caught.value.problem.field, caught.value.problem.value) == (heading, "maybe")
    assert caught.value.problem.message == "'maybe' is neither yes nor no"


def test_i_08_empty_cells_are_left_out_or_cleared_but_never_what_names_the_record() -> None:
    headings = "Id,key,name,Parent Id,vat_id,tags,Addresses 1 Street,Addresses 2 Street,Addresses 2 City"
    cells = ("", "", "", "", "", "", "", "2 Road", "")

    assert record_of("customer", headings, *cells) == {"addresses": [{"street": "2 Road"}]}
    assert record_of("customer", headings, *cells, empty="clear") == {
        "name": None,
        "parent": None,
        "vat_id": None,
        "tags": [],
        "addresses": [{"street": "2 Road", "city": None}],
    }


def test_the_tables_of_a_role_are_json_in_a_cell() -> None:
    assert record_of("customer-user-role", "permissions", '{"order": {"view": "user"}}') == {
        "permissions": {"order": {"view": "user"}}
    }
    with pytest.raises(CellError):
        record_of("customer-user-role", "permissions", "{")


@pytest.mark.parametrize("items", [["a", "b"], ["a, b", "c"], ['5" pipe', '"x", "y"'], ["x"], []])
def test_i_15_a_list_in_one_cell_is_split_as_it_was_joined(items: list[str]) -> None:
    assert split(joined(items)) == items


def test_i_15_spaces_and_empty_items_of_a_list_are_nothing() -> None:
    assert split(" a,b ,, c") == ["a", "b", "c"]


def test_a_json_row_is_as_documents_are_or_as_sheets_are() -> None:
    read = object_assembler(NOUNS["customer"], {"Firma": "name"})
    row = {
        "Firma": "Acme",
        "Parent Id": 12,
        "tags": ["a, b"],
        "vat_id": None,
        "addresses": [{"street": "x"}],
        "_line": 3,
    }

    assert read(row) == {
        "name": "Acme",
        "parent": Named((("external_id", "12"),)),
        "tags": ["a, b"],
        "addresses": [{"street": "x"}],
    }
    assert read({"name": "A", "addresses.1.street": "x"}) == {"name": "A", "addresses": [{"street": "x"}]}
    with pytest.raises(CellError):
        read({"Parent Id": ["x"]})
    with pytest.raises(CustctlError):
        read({"nam": "x"})
