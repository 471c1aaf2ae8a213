"""Text that wants to be obeyed: it is stored exactly, shown as what it is, and asked for as nothing but text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custctl.formats import WRITERS
from tests.promises.process import Ran, Shop, harm_in

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ \x1b]52;c;ZXZpbA==\x07 "
    "\x9b2J\x90q\x9c over\rwritten\nnew line\ttab\x7f \u202egnp.exe\u2066x\u2069 a\u200bb\ufeffc\U000e0041 "
    "[red]x[/red] [/] [link=https://evil.example]y[/link] :smile: %s {0} \\x1b"
)
SHORT = HOSTILE[:36]
MARKUP = "[red]x[/red] [/] %s {0}"  # of names by which records are found, which hold nothing that cannot be seen
OUTPUTS = ("table", "wide", *WRITERS)

ADDRESS = {
    **dict.fromkeys(("label", "organization", "first_name", "middle_name", "last_name", "street"), HOSTILE),
    **dict.fromkeys(("street2", "city", "postal_code", "phone"), HOSTILE),
    "key": "a",
    "country": "AW",
}
CUSTOMER = dict.fromkeys(("name", "owner", "payment_term", "vat_id"), HOSTILE) | {"external_id": SHORT}
USER = dict.fromkeys(("prefix", "first_name", "middle_name", "last_name", "suffix", "owner"), HOSTILE) | {
    "external_id": SHORT
}
WORLD: dict[str, Any] = {
    "groups": [{"key": "h"} | dict.fromkeys(("name", "owner", "payment_term"), HOSTILE)],
    "customers": [{"key": "h", "group": "h", "addresses": [ADDRESS], **CUSTOMER}, {"key": "i", "name": HOSTILE}],
    "roles": [{"key": "h/h", "label": HOSTILE, "permissions": {"order": {"view": "user"}}}],
    "users": [{"email": "h@h.example", "customer": "h", "roles": ["h/h"], "addresses": [ADDRESS], **USER}],
    "contact_groups": [{"key": "h", "label": HOSTILE, "owner": HOSTILE}],
    "contacts": [
        {"key": "h", "first_name": SHORT, "last_name": SHORT, "groups": ["h"], "addresses": [ADDRESS]}
        | dict.fromkeys(("prefix", "middle_name", "suffix", "job_title", "fax", "skype"), HOSTILE)
        | dict.fromkeys(("description", "owner", "assigned_to"), HOSTILE)
    ],
    "accounts": [
        {"key": "h", "default_contact": "h", "external_id": SHORT}
        | dict.fromkeys(("name", "description", "owner"), HOSTILE)
    ],
    "taxonomies": [{"key": "h", "name": MARKUP, "owner": HOSTILE}],
    "tags": [{"key": "h", "name": MARKUP, "taxonomy": "h", "owner": HOSTILE}],
    "channels": [{"key": "h", "type": "b2b", "name": HOSTILE[:250], "owner": HOSTILE}],
    "business_customers": [
        {"key": "h", "account": "h", "channel": "h", "contact": "h", "external_id": SHORT, "addresses": [ADDRESS]}
        | dict.fromkeys(("name", "owner", "ownership", "rating", "ticker_symbol"), HOSTILE)
    ],
    "leads": [
        {"key": "h", "customer": "i", "external_id": SHORT, "tags": ["h"], "addresses": [ADDRESS]}
        | dict.fromkeys(("name", "prefix", "first_name", "middle_name", "last_name", "suffix", "job_title"), HOSTILE)
        | dict.fromkeys(("company_name", "industry", "source", "notes", "owner"), HOSTILE)
    ],
    "opportunities": [
        {"key": "h", "account": "h", "business_customer": "h", "lead": "h", "external_id": SHORT, "tags": ["h"]}
        | {"status": "lost", "close_date": "2026-01-31"}
        | dict.fromkeys(("name", "owner", "close_reason", "customer_need", "proposed_solution", "notes"), HOSTILE)
    ],
    "activities": [
        {"key": "h", "kind": "call", "accounts": ["h"], "contacts": ["h"], "at": "2026-01-31T12:00:00Z"}
        | dict.fromkeys(("subject", "description", "owner"), HOSTILE)
    ],
    "marketing_events": [
        {"key": "h", "type": "open", "contact": "h", "at": "2026-01-31T12:00:00Z"}
        | dict.fromkeys(("campaign", "details"), HOSTILE)
    ],
    "categories": [{"key": "h", "name": HOSTILE}],
    "products": [{"sku": "H", "name": HOSTILE, "category": "h", "tags": ["h"]}],
    "price_lists": [{"key": "h", "name": HOSTILE, "currency": "USD"}],
    "prices": [{"price_list": "h", "product": "H", "amount": "1.00"}],
    "contents": [{"key": "h", "title": HOSTILE}],
    "content_variants": [{"key": "h", "content": "h", "text": HOSTILE}],
    "orders": [
        {"number": "H-1", "customer": "i", "user": "h@h.example", "status": "open\x1b[31m\u202e\x9b"}
        | {"products": [MARKUP], "placed_at": "2026-01-31T12:00:00Z", "subtotal": "5.00", "currency": "USD"}
    ],
    "settings": {"guest.allowed_pages": [HOSTILE]},
}
VIEWS = """
customer list
customer list --fields owner,vat_id
customer show h
customer tree
customer tree h
customer address list h
customer address show h/a
customer edit h --name Plain --dry-run
customer address edit h/a --city Plain --dry-run
group list
group show h
group member list h
group delete h --dry-run
role list
role show h/h
role edit h/h --label Plain --dry-run
user list
user show h@h.example
user role list h@h.example
user address list h@h.example
user edit h@h.example --first-name Plain --dry-run
access can h@h.example view order:H-1
access explain h@h.example edit order:H-1
access matrix h@h.example
access records h@h.example order
access who view order:H-1
access owners h@h.example create order
account list
account show h
account contact list h
account edit h --name Plain --dry-run
contact list
contact show h
contact address list h
contact edit h --first-name Plain --dry-run
contact delete h --dry-run
contact group list
contact group show h
contact group member list h
tag list
tag show h
tag taxonomy list
channel list
channel show h
business list
business show h
lead list
lead show h
lead list --view open
opportunity list
opportunity show h
opportunity board
activity list
activity show h
marketing list
report accounts-by-opportunities
category tree
category visibility h
product list
product show h
price-list show h
price-list price list h
content list
content show h
customer products h
user products h@h.example --explain h
user price h@h.example h --explain
user context h@h.example
guest context
customer purchased i
customer lifetime i
account lifetime h
search red
order list
order show H-1
history
history customer:h
undo --last --dry-run
plan -f other.json
"""

ARGUMENTS = """
{}
customer {}
customer list --{}
customer list -{}
customer show {}!
user show {}
role show {}
group show {}
customer address show {}
account show {}
account add x --default-contact {}
contact show {}
contact show {}@x.example
contact add --email {}
contact add --email {}@x.example
contact add --phone {}
contact add --first-name x --source {}
contact email add h {}
contact email remove h {}
contact phone remove h {}
contact group member add {} h
customer list --where {}
customer list --where {}=1
customer list --where name~{}
user list --where enabled={}
customer list --sort {}
customer list --fields {}
customer list --limit {}
-o {} customer list
--color {} version
--profile {} customer list
--db {} customer list
--db {} db path
customer add {} --key {}
customer add x --rating {}
customer edit h --parent {}
user add {} --first-name a --last-name b
role grant h/h {} view=user
role grant h/h order {}=user
role grant h/h order view={}
role grant h/h order {}
role revoke h/h {}
role revoke h/h order {}
access can {} view order
access can guest {} order
access can guest view {}
access can guest view order:{}
access can guest view capability:{}
access can guest view workflow:{}
access can guest view order.{}
access can guest view {}.budget
access can guest view order --owner {}
access can guest view order --customer {}
access can guest view order --with-role {}
access can --batch {}
access matrix {}
access matrix guest --diff {}
access records {} order
access records guest {}
access who {} order
access who view {}
access owners {} create order
access test {}
order show {}
order add {}
order add O-1 --currency {}
order list --where subtotal={}
history {}
history customer:{}
history --since {}
history --fields {}
undo {}
--as {} customer list
--as amanda.smith@company-a.example customer show {}
apply -f {}
apply -f {}.toml
export {}
export --format {}
export --out {}/x
config get {}
config set {} x
config set output {}
config set db {}
config show
config show --origin
config get db
"""


def lines(text: str, argument: str = "") -> list[list[str]]:
    """The command of each line, with the argument in the place of `{}`."""
    return [[word.replace("{}", argument) for word in line.split()] for line in text.strip().splitlines()]


def assert_harmless(*runs: Ran) -> None:
    for ran in runs:
        assert harm_in(ran.out + ran.err) == [], ran
        assert ran.code not in (70, 74), ran


@pytest.fixture
def hostile(world: Shop) -> Shop:
    """A world in which every text of every noun is hostile."""
    world.document(json.dumps(WORLD), "world.json")
    other = {"customers": [{"key": "h", **dict.fromkeys(CUSTOMER, SHORT[::-1])}]}
    world.document(json.dumps(other), "other.json")
    [applied] = world.many(["apply", "-f", "world.json", "--yes"])
    assert applied.code == 0
    assert_harmless(applied)
    assert "status 'open\\x1b[31m\\u202e\\x9b' is not one that any rule knows" in applied.err
    return world


def test_no_view_in_any_output_prints_a_character_that_a_terminal_obeys(hostile: Shop) -> None:
    views = lines(VIEWS)
    commands = [[*view, "-o", output] for view in views for output in OUTPUTS]
    for command, ran in zip(commands, hostile.many(*commands), strict=True):
        assert_harmless(ran)
        assert ran.code in (0, 1) or (command[-1], ran.code) == ("name", 2), ran
    assert_harmless(*hostile.many(*([*view, "--color", "always", "-q"] for view in views)))


def test_json_gives_every_text_back_as_it_was(hostile: Shop) -> None:
    group, customer, user, role, addresses = hostile.many(
        *(["group", "show", "h", "-o", "json"], ["customer", "show", "h", "-o", "json"]),
        *(["user", "show", "h@h.example", "-o", "json"], ["role", "show", "h/h", "-o", "json"]),
        ["user", "address", "list", "h@h.example", "-o", "json"],
    )
    assert {name: group.json[name] for name in WORLD["groups"][0]} == WORLD["groups"][0]
    assert {name: customer.json[name] for name in CUSTOMER} == CUSTOMER
    assert {name: user.json[name] for name in USER} == USER
    assert role.json["label"] == HOSTILE
    for address in (customer.json["addresses"][0], addresses.json[0]):
        assert {name: address[name] for name in ADDRESS} == ADDRESS | {"key": address["key"]}


@pytest.mark.parametrize("format_", ["toml", "yaml", "json"])
def test_an_export_is_harmless_and_makes_the_same_world(hostile: Shop, format_: str) -> None:
    [exported] = hostile.many(["export", "--format", format_])
    assert_harmless(exported)
    document = hostile.document(exported.raw, f"exported.{format_}")
    copy = Shop(hostile.folder / "copy.db")
    applied, again = copy.many(["apply", "-f", document, "--yes", "-q"], ["export", "--format", format_])
    assert (applied.code, again.raw) == (0, exported.raw)


def test_a_hostile_argument_is_named_in_the_error_and_obeyed_nowhere(hostile: Shop) -> None:
    before = hostile.sql("SELECT count(*), max(id) FROM revision")
    commands = lines(ARGUMENTS, HOSTILE)
    for ran in hostile.many(*commands, *([*words, "-o", "json"] for words in commands)):
        assert harm_in(ran.out + ran.err) == []
        assert ran.code in (0, 1, 2, 3, 4, 8, 74), ran  # 1 where somebody acts who may not see it
    assert hostile.sql("SELECT count(*), max(id) FROM revision") == before


REFUSED = """
customer show {}
customer add {}
customer add x --key {}
customer list --where name={}
customer list --where name~{}
customer list --sort {}
customer edit company-a --owner {}
group member add partners {}
role grant buyer order view={}
user add {}@x.example --first-name a --last-name b
access can {} view order
access can guest view order:{}
access matrix {}
order show {}
order add {}
history {}
--as {} customer list
config set db {}
"""
TAKEN = """
--db {}.db customer add New
--db {}.db customer list
export --out {}.toml
apply -f {}.toml --yes
"""


@pytest.mark.parametrize("raw", [b"\xff", b"\x9b31m", b"caf\xe9"])
def test_bytes_that_are_no_text_are_refused_as_values_and_taken_as_file_names(world: Shop, raw: bytes) -> None:
    word = raw.decode(errors="surrogateescape")
    refused, taken = world.many(*lines(REFUSED, word)), world.many(*lines(TAKEN, word))
    unknown = world.many([word], ["customer", f"--{word}"])
    assert ({ran.code for ran in refused}, {ran.code for ran in taken}) == ({4}, {0})
    assert {ran.code for ran in unknown} == {2}
    assert_harmless(*refused, *taken, *unknown)
    assert world("customer", "show", raw).code == 4


HIDDEN = ("\x00", "\x1b", "\x7f", "\x85", "\x9b", "\xad", "\u061c", "\u200b", "\u200f", "\u2028", "\u202e", "\u2066")


@pytest.mark.parametrize("hidden", [*HIDDEN, "\ufeff", "\U000e0041"])
def test_a_key_never_holds_what_cannot_be_seen(world: Shop, hidden: str) -> None:
    text = f"a{hidden}b"
    tables: dict[str, dict[str, str]] = {
        "customers": {"key": text, "name": "x"},
        "groups": {"key": text, "name": "x"},
        "roles": {"key": text, "label": "xxx"},
        "users": {"email": f"{text}@x.example", "first_name": "a", "last_name": "b"},
        "visitors": {"key": text},
        "orders": {"number": text},
        "records": {"entity": "pdf-document", "key": text},
        "entities": {"name": text, "ownership": "none"},
    }
    for table, row in tables.items():
        world.document(json.dumps({table: [row]}), f"{table}.json")
    runs = world.many(*(["apply", "-f", f"{table}.json", "--yes", "-o", "json"] for table in tables))
    assert [(ran.code, ran.out) for ran in runs] == [(4, "")] * len(tables)


SQL = "x'; DROP TABLE customer; --", 'x" OR "1"="1', "x' OR 1=1 --", "%", "_", "\\", "x) UNION SELECT 1 --", "*", "?1"

ASKED = """
customer list --sort {}
customer list --fields {}
customer show {}
customer list --where {}=1
user list --where roles<{}
access can {} view order
access can guest view order:{}
export {}
customer add x --key {}
user list --where enabled={}
"""


@pytest.mark.parametrize("text", SQL)
def test_sql_in_any_place_is_text_or_an_error(world: Shop, text: str) -> None:
    tables = world.sql("SELECT name, sql FROM sqlite_schema ORDER BY name")
    conditions = ("name={0}", "name~{0}", "key={0}", "owner!={0}", "group={0}", "created~{0}")
    filtered = world.many(*(["customer", "list", "-o", "name", "--where", word.format(text)] for word in conditions))
    assert [ran.code for ran in filtered] == [0, 0, 0, 0, 4, 0], "a group must be stored"
    assert [len(ran.out.split()) for ran in filtered[:3]] == [0, 0, 0], "wildcards are letters"
    assert len(filtered[3].out.split()) == 8
    (timed,) = world.many(["customer", "list", "--where", f"created>{text}"])
    assert (timed.code, timed.out) == (4, ""), "a time is a time"
    refused = world.many(*lines(ASKED, text))
    wanted = [4, 4, 3, 4 if text == "_" else 2, 2, 3, 3, 4, 4, 4]
    assert [ran.code for ran in refused] == wanted
    added, found, listed = world.many(
        ["customer", "add", text, "--key", "sql"],
        ["customer", "show", text, "-o", "json"],
        ["customer", "list", "--where", f"name~{text}", "-o", "name"],
    )
    assert (added.code, found.json["name"], listed.out) == (0, text, "customer:sql\n")
    assert world.sql("SELECT name, sql FROM sqlite_schema ORDER BY name") == tables
