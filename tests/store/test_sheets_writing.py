"""Records written to a sheet are read back as the same records, and templates are those of OroCommerce."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custctl.errors import CustctlError, Exit
from custctl.resources import NOUNS, Noun
from custctl.store.sheets import Named
from custctl.store.sheets.cells import assembler
from custctl.store.sheets.headings import Headings, columns_of
from custctl.store.sheets.reading import open_sheet
from custctl.store.sheets.writing import cells_of, template, widest, write_rows

Record = dict[str, Any]


def read_back(noun: Noun, rows: list[list[str]]) -> list[Record]:
    out = io.StringIO(newline="")
    write_rows(out, rows)
    with open_sheet("-", format="csv", delimiter=",", stdin=io.BytesIO(out.getvalue().encode())) as sheet:
        columns, _ = columns_of(noun, sheet.headings, places=sheet.places)
        read = assembler(noun, columns)
        return [read(list(row.cells)) for row in sheet.rows]


def written(noun: Noun, records: list[Record], headings: Headings = "custctl", name_of: Any = None) -> list[list[str]]:
    cells = cells_of(noun, headings, widths=widest(records), name_of=name_of)
    return [list(cells.headings), *(cells.of(record) for record in records)]


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
NAMES = st.text(st.characters(categories=["L", "P", "N"]), min_size=1, max_size=12)
LISTS = st.lists(NAMES, min_size=1, max_size=3, unique=True)
ADDRESSES = st.fixed_dictionaries(
    {"key": NAMES, "street": WORDS},
    optional={
        "label": WORDS,
        "primary": st.booleans(),
        "types": st.lists(st.sampled_from(["billing", "shipping"]), min_size=1, max_size=2, unique=True),
    },
)
RECORDS: dict[str, st.SearchStrategy[Record]] = {
    "customer": st.fixed_dictionaries(
        {"key": NAMES},
        optional={
            **dict.fromkeys(("name", "vat_id", "parent", "group"), WORDS),
            **dict.fromkeys(("tags", "sales_reps", "price_lists"), LISTS),
            "addresses": st.lists(ADDRESSES, min_size=1, max_size=3),
        },
    ),
    "customer-user": st.fixed_dictionaries(
        {"email": NAMES},
        optional={"roles": LISTS, "enabled": st.booleans(), "guest": st.booleans(), "birthday": WORDS},
    ),
    "customer-user-role": st.fixed_dictionaries(
        {"key": NAMES},
        optional={
            "self_managed": st.booleans(),
            "permissions": st.dictionaries(WORDS, st.dictionaries(WORDS, WORDS), min_size=1, max_size=3),
            "capabilities": st.dictionaries(WORDS, st.booleans(), min_size=1, max_size=3),
        },
    ),
    "contact": st.fixed_dictionaries({"key": NAMES}, optional=dict.fromkeys(("emails", "phones", "groups"), LISTS)),
}


@pytest.mark.parametrize("noun", RECORDS)
@given(data=st.data())
def test_i_04_records_are_read_back_as_they_were_written(noun: str, data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS[noun], min_size=1, max_size=4))

    assert read_back(NOUNS[noun], written(NOUNS[noun], records)) == records


def test_i_04_under_orocommerces_headings_other_records_are_named_by_id_and_name() -> None:
    known = {("a", "external_id"): "1", ("a", "name"): "Company A", ("b", "code"): "ROLE_B", ("own/c", "label"): "Own"}

    def name_of(_noun: Noun, key: str, field: str) -> str | None:
        return known.get((key, field))

    record = {
        "email": "x@y.example",
        "customer": "a",
        "roles": ["b", "own/c"],
        "enabled": False,
        "tags": ["a, b", "c"],
        "addresses": [{"street": "1", "types": ["billing"], "default": ["billing"], "primary": True}, {"street": "2"}],
    }
    rows = written(NOUNS["customer-user"], [record, {"email": "z@y.example"}], "oro", name_of)

    assert {"Customer Id", "Customer Name", "Roles 2 Role", "Addresses 2 Street", "Addresses 1 Billing"} <= {*rows[0]}
    assert "Roles 3 Role" not in rows[0]
    assert read_back(NOUNS["customer-user"], rows) == [
        {
            **record,
            "customer": Named((("external_id", "1"), ("name", "Company A"))),
            "roles": [Named((("code", "ROLE_B"),)), Named((("code", "Own"),))],
        },
        {"email": "z@y.example"},
    ]


def test_a_contact_is_written_as_orocommerces_template_has_it() -> None:
    record = {"emails": ["a@b.example"], "addresses": [{"street": "1", "types": ["shipping"]}], "groups": ["g"]}
    rows = written(NOUNS["contact"], [record], "oro", lambda *_: "Group")

    assert {"Emails 1 Email", "Groups 1 Label", "Addresses 1 Types 1 Name", "Addresses 1 Types 2 Name"} <= {*rows[0]}
    assert read_back(NOUNS["contact"], rows) == [{**record, "groups": [Named((("label", "Group"),))]}]


def test_an_opportunity_is_written_as_orocommerce_writes_statuses_and_days() -> None:
    record = {"name": "Shelves", "status": "open", "close_date": "2027-12-31", "account": "a", "probability": 5}
    rows = written(NOUNS["opportunity"], [record], "oro", lambda *_: "Acme")
    told = dict(zip(*rows, strict=True))

    assert (told["Status Id"], told["Expected close date"], told["Probability"]) == ("in_progress", "12/31/2027", "5")
    assert told["Customer Account Account name"] == "Acme"
    assert read_back(NOUNS["opportunity"], rows)[0]["status"] == "open"


def test_orocommerce_has_no_sheets_of_orders() -> None:
    with pytest.raises(CustctlError) as caught:
        template(NOUNS["order"], "oro")
    assert caught.value.problem.exit is Exit.USAGE


@pytest.mark.parametrize(
    ("noun", "headings"),
    [
        ("customer", "ID,Name,Parent ID,Group Name,Owner ID,Tax Code,Account ID,VAT ID,Payment term Label"),
        ("account", "ID,Account Name,Owner Username,Default Contact First name,Organization Name"),
        ("contact-group", "Label"),
        (
            "lead",
            (
                "ID,Lead Name,Name prefix,First name,Last Name,Status Id,Company name,Address 1 Label,Twitter,LinkedIn,"
                "Owner Username"
            ),
        ),
        (
            "opportunity",
            (
                "ID,Opportunity Name,Expected Close Date,Probability,Budget Amount,Budget Amount Currency,"
                "Close Revenue,Close Revenue Currency,Status Id,Contact First Name,Contact Last Name"
            ),
        ),
    ],
)
def test_i_01_a_template_has_orocommerces_headings(noun: str, headings: str) -> None:
    assert template(NOUNS[noun], "oro")[0] == headings.split(",")


@pytest.mark.parametrize("headings", ["custctl", "oro"])
@pytest.mark.parametrize("noun", ["customer", "customer-user", "customer-address", "customer-user-address", "contact"])
def test_i_01_a_template_is_read_as_its_sample(noun: str, headings: Headings) -> None:
    [record] = read_back(NOUNS[noun], template(NOUNS[noun], headings))

    given_name = record.get("name") or record.get("first_name")
    assert given_name in ("Company A", "Jerry")
    assert ("owner" in record) == noun.endswith("address")
