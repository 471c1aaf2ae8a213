"""What holds for every command: formats, options before and after the verb, configuration, and how errors are told."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import stat
import tomllib
from pathlib import Path

import pytest
import yaml

from custctl import __version__
from custctl.resources import CUSTOMER, CUSTOMER_ADDRESS, ROLE, USER
from custctl.store.demo import folder
from custctl.store.migrations import MIGRATIONS, SCHEMA_VERSION
from tests.conftest import Process
from tests.runner import Answer, Refusal, Runner
from tests.tree import leaves

MIGRATED = [step.__name__ for step in MIGRATIONS]

AMANDA = "amanda.smith@company-a.example"
NINA = "nina.park@company-a.example"
ADDRESS = "--organization O --street S --city C --postal-code P --country GI"

_PLACE = "organization,street,city,postal_code,country,region\n"
_OFFICE = "Office,Side 1,Tampa,33601,US,US-FL\n"
SHEETS = {
    "customer import": "name\nOther\n",
    "customer address import": f"owner,{_PLACE}new,{_OFFICE}",
    "user import": "email,first_name,last_name,roles\nnew@x.example,New,One,buyer\n",
    "user address import": f"owner,{_PLACE}amanda.smith@company-a.example,{_OFFICE}",
    "group import": "name\nOther\n",
    "role import": "key,label\nother,Other\n",
    "account import": "name\nOther\n",
    "contact import": "first_name\nOther\n",
    "contact address import": f"owner,{_PLACE}new,{_OFFICE}",
    "activity import": "key,kind,subject\nother,note,Other\n",
    "marketing import": "key,type,contact\nother,send,helen-ortiz\n",
    "tag import": "name\nOther\n",
    "guest import": "key\ns-99\n",
    "content import": "key,title\nother,Other\n",
    "content variant import": "key,content\nother,sign-up\n",
    "contact group import": "label\nOther\n",
    "tag taxonomy import": "name\nOther\n",
    "lead import": "name\nOther\n",
    "lead address import": "owner,country,region\ncorner-shop,US,US-FL\n",
    "opportunity import": "name,account\nOther,greenleaf\n",
    "channel import": "name,type\nOther,custom\n",
    "business import": "name,channel\nOther,field-sales\n",
    "business address import": "owner,country,region\ngreenleaf-foods,US,US-FL\n",
    "category import": "name\nOther\n",
    "product import": "sku,name\nOTHER-1,Other\n",
    "price-list import": "name\nOther\n",
    "price-list price import": "price_list,product,amount\nretail,old-1,12.50\n",
    **{f"{noun} import": "number\nX-1\n" for noun in ("order", "quote", "request", "shopping-list", "checkout")},
}
"""A sheet for every import."""
EXAMPLES = {
    "customer list": "",
    "customer show": "company-a",
    "customer add": "Acme",
    "customer edit": "company-a --name Acme",
    "customer delete": "new",
    "customer merge": "company-a partner-c --yes",
    "customer duplicates": "",
    "customer move": "partner-c --to company-a",
    "customer tree": "",
    "customer context": "company-a",
    "customer content": "company-a",
    "customer address list": "company-a",
    "customer address show": "company-a/hq",
    "customer address add": f"company-a {ADDRESS}",
    "customer address edit": "company-a/hq --city Tampa",
    "customer address delete": "company-a/warehouse",
    "user list": "",
    "user show": AMANDA,
    "user add": "ann@x.example --first-name Ann --last-name Lee --role buyer",
    "user edit": f"{AMANDA} --first-name Ann",
    "user enable": "frank.moore@company-a.example",
    "user disable": AMANDA,
    "user delete": NINA,
    "user move": f"{AMANDA} partner-c",
    "user address list": AMANDA,
    "user address show": f"{AMANDA}/office",
    "user address add": f"{NINA} {ADDRESS}",
    "user address edit": f"{AMANDA}/office --city Tampa",
    "user address delete": f"{AMANDA}/office",
    "user role list": AMANDA,
    "user role add": f"{AMANDA} buyer",
    "user role remove": "dana.lee@company-a.example buyer",
    "tag list": "",
    "tag show": "seasonal",
    "tag add": "VIP",
    "tag edit": "seasonal --name Seasons",
    "tag delete": "seasonal --yes",
    "tag tree": "",
    "tag taxonomy list": "",
    "tag taxonomy show": "tier",
    "tag taxonomy add": "Branch",
    "tag taxonomy edit": "tier --name Rank",
    "tag taxonomy delete": "tier",
    "tag member list": "seasonal key-account",
    "tag member add": f"vip user:{AMANDA}",
    "tag member remove": "seasonal customer:wholesaler-b",
    "group list": "",
    "group show": "partners",
    "group add": "VIP",
    "group edit": "partners --name P",
    "group delete": "partners",
    "group member list": "partners",
    "group member add": "partners company-a",
    "group member remove": "partners partner-c",
    "role list": "",
    "role show": "buyer",
    "role add": "Clerk",
    "role edit": "buyer --label Shopper",
    "role delete": "new",
    "role grant": "buyer order view=corporate",
    "role revoke": "buyer order view",
    "account list": "",
    "account show": "company-a",
    "account add": "Acme",
    "account edit": "company-a --name Acme",
    "account delete": "greenleaf",
    "account duplicates": "",
    "account merge": "company-a partner-c --yes",
    "account contact list": "company-a",
    "account contact add": "greenleaf helen-ortiz --default",
    "account contact remove": "company-a gail-fraser",
    "contact list": "",
    "contact show": "helen-ortiz",
    "contact add": "--first-name Ann",
    "contact edit": "helen-ortiz --job-title Boss",
    "contact delete": "gail-fraser",
    "contact duplicates": "",
    "contact merge": "helen-ortiz ben-carter --yes",
    "contact email list": "helen-ortiz",
    "contact email add": "walt-doyle walt@x.example",
    "contact email remove": "helen-ortiz purchasing@company-a.example",
    "contact phone list": "helen-ortiz",
    "contact phone add": "gail-fraser 555",
    "contact phone remove": "new 555",
    "contact address list": "helen-ortiz",
    "contact address show": "helen-ortiz/office",
    "contact address add": "walt-doyle --country GI",
    "contact address edit": "helen-ortiz/office --city Tampa",
    "contact address delete": "helen-ortiz/office",
    "contact group list": "",
    "contact group show": "sales-group",
    "contact group add": "VIP",
    "contact group edit": "harvest-fair --label Fair",
    "contact group delete": "harvest-fair",
    "contact group member list": "sales-group",
    "contact group member add": "sales-group walt-doyle",
    "contact group member remove": "sales-group ben-carter",
    "lead duplicates": "",
    "business duplicates": "",
    "activity list": "--on account:company-a",
    "activity show": "price-talk",
    "activity add": "call Rang --on contact:helen-ortiz",
    "activity edit": "send-samples --status closed",
    "activity delete": "late-truck",
    "marketing list": "",
    "marketing show": "autumn-1",
    "marketing add": "open --to contact:irene-novak",
    "marketing delete": "autumn-7",
    "marketing campaigns": "",
    "access can": f"{AMANDA} view order",
    "access explain": f"{AMANDA} view order:SO-2001",
    "access matrix": AMANDA,
    "access records": f"{AMANDA} order",
    "access who": "view order:SO-1001",
    "access owners": f"{AMANDA} create order",
    "access test": str(folder()),
    "guest list": "",
    "guest show": "visitor-1",
    "guest add": "visitor-3",
    "guest edit": "visitor-1 --last-visit 2026-10-01",
    "guest delete": "visitor-2",
    "guest status": "",
    "guest enable": "quote",
    "guest disable": "shopping-list",
    "guest page list": "",
    "guest page add": "/faq",
    "guest page remove": "/about",
    "guest access": "/catalog",
    "guest can": "view product",
    "guest context": "visitor-1",
    "guest content": "visitor-1",
    "guest import": "{sheet}",
    "guest checkout": "visitor-1 CO-77",
    "guest request": "visitor-1 RFQ-77",
    "guest shopping-list": "visitor-2 SL-77",
    "guest register": "guest-jo-miller",
    "guest login": "visitor-1 bob.reyes@company-a.example",
    "guest clean": "--yes",
    "content list": "",
    "content show": "home-banner",
    "content add": "News",
    "content edit": "home-banner --title Other",
    "content delete": "sign-up --yes",
    "content import": "{sheet}",
    "content variant list": "",
    "content variant show": "home-banner",
    "content variant add": "home-banner --customer company-a",
    "content variant edit": "home-banner --text Other",
    "content variant delete": "home-banner",
    "content variant import": "{sheet}",
    "order check": "SO-2001",
    "checkout check": "CO-1001",
    "user context": "bob.reyes@company-a.example",
    "user content": "bob.reyes@company-a.example",
    "guest explain": "view order",
    "guest matrix": "",
    "guest records": "shopping-list --visitor visitor-1",
    "setting list": "",
    "setting get": "guest.access",
    "setting set": "guest.access off",
    "setting unset": "guest.shopping_list",
    "config show": "",
    "config get": "output",
    "config path": "",
    "config set": "color never",
    "config unset": "color",
    "db path": "",
    "db status": "",
    "db migrate": "",
    "db check": "",
    "db backup": "{backup}.new",
    "db restore": "{backup}",
    "db adopt": "--manager ci customer:company-a",
    "lead list": "",
    "lead show": "sunny-juices",
    "lead add": "Other",
    "lead edit": "sunny-juices --industry Food",
    "lead delete": "new",
    "lead qualify": "sunny-juices",
    "lead disqualify": "sunny-juices",
    "lead reactivate": "corner-shop",
    "lead convert": "sunny-juices",
    "lead email list": "sunny-juices",
    "lead email add": "sunny-juices other@x.example",
    "lead email remove": "sunny-juices ines.falk@sunny-juices.example",
    "lead phone list": "sunny-juices",
    "lead phone add": "sunny-juices 555",
    "lead phone remove": "new 555",
    "lead address list": "sunny-juices",
    "lead address show": "sunny-juices/plant",
    "lead address add": "corner-shop --country GI",
    "lead address edit": "sunny-juices/plant --city Tampa",
    "lead address delete": "sunny-juices/plant",
    "opportunity list": "",
    "opportunity show": "canteens",
    "opportunity add": "Other --account greenleaf",
    "opportunity edit": "canteens --probability 10",
    "opportunity delete": "canteens",
    "opportunity move": "canteens negotiation",
    "opportunity win": "cold-store --close-date 2026-09-30",
    "opportunity lose": "cold-store --close-date 2026-09-30 --reason outsold",
    "opportunity reopen": "forklifts",
    "opportunity board": "",
    "channel list": "",
    "channel show": "web-shop",
    "channel add": "Other --type custom",
    "channel edit": "web-shop --name Shop",
    "channel enable": "new",
    "channel disable": "web-shop",
    "channel delete": "web-shop --yes",
    "business list": "",
    "business show": "company-a-packing",
    "business add": "Other --channel field-sales",
    "business edit": "company-a-packing --rating A",
    "business delete": "new",
    "business lifetime": "company-a-packing",
    "business email list": "company-a-packing",
    "business email add": "company-a-packing other@x.example",
    "business email remove": "company-a-packing packing@company-a.example",
    "business phone list": "company-a-packing",
    "business phone add": "company-a-packing 555",
    "business phone remove": "new 555",
    "business address list": "company-a-packing",
    "business address show": "company-a-packing/plant",
    "business address add": "greenleaf-foods --country GI",
    "business address edit": "company-a-packing/plant --city Tampa",
    "business address delete": "company-a-packing/plant",
    "category list": "",
    "category show": "lighting",
    "category add": "Other",
    "category edit": "lighting --name Lights",
    "category delete": "desk-lamps --yes",
    "category tree": "",
    "category visibility": "lighting",
    "product list": "",
    "product show": "lmp-100",
    "product add": "OTHER-1 Other",
    "product edit": "lmp-100 --name Lamp",
    "product delete": "oem-7 --yes",
    "product visibility": "lmp-100",
    "price-list list": "",
    "price-list show": "retail",
    "price-list add": "Other",
    "price-list edit": "retail --name Shop",
    "price-list delete": "partner-c-contract --yes",
    "price-list price list": "retail",
    "price-list price set": "retail old-1 12.50",
    "price-list price delete": "clearance lmp-100",
    **{f"customer {verb}": "company-a" for verb in ("lifetime", "orders", "volume", "purchased", "products")},
    **{f"account {verb}": "company-a" for verb in ("lifetime", "orders", "volume", "purchased")},
    **{f"user {verb}": "bob.reyes@company-a.example" for verb in ("orders", "volume", "purchased", "products")},
    "customer price": "company-a lmp-100",
    "user price": "bob.reyes@company-a.example lmp-100",
    "guest price": "lmp-100",
    "guest products": "",
    **{
        f"report {figures}": ""
        for figures in (
            *("accounts-by-lifetime", "accounts-by-opportunities", "leads-by-date", "opportunities-by-status"),
            *("opportunities-won", "forecast"),
        )
    },
    "plan": "-f {document}",
    "diff": "-f {document}",
    "apply": "-f {document} --yes",
    "export": "",
    "help": "",
    "search": "company --limit 3",
    "history": "",
    "undo": "2 --yes",
    "redo": "3 --yes",
    "completion": "bash",
    "version": "",
    **{f"{noun} list": "" for noun in ("order", "quote", "request", "shopping-list", "checkout")},
    **{
        f"{noun} {verb}": f"{number}{words}"
        for noun, number in (
            ("order", "SO-1001"),
            ("quote", "Q-1001"),
            ("request", "RFQ-1001"),
            ("shopping-list", "SL-1001"),
            ("checkout", "CO-1001"),
        )
        for verb, words in (("show", ""), ("add", "-2"), ("edit", " --status open2"), ("delete", ""))
    },
    **dict.fromkeys(SHEETS, "{sheet}"),
}
"""A command line for every command that succeeds in the demo world; `demo` itself needs an empty one."""

FORMATS = ("table", "wide", "json", "jsonl", "csv", "yaml", "name")


@pytest.fixture(scope="module")
def prepared_file(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world with something in it that may be deleted, as revision 2, and something for a check to find."""
    demo = Runner(Path(shutil.copy(demo_file, tmp_path_factory.mktemp("prepared"))))
    accounts = '[[accounts]]\nkey = "new"\nname = "COMPANY A"\n'
    contacts = (
        '[[contacts]]\nkey = "new"\nfirst_name = "New"\nphones = ["555"]\nemails = ["IRENE@wholesaler-b.example"]\n'
    )
    pages = '[settings]\n"guest.allowed_pages" = ["/about"]\n"guest.checkout" = true\n"guest.request" = true\n'
    pages += '"order.purchase_history" = true\n"order.purchase_history_days" = 3650\n'
    expired = '[[visitors]]\nkey = "expired"\nlast_visit = "2026-01-31T12:00:00Z"\n'
    leads = '[[leads]]\nkey = "new"\nname = "New"\nemails = ["INES.FALK@sunny-juices.example"]\nphones = ["555"]\n'
    plants = '[[business_customers]]\nkey = "new"\nname = "greenleaf foods"\naccount = "new"\nchannel = "field-sales"\n'
    plants += 'phones = ["555"]\n'
    channels = '[[channels]]\nkey = "new"\nname = "New"\ntype = "custom"\n'
    bought = '[[orders]]\nnumber = "NEW-1"\ncustomer = "company-a"\nstatus = "open"\n'
    bought += 'user = "bob.reyes@company-a.example"\n'
    bought += 'products = ["lmp-100"]\nplaced_at = "2026-01-31T12:00:00Z"\n'
    rest = f"{bought}{channels}{accounts}{contacts}{leads}{plants}{expired}{pages}"
    demo.apply(f'[[customers]]\nkey = "new"\nname = "partner c"\n[[roles]]\nkey = "new"\nlabel = "New"\n{rest}')
    demo.json("tag", "add", "Passing")
    demo.json("undo", "--last", "--yes")
    with contextlib.closing(sqlite3.connect(demo.database)) as connection, connection:
        connection.execute("UPDATE customer SET name_folded = 'other' WHERE key = 'jo-miller'")
    return demo.database


@pytest.fixture
def prepared(prepared_file: Path, tmp_path: Path) -> Runner:
    return Runner(Path(shutil.copy(prepared_file, tmp_path)))


def test_there_is_an_example_of_every_command() -> None:
    examples = {tuple(words.split()) for words in EXAMPLES}
    assert set(leaves()) - {("demo",)} == examples


# Formats


def _timeless(text: str) -> str:
    """An answer without the moment at which it was made: the next one is made later."""
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "then", text)


@pytest.mark.parametrize("command", EXAMPLES)
def test_every_command_answers_in_every_format(prepared: Runner, command: str) -> None:
    document = prepared.file('[[customers]]\nkey = "other"\nname = "Other"\n')
    backup = shutil.copy(prepared.database, prepared.database.with_name("kept.db"))
    sheet = prepared.file(SHEETS.get(command, "name\n"), "sheet.csv")
    words = (
        *command.split(),
        *EXAMPLES[command].format(document=document, backup=backup, sheet=sheet).split(),
        "--dry-run",
    )
    answers = {output: prepared(*words, "-o", output) for output in FORMATS}
    # One of the demo's own tests expects that requests of visitors are closed, which they are not here.
    told_no = command in ("access explain", "access test", "guest explain", "db check", "diff")
    assert {answer.exit for answer in answers.values()} == {1 if told_no else 0}, answers
    assert all(answer.out.endswith("\n") for answer in answers.values())
    asked_as_json = answers["yaml"].out.replace(
        "value: yaml\n", "value: json\n"
    )  # where config shows the option itself
    assert yaml.safe_load(_timeless(asked_as_json)) == json.loads(_timeless(answers["json"].out))
    assert all(isinstance(json.loads(line), dict) for line in answers["jsonl"].lines)
    assert all(line.strip() == line and line for line in answers["name"].lines)
    assert "\x1b" not in answers["table"].out + answers["wide"].out


def test_a_list_is_the_same_in_every_format(demo: Runner) -> None:
    words = ("group", "list", "--where", "customers>1")
    assert demo(*words).out == (
        "KEY            NAME           PAYMENT_TERM  TAX_CODE  CUSTOMERS\n"
        "all-customers  All Customers  net 30        -         3\n"
        "partners       Partners       net 45        PARTNER   2\n"
    )
    rows = [
        {
            "key": "all-customers",
            "name": "All Customers",
            "payment_term": "net 30",
            "tax_code": None,
            "customers": 3,
        },
        {"key": "partners", "name": "Partners", "payment_term": "net 45", "tax_code": "PARTNER", "customers": 2},
    ]
    assert demo.json(*words) == rows
    assert [json.loads(line) for line in demo(*words, "-o", "jsonl").lines] == rows
    assert yaml.safe_load(demo(*words, "-o", "yaml").out) == rows
    assert demo(*words, "-o", "name").lines == ["customer-group:all-customers", "customer-group:partners"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("customer list --limit 1", ["customer:company-a"]),
        ("customer list --limit 1 --fields name", ["customer:company-a"]),
        ("customer show company-a --fields name", ["customer:company-a"]),
        ("customer tree partner-c", ["customer:partner-c", "customer:partner-c-north"]),
        ("customer address list company-a", ["customer-address:company-a/hq", "customer-address:company-a/warehouse"]),
        (f"user list --where email={AMANDA}", [f"user:{AMANDA}"]),
        (f"user show {AMANDA}", [f"user:{AMANDA}"]),
        (f"user role list {AMANDA}", ["role:administrator"]),
        ("role list --where key=buyer", ["role:buyer"]),
        ("group member list partners", ["customer:partner-c", "customer:partner-c-north"]),
        ("customer edit partner-c --name C", ["customer:partner-c"]),
        (f"access can {AMANDA} view order", ["yes"]),
        (f"access can {AMANDA} delete order", ["no"]),
    ],
)
def test_names_are_references_for_the_next_command(demo: Runner, words: str, names: list[str]) -> None:
    assert demo(*words.split(), "-o", "name").lines == names


@pytest.mark.parametrize(
    ("words", "header"),
    [
        ("customer list", [field.name for field in CUSTOMER.fields]),
        ("user list", [field.name for field in USER.fields]),
        ("role list", [field.name for field in ROLE.fields if field.kind != "entries"]),
        ("group member list partners", [field.name for field in CUSTOMER.fields]),
        (f"user role list {AMANDA}", [field.name for field in ROLE.fields if field.kind != "entries"]),
        ("customer address list company-a", [field.name for field in CUSTOMER_ADDRESS.fields]),
        ("access who edit order:SO-1201", ["subject", "customer", "level", "roles", "rule", "path"]),
        (f"access records {AMANDA} order", ["record", "user", "customer", "rule"]),
        (
            "history",
            ["revision", "at", "actor", "op", "record", "version", "fields", "id", "undoes", "undone_by", "command"],
        ),
        ("config show", ["name", "value", "origin"]),
        ("customer list --fields name,vat_id", ["name", "vat_id"]),
        ("history --fields command", ["command"]),
    ],
)
def test_a_wide_list_has_every_field_that_was_not_chosen_from(demo: Runner, words: str, header: list[str]) -> None:
    answer = demo(*words.split(), "-o", "wide")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[0].split() == [name.upper() for name in header]
    rows = demo(*words.split(), "-o", "jsonl").lines
    assert len(answer.lines) == 1 + len(rows)


def test_what_is_computed_is_wide_too_and_nothing_is_shortened(demo: Runner) -> None:
    long = "L" * 300
    demo("customer", "edit", "company-a", "--owner", long[:255])
    answer = demo("customer", "list", "--where", "key=company-a", "-o", "wide")
    assert long[:255] in answer.lines[1]
    updated = demo.json("customer", "show", "company-a")["updated"]
    assert answer.lines[1].endswith(f"  {updated}")


@pytest.mark.parametrize(
    "words", ["customer show company-a", "customer tree", f"access explain {AMANDA} view order", "access matrix guest"]
)
def test_what_is_no_list_is_the_same_wide(demo: Runner, words: str) -> None:
    assert demo(*words.split(), "-o", "wide").out == demo(*words.split()).out


def test_a_wide_list_under_as_leaves_out_what_is_closed_and_says_so(demo: Runner) -> None:
    demo.apply('[[roles]]\nkey = "administrator"\n[roles.fields."customer.group"]\nview = "none"\n')
    answer = demo("customer", "list", "-o", "wide", "--as", AMANDA)
    assert (answer.exit, answer.err) == (0, f"closed to {AMANDA}: group\n")
    assert answer.lines[0].split() == ["KEY", "NAME", "PARENT", "CREATED", "UPDATED"]


@pytest.mark.parametrize(
    ("words", "row"),
    [
        ("customer list --limit 1 --fields name,created", ["key", "name", "created"]),
        ("customer list --limit 1 --fields key", ["key"]),
        ("user list --limit 1 --fields enabled", ["key", "email", "enabled"]),
        ("role list --limit 1 --fields type", ["key", "type"]),
        ("customer address list company-a --fields city", ["key", "city"]),
        (f"user role list {AMANDA} --fields users", ["key", "users"]),
    ],
)
def test_fields_choose_what_is_shown_and_a_row_keeps_its_key(demo: Runner, words: str, row: list[str]) -> None:
    assert sorted(demo.json(*words.split())[0]) == sorted(row)


def test_a_table_shows_the_fields_asked_for_in_that_order(demo: Runner) -> None:
    answer = demo("customer", "list", "--fields", "name,key", "--limit", "1")
    assert answer.out == "NAME       KEY\nCompany A  company-a\n"


def test_stored_text_that_a_terminal_would_obey_is_shown_escaped_and_json_keeps_it(custctl: Runner) -> None:
    name = "A\x1b[31m\nB\u202e\u0085C"
    custctl("customer", "add", name, "--key", "a")
    answer = custctl("customer", "list", "--fields", "name")
    assert answer.out == "NAME\nA\\x1b[31m\\nB\\u202e\\x85C\n"
    raw = custctl("customer", "list", "-o", "json").out
    assert json.loads(raw)[0]["name"] == name
    assert not set(raw) & {"\x1b", "\u202e", "\u0085"}
    assert custctl("customer", "show", name, "-o", "name").lines == ["customer:a"]


# Options before and after the verb


@pytest.mark.parametrize("option", [["-o", "json"], ["--output", "json"], ["--output=json"], ["-ojson"]])
@pytest.mark.parametrize("words", ["customer address show company-a/hq", "version", "db path"])
def test_an_option_stands_before_or_after_the_verb(demo: Runner, option: list[str], words: str) -> None:
    line = words.split()
    answers = {demo(*line[:at], *option, *line[at:]) for at in range(len(line) + 1)}
    assert len(answers) == 1
    (answer,) = answers
    assert (answer.exit, answer.err) == (0, "")
    assert isinstance(answer.json, dict)


def test_the_option_nearest_to_the_verb_wins(demo: Runner) -> None:
    answer = demo("-o", "json", "customer", "-o", "name", "list", "--limit", "1", "-o", "jsonl")
    assert answer.out.startswith('{"key":"company-a"')
    answer = demo("-o", "json", "customer", "-o", "name", "list", "--limit", "1")
    assert answer.out == "customer:company-a\n"


def test_a_dry_run_may_stand_before_the_verb(demo: Runner) -> None:
    before = demo.contents()
    answer = demo("--dry-run", "customer", "add", "Acme")
    assert (answer.exit, answer.lines[-1]) == (0, "2 to add, 0 to change, 0 to remove")
    assert answer.err == "dry run: nothing was written\n"
    assert demo.contents() == before


def test_verbose_tells_where_settings_come_from_and_which_revision_is_read_or_written(custctl: Runner) -> None:
    config = f"{custctl.database.parent}/config/custctl/config.toml"
    told = [
        f"db: {custctl.database} (CUSTCTL_DB)",
        "output: table (default)",
        "color: auto (default)",
        "profile: none (default)",
        f"config: {config} (not there)",
    ]
    assert custctl("customer", "add", "One", "-v").err.splitlines() == [*told, "written: revision 1"]
    assert custctl("-v", "customer", "list").err.splitlines() == [*told, "read: revision 1"]
    assert custctl("config", "get", "db", "--verbose").err.splitlines() == told
    tried = custctl("customer", "add", "Two", "-v", "--dry-run").err.splitlines()
    assert tried == ["dry run: nothing was written", *told, "written: nothing"]
    wrong = custctl("customer", "show", "nobody", "-v").err.splitlines()
    assert [line for line in wrong if line in told] == told
    assert custctl("customer", "list", "-v", "-q").err == ""
    assert len(custctl("customer", "show", "nobody", "-v", "-o", "json").err.splitlines()) == 1


@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
def test_quiet_prints_no_answer_and_no_remark_but_errors(demo: Runner, quiet: str) -> None:
    for words in (("customer", "list"), ("customer", "add", "Acme"), ("customer", "list", "--where", "name=x")):
        assert demo(*words, quiet) == Answer(0, "", "")
        assert demo(quiet, *words) == Answer(0, "", "")
    assert demo("access", "can", AMANDA, "delete", "order", quiet) == Answer(1, "", "")
    answer = demo("customer", "show", "nope", quiet)
    assert answer == Answer(3, "", "error: customer 'nope' not found\n")


def test_colours_are_written_only_where_they_are_asked_for(demo: Runner) -> None:
    plain = demo("customer", "show", "company-a")
    coloured = demo("customer", "show", "company-a", "--color", "always")
    assert "\x1b" not in plain.out
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.out) == plain.out != coloured.out


# Errors


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("", (2, "usage", "Missing command")),
        ("customer", (2, "usage", "Missing command")),
        ("custmer", (2, "usage", "No such command 'custmer'. Did you mean 'customer', 'user'?")),
        ("customer lst", (2, "usage", "No such command 'lst'. Did you mean 'list'?")),
        ("customer show", (2, "usage", "Missing argument 'CUSTOMER'")),
        ("customer show a b", (2, "usage", "Got unexpected extra argument(s) (b)")),
        ("customer list --nope", (2, "usage", "No such option: --nope (Possible options: --no-input)")),
        ("customer list --limit x", (2, "usage", "Invalid value for '--limit': 'x' is not a whole number")),
        ("customer show nope", (3, "not-found", "customer 'nope' not found")),
        ("customer list --where nope=1", (4, "unknown-field", "unknown field 'nope'")),
        ("customer add A --key company-a", (5, "taken", "customer:company-a exists already")),
    ],
)
def test_an_error_under_json_is_one_object_on_standard_error(demo: Runner, words: str, refusal: Refusal) -> None:
    answer = demo(*words.split(), "-o", "json")
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    told = json.loads(answer.err)
    assert list(told) == ["error", "more"]
    error = told["error"]
    assert (error["exit"], error["code"], error["message"]) == refusal
    assert answer.exit == refusal[0]
    allowed = {"code", "exit", "message", "file", "line", "column", "field", "value", "hint", "candidates"}
    assert set(error) <= allowed


def test_an_error_under_yaml_is_one_mapping_on_standard_error(demo: Runner) -> None:
    answer = demo("customer", "show", "company-b", "-o", "yaml")
    assert (answer.exit, answer.out) == (3, "")
    assert yaml.safe_load(answer.err) == json.loads(demo("customer", "show", "company-b", "-o", "json").err)
    assert demo("-o", "yaml", "customer").err.startswith("error:\n  code: usage\n")


def test_an_error_is_told_in_words_with_what_to_do_next(demo: Runner) -> None:
    assert demo("customer", "lst") == Answer(
        2,
        "",
        "error: No such command 'lst'. Did you mean 'list'?\n  hint: how it is written: custctl customer --help\n",
    )
    assert demo("customer", "show", "company-b") == Answer(
        3,
        "",
        "error: customer 'company-b' not found\n  hint: did you mean company-a or company-a-la or company-a-west?\n",
    )


@pytest.mark.parametrize("option", [("-o", "xml"), ("--color", "blue")])
def test_an_unknown_format_or_colour_is_refused_before_anything_is_written(
    demo: Runner, option: tuple[str, str]
) -> None:
    before = demo.contents()
    answer = demo("customer", "add", "Acme", *option)
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {'output' if option[0] == '-o' else 'color'} '{option[1]}' (from --")
    assert demo.contents() == before


# Configuration


def config(runner: Runner) -> Path:
    return Path(runner.environment["XDG_CONFIG_HOME"]) / "custctl" / "config.toml"


def write(runner: Runner, text: str) -> None:
    path = config(runner)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def origin(runner: Runner, name: str, *words: str) -> tuple[str | None, str]:
    """The value of a setting and where it comes from."""
    rows = {row["name"]: row for row in runner.json("config", "show", "--origin", *words)}
    return rows[name]["value"], rows[name]["origin"]


def test_flag_environment_profile_file_and_default_are_asked_in_this_order(custctl: Runner) -> None:
    environment = custctl.environment
    default = f"{environment['XDG_DATA_HOME']}/custctl/custctl.db"
    custctl.extra = {"CUSTCTL_DB": ""}
    assert origin(custctl, "db") == (default, "default")
    write(custctl, 'db = "file.db"\n[profiles.test]\ndb = "profile.db"\n')
    assert origin(custctl, "db") == ("file.db", str(config(custctl)))
    assert origin(custctl, "db", "--profile", "test") == ("profile.db", f"profile test in {config(custctl)}")
    custctl.extra = {"CUSTCTL_DB": "", "CUSTCTL_PROFILE": "test"}
    assert origin(custctl, "db") == ("profile.db", f"profile test in {config(custctl)}")
    assert origin(custctl, "profile") == ("test", "CUSTCTL_PROFILE")
    custctl.extra = {"CUSTCTL_DB": "environment.db", "CUSTCTL_PROFILE": "test"}
    assert origin(custctl, "db") == ("environment.db", "CUSTCTL_DB")
    assert origin(custctl, "db", "--db", "flag.db") == ("flag.db", "--db")


def test_a_profile_that_the_file_names_is_used(custctl: Runner) -> None:
    write(custctl, 'profile = "test"\noutput = "json"\n[profiles.test]\noutput = "name"\n[profiles.other]\n')
    assert custctl("db", "path").out != ""
    assert custctl("group", "list").lines == ["customer-group:non-authenticated-visitors"]
    assert custctl("group", "list", "--profile", "other").json[0]["key"] == "non-authenticated-visitors"


def test_the_database_of_a_profile_is_the_one_that_is_used(custctl: Runner) -> None:
    other = custctl.database.parent / "other.db"
    custctl("config", "set", "db", str(other), "--in", "test")
    custctl.extra = {"CUSTCTL_DB": ""}
    assert custctl("customer", "add", "Acme", "--profile", "test").exit == 0
    assert Runner(other).sql("SELECT key FROM customer") == [("acme",)]
    assert custctl.sql("SELECT count(*) FROM customer") == [(0,)]


def test_settings_are_set_read_and_unset(custctl: Runner) -> None:
    assert custctl.json("config", "set", "output", "name", "--in", "test") == {
        "name": "output",
        "value": "name",
        "file": str(config(custctl)),
    }
    custctl("config", "set", "color", "never")
    custctl("config", "set", "profile", "test")
    assert tomllib.loads(config(custctl).read_text()) == {
        "color": "never",
        "profile": "test",
        "profiles": {"test": {"output": "name"}},
    }
    assert custctl.json("config", "get", "color") == {"name": "color", "value": "never", "origin": str(config(custctl))}
    custctl("config", "unset", "output", "--in", "test")
    custctl("config", "unset", "profile")
    assert tomllib.loads(config(custctl).read_text()) == {"color": "never", "profiles": {"test": {}}}


def test_the_config_file_is_for_its_owner_alone_and_written_whole(custctl: Runner) -> None:
    custctl("config", "set", "color", "never")
    assert stat.S_IMODE(config(custctl).stat().st_mode) == 0o600
    assert stat.S_IMODE(config(custctl).parent.stat().st_mode) == 0o700
    assert [path.name for path in config(custctl).parent.iterdir()] == ["config.toml"]
    assert custctl("config", "path").out == f"{config(custctl)}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("set bd x.db", "unknown setting 'bd'"),
        ("set output xml", "output is one of table, wide, json, jsonl, csv, yaml, name, not 'xml'"),
        ("set profile test --in test", "unknown setting 'profile'"),
        ("set profile nope", "profile 'nope' is not in {file}"),
        ("get bd", "unknown setting 'bd'"),
        ("unset bd", "unknown setting 'bd'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_the_file_stays(custctl: Runner, words: str, message: str) -> None:
    refusal = (4, "invalid", message.format(file=config(custctl)))
    assert custctl.refusal("config", *words.split()) == refusal
    assert not config(custctl).exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("db = ", "{file} is not TOML: expecting a value, at the end"),
        ('bd = "x"\n', "{file}: unknown setting 'bd'"),
        ("db = 3\n", "{file}: db must be text"),
        ('profiles = "x"\n', "{file}: profiles must be tables"),
        ('profile = "nope"\n', "profile 'nope' (from {file}) is not in {file}"),
    ],
)
def test_a_config_file_that_is_not_right_is_exit_4_and_says_where(custctl: Runner, text: str, message: str) -> None:
    write(custctl, text)
    exit_code, _, told = custctl.refusal("customer", "list")
    assert (exit_code, told) == (4, message.format(file=config(custctl)))


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_format_that_is_always_wanted_holds_for_errors_and_not_for_documents(demo: Runner, where: str) -> None:
    if where == "environment":
        demo.extra = {"CUSTCTL_OUTPUT": "json"}
    else:
        write(demo, 'output = "json"\n')
    assert isinstance(demo("customer", "list").json, list)
    assert demo("customer", "show", "nope").problems[0]["exit"] == 3
    assert demo("customer", "show").problems[0]["exit"] == 2
    assert demo("export").out.startswith('apiVersion = "custctl/v1"\n')
    assert demo("customer", "list", "--limit", "1", "-o", "name").out == "customer:company-a\n"


# The database file and the versions


def test_the_path_of_the_database_is_told_whether_it_is_there_or_not(custctl: Runner) -> None:
    assert custctl.json("db", "path") == {"path": str(custctl.database), "exists": True}
    custctl.database.unlink()
    assert custctl.json("db", "path") == {"path": str(custctl.database), "exists": False}


def test_the_status_tells_schema_revision_and_contents(demo: Runner) -> None:
    status = demo.json("db", "status")
    assert status.pop("size") == demo.database.stat().st_size
    assert status == {
        "path": str(demo.database),
        "schema": SCHEMA_VERSION,
        "current": True,
        "revision": 1,
        "changed": demo.sql("SELECT max(at) FROM revision")[0][0],
        "records": {
            "entity": 2,
            "setting": 10,
            "taxonomy": 2,
            "tag": 4,
            "price_list": 4,
            "customer_group": 4,
            "customer": 8,
            "address": 12,
            "role": 9,
            "customer_user": 19,
            "visitor": 2,
            "content": 3,
            "content_variant": 7,
            "contact_group": 3,
            "contact": 6,
            "account": 5,
            "channel": 2,
            "business_customer": 2,
            "lead": 3,
            "opportunity": 8,
            "category": 5,
            "product": 7,
            "price": 11,
            "sales_document": 28,
            "record": 13,
            "activity": 5,
            "marketing_event": 7,
        },
    }


def test_a_database_is_made_by_migrate_and_by_nothing_that_only_reads(custctl: Runner) -> None:
    custctl.database.unlink()
    refusal = (8, "no-database", f"there is no database at {custctl.database}")
    for words in (("db", "status"), ("customer", "list"), ("export",)):
        assert custctl.refusal(*words) == refusal
    assert custctl.json("db", "migrate", "--dry-run")["migrated"] == MIGRATED
    assert not custctl.database.exists()
    assert custctl.json("db", "migrate") == {
        "path": str(custctl.database),
        "schema": SCHEMA_VERSION,
        "migrated": MIGRATED,
        "dry_run": False,
        "kept": None,
    }
    assert custctl.json("db", "migrate")["migrated"] == []
    assert stat.S_IMODE(custctl.database.stat().st_mode) == 0o600


def test_demo_fills_an_empty_shop_once(custctl: Runner) -> None:
    answer = custctl("demo")
    assert (answer.exit, answer.lines[0]) == (0, "$ custctl customer tree")
    assert custctl.sql("SELECT count(*) FROM customer") == [(8,)]
    refusal = (5, "not-empty", f"{custctl.database} has customers already")
    assert custctl.refusal("demo") == refusal


def test_the_versions_are_told(custctl: Runner) -> None:
    versions = custctl.json("version")
    assert list(versions) == ["custctl", "schema", "sqlite", "python"]
    assert (versions["custctl"], versions["schema"]) == (__version__, SCHEMA_VERSION)


def test_the_real_program_answers_its_version_and_keeps_the_streams_apart(process: Process) -> None:
    assert process("--version") == Answer(0, f"custctl {__version__}\n", "")
    assert process("customer", "add", "Acme", "-o", "name") == Answer(0, "customer:acme\naccount:acme\n", "")
    assert process("customer", "list", "--where", "name=x") == Answer(0, "", "no customers\n")
    assert process("customer", "show", "nope") == Answer(3, "", "error: customer 'nope' not found\n")
    answer = process("customer", "list", env={"CUSTCTL_OUTPUT": "jsonl"})
    assert answer.json["key"] == "acme"
