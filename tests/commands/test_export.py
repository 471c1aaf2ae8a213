"""Exports as rows: CSV and JSON Lines of a noun or some of it, which an import reads back without changing anything."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custctl.resources import ACCOUNT, CONTACT, CUSTOMER, NOUNS, USER
from custctl.store import exporting
from custctl.store.database import open_for_reading
from custctl.store.exporting import Wanted
from tests.runner import Runner
from tests.tree import leaves

NOUN_OF_GROUP = {
    "group": "groups",
    "role": "roles",
    "customer": "customers",
    "user": "users",
    "account": "accounts",
    "contact": "contacts",
    "lead": "leads",
    "opportunity": "opportunities",
    "tag": "tags",
    "order": "orders",
    "quote": "quotes",
    "request": "requests",
    "shopping-list": "shopping_lists",
    "checkout": "checkouts",
    "customer address": "customer-address",
    "user address": "customer-user-address",
    "contact address": "contact-address",
    "lead address": "lead-address",
    "tag taxonomy": "taxonomies",
    "contact group": "contact_groups",
    "guest": "visitors",
    "business": "business_customers",
    "business address": "business-customer-address",
    "channel": "channels",
    "activity": "activities",
    "marketing": "marketing_events",
    "content": "contents",
    "content variant": "content_variants",
    "category": "categories",
    "product": "products",
    "price-list": "price_lists",
    "price-list price": "prices",
}
"""What can be imported, and what its export is called."""
UNDER_ORO = ["customer address", "user address", "contact address"]
UNDER_ORO += ["group", "role", "customer", "user", "account", "contact", "tag", "lead", "opportunity"]
UNDER_ORO += ["tag taxonomy", "contact group"]


def test_every_noun_that_can_be_imported_is_in_the_table() -> None:
    assert {" ".join(words[:-1]) for words in leaves() if words[-1] == "import"} == set(NOUN_OF_GROUP)


@pytest.fixture(scope="module")
def generated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated world in which everyone has an external id: OroCommerce names records by it, and has no keys."""
    shop = Runner(tmp_path_factory.mktemp("generated") / "shop.db")
    assert shop("demo", "--customers", "60", "--seed", "5", "-q").exit == 0
    for noun in (CUSTOMER, CONTACT, ACCOUNT):
        keys = shop.sql(f"SELECT key || ',X' || id FROM {noun.table} WHERE external_id IS NULL")
        text = "\n".join(["key,external_id", *(row for (row,) in keys)])
        assert shop(noun.group, "import", "-", "--format", "csv", stdin=text).exit == 0
    guests = shop.sql("SELECT key || ',X' || id || ',yes' FROM customer_user WHERE guest")
    text = "\n".join(["key,external_id,guest", *(row for (row,) in guests)])
    assert shop("user", "import", "-", "--format", "csv", stdin=text).exit == 0
    return shop.database


@pytest.fixture
def generated(tmp_path: Path, generated_file: Path) -> Runner:
    return Runner(Path(shutil.copy(generated_file, tmp_path)))


def exported(shop: Runner, *words: str) -> str:
    """The text of an export about which nothing is remarked."""
    answer = shop("export", *words)
    assert (answer.exit, answer.err) == (0, ""), answer
    return answer.out


def cells(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def assert_changes_nothing(shop: Runner, group: str, text: str, format: str) -> None:
    """Hold that an import of the text finds every record as it is."""
    before = shop.contents()
    answer = shop(*group.split(), "import", "-", "--format", format, "-o", "json", stdin=text)
    assert answer.exit == 0, answer
    records = len(text.splitlines()) if format == "jsonl" else len(cells(text))
    assert records > 0
    verdicts = {name: value for name, value in answer.json.items() if name not in ("errors", "access")}
    assert not any(answer.json.get("access", {}).values())
    assert verdicts == {
        "revision": None,
        "added": 0,
        "updated": 0,
        "unchanged": records,
        "deleted": 0,
        "rejected": 0,
    }
    assert shop.contents() == before


# -- there and back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("group", NOUN_OF_GROUP)
@pytest.mark.parametrize("world", ["demo", "generated"])
def test_i_04_importing_an_export_changes_nothing(
    group: str, format: str, world: str, request: pytest.FixtureRequest
) -> None:
    shop: Runner = request.getfixturevalue(world)
    if group in SELLING:
        shop.apply(SOLD)
    if (world, group) in NOT_THERE:
        pytest.skip("the world has none")
    assert_changes_nothing(shop, group, exported(shop, NOUN_OF_GROUP[group], "--format", format), format)


NOT_THERE = {
    ("generated", group)
    for group in ("business", "business address", "activity", "marketing", "content", "content variant")
}


SELLING = ("lead", "opportunity", "lead address")
SOLD = """
[[accounts]]
key = "gov-mart"
name = "Gov Mart"
[[leads]]
key = "gov"
name = "Gov Mart Nord"
external_id = "L-1"
first_name = "Ann"
last_name = "Lee"
company_name = "Gov Mart"
employees = 12
emails = ["ann@gov.example", "lee@gov.example"]
phones = ["+49 30 1"]
addresses = [{ key = "hq", street = "Weg 1", city = "Bonn", postal_code = "53111", country = "DE", region = "DE-NW" }]
[[leads]]
key = "plain"
name = "Plain"
first_name = "P"
last_name = "Q"
[[opportunities]]
key = "big"
name = "Big one"
external_id = "O-1"
account = "gov-mart"
lead = "gov"
close_date = "2027-03-31"
probability = 40
budget = "1250.5"
currency = "USD"
customer_need = "all, of it"
"""


@pytest.mark.parametrize("group", UNDER_ORO)
def test_i_04_importing_an_export_under_orocommerces_headings_changes_nothing(group: str, generated: Runner) -> None:
    if group in SELLING:
        generated.apply(SOLD)
    text = exported(generated, NOUN_OF_GROUP[group], "--format", "csv", "--headings", "oro")
    assert_changes_nothing(generated, group, text, "csv")


@pytest.mark.parametrize("group", [group for group in UNDER_ORO if group not in ("user", "contact")])
def test_i_04_where_names_are_unique_orocommerces_headings_need_no_ids(group: str, demo: Runner) -> None:
    if group in SELLING:
        demo.apply(SOLD)
    assert_changes_nothing(
        demo, group, exported(demo, NOUN_OF_GROUP[group], "--format", "csv", "--headings", "oro"), "csv"
    )


@pytest.mark.parametrize(
    ("noun", "where", "nameless"),
    [("users", "guest=no", "1 of 19 customer users"), ("contacts", "last_name!=", "1 of 6 contacts")],
)
def test_what_orocommerces_headings_cannot_name_is_told(noun: str, where: str, nameless: str, demo: Runner) -> None:
    words = ("export", noun, "--format", "csv", "--headings", "oro")
    warning = f"warning: {nameless} have neither an id nor a name, by which an import finds them\n"
    assert demo(*words).err == warning
    assert_changes_nothing(demo, NOUNS_GROUPS[noun], exported(demo, *words[1:], "--where", where), "csv")


NOUNS_GROUPS = {noun: group for group, noun in NOUN_OF_GROUP.items()}


ORDER_OF_A_MOVE = (
    *("entities", "tag taxonomy", "tag", "price-list", "group", "contact group", "contact", "account", "channel"),
    *("customer", "role", "user", "guest", "order", "quote", "request", "shopping-list", "checkout", "records"),
    *("category", "product", "price-list price", "settings"),
)
"""What refers to others comes after them; what has no import moves as a document."""


def test_a_whole_world_moves_to_another_shop_as_rows(generated: Runner, empty_file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Runner(Path(shutil.copy(empty_file, tmp_path / "other")))
    for name in ORDER_OF_A_MOVE:
        if name in NOUN_OF_GROUP:
            lines = exported(generated, NOUN_OF_GROUP[name], "--format", "jsonl")
            words = ("--format", "jsonl", "--empty", "clear")  # nobody stays without an owner otherwise
            assert other(*name.split(), "import", "-", *words, stdin=lines).exit == 0
        else:
            other.apply(exported(generated, name))
    assert other.export() == generated.export()


HOSTILE = 'a"b, c;\td\r\ne\u202e\x85=1\\ \U0001f600'


@pytest.mark.parametrize("words", [("csv",), ("jsonl",), ("csv", "--headings", "oro"), ("csv", "--delimiter", "tab")])
def test_i_04_every_character_comes_back(words: tuple[str, ...], custctl: Runner) -> None:
    custctl("customer", "add", "Odd", "--external-id", "1", "--sales-rep", 'a, "b"', "--sales-rep", "c")
    row = json.dumps({"key": "odd", "payment_term": HOSTILE, "owner": HOSTILE})
    assert custctl("customer", "import", "-", "--format", "jsonl", stdin=row).exit in (0, 4)
    text = exported(custctl, "customers", "--format", *words)
    delimiter = words[1:] if words[1:2] == ("--delimiter",) else ()
    answer = custctl("customer", "import", "-", "--format", words[0], *delimiter, "-o", "json", stdin=text)
    assert (answer.json["unchanged"], answer.json["revision"]) == (1, None)


# -- which rows and columns ------------------------------------------------------------------------------------------


def test_i_14_a_filtered_export_has_the_rows_and_columns_of_the_view(demo: Runner) -> None:
    view = ("--where", "parent=company-a", "--sort", "-name", "--limit", "2", "--fields", "name,created,key")
    shown = demo.json("customer", "list", *view)
    assert [row["key"] for row in shown] == ["company-a-west", "company-a-east"]
    text = exported(demo, "customers", "--format", "csv", *view)
    assert text.splitlines()[0] == "name,created,key"
    assert cells(text) == shown
    lines = exported(demo, "customers", "--format", "jsonl", *view).splitlines()
    assert [list(json.loads(line)) for line in lines] == [["name", "created", "key"]] * 2
    assert [json.loads(line) for line in lines] == shown


def test_i_14_fields_choose_columns_under_orocommerces_headings_too(demo: Runner) -> None:
    words = ("customers", "--format", "csv", "--headings", "oro", "--where", "key=company-a-west")
    assert exported(demo, *words, "--fields", "tags,name,parent") == (
        "Tags,Name,Parent Id,Parent Name\n,Company A - West,ERP-10001,Company A\n"
    )
    assert demo.refusal("export", *words, "--fields", "name,key") == (
        4,
        "unknown-field",
        "OroCommerce has no column for 'key' of customers",
    )


def test_i_15_tags_are_one_column(demo: Runner) -> None:
    for headings, name in (("custctl", "tags"), ("oro", "Tags")):
        words = ("customers", "--format", "csv", "--headings", headings, "--where", "key=company-a")
        assert cells(exported(demo, *words))[0][name] == "early-adopter, key-account"


def test_a_column_is_made_for_each_item_of_the_longest_list_among_the_rows(demo: Runner) -> None:
    def headings(*where: str) -> list[str]:
        text = demo("export", "customers", "--format", "csv", "--fields", "key,addresses", *where).out
        return [name for name in text.splitlines()[0].split(",") if name.endswith("street")]

    assert headings() == ["addresses.1.street", "addresses.2.street"]
    assert headings("--where", "key=company-a-west") == ["addresses.1.street"]
    assert headings("--where", "name=Partner C - North", "--limit", "0") == []


def test_entries_of_roles_stand_as_documents_have_them(demo: Runner) -> None:
    [buyer] = exported(demo, "role", "--format", "jsonl", "--where", "key=buyer").splitlines()
    buyer = json.loads(buyer)
    shown = next(
        role for role in json.loads(exported(demo, "roles", "--format", "json"))["roles"] if role["key"] == "buyer"
    )
    assert buyer["permissions"] == shown["permissions"]
    assert buyer["permissions"]["customer-user-role"] == {}
    assert (buyer["capabilities"], buyer["workflows"]) == (shown["capabilities"], shown["workflows"])
    assert (buyer["fields"], buyer["public"], buyer["customer"], buyer["tags"]) == ({}, True, None, [])


@pytest.mark.parametrize("words", [("--where", "subtotal>=1000"), ("--sort", "-subtotal", "--limit", "3")])
def test_money_is_text_as_lists_have_it(words: tuple[str, ...], demo: Runner) -> None:
    view = ("--fields", "number,subtotal,placed_at", *words)
    shown = [{name: row[name] for name in view[1].split(",")} for row in demo.json("order", "list", *view)]
    assert shown
    lines = exported(demo, "order", "--format", "jsonl", *view).splitlines()
    assert [json.loads(line) for line in lines] == shown
    assert cells(exported(demo, "order", "--format", "csv", *view)) == shown


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("user", '{"key":"amanda.smith@company-a.example"'),
        ("customer-user", '{"key":"amanda.smith@company-a.example"'),
        ("role", '{"key":"administrator"'),
        ("group", '{"key":"all-customers"'),
        ("shopping-lists", '{"number":"SL-1001"'),
        ("tag taxonomy", '{"key":"program"'),
        ("customer-address", '{"owner":"company-a","key":"hq"'),
        ("user-address", '{"owner":"amanda.smith@company-a.example","key":"office"'),
        ("settings", '{"key":"currency.'),
    ],
)
def test_a_noun_is_called_as_elsewhere(name: str, first: str, demo: Runner) -> None:
    assert exported(demo, name, "--format", "jsonl", "--limit", "1").startswith(first)


def test_addresses_stand_by_owner_and_key(demo: Runner) -> None:
    rows = [json.loads(line) for line in exported(demo, "customer-address", "--format", "jsonl").splitlines()]
    names = [(row["owner"], row["key"]) for row in rows]
    assert names == sorted(names)
    assert len(names) == 7


def test_an_empty_export_has_its_headings_and_says_so(demo: Runner) -> None:
    words = ("export", "groups", "--where", "key=none", "--format")
    answer = demo(*words, "csv")
    assert (answer.exit, answer.out, answer.err) == (
        0,
        "key,name,owner,payment_term,tax_code,price_lists,unmerged_price_lists,price_fallback,tags\n",
        "no customer groups\n",
    )
    answer = demo(*words, "jsonl")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no customer groups\n")


# -- how it is written -----------------------------------------------------------------------------------------------


def test_a_guard_is_put_before_formulas_when_it_is_asked_for(custctl: Runner) -> None:
    custctl("customer", "add", "=1+1", "--key", "sum", "--tax-code=-5", "--vat-id", "@x")
    words = ("customers", "--format", "csv", "--fields", "name,tax_code,vat_id")
    assert exported(custctl, *words) == "name,tax_code,vat_id\n=1+1,-5,@x\n"
    assert exported(custctl, *words, "--guard") == "name,tax_code,vat_id\n'=1+1,-5,'@x\n"


def test_cells_may_stand_between_other_characters(demo: Runner) -> None:
    words = ("groups", "--format", "csv", "--fields", "key,name", "--limit", "1", "--delimiter")
    assert exported(demo, *words, ";") == "key;name\nall-customers;All Customers\n"
    assert exported(demo, *words, "tab") == "key\tname\nall-customers\tAll Customers\n"
    assert demo.refusal("export", *words, "ab")[:2] == (4, "delimiter")


def test_rows_go_into_a_new_file_of_which_the_ending_says_the_format(demo: Runner) -> None:
    for ending in ("csv", "jsonl"):
        target = demo.database.parent / f"out.{ending}"
        dry = demo("export", "users", "--out", str(target), "--dry-run")
        assert (dry.exit, dry.out, dry.err) == (0, "", "dry run: nothing was written\n")
        assert not target.exists()
        answer = demo("export", "users", "--out", str(target))
        assert (answer.exit, answer.out, answer.err) == (0, f"written to {target}\n", "")
        assert target.read_text() == exported(demo, "users", "--format", ending)
        assert target.stat().st_mode & 0o777 == 0o600
        assert demo.refusal("export", "users", "--out", str(target)) == (5, "exists", f"{target} exists already")


def test_an_ending_that_says_no_format_is_refused_unless_the_format_is_given(demo: Runner) -> None:
    target = demo.database.parent / "users.xlsx"
    answer = demo("export", "users", "--out", str(target))
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err == (
        f"error: the ending of {target} does not tell the format\n"
        "  hint: .toml, .yaml, .yml, .json, .csv, .jsonl say it; --format does for any other name\n"
    )
    assert not target.exists()
    assert demo("export", "users", "--format", "csv", "--out", str(target)).exit == 0
    assert target.read_text() == exported(demo, "users", "--format", "csv")
    plain = demo.database.parent / "all"
    assert demo("export", "--out", str(plain)).exit == 0
    assert plain.read_text() == exported(demo)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--format", "csv"), (2, "usage", "--format csv takes one NOUN")),
        (("--format", "jsonl"), (2, "usage", "--format jsonl takes one NOUN")),
        (("--template",), (2, "usage", "--format csv takes one NOUN")),
        (("custmers", "--format", "csv"), (4, "invalid", "unknown noun 'custmers'")),
        (("customer-address",), (4, "invalid", "customer-address are no table of a document")),
        (("users", "--where", "key=a"), (2, "usage", "--where goes with --format csv or --format jsonl")),
        (("users", "--limit", "1"), (2, "usage", "--limit goes with --format csv or --format jsonl")),
        (("users", "--fields", "key"), (2, "usage", "--fields goes with --format csv or --format jsonl")),
        (("users", "--format", "jsonl", "--guard"), (2, "usage", "--guard goes with --format csv")),
        (("users", "--format", "jsonl", "--headings", "oro"), (2, "usage", "--headings goes with --format csv")),
        (("users", "--format", "jsonl", "--template"), (2, "usage", "--template goes with --format csv")),
        (
            ("users", "--template", "--sort", "key"),
            (2, "usage", "--sort goes with --format csv, but not with --template"),
        ),
        (("users", "--format", "csv", "--fields", "emial"), (4, "unknown-field", "unknown field 'emial'")),
        (("users", "--format", "csv", "--fields", ","), (2, "usage", "--fields names no field")),
        (("users", "--format", "csv", "--where", "nonsense=1"), (4, "unknown-field", "unknown field 'nonsense'")),
        (("orders", "--format", "csv", "--headings", "oro"), (2, "usage", "OroCommerce has no sheets of orders")),
        (("users", "--as", "amanda.smith@company-a.example"), (2, "usage", "custctl export does not take --as")),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: tuple[str, ...], refusal: tuple[int, str, str], demo: Runner
) -> None:
    assert demo.refusal("export", *words) == refusal


# -- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headings", ["custctl", "oro"])
@pytest.mark.parametrize("group", NOUN_OF_GROUP)
def test_i_01_a_template_is_taken_by_the_import_of_its_noun(group: str, headings: str, custctl: Runner) -> None:
    if headings == "oro" and group not in UNDER_ORO:
        pytest.skip("OroCommerce has no sheets of it")
    if (group, headings) == ("opportunity", "oro"):
        pytest.skip("OroCommerce's template names no account, which a new one needs")
    if group not in ALONE:
        custctl.apply(OWNERS)
    text = exported(custctl, NOUN_OF_GROUP[group], "--template", "--headings", headings)
    assert len(cells(text)) == 1
    answer = custctl(*group.split(), "import", "-", "--format", "csv", "-o", "json", stdin=text)
    assert (answer.exit, answer.json["added"], answer.json["rejected"]) == (0, 1, 0), answer


ALONE = (
    "product",
    "price-list",
    "category",
    "customer",
    "user",
    "role",
    "group",
    "account",
    "contact",
    "contact group",
    "tag",
    "tag taxonomy",
    "lead",
)
"""What is added to an empty database; the samples of the others refer to something."""
OWNERS = """
[[customers]]
key = "company-a"
name = "Company A"
external_id = "1111"
[[users]]
email = "jerry.coleman@example.org"
first_name = "J"
last_name = "C"
customer = "company-a"
roles = ["buyer"]
[[contacts]]
key = "jerry-coleman"
first_name = "Jerry"
last_name = "Coleman"
[[accounts]]
key = "company-a"
name = "Company A"
[[leads]]
key = "gov-mart"
name = "Gov Mart"
first_name = "Jerry"
last_name = "Coleman"
[[contents]]
key = "commerce-main-menu"
title = "Main menu"
kind = "menu"
[[price_lists]]
key = "wholesale"
name = "W"
currency = "USD"
[[products]]
key = "pmp-1"
sku = "PMP-1"
name = "P"
[[channels]]
key = "trade-fairs"
name = "Fairs"
type = "b2b"
active = true
[[business_customers]]
key = "gov-mart"
name = "Gov"
account = "company-a"
channel = "trade-fairs"
"""
"""Whose the addresses and orders of the samples are."""


_ADDRESS = (
    "Label,Organization,Name {p}refix,First {n}ame,Middle {n}ame,Last {n}ame,Name {s}uffix,Street,Street 2,"
    "Zip/Postal Code,City,State,State Combined code,Country ISO2 code"
)
_FLAGS = "Owner Username,Billing,Default Billing,Shipping,Default Shipping,Delete,Validated At"
_OF_USER = (
    "ID,Name Prefix,First Name,Middle Name,Last Name,Name Suffix,Birthday,Email Address,Customer Id,Customer Name,"
    "Roles 1 Role,Enabled,Confirmed,Owner Id,Website Id"
)
_OF_CONTACT = _ADDRESS.format(p="p", n="n", s="s") + ",Types 1 Name,Types 2 Name"


@pytest.mark.parametrize(
    ("noun", "headings"),
    [
        ("customers", "ID,Name,Parent ID,Group Name,Owner ID,Tax Code,Account ID,VAT ID,Payment term Label"),
        (
            "customer-address",
            f"{_ADDRESS.format(p='p', n='n', s='s')},Address ID,Phone,Primary,Customer Id,Customer Name,{_FLAGS}",
        ),
        ("users", _OF_USER),
        (
            "user-address",
            f"{_ADDRESS.format(p='P', n='N', s='S')},Address ID,Phone,Primary,Customer User ID,Email Address,{_FLAGS}",
        ),
        ("accounts", "ID,Account Name,Owner Username,Default Contact First name,Organization Name"),
        (
            "contacts",
            "Id,Name prefix,First name,Middle name,Last name,Name suffix,Gender,Description,Job Title,Fax,Skype,"
            "Twitter,Facebook,Google+,LinkedIn,Birthday,Source Name,Contact Method Name,Owner Username,"
            "Assigned to Username,Emails 1 Email,Emails 2 Email,Emails 3 Email,Phones 1 Phone,Phones 2 Phone,"
            "Phones 3 Phone,Groups 1 Label,Groups 2 Label,Accounts Default Contact 1 Account name,"
            "Accounts 1 Account name,Accounts 2 Account name,"
            + "".join(f"Addresses {number} {part}," for number in (1, 2, 3) for part in _OF_CONTACT.split(","))
            + "Organization Name,Picture URI,Picture UUID,Tags",
        ),
        ("contact-groups", "Label"),
    ],
)
def test_i_01_a_template_has_orocommerces_genuine_headings(noun: str, headings: str, custctl: Runner) -> None:
    """Source: the templates and fixtures of oroinc/documentation, oroinc/customer-portal and oroinc/crm."""
    assert exported(custctl, noun, "--template", "--headings", "oro").splitlines()[0] == headings


def test_a_template_needs_no_database(tmp_path: Path) -> None:
    answer = Runner(tmp_path / "none.db")("export", "group", "--template", "--delimiter", ";")
    expected = (
        "key;name;owner;payment_term;tax_code;price_lists;unmerged_price_lists;price_fallback;tags\n"
        ";Partners;;net 60;;;;;\n"
    )
    assert (answer.exit, answer.out, answer.err) == (0, expected, "")
    assert list(tmp_path.iterdir()) == []


# -- reading while writing -------------------------------------------------------------------------------------------


def asked(shop: Runner, noun: str, **how: Any) -> list[str]:
    """The statements by which all of a noun is exported."""
    statements: list[str] = []
    make = exporting.csv_rows if how.pop("csv", False) else exporting.json_lines
    with closing(open_for_reading(shop.database)) as connection:
        connection.set_trace_callback(statements.append)
        for _ in make(connection, Wanted(NOUNS[noun], **how)):
            pass
        connection.set_trace_callback(None)
    return statements


def test_one_statement_reads_however_many_rows(generated: Runner) -> None:
    for noun in ("customer", "customer-user", "customer-user-role", "order", "customer-address"):
        assert len(asked(generated, noun)) == 1, noun
    assert len(asked(generated, "customer-user", csv=True)) == 2, "one is for the number of columns"
    under_oro = asked(generated, "customer-user", csv=True, headings="oro")
    assert len(under_oro) == 2 + 2 * 2, "customers and roles are named in each of the two chunks"


@pytest.mark.parametrize("csv", [False, True])
def test_the_first_row_is_there_before_the_second_is_read(csv: bool, generated: Runner) -> None:
    with closing(open_for_reading(generated.database)) as connection:
        make = exporting.csv_rows if csv else exporting.json_lines
        pieces = iter(make(connection, Wanted(USER)))
        assert [next(pieces).records for _ in range(3 if csv else 2)] == ([0, 1, 179] if csv else [1, 179])


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun not in ("entity", "record")])
def test_no_rows_are_sorted_before_the_first_goes_out(noun: str, generated: Runner) -> None:
    with closing(sqlite3.connect(generated.database)) as connection:
        for statement in asked(generated, noun):
            plan = [
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.replace('money_text', 'abs')}")
            ]
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan[-1], plan
