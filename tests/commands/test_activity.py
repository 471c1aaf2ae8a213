"""Activities and the counters that follow from them; the names of tests begin with the feature they hold."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from custctl.resources import ABOUT, ACCOUNT
from custctl.store import timeline
from custctl.store.database import open_for_reading
from tests.runner import Refusal, Runner

SHOP = """
    apiVersion = "custctl/v1"
    [settings]
    "account.strategy" = "none"
    [[channels]]
    key = "direct"
    name = "Direct"
    type = "b2b"
    active = true
    [[contacts]]
    key = "ann"
    first_name = "Ann"
    [[contacts]]
    key = "other"
    first_name = "Other"
    [[accounts]]
    key = "acme"
    name = "Acme"
    contacts = ["ann"]
    [[accounts]]
    key = "globex"
    name = "Globex"
    [[customers]]
    key = "west"
    name = "West"
    account = "acme"
    [[customers]]
    key = "else"
    name = "Else"
    account = "globex"
    previous_account = "acme"
    [[users]]
    email = "una@west.example"
    first_name = "Una"
    last_name = "West"
    customer = "west"
    roles = ["buyer"]
    [[business_customers]]
    key = "plant"
    name = "Plant"
    account = "acme"
    channel = "direct"
    [[leads]]
    key = "hint"
    name = "Hint"
    business_customer = "plant"
    [[opportunities]]
    key = "deal"
    name = "Deal"
    account = "acme"
    [[orders]]
    number = "SO-1"
    customer = "west"
    [[orders]]
    number = "SO-2"
    customer = "else"
    [[quotes]]
    number = "Q-1"
    customer = "west"
    [[requests]]
    number = "R-1"
    customer = "west"
    [[shopping_lists]]
    number = "L-1"
    customer = "west"
"""
ON_ACME = {
    "account:acme",
    "contact:ann",
    "customer:west",
    "user:una@west.example",
    "business-customer:plant",
    "lead:hint",
    "opportunity:deal",
    "order:SO-1",
    "quote:Q-1",
    "request:R-1",
    "shopping-list:L-1",
}


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(SHOP)
    return custctl


def add(runner: Runner, kind: str, subject: str, *words: str) -> None:
    answer = runner("activity", "add", kind, subject, *words)
    assert answer.exit == 0, answer


def listed(runner: Runner, *words: str) -> list[str]:
    return [row["key"] for row in runner.json("activity", "list", *words)]


# M-07: activities


def test_m_07_a_call_is_kept_with_everything_it_has(shop: Runner) -> None:
    words = (
        *("--on", "account:acme", "--on", "contact:ann", "--on", "order:so-1", "--on", "user:una@west.example"),
        *("--direction", "outgoing", "--at", "2026-03-01T10:00:00+02:00", "--ends-at", "2026-03-01T08:30:00Z"),
        *("--description", "Ten per cent.", "--owner", "Sam"),
    )
    fields = shop.fields("activity", "add", "call", "Talked about prices", *words)
    assert {name: new for name, (_, new) in fields["activity:talked-about-prices"].items()} == {
        "key": "talked-about-prices",
        "kind": "call",
        "subject": "Talked about prices",
        "description": "Ten per cent.",
        "direction": "outgoing",
        "at": "2026-03-01T08:00:00Z",
        "ends_at": "2026-03-01T08:30:00Z",
        "owner": "Sam",
        "accounts": ["acme"],
        "contacts": ["ann"],
        "users": ["una@west.example"],
        "orders": ["so-1"],
    }
    shown = shop.json("activity", "show", "talked-about-prices")
    assert shown["about"] == ["account:acme", "contact:ann", "order:SO-1", "user:una@west.example"]


def test_m_07_the_timeline_is_ordered_by_time_the_latest_first(shop: Runner) -> None:
    for at, kind in (("2026-02-01", "note"), ("2026-01-01", "event"), ("2026-03-01", "email")):
        add(shop, kind, f"{kind} {at}", "--at", at, "--on", "contact:ann")
    told = ["email-2026-03-01", "note-2026-02-01", "event-2026-01-01"]
    assert listed(shop) == told
    assert listed(shop, "--on", "contact:ann") == told
    assert listed(shop, "--sort", "at", "--limit", "1") == ["event-2026-01-01"]
    assert listed(shop, "--after", "note-2026-02-01") == ["event-2026-01-01"]
    assert listed(shop, "--where", "at>=2026-02", "--where", "kind=note") == ["note-2026-02-01"]
    assert [row["key"] for row in shop.json("contact", "show", "ann")["activities"]] == told


def test_m_07_a_task_is_open_until_it_is_closed_and_can_be_opened_again(shop: Runner) -> None:
    add(shop, "task", "Send offer", "--at", "2026-12-01")
    states = [shop.json("activity", "show", "send-offer")["status"]]
    for status in ("closed", "open"):
        assert shop("activity", "edit", "send-offer", "--status", status).exit == 0
        states.append(shop.json("activity", "show", "send-offer")["status"])
    assert states == ["open", "closed", "open"]
    assert listed(shop, "--where", "kind=task", "--where", "status!=closed") == ["send-offer"]


def test_m_07_what_an_activity_is_about_can_be_changed_and_cleared(shop: Runner) -> None:
    add(shop, "note", "N", "--on", "account:acme", "--on", "contact:ann")
    assert shop("activity", "edit", "n", "--on", "lead:hint").exit == 0
    assert shop.json("activity", "show", "n")["about"] == ["lead:hint"]
    assert shop("activity", "edit", "n", "--on", "", "--subject", "M").exit == 0
    assert shop.json("activity", "show", "n")["about"] == []


def test_m_07_a_deleted_record_leaves_its_activities(shop: Runner) -> None:
    add(shop, "note", "N", "--on", "contact:ann", "--on", "order:SO-1")
    assert shop("contact", "delete", "ann").exit == 0
    assert shop("order", "delete", "SO-1").exit == 0
    assert shop.json("activity", "show", "n")["about"] == []
    assert shop("activity", "delete", "n").exit == 0
    assert shop("undo", "--last", "--yes").exit == 0
    assert listed(shop) == ["n"]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("chat", "S"), (4, "invalid", "activity 's': kind must be one of call, email, task, event, note")),
        (("call", ""), (4, "invalid", "activity 'activity': subject must not be blank")),
        (
            ("note", "S", "--direction", "incoming"),
            (4, "invalid", "activity:s: a call or an e-mail has a direction, a note has none"),
        ),
        (
            ("event", "S", "--status", "open"),
            (4, "invalid", "activity:s: a task has a status, an event has none"),
        ),
        (
            ("event", "S", "--at", "2026-01-02", "--ends-at", "2026-01-01"),
            (4, "invalid", "activity:s: it would end before it begins, at 2026-01-02T00:00:00Z"),
        ),
        (("call", "S", "--at", "soon"), (4, "invalid", "activity 's': at must be a time like 2026-01-31T12:00:00Z")),
        (("call", "S", "--on", "acme"), (4, "invalid", "--on 'acme': no record of that kind")),
        (("call", "S", "--on", "role:buyer"), (4, "invalid", "--on 'role:buyer': no record of that kind")),
        (("call", "S", "--on", "account:nope"), (3, "not-found", "account 'nope' not found")),
        (("call", "S", "--on", "order:nope"), (3, "not-found", "order 'nope' not found")),
    ],
)
def test_m_07_what_is_no_activity_is_refused(shop: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert shop.refusal("activity", "add", *words) == refusal


def test_m_07_nobody_reads_activities_in_the_name_of_a_user(shop: Runner) -> None:
    assert shop("activity", "list", "--as", "una@west.example").exit == 2
    add(shop, "note", "N", "--on", "user:una@west.example")
    assert "activities" not in shop.json("user", "show", "una@west.example", "--as", "una@west.example")


def test_m_07_activities_are_in_documents_and_come_back_from_an_export(shop: Runner) -> None:
    add(shop, "call", "C", "--on", "account:acme", "--on", "quote:Q-1", "--direction", "incoming", "--at", "2026-01-01")
    exported = shop.export()
    assert '[[activities]]\nkey = "c"\n' in exported
    path = shop.file(exported, "all.toml")
    assert shop.json("plan", "-f", path)["changes"] == []
    assert shop("activity", "delete", "c").exit == 0
    assert shop.changes("apply", "-f", path, "--yes") == [("add", "activity:c")]
    assert shop.export() == exported


def test_m_07_activities_are_imported(shop: Runner) -> None:
    rows = "key,kind,subject,direction,at,accounts\nx,call,Rang,incoming,2026-01-05T10:00:00Z,acme\n"
    answer = shop("activity", "import", shop.file(rows, "a.csv"))
    assert (answer.exit, answer.err.splitlines()[-1]) == (0, "added 1, updated 0, unchanged 0, deleted 0, rejected 0")
    assert shop.json("activity", "show", "x")["about"] == ["account:acme"]


# the activities of an account


def hung(shop: Runner) -> None:
    for reference in (*sorted(ON_ACME), "account:globex", "contact:other", "customer:else", "order:SO-2"):
        add(shop, "note", reference, "--on", reference)


def test_a_07_an_account_lists_what_is_about_everything_that_hangs_on_it(shop: Runner) -> None:
    hung(shop)
    told = shop.json("activity", "list", "--on", "account:acme")
    assert {about for row in told for about in row["about"]} == ON_ACME
    assert len(told) == len(ON_ACME)


def test_a_07_what_is_about_several_of_them_is_listed_once(shop: Runner) -> None:
    add(shop, "note", "N", "--on", "account:acme", "--on", "contact:ann", "--on", "order:SO-1")
    assert listed(shop, "--on", "account:acme") == ["n"]
    assert shop.json("activity", "list", "--on", "account:acme", "--count") == {"count": 1}


def test_a_07_another_record_has_its_own_alone(shop: Runner) -> None:
    hung(shop)
    told = shop.json("activity", "list", "--on", "customer:west")
    assert [row["about"] for row in told] == [["customer:west"]]


def test_a_07_several_records_narrow_the_list(shop: Runner) -> None:
    add(shop, "note", "Both", "--on", "contact:ann", "--on", "contact:other")
    add(shop, "note", "One", "--on", "contact:ann")
    assert listed(shop, "--on", "contact:ann", "--on", "contact:other") == ["both"]


def test_a_07_all_of_it_is_one_statement_that_begins_with_the_account(shop: Runner) -> None:
    hung(shop)
    with closing(open_for_reading(shop.database)) as connection:
        row_id = connection.execute("SELECT id FROM account WHERE key = 'acme'").fetchone()[0]
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        found = timeline.latest(connection, ACCOUNT, row_id, 100)
        connection.set_trace_callback(None)
        assert len(found["activities"]) == len(ON_ACME)
        assert [statement.count("activity t") for statement in asked] == [1, 0]
        assert scans(connection, asked[0]) == set()


def scans(connection: sqlite3.Connection, statement: str) -> set[str]:
    """What SQLite would read as a whole to carry out a statement."""
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return {step for step in steps if step.startswith("SCAN ") and not re.match(r"SCAN (CONSTANT|\(subquery)", step)}


def test_a_07_every_noun_that_activities_can_be_about_hangs_on_an_account() -> None:
    condition, _ = timeline.activities_of(ACCOUNT, 1)
    assert condition.count("SELECT l.activity_id") == len(ABOUT)
    assert "()" not in condition


# M-06: the counters


def counters(runner: Runner, *words: str) -> dict[str, Any]:
    names = [f"{name}{way}" for name in ("times_contacted", "last_contacted") for way in ("", "_in", "_out")]
    row = runner.json(*words, "--fields", ",".join(names))
    return {name: row[name] for name in names}


@pytest.mark.parametrize(
    ("group", "reference"),
    [
        ("account", "account:acme"),
        ("contact", "contact:ann"),
        ("customer", "customer:west"),
    ],
)
def test_m_06_calls_and_e_mails_count_by_direction(shop: Runner, group: str, reference: str) -> None:
    on = ("--on", reference)
    add(shop, "call", "C", *on, "--direction", "outgoing", "--at", "2026-01-01")
    add(shop, "email", "E", *on, "--direction", "incoming", "--at", "2026-01-03")
    add(shop, "email", "F", *on, "--direction", "outgoing", "--at", "2026-01-02")
    add(shop, "call", "G", *on, "--at", "2026-01-04")
    for kind in ("task", "event", "note"):
        add(shop, kind, kind, *on, "--at", "2026-02-01")
    show = (group, "show", reference.partition(":")[2])
    assert counters(shop, *show) == {
        "times_contacted": 4,
        "times_contacted_in": 1,
        "times_contacted_out": 2,
        "last_contacted": "2026-01-04T00:00:00Z",
        "last_contacted_in": "2026-01-03T00:00:00Z",
        "last_contacted_out": "2026-01-02T00:00:00Z",
    }
    assert shop("activity", "delete", "e").exit == 0
    assert counters(shop, *show)["times_contacted_in"] == 0


def test_m_06_lists_are_searched_and_sorted_by_the_counters(shop: Runner) -> None:
    add(shop, "call", "C", "--on", "contact:other", "--at", "2026-01-01")
    add(shop, "call", "D", "--on", "contact:ann", "--at", "2026-01-02")
    keys = [row["key"] for row in shop.json("contact", "list", "--sort", "-last_contacted")]
    assert keys == ["ann", "other"]
    found = shop.json("contact", "list", "--where", "last_contacted<2026-01-02", "--fields", "key,times_contacted")
    assert found == [{"key": "other", "times_contacted": 1}]
    assert shop.json("account", "list", "--where", "times_contacted=0", "--count") == {"count": 2}


def test_m_06_a_plain_list_does_not_count() -> None:
    from custctl.resources import CONTACT
    from custctl.store.select import selection

    assert "activity" not in selection(CONTACT.name, CONTACT.columns).columns


def test_m_06_a_merge_adds_the_counters_up(shop: Runner) -> None:
    add(shop, "call", "C", "--on", "contact:ann", "--on", "contact:other", "--at", "2026-01-01")
    add(shop, "call", "D", "--on", "contact:other", "--at", "2026-01-02")
    assert shop("contact", "merge", "ann", "other", "--yes").exit == 0
    told = counters(shop, "contact", "show", "ann")
    assert (told["times_contacted"], told["last_contacted"]) == (2, "2026-01-02T00:00:00Z")


def test_m_06_counters_cannot_be_set(shop: Runner) -> None:
    document = '[[contacts]]\nkey = "ann"\ntimes_contacted = 5\n'
    assert [problem[2] for problem in shop.unapplied(document)] == ["unknown-field"]


def test_m_07_activities_of_a_sheet_without_keys_are_named_by_what_they_are_about(demo: Runner) -> None:
    path = demo.file("subject,kind\nCall the dock,call\nCall the dock,call\n", "calls.csv")
    assert demo.json("activity", "import", path)["added"] == 2
    assert [row["key"] for row in demo.json("activity", "list", "--where", "subject=Call the dock")] == [
        "call-the-dock",
        "call-the-dock-2",
    ]
