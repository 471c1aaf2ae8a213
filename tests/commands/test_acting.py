"""Commands in the name of a stored user: what `--as` lets through, what it refuses, and what it leaves as it was.

The runner holds every command that does not exit 0 to its promise: not one row of the database has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Process
from tests.runner import Runner
from tests.tree import nodes

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
DANA = "dana.lee@company-a.example"
GRACE = "grace.kim@company-a.example"
NINA = "nina.park@company-a.example"
WANDA = "wanda.hill@company-a.example"
CARLOS = "carlos.vega@company-a.example"
LUIS = "luis.ramos@company-a.example"
ERIN = "erin.cole@company-a.example"
FRANK = "frank.moore@company-a.example"
OLIVIA = "olivia.brown@wholesaler-b.example"
PETER = "peter.jansen@wholesaler-b.example"
THEO = "theo.lang@partner-c.example"
TESS = "tess.west@company-a.example"
IDA = "ida.idle@company-a.example"

SALES = ("order", "quote", "request", "shopping-list", "checkout")
ADDRESS = ("--organization", "A", "--street", "1 Main", "--city", "Reno", "--postal-code", "1", "--country", "AQ")

Denial = tuple[str, str, str, str]
"""Action, resource, level and reason of a decision that is no."""


def denied(runner: Runner, *words: str) -> Denial:
    """The decision with which a command is refused: exit 1, on standard output, in the shape of `access can`."""
    answer = runner(*words, "-o", "json")
    assert (answer.exit, answer.err) == (1, ""), answer
    told = answer.json
    assert list(told) == ["subject", "action", "resource", "owner", "customer", "allowed", "level", "reason"]
    assert told["allowed"] is False
    return told["action"], told["resource"], told["level"], told["reason"]


def keys(runner: Runner, *words: str) -> list[str]:
    """The keys of a list, or the numbers of documents."""
    rows = runner.json(*words)
    return [row.get("key") or row["number"] for row in rows]


@pytest.fixture
def idle(demo: Runner) -> Runner:
    """The demo world with Ida of Company A, whose one role says nothing about anything."""
    demo.json("role", "add", "Idle", "--customer", "company-a")
    name = ("--first-name", "Ida", "--last-name", "Idle")
    demo.json("user", "add", IDA, *name, "--customer", "company-a", "--role", "company-a/idle")
    return demo


@pytest.fixture
def tess(demo: Runner) -> Runner:
    """The demo world with Tess of West, whose role a test fills; above her is Company A, below LA, beside East."""
    demo.json("role", "add", "Tester", "--customer", "company-a-west", "--self-managed")
    demo.json("role", "grant", "company-a-west/tester", "customer", "view=corporate")
    name = ("--first-name", "Tess", "--last-name", "West")
    demo.json("user", "add", TESS, *name, "--customer", "company-a-west", "--role", "company-a-west/tester")
    return demo


def allow(runner: Runner, entity: str, *grants: str) -> None:
    """What Tess may do from now on."""
    runner.json("role", "grant", "company-a-west/tester", entity, *grants)


# -- a day of Amanda, the administrator of Company A --------------------------------------------------------------


def test_an_administrator_looks_at_what_is_hers_and_below(demo: Runner) -> None:
    tree = ["company-a", "company-a-east", "company-a-la", "company-a-west"]
    assert keys(demo, "customer", "list", "--as", AMANDA) == tree
    assert keys(demo, "customer", "list", "--as", WANDA) == ["company-a-la", "company-a-west"]
    assert keys(demo, "user", "list", "--as", WANDA) == [
        CARLOS,
        LUIS,
        "paula.reed@company-a.example",
        "sam.price@company-a.example",
        WANDA,
    ]
    assert keys(demo, "role", "list", "--as", WANDA) == ["administrator", "buyer"]
    assert keys(demo, "order", "list", "--as", WANDA) == ["SO-1101", "SO-1102", "SO-1201", "SO-1202"]
    assert demo.json("user", "show", LUIS, "--as", WANDA)["customer"] == "company-a-la"
    assert demo.json("order", "show", "so-1201", "--as", WANDA)["subtotal"] == "150.00"
    assert keys(demo, "customer", "address", "list", "company-a", "--as", AMANDA) == [
        "company-a/hq",
        "company-a/warehouse",
    ]
    assert demo.json("user", "address", "show", f"{LUIS}/home", "--as", AMANDA)["city"] == "Los Angeles"


def test_an_administrator_opens_a_department_with_people_and_terms(demo: Runner) -> None:
    assert demo.fields("customer", "add", "Company A - North", "--as", AMANDA)["customer:company-a-north"] == {
        "key": [None, "company-a-north"],
        "name": [None, "Company A - North"],
        "parent": [None, "company-a"],
    }
    nora = ("nora.quist@company-a.example", "--first-name", "Nora", "--last-name", "Quist")
    added = demo.fields("user", "add", *nora, "--customer", "company-a-north", "--role", "buyer", "--as", AMANDA)
    assert added["user:nora.quist@company-a.example"]["customer"] == [None, "company-a-north"]
    assert demo.changes("customer", "address", "add", "company-a-north", *ADDRESS, "--as", AMANDA) == [
        ("add", "customer-address:company-a-north/address")
    ]
    assert demo.changes("role", "add", "Night shift", "--customer", "company-a-north", "--as", AMANDA) == [
        ("add", "role:company-a-north/night-shift")
    ]
    assert demo.fields("customer", "edit", "company-a-north", "--name", "North", "--as", AMANDA) == {
        "customer:company-a-north": {"name": ["Company A - North", "North"]}
    }


def test_an_administrator_looks_after_people(demo: Runner) -> None:
    assert demo.fields("user", "edit", BOB, "--first-name", "Rob", "--as", AMANDA) == {
        f"user:{BOB}": {"first_name": ["Bob", "Rob"]}
    }
    roles = ("--role", "buyer", "--role", "company-a/approver")
    assert demo.fields("user", "edit", BOB, *roles, "--as", AMANDA) == {
        f"user:{BOB}": {"roles": [["buyer"], ["buyer", "company-a/approver"]]}
    }
    assert demo.fields("user", "disable", BOB, "--as", AMANDA) == {f"user:{BOB}": {"enabled": [True, False]}}
    assert demo.fields("user", "enable", BOB, "--as", AMANDA) == {f"user:{BOB}": {"enabled": [False, True]}}
    assert demo.changes("user", "delete", NINA, "--as", AMANDA) == [("remove", f"user:{NINA}")]


def test_an_administrator_looks_after_addresses(demo: Runner) -> None:
    assert demo.fields("customer", "address", "edit", "company-a/warehouse", "--city", "Tampa", "--as", AMANDA) == {
        "customer-address:company-a/warehouse": {"city": ["Haines City", "Tampa"]}
    }
    assert demo.changes("customer", "address", "delete", "company-a/warehouse", "--as", AMANDA) == [
        ("remove", "customer-address:company-a/warehouse")
    ]
    assert demo.changes("user", "address", "add", BOB, *ADDRESS, "--as", AMANDA) == [
        ("add", f"customer-user-address:{BOB}/address")
    ]
    assert demo.changes("user", "address", "delete", f"{LUIS}/home", "--as", AMANDA) == [
        ("remove", f"customer-user-address:{LUIS}/home")
    ]


def test_an_administrator_changes_the_roles_of_her_company(demo: Runner) -> None:
    assert demo.fields("role", "grant", "company-a/bookkeeper", "order", "edit=department", "--as", AMANDA) == {
        "role:company-a/bookkeeper": {
            "permissions": [
                {
                    "customer": {"view": "department"},
                    "customer-address": {"edit": "department", "view": "department"},
                    "order": {"view": "department"},
                    "sales-report": {"view": "corporate"},
                },
                {
                    "customer": {"view": "department"},
                    "customer-address": {"edit": "department", "view": "department"},
                    "order": {"view": "department", "edit": "department"},
                    "sales-report": {"view": "corporate"},
                },
            ]
        }
    }
    assert demo("order", "edit", "SO-1002", "--user", "", "--as", GRACE).exit == 0
    assert demo("role", "revoke", "company-a/bookkeeper", "order", "edit", "--as", AMANDA).exit == 0
    assert denied(demo, "order", "edit", "SO-1002", "--user", DANA, "--as", GRACE) == (
        "edit",
        "order",
        "none",
        "explicit-none",
    )
    assert demo.fields("role", "edit", "company-a/bookkeeper", "--label", "Books", "--as", AMANDA) == {
        "role:company-a/bookkeeper": {"label": ["Bookkeeper", "Books"]}
    }


@pytest.mark.parametrize("noun", SALES)
def test_a_buyer_makes_changes_and_deletes_documents_as_far_as_the_role_goes(demo: Runner, noun: str) -> None:
    buyer = {
        "order": ("create", "edit"),
        "quote": (),
        "request": ("create", "edit"),
        "shopping-list": ("create", "edit", "delete"),
        "checkout": ("create", "edit", "delete"),
    }[noun]
    demo.json(noun, "add", "B-1", "--user", BOB, "--customer", "company-a")
    change = ("--user", "") if noun in ("order", "quote") else ("--product", "SKU-1")
    for action, words in {"create": ("add", "B-2"), "edit": ("edit", "B-1", *change)}.items():
        if action in buyer:
            assert demo(noun, *words, "--as", BOB).exit == 0
        else:
            assert denied(demo, noun, *words, "--as", BOB) == (action, noun, "none", "explicit-none")
    if "delete" in buyer:
        assert demo.changes(noun, "delete", "b-1", "--as", BOB) == [("remove", f"{noun}:B-1")]
    else:
        assert denied(demo, noun, "delete", "B-1", "--as", BOB) == ("delete", noun, "none", "explicit-none")


# -- the class question comes first, then the record --------------------------------------------------------------

UNKNOWN = {
    "customer show": ("customer show nowhere", "view", "customer"),
    "customer add": ("customer add New --parent nowhere --group nothing", "create", "customer"),
    "customer edit": ("customer edit nowhere --name New --group nothing", "edit", "customer"),
    "customer delete": ("customer delete nowhere", "delete", "customer"),
    "customer address show": ("customer address show nowhere/hq", "view", "customer-address"),
    "customer address add": ("customer address add nowhere --city Rome", "create", "customer-address"),
    "customer address edit": ("customer address edit nowhere/hq --city Rome", "edit", "customer-address"),
    "customer address delete": ("customer address delete nowhere/hq", "delete", "customer-address"),
    "user show": ("user show nobody@x.example", "view", "customer-user"),
    "user add": ("user add new@x.example --customer nowhere --role nothing", "create", "customer-user"),
    "user edit": ("user edit nobody@x.example --role nothing", "edit", "customer-user"),
    "user enable": ("user enable nobody@x.example", "edit", "customer-user"),
    "user disable": ("user disable nobody@x.example", "edit", "customer-user"),
    "user delete": ("user delete nobody@x.example", "delete", "customer-user"),
    "user address show": ("user address show nobody@x.example/home", "view", "customer-user-address"),
    "user address add": ("user address add nobody@x.example --city Rome", "create", "customer-user-address"),
    "user address edit": ("user address edit nobody@x.example/home --city Rome", "edit", "customer-user-address"),
    "user address delete": ("user address delete nobody@x.example/home", "delete", "customer-user-address"),
    "role show": ("role show nothing", "view", "customer-user-role"),
    "role add": ("role add New --customer nowhere --like nothing", "create", "customer-user-role"),
    "role edit": ("role edit nothing --label New --customer nowhere", "edit", "customer-user-role"),
    "role delete": ("role delete nothing", "delete", "customer-user-role"),
    "role grant": ("role grant nothing order view=user", "edit", "customer-user-role"),
    "role revoke": ("role revoke nothing order", "edit", "customer-user-role"),
    **{f"{noun} show": (f"{noun} show XX-1", "view", noun) for noun in SALES},
    **{f"{noun} add": (f"{noun} add XX-1 --customer nowhere --user nobody", "create", noun) for noun in SALES},
    **{f"{noun} edit": (f"{noun} edit XX-1 --status open --user nobody", "edit", noun) for noun in SALES},
    **{f"{noun} delete": (f"{noun} delete XX-1", "delete", noun) for noun in SALES},
}
"""Every command but lists, about things that are not stored, and the class question that it asks."""


@pytest.mark.parametrize("command", UNKNOWN)
def test_the_class_question_is_asked_before_anything_is_looked_up(idle: Runner, command: str) -> None:
    words, action, entity = UNKNOWN[command]
    assert denied(idle, *words.split(), "--as", IDA) == (action, entity, "none", "no-entry")


@pytest.mark.parametrize("command", UNKNOWN)
def test_the_back_office_is_told_that_the_same_thing_is_not_stored(demo: Runner, command: str) -> None:
    assert {problem[0] for problem in demo.refusals(*UNKNOWN[command][0].split())} == {3}


@pytest.mark.parametrize(
    "verb", ["edit --label New", "edit --customer nowhere", "grant order view=none", "revoke order"]
)
def test_for_a_predefined_role_the_class_question_is_create(idle: Runner, verb: str) -> None:
    name, *words = verb.split()
    assert denied(idle, "role", name, "buyer", *words, "--as", IDA) == (
        "create",
        "customer-user-role",
        "none",
        "no-entry",
    )


ELSEWHERE = {
    "customer show company-a": ("view", "customer:company-a", "out-of-reach"),
    "customer edit company-a --name New": ("edit", "customer:company-a", "out-of-reach"),
    "customer delete company-a-east": ("delete", "customer:company-a-east", "out-of-reach"),
    "customer address show company-a/hq": ("view", "customer-address:company-a/hq", "out-of-reach"),
    "customer address edit company-a/hq --city Rome": ("edit", "customer-address:company-a/hq", "out-of-reach"),
    "customer address delete company-a/warehouse": (
        "delete",
        "customer-address:company-a/warehouse",
        "out-of-reach",
    ),
    f"user show {BOB}": ("view", f"user:{BOB}", "out-of-reach"),
    f"user edit {BOB} --first-name Rob": ("edit", f"user:{BOB}", "out-of-reach"),
    f"user enable {FRANK}": ("edit", f"user:{FRANK}", "out-of-reach"),
    f"user disable {BOB}": ("edit", f"user:{BOB}", "out-of-reach"),
    f"user delete {BOB}": ("delete", f"user:{BOB}", "out-of-reach"),
    f"user address show {AMANDA}/office": ("view", f"customer-user-address:{AMANDA}/office", "out-of-reach"),
    f"user address edit {AMANDA}/office --city Rome": (
        "edit",
        f"customer-user-address:{AMANDA}/office",
        "out-of-reach",
    ),
    f"user address delete {AMANDA}/office": ("delete", f"customer-user-address:{AMANDA}/office", "out-of-reach"),
    "role show company-a/approver": ("view", "role:company-a/approver", "out-of-reach"),
    "role edit company-a/approver --label New": ("edit", "role:company-a/approver", "out-of-reach"),
    "role grant company-a/approver order view=none": ("edit", "role:company-a/approver", "out-of-reach"),
    "role revoke company-a/approver order": ("edit", "role:company-a/approver", "out-of-reach"),
    "role delete company-a/approver": ("delete", "role:company-a/approver", "out-of-reach"),
    "order show SO-1001": ("view", "order:SO-1001", "out-of-reach"),
    "order edit so-1001 --status open": ("edit", "order:so-1001", "out-of-reach"),
    "order edit SO-1102 --status open": ("edit", "order:SO-1102", "order-closed"),
    "quote show Q-1001": ("view", "quote:Q-1001", "out-of-reach"),
    "request show RFQ-1001": ("view", "request:RFQ-1001", "out-of-reach"),
    "request edit RFQ-1101 --status open": ("edit", "request:RFQ-1101", "workflow-active"),
    "shopping-list delete SL-1001": ("delete", "shopping-list:SL-1001", "out-of-reach"),
    "checkout edit CO-1001 --status completed": ("edit", "checkout:CO-1001", "out-of-reach"),
}


@pytest.mark.parametrize("words", ELSEWHERE)
def test_after_the_class_the_record_is_asked_about(demo: Runner, words: str) -> None:
    action, record, reason = ELSEWHERE[words]
    assert denied(demo, *words.split(), "--as", WANDA) == (action, record, "corporate", reason)


def test_a_record_that_may_not_be_seen_is_answered_with_the_decision_on_standard_output(demo: Runner) -> None:
    answer = demo("order", "show", "SO-1001", "--as", WANDA, "-o", "json")
    assert (answer.exit, answer.err) == (1, "")
    assert answer.json == {
        "subject": f"user:{WANDA}",
        "action": "view",
        "resource": "order:SO-1001",
        "owner": None,
        "customer": None,
        "allowed": False,
        "level": "corporate",
        "reason": "out-of-reach",
    }
    told = demo("order", "show", "SO-1001", "--as", WANDA)
    assert (told.exit, told.err) == (1, "")
    reason = "level corporate does not reach this record (out-of-reach, level corporate)"
    assert told.lines == [f"no   user:{WANDA} may not view order:SO-1001: {reason}"]


def test_a_record_that_is_not_stored_is_refused_as_one_that_may_not_be_seen(demo: Runner) -> None:
    unseen = demo("order", "show", "SO-1001", "--as", WANDA, "-o", "json")
    absent = demo("order", "show", "SO-9999", "--as", WANDA, "-o", "json")
    assert (unseen.exit, absent.exit) == (1, 1)
    assert absent.out.replace("SO-9999", "SO-1001") == unseen.out
    assert (unseen.err, absent.err) == ("", "")


@pytest.mark.parametrize(
    "words",
    [
        f"user delete {BOB}",
        f"user disable {BOB}",
        f"user edit {BOB} --first-name Rob",
        "customer add New",
        "role grant buyer order view=none",
        "role edit buyer --label Other",
        "order edit SO-1001 --status shipped",
        "order delete SO-1101",
        "quote add Q-1",
    ],
)
def test_a_refused_write_leaves_the_export_and_the_revision_as_they_were(demo: Runner, words: str) -> None:
    before, revision = demo.export(), demo.json("db", "status")["revision"]
    assert demo(*words.split(), "--as", CARLOS).exit == 1
    assert demo(*words.split(), "--as", CARLOS, "--dry-run").exit == 1
    assert (demo.export(), demo.json("db", "status")["revision"]) == (before, revision)


def test_a_dry_run_exits_as_the_real_run_would(demo: Runner) -> None:
    assert demo("user", "edit", BOB, "--first-name", "Rob", "--as", AMANDA, "--dry-run").exit == 0
    assert demo("user", "edit", BOB, "--first-name", "Rob", "--as", WANDA, "--dry-run").exit == 1
    assert demo("user", "delete", AMANDA, "--as", AMANDA, "--dry-run").exit == 5


# -- lists -------------------------------------------------------------------------------------------------------


def test_a_list_at_level_none_is_empty_and_says_why(demo: Runner) -> None:
    answer = demo("order", "list", "--as", NINA)
    assert (answer.exit, answer.out) == (0, "")
    assert answer.err == f"{NINA} may not view any order (explicit-none)\n"
    as_json = demo("order", "list", "--as", NINA, "-o", "json")
    assert (as_json.exit, as_json.json, as_json.err) == (0, [], f"{NINA} may not view any order (explicit-none)\n")


def test_a_list_that_is_empty_for_want_of_records_says_that(demo: Runner) -> None:
    answer = demo("order", "list", "--as", LUIS, "--where", "status=shipped")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no orders\n")


@pytest.mark.parametrize(
    ("person", "reason"),
    [(IDA, "no-entry"), (FRANK, "disabled"), ("sam.price@company-a.example", "reset"), ("guest-jo-miller", "guest")],
)
def test_every_list_of_who_may_see_nothing_is_empty_with_the_reason(idle: Runner, person: str, reason: str) -> None:
    for noun in ("customer", "user", "role", *SALES):
        answer = idle(noun, "list", "--as", person)
        assert (answer.exit, answer.out) == (0, "")
        assert f"{person} may not view any" in answer.err
        assert reason in answer.err
    answer = idle("customer", "address", "list", "company-a", "--as", person)
    assert (answer.exit, answer.out) == (0, "")
    assert answer.err.startswith(f"{person} may not view any address ({reason}")


@pytest.mark.parametrize("owner", ["wholesaler-b", "nowhere"])
def test_the_addresses_of_who_may_not_be_seen_are_refused_like_the_record_itself(demo: Runner, owner: str) -> None:
    refused = ("view", f"customer:{owner}", "corporate", "out-of-reach")
    assert denied(demo, "customer", "address", "list", owner, "--as", AMANDA) == refused
    assert denied(demo, "customer", "show", owner, "--as", AMANDA) == refused


def test_addresses_out_of_reach_are_not_said_to_be_absent(demo: Runner) -> None:
    answer = demo("customer", "address", "list", "company-a-west", "--as", DANA)
    assert (answer.exit, answer.out) == (0, "")
    assert answer.err == "company-a-west has no addresses that may be viewed\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, demo_file: Path) -> Runner:
    """The demo world, which the tests that share it only look at."""
    path = tmp_path_factory.mktemp("world") / "shop.db"
    path.write_bytes(demo_file.read_bytes())
    return Runner(path)


def everyone(runner: Runner) -> list[str]:
    return [row[0] for row in runner.sql("SELECT key FROM customer_user ORDER BY key")]


@pytest.mark.parametrize("noun", ["customer", "user", "role", *SALES])
def test_what_a_list_shows_is_what_access_records_says_for_everybody(world: Runner, noun: str) -> None:
    entity = {"user": "customer-user", "role": "customer-user-role"}.get(noun, noun)
    seen = {person: world(noun, "list", "--as", person, "-o", "name").lines for person in everyone(world)}
    records = {person: world("access", "records", person, entity, "-o", "name").lines for person in everyone(world)}
    assert {person: sorted(rows) for person, rows in seen.items()} == {
        person: sorted(rows) for person, rows in records.items()
    }
    assert len({tuple(rows) for rows in seen.values()}) > 2


@pytest.mark.parametrize("noun", ["customer", "user"])
def test_the_addresses_that_are_listed_are_those_of_access_records(world: Runner, noun: str) -> None:
    entity = "customer-address" if noun == "customer" else "customer-user-address"
    owners = [row[0] for row in world.sql(f"SELECT key FROM {'customer' if noun == 'customer' else 'customer_user'}")]
    for person in (AMANDA, BOB, DANA, GRACE, WANDA, LUIS, PETER, THEO, FRANK):
        answers = [world(noun, "address", "list", owner, "--as", person, "-o", "name") for owner in owners]
        listed = [answer.lines for answer in answers if answer.exit == 0]
        records = world("access", "records", person, entity, "-o", "name").lines
        assert sorted(line for lines in listed for line in lines) == sorted(records)


def test_conditions_order_and_limit_apply_to_what_the_user_sees(demo: Runner) -> None:
    words = ("--where", "status=open", "--sort", "-subtotal", "--limit", "2", "--as", AMANDA)
    assert keys(demo, "order", "list", *words) == ["SO-1001", "SO-1301"]


# -- what a record shows --------------------------------------------------------------------------------------------


def test_a_customer_is_shown_without_what_is_out_of_reach(demo: Runner) -> None:
    west = demo.json("customer", "show", "company-a-west", "--as", WANDA)
    assert (west["ancestors"], west["subsidiaries"]) == ([], ["company-a-la"])
    assert [address["key"] for address in west["addresses"]] == ["office"]
    seen = demo.json("customer", "show", "company-a-west", "--as", DANA)
    assert (seen["ancestors"], seen["subsidiaries"]) == (["company-a"], ["company-a-la"])
    assert seen["addresses"] == [], "a buyer sees the addresses of the own customer only"
    assert seen["counts"] == {
        "users": 3,
        "roles": 0,
        "orders": 2,
        "quotes": 1,
        "requests": 1,
        "shopping_lists": 0,
        "checkouts": 0,
    }
    mine = demo.json("customer", "show", "company-a", "--as", BOB)
    assert (mine["subsidiaries"], mine["counts"]["users"], mine["counts"]["orders"]) == ([], 5, 1)
    assert mine["counts"]["roles"] == 0
    assert [address["key"] for address in mine["addresses"]] == ["hq", "warehouse"]


def test_a_user_is_shown_with_the_addresses_within_reach(demo: Runner) -> None:
    assert [address["key"] for address in demo.json("user", "show", AMANDA, "--as", AMANDA)["addresses"]] == ["office"]
    assert demo.json("user", "show", AMANDA, "--as", BOB)["addresses"] == []


def test_a_closed_field_is_not_shown_listed_searched_or_sorted_by(demo: Runner) -> None:
    assert "subtotal" not in demo.json("quote", "show", "Q-1001", "--as", NINA)
    assert demo.json("quote", "show", "Q-1001", "--as", BOB)["subtotal"] == "2100.00"
    answer = demo("quote", "list", "--fields", "number,subtotal", "--as", NINA)
    assert (answer.exit, answer.lines) == (0, ["NUMBER", "Q-1001", "Q-1002"])
    assert answer.err == f"closed to {NINA}: subtotal\n"
    refused = ("view", "quote.subtotal", "none", "field-closed")
    assert denied(demo, "quote", "list", "--where", "subtotal>1", "--as", NINA) == refused
    assert denied(demo, "quote", "list", "--sort", "-subtotal", "--as", NINA) == refused


def test_a_closed_field_is_not_written(tess: Runner) -> None:
    allow(tess, "request", "view=corporate", "edit=corporate", "create=corporate")
    allow(tess, "request.products", "view=department", "edit=user", "create=none")
    tess.json("request", "add", "T-W", "--user", CARLOS, "--customer", "company-a-west", "--product", "SKU-1")
    tess.json("request", "add", "T-L", "--user", LUIS, "--customer", "company-a-la", "--product", "SKU-1")
    assert tess.json("request", "show", "T-W", "--as", TESS)["products"] == ["SKU-1"]
    assert "products" not in tess.json("request", "show", "T-L", "--as", TESS), "of LA, below the department"
    listed = tess.json("request", "list", "--fields", "number,products", "--as", TESS)
    assert all("products" not in row for row in listed), "a list shows a field that is open in all of its rows"
    assert denied(tess, "request", "edit", "T-W", "--product", "SKU-2", "--as", TESS) == (
        "edit",
        "request.products",
        "user",
        "out-of-reach",
    )
    assert tess("request", "add", "T-1", "--as", TESS).exit == 0
    refused = denied(tess, "request", "add", "T-2", "--product", "SKU-1", "--as", TESS)
    assert refused[:2] == ("create", "request.products")


def test_a_closed_field_of_a_user_is_neither_edited_nor_switched(tess: Runner) -> None:
    allow(tess, "customer-user", "view=corporate", "edit=corporate")
    allow(tess, "customer-user-role", "view=corporate")
    for field in ("enabled", "roles", "first_name"):
        allow(tess, f"customer-user.{field}", "view=none", "edit=none")
        words = {"enabled": ("disable", CARLOS), "roles": ("edit", CARLOS, "--role", "administrator")}
        refused = denied(tess, "user", *words.get(field, ("edit", CARLOS, "--first-name", "Carl")), "--as", TESS)
        assert refused == ("edit", f"customer-user.{field}", "none", "field-closed")
    shown = tess.json("user", "show", CARLOS, "--as", TESS)
    assert {"enabled", "roles", "first_name"} & set(shown) == set()
    assert (shown["email"], shown["last_name"]) == (CARLOS, "Vega")


def test_a_closed_field_of_an_address_is_nowhere_shown(tess: Runner) -> None:
    allow(tess, "customer-address", "view=corporate", "edit=corporate")
    allow(tess, "customer-address.street", "view=none", "edit=none")
    address = ("customer", "address")
    assert "street" not in tess.json(*address, "show", "company-a-west/office", "--as", TESS)
    assert "street" not in tess.json(*address, "list", "company-a-west", "--as", TESS)[0]
    assert "street" not in tess.json("customer", "show", "company-a-west", "--as", TESS)["addresses"][0]
    assert denied(tess, *address, "edit", "company-a-west/office", "--street", "X", "--as", TESS)[3] == "field-closed"
    assert tess(*address, "edit", "company-a-west/office", "--city", "Mesa", "--as", TESS).exit == 0


def test_a_document_keeps_its_number_when_it_is_edited(demo: Runner) -> None:
    assert demo.fields("order", "edit", "so-1001", "--user", "", "--as", BOB) == {
        "order:SO-1001": {"user": [BOB, None]}
    }


# -- owners (AM 5.6) ------------------------------------------------------------------------------------------------

USERS = {TESS: "own", CARLOS: "colleague", LUIS: "below", AMANDA: "above", ERIN: "beside", OLIVIA: "elsewhere"}
REACHED_USERS = {
    "user": {"own"},
    "department": {"own", "colleague"},
    "corporate": {"own", "colleague", "below"},
}
CUSTOMERS = {
    "company-a-west": "own",
    "company-a-la": "below",
    "company-a": "above",
    "company-a-east": "beside",
    "wholesaler-b": "elsewhere",
}
REACHED_CUSTOMERS = {"department": {"own"}, "corporate": {"own", "below"}}


def tried(runner: Runner, *words: str) -> bool:
    """Whether a try in the name of Tess is let through; nothing is written."""
    answer = runner(*words, "--as", TESS, "--dry-run")
    assert answer.exit in (0, 1), answer
    return answer.exit == 0


@pytest.mark.parametrize("level", REACHED_USERS)
def test_a_document_is_made_for_whom_the_level_of_create_reaches(tess: Runner, level: str) -> None:
    allow(tess, "order", f"create={level}")
    reached = {place for user, place in USERS.items() if tried(tess, "order", "add", "T-1", "--user", user)}
    assert reached == REACHED_USERS[level]


@pytest.mark.parametrize("level", REACHED_USERS)
def test_a_document_is_given_to_whom_the_level_of_assign_reaches(tess: Runner, level: str) -> None:
    allow(tess, "order", "edit=corporate", f"assign={level}")
    tess.json("order", "add", "T-1", "--customer", "company-a-west")
    reached = {place for user, place in USERS.items() if tried(tess, "order", "edit", "T-1", "--user", user)}
    assert reached == REACHED_USERS[level]


@pytest.mark.parametrize("level", REACHED_USERS)
def test_an_address_of_a_user_is_made_for_whom_the_level_of_create_reaches(tess: Runner, level: str) -> None:
    allow(tess, "customer-user-address", f"create={level}")
    reached = {place for user, place in USERS.items() if tried(tess, "user", "address", "add", user, *ADDRESS)}
    assert reached == REACHED_USERS[level]


@pytest.mark.parametrize("level", REACHED_CUSTOMERS)
@pytest.mark.parametrize(
    "words",
    [
        ("customer", "customer add New --parent"),
        ("customer-user", "user add new@x.example --first-name A --last-name B --disabled --customer"),
        ("customer-user-role", "role add New --customer"),
        ("customer-address", "customer address add"),
    ],
    ids=lambda words: words[0],
)
def test_what_a_customer_owns_is_made_where_the_level_of_create_reaches(
    tess: Runner, words: tuple[str, str], level: str
) -> None:
    entity, line = words
    allow(tess, entity, f"create={level}")
    more = ADDRESS if entity == "customer-address" else ()
    reached = {place for customer, place in CUSTOMERS.items() if tried(tess, *line.split(), customer, *more)}
    assert reached == REACHED_CUSTOMERS[level]


@pytest.mark.parametrize("level", REACHED_CUSTOMERS)
def test_a_customer_is_put_below_one_that_the_level_of_assign_reaches(tess: Runner, level: str) -> None:
    tess.json("customer", "add", "Depot", "--parent", "company-a-la")
    allow(tess, "customer", "edit=corporate", f"assign={level}")
    elsewhere = {customer: place for customer, place in CUSTOMERS.items() if customer != "company-a-la"}
    reached = {place for key, place in elsewhere.items() if tried(tess, "customer", "edit", "depot", "--parent", key)}
    assert reached == {"own"}
    tess.json("customer", "edit", "depot", "--parent", "company-a-west")
    below = tried(tess, "customer", "edit", "depot", "--parent", "company-a-la")
    assert below is ("below" in REACHED_CUSTOMERS[level])


@pytest.mark.parametrize("level", REACHED_CUSTOMERS)
def test_a_role_is_given_to_a_customer_that_the_level_of_assign_reaches(tess: Runner, level: str) -> None:
    tess.json("role", "add", "Spare", "--customer", "company-a-west", "--self-managed")
    allow(tess, "customer-user-role", "edit=corporate", f"assign={level}")
    words = ("role", "edit", "company-a-west/spare", "--customer")
    reached = {place for customer, place in CUSTOMERS.items() if tried(tess, *words, customer)}
    assert reached == {"own", *REACHED_CUSTOMERS[level]}, "the customer that it has can always stay"


def test_the_refused_owner_stands_in_the_decision(tess: Runner) -> None:
    allow(tess, "order", "create=department")
    answer = tess("order", "add", "T-1", "--user", LUIS, "--as", TESS, "-o", "json")
    assert (answer.exit, answer.err) == (1, "")
    assert answer.json == {
        "subject": f"user:{TESS}",
        "action": "create",
        "resource": "order",
        "owner": f"user:{LUIS}",
        "customer": None,
        "allowed": False,
        "level": "department",
        "reason": "out-of-reach",
    }


def test_another_owner_needs_assign_whatever_the_level_of_edit(tess: Runner) -> None:
    allow(tess, "order", "edit=corporate")
    assert denied(tess, "order", "edit", "SO-1201", "--user", CARLOS, "--as", TESS) == (
        "assign",
        "order",
        "none",
        "explicit-none",
    )


def test_the_owner_that_a_record_has_can_stay_and_be_taken_away_with_edit_alone(tess: Runner) -> None:
    allow(tess, "order", "edit=corporate")
    assert not tried(tess, "order", "edit", "SO-1201", "--user", LUIS)  # who is not seen could be found out
    allow(tess, "customer-user", "view=corporate")
    assert tried(tess, "order", "edit", "SO-1201", "--user", LUIS)
    assert tried(tess, "order", "edit", "SO-1201", "--user", "")


def test_the_parent_that_a_customer_has_unseen_is_refused_like_one_that_is_not_stored(demo: Runner) -> None:
    answers = [
        demo("customer", "edit", "company-a-west", "--parent", key, "--as", WANDA, "-o", "json")
        for key in ("company-a", "nowhere")
    ]
    assert [answer.exit for answer in answers] == [1, 1]
    assert answers[0].out.replace('"company-a"', '"nowhere"') == answers[1].out


@pytest.mark.parametrize("form", ["table", "wide", "json", "jsonl", "csv", "yaml", "name"])
@pytest.mark.parametrize("tried", [("--dry-run",), ()])
@pytest.mark.parametrize("changed", [False, True])
def test_whoever_deletes_a_customer_is_not_told_of_its_account(
    demo: Runner, form: str, tried: tuple[str, ...], changed: bool
) -> None:
    demo.json("customer", "add", "Tempo", "--key", "gone", "--parent", "company-a", "--as", AMANDA)
    if changed:
        demo.json("account", "edit", "tempo", "--description", "kept")
    answer = demo("customer", "delete", "gone", "--as", AMANDA, "-o", form, *tried)
    assert answer.exit == 0
    assert "account" not in answer.out + answer.err
    assert demo("account", "show", "tempo").exit == (0 if changed or tried else 3)


@pytest.mark.parametrize("noun", SALES)
def test_a_document_without_an_owner_becomes_the_actors_own(demo: Runner, noun: str) -> None:
    fields = demo.fields(noun, "add", "A-1", "--as", AMANDA)[f"{noun}:A-1"]
    assert (fields["user"], fields["customer"]) == ([None, AMANDA], [None, "company-a"])


def test_a_document_for_somebody_else_belongs_to_that_users_customer(demo: Runner) -> None:
    answer = demo("order", "add", "A-1", "--user", LUIS, "--as", AMANDA, "-o", "json")
    assert answer.err == ""
    assert answer.json["changes"][0]["fields"]["customer"] == [None, "company-a-la"]


def test_nobody_writes_into_the_lists_of_a_customer_out_of_reach(demo: Runner) -> None:
    refused = ("create", "order", "user", "out-of-reach")
    assert denied(demo, "order", "add", "B-1", "--customer", "wholesaler-b", "--as", BOB) == refused
    assert denied(demo, "order", "add", "B-1", "--customer", "company-a-la", "--as", BOB) == refused
    assert denied(demo, "order", "edit", "SO-1001", "--customer", "wholesaler-b", "--as", BOB) == (
        "assign",
        "order",
        "none",
        "explicit-none",
    )
    assert denied(demo, "order", "edit", "SO-1001", "--customer", "wholesaler-b", "--as", AMANDA) == (
        "assign",
        "order",
        "corporate",
        "out-of-reach",
    )


def test_a_customer_within_reach_that_is_not_the_users_is_kept_with_a_warning(demo: Runner) -> None:
    answer = demo("order", "edit", "SO-1001", "--customer", "company-a-la", "--as", AMANDA)
    assert answer.exit == 0
    assert answer.err == (
        f"warning: order:SO-1001: its user {BOB} belongs to customer company-a, not to company-a-la\n"
    )


@pytest.mark.parametrize(
    ("words", "record", "field"),
    [
        ("customer add New", "customer:new", "parent"),
        ("role add New", "role:company-a/new", "customer"),
        ("user add n@x.example --first-name A --last-name B --role buyer", "user:n@x.example", "customer"),
    ],
)
def test_what_a_customer_owns_becomes_the_own_customers(demo: Runner, words: str, record: str, field: str) -> None:
    assert demo.fields(*words.split(), "--as", AMANDA)[record][field] == [None, "company-a"]


def test_the_key_of_a_role_does_not_lead_around_the_rule_about_its_owner(demo: Runner) -> None:
    words = ("role", "add", "New", "--key", "wholesaler-b/new")
    assert denied(demo, *words, "--as", AMANDA) == ("create", "customer-user-role", "corporate", "out-of-reach")
    assert demo.refusal(*words, "--customer", "company-a-la", "--as", AMANDA) == (
        4,
        "invalid",
        "a role of company-a-la has a key like company-a-la/new, not wholesaler-b/new",
    )
    assert demo.changes("role", "add", "New", "--key", "company-a-la/new", "--as", AMANDA) == [
        ("add", "role:company-a-la/new")
    ]


# -- the commands that take --as ---------------------------------------------------------------------------------

VERBS = ("list", "show", "add", "edit", "delete")
ACTING = {
    *(f"{noun} {verb}" for noun in ("customer", "user", "role", *SALES) for verb in VERBS),
    *(f"{noun} address {verb}" for noun in ("customer", "user") for verb in VERBS),
    *("user enable", "user disable", "role grant", "role revoke", "customer orders", "user orders"),
}


COMMANDS = {" ".join(path): found for path, found in nodes() if not hasattr(found, "commands")}


def test_the_commands_that_act_are_those_of_the_contract() -> None:
    assert {name for name, found in COMMANDS.items() if found.acts} == ACTING
    assert {name.removesuffix(" list") for name in ACTING - set(UNKNOWN)} == {
        *("customer", "user", "role", "customer address", "user address", "customer orders", "user orders"),
        *SALES,
    }, "every command but lists has a row above"


def needed(found: Any) -> Iterator[str]:
    """Something for everything that a command cannot do without."""
    for param in found.params:
        if param.required:
            value = getattr(param.type, "choices", "1")[0]
            yield from (value,) if param.param_type_name == "argument" else (param.opts[0], value)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - ACTING))
def test_every_other_command_refuses_to_act(world: Runner, name: str) -> None:
    words = (*name.split(), *needed(COMMANDS[name]))
    assert world.refusal(*words, "--as", AMANDA) == (2, "usage", f"custctl {name} does not take --as")
    assert world.refusal("--as", AMANDA, *words) == (2, "usage", f"custctl {name} does not take --as")


@pytest.mark.parametrize(
    "words",
    [
        ("--as", WANDA, "order", "list"),
        ("order", "--as", WANDA, "list"),
        ("order", "list", "--as", WANDA),
        (f"--as={WANDA}", "order", "list"),
        ("--as", "nobody", "order", "list", "--as", WANDA),
    ],
)
def test_the_option_stands_before_or_after_the_verb_and_the_nearer_one_wins(
    world: Runner, words: tuple[str, ...]
) -> None:
    assert world(*words, "-o", "name").lines == ["order:SO-1101", "order:SO-1102", "order:SO-1201", "order:SO-1202"]


def test_the_actor_is_named_by_key_id_or_a_unique_name(demo: Runner) -> None:
    number = demo.sql("SELECT id FROM customer_user WHERE key = ?", WANDA)[0][0]
    for name in (WANDA.upper(), f"id:{number}", "Wanda Hill"):
        assert keys(demo, "customer", "list", "--as", name) == ["company-a-la", "company-a-west"]


@pytest.mark.parametrize("name", ["CUSTCTL_AS", "CUSTCTL_AS_USER", "CUSTCTL_USER", "CUSTCTL_ACTOR"])
def test_no_environment_variable_makes_a_command_act(demo: Runner, name: str) -> None:
    demo.extra[name] = BOB
    assert len(keys(demo, "order", "list")) == 12
    demo.json("customer", "edit", "company-a", "--name", "A")


def test_the_real_program_refuses_with_1_and_the_decision(process: Process, demo: Runner) -> None:
    environment = {"CUSTCTL_DB": str(demo.database), "CUSTCTL_AS": AMANDA}
    refused = process("order", "show", "SO-1001", "--as", WANDA, env=environment)
    assert (refused.exit, refused.err) == (1, "")
    assert refused.out.startswith(f"no   user:{WANDA} may not view order:SO-1001")
    assert len(process("order", "list", "-o", "name", env=environment).lines) == 12


@pytest.mark.parametrize("words", ["order list", "customer add New", "role grant buyer order view=user"])
def test_a_user_who_is_not_stored_is_not_found(demo: Runner, words: str) -> None:
    assert demo.refusal(*words.split(), "--as", "amanda.smyth@company-a.example") == (
        3,
        "not-found",
        "customer user 'amanda.smyth@company-a.example' not found",
    )


# -- who acts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (FRANK, "disabled"),
        ("paula.reed@company-a.example", "unconfirmed"),
        ("sam.price@company-a.example", "reset"),
        ("guest-jo-miller", "guest-record"),
    ],
)
@pytest.mark.parametrize("words", ["order show SO-1001", "order add X-1", "customer show company-a", "order edit X-1"])
def test_who_cannot_sign_in_is_refused_with_that_reason(demo: Runner, person: str, reason: str, words: str) -> None:
    more = ("--status", "open") if "edit" in words else ()
    assert denied(demo, *words.split(), *more, "--as", person)[3] == reason


def test_who_belongs_to_no_customer_is_refused_with_that_reason(demo: Runner) -> None:
    demo.apply(
        """
        apiVersion = "custctl/v1"
        [[users]]
        email = "lone@x.example"
        first_name = "Lone"
        last_name = "Wolf"
        roles = ["administrator"]
        """
    )
    for words in ("customer add New", "order add X-1", "role add New", "role grant buyer order view=user"):
        assert denied(demo, *words.split(), "--as", "lone@x.example")[3] == "no-customer"
    assert keys(demo, "role", "list", "--as", "lone@x.example") == []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (f"user delete {AMANDA}", "delete"),
        (f"user disable {AMANDA}", "disable"),
        (f"user edit {AMANDA} --role buyer", "change the roles of"),
        (f"user edit {AMANDA} --role administrator --role buyer", "change the roles of"),
    ],
)
def test_nobody_deletes_disables_or_promotes_himself(demo: Runner, words: str, what: str) -> None:
    assert demo.refusal(*words.split(), "--as", AMANDA) == (5, "self", f"user:{AMANDA} cannot {what} itself")


def test_an_administrator_may_rename_herself_and_keep_the_roles_she_has(demo: Runner) -> None:
    words = ("user", "edit", AMANDA, "--first-name", "Mandy", "--role", "administrator", "--as", AMANDA)
    assert demo.fields(*words) == {f"user:{AMANDA}": {"first_name": ["Amanda", "Mandy"]}}


def test_the_name_in_history_is_not_that_of_the_user_acted_as(demo: Runner) -> None:
    demo.json("customer", "add", "New", "--as", AMANDA)
    actor, command = demo.sql("SELECT actor, command FROM revision ORDER BY id DESC LIMIT 1")[0]
    assert (actor, command) == ("tester", f"custctl customer add New --as {AMANDA} -o json")


# -- the other rules hold as they do for the back office ------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (f"user edit {BOB} --role ", (5, "last-role", f"user:{BOB}: an enabled user needs at least one role")),
        (f"user enable {BOB}", (5, "unchanged", f"user:{BOB} is already enabled")),
        (f"user delete {CARLOS}", (5, "has-dependents", None)),
        ("customer delete company-a-la", (5, "has-dependents", None)),
        ("customer add New --key company-a-la", (5, "taken", "customer:company-a-la exists already")),
        ("customer edit company-a-west --parent company-a-la", (4, "cycle", None)),
        (f"user add {BOB} --first-name A --last-name B", (5, "taken", f"user:{BOB} exists already")),
        ("order add so-1001", (5, "taken", "order:SO-1001 exists already")),
        ("role add Ab", (4, "invalid", "role 'company-a/ab': label must have 3 to 255 characters, this has 2")),
        ("role grant company-a/approver customer view=user", (4, "invalid", None)),
        ("customer address delete company-a/hq", (5, "protected", None)),
    ],
)
def test_a_rule_of_the_shop_refuses_what_the_roles_allow(
    demo: Runner, words: str, refusal: tuple[int, str, str | None]
) -> None:
    exit_code, code, message = demo.refusal(*words.split(" "), "--as", AMANDA)
    assert (exit_code, code) == refusal[:2]
    assert refusal[2] in (None, message)


def test_what_goes_along_with_a_deletion_needs_yes_here_too(demo: Runner) -> None:
    demo.json("customer", "add", "North", "--as", AMANDA)
    demo.json("customer", "address", "add", "north", *ADDRESS, "--as", AMANDA)
    assert demo.refusal("customer", "delete", "north", "--as", AMANDA)[:2] == (2, "usage")
    assert denied(demo, "customer", "delete", "north", "--as", WANDA)[3] == "out-of-reach"
    assert demo.changes("customer", "delete", "north", "--yes", "--as", AMANDA) == [
        ("remove", "customer:north"),
        ("remove", "customer-address:north/address"),
    ]
    assert demo.refusal("account", "show", "north")[:2] == (3, "not-found"), "which the storefront does not tell"


def test_d_08_the_own_address_book_is_a_permission_of_its_own(tess: Runner) -> None:
    allow(tess, "customer-user-address", "view=user", "create=user", "edit=user", "delete=user")
    assert tess.changes("user", "address", "add", TESS, *ADDRESS, "--as", TESS) == [
        ("add", f"customer-user-address:{TESS}/address")
    ]
    assert tess("user", "address", "edit", f"{TESS}/address", "--city", "Elko", "--as", TESS).exit == 0
    assert denied(tess, "user", "address", "add", CARLOS, *ADDRESS, "--as", TESS)[3] == "out-of-reach"
    assert denied(tess, "customer", "address", "show", "company-a-west/office", "--as", TESS)[3] == "no-entry"
